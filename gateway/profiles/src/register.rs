//! A value's place in Modbus' tables, and how its bits are to be understood.

use core::fmt;

/// The four tables of Modbus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RegisterKind {
    /// Function code 1.
    Coil,
    /// Function code 2.
    DiscreteInput,
    /// Function code 3.
    HoldingRegister,
    /// Function code 4.
    InputRegister,
}

/// A protocol address, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RegisterAddress(pub u16);

/// A point's place in the registers and how to read it: `value = raw × scale + offset`.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisterSource {
    /// The table.
    pub kind: RegisterKind,
    /// The first register or bit.
    pub address: RegisterAddress,
    /// The type of the raw value.
    pub data_type: DataType,
    /// The order of bytes and words of a value wider than a register.
    pub order: WordOrder,
    /// Factor from raw to unit.
    pub scale: f64,
    /// Added after scaling.
    pub offset: f64,
    /// Raw values, before scaling, that mean "no measurement" (e.g. 0x7FFF); never a number. Of an
    /// integer the value, as its type reads it, or its bits; of 64 bits beyond `i64`, the `i64` of
    /// the same bits. Of a float a number that it equals, or its bits.
    pub sentinels: Vec<i64>,
}

/// The type of a raw value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataType {
    /// A coil, a discrete input, or one bit (0 = least significant) of a register.
    Bit(u8),
    /// Some neighbouring bits as an unsigned number.
    Bits {
        /// The lowest bit, 0 the least significant of all registers.
        low: u8,
        /// The highest bit, at least `low`.
        high: u8,
        /// Of how many registers: 1 or 2.
        registers: u16,
    },
    /// One byte of a register, unsigned.
    U8(Half),
    /// One byte of a register, two's complement.
    I8(Half),
    /// 16 bits, unsigned.
    U16,
    /// 16 bits, two's complement.
    I16,
    /// 32 bits, unsigned.
    U32,
    /// 32 bits, two's complement.
    I32,
    /// 64 bits, unsigned.
    U64,
    /// 64 bits, two's complement.
    I64,
    /// IEEE 754 half.
    F16,
    /// IEEE 754 single.
    F32,
    /// IEEE 754 double.
    F64,
    /// Four decimal digits, four bits each.
    Bcd16,
    /// Eight decimal digits.
    Bcd32,
    /// Sixteen decimal digits.
    Bcd64,
    /// Text of two bytes in each of so many registers.
    Text(u16),
}

/// Which byte of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The more significant one, which comes first on the wire.
    High,
    /// The less significant one.
    Low,
}

impl DataType {
    /// How many 16-bit registers the raw value takes.
    pub fn registers(self) -> u16 {
        match self {
            Self::Bit(_) | Self::U8(_) | Self::I8(_) => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::Bcd16 => 1,
            Self::U32 | Self::I32 | Self::F32 | Self::Bcd32 => 2,
            Self::U64 | Self::I64 | Self::F64 | Self::Bcd64 => 4,
            Self::Bits { registers, .. } | Self::Text(registers) => registers,
        }
    }
}

/// The order in which the bytes A (most significant) to D or H arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WordOrder {
    /// Big-endian, as the specification has it; of eight bytes `abcdefgh`.
    #[default]
    Abcd,
    /// Words in reverse; of eight bytes `ghefcdab`.
    Cdab,
    /// Bytes swapped within words; of eight bytes `badcfehg`.
    Badc,
    /// Little-endian; of eight bytes `hgfedcba`.
    Dcba,
    /// Any other order of the four words of eight bytes.
    Words {
        /// Of each register in turn, which word it is: 0 is the most significant, AB. Each of 0 to
        /// 3 stands there once.
        words: [u8; 4],
        /// Whether the bytes are swapped within words.
        swapped: bool,
    },
}

impl WordOrder {
    /// The order of eight letters such as `efghabcd`. None if that is none.
    pub fn of_eight(letters: &str) -> Option<Self> {
        let bytes: [u8; 8] = letters.as_bytes().try_into().ok()?;
        let mut words = [0; 4];
        let mut swaps = [false; 4];
        for (nth, pair) in bytes.as_chunks::<2>().0.iter().enumerate() {
            let [first, second] = *pair;
            let lower = first.min(second);
            let word = lower.checked_sub(b'a').filter(|at| at % 2 == 0 && *at < 8)? / 2;
            if first.max(second) != lower + 1 || words[..nth].contains(&word) {
                return None;
            }
            (words[nth], swaps[nth]) = (word, first > second);
        }
        let swapped = swaps[0];
        if swaps != [swapped; 4] {
            return None;
        }
        Some(match (words, swapped) {
            ([0, 1, 2, 3], false) => Self::Abcd,
            ([3, 2, 1, 0], false) => Self::Cdab,
            ([0, 1, 2, 3], true) => Self::Badc,
            ([3, 2, 1, 0], true) => Self::Dcba,
            _ => Self::Words { words, swapped },
        })
    }

    /// Whether the bytes are swapped within words.
    pub fn swaps_bytes(self) -> bool {
        matches!(self, Self::Badc | Self::Dcba | Self::Words { swapped: true, .. })
    }
}

/// As a profile writes it, e.g. `cdab` or `efghabcd`.
impl fmt::Display for WordOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = match self {
            Self::Abcd => "abcd",
            Self::Cdab => "cdab",
            Self::Badc => "badc",
            Self::Dcba => "dcba",
            Self::Words { words, swapped } => {
                let letter = |at: usize| {
                    let word = words[at / 2].min(3) * 2;
                    char::from(b'a' + word + u8::from((at % 2 == 1) != *swapped))
                };
                return f.pad(&(0..8).map(letter).collect::<String>());
            }
        };
        f.pad(letters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_letters_are_whole_words_each_once_and_all_swapped_or_none() {
        for (letters, order) in [
            ("abcdefgh", WordOrder::Abcd),
            ("ghefcdab", WordOrder::Cdab),
            ("badcfehg", WordOrder::Badc),
            ("hgfedcba", WordOrder::Dcba),
        ] {
            assert_eq!(WordOrder::of_eight(letters), Some(order));
        }
        for letters in ["efghabcd", "cdabghef", "fehgbadc", "dcbahgfe", "cdefghab"] {
            let order = WordOrder::of_eight(letters).unwrap();
            assert_eq!(order.to_string(), letters);
            assert!(matches!(order, WordOrder::Words { .. }));
        }
        let wrong =
            ["", "abcd", "abcdabcd", "bcdefgha", "bacdefgh", "abcdefhg", "ABCDEFGH", "acbdefgh"];
        for letters in wrong.into_iter().chain(["abcdefgi", "余余ab", "`abcdefg"]) {
            assert_eq!(WordOrder::of_eight(letters), None, "{letters}");
        }
    }
}
