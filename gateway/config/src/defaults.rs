//! What holds where the site file is silent, and the bounds of what it may say. The tables of
//! `docs/reference/site-file.md` repeat these numbers; a test compares them.

use core::net::{Ipv4Addr, SocketAddr};
use core::ops::RangeInclusive;

pub(crate) const MODBUS_TCP_PORT: u16 = 502;
/// Modbus/TCP Security.
pub(crate) const MODBUS_TLS_PORT: u16 = 802;
pub(crate) const MQTT_PORT: u16 = 1883;
pub(crate) const MQTT_TLS_PORT: u16 = 8883;
/// Most addresses that stand in for a link's own.
pub(crate) const BACKUPS_MAX: usize = 8;
/// Longest registration or heartbeat of a modem, in bytes.
pub(crate) const PACKET_MAX: usize = 256;
/// How a public key of a rule pack begins, and how many hex digits follow.
pub(crate) const KEY_PREFIX: &str = "ed25519:";
pub(crate) const KEY_DIGITS: usize = 64;
pub(crate) const BAUD: u32 = 9_600;
pub(crate) const BAUD_BOUNDS: RangeInclusive<i64> = 300..=921_600;
pub(crate) const STOP_BITS: u8 = 1;
/// The only number of data bits that Modbus RTU has.
pub(crate) const DATA_BITS: u8 = 8;
pub(crate) const TIMEOUT_MS: u64 = 1_000;
pub(crate) const TIMEOUT_MS_BOUNDS: RangeInclusive<i64> = 50..=60_000;

pub(crate) const REQUEST_GAP_MS: u64 = 0;
pub(crate) const REQUEST_GAP_MS_BOUNDS: RangeInclusive<i64> = 0..=10_000;

/// How often a broker hears at least something.
pub(crate) const KEEP_ALIVE_SECS: u64 = 30;
pub(crate) const KEEP_ALIVE_SECS_BOUNDS: RangeInclusive<i64> = 5..=3_600;

pub(crate) const SCAN_INTERVAL_MS: u64 = 5_000;
/// 0: again at once.
pub(crate) const SCAN_INTERVAL_MS_BOUNDS: RangeInclusive<i64> = 0..=3_600_000;
/// A device is stale after so many intervals without a sample, ...
pub(crate) const STALE_INTERVALS: u32 = 3;
/// ... but never sooner than this: a breaker that probes every 30 s must have its chance.
pub(crate) const STALE_MIN_SECS: u64 = 90;

/// What a device that speaks on occasion has said counts until it says something else, and no
/// longer than this: more than the year after which the rarest of tests is due again.
pub(crate) const OCCASIONAL_STALE_DAYS: u64 = 400;

pub(crate) const INFLUX_ORG: &str = "weir";
pub(crate) const INFLUX_BUCKET: &str = "weir";
pub(crate) const GRACE_SECS: u64 = 30;
pub(crate) const GRACE_SECS_BOUNDS: RangeInclusive<i64> = 0..=3_600;

pub(crate) const RETENTION_DAYS: u64 = 365;
pub(crate) const RETENTION_DAYS_BOUNDS: RangeInclusive<i64> = 1..=36_500;
pub(crate) const COMMIT_INTERVAL_MS: u64 = 1_000;
pub(crate) const COMMIT_INTERVAL_MS_BOUNDS: RangeInclusive<i64> = 100..=5_000;

/// A shift.
pub(crate) const SHELVE_MAX_MINS: u64 = 8 * 60;
/// 0: no alarm is ever shelved. And none for longer than a day.
pub(crate) const SHELVE_MAX_MINS_BOUNDS: RangeInclusive<i64> = 0..=24 * 60;

pub(crate) const LISTEN: SocketAddr =
    SocketAddr::new(core::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8_080);

/// Most areas, links, devices and sinks, each.
pub(crate) const ITEMS_MAX: usize = 2_000;
/// Largest contact tank, in cubic metres.
pub(crate) const CONTACT_TANK_M3_MAX: f64 = 100_000.0;
