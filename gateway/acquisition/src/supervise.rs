//! One supervised task a link: a panic in one disturbs no other, is on record, and ends in a
//! restart.

use crate::{
    LinkSettings, Transport,
    apply::Surroundings,
    backoff::Backoff,
    courier,
    courier::Tray,
    gauge::{Gauge, LinkGauge},
    http, modbus, mqtt,
};
use core::{any::Any, time::Duration};
use tokio::{task::JoinHandle, time::sleep};
use tokio_util::sync::CancellationToken;
use weir_domain::{BadReason, Reading, Sample};
use weir_engine::Row;

/// First and longest wait before a link that panicked is started again.
const RESTART: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// What a link needs to live.
pub(crate) struct Supervisor {
    pub(crate) settings: LinkSettings,
    pub(crate) gauge: LinkGauge,
    pub(crate) gauges: Vec<Gauge>,
    /// Its `cancel` is this link's own.
    pub(crate) surroundings: Surroundings,
}

impl Supervisor {
    /// Runs the link until it is cancelled and its rows are with the store.
    pub(crate) async fn run(self) {
        let (tray, done) = (Tray::new(), CancellationToken::new());
        let id = self.settings.id.clone();
        let courier = courier::run(
            id,
            tray.clone(),
            self.surroundings.intake.clone(),
            self.surroundings.budget.clone(),
            done.clone(),
        );
        tokio::join!(courier, async {
            self.keep_running(&tray).await;
            done.cancel();
        });
    }

    async fn keep_running(&self, tray: &Tray) {
        let mut backoff = Backoff::new(RESTART.0, RESTART.1);
        let mut panics = 0_u64;
        loop {
            let Err(error) = self.spawn(tray.clone()).await else { return };
            if !error.is_panic() {
                return;
            }
            panics += 1;
            let why = reason(&*error.into_panic());
            if panics == 1 {
                tracing::error!(link = %self.settings.id, "link stopped by a fault of the gateway: {why}; starting it again");
            } else {
                tracing::debug!(link = %self.settings.id, panics, "link stopped again: {why}");
            }
            self.mark_bad(tray, &why);
            tokio::select! {
                () = self.surroundings.cancel.cancelled() => return,
                () = sleep(backoff.after_failure()) => {}
            }
        }
    }

    fn spawn(&self, tray: Tray) -> JoinHandle<()> {
        let cancel = self.surroundings.cancel.child_token();
        let Surroundings { intake, clock, boxes, listeners, origin, .. } =
            self.surroundings.clone();
        let (settings, gauge) = (self.settings.clone(), self.gauge.clone());
        let gauges = self.gauges.clone();
        let shared = modbus::Shared {
            gauge: gauge.clone(),
            gauges: gauges.clone(),
            tray: tray.clone(),
            clock: clock.clone(),
            listeners,
            origin,
        };
        if let Some(link) = modbus::Link::new(&settings, shared) {
            return tokio::spawn(link.run(cancel));
        }
        if let Transport::Http { token } = &settings.transport {
            let token = token.clone();
            let around = http::Surroundings { settings, gauge, gauges, tray, intake, clock, boxes };
            return tokio::spawn(http::Link::new(around, token).run(cancel));
        }
        let around = mqtt::Surroundings { settings, gauge, gauges, tray, intake, clock };
        tokio::spawn(mqtt::Link::new(around).run(cancel))
    }

    /// Nobody reads these points until the link is up again.
    fn mark_bad(&self, tray: &Tray, why: &str) {
        for gauge in &self.gauges {
            gauge.offline(format!("the link stopped by a fault of the gateway: {why}"));
        }
        let sample =
            Sample::at(self.surroundings.clock.now(), Reading::Bad(None, BadReason::NotConnected));
        let series = self.settings.devices.iter().flat_map(|device| &device.series);
        tray.put(series.map(|series| Row { series: *series, sample }).collect());
    }
}

/// What a panic said.
fn reason(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no reason given").to_owned()
}
