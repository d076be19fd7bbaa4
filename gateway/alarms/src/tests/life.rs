//! The life of one alarm: told as stories, and searched for what must never happen.

use crate::{Alarm, AlarmSettings, Change, Condition, Refused, Transition};
use core::time::Duration;
use proptest::prelude::*;
use weir_domain::Timestamp;

fn t(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1_000)
}

fn settings(on: u64, off: u64) -> AlarmSettings {
    AlarmSettings {
        on_delay: Duration::from_secs(on),
        off_delay: Duration::from_secs(off),
        ..AlarmSettings::default()
    }
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

/// `raised@10` and the like.
fn word(change: Change) -> String {
    format!("{}@{}", change.what.as_str(), second(change.at))
}

/// Plays events as an engine does: what is due comes first. Chattering is another test's matter.
fn play(alarm: &mut Alarm, settings: &AlarmSettings, events: &[(i64, Event)]) -> Vec<Change> {
    let mut changes = Vec::new();
    for (at, event) in events {
        let at = t(*at);
        alarm.advance(at, settings, &mut changes);
        match event {
            Event::Seen(condition) => alarm.observe(at, *condition, settings, &mut changes),
            Event::Acknowledge => changes.extend(alarm.acknowledge(at).ok()),
            Event::Look => {}
        }
    }
    let chatter = [Transition::ChatteringBegan, Transition::ChatteringEnded];
    changes.retain(|change| !chatter.contains(&change.what));
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
const IDLE: Event = Event::Seen(Condition::Idle);
const ACK: Event = Event::Acknowledge;
const LOOK: Event = Event::Look;

#[test]
fn without_delays_the_alarm_follows_its_condition() {
    let alarm = check(0, 0, &[(5, BAD), (9, BAD), (20, GOOD)], "raised@5 returned_to_normal@20");
    assert!(!alarm.is_active() && !alarm.is_acknowledged() && alarm.is_open());
    assert_eq!((alarm.raised_at(), alarm.since()), (Some(t(5)), Some(t(5))));
}

#[test]
fn delays_run_out_at_their_own_time_however_late_anybody_looks() {
    check(30, 60, &[(0, BAD), (500, LOOK)], "raised@30");
    check(30, 60, &[(0, BAD), (40, GOOD), (500, LOOK)], "raised@30 returned_to_normal@100");
    check(30, 60, &[(0, BAD), (30, LOOK)], "raised@30");
    check(30, 60, &[(0, BAD), (29, LOOK)], "");
}

#[test]
fn a_condition_shorter_than_its_delay_changes_nothing() {
    check(30, 60, &[(0, BAD), (29, GOOD), (40, BAD), (69, GOOD), (500, LOOK)], "");
    let dip = [(0, BAD), (40, GOOD), (99, BAD), (500, LOOK)];
    assert!(check(30, 60, &dip, "raised@30").is_active());
}

#[test]
fn the_unknown_neither_raises_nor_returns() {
    check(30, 60, &[(0, BAD), (10, UNKNOWN), (500, LOOK)], "");
    check(30, 60, &[(0, BAD), (10, UNKNOWN), (20, BAD), (500, LOOK)], "raised@50");
    let lost = [(0, BAD), (40, UNKNOWN), (5_000, LOOK)];
    assert!(check(30, 60, &lost, "raised@30").is_active());
    let hidden = [(0, BAD), (40, GOOD), (60, UNKNOWN), (500, GOOD), (5_000, LOOK)];
    check(30, 60, &hidden, "raised@30 returned_to_normal@560");
}

#[test]
fn every_raise_is_a_new_occurrence_and_wants_its_own_acknowledgement() {
    let alarm = check(
        0,
        0,
        &[(0, BAD), (1, ACK), (2, GOOD), (3, BAD)],
        "raised@0 acknowledged@1 returned_to_normal@2 raised@3",
    );
    assert_eq!(alarm.occurrence(), 2);
    assert!(alarm.is_active() && !alarm.is_acknowledged());
    let alarm =
        check(0, 0, &[(0, BAD), (2, GOOD), (3, BAD)], "raised@0 returned_to_normal@2 raised@3");
    assert_eq!(alarm.occurrence(), 2);
}

#[test]
fn an_alarm_is_open_until_it_has_returned_and_was_acknowledged() {
    let acknowledged = check(0, 0, &[(0, BAD), (1, ACK)], "raised@0 acknowledged@1");
    assert!(acknowledged.is_open());
    let closed = check(
        0,
        0,
        &[(0, BAD), (1, ACK), (2, GOOD)],
        "raised@0 acknowledged@1 returned_to_normal@2",
    );
    assert!(!closed.is_open());
    let closed = check(
        0,
        0,
        &[(0, BAD), (2, GOOD), (3, ACK)],
        "raised@0 returned_to_normal@2 acknowledged@3",
    );
    assert!(!closed.is_open());
}

#[test]
fn there_must_be_something_to_acknowledge() {
    let (mut alarm, mut out) = (Alarm::default(), Vec::new());
    assert_eq!(alarm.acknowledge(t(0)), Err(Refused::NeverRaised));
    alarm.observe(t(0), Condition::Abnormal, &settings(30, 0), &mut out);
    assert_eq!(alarm.acknowledge(t(10)), Err(Refused::NeverRaised), "it is not raised yet");
    alarm.advance(t(30), &settings(30, 0), &mut out);
    let acknowledged = Change { at: t(31), what: Transition::Acknowledged, quiet: None };
    assert_eq!(alarm.acknowledge(t(31)), Ok(acknowledged));
    assert_eq!(alarm.acknowledge(t(32)), Err(Refused::AlreadyAcknowledged));
}

#[test]
fn what_was_overdue_comes_first_and_nothing_is_swallowed() {
    // Nobody looked in between: the alarm was raised at 30, and returns at 40.
    check(30, 0, &[(0, BAD), (40, GOOD)], "raised@30 returned_to_normal@40");
}

#[test]
fn a_run_of_pulses_is_one_alarm() {
    // Exposures of a second with nothing to judge between them.
    let pulses = [(0, BAD), (1, IDLE), (20, BAD), (21, IDLE), (40, GOOD), (41, IDLE), (60, BAD)];
    check(0, 600, &pulses, "raised@0");
    let over = [(0, BAD), (1, IDLE), (20, GOOD), (21, IDLE), (5_000, LOOK)];
    check(0, 600, &over, "raised@0 returned_to_normal@620");
    // Nothing good was ever seen: it stays.
    assert!(check(0, 600, &[(0, BAD), (1, IDLE), (50_000, LOOK)], "raised@0").is_active());
    // An idle stretch begins nothing.
    check(30, 0, &[(0, BAD), (1, IDLE), (500, LOOK)], "");
}

fn condition() -> impl Strategy<Value = Condition> {
    prop::sample::select(vec![
        Condition::Normal,
        Condition::Abnormal,
        Condition::Unknown,
        Condition::Idle,
    ])
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
                prop_assert!(change.at >= last && change.at <= t(event.0));
                last = change.at;
                match change.what {
                    Transition::Raised => {
                        prop_assert!(!active);
                        prop_assert_eq!(alarm.raised_at(), Some(change.at));
                        prop_assert_eq!(alarm.since().map(|since| since + settings.on_delay), Some(change.at));
                        (active, open, raises) = (true, true, raises + 1);
                    }
                    Transition::ReturnedToNormal => {
                        prop_assert!(active);
                        active = false;
                    }
                    Transition::Acknowledged => {
                        prop_assert!(open);
                        open = false;
                    }
                    other => prop_assert!(false, "{other:?}"),
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
            let (wanted, from) = match change.what {
                Transition::Raised => (Condition::Abnormal, change.at - settings.on_delay),
                Transition::ReturnedToNormal => (Condition::Normal, change.at - settings.off_delay),
                _ => continue,
            };
            // While nothing is asked a return goes on, and a raise does not.
            let goes_on = |seen: Condition| {
                seen == wanted || (seen == Condition::Idle && wanted == Condition::Normal)
            };
            let seen: Vec<(i64, Condition)> = events.iter().filter_map(|(at, event)| match event {
                Event::Seen(condition) => Some((*at, *condition)),
                _ => None,
            }).collect();
            let began = seen.iter().filter(|(at, _)| t(*at) == from).any(|(_, seen)| *seen == wanted);
            let held = seen
                .iter()
                .filter(|(at, _)| t(*at) > from && t(*at) < change.at)
                .all(|(_, seen)| goes_on(*seen));
            prop_assert!(began && held, "{change:?}");
        }
    }
}
