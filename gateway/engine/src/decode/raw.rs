//! A raw value: registers put in order and understood as a type. Kept exactly until it is scaled.

use super::float;
use weir_profiles::{DataType, Half, WordOrder};

/// What the registers say, before scaling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Raw {
    /// An integer with a sign, and its width in bits.
    Signed(i64, u32),
    /// An integer without one, and its width in bits.
    Unsigned(u64, u32),
    /// Decimal digits.
    Decimal(u64),
    /// A floating-point number, and its bits.
    Float(f64, u64),
    /// Bits that are no number of the type.
    Nonsense,
}

impl Raw {
    /// A coil or a discrete input.
    pub(super) fn bit(on: bool) -> Self {
        Self::Unsigned(u64::from(on), 1)
    }

    /// Registers as they came, understood as a type in an order. None if there are not as many as
    /// the type has, if the bits are beyond the register, or of a text.
    pub(super) fn read(registers: &[u16], data_type: DataType, order: WordOrder) -> Option<Self> {
        if registers.len() != usize::from(data_type.registers()) || registers.len() > 4 {
            return None;
        }
        let bits = in_order(registers, order);
        let byte = |half| match half {
            Half::High => (bits >> 8) as u8,
            Half::Low => bits as u8,
        };
        // The casts cut to the width that was just checked, and take the sign along.
        Some(match data_type {
            DataType::Bit(n @ 0..16) => Self::bit(bits >> n & 1 == 1),
            DataType::Bit(_) | DataType::Text(_) => return None,
            DataType::Bits { low, high, registers } => {
                let width = u32::from(high.checked_sub(low)?) + 1;
                if u32::from(high) >= 16 * u32::from(registers) {
                    return None;
                }
                Self::Unsigned(bits >> low & mask(width), width)
            }
            DataType::U8(half) => Self::Unsigned(byte(half).into(), 8),
            DataType::I8(half) => Self::Signed((byte(half) as i8).into(), 8),
            DataType::U16 | DataType::U32 | DataType::U64 => Self::Unsigned(bits, width(registers)),
            DataType::I16 => Self::Signed(i64::from(bits as u16 as i16), 16),
            DataType::I32 => Self::Signed(i64::from(bits as u32 as i32), 32),
            DataType::I64 => Self::Signed(bits as i64, 64),
            DataType::F16 => Self::Float(float::half(bits as u16), bits),
            DataType::F32 => Self::Float(float::single(bits as u32), bits),
            DataType::F64 => Self::Float(f64::from_bits(bits), bits),
            DataType::Bcd16 | DataType::Bcd32 | DataType::Bcd64 => {
                digits(bits, registers.len() * 4).map_or(Self::Nonsense, Self::Decimal)
            }
        })
    }

    /// The double that is nearest; none if it is no number at all.
    pub(super) fn number(self) -> Option<f64> {
        match self {
            Self::Signed(integer, _) => Some(integer as f64),
            Self::Unsigned(integer, _) | Self::Decimal(integer) => Some(integer as f64),
            Self::Float(float, _) => Some(float).filter(|float| float.is_finite()),
            Self::Nonsense => None,
        }
    }

    /// Off at 0, on at anything else.
    pub(super) fn as_switch(self) -> f64 {
        let is_off = match self {
            Self::Signed(integer, _) => integer == 0,
            Self::Unsigned(integer, _) | Self::Decimal(integer) => integer == 0,
            Self::Float(float, _) => float == 0.0,
            Self::Nonsense => true,
        };
        if is_off { 0.0 } else { 1.0 }
    }

    /// Of an integer: whether a double holds it, to the last digit.
    pub(super) fn is_held(self) -> Option<bool> {
        let size = match self {
            Self::Signed(integer, _) => integer.unsigned_abs(),
            Self::Unsigned(integer, _) | Self::Decimal(integer) => integer,
            Self::Float(..) | Self::Nonsense => return None,
        };
        // A double holds 53 bits in a row, wherever they begin.
        Some(size >> 53 == 0 || u64::BITS - size.leading_zeros() - size.trailing_zeros() <= 53)
    }

    /// Whether the raw value is a sentinel. Bits may be written either way, signed or not: 0x8000
    /// of 16 bits is 32768 as well as -32768; and those of a float as well as its number.
    pub(super) fn is_any_of(self, sentinels: &[i64]) -> bool {
        !sentinels.is_empty() && sentinels.iter().any(|sentinel| self.is(*sentinel))
    }

    fn is(self, sentinel: i64) -> bool {
        let same_bits = |bits: u64, width: u32| {
            let half = 1_i128 << (width - 1);
            let fits = (-half..2 * half).contains(&i128::from(sentinel));
            fits && (bits ^ sentinel as u64) & mask(width) == 0
        };
        match self {
            Self::Signed(integer, width) => same_bits(integer as u64, width),
            Self::Unsigned(integer, width) => same_bits(integer, width),
            Self::Decimal(digits) => i64::try_from(digits) == Ok(sentinel),
            Self::Float(float, bits) => float == sentinel as f64 || bits == sentinel as u64,
            Self::Nonsense => false,
        }
    }
}

fn mask(width: u32) -> u64 {
    u64::MAX >> (u64::BITS - width.clamp(1, u64::BITS))
}

/// In bits; of at most four registers.
fn width(registers: &[u16]) -> u32 {
    registers.iter().map(|_| u16::BITS).sum()
}

/// The number that so many decimal digits are, four bits each. None if one is above 9.
fn digits(bits: u64, count: usize) -> Option<u64> {
    (0..count).rev().try_fold(0, |number: u64, nth| {
        let digit = bits >> (4 * nth) & 0xF;
        (digit <= 9).then(|| number * 10 + digit)
    })
}

/// Up to four registers as one integer, the most significant first.
fn in_order(registers: &[u16], order: WordOrder) -> u64 {
    let swapped = order.swaps_bytes();
    let word = |register: &u16| u64::from(if swapped { register.swap_bytes() } else { *register });
    let push = |bits: u64, register: &u16| bits << 16 | word(register);
    match order {
        WordOrder::Abcd | WordOrder::Badc => registers.iter().fold(0, push),
        WordOrder::Cdab | WordOrder::Dcba => registers.iter().rev().fold(0, push),
        WordOrder::Words { words, .. } => {
            let place = |(register, nth): (&u16, &u8)| word(register) << (16 * (3 - nth.min(&3)));
            registers.iter().zip(&words).fold(0, |bits, pair| bits | place(pair))
        }
    }
}
