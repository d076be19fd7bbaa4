//! Sockets and serial ports: Modbus and MQTT into readings.
//!
//! Terms:
//!
//! * A **link** is what is used as one: a serial line, an address with Modbus units behind it, a
//!   broker. Each has a task of its own, and disturbs no other ([`Acquisition`]).
//! * A **scan** reads all points of a Modbus device once. Its rows go to the store together, as a
//!   bad sample with a reason where a value could not be had.
//! * A **unit** is what answers on a Modbus link; its **breaker** opens when it does not, and it is
//!   asked less often, so that a dead one costs the others little. Silence is a record: a point
//!   that is not asked still gets a bad sample every scan interval, or every 10 s.
//! * A message of an MQTT device is acknowledged to the broker after its readings are on disk.
//!
//! Nothing here can write to a device: requests are made of [`weir_wire::modbus::Function`], which
//! has only functions that read.

#![forbid(unsafe_code)]

mod backoff;
mod breaker;
mod courier;
mod failure;
mod gauge;
mod modbus;
mod mqtt;
mod settings;
mod supervise;

use gauge::Gauge;
use std::sync::Arc;
use supervise::Supervisor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use weir_domain::{Clock, DeviceId};
use weir_engine::ports::{
    DeliveryError, DeviceHealth, Health, Intake, LinkHealth, Mailbox, PortFuture,
};

pub use failure::Failure;
pub use modbus::{Answered, Asked, Probe, read_once};
pub use settings::{
    DeviceSettings, Endpoint, Framing, LinkSettings, MqttSettings, MqttVersion, Parity, Tls,
    Transport,
};

/// All links of a site, running.
#[derive(Debug)]
pub struct Acquisition {
    gauges: Vec<Gauge>,
    links: TaskTracker,
}

impl Acquisition {
    /// Starts a task for each link on the present Tokio runtime.
    ///
    /// `cancel` ends them; [`Self::join`] tells when they are done.
    pub fn start(
        links: Vec<LinkSettings>,
        intake: Arc<dyn Intake>,
        clock: Arc<dyn Clock>,
        cancel: CancellationToken,
    ) -> Self {
        let (mut all, tasks) = (Vec::new(), TaskTracker::new());
        for settings in links {
            let gauge = |d: &DeviceSettings| Gauge::new(d.id.clone(), settings.id.clone());
            let gauges: Vec<Gauge> = settings.devices.iter().map(gauge).collect();
            all.extend(gauges.iter().cloned());
            let (intake, clock, cancel) = (intake.clone(), clock.clone(), cancel.clone());
            tasks.spawn(Supervisor { settings, gauges, intake, clock, cancel }.run());
        }
        tasks.close();
        Self { gauges: all, links: tasks }
    }

    /// Waits until every link has ended, and what it read is with the store (or the store has not
    /// taken it for 5 s).
    pub async fn join(&self) {
        self.links.wait().await;
    }

    /// Scans of each device that could not be made before the next one was due, since the start.
    pub fn skipped_scans(&self) -> Vec<(DeviceId, u64)> {
        self.gauges.iter().map(|gauge| (gauge.read().device, gauge.skipped())).collect()
    }
}

/// No link takes messages over HTTP yet.
impl Mailbox for Acquisition {
    fn deliver<'a>(
        &'a self,
        _device: &'a str,
        _token: Option<&'a str>,
        _body: Vec<u8>,
    ) -> PortFuture<'a, Result<usize, DeliveryError>> {
        Box::pin(async { Err(DeliveryError::Unauthorized) })
    }
}

/// Devices come in the order of the links that were given, and within them in theirs.
impl Health for Acquisition {
    fn devices(&self) -> Vec<DeviceHealth> {
        self.gauges.iter().map(Gauge::read).collect()
    }

    fn links(&self) -> Vec<LinkHealth> {
        Vec::new()
    }
}
