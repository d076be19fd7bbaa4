//! The site in words: what a screen or a sink needs to know to show or name things. A description
//! never changes; a site file that is read again makes another one.

use core::time::Duration;
use weir_domain::{
    AlarmClass, AreaId, Class, DeviceId, LinkId, PackId, Parameter, PointId, Priority, ProfileId,
    RequirementId, Role, SeriesId, SiteId, Text, Unit, ValueKind,
};

/// The whole site.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// The site.
    pub id: SiteId,
    /// The site's name.
    pub name: Text,
    /// IANA time zone, e.g. `Asia/Shanghai`.
    pub time_zone: String,
    /// SHA-256 of the site file, in hex.
    pub config_hash: String,
    /// Its areas, in the order of the site file.
    pub areas: Vec<AreaInfo>,
    /// Its links, in the order of the site file.
    pub links: Vec<LinkInfo>,
    /// Its devices, in the order of the site file.
    pub devices: Vec<DeviceInfo>,
    /// All points, device by device.
    pub points: Vec<PointInfo>,
    /// All requirements as bound to points.
    pub requirements: Vec<RequirementInfo>,
}

/// An area.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaInfo {
    /// The area.
    pub id: AreaId,
    /// Its name.
    pub name: Text,
    /// The kind of facility, e.g. `hospital_wastewater`.
    pub kind: String,
    /// Its legal class, with the class's name.
    pub class: Option<(Class, Text)>,
    /// Opening hours as written in the site file, e.g. `mon-sun 06:00-22:00`; empty = always open.
    pub opening_hours: Vec<String>,
    /// The packs that apply to it.
    pub packs: Vec<PackInfo>,
}

/// A rule pack.
#[derive(Debug, Clone, PartialEq)]
pub struct PackInfo {
    /// The pack.
    pub id: PackId,
    /// Its version.
    pub version: String,
    /// Its title.
    pub title: Text,
    /// The standard it was taken from.
    pub source: String,
    /// First day on which it applies: `2027-01-01`.
    pub effective_from: Option<String>,
    /// Last day on which it applies.
    pub effective_to: Option<String>,
    /// Who vouches for it: `builtin`, `signed` or `unsigned`.
    pub seal: &'static str,
    /// The key that signed it.
    pub signed_by: Option<String>,
    /// The requirements of other packs in whose place it judges: `gb37488-2019/free-chlorine`.
    pub overrides: Vec<String>,
}

/// A link.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkInfo {
    /// The link.
    pub id: LinkId,
    /// What it is, without secrets: `modbus tcp 10.0.0.7:502`.
    pub transport: String,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// A device.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceInfo {
    /// The device.
    pub id: DeviceId,
    /// Its name.
    pub name: Text,
    /// Its model.
    pub profile: ProfileId,
    /// Its link.
    pub link: LinkId,
    /// Its Modbus unit id.
    pub unit_id: Option<u8>,
    /// Its area.
    pub area: AreaId,
    /// Where it measures.
    pub role: Role,
    /// How often it is read, or expected to publish.
    pub scan_interval: Duration,
}

/// A point.
#[derive(Debug, Clone, PartialEq)]
pub struct PointInfo {
    /// The point.
    pub id: PointId,
    /// Its number in the store.
    pub series: SeriesId,
    /// Its area.
    pub area: AreaId,
    /// Where it is measured.
    pub role: Role,
    /// What it measures.
    pub parameter: Parameter,
    /// Its name.
    pub name: Text,
    /// Its unit.
    pub unit: Unit,
    /// Number or boolean.
    pub kind: ValueKind,
    /// Decimals worth showing.
    pub decimals: u8,
    /// The instrument's measuring range.
    pub range: Option<(f64, f64)>,
    /// What its values mean, if it is one of a few states; empty for a measurement.
    pub states: Vec<(f64, Text)>,
    /// Without a sample for this long it is stale.
    pub stale_after: Duration,
    /// The limits that apply to it.
    pub limits: Vec<LimitInfo>,
}

/// A limit on a point, for drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitInfo {
    /// Index into [`Description::requirements`].
    pub requirement: usize,
    /// Least allowed value; the value itself is allowed.
    pub low: Option<f64>,
    /// Greatest allowed value; the value itself is allowed.
    pub high: Option<f64>,
    /// Whether breaking it is only a warning, not a verdict.
    pub warning: bool,
}

/// A requirement as bound to points.
#[derive(Debug, Clone, PartialEq)]
pub struct RequirementInfo {
    /// The area it applies to.
    pub area: AreaId,
    /// The pack and its version, `gb18466-2005@1`.
    pub pack: String,
    /// The requirement.
    pub id: RequirementId,
    /// Its title.
    pub title: Text,
    /// The clause of the standard.
    pub clause: String,
    /// How sure the value is: `V`, `M-h`, `M-m`, `M-l`, `C`, as in the pack.
    pub confidence: String,
    /// The points it judges, as indexes into [`Description::points`]; the first one names it.
    pub points: Vec<usize>,
    /// The limit as an interval or a rule in words, in both languages.
    pub limit: Text,
    /// Whether it passes verdicts, or only warns.
    pub warning: bool,
    /// The priority of its alarm.
    pub priority: Priority,
    /// What its alarm is about.
    pub class: AlarmClass,
    /// The group that its alarm belongs to.
    pub group: Option<String>,
    /// What usually causes it.
    pub cause: Text,
    /// What comes of it.
    pub consequence: Text,
    /// What to do.
    pub response: Text,
    /// Within how long.
    pub respond_within: Duration,
}
