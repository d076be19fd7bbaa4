//! Weeks of an exam: the same every time, nothing masks anything, ordinary disturbances harm
//! nothing, and every cause has its turn.

use crate::facility::monday;
use std::collections::BTreeMap;
use weir_plant::{
    exam::{Exam, WEEK, Week},
    facility::{Cause, Kind, Nature, Site, Window, outside},
};

fn exam() -> Exam {
    Exam::new(1, monday())
}

#[test]
fn the_same_exam_has_the_same_weeks_and_another_has_others() {
    let weeks: Vec<Week> = exam().weeks(30).collect();
    assert_eq!(weeks, exam().weeks(30).collect::<Vec<_>>());
    assert_ne!(weeks, Exam::new(2, monday()).weeks(30).collect::<Vec<_>>());
    let mut sites: Vec<u64> = weeks.iter().map(|week| week.seed).collect();
    sites.sort_unstable();
    sites.dedup();
    assert_eq!(sites.len(), weeks.len(), "every week has a site of its own");
}

#[test]
fn incidents_lie_within_the_week_and_do_not_mask_each_other() {
    for week in exam().weeks(240) {
        let mut last_end = week.start;
        for incident in &week.incidents {
            let about = incident.cause.about();
            assert!(incident.cause.happens_in(week.kind), "{} {:?}", week.kind, incident);
            assert!(incident.at >= last_end && incident.until() <= week.end(), "{incident:?}");
            last_end = incident.until();
            assert!((about.size.0..=about.size.1).contains(&incident.size), "{incident:?}");
        }
        assert!(
            week.incidents.iter().filter(|i| i.cause.about().nature != Nature::Normal).count() <= 6
        );
    }
    let masking = Exam { masking: true, ..exam() };
    let overlap = |week: &Week| week.incidents.windows(2).any(|pair| pair[1].at < pair[0].until());
    assert!(masking.weeks(60).any(|week| overlap(&week)));
}

#[test]
fn every_cause_has_its_turn_and_some_weeks_are_undisturbed() {
    let mut seen: BTreeMap<Cause, usize> = BTreeMap::new();
    let (mut quiet, mut incidents) = (0, 0);
    for week in exam().weeks(600) {
        quiet += usize::from(week.is_undisturbed());
        for incident in &week.incidents {
            *seen.entry(incident.cause).or_default() += 1;
            incidents += usize::from(incident.cause.about().nature != Nature::Normal);
        }
    }
    println!("{quiet} quiet weeks, {incidents} incidents: {seen:?}");
    let never: Vec<_> = Cause::ALL.iter().filter(|cause| !seen.contains_key(cause)).collect();
    assert!(never.is_empty(), "{never:?}");
    assert!((100..250).contains(&quiet) && incidents > 900, "{quiet} {incidents}");
}

/// Engineering facts that hold in any healthy facility, whatever happens around it: a series, what
/// it stays within, and the series that must be on for that.
fn facts(site: &Site) -> Vec<(&'static str, (f64, f64), Option<&'static str>)> {
    let most = f64::MAX;
    if site.fact("batches").is_some() {
        return vec![
            ("contact_chlorine", (2.0, 8.0), Some("valve_open")),
            ("contact_minutes", (60.0, most), Some("valve_open")),
        ];
    }
    match (site.kind, site.class) {
        (Kind::Effluent, "general_sewer") => {
            vec![("contact_chlorine", (2.0, 8.0), None), ("contact_minutes", (60.0, most), None)]
        }
        (Kind::Effluent, "infectious_tb") => {
            vec![("contact_chlorine", (6.5, 10.0), None), ("contact_minutes", (90.0, most), None)]
        }
        (Kind::Effluent, _) => {
            vec![("contact_chlorine", (3.0, 10.0), None), ("contact_minutes", (60.0, most), None)]
        }
        (Kind::Pool, _) => vec![
            ("free_chlorine", (0.3, 1.0), Some("open")),
            ("combined_chlorine", (0.0, 0.4), Some("open")),
            ("ph", (7.0, 7.8), None),
            ("turbidity", (0.0, 1.0), Some("open")),
            ("orp", (650.0, 900.0), Some("open")),
            ("foot_bath_chlorine", (5.0, 10.0), Some("open")),
        ],
        (Kind::Xray, "dr") => vec![("dose_rate_outside", (0.0, 25.0), None)],
        (Kind::Xray | Kind::Radiotherapy, _) => vec![
            ("dose_rate_outside", (0.0, 2.5), None),
            ("door_open", (0.0, 0.0), Some("beam")),
            ("lamp_on", (1.0, 1.0), Some("beam")),
        ],
        _ => Vec::new(),
    }
}

#[test]
fn ordinary_disturbances_break_nothing() {
    for number in 0..4 {
        for kind in Kind::ALL {
            let week = exam().undisturbed_week(number, *kind);
            assert!(week.is_undisturbed());
            let facility = week.facility();
            let site = facility.site();
            let series = |id| site.series(id).expect("a series");
            let facts = facts(site);
            let windows: Vec<Window> = facts
                .iter()
                .map(|(id, inside, when)| Window {
                    series: series(id),
                    inside: *inside,
                    when: when.map(|id| (series(id), 1.0)),
                })
                .collect();
            let span = week.start..week.end();
            let found = outside((*kind, week.seed), &week.incidents, span, &windows);
            for ((id, ..), spans) in facts.iter().zip(found) {
                assert!(spans.is_empty(), "{kind} {number} {id}: {spans:?}\n{:?}", week.incidents);
            }
        }
    }
}

#[test]
fn a_week_delivers_from_beginning_to_end() {
    for week in exam().weeks(6) {
        let mut facility = week.facility();
        let mut samples = 0_u64;
        let mut last = week.start;
        facility.advance(week.start + WEEK, |shown| {
            samples += 1;
            assert!(shown.sample.received_time >= last, "in the order of arrival");
            last = shown.sample.received_time;
        });
        assert!(samples > 50_000, "{}: {samples} samples", week.kind);
        assert_eq!(facility.truth().len(), week.incidents.len());
        let text = serde_json::to_string(facility.truth()).expect("JSON");
        assert!(week.incidents.is_empty() || text.contains("cause"), "{text}");
    }
}
