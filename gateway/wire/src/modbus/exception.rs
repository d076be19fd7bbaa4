//! How a server refuses.

use core::fmt;

/// A refusal. Codes nobody has named are kept: gateways invent their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exception {
    /// 1: the server does not know the function.
    IllegalFunction,
    /// 2: it has no such address.
    IllegalDataAddress,
    /// 3: the request makes no sense to it, e.g. its count.
    IllegalDataValue,
    /// 4: it failed.
    ServerDeviceFailure,
    /// 5: it is at it and will take long; there is no answer yet.
    Acknowledge,
    /// 6: it is busy with something else.
    ServerDeviceBusy,
    /// 8: its memory is damaged.
    MemoryParityError,
    /// 0x0A: the gateway is misconfigured or overloaded.
    GatewayPathUnavailable,
    /// 0x0B: the gateway lives, the unit behind it does not answer.
    GatewayTargetFailedToRespond,
    /// Any other code.
    Other(u8),
}

impl Exception {
    /// The code on the wire.
    pub const fn code(self) -> u8 {
        match self {
            Self::IllegalFunction => 0x01,
            Self::IllegalDataAddress => 0x02,
            Self::IllegalDataValue => 0x03,
            Self::ServerDeviceFailure => 0x04,
            Self::Acknowledge => 0x05,
            Self::ServerDeviceBusy => 0x06,
            Self::MemoryParityError => 0x08,
            Self::GatewayPathUnavailable => 0x0A,
            Self::GatewayTargetFailedToRespond => 0x0B,
            Self::Other(code) => code,
        }
    }

    /// The refusal of a code.
    pub const fn from_code(code: u8) -> Self {
        match code {
            0x01 => Self::IllegalFunction,
            0x02 => Self::IllegalDataAddress,
            0x03 => Self::IllegalDataValue,
            0x04 => Self::ServerDeviceFailure,
            0x05 => Self::Acknowledge,
            0x06 => Self::ServerDeviceBusy,
            0x08 => Self::MemoryParityError,
            0x0A => Self::GatewayPathUnavailable,
            0x0B => Self::GatewayTargetFailedToRespond,
            code => Self::Other(code),
        }
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::IllegalFunction => "illegal function",
            Self::IllegalDataAddress => "illegal data address",
            Self::IllegalDataValue => "illegal data value",
            Self::ServerDeviceFailure => "server device failure",
            Self::Acknowledge => "acknowledge",
            Self::ServerDeviceBusy => "server device busy",
            Self::MemoryParityError => "memory parity error",
            Self::GatewayPathUnavailable => "gateway path unavailable",
            Self::GatewayTargetFailedToRespond => "gateway target failed to respond",
            Self::Other(_) => "unknown code",
        };
        write!(f, "exception 0x{:02X} ({name})", self.code())
    }
}

impl core::error::Error for Exception {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives() {
        for code in 0..=u8::MAX {
            assert_eq!(Exception::from_code(code).code(), code);
        }
    }
}
