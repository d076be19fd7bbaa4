//! What somebody who tests a gateway can make a device do.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use weir_plant::Device;
use weir_wire::modbus::Exception;

/// How a device misbehaves; by default not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Knobs {
    /// It answers and publishes nothing.
    pub silent: bool,
    /// It answers and publishes so much later.
    pub delay: Duration,
    /// It spoils the bytes of its answers.
    pub corruption: Option<Corruption>,
    /// It refuses every request.
    pub exception: Option<Exception>,
    /// Its sensor measures nothing.
    pub dead: bool,
}

/// How an answer is spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corruption {
    /// One bit of the data is turned: RTU has a wrong checksum then, TCP a wrong byte count, an
    /// MQTT message no beginning.
    Flipped,
    /// The last byte does not come.
    Truncated,
    /// Something else altogether.
    Garbage,
}

impl Corruption {
    /// Spoils the bytes of a frame or message.
    pub(crate) fn spoil(self, bytes: &mut Vec<u8>, at: usize) {
        match self {
            Self::Flipped => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 0x10;
                }
            }
            Self::Truncated => {
                bytes.pop();
            }
            Self::Garbage => *bytes = b"\x55\xAA NOISE \xFF\x00\x7F".to_vec(),
        }
    }
}

/// The knobs of all devices, shared by those who turn and those who obey.
#[derive(Debug, Clone, Default)]
pub(crate) struct Panel(Arc<Mutex<HashMap<Device, Knobs>>>);

impl Panel {
    pub(crate) fn get(&self, device: Device) -> Knobs {
        let knobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        knobs.get(&device).copied().unwrap_or_default()
    }

    pub(crate) fn set(&self, device: Device, knobs: Knobs) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(device, knobs);
    }
}
