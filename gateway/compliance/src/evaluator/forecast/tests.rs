//! Forecasts as packs write them, and what they say of a signal.

use crate::{AreaFacts, Judgement, Pack, PointFacts, Schedule, bind, run_tests};
use core::time::Duration;
use std::sync::Arc;
use weir_domain::{Reading, Sample, Timestamp, Unit, Verdict};

const HEAD: &str = r#"
id = "early"
version = "1"
title = { zh = "预警", en = "Early warning" }
source = "test"
"#;

fn requirement(id: &str, rule: &str) -> String {
    let text = r#"{ zh = "字", en = "word" }"#;
    format!(
        "[[requirement]]\nid = \"{id}\"\ntitle = {text}\nclause = \"1\"\nconfidence = \"C\"\n\
         alarm = {{ priority = \"low\" }}\ncause = {text}\nconsequence = {text}\nresponse = {text}\n\
         respond_within_mins = 10\n{rule}\n"
    )
}

fn pack(of: &str, tests: &str) -> String {
    let limit = r#"limit = { input = { role = "pool", parameter = "chlorine", unit = "mg/L" }, instant = { persistence_secs = 600 }, low = 0.3, high = 1.0 }"#;
    let forecast = format!("forecast = {{ of = \"{of}\", horizon_mins = 60, window_mins = 60 }}");
    let (limit, forecast) =
        (requirement("chlorine", limit), requirement("chlorine-early", &forecast));
    format!("{HEAD}{limit}{forecast}{tests}")
}

fn test(name: &str, signal: &str, stands: &str) -> String {
    format!(
        "[[test]]\nname = \"{name}\"\nat = 2026-11-22T10:00:00\n[test.points]\n\
         \"pool.chlorine\" = \"{signal}\"\n[test.expect]\nchlorine-early = []\n\
         [test.stands]\nchlorine-early = \"{stands}\"\n"
    )
}

#[test]
fn a_forecast_stands_by_what_is_to_come() {
    let tests = [
        ("falling", "every 10s: 0.8 for 1h; 0.8 to 0.4 over 1h", "non_compliant"),
        ("rising", "every 10s: 0.5 to 0.95 over 1h10m", "non_compliant"),
        ("still", "every 10s: 0.5 for 2h", "compliant"),
        ("slow", "every 10s: 0.80 to 0.75 over 2h", "compliant"),
        ("turned", "every 10s: 0.8 to 0.4 over 40m; 0.4 to 0.6 over 1h", "compliant"),
        ("beyond", "every 10s: 0.8 to 0.28 over 2h", "none"),
        ("blind", "every 10s: 0.8 to 0.6 over 1h; bad:maintenance for 10m", "indeterminate"),
        (
            "holes",
            "every 10s: 0.8 to 0.6 over 30m; none for 20m; 0.5 to 0.4 over 10m",
            "indeterminate",
        ),
        ("young", "every 10s: 0.8 to 0.5 over 20m", "indeterminate"),
    ];
    let tests: String =
        tests.iter().map(|(name, signal, stands)| test(name, signal, stands)).collect();
    let pack = Pack::parse(&pack("chlorine", &tests)).unwrap();
    assert!(pack.requirements[1].warning, "a forecast is always a warning");
    for outcome in run_tests(&pack) {
        assert_eq!(outcome.failure, None, "{}", outcome.name);
    }
}

#[test]
fn a_forecast_of_no_limit_is_refused() {
    let tests = test("still", "every 10s: 0.5 for 2h", "compliant");
    let error = Pack::parse(&pack("nothing", &tests)).unwrap_err().to_string();
    assert!(error.contains("there is no limit nothing"), "{error}");
}

/// The levels that a falling value goes through, by their words.
fn levels(slope_per_hour: f64, noise: f64, restart_every: usize) -> Vec<String> {
    let tests = test("still", "every 10s: 0.5 for 2h", "compliant");
    let pack = Arc::new(Pack::parse(&pack("chlorine", &tests)).unwrap());
    let area = AreaFacts {
        id: "area".parse().unwrap(),
        class: None,
        schedule: Schedule::default(),
        time_zone: jiff::tz::TimeZone::UTC,
        facts: Default::default(),
        points: vec![PointFacts {
            id: "pool.chlorine".parse().unwrap(),
            role: "pool".parse().unwrap(),
            parameter: "chlorine".parse().unwrap(),
            unit: Unit::MilligramPerLitre,
            max_gap: Duration::from_secs(45),
            occasional: false,
        }],
    };
    let (bindings, _) = bind(&pack, &area);
    let start: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let (mut evaluator, mut said) = (bindings[1].evaluator(start), Vec::new());
    for second in (0..3 * 3_600).step_by(10) {
        let now = start + Duration::from_secs(second);
        let mixed = (second + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        let chance = mixed as f64 / 8_388_608.0 - 1.0;
        let value = (0.9 + slope_per_hour * second as f64 / 3_600.0).max(0.31) + noise * chance;
        let reading = Reading::from_number(value);
        evaluator.observe(now, 0, &Sample::at(now, reading), &mut said);
        if second as usize / 10 % restart_every == restart_every - 1 {
            let state = serde_json::to_string(&evaluator.state()).unwrap();
            evaluator = bindings[1].evaluator(start);
            evaluator.restore(serde_json::from_str(&state).unwrap()).unwrap();
        }
    }
    let mut levels: Vec<String> = Vec::new();
    for judgement in said {
        let Judgement::Standing(standing) = judgement else { panic!("a verdict") };
        assert_eq!(standing.early.is_some(), standing.verdict == Some(Verdict::NonCompliant));
        if let Some(early) = standing.early {
            let level = early.level.as_str().to_owned();
            assert!(standing.note.en.starts_with(&level), "{standing:?}");
            // The value falls to 0.31 in two hours, and stays there.
            let left = early.expected_at.map(|at| at.since(start).as_secs_f64());
            let told = left.is_some_and(|secs| (6_000.0..8_400.0).contains(&secs));
            assert!(told || !levels.is_empty(), "{standing:?}");
            if levels.last() != Some(&level) {
                levels.push(level);
            }
        }
    }
    levels
}

#[test]
fn the_nearer_the_redder_and_a_restart_changes_nothing() {
    let whole = levels(-0.3, 0.01, usize::MAX);
    assert!(whole.starts_with(&["blue", "yellow", "orange"].map(String::from)), "{whole:?}");
    assert!(whole.contains(&"red".to_owned()), "{whole:?}");
    assert_eq!(levels(-0.3, 0.01, 37), whole);
    assert_eq!(levels(-0.01, 0.02, usize::MAX), [""; 0]);
}
