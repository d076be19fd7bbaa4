//! What instruments, clocks, links and people do to the values.

use super::{arrivals, at_signal, incident};
use std::{collections::BTreeSet, ops::Range};
use weir_domain::{BadReason, Quality};
use weir_plant::facility::{Cause, Incident, Kind, Shown, Site};

const KIND: Kind = Kind::Effluent;

/// A site whose chlorine meter measures all the time, and that meter.
fn meter() -> (u64, usize) {
    let meter = |seed| {
        let site = Site::draw(KIND, seed);
        site.signal("contact_tank_outlet", "total_residual_chlorine").expect("a meter")
    };
    let measures_all_the_time = |seed: &u64| {
        let (_, mut shown) = arrivals(KIND, *seed, Vec::new(), 10.0..10.2);
        shown.retain(|one| one.signal == meter(*seed));
        let moves = values(&shown).windows(2).filter(|pair| pair[0] != pair[1]).count();
        moves * 2 > shown.len()
    };
    let seed = (0..).find(measures_all_the_time).expect("one of them");
    (seed, meter(seed))
}

fn seen(incidents: Vec<Incident>, hours: Range<f64>) -> Vec<Shown> {
    let (seed, meter) = meter();
    let (_, mut shown) = arrivals(KIND, seed, incidents, hours);
    shown.retain(|one| one.signal == meter);
    shown
}

fn values(shown: &[Shown]) -> Vec<f64> {
    shown.iter().filter_map(|one| one.sample.reading.good()).map(|value| value.get()).collect()
}

fn spread(values: &[f64]) -> f64 {
    let steps: f64 = values.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum();
    (steps / values.len() as f64).sqrt()
}

fn one(cause: Cause, long: u64) -> Vec<Incident> {
    vec![at_signal(meter().1, cause, 10.0, long)]
}

#[test]
fn values_that_do_not_move() {
    for cause in [Cause::Stuck, Cause::Frozen] {
        let during = values(&seen(one(cause, 600), 10.1..19.9));
        assert!(during.len() > 500 && during.iter().all(|value| *value == during[0]), "{cause}");
        assert!(spread(&values(&seen(one(cause, 600), 20.5..24.0))) > 0.0, "{cause} ends");
    }
    assert!(values(&seen(one(Cause::Dead, 600), 10.1..19.9)).iter().all(|value| *value == 0.0));
}

#[test]
fn a_probe_in_a_cup_or_a_bottle_shows_what_is_in_it() {
    let cup = values(&seen(one(Cause::TapWaterCup, 600), 11.0..19.0));
    assert!(cup.iter().all(|value| (0.2..0.6).contains(value)));
    let ordinary = values(&seen(Vec::new(), 11.0..19.0));
    let bottle = values(&seen(one(Cause::Bottle, 600), 11.0..19.0));
    let range = |values: &[f64]| {
        let most = values.iter().copied().fold(f64::MIN, f64::max);
        most - values.iter().copied().fold(f64::MAX, f64::min)
    };
    assert!(range(&bottle) < 0.75 * range(&ordinary), "{} {}", range(&bottle), range(&ordinary));
}

#[test]
fn a_smooth_curve_has_no_noise() {
    let (ordinary, smooth) =
        (seen(Vec::new(), 11.0..19.0), seen(one(Cause::Smoothed, 600), 11.0..19.0));
    assert!(spread(&values(&smooth)) < 0.3 * spread(&values(&ordinary)));
}

#[test]
fn yesterday_is_shown_again() {
    let (seed, meter) = meter();
    let replay = vec![at_signal(meter, Cause::Replay, 40.0, 720)];
    let (_, shown) = arrivals(KIND, seed, replay, 10.0..51.0);
    let mut shown = shown;
    shown.retain(|one| one.signal == meter);
    let at = |from: f64, to: f64| {
        let (from, to) = (super::after(from), super::after(to));
        let inside: Vec<Shown> = shown
            .iter()
            .filter(|one| (from..to).contains(&one.sample.source_time))
            .copied()
            .collect();
        values(&inside)
    };
    assert_eq!(at(41.0, 50.0), at(17.0, 26.0));
    assert_ne!(at(38.0, 39.0), at(14.0, 15.0));
}

#[test]
fn what_is_cut_off_stays_just_inside() {
    let (seed, meter) = meter();
    let mut script = one(Cause::Clipped, 1_200);
    script.push(incident(Cause::Overdose, 11.0, 400));
    let (_, mut shown) = arrivals(KIND, seed, script.clone(), 10.0..29.0);
    shown.retain(|one| one.signal == meter);
    let clipped = values(&shown);
    let open = values(&seen(script.split_off(1), 10.0..29.0));
    let most = |values: &[f64]| values.iter().copied().fold(f64::MIN, f64::max);
    let wanted = if Site::draw(KIND, seed).class == "general_sewer" { 8.0 } else { 10.0 };
    assert!(most(&clipped) <= wanted && most(&clipped) > wanted * 0.96, "{}", most(&clipped));
    assert!(most(&open) > wanted, "{}", most(&open));
}

#[test]
fn a_value_is_another_after_the_cabinet_was_open() {
    let (seed, _) = meter();
    let door = Site::draw(KIND, seed).signal("instrument_cabinet", "door_open").expect("a door");
    let (_, shown) = arrivals(KIND, seed, one(Cause::Adjusted, 600), 9.9..10.2);
    let opened = shown.iter().find(|one| {
        one.signal == door && one.sample.reading.good().is_some_and(|open| open.get() == 1.0)
    });
    assert!(opened.is_some_and(|one| one.sample.source_time >= super::after(10.0)));
    let before = values(&seen(Vec::new(), 10.5..11.0));
    let after = values(&seen(one(Cause::Adjusted, 600), 10.5..11.0));
    let steps = before.iter().zip(&after).map(|(before, after)| (after - before).abs());
    assert!(steps.fold(f64::MAX, f64::min) > 0.5);
}

#[test]
fn an_instrument_says_when_it_cannot_be_relied_on() {
    for (cause, reason) in [
        (Cause::SensorFault, BadReason::SensorFailure),
        (Cause::Maintenance, BadReason::Maintenance),
        (Cause::Calibration, BadReason::Calibration),
    ] {
        let during = seen(one(cause, 60), 10.1..10.9);
        assert!(!during.is_empty());
        for one in during {
            assert_eq!(one.sample.reading.quality(), Quality::Bad(reason), "{cause}");
        }
        assert!(
            seen(one(cause, 60), 11.1..12.0).iter().all(|one| one.sample.reading.good().is_some())
        );
    }
    let standard = values(&seen(one(Cause::CalibrationUnmarked, 60), 10.8..10.95));
    assert!(standard.iter().all(|value| (1.7..2.3).contains(value)), "{standard:?}");
}

#[test]
fn silence_is_silence() {
    assert!(seen(one(Cause::Silent, 60), 10.01..11.0).is_empty());
    for cause in [Cause::GatewayRestart, Cause::PowerCut] {
        let (seed, _) = meter();
        let (_, shown) = arrivals(KIND, seed, vec![incident(cause, 10.0, 20)], 10.01..10.33);
        assert!(shown.is_empty(), "{cause}");
    }
}

#[test]
fn clocks_and_links_go_wrong() {
    let jump = seen(one(Cause::ClockJump, 60), 10.1..10.9);
    let ahead =
        |one: &Shown| one.sample.source_time.as_millis() - one.sample.received_time.as_millis();
    assert!(jump.iter().all(|one| ahead(one) > 60_000));

    let twice = seen(one(Cause::DuplicateTimes, 60), 10.1..10.9);
    let times: BTreeSet<_> = twice.iter().map(|one| one.sample.source_time).collect();
    assert!(times.len() * 3 < twice.len(), "{} times of {}", times.len(), twice.len());

    let mixed = seen(one(Cause::OutOfOrder, 60), 10.1..10.9);
    assert!(!mixed.is_sorted_by_key(|one| one.sample.source_time));

    assert!(seen(one(Cause::LateBackfill, 60), 10.01..10.99).is_empty());
    let late = seen(one(Cause::LateBackfill, 60), 10.99..11.2);
    let punctual = seen(Vec::new(), 10.01..11.2);
    let old = late.iter().filter(|one| one.sample.source_time < super::after(10.99)).count();
    assert!(old > 100, "{old} samples come late");
    let source =
        |shown: &[Shown]| shown.iter().map(|one| one.sample.source_time).collect::<BTreeSet<_>>();
    assert!(source(&late).is_superset(&source(&punctual)), "nothing is lost");
}

#[test]
fn a_covered_probe_sinks_and_a_drifting_one_runs_away() {
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let usual = mean(values(&seen(Vec::new(), 40.0..44.0)));
    assert!(mean(values(&seen(one(Cause::Fouling, 2_400), 40.0..44.0))) < 0.8 * usual);
    assert!(mean(values(&seen(one(Cause::Drift, 2_400), 40.0..44.0))) > 1.2 * usual);
    let spikes = values(&seen(one(Cause::Spikes, 120), 10.0..12.0));
    let high = spikes.iter().filter(|value| **value > 2.0 * usual).count();
    assert!(high > 2 && high < spikes.len() / 6, "{high} of {}", spikes.len());
}
