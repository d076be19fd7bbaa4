//! The link's task.

use super::{
    bus::Bus,
    device::{Device, Refusal},
    dial_in::Listeners,
    schedule::{self, Step, Turn},
    unit::Unit,
};
use crate::{
    Failure, LinkSettings,
    courier::Tray,
    gauge::{Gauge, LinkGauge},
};
use core::time::Duration;
use std::sync::Arc;
use tokio::{task::coop::consume_budget, time::Instant};
use tokio_util::sync::CancellationToken;
use weir_domain::{Clock, LinkId};
use weir_engine::{Row, ports::BreakerState};
use weir_wire::modbus::Exception;

/// Skipped scans are told this often.
const SKIPPED_LOG_INTERVAL: Duration = Duration::from_secs(60);
/// Rest before a device that says it is busy is asked once more.
const BUSY_REST: Duration = Duration::from_millis(100);
/// While the store is behind, a device that is to be read again at once is looked at this often.
const FULL_REST: Duration = Duration::from_millis(10);

/// What a link shares with the gateway.
pub(crate) struct Shared {
    pub(crate) gauge: LinkGauge,
    pub(crate) gauges: Vec<Gauge>,
    pub(crate) tray: Tray,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) listeners: Listeners,
    /// Where the grids of due times begin.
    pub(crate) origin: Instant,
}

/// The link and all that is known of what is on it.
pub(crate) struct Link {
    id: LinkId,
    timeout: Duration,
    request_gap: Duration,
    bus: Bus,
    gauge: LinkGauge,
    clock: Arc<dyn Clock>,
    tray: Tray,
    devices: Vec<Device>,
    turns: Vec<Turn>,
    units: Vec<Unit>,
    last_asked: Option<Instant>,
    was_down: bool,
    connects: u64,
    skipped_logged: Option<Instant>,
}

/// What a scan brought.
struct Scan {
    began: Instant,
    rows: Vec<Row>,
    requests: usize,
    answered: bool,
    failure: Option<Failure>,
    /// A device that says it is busy has been asked once more.
    asked_again: bool,
    patience: Duration,
    /// The longest that an answer took.
    longest: Duration,
}

impl Link {
    /// The link of some settings; none if they are of another protocol.
    pub(crate) fn new(settings: &LinkSettings, shared: Shared) -> Option<Self> {
        let Shared { gauge, gauges, tray, clock, listeners, origin } = shared;
        let mut bus = Bus::new(&settings.transport, settings.timeout, &listeners)?;
        let (mut units, now) = (Vec::<Unit>::new(), Instant::now());
        let devices = settings.devices.iter().cloned().zip(gauges);
        let devices: Vec<Device> =
            devices.map(|(d, gauge)| Device::new(d, gauge, &settings.transport)).collect();
        let turn = |device: &Device| {
            let known = units.iter().position(|unit| unit.id == device.unit_id());
            let unit = known.unwrap_or_else(|| {
                units.push(Unit::new(device.unit_id()));
                units.len() - 1
            });
            Turn::new(unit, device.settings.scan_interval, origin, now)
        };
        let turns = devices.iter().map(turn).collect();
        let delay = devices.iter().map(|device| device.access().connect_delay).max();
        bus.set_needs(units.len(), delay.unwrap_or_default());
        Some(Self {
            id: settings.id.clone(),
            timeout: settings.timeout,
            request_gap: settings.request_gap,
            bus,
            gauge,
            clock,
            tray,
            devices,
            turns,
            units,
            last_asked: None,
            was_down: false,
            connects: 0,
            skipped_logged: None,
        })
    }

    /// Reads the devices until it is cancelled.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        cancel.run_until_cancelled(self.keep_reading()).await;
    }

    async fn keep_reading(&mut self) {
        loop {
            match self.next(Instant::now()) {
                Step::Scan(device, patience) => self.scan(device, patience).await,
                Step::Wait(until) => {
                    let silences = (0..self.devices.len()).filter_map(|d| self.silence_due(d));
                    let until = silences.fold(until, Instant::min);
                    self.bus.wait(until).await;
                }
            }
            self.record_silence(Instant::now());
            // A link whose answers are always there already would never let go of its thread.
            consume_budget().await;
        }
    }

    fn next(&self, now: Instant) -> Step {
        match self.bus.down() {
            Some((retry_at, _)) if now < *retry_at => Step::Wait(*retry_at),
            _ => schedule::next(&self.turns, &self.units, self.timeout, now),
        }
    }

    /// Why a device is not asked at present, if it is not.
    fn silence(&self, device: usize) -> Option<&Failure> {
        match self.bus.down() {
            Some((retry_at, failure)) if Instant::now() < *retry_at => Some(failure),
            _ => {
                let unit = &self.units[self.turns[device].unit];
                unit.failure.as_ref().filter(|_| unit.breaker.open().is_some())
            }
        }
    }

    /// When that is to be put on record next.
    fn silence_due(&self, device: usize) -> Option<Instant> {
        self.silence(device)?;
        Some(self.devices[device].silence_due(self.turns[device].due()))
    }

    /// Silence is a record: a bad sample for each point of a device that is not asked.
    fn record_silence(&mut self, now: Instant) {
        for index in 0..self.devices.len() {
            if self.silence_due(index).is_none_or(|due| due > now) {
                continue;
            }
            let Some(failure) = self.silence(index).cloned() else { continue };
            let device = &mut self.devices[index];
            self.tray.put(device.all_bad(&failure, self.clock.now()));
            device.gauge.offline(failure.to_string());
            device.fail(now);
            // These ticks are on record now, and not skipped.
            self.turns[index].pass(now);
        }
    }

    async fn scan(&mut self, index: usize, patience: Duration) {
        let began = Instant::now();
        let turn = &mut self.turns[index];
        if self.devices[index].has_failed() {
            turn.pass(began);
        }
        if self.tray.is_full() && self.devices[index].settings.scan_interval.is_zero() {
            // The store is behind: what would be read now would only push out what was read before.
            self.devices[index].gauge.skipped(1);
            self.bus.rest(began + FULL_REST).await;
            turn.advance(Instant::now());
            return;
        }
        if self.units[turn.unit].breaker.open().is_some() {
            self.devices[index].gauge.breaker(BreakerState::HalfOpen);
        }
        let rows = Vec::with_capacity(self.devices[index].settings.series.len());
        let mut scan = Scan {
            began,
            rows,
            requests: 0,
            answered: false,
            failure: None,
            asked_again: false,
            patience,
            longest: Duration::ZERO,
        };
        self.read_all(index, &mut scan).await;
        self.finish(index, scan);
        if self.devices[index].wants_identity() {
            self.identify(index).await;
        }
        if self.devices[index].access().close_after_scan {
            self.bus.hang_up();
        }
    }

    /// Hands over what a scan brought, and draws the conclusions.
    fn finish(&mut self, index: usize, scan: Scan) {
        let now = Instant::now();
        let took = now - scan.began;
        self.devices[index].gauge.scan(took, scan.requests);
        self.units[self.turns[index].unit].waited_for(scan.patience, self.timeout);
        self.judge(index, scan.answered.then_some(scan.longest), scan.failure, now);
        self.tray.put(scan.rows);
        self.turns[index].advance(now);
        if scan.answered {
            schedule::share_out(&mut self.turns, index, took, now);
        }
        self.tell_skipped(index, now);
        self.tell_link(now, took);
    }

    /// Asks for everything once.
    async fn read_all(&mut self, index: usize, scan: &mut Scan) {
        let unit = self.units[self.turns[index].unit].id;
        let device = &mut self.devices[index];
        device.prepare(scan.began, &self.id);
        device.refused_rows(&*self.clock, &mut scan.rows);
        if device.is_empty() {
            scan.failure = Some(device.nothing_to_read(unit));
        }
        let mut at = 0;
        while let Some(request) = self.devices[index].request(at) {
            let device = &mut self.devices[index];
            if let Some(failure) = scan.failure.as_ref().filter(|f| f.ends_the_scan()) {
                device.bad_rows(at, failure, self.clock.now(), &mut scan.rows);
                at += 1;
                continue;
            }
            let result = match request {
                Ok(request) => {
                    self.rest(index).await;
                    scan.requests += 1;
                    let patience = if scan.answered { self.timeout } else { scan.patience };
                    let any_unit = self.devices[index].access().any_answer_unit;
                    self.bus.exchange_with(unit, request, patience, any_unit).await
                }
                Err(failure) => Err(failure),
            };
            self.took_in(index);
            let (device, now) = (&mut self.devices[index], self.clock.now());
            match result {
                Ok(round_trip) => {
                    device.gauge.answer(now, round_trip, self.bus.frames());
                    device.good_rows(at, self.bus.data(), round_trip, now, &mut scan.rows);
                    scan.answered = true;
                    scan.longest = scan.longest.max(round_trip);
                    at += 1;
                }
                Err(failure) => {
                    device.gauge.failure(&failure);
                    device.gauge.frames(self.bus.frames());
                    if is_busy(&failure) && !scan.asked_again {
                        scan.asked_again = true;
                        self.bus.rest(Instant::now() + BUSY_REST).await;
                        continue;
                    }
                    match device.refuses(at, &failure) {
                        Refusal::AskInParts => continue,
                        Refusal::ForGood => {
                            device.bad_rows(at, &failure, now, &mut scan.rows);
                            device.leave_out(at);
                        }
                        Refusal::None => {
                            device.bad_rows(at, &failure, now, &mut scan.rows);
                            at += 1;
                        }
                    }
                    scan.failure = Some(failure);
                }
            }
        }
    }

    /// Keeps the rests that the device and the link need between two requests.
    async fn rest(&mut self, index: usize) {
        let unit = self.units[self.turns[index].unit].last_asked;
        let unit = unit.map(|asked| asked + self.devices[index].access().request_gap);
        let link = self.last_asked.map(|asked| asked + self.request_gap);
        if let Some(until) = unit.max(link)
            && Instant::now() < until
        {
            self.bus.rest(until).await;
        }
    }

    /// An exchange is over: when that was, and which answers came late on the way.
    fn took_in(&mut self, index: usize) {
        let now = Instant::now();
        self.last_asked = Some(now);
        self.units[self.turns[index].unit].last_asked = Some(now);
        if !self.bus.has_late() {
            return;
        }
        for late in self.bus.take_late() {
            let of_unit = |device: &&Device| device.unit_id() == late.unit;
            if let Some(device) = self.devices.iter().find(of_unit) {
                device.gauge.late(late.after);
            }
        }
    }

    /// Asks a device who it is. What it does not say is not asked again until it has been away.
    async fn identify(&mut self, index: usize) {
        let unit = self.units[self.turns[index].unit].id;
        let began = Instant::now();
        for at in 0.. {
            let Some(request) = self.devices[index].info_request(at) else { break };
            self.rest(index).await;
            let any_unit = self.devices[index].access().any_answer_unit;
            let result = self.bus.exchange_with(unit, request, self.timeout, any_unit).await;
            self.took_in(index);
            match result {
                Ok(_) => self.devices[index].info_answer(at, self.bus.data()),
                Err(failure) => {
                    let device = &self.devices[index].settings.id;
                    tracing::debug!(link = %self.id, %device, "does not say who it is: {failure}");
                    if failure.ends_the_scan() {
                        break;
                    }
                }
            }
        }
        self.devices[index].identified(&self.id);
        let now = Instant::now();
        self.gauge.busy(now, now - began);
    }

    /// What a scan says of the device and its unit.
    fn judge(
        &mut self,
        index: usize,
        answered: Option<Duration>,
        failure: Option<Failure>,
        now: Instant,
    ) {
        let device = &mut self.devices[index];
        let unit = &mut self.units[self.turns[index].unit];
        let (link, name) = (&self.id, &device.settings.id);
        let late = failure.as_ref().is_some_and(Failure::ends_the_scan);
        unit.hold_until = late.then(|| now + self.bus.late_window());
        if let Some(longest) = answered {
            if unit.answered(longest) {
                tracing::info!(%link, device = %name, "answers again");
                device.is_back();
            }
            device.gauge.breaker(BreakerState::Closed);
            device.recover();
            return;
        }
        let Some(failure) = failure else { return };
        // A link that is down says nothing of the units on it.
        let down = matches!(failure, Failure::NotConnected { .. });
        if !down {
            let at_least = device.settings.scan_interval.max(self.bus.late_window());
            if unit.failed(failure.clone(), now, at_least) {
                tracing::warn!(%link, device = %name, "asked less often from now on: {failure}");
            }
        }
        let open = unit.breaker.open().is_some();
        device.gauge.breaker(if open { BreakerState::Open } else { BreakerState::Closed });
        if down || open {
            device.gauge.offline(failure.to_string());
        }
        device.fail(now);
    }

    fn tell_skipped(&mut self, index: usize, now: Instant) {
        let skipped = self.turns[index].take_skipped();
        if skipped == 0 {
            return;
        }
        let device = &self.devices[index];
        device.gauge.skipped(skipped);
        if self.skipped_logged.is_none_or(|at| now - at >= SKIPPED_LOG_INTERVAL) {
            self.skipped_logged = Some(now);
            tracing::warn!(
                link = %self.id, device = %device.settings.id, skipped,
                "scans skipped: the link is too slow for the scan intervals on it"
            );
        }
    }

    fn tell_link(&mut self, now: Instant, took: Duration) {
        self.gauge.busy(now, took);
        let connects = self.bus.connects();
        if connects != self.connects {
            self.connects = connects;
            self.gauge.up(connects, self.bus.endpoint());
        }
        match self.bus.down() {
            Some((_, failure)) => {
                self.gauge.down(failure.to_string());
                if !self.was_down {
                    tracing::warn!(link = %self.id, "link down: {failure}");
                }
                self.was_down = true;
            }
            None if self.was_down => {
                tracing::info!(link = %self.id, "link up again");
                self.was_down = false;
                self.devices.iter_mut().for_each(Device::is_back);
            }
            None => {}
        }
    }
}

fn is_busy(failure: &Failure) -> bool {
    let busy = [Exception::Acknowledge, Exception::ServerDeviceBusy];
    matches!(failure, Failure::Exception { exception, .. } if busy.contains(exception))
}
