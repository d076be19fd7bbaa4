//! What may be said of a site whose engine has said little, or nothing for long.

use super::*;
use std::time::Duration;
use weir_domain::{AlarmClass, Reading, Sample, SeriesId, Unit, ValueKind};
use weir_engine::{AlarmDetail, AlarmEvent, AreaInfo, Transition};

const NOW: Timestamp = Timestamp::from_millis(1_795_341_600_000);

fn requirement(area: &str, warning: bool) -> RequirementInfo {
    RequirementInfo {
        area: area.parse().unwrap(),
        pack: "p@1".to_owned(),
        id: "r".parse().unwrap(),
        title: text("", ""),
        clause: String::new(),
        confidence: "V".to_owned(),
        points: vec![0],
        limit: text("", ""),
        warning,
        priority: Priority::High,
        class: AlarmClass::Compliance,
        group: None,
        cause: text("", ""),
        consequence: text("", ""),
        response: text("", ""),
        respond_within: Duration::ZERO,
    }
}

fn area(id: &str) -> AreaInfo {
    AreaInfo {
        id: id.parse().unwrap(),
        name: text("", ""),
        kind: String::new(),
        class: None,
        opening_hours: Vec::new(),
        packs: Vec::new(),
    }
}

fn point() -> PointInfo {
    PointInfo {
        id: "d.p".parse().unwrap(),
        series: SeriesId(1),
        area: "a".parse().unwrap(),
        role: "r".parse().unwrap(),
        parameter: "p".parse().unwrap(),
        name: text("", ""),
        unit: Unit::One,
        kind: ValueKind::Number,
        decimals: 0,
        range: None,
        states: Vec::new(),
        stale_after: Duration::from_secs(30),
        limits: Vec::new(),
    }
}

fn view(requirements: Vec<RequirementInfo>, said: &[Option<Verdict>], age: u64) -> View {
    let state = |verdict: &Option<Verdict>| RequirementState {
        verdict: *verdict,
        since: None,
        value: None,
        note: text("", ""),
        early: None,
    };
    let site = Description {
        id: "s".parse().unwrap(),
        name: text("", ""),
        time_zone: "UTC".to_owned(),
        config_hash: String::new(),
        areas: vec![area("a"), area("b")],
        links: Vec::new(),
        devices: Vec::new(),
        points: vec![point()],
        requirements,
    };
    let snapshot = Snapshot {
        t: Some(NOW - Duration::from_secs(age)),
        requirements: said.iter().map(state).collect(),
        description: Arc::new(site),
        seq: 0,
        points: Vec::new(),
        alarms: Vec::new(),
        alarm_facts: Vec::new(),
        flood_since: None,
        raised_lately: 0,
    };
    View { snapshot: Arc::new(snapshot), now: NOW }
}

fn of_area(view: &View) -> Option<Verdict> {
    view.area_verdict(&view.site().areas[0].id)
}

#[test]
fn the_worst_verdict_counts_and_warnings_do_not() {
    use Verdict::{Compliant, Indeterminate, NonCompliant};
    let cases: [(&[Option<Verdict>], Option<Verdict>); 6] = [
        (&[Some(Compliant), Some(Compliant)], Some(Compliant)),
        (&[Some(Compliant), Some(Indeterminate)], Some(Indeterminate)),
        (&[Some(NonCompliant), Some(Indeterminate)], Some(NonCompliant)),
        (&[Some(Compliant), None], Some(Compliant)),
        (&[None, None], None),
        // The engine has not spoken of the second one yet.
        (&[Some(Compliant)], Some(Indeterminate)),
    ];
    for (said, expected) in cases {
        let both = vec![requirement("a", false), requirement("a", false)];
        assert_eq!(of_area(&view(both, said, 1)), expected, "{said:?}");
    }
    let warned = vec![requirement("a", false), requirement("a", true)];
    let view = view(warned, &[Some(Compliant), Some(NonCompliant)], 1);
    assert_eq!(of_area(&view), Some(Compliant));
    assert_eq!(view.point_verdict(0), Some(Compliant));
}

#[test]
fn an_area_of_which_nothing_is_said_is_never_compliant() {
    let view = view(vec![requirement("b", false)], &[Some(Verdict::Compliant)], 1);
    assert_eq!(of_area(&view), None);
}

#[test]
fn that_there_are_data_is_not_compliance() {
    use Verdict::{Compliant, Indeterminate};
    let system = || RequirementInfo { pack: "weir-system@1".to_owned(), ..requirement("a", false) };
    let cases = [
        (None, Some(Compliant), None),
        (None, Some(Indeterminate), Some(Indeterminate)),
        (Some(Compliant), Some(Compliant), Some(Compliant)),
        (Some(Compliant), Some(Indeterminate), Some(Indeterminate)),
    ];
    for (law, data, expected) in cases {
        let view = view(vec![requirement("a", false), system()], &[law, data], 1);
        assert_eq!(of_area(&view), expected, "{law:?} {data:?}");
        assert_eq!(view.point_verdict(0), expected, "{law:?} {data:?}");
    }
}

#[test]
fn an_engine_that_stands_still_takes_its_verdicts_with_it() {
    let said = [Some(Verdict::Compliant)];
    let alive = view(vec![requirement("a", false)], &said, 100);
    assert_eq!(of_area(&alive), Some(Verdict::Compliant));
    let silent = view(vec![requirement("a", false)], &said, 121);
    assert_eq!(of_area(&silent), Some(Verdict::Indeterminate));
    assert!(silent.requirement(0).note.en.contains("not judged"));
    let mut never = view(vec![requirement("a", false)], &said, 0);
    let nothing = Snapshot { t: None, requirements: Vec::new(), ..(*never.snapshot).clone() };
    never.snapshot = Arc::new(nothing);
    assert_eq!(of_area(&never), Some(Verdict::Indeterminate));
}

#[test]
fn a_point_without_a_sample_in_time_is_stale_whatever_the_engine_says() {
    let mut view = view(Vec::new(), &[], 1);
    let stale_after = |view: &mut View, secs: Option<u64>| {
        let sample =
            secs.map(|secs| Sample::at(NOW - Duration::from_secs(secs), Reading::from_number(1.0)));
        let mut snapshot = (*view.snapshot).clone();
        snapshot.points = vec![PointState { sample, stale: false }];
        view.snapshot = Arc::new(snapshot);
        view.point(0, &view.site().points[0]).stale
    };
    assert!(stale_after(&mut view, None));
    assert!(!stale_after(&mut view, Some(35)));
    assert!(stale_after(&mut view, Some(41)));
}

#[test]
fn areas_are_compared_by_verdict_then_by_active_alarms() {
    let raised = |area: &str, priority| AlarmEvent {
        t: NOW,
        alarm: "x".to_owned(),
        area: area.parse().unwrap(),
        requirement: "r".parse().unwrap(),
        pack: String::new(),
        points: Vec::new(),
        transition: Transition::Raised,
        priority,
        since: NOW,
        value: None,
        limit: String::new(),
        clause: String::new(),
        by: None,
        comment: None,
        detail: AlarmDetail::default(),
    };
    let alarm = |area: &str, priority, returned_at| StoredAlarm {
        returned_at,
        ..StoredAlarm::new(raised(area, priority))
    };
    let badness = |alarms: Vec<StoredAlarm>, said| {
        let mut view = view(vec![requirement("a", false)], &[Some(said)], 1);
        Arc::make_mut(&mut view.snapshot).alarms = alarms;
        view.area_badness(&view.site().areas[0].id)
    };
    use {Priority::*, Verdict::*};
    let quiet = badness(vec![alarm("b", High, None)], Compliant);
    let seen = badness(vec![alarm("a", High, Some(NOW))], Compliant);
    let low = badness(vec![alarm("a", Low, None), alarm("a", Low, None)], Compliant);
    let high = badness(vec![alarm("a", High, None)], Compliant);
    let unsure = badness(Vec::new(), Indeterminate);
    let broken = badness(Vec::new(), NonCompliant);
    let order = [quiet, seen, low, high, unsure, broken];
    assert!(order.is_sorted(), "{order:?}");
}
