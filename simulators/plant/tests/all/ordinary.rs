//! A plant in which nothing goes wrong stays well within what the standards ask of it.

use crate::{number, sunday, watch};
use std::time::Duration;
use weir_plant::{Plant, Signal};

const TWO_WEEKS: Duration = Duration::from_secs(14 * 86_400);
const TEN_SECONDS: Duration = Duration::from_secs(10);

/// What each signal may be at any time. The limits of the standards lie outside.
const BOUNDS: &[(Signal, f64, f64)] = &[
    (Signal::Trc1Chlorine, 3.9, 7.8),   // 3 to 10
    (Signal::Trc2Chlorine, 0.08, 0.32), // at most 0.5
    (Signal::Ph1Ph, 7.0, 7.6),          // 6 to 9
    (Signal::Flow1Flow, 3.5, 10.6),     // 14 m³ in more than an hour
    (Signal::Cod1Cod, 25.0, 45.0),      // at most 60
    (Signal::Trc1Temperature, 18.0, 24.0),
    (Signal::Pool1FreeChlorine, 0.42, 0.72),     // 0.3 to 1.0
    (Signal::Pool1CombinedChlorine, 0.02, 0.32), // at most 0.4
    (Signal::Pool1Ph, 7.25, 7.55),               // 7.0 to 7.8
    (Signal::Pool1Orp, 670.0, 760.0),            // at least 650
    (Signal::Pool1Temperature, 26.5, 27.5),      // 23 to 30
    (Signal::Turb1Turbidity, 0.08, 0.45),        // at most 1
    (Signal::Dose1Rate, 0.05, 1.7),              // at most 2.5
    (Signal::Cabinet1Temperature, 20.0, 134.0),
    (Signal::Cabinet2Temperature, 20.0, 134.0),
];

#[test]
fn every_signal_stays_within_its_bounds_for_two_weeks() {
    for seed in [1, 2] {
        let mut plant = Plant::new(seed, sunday());
        let mut seen = vec![(f64::MAX, f64::MIN); BOUNDS.len()];
        watch(&mut plant, TWO_WEEKS, TEN_SECONDS, |plant| {
            for ((signal, ..), (least, most)) in BOUNDS.iter().zip(&mut seen) {
                let value = number(plant, *signal);
                (*least, *most) = (least.min(value), most.max(value));
            }
        });
        for ((signal, low, high), (least, most)) in BOUNDS.iter().zip(&seen) {
            println!("{signal:?}: {least:.3} to {most:.3}");
            assert!(low <= least && most <= high, "{signal:?} went from {least} to {most}");
        }
        assert!(plant.truth().is_empty());
    }
}

#[test]
fn the_contact_time_is_always_more_than_an_hour() {
    let mut plant = Plant::new(3, sunday());
    let mut passed = std::collections::VecDeque::new();
    watch(&mut plant, TWO_WEEKS, Duration::from_secs(60), |plant| {
        passed.push_back(number(plant, Signal::Flow1Flow) / 60.0);
        if passed.len() > 75 {
            passed.pop_front();
            assert!(passed.iter().sum::<f64>() < 14.0, "at {}", plant.now());
        }
    });
}

#[test]
fn the_totaliser_counts_what_flows() {
    let mut plant = Plant::new(3, sunday());
    let before = number(&plant, Signal::Flow1Total);
    let mut volume = 0.0;
    watch(&mut plant, Duration::from_secs(6 * 3_600), TEN_SECONDS, |plant| {
        volume += number(plant, Signal::Flow1Flow) / 360.0;
    });
    let counted = number(&plant, Signal::Flow1Total) - before;
    assert!((counted - volume).abs() < 0.01 * volume, "{counted} m³ counted, {volume} m³ seen");
}

#[test]
fn cod_has_one_value_an_hour() {
    let mut plant = Plant::new(3, sunday());
    let mut values = vec![number(&plant, Signal::Cod1Cod)];
    watch(&mut plant, Duration::from_secs(86_400 - 60), Duration::from_secs(60), |plant| {
        values.push(number(plant, Signal::Cod1Cod));
    });
    values.dedup();
    assert_eq!(values.len(), 24);
}

/// Holds at or above 125 °C that last 15 minutes, and cycles (a hold or not), of a cabinet.
fn cycles(seed: u64, temperature: Signal, door: Signal, days: u64) -> Vec<u32> {
    let mut plant = Plant::new(seed, sunday());
    let mut holds = Vec::new();
    let mut held = 0;
    watch(&mut plant, Duration::from_secs(days * 86_400), TEN_SECONDS, |plant| {
        let hot = number(plant, temperature) >= 125.0 && !plant.measure(door).is_on();
        match (hot, held) {
            (true, _) => held += 10,
            (false, 1..) => holds.push(std::mem::take(&mut held)),
            _ => {}
        }
    });
    holds
}

#[test]
fn every_cycle_of_a_cabinet_holds_long_enough() {
    let noon = cycles(1, Signal::Cabinet1Temperature, Signal::Cabinet1Door, 14);
    let round = cycles(1, Signal::Cabinet2Temperature, Signal::Cabinet2Door, 14);
    assert!((54..=57).contains(&noon.len()), "{} cycles", noon.len());
    assert!((166..=168).contains(&round.len()), "{} cycles", round.len());
    for held in noon.iter().chain(&round) {
        assert!((18 * 60..23 * 60).contains(held), "held for {held} s");
    }
}

#[test]
fn the_heater_takes_a_third_to_a_half_of_its_power_in_the_hold() {
    let mut plant = Plant::new(5, sunday());
    let (mut on, mut all) = (0, 0);
    watch(&mut plant, Duration::from_secs(86_400), TEN_SECONDS, |plant| {
        let held = number(plant, Signal::Cabinet2Temperature) >= 128.0;
        let power = number(plant, Signal::Cabinet2Power);
        assert!((0.0..1_300.0).contains(&power));
        on += u32::from(held && power > 600.0);
        all += u32::from(held);
    });
    let duty = f64::from(on) / f64::from(all);
    assert!((0.3..0.5).contains(&duty), "{duty}");
}

#[test]
fn no_exposure_has_an_open_door_or_a_dark_lamp() {
    let mut plant = Plant::new(1, sunday());
    let (mut exposures, mut doors, mut was) = (0, 0, (false, false));
    watch(&mut plant, TWO_WEEKS, Duration::from_secs(1), |plant| {
        let [door, lamp, exposure] = [Signal::Room1Door, Signal::Room1Lamp, Signal::Room1Exposure]
            .map(|signal| plant.measure(signal).is_on());
        assert!(!exposure || (lamp && !door), "at {}", plant.now());
        exposures += u32::from(exposure && !was.0);
        doors += u32::from(door && !was.1);
        was = (exposure, door);
    });
    let (a_day, doors) = (exposures / 14, doors / 14);
    assert!((60..300).contains(&a_day), "{a_day} exposures a day");
    assert!((60..260).contains(&doors), "{doors} door events a day");
}

#[test]
fn the_demonstration_is_alive_at_any_hour() {
    let mut plant = Plant::new(1, sunday());
    for hour in 0..48 {
        let mut exposures = 0;
        let mut hottest: f64 = 0.0;
        watch(&mut plant, Duration::from_secs(2 * 3_600), Duration::from_secs(1), |plant| {
            exposures += u32::from(plant.measure(Signal::Room1Exposure).is_on());
            hottest = hottest.max(number(plant, Signal::Cabinet2Temperature));
        });
        assert!(exposures > 0 && hottest > 100.0, "nothing happens in hour {}", 2 * hour);
    }
}

#[test]
fn the_lamp_leads_every_exposure_by_half_a_second_to_three() {
    let mut plant = Plant::new(9, sunday());
    let (mut lamp_on_at, mut was_exposing, mut seen) = (None, false, 0);
    let end = plant.now() + Duration::from_secs(86_400);
    while plant.now() < end {
        let soon = plant.now() + Duration::from_secs(60);
        let change = plant.next_room_change().map_or(soon, |change| change.min(soon));
        plant.advance(change);
        let lamp = plant.measure(Signal::Room1Lamp).is_on();
        let exposing = plant.measure(Signal::Room1Exposure).is_on();
        lamp_on_at = lamp.then(|| lamp_on_at.unwrap_or(change));
        if exposing && !was_exposing {
            let lead = change.since(lamp_on_at.expect("the lamp is on"));
            assert!((500..=3_000).contains(&lead.as_millis()), "{lead:?}");
            seen += 1;
        }
        was_exposing = exposing;
    }
    assert!(seen > 40, "{seen} exposures");
}
