//! A serial port and its settings.

use super::stream::Stream;
use crate::{Parity, Transport};
use tokio_serial::{DataBits, SerialPortBuilderExt, StopBits};

/// The port.
pub(super) struct Port {
    path: String,
    baud: u32,
    parity: Parity,
    stop_bits: u8,
    data_bits: u8,
}

impl Port {
    /// The port of a transport, if it is one.
    pub(super) fn new(transport: &Transport) -> Option<Self> {
        let Transport::ModbusRtu { port, baud, parity, stop_bits, data_bits } = transport else {
            return None;
        };
        let (parity, stop_bits, data_bits) = (*parity, *stop_bits, *data_bits);
        Some(Self { path: port.clone(), baud: *baud, parity, stop_bits, data_bits })
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Opens it, for the gateway alone.
    ///
    /// # Errors
    /// In words.
    pub(super) fn open(&self) -> Result<Stream, String> {
        let port = tokio_serial::new(&self.path, self.baud)
            .parity(match self.parity {
                Parity::None => tokio_serial::Parity::None,
                Parity::Even => tokio_serial::Parity::Even,
                Parity::Odd => tokio_serial::Parity::Odd,
            })
            .stop_bits(if self.stop_bits == 2 { StopBits::Two } else { StopBits::One })
            .data_bits(match self.data_bits {
                5 => DataBits::Five,
                6 => DataBits::Six,
                7 => DataBits::Seven,
                _ => DataBits::Eight,
            })
            .open_native_async();
        port.map(Stream::Serial).map_err(|error| format!("could not open {}: {error}", self.path))
    }
}
