//! The schedule on a clock of numbers: links whose units answer, die and dawdle.

use super::*;
use crate::Failure;

const SECOND: Duration = Duration::from_secs(1);

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// What asking a unit costs the line: an answer after so long, or silence while a bridge is held
/// for so long.
#[derive(Clone, Copy)]
enum Line {
    Answers(Duration),
    Silent(Duration),
}

/// A link for `length` with one device on each unit, all read every second with a timeout of a
/// second: when each was asked.
fn run(line: impl Fn(usize, Duration) -> Line, units: u8, length: Duration) -> Vec<Vec<Duration>> {
    let start = Instant::now();
    let mut all: Vec<Unit> = (0..units).map(Unit::new).collect();
    let mut turns: Vec<Turn> =
        (0..usize::from(units)).map(|unit| Turn::new(unit, SECOND, start, start)).collect();
    let mut asked = vec![Vec::new(); usize::from(units)];
    // A bridge serves one at a time, also when nobody waits for the answer any more.
    let (mut now, mut bridge_free) = (start, start);
    while now < start + length {
        match next(&turns, &all, SECOND, now) {
            Step::Wait(until) => now = until.max(now + Duration::from_nanos(1)),
            Step::Scan(device, patience) => {
                asked[device].push(now - start);
                let began = now;
                let unit = &mut all[device];
                match line(device, now - start) {
                    Line::Answers(after) if bridge_free.max(now) + after <= now + patience => {
                        now = bridge_free.max(now) + after;
                        bridge_free = now;
                        unit.answered(now - began);
                        turns[device].advance(now);
                        share_out(&mut turns, device, now - began, now);
                    }
                    Line::Answers(hold) | Line::Silent(hold) => {
                        bridge_free = bridge_free.max(now) + hold;
                        now += patience;
                        let failure = Failure::Timeout { unit: unit.id, timeout: patience };
                        unit.waited_for(patience, SECOND);
                        unit.failed(failure, now, SECOND);
                        turns[device].advance(now);
                    }
                }
            }
        }
    }
    asked
}

fn worst_gap(asked: &[Duration]) -> Duration {
    asked.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(Duration::MAX)
}

#[test]
fn the_one_due_longest_comes_first_and_nothing_drifts() {
    let start = Instant::now();
    let mut units: Vec<Unit> = (0..2).map(Unit::new).collect();
    for unit in &mut units {
        unit.answered(ms(10));
    }
    let turn = |unit, interval| Turn::new(unit, interval, start, start);
    let mut turns = [turn(0, SECOND), turn(1, 2 * SECOND)];
    let mut log = Vec::new();
    let mut now = start;
    while now < start + 4 * SECOND {
        match next(&turns, &units, SECOND, now) {
            Step::Wait(until) => now = until,
            Step::Scan(device, _) => {
                log.push((device, (now - start).as_millis()));
                now += ms(150);
                turns[device].advance(now);
            }
        }
    }
    let expected = [(0, 0), (1, 150), (0, 1000), (0, 2000), (1, 2150), (0, 3000)];
    assert_eq!(log, expected);
    assert_eq!(turns[0].take_skipped() + turns[1].take_skipped(), 0);
}

#[test]
fn grids_of_one_interval_meet_whenever_their_links_started() {
    let origin = Instant::now();
    let mut turns = [0, 1, 300, 999, 1000, 1001, 5500]
        .map(|late| Turn::new(0, SECOND, origin, origin + ms(late)));
    for turn in &mut turns {
        let first = turn.due();
        turn.advance(first);
        assert_eq!((turn.due() - origin).subsec_nanos(), 0);
        assert!(turn.due() > first && turn.due() - first <= SECOND);
    }
}

#[test]
fn a_late_tick_is_kept_and_a_lost_one_is_counted() {
    let start = Instant::now();
    let mut turn = Turn::new(0, SECOND, start, start);
    turn.advance(start + ms(1900));
    assert_eq!((turn.due() - start, turn.take_skipped()), (SECOND, 0), "late, but kept");
    turn.advance(start + ms(4500));
    assert_eq!((turn.due() - start, turn.take_skipped()), (4 * SECOND, 2));
    turn.advance(start + ms(4600));
    assert_eq!(turn.due() - start, 5 * SECOND, "on the grid still");
}

#[test]
fn a_probe_waits_for_a_gap_but_not_for_ever() {
    let start = Instant::now();
    let mut units: Vec<Unit> = (0..2).map(Unit::new).collect();
    units[0].answered(ms(5));
    for _ in 0..2 {
        units[1].failed(Failure::Timeout { unit: 1, timeout: SECOND }, start, SECOND);
    }
    let open = units[1].breaker.open().expect("two failures");
    let turns = |due| [Turn::new(0, SECOND, start, due), Turn::new(1, SECOND, start, start)];

    let soon = open.probe_at + ms(400);
    let at = open.probe_at;
    assert_eq!(next(&turns(soon), &units, SECOND, at), Step::Wait(soon), "too small a gap");
    let fits = open.probe_at + ms(800);
    assert_eq!(next(&turns(fits), &units, SECOND, at), Step::Scan(1, ms(795)), "cut to the gap");
    let by = open.probe_by;
    assert_eq!(next(&turns(by), &units, SECOND, by), Step::Scan(0, SECOND), "first who answers");
    assert_eq!(next(&turns(by + ms(9)), &units, SECOND, by), Step::Scan(1, SECOND), "at last");
    let busy = by + 2 * SECOND;
    assert_eq!(next(&turns(busy), &units, SECOND, busy), Step::Scan(1, SECOND), "in any case");
    let (early, late) = (open.probe_at - SECOND, open.probe_at + 5 * SECOND);
    assert_eq!(next(&turns(late), &units, SECOND, early), Step::Wait(open.probe_at));
    assert_eq!(next(&turns(early), &units, SECOND, early), Step::Scan(0, SECOND));
}

/// W6: one unit of ten never answers, and holds the bridge for 300 ms each time.
#[test]
fn a_dead_unit_costs_the_others_nothing() {
    let line = |device, _| match device {
        3 => Line::Silent(ms(300)),
        _ => Line::Answers(ms(5)),
    };
    for length in [10, 3600] {
        let asked = run(line, 10, length * SECOND);
        for (device, asked) in asked.iter().enumerate().filter(|(device, _)| *device != 3) {
            assert!(asked.len() >= length as usize, "{device}: {} in {length} s", asked.len());
            let gap = worst_gap(asked);
            assert!(gap <= ms(1100), "{device}: {gap:?} between two polls");
        }
        let probes = asked[3].len();
        let expected = if length == 10 { 2..=4 } else { 50..=80 };
        assert!(expected.contains(&probes), "{probes} probes in {length} s");
    }
}

/// Nor do three of them.
#[test]
fn three_dead_units_cost_the_others_nothing() {
    let line = |device, _| match device {
        0 | 3 | 9 => Line::Silent(ms(300)),
        _ => Line::Answers(ms(5)),
    };
    let asked = run(line, 10, 600 * SECOND);
    for device in [1, 2, 4, 5, 6, 7, 8] {
        // The very first is asked before anybody is known to answer.
        assert!(asked[device].len() >= 595, "{device}: {}", asked[device].len());
        assert!(worst_gap(&asked[device]) <= ms(1100), "{device}: {:?}", worst_gap(&asked[device]));
    }
    assert!(asked[9].len() >= 10, "asked again and again all the same");
}

/// A unit that dies is waited for once.
#[test]
fn a_unit_that_dies_costs_one_timeout() {
    let line = |device, at: Duration| match device {
        3 if at > 10 * SECOND => Line::Silent(ms(300)),
        _ => Line::Answers(ms(5)),
    };
    let asked = run(line, 10, 600 * SECOND);
    for device in [0, 1, 2, 4, 5, 6, 7, 8, 9] {
        let asked = &asked[device];
        assert!(worst_gap(asked) <= ms(2100), "{device}: {:?}", worst_gap(asked));
        let late = asked.windows(2).filter(|pair| pair[1] - pair[0] > ms(1100)).count();
        assert!(late <= 1 && asked.len() >= 599, "{device}: {late} late of {}", asked.len());
    }
}

/// A unit that does answer, but takes longer than everybody's interval, leaves the line to others.
#[test]
fn a_slow_unit_takes_no_more_than_its_share() {
    let line = |device, _| match device {
        0 => Line::Answers(ms(950)),
        _ => Line::Answers(ms(60)),
    };
    let asked = run(line, 10, 600 * SECOND);
    for (device, asked) in asked.iter().enumerate().skip(1) {
        assert!(asked.len() >= 500, "{device}: {} of 600", asked.len());
    }
    assert!((50..300).contains(&asked[0].len()), "{}", asked[0].len());
}

/// A unit that needs most of the timeout, on a line without so long a gap, is not taken for dead.
#[test]
fn a_slow_unit_is_not_a_dead_one() {
    let line = |device, _| match device {
        9 => Line::Answers(ms(800)),
        _ => Line::Answers(ms(30)),
    };
    let asked = run(line, 10, 600 * SECOND);
    assert!(asked[9].len() >= 60, "asked as one that answers: {}", asked[9].len());
    for (device, asked) in asked.iter().enumerate().take(9) {
        assert!(asked.len() >= 500, "{device}: {} of 600", asked.len());
    }
}

#[test]
fn again_at_once_leaves_room_for_the_others() {
    let start = Instant::now();
    let mut units: Vec<Unit> = (0..3).map(Unit::new).collect();
    let turn = |unit, interval| Turn::new(unit, interval, start, start);
    let mut turns = [turn(0, Duration::ZERO), turn(1, Duration::ZERO), turn(2, ms(100))];
    let (mut asked, mut now) = ([0; 3], start);
    while now < start + SECOND {
        let Step::Scan(device, _) = next(&turns, &units, SECOND, now) else {
            panic!("somebody is always due")
        };
        asked[device] += 1;
        now += ms(1);
        units[device].answered(ms(1));
        turns[device].advance(now);
    }
    assert_eq!(asked[2], 10, "the one with an interval keeps it");
    assert_eq!(asked.iter().sum::<i32>(), 1000, "and the line is never idle");
    assert!(asked[0].abs_diff(asked[1]) <= 1, "in turns: {asked:?}");
}
