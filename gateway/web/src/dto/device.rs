//! Devices and how their links see them.

use serde::Serialize;
use weir_domain::{AreaId, DeviceId, LinkId, PointId, ProfileId, Role, Text, Timestamp};
use weir_engine::{
    Description, DeviceInfo,
    ports::{self, BreakerState, DeviceHealth, DeviceState},
};

/// A device.
#[derive(Serialize)]
pub(crate) struct Device<'a> {
    id: &'a DeviceId,
    name: &'a Text,
    profile: &'a ProfileId,
    link: &'a LinkId,
    transport: &'a str,
    unit_id: Option<u8>,
    area: &'a AreaId,
    role: &'a Role,
    scan_interval_ms: u128,
    timeout_ms: Option<u128>,
    points: Vec<&'a PointId>,
    health: Health<'a>,
}

#[derive(Serialize, Default)]
struct Health<'a> {
    state: &'static str,
    last_error: Option<&'a str>,
    last_success: Option<Timestamp>,
    /// The last one; it is in `round_trip` too, which came later.
    round_trip_ms: Option<f64>,
    round_trip: Option<RoundTrip>,
    scan_ms: Option<f64>,
    requests_per_scan: u32,
    successes: u64,
    timeouts: u64,
    crc_errors: u64,
    invalid_answers: u64,
    late_answers: u64,
    exceptions: u64,
    skipped_scans: u64,
    breaker: &'static str,
    cause: Option<&'a Text>,
    refused: &'a [String],
    identity: Vec<Trait<'a>>,
    last_frames: Option<Frames<'a>>,
}

#[derive(Serialize)]
struct RoundTrip {
    last_ms: f64,
    median_ms: f64,
    p95_ms: f64,
    max_ms: f64,
}

/// Something that a device says of itself.
#[derive(Serialize)]
struct Trait<'a> {
    name: &'a Text,
    value: &'a str,
}

#[derive(Serialize)]
struct Frames<'a> {
    request: &'a str,
    answer: &'a str,
}

fn state(state: DeviceState) -> &'static str {
    match state {
        DeviceState::Waiting => "waiting",
        DeviceState::Online => "online",
        DeviceState::Offline => "offline",
    }
}

/// The word for a breaker.
pub(crate) fn breaker(breaker: BreakerState) -> &'static str {
    match breaker {
        BreakerState::Closed => "closed",
        BreakerState::Open => "open",
        BreakerState::HalfOpen => "half_open",
    }
}

impl From<ports::RoundTrip> for RoundTrip {
    fn from(trip: ports::RoundTrip) -> Self {
        let ports::RoundTrip { last_ms, median_ms, p95_ms, max_ms } = trip;
        Self { last_ms, median_ms, p95_ms, max_ms }
    }
}

impl<'a> Health<'a> {
    fn of(health: &'a DeviceHealth) -> Self {
        let frames =
            |frames: &'a ports::Frames| Frames { request: &frames.request, answer: &frames.answer };
        Self {
            state: state(health.state),
            last_error: health.last_error.as_deref(),
            last_success: health.last_success,
            round_trip_ms: health.round_trip.map(|trip| trip.last_ms),
            round_trip: health.round_trip.map(Into::into),
            scan_ms: health.scan_ms,
            requests_per_scan: health.requests_per_scan,
            successes: health.successes,
            timeouts: health.timeouts,
            crc_errors: health.crc_errors,
            invalid_answers: health.invalid_answers,
            late_answers: health.late_answers,
            exceptions: health.exceptions,
            skipped_scans: health.skipped_scans,
            breaker: breaker(health.breaker),
            cause: health.cause.as_ref(),
            refused: &health.refused,
            identity: health.identity.iter().map(|(name, value)| Trait { name, value }).collect(),
            last_frames: health.last_frames.as_ref().map(frames),
        }
    }

    /// Of a device that its link has not spoken of yet, as just after a change of the site.
    fn unknown() -> Self {
        let (state, breaker) = (state(DeviceState::Waiting), breaker(BreakerState::Closed));
        Self { state, breaker, ..Self::default() }
    }
}

impl<'a> Device<'a> {
    /// A device as it stands.
    pub(crate) fn of(
        site: &'a Description,
        info: &'a DeviceInfo,
        health: &'a [DeviceHealth],
    ) -> Self {
        let link = site.links.iter().find(|link| link.id == info.link);
        let points = site.points.iter().filter(|point| *point.id.device() == info.id);
        let health = health.iter().find(|health| health.device == info.id);
        Self {
            id: &info.id,
            name: &info.name,
            profile: &info.profile,
            link: &info.link,
            transport: link.map_or("", |link| &link.transport),
            unit_id: info.unit_id,
            area: &info.area,
            role: &info.role,
            scan_interval_ms: info.scan_interval.as_millis(),
            timeout_ms: link.map(|link| link.timeout.as_millis()),
            points: points.map(|point| &point.id).collect(),
            health: health.map_or_else(Health::unknown, Health::of),
        }
    }
}
