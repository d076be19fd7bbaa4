//! What MQTT and HTTP share: messages and what is made of them, whatever brought them.
//!
//! A [`Reader`] is made once for a device and a topic: it knows which points of the device stand in
//! the messages of that topic, and where. A message is parsed once for each format that somebody
//! expects on the topic ([`Parsed`]), and read by each device that listens ([`Reader::read`]).
//!
//! **Times.** A message that says when it was measured is believed, unless the time is before 2020
//! or more than a day ahead; then, and when a time is expected and missing, it is as of its receipt
//! and uncertain. A format without times is as of its receipt; but what the broker had kept (a
//! retained message, or one of a backlog) is uncertain, as nobody knows how old it is.

mod json;
mod publisher;
mod seen;
#[cfg(test)]
mod tests;
mod value;
mod weir;

use crate::DeviceSettings;
use core::time::Duration;
use weir_domain::{Reading, Sample, SeriesId, Timestamp, UncertainReason};
use weir_engine::Row;
use weir_profiles::{Access, FieldSource, MessageFormat, PointDef, Source};
use weir_wire::telemetry::{self, Telemetry};

pub(crate) use publisher::{NO_POINTS, Publisher};
pub(crate) use seen::{Seen, TelemetryKey, Verdict};
pub(crate) use value::{Raw, read as read_value};

/// Most bytes of a message in JSON or plain text.
const TEXT_BYTES_MAX: usize = 256 * 1024;
/// 2020-01-01T00:00:00Z: a clock before this has never been set.
const PLAUSIBLE_FROM: Timestamp = Timestamp::from_millis(1_577_836_800_000);
/// How far a device's clock may be ahead.
const AHEAD_MAX: Duration = Duration::from_secs(24 * 3600);
/// Names that are told by name.
const NAMED_MAX: usize = 5;

/// When a message came, and what that says of a value without a time of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receipt {
    /// When it came.
    pub(crate) at: Timestamp,
    /// The same, but no two messages of a device have the same.
    pub(crate) unique: Timestamp,
    /// It may have been lying somewhere.
    pub(crate) is_old: bool,
}

impl Receipt {
    /// Whether somebody's clock is to be believed.
    pub(crate) fn trusts(&self, t: Timestamp) -> bool {
        (PLAUSIBLE_FROM..=self.at + AHEAD_MAX).contains(&t)
    }
}

/// When something was measured, as far as a message says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Measured {
    /// Then.
    At(Timestamp),
    /// It should say so, and does not, or is not to be believed.
    Unknown,
    /// Such messages never say.
    Untold,
}

impl Measured {
    pub(crate) fn sample(self, reading: Reading, receipt: &Receipt) -> Sample {
        let believed = match self {
            Self::At(t) => return sample(t, reading, receipt),
            Self::Unknown => false,
            Self::Untold => !receipt.is_old,
        };
        let reading = match reading {
            Reading::Good(value) if !believed => {
                Reading::Uncertain(value, UncertainReason::ClockUncertain)
            }
            reading => reading,
        };
        sample(receipt.unique, reading, receipt)
    }
}

fn sample(source_time: Timestamp, reading: Reading, receipt: &Receipt) -> Sample {
    Sample { source_time, received_time: receipt.at, reading }
}

/// What a message says of a device.
#[derive(Debug, Default)]
pub(crate) struct Understood {
    /// One for each point that is in the message.
    pub(crate) rows: Vec<Row>,
    /// What in it could not be used, in words.
    pub(crate) remark: Option<String>,
}

/// A format, as far as parsing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Weir,
    Json,
    Plain,
}

/// A parsed message.
pub(crate) enum Parsed {
    Weir(Telemetry),
    Json(serde_json::Value),
    Plain(String),
}

impl Parsed {
    /// # Errors
    /// In words, when the bytes are not of that format.
    pub(crate) fn parse(kind: Kind, payload: &[u8]) -> Result<Self, String> {
        if kind != Kind::Weir && payload.len() > TEXT_BYTES_MAX {
            let bytes = payload.len();
            return Err(format!("{bytes} bytes where {TEXT_BYTES_MAX} are allowed"));
        }
        match kind {
            Kind::Weir => {
                telemetry::decode(payload).map(Self::Weir).map_err(|error| error.to_string())
            }
            Kind::Json => serde_json::from_slice(payload)
                .map(Self::Json)
                .map_err(|error| format!("not JSON: {error}")),
            Kind::Plain => core::str::from_utf8(payload)
                .map(|text| Self::Plain(text.to_owned()))
                .map_err(|_| "not a text in UTF-8".to_owned()),
        }
    }
}

/// Where a point stands: its place among the device's points, and the point's place in a message.
#[derive(Debug)]
struct Place<P> {
    index: usize,
    at: P,
}

/// Reads the messages of a topic for a device.
#[derive(Debug)]
pub(crate) struct Reader(Format);

#[derive(Debug)]
enum Format {
    Weir(Vec<Place<String>>),
    Json { time: Option<json::Time>, points: Vec<Place<json::Path>> },
    Plain(Vec<usize>),
}

impl Reader {
    /// A reader of these points of the device (by index).
    ///
    /// # Errors
    /// In words, when the profile is not of a device that sends messages of its own, or one of its
    /// paths is none.
    pub(crate) fn new(device: &DeviceSettings, points: &[usize]) -> Result<Self, String> {
        let profile = &device.profile;
        let Access::Mqtt(access) = &profile.access else {
            return Err(format!("profile {} is not of a device that publishes", profile.id));
        };
        let field = |index: &usize| {
            let Some(PointDef { source: Source::Field(field), .. }) = profile.points.get(*index)
            else {
                return Err(format!("profile {} has points that are no fields", profile.id));
            };
            Ok((*index, field))
        };
        let fields: Vec<(usize, &FieldSource)> =
            points.iter().map(field).collect::<Result<_, _>>()?;
        Ok(Self(match &access.format {
            MessageFormat::Weir => Format::Weir(
                fields
                    .iter()
                    .map(|(index, f)| Place { index: *index, at: f.name.clone() })
                    .collect(),
            ),
            MessageFormat::Json { time, time_form } => {
                let path = |text: &str| json::Path::compile(&filled_in_path(text, device)?);
                let place = |(index, field): &(usize, &FieldSource)| {
                    path(&field.name).map(|at| Place { index: *index, at })
                };
                let points = fields.iter().map(place).collect::<Result<_, _>>()?;
                let time = time.as_deref().map(path).transpose()?;
                let time = time.map(|path| json::Time { path, form: *time_form });
                Format::Json { time, points }
            }
            MessageFormat::Plain => Format::Plain(points.to_vec()),
            MessageFormat::Sparkplug => {
                return Err("Sparkplug comes over MQTT, in topics of its own".to_owned());
            }
        }))
    }

    /// What it has to be parsed as.
    pub(crate) fn kind(&self) -> Kind {
        match &self.0 {
            Format::Weir(_) => Kind::Weir,
            Format::Json { .. } => Kind::Json,
            Format::Plain(_) => Kind::Plain,
        }
    }

    /// What a message of its kind says of the device; nothing if it is of another kind.
    pub(crate) fn read(
        &self,
        parsed: &Parsed,
        device: &DeviceSettings,
        receipt: &Receipt,
    ) -> Understood {
        let points = Points { device, receipt };
        match (&self.0, parsed) {
            (Format::Weir(places), Parsed::Weir(telemetry)) => {
                weir::read(telemetry, places, &points)
            }
            (Format::Json { time, points: places }, Parsed::Json(document)) => {
                json::read(document, time.as_ref(), places, &points)
            }
            (Format::Plain(indices), Parsed::Plain(text)) => {
                let row = |index: &usize| points.row(*index, Raw::Text(text), Measured::Untold);
                Understood { rows: indices.iter().filter_map(row).collect(), remark: None }
            }
            _ => Understood::default(),
        }
    }
}

/// The points of a device, and the moment of a message.
struct Points<'a> {
    device: &'a DeviceSettings,
    receipt: &'a Receipt,
}

impl<'a> Points<'a> {
    fn get(&self, index: usize) -> Option<(&'a PointDef, SeriesId)> {
        let def = self.device.profile.points.get(index)?;
        Some((def, *self.device.series.get(index)?))
    }

    fn row(&self, index: usize, raw: Raw<'_>, measured: Measured) -> Option<Row> {
        let (def, series) = self.get(index)?;
        let sample = measured.sample(read_value(def, raw), self.receipt);
        Some(Row { series, sample })
    }
}

/// A topic or a path with what stands for the device filled in.
pub(crate) fn filled_in(pattern: &str, device: &DeviceSettings) -> String {
    let address = device.address.as_deref().unwrap_or(device.id.as_str());
    let filled = pattern.replace("{site}", device.site.as_str());
    filled.replace("{device}", device.id.as_str()).replace("{address}", address)
}

/// A path with the device's address filled in. Nothing in an address must mean something there.
fn filled_in_path(pattern: &str, device: &DeviceSettings) -> Result<String, String> {
    let address = device.address.as_deref().unwrap_or_default();
    if pattern.contains('{') && address.contains(['\'', '"', '\\', '[', ']', '(', ')']) {
        return Err(format!("the address {address:?} cannot stand in a path"));
    }
    Ok(filled_in(pattern, device))
}

/// The first few of some names.
fn in_short(names: &[&str]) -> String {
    match names.get(..NAMED_MAX) {
        Some(few) if names.len() > NAMED_MAX => few.join(", ") + ", …",
        _ => names.join(", "),
    }
}
