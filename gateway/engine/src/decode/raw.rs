//! A raw value: registers put in order and understood as a type.

use weir_profiles::{DataType, WordOrder};
use weir_wire::widen;

/// What the registers say, before scaling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Raw {
    /// An integer: its value, and its width in bits.
    Integer(i64, u32),
    /// A floating-point number.
    Float(f64),
}

impl Raw {
    /// A coil or a discrete input.
    pub(super) fn bit(on: bool) -> Self {
        Self::Integer(i64::from(on), 1)
    }

    /// Registers as they came, understood as a type in an order. None if there are not as many as
    /// the type has, or the bit is beyond the register.
    pub(super) fn read(registers: &[u16], data_type: DataType, order: WordOrder) -> Option<Self> {
        let bits = in_order(registers, order);
        if registers.len() != usize::from(data_type.registers()) {
            return None;
        }
        // The casts cut to the width that was just checked, and take the sign along.
        Some(match data_type {
            DataType::Bit(n @ 0..16) => Self::bit(bits >> n & 1 == 1),
            DataType::Bit(_) => return None,
            DataType::U16 | DataType::U32 => {
                Self::Integer(i64::try_from(bits).ok()?, width(data_type))
            }
            DataType::I16 => Self::Integer(i64::from(bits as u16 as i16), 16),
            DataType::I32 => Self::Integer(i64::from(bits as u32 as i32), 32),
            DataType::F32 => Self::Float(widen(f32::from_bits(bits as u32))),
            DataType::F64 => Self::Float(f64::from_bits(bits)),
        })
    }

    /// As a number; integers are at most 32 bits wide and therefore exact.
    pub(super) fn number(self) -> f64 {
        match self {
            Self::Integer(integer, _) => integer as f64,
            Self::Float(float) => float,
        }
    }

    /// Whether the raw value is a sentinel. A pattern may be written either way, signed or not:
    /// 0x8000 of 16 bits is 32768 as well as -32768.
    pub(super) fn is_any_of(self, sentinels: &[i64]) -> bool {
        sentinels.iter().any(|sentinel| match self {
            Self::Float(float) => float == *sentinel as f64,
            Self::Integer(integer, width) => {
                let wraps = 1_i64 << width;
                integer == *sentinel
                    || integer.checked_add(wraps) == Some(*sentinel)
                    || integer.checked_sub(wraps) == Some(*sentinel)
            }
        })
    }
}

fn width(data_type: DataType) -> u32 {
    16 * u32::from(data_type.registers())
}

/// Up to four registers as one integer, the most significant first.
fn in_order(registers: &[u16], order: WordOrder) -> u64 {
    let (swap_words, swap_bytes) = match order {
        WordOrder::Abcd => (false, false),
        WordOrder::Cdab => (true, false),
        WordOrder::Badc => (false, true),
        WordOrder::Dcba => (true, true),
    };
    let push = |bits: u64, register: &u16| {
        bits << 16 | u64::from(if swap_bytes { register.swap_bytes() } else { *register })
    };
    if swap_words { registers.iter().rev().fold(0, push) } else { registers.iter().fold(0, push) }
}
