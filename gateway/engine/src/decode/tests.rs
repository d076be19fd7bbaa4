//! Golden answers in every type and order, and answers at random.

mod explained;
mod types;

use super::*;
use proptest::prelude::*;
use weir_domain::{Text, Unit};
use weir_profiles::{FieldSource, Half, RegisterAddress, RegisterKind, State, WordOrder};

fn def(data_type: DataType, order: WordOrder) -> PointDef {
    PointDef {
        id: "p".parse().unwrap(),
        name: Text { zh: String::new(), en: String::new() },
        parameter: "ph".parse().unwrap(),
        unit: Unit::One,
        kind: ValueKind::Number,
        range: None,
        decimals: 2,
        states: Vec::new(),
        source: Source::Register(RegisterSource {
            kind: RegisterKind::HoldingRegister,
            address: RegisterAddress(10),
            data_type,
            order,
            scale: 1.0,
            offset: 0.0,
            sentinels: Vec::new(),
        }),
    }
}

fn register(def: &mut PointDef) -> &mut RegisterSource {
    match &mut def.source {
        Source::Register(source) => source,
        Source::Field(_) => unreachable!("made above"),
    }
}

fn request(start: u16, count: u16) -> ReadRequest {
    let kind = RegisterKind::HoldingRegister;
    ReadRequest { kind, start: RegisterAddress(start), count, points: vec![0] }
}

fn read(def: &PointDef, registers: &[u16]) -> Reading {
    decode(def, &request(10, 4), &Answer::Registers(registers.to_vec()))
}

fn good(def: &PointDef, registers: &[u16]) -> f64 {
    read(def, registers).good().unwrap_or_else(|| panic!("{def:?} of {registers:04X?}")).get()
}

#[test]
fn every_type_in_every_order() {
    use DataType::{F32, F64, I16, I32, U16, U32};
    use WordOrder::{Abcd, Badc, Cdab, Dcba};
    let cases: [(DataType, WordOrder, &[u16], f64); 22] = [
        (U16, Abcd, &[0x1234], 4660.0),
        (U16, Cdab, &[0x1234], 4660.0),
        (U16, Badc, &[0x3412], 4660.0),
        (U16, Dcba, &[0x3412], 4660.0),
        (I16, Abcd, &[0xFFFE], -2.0),
        (I16, Badc, &[0xFEFF], -2.0),
        (U32, Abcd, &[0x0102, 0x0304], 16_909_060.0),
        (U32, Cdab, &[0x0304, 0x0102], 16_909_060.0),
        (U32, Badc, &[0x0201, 0x0403], 16_909_060.0),
        (U32, Dcba, &[0x0403, 0x0201], 16_909_060.0),
        (U32, Abcd, &[0xFFFF, 0xFFFF], 4_294_967_295.0),
        (I32, Abcd, &[0xFFFF, 0xFFFE], -2.0),
        (I32, Cdab, &[0xFFFE, 0xFFFF], -2.0),
        (F32, Abcd, &[0x40E3, 0x3333], 7.1),
        (F32, Cdab, &[0x3333, 0x40E3], 7.1),
        (F32, Badc, &[0xE340, 0x3333], 7.1),
        (F32, Dcba, &[0x3333, 0xE340], 7.1),
        (F32, Abcd, &[0x0000, 0x0000], 0.0),
        (F64, Abcd, &[0x401C, 0x6666, 0x6666, 0x6666], 7.1),
        (F64, Cdab, &[0x6666, 0x6666, 0x6666, 0x401C], 7.1),
        (F64, Badc, &[0x1C40, 0x6666, 0x6666, 0x6666], 7.1),
        (F64, Dcba, &[0x6666, 0x6666, 0x6666, 0x1C40], 7.1),
    ];
    for (data_type, order, registers, value) in cases {
        assert_eq!(good(&def(data_type, order), registers), value, "{data_type:?} {order:?}");
    }
}

#[test]
fn decimals_stay_decimals() {
    let cases = [
        (DataType::U16, 0.1, 0.0, &[3][..], 0.3),
        (DataType::U16, 0.01, 0.0, &[708], 7.08),
        (DataType::I16, 0.1, -40.0, &[403], 0.3),
        (DataType::U32, 0.001, 0.0, &[0, 65_535], 65.535),
        (DataType::U16, 0.05, 0.0, &[9], 0.45),
        (DataType::U16, 2.5, 1.0, &[3], 8.5),
        (DataType::U16, -0.1, 0.0, &[3], -0.3),
        (DataType::F32, 1.0, 0.0, &[0x3E99, 0x999A], 0.3),
    ];
    for (data_type, scale, offset, registers, value) in cases {
        let mut def = def(data_type, WordOrder::Abcd);
        (register(&mut def).scale, register(&mut def).offset) = (scale, offset);
        assert_eq!(good(&def, registers), value, "{registers:?} × {scale} + {offset}");
    }
}

#[test]
fn what_is_no_measurement_is_a_failure_of_the_sensor() {
    let failure = Reading::Bad(None, BadReason::SensorFailure);
    for registers in [[0x7FC0, 0], [0xFFFF, 0xFFFF], [0x7F80, 0], [0xFF80, 0]] {
        assert_eq!(read(&def(DataType::F32, WordOrder::Abcd), &registers), failure);
    }
    let sentinels: [(DataType, i64, &[u16]); 8] = [
        (DataType::I16, 0x7FFF, &[0x7FFF]),
        (DataType::I16, 0x8000, &[0x8000]),
        (DataType::I16, -32_768, &[0x8000]),
        (DataType::U16, 0xFFFF, &[0xFFFF]),
        (DataType::U16, -1, &[0xFFFF]),
        (DataType::I32, 0x8000_0000, &[0x8000, 0]),
        (DataType::U32, -1, &[0xFFFF, 0xFFFF]),
        (DataType::F32, -9999, &[0xC61C, 0x3C00]),
    ];
    for (data_type, sentinel, registers) in sentinels {
        let mut def = def(data_type, WordOrder::Abcd);
        register(&mut def).sentinels = vec![5, sentinel, i64::MIN, i64::MAX];
        assert_eq!(read(&def, registers), failure, "{sentinel} of {data_type:?}");
        register(&mut def).sentinels = Vec::new();
        assert!(read(&def, registers).good().is_some(), "{sentinel} of {data_type:?} otherwise");
    }
}

#[test]
fn the_range_is_inclusive_and_keeps_the_value() {
    let mut def = def(DataType::U16, WordOrder::Abcd);
    def.range = Some((0.3, 14.0));
    register(&mut def).scale = 0.1;
    assert_eq!(good(&def, &[140]), 14.0);
    assert_eq!(good(&def, &[3]), 0.3);
    let reason = UncertainReason::EngineeringUnitsExceeded;
    let beyond = |tenths, value| (tenths, Reading::Uncertain(Value::new(value).unwrap(), reason));
    for (tenths, reading) in [beyond(141, 14.1), beyond(2, 0.2)] {
        assert_eq!(read(&def, &[tenths]), reading);
    }
}

#[test]
fn bits_are_off_or_on() {
    for (bit, word, on) in [(0, 1, 1.0), (1, 1, 0.0), (15, 0x8000, 1.0), (8, 0x0100, 1.0)] {
        assert_eq!(good(&def(DataType::Bit(bit), WordOrder::Abcd), &[word]), on);
    }
    assert_eq!(good(&def(DataType::Bit(0), WordOrder::Badc), &[0x0100]), 1.0);
    assert!(read(&def(DataType::Bit(16), WordOrder::Abcd), &[1]).good().is_none());

    let mut switch = def(DataType::U16, WordOrder::Abcd);
    switch.kind = ValueKind::Boolean;
    assert_eq!((good(&switch, &[0xFF00]), good(&switch, &[0])), (1.0, 0.0));

    let mut input = def(DataType::Bit(0), WordOrder::Abcd);
    register(&mut input).kind = RegisterKind::DiscreteInput;
    let kind = RegisterKind::DiscreteInput;
    let request = ReadRequest { kind, start: RegisterAddress(8), count: 3, points: vec![0] };
    let answer = Answer::Bits(vec![false, false, true]);
    assert_eq!(decode(&input, &request, &answer), Reading::Good(Value::from(true)));
    let short = Answer::Bits(vec![false, false]);
    let bad = Reading::Bad(None, BadReason::CommFailure);
    assert_eq!(decode(&input, &request, &short), bad);
    assert_eq!(decode(&input, &request, &Answer::Registers(vec![1, 1, 1])), bad);
}

#[test]
fn an_answer_without_the_point_is_no_reading() {
    let def = def(DataType::F32, WordOrder::Abcd);
    let bad = Reading::Bad(None, BadReason::CommFailure);
    assert_eq!(read(&def, &[0x40E3]), bad, "too short");
    assert_eq!(decode(&def, &request(11, 2), &Answer::Registers(vec![0; 2])), bad, "before it");
    assert_eq!(decode(&def, &request(0, 8), &Answer::Registers(vec![0; 8])), bad, "behind it");
    let other = ReadRequest { kind: RegisterKind::InputRegister, ..request(10, 2) };
    assert_eq!(decode(&def, &other, &Answer::Registers(vec![0; 2])), bad, "another table");
    let field = PointDef { source: Source::Field(FieldSource::named("ph")), ..def };
    assert_eq!(read(&field, &[0; 4]), Reading::Bad(None, BadReason::ConfigurationError));
}

proptest! {
    #[test]
    fn whatever_comes_a_good_reading_is_a_number_in_range(
        kind in 0..14usize, order in 0..5usize, start in 0..20u16,
        registers in prop::collection::vec(any::<u16>(), 0..12),
        scale in prop_oneof![Just(0.0), any::<f64>(), 1e-3..10.0], offset in any::<f64>(),
        sentinels in prop::collection::vec(any::<i64>(), 0..3),
    ) {
        use DataType::{Bcd32, Bit, Bits, F16, F32, F64, I16, I32, I64, Text, U8, U16, U32, U64};
        let bits = Bits { low: 30, high: 90, registers: 9 };
        let data_type = [
            Bit(200), U16, I16, U32, I32, F32, F64, U8(Half::High), I64, U64, F16, Bcd32, Text(200), bits,
        ][kind];
        let words = WordOrder::Words { words: [9, 9, 0, 255], swapped: true };
        let order = [WordOrder::Abcd, WordOrder::Cdab, WordOrder::Badc, WordOrder::Dcba, words][order];
        let mut def = def(data_type, order);
        def.range = Some((-100.0, 100.0));
        let source = register(&mut def);
        (source.scale, source.offset, source.sentinels) = (scale, offset, sentinels);
        let request = request(start, u16::try_from(registers.len()).unwrap());
        let answer = Answer::Registers(registers);
        if let Some(value) = decode(&def, &request, &answer).good() {
            prop_assert!(value.get().abs() <= 100.0 + scale.abs());
        }
        let _ = explain(&def, &request, &answer);
        let Source::Register(source) = &def.source else { unreachable!() };
        let _ = decode_info(source, &request, &answer);
    }

    #[test]
    fn scaling_is_as_good_as_arithmetic_allows(raw in any::<u16>(), k in 0..4i32, zero in -400..400i32) {
        let scale = 1.0 / 10f64.powi(k);
        let offset = f64::from(zero) / 10.0;
        let mut def = def(DataType::U16, WordOrder::Abcd);
        (register(&mut def).scale, register(&mut def).offset) = (scale, offset);
        let value = good(&def, &[raw]);
        let plain = f64::from(raw) * scale + offset;
        prop_assert!((value - plain).abs() <= 1e-9 * plain.abs().max(1.0));
        // It is the double that stands for the decimal.
        let text = format!("{value:.*}", k.max(1) as usize);
        prop_assert_eq!(text.parse::<f64>().unwrap(), value);
    }
}
