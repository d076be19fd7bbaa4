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

mod apply;
mod backoff;
mod breaker;
mod courier;
mod diagnosis;
mod failure;
mod gauge;
mod http;
mod mailbox;
mod messages;
mod modbus;
mod mqtt;
mod settings;
mod supervise;
mod tally;
mod tls;

use apply::{Running, Surroundings};
use gauge::{Gauge, LinkGauge};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use weir_domain::Clock;
use weir_engine::ports::{DeviceHealth, Health, Intake, LinkHealth};

pub use apply::Applied;
pub use failure::Failure;
pub use modbus::{Answered, Asked, Probe, read_once};
pub use settings::{
    DeviceSettings, Endpoint, Framing, LinkSettings, MqttSettings, MqttVersion, Parity, Tls,
    Transport,
};

/// All links of a site, running.
#[derive(Debug)]
pub struct Acquisition {
    surroundings: Surroundings,
    tasks: TaskTracker,
    /// What runs. Held while it is being changed, so that two changes cannot meet.
    running: tokio::sync::Mutex<Vec<Running>>,
    /// What is shown of it.
    shown: Mutex<Vec<(LinkGauge, Vec<Gauge>)>>,
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
        let (surroundings, tasks) = (Surroundings::new(intake, clock, cancel), TaskTracker::new());
        tasks.close();
        let running: Vec<Running> =
            links.into_iter().map(|link| Running::start(link, &surroundings, &tasks)).collect();
        let shown = Mutex::new(running.iter().map(Running::gauges).collect());
        Self { surroundings, tasks, running: tokio::sync::Mutex::new(running), shown }
    }

    /// Makes these the links of the site. A link whose settings are the same runs on as if nothing
    /// had happened: its connection, breakers, counters and due times stay. One that is gone or
    /// changed is stopped first, and what it read is with the store (or the store has not taken it
    /// for 5 s) before a new one starts.
    ///
    /// If the future is dropped on the way, what has been stopped stays stopped until the next
    /// call.
    pub async fn apply(&self, links: Vec<LinkSettings>) -> Applied {
        let mut running = self.running.lock().await;
        let applied = apply::apply(&mut running, links, &self.surroundings, &self.tasks).await;
        *self.shown() = running.iter().map(Running::gauges).collect();
        applied
    }

    /// Waits until every link has ended, and what it read is with the store (or the store has not
    /// taken it for 5 s).
    pub async fn join(&self) {
        self.tasks.wait().await;
    }

    /// Where devices post their messages.
    fn boxes(&self) -> &mailbox::Boxes {
        &self.surroundings.boxes
    }

    fn shown(&self) -> MutexGuard<'_, Vec<(LinkGauge, Vec<Gauge>)>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Devices come in the order of the links that were given last, and within them in theirs.
impl Health for Acquisition {
    fn devices(&self) -> Vec<DeviceHealth> {
        let shown = self.shown().clone();
        shown.iter().flat_map(|(link, devices)| link.read(devices).1).collect()
    }

    fn links(&self) -> Vec<LinkHealth> {
        let shown = self.shown().clone();
        shown.iter().map(|(link, devices)| link.read(devices).0).collect()
    }
}
