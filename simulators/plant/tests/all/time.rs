//! Signals depend on seed, start and script, and not on how time was chopped or who looked.

use crate::{minutes, sunday};
use proptest::prelude::*;
use std::time::Duration;
use weir_plant::{Device, Incident, IncidentKind, Measured, Plant, Script, Signal};

fn script() -> Script {
    let incident = |after, kind, duration| Incident {
        at: sunday() + Duration::from_secs(after),
        kind,
        duration: Duration::from_secs(duration),
    };
    Script::of([
        incident(95, IncidentKind::ExposureDoorOpen, 5),
        incident(200, IncidentKind::PoolChlorineDip, 900),
        incident(300, IncidentKind::ChlorineDoseStop, 1_200),
        incident(400, IncidentKind::DeviceSilent(Device::Turb1), 60),
        incident(30, IncidentKind::CabinetWeakHeater(Device::Cabinet2), 60),
        incident(900, IncidentKind::DoseRateHigh, 200),
    ])
}

fn everything(plant: &Plant) -> Vec<(Measured, weir_plant::Condition)> {
    let look = |signal: &Signal| (plant.measure(*signal), plant.condition(signal.device()));
    Signal::ALL.iter().map(look).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn how_time_is_chopped_makes_no_difference(
        seed in any::<u64>(), steps in prop::collection::vec(1_u64..400_000, 1..40),
    ) {
        let mut chopped = Plant::scripted(seed, sunday(), script());
        for step in &steps {
            chopped.advance(chopped.now() + Duration::from_millis(*step));
            let _ = everything(&chopped);
        }
        let mut whole = Plant::scripted(seed, sunday(), script());
        whole.advance(chopped.now());
        prop_assert_eq!(everything(&whole), everything(&chopped));
        prop_assert_eq!(whole.truth(), chopped.truth());
        prop_assert_eq!(whole.next_room_change(), chopped.next_room_change());
    }
}

#[test]
fn a_start_between_two_seconds_and_a_step_back_do_no_harm() {
    let mut plant = Plant::new(1, sunday() + Duration::from_millis(456));
    plant.advance(sunday());
    assert_eq!(plant.now(), sunday() + Duration::from_millis(456));
    plant.advance(sunday() + minutes(1));
    let before = everything(&plant);
    plant.advance(sunday() + Duration::from_secs(3));
    assert_eq!(everything(&plant), before);
}

#[test]
fn another_seed_is_another_plant() {
    let [mut one, mut other] = [1, 2].map(|seed| Plant::new(seed, sunday()));
    for plant in [&mut one, &mut other] {
        plant.advance(sunday() + minutes(30));
    }
    assert_ne!(everything(&one), everything(&other));
}

#[test]
fn the_truth_log_can_be_written_down() {
    let mut plant = Plant::scripted(1, sunday(), script());
    plant.advance(sunday() + minutes(10));
    let text = serde_json::to_string(&plant.truth()[0]).unwrap();
    assert!(
        text.contains(r#""area":"radiology""#) && text.contains("exposure_door_open"),
        "{text}"
    );
}
