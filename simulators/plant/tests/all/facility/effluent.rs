//! The effluent works: ordinary weeks of many sites, and every cause.

use super::{WEEK, after, extremes, incident, minutes_outside, monday, stays_inside};
use weir_plant::facility::{Cause, Facility, Kind, Site};

const KIND: Kind = Kind::Effluent;

/// Engineering facts of a class: contact chlorine, least contact minutes, most COD.
fn facts(class: &str) -> ((f64, f64), f64, f64) {
    match class {
        "general_direct" => ((3.0, 10.0), 60.0, 60.0),
        "general_sewer" => ((2.0, 8.0), 60.0, 250.0),
        "infectious_tb" => ((6.5, 10.0), 90.0, 60.0),
        other => panic!("{other}"),
    }
}

fn seed_of(class: &str, nth: usize) -> u64 {
    flowing().filter(|seed| Site::draw(KIND, *seed).class == class).nth(nth).expect("a seed")
}

/// Works that do not treat batch by batch.
fn flowing() -> impl Iterator<Item = u64> {
    (0..).filter(|seed| Site::draw(KIND, *seed).fact("batches").is_none())
}

fn batches(nth: usize) -> u64 {
    let has = |seed: &u64| Site::draw(KIND, *seed).fact("batches").is_some();
    (0..).filter(has).nth(nth).expect("a seed")
}

#[test]
fn ordinary_weeks_stay_within_every_limit() {
    for seed in flowing().take(8) {
        let site = Site::draw(KIND, seed);
        let (chlorine, contact, cod) = facts(site.class);
        let outfall = if site.class == "general_sewer" { 8.0 } else { 0.35 };
        stays_inside(
            KIND,
            seed,
            &[
                ("contact_chlorine", chlorine.0 * 1.01, chlorine.1 * 0.99),
                ("outfall_chlorine", 0.0, outfall),
                ("contact_minutes", contact * 1.02, 1_500.0),
                ("ph", 6.8, 7.9),
                ("cod", 10.0, cod * 0.9),
                ("ammonia", 1.0, 13.0),
                ("solids", 2.0, 18.0),
                ("drum_level", 1.0, 96.0),
                ("log_kill", 3.5, 9.0),
            ],
        );
    }
}

#[test]
fn causes_push_the_true_values_out_and_back() {
    for (class, nth) in [("general_direct", 0), ("infectious_tb", 0)] {
        let seed = seed_of(class, nth);
        let (chlorine, contact, cod) = facts(class);
        let cases = [
            (Cause::DoseStop, 9.0, 240, "contact_chlorine", chlorine),
            (Cause::DrumEmpty, 9.0, 300, "contact_chlorine", chlorine),
            (Cause::Overdose, 9.0, 240, "contact_chlorine", chlorine),
            (Cause::StormInflow, 14.0, 200, "contact_minutes", (contact, 9e9)),
            (Cause::DechlorFailure, 9.0, 120, "outfall_chlorine", (0.0, 0.5)),
            (Cause::AcidShock, 9.0, 120, "ph", (6.0, 9.0)),
            (Cause::AlkaliShock, 9.0, 120, "ph", (6.0, 9.0)),
            (Cause::CodShock, 1.0, 2_400, "cod", (0.0, cod)),
            (Cause::AmmoniaShock, 1.0, 2_400, "ammonia", (0.0, 15.0)),
            (Cause::SolidsShock, 1.0, 2_400, "solids", (0.0, 20.0)),
            (Cause::Bypass, 22.0, 480, "bypass_flow", (0.0, 0.0)),
        ];
        for (cause, hours, long, id, inside) in cases {
            let out = minutes_outside(KIND, seed, &[incident(cause, hours, long)], id, inside);
            println!("{class} {cause}: {out} minutes");
            assert!(out > 40.0 && out < long as f64 + 900.0, "{cause} ({class}): {out} minutes");
        }
    }
}

#[test]
fn a_storm_leaves_the_chlorine_as_it_is() {
    let seed = seed_of("general_direct", 0);
    let storm = [incident(Cause::StormInflow, 14.0, 200)];
    assert_eq!(minutes_outside(KIND, seed, &storm, "contact_chlorine", (3.0, 10.0)), 0.0);
}

#[test]
fn a_round_about_way_and_tap_water_show_in_the_balance() {
    let seed = seed_of("general_direct", 0);
    let site = Site::draw(KIND, seed);
    let [inlet, outlet, salt] =
        ["flow_in", "flow_out", "conductivity"].map(|id| site.series(id).expect("a series"));
    let sums = |cause: Option<Cause>| {
        let script = cause.map(|cause| incident(cause, 24.0, 600)).into_iter().collect();
        let mut facility = Facility::new(KIND, seed, monday(), script);
        facility.advance_unseen(after(24.5), |_, _| {});
        let (mut sum, mut steps) = ([0.0; 3], 0.0);
        facility.advance_unseen(after(33.0), |_, values| {
            steps += 1.0;
            sum = [0, 1, 2].map(|nth| sum[nth] + values[[inlet, outlet, salt][nth]]);
        });
        (sum[1] / sum[0], sum[2] / steps)
    };
    let (ordinary, salty) = sums(None);
    assert!((0.9..1.1).contains(&ordinary), "{ordinary}");
    let (round, _) = sums(Some(Cause::Bypass));
    assert!(round < 0.6 * ordinary, "{round}");
    let (thinned, fresh) = sums(Some(Cause::Dilution));
    assert!(thinned > 1.8 * ordinary && fresh < 0.7 * salty, "{thinned} {fresh} {salty}");
}

#[test]
fn ordinary_rain_and_a_power_cut_do_no_harm() {
    for seed in flowing().take(4) {
        let site = Site::draw(KIND, seed);
        let (chlorine, contact, _) = facts(site.class);
        let normal = vec![
            incident(Cause::Rain, 30.0, 360),
            incident(Cause::PowerCut, 60.0, 25),
            incident(Cause::Rain, 80.0, 200),
        ];
        let seen = extremes(KIND, seed, normal);
        let at = |id| seen[site.series(id).expect("a series")];
        assert!(at("contact_minutes").0 >= contact, "{:?}", at("contact_minutes"));
        let (least, most) = at("contact_chlorine");
        assert!(chlorine.0 < least && most < chlorine.1, "seed {seed}: {least} to {most}");
    }
}

#[test]
fn tests_by_hand_are_made_every_day_unless_they_are_missed() {
    let seed = 3;
    let script = vec![incident(Cause::MissedTests, 24.0, 1_440)];
    let mut facility = Facility::new(KIND, seed, monday(), script);
    let signal =
        facility.site().signal("manual_test", "total_residual_chlorine").expect("a signal");
    let mut days = [0; 7];
    facility.advance(monday() + WEEK, |shown| {
        if shown.signal == signal {
            let day = shown.sample.source_time.since(monday()).as_secs() / 86_400;
            days[usize::try_from(day).expect("a day")] += 1;
        }
    });
    assert_eq!(days[1], 0);
    assert!(days.iter().enumerate().all(|(day, tests)| day == 1 || (2..=4).contains(tests)));
    assert_eq!(facility.truth()[0].acts.len(), days[0], "{days:?}");
}

#[test]
fn batches_wait_and_are_tested_before_they_are_let_out() {
    for nth in 0..3 {
        let seed = batches(nth);
        let site = Site::draw(KIND, seed);
        let [valve, minutes, chlorine] = ["valve_open", "contact_minutes", "contact_chlorine"]
            .map(|id| site.series(id).expect("a series"));
        // How many batches of the second day were let out, and the worst of them.
        let let_out = |script| {
            let mut works = Facility::new(KIND, seed, monday(), script);
            works.advance(after(24.0), |_| {});
            let test =
                works.site().signal("manual_test", "total_residual_chlorine").expect("a signal");
            let (mut tests, mut opened, mut open) = (0, 0, false);
            let (mut shortest, mut least, mut most) = (f64::MAX, f64::MAX, 0.0_f64);
            for step in 1..=8_640 {
                let to = after(24.0 + f64::from(step) / 360.0);
                works.advance(to, |one| tests += usize::from(one.signal == test));
                let values = works.values();
                let now = values[valve] != 0.0;
                opened += usize::from(now && !open);
                open = now;
                if now {
                    shortest = shortest.min(values[minutes]);
                    least = least.min(values[chlorine]);
                    most = most.max(values[chlorine]);
                }
            }
            (opened, tests, shortest, (least, most))
        };
        let (opened, tests, shortest, (least, most)) = let_out(Vec::new());
        assert_eq!((opened, tests), (2, 2), "seed {seed}");
        assert!(shortest >= 60.0 && least > 3.0 && most < 8.0, "{shortest} {least} {most}");
        let early = let_out(vec![incident(Cause::EarlyDischarge, 24.0, 1_440)]);
        assert!(early.2 < 60.0, "{early:?}");
        assert_eq!(let_out(vec![incident(Cause::MissedTests, 24.0, 1_440)]).1, 0);
        assert!(let_out(vec![incident(Cause::DoseStop, 30.0, 300)]).3.0 < 0.1);
        assert!(let_out(vec![incident(Cause::Overdose, 30.0, 300)]).3.1 > 10.0);
    }
}
