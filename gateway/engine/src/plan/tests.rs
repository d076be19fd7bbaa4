//! A plan against a reader that asks for every point alone.

use super::*;
use core::time::Duration;
use proptest::prelude::*;
use std::collections::BTreeSet;
use weir_domain::{Text, Unit, ValueKind};
use weir_profiles::{DataType, PointDef, RegisterSource, WordOrder};

fn text() -> Text {
    Text { zh: String::new(), en: String::new() }
}

fn point(index: usize, kind: RegisterKind, address: u16, data_type: DataType) -> PointDef {
    PointDef {
        id: format!("p{index}").parse().unwrap(),
        name: text(),
        parameter: "ph".parse().unwrap(),
        unit: Unit::One,
        kind: ValueKind::Number,
        range: None,
        decimals: 2,
        states: Vec::new(),
        source: Source::Register(RegisterSource {
            kind,
            address: RegisterAddress(address),
            data_type,
            order: WordOrder::Abcd,
            scale: 1.0,
            offset: 0.0,
            sentinels: Vec::new(),
        }),
    }
}

fn profile(access: (u16, u16, u16), points: &[(RegisterKind, u16, DataType)]) -> Profile {
    let (registers_max, bits_max, hole_max) = access;
    let request_gap = Duration::ZERO;
    let point = |(i, (kind, address, t)): (usize, &(RegisterKind, u16, DataType))| {
        point(i, *kind, *address, *t)
    };
    Profile {
        id: "p".parse().unwrap(),
        name: text(),
        source: "generic".into(),
        access: Access::Modbus(ModbusAccess {
            registers_max,
            bits_max,
            hole_max,
            request_gap,
            ..ModbusAccess::default()
        }),
        info: Vec::new(),
        points: points.iter().enumerate().map(point).collect(),
    }
}

fn in_short(profile: &Profile) -> Vec<(u16, u16, Vec<usize>)> {
    plan(profile).into_iter().map(|r| (r.start.0, r.count, r.points)).collect()
}

#[test]
fn neighbours_holes_and_limits() {
    use DataType::{F32, F64, U16};
    use RegisterKind::{HoldingRegister as H, InputRegister as I};
    let points = [(H, 0, F32), (H, 2, U16), (H, 6, F32), (I, 0, U16), (H, 9, F64)];
    let with = |access| in_short(&profile(access, &points));
    assert_eq!(
        with((125, 2000, 0)),
        [(0, 3, vec![0, 1]), (6, 2, vec![2]), (9, 4, vec![4]), (0, 1, vec![3])]
    );
    assert_eq!(with((125, 2000, 3)), [(0, 13, vec![0, 1, 2, 4]), (0, 1, vec![3])]);
    assert_eq!(with((8, 2000, 3)), [(0, 8, vec![0, 1, 2]), (9, 4, vec![4]), (0, 1, vec![3])]);
    assert_eq!(with((1, 2000, 3)).len(), 5, "a value is never split, whatever the limit");
    assert_eq!(plan_without_holes(&profile((125, 2000, 3), &points)).len(), 4);
}

#[test]
fn bits_of_one_register_and_the_last_register_of_all() {
    use RegisterKind::HoldingRegister as H;
    let bits = [(H, 5, DataType::Bit(0)), (H, 5, DataType::Bit(9)), (H, 65535, DataType::U16)];
    let requests = in_short(&profile((125, 2000, 0), &bits));
    assert_eq!(requests, [(5, 1, vec![0, 1]), (65535, 1, vec![2])]);
    // Beyond the last address: a fault of the profile that the client's check refuses.
    let beyond = in_short(&profile((125, 2000, 0), &[(H, 65535, DataType::F32)]));
    assert_eq!(beyond, [(65535, 2, vec![0])]);
}

fn kinds() -> impl Strategy<Value = RegisterKind> {
    prop::sample::select(vec![
        RegisterKind::Coil,
        RegisterKind::DiscreteInput,
        RegisterKind::HoldingRegister,
        RegisterKind::InputRegister,
    ])
}

fn points() -> impl Strategy<Value = Vec<(RegisterKind, u16, DataType)>> {
    let types = prop_oneof![
        (0..16u8).prop_map(DataType::Bit),
        prop::sample::select(vec![DataType::U16, DataType::I32, DataType::F32, DataType::F64]),
    ];
    let address = prop_oneof![0..300u16, 65_000..65_530u16];
    prop::collection::vec((kinds(), address, types), 1..60)
}

/// The cells a point takes, as the naive reader asks for them.
fn cells((kind, address, data_type): &(RegisterKind, u16, DataType)) -> BTreeSet<u32> {
    let width = if reads_bits(*kind) { 1 } else { data_type.registers() };
    (u32::from(*address)..u32::from(*address) + u32::from(width)).collect()
}

proptest! {
    #[test]
    fn every_point_once_whole_and_within_the_limits(
        points in points(), registers_max in 4..=125u16, bits_max in 1..=2000u16, hole_max in 0..20u16,
    ) {
        let profile = profile((registers_max, bits_max, hole_max), &points);
        let requests = plan(&profile);
        let mut covered: Vec<usize> = requests.iter().flat_map(|r| r.points.clone()).collect();
        covered.sort_unstable();
        prop_assert_eq!(covered, (0..points.len()).collect::<Vec<_>>());
        for request in &requests {
            let max = if reads_bits(request.kind) { bits_max } else { registers_max };
            prop_assert!((1..=max).contains(&request.count));
            let start = u32::from(request.start.0);
            let asked: BTreeSet<u32> = (start..start + u32::from(request.count)).collect();
            let mut used = BTreeSet::new();
            for index in &request.points {
                prop_assert_eq!(points[*index].0, request.kind);
                let cells = cells(&points[*index]);
                prop_assert!(cells.is_subset(&asked), "a value is split");
                used.extend(cells);
            }
            let mut hole = 0;
            for cell in &asked {
                hole = if used.contains(cell) { 0 } else { hole + 1 };
                prop_assert!(hole <= u32::from(hole_max));
            }
            prop_assert!(used.first() == asked.first() && used.last() == asked.last());
        }
        prop_assert!(requests.len() <= points.len());
    }

    #[test]
    fn no_two_requests_could_have_been_one(points in points(), hole_max in 0..20u16) {
        let requests = plan(&profile((125, 2000, hole_max), &points));
        for (a, b) in requests.iter().zip(requests.iter().skip(1)) {
            let max = if reads_bits(a.kind) { 2000 } else { 125 };
            let a_end = u32::from(a.start.0) + u32::from(a.count);
            // The first value of b must not fit behind a.
            let first = &points[b.points[0]];
            let end = cells(first).last().unwrap() + 1;
            let fits = end.saturating_sub(a.start.0.into()) <= max;
            let near = u32::from(b.start.0).saturating_sub(a_end) <= u32::from(hole_max);
            prop_assert!(a.kind != b.kind || !fits || !near);
        }
    }
}
