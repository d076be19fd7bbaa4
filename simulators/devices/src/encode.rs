//! Values to registers, as an instrument does it.
//!
//! Written from the meaning of the profile's data alone: a raw value is `(value - offset) / scale`,
//! rounded to its type; its bytes A (most significant) to D leave in the profile's order.

use weir_profiles::{DataType, RegisterSource, WordOrder};

/// The registers of a value; of `None` those that mean "no measurement". None if the type has no
/// way to say so.
///
/// A value beyond the type's range becomes the nearest that is in it and is not a sentinel. A
/// [`DataType::Bit`] is a register with only that bit.
pub fn registers(source: &RegisterSource, value: Option<f64>) -> Option<Vec<u16>> {
    let raw = value.map(|value| (value - source.offset) / source.scale);
    let bytes = match source.data_type {
        DataType::Bit(bit) => return Some(vec![u16::from(raw? != 0.0) << bit.min(15)]),
        DataType::U16 => {
            u16::try_from(integer(source, raw, 0, u16::MAX.into())?).ok()?.to_be_bytes().to_vec()
        }
        DataType::I16 => {
            let (low, high) = (i16::MIN.into(), i16::MAX.into());
            i16::try_from(integer(source, raw, low, high)?).ok()?.to_be_bytes().to_vec()
        }
        DataType::U32 => {
            u32::try_from(integer(source, raw, 0, u32::MAX.into())?).ok()?.to_be_bytes().to_vec()
        }
        DataType::I32 => {
            let (low, high) = (i32::MIN.into(), i32::MAX.into());
            i32::try_from(integer(source, raw, low, high)?).ok()?.to_be_bytes().to_vec()
        }
        DataType::F32 => (float(source, raw) as f32).to_be_bytes().to_vec(),
        DataType::F64 => float(source, raw).to_be_bytes().to_vec(),
    };
    Some(ordered(bytes, source.order))
}

/// Whether a type can say "no measurement".
pub fn can_say_nothing(source: &RegisterSource) -> bool {
    registers(source, None).is_some()
}

/// What of a value is left when it has been through the registers.
pub fn through(source: &RegisterSource, value: f64) -> f64 {
    let raw = (value - source.offset) / source.scale;
    match source.data_type {
        DataType::Bit(_) => f64::from(u8::from(raw != 0.0)),
        // A decimal of so few places survives a single; see `weir_wire::widen`.
        DataType::F32 | DataType::F64 => value,
        kind => {
            let (low, high) = limits(kind);
            let raw = integer(source, Some(raw), low, high).unwrap_or(low);
            raw as f64 * source.scale + source.offset
        }
    }
}

fn limits(kind: DataType) -> (i64, i64) {
    match kind {
        DataType::U16 => (0, u16::MAX.into()),
        DataType::I16 => (i16::MIN.into(), i16::MAX.into()),
        DataType::U32 => (0, u32::MAX.into()),
        _ => (i32::MIN.into(), i32::MAX.into()),
    }
}

/// The nearest integer that is no sentinel; of no value the sentinel.
fn integer(source: &RegisterSource, raw: Option<f64>, low: i64, high: i64) -> Option<i64> {
    let is_sentinel = |raw: i64| source.sentinels.contains(&raw);
    let Some(raw) = raw.filter(|raw| !raw.is_nan()) else {
        return source.sentinels.iter().copied().find(|s| (low..=high).contains(s));
    };
    // The cast saturates.
    let nearest = (raw.round() as i64).clamp(low, high);
    let towards_zero = |raw: &i64| raw - raw.signum();
    std::iter::successors(Some(nearest), |raw| Some(towards_zero(raw)))
        .take(source.sentinels.len() + 1)
        .find(|raw| !is_sentinel(*raw))
}

fn float(source: &RegisterSource, raw: Option<f64>) -> f64 {
    raw.unwrap_or_else(|| source.sentinels.first().map_or(f64::NAN, |sentinel| *sentinel as f64))
}

/// Registers of bytes that stand in their order of significance.
fn ordered(mut bytes: Vec<u8>, order: WordOrder) -> Vec<u16> {
    let (words_turn, bytes_turn) = match order {
        WordOrder::Abcd => (false, false),
        WordOrder::Cdab => (true, false),
        WordOrder::Badc => (false, true),
        WordOrder::Dcba => (true, true),
    };
    if bytes_turn {
        bytes.as_chunks_mut::<2>().0.iter_mut().for_each(|word| word.reverse());
    }
    let mut words: Vec<u16> =
        bytes.as_chunks::<2>().0.iter().map(|word| u16::from_be_bytes(*word)).collect();
    if words_turn {
        words.reverse();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use weir_profiles::{RegisterAddress, RegisterKind};

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

    /// What a reader makes of the registers, written from the specification once more.
    fn read(source: &RegisterSource, registers: &[u16]) -> f64 {
        let mut bytes: Vec<u8> = registers.iter().flat_map(|word| word.to_be_bytes()).collect();
        // Each order is its own opposite.
        let place = |nth: usize| match source.order {
            WordOrder::Abcd => nth,
            WordOrder::Cdab => bytes.len() - 2 - nth / 2 * 2 + nth % 2,
            WordOrder::Badc => nth / 2 * 2 + 1 - nth % 2,
            WordOrder::Dcba => bytes.len() - 1 - nth,
        };
        bytes = (0..bytes.len()).map(|nth| bytes[place(nth)]).collect();
        let raw = match (source.data_type, &bytes[..]) {
            (DataType::U16, &[a, b]) => f64::from(u16::from_be_bytes([a, b])),
            (DataType::I16, &[a, b]) => f64::from(i16::from_be_bytes([a, b])),
            (DataType::U32, &[a, b, c, d]) => f64::from(u32::from_be_bytes([a, b, c, d])),
            (DataType::I32, &[a, b, c, d]) => f64::from(i32::from_be_bytes([a, b, c, d])),
            (DataType::F32, &[a, b, c, d]) => weir_wire::widen(f32::from_be_bytes([a, b, c, d])),
            other => panic!("{other:?}"),
        };
        raw * source.scale + source.offset
    }

    proptest! {
        #[test]
        fn what_is_left_is_what_a_reader_gets(
            kind in 0..5_usize, order in 0..4_usize, digits in 0..4_i32, value in -500_000..500_000_i32,
        ) {
            use DataType::{F32, I16, I32, U16, U32};
            let scale = 10_f64.powi(-digits);
            let order = [WordOrder::Abcd, WordOrder::Cdab, WordOrder::Badc, WordOrder::Dcba][order];
            let kind = [U16, I16, U32, I32, F32][kind];
            let scale = if kind == F32 { 1.0 } else { scale };
            let source = RegisterSource { scale, ..source(kind, order) };
            let value = f64::from(value) / 1_000.0;
            let registers = registers(&source, Some(value)).unwrap();
            prop_assert_eq!(through(&source, value), read(&source, &registers));
        }

        /// Whatever the order, all bytes are there, and twice the same turn is none.
        #[test]
        fn an_order_only_moves_bytes(value in any::<f64>(), order in 0..4_usize) {
            let order = [WordOrder::Abcd, WordOrder::Cdab, WordOrder::Badc, WordOrder::Dcba][order];
            let plain = registers(&source(DataType::F64, WordOrder::Abcd), Some(value)).unwrap();
            let moved = registers(&source(DataType::F64, order), Some(value)).unwrap();
            let bytes = |words: &[u16]| words.iter().flat_map(|w| w.to_be_bytes()).collect::<Vec<_>>();
            prop_assert_eq!(ordered(bytes(&moved), order), plain);
        }

        #[test]
        fn any_value_does_no_harm(value in any::<f64>(), scale in 1e-6..1e6_f64) {
            for kind in [DataType::U16, DataType::I16, DataType::U32, DataType::I32, DataType::F32] {
                let source = RegisterSource { scale, ..source(kind, WordOrder::Abcd) };
                let registers = registers(&source, Some(value));
                prop_assert!(registers.is_some() || value.is_nan());
            }
        }
    }
}
