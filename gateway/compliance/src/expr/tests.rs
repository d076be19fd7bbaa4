//! What expressions say, what they refuse, and that they never panic.

use super::*;
use proptest::prelude::*;

fn value(text: &str, inputs: &[(&str, Option<f64>)]) -> Option<f64> {
    let names: Vec<&str> = inputs.iter().map(|(name, _)| *name).collect();
    let expr = Expr::parse(text, &names, &["beds", "volume"]).unwrap();
    let facts = |name: &str| (name == "beds").then_some(300.0);
    expr.program(facts).evaluate(|index| inputs[index].1)
}

#[test]
fn numbers_are_reckoned_with() {
    let x = |x: f64| [("x", Some(x))];
    for (text, given, found) in [
        ("x", 2.0, Some(2.0)),
        ("x - 1", 2.5, Some(1.5)),
        ("1 / 2 * x", 3.0, Some(1.5)),
        ("-x + 2 * (x - 1.0)", 5.0, Some(3.0)),
        ("x / beds", 600.0, Some(2.0)),
        ("x / 0", 1.0, None),
        ("x / 0 > 1", 1.0, None),
        ("log10(x) > 0 || true", -1.0, None),
        ("log10(x)", 1_000.0, Some(3.0)),
        ("exp(x)", 0.0, Some(1.0)),
        ("pow(x, 2)", 3.0, Some(9.0)),
        ("pow(x, 400)", 10.0, None),
        ("abs(x)", -3.0, Some(3.0)),
        ("min(x, 2, 1) + max(x, 7)", 5.0, Some(8.0)),
        ("x > 1 && x <= 2", 2.0, Some(1.0)),
        ("x < 1 || !(x != 3)", 2.0, Some(0.0)),
        ("x == 2u", 2.0, Some(1.0)),
        ("(x > 1) + (x > 2)", 5.0, Some(2.0)),
        ("x > 0.1 ? log10(x) : -1", 0.01, Some(-1.0)),
        ("x > 0.1 ? log10(x) : -1", 10.0, Some(1.0)),
        ("x + volume", 1.0, None),
    ] {
        assert_eq!(value(text, &x(given)), found, "{text} of {given}");
    }
    assert!((value("t_sat(x + 101.325)", &x(202.9)).unwrap() - 134.0).abs() < 0.05);
    let pool = [("fc", Some(0.3)), ("ph", Some(7.8)), ("t", Some(27.0))];
    assert!((value("hocl(fc, ph, t)", &pool).unwrap() - 0.103).abs() < 0.001);
}

#[test]
fn what_is_missing_makes_the_value_missing() {
    assert_eq!(value("a > 1 || b > 1", &[("a", Some(5.0)), ("b", None)]), None);
    assert_eq!(value("total - free", &[("total", Some(1.5)), ("free", Some(0.5))]), Some(1.0));
}

#[test]
fn what_cannot_be_judged_is_refused_with_a_hint() {
    for (text, problem, hint) in [
        ("y", "y is unknown", "inputs of the expression are: x; its facts are: beds, volume"),
        ("sin(x)", "there is no function sin", "hocl(free_chlorine, ph, celsius)"),
        ("hocl(x)", "hocl does not take 1 values", "write hocl("),
        ("x == 'a'", "is not a number", "use numbers only"),
        ("x + [1]", "are no numbers", "use numbers only"),
        ("[x].all(i, i > 0)", "must not loop", "use numbers only"),
        ("x.abs()", ".abs cannot be called on a number", "write abs(x)"),
        ("x.y", "there is nothing in .y", "one number"),
        ("x % 2", "no remainder", ""),
        ("x +", "no expression", "write it like"),
        ("", "no expression", ""),
        ("1 + 1", "x is not used", "leave it out"),
        ("x in {1: 2}", "", ""),
    ] {
        let error = Expr::parse(text, &["x"], &["beds", "volume"]).unwrap_err();
        assert!(error.problem.contains(problem) && error.hint.contains(hint), "{text}: {error:?}");
    }
    let long = format!("x{}", " + x".repeat(100));
    assert!(Expr::parse(&long, &["x"], &[]).unwrap_err().problem.contains("longer than"));
}

#[test]
fn deep_nesting_is_refused_before_it_fills_the_stack() {
    for text in [
        format!("{}x{}", "(".repeat(199), ")".repeat(199)),
        format!("{}x", "-".repeat(399)),
        format!("{}x", "!".repeat(399)),
        format!("{}x{}", "abs(".repeat(79), ")".repeat(79)),
        format!("{}x", "x+(".repeat(100)),
        format!("{}x", "x?".repeat(199)),
        format!("{}x", "[".repeat(399)),
        "x ".repeat(199),
        format!("{}x{}", "(".repeat(22), ")".repeat(22)),
        format!("{}x{}", "x?(".repeat(20), "):x".repeat(20)),
        format!("{}x{}", "x?(".repeat(66), "):x".repeat(66)),
        format!("{}x{}", "{x:".repeat(20), "}".repeat(20)),
        format!("{}x{}", "[".repeat(20), "]".repeat(20)),
        format!("{}x{}", "min(1,".repeat(20), ")".repeat(20)),
        format!("{}x{}", "x.all(i,".repeat(20), ")".repeat(20)),
    ] {
        let _ = Expr::parse(&text, &["x"], &[]);
    }
}

proptest! {
    #[test]
    fn any_text_is_an_expression_or_a_fault(text in "[-x0-9.+*/()<>=!&|?:, a-c'\\[\\]]{0,60}") {
        if let Ok(expr) = Expr::parse(&text, &["x"], &["beds"]) {
            let value = expr.program(|_| Some(3.0)).evaluate(|_| Some(0.5));
            prop_assert!(value.is_none_or(f64::is_finite));
        }
    }
}
