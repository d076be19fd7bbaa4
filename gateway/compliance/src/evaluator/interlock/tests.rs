//! What is said of exposures; the packs test the plain cases.

use crate::testing::{Bench, Event, interlock, of};
use weir_domain::Verdict;

/// Both signals as text, one character a second: `1` on, `0` off, `b` bad, ` ` no sample.
fn check(exposure: &str, door: &str, verdicts: &str, standings: &str) {
    let played = Bench::new(interlock()).play(&signals(exposure, door), exposure.len() as i64);
    assert_eq!(played.verdicts(), verdicts, "{exposure:?} {door:?}");
    assert_eq!(played.standings(), standings, "{exposure:?} {door:?}");
}

fn signals(exposure: &str, door: &str) -> Vec<Event> {
    let signal = |input, text: &str| {
        let event = move |(second, c): (usize, char)| match c {
            ' ' => None,
            'b' => Some(of(input, second as i64, None)),
            c => Some(of(input, second as i64, if c == '1' { 1.0 } else { 0.0 })),
        };
        text.chars().enumerate().filter_map(event).collect::<Vec<_>>()
    };
    let mut events = [signal(0, exposure), signal(1, door)].concat();
    events.sort_by_key(|event| event.now);
    events
}

#[test]
fn an_overlap_is_a_violation_for_as_long_as_it_lasts() {
    check("0011100", "0000000", "+2..5", "+");
    check("0011100", "1111111", "-2..5", "+-+");
    check("0011100", "0001000", "-3..4", "+-+");
    check("0111110", "0101010", "-1..2 -3..4 -5..6", "+-+-+-+");
    check("0011100", "1100011", "+2..5", "+");
}

#[test]
fn what_is_not_known_is_not_compliant() {
    check("0011100", "00b0000", "?2..5", "+?+");
    check("0011100", "00bb100", "-4..5", "+?-+");
    check("00111b0", "0000000", "?2..5", "+?+");
    check("0000000", "000bb00", "", "+?+");
    check("bbbbbbb", "0000000", "", "");
    // Nothing is heard of the door for longer than its sample speaks.
    let (exposure, door) = ("0".repeat(10) + &"1".repeat(20), "0".to_owned() + &" ".repeat(29));
    check(&exposure, &door, "?10..30", "+?");
}

#[test]
fn an_exposure_must_be_seen_from_beginning_to_end() {
    check("1100", "0000", "?0..2", "+");
    check("0b1100", "000000", "?2..4", "+?+");
    check("0b1100", "001000", "-2..3", "+?-+");
}

#[test]
fn the_end_of_a_file_closes_what_is_open() {
    check("0011", "0000", "?2..4", "+");
    check("0011", "1111", "-2..4", "+-");
    check("0011", "000b", "?2..4", "+?");
}

#[test]
fn explanations_name_both_sides() {
    let played = Bench::new(interlock()).play(&signals("0110", "1111"), 4);
    assert_eq!(
        played.passed()[0].explanation.en,
        "10:00:01-10:00:03 exposure=1 while door_open=1 for 2 s; valid data 100 %"
    );
    let played = Bench::new(interlock()).play(&signals("0110", "0000"), 4);
    assert_eq!(
        played.passed()[0].explanation.zh,
        "10:00:01-10:00:03 exposure=1 时 door_open 始终为 0，持续 2 s；有效数据 100 %"
    );
    let played = Bench::new(interlock()).play(&signals("01110", "00b00"), 5);
    assert_eq!(played.passed()[0].verdict, Verdict::Indeterminate);
    assert!((played.passed()[0].coverage - 2.0 / 3.0).abs() < 1e-9);
}
