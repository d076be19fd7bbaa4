//! Whatever the profile: the same readings as value by value, nothing banned, at no greater cost.

use super::*;
use crate::decode::{Answer, decode};

/// What the device has at an address of a table.
fn content(seed: u32, kind: RegisterKind, at: u32) -> u16 {
    let mixed = (seed ^ at.rotate_left(7) ^ kind as u32).wrapping_mul(0x9E37_79B9);
    (mixed >> 11) as u16
}

fn answer(seed: u32, request: &ReadRequest) -> Answer {
    let cells = asked(request).into_iter().map(|at| content(seed, request.kind, at));
    match reads_bits(request.kind) {
        true => Answer::Bits(cells.map(|cell| cell & 1 == 1).collect()),
        false => Answer::Registers(cells.collect()),
    }
}

/// A request for one value, as the naive reader makes it.
fn alone(index: usize, place: Place, access: &ModbusAccess) -> ReadRequest {
    let (kind, address, _) = place;
    let start = if access.bits_from_zero && reads_bits(kind) { 0 } else { address };
    let end = cells(place).last().unwrap() + 1;
    let count = u16::try_from(end - u32::from(start)).unwrap_or(u16::MAX);
    ReadRequest { kind, start: RegisterAddress(start), count, points: vec![index] }
}

fn cost(requests: &[ReadRequest], timing: Timing) -> Duration {
    requests.iter().map(|request| request.duration(timing)).sum()
}

/// The requests of the naive reader that may be made at all.
fn naive(places: &[Place], access: &ModbusAccess, refused: &[AddressRange]) -> Vec<ReadRequest> {
    let requests = places.iter().enumerate().map(|(nth, place)| alone(nth, *place, access));
    let banned = [&access.forbidden, refused].concat();
    let may = |r: &ReadRequest| {
        !meets(&banned, r.kind, &asked(r)) && (r.count <= 2000 || !reads_bits(r.kind))
    };
    requests.filter(may).collect()
}

proptest! {
    #[test]
    fn a_plan_reads_what_a_naive_reader_reads(
        places in places(), access in accesses(), refused in ranges(), timing in timings(), seed: u32,
    ) {
        let profile = profile(access.clone(), &places);
        let requests = plan(&profile, timing, &refused);
        let naive = naive(&places, &access, &refused);

        let mut planned: Vec<usize> = requests.iter().flat_map(|r| r.points.clone()).collect();
        planned.sort_unstable();
        let expected: Vec<usize> = naive.iter().map(|request| request.points[0]).collect();
        prop_assert_eq!(planned, expected, "every value that may be asked for, once");

        for request in &requests {
            let answer = answer(seed, request);
            for index in &request.points {
                let alone = naive.iter().find(|r| r.points == [*index]).unwrap();
                let def = &profile.points[*index];
                let read = decode(def, request, &answer);
                prop_assert!(matches!(&read, weir_domain::Reading::Bad(_, reason)
                    if *reason == weir_domain::BadReason::SensorFailure) || read.value().is_some());
                prop_assert_eq!(read, decode(def, alone, &self::answer(seed, alone)));
            }
        }
        prop_assert!(requests.len() <= naive.len());
        prop_assert!(cost(&requests, timing) <= cost(&naive, timing));
    }

    #[test]
    fn no_request_is_more_than_the_device_bears(
        places in places(), access in accesses(), refused in ranges(), timing in timings(),
    ) {
        for request in plan(&profile(access.clone(), &places), timing, &refused) {
            let asked = asked(&request);
            prop_assert!(!meets(&access.forbidden, request.kind, &asked));
            prop_assert!(!meets(&refused, request.kind, &asked));
            prop_assert!(asked.last() <= Some(&65_535));
            let bits = reads_bits(request.kind);
            let from_zero = bits && access.bits_from_zero;
            let max = if bits { access.bits_max } else { access.registers_max };
            let widest = request.points.iter().map(|p| alone(*p, places[*p], &access).count).max();
            prop_assert!((1..=max.max(widest.unwrap())).contains(&request.count));
            let used: BTreeSet<u32> = request.points.iter().flat_map(|p| cells(places[*p])).collect();
            prop_assert!(used.is_subset(&asked), "a value is split");
            prop_assert_eq!(used.last(), asked.last());
            if from_zero {
                prop_assert_eq!(request.start.0, 0);
                continue;
            }
            prop_assert_eq!(used.first(), asked.first());
            let hole_max = access.hole_max.unwrap_or(if bits { HOLE_BITS } else { HOLE_REGISTERS });
            let mut hole = 0;
            for cell in &asked {
                hole = if used.contains(cell) { 0 } else { hole + 1 };
                prop_assert!(hole <= u32::from(hole_max));
            }
            prop_assert!(!access.one_by_one || request.count == widest.unwrap());
        }
    }

    /// Against every way to cut a few values into requests.
    #[test]
    fn no_way_to_cut_is_cheaper(
        places in prop::collection::btree_set((0..60u16).prop_map(|at| at * 2), 1..8),
        registers_max in 2..40u16, hole_max in prop::option::of(0..20u16), timing in timings(),
    ) {
        let access = ModbusAccess { registers_max, hole_max, ..ModbusAccess::default() };
        let starts: Vec<u16> = places.into_iter().collect();
        let kind = RegisterKind::InputRegister;
        let places: Vec<Place> = starts.iter().map(|at| (kind, *at, DataType::F32)).collect();
        let best = cost(&plan(&profile(access, &places), timing, &[]), timing);
        let hole_max = hole_max.unwrap_or(HOLE_REGISTERS);
        for cuts in 0..1_u32 << (starts.len() - 1) {
            let mut requests: Vec<(u16, u16)> = Vec::new();
            let mut allowed = true;
            for (nth, start) in starts.iter().enumerate() {
                match requests.last_mut() {
                    Some((first, end)) if cuts >> (nth - 1) & 1 == 0 => {
                        allowed &= *start - *end <= hole_max && start + 2 - *first <= registers_max;
                        *end = start + 2;
                    }
                    _ => requests.push((*start, start + 2)),
                }
            }
            let time: Duration = requests.iter().map(|(s, e)| timing.of(kind, u32::from(e - s))).sum();
            prop_assert!(!allowed || best <= time);
        }
    }

    #[test]
    fn info_is_planned_like_points(places in places(), access in accesses(), timing in timings()) {
        let profile = profile(access, &places);
        prop_assert_eq!(plan_info(&profile, timing), plan(&profile, timing, &[]));
    }
}
