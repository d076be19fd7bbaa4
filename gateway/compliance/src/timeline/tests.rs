//! What a rule is told, and when.

use super::*;
use crate::testing::{Event, MAX_GAP, at, of, seconds, t, text};
use weir_domain::Timestamp;

/// A rule that writes down what it is told.
#[derive(Debug, Clone)]
struct Listener {
    told: Vec<(i64, Moment)>,
    timer: Option<Timestamp>,
    standing: Standing,
}

impl Momentary for Listener {
    type State = ();

    fn step(&mut self, t: Timestamp, moment: Moment, _out: &mut Vec<Judgement>) {
        if self.told.last().is_none_or(|(_, last)| *last != moment) {
            self.told.push((seconds(t), moment));
        }
        self.timer = self.timer.filter(|timer| *timer > t);
    }

    fn timer(&self) -> Option<Timestamp> {
        self.timer
    }

    fn finish(&mut self, t: Timestamp, _out: &mut Vec<Judgement>) {
        self.told.push((seconds(t), Moment::default()));
    }

    fn standing(&self) -> &Standing {
        &self.standing
    }

    fn state(&self) {}

    fn restore(&mut self, _state: ()) {}
}

fn listener(inputs: usize) -> Judged<Listener> {
    let standing = Standing { verdict: None, since: None, value: None, note: text(), early: None };
    Judged::new(Listener { told: Vec::new(), timer: None, standing }, vec![MAX_GAP; inputs], t(0))
}

fn hear(judged: &mut Judged<Listener>, events: &[Event]) {
    for event in events {
        judged.observe(event.now, event.input, &event.sample, &mut Vec::new());
    }
}

fn m(main: impl Into<Option<f64>>, side: impl Into<Option<f64>>) -> Moment {
    Moment::try_from(vec![main.into(), side.into()]).unwrap()
}

#[test]
fn a_moment_is_told_when_both_inputs_are_known_at_it() {
    let mut judged = listener(2);
    // Both change in one scan, one after the other: nobody was ever exposed with an open door.
    hear(&mut judged, &[of(0, 0, 1.0), of(1, 0, 0.0), of(1, 1, 1.0)]);
    assert_eq!(judged.rule.told, [(0, m(1.0, 0.0))]);
    hear(&mut judged, &[of(0, 1, 0.0)]);
    assert_eq!(judged.rule.told, [(0, m(1.0, 0.0)), (1, m(0.0, 1.0))]);
}

#[test]
fn an_input_that_does_not_come_is_awaited_for_as_long_as_a_sample_may_be_old() {
    let mut judged = listener(2);
    hear(&mut judged, &[of(0, 0, 1.0), of(1, 0, 0.0), of(0, 5, 2.0)]);
    assert_eq!(judged.rule.told.len(), 1);
    assert_eq!(judged.deadline(), Some(t(20) + MOMENT), "5 s, once input 1 is overdue");
    judged.advance(t(20), &mut Vec::new());
    assert_eq!(judged.rule.told.len(), 1);
    judged.advance(t(20) + MOMENT, &mut Vec::new());
    assert_eq!(judged.rule.told, [(0, m(1.0, 0.0)), (5, m(2.0, 0.0))]);
    // Then its last sample is too old, at 15 s; nobody knows before 30 s whether another comes.
    judged.advance(t(30) + MOMENT, &mut Vec::new());
    assert_eq!(judged.rule.told.last(), Some(&(15, m(2.0, None))));
}

#[test]
fn a_sample_speaks_until_the_next_one_or_until_it_is_too_old() {
    let mut judged = listener(1);
    hear(&mut judged, &[at(0, 1.0), at(14, 2.0), at(40, 3.0), at(45, None), at(50, 4.0)]);
    let told = [
        (0, m(1.0, None)),
        (14, m(2.0, None)),
        (29, m(None, None)),
        (40, m(3.0, None)),
        (45, m(None, None)),
        (50, m(4.0, None)),
    ];
    assert_eq!(judged.rule.told, told);
}

#[test]
fn late_samples_count_from_where_nothing_is_settled_yet() {
    let mut judged = listener(1);
    hear(&mut judged, &[at(0, 1.0), at(10, 2.0)]);
    // Older than the newest: too late for a rule that judges moments.
    hear(&mut judged, &[at(5, 9.0).late(6)]);
    // As late as may be: it counts from its own time. Later than that: only what is left of it.
    hear(&mut judged, &[at(20, 3.0).late(15), at(30, 4.0).late(25)]);
    let told = [(0, m(1.0, None)), (10, m(2.0, None)), (20, m(3.0, None)), (35, m(None, None))];
    assert_eq!(judged.rule.told, told);
    hear(&mut judged, &[at(50, 5.0).late(20)]);
    judged.advance(t(70) + MOMENT, &mut Vec::new());
    assert_eq!(judged.rule.told.last(), Some(&(55, m(5.0, None))));
}

#[test]
fn the_last_word_on_a_moment_counts() {
    let mut judged = listener(1);
    hear(&mut judged, &[at(0, 1.0), at(0, 2.0), at(5, 2.0)]);
    assert_eq!(judged.rule.told, [(0, m(1.0, None)), (0, m(2.0, None))]);
}

#[test]
fn a_rule_is_called_when_its_time_has_come() {
    let mut judged = listener(1);
    hear(&mut judged, &[at(0, 1.0)]);
    judged.rule.timer = Some(t(10));
    assert_eq!(judged.deadline(), Some(t(25) + MOMENT));
    judged.rule.timer = Some(t(100));
    assert_eq!(judged.deadline(), Some(t(30) + MOMENT), "the sample is too old before");
}

#[test]
fn no_input_is_awaited_for_longer_than_a_minute() {
    let mut judged = listener(2);
    judged.max_gaps[1] = Duration::from_secs(3_600);
    hear(&mut judged, &[of(1, 0, 0.0), of(0, 10, 1.0)]);
    assert_eq!(judged.deadline(), Some(t(70) + MOMENT));
    judged.advance(t(70) + MOMENT, &mut Vec::new());
    assert_eq!(judged.rule.told.last(), Some(&(10, m(1.0, 0.0))));
}

#[test]
fn a_flood_does_not_fill_the_memory() {
    let mut judged = listener(2);
    hear(&mut judged, &[of(1, 0, 0.0)]);
    for millis in 1..10_000 {
        let mut event = at(0, 1.0);
        event.now = event.now + Duration::from_millis(millis);
        event.sample.source_time = event.now;
        hear(&mut judged, &[event]);
    }
    assert!(judged.timeline.tracks[0].waiting.len() <= WAITING_MAX);
}
