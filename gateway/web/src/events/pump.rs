//! From what the engine reports to messages in the ring.

use super::{Hub, ring::Message};
use crate::{
    dto::{
        AlarmEventBody, Finding, MarkEventBody, RequirementEvent, Revised, SampleEvent, SiteEvent,
        Verdict,
    },
    limits,
    state::App,
};
use serde::Serialize;
use std::{mem, sync::Arc};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::Instant,
};
use weir_domain::Sample;
use weir_engine::{Description, LiveEvent, PointState};

/// Samples that wait to be sent together: the latest of each point, by the index that the point
/// has in `site`.
struct Gathered {
    site: Arc<Description>,
    /// By point; none where nothing waits.
    samples: Vec<Option<Sample>>,
    since: Option<Instant>,
    /// Samples went by while nobody listened. The snapshot has the latest of each point, so whoever
    /// comes (back) is sent all of them.
    missed: bool,
}

/// Runs until cancelled, or until there can be no more events.
pub(crate) async fn pump(app: Arc<App>, mut live: Receiver<Arc<LiveEvent>>) {
    let mut gathered = Gathered::of(Arc::clone(&app.web.snapshot.borrow().description));
    loop {
        let event = tokio::select! {
            () = app.cancel.cancelled() => return,
            event = live.recv() => event,
            () = gathered.ripe() => {
                gathered.send(&app.hub);
                continue;
            }
        };
        match event {
            Ok(event) => take(&app, &mut gathered, &event),
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "live events were missed; every console loads anew");
                gathered.drop_all();
                app.hub.change(super::ring::Ring::lose);
            }
            Err(RecvError::Closed) => return,
        }
    }
}

fn take(app: &App, gathered: &mut Gathered, event: &LiveEvent) {
    let hub = &*app.hub;
    match event {
        LiveEvent::Site(site) => {
            *gathered = Gathered::of(Arc::clone(site));
            send(hub, "site", &SiteEvent::of(site));
        }
        // Writing down five thousand samples a second is work; not for an empty room.
        LiveEvent::Samples(..) if hub.listeners() == 0 => gathered.missed = true,
        LiveEvent::Samples(site, samples) => {
            // No sample is ever looked up in another site than its own.
            if !Arc::ptr_eq(site, &gathered.site) {
                gathered.send(hub);
                gathered.site = Arc::clone(site);
            }
            if mem::take(&mut gathered.missed) {
                let snapshot = app.web.snapshot.borrow().clone();
                let latest = |(index, point): (usize, &PointState)| Some((index, point.sample?));
                if Arc::ptr_eq(&snapshot.description, site) {
                    gathered.add(snapshot.points.iter().enumerate().filter_map(latest));
                }
            }
            gathered.add(samples.iter().copied());
        }
        LiveEvent::Requirement(site, index, state) => {
            if let Some(info) = site.requirements.get(*index) {
                send(hub, "requirement", &RequirementEvent::of(site, info, state));
            }
        }
        LiveEvent::Verdict(id, record) => send(hub, "verdict", &Verdict::of(*id, record)),
        LiveEvent::Alarm(event) => send(hub, "alarm", &AlarmEventBody::from(&**event)),
        LiveEvent::Mark(event) => send(hub, "mark", &MarkEventBody::from(&**event)),
        LiveEvent::Finding(id, finding) => send(hub, "finding", &Finding::of(*id, finding)),
        LiveEvent::Revised(superseded, verdicts) => {
            let verdicts = verdicts.iter().map(Verdict::stored).collect();
            send(hub, "revised", &Revised { superseded, verdicts });
        }
    }
}

fn send(hub: &Hub, name: &'static str, body: &impl Serialize) {
    match serde_json::to_string(body) {
        Ok(data) => hub.change(|ring| ring.push(Message { name, data })),
        // It cannot fail for these types; if it did, clients must not go on as if nothing was.
        Err(error) => {
            tracing::error!(%error, name, "a live event could not be written");
            hub.change(super::ring::Ring::lose);
        }
    }
}

impl Gathered {
    fn of(site: Arc<Description>) -> Self {
        Self { site, samples: Vec::new(), since: None, missed: false }
    }

    fn drop_all(&mut self) {
        self.samples.clear();
        self.since = None;
    }

    fn add(&mut self, samples: impl Iterator<Item = (usize, Sample)>) {
        self.since.get_or_insert_with(Instant::now);
        for (index, sample) in samples {
            if self.samples.len() <= index {
                self.samples.resize(index + 1, None);
            }
            self.samples[index] = Some(sample);
        }
    }

    /// Resolves when what has been gathered is to be sent; never if there is nothing.
    async fn ripe(&self) {
        match self.since {
            Some(since) => tokio::time::sleep_until(since + limits::GATHER).await,
            None => std::future::pending().await,
        }
    }

    fn send(&mut self, hub: &Hub) {
        self.since = None;
        let taken = self.site.points.iter().zip(self.samples.iter_mut().map(Option::take));
        let events = taken.filter_map(|(point, sample)| {
            let sample = sample?;
            Some(SampleEvent {
                point: &point.id,
                sample: (&sample).into(),
                received_at: sample.received_time,
            })
        });
        let events: Vec<_> = events.collect();
        if !events.is_empty() {
            send(hub, "samples", &events);
        }
    }
}
