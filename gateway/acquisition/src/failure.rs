//! What can go wrong with an exchange, in words that name the likely cause, and what it means for
//! the points that were to be read.

use core::time::Duration;
use thiserror::Error;
use weir_domain::BadReason;
use weir_wire::modbus::Exception;

/// Why an exchange brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    /// The link itself is down; no device on it was asked.
    #[error("{what}")]
    NotConnected {
        /// What could not be reached, and why.
        what: String,
    },
    /// No answer in time.
    #[error(
        "no answer from unit {unit} within {} ms: device off, wrong unit id, or wiring",
        timeout.as_millis()
    )]
    Timeout {
        /// The unit that was asked.
        unit: u8,
        /// How long it had.
        timeout: Duration,
    },
    /// The other side closed the connection instead of answering.
    #[error("connection closed instead of an answer from unit {unit}: {what}")]
    Closed {
        /// The unit that was asked.
        unit: u8,
        /// What the socket says.
        what: String,
    },
    /// Bytes came that are no frame, or not a whole one.
    #[error(
        "CRC error: {bytes} bytes from unit {unit}'s line that are no frame: noise, wrong baud rate or parity, or two devices with one unit id"
    )]
    Noise {
        /// The unit that was asked.
        unit: u8,
        /// How many bytes came.
        bytes: usize,
    },
    /// A whole answer came that is not the one asked for.
    #[error("invalid answer from unit {unit}: {what}")]
    Invalid {
        /// The unit that was asked.
        unit: u8,
        /// What is wrong with it.
        what: String,
    },
    /// The device, or the gateway before it, refuses.
    #[error("{exception} from unit {unit}: {}", cause(*exception))]
    Exception {
        /// The unit that was asked.
        unit: u8,
        /// Its refusal.
        exception: Exception,
    },
    /// It cannot be asked, as the settings make no sense.
    #[error("{what}")]
    Configuration {
        /// What makes no sense.
        what: String,
    },
}

/// The likely cause of a refusal.
fn cause(exception: Exception) -> &'static str {
    match exception {
        Exception::IllegalFunction => "the device does not have this table; check the profile",
        Exception::IllegalDataAddress => {
            "the device does not have these registers; check the profile"
        }
        Exception::IllegalDataValue => "the device does not take so many registers at once",
        Exception::ServerDeviceFailure => "the device has a fault",
        Exception::Acknowledge | Exception::ServerDeviceBusy => "the device is busy",
        Exception::MemoryParityError => "the device's memory is damaged",
        Exception::GatewayPathUnavailable => "the gateway has no way to it; check its settings",
        Exception::GatewayTargetFailedToRespond => {
            "the gateway lives, the device does not: off, wrong unit id, or wiring"
        }
        Exception::Other(_) => "a code of the manufacturer's own",
    }
}

impl Failure {
    /// The reason that the points' samples carry.
    pub fn reason(&self) -> BadReason {
        match self {
            Self::NotConnected { .. } => BadReason::NotConnected,
            Self::Configuration { .. } => BadReason::ConfigurationError,
            Self::Exception { exception, .. } => match exception {
                Exception::IllegalFunction
                | Exception::IllegalDataAddress
                | Exception::IllegalDataValue => BadReason::ConfigurationError,
                // Said by the gateway for a unit that is silent: a matter of the line.
                Exception::GatewayPathUnavailable | Exception::GatewayTargetFailedToRespond => {
                    BadReason::CommFailure
                }
                _ => BadReason::DeviceFailure,
            },
            Self::Timeout { .. }
            | Self::Closed { .. }
            | Self::Noise { .. }
            | Self::Invalid { .. } => BadReason::CommFailure,
        }
    }

    /// Whether asking the unit for something else now would only cost time.
    pub(crate) fn ends_the_scan(&self) -> bool {
        match self {
            Self::Exception { .. } => self.reason() == BadReason::CommFailure,
            Self::Configuration { .. } => false,
            _ => true,
        }
    }
}
