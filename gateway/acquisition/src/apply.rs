//! Which links run, and how another set of them is put in their place.

use crate::{
    LinkSettings,
    courier::Budget,
    diagnosis::Medium,
    gauge::{Gauge, LinkGauge},
    mailbox::Boxes,
    modbus::Listeners,
    supervise::Supervisor,
};
use core::fmt;
use futures_util::future::join_all;
use std::sync::Arc;
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use weir_domain::{Clock, LinkId};
use weir_engine::ports::Intake;

/// What came of [`crate::Acquisition::apply`]. A link that has changed was stopped and started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Links that were started, in the order given.
    pub started: Vec<LinkId>,
    /// Links that were stopped, in the order in which they had been given.
    pub stopped: Vec<LinkId>,
    /// Links that ran on, in the order given.
    pub kept: Vec<LinkId>,
}

/// What all links share.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) intake: Arc<dyn Intake>,
    pub(crate) clock: Arc<dyn Clock>,
    /// What they may have with the store.
    pub(crate) budget: Budget,
    /// Where devices post their messages.
    pub(crate) boxes: Boxes,
    /// Ends all of them.
    pub(crate) cancel: CancellationToken,
    /// Where modems dial in.
    pub(crate) listeners: Listeners,
    /// Where the grids of due times begin.
    pub(crate) origin: Instant,
}

impl Surroundings {
    pub(crate) fn new(
        intake: Arc<dyn Intake>,
        clock: Arc<dyn Clock>,
        cancel: CancellationToken,
    ) -> Self {
        let (listeners, origin) = (Listeners::default(), Instant::now());
        let (budget, boxes) = (Budget::default(), Boxes::default());
        Self { intake, clock, budget, boxes, cancel, listeners, origin }
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}

/// A link that runs.
#[derive(Debug)]
pub(crate) struct Running {
    settings: LinkSettings,
    gauge: LinkGauge,
    devices: Vec<Gauge>,
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(
        settings: LinkSettings,
        surroundings: &Surroundings,
        tasks: &TaskTracker,
    ) -> Self {
        let gauge = LinkGauge::new(settings.id.clone(), Medium::of(&settings.transport));
        let device =
            |device: &crate::DeviceSettings| Gauge::new(device.id.clone(), settings.id.clone());
        let devices: Vec<Gauge> = settings.devices.iter().map(device).collect();
        let cancel = surroundings.cancel.child_token();
        let supervisor = Supervisor {
            settings: settings.clone(),
            gauge: gauge.clone(),
            gauges: devices.clone(),
            surroundings: Surroundings { cancel: cancel.clone(), ..surroundings.clone() },
        };
        let task = tasks.spawn(supervisor.run());
        Self { settings, gauge, devices, cancel, task }
    }

    /// What is shown of it.
    pub(crate) fn gauges(&self) -> (LinkGauge, Vec<Gauge>) {
        (self.gauge.clone(), self.devices.clone())
    }

    fn runs(&self, settings: &LinkSettings) -> bool {
        !self.cancel.is_cancelled() && self.settings == *settings
    }
}

/// Puts `links` in the place of those that run.
pub(crate) async fn apply(
    running: &mut Vec<Running>,
    links: Vec<LinkSettings>,
    surroundings: &Surroundings,
    tasks: &TaskTracker,
) -> Applied {
    let mut applied = Applied::default();
    let (mut kept, mut ending) = (Vec::new(), Vec::new());
    for link in running.iter_mut() {
        if !links.iter().any(|settings| link.runs(settings)) {
            link.cancel.cancel();
            applied.stopped.push(link.settings.id.clone());
            ending.push(&mut link.task);
        }
    }
    // All at once: each may take as long as the store lets it. One that ended with a panic has
    // ended as well.
    join_all(ending).await;
    running.retain(|link| !link.cancel.is_cancelled());
    for settings in links {
        let id = settings.id.clone();
        match running.iter().position(|link| link.runs(&settings)) {
            Some(index) => {
                kept.push(running.swap_remove(index));
                applied.kept.push(id);
            }
            None => {
                kept.push(Running::start(settings, surroundings, tasks));
                applied.started.push(id);
            }
        }
    }
    *running = kept;
    applied
}
