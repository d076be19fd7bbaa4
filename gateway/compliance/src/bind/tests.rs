//! Which points a requirement finds, and what is said when it finds none.

use super::*;
use crate::{Judgement, Pack, builtin_packs};
use weir_domain::{PackId, Reading, Sample, Verdict};

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
            occasional: false,
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
            "trc-contact-forecast:[0]",
            "trc-contact-forecast:[2]",
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
    assert_eq!(names[..5], ["ph", "cod", "suspended-solids", "ammonia", "bod"]);
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
    assert_eq!(
        bound(&pack("gb37488-2019"), &pool),
        ["ph:[0]", "ph-close-warning:[0]", "ph-forecast:[0]"]
    );
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
        found[..4],
        [
            "exposure-door-open:[2, 0]",
            "exposure-lamp-off:[2, 1]",
            "dose-rate:[3, 2]",
            "detector-dead-warning:[3]",
        ]
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
    let start: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let (mut evaluator, mut out) = (bindings[0].evaluator(start), Vec::new());
    evaluator.advance(start + Duration::from_secs(3_720), &mut out);
    assert_eq!(out.len(), 1, "an hour without data is indeterminate, as it stood before");
}

/// A pack with one limit on the pH, and what else its header and its requirement say.
fn ph(id: &str, header: &str, low: f64, requirement: &str) -> Arc<Pack> {
    let text = format!(
        r#"
id = "{id}"
version = "1"
title = {{ zh = "试", en = "Trial" }}
source = "trial"
{header}
[[requirement]]
id = "ph"
title = {{ zh = "酸碱度", en = "pH" }}
clause = "1"
confidence = "V"
{requirement}
respond_within_mins = 10
cause = {{ zh = "因", en = "cause" }}
consequence = {{ zh = "果", en = "consequence" }}
response = {{ zh = "应", en = "response" }}
alarm = {{ priority = "low" }}
limit = {{ input = {{ role = "outfall", parameter = "ph", unit = "1" }}, instant = {{ persistence_secs = 0 }}, low = {low} }}
[[test]]
name = "none"
at = 2026-12-31T10:00:00
points = {{}}
"#
    );
    let pack = Pack::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    Arc::new(Pack { seal: Seal::BuiltIn, ..pack })
}

const PH: &str = "ph-1.ph outfall ph 1";

/// The verdicts of each pack on a pH of 7 around the new year, with the hours of their time.
fn around_new_year(packs: &[Arc<Pack>]) -> Vec<String> {
    let area =
        AreaFacts { time_zone: TimeZone::get("Asia/Shanghai").unwrap(), ..area(None, &[PH]) };
    let start: Timestamp = "2026-12-31T22:00:00+08:00".parse().unwrap();
    let mut lines = Vec::new();
    for (bindings, faults) in bind_all(packs, &area) {
        assert!(faults.is_empty(), "{faults:?}");
        for binding in bindings {
            let (mut evaluator, mut out) = (binding.evaluator(start), Vec::new());
            // Readings come 3 s beside the hour, so none stands at midnight itself.
            for seconds in (3..4 * 3_600).step_by(10) {
                let now = start + Duration::from_secs(seconds);
                while let Some(due) = evaluator.deadline().filter(|due| *due <= now) {
                    evaluator.advance(due, &mut out);
                }
                let sample = Sample::at(now, Reading::from_number(7.0));
                evaluator.observe(now, 0, &sample, &mut out);
                evaluator.restore(evaluator.state()).unwrap();
            }
            evaluator.finish(start + Duration::from_secs(4 * 3_600), &mut out);
            let verdicts = out.into_iter().filter_map(|judgement| match judgement {
                Judgement::Verdict(passed) if passed.verdict != Verdict::Indeterminate => {
                    let hour = |at: Timestamp| (at.as_millis() - start.as_millis()) / 3_600_000;
                    let verdict = passed.verdict.as_str();
                    Some(format!("{verdict} {}-{}", hour(passed.from), hour(passed.to)))
                }
                _ => None,
            });
            lines.push(format!("{}: {}", binding.pack.id, verdicts.collect::<Vec<_>>().join(", ")));
        }
    }
    lines
}

#[test]
fn two_editions_hand_over_at_midnight() {
    let old = ph("old", "effective_to = 2026-12-31", 6.0, "");
    let new = ph("new", "effective_from = 2027-01-01", 8.0, "");
    assert_eq!(
        around_new_year(&[old, new]),
        ["old: compliant 0-1, compliant 1-2", "new: non_compliant 2-3, non_compliant 3-4",]
    );
}

#[test]
fn a_pack_outside_its_dates_passes_nothing() {
    let past = ph("past", "effective_to = 2026-12-30", 6.0, "");
    let future = ph("future", "effective_from = 2027-01-02", 6.0, "");
    assert_eq!(around_new_year(&[past, future]), ["past: ", "future: "]);
}

#[test]
fn an_override_stands_in_place_of_the_other_as_long_as_it_is_in_force() {
    let law = ph("law", "", 6.0, "");
    let local = |dates| ph("local", dates, 8.0, "overrides = \"law/ph\"");
    assert_eq!(
        around_new_year(&[law.clone(), local("")])[..],
        ["local: non_compliant 0-1, non_compliant 1-2, non_compliant 2-3, non_compliant 3-4"]
    );
    assert_eq!(
        around_new_year(&[law.clone(), local("effective_from = 2027-01-01")]),
        ["law: compliant 0-1, compliant 1-2", "local: non_compliant 2-3, non_compliant 3-4"]
    );
    assert_eq!(
        around_new_year(&[law, local("effective_to = 2026-12-31")]),
        ["law: compliant 2-3, compliant 3-4", "local: non_compliant 0-1, non_compliant 1-2"]
    );
}

#[test]
fn an_override_must_find_what_it_overrides() {
    let local = ph("local", "", 8.0, "overrides = \"law/ph\"");
    let other = ph("law", "", 6.0, "");
    let problems = |packs: &[Arc<Pack>]| -> Vec<String> {
        let bound = bind_all(packs, &area(None, &[PH]));
        bound.iter().flat_map(|(_, faults)| faults).map(ToString::to_string).collect()
    };
    assert_eq!(
        problems(std::slice::from_ref(&local)),
        ["requirement ph overrides law/ph, which is not there; \
          name law as well in the packs of the area"]
    );
    assert_eq!(problems(&[other, local]), [""; 0]);
    // Where the other pack finds a point and the override does not, the other one stays.
    let elsewhere = ph("local", "", 8.0, "overrides = \"law/nothing\"");
    let law = ph("law", "", 6.0, "");
    assert_eq!(
        problems(&[law, elsewhere]),
        ["requirement ph overrides law/nothing, which is not there; \
          pack law has no such requirement of its own"]
    );
}

#[test]
fn explanations_say_what_was_overridden_and_that_nobody_vouches_for_the_pack() {
    let law = ph("law", "", 6.0, "");
    let local = ph("local", "", 8.0, "overrides = \"law/ph\"");
    let unsigned = Arc::new(Pack { seal: Seal::Unsigned, ..(*local).clone() });
    let start: Timestamp = "2026-12-31T22:00:00+08:00".parse().unwrap();
    for (pack, en) in [
        (local, " (judged by local pack local@1 in place of law/ph)"),
        (
            unsigned,
            " (judged by local pack local@1 in place of law/ph) \
             (by an unsigned pack, for trial only)",
        ),
    ] {
        let bound = bind_all(&[law.clone(), pack], &area(None, &[PH]));
        let (mut evaluator, mut out) = (bound[1].0[0].evaluator(start), Vec::new());
        evaluator.observe(start, 0, &Sample::at(start, Reading::from_number(7.0)), &mut out);
        evaluator.finish(start + Duration::from_secs(10), &mut out);
        let explained = out.into_iter().find_map(|judgement| match judgement {
            Judgement::Verdict(passed) => Some(passed.explanation.en),
            Judgement::Standing(_) => None,
        });
        let explained = explained.unwrap();
        assert!(explained.ends_with(en), "{explained}");
    }
}

#[test]
fn a_fact_that_nobody_gives_and_that_has_no_default_leaves_a_requirement_unwatched() {
    let text = crate::testing::pack_of(
        r#"limit.value = { expr = "a / beds", unit = "1", of = { a = { parameter = "total_residual_chlorine", unit = "mg/L" } } }
           limit.instant = { persistence_secs = 0 }
           limit.high = 1"#,
    );
    let (without, with) = (
        area(None, &[TRC]),
        AreaFacts { facts: [("beds".into(), 2.0)].into(), ..area(None, &[TRC]) },
    );
    let pack = Arc::new(Pack::parse(&text).unwrap());
    let (bindings, faults) = bind(&pack, &without);
    assert!(bindings.is_empty());
    let said = faults[0].to_string();
    assert!(said.contains("requirement r is not watched: area effluent does not say its beds; add beds = ... to [area.facts]"), "{said}");
    assert_eq!(faults[0].level, BindLevel::Missing);
    assert_eq!(bind(&pack, &with).0.len(), 1);
    let default = text.replacen("unit = \"1\"", "unit = \"1\"\ndefault = 3", 1);
    assert_eq!(bind(&Arc::new(Pack::parse(&default).unwrap()), &without).0.len(), 1);
}
