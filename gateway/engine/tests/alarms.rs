//! Several alarms at work: groups and floods, suppression by design, acts of people, a site file
//! that changes; and that neither restarts nor acts in any order lose an alarm that is active.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
    time::Duration,
};
use weir_compliance::{AreaFacts, Pack, PointFacts, Schedule, builtin_packs};
use weir_domain::{AreaId, DeviceId, PointId, Reading, Sample, SeriesId, Text, Timestamp};
use weir_engine::{
    Act, AlarmEvent, AlarmLimits, AreaSpec, Command, Deed, DeviceSpec, Effect, Engine, EngineState,
    Quiet, Record, Refusal, Refused, Row, SiteSpec, Transition,
};
use weir_profiles::builtin_profiles;

const START: i64 = 1_795_341_600_000;

/// A limit on the chlorine of every device; availability keeps it quiet, and it is latched where
/// the area is so called.
fn pack(id: &str, latch: bool) -> Arc<Pack> {
    let text = format!(
        r#"
id = "{id}"
version = "1"
title = {{ zh = "包", en = "pack" }}
source = "test"

[[requirement]]
id = "weak"
title = {{ zh = "名", en = "weak" }}
clause = "1"
confidence = "C"
respond_within_mins = 30
cause = {{ zh = "因", en = "cause" }}
consequence = {{ zh = "果", en = "consequence" }}
response = {{ zh = "办", en = "response" }}
alarm = {{ priority = "high", class = "safety", group = "chlorine", latch = {latch}, realarm_mins = 60, suppressed_by = ["availability"], shelve_max_mins = 120 }}
limit.input = {{ parameter = "total_residual_chlorine", unit = "mg/L" }}
limit.instant = {{ persistence_secs = 0 }}
limit.low = 3

[[test]]
name = "a test"
at = 2026-11-22T10:00:00
points."r.total_residual_chlorine" = "every 5s: 5 for 1h"
"#
    );
    Arc::new(Pack::parse(&text).unwrap())
}

fn words(of: &str) -> Text {
    Text { zh: of.into(), en: of.into() }
}

/// The pack of the tests, read once.
fn test_pack(latch: bool) -> Arc<Pack> {
    static PACKS: LazyLock<[Arc<Pack>; 2]> =
        LazyLock::new(|| [pack("test-pack", false), pack("test-pack", true)]);
    Arc::clone(&PACKS[usize::from(latch)])
}

/// An area of so many analysers.
fn site(devices: usize, latch: bool) -> SiteSpec {
    let packs = builtin_packs();
    let system = packs.iter().find(|p| p.id.as_str() == "weir-system").unwrap();
    let profiles = builtin_profiles();
    let profile =
        profiles.iter().find(|p| p.id.as_str() == "generic-residual-chlorine").unwrap().clone();
    let area: AreaId = "plant".parse().unwrap();
    let stale_after = Duration::from_secs(45);
    let ids: Vec<DeviceId> = (0..devices).map(|i| format!("trc-{i}").parse().unwrap()).collect();
    let points = ids.iter().flat_map(|id| {
        profile.points.iter().take(1).map(|def| PointFacts {
            id: PointId::new(id.clone(), def.id.clone()),
            role: "r".parse().unwrap(),
            parameter: def.parameter.clone(),
            unit: def.unit,
            max_gap: stale_after,
            occasional: false,
        })
    });
    let facts = AreaFacts {
        id: area.clone(),
        class: None,
        facts: Default::default(),
        schedule: Schedule::parse(&[]).unwrap(),
        time_zone: TimeZone::UTC,
        points: points.collect(),
    };
    let mut series = (0..).map(SeriesId);
    let device = |id: DeviceId| DeviceSpec {
        name: words(id.as_str()),
        id,
        profile: Arc::clone(&profile),
        link: "line".parse().unwrap(),
        unit_id: Some(1),
        area: area.clone(),
        role: "r".parse().unwrap(),
        scan_interval: Duration::from_secs(5),
        stale_after,
        series: series.by_ref().take(profile.points.len()).collect(),
    };
    SiteSpec {
        id: "rig".parse().unwrap(),
        name: words("rig"),
        time_zone: "UTC".into(),
        config_hash: String::new(),
        areas: vec![AreaSpec {
            name: words("plant"),
            kind: "hospital_wastewater".into(),
            opening_hours: Vec::new(),
            packs: vec![test_pack(latch), Arc::clone(system)],
            facts,
        }],
        links: Vec::new(),
        devices: ids.into_iter().map(device).collect(),
        alarms: AlarmLimits::default(),
    }
}

fn t(seconds: i64) -> Timestamp {
    Timestamp::from_millis(START + seconds * 1_000)
}

/// A gateway in small: an engine that may be put away and taken up, and what came of it.
struct Rig {
    engine: Engine,
    effects: Vec<Effect>,
    seq: u64,
}

impl Rig {
    fn new(spec: SiteSpec) -> Self {
        Self { engine: Engine::new(spec, t(0)).0, effects: Vec::new(), seq: 0 }
    }

    /// The first point of a device; each has two series.
    fn reads(&mut self, at: i64, device: usize, value: f64) {
        let series = SeriesId(u32::try_from(device * 2).unwrap());
        let sample = Sample::at(t(at), Reading::from_number(value));
        self.handle(Record::Reading(Row { series, sample })).unwrap();
    }

    fn handle(&mut self, record: Record) -> Result<(), Refusal> {
        self.seq += 1;
        self.engine.handle(self.seq, &record, &mut self.effects)
    }

    fn does(&mut self, at: i64, alarm: &str, deed: Deed) -> Result<(), Refusal> {
        let (alarm, by, comment) = (alarm.into(), "Li".into(), "probe is cleaned".into());
        let act = Act::Alarm { alarm, by, comment, deed };
        self.handle(Record::Command(Box::new(Command { at: t(at), act })))
    }

    fn acknowledges(&mut self, at: i64, alarm: &str, seen: Option<u32>) -> Result<(), Refusal> {
        let (alarm, by, comment) = (alarm.into(), "Li".into(), String::new());
        let act = Act::Acknowledge { alarm, by, comment, seen };
        self.handle(Record::Command(Box::new(Command { at: t(at), act })))
    }

    fn tick(&mut self, at: i64) {
        self.engine.tick(t(at), &mut self.effects);
    }

    fn restart(&mut self, spec: SiteSpec) {
        let saved = self.engine.state().to_bytes();
        self.engine = Engine::new(spec, t(0)).0;
        self.engine.restore(EngineState::from_bytes(&saved).unwrap());
    }

    /// What happened to alarms of the limit, in words, and forgets it.
    fn told(&mut self) -> Vec<String> {
        let of_limit = |event: &AlarmEvent| event.requirement.as_str() == "weak";
        let effects = std::mem::take(&mut self.effects);
        let events = effects.into_iter().filter_map(|effect| match effect {
            Effect::Alarm(event) if of_limit(&event) => Some(event),
            _ => None,
        });
        events
            .map(|event| {
                let quiet = event.detail.quiet.map_or("", Quiet::as_str);
                let first = if event.detail.first_out { " first" } else { "" };
                let at = event.t.since(t(0)).as_secs();
                format!("{at} {} {} {quiet}{first}", name(&event), event.transition.as_str())
                    .trim_end()
                    .to_owned()
            })
            .collect()
    }
}

fn name(event: &AlarmEvent) -> String {
    event.alarm.replace("plant.weak.", "").replace(".total_residual_chlorine", "")
}

fn id(device: usize, number: u64) -> String {
    format!("plant.weak.trc-{device}.total_residual_chlorine~{number}")
}

#[test]
fn raise_shelve_unshelve_acknowledge_supervise() {
    let mut rig = Rig::new(site(1, false));
    rig.reads(0, 0, 5.0);
    rig.reads(5, 0, 1.0);
    assert_eq!(rig.told(), ["5 trc-0~1 raised  first"]);
    let shelve = |secs| Deed::Shelve { secs };
    let most = Duration::from_secs(7_200);
    let refused = Err(Refusal::Alarm(Refused::TooLong(most)));
    assert_eq!(rig.does(6, &id(0, 1), shelve(7_201)), refused, "the pack says two hours");
    rig.does(6, &id(0, 1), shelve(600)).unwrap();
    rig.reads(10, 0, 5.0);
    rig.acknowledges(11, &id(0, 1), None).unwrap();
    // Another one comes on the shelf, and is announced when it comes off.
    rig.reads(15, 0, 1.0);
    for second in (20..640).step_by(5) {
        rig.reads(second, 0, 1.0);
    }
    assert_eq!(
        rig.told(),
        [
            "6 trc-0~1 shelved",
            "10 trc-0~1 returned_to_normal shelved",
            "11 trc-0~1 acknowledged",
            "15 trc-0~2 raised shelved first",
            "15 trc-0~2 chattering_began",
            "606 trc-0~2 unshelved",
            "606 trc-0~2 announced",
            "615 trc-0~2 chattering_ended",
        ]
    );
    // The first is closed, and the supervisor comes late.
    rig.does(650, &id(0, 1), Deed::SupervisorAcknowledge).unwrap();
    assert_eq!(rig.does(651, &id(0, 1), Deed::SupervisorAcknowledge), Err(Refusal::UnknownAlarm));
    assert_eq!(rig.does(651, &id(0, 1), shelve(60)), Err(Refusal::UnknownAlarm));
    rig.does(652, &id(0, 2), Deed::SupervisorAcknowledge).unwrap();
    assert_eq!(rig.acknowledges(653, &id(0, 2), None), Ok(()));
    let facts = rig.engine.snapshot().alarm_facts;
    assert!(facts[0].facts.is_supervised() && facts[0].facts.is_acknowledged());
}

#[test]
fn only_what_was_seen_is_acknowledged() {
    let mut rig = Rig::new(site(1, false));
    for (second, value) in [(0, 5.0), (5, 1.0), (70, 5.0), (140, 1.0)] {
        rig.reads(second, 0, value);
    }
    let again = Err(Refusal::Alarm(Refused::RaisedAgain));
    assert_eq!(rig.acknowledges(150, &id(0, 1), Some(1)), again, "it was raised twice");
    assert_eq!(rig.acknowledges(151, &id(0, 1), Some(2)), Ok(()));
}

#[test]
fn a_latched_alarm_stays_until_it_is_reset() {
    let mut rig = Rig::new(site(1, true));
    for (second, value) in [(0, 5.0), (5, 1.0), (70, 5.0)] {
        rig.reads(second, 0, value);
    }
    rig.acknowledges(71, &id(0, 1), None).unwrap();
    let open = rig.engine.snapshot().alarms;
    assert!(open[0].latched && !open[0].is_active());
    rig.does(72, &id(0, 1), Deed::Reset).unwrap();
    assert!(rig.engine.snapshot().alarms.is_empty());
}

#[test]
fn a_device_that_is_silent_keeps_its_own_alarms_quiet_by_design() {
    let mut rig = Rig::new(site(2, false));
    for second in (0..300).step_by(5) {
        rig.reads(second, 0, 1.0);
        // The other one falls silent while its alarm stands.
        if second <= 100 {
            rig.reads(second, 1, 1.0);
        }
    }
    let facts = rig.engine.snapshot().alarm_facts;
    let of =
        |device: &str| facts.iter().find(|f| f.name.contains(&format!("weak.{device}"))).unwrap();
    assert_eq!(of("trc-0").facts.quiet(), None, "the other device is not concerned");
    assert_eq!(of("trc-1").facts.quiet(), Some(Quiet::Suppressed));
    assert!(of("trc-1").facts.is_active() && of("trc-1").open.is_some(), "listed, with its cause");
    let causes: Vec<_> = of("trc-1").facts.suppressed().map(|hold| hold.by.clone()).collect();
    assert_eq!(causes.len(), 1);
    assert!(causes[0].starts_with("plant.availability.trc-1"), "{causes:?}");
    rig.told();
    for second in (300..400).step_by(5) {
        rig.reads(second, 0, 1.0);
        rig.reads(second, 1, 1.0);
    }
    assert_eq!(
        rig.told(),
        ["300 trc-1~1 unsuppressed suppressed"],
        "it was known before it was suppressed"
    );
}

#[test]
fn in_a_flood_a_group_is_told_of_once() {
    let mut rig = Rig::new(site(30, false));
    for device in 0..30 {
        rig.reads(0, device, 5.0);
    }
    for device in 0..30 {
        rig.reads(5, device, 1.0);
    }
    assert_eq!(rig.engine.snapshot().flood_since, Some(t(5)));
    for second in (10..40).step_by(5) {
        for device in 0..30 {
            rig.reads(second, device, 1.0);
        }
    }
    let events: Vec<AlarmEvent> = weir_engine::alarm_events(&rig.effects).cloned().collect();
    let told = |quiet| {
        let of = |e: &&AlarmEvent| e.transition == Transition::Raised && e.detail.quiet == quiet;
        events.iter().filter(of).count()
    };
    assert_eq!((told(None), told(Some(Quiet::Flood))), (10, 20));
    let groups: Vec<_> =
        events.iter().filter(|e| e.transition == Transition::GroupRaised).collect();
    assert_eq!(groups.len(), 1);
    assert_eq!((groups[0].t, groups[0].detail.members.len()), (t(15), 20));
    assert_eq!(groups[0].detail.group.as_deref(), Some("chlorine"));
    let firsts = events.iter().filter(|e| e.detail.first_out).count();
    assert_eq!(firsts, 1, "one came first");
    assert_eq!(rig.engine.snapshot().alarms.len(), 30, "and all are listed");
    rig.restart(site(30, false));
    // All fall silent, which is another wave; and then it is quiet.
    rig.tick(2_000);
    let groups = weir_engine::alarm_events(&rig.effects)
        .filter(|event| event.transition == Transition::GroupRaised);
    let untold: usize = groups.map(|group| group.detail.members.len()).sum();
    assert_eq!(untold, 20 + 30, "each is told of in one of them");
    assert_eq!(rig.engine.snapshot().flood_since, None, "fewer than five in ten minutes");
}

#[test]
fn a_requirement_that_is_gone_closes_its_alarm_and_one_that_comes_back_counts_on() {
    let mut rig = Rig::new(site(2, false));
    for (second, value) in [(0, 5.0), (5, 1.0)] {
        rig.reads(second, 1, value);
    }
    rig.told();
    rig.restart(site(1, false));
    rig.reads(10, 0, 5.0);
    assert_eq!(rig.told(), ["5 trc-1~1 requirement_removed"]);
    assert!(rig.engine.snapshot().alarms.is_empty());
    rig.restart(site(1, false));
    rig.reads(12, 0, 5.0);
    assert!(rig.told().is_empty(), "it is said once");
    rig.restart(site(2, false));
    for (second, value) in [(15, 5.0), (20, 1.0)] {
        rig.reads(second, 1, value);
    }
    assert_eq!(rig.told(), ["20 trc-1~2 raised  first"], "with a number of its own");
}

#[derive(Debug, Clone)]
enum Step {
    Reads(usize, f64),
    Does(usize, Deed),
    Acknowledges(usize),
    Restart,
    Tick,
}

fn steps() -> impl Strategy<Value = Vec<(i64, Step)>> {
    let deed = prop_oneof![
        Just(Deed::SupervisorAcknowledge),
        Just(Deed::Reset),
        (60..7_000_u64).prop_map(|secs| Deed::Shelve { secs }),
        Just(Deed::Unshelve),
        (60..9_000_u64).prop_map(|secs| Deed::Suppress { secs }),
        Just(Deed::Unsuppress),
        Just(Deed::OutOfService),
        Just(Deed::ReturnToService),
    ];
    let step = prop_oneof![
        10 => (0..3_usize, prop::sample::select(vec![1.0, 5.0])).prop_map(|(d, v)| Step::Reads(d, v)),
        3 => (0..3_usize, deed).prop_map(|(device, deed)| Step::Does(device, deed)),
        1 => (0..3_usize).prop_map(Step::Acknowledges),
        1 => Just(Step::Restart),
        1 => Just(Step::Tick),
    ];
    prop::collection::vec((0..120_i64, step), 1..80)
}

/// Plays steps; restarts and ticks only where asked for. After each step `look` may look.
fn play(latch: bool, steps: &[(i64, Step)], restarts: bool, mut look: impl FnMut(&Rig)) -> Rig {
    let mut rig = Rig::new(site(3, latch));
    let mut now = 0;
    for (wait, step) in steps {
        now += wait;
        // Refusals are as good as anything: they change nothing.
        match step {
            Step::Reads(device, value) => rig.reads(now, *device, *value),
            Step::Does(device, deed) => {
                let name = id(*device, 0).replace("~0", "");
                let _ = rig.does(now, &name, *deed);
            }
            Step::Acknowledges(device) => {
                let name = id(*device, 0).replace("~0", "");
                let _ = rig.acknowledges(now, &name, None);
            }
            Step::Restart if restarts => rig.restart(site(3, latch)),
            Step::Tick if restarts => rig.tick(now),
            Step::Restart | Step::Tick => {}
        }
        look(&rig);
    }
    rig.tick(now + 1);
    rig
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_active_alarm_leaves_both_the_open_list_and_the_lists_that_explain(
        steps in steps(), latch in any::<bool>(),
    ) {
        let mut told: BTreeMap<String, bool> = BTreeMap::new();
        let mut seen = 0;
        play(latch, &steps, true, |rig| {
            for event in weir_engine::alarm_events(&rig.effects[seen..]) {
                let name = event.alarm.rsplit_once('~').map_or(&*event.alarm, |(name, _)| name);
                match event.transition {
                    Transition::Raised => {
                        // In a flood its group is told of, which is another test's matter.
                        let is_told = matches!(event.detail.quiet, None | Some(Quiet::Flood));
                        told.insert(name.into(), is_told);
                    },
                    Transition::Announced => drop(told.insert(name.into(), true)),
                    Transition::ReturnedToNormal => drop(told.remove(name)),
                    _ => {}
                }
            }
            seen = rig.effects.len();
            let snapshot = rig.engine.snapshot();
            for (name, was_told) in &told {
                let facts = snapshot.alarm_facts.iter().find(|facts| facts.name == *name);
                let facts = facts.expect("an active alarm has facts");
                assert!(facts.facts.is_active());
                let open = facts.open.as_ref().expect("an active alarm is open");
                let listed = snapshot.alarms.iter().find(|alarm| alarm.raised.alarm == *open);
                assert!(listed.is_some_and(|alarm| alarm.is_active()));
                assert!(*was_told || facts.facts.quiet().is_some(), "{name}: neither told nor explained");
            }
            for alarm in &snapshot.alarms {
                assert!(snapshot.alarm_facts.iter().any(|f| f.open.as_ref() == Some(&alarm.raised.alarm)));
            }
        });
    }

    #[test]
    fn restarts_and_ticks_change_nothing(steps in steps(), latch in any::<bool>()) {
        let plain = play(latch, &steps, false, |_| {});
        let cut = play(latch, &steps, true, |_| {});
        prop_assert_eq!(plain.effects, cut.effects);
    }
}
