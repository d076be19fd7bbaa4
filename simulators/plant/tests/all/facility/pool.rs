//! The pool: ordinary weeks of many sites, and every cause.

use super::{WEEK, after, at_signal, extremes, incident, minutes_outside, monday, stays_inside};
use weir_plant::facility::{Cause, Facility, Incident, Kind, Site, Window, outside};

const KIND: Kind = Kind::Pool;

/// Cause, its hour and minutes, a true value, and what it stays within otherwise.
type Case = (Cause, f64, u64, &'static str, (f64, f64));

/// Minutes outside while the pool is open.
fn open_minutes(seed: u64, incidents: &[Incident], id: &str, inside: (f64, f64)) -> f64 {
    let site = Site::draw(KIND, seed);
    let series = site.series(id).expect("a series");
    let when = Some((site.series("open").expect("a series"), 1.0));
    let window = Window { series, inside, when };
    let spans = outside((KIND, seed), incidents, monday()..monday() + WEEK, &[window]);
    spans[0].iter().map(|span| span.end.since(span.start).as_secs_f64() / 60.0).sum()
}

#[test]
fn ordinary_weeks_stay_within_every_limit() {
    for seed in 0..8 {
        stays_inside(
            KIND,
            seed,
            &[
                ("free_chlorine", 0.36, 0.85),
                ("combined_chlorine", 0.02, 0.36),
                ("ph", 7.15, 7.65),
                ("orp", 660.0, 790.0),
                ("turbidity", 0.03, 0.6),
                ("temperature", 24.5, 29.9),
                ("urea", 0.2, 3.4),
                ("foot_bath_chlorine", 5.2, 10.0),
            ],
        );
    }
}

#[test]
fn causes_push_the_true_values_out_and_back() {
    for seed in 0..3 {
        let cases: [Case; 9] = [
            (Cause::ChlorineAirLock, 16.0, 300, "free_chlorine", (0.3, 1.0)),
            (Cause::ChlorineOverfeed, 16.0, 100, "free_chlorine", (0.3, 1.0)),
            (Cause::OverfeedStandstill, 14.0, 60, "free_chlorine", (0.3, 1.0)),
            (Cause::AcidRunaway, 14.0, 180, "ph", (7.0, 7.8)),
            (Cause::AcidEmpty, 10.0, 700, "ph", (7.0, 7.8)),
            (Cause::FilterBreakthrough, 14.0, 200, "turbidity", (0.0, 1.0)),
            (Cause::BatherOverload, 11.0, 400, "combined_chlorine", (0.0, 0.4)),
            (Cause::FootBathStale, 11.0, 600, "foot_bath_chlorine", (5.0, 10.0)),
            (Cause::RecirculationStop, 12.0, 120, "circulation", (1.0, 9e9)),
        ];
        for (cause, hours, long, id, inside) in cases {
            let out = open_minutes(seed, &[incident(cause, hours, long)], id, inside);
            println!("{seed} {cause}: {out} minutes");
            assert!(out > 20.0 && out < long as f64 + 1_500.0, "{cause} of {seed}: {out} minutes");
        }
    }
}

#[test]
fn without_fresh_water_the_urea_rises() {
    let site = Site::draw(KIND, 1);
    let urea = site.series("urea").expect("a series");
    let usual = extremes(KIND, 1, Vec::new())[urea].1;
    let worse = extremes(KIND, 1, vec![incident(Cause::NoMakeUp, 1.0, 7_200)])[urea].1;
    assert!(worse > 1.1 * usual, "{usual} {worse}");
}

#[test]
fn what_is_done_at_night_is_over_in_the_morning() {
    for seed in 0..8 {
        let night =
            [incident(Cause::Superchlorination, 24.5, 180), incident(Cause::Backwash, 23.0, 15)];
        let high = minutes_outside(KIND, seed, &night, "free_chlorine", (0.3, 1.0));
        assert!(high > 60.0, "{high}");
        assert_eq!(open_minutes(seed, &night, "free_chlorine", (0.3, 1.0)), 0.0, "seed {seed}");
    }
}

#[test]
fn without_sample_flow_the_probe_falls_and_the_water_does_not() {
    let seed = 2;
    let mut pool =
        Facility::new(KIND, seed, monday(), vec![incident(Cause::SampleFlowLoss, 10.0, 60)]);
    pool.advance(after(10.6), |_| {});
    let site = pool.site();
    let probe = site.signal("pool_water", "free_chlorine").expect("a probe");
    let flow = site.signal("pool_water", "sample_flow").expect("a switch");
    let shown = |signal| pool.sample(signal).and_then(|s| s.reading.good()).expect("a value").get();
    assert_eq!(shown(flow), 0.0);
    assert!(shown(probe) < 0.05, "{}", shown(probe));
    assert!(pool.values()[site.series("free_chlorine").expect("a series")] > 0.35);
}

#[test]
fn tests_are_made_before_the_doors_open() {
    let seed = 3;
    let mut pool = Facility::new(KIND, seed, monday(), Vec::new());
    let hours = pool.site().opening_hours.clone().expect("hours");
    let opens: f64 = hours[8..10].parse::<f64>().expect("hours")
        + hours[11..13].parse::<f64>().expect("minutes") / 60.0;
    let test = pool.site().signal("manual_test", "free_chlorine").expect("a test");
    let mut times = Vec::new();
    pool.advance(after(24.0), |shown| {
        if shown.signal == test {
            times.push(shown.sample.source_time);
        }
    });
    assert!((3..12).contains(&times.len()), "{times:?}");
    assert!(times[0] < after(opens) && times[0] > after(opens - 1.0), "{times:?} {opens}");
}

#[test]
fn a_cup_of_tap_water_has_no_chlorine() {
    let seed = 2;
    let probe = Site::draw(KIND, seed).signal("pool_water", "free_chlorine").expect("a probe");
    let script = vec![at_signal(probe, Cause::TapWaterCup, 10.0, 600)];
    let mut pool = Facility::new(KIND, seed, monday(), script);
    pool.advance(after(12.0), |_| {});
    let shown = pool.sample(probe).and_then(|s| s.reading.good()).expect("a value").get();
    assert!(shown < 0.15, "{shown}");
}
