//! The hotel: every ordinary cycle is right, cups and linen add up, and every cause shows.

use super::{WEEK, after, incident, monday};
use weir_plant::facility::{Cause, Facility, Incident, Kind, Site};

const KIND: Kind = Kind::Lodging;

/// Longest holds with a closed door above the hold's temperature, one for each cycle of any cabinet
/// (a cycle is a time above 58 °C), minutes; and the minutes of heating up before.
fn holds(seed: u64, incidents: Vec<Incident>, days: (f64, f64)) -> Vec<(f64, f64)> {
    let mut house = Facility::new(KIND, seed, monday(), incidents);
    let least = if house.site().class == "steam" { 100.0 } else { 125.0 };
    let (from, to) = (after(days.0 * 24.0), after(days.1 * 24.0));
    let mut all = Vec::new();
    let mut now = [(false, 0.0_f64, 0.0_f64, 0.0_f64); 3];
    house.advance_unseen(to, |at, values| {
        for (nth, (running, held, longest, heating)) in now.iter_mut().enumerate() {
            let (t, door) = (values[nth * 3], values[nth * 3 + 1] != 0.0);
            if t > 58.0 && at >= from {
                *running = true;
                *held = if t >= least && !door { *held + 5.0 / 60.0 } else { 0.0 };
                *longest = longest.max(*held);
                if *longest == 0.0 {
                    *heating += 5.0 / 60.0;
                }
            } else if *running {
                all.push((*longest, *heating));
                (*running, *held, *longest, *heating) = (false, 0.0, 0.0, 0.0);
            }
        }
    });
    all
}

fn hold_of(class: &str) -> f64 {
    if class == "steam" { 20.0 } else { 15.0 }
}

#[test]
fn every_ordinary_cycle_holds_long_enough() {
    for seed in 0..6 {
        let site = Site::draw(KIND, seed);
        let all = holds(seed, Vec::new(), (0.0, 7.0));
        assert!((6..90).contains(&all.len()), "seed {seed}: {} cycles", all.len());
        let shortest = all.iter().map(|(hold, _)| *hold).fold(f64::MAX, f64::min);
        println!("{seed} {}: {} cycles, {shortest:.1} minutes at least", site.class, all.len());
        assert!(shortest > hold_of(site.class), "seed {seed}: {shortest}");
    }
}

#[test]
fn every_cause_spoils_its_cycles() {
    for seed in [0, 1, 2] {
        let need = hold_of(Site::draw(KIND, seed).class);
        for cause in [Cause::WeakHeater, Cause::ShortHold, Cause::EarlyDoor] {
            let script = vec![incident(cause, 35.0, 400)];
            let short = holds(seed, script.clone(), (1.0, 2.0));
            let short = short.iter().filter(|(hold, _)| *hold < need).count();
            let mut house = Facility::new(KIND, seed, monday(), script);
            house.advance_unseen(monday() + WEEK, |_, _| {});
            assert!(short > 0, "{cause} of seed {seed}");
            assert_eq!(short, house.truth()[0].acts.len(), "{cause} of seed {seed}");
        }
        let heating = |script| {
            let all = holds(seed, script, (1.0, 2.0));
            all.iter().map(|(_, heating)| *heating).sum::<f64>() / all.len() as f64
        };
        let empty = heating(vec![incident(Cause::EmptyRun, 34.0, 500)]);
        assert!(empty < 0.8 * heating(Vec::new()), "an empty chamber heats faster: {empty}");
    }
}

/// Sums of the events of a signal by day, and their number.
fn days(
    seed: u64,
    incidents: Vec<Incident>,
    role: &str,
    parameter: &str,
) -> ([f64; 7], [usize; 7]) {
    let mut house = Facility::new(KIND, seed, monday(), incidents);
    let signal = house.site().signal(role, parameter).expect("a signal");
    let (mut sums, mut counts) = ([0.0; 7], [0; 7]);
    house.advance(monday() + WEEK, |one| {
        if one.signal == signal {
            let day = one.sample.source_time.since(monday()).as_secs() / 86_400;
            let day = usize::try_from(day).expect("a day").min(6);
            sums[day] += one.sample.reading.good().map_or(0.0, |value| value.get());
            counts[day] += 1;
        }
    });
    (sums, counts)
}

#[test]
fn cups_add_up_unless_cycles_are_left_out() {
    for seed in 0..3 {
        let ratio = |cause: Option<Cause>| {
            let script: Vec<_> =
                cause.map(|cause| incident(cause, 24.0, 1_440)).into_iter().collect();
            let (loaded, _) = days(seed, script.clone(), "cup_store", "cups_loaded");
            let (issued, _) = days(seed, script, "cup_store", "cups_issued");
            [0, 1, 2].map(|day| loaded[day] / issued[day])
        };
        let ordinary = ratio(None);
        assert!(ordinary.iter().all(|r| (0.95..1.05).contains(r)), "{seed}: {ordinary:?}");
        let none = ratio(Some(Cause::CupsWithoutCycle));
        assert!(none[1] == 0.0 && none[2] > 0.9, "{seed}: {none:?}");
        assert!(ratio(Some(Cause::CapacityShortfall))[1] < 0.85, "seed {seed}");
    }
}

#[test]
fn linen_is_changed_for_each_guest_but_a_reader_misses_some_tags() {
    for seed in 0..3 {
        let ratio = |script: Vec<Incident>| {
            let (_, out) = days(seed, script.clone(), "laundry", "linen_in");
            let (_, guests) = days(seed, script, "front_desk", "check_out");
            (out[1] as f64 / guests[1] as f64, guests[1])
        };
        let (ordinary, guests) = ratio(Vec::new());
        assert!(guests > 5 && (0.8..=1.0).contains(&ordinary), "{seed}: {ordinary} of {guests}");
        let (left, _) = ratio(vec![incident(Cause::LinenNotChanged, 24.0, 1_440)]);
        assert!(left < 0.75, "seed {seed}: {left}");
    }
}
