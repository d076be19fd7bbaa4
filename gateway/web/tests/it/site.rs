//! The site of these tests: a pool with a probe and a closed sauna, as of noon.

use std::{sync::Arc, time::Duration};
use weir_domain::{
    AlarmClass, BadReason, Priority, Reading, Sample, SeriesId, Text, Timestamp, UncertainReason,
    Unit, Value, ValueKind, Verdict,
};
use weir_engine::{
    Alarm, AlarmDetail, AlarmEvent, AlarmFacts, AlarmSettings, AreaInfo, Capacity, CheckName,
    Condition, Description, DeviceInfo, Finding, LimitInfo, LinkInfo, Mark, MarkId, MarkReason,
    Origin, PackInfo, Person, PointInfo, PointState, RequirementInfo, RequirementState, Snapshot,
    Transition, VerdictRecord, ports::StoredAlarm,
};

/// `2026-11-22T12:00:00.000Z`.
pub(crate) const NOON: Timestamp = Timestamp::from_millis(1_795_348_800_000);

pub(crate) fn ago(secs: u64) -> Timestamp {
    NOON - Duration::from_secs(secs)
}

pub(crate) fn text(en: &str) -> Text {
    Text { zh: format!("{en}（中文）"), en: en.to_owned() }
}

fn area(id: &str, hours: &[&str]) -> AreaInfo {
    AreaInfo {
        id: id.parse().unwrap(),
        name: text(id),
        kind: "pool".to_owned(),
        class: Some(("indoor".parse().unwrap(), text("indoor"))),
        opening_hours: hours.iter().map(ToString::to_string).collect(),
        packs: vec![PackInfo {
            id: "gb37488-2019".parse().unwrap(),
            version: "1".to_owned(),
            title: text("Hygiene of public places"),
            source: "GB 37488-2019".to_owned(),
            effective_from: Some("2019-11-01".to_owned()),
            effective_to: None,
            seal: "builtin",
            signed_by: None,
            overrides: Vec::new(),
        }],
    }
}

fn point(series: u32, name: &str, area: &str, kind: ValueKind) -> PointInfo {
    PointInfo {
        id: format!("probe-1.{name}").parse().unwrap(),
        series: SeriesId(series),
        area: area.parse().unwrap(),
        role: "pool_water".parse().unwrap(),
        parameter: name.parse().unwrap(),
        name: text(name),
        unit: Unit::One,
        kind,
        decimals: 2,
        states: match name {
            "flow" => vec![(0.0, text("stands still")), (1.0, text("flows"))],
            _ => Vec::new(),
        },
        range: (kind == ValueKind::Number).then_some((0.0, 14.0)),
        stale_after: Duration::from_secs(30),
        limits: Vec::new(),
    }
}

fn requirement(id: &str, area: &str, points: &[usize], warning: bool) -> RequirementInfo {
    RequirementInfo {
        area: area.parse().unwrap(),
        pack: "gb37488-2019@1".to_owned(),
        id: id.parse().unwrap(),
        title: text(&format!("title of {id}")),
        clause: "4.2.4".to_owned(),
        confidence: "V".to_owned(),
        points: points.to_vec(),
        limit: text("[7.0, 7.8]"),
        warning,
        priority: Priority::High,
        class: AlarmClass::Compliance,
        group: None,
        cause: text("dosing"),
        consequence: text("burning eyes"),
        response: text("check the pump"),
        respond_within: Duration::from_secs(600),
    }
}

pub(crate) fn description() -> Arc<Description> {
    let limit = LimitInfo { requirement: 0, low: Some(7.0), high: Some(7.8), warning: false };
    let mut ph = point(1, "ph", "pool", ValueKind::Number);
    ph.limits.push(limit);
    Arc::new(Description {
        id: "inn".parse().unwrap(),
        name: text("Inn"),
        time_zone: "Asia/Shanghai".to_owned(),
        config_hash: "c0ffee".to_owned(),
        areas: vec![area("sauna", &["mon-sun 18:00-22:00"]), area("pool", &[])],
        links: vec![LinkInfo {
            id: "bus".parse().unwrap(),
            transport: "modbus tcp 10.0.0.7:502".to_owned(),
            timeout: Duration::from_millis(500),
        }],
        devices: vec![DeviceInfo {
            id: "probe-1".parse().unwrap(),
            name: text("Probe"),
            profile: "generic-pool-probe".parse().unwrap(),
            link: "bus".parse().unwrap(),
            unit_id: Some(3),
            area: "pool".parse().unwrap(),
            role: "pool_water".parse().unwrap(),
            scan_interval: Duration::from_millis(2_500),
        }],
        points: vec![
            ph,
            point(2, "orp", "pool", ValueKind::Number),
            point(3, "flow", "pool", ValueKind::Boolean),
            point(4, "temperature", "sauna", ValueKind::Number),
        ],
        requirements: vec![
            requirement("ph", "pool", &[0], false),
            requirement("orp-warning", "pool", &[1], true),
            requirement("warm", "sauna", &[3], false),
        ],
    })
}

/// The same site after its file was changed: the points stand the other way round.
pub(crate) fn other_site() -> Arc<Description> {
    let mut site = (*description()).clone();
    site.points.reverse();
    for requirement in &mut site.requirements {
        requirement.points.iter_mut().for_each(|index| *index = 3 - *index);
    }
    "5eed".clone_into(&mut site.config_hash);
    Arc::new(site)
}

fn state(verdict: Option<Verdict>, value: Option<f64>) -> RequirementState {
    RequirementState {
        verdict,
        since: Some(ago(600)),
        value,
        note: text("as measured"),
        early: None,
    }
}

/// The site as it stands before the engine has said anything.
pub(crate) fn silence() -> Snapshot {
    let (points, requirements, alarms) = (Vec::new(), Vec::new(), Vec::new());
    Snapshot {
        description: description(),
        t: None,
        seq: 0,
        points,
        requirements,
        alarms,
        alarm_facts: Vec::new(),
        flood_since: None,
        raised_lately: 0,
    }
}

/// pH too high with good data, ORP under calibration, flow never heard of, the sauna closed.
pub(crate) fn snapshot() -> Snapshot {
    let number = |value| Value::new(value).unwrap();
    let good = Sample {
        source_time: ago(5),
        received_time: ago(4),
        reading: Reading::Good(number(8.125)),
    };
    let bad = Sample::at(ago(7), Reading::Bad(Some(number(700.0)), BadReason::Calibration));
    let old = Sample::at(ago(90), Reading::Uncertain(number(70.0), UncertainReason::ManualValue));
    let point = |sample, stale| PointState { sample, stale };
    Snapshot {
        description: description(),
        t: Some(ago(1)),
        seq: 42,
        points: vec![
            point(Some(good), false),
            point(Some(bad), false),
            point(None, true),
            point(Some(old), true),
        ],
        requirements: vec![
            state(Some(Verdict::NonCompliant), Some(8.125)),
            state(Some(Verdict::Indeterminate), None),
            state(None, None),
        ],
        alarms: vec![alarm(1)],
        alarm_facts: vec![facts()],
        flood_since: None,
        raised_lately: 3,
    }
}

pub(crate) fn event(number: u64, transition: Transition) -> AlarmEvent {
    AlarmEvent {
        t: ago(500),
        alarm: format!("pool.ph.probe-1.ph~{number}"),
        area: "pool".parse().unwrap(),
        requirement: "ph".parse().unwrap(),
        pack: "gb37488-2019@1".to_owned(),
        points: vec!["probe-1.ph".parse().unwrap()],
        transition,
        priority: Priority::High,
        since: ago(600),
        value: Some(8.0),
        limit: "[7, 7.8]".to_owned(),
        clause: "4.2.4".to_owned(),
        by: None,
        comment: None,
        detail: AlarmDetail::default(),
    }
}

/// The alarm that is open is shelved.
pub(crate) fn facts() -> AlarmFacts {
    let mut facts = Alarm::default();
    let settings = AlarmSettings::default();
    facts.observe(ago(500), Condition::Abnormal, &settings, &mut Vec::new());
    let hour = Duration::from_secs(3_600);
    facts.shelve(ago(400), hour, ("Li", "probe is being cleaned"), &settings).unwrap();
    let open = Some(alarm(1).raised.alarm);
    AlarmFacts { requirement: 0, name: "pool.ph.probe-1.ph".to_owned(), open, facts }
}

pub(crate) fn alarm(number: u64) -> StoredAlarm {
    StoredAlarm::new(event(number, Transition::Raised))
}

pub(crate) fn verdict() -> VerdictRecord {
    VerdictRecord {
        t: ago(0),
        area: "pool".parse().unwrap(),
        pack: "gb37488-2019@1".to_owned(),
        requirement: "ph".parse().unwrap(),
        points: vec!["probe-1.ph".parse().unwrap(), "probe-9.gone".parse().unwrap()],
        verdict: Verdict::NonCompliant,
        from: ago(7_200),
        to: ago(3_600),
        value: Some(8.1),
        limit: "[7, 7.8]".to_owned(),
        clause: "4.2.4".to_owned(),
        explanation: text("the mean of 8.1 is above 7.8"),
        coverage: 0.98,
    }
}

pub(crate) fn mark(number: u64) -> Mark {
    Mark {
        id: MarkId::of_record(number),
        points: vec!["probe-1.ph".parse().unwrap()],
        from: ago(600),
        to: None,
        quality: MarkReason::Maintenance.quality(),
        reason: MarkReason::Maintenance,
        origin: Origin::Person(Person { name: "Wang Wei".into(), role: Capacity::Operator }),
        comment: "electrode cleaned".into(),
        evidence: vec!["work order 17".into()],
        value: None,
        made_at: ago(300),
        review: None,
    }
}

pub(crate) fn finding() -> Finding {
    Finding {
        t: NOON,
        area: "pool".parse().unwrap(),
        points: vec!["probe-1.ph".parse().unwrap()],
        check: CheckName { pack: "weir-validity".parse().unwrap(), check: "too-stable".into() },
        kind: "too_stable".into(),
        from: ago(3_600),
        to: NOON,
        numbers: [("spread".to_owned(), 0.001)].into(),
        explanation: text("steadier than any water"),
        confidence: 0.7,
    }
}
