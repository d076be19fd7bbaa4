//! The past of the demo: days of readings on a virtual clock, through the journal and the engine.

use crate::{clock::HandClock, exit::Failure, gateway::Gateway};
use std::{
    collections::HashMap,
    fmt,
    io::{IsTerminal as _, Write as _},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use weir_devices::{History, Scan, history};
use weir_domain::{DeviceId, Sample, SeriesId, Timestamp};
use weir_engine::{
    Act, Row,
    ports::{Acts as _, AlarmFilter, Intake as _, Records as _},
};
use weir_plant::Plant;

/// Every instrument is read so often in the past.
const STEP: Duration = Duration::from_secs(10);

/// So much goes into one commit.
const STRETCH: Duration = Duration::from_secs(3600);

/// People look at alarms after so long.
const LOOKED_AT_AFTER: Duration = Duration::from_secs(1800);

/// Alarms that are looked at in one go.
const ALARMS_MAX: usize = 100;

/// What is to be told.
pub(super) struct Past {
    pub(super) seed: u64,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

/// What was told.
pub(super) struct Told {
    readings: u64,
    span: Duration,
    took: Duration,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.span.as_secs() / 86_400;
        write!(f, "{days} days, {} readings, in {:.1} s", self.readings, self.took.as_secs_f64())
    }
}

impl Past {
    /// Puts the past through the gateway; the plant goes on from its end.
    pub(super) async fn tell(
        self,
        gateway: &Gateway,
        clock: &HandClock,
        stop: &CancellationToken,
    ) -> Result<(Plant, Told), Failure> {
        let began = Instant::now();
        let mut series: HashMap<DeviceId, Vec<SeriesId>> = HashMap::new();
        for point in &gateway.description().points {
            series.entry(point.id.device().clone()).or_default().push(point.series);
        }
        let mut scans = history(self.seed, self.start, self.end, STEP);
        let mut next = scans.next();
        let mut readings = 0;
        let mut until = self.start;
        while until < self.end && !stop.is_cancelled() {
            until = (until + STRETCH).min(self.end);
            let rows = rows(&mut scans, &mut next, until, &series);
            readings += rows.len() as u64;
            gateway.store.submit(rows, true).await?;
            clock.set(until);
            self.look_at_alarms(gateway, until).await?;
            self.show_progress(until);
        }
        gateway.wait_for_engine().await;
        let store = gateway.store.clone();
        tokio::task::spawn_blocking(move || store.seal_now()).await??;
        let told = Told { readings, span: self.end.since(self.start), took: began.elapsed() };
        Ok((scans.into_plant(), told))
    }

    /// The people on duty in the past acknowledged what came up; what came up last is left for
    /// whoever looks at the demo.
    async fn look_at_alarms(&self, gateway: &Gateway, now: Timestamp) -> Result<(), Failure> {
        if now + 4 * STRETCH > self.end {
            return Ok(());
        }
        let open = gateway.store.alarms(AlarmFilter::Open, ALARMS_MAX)?;
        for alarm in open.iter().filter(|a| a.acknowledged_at.is_none()) {
            if alarm.raised.t + LOOKED_AT_AFTER < now {
                let act = Act::Acknowledge {
                    alarm: alarm.raised.alarm.clone(),
                    by: "值班员 / duty operator".into(),
                    comment: "已到现场查看 / looked at on site".into(),
                    seen: None,
                };
                // Somebody may have been quicker; that is no fault.
                let _ = gateway.desk().submit(act).await;
            }
        }
        Ok(())
    }

    /// A line that is written over and over, where somebody looks at it.
    fn show_progress(&self, until: Timestamp) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let day = |t: Timestamp| t.since(self.start).as_secs_f64() / 86_400.0;
        let mut err = std::io::stderr();
        let _ = write!(err, "\rmaking the past: day {:.1} of {:.0} ", day(until), day(self.end));
        if until == self.end {
            let _ = writeln!(err);
        }
    }
}

/// The readings until a moment; `next` is the scan after them.
fn rows(
    scans: &mut History,
    next: &mut Option<Scan>,
    until: Timestamp,
    series: &HashMap<DeviceId, Vec<SeriesId>>,
) -> Vec<Row> {
    let mut rows = Vec::new();
    while let Some(Scan { at, id, readings, .. }) = next.take_if(|scan| scan.at < until) {
        *next = scans.next();
        let numbers = series.get(&id).map(Vec::as_slice).unwrap_or_default();
        let samples = readings.into_iter().map(|(_, reading)| Sample::at(at, reading));
        rows.extend(
            numbers.iter().zip(samples).map(|(series, sample)| Row { series: *series, sample }),
        );
    }
    rows
}
