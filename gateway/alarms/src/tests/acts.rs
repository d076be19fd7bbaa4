//! Holding, latching, announcing again, chattering; and the search for an alarm that got lost.

use crate::{Alarm, AlarmSettings, Change, Condition, Quiet, Refused, Transition};
use core::time::Duration;
use proptest::prelude::*;
use weir_domain::Timestamp;

const WHO: (&str, &str) = ("Li Wei", "probe is being cleaned");

fn t(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1_000)
}

fn mins(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

struct Story {
    alarm: Alarm,
    settings: AlarmSettings,
    changes: Vec<Change>,
}

impl Story {
    fn new(settings: AlarmSettings) -> Self {
        Self { alarm: Alarm::default(), settings, changes: Vec::new() }
    }

    fn seen(&mut self, at: i64, condition: Condition) -> &mut Self {
        self.alarm.observe(t(at), condition, &self.settings, &mut self.changes);
        self
    }

    fn look(&mut self, at: i64) -> &mut Self {
        self.alarm.advance(t(at), &self.settings, &mut self.changes);
        self
    }

    #[track_caller]
    fn tells(&mut self, expected: &str) -> &mut Self {
        let words = self
            .changes
            .drain(..)
            .map(|change| format!("{}@{}", change.what.as_str(), change.at.as_millis() / 1_000));
        assert_eq!(words.collect::<Vec<_>>().join(" "), expected);
        self
    }
}

#[test]
fn what_is_raised_on_the_shelf_is_announced_when_it_comes_off() {
    let mut story = Story::new(AlarmSettings::default());
    story.alarm.shelve(t(0), mins(60), WHO, &story.settings).unwrap();
    story.seen(600, Condition::Abnormal);
    assert_eq!(story.alarm.quiet(), Some(Quiet::Shelved));
    assert!(story.alarm.is_active() && story.alarm.is_open(), "it lives on unheard");
    story.look(4_000).tells("raised@600 unshelved@3600 announced@3600");
    assert_eq!(story.alarm.quiet(), None);
    // Known before it was shelved: nobody needs to be told again.
    story.alarm.shelve(t(4_000), mins(60), WHO, &story.settings).unwrap();
    let mut changes = Vec::new();
    story.alarm.unshelve(t(4_100), &mut changes).unwrap();
    assert_eq!(changes, [Change { at: t(4_100), what: Transition::Unshelved, quiet: None }]);
    assert_eq!(story.alarm.unshelve(t(4_100), &mut changes), Err(Refused::NotHeld));
}

#[test]
fn what_has_returned_on_the_shelf_is_not_announced_and_still_wants_to_be_seen() {
    let mut story = Story::new(AlarmSettings::default());
    story.alarm.shelve(t(0), mins(60), WHO, &story.settings).unwrap();
    story.seen(600, Condition::Abnormal).seen(700, Condition::Normal).look(4_000);
    story.tells("raised@600 returned_to_normal@700 unshelved@3600");
    assert!(story.alarm.is_open() && !story.alarm.is_acknowledged());
}

#[test]
fn a_shelf_has_an_end_a_name_and_a_reason() {
    let mut alarm = Alarm::default();
    let settings = AlarmSettings::default();
    let most = Duration::from_secs(8 * 3_600);
    let longer = most + Duration::from_secs(1);
    assert_eq!(alarm.shelve(t(0), longer, WHO, &settings), Err(Refused::TooLong(most)));
    assert_eq!(alarm.shelve(t(0), Duration::ZERO, WHO, &settings), Err(Refused::TooLong(most)));
    assert_eq!(alarm.shelve(t(0), most, ("a", " "), &settings), Err(Refused::NoReason));
    assert_eq!(alarm.shelve(t(0), most, ("", "b"), &settings), Err(Refused::NoReason));
    let day = Duration::from_secs(86_400);
    let boundless = AlarmSettings { shelve_max: Duration::MAX, ..settings };
    assert_eq!(alarm.shelve(t(0), 2 * day, WHO, &boundless), Err(Refused::TooLong(day)));
    let never = AlarmSettings { shelve_max: Duration::ZERO, ..settings };
    let refused = Err(Refused::TooLong(Duration::ZERO));
    assert_eq!(alarm.shelve(t(0), mins(5), WHO, &never), refused);
    assert!(alarm.shelved().is_none());
    alarm.shelve(t(0), day, WHO, &boundless).unwrap();
    assert_eq!(alarm.shelved().and_then(|hold| hold.until), Some(t(86_400)));
}

#[test]
fn suppression_by_design_ends_with_its_last_cause() {
    let mut story = Story::new(AlarmSettings::default());
    let causes = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let Story { alarm, changes, .. } = &mut story;
    alarm.suppress_by_design(t(10), &causes(&["a"]), changes);
    alarm.suppress_by_design(t(11), &causes(&["a"]), changes);
    alarm.suppress_by_design(t(20), &causes(&["a", "b"]), changes);
    let listed: Vec<_> = alarm.suppressed().map(|hold| (hold.by.as_str(), hold.since)).collect();
    assert_eq!(listed, [("a", t(10)), ("b", t(20))]);
    story.seen(30, Condition::Abnormal);
    assert_eq!(story.alarm.quiet(), Some(Quiet::Suppressed));
    let Story { alarm, changes, .. } = &mut story;
    alarm.suppress_by_design(t(40), &causes(&["b"]), changes);
    alarm.suppress_by_design(t(50), &[], changes);
    story.tells("suppressed@10 raised@30 unsuppressed@50 announced@50");
}

#[test]
fn a_persons_suppression_and_one_by_design_end_together() {
    let mut story = Story::new(AlarmSettings::default());
    let Story { alarm, changes, .. } = &mut story;
    alarm.suppress_by_design(t(0), &["a".to_owned()], changes);
    changes.push(alarm.suppress(t(10), mins(10), WHO).unwrap());
    alarm.suppress_by_design(t(20), &[], changes);
    assert_eq!(alarm.quiet(), Some(Quiet::Suppressed));
    story.look(700).tells("suppressed@0 suppressed@10 unsuppressed@610");
    assert_eq!(story.alarm.unsuppress(t(701), &mut Vec::new()), Err(Refused::NotHeld));
}

#[test]
fn out_of_service_ends_only_by_hand_and_outweighs_the_rest() {
    let mut story = Story::new(AlarmSettings::default());
    story.alarm.take_out(t(0), "Li Wei", "pump replaced").unwrap();
    let again = story.alarm.take_out(t(1), "Li Wei", "pump replaced");
    assert_eq!(again, Err(Refused::AlreadyHeld));
    story.alarm.shelve(t(0), mins(5), WHO, &story.settings).unwrap();
    story.seen(10, Condition::Abnormal).look(1_000_000);
    assert_eq!(story.alarm.quiet(), Some(Quiet::OutOfService));
    story.tells("raised@10 unshelved@300");
    let Story { alarm, changes, .. } = &mut story;
    alarm.put_back(t(1_000_001), changes).unwrap();
    story.tells("returned_to_service@1000001 announced@1000001");
}

#[test]
fn a_latched_alarm_is_reset_after_its_return_and_not_before() {
    let mut story = Story::new(AlarmSettings { latch: true, ..AlarmSettings::default() });
    assert_eq!(story.alarm.reset(t(0)), Err(Refused::NotLatched));
    story.seen(10, Condition::Abnormal);
    story.alarm.acknowledge(t(11)).unwrap();
    assert_eq!(story.alarm.reset(t(12)), Err(Refused::StillActive));
    story.seen(20, Condition::Normal);
    assert!(story.alarm.is_open(), "returned and acknowledged, and not reset");
    story.alarm.reset(t(30)).unwrap();
    assert!(!story.alarm.is_open());
    assert_eq!(story.alarm.reset(t(31)), Err(Refused::NotLatched));
}

#[test]
fn an_active_alarm_that_nobody_attends_to_is_announced_again() {
    let realarm = Some(mins(10));
    let mut story = Story::new(AlarmSettings { realarm, ..AlarmSettings::default() });
    story.seen(0, Condition::Abnormal).look(1_300).tells("raised@0 realarmed@600 realarmed@1200");
    // Not while it is shelved; and the time counts from its end.
    story.alarm.shelve(t(1_300), mins(60), WHO, &story.settings).unwrap();
    story.look(5_600).tells("unshelved@4900 realarmed@5500");
    story.alarm.acknowledge(t(5_600)).unwrap();
    story.look(50_000).tells("");
}

#[test]
fn a_gateway_that_was_away_does_not_make_up_for_all_it_did_not_say() {
    let realarm = Some(mins(10));
    let mut story = Story::new(AlarmSettings { realarm, ..AlarmSettings::default() });
    story.seen(0, Condition::Abnormal);
    story.alarm.resume(t(600_000));
    story.look(600_599).tells("raised@0");
    story.look(600_600).tells("realarmed@600600");
}

#[test]
fn the_supervisor_is_another_person() {
    let mut story = Story::new(AlarmSettings::default());
    assert_eq!(story.alarm.supervise(t(0)), Err(Refused::NeverRaised));
    story.seen(0, Condition::Abnormal);
    story.alarm.supervise(t(1)).unwrap();
    assert!(story.alarm.is_supervised() && !story.alarm.is_acknowledged());
    assert_eq!(story.alarm.supervise(t(2)), Err(Refused::AlreadyAcknowledged));
    story.seen(10, Condition::Normal).seen(20, Condition::Abnormal);
    assert!(!story.alarm.is_supervised(), "it was the occurrence before");
}

#[test]
fn three_transitions_in_a_minute_are_chattering_until_it_is_quiet() {
    use Condition::{Abnormal, Normal};
    let mut story = Story::new(AlarmSettings::default());
    story.seen(0, Abnormal).seen(30, Normal).seen(60, Abnormal);
    story.tells("raised@0 returned_to_normal@30 raised@60 chattering_began@60");
    story.seen(300, Normal).look(899);
    assert!(story.alarm.is_chattering());
    story.look(900).tells("returned_to_normal@300 chattering_ended@900");
    story.seen(1_000, Abnormal).seen(1_030, Normal).seen(1_061, Abnormal);
    assert!(!story.alarm.is_chattering(), "three in 61 s");
}

#[derive(Debug, Clone)]
enum Step {
    Seen(Condition),
    Look,
    Acknowledge,
    Supervise,
    Reset,
    Shelve(u64),
    Unshelve,
    Suppress(u64),
    Unsuppress,
    Design(Vec<String>),
    TakeOut,
    PutBack,
}

fn step() -> impl Strategy<Value = Step> {
    use Condition::{Abnormal, Idle, Normal, Unknown};
    prop_oneof![
        8 => prop::sample::select(vec![Normal, Abnormal, Unknown, Idle]).prop_map(Step::Seen),
        1 => Just(Step::Look),
        1 => Just(Step::Acknowledge),
        1 => Just(Step::Supervise),
        1 => Just(Step::Reset),
        1 => (0..600_u64).prop_map(Step::Shelve),
        1 => Just(Step::Unshelve),
        1 => (0..20_000_u64).prop_map(Step::Suppress),
        1 => Just(Step::Unsuppress),
        2 => prop::sample::subsequence(vec!["a".to_owned(), "b".to_owned()], 0..=2).prop_map(Step::Design),
        1 => Just(Step::TakeOut),
        1 => Just(Step::PutBack),
    ]
}

fn steps() -> impl Strategy<Value = Vec<(i64, Step)>> {
    prop::collection::vec((0..900_i64, step()), 0..80).prop_map(|raw| {
        let mut now = 0;
        raw.into_iter()
            .map(|(wait, step)| {
                now += wait;
                (now, step)
            })
            .collect()
    })
}

fn apply(story: &mut Story, at: i64, step: &Step) {
    let at = t(at);
    let Story { alarm, settings, changes } = story;
    alarm.advance(at, settings, changes);
    let done = match step {
        Step::Seen(condition) => return alarm.observe(at, *condition, settings, changes),
        Step::Look => return,
        Step::Design(causes) => return alarm.suppress_by_design(at, causes, changes),
        Step::Acknowledge => alarm.acknowledge(at),
        Step::Supervise => alarm.supervise(at),
        Step::Reset => alarm.reset(at),
        Step::Shelve(minutes) => alarm.shelve(at, mins(*minutes), WHO, settings),
        Step::Suppress(minutes) => alarm.suppress(at, mins(*minutes), WHO),
        Step::TakeOut => alarm.take_out(at, WHO.0, WHO.1),
        Step::Unshelve => return alarm.unshelve(at, changes).unwrap_or(()),
        Step::Unsuppress => return alarm.unsuppress(at, changes).unwrap_or(()),
        Step::PutBack => return alarm.put_back(at, changes).unwrap_or(()),
    };
    changes.extend(done);
}

fn settings() -> impl Strategy<Value = AlarmSettings> {
    (0..900_u64, 0..900_u64, any::<bool>(), prop::option::of(1..60_u64)).prop_map(
        |(on, off, latch, realarm)| AlarmSettings {
            on_delay: Duration::from_secs(on),
            off_delay: Duration::from_secs(off),
            latch,
            realarm: realarm.map(mins),
            ..AlarmSettings::default()
        },
    )
}

proptest! {
    /// Whoever keeps lists by the changes alone always finds an active alarm in one of them, and
    /// has been told of it unless something that is listed with a reason keeps it quiet.
    #[test]
    fn no_active_alarm_is_ever_lost(steps in steps(), settings in settings()) {
        let mut story = Story::new(settings);
        let (mut active, mut told, mut last) = (false, false, t(0));
        for (at, step) in &steps {
            apply(&mut story, *at, step);
            for change in story.changes.drain(..) {
                prop_assert!(change.at >= last && change.at <= t(*at), "{change:?}");
                last = change.at;
                match change.what {
                    Transition::Raised => (active, told) = (true, change.quiet.is_none()),
                    Transition::ReturnedToNormal => active = false,
                    Transition::Announced => {
                        prop_assert!(active && !told, "announced twice, or for nothing");
                        prop_assert!(change.quiet.is_none());
                        told = true;
                    }
                    _ => {}
                }
            }
            prop_assert_eq!(story.alarm.is_active(), active);
            let listed = story.alarm.shelved().is_some()
                || story.alarm.suppressed().next().is_some()
                || story.alarm.out_of_service().is_some();
            prop_assert_eq!(listed, story.alarm.quiet().is_some());
            if active {
                prop_assert!(story.alarm.is_open());
                prop_assert!(told || listed, "neither told of nor listed with a reason");
            }
            for hold in story.alarm.shelved().into_iter().chain(story.alarm.suppressed()) {
                prop_assert!(hold.until.is_none_or(|until| until > t(*at)), "held beyond its time");
                prop_assert!(hold.until.is_some() || hold.why.is_empty(), "only design has no end");
            }
            prop_assert!(story.alarm.deadline(&settings).is_none_or(|due| due > t(*at)));
        }
    }

    #[test]
    fn acts_and_time_may_be_cut_into_any_pieces_and_put_away_between(
        steps in steps(), settings in settings(), looks in prop::collection::vec(0..80_000_i64, 0..40),
    ) {
        let (mut plain, mut cut) = (Story::new(settings), Story::new(settings));
        let end = steps.last().map_or(0, |(at, _)| *at);
        for (at, step) in &steps {
            apply(&mut plain, *at, step);
        }
        let mut now = 0;
        for (at, step) in &steps {
            let mut between: Vec<_> = looks.iter().filter(|look| (now..*at).contains(look)).collect();
            between.sort_unstable();
            for look in between {
                cut.look(*look);
            }
            apply(&mut cut, *at, step);
            now = *at;
            cut.alarm = serde_json::from_str(&serde_json::to_string(&cut.alarm).unwrap()).unwrap();
        }
        plain.look(end);
        cut.look(end);
        prop_assert_eq!(&plain.changes, &cut.changes);
        prop_assert_eq!(&plain.alarm, &cut.alarm);
    }
}

#[test]
fn an_alarm_put_away_by_the_version_before_is_taken_up() {
    let old = r#"{"active":true,"unacknowledged":true,"occurrence":3,
        "raised_at":"2026-11-22T10:00:00.000Z","since":"2026-11-22T10:00:00.000Z","turned_at":null}"#;
    let alarm: Alarm = serde_json::from_str(old).unwrap();
    assert!(alarm.is_active() && !alarm.is_acknowledged() && alarm.occurrence() == 3);
    assert!(!alarm.is_latched() && alarm.quiet().is_none());
}
