//! Do the links come good that were started anew? What was read before must be read again; what
//! was silent before may be silent still, and so may a device that is new: a site may be described
//! before all of it is wired, and its silence is on record.

use std::{collections::BTreeMap, time::Duration};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use weir_acquisition::{LinkSettings, Transport};
use weir_domain::{DeviceId, LinkId};
use weir_engine::ports::{DeviceHealth, DeviceState, Health, LinkHealth};

/// The least time there is for a good answer.
const PATIENCE_MIN: Duration = Duration::from_secs(10);
/// And the most, however seldom a device is read.
const PATIENCE_MAX: Duration = Duration::from_secs(60);
/// A modem dials in when it notices that it has to.
const PATIENCE_DIAL_IN: Duration = Duration::from_secs(120);
/// Scans in which a device has the chance to answer.
const SCANS: u32 = 3;
/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What has to come good, and until when.
#[derive(Debug, Default)]
pub(super) struct Trial {
    /// Devices that answered before, with their links.
    wanted: BTreeMap<DeviceId, LinkId>,
    /// Devices that were not there before.
    hoped_for: BTreeMap<DeviceId, LinkId>,
    /// Links of another protocol that were up before.
    sessions: Vec<LinkId>,
    patience: Duration,
}

impl Trial {
    pub(super) fn new(
        before: &[DeviceHealth],
        links_before: &[LinkHealth],
        started: &[LinkId],
        links: &[LinkSettings],
    ) -> Self {
        let mut trial = Self { patience: PATIENCE_MIN, ..Self::default() };
        for link in links.iter().filter(|link| started.contains(&link.id)) {
            if let Transport::Mqtt(_) = link.transport {
                let was_up = links_before.iter().any(|old| old.link == link.id && old.up);
                trial.sessions.extend(was_up.then(|| link.id.clone()));
                continue;
            }
            if let Transport::Http { .. } = link.transport {
                continue;
            }
            for device in &link.devices {
                let known = before.iter().find(|health| health.device == device.id);
                let into = match known.map(|health| health.state) {
                    Some(DeviceState::Online) => &mut trial.wanted,
                    None => &mut trial.hoped_for,
                    Some(_) => continue,
                };
                into.insert(device.id.clone(), link.id.clone());
                let scans = (device.scan_interval * SCANS).min(PATIENCE_MAX);
                let dials_in = matches!(link.transport, Transport::ModbusDialIn { .. });
                let least = if dials_in { PATIENCE_DIAL_IN } else { PATIENCE_MIN };
                trial.patience = trial.patience.max(scans).max(least);
            }
        }
        trial
    }

    /// Waits until all is good, or the time is over. Remarks, and what failed.
    pub(super) async fn run(
        &self,
        acquisition: &dyn Health,
        stop: &CancellationToken,
    ) -> (Vec<String>, Vec<String>) {
        let end = Instant::now() + self.patience;
        loop {
            let (devices, links) = (acquisition.devices(), acquisition.links());
            let silent = |of: &BTreeMap<DeviceId, LinkId>, words: &str| -> Vec<String> {
                let of = of.iter().filter(|(device, _)| !answers(&devices, device));
                of.map(|(device, link)| line(&devices, device, link, words)).collect()
            };
            let mut faults = silent(&self.wanted, "answered before and does not any more");
            let down = |link: &&LinkId| !links.iter().any(|now| now.link == **link && now.up);
            let down = self.sessions.iter().filter(down);
            faults
                .extend(down.map(|link| format!("link {link}: was up before and is not any more")));
            let remarks = silent(&self.hoped_for, "new, and has not answered yet");
            if faults.is_empty() && remarks.is_empty() {
                return (remarks, faults);
            }
            let now = Instant::now();
            if now >= end {
                return (remarks, faults);
            }
            tokio::select! {
                // The gateway ends, and the next start will tell.
                () = stop.cancelled() => return (remarks, Vec::new()),
                () = sleep_until((now + LOOK_EVERY).min(end)) => {}
            }
        }
    }
}

fn answers(devices: &[DeviceHealth], device: &DeviceId) -> bool {
    devices.iter().any(|now| now.device == *device && now.successes > 0)
}

fn line(devices: &[DeviceHealth], device: &DeviceId, link: &LinkId, words: &str) -> String {
    let health = devices.iter().find(|now| now.device == *device);
    let why = health.and_then(|now| now.last_error.clone());
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    format!("device {device} on link {link}: {words}{why}")
}
