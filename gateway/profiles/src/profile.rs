//! What a device profile says: the model's points, and where each stands on the wire.

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
    /// Unused registers that may be read along to save a request.
    pub hole_max: u16,
    /// Rest between two requests to the device.
    pub request_gap: Duration,
}

/// How a device of the profile publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttAccess {
    /// The topic, with `{site}` and `{device}` to be filled in.
    pub topic: String,
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
    /// Where it stands on the wire.
    pub source: Source,
}

/// Where a point stands on the wire.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// In Modbus registers.
    Register(RegisterSource),
    /// In a field of a message, by its name.
    Field(String),
}

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
    /// Raw values that mean "no measurement" (e.g. 0x7FFF); never a number.
    pub sentinels: Vec<i64>,
}

/// The type of a raw value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataType {
    /// A coil, a discrete input, or one bit (0 = least significant) of a register.
    Bit(u8),
    /// 16 bits, unsigned.
    U16,
    /// 16 bits, two's complement.
    I16,
    /// 32 bits, unsigned.
    U32,
    /// 32 bits, two's complement.
    I32,
    /// IEEE 754 single.
    F32,
    /// IEEE 754 double.
    F64,
}

impl RegisterSource {
    /// Whether a raw value, before scale and offset, means "no measurement". Every raw type of up
    /// to 32 bits is exact in the number; in a float the sentinel is the number it equals.
    pub fn is_sentinel(&self, raw: f64) -> bool {
        self.sentinels.iter().any(|sentinel| *sentinel as f64 == raw)
    }
}

impl DataType {
    /// How many 16-bit registers the raw value takes.
    pub fn registers(self) -> u16 {
        match self {
            Self::Bit(_) | Self::U16 | Self::I16 => 1,
            Self::U32 | Self::I32 | Self::F32 => 2,
            Self::F64 => 4,
        }
    }
}

/// The order in which the bytes A (most significant) to D arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WordOrder {
    /// Big-endian, as the specification has it.
    #[default]
    Abcd,
    /// Words swapped.
    Cdab,
    /// Bytes swapped within words.
    Badc,
    /// Little-endian.
    Dcba,
}
