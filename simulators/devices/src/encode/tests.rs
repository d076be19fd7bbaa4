//! Registers computed by hand, and what the gateway's own decoder makes of the registers of any
//! value in any type and order.

use super::*;
use proptest::prelude::*;
use weir_domain::{BadReason, Reading, Text, Unit, ValueKind};
use weir_engine::decode::decode_slice;
use weir_profiles::{PointDef, RegisterAddress, RegisterKind, Source, State};

fn source(data_type: DataType, order: WordOrder) -> RegisterSource {
    RegisterSource {
        kind: RegisterKind::InputRegister,
        address: RegisterAddress(0),
        data_type,
        order,
        scale: 1.0,
        offset: 0.0,
        sentinels: vec![],
    }
}

#[test]
fn vectors_computed_by_hand() {
    use {DataType::*, WordOrder::*};
    // 3.14159274 is 0x40490FDB; 123456789 is 0x075BCD15; -2 is all ones but the last.
    let cases: &[(DataType, WordOrder, f64, &[u16])] = &[
        (F32, Abcd, 3.141_592_74, &[0x4049, 0x0FDB]),
        (F32, Cdab, 3.141_592_74, &[0x0FDB, 0x4049]),
        (F32, Badc, 3.141_592_74, &[0x4940, 0xDB0F]),
        (F32, Dcba, 3.141_592_74, &[0xDB0F, 0x4940]),
        (U32, Abcd, 123_456_789.0, &[0x075B, 0xCD15]),
        (U32, Cdab, 123_456_789.0, &[0xCD15, 0x075B]),
        (I32, Badc, -2.0, &[0xFFFF, 0xFEFF]),
        (I16, Abcd, -2.0, &[0xFFFE]),
        (I16, Dcba, -2.0, &[0xFEFF]),
        (U16, Abcd, 65_535.4, &[0xFFFF]),
        (U16, Abcd, -3.0, &[0]),
        (U16, Abcd, 1e9, &[0xFFFF]),
        (I32, Abcd, f64::NEG_INFINITY, &[0x8000, 0]),
        (F64, Abcd, 1.0, &[0x3FF0, 0, 0, 0]),
        (F64, Cdab, 1.0, &[0, 0, 0, 0x3FF0]),
        (F64, Badc, 1.0, &[0xF03F, 0, 0, 0]),
        (F64, Dcba, 1.0, &[0, 0, 0, 0xF03F]),
        (U64, Abcd, 81_985_529_216_486_900.0, &[0x0123, 0x4567, 0x89AB, 0xCDF0]),
        (U64, Words { words: [2, 3, 0, 1], swapped: false }, 4_295_098_371.0, &[2, 3, 0, 1]),
        (
            U64,
            Words { words: [1, 0, 3, 2], swapped: true },
            4_295_098_371.0,
            &[0x100, 0, 0x300, 0x200],
        ),
        (U64, Abcd, 1e30, &[0xFFFF; 4]),
        (I64, Dcba, -2.0, &[0xFEFF, 0xFFFF, 0xFFFF, 0xFFFF]),
        (U8(Half::High), Abcd, 255.0, &[0xFF00]),
        (U8(Half::Low), Abcd, 300.0, &[0x00FF]),
        (I8(Half::High), Abcd, -2.0, &[0xFE00]),
        (I8(Half::Low), Abcd, -2.0, &[0x00FE]),
        (F16, Abcd, 7.1, &[0x471A]),
        (F16, Badc, -2.0, &[0x00C0]),
        (F16, Abcd, 1e9, &[0x7BFF]),
        (F16, Abcd, 2047.9, &[0x6800]),
        (F16, Abcd, 6e-8, &[0x0001]),
        (F16, Abcd, 0.0, &[0]),
        (Bcd16, Abcd, 1_234.0, &[0x1234]),
        (Bcd32, Cdab, 12_345_678.0, &[0x5678, 0x1234]),
        (Bcd64, Abcd, 9e99, &[0x9999; 4]),
        (Bits { low: 4, high: 7, registers: 1 }, Abcd, 9.0, &[0x0090]),
        (Bits { low: 4, high: 7, registers: 1 }, Abcd, 99.0, &[0x00F0]),
        (Bits { low: 12, high: 19, registers: 2 }, Cdab, 255.0, &[0xF000, 0x000F]),
        (Bit(3), Abcd, 1.0, &[0b1000]),
        (Bit(15), Abcd, 1.0, &[0x8000]),
        (Bit(3), Abcd, 0.0, &[0]),
    ];
    for (kind, order, value, expected) in cases {
        let registers = registers(&source(*kind, *order), Some(*value));
        assert_eq!(registers.as_deref(), Some(*expected), "{kind:?} {order:?} {value}");
    }
}

#[test]
fn scale_and_offset_are_undone() {
    let mut ph = source(DataType::U16, WordOrder::Abcd);
    ph.scale = 0.01;
    assert_eq!(registers(&ph, Some(7.304)), Some(vec![730]));
    assert!((through(&ph, 7.304) - 7.30).abs() < 1e-12);
    ph.offset = -40.0;
    assert_eq!(registers(&ph, Some(21.5)), Some(vec![6_150]));
}

#[test]
fn no_measurement_is_a_sentinel_a_nan_or_cannot_be_said() {
    let mut int = source(DataType::I16, WordOrder::Abcd);
    assert_eq!(registers(&int, None), None);
    assert!(!can_say_nothing(&int));
    int.sentinels = vec![70_000, 0x7FFF, -32_768];
    assert_eq!(registers(&int, None), Some(vec![0x7FFF]), "the first that fits the type");
    assert_eq!(registers(&int, Some(1e6)), Some(vec![0x7FFE]), "a value is never a sentinel");
    assert_eq!(registers(&int, Some(f64::NAN)), Some(vec![0x7FFF]));
    let mut float = source(DataType::F32, WordOrder::Abcd);
    let nan = registers(&float, None).unwrap();
    assert!(f32::from_bits(u32::from(nan[0]) << 16 | u32::from(nan[1])).is_nan());
    float.sentinels = vec![-1];
    assert_eq!(registers(&float, None), Some(vec![0xBF80, 0]));
    assert_eq!(registers(&source(DataType::Bit(0), WordOrder::Abcd), None), None);
}

#[test]
fn sentinels_may_be_written_as_bits() {
    let mut double = source(DataType::F32, WordOrder::Abcd);
    double.sentinels = vec![0xC61C_3C00];
    assert_eq!(registers(&double, None), Some(vec![0xC61C, 0x3C00]));
    let mut total = source(DataType::U64, WordOrder::Abcd);
    total.sentinels = vec![-1];
    assert_eq!(registers(&total, None), Some(vec![0xFFFF; 4]));
    assert_eq!(registers(&total, Some(1e30)), Some(vec![0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE]));
}

#[test]
fn a_text_stands_in_its_registers() {
    let text = |order, word| super::text(&source(DataType::Text(3), order), word);
    assert_eq!(text(WordOrder::Abcd, "IDLE"), Some(vec![0x4944, 0x4C45, 0]));
    assert_eq!(text(WordOrder::Badc, "IDL"), Some(vec![0x4449, 0x004C, 0]));
    assert_eq!(text(WordOrder::Abcd, "IDLEIDLE"), Some(vec![0x4944, 0x4C45, 0x4944]));
    assert_eq!(super::text(&source(DataType::U16, WordOrder::Abcd), "IDLE"), None);
    assert_eq!(registers(&source(DataType::Text(3), WordOrder::Abcd), Some(1.0)), None);
}

/// A point of the gateway that is read from these registers.
fn point(source: RegisterSource, states: Vec<State>) -> PointDef {
    PointDef {
        id: "p".parse().unwrap(),
        name: Text { zh: String::new(), en: String::new() },
        parameter: "p".parse().unwrap(),
        unit: Unit::One,
        kind: ValueKind::Number,
        range: None,
        decimals: 2,
        states,
        source: Source::Register(source),
    }
}

fn integers() -> impl Strategy<Value = DataType> {
    use DataType::{Bcd16, Bcd32, Bcd64, Bits, I8, I16, I32, I64, U8, U16, U32, U64};
    prop_oneof![
        prop::sample::select(vec![
            U16,
            I16,
            U32,
            I32,
            U64,
            I64,
            Bcd16,
            Bcd32,
            Bcd64,
            U8(Half::High),
            U8(Half::Low),
            I8(Half::High),
            I8(Half::Low),
        ]),
        (0..31_u8, 1..31_u8).prop_map(|(low, more)| {
            let high = (low + more).min(31);
            Bits { low, high, registers: if high < 16 { 1 } else { 2 } }
        }),
    ]
}

fn orders() -> impl Strategy<Value = WordOrder> {
    let words = Just([0_u8, 1, 2, 3]).prop_shuffle();
    prop_oneof![
        prop::sample::select(vec![
            WordOrder::Abcd,
            WordOrder::Cdab,
            WordOrder::Badc,
            WordOrder::Dcba,
        ]),
        (words, any::<bool>()).prop_map(|(words, swapped)| WordOrder::Words { words, swapped }),
    ]
}

/// An order of whole words is one of eight bytes only, and one byte has none.
fn fitting(data_type: DataType, order: WordOrder) -> WordOrder {
    match order {
        _ if matches!(data_type, DataType::U8(_) | DataType::I8(_)) => WordOrder::Abcd,
        WordOrder::Words { .. } if data_type.registers() != 4 => WordOrder::Badc,
        order => order,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Integers of every type, order and scale: the gateway reads what is left of the value.
    #[test]
    fn the_gateway_reads_the_integer_that_was_sent(
        data_type in integers(), order in orders(), digits in 0..4_i32, offset in -40..40_i32,
        raw in prop_oneof![-300..300_i64, any::<i64>()],
        noise: u16, sentinels in prop::collection::vec(prop_oneof![-300..300_i64, any::<i64>()], 0..3),
    ) {
        let order = fitting(data_type, order);
        let scale = 1.0 / 10_f64.powi(digits);
        let source = RegisterSource { scale, offset: offset.into(), sentinels, ..source(data_type, order) };
        let value = raw as f64 * scale + f64::from(offset);
        let mut sent = registers(&source, Some(value)).unwrap();
        // What else is in a shared register does not matter.
        match data_type {
            DataType::U8(Half::High) | DataType::I8(Half::High) => sent[0] |= noise & 0xFF,
            DataType::U8(Half::Low) | DataType::I8(Half::Low) => sent[0] |= noise << 8,
            _ => {}
        }
        let left = through(&source, value);
        let reading = decode_slice(&point(source.clone(), Vec::new()), &sent);
        if let Some(value) = reading.value() {
            prop_assert!((value.get() - left).abs() <= 1e-9 * left.abs().max(1.0), "{reading:?} {left}");
        }
        // A sentinel of the type's other sign has the bits of another value.
        let wide = raw_of(&source, left).abs() > 2_f64.powi(52);
        let good = reading.good().is_some();
        prop_assert!(good || wide || reading == Reading::Bad(None, BadReason::SensorFailure));
        prop_assert!(good || wide || !source.sentinels.is_empty(), "{reading:?}");
    }

    #[test]
    fn the_gateway_reads_the_float_that_was_sent(
        kind in 0..3_usize, order in orders(), digits in 0..4_i32, value in -60_000_000..60_000_000_i32,
    ) {
        let data_type = [DataType::F16, DataType::F32, DataType::F64][kind];
        let source = source(data_type, fitting(data_type, order));
        let value = f64::from(value) / 1_000.0 / 10_f64.powi(digits);
        let sent = registers(&source, Some(value)).unwrap();
        let got = decode_slice(&point(source.clone(), Vec::new()), &sent).good().unwrap().get();
        let tolerance = match data_type {
            DataType::F64 => 0.0,
            DataType::F32 => value.abs() * 2_f64.powi(-23),
            _ => (value.abs() * 2_f64.powi(-10)).max(2_f64.powi(-24)),
        };
        prop_assert!((got - through(&source, value)).abs() <= tolerance, "{got} {value}");
        // And sends the same again.
        prop_assert_eq!(registers(&source, Some(got)).unwrap(), sent);
    }

    #[test]
    fn the_gateway_reads_the_text_that_was_sent(
        words in prop::collection::hash_set("[A-Z0-9][A-Z0-9 余]{0,10}[A-Z]", 1..6),
        registers in 21..64_u16, swapped: bool,
    ) {
        let order = if swapped { WordOrder::Badc } else { WordOrder::Abcd };
        let source = source(DataType::Text(registers), order);
        let name = Text { zh: String::new(), en: String::new() };
        let state = |(value, word): (u8, &String)| State {
            value: value.into(), name: name.clone(), word: Some(word.clone()),
        };
        let point = point(source.clone(), (0..).zip(&words).map(state).collect());
        for (value, word) in (0_u8..).zip(&words) {
            let reading = decode_slice(&point, &text(&source, word).unwrap());
            prop_assert_eq!(reading, Reading::from_number(value.into()));
        }
        let other = decode_slice(&point, &text(&source, "no such word").unwrap());
        prop_assert_eq!(other, Reading::Bad(None, BadReason::SensorFailure));
    }

    /// Whatever the order, all bytes are there, and where the letters say.
    #[test]
    fn an_order_only_moves_bytes(bytes: [u8; 8], order in orders()) {
        let letters = match order {
            WordOrder::Abcd => "abcdefgh".to_owned(),
            WordOrder::Cdab => "ghefcdab".to_owned(),
            WordOrder::Badc => "badcfehg".to_owned(),
            WordOrder::Dcba => "hgfedcba".to_owned(),
            words @ WordOrder::Words { .. } => words.to_string(),
        };
        let by_letter: Vec<u8> = letters.bytes().map(|at| bytes[usize::from(at - b'a')]).collect();
        let moved: Vec<u8> = ordered(&bytes, order).iter().flat_map(|w| w.to_be_bytes()).collect();
        prop_assert_eq!(moved, by_letter);
    }

    #[test]
    fn any_value_does_no_harm(value in any::<f64>(), scale in 1e-6..1e6_f64, kind in integers()) {
        for kind in [kind, DataType::F16, DataType::F32] {
            let source = RegisterSource { scale, ..source(kind, WordOrder::Abcd) };
            let registers = registers(&source, Some(value));
            prop_assert!(registers.is_some() || value.is_nan());
        }
    }
}

fn raw_of(source: &RegisterSource, value: f64) -> f64 {
    (value - source.offset) / source.scale
}
