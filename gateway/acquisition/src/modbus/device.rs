//! A device on a Modbus link: what to ask it, and what its answers mean.
//!
//! The plan is what the engine makes of the profile, until the device refuses an address. Then the
//! refused request is asked in two halves, and so on, in the same scan, until it is known which
//! value it does not have; that one is left out, with a bad sample a scan, and what lies between
//! values is no longer read along. After an hour, or when the device has been away, the whole plan
//! is tried again.

use crate::{DeviceSettings, Failure, Transport, gauge::Gauge};
use core::time::Duration;
use tokio::time::Instant;
use weir_domain::{BadReason, Clock, LinkId, Reading, Sample, Text, Timestamp};
use weir_engine::{
    Row, decode,
    plan::{Bisection, ReadRequest, Timing, bisect, plan, plan_info},
};
use weir_profiles::{Access, AddressRange, ModbusAccess, Profile, RegisterKind};
use weir_wire::modbus::{Answer, Exception, Function, Request};

/// Bad samples of a device that is not asked are no closer than this.
const BAD_INTERVAL_MIN: Duration = Duration::from_secs(10);
/// What a device refused is asked for again after this long.
const REFUSED_RETRY: Duration = Duration::from_secs(3600);

/// A device and what is known of it.
pub(super) struct Device {
    pub(super) settings: DeviceSettings,
    pub(super) gauge: Gauge,
    access: ModbusAccess,
    timing: Timing,
    reads: Vec<Read>,
    /// If the plan is no longer that of the profile alone: since when.
    changed: Option<Instant>,
    refused: Vec<AddressRange>,
    /// Something was refused since the plan was made.
    newly_refused: bool,
    /// Points that no request asks for, by index.
    left_out: Vec<usize>,
    info: Vec<Read>,
    says: Vec<(usize, String)>,
    wants_identity: bool,
    /// Room for an answer, used again and again.
    answer: Answer,
    /// If the last scan brought nothing: when that was last put on record.
    failed: Option<Instant>,
}

/// A request, and as it goes out.
struct Read {
    request: ReadRequest,
    wire: Result<Request, Failure>,
}

/// What a failure says of a request.
pub(super) enum Refusal {
    /// Nothing: it may be asked again next time.
    None,
    /// It was cut in two, which are to be asked now.
    AskInParts,
    /// It is a single value, and the device does not have it.
    ForGood,
}

impl Device {
    pub(super) fn new(settings: DeviceSettings, gauge: Gauge, transport: &Transport) -> Self {
        let access = match &settings.profile.access {
            Access::Modbus(access) => access.clone(),
            Access::Mqtt(_) => ModbusAccess::default(),
        };
        let timing = timing(&settings.profile, transport);
        let info = plan_info(&settings.profile, timing).into_iter().map(Read::new).collect();
        let mut device = Self {
            settings,
            gauge,
            access,
            timing,
            reads: Vec::new(),
            changed: None,
            refused: Vec::new(),
            newly_refused: false,
            left_out: Vec::new(),
            info,
            says: Vec::new(),
            wants_identity: false,
            answer: Answer::default(),
            failed: None,
        };
        device.wants_identity = !device.info.is_empty();
        device.make_plan();
        device
    }

    /// The unit to ask.
    pub(super) fn unit_id(&self) -> u8 {
        self.settings.unit_id.unwrap_or(u8::MAX)
    }

    /// What it bears.
    pub(super) fn access(&self) -> &ModbusAccess {
        &self.access
    }

    fn make_plan(&mut self) {
        self.newly_refused = false;
        let requests = plan(&self.settings.profile, self.timing, &self.refused);
        self.reads = requests.into_iter().map(Read::new).collect();
        let mut asked: Vec<usize> =
            self.reads.iter().flat_map(|read| read.request.points.iter().copied()).collect();
        asked.sort_unstable();
        let points = 0..self.settings.profile.points.len();
        self.left_out = points.filter(|point| asked.binary_search(point).is_err()).collect();
    }

    /// Before a scan: forgets what was refused, if that is to be tried again; or makes a plan
    /// without what was refused in the last one.
    pub(super) fn prepare(&mut self, now: Instant, link: &LinkId) {
        let again = self.changed.is_some_and(|at| at + REFUSED_RETRY <= now);
        if again || (self.reads.is_empty() && !self.refused.is_empty()) {
            self.start_afresh();
        } else if self.newly_refused {
            let refused: Vec<String> = self.refused.iter().map(in_words).collect();
            tracing::warn!(
                %link, device = %self.settings.id,
                "the device refuses {}; not asked for again within the hour", refused.join(", ")
            );
            // What is left after the search by halves are more requests than are needed.
            self.make_plan();
        }
    }

    /// It has been away: it may be another one, or have changed.
    pub(super) fn is_back(&mut self) {
        if self.changed.is_some() {
            self.start_afresh();
        }
        self.wants_identity = !self.info.is_empty();
    }

    fn start_afresh(&mut self) {
        self.changed = None;
        self.refused.clear();
        self.gauge.refused(Vec::new());
        self.make_plan();
    }

    /// Whether there is nothing to ask.
    pub(super) fn is_empty(&self) -> bool {
        self.reads.is_empty()
    }

    /// Why there is nothing to ask.
    pub(super) fn nothing_to_read(&self, unit: u8) -> Failure {
        match self.refused.is_empty() {
            false => Failure::Exception { unit, exception: Exception::IllegalDataAddress },
            true => Failure::Configuration {
                what: format!("profile {} has no registers to read", self.settings.profile.id),
            },
        }
    }

    /// The request at a place of the plan; none behind its end.
    pub(super) fn request(&self, at: usize) -> Option<Result<Request, Failure>> {
        self.reads.get(at).map(|read| read.wire.clone())
    }

    /// What is to become of a request that failed.
    pub(super) fn refuses(&mut self, at: usize, failure: &Failure) -> Refusal {
        let address = Exception::IllegalDataAddress;
        let exception = match failure {
            // A device that bears fewer at once than its profile says is asked for fewer.
            Failure::Exception { exception, .. }
                if [address, Exception::IllegalDataValue].contains(exception) =>
            {
                *exception
            }
            _ => return Refusal::None,
        };
        let Some(read) = self.reads.get(at) else { return Refusal::None };
        match bisect(&self.settings.profile, &read.request) {
            Bisection::Halves(left, right) => {
                self.reads.splice(at..=at, [Read::new(left), Read::new(right)]);
                self.changed.get_or_insert_with(Instant::now);
                Refusal::AskInParts
            }
            Bisection::Single(range) if exception == address => {
                self.refused.push(range);
                self.newly_refused = true;
                self.changed.get_or_insert_with(Instant::now);
                Refusal::ForGood
            }
            Bisection::Single(_) => Refusal::None,
        }
    }

    /// Takes a request that is refused for good out of the plan.
    pub(super) fn leave_out(&mut self, at: usize) {
        if at < self.reads.len() {
            self.left_out.extend(self.reads.remove(at).request.points);
        }
        self.gauge.refused(self.refused.iter().map(in_words).collect());
    }

    /// The rows of a good answer. It was measured half way between request and answer, as far as
    /// anybody can tell.
    pub(super) fn good_rows(
        &mut self,
        at: usize,
        data: &[u8],
        round_trip: Duration,
        received_time: Timestamp,
        rows: &mut Vec<Row>,
    ) {
        let Some(Read { request, wire: Ok(wire) }) = self.reads.get(at) else { return };
        self.answer.fill(*wire, data);
        let source_time = received_time - round_trip / 2;
        let row = |index: &usize| {
            let series = *self.settings.series.get(*index)?;
            let def = self.settings.profile.points.get(*index)?;
            let reading = decode::decode(def, request, &self.answer);
            Some(Row { series, sample: Sample { source_time, received_time, reading } })
        };
        rows.extend(request.points.iter().filter_map(row));
    }

    /// A bad row for each point of a request that failed.
    pub(super) fn bad_rows(
        &self,
        at: usize,
        failure: &Failure,
        now: Timestamp,
        rows: &mut Vec<Row>,
    ) {
        if let Some(read) = self.reads.get(at) {
            rows.extend(self.bad(&read.request.points, failure.reason(), now));
        }
    }

    /// A bad row for each point that no request asks for, as the device or its profile has it so.
    pub(super) fn refused_rows(&self, clock: &dyn Clock, rows: &mut Vec<Row>) {
        if !self.left_out.is_empty() {
            let now = clock.now();
            rows.extend(self.bad(&self.left_out, BadReason::ConfigurationError, now));
        }
    }

    fn bad(
        &self,
        points: &[usize],
        reason: BadReason,
        now: Timestamp,
    ) -> impl Iterator<Item = Row> {
        let sample = Sample::at(now, Reading::Bad(None, reason));
        let series = points.iter().filter_map(|index| self.settings.series.get(*index));
        series.map(move |series| Row { series: *series, sample })
    }

    /// A bad row for each of its points.
    pub(super) fn all_bad(&self, failure: &Failure, now: Timestamp) -> Vec<Row> {
        let sample = Sample::at(now, Reading::Bad(None, failure.reason()));
        self.settings.series.iter().map(|series| Row { series: *series, sample }).collect()
    }

    /// Whether it answers, and has not yet been asked who it is.
    pub(super) fn wants_identity(&self) -> bool {
        self.wants_identity && self.failed.is_none()
    }

    /// The request at a place of what it is asked about itself.
    pub(super) fn info_request(&self, at: usize) -> Option<Request> {
        self.info.get(at).and_then(|read| read.wire.clone().ok())
    }

    /// It says something of itself.
    pub(super) fn info_answer(&mut self, at: usize, data: &[u8]) {
        let Some(Read { request, wire: Ok(wire) }) = self.info.get(at) else { return };
        self.answer.fill(*wire, data);
        for index in &request.points {
            let def = self.settings.profile.info.get(*index);
            let text = def.and_then(|def| decode::decode_info(&def.source, request, &self.answer));
            self.says.extend(text.map(|text| (*index, text)));
        }
    }

    /// It has said what it says.
    pub(super) fn identified(&mut self, link: &LinkId) {
        self.wants_identity = false;
        let mut says = core::mem::take(&mut self.says);
        says.sort_unstable();
        let named = says.into_iter().filter_map(|(index, text)| {
            Some((self.settings.profile.info.get(index)?.name.clone(), text))
        });
        let says: Vec<(Text, String)> = named.collect();
        let spoken = |says: &[(Text, String)]| -> Vec<String> {
            says.iter().map(|(name, text)| format!("{}: {text}", name.en)).collect()
        };
        let now = spoken(&says).join(", ");
        if let Some(before) = self.gauge.identity(says) {
            let before = spoken(&before).join(", ");
            tracing::warn!(
                %link, device = %self.settings.id, before, now, "the device is another one, or has changed"
            );
        }
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

impl Read {
    fn new(request: ReadRequest) -> Self {
        let wire = to_wire(&request);
        Self { request, wire }
    }
}

fn in_words(range: &AddressRange) -> String {
    let table = match range.kind {
        RegisterKind::Coil => "coil",
        RegisterKind::DiscreteInput => "discrete",
        RegisterKind::HoldingRegister => "holding",
        RegisterKind::InputRegister => "input",
    };
    match range.first == range.last {
        true => format!("{table} {}", range.first.0),
        false => format!("{table} {}-{}", range.first.0, range.last.0),
    }
}

/// What a request to a device of a profile costs on a link.
pub(super) fn timing(profile: &Profile, transport: &Transport) -> Timing {
    let turnaround = match &profile.access {
        Access::Modbus(access) => access.turnaround,
        Access::Mqtt(_) => Duration::ZERO,
    };
    match transport {
        Transport::ModbusRtu { baud, .. } => Timing::rtu(*baud, turnaround),
        _ => Timing::tcp(turnaround),
    }
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
