//! A device on a Modbus link: its plan, and its answers as rows.

use super::bus::Exchange;
use crate::{DeviceSettings, Failure, gauge::Gauge};
use core::time::Duration;
use tokio::time::Instant;
use weir_domain::{Reading, Sample, Timestamp};
use weir_engine::{
    Row, decode,
    plan::{ReadRequest, Timing, plan},
};
use weir_profiles::{Access, Profile, RegisterKind};
use weir_wire::modbus::{Exception, Function, Request};

/// Bad samples of a device that is not asked are no closer than this.
const BAD_INTERVAL_MIN: Duration = Duration::from_secs(10);

/// A device and what is known of it.
pub(super) struct Device {
    pub(super) settings: DeviceSettings,
    pub(super) gauge: Gauge,
    pub(super) plan: Vec<ReadRequest>,
    /// If the last scan brought nothing: when that was last put on record.
    failed: Option<Instant>,
}

impl Device {
    pub(super) fn new(settings: DeviceSettings, gauge: Gauge) -> Self {
        let plan = plan(&settings.profile, timing(&settings.profile), &[]);
        Self { settings, gauge, plan, failed: None }
    }

    /// The unit to ask.
    pub(super) fn unit_id(&self) -> u8 {
        self.settings.unit_id.unwrap_or(u8::MAX)
    }

    /// Rest between two requests.
    pub(super) fn request_gap(&self) -> Duration {
        match &self.settings.profile.access {
            Access::Modbus(access) => access.request_gap,
            Access::Mqtt(_) => Duration::ZERO,
        }
    }

    /// After a refusal of an address: whether there is a plan that leaves out what nobody needs.
    pub(super) fn replan(&mut self, failure: &Failure) -> bool {
        let address = Exception::IllegalDataAddress;
        if !matches!(failure, Failure::Exception { exception, .. } if *exception == address) {
            return false;
        }
        let mut holeless = Profile::clone(&self.settings.profile);
        if let Access::Modbus(access) = &mut holeless.access {
            access.hole_max = Some(0);
        }
        let careful = plan(&holeless, timing(&holeless), &[]);
        let other = careful != self.plan;
        self.plan = careful;
        other
    }

    /// The rows of a good answer. It was measured half way between request and answer, as far as
    /// anybody can tell.
    pub(super) fn good_rows(
        &self,
        request: &ReadRequest,
        exchange: &Exchange,
        received_time: Timestamp,
    ) -> Vec<Row> {
        let source_time = received_time - exchange.round_trip / 2;
        let row = |index: &usize| {
            let series = *self.settings.series.get(*index)?;
            let def = self.settings.profile.points.get(*index)?;
            let reading = decode::decode(def, request, &exchange.answer);
            Some(Row { series, sample: Sample { source_time, received_time, reading } })
        };
        request.points.iter().filter_map(row).collect()
    }

    /// A bad row for each point of a request that failed.
    pub(super) fn bad_rows(
        &self,
        request: &ReadRequest,
        failure: &Failure,
        now: Timestamp,
    ) -> Vec<Row> {
        let sample = Sample::at(now, Reading::Bad(None, failure.reason()));
        let series = request.points.iter().filter_map(|index| self.settings.series.get(*index));
        series.map(|series| Row { series: *series, sample }).collect()
    }

    /// A bad row for each of its points.
    pub(super) fn all_bad(&self, failure: &Failure, now: Timestamp) -> Vec<Row> {
        let sample = Sample::at(now, Reading::Bad(None, failure.reason()));
        self.settings.series.iter().map(|series| Row { series: *series, sample }).collect()
    }

    /// It brought nothing, and that is on record.
    pub(super) fn fail(&mut self, now: Instant) {
        self.failed = Some(now);
    }

    /// A scan brought something.
    pub(super) fn recover(&mut self) {
        self.failed = None;
    }

    /// Whether the last scan brought nothing, or was not made.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// While it is not asked: when its silence is to be put on record next. `due` is its tick.
    pub(super) fn silence_due(&self, due: Instant) -> Instant {
        let interval = self.settings.scan_interval.max(BAD_INTERVAL_MIN);
        self.failed.map_or(due, |recorded| recorded + interval)
    }
}

/// What a request costs.
pub(super) fn timing(profile: &Profile) -> Timing {
    Timing::tcp(match &profile.access {
        Access::Modbus(access) => access.turnaround,
        Access::Mqtt(_) => Duration::ZERO,
    })
}

/// The request as it goes out.
pub(super) fn to_wire(request: &ReadRequest) -> Result<Request, Failure> {
    let function = match request.kind {
        RegisterKind::Coil => Function::ReadCoils,
        RegisterKind::DiscreteInput => Function::ReadDiscreteInputs,
        RegisterKind::HoldingRegister => Function::ReadHoldingRegisters,
        RegisterKind::InputRegister => Function::ReadInputRegisters,
    };
    Request::new(function, request.start.0, request.count).map_err(|_| Failure::Configuration {
        what: format!(
            "the profile asks for {} from address {}, which Modbus does not have",
            request.count, request.start.0
        ),
    })
}
