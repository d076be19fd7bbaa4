//! What the acquisition is told: links, their devices, and how to reach them.

use core::{fmt, net::SocketAddr, time::Duration};
use std::sync::Arc;
use weir_domain::{DeviceId, LinkId, SeriesId, SiteId};
use weir_profiles::Profile;

/// A link: what is polled, or listened to, as one. Two that are equal do the same, so a reload
/// leaves the link alone.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkSettings {
    /// Its id.
    pub id: LinkId,
    /// How it is reached.
    pub transport: Transport,
    /// How long an answer may take; Modbus only.
    pub timeout: Duration,
    /// Rest between any two requests on the link; Modbus only.
    pub request_gap: Duration,
    /// The devices on it.
    pub devices: Vec<DeviceSettings>,
}

/// An installed device.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceSettings {
    /// Its id.
    pub id: DeviceId,
    /// The Modbus unit id; none means 255, the device at the address itself.
    pub unit_id: Option<u8>,
    /// What a device that publishes is called in its topics (`{address}`); for Sparkplug
    /// `group/edge node` or `group/edge node/device`. Without it, the device's id.
    pub address: Option<String>,
    /// The instrument model.
    pub profile: Arc<Profile>,
    /// How often to read it (zero: again at once); else how often it is expected to publish.
    pub scan_interval: Duration,
    /// The series of its points, in the order of the profile's points.
    pub series: Vec<SeriesId>,
    /// The site it stands in; part of its MQTT topic.
    pub site: SiteId,
}

/// How a link is reached.
#[derive(Clone, PartialEq, Eq)]
pub enum Transport {
    /// Modbus through a TCP connection that the gateway opens.
    ModbusTcp {
        /// Where to: the address, then its backups. Never empty.
        endpoints: Vec<Endpoint>,
        /// What the connection carries.
        framing: Framing,
        /// TLS, if the connection is to be encrypted.
        tls: Option<Tls>,
    },
    /// Modbus through a TCP connection that the other side (a cellular modem) opens.
    ModbusDialIn {
        /// Where the gateway listens; several links may share it.
        listen: SocketAddr,
        /// The packet with which the modem says who it is.
        registration: Vec<u8>,
        /// The packet that the modem sends now and then to keep the connection, if it does.
        heartbeat: Option<Vec<u8>>,
        /// What the connection carries.
        framing: Framing,
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
    /// MQTT through a broker.
    Mqtt(Box<MqttSettings>),
    /// Devices post their messages to the gateway's own HTTP server.
    Http {
        /// What they must show.
        token: String,
    },
}

/// A name or address with a TCP port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// What a connection with Modbus carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Modbus TCP: the MBAP header.
    Mbap,
    /// Modbus RTU: unit id and CRC, as on a serial line.
    Rtu,
}

/// TLS for a connection that the gateway opens.
#[derive(Clone, PartialEq, Eq)]
pub struct Tls {
    /// Certificates (PEM) that are trusted; without them, those of the system.
    pub ca: Option<String>,
    /// The gateway's own certificate chain and private key (both PEM).
    pub identity: Option<(String, String)>,
    /// The name in the server's certificate, if it is not the host's.
    pub server_name: Option<String>,
}

/// A session with an MQTT broker.
#[derive(Clone, PartialEq, Eq)]
pub struct MqttSettings {
    /// The broker.
    pub endpoint: Endpoint,
    /// Which MQTT.
    pub version: MqttVersion,
    /// The client id. The broker keeps messages for it while the gateway is away, so it must
    /// stay the same, and no other client may have it.
    pub client_id: String,
    /// The user, if the broker asks for one.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<String>,
    /// TLS, if the connection is to be encrypted.
    pub tls: Option<Tls>,
    /// The name of a shared subscription (`$share/<name>/…`): several gateways share the messages.
    pub share: Option<String>,
    /// Where the gateway says whether it is there: retained `online`, with a will of `offline`.
    pub status_topic: Option<String>,
    /// How often at least something is sent.
    pub keep_alive: Duration,
}

/// Which MQTT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MqttVersion {
    /// 3.1.1.
    V3,
    /// 5.0.
    V5,
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

/// In short, and without secrets.
impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ModbusTcp { endpoints, framing, tls } => {
                let tls = if tls.is_some() { " over tls" } else { "" };
                write!(f, "{framing}{tls}")?;
                endpoints.iter().try_for_each(|endpoint| write!(f, " {endpoint}"))
            }
            Self::ModbusDialIn { listen, framing, .. } => {
                write!(f, "{framing} dialled in on {listen}")
            }
            Self::ModbusRtu { port, baud, .. } => write!(f, "modbus rtu {port} at {baud} baud"),
            Self::Mqtt(mqtt) => write!(f, "mqtt {} as {}", mqtt.endpoint, mqtt.client_id),
            Self::Http { .. } => f.write_str("http"),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mbap => "modbus tcp",
            Self::Rtu => "modbus rtu over tcp",
        })
    }
}
