//! The four functions that read.

use super::{BITS_MAX, REGISTERS_MAX};

/// A function that reads. There are no others here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    /// 1: coils, a bit each.
    ReadCoils,
    /// 2: discrete inputs, a bit each.
    ReadDiscreteInputs,
    /// 3: holding registers, 16 bits each.
    ReadHoldingRegisters,
    /// 4: input registers, 16 bits each.
    ReadInputRegisters,
}

impl Function {
    /// Every function.
    pub const ALL: [Self; 4] = [
        Self::ReadCoils,
        Self::ReadDiscreteInputs,
        Self::ReadHoldingRegisters,
        Self::ReadInputRegisters,
    ];

    /// The function's code on the wire, 1 to 4.
    pub const fn code(self) -> u8 {
        match self {
            Self::ReadCoils => 1,
            Self::ReadDiscreteInputs => 2,
            Self::ReadHoldingRegisters => 3,
            Self::ReadInputRegisters => 4,
        }
    }

    /// The function of a code; none for all that do not read.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.code() == code)
    }

    /// Whether it reads bits (otherwise registers).
    pub const fn reads_bits(self) -> bool {
        matches!(self, Self::ReadCoils | Self::ReadDiscreteInputs)
    }

    /// Most bits or registers of one request.
    pub const fn count_max(self) -> u16 {
        if self.reads_bits() { BITS_MAX } else { REGISTERS_MAX }
    }

    /// Bytes that so many bits or registers take in an answer.
    pub(super) fn data_len(self, count: u16) -> usize {
        let count = usize::from(count);
        if self.reads_bits() { count.div_ceil(8) } else { 2 * count }
    }
}
