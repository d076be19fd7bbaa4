//! What a watch finds, and what it knows to have missed.

use super::*;
use proptest::prelude::*;
use weir_domain::{BadReason, Reading};

fn settings(edge: Edge) -> WatchSettings {
    WatchSettings {
        edge,
        lasting: Duration::ZERO,
        sum: false,
        max_gap: Duration::from_secs(15),
        occasional: false,
        grace: Duration::ZERO,
        gate: false,
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1_000)
}

fn sample(second: i64, value: Option<f64>) -> Sample {
    let bad = Reading::Bad(None, BadReason::CommFailure);
    Sample::at(at(second), value.map_or(bad, Reading::from_number))
}

/// One sample every ten seconds, `x` = bad, `.` = none: the events as `since-at*amount`, `?` in
/// front of what only may have happened, and what was not seen until the end.
fn find(settings: WatchSettings, values: &str) -> (String, String) {
    let (mut watch, mut found, mut second) = (Watch::new(settings, at(0)), Vec::new(), 0);
    for word in values.split_whitespace() {
        match word {
            "." => {}
            "x" => watch.observe(at(second), &sample(second, None), &mut found),
            number => {
                let value = number.parse().unwrap();
                watch.observe(at(second), &sample(second, Some(value)), &mut found);
            }
        }
        second += 10;
    }
    watch.pass(at(second), &mut found);
    let seconds = |t: Timestamp| t.as_millis() / 1_000;
    let events = found.iter().map(|event| {
        let doubt = if event.sure { "" } else { "?" };
        let since = if event.since == event.at {
            String::new()
        } else {
            format!("{}-", seconds(event.since))
        };
        let amount = if event.amount == 1.0 { String::new() } else { format!("*{}", event.amount) };
        format!("{doubt}{since}{}{amount}", seconds(event.at))
    });
    let unseen = watch.unseen(at(0), at(second));
    let unseen = unseen.map(|(from, to)| format!("{}-{}", seconds(from), seconds(to)));
    (events.collect::<Vec<_>>().join(" "), unseen.collect::<Vec<_>>().join(" "))
}

#[test]
fn edges_are_found_and_those_in_a_gap_are_known_to_lie_there() {
    for (edge, values, events, unseen) in [
        (Edge::On, "0 1 1 0 1", "10 40", ""),
        (Edge::Off, "0 1 1 0 1", "30", ""),
        // What was before the first sample is not known.
        (Edge::On, "1 1 0 1", "30", ""),
        (Edge::On, ". 1 0 1", "30", "0-10"),
        // Off, a gap, on: once at least. On, a gap, on: who knows.
        (Edge::On, "0 x x 1", "10-30", "10-30"),
        (Edge::On, "0 . . 1", "15-30", "15-30"),
        (Edge::On, "0 1 x 1", "10", "20-30"),
        (Edge::On, "0 1 x 0", "10", "20-30"),
        (Edge::On, "0 0 0 . .", "", "35-50"),
        (Edge::Above { level: 5.0, hysteresis: 0.0 }, "4 5 6 5 6", "20 40", ""),
        (Edge::Above { level: 5.0, hysteresis: 1.0 }, "4 5 6 4.5 6 4 6", "20 60", ""),
        (Edge::Below { level: 5.0, hysteresis: 1.0 }, "6 5 4 5.5 4 6 4", "20 60", ""),
        (Edge::Sample { low: Some(1.0), high: None }, "2 x 0 1", "0 30", "10-20"),
    ] {
        let found = find(settings(edge), values);
        assert_eq!(found, (events.into(), unseen.into()), "{edge:?} {values}");
    }
}

#[test]
fn a_state_must_last_without_a_break() {
    let lasting = |edge| WatchSettings { lasting: Duration::from_secs(20), ..settings(edge) };
    for (values, events) in [
        ("0 1 1 1 0", "30"),
        ("0 1 1 0 0", "30"),
        ("0 1 0 0", ""),
        ("0 1 1 1 1 1 0 1 1 1", "30 90"),
        // It may have begun in the gap, and goes on for long enough after it.
        ("0 x 1 1 1", "30-40"),
        ("0 1 x 1 1 1", "?40-50"),
        ("0 1 x 0", ""),
    ] {
        assert_eq!(find(lasting(Edge::On), values).0, events, "{values}");
    }
}

#[test]
fn a_counter_tells_what_happened_in_a_gap() {
    let plain = settings(Edge::Increase { roll_over: None });
    let rolling = settings(Edge::Increase { roll_over: Some(100.0) });
    for (settings, values, events, unseen) in [
        (plain, "5 5 6 8", "20 30*2", ""),
        (plain, "5 x x 8", "10-30*3", ""),
        (plain, "5 . . 8", "15-30*3", ""),
        (plain, ". 5 8", "20*3", "0-10"),
        (plain, "5 6 x", "10", "20-30"),
        // Reset: what came between the last reading and the reset is lost only in a gap.
        (plain, "5 9 2 3", "10*4 20*2 30", ""),
        (plain, "5 x 2 3", "10-20*2 30", "10-20"),
        (rolling, "98 99 1", "10 20*2", ""),
        (rolling, "98 x 1", "10-20*3", ""),
        // So far back it cannot have rolled over.
        (rolling, "98 60 61", "10*60 20", ""),
    ] {
        assert_eq!(find(settings, values), (events.into(), unseen.into()), "{values}");
    }
}

#[test]
fn a_bridged_gap_hides_on_which_side_of_a_boundary_things_happened() {
    let mut watch = Watch::new(settings(Edge::Increase { roll_over: None }), at(0));
    let mut found = Vec::new();
    watch.observe(at(0), &sample(0, Some(5.0)), &mut found);
    watch.observe(at(60), &sample(60, Some(8.0)), &mut found);
    let unseen = |from, to| watch.unseen(at(from), at(to)).collect::<Vec<_>>();
    assert_eq!(unseen(0, 70), []);
    assert_eq!(unseen(0, 40), [(at(15), at(40))]);
    assert_eq!(unseen(40, 70), [(at(40), at(60))]);
}

#[test]
fn entries_come_in_any_order_and_once() {
    let edge = Edge::Sample { low: None, high: Some(10.0) };
    let settings = WatchSettings { occasional: true, ..settings(edge) };
    let mut watch = Watch::new(settings, at(0));
    let mut found = Vec::new();
    for (second, value) in [(50, 1.0), (20, 2.0), (50, 1.0), (40, 11.0), (20, 2.0)] {
        watch.observe(at(60), &sample(second, Some(value)), &mut found);
    }
    let times: Vec<i64> = found.iter().map(|event| event.at.as_millis() / 1_000).collect();
    assert_eq!(times, [50, 20]);
    // Silence is no gap, but the gateway's own is, if it is longer than an entry may be late; and
    // before it looked it saw nothing.
    watch.down(at(65), at(69));
    watch.down(at(70), at(140));
    let unseen: Vec<_> = watch.unseen(at(-10), at(500)).collect();
    assert_eq!(unseen, [(at(-10), at(0)), (at(70), at(140))]);
    watch.forget(at(80));
    watch.observe(at(100), &sample(79, Some(1.0)), &mut found);
    watch.observe(at(100), &sample(80, Some(1.0)), &mut found);
    assert_eq!(found.len(), 3);
}

#[test]
fn a_change_that_was_sent_while_the_gateway_was_down_may_be_lost() {
    let mut watch = Watch::new(WatchSettings { occasional: true, ..settings(Edge::On) }, at(0));
    let mut found = Vec::new();
    let long = WatchSettings { max_gap: Duration::from_secs(1_000_000), ..watch.settings };
    watch.settings = long;
    watch.observe(at(10), &sample(10, Some(0.0)), &mut found);
    watch.down(at(20), at(30));
    watch.observe(at(50), &sample(50, Some(0.0)), &mut found);
    assert_eq!(watch.unseen(at(10), at(60)).collect::<Vec<_>>(), [(at(20), at(50))]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Second by second: a value speaks until the next sample, and for 15 s at most.
    #[test]
    fn edges_and_gaps_agree_with_a_slow_and_simple_look(
        steps in prop::collection::vec((1..30_i64, prop::option::weighted(0.8, 0..2_i32)), 1..60),
    ) {
        let (mut watch, mut found) = (Watch::new(settings(Edge::On), at(0)), Vec::new());
        let (mut second, mut samples) = (0, Vec::new());
        for (wait, value) in &steps {
            second += wait;
            samples.push((second, value.map(f64::from)));
            watch.observe(at(second), &sample(second, value.map(f64::from)), &mut found);
        }
        let end = second + 30;
        let value = |t: i64| {
            let (from, value) = samples.iter().rev().find(|(from, _)| *from <= t)?;
            value.filter(|_| t < from + 15)
        };
        let course: Vec<Option<f64>> = (0..end).map(value).collect();
        let (mut edges, mut last, mut hole) = (Vec::new(), None, 0);
        for (t, value) in (0_i64..).zip(&course) {
            match (last, *value) {
                (Some(0.0), Some(1.0)) if course[t as usize - 1].is_none() => edges.push((hole, t)),
                (Some(0.0), Some(1.0)) => edges.push((t, t)),
                _ => {}
            }
            if value.is_none() && (t == 0 || course[t as usize - 1].is_some()) {
                hole = t;
            }
            last = value.or(last);
        }
        let sure: Vec<(i64, i64)> = found.iter().filter(|event| event.sure)
            .map(|event| (event.since.as_millis() / 1_000, event.at.as_millis() / 1_000)).collect();
        prop_assert_eq!(sure, edges);
        for (t, value) in (0_i64..).zip(&course) {
            let unseen = watch.unseen(at(t), at(t + 1)).next().is_some();
            prop_assert_eq!(unseen, value.is_none(), "second {}", t);
        }
    }
}
