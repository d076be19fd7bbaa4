//! `kill -9` while days are being judged again: nothing is half judged, lost, or judged twice.

use super::demo;
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::{collections::HashMap, process::Command, time::Duration};
use weir_e2e::{Rig, wait_for, weir};

const PATIENCE: Duration = Duration::from_secs(180);

const POINTS: [&str; 4] =
    ["ph-1.ph", "trc-1.total_residual_chlorine", "trc-2.total_residual_chlorine", "flow-1.flow"];

/// How often the gateway began to judge again, and how often it came to the end.
fn begun_and_ended(rig: &mut Rig) -> (usize, usize) {
    let log = rig.gateway().log();
    (log.matches("judging again:").count(), log.matches("judged again:").count())
}

/// Kills the gateway once it has begun to judge again `times` times, before it is through with any.
fn kill_in_the_middle(rig: &mut Rig, times: usize) -> Result<()> {
    wait_for("judging again", PATIENCE, || (begun_and_ended(rig).0 >= times).then_some(()))?;
    let seen = begun_and_ended(rig);
    ensure!(seen == (times, 0), "begun and ended {seen:?}: nothing left to interrupt");
    rig.kill()
}

fn moment(ago: &str) -> Result<String> {
    let date = Command::new("date").args(["-u", "-d", ago, "+%FT%TZ"]).output()?;
    Ok(String::from_utf8(date.stdout)?.trim().to_owned())
}

fn verdicts(rig: &Rig, superseded: &str) -> Result<Vec<Value>> {
    let path = format!(
        "/api/v1/verdicts?area=effluent&limit=10000&superseded={superseded}&from={}",
        moment("4 days ago")?
    );
    rig.get(&path)?.as_array().cloned().context("no list of verdicts")
}

fn metric(rig: &Rig, name: &str) -> Result<u64> {
    let page = rig.get("/metrics")?;
    let lines = page.as_str().context("no page")?.lines();
    let values = lines.filter_map(|line| line.strip_prefix(name)?.rsplit(' ').next()?.parse().ok());
    Ok(values.map(|value: u64| value).sum())
}

#[test]
fn a_power_cut_in_the_middle_of_judging_again_neither_loses_nor_halves_it() -> Result<()> {
    let mut rig = Rig::new()?;
    demo::start(&mut rig, "2")?;
    let alarms = rig.get("/api/v1/alarms?state=all")?.as_array().map(Vec::len);
    let before = verdicts(&rig, "no")?;
    let (from, to) = (moment("46 hours ago")?, moment("2 hours ago")?);
    let mark = json!({
        "by": "Wang", "role": "supervisor", "points": POINTS, "from": from, "to": to,
        "reason": "maintenance", "comment": "the cabin was rebuilt", "evidence": ["order 7"],
    });
    let (status, mark) = rig.post("/api/v1/marks", &mark)?;
    ensure!(status == 200, "{mark}");
    kill_in_the_middle(&mut rig, 1)?;

    // The site goes on without its instruments; what was asked for still waits, twice.
    let start = |rig: &mut Rig| {
        let mut run = Command::new(weir());
        run.args(["run", "weir-demo/site.toml", "--listen"]);
        run.arg(format!("127.0.0.1:{}", rig.port()));
        rig.start_with(&mut run)
    };
    start(&mut rig)?;
    let all = verdicts(&rig, "yes")?;
    ensure!(all.iter().all(|v| v["in_force"] == true), "half of it was written");
    kill_in_the_middle(&mut rig, 2)?;
    start(&mut rig)?;
    wait_for("the end of judging again", PATIENCE, || {
        (rig.get("/api/v1/rejudging").ok()?["pending"] == 0).then_some(())
    })?;

    let within = |v: &&Value| v["from"].as_str() >= Some(&from) && v["to"].as_str() <= Some(&to);
    let (stands, all) = (verdicts(&rig, "no")?, verdicts(&rig, "yes")?);
    let ph = |v: &&Value| v["requirement"] == "ph" && within(v);
    ensure!(before.iter().filter(ph).any(|v| v["verdict"] == "compliant"), "{before:#?}");
    ensure!(stands.iter().filter(ph).count() > 0, "nothing stands");
    for verdict in stands.iter().filter(ph) {
        ensure!(verdict["verdict"] == "indeterminate", "{verdict}");
        ensure!(verdict["revised_for"] == json!({"kind": "mark", "mark": mark["id"]}), "{verdict}");
    }
    // Every verdict of before still stands or says what took its place, and no time counts twice.
    for old in &before {
        let now = all.iter().find(|v| v["id"] == old["id"]).context("a verdict is gone")?;
        ensure!(now["in_force"] == true || now["superseded_for"].is_object(), "{now}");
    }
    let mut ends: HashMap<String, String> = HashMap::new();
    for verdict in &stands {
        let text = |key: &str| verdict[key].as_str().unwrap_or_default().to_owned();
        let whose = format!("{} {}", verdict["requirement"], verdict["points"]);
        let end = ends.insert(whose, text("to"));
        ensure!(end.is_none_or(|end| end <= text("from")), "judged twice: {verdict}");
    }
    ensure!(rig.get("/api/v1/alarms?state=all")?.as_array().map(Vec::len) >= alarms, "alarms went");

    let superseded = all.iter().filter(|v| v["in_force"] == false).count();
    ensure!(superseded > 0 && metric(&rig, "weir_verdicts_superseded_total")? == superseded as u64);
    ensure!(metric(&rig, "weir_rejudgements_pending")? == 0);
    ensure!(
        Some(metric(&rig, "weir_rejudgements_done_total")?)
            == rig.get("/api/v1/rejudging")?["done"].as_u64()
    );
    Ok(())
}
