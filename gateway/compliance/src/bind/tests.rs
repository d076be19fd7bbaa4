//! Which points a requirement finds, and what is said when it finds none.

use super::*;
use crate::{Pack, builtin_packs};
use weir_domain::PackId;

fn pack(id: &str) -> Arc<Pack> {
    let id: PackId = id.parse().unwrap();
    builtin_packs().into_iter().find(|pack| pack.id == id).unwrap()
}

/// Points as `device.point role parameter unit`.
fn area(class: Option<&str>, points: &[&str]) -> AreaFacts {
    let point = |line: &&str| {
        let words: Vec<&str> = line.split(' ').collect();
        PointFacts {
            id: words[0].parse().unwrap(),
            role: words[1].parse().unwrap(),
            parameter: words[2].parse().unwrap(),
            unit: words[3].parse().unwrap(),
            max_gap: Duration::from_secs(15),
        }
    };
    AreaFacts {
        facts: BTreeMap::new(),
        id: "effluent".parse().unwrap(),
        class: class.map(|class| class.parse().unwrap()),
        schedule: Schedule::default(),
        time_zone: TimeZone::UTC,
        points: points.iter().map(point).collect(),
    }
}

/// `requirement:inputs` of all bindings.
fn bound(pack: &Arc<Pack>, area: &AreaFacts) -> Vec<String> {
    let name = |binding: &Binding| format!("{}:{:?}", binding.requirement().id, binding.inputs);
    bind(pack, area).0.iter().map(name).collect()
}

fn faults(pack: &Arc<Pack>, area: &AreaFacts) -> Vec<String> {
    let bad = |fault: &BindFault| fault.level == BindLevel::Error;
    bind(pack, area).1.iter().filter(|fault| bad(fault)).map(ToString::to_string).collect()
}

const TRC: &str = "trc-1.total_residual_chlorine contact_tank_outlet total_residual_chlorine mg/L";
const OUTFALL: &str = "trc-2.total_residual_chlorine final_outfall total_residual_chlorine mg/L";

#[test]
fn every_point_of_the_role_is_bound_with_the_limits_of_the_class() {
    let effluent = pack("gb18466-2005");
    let second = TRC.replace("trc-1", "trc-9");
    let points = [TRC, OUTFALL, &second];
    let direct = area(Some("general_direct"), &points);
    assert_eq!(
        bound(&effluent, &direct),
        [
            "trc-contact:[0]",
            "trc-contact:[2]",
            "trc-contact-warning:[0]",
            "trc-contact-warning:[2]",
            "trc-outfall:[1]",
            "trc-outfall-warning:[1]",
        ]
    );
    let low_high = |class| {
        let area = area(Some(class), &[TRC]);
        bind(&effluent, &area).0[0].requirement().low_high()
    };
    assert_eq!(low_high("general_direct"), (Some(3.0), Some(10.0)));
    assert_eq!(low_high("general_sewer"), (Some(2.0), Some(8.0)));
    assert_eq!(low_high("infectious_tb"), (Some(6.5), Some(10.0)));
    assert!(bound(&effluent, &area(Some("small"), &points)).is_empty());
}

#[test]
fn what_is_not_watched_is_named_once() {
    let (_, faults) = bind(&pack("gb18466-2005"), &area(Some("general_direct"), &[TRC, OUTFALL]));
    assert!(faults.iter().all(|fault| fault.level == BindLevel::Missing));
    let names: Vec<&str> =
        faults.iter().filter_map(|f| Some(f.requirement.as_ref()?.as_str())).collect();
    assert_eq!(names, ["ph", "cod", "suspended-solids", "ammonia", "bod"]);
    assert_eq!(
        faults[0].problem,
        "requirement ph is not watched: no point of area effluent has role final_outfall and parameter ph"
    );
}

#[test]
fn a_class_must_be_known_where_the_pack_has_classes() {
    let effluent = pack("gb18466-2005");
    let wrong = faults(&effluent, &area(Some("direct"), &[TRC]));
    assert_eq!(
        wrong,
        ["class direct of area effluent is unknown to pack gb18466-2005; \
         set class to one of infectious_tb, general_direct, general_sewer, small"]
    );
    assert!(faults(&effluent, &area(None, &[TRC]))[0].contains("has no class"));
    // A pack without classes does not care.
    let pool = area(Some("whatever"), &["p.ph pool_water ph 1"]);
    assert_eq!(bound(&pack("gb37488-2019"), &pool), ["ph:[0]"]);
}

#[test]
fn another_unit_is_a_fault_and_not_another_number() {
    let grams = TRC.replace("mg/L", "mg/m³");
    let effluent = pack("gb18466-2005");
    let area = area(Some("general_direct"), &[&grams]);
    assert!(bound(&effluent, &area).is_empty());
    assert_eq!(
        faults(&effluent, &area)[0],
        "requirement trc-contact is not watched: trc-1.total_residual_chlorine is in mg/m³, but its \
         limit is in mg/L; use a profile that gives total_residual_chlorine in mg/L"
    );
}

#[test]
fn a_second_input_is_looked_for_on_the_device_then_in_the_area() {
    let cups = pack("lodging-cups");
    let temperature = "c-1.t cup_disinfection chamber_temperature °C";
    let (own, other) = ("c-1.d cup_disinfection door_open 1", "c-2.d cup_disinfection door_open 1");
    let third = "c-3.d cup_disinfection door_open 1";
    assert_eq!(bound(&cups, &area(None, &[other, temperature, own])), ["ir-cabinet:[1, 2]"]);
    assert_eq!(bound(&cups, &area(None, &[other, temperature])), ["ir-cabinet:[1, 0]"]);
    let ambiguous = area(None, &[other, temperature, third]);
    assert!(bound(&cups, &ambiguous).is_empty());
    assert_eq!(
        faults(&cups, &ambiguous),
        ["requirement ir-cabinet of c-1.t is not watched: c-2.d, c-3.d all have parameter \
             door_open; keep one in area effluent, or put it on the same device"]
    );
    let alone = bind(&cups, &area(None, &[temperature])).1;
    assert_eq!(alone[0].level, BindLevel::Missing);
    assert!(alone[0].problem.contains("parameter door_open"));
    let wrong_unit = area(None, &[temperature, "c-1.d cup_disinfection door_open %"]);
    assert!(faults(&cups, &wrong_unit)[0].contains("c-1.d is in %"));
}

#[test]
fn an_interlock_takes_both_sides_and_a_gate_may_be_elsewhere() {
    let room = [
        "room-1.door_open xray_room door_open 1",
        "room-1.lamp_on xray_room lamp_on 1",
        "room-1.exposure xray_room exposure 1",
        "dose-1.dose_rate outside_room dose_rate µSv/h",
    ];
    let found = bound(&pack("gbz130-2020"), &area(Some("ct"), &room));
    assert_eq!(
        found,
        ["exposure-door-open:[2, 0]", "exposure-lamp-off:[2, 1]", "dose-rate:[3, 2]"]
    );
}

#[test]
fn availability_is_bound_once_for_each_device_with_all_its_points() {
    let points = [TRC, "trc-1.temperature contact_tank_outlet temperature °C", OUTFALL];
    let system = pack("weir-system");
    assert_eq!(bound(&system, &area(None, &points)), ["availability:[0, 1]", "availability:[2]"]);
    assert!(bind(&system, &area(None, &[])).1.is_empty());
}

#[test]
fn an_evaluator_judges_its_own_points() {
    let effluent = pack("gb18466-2005");
    let (bindings, _) = bind(&effluent, &area(Some("general_direct"), &[OUTFALL, TRC]));
    assert_eq!(bindings[0].inputs, [1]);
    let mut evaluator = bindings[0].evaluator(Timestamp::from_millis(0));
    let mut out = Vec::new();
    evaluator.advance(Timestamp::from_millis(3_720_000), &mut out);
    assert_eq!(out.len(), 1, "an hour without data is indeterminate, as it stood before");
}
