//! A Modbus link: one task, one request at a time, every device in its turn.

mod bus;
mod counted;
mod device;
mod find;
mod once;
mod probe;
mod rtu;
mod schedule;
mod tcp;
mod unit;

use crate::{Failure, LinkSettings, courier::Tray, gauge::Gauge};
use bus::Bus;
use core::time::Duration;
use device::{Device, to_wire};
use schedule::{Step, Turn};
use std::sync::Arc;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use unit::Unit;
use weir_domain::{Clock, LinkId};
use weir_engine::Row;

pub use once::{Asked, read_once};
pub use probe::{Answered, Probe};

/// Skipped scans are told this often.
const SKIPPED_LOG_INTERVAL: Duration = Duration::from_secs(60);

/// The link and all that is known of what is on it.
pub(crate) struct Link {
    id: LinkId,
    timeout: Duration,
    bus: Bus,
    clock: Arc<dyn Clock>,
    tray: Tray,
    devices: Vec<Device>,
    turns: Vec<Turn>,
    units: Vec<Unit>,
    was_down: bool,
    skipped_logged: Option<Instant>,
}

/// What a scan brought.
#[derive(Default)]
struct Outcome {
    rows: Vec<Row>,
    answered: bool,
    failure: Option<Failure>,
}

impl Link {
    /// The link of some settings; none if they are of another protocol.
    pub(crate) fn new(
        settings: &LinkSettings,
        gauges: &[Gauge],
        tray: Tray,
        clock: Arc<dyn Clock>,
    ) -> Option<Self> {
        let bus = Bus::new(&settings.transport, settings.timeout)?;
        let (mut units, now) = (Vec::<Unit>::new(), Instant::now());
        let devices = settings.devices.iter().cloned().zip(gauges.iter().cloned());
        let devices: Vec<Device> = devices.map(|(d, gauge)| Device::new(d, gauge)).collect();
        let turn = |device: &Device| {
            let known = units.iter().position(|unit| unit.id == device.unit_id());
            let unit = known.unwrap_or_else(|| {
                units.push(Unit::new(device.unit_id()));
                units.len() - 1
            });
            Turn::new(unit, device.settings.scan_interval, now)
        };
        let turns = devices.iter().map(turn).collect();
        let (id, timeout) = (settings.id.clone(), settings.timeout);
        Some(Self {
            id,
            timeout,
            bus,
            clock,
            tray,
            devices,
            turns,
            units,
            was_down: false,
            skipped_logged: None,
        })
    }

    /// Reads the devices until it is cancelled.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        loop {
            let step = self.next(Instant::now());
            tokio::select! {
                biased;
                () = cancel.cancelled() => return,
                () = self.take(step) => {}
            }
            self.record_silence(Instant::now());
        }
    }

    fn next(&self, now: Instant) -> Step {
        match self.bus.down() {
            Some((retry_at, _)) if now < retry_at => Step::Wait(retry_at),
            _ => schedule::next(&self.turns, &self.units, self.timeout, now),
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Scan(device) => self.scan(device).await,
            Step::Wait(until) => {
                let now = Instant::now();
                let silences =
                    (0..self.devices.len()).filter_map(|device| self.silence(device, now));
                let until = silences.map(|(due, _)| due).fold(until, Instant::min);
                sleep_until(until).await;
            }
        }
    }

    /// Whether a device is not asked at present: when that is to be put on record next, and why.
    fn silence(&self, device: usize, now: Instant) -> Option<(Instant, Failure)> {
        let (device, turn) = (&self.devices[device], &self.turns[device]);
        let unit = &self.units[turn.unit];
        let failure = match self.bus.down() {
            Some((retry_at, failure)) if now < retry_at => failure,
            _ if unit.breaker.open().is_some() => unit.failure.clone()?,
            _ => return None,
        };
        Some((device.silence_due(turn.due()), failure))
    }

    /// Silence is a record: a bad sample for each point of a device that is not asked.
    fn record_silence(&mut self, now: Instant) {
        for index in 0..self.devices.len() {
            let Some((due, failure)) = self.silence(index, now) else { continue };
            if due <= now {
                let device = &mut self.devices[index];
                self.tray.put(device.all_bad(&failure, self.clock.now()));
                device.gauge.offline(failure.to_string());
                device.fail(now);
                // These ticks are on record now, and not skipped.
                self.turns[index].pass(now);
            }
        }
    }

    async fn scan(&mut self, index: usize) {
        if self.devices[index].has_failed() {
            self.turns[index].pass(Instant::now());
        }
        let outcome = loop {
            match self.ask(index).await {
                Some(outcome) => break outcome,
                None => tracing::warn!(
                    link = %self.id, device = %self.devices[index].settings.id,
                    "the device refuses addresses between its points; asking for each on its own"
                ),
            }
        };
        self.tray.put(outcome.rows);
        let now = Instant::now();
        self.judge(index, outcome.answered, outcome.failure, now);
        self.turns[index].advance(now);
        self.tell_skipped(index, now);
        self.tell_link();
    }

    /// Asks for everything once. None if the plan had to be changed on the way.
    async fn ask(&mut self, index: usize) -> Option<Outcome> {
        let mut outcome = Outcome::default();
        let device = &mut self.devices[index];
        let unit = &mut self.units[self.turns[index].unit];
        if device.plan.is_empty() {
            let what = format!("profile {} has no registers to read", device.settings.profile.id);
            let failure = Failure::Configuration { what };
            outcome.rows = device.all_bad(&failure, self.clock.now());
            device.gauge.failure(&failure);
            outcome.failure = Some(failure);
            return Some(outcome);
        }
        for request in device.plan.clone() {
            if let Some(failure) = outcome.failure.as_ref().filter(|f| f.ends_the_scan()) {
                outcome.rows.extend(device.bad_rows(&request, failure, self.clock.now()));
                continue;
            }
            if let Some(asked) = unit.last_asked {
                sleep(device.request_gap().saturating_sub(asked.elapsed())).await;
            }
            let result = match to_wire(&request) {
                Ok(asked) => self.bus.exchange(unit.id, asked).await,
                Err(failure) => Err(failure),
            };
            unit.last_asked = Some(Instant::now());
            let now = self.clock.now();
            match result {
                Ok(exchange) => {
                    device.gauge.success(now, Some(exchange.round_trip));
                    outcome.rows.extend(device.good_rows(&request, &exchange, now));
                    outcome.answered = true;
                }
                Err(failure) => {
                    device.gauge.failure(&failure);
                    if device.replan(&failure) {
                        return None;
                    }
                    outcome.rows.extend(device.bad_rows(&request, &failure, now));
                    outcome.failure = Some(failure);
                }
            }
        }
        Some(outcome)
    }

    /// What a scan says of the device and its unit.
    fn judge(&mut self, index: usize, answered: bool, failure: Option<Failure>, now: Instant) {
        let device = &mut self.devices[index];
        let unit = &mut self.units[self.turns[index].unit];
        let (link, name) = (&self.id, &device.settings.id);
        let late = failure.as_ref().is_some_and(Failure::ends_the_scan);
        unit.hold_until = late.then(|| now + self.bus.late_window());
        if answered {
            if unit.breaker.success() {
                tracing::info!(%link, device = %name, "answers again");
            }
            device.recover();
            return;
        }
        let Some(failure) = failure else { return };
        // A link that is down says nothing of the units on it.
        let down = matches!(failure, Failure::NotConnected { .. });
        if !down {
            unit.failure = Some(failure.clone());
            let at_least = device.settings.scan_interval.max(self.bus.late_window());
            if unit.breaker.failure(now, at_least) {
                tracing::warn!(%link, device = %name, "asked less often from now on: {failure}");
            }
        }
        if down || unit.breaker.open().is_some() {
            device.gauge.offline(failure.to_string());
        }
        device.fail(now);
    }

    fn tell_skipped(&mut self, index: usize, now: Instant) {
        let (device, skipped) = (&self.devices[index], self.turns[index].skipped());
        if skipped == device.gauge.skipped() {
            return;
        }
        device.gauge.set_skipped(skipped);
        if self.skipped_logged.is_none_or(|at| now - at >= SKIPPED_LOG_INTERVAL) {
            self.skipped_logged = Some(now);
            tracing::warn!(
                link = %self.id, device = %device.settings.id, skipped,
                "scans skipped: the link is too slow for the scan intervals on it"
            );
        }
    }

    fn tell_link(&mut self) {
        match (self.bus.down(), self.was_down) {
            (Some((_, failure)), false) => tracing::warn!(link = %self.id, "link down: {failure}"),
            (None, true) => tracing::info!(link = %self.id, "link up again"),
            _ => {}
        }
        self.was_down = self.bus.down().is_some();
    }
}
