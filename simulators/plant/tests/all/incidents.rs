//! Each incident does what it is called, and the truth log says from when to when.

use crate::{is_on, minutes, number, sunday, watch};
use std::{ops::Range, time::Duration};
use weir_plant::{Area, Condition, Device, Incident, IncidentKind, Plant, Script, Signal, Truth};

const TEN_SECONDS: Duration = Duration::from_secs(10);

/// Beyond a limit.
type Bad = fn(f64) -> bool;

fn with(seed: u64, kind: IncidentKind, after: Duration, duration: Duration) -> Plant {
    let incident = Incident { at: sunday() + after, kind, duration };
    Plant::scripted(seed, sunday(), Script::of([incident]))
}

/// How long a signal was beyond a limit in a span, as its device shows it every ten seconds.
fn beyond(
    plant: &mut Plant,
    span: Duration,
    signal: Signal,
    bad: impl Fn(f64) -> bool,
) -> Duration {
    let mut long = Duration::ZERO;
    watch(plant, span, TEN_SECONDS, |plant| {
        if bad(number(plant, signal)) {
            long += TEN_SECONDS;
        }
    });
    long
}

fn the_only(plant: &Plant) -> Truth {
    let [truth] = plant.truth() else { panic!("{:?}", plant.truth()) };
    assert!(truth.over, "{truth:?}");
    *truth
}

#[test]
fn without_dosing_the_contact_tank_falls_below_three_for_an_hour_or_more_whatever_the_time() {
    for hours in 0..24 {
        let at = minutes(60 * hours);
        let mut plant = with(hours, IncidentKind::ChlorineDoseStop, at, minutes(90));
        let low =
            beyond(&mut plant, minutes(60 * hours + 9 * 60), Signal::Trc1Chlorine, |c| c < 3.0);
        assert!(low > minutes(60), "{hours} h after ten: {low:?}");
        let truth = the_only(&plant);
        assert_eq!(
            (truth.area, truth.device, truth.from),
            (Area::Effluent, Device::Trc1, sunday() + at)
        );
        assert!(truth.to.since(truth.from) < minutes(60 * 8), "{truth:?}");
        let after = beyond(&mut plant, minutes(6 * 60), Signal::Trc1Chlorine, |c| {
            !(3.0..=10.0).contains(&c)
        });
        assert_eq!(after, Duration::ZERO, "what is over is over");
    }
}

#[test]
fn an_overdose_goes_beyond_ten_and_the_outfall_does_not_notice() {
    let mut plant = with(1, IncidentKind::ChlorineOverdose, minutes(5), minutes(120));
    let mut highest: f64 = 0.0;
    let high = beyond(&mut plant, minutes(9 * 60), Signal::Trc1Chlorine, |c| c > 10.0);
    assert!(high > minutes(60), "{high:?}");
    let mut plant = with(1, IncidentKind::ChlorineOverdose, minutes(5), minutes(120));
    watch(&mut plant, minutes(9 * 60), TEN_SECONDS, |plant| {
        highest = highest.max(number(plant, Signal::Trc1Chlorine));
        assert!(number(plant, Signal::Trc2Chlorine) < 0.4);
    });
    assert!((12.0..20.0).contains(&highest), "{highest}");
    the_only(&plant);
}

#[test]
fn effluent_incidents_are_seen_and_pass() {
    let cases: [(IncidentKind, Signal, Bad); 3] = [
        (IncidentKind::OutfallDechlorinationFailure, Signal::Trc2Chlorine, |c| c > 0.5),
        (IncidentKind::PhExcursion, Signal::Ph1Ph, |ph| ph < 6.0),
        (IncidentKind::StormInflow, Signal::Flow1Flow, |flow| flow > 14.0),
    ];
    for (kind, signal, bad) in cases {
        let mut plant = with(1, kind, minutes(20), minutes(80));
        let seen = beyond(&mut plant, minutes(240), signal, bad);
        assert!((minutes(70)..minutes(95)).contains(&seen), "{kind}: {seen:?}");
        let truth = the_only(&plant);
        assert!(truth.to <= sunday() + minutes(125), "{truth:?}");
    }
}

#[test]
fn pool_incidents_are_as_long_as_ordered() {
    let cases: [(IncidentKind, u64, Signal, Bad, Range<u64>); 3] = [
        (IncidentKind::PoolChlorineDip, 45, Signal::Pool1FreeChlorine, |c| c < 0.3, 41..50),
        (IncidentKind::PoolChlorineWarningDip, 15, Signal::Pool1FreeChlorine, |c| c < 0.3, 12..20),
        (IncidentKind::PoolTurbidity, 60, Signal::Turb1Turbidity, |t| t > 1.0, 55..65),
    ];
    for (kind, duration, signal, bad, expected) in cases {
        for hours in [0, 3, 7] {
            let mut plant = with(2, kind, minutes(60 * hours + 3), minutes(duration));
            let seen = beyond(&mut plant, minutes(60 * hours + 120), signal, bad).as_secs() / 60;
            assert!(expected.contains(&seen), "{kind}: {seen} minutes");
            the_only(&plant);
        }
    }
}

#[test]
fn a_dip_leaves_the_redox_potential_above_its_own_limit() {
    let mut plant = with(2, IncidentKind::PoolChlorineDip, minutes(7 * 60), minutes(70));
    let low = beyond(&mut plant, minutes(10 * 60), Signal::Pool1Orp, |orp| orp < 650.0);
    assert_eq!(low, Duration::ZERO);
}

#[test]
fn a_weak_heater_never_reaches_125_and_only_spoils_one_cycle() {
    let kind = IncidentKind::CabinetWeakHeater(Device::Cabinet2);
    let mut plant = with(4, kind, minutes(1), minutes(70));
    watch(&mut plant, minutes(240), TEN_SECONDS, |_| {});
    let truth = the_only(&plant);
    assert!(truth.to.since(truth.from) > minutes(50), "{truth:?}");

    let mut plant = with(4, kind, minutes(1), minutes(70));
    let mut plateau = Vec::new();
    watch(&mut plant, minutes(360), TEN_SECONDS, |plant| {
        let temperature = number(plant, Signal::Cabinet2Temperature);
        if (truth.from..truth.to).contains(&plant.now()) && temperature > 109.0 {
            plateau.push(temperature);
        }
    });
    assert!(plateau.iter().all(|t| (109.0..118.0).contains(t)), "{plateau:?}");
    assert!(plateau.len() > 15 * 6, "a plateau of {} readings", plateau.len());
    let hot = beyond(&mut plant, minutes(180), Signal::Cabinet2Temperature, |t| t >= 125.0);
    assert!(hot > minutes(15), "the next cycle is right again: {hot:?}");
}

#[test]
fn a_door_opened_early_breaks_the_hold_into_two_short_ones() {
    let mut plant =
        with(4, IncidentKind::CabinetDoorOpenedEarly(Device::Cabinet1), minutes(5), minutes(70));
    let (mut held, mut longest, mut opened_hot) = (Duration::ZERO, Duration::ZERO, false);
    watch(&mut plant, minutes(135), TEN_SECONDS, |plant| {
        let temperature = number(plant, Signal::Cabinet1Temperature);
        let open = is_on(plant, Signal::Cabinet1Door);
        opened_hot |= open && temperature > 80.0;
        held = if temperature >= 125.0 && !open { held + TEN_SECONDS } else { Duration::ZERO };
        longest = longest.max(held);
    });
    assert!(opened_hot);
    assert!((minutes(4)..minutes(12)).contains(&longest), "{longest:?}");
    the_only(&plant);
}

/// Milliseconds in which an exposure goes on and a condition holds, and all of the room's changes.
fn exposed(plant: &mut Plant, span: Duration, wrong: impl Fn(&Plant) -> bool) -> u64 {
    let end = plant.now() + span;
    let mut sum = 0;
    while plant.now() < end {
        let next = plant.now() + Duration::from_millis(100);
        plant.advance(next);
        sum += u64::from(is_on(plant, Signal::Room1Exposure) && wrong(plant)) * 100;
    }
    sum
}

#[test]
fn an_exposure_goes_wrong_exactly_as_long_as_the_truth_says() {
    let door_open = |plant: &Plant| is_on(plant, Signal::Room1Door);
    let lamp_off = |plant: &Plant| !is_on(plant, Signal::Room1Lamp);
    for seed in 0..20 {
        for after in [20, 600, 1_800] {
            let (after, five) = (Duration::from_secs(after), Duration::from_secs(5));
            let mut plant = with(seed, IncidentKind::ExposureDoorOpen, after, five);
            assert_eq!(exposed(&mut plant, after + minutes(3), door_open), 5_000);
            let truth = the_only(&plant);
            assert_eq!((truth.from, truth.to), (sunday() + after, sunday() + after + five));

            let mut plant = with(seed, IncidentKind::ExposureDoorOpen, after, five);
            assert_eq!(exposed(&mut plant, after + minutes(3), lamp_off), 0, "one fault at a time");

            let mut plant = with(seed, IncidentKind::ExposureLampOff, after, five);
            assert_eq!(exposed(&mut plant, after + minutes(3), lamp_off), 5_000);
            let mut plant = with(seed, IncidentKind::ExposureLampOff, after, five);
            assert_eq!(exposed(&mut plant, after + minutes(3), door_open), 0);
        }
    }
}

#[test]
fn a_pulse_of_a_tenth_of_a_second_is_shown_for_one_and_a_half() {
    let (after, pulse) = (Duration::from_secs(20), Duration::from_millis(100));
    let mut plant = with(1, IncidentKind::ExposureDoorOpen, after, pulse);
    assert_eq!(exposed(&mut plant, minutes(1), |plant| is_on(plant, Signal::Room1Door)), 1_500);
    let truth = the_only(&plant);
    assert_eq!(truth.to.since(truth.from), pulse);
}

#[test]
fn a_gap_in_the_shielding_is_measured_over_any_minute() {
    let mut plant = with(1, IncidentKind::DoseRateHigh, minutes(3), minutes(20));
    let mut minute = std::collections::VecDeque::new();
    let (mut highest, mut worst): (f64, f64) = (0.0, 0.0);
    watch(&mut plant, minutes(30), Duration::from_secs(1), |plant| {
        let rate = number(plant, Signal::Dose1Rate);
        highest = highest.max(rate);
        minute.push_back(rate);
        if minute.len() > 60 {
            minute.pop_front();
            worst = worst.max(minute.iter().sum::<f64>() / 60.0);
        }
        assert!(!is_on(plant, Signal::Room1Exposure) || is_on(plant, Signal::Room1Lamp));
        assert!(!is_on(plant, Signal::Room1Exposure) || !is_on(plant, Signal::Room1Door));
    });
    assert!((6.0..10.5).contains(&highest), "{highest}");
    assert!(worst > 3.5, "{worst}");
    the_only(&plant);
}

#[test]
fn devices_fall_silent_and_fail_to_the_millisecond() {
    let mut plant = Plant::new(1, sunday());
    let at = sunday() + Duration::from_millis(12_345);
    let duration = Duration::from_millis(20_000);
    plant.schedule(Incident { at, kind: IncidentKind::DeviceSilent(Device::Turb1), duration });
    plant.schedule(Incident { at, kind: IncidentKind::DeviceSensorFault(Device::Ph1), duration });
    for (ms, silent) in [(12_344, false), (12_345, true), (32_344, true), (32_345, false)] {
        plant.advance(sunday() + Duration::from_millis(ms));
        let expected = |condition| if silent { condition } else { Condition::Working };
        assert_eq!(plant.condition(Device::Turb1), expected(Condition::Silent), "{ms}");
        assert_eq!(plant.condition(Device::Ph1), expected(Condition::SensorFault), "{ms}");
        assert_eq!(plant.condition(Device::Pool1), Condition::Working);
    }
    plant.advance(sunday() + minutes(1));
    assert!(plant.truth().iter().all(|truth| truth.over && truth.to == at + duration));
    assert_eq!(plant.truth().len(), 2);
}

#[test]
fn the_history_has_come_to_rest_before_its_end() {
    for seed in 0..3 {
        let start = sunday() - minutes(7 * 24 * 60);
        let script = Script::history(seed, start, sunday());
        let ordered = script.clone().count();
        let mut plant = Plant::scripted(seed, start, script);
        plant.advance(sunday() - minutes(120));
        assert_eq!(plant.truth().len(), ordered);
        for truth in plant.truth() {
            assert!(truth.over, "{truth:?}");
        }
    }
}

#[test]
fn live_the_first_cabinet_cycle_begins_a_minute_after_the_start_and_fails() {
    let mut plant = Plant::scripted(1, sunday() - minutes(7 * 24 * 60), {
        Script::demo(1, sunday() - minutes(7 * 24 * 60), sunday())
    });
    plant.advance(sunday() + minutes(90));
    let weak = plant
        .truth()
        .iter()
        .rfind(|truth| truth.kind == IncidentKind::CabinetWeakHeater(Device::Cabinet2));
    let weak = weak.expect("it was ordered");
    assert_eq!(weak.from, sunday() + minutes(1));
    assert!(weak.over);
}
