//! First-out, floods, and figures against a naive count.

use crate::{FirstOut, Flood, Noted, Quiet, Tally, Transition};
use proptest::prelude::*;
use weir_domain::{Priority, Timestamp};

fn t(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1_000)
}

#[test]
fn the_first_of_a_group_is_marked_until_the_group_is_at_rest() {
    let mut group = FirstOut::default();
    assert!(group.raised(t(0), "pump"));
    assert!(!group.raised(t(5), "flow"));
    assert!(!group.raised(t(9), "chlorine"));
    group.returned("pump");
    assert!(group.raised(t(60), "pump"), "it was the first, and still is");
    group.returned("pump");
    assert!(!group.raised(t(4_000), "level"), "others are still active");
    for alarm in ["flow", "chlorine", "level"] {
        group.returned(alarm);
    }
    assert!(!group.raised(t(4_300), "flow"), "within the window of the last");
    group.returned("flow");
    assert!(group.raised(t(4_601), "flow"), "after it");
}

#[test]
fn more_than_ten_in_ten_minutes_are_a_flood_until_they_are_fewer_than_five() {
    let mut flood = Flood::default();
    for second in 0..10 {
        assert!(!flood.raised(t(second)));
    }
    assert_eq!(flood.since(), None);
    assert!(flood.raised(t(10)));
    assert!(!flood.raised(t(11)), "it has begun already");
    assert_eq!(flood.since(), Some(t(10)));
    // Of twelve, at 0 to 11, those at 8 to 11 are left when the one at 7 is ten minutes old.
    assert_eq!(flood.deadline(), Some(t(607)));
    assert_eq!(flood.advance(t(606)), None);
    assert_eq!(flood.advance(t(900)), Some(t(607)));
    assert_eq!((flood.since(), flood.deadline()), (None, None));
    let mut slow = Flood::default();
    for minute in 0..500 {
        slow.advance(t(minute * 60));
        assert!(!slow.raised(t(minute * 60)), "ten in ten minutes are no flood");
    }
}

#[derive(Debug, Clone)]
struct Event {
    at: i64,
    alarm: usize,
    what: Transition,
    quiet: Option<Quiet>,
}

const NAMES: [&str; 3] = ["a", "b", "c"];

fn events() -> impl Strategy<Value = Vec<Event>> {
    use Transition::{Acknowledged, Announced, ChatteringBegan, Raised, ReturnedToNormal, Shelved};
    let what = vec![
        Raised,
        Raised,
        Raised,
        Announced,
        Acknowledged,
        ChatteringBegan,
        Shelved,
        ReturnedToNormal,
    ];
    let quiet = vec![None, None, None, Some(Quiet::Flood), Some(Quiet::Shelved)];
    let event = (0..300_i64, 0..3_usize, prop::sample::select(what), prop::sample::select(quiet));
    prop::collection::vec(event, 0..300).prop_map(|raw| {
        let mut at = 0;
        let event = |(wait, alarm, what, quiet)| {
            at += wait;
            Event { at, alarm, what, quiet }
        };
        raw.into_iter().map(event).collect()
    })
}

proptest! {
    #[test]
    fn figures_are_what_a_naive_count_says(events in events(), from in 0..5_000_i64, length in 0..60_000_i64) {
        let (from, to) = (from, from + length);
        let mut tally = Tally::new(t(from), t(to));
        for event in &events {
            let (alarm, priority) = (NAMES[event.alarm], Priority::Medium);
            tally.take(Noted { at: t(event.at), alarm, priority, what: event.what, quiet: event.quiet });
        }
        let kpis = tally.finish();
        let within: Vec<&Event> = events.iter().filter(|e| (from..to).contains(&e.at)).collect();
        let is_told = |e: &&&Event| {
            e.what == Transition::Announced
                || (e.what == Transition::Raised && matches!(e.quiet, None | Some(Quiet::Flood)))
        };
        let told: Vec<i64> = within.iter().filter(is_told).map(|e| e.at).collect();
        let count = |what| within.iter().filter(|e| e.what == what).count() as u64;
        prop_assert_eq!(kpis.told, told.len() as u64);
        prop_assert_eq!(kpis.by_priority, [0, told.len() as u64, 0]);
        prop_assert_eq!(kpis.held, count(Transition::Raised) + count(Transition::Announced) - kpis.told);
        prop_assert_eq!(kpis.shelved, count(Transition::Shelved));
        prop_assert_eq!(kpis.acknowledged, count(Transition::Acknowledged));
        prop_assert_eq!(kpis.chattering.iter().map(|(_, n)| n).sum::<u64>(), count(Transition::ChatteringBegan));
        for (index, name) in NAMES.iter().enumerate() {
            let naive = within.iter().filter(is_told).filter(|e| e.alarm == index).count() as u64;
            let said = kpis.top.iter().find(|(alarm, _)| alarm == name).map_or(0, |(_, n)| *n);
            prop_assert_eq!(said, naive);
        }
        prop_assert!(kpis.top.is_sorted_by(|a, b| a.1 >= b.1));
        let steps = if to > from { (to - 1).div_euclid(600) - from.div_euclid(600) + 1 } else { 0 };
        prop_assert_eq!(kpis.steps, steps as u64);
        for step in from.div_euclid(600)..=to.div_euclid(600) {
            let naive = told.iter().filter(|at| at.div_euclid(600) == step).count() as u32;
            let said = kpis.rate.iter().find(|(at, _)| *at == t(step * 600)).map_or(0, |(_, n)| *n);
            prop_assert_eq!(said, naive);
        }
        prop_assert_eq!(kpis.steps_over as usize, kpis.rate.iter().filter(|(_, n)| *n > 10).count());
        // Floods: second by second.
        let mut naive: Vec<(i64, Option<i64>, u64)> = Vec::new();
        let recent = |now: i64| told.iter().filter(|at| **at <= now && now - **at < 600).count();
        for now in from..=to {
            let open = naive.last().is_some_and(|flood| flood.1.is_none());
            if open && recent(now) - told.iter().filter(|at| **at == now).count() < 5 {
                naive.last_mut().unwrap().1 = Some(now);
            }
            let mut is_open = naive.last().is_some_and(|flood| flood.1.is_none());
            let here = told.iter().filter(|at| **at == now).count();
            for nth in 1..=here {
                let before = recent(now) - here;
                if !is_open && before + nth > 10 {
                    naive.push((now, None, 0));
                    is_open = true;
                }
                if is_open {
                    naive.last_mut().unwrap().2 += 1;
                }
            }
        }
        let said: Vec<_> = kpis.floods.iter().map(|flood| {
            let second = |at: Timestamp| at.as_millis() / 1_000;
            (second(flood.from), flood.to.map(second), flood.raised)
        }).collect();
        prop_assert_eq!(said, naive);
    }
}
