//! The types of other widths: bytes, bits, 64 bits, halves, decimal digits, texts; and states.

use super::*;

const FAILURE: Reading = Reading::Bad(None, BadReason::SensorFailure);

fn uncertain(value: f64, reason: UncertainReason) -> Reading {
    Reading::Uncertain(Value::new(value).unwrap(), reason)
}

#[test]
fn every_other_type() {
    use DataType::*;
    use WordOrder::{Abcd, Badc, Cdab, Dcba};
    let words = |letters| WordOrder::of_eight(letters).unwrap();
    let field = |low, high, registers| Bits { low, high, registers };
    let cases: [(DataType, WordOrder, &[u16], f64); 27] = [
        (U8(Half::High), Abcd, &[0xFE01], 254.0),
        (U8(Half::Low), Abcd, &[0xFE01], 1.0),
        (I8(Half::High), Abcd, &[0xFE01], -2.0),
        (I8(Half::Low), Abcd, &[0x0180], -128.0),
        (field(4, 7, 1), Abcd, &[0xFF9F], 9.0),
        (field(4, 7, 1), Badc, &[0x9FFF], 9.0),
        (field(0, 15, 1), Abcd, &[0xFFFF], 65_535.0),
        (field(12, 19, 2), Abcd, &[0x000A, 0xB000], 171.0),
        (field(12, 19, 2), Cdab, &[0xB000, 0x000A], 171.0),
        (field(0, 31, 2), Abcd, &[0xFFFF, 0xFFFF], 4_294_967_295.0),
        (U64, Abcd, &[0, 1, 2, 3], 4_295_098_371.0),
        (U64, Cdab, &[3, 2, 1, 0], 4_295_098_371.0),
        (U64, Badc, &[0, 0x100, 0x200, 0x300], 4_295_098_371.0),
        (U64, Dcba, &[0x300, 0x200, 0x100, 0], 4_295_098_371.0),
        (U64, words("efghabcd"), &[2, 3, 0, 1], 4_295_098_371.0),
        (U64, words("cdabghef"), &[1, 0, 3, 2], 4_295_098_371.0),
        (U64, words("dcbahgfe"), &[0x100, 0, 0x300, 0x200], 4_295_098_371.0),
        (I64, Abcd, &[0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE], -2.0),
        (I64, Cdab, &[0xFFFE, 0xFFFF, 0xFFFF, 0xFFFF], -2.0),
        (F64, words("efghabcd"), &[0x6666, 0x6666, 0x401C, 0x6666], 7.1),
        (F16, Abcd, &[0x471A], 7.1),
        (F16, Badc, &[0x1A47], 7.1),
        (Bcd16, Abcd, &[0x1234], 1234.0),
        (Bcd16, Badc, &[0x3412], 1234.0),
        (Bcd32, Cdab, &[0x5678, 0x1234], 12_345_678.0),
        (Bcd64, Abcd, &[0x0000, 0x1234, 0x5678, 0x9012], 123_456_789_012.0),
        (Bcd16, Abcd, &[0x9999], 9999.0),
    ];
    for (data_type, order, registers, value) in cases {
        let def = def(data_type, order);
        assert_eq!(good(&def, registers), value, "{data_type:?} {order:?}");
        assert_eq!(decode_slice(&def, registers).good().map(Value::get), Some(value));
        let long = [registers, &[0]].concat();
        assert_eq!(decode_slice(&def, &long), Reading::Bad(None, BadReason::CommFailure));
    }
}

#[test]
fn what_a_double_cannot_hold_is_uncertain_and_never_another_number() {
    let of = |raw: u64| [48, 32, 16, 0].map(|shift| (raw >> shift) as u16);
    let exact = 1_u64 << 53;
    let mut def = def(DataType::U64, WordOrder::Abcd);
    for raw in [exact - 1, exact, exact + 2, 1 << 63, (1 << 63) + (1 << 11)] {
        assert_eq!(read(&def, &of(raw)), Reading::Good(Value::new(raw as f64).unwrap()), "{raw}");
    }
    for raw in [exact + 1, u64::MAX, (1 << 63) + 1] {
        assert_eq!(read(&def, &of(raw)), uncertain(raw as f64, UncertainReason::Unspecified));
    }
    // A scale brings the number down, but the digits are lost before: the neighbours are the same.
    register(&mut def).scale = 0.001;
    assert_eq!(good(&def, &of(8_796_093_022_207_999)), 8_796_093_022_207.999);
    for raw in [8_796_093_022_209_001, exact - 1, exact + 1, exact + 2, 1 << 60] {
        assert!(matches!(
            read(&def, &of(raw)),
            Reading::Uncertain(_, UncertainReason::Unspecified)
        ));
    }
    register(&mut def).scale = 0.5;
    assert_eq!(good(&def, &of((1 << 51) + 1)), 1_125_899_906_842_624.5);
    register(&mut def).data_type = DataType::I64;
    register(&mut def).scale = 1.0;
    let least = (-(1_i64 << 53)).cast_unsigned();
    assert_eq!(good(&def, &of(least)), -9_007_199_254_740_992.0);
    assert!(read(&def, &of(least - 1)).good().is_none());
    assert_eq!(good(&def, &of(1 << 63)), -9_223_372_036_854_775_808.0);
    // Off or on needs no digits.
    def.kind = ValueKind::Boolean;
    assert_eq!(good(&def, &of(least - 1)), 1.0);
}

proptest! {
    /// Two raw values that are good are two values.
    #[test]
    fn what_is_good_is_told_apart(raw in 0..=1_u64 << 60, shift in 0..40_u32, digits in 0..6_i32, less in 0..100_i32) {
        let raw = raw >> shift;
        let of = |raw: u64| [48, 32, 16, 0].map(|shift| (raw >> shift) as u16);
        let mut def = def(DataType::U64, WordOrder::Abcd);
        register(&mut def).scale = 1.0 / 10_f64.powi(digits);
        register(&mut def).offset = f64::from(-less);
        let (one, next) = (read(&def, &of(raw)), read(&def, &of(raw + 1)));
        prop_assert!(one.value() != next.value() || one.good().is_none() || next.good().is_none());
        prop_assert!(one.good().is_some() || raw > 1 << 49, "{raw} is exact");
    }
}

#[test]
fn what_is_no_measurement_in_the_other_types() {
    let cases: [(DataType, &[i64], &[u16]); 11] = [
        (DataType::Bcd16, &[], &[0xFFFF]),
        (DataType::Bcd32, &[], &[0x1234, 0x567A]),
        (DataType::Bcd16, &[9999], &[0x9999]),
        (DataType::F16, &[], &[0x7E00]),
        (DataType::F16, &[], &[0xFC00]),
        (DataType::F32, &[0xC61C_3C00], &[0xC61C, 0x3C00]),
        (DataType::F32, &[0x7F7F_FFFF], &[0x7F7F, 0xFFFF]),
        (DataType::U64, &[-1], &[0xFFFF; 4]),
        (DataType::I64, &[i64::MIN], &[0x8000, 0, 0, 0]),
        (DataType::I8(Half::Low), &[0xFF], &[0x00FF]),
        (DataType::Bits { low: 4, high: 7, registers: 1 }, &[15], &[0x00F0]),
    ];
    for (data_type, sentinels, registers) in cases {
        let mut def = def(data_type, WordOrder::Abcd);
        register(&mut def).sentinels = sentinels.to_vec();
        assert_eq!(read(&def, registers), FAILURE, "{data_type:?} {registers:04X?}");
        // Nor is it off or on.
        def.kind = ValueKind::Boolean;
        assert_eq!(read(&def, registers), FAILURE, "{data_type:?} {registers:04X?}");
    }
}

#[test]
fn a_number_that_is_no_state_is_uncertain() {
    let mut def = def(DataType::U16, WordOrder::Abcd);
    let name = Text { zh: String::new(), en: String::new() };
    let state = |value| State { value, name: name.clone(), word: None };
    def.states = vec![state(0.0), state(0.3), state(7.0)];
    register(&mut def).scale = 0.1;
    assert_eq!((good(&def, &[0]), good(&def, &[3]), good(&def, &[70])), (0.0, 0.3, 7.0));
    let beyond = uncertain(0.4, UncertainReason::EngineeringUnitsExceeded);
    assert_eq!(read(&def, &[4]), beyond);
    def.range = Some((0.0, 1.0));
    assert!(read(&def, &[70]).good().is_none(), "the range counts, too");
}

#[test]
fn a_text_is_the_state_whose_word_it_is() {
    let mut def = def(DataType::Text(3), WordOrder::Abcd);
    let name = Text { zh: String::new(), en: String::new() };
    let state = |value, word: &str| State { value, name: name.clone(), word: Some(word.into()) };
    def.states = vec![state(0.0, "IDLE"), state(4.0, "STER")];
    let three = |registers: &[u16]| decode_slice(&def, registers);
    let good = |value| Reading::Good(Value::new(value).unwrap());
    assert_eq!(three(&[0x4944, 0x4C45, 0x0000]), good(0.0));
    assert_eq!(three(&[0x2053, 0x5445, 0x5220]), good(4.0), "blanks around it");
    assert_eq!(three(&[0x4944, 0x4C45, 0x5300]), FAILURE, "IDLES is no state");
    assert_eq!(three(&[0x6964, 0x6C65, 0]), FAILURE, "idle is another word");
    assert_eq!(three(&[0, 0, 0]), FAILURE);
    assert_eq!(three(&[0x4944, 0x4C45]), Reading::Bad(None, BadReason::CommFailure), "too short");
}
