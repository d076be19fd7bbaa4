//! What the acquisition is told: links, their devices, and how to reach them.

use core::{fmt, time::Duration};
use std::sync::Arc;
use weir_domain::{DeviceId, LinkId, SeriesId, SiteId};
use weir_profiles::Profile;

/// A link: what is polled, or listened to, as one.
#[derive(Debug, Clone)]
pub struct LinkSettings {
    /// Its id.
    pub id: LinkId,
    /// How it is reached.
    pub transport: Transport,
    /// How long an answer may take; Modbus only.
    pub timeout: Duration,
    /// The devices on it.
    pub devices: Vec<DeviceSettings>,
}

/// An installed device.
#[derive(Debug, Clone)]
pub struct DeviceSettings {
    /// Its id.
    pub id: DeviceId,
    /// The Modbus unit id; none means 255, the device at the address itself.
    pub unit_id: Option<u8>,
    /// The instrument model.
    pub profile: Arc<Profile>,
    /// How often to read it; for MQTT, how often it is expected to publish.
    pub scan_interval: Duration,
    /// The series of its points, in the order of the profile's points.
    pub series: Vec<SeriesId>,
    /// The site it stands in; part of its MQTT topic.
    pub site: SiteId,
}

/// How a link is reached.
#[derive(Clone, PartialEq, Eq)]
pub enum Transport {
    /// Modbus TCP.
    ModbusTcp {
        /// Name or address of the server or gateway.
        host: String,
        /// TCP port, usually 502.
        port: u16,
    },
    /// Modbus RTU on a serial port.
    ModbusRtu {
        /// The port's path.
        port: String,
        /// Bits per second.
        baud: u32,
        /// Parity bit.
        parity: Parity,
        /// Stop bits, 1 or 2.
        stop_bits: u8,
        /// Data bits, 5 to 8; RTU has 8.
        data_bits: u8,
    },
    /// MQTT 3.1.1 through a broker.
    Mqtt {
        /// Name or address of the broker.
        host: String,
        /// TCP port, usually 1883.
        port: u16,
        /// The client id. The broker keeps messages for it while the gateway is away, so it must
        /// stay the same, and no other client may have it.
        client_id: String,
        /// The user, if the broker asks for one.
        username: Option<String>,
        /// The user's password.
        password: Option<String>,
    },
}

/// The parity bit of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parity {
    /// None.
    None,
    /// Even.
    Even,
    /// Odd.
    Odd,
}

/// In short, and without the password.
impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ModbusTcp { host, port } => write!(f, "modbus tcp {host}:{port}"),
            Self::ModbusRtu { port, baud, .. } => write!(f, "modbus rtu {port} at {baud} baud"),
            Self::Mqtt { host, port, client_id, .. } => {
                write!(f, "mqtt {host}:{port} as {client_id}")
            }
        }
    }
}
