//! The sterilizer: every ordinary cycle is right, and every cause makes a cycle wrong in its way.

use super::{WEEK, after, incident, monday};
use weir_plant::facility::{Cause, Facility, Incident, Kind, Site};

const KIND: Kind = Kind::Sterilizer;

/// What is wrong with a cycle of a set temperature.
type Wrong = fn(&Cycle, f64) -> bool;

/// What a cycle was like, by its true values.
#[derive(Debug, Clone, Default)]
struct Cycle {
    least: f64,
    most: f64,
    held: f64,
    pulses: usize,
    deepest: f64,
    drying: f64,
    /// Pressure above that of saturated steam, in the hold, kPa.
    excess: f64,
    aborted: bool,
}

/// Pressure of saturated steam near the hold, kPa gauge, between points of a steam table.
fn saturated(celsius: f64) -> f64 {
    let table = [
        (118.0, 84.8),
        (121.0, 103.7),
        (124.0, 123.8),
        (128.0, 153.2),
        (132.0, 185.5),
        (134.0, 202.9),
        (135.0, 211.9),
        (137.0, 230.5),
        (142.0, 281.0),
    ];
    let upper = table.iter().position(|(t, _)| *t >= celsius).unwrap_or(8).max(1);
    let ((t0, p0), (t1, p1)) = (table[upper - 1], table[upper]);
    p0 + (p1 - p0) * (celsius - t0) / (t1 - t0)
}

fn cycles(seed: u64, incidents: Vec<Incident>, hours: (f64, f64)) -> Vec<Cycle> {
    let mut sterilizer = Facility::new(KIND, seed, monday(), incidents);
    let site = sterilizer.site().clone();
    let [temperature, pressure, phase] =
        ["chamber_temperature", "chamber_pressure", "phase"].map(|id| site.series(id).expect("it"));
    let (mut all, mut now, mut was, mut down) = (Vec::new(), None::<Cycle>, 0.0, false);
    let (from, to) = (after(hours.0), after(hours.1));
    sterilizer.advance_unseen(to, |at, values| {
        let (t, p, phase) = (values[temperature], values[pressure], values[phase]);
        if phase == 1.0 && was == 0.0 && at >= from {
            now = Some(Cycle { least: 999.0, ..Cycle::default() });
        }
        if let Some(cycle) = &mut now {
            match phase as u8 {
                2 => {
                    if down && p > 0.0 {
                        cycle.pulses += 1;
                    }
                    down = if p < -50.0 { true } else { down && p <= 0.0 };
                    cycle.deepest = cycle.deepest.min(p);
                }
                4 => {
                    cycle.held += 1.0;
                    cycle.least = cycle.least.min(t);
                    cycle.most = cycle.most.max(t);
                    cycle.excess = cycle.excess.max(p - saturated(t));
                }
                6 => cycle.drying = cycle.drying.min(p),
                8 => cycle.aborted = true,
                0 => all.extend(now.take()),
                _ => {}
            }
        }
        was = phase;
    });
    all
}

fn set_point(class: &str) -> f64 {
    match class {
        "prevac_121" => 121.0,
        "prevac_132" => 132.0,
        _ => 134.0,
    }
}

fn least_hold(class: &str) -> f64 {
    match class {
        "prevac_121" => 900.0,
        "small_134" => 180.0,
        _ => 240.0,
    }
}

#[test]
fn every_ordinary_cycle_is_right() {
    for seed in 0..5 {
        let site = Site::draw(KIND, seed);
        let all = cycles(seed, Vec::new(), (0.0, 168.0));
        assert!((24..60).contains(&all.len()), "{} cycles", all.len());
        for (nth, cycle) in all.iter().enumerate() {
            let set = set_point(site.class);
            assert!(cycle.least >= set && cycle.most <= set + 3.0, "{seed}: {cycle:?}");
            // The test cycle holds for three and a half minutes.
            let hold = if cycle.held < 220.0 { 180.0 } else { least_hold(site.class) };
            assert!(cycle.held >= hold, "{seed} {nth} {}: {cycle:?}", site.class);
            assert!(cycle.pulses >= 3 && cycle.deepest <= -80.0, "{cycle:?}");
            assert!(cycle.drying <= -80.0 && cycle.excess < 3.0 && !cycle.aborted, "{cycle:?}");
        }
    }
}

#[test]
fn every_cause_spoils_its_cycles_in_its_own_way() {
    let wrong: [(Cause, Wrong); 8] = [
        (Cause::ResidualAir, |cycle, _| cycle.excess > 17.0),
        (Cause::HoldCut, |cycle, _| {
            cycle.held < 180.0 || (cycle.held < 760.0 && cycle.most < 125.0)
        }),
        (Cause::Overshoot, |cycle, set| cycle.most > set + 3.0),
        (Cause::TooCold, |cycle, set| cycle.least < set),
        (Cause::MissingPulses, |cycle, _| cycle.pulses < 3),
        (Cause::ShallowPulses, |cycle, _| cycle.deepest > -75.0),
        (Cause::WetPack, |cycle, _| cycle.drying > -70.0),
        (Cause::AbortedUsed, |cycle, _| cycle.aborted),
    ];
    let seeds: Vec<u64> = (0..40)
        .filter(|seed| Site::draw(KIND, *seed).fact("pulses") == Some(3.0))
        .take(2)
        .collect();
    for seed in seeds {
        let set = set_point(Site::draw(KIND, seed).class);
        for (cause, is_wrong) in wrong {
            let script = vec![incident(cause, 34.0, 200)];
            let mut sterilizer = Facility::new(KIND, seed, monday(), script.clone());
            sterilizer.advance_unseen(after(48.0), |_, _| {});
            let acts = sterilizer.truth()[0].acts.len();
            let found = cycles(seed, script, (0.0, 48.0));
            let found = found.iter().filter(|cycle| is_wrong(cycle, set)).count();
            assert!(found > 0, "{cause} of seed {seed}");
            assert_eq!(found, acts, "{cause} of seed {seed}: each spoilt cycle is in the truth");
        }
    }
}

/// The values of an event's signal in a week.
fn events(seed: u64, incidents: Vec<Incident>, role: &str, parameter: &str) -> Vec<f64> {
    let mut sterilizer = Facility::new(KIND, seed, monday(), incidents);
    let signal = sterilizer.site().signal(role, parameter).expect("a signal");
    let mut values = Vec::new();
    sterilizer.advance(monday() + WEEK, |one| {
        if one.signal == signal {
            values.extend(one.sample.reading.good().map(|value| value.get()));
        }
    });
    values
}

#[test]
fn tests_and_packs_add_up() {
    for seed in 0..2 {
        let sum = |name, script| events(seed, script, "pack_register", name).iter().sum::<f64>();
        let (released, used) = (sum("packs_released", vec![]), sum("packs_used", vec![]));
        assert!(used <= released + 10.0 && used > 0.3 * released, "{used} of {released}");
        let script = vec![incident(Cause::UsedWithoutCycle, 24.0, 1_440)];
        let day = sum("packs_used", script);
        assert!(day > used, "{day} {used}");
        assert_eq!(events(seed, vec![], "manual_test", "bd_test").len(), 6);
        let script = vec![incident(Cause::MissedTests, 24.0, 1_440)];
        assert_eq!(events(seed, script, "manual_test", "bd_test").len(), 5);
        let leak = events(seed, vec![], "manual_test", "leak_rate");
        assert!(leak.len() == 1 && leak[0] < 0.1, "{leak:?}");
        let script = vec![incident(Cause::ChamberLeak, 1.0, 1_440)];
        assert!(events(seed, script, "manual_test", "leak_rate")[0] > 0.15);
    }
}
