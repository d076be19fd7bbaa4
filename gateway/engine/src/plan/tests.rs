//! A plan against a reader that asks for every value alone, and a bisection against a device that
//! refuses what it likes.

mod bisection;
mod examples;
mod properties;

use super::*;
use core::time::Duration;
use proptest::prelude::*;
use std::collections::BTreeSet;
use weir_domain::{Text, Unit, ValueKind};
use weir_profiles::{DataType, InfoDef, PointDef, RegisterSource, Source, WordOrder};

/// Where a value stands.
type Place = (RegisterKind, u16, DataType);

const ANY: Timing =
    Timing { request: Duration::from_millis(20), byte: Duration::from_micros(1_000) };

fn text() -> Text {
    Text { zh: String::new(), en: String::new() }
}

fn source((kind, address, data_type): Place) -> RegisterSource {
    RegisterSource {
        kind,
        address: RegisterAddress(address),
        data_type,
        order: WordOrder::Abcd,
        scale: 1.0,
        offset: 0.0,
        sentinels: Vec::new(),
    }
}

fn point(index: usize, place: Place) -> PointDef {
    PointDef {
        id: format!("p{index}").parse().unwrap(),
        name: text(),
        parameter: "ph".parse().unwrap(),
        unit: Unit::One,
        kind: ValueKind::Number,
        range: None,
        decimals: 2,
        states: Vec::new(),
        source: Source::Register(source(place)),
    }
}

fn profile(access: ModbusAccess, places: &[Place]) -> Profile {
    let info = |(index, place): (usize, &Place)| InfoDef {
        id: format!("i{index}").parse().unwrap(),
        name: text(),
        source: source(*place),
    };
    Profile {
        id: "p".parse().unwrap(),
        name: text(),
        source: "generic".into(),
        access: Access::Modbus(access),
        info: places.iter().enumerate().map(info).collect(),
        points: places.iter().enumerate().map(|(nth, place)| point(nth, *place)).collect(),
    }
}

fn range(kind: RegisterKind, first: u16, last: u16) -> AddressRange {
    AddressRange { kind, first: RegisterAddress(first), last: RegisterAddress(last) }
}

/// The addresses that a value takes, in its table.
fn cells((kind, address, data_type): Place) -> BTreeSet<u32> {
    let width = if reads_bits(kind) { 1 } else { data_type.registers() };
    (u32::from(address)..u32::from(address) + u32::from(width)).collect()
}

/// The addresses that a request asks for.
fn asked(request: &ReadRequest) -> BTreeSet<u32> {
    let start = u32::from(request.start.0);
    (start..start + u32::from(request.count)).collect()
}

fn meets(ranges: &[AddressRange], kind: RegisterKind, cells: &BTreeSet<u32>) -> bool {
    let within = |cell: &u32| {
        ranges.iter().any(|range| {
            let place = u32::from(range.first.0)..=u32::from(range.last.0);
            range.kind == kind && place.contains(cell)
        })
    };
    cells.iter().any(within)
}

fn kinds() -> impl Strategy<Value = RegisterKind> {
    prop::sample::select(vec![
        RegisterKind::Coil,
        RegisterKind::DiscreteInput,
        RegisterKind::HoldingRegister,
        RegisterKind::InputRegister,
    ])
}

fn places() -> impl Strategy<Value = Vec<Place>> {
    let types = prop_oneof![
        (0..16u8).prop_map(DataType::Bit),
        prop::sample::select(vec![DataType::U16, DataType::I32, DataType::F32, DataType::F64]),
    ];
    let address = prop_oneof![0..300u16, 65_400..=65_532u16];
    let place = (kinds(), address, types).prop_map(|(kind, at, data_type)| match kind {
        RegisterKind::Coil | RegisterKind::DiscreteInput => (kind, at, DataType::Bit(0)),
        _ => (kind, at, data_type),
    });
    // The last address of all, too.
    let place = prop_oneof![
        20 => place,
        1 => kinds().prop_map(|kind| (kind, 65_535, DataType::Bit(3))),
        1 => Just((RegisterKind::InputRegister, 65_534, DataType::F32)),
    ];
    prop::collection::vec(place, 1..60)
}

fn ranges() -> impl Strategy<Value = Vec<AddressRange>> {
    let range = (kinds(), prop_oneof![0..300u16, 65_400..=65_535u16], 0..6u16)
        .prop_map(|(kind, first, more)| range(kind, first, first.saturating_add(more)));
    prop::collection::vec(range, 0..8)
}

fn accesses() -> impl Strategy<Value = ModbusAccess> {
    let quirk = || prop::bool::weighted(0.15);
    let hole_max = prop::option::of(0..20u16);
    (4..=125u16, 1..=2000u16, hole_max, ranges(), quirk(), quirk()).prop_map(
        |(registers_max, bits_max, hole_max, forbidden, one_by_one, bits_from_zero)| ModbusAccess {
            registers_max,
            bits_max,
            hole_max,
            forbidden,
            one_by_one,
            bits_from_zero,
            ..ModbusAccess::default()
        },
    )
}

fn timings() -> impl Strategy<Value = Timing> {
    (0..100_000u64, 0..3_000u64).prop_map(|(request, byte)| Timing {
        request: Duration::from_micros(request),
        byte: Duration::from_micros(byte),
    })
}
