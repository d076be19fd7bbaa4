//! The life of an alarm: told as stories, and searched for what must never happen.

use crate::{Alarm, AlarmSettings, Change, Condition, Refused};
use core::time::Duration;
use proptest::prelude::*;
use weir_domain::Timestamp;

fn t(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1_000)
}

fn settings(on: u64, off: u64) -> AlarmSettings {
    AlarmSettings { on_delay: Duration::from_secs(on), off_delay: Duration::from_secs(off) }
}

fn second(moment: Timestamp) -> i64 {
    moment.as_millis() / 1_000
}

/// What happens to an alarm, at a second.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Event {
    Seen(Condition),
    Acknowledge,
    Look,
}

/// `raised@10(since 0)` and the like.
fn word(change: Change) -> String {
    match change {
        Change::Raised { at, since } => format!("raised@{}(since {})", second(at), second(since)),
        Change::ReturnedToNormal { at } => format!("returned@{}", second(at)),
        Change::Acknowledged { at } => format!("acknowledged@{}", second(at)),
    }
}

/// Plays events as an engine does: what is due comes first.
fn play(alarm: &mut Alarm, settings: &AlarmSettings, events: &[(i64, Event)]) -> Vec<Change> {
    let mut changes = Vec::new();
    for (at, event) in events {
        let at = t(*at);
        changes.extend(core::iter::from_fn(|| alarm.advance(at, settings)));
        match event {
            Event::Seen(condition) => changes.extend(alarm.observe(at, *condition, settings)),
            Event::Acknowledge => changes.extend(alarm.acknowledge(at).ok()),
            Event::Look => {}
        }
    }
    changes
}

#[track_caller]
fn check(on: u64, off: u64, events: &[(i64, Event)], story: &str) -> Alarm {
    let mut alarm = Alarm::default();
    let changes = play(&mut alarm, &settings(on, off), events);
    assert_eq!(changes.into_iter().map(word).collect::<Vec<_>>().join(" "), story);
    alarm
}

const BAD: Event = Event::Seen(Condition::Abnormal);
const GOOD: Event = Event::Seen(Condition::Normal);
const UNKNOWN: Event = Event::Seen(Condition::Unknown);
const ACK: Event = Event::Acknowledge;
const LOOK: Event = Event::Look;

#[test]
fn without_delays_the_alarm_follows_its_condition() {
    let alarm = check(0, 0, &[(5, BAD), (9, BAD), (20, GOOD)], "raised@5(since 5) returned@20");
    assert!(!alarm.is_active() && !alarm.is_acknowledged() && alarm.is_open());
    assert_eq!((alarm.raised_at(), alarm.since()), (Some(t(5)), Some(t(5))));
}

#[test]
fn delays_run_out_at_their_own_time_however_late_anybody_looks() {
    check(30, 60, &[(0, BAD), (500, LOOK)], "raised@30(since 0)");
    check(30, 60, &[(0, BAD), (40, GOOD), (500, LOOK)], "raised@30(since 0) returned@100");
    check(30, 60, &[(0, BAD), (30, LOOK)], "raised@30(since 0)");
    check(30, 60, &[(0, BAD), (29, LOOK)], "");
}

#[test]
fn a_condition_shorter_than_its_delay_changes_nothing() {
    check(30, 60, &[(0, BAD), (29, GOOD), (40, BAD), (69, GOOD), (500, LOOK)], "");
    let dip = [(0, BAD), (40, GOOD), (99, BAD), (500, LOOK)];
    assert!(check(30, 60, &dip, "raised@30(since 0)").is_active());
}

#[test]
fn the_unknown_neither_raises_nor_returns() {
    check(30, 60, &[(0, BAD), (10, UNKNOWN), (500, LOOK)], "");
    check(30, 60, &[(0, BAD), (10, UNKNOWN), (20, BAD), (500, LOOK)], "raised@50(since 20)");
    let lost = [(0, BAD), (40, UNKNOWN), (5_000, LOOK)];
    assert!(check(30, 60, &lost, "raised@30(since 0)").is_active());
    let hidden = [(0, BAD), (40, GOOD), (60, UNKNOWN), (500, GOOD), (5_000, LOOK)];
    check(30, 60, &hidden, "raised@30(since 0) returned@560");
}

#[test]
fn every_raise_is_a_new_occurrence_and_wants_its_own_acknowledgement() {
    let alarm = check(
        0,
        0,
        &[(0, BAD), (1, ACK), (2, GOOD), (3, BAD)],
        "raised@0(since 0) acknowledged@1 returned@2 raised@3(since 3)",
    );
    assert_eq!(alarm.occurrence(), 2);
    assert!(alarm.is_active() && !alarm.is_acknowledged());
    let alarm = check(
        0,
        0,
        &[(0, BAD), (2, GOOD), (3, BAD)],
        "raised@0(since 0) returned@2 raised@3(since 3)",
    );
    assert_eq!(alarm.occurrence(), 2);
}

#[test]
fn an_alarm_is_open_until_it_has_returned_and_was_acknowledged() {
    let acknowledged = check(0, 0, &[(0, BAD), (1, ACK)], "raised@0(since 0) acknowledged@1");
    assert!(acknowledged.is_open());
    let closed = check(
        0,
        0,
        &[(0, BAD), (1, ACK), (2, GOOD)],
        "raised@0(since 0) acknowledged@1 returned@2",
    );
    assert!(!closed.is_open());
    let closed = check(
        0,
        0,
        &[(0, BAD), (2, GOOD), (3, ACK)],
        "raised@0(since 0) returned@2 acknowledged@3",
    );
    assert!(!closed.is_open());
}

#[test]
fn there_must_be_something_to_acknowledge() {
    let mut alarm = Alarm::default();
    assert_eq!(alarm.acknowledge(t(0)), Err(Refused::NeverRaised));
    alarm.observe(t(0), Condition::Abnormal, &settings(30, 0));
    assert_eq!(alarm.acknowledge(t(10)), Err(Refused::NeverRaised), "it is not raised yet");
    alarm.advance(t(30), &settings(30, 0));
    assert_eq!(alarm.acknowledge(t(31)), Ok(Change::Acknowledged { at: t(31) }));
    assert_eq!(alarm.acknowledge(t(32)), Err(Refused::AlreadyAcknowledged));
}

#[test]
fn what_was_overdue_comes_first_and_nothing_is_swallowed() {
    let (mut alarm, settings) = (Alarm::default(), settings(30, 0));
    assert_eq!(alarm.observe(t(0), Condition::Abnormal, &settings), None);
    // Nobody looked in between: the alarm was raised at 30, and returns at 40.
    let raised = alarm.observe(t(40), Condition::Normal, &settings);
    assert_eq!(raised, Some(Change::Raised { at: t(30), since: t(0) }));
    assert_eq!(alarm.deadline(&settings), Some(t(40)));
    assert_eq!(alarm.advance(t(40), &settings), Some(Change::ReturnedToNormal { at: t(40) }));
    assert_eq!(alarm.deadline(&settings), None);
}

fn condition() -> impl Strategy<Value = Condition> {
    prop::sample::select(vec![Condition::Normal, Condition::Abnormal, Condition::Unknown])
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![4 => condition().prop_map(Event::Seen), 1 => Just(ACK), 1 => Just(LOOK)]
}

/// Events in order of time, many of them at the same second.
fn events() -> impl Strategy<Value = Vec<(i64, Event)>> {
    prop::collection::vec((0..40_i64, event()), 0..60).prop_map(|raw| {
        let mut now = 0;
        let step = |(wait, event)| {
            now += wait;
            (now, event)
        };
        raw.into_iter().map(step).collect()
    })
}

const END: i64 = 4_000;

proptest! {
    #[test]
    fn the_parts_of_an_alarm_always_fit_together(
        events in events(), on in 0..60_u64, off in 0..60_u64,
    ) {
        let settings = settings(on, off);
        let mut alarm = Alarm::default();
        let (mut active, mut open, mut last, mut raises) = (false, false, t(0), 0);
        for event in events {
            for change in play(&mut alarm, &settings, &[event]) {
                prop_assert!(change.at() >= last && change.at() <= t(event.0));
                last = change.at();
                match change {
                    Change::Raised { at, since } => {
                        prop_assert!(!active);
                        prop_assert_eq!(since + settings.on_delay, at);
                        (active, open, raises) = (true, true, raises + 1);
                    }
                    Change::ReturnedToNormal { .. } => {
                        prop_assert!(active);
                        active = false;
                    }
                    Change::Acknowledged { .. } => {
                        prop_assert!(open);
                        open = false;
                    }
                }
            }
            prop_assert_eq!(alarm.is_active(), active);
            prop_assert_eq!(alarm.is_acknowledged(), !open);
            prop_assert_eq!(alarm.is_open(), active || open);
            prop_assert_eq!(alarm.occurrence(), raises);
            prop_assert_eq!(alarm.raised_at().is_some(), raises > 0);
            prop_assert!(alarm.deadline(&settings).is_none_or(|due| due > t(event.0)));
        }
    }

    #[test]
    fn time_may_be_cut_into_any_pieces(
        events in events(), looks in prop::collection::btree_set(0..END, 0..60), on in 0..60_u64, off in 0..60_u64,
    ) {
        let settings = settings(on, off);
        let (mut plain, mut looked) = (Alarm::default(), Alarm::default());
        let end = [(END, LOOK)];
        let mut cut: Vec<(i64, Event)> = events.iter().copied().chain(looks.into_iter().map(|at| (at, LOOK))).collect();
        cut.sort_by_key(|(at, _)| *at);
        let changes = play(&mut plain, &settings, &[&events[..], &end].concat());
        prop_assert_eq!(play(&mut looked, &settings, &[&cut[..], &end].concat()), changes);
        prop_assert_eq!(plain, looked);
    }

    #[test]
    fn an_alarm_may_be_put_away_at_any_moment(events in events(), on in 0..60_u64, off in 0..60_u64) {
        let settings = settings(on, off);
        let mut kept = Alarm::default();
        let mut changes = Vec::new();
        for event in &events {
            changes.extend(play(&mut kept, &settings, &[*event]));
            kept = serde_json::from_str(&serde_json::to_string(&kept).unwrap()).unwrap();
        }
        let mut alarm = Alarm::default();
        prop_assert_eq!(play(&mut alarm, &settings, &events), changes);
        prop_assert_eq!(alarm, kept);
    }

    #[test]
    fn only_good_data_change_an_alarm(events in events(), on in 0..60_u64, off in 0..60_u64) {
        // Whenever it was raised or returned, the condition had been seen, without a break, for
        // as long as the delay.
        let settings = settings(on, off);
        let mut alarm = Alarm::default();
        for change in play(&mut alarm, &settings, &[&events[..], &[(END, LOOK)]].concat()) {
            let (wanted, from) = match change {
                Change::Raised { at, .. } => (Condition::Abnormal, at - settings.on_delay),
                Change::ReturnedToNormal { at } => (Condition::Normal, at - settings.off_delay),
                Change::Acknowledged { .. } => continue,
            };
            let seen: Vec<(i64, Condition)> = events.iter().filter_map(|(at, event)| match event {
                Event::Seen(condition) => Some((*at, *condition)),
                _ => None,
            }).collect();
            let began = seen.iter().filter(|(at, _)| t(*at) == from).any(|(_, seen)| *seen == wanted);
            let held = seen
                .iter()
                .filter(|(at, _)| t(*at) > from && t(*at) < change.at())
                .all(|(_, seen)| *seen == wanted);
            prop_assert!(began && held, "{change:?}");
        }
    }
}
