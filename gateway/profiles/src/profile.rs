//! What a device profile says: the model's points, and where each stands on the wire.

use crate::{RegisterAddress, RegisterKind, RegisterSource};
use core::time::Duration;
use weir_domain::{Parameter, PointName, ProfileId, Text, Unit, ValueKind};

/// An instrument model.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The model's id, e.g. `generic-residual-chlorine`.
    pub id: ProfileId,
    /// The model's name.
    pub name: Text,
    /// Where the register map or message format was taken from. A made-up map says "generic".
    pub source: String,
    /// How the device is reached.
    pub access: Access,
    /// What it measures; never empty, ids are unique.
    pub points: Vec<PointDef>,
    /// What it says of itself, such as its serial number: read when it is met, and no measurement.
    pub info: Vec<InfoDef>,
}

/// Something a Modbus device says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct InfoDef {
    /// Its name within the device.
    pub id: PointName,
    /// Its name for people.
    pub name: Text,
    /// Where it stands.
    pub source: RegisterSource,
}

/// How a device of the profile is reached.
#[derive(Debug, Clone, PartialEq)]
pub enum Access {
    /// Polled over Modbus; every point has a [`Source::Register`].
    Modbus(ModbusAccess),
    /// Publishes over MQTT; every point has a [`Source::Field`].
    Mqtt(MqttAccess),
}

/// What a Modbus device of the profile bears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModbusAccess {
    /// Most registers in one request, at most 125.
    pub registers_max: u16,
    /// Most coils or discrete inputs in one request, at most 2000.
    pub bits_max: u16,
    /// Unused registers (or bits) in a row that may be read along to save a request. None if the
    /// profile does not say: then the planner decides by what it costs.
    pub hole_max: Option<u16>,
    /// Rest between two requests to the device.
    pub request_gap: Duration,
    /// Rest between a new connection and the first request.
    pub connect_delay: Duration,
    /// How long the device usually takes before it answers; for the planner and `weir plan`.
    pub turnaround: Duration,
    /// Addresses that must never be read, not even along with others.
    pub forbidden: Vec<AddressRange>,
    /// Answers may carry any unit id: some devices say 0, 1 or 255 whatever they were called.
    pub any_answer_unit: bool,
    /// Every point in a request of its own.
    pub one_by_one: bool,
    /// Requests for bits start at address 0, whatever bits are needed.
    pub bits_from_zero: bool,
    /// The connection is closed after every scan, for devices that serve one client at a time.
    pub close_after_scan: bool,
}

/// Neighbouring addresses of one table, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    /// The table.
    pub kind: RegisterKind,
    /// The first address.
    pub first: RegisterAddress,
    /// The last address.
    pub last: RegisterAddress,
}

impl Default for ModbusAccess {
    /// What the specification allows, and no quirks.
    fn default() -> Self {
        Self {
            registers_max: 125,
            bits_max: 2000,
            hole_max: None,
            request_gap: Duration::ZERO,
            connect_delay: Duration::ZERO,
            turnaround: Duration::from_millis(20),
            forbidden: Vec::new(),
            any_answer_unit: false,
            one_by_one: false,
            bits_from_zero: false,
            close_after_scan: false,
        }
    }
}

/// How a device of the profile publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttAccess {
    /// The topic, with `{site}`, `{device}` and `{address}` to be filled in; may have wildcards.
    /// Not used by Sparkplug, nor by a device that posts over HTTP.
    pub topic: String,
    /// What its messages look like.
    pub format: MessageFormat,
    /// Whether it speaks only when there is something to say, e.g. a reader of tags or a test by
    /// hand: its silence is no failure.
    pub occasional: bool,
}

/// What messages look like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum MessageFormat {
    /// Weir's own telemetry, CBOR or JSON; points by their field's name.
    #[default]
    Weir,
    /// Any JSON; points by a path (RFC 9535).
    Json {
        /// The path of the time of measurement; without it, the time of receipt.
        time: Option<String>,
        /// How that time is written.
        time_form: TimeForm,
    },
    /// The payload is one value in text; each point has a topic of its own.
    Plain,
    /// Sparkplug B; points by their metric's name.
    Sparkplug,
}

/// How a message writes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeForm {
    /// Seconds since 1970, perhaps with decimals.
    Seconds,
    /// Milliseconds since 1970.
    #[default]
    Milliseconds,
    /// RFC 3339 in text.
    Rfc3339,
}

/// One point of a profile.
#[derive(Debug, Clone, PartialEq)]
pub struct PointDef {
    /// The point's name within the device.
    pub id: PointName,
    /// The point's name for people.
    pub name: Text,
    /// What it measures.
    pub parameter: Parameter,
    /// In which unit.
    pub unit: Unit,
    /// Number or boolean.
    pub kind: ValueKind,
    /// The instrument's measuring range; a value outside is uncertain.
    pub range: Option<(f64, f64)>,
    /// Decimals worth showing.
    pub decimals: u8,
    /// The values it may have, if it is one of a few states; any other is no good value.
    pub states: Vec<State>,
    /// Where it stands on the wire.
    pub source: Source,
}

/// One of a few values of a point, e.g. the phase of a sterilizer.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The point's value.
    pub value: f64,
    /// What it means.
    pub name: Text,
    /// The text on the wire that means it, if the wire has texts.
    pub word: Option<String>,
}

/// Where a point stands on the wire.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// In Modbus registers.
    Register(RegisterSource),
    /// In a message.
    Field(FieldSource),
}

/// A point's place in a message: `value = number × scale + offset`.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldSource {
    /// The field: its name (Weir), path (JSON, RFC 9535) or metric (Sparkplug); empty in plain text.
    pub name: String,
    /// The topic it comes on, if it is not the device's; placeholders as in the device's topic.
    pub topic: Option<String>,
    /// Factor from the number in the message to the unit.
    pub scale: f64,
    /// Added after scaling.
    pub offset: f64,
    /// Numbers that mean "no measurement".
    pub sentinels: Vec<f64>,
}

impl FieldSource {
    /// The number as it stands in the message, under a name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), topic: None, scale: 1.0, offset: 0.0, sentinels: Vec::new() }
    }
}
