//! What cannot be seen on the plant: an opened enclosure, a wrong clock, readings twice and late.

use super::{FindingKind, Said, Validity, Watch, point::Point};
use core::time::Duration;
use jiff::tz::TimeZone;
use std::sync::Arc;
use weir_domain::{Quality, Reading, Sample, Timestamp, Unit};

fn watch(checks: &str) -> Watch {
    let text = format!(
        "parameter = \"ph\"\nunit = \"1\"\nsource = \"test\"\nconfidence = \"C\"\n{checks}"
    );
    let section: Validity = toml::from_str(&text).unwrap();
    let point = Point {
        unit: Unit::One,
        decimals: 2,
        step: 0.01,
        is_stepped: true,
        max_gap: 45_000,
        limits: Vec::new(),
        zone: TimeZone::UTC,
    };
    Watch::new(Arc::new(section), point, &[Some(0)])
}

fn at(second: u64) -> Timestamp {
    Timestamp::from_millis(1_795_341_600_000) + Duration::from_secs(second)
}

fn sample(second: u64, value: f64) -> Sample {
    Sample::at(at(second), Reading::from_number(value))
}

/// Small changes, as an instrument makes them.
fn noisy(second: u64) -> f64 {
    [0.0, 0.01, -0.01, 0.02, 0.0, -0.02][usize::try_from(second / 10 % 6).unwrap()]
}

fn findings(said: &[Said]) -> Vec<FindingKind> {
    let kind = |said: &Said| match said {
        Said::Finding(finding) => Some(finding.kind),
        _ => None,
    };
    said.iter().filter_map(kind).collect()
}

#[test]
fn a_jump_after_the_enclosure_was_opened_is_found_and_one_later_is_not() {
    let jump = "spike = { mad = 6, least = 5 }\njump = { after = { parameter = \"enclosure_open\", unit = \"1\" }, within_secs = 60, share = 0.03, least = 10 }";
    for (jumps_at, found) in [(630, vec![FindingKind::JumpAfterAccess]), (900, vec![])] {
        let (mut watch, mut out) = (watch(jump), Vec::new());
        for second in (0..1_200).step_by(10) {
            let value = if second < jumps_at { 7.2 } else { 7.9 } + noisy(second);
            let is_open = f64::from(u8::from((600..620).contains(&second)));
            watch.observe(at(second), &sample(second, value), |_| Some(is_open), &mut out);
        }
        assert_eq!(findings(&out), found, "{jumps_at}");
        let suspect = |said: &Said| matches!(said, Said::Sample(_, quality) if !quality.is_good());
        assert!(!out.iter().any(suspect), "a confirmed step is true");
    }
}

#[test]
fn a_reading_twice_does_not_stand_by_itself() {
    let (mut watch, mut out) = (watch("spike = { mad = 6, least = 5 }"), Vec::new());
    for second in (0..600).step_by(10) {
        watch.observe(at(second), &sample(second, 7.2 + noisy(second)), |_| None, &mut out);
    }
    out.clear();
    let spike = sample(600, 9.0);
    watch.observe(at(600), &spike, |_| None, &mut out);
    watch.observe(at(601), &spike, |_| None, &mut out);
    assert!(out.is_empty(), "held: {out:?}");
    let due = watch.deadline().unwrap();
    assert_eq!(due, at(645));
    watch.advance(due, &mut out);
    let suspect = Quality::Uncertain(weir_domain::UncertainReason::SuspectSpike);
    assert_eq!(out.last(), Some(&Said::Sample(spike, suspect)));
}

#[test]
fn a_clock_ahead_is_marked_and_one_behind_is_found() {
    let (mut watch, mut out) = (watch("clock_secs = 60"), Vec::new());
    let ahead = Sample { received_time: at(0), ..sample(90, 7.0) };
    watch.observe(at(0), &ahead, |_| None, &mut out);
    let clock = Quality::Uncertain(weir_domain::UncertainReason::ClockUncertain);
    assert_eq!(out.last(), Some(&Said::Sample(ahead, clock)));
    out.clear();
    for second in (600..1_500).step_by(10) {
        let late = Sample { received_time: at(second + 100), ..sample(second, 7.0) };
        watch.observe(at(second + 100), &late, |_| None, &mut out);
    }
    assert_eq!(findings(&out), [FindingKind::ClockBehind]);
}

#[test]
fn a_check_that_is_overdue_is_told_once_and_none_is_no_fault() {
    let (mut watch, mut out) = (watch("calibration = { every_days = 1 }"), Vec::new());
    watch.observe(at(0), &sample(0, 7.0), |_| None, &mut out);
    watch.note_calibration_passed(at(0));
    for hour in 1..60 {
        watch.observe(at(hour * 3_600), &sample(hour * 3_600, 7.0), |_| None, &mut out);
    }
    assert_eq!(findings(&out), [FindingKind::CalibrationOverdue]);
}

#[test]
fn a_rate_is_too_fast_when_it_is_so_by_more_than_a_step_of_the_resolution() {
    // 7.17 − 6.87 is above 0.3 to a computer, and 0.31 may be 0.30 to the instrument.
    for (falls_to, is_suspect) in [(6.87, false), (6.86, false), (6.85, true)] {
        let (mut watch, mut out) = (watch("rate = { per_min = 0.3 }"), Vec::new());
        for (second, value) in [(0, 7.17), (30, 7.17), (60, falls_to)] {
            watch.observe(at(second), &sample(second, value), |_| None, &mut out);
        }
        let suspect = |said: &Said| matches!(said, Said::Sample(_, quality) if !quality.is_good());
        assert_eq!(out.iter().any(suspect), is_suspect, "{falls_to}");
    }
}

/// Each second a switch, from its changes; the marks that are said.
fn chatter(changes: &[u64], until: u64) -> Vec<(u64, Option<u64>, bool)> {
    let (mut watch, mut out) = (watch("chatter = { most = 6 }"), Vec::new());
    for second in 0..until {
        let made = changes.iter().filter(|change| **change <= second).count();
        let value = f64::from(u8::from(!made.is_multiple_of(2)));
        watch.observe(at(second), &sample(second, value), |_| None, &mut out);
        // A restart in the middle changes nothing.
        let memory = watch.memory().clone();
        assert!(watch.restore(memory));
    }
    let after = |t: Timestamp| t.since(at(0)).as_secs();
    out.iter()
        .filter_map(|said| match said {
            Said::Mark(mark) => Some((after(mark.from), mark.to.map(after), mark.reaches_back)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_switch_that_chatters_is_not_believed_since_the_first_change() {
    let changes: Vec<u64> = (100..130).step_by(3).collect();
    assert_eq!(chatter(&changes, 300), [(100, None, true), (100, Some(187), false)]);
}

#[test]
fn a_switch_that_is_used_often_is_believed() {
    let busy: Vec<u64> = (100..600).step_by(11).collect();
    assert_eq!(chatter(&busy, 700), []);
    assert_eq!(chatter(&[100, 101, 102, 103, 104, 105, 161, 162], 300), []);
}

#[test]
fn a_chattering_run_lasts_while_no_minute_is_quiet() {
    let changes: Vec<u64> = (100..110).chain([150, 200, 250]).collect();
    assert_eq!(chatter(&changes, 400), [(100, None, true), (100, Some(310), false)]);
}
