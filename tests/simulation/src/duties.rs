//! The duties of each kind of facility: the limits as the standards have them.

use crate::duty::{Band, Duty, Ground, Quantity};
use std::time::Duration;
use weir_plant::facility::{Cause, Kind, Site};

/// Requirements that no duty asks for, and why.
pub(crate) const NOT_EXAMINED: &[(&str, &str)] = &[
    (
        "availability",
        "passes no verdict on the facility; its compliant verdicts are held against silence",
    ),
    (
        "detector-dead-warning",
        "a check of readings is quicker and marks them: counted among the failures noticed, as `dead`",
    ),
    ("flow-balance-warning", "the plant's inlet has no volume counter"),
    (
        "dosed-before-discharge",
        "the plant's small works dose every batch; only a stopped pump would break it",
    ),
    (
        "lamp-without-exposure-warning",
        "a lamp that is stuck on stays lit through exposures, which this rule takes as its reason",
    ),
    ("annual-dose-outside-warning", "a year is longer than the week of the exam"),
    ("packs-used-warning", "a month is longer than the week of the exam"),
    ("trc-contact-forecast", "forecasts have no duty yet"),
    ("free-chlorine-forecast", "forecasts have no duty yet"),
    ("ph-forecast", "forecasts have no duty yet"),
    ("orp-forecast", "forecasts have no duty yet"),
    ("urea-forecast", "forecasts have no duty yet"),
    ("annual-dose-projection-warning", "a year is longer than the week of the exam"),
    ("contact-before-discharge", "newer than the exam: no duty yet"),
    ("exposure-lamp-off-repeated", "newer than the exam: no duty yet"),
    ("beam-lamp-off-repeated", "newer than the exam: no duty yet"),
    ("lamp-never-lit-warning", "newer than the exam: no duty yet"),
    ("radiation-without-beam", "newer than the exam: no duty yet"),
    ("source-out-after-beam", "newer than the exam: no duty yet"),
    ("release-without-hold-warning", "newer than the exam: no duty yet"),
];

const fn mins(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

fn duty(requirement: &'static str, persistence: Duration, lag: Duration, ground: Ground) -> Duty {
    Duty { requirement, device: None, open_only: false, persistence, lag, ground, excuse: &[] }
}

const NONE: f64 = f64::INFINITY;

fn band(inside: (f64, f64), share: f64, amount: f64) -> Band {
    let finite = |limit: f64| if limit.is_finite() { limit } else { limit.signum() * 1e12 };
    Band { inside: (finite(inside.0), finite(inside.1)), share, amount }
}

fn value(series: &'static str, band: Band) -> Ground {
    Ground::Value { of: Quantity::Of(series), band, when: None }
}

fn mean(series: &'static str, high: f64, hours: i64) -> Ground {
    Ground::Mean { series, band: band((-NONE, high), 0.06, 0.05 * high), hours, weight: None }
}

fn tests(signal: (&'static str, &'static str), least: usize) -> Ground {
    Ground::Events { signal, least, before_opening: None }
}

/// The duties of a site.
pub(crate) fn duties(site: &Site) -> Vec<Duty> {
    match site.kind {
        Kind::Effluent => effluent(site),
        Kind::Pool => pool(site),
        Kind::Lodging => lodging(site),
        Kind::Xray => xray(site.class),
        Kind::Radiotherapy => radiotherapy(),
        Kind::Sterilizer => sterilizer(site.class),
    }
}

/// GB 18466-2005, tables 1 and 2, and 6.1 for the tests.
fn effluent(site: &Site) -> Vec<Duty> {
    let class = site.class;
    let (low, high, outfall) = match class {
        "infectious_tb" => (6.5, 10.0, true),
        "general_direct" => (3.0, 10.0, true),
        _ => (2.0, 8.0, false),
    };
    let (cod, solids) = if outfall { (60.0, 20.0) } else { (250.0, 60.0) };
    let mut duties = Vec::new();
    if class == "small" {
        return duties;
    }
    let chlorine = band((low, high), 0.06, 0.25);
    if site.fact("batches").is_none() {
        let hourly =
            Ground::Mean { series: "contact_chlorine", band: chlorine, hours: 1, weight: None };
        duties.push(duty("trc-contact", mins(0), mins(10), hourly));
        duties.push(duty(
            "trc-contact-warning",
            mins(10),
            mins(10),
            value("contact_chlorine", chlorine),
        ));
        let least = if class == "infectious_tb" { 90.0 } else { 60.0 };
        let flows = Some(("flow_out", 0.01));
        let flowing = |series, band| Ground::Value { of: Quantity::Of(series), band, when: flows };
        let contact = band((least, NONE), 0.05, 1.0);
        // A meter behind which water is let in, or round which it goes, tells another flow than the
        // tank's: what it calls too short is somebody's fault all the same.
        duties.push(Duty {
            excuse: &[Cause::Dilution, Cause::Bypass, Cause::StormInflow],
            ..duty("contact-time", mins(10), mins(10), flowing("contact_minutes", contact))
        });
        let absent = band((0.1, NONE), 0.0, 0.08);
        duties.push(duty("trc-absent", mins(10), mins(10), flowing("contact_chlorine", absent)));
        let stopped = band((0.5, NONE), 0.0, 0.1);
        duties.push(duty(
            "dosing-while-discharging",
            mins(10),
            mins(5),
            flowing("dosing", stopped),
        ));
        duties.extend(by_flow(site, cod, outfall));
    } else {
        let acts = Ground::Acts { causes: &[Cause::MissedTests], daily: true, also: None };
        duties.push(duty("batch-test", mins(0), mins(10), acts));
    }
    duties.push(duty("ph", mins(10), mins(5), value("ph", band((6.0, 9.0), 0.0, 0.15))));
    duties.push(duty("cod", mins(0), mins(30), mean("cod", cod, 24)));
    duties.push(duty("suspended-solids", mins(0), mins(30), mean("solids", solids, 24)));
    if outfall {
        let most = band((-NONE, 0.5), 0.06, 0.06);
        let hourly =
            Ground::Mean { series: "outfall_chlorine", band: most, hours: 1, weight: None };
        duties.push(duty("trc-outfall", mins(0), mins(10), hourly));
        duties.push(duty(
            "trc-outfall-warning",
            mins(10),
            mins(10),
            value("outfall_chlorine", most),
        ));
        duties.push(duty("ammonia", mins(0), mins(30), mean("ammonia", 15.0, 24)));
    }
    // Told within two hours after midnight.
    let by_hand = |parameter| tests(("manual_test", parameter), 2);
    duties.push(duty("trc-checks", mins(0), mins(75), by_hand("total_residual_chlorine")));
    duties.push(duty("ph-checks", mins(0), mins(75), by_hand("ph")));
    duties
}

/// Of the day's flow: mean concentrations weighted by it, and the load of each bed.
fn by_flow(site: &Site, cod: f64, outfall: bool) -> Vec<Duty> {
    let weighted = |series, high: f64| Ground::Mean {
        series,
        band: band((-NONE, high), 0.06, 0.05 * high),
        hours: 24,
        weight: Some("flow_out"),
    };
    let mut duties = vec![duty("cod-flow-weighted", mins(0), mins(30), weighted("cod", cod))];
    if outfall {
        duties.push(duty("ammonia-flow-weighted", mins(0), mins(30), weighted("ammonia", 15.0)));
    }
    // 60 or 250 g of each bed and day.
    let beds = site.fact("beds").unwrap_or(1.0);
    let band = band((-NONE, cod * beds), 0.08, 0.0);
    let load = Ground::Sum { series: "cod", times: Some("flow_out"), band, hours: 24 };
    duties.push(duty("cod-load", mins(0), mins(30), load));
    duties
}

/// GB 37488-2019 4.4.1, half an hour long in opening hours.
fn pool(site: &Site) -> Vec<Duty> {
    let fact = |name| site.fact(name).unwrap_or(1.0);
    let rate = fact("pool_m3") / fact("turnover_h");
    let bathers = band((-NONE, fact("pool_area_m2") / 2.5), 0.05, 2.0);
    let combined = band((-NONE, 0.4), 0.05, 0.08);
    let acid = band((0.11, NONE), 0.15, 0.02);
    let hocl = Ground::Value {
        of: Quantity::Hocl("free_chlorine", "ph", "temperature"),
        band: acid,
        when: None,
    };
    let potential = band((600.0, NONE), 0.0, 15.0);
    let agreeing = Ground::Value {
        of: Quantity::Of("orp"),
        band: potential,
        when: Some(("free_chlorine", 0.28)),
    };
    let never = Ground::Acts { causes: &[], daily: false, also: None };
    let free = band((0.3, 1.0), 0.05, 0.03);
    let low_only = band((0.3, NONE), 0.05, 0.03);
    let ph = band((7.0, 7.8), 0.0, 0.06);
    let mut duties = vec![
        duty("free-chlorine", mins(30), mins(5), value("free_chlorine", free)),
        duty("free-chlorine-warning", mins(10), mins(5), value("free_chlorine", free)),
        duty("free-chlorine-close-warning", mins(120), mins(5), value("free_chlorine", low_only)),
        duty("ph", mins(30), mins(5), value("ph", ph)),
        duty("ph-close-warning", mins(1), mins(5), value("ph", band((6.5, 8.0), 0.0, 0.06))),
        duty("turbidity", mins(30), mins(10), value("turbidity", band((-NONE, 1.0), 0.05, 0.06))),
        duty("orp-warning", mins(30), mins(15), value("orp", band((650.0, NONE), 0.0, 15.0))),
        duty("urea", mins(30), mins(250), value("urea", band((-NONE, 3.5), 0.08, 0.1))),
        duty(
            "temperature-warning",
            mins(30),
            mins(10),
            value("temperature", band((23.0, 30.0), 0.0, 0.3)),
        ),
        duty(
            "combined-chlorine-by-difference",
            mins(30),
            mins(5),
            value("combined_chlorine", combined),
        ),
        duty("hocl-warning", mins(30), mins(10), hocl),
        duty("orp-agreement-warning", mins(30), mins(15), agreeing),
        duty("total-below-free-warning", mins(10), mins(5), never.clone()),
        duty(
            "turnover-warning",
            mins(60),
            mins(5),
            value("circulation", band((rate, NONE), 0.05, 0.0)),
        ),
        duty("bather-load-warning", mins(10), mins(5), value("bathers", bathers)),
        duty(
            "foot-bath",
            mins(30),
            mins(5),
            value("foot_bath_chlorine", band((5.0, 10.0), 0.06, 0.2)),
        ),
    ];
    for duty in &mut duties {
        duty.open_only = true;
    }
    duties.push(duty("dpd-deviation-warning", mins(0), mins(5), never));
    // GB 37487-2019: before each opening, and twice a day.
    for (parameter, opening, session) in [
        ("free_chlorine", "free-chlorine-test-before-opening", "free-chlorine-tests-in-session"),
        ("ph", "ph-test-before-opening", "ph-tests-in-session"),
    ] {
        let signal = ("manual_test", parameter);
        let before_opening = Some(mins(120));
        let first = Ground::Events { signal, least: 1, before_opening };
        duties.push(duty(opening, mins(0), mins(5), first));
        duties.push(duty(session, mins(0), mins(5), tests(signal, 2)));
    }
    duties
}

/// The lodging code: 125 °C for 15 min, or steam of 100 °C for 20 min; cups for each guest.
fn lodging(site: &Site) -> Vec<Duty> {
    let steam = site.class == "steam";
    let (requirement, least, error, hold) =
        if steam { ("steam", 100.0, 0.3, mins(20)) } else { ("ir-cabinet", 125.0, 0.8, mins(15)) };
    let mut duties = Vec::new();
    for cabinet in 1..=3 {
        let name = format!("cabinet-{cabinet}");
        if site.signals_of(&name).next().is_none() {
            continue;
        }
        let ground = Ground::Cycle {
            heat: format!("cabinet_{cabinet}_temperature"),
            // The steamer's rule asks for no door.
            door: (!steam).then(|| format!("cabinet_{cabinet}_door_open")),
            begins: 80.0,
            least,
            error,
            hold,
        };
        duties.push(Duty { device: Some(name), ..duty(requirement, mins(0), mins(5), ground) });
    }
    let (left, right) = (("cup_store", "cups_loaded"), ("cup_store", "cups_issued"));
    let ratio = |least, from_nothing| Ground::Ratio { left, right, least, from_nothing };
    duties.push(duty("cup-capacity", mins(0), mins(5), ratio(0.5, false)));
    duties.push(duty("cup-capacity-warning", mins(0), mins(5), ratio(0.9, true)));
    duties
}

/// Door, lamp and dose rate of a room with rays.
fn rays(door: &'static str, lamp: &'static str, high: f64) -> Vec<Duty> {
    let second = Duration::from_secs(1);
    let acts = |causes, also| Ground::Acts { causes, daily: false, also: Some(also) };
    let open = acts(&[Cause::ExposureDoorOpen], ("beam", "door_open", true));
    let dark = acts(&[Cause::ExposureLampOff], ("beam", "lamp_on", false));
    let rate = Ground::Value {
        of: Quantity::Of("beam_rate_outside"),
        band: band((-NONE, high), 0.6, 0.0),
        when: None,
    };
    vec![
        duty(door, Duration::ZERO, second * 2, open),
        duty(lamp, Duration::ZERO, second * 2, dark),
        // A counting tube needs half a minute.
        duty("dose-rate", second, second * 20, rate),
    ]
}

/// GBZ 130-2020.
fn xray(class: &str) -> Vec<Duty> {
    let mut duties =
        rays("exposure-door-open", "exposure-lamp-off", if class == "dr" { 25.0 } else { 2.5 });
    let acts = Ground::Acts { causes: &[Cause::OutOfHours], daily: true, also: None };
    duties.push(duty("exposure-outside-hours-warning", mins(0), mins(5), acts));
    duties.push(duty(
        "daily-lamp-door-check",
        mins(0),
        mins(130),
        tests(("manual_test", "daily_check"), 1),
    ));
    duties
}

/// GBZ 121-2020.
fn radiotherapy() -> Vec<Duty> {
    let mut duties = rays("beam-door-open", "beam-lamp-off", 2.5);
    // 5 µSv in a week, of the beam alone.
    let band = band((-NONE, 5.0), 0.1, 1.0);
    let dose = Ground::Sum { series: "beam_rate_outside", times: None, band, hours: 168 };
    duties.push(duty("weekly-dose-public", mins(0), mins(0), dose));
    duties
}

/// WS 506-2016 and WS 310.2-2016.
fn sterilizer(class: &str) -> Vec<Duty> {
    // No standard has a pre-vacuum programme at 121 °C, and no pack has a class for it.
    if class == "prevac_121" {
        return Vec::new();
    }
    let (begins, least, hold) = match class {
        "cssd_134" => (125.0, 134.0, mins(4)),
        "prevac_132" => (125.0, 132.0, mins(4)),
        _ => (125.0, 134.0, mins(3)),
    };
    let ground = Ground::Cycle {
        heat: "chamber_temperature".into(),
        door: Some("door_open".into()),
        begins,
        least,
        error: 0.15,
        hold,
    };
    let mut sterilization = duty("sterilization", mins(0), mins(5), ground);
    // Judged by more than its temperature where its pressure is measured.
    sterilization.excuse =
        &[Cause::ResidualAir, Cause::Overshoot, Cause::MissingPulses, Cause::ShallowPulses];
    let acts = |causes| Ground::Acts { causes, daily: true, also: None };
    let steam = Ground::Value {
        of: Quantity::AboveSaturation("chamber_temperature", "chamber_pressure"),
        band: band((-2.0, 2.0), 0.0, 0.7),
        when: Some(("chamber_temperature", least)),
    };
    let second = Duration::from_secs(1);
    let hot = value("chamber_temperature", band((-NONE, least + 3.0), 0.0, 0.2));
    let mut duties = vec![
        sterilization,
        duty("saturated-steam", second * 15, second * 10, steam),
        duty("temperature-band", second * 15, second * 10, hot),
    ];
    duties.push(duty("bowie-dick", mins(0), mins(5), acts(&[Cause::MissedTests])));
    // 2 kPa in 15 minutes.
    duties.push(duty("leak-rise", mins(0), mins(5), acts(&[Cause::ChamberLeak])));
    duties.push(duty("leak-test", mins(0), mins(5), acts(&[])));
    duties
}
