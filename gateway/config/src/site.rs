//! A validated site: every reference is resolved, every bound holds.

use crate::Secret;
use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use weir_compliance::{Pack, Schedule};
use weir_domain::{AreaId, Class, DeviceId, LinkId, Role, SinkId, SiteId, Text};
use weir_profiles::{Access, Profile};

/// One installation. Ids are unique within their list; everything a device names exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// The site.
    pub id: SiteId,
    /// Its name.
    pub name: Text,
    /// The zone its clocks show.
    pub time_zone: TimeZone,
    /// The zone's IANA name, as written: `Asia/Shanghai`.
    pub time_zone_name: String,
    /// Its areas, in the order of the file; never empty.
    pub areas: Vec<Area>,
    /// Its links, in the order of the file; never empty.
    pub links: Vec<Link>,
    /// Its devices, in the order of the file; never empty.
    pub devices: Vec<Device>,
    /// Its sinks, in the order of the file.
    pub sinks: Vec<Sink>,
    /// How long and how often things are stored.
    pub storage: Storage,
    /// The HTTP server.
    pub web: Web,
    /// What people may do to alarms.
    pub alarms: Alarms,
}

/// What people may do to alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarms {
    /// How long one may be shelved at most.
    pub shelve_max: Duration,
}

/// A part of a site that one set of limits applies to.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    /// The area.
    pub id: AreaId,
    /// Its name.
    pub name: Text,
    /// The kind of facility.
    pub kind: FacilityKind,
    /// Its legal class, known to its packs.
    pub class: Option<Class>,
    /// The packs that apply to it, in the order of the file.
    pub packs: Vec<Arc<Pack>>,
    /// Volume of the contact tank, in cubic metres.
    pub contact_tank_m3: Option<f64>,
    /// Numbers its packs ask for, such as `beds`.
    pub facts: BTreeMap<String, f64>,
    /// Opening hours as written; empty = always open.
    pub opening_hours: Vec<String>,
    /// Opening hours as understood.
    pub schedule: Schedule,
}

/// The kind of facility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FacilityKind {
    /// The effluent of a hospital.
    HospitalWastewater,
    /// A swimming pool.
    Pool,
    /// Cleaning and disinfection in lodging.
    Lodging,
    /// Rooms with radiation equipment.
    Radiation,
    /// Steam sterilizers.
    Sterilization,
}

/// A serial line, TCP connection or broker session, polled as one.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The link.
    pub id: LinkId,
    /// How its devices are reached.
    pub transport: Transport,
    /// How long an answer or a connection may take.
    pub timeout: Duration,
    /// Rest between any two requests on the link.
    pub request_gap: Duration,
}

/// How the devices of a link are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        /// Where the gateway listens; links may share it.
        listen: SocketAddr,
        /// The packet with which the modem says who it is; unique for an address.
        registration: Vec<u8>,
        /// The packet that the modem sends now and then to keep the connection, if it does.
        heartbeat: Option<Vec<u8>>,
        /// What the connection carries.
        framing: Framing,
    },
    /// Modbus RTU on a serial line.
    ModbusRtu {
        /// The line, e.g. `/dev/ttyUSB0`.
        port: String,
        /// Bits per second.
        baud: u32,
        /// The parity bit.
        parity: Parity,
        /// 1 or 2.
        stop_bits: u8,
        /// 8: Modbus RTU has no other.
        data_bits: u8,
    },
    /// MQTT.
    Mqtt(Box<Mqtt>),
    /// Devices post to the gateway's own HTTP server.
    Http {
        /// What they must show.
        token: Secret,
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

/// TLS for a connection that the gateway opens. Paths are as written in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// A file of certificates (PEM) that are trusted; without it, those of the system.
    pub ca: Option<PathBuf>,
    /// Files of the gateway's own certificate chain and private key (PEM).
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The name in the server's certificate, if it is not the host's.
    pub server_name: Option<String>,
}

/// A session with an MQTT broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mqtt {
    /// The broker.
    pub endpoint: Endpoint,
    /// Which MQTT.
    pub version: MqttVersion,
    /// What the gateway calls itself; no other link to the same broker has it.
    pub client_id: String,
    /// Who it logs in as.
    pub username: Option<String>,
    /// With which password; never without a user name.
    pub password: Option<Secret>,
    /// TLS, if the connection is to be encrypted.
    pub tls: Option<Tls>,
    /// The name of a shared subscription.
    pub share: Option<String>,
    /// Where the gateway says whether it is there.
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
    /// Odd.
    Odd,
    /// Even.
    Even,
}

/// An installed instrument.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// The device.
    pub id: DeviceId,
    /// Its name.
    pub name: Text,
    /// Its model; reached the way its link is.
    pub profile: Arc<Profile>,
    /// Its link.
    pub link: LinkId,
    /// Its unit id, 1 to 247 (on Modbus TCP also 0 and 255, the gateway at the address itself);
    /// unique on its link; there if and only if the link is Modbus.
    pub unit_id: Option<u8>,
    /// What a device that publishes is called in its topics, if not by its id.
    pub address: Option<String>,
    /// Its area.
    pub area: AreaId,
    /// Where it measures; holds for all its points.
    pub role: Role,
    /// How often it is read, or expected to publish.
    pub scan_interval: Duration,
    /// After this long without a sample its points are stale.
    pub stale_after: Duration,
}

impl Device {
    /// Whether it speaks only when there is something to say.
    pub fn is_occasional(&self) -> bool {
        matches!(&self.profile.access, Access::Mqtt(mqtt) if mqtt.occasional)
    }
}

/// A database or receiver outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sink {
    /// The sink; its cursor bears this name.
    pub id: SinkId,
    /// What it is, and where.
    pub kind: SinkKind,
}

/// What a sink is, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkKind {
    /// Readings, to a server that speaks InfluxDB's version 2 API.
    Influx {
        /// Where it is: `http://host:port`, without a slash at the end.
        url: String,
        /// The organisation.
        org: String,
        /// The bucket.
        bucket: String,
        /// The token, if the server asks for one.
        token: Option<Secret>,
        /// How long an acknowledged reading is held back in case the server forgets it.
        grace: Duration,
    },
    /// Alarms, signed, to an HTTP receiver.
    Webhook {
        /// Where they are posted to.
        url: String,
        /// The key of the signature.
        secret: Secret,
    },
}

/// How long and how often things are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    /// How long readings are kept.
    pub retention: Duration,
    /// Longest time a reading waits for the others of its commit.
    pub commit_interval: Duration,
}

/// The HTTP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Web {
    /// Where it listens.
    pub listen: SocketAddr,
}

impl Site {
    /// The area of an id.
    pub fn area(&self, id: &AreaId) -> Option<&Area> {
        self.areas.iter().find(|area| area.id == *id)
    }

    /// The link of an id.
    pub fn link(&self, id: &LinkId) -> Option<&Link> {
        self.links.iter().find(|link| link.id == *id)
    }

    /// The device of an id.
    pub fn device(&self, id: &DeviceId) -> Option<&Device> {
        self.devices.iter().find(|device| device.id == *id)
    }
}

impl FacilityKind {
    /// Every kind, with its word.
    pub(crate) const WORDS: [(&str, Self); 5] = [
        ("hospital_wastewater", Self::HospitalWastewater),
        ("pool", Self::Pool),
        ("lodging", Self::Lodging),
        ("radiation", Self::Radiation),
        ("sterilization", Self::Sterilization),
    ];

    /// The kind's word in every interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HospitalWastewater => "hospital_wastewater",
            Self::Pool => "pool",
            Self::Lodging => "lodging",
            Self::Radiation => "radiation",
            Self::Sterilization => "sterilization",
        }
    }
}

impl Transport {
    /// Whether its devices are polled over Modbus.
    pub fn is_modbus(&self) -> bool {
        !matches!(self, Self::Mqtt(_) | Self::Http { .. })
    }
}

impl fmt::Display for Transport {
    /// What it is, without secrets: `modbus tcp 10.0.0.7:502`.
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
            Self::ModbusRtu { port, baud, parity, stop_bits, data_bits } => {
                let parity = match parity {
                    Parity::None => 'N',
                    Parity::Odd => 'O',
                    Parity::Even => 'E',
                };
                write!(f, "modbus rtu {port} {baud} {data_bits}{parity}{stop_bits}")
            }
            Self::Mqtt(mqtt) => write!(f, "mqtt {}", mqtt.endpoint),
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
