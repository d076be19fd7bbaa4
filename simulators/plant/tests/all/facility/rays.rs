//! X-ray and radiotherapy rooms: ordinary weeks, and every cause.

use super::{WEEK, after, at_signal, extremes, incident, monday};
use std::time::Duration;
use weir_plant::facility::{Cause, Facility, Incident, Kind, Shown, Site};

const KINDS: [Kind; 2] = [Kind::Xray, Kind::Radiotherapy];

fn seed_of(kind: Kind, class: &str) -> u64 {
    (0..).find(|seed| Site::draw(kind, *seed).class == class).expect("a seed")
}

/// Edges of the switches of a room, in the order of time: (ms, door, lamp, exposure).
fn switches(kind: Kind, shown: &[Shown], site: &Site) -> Vec<(i64, bool, bool, bool)> {
    let role = if kind == Kind::Xray { "xray_room" } else { "treatment_room" };
    let [door, lamp, beam] =
        ["door_open", "lamp_on", "exposure"].map(|one| site.signal(role, one).expect("a switch"));
    let mut now = (0, false, false, false);
    let mut shown: Vec<&Shown> = shown.iter().collect();
    shown.sort_by_key(|one| one.sample.source_time);
    let mut all: Vec<(i64, bool, bool, bool)> = Vec::new();
    for one in shown {
        let Some(value) = one.sample.reading.good() else { continue };
        let on = value.get() != 0.0;
        now.0 = one.sample.source_time.as_millis();
        match one.signal {
            signal if signal == door => now.1 = on,
            signal if signal == lamp => now.2 = on,
            signal if signal == beam => now.3 = on,
            _ => continue,
        }
        // What changes in the same millisecond is one state.
        if all.last().is_some_and(|last| last.0 == now.0) {
            all.pop();
        }
        all.push(now);
    }
    all
}

fn run(kind: Kind, seed: u64, incidents: Vec<Incident>, hours: f64) -> (Facility, Vec<Shown>) {
    let mut room = Facility::new(kind, seed, monday(), incidents);
    let mut shown = Vec::new();
    room.advance(after(hours), |one| shown.push(one));
    (room, shown)
}

#[test]
fn in_ordinary_weeks_no_exposure_has_an_open_door_or_a_dark_lamp() {
    for kind in KINDS {
        for seed in 0..5 {
            let (room, shown) = run(kind, seed, Vec::new(), 60.0);
            let states = switches(kind, &shown, room.site());
            let wrong = states.iter().find(|(_, door, lamp, beam)| *beam && (*door || !*lamp));
            assert_eq!(wrong, None, "{kind} {seed}");
            let exposures = states.windows(2).filter(|pair| pair[1].3 && !pair[0].3).count();
            println!("{kind} {seed} {}: {exposures} exposures", room.site().class);
            assert!(exposures > 10 && exposures < 1_500, "{kind} {seed}: {exposures}");
        }
    }
}

#[test]
fn in_ordinary_weeks_the_dose_rate_outside_is_low() {
    for kind in KINDS {
        for seed in 0..5 {
            let site = Site::draw(kind, seed);
            let (least, most) =
                extremes(kind, seed, Vec::new())[site.series("dose_rate_outside").expect("it")];
            let limit = if site.class == "dr" { 5.0 } else { 1.5 };
            assert!(least > 0.05 && most < limit, "{kind} {seed} {}: {most}", site.class);
        }
    }
}

#[test]
fn a_door_stands_open_during_exactly_the_exposures_of_the_truth() {
    for kind in KINDS {
        for seed in 0..6 {
            let (room, shown) =
                run(kind, seed, vec![incident(Cause::ExposureDoorOpen, 10.3, 2)], 12.0);
            let states = switches(kind, &shown, room.site());
            let wrong: i64 = states
                .windows(2)
                .filter(|pair| pair[0].1 && pair[0].3)
                .map(|pair| pair[1].0 - pair[0].0)
                .sum();
            let acts = &room.truth()[0].acts;
            assert_eq!(acts.len(), 1, "{kind} {seed}");
            let said = acts[0].end.since(acts[0].start);
            assert_eq!(Duration::from_millis(wrong.unsigned_abs()), said, "{kind} {seed}");
        }
    }
}

#[test]
fn dark_and_stuck_lamps() {
    for kind in KINDS {
        let seed = 1;
        let (room, shown) =
            run(kind, seed, vec![incident(Cause::ExposureLampOff, 10.0, 120)], 13.0);
        let states = switches(kind, &shown, room.site());
        let dark = states.windows(2).filter(|p| p[1].3 && !p[0].3 && !p[1].2).count();
        assert!(dark > 0, "{kind}");
        assert_eq!(room.truth()[0].acts.len(), dark, "{kind}");
        let (room, shown) = run(kind, seed, vec![incident(Cause::LampStuckOn, 10.0, 120)], 12.0);
        let states = switches(kind, &shown, room.site());
        let (from, to) = (after(10.01).as_millis(), after(11.99).as_millis());
        assert!(states.iter().filter(|s| (from..to).contains(&s.0)).all(|s| s.2), "{kind}");
    }
}

#[test]
fn gaps_in_the_shielding_raise_the_rate_and_the_sum() {
    let seed = seed_of(Kind::Xray, "ct");
    let site = Site::draw(Kind::Xray, seed);
    let [rate, dose] =
        ["dose_rate_outside", "dose_outside"].map(|id| site.series(id).expect("a series"));
    let ordinary = extremes(Kind::Xray, seed, Vec::new());
    let gap = extremes(Kind::Xray, seed, vec![incident(Cause::ShieldGap, 9.0, 300)]);
    assert!(gap[rate].1 > 9.0 && gap[rate].1 < 80.0, "{}", gap[rate].1);
    let seep = extremes(Kind::Xray, seed, vec![incident(Cause::ShieldSeep, 1.0, 8_640)]);
    let sums = (ordinary[dose].1 - ordinary[dose].0, seep[dose].1 - seep[dose].0);
    assert!(sums.1 > 2.5 * sums.0 && sums.0 > 0.0, "{sums:?}");
}

#[test]
fn exposures_outside_hours_and_outside_the_register() {
    let seed = seed_of(Kind::Xray, "dr");
    let night = vec![incident(Cause::OutOfHours, 22.0, 120)];
    let (room, _) = run(Kind::Xray, seed, night, 26.0);
    assert!(!room.truth()[0].acts.is_empty());
    let script = vec![incident(Cause::Unregistered, 24.0, 1_440)];
    let (room, shown) = run(Kind::Xray, seed, script, 48.0);
    let site = room.site();
    let exams = site.signal("register", "exams").expect("a register");
    let beam = site.signal("xray_room", "exposure").expect("a switch");
    let of = |from: f64, to: f64| {
        let hours = after(from)..after(to);
        let inside: Vec<&Shown> =
            shown.iter().filter(|one| hours.contains(&one.sample.source_time)).collect();
        let value = |one: &Shown| one.sample.reading.good().map_or(0.0, |value| value.get());
        let sum: f64 = inside.iter().filter(|one| one.signal == exams).map(|one| value(one)).sum();
        let pulses: Vec<f64> =
            inside.iter().filter(|one| one.signal == beam).map(|one| value(one)).collect();
        let pulses = pulses.windows(2).filter(|pair| pair[1] > pair[0]).count();
        (sum, pulses as f64)
    };
    let (registered, pulses) = of(0.0, 24.0);
    assert_eq!(registered, pulses);
    let (registered, pulses) = of(24.0, 48.0);
    assert!(registered < 0.7 * pulses, "{registered} of {pulses}");
}

#[test]
fn a_source_that_sticks_leaves_the_alarm_on_after_the_console_is_done() {
    let seed = seed_of(Kind::Radiotherapy, "afterloader");
    let kind = Kind::Radiotherapy;
    let stuck = (0..40).map(|nth| {
        let script = vec![incident(Cause::SourceStuck, 10.0 + f64::from(nth) * 0.1, 15)];
        run(kind, seed, script, 16.0)
    });
    let (room, shown) = stuck
        .into_iter()
        .find(|(room, _)| !room.truth()[0].acts.is_empty())
        .expect("a treatment that ends meanwhile");
    let act = room.truth()[0].acts[0].clone();
    let middle = act.start + act.end.since(act.start) / 2;
    let at = |role, name| {
        let signal = room.site().signal(role, name).expect("a signal");
        let before = |one: &&Shown| one.signal == signal && one.sample.source_time <= middle;
        let last = shown.iter().rfind(before).and_then(|one| one.sample.reading.good());
        last.expect("a value").get()
    };
    assert_eq!(at("treatment_room", "exposure"), 0.0);
    assert_eq!(at("treatment_room", "source_retracted"), 0.0);
    assert_eq!(at("inside_room", "radiation_alarm"), 1.0);
    assert!(at("inside_room", "dose_rate") > 1_000.0);
}

#[test]
fn a_dead_detector_counts_nothing_and_a_loose_reed_chatters() {
    let kind = Kind::Xray;
    let site = Site::draw(kind, 1);
    let monitor = site.signal("outside_room", "dose_rate").expect("a monitor");
    let (room, _) = run(kind, 1, vec![at_signal(monitor, Cause::Dead, 10.0, 60)], 10.5);
    let shown = room.sample(monitor).and_then(|s| s.reading.good()).expect("a value").get();
    assert!(shown <= 0.01, "{shown}");
    let door = site.signal("xray_room", "door_open").expect("a door");
    let count = |script: Vec<Incident>| {
        let (_, shown) = run(kind, 1, script, 11.0);
        let late = |one: &&Shown| one.signal == door && one.sample.source_time > after(10.0);
        shown.iter().filter(late).count()
    };
    assert!(count(vec![incident(Cause::ReedFlapping, 10.0, 30)]) > 3 * count(Vec::new()));
}

#[test]
fn every_working_morning_somebody_tries_lamp_and_door() {
    let (room, shown) = run(Kind::Xray, 1, Vec::new(), WEEK.as_secs_f64() / 3_600.0);
    let check = room.site().signal("manual_test", "daily_check").expect("a check");
    let days = shown.iter().filter(|one| one.signal == check).count();
    assert!((5..=6).contains(&days), "{days}");
}
