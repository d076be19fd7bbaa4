//! A violation that an operator puts down to a calibration, and a supervisor who does not believe
//! it: verdicts are passed once more each time, and power cuts in between lose nothing.

use super::sites::site;
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::{fs, process::Command, time::Duration};
use weir_e2e::{Rig, pause, wait_for, weir};

const PATIENCE: Duration = Duration::from_secs(60);
const POINT: &str = "meter-1.chlorine";
const TOKEN: &str = "a token of some length";

const PROFILE: &str = r#"
[profile]
id = "meter"
name = { zh = "余氯仪", en = "Chlorine meter" }
source = "generic: made up for a test"
mqtt = { format = "json" }

[[point]]
id = "chlorine"
name = { zh = "总余氯", en = "Chlorine" }
parameter = "total_residual_chlorine"
unit = "mg/L"
range = [0, 20]
field = { path = "$.cl" }
"#;

const PACK: &str = r#"
id = "moment"
version = "1"
title = { zh = "瞬时限值", en = "At any moment" }
source = "made up for a test"

[[requirement]]
id = "at-once"
title = { zh = "余氯下限", en = "Least chlorine" }
clause = "made up"
confidence = "C"
respond_within_mins = 60
cause = { zh = "无", en = "none" }
consequence = { zh = "无", en = "none" }
response = { zh = "无", en = "none" }

[requirement.alarm]
priority = "low"

[requirement.limit]
input = { parameter = "total_residual_chlorine", unit = "mg/L" }
low = 3
instant = { persistence_secs = 2 }

[[test]]
name = "three is enough"
at = 2026-11-22T10:00:00
[test.points]
"plant.total_residual_chlorine" = "every 5s: 3 for 10m"
[test.expect]
at-once = ["compliant 10:00-10:10"]
"#;

fn rig() -> Result<Rig> {
    let rig = Rig::new()?;
    fs::create_dir_all(rig.dir().join("profiles"))?;
    fs::create_dir_all(rig.dir().join("packs"))?;
    rig.write("profiles/meter.toml", PROFILE)?;
    rig.write("packs/moment.toml", PACK)?;
    rig.write("token", TOKEN)?;
    let site = site(
        r#"
[packs]
allow_unsigned = true

[[link]]
id = "door"
transport = { http = { token = { file = "token" } } }

[[device]]
id = "meter-1"
profile = "meter"
link = "door"
area = "effluent"
role = "contact_tank_outlet"
scan_interval_ms = 2000
"#,
    );
    let law = "class = \"general_direct\"\npacks = [\"gb18466-2005\"]";
    rig.write("site.toml", &site.replace(law, "packs = [\"moment\"]"))?;
    Ok(rig)
}

/// Posts a value again and again for so many seconds.
fn post(rig: &Rig, value: f64, secs: u32) -> Result<()> {
    for _ in 0..secs * 2 {
        let url = rig.url("/api/v1/devices/meter-1/telemetry");
        let mut curl = Command::new("curl");
        curl.args(["-s", "-f", "-X", "POST", "-H", &format!("Authorization: Bearer {TOKEN}")]);
        let body = json!({ "cl": value }).to_string();
        ensure!(curl.args(["--data-binary", &body]).arg(url).status()?.success(), "not taken");
        pause(Duration::from_millis(500));
    }
    Ok(())
}

fn verdicts(rig: &Rig, superseded: &str) -> Result<Vec<Value>> {
    let path = format!("/api/v1/verdicts?area=effluent&limit=10000&superseded={superseded}");
    let all = rig.get(&path)?;
    let all = all.as_array().context("no list of verdicts")?;
    Ok(all.iter().filter(|verdict| verdict["requirement"] == "at-once").cloned().collect())
}

/// Waits until the stretch that begins so has a verdict in force of this kind.
fn wait_verdict(rig: &Rig, from: Option<&Value>, verdict: &str) -> Result<Value> {
    let wanted = |v: &Value| v["verdict"] == verdict && from.is_none_or(|from| v["from"] == *from);
    wait_for(&format!("a verdict of {verdict}"), PATIENCE, || {
        verdicts(rig, "no").ok()?.into_iter().find(wanted)
    })
}

#[test]
fn a_violation_is_marked_and_the_mark_rejected_and_no_power_cut_forgets_it() -> Result<()> {
    let mut rig = rig()?;
    rig.start()?;
    post(&rig, 5.0, 2)?;
    post(&rig, 1.0, 6)?;
    post(&rig, 5.0, 3)?;
    let violation = wait_verdict(&rig, None, "non_compliant")?;
    let from = &violation["from"];

    let mark = json!({
        "by": "Wang", "role": "operator", "points": [POINT], "from": from,
        "to": violation["to"], "reason": "calibration", "comment": "two-point calibration",
        "evidence": ["sheet 4"],
    });
    let (status, mark) = rig.post("/api/v1/marks", &mark)?;
    ensure!(status == 200, "{mark}");
    rig.kill()?;
    rig.start()?;
    let marked = wait_verdict(&rig, Some(from), "indeterminate")?;
    ensure!(marked["revises"] == json!([violation["id"]]), "{marked}");
    ensure!(marked["revised_for"] == json!({"kind": "mark", "mark": mark["id"]}), "{marked}");

    let id = mark["id"].as_str().context("a mark without an id")?;
    let review = |role: &str| json!({"by": "Zhao", "role": role, "outcome": "rejected", "comment": "nobody was there"});
    let path = format!("/api/v1/marks/{id}/review");
    ensure!(rig.post(&path, &review("operator"))?.0 == 403, "an operator is no supervisor");
    let (status, reviewed) = rig.post(&path, &review("supervisor"))?;
    ensure!(status == 200 && reviewed["void"] == true, "{reviewed}");
    rig.kill()?;
    rig.start()?;
    let again = wait_verdict(&rig, Some(from), "non_compliant")?;
    ensure!(again["id"] != violation["id"] && again["revises"] == json!([marked["id"]]), "{again}");

    // Each stretch counts once; what was said before is still there, with why it does not stand.
    let all = verdicts(&rig, "yes")?;
    let on_stretch: Vec<_> = all.iter().filter(|v| v["from"] == *from).collect();
    ensure!(on_stretch.len() == 3, "{on_stretch:#?}");
    ensure!(on_stretch.iter().filter(|v| v["in_force"] == true).count() == 1, "{on_stretch:#?}");
    let history = rig.get(&format!("/api/v1/marks/{id}"))?;
    ensure!(history["events"].as_array().is_some_and(|events| events.len() == 2), "{history}");

    // And a replay of the folder says the same, with the mark void; or not, had it stood.
    rig.kill()?;
    let replay = |more: &[&str]| -> Result<Vec<Value>> {
        let mut command = Command::new(weir());
        command.args(["replay", "site.toml", "--journal", "data", "--log", "error"]).args(more);
        let output = command.current_dir(rig.dir()).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = output.stdout.split(|b| *b == b'\n').filter(|line| !line.is_empty());
        Ok(lines.map(serde_json::from_slice).collect::<Result<_, _>>()?)
    };
    let on = |lines: &[Value], verdict: &str| {
        lines.iter().filter(|l| l["requirement"] == "at-once" && l["verdict"] == verdict).count()
    };
    ensure!(on(&replay(&[])?, "non_compliant") == 1, "the violation stands");
    let act = json!({
        "seq": 900, "at": violation["t"], "act": "mark", "points": [POINT], "from": from,
        "to": violation["to"], "reason": "calibration", "comment": "what if",
        "by": {"name": "Zhao", "role": "supervisor"},
    });
    rig.write("acts.jsonl", &act.to_string())?;
    let with_mark = replay(&["--acts", "acts.jsonl"])?;
    ensure!(on(&with_mark, "non_compliant") == 0, "the violation is marked");
    ensure!(with_mark == replay(&["--acts", "acts.jsonl"])?, "the same input, other bytes");
    rig.write("laxer.toml", &PACK.replace("low = 3", "low = 0.5").replace("3 for", "0.5 for"))?;
    let laxer = replay(&["--pack", "laxer.toml"])?;
    ensure!(on(&laxer, "non_compliant") == 0, "what if half a milligram were enough");
    let after = violation["to"].as_str().context("a verdict without an end")?;
    ensure!(on(&replay(&["--from", after])?, "non_compliant") == 0, "it was before");
    Ok(())
}
