//! What is wrong with a pack is said all at once, in its place.

use crate::{ForbiddenWhen, LimitRule, Pack, PackError, Rule, Statistic, Window};
use core::time::Duration;
use weir_domain::{AlarmClass, Priority, Verdict};

/// A pack with one requirement of every kind.
const PACK: &str = r#"id = "p"
version = "1"
title = { zh = "包", en = "pack" }
source = "GB 1"
effective_from = 2020-01-01
effective_to = 2030-12-31
classes = [{ id = "a", name = { zh = "甲", en = "A" } }, { id = "b", name = { zh = "乙", en = "B" } }]

[[requirement]]
id = "hourly"
title = { zh = "名", en = "name" }
clause = "1.2"
confidence = "V"
respond_within_mins = 30
cause = { zh = "因", en = "cause" }
consequence = { zh = "果", en = "consequence" }
response = { zh = "办", en = "response" }
alarm = { priority = "high", on_delay_secs = 5, off_delay_secs = 6, deadband = 0.5, latch = true, group = "g" }
limit.input = { role = "r", parameter = "x", unit = "mg/L" }
limit.mean = { window_mins = 60, lateness_secs = 120 }
limit.by_class.b = { low = 1, high = 2 }
limit.by_class.a = { low = 3, high = 9.5 }

[[requirement]]
id = "held"
title = { zh = "名", en = "name" }
clause = "1.3"
confidence = "M-m"
classes = ["a"]
respond_within_mins = 30
cause = { zh = "因", en = "cause" }
consequence = { zh = "果", en = "consequence" }
response = { zh = "办", en = "response" }
alarm = { priority = "low", raise_on = "indeterminate" }
hold_cycle.input = { parameter = "t", unit = "°C" }
hold_cycle.threshold = 125
hold_cycle.hold_secs = 900
hold_cycle.dip_depth = 3
hold_cycle.dip_secs = 30
hold_cycle.starts_above = 80
hold_cycle.ends_below = 60

[[requirement]]
id = "locked"
title = { zh = "名", en = "name" }
clause = "1.4"
confidence = "C"
warning = true
respond_within_mins = 30
cause = { zh = "因", en = "cause" }
consequence = { zh = "果", en = "consequence" }
response = { zh = "办", en = "response" }
alarm = { priority = "medium" }
interlock.active = { parameter = "e", unit = "1" }
interlock.forbidden = { parameter = "l", unit = "1" }
interlock.forbidden_when = "off"

[[test]]
name = "a test"
class = "a"
at = 2026-11-22T10:00:00
points."r.x" = "every 5s: 5 for 1h"
expect.hourly = ["compliant 10:00-11:00 = 5"]
"#;

#[test]
fn a_good_pack_is_read_as_it_is_written() {
    let pack = Pack::parse(PACK).unwrap();
    assert_eq!((pack.id.as_str(), pack.classes.len(), pack.requirements.len()), ("p", 2, 4));
    assert_eq!(pack.effective_from, Some(jiff::civil::date(2020, 1, 1)));
    // By class, in the order of the classes.
    let first = &pack.requirements[0];
    assert_eq!(first.classes, ["a".parse().unwrap()]);
    assert_eq!(first.low_high(), (Some(3.0), Some(9.5)));
    assert_eq!(first.limit_text().zh, "3～9.5 mg/L");
    assert_eq!(first.alarm.priority, Priority::High);
    assert_eq!(first.alarm.off_delay, Duration::from_secs(6));
    assert!(first.alarm.latch && first.alarm.group.as_deref() == Some("g"));
    assert_eq!(first.alarm.class, AlarmClass::Compliance);
    assert_eq!(first.respond_within, Duration::from_secs(1_800));
    let Rule::Limit(LimitRule { statistic: Statistic::Mean { window, settling, .. }, .. }) =
        &first.rule
    else {
        panic!("a mean is a mean");
    };
    assert_eq!(
        (window, settling.coverage_min, settling.lateness.as_secs()),
        (&Window::Length(Duration::from_secs(3_600)), 0.75, 120)
    );
    assert_eq!(pack.requirements[1].low_high(), (Some(1.0), Some(2.0)));
    assert_eq!(pack.requirements[2].limit_text().en, "≥ 125 °C for 15 min");
    assert_eq!(pack.requirements[2].alarm.raise_on, Verdict::Indeterminate);
    let Rule::Interlock(interlock) = &pack.requirements[3].rule else {
        panic!("an interlock is an interlock");
    };
    assert_eq!(interlock.forbidden_when, ForbiddenWhen::Off);
    assert_eq!(pack.requirements[3].limit_text().en, "no e=1 while l=0");
    assert!(crate::run_tests(&pack).iter().all(|outcome| outcome.failure.is_none()));
}

fn faults(text: &str) -> Vec<String> {
    match Pack::parse(text) {
        Ok(_) => Vec::new(),
        Err(PackError { faults }) => faults.iter().map(ToString::to_string).collect(),
    }
}

/// Replaces one piece of the good pack; the only fault must say this, at this line and column.
#[track_caller]
fn check(old: &str, new: &str, fault: &str) {
    assert!(PACK.contains(old), "{old} is not in the pack");
    let found = faults(&PACK.replacen(old, new, 1));
    assert!(found.len() == 1 && found[0].contains(fault), "{found:#?} instead of {fault}");
}

#[test]
fn faults_of_the_header() {
    check("id = \"p\"", "id = \"P\"", "1:6: 'P' is not allowed in an id");
    check("version = \"1\"", "version = \"\"", "2:11: must not be empty");
    check("version = \"1\"", "version = \"1\"\nauthor = \"me\"", "3:1: unknown field `author`");
    check("zh = \"包\"", "zh = \"\"", "3:9: zh must not be empty");
    check(", en = \"pack\"", "", "missing field `en`");
    check("2030-12-31", "2019-12-31", "effective_to is before effective_from");
    check("2020-01-01", "2020-01-01T10:00:00", "is no date");
    check(
        "classes = [",
        "classes = [{ id = \"a\", name = { zh = \"甲\", en = \"A\" } }, ",
        "class a stands here twice",
    );
}

#[test]
fn faults_of_a_requirement() {
    check(
        "confidence = \"V\"",
        "confidence = \"sure\"",
        "13:14: \"sure\" is no confidence; use one of V, M-h",
    );
    check("clause = \"1.2\"", "clause = \" \"", "no clause");
    check(
        "classes = [\"a\"]",
        "classes = [\"c\"]",
        "29:12: class c is unknown; the classes of this pack are: a, b",
    );
    check("by_class.b", "by_class.c", "class c is unknown");
    check("respond_within_mins = 30", "respond_within_mins = 0", "nobody can respond at once");
    check("unit = \"mg/L\"", "unit = \"ppm\"", "unknown unit \"ppm\"");
    check("priority = \"high\"", "priority = \"urgent\"", "unknown variant `urgent`");
    check("\"indeterminate\"", "\"compliant\"", "must not be raised on compliant");
    check("id = \"held\"", "id = \"hourly\"", "requirement hourly stands here twice for a class");
    check(
        "id = \"locked\"",
        "id = \"locked\"\nopen_hours_only = true",
        "open_hours_only has no effect here",
    );
    check("zh = \"办\"", "zh = \"\"", "zh must not be empty");
    check("clause = \"1.3\"\n", "", "missing field `clause`");
    check("warning = true", "warnings = true", "unknown field `warnings`");
}

#[test]
fn faults_of_a_rule() {
    check("low = 3, high = 9.5", "low = 10, high = 9.5", "low 10 is above high 9.5");
    check("{ low = 3, high = 9.5 }", "{}", "neither low nor high");
    check("low = 3", "low = nan", "not a finite number");
    check("window_mins = 60", "window_mins = 50", "no window of 50 min");
    check("window_mins = 60", "window_mins = 60, coverage_min = 1.5", "coverage_min");
    check("lateness_secs = 120", "lateness_secs = 7200", "lateness is longer than an hour");
    check(
        "limit.mean",
        "limit.instant = { persistence_secs = 1 }\nlimit.mean",
        "not exactly one statistic",
    );
    check("limit.mean", "limit.low = 1\nlimit.mean", "limits stand here twice");
    check("deadband = 0.5", "deadband = 0.6", "deadband 0.6 does not fit the limits");
    check(
        "priority = \"medium\"",
        "priority = \"medium\", deadband = 1",
        "deadband 1 does not fit",
    );
    let alarm = |more: &str, fault: &str| {
        check("priority = \"medium\"", &format!("priority = \"medium\", {more}"), fault);
    };
    alarm("realarm_mins = 0", "realarm_mins is not 1 to 10080");
    alarm("shelve_max_mins = 1441", "shelve_max_mins is above 1440");
    alarm("group = \"\"", "group is empty");
    alarm("suppressed_by = [\"locked\"]", "an alarm cannot suppress itself");
    check("starts_above = 80", "starts_above = 130", "a cycle could not begin, hold and end");
    check("dip_depth = 3", "dip_depth = 50", "dip_depth is negative or reaches below");
    check("dip_secs = 30", "dip_secs = 1000", "hold_secs and dip_secs do not fit");
    check("clause = \"1.4\"", "clause = \"1.4\"\navailability = {}", "not exactly one rule");
}

#[test]
fn faults_of_a_test() {
    check("class = \"a\"\nat", "class = \"z\"\nat", "class z is unknown");
    check("2026-11-22T10:00:00", "10:00:00", "no local time");
    check("5 for 1h", "five for 1h", "\"five\" is no number or quality");
    check("expect.hourly", "expect.yearly", "there is no requirement yearly");
    check("compliant 10:00", "good 10:00", "is no verdict");
    check("at = 2026", "time_zone = \"Mars/Olympus\"\nat = 2026", "Mars/Olympus is no time zone");
    check("at = 2026", "opening_hours = [\"never\"]\nat = 2026", "write days and times");
    check("expect.hourly", "stands.hourly = \"fine\"\nexpect.hourly", "\"fine\" is no verdict");
    let untested = PACK.split("[[test]]").next().unwrap();
    assert_eq!(faults(untested), ["1:1: no [[test]]; a pack without tests proves nothing"]);
}

#[test]
fn all_faults_are_found_at_once_in_the_order_of_the_file() {
    let text = PACK
        .replace("version = \"1\"", "version = \"1\"\nauthor = \"me\"")
        .replace("confidence = \"V\"", "confidence = \"sure\"")
        .replace("clause = \"1.2\"", "clause = \"\"")
        .replace("hold_secs = 900", "hold_secs = \"long\"")
        .replace("5 for 1h", "5 per 1h");
    let found = faults(&text);
    let lines: Vec<&str> = found.iter().filter_map(|fault| fault.split(':').next()).collect();
    assert_eq!(lines, ["3", "13", "14", "38", "63"], "{found:#?}");
}

#[test]
fn broken_toml_is_refused_with_every_broken_line() {
    let found = faults("id = \"p\nversion = 1 2\n");
    assert!(found.len() >= 2 && found[0].starts_with("1:"), "{found:#?}");
    assert!(!faults("").is_empty());
    assert!(
        faults("requirement = 1\ntest = 2").iter().any(|fault| fault.contains("write [[test]]"))
    );
}

#[test]
fn columns_are_counted_in_characters() {
    let found = faults(&PACK.replace("zh = \"包\", en = \"pack\"", "zh = \"包包包\", en = 5"));
    assert!(found[0].starts_with("3:28:"), "{found:#?}");
}

#[test]
fn a_failing_test_says_what_was_found() {
    let outcome =
        |text: &str| crate::run_tests(&Pack::parse(text).unwrap()).remove(0).failure.unwrap();
    let found = outcome(&PACK.replace("compliant 10:00-11:00 = 5", "compliant 10:00-11:00 = 6"));
    assert_eq!(found, "hourly passed\n  compliant 10:00-11:00 = 5");
    let found = outcome(&PACK.replace("expect.hourly", "stands.hourly = \"none\"\nexpect.hourly"));
    assert_eq!(found, "hourly stands indeterminate, expected none");
    let found = outcome(&PACK.replace("\"r.x\"", "\"r.y\""));
    assert_eq!(found, "hourly is not bound: a point is missing");
    let found = outcome(
        &PACK
            .replace("5 for 1h", "1 for 1h")
            .replace("expect.hourly = [\"compliant 10:00-11:00 = 5\"]", ""),
    );
    assert!(found.starts_with("unexpectedly, hourly passed\n  non_compliant"), "{found}");
}

#[test]
fn faults_of_values_and_statistics() {
    let faults = |rule: &str| faults(&crate::testing::pack_of(rule));
    let limit = "limit.input = { parameter = \"a\", unit = \"1\" }\nlimit.high = 1\n";
    let instant = "limit.instant = { persistence_secs = 0 }\nlimit.high = 1\n";
    let made = |expr: &str, rest: &str| {
        format!(
            "{instant}limit.value = {{ expr = \"{expr}\", unit = \"1\", of = {{ a = {{ parameter = \"a\", unit = \"1\" }} }} }}\n{rest}"
        )
    };
    for (rule, fault) in [
        (made("a + beds", ""), None),
        (made("a + b", ""), Some("22:24: b is unknown; the inputs of the expression are: a; its facts are: beds, contact_tank_m3")),
        (made("a +", ""), Some("22:24: no expression")),
        (made("sin(a)", ""), Some("there is no function sin; the functions are: abs(x), exp(x), hocl(")),
        (made("t_sat(a, 1)", ""), Some("t_sat does not take 2 values; write t_sat(kilopascals_absolute)")),
        (made("a == 'x'", ""), Some("is not a number")),
        (made("a", "limit.input = { parameter = \"a\", unit = \"1\" }"), Some("not exactly one of input and value")),
        (made("a", "limit.while = { expr = \"x > 1\", of = { X = { parameter = \"x\", unit = \"1\" } } }"), Some("\"X\" is no name")),
        (made("a", "limit.while = { expr = \"beds > 1\", of = { beds = { parameter = \"x\", unit = \"1\" } } }"), Some("beds is the name of a fact")),
        (instant.into(), Some("not exactly one of input and value")),
        (format!("{limit}limit.percentile = {{ p = 0, per = \"day\", lateness_secs = 0 }}"), Some("no percentile 0")),
        (format!("{limit}limit.percentile = {{ p = 95, lateness_secs = 0 }}"), Some("not exactly one of window_mins and per")),
        (format!("{limit}limit.mean = {{ per = \"decade\", lateness_secs = 0 }}"), Some("unknown variant `decade`")),
        (format!("{limit}limit.rate = {{ over_secs = 0, persistence_secs = 0 }}"), Some("over_secs is not 1 to 3600")),
        (format!("{limit}limit.total = {{ unit = \"g\" }}"), Some("not exactly one of per and rolling_days")),
        (format!("{limit}limit.total = {{ rolling_days = 5, unit = \"g\" }}"), Some("rolling_days is not 7 to 366")),
        (format!("{limit}limit.total = {{ per = \"day\", unit = \"g\", background = \"bed\" }}"), Some("there is no fact bed; the facts are: beds, contact_tank_m3")),
        (format!("{limit}limit.total = {{ per = \"day\", unit = \"g\", background = -1 }}"), Some("-1 is not a number of 0 or more")),
        ("contact_time = { flow = { parameter = \"q\", unit = \"m³/h\" }, volume = 1 }".into(), Some("not exactly one of at_least_mins and by_class")),
        ("contact_time = { flow = { parameter = \"q\", unit = \"L/h\" }, volume = 1, at_least_mins = 1 }".into(), Some("the flow is not in m³/h")),
        ("contact_time = { flow = { parameter = \"q\", unit = \"m³/h\" }, volume = \"tank\", at_least_mins = 1 }".into(), Some("there is no fact tank")),
        ("availability = { per = \"month\" }".into(), Some("per and at_least go together")),
        ("availability = { per = \"month\", at_least = 90 }".into(), Some("at_least is not above 0 and at most 1")),
    ] {
        let found = faults(&rule);
        match fault {
            None => assert!(found.is_empty(), "{found:#?}\n{rule}"),
            Some(fault) => {
                assert!(found.len() == 1 && found[0].contains(fault), "{found:#?} instead of {fault}");
            }
        }
    }
    let nine: Vec<String> =
        (0..9).map(|n| format!("x{n} = {{ parameter = \"x{n}\", unit = \"1\" }}")).collect();
    let sum: Vec<String> = (0..9).map(|n| format!("x{n}")).collect();
    let rule = format!(
        "{instant}limit.value = {{ expr = \"{}\", unit = \"1\", of = {{ {} }} }}",
        sum.join(" + "),
        nine.join(", ")
    );
    assert!(faults(&rule)[0].contains("more than 8 inputs"), "{:?}", faults(&rule));
}

#[test]
fn faults_of_facts() {
    let pack = crate::testing::pack_of("availability = {}");
    for (old, new, fault) in [
        ("id = \"beds\"", "id = \"Beds\"", "\"Beds\" is no name of a fact"),
        ("id = \"beds\"", "id = \"contact_tank_m3\"", "fact contact_tank_m3 stands here twice"),
        ("unit = \"1\"", "unit = \"1\"\ndefault = inf", "the default is not a finite number"),
        (
            "points = {}",
            "points = {}\nfacts = { beds = 1, rooms = 2 }",
            "there is no fact rooms; the facts are: beds, contact_tank_m3",
        ),
    ] {
        let found = faults(&pack.replacen(old, new, 1));
        assert!(found.len() == 1 && found[0].contains(fault), "{found:#?} instead of {fault}");
    }
}
