//! The offline contract: `weir replay` over files of samples.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::{fmt::Write as _, process::Command};
use weir_e2e::{Rig, weir};

fn site(class: &str) -> String {
    super::sites::site(
        r#"
[[area]]
id = "pool"
kind = "pool"
packs = ["gb37488-2019"]

[[link]]
id = "tcp"
transport = { modbus_tcp = { host = "127.0.0.1", port = 502 } }

[[link]]
id = "broker"
transport = { mqtt = { host = "127.0.0.1" } }

[[device]]
id = "trc-1"
profile = "generic-residual-chlorine"
link = "tcp"
unit_id = 3
area = "effluent"
role = "contact_tank_outlet"

[[device]]
id = "pool-1"
profile = "generic-pool-controller"
link = "tcp"
unit_id = 10
area = "pool"
role = "pool_water"

[[device]]
id = "cabinet-1"
profile = "generic-disinfection-cabinet"
link = "broker"
area = "lodging"
role = "cup_disinfection"

[[device]]
id = "room-1"
profile = "generic-room-interlock"
link = "tcp"
unit_id = 20
area = "radiology"
role = "xray_room"
scan_interval_ms = 1000
"#,
    )
    .replace("general_direct", class)
}

/// Replays rows of a point, `(second of the day, value)`, and gives back what was printed.
struct Case {
    csv: String,
}

impl Case {
    fn new() -> Self {
        Self { csv: "time,point,value,quality\n".to_owned() }
    }

    /// A value every `step` seconds from `from` to `to`.
    fn hold(mut self, point: &str, from: u32, to: u32, step: usize, value: f64) -> Self {
        for second in (from..to).step_by(step) {
            self.row(point, second * 1000, value, "");
        }
        self
    }

    fn row(&mut self, point: &str, millis: u32, value: f64, quality: &str) {
        let (h, m, s) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
        let _ = writeln!(
            self.csv,
            "2026-03-02T{h:02}:{m:02}:{s:02}.{:03}+08:00,{point},{value},{quality}",
            millis % 1000
        );
    }

    fn run(&self, class: &str) -> Result<(Vec<Value>, Vec<u8>)> {
        let rig = Rig::new()?;
        rig.write("site.toml", &site(class))?;
        // Rows of several points were written one point after the other; a file is in order.
        let mut rows: Vec<&str> = self.csv.lines().skip(1).collect();
        rows.sort_by_key(|row| row.split(',').next().unwrap_or_default().to_owned());
        rig.write("samples.csv", &format!("time,point,value,quality\n{}\n", rows.join("\n")))?;
        let output = Command::new(weir())
            .args(["replay", "site.toml", "--samples", "samples.csv"])
            .current_dir(rig.dir())
            .output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = output.stdout.split(|b| *b == b'\n').filter(|l| !l.is_empty());
        Ok((lines.map(serde_json::from_slice).collect::<Result<_, _>>()?, output.stdout))
    }
}

/// The verdicts on points of a device, without those of data availability.
fn verdicts<'a>(lines: &'a [Value], device: &str) -> Vec<&'a Value> {
    let of_device = |line: &&Value| {
        line["kind"] == "verdict"
            && !line["pack"].as_str().unwrap_or_default().starts_with("weir-system")
            && line["points"][0].as_str().unwrap_or_default().starts_with(device)
    };
    lines.iter().filter(of_device).collect()
}

fn raised<'a>(lines: &'a [Value], device: &str) -> Vec<&'a Value> {
    let of_device = |line: &&Value| {
        line["kind"] == "alarm"
            && line["transition"] == "raised"
            && !line["pack"].as_str().unwrap_or_default().starts_with("weir-system")
            && line["points"][0].as_str().unwrap_or_default().starts_with(device)
    };
    lines.iter().filter(of_device).collect()
}

const TRC: &str = "trc-1.total_residual_chlorine";
const HOUR: u32 = 3600;

#[test]
fn the_same_chlorine_passes_for_a_sewer_and_fails_for_a_river() -> Result<()> {
    let case = Case::new().hold(TRC, 8 * HOUR, 10 * HOUR, 5, 2.5);
    let (sewer, _) = case.run("general_sewer")?;
    let (river, _) = case.run("general_direct")?;
    let of = |lines: &[Value]| -> Vec<String> {
        verdicts(lines, TRC)
            .iter()
            .map(|v| v["verdict"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(of(&sewer), ["compliant", "compliant"]);
    assert_eq!(of(&river), ["non_compliant", "non_compliant"]);
    let verdict = verdicts(&river, TRC)[0];
    assert_eq!(verdict["value"], 2.5, "{verdict}");
    assert_eq!(verdict["limit"], "[3, 10]", "{verdict}");
    assert_eq!(verdict["from"], "2026-03-02T00:00:00.000Z", "{verdict}");
    assert_eq!(verdict["to"], "2026-03-02T01:00:00.000Z", "{verdict}");
    assert!(verdict["clause"].as_str().is_some_and(|c| !c.is_empty()), "{verdict}");
    assert!(!raised(&river, TRC).is_empty());
    Ok(())
}

#[test]
fn limits_are_closed_and_missing_is_never_compliant() -> Result<()> {
    let (at_limit, _) = Case::new().hold(TRC, 8 * HOUR, 9 * HOUR, 5, 3.0).run("general_direct")?;
    assert_eq!(verdicts(&at_limit, TRC)[0]["verdict"], "compliant");

    let mut holes = Case::new().hold(TRC, 8 * HOUR, 8 * HOUR + 1200, 5, 5.0);
    holes = holes.hold(TRC, 8 * HOUR + 2400, 9 * HOUR + 900, 5, 5.0);
    let (holes, _) = holes.run("general_direct")?;
    assert_eq!(
        verdicts(&holes, TRC)[0]["verdict"],
        "indeterminate",
        "two thirds of an hour are not enough"
    );

    let mut calibrating = Case::new();
    for second in (8 * HOUR..9 * HOUR + 900).step_by(5) {
        let bad = second < 8 * HOUR + 1200;
        calibrating.row(
            TRC,
            second * 1000,
            if bad { 40.0 } else { 5.0 },
            if bad { "bad:calibration" } else { "" },
        );
    }
    let (calibrating, _) = calibrating.run("general_direct")?;
    let verdict = verdicts(&calibrating, TRC)[0];
    assert_eq!(
        verdict["verdict"], "indeterminate",
        "calibration values count for nothing: {verdict}"
    );
    Ok(())
}

#[test]
fn half_an_hour_below_the_pool_limit_is_a_violation_and_twenty_minutes_are_not() -> Result<()> {
    const FC: &str = "pool-1.free_chlorine";
    let dip = |minutes: u32, value: f64| {
        Case::new()
            .hold(FC, 8 * HOUR, 9 * HOUR, 5, 0.6)
            .hold(FC, 9 * HOUR, 9 * HOUR + minutes * 60, 5, value)
            .hold(FC, 9 * HOUR + minutes * 60, 11 * HOUR, 5, 0.6)
            .run("general_direct")
    };
    let violations = |lines: &[Value]| {
        verdicts(lines, FC).iter().filter(|v| v["verdict"] == "non_compliant").count()
    };
    let (long, _) = dip(31, 0.29)?;
    assert!(violations(&long) >= 1, "31 minutes at 0.29");
    assert!(raised(&long, FC).len() >= 2, "a warning after 10 minutes, an incident after 30");
    let (short, _) = dip(20, 0.29)?;
    assert_eq!(violations(&short), 0, "20 minutes at 0.29");
    assert_eq!(raised(&short, FC).len(), 1, "but a warning");
    let (limit, _) = dip(60, 0.30)?;
    assert_eq!(violations(&limit), 0, "0.30 is allowed");
    // A value that fell to the limit and stays there may be announced; it is not out of order.
    let early = |alarm: &Value| alarm["requirement"] == "free-chlorine-forecast";
    assert!(raised(&limit, FC).iter().all(|alarm| early(alarm)), "0.30 is no incident");
    Ok(())
}

#[test]
fn an_exposure_with_the_door_open_is_a_violation_however_short() -> Result<()> {
    let mut case = Case::new()
        .hold("room-1.door_open", 8 * HOUR, 8 * HOUR + 60, 1, 1.0)
        .hold("room-1.door_open", 8 * HOUR + 60, 8 * HOUR + 180, 1, 0.0)
        .hold("room-1.lamp_on", 8 * HOUR, 8 * HOUR + 180, 1, 1.0)
        .hold("room-1.exposure", 8 * HOUR, 8 * HOUR + 180, 1, 0.0);
    case.row("room-1.exposure", 8 * 3_600_000 + 30_010, 1.0, "");
    case.row("room-1.exposure", 8 * 3_600_000 + 30_090, 0.0, "");
    let (lines, _) = case.run("general_direct")?;
    let violations: Vec<_> = verdicts(&lines, "room-1")
        .into_iter()
        .filter(|v| v["verdict"] == "non_compliant")
        .collect();
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert_eq!(violations[0]["from"], "2026-03-02T00:00:30.010Z");
    assert_eq!(violations[0]["to"], "2026-03-02T00:00:30.090Z");
    let raised = raised(&lines, "room-1");
    assert_eq!(raised.len(), 1);
    assert_eq!(raised[0]["priority"], "high");
    let returned = lines
        .iter()
        .any(|l| l["transition"] == "returned_to_normal" && l["alarm"] == raised[0]["alarm"]);
    assert!(returned, "the alarm returns when the exposure is over");
    Ok(())
}

#[test]
fn a_cabinet_must_hold_125_degrees_for_15_minutes() -> Result<()> {
    const T: &str = "cabinet-1.chamber_temperature";
    let cycle = |hot: u32, value: f64| {
        Case::new()
            .hold("cabinet-1.door_open", 8 * HOUR, 10 * HOUR, 10, 0.0)
            .hold(T, 8 * HOUR, 8 * HOUR + 600, 10, 30.0)
            .hold(T, 8 * HOUR + 600, 8 * HOUR + 1200, 10, 90.0)
            .hold(T, 8 * HOUR + 1200, 8 * HOUR + 1200 + hot, 10, value)
            .hold(T, 8 * HOUR + 1200 + hot, 9 * HOUR, 10, 90.0)
            .hold(T, 9 * HOUR, 10 * HOUR, 10, 30.0)
            .run("general_direct")
    };
    for (hot, value, expected) in [
        (1000, 126.0, "compliant"),
        (900, 125.0, "compliant"),
        (800, 126.0, "non_compliant"),
        (1000, 118.0, "non_compliant"),
    ] {
        let (lines, _) = cycle(hot, value)?;
        let verdicts = verdicts(&lines, "cabinet-1");
        assert_eq!(verdicts.len(), 1, "one cycle, one verdict: {verdicts:?}");
        assert_eq!(verdicts[0]["verdict"], expected, "{hot} s at {value} °C: {}", verdicts[0]);
    }
    Ok(())
}

#[test]
fn the_same_file_prints_the_same_bytes_and_time_goes_forward() -> Result<()> {
    let mut case = Case::new()
        .hold(TRC, 7 * HOUR, 12 * HOUR, 7, 2.9)
        .hold("pool-1.free_chlorine", 7 * HOUR, 12 * HOUR, 11, 0.2)
        .hold("room-1.door_open", 8 * HOUR, 9 * HOUR, 1, 1.0);
    case.row(TRC, 9 * 3_600_000, 4.0, "uncertain");
    let (lines, first) = case.run("general_direct")?;
    let (_, second) = case.run("general_direct")?;
    assert!(first == second, "two runs over the same file differ");
    let times: Vec<&str> = lines.iter().filter_map(|l| l["t"].as_str()).collect();
    assert!(times.is_sorted(), "lines are in the order of event time");
    Ok(())
}

#[test]
fn a_row_that_cannot_be_read_is_named_with_its_line() -> Result<()> {
    let rig = Rig::new()?;
    rig.write("site.toml", &site("general_direct"))?;
    let cases = [
        ("time,point,value\nyesterday,trc-1.total_residual_chlorine,1\n", "samples.csv:2"),
        ("time,point,value\n2026-03-02T08:00:00Z,trc-9.x,1\n", "no point \"trc-9.x\""),
        (
            "time,point,value\n2026-03-02T08:00:00Z,trc-1.total_residual_chlorine,\n",
            "a good sample needs a value",
        ),
        ("when,point,value\n", "no column \"time\""),
    ];
    for (csv, expected) in cases {
        rig.write("samples.csv", csv)?;
        let output = Command::new(weir())
            .args(["replay", "site.toml", "--samples", "samples.csv"])
            .current_dir(rig.dir())
            .output()?;
        let said = String::from_utf8(output.stderr).context("messages are text")?;
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(expected), "{csv:?}: {said}");
    }
    Ok(())
}
