//! From what the engine reports to messages in the ring.

use super::{Hub, ring::Message};
use crate::{
    dto::{AlarmEventBody, RequirementEvent, SampleEvent, Verdict},
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

/// Samples that wait to be sent together: the latest of each point.
#[derive(Default)]
struct Gathered {
    /// By point; none where nothing waits.
    samples: Vec<Option<Sample>>,
    since: Option<Instant>,
    /// Samples went by while nobody listened. The snapshot has the latest of each point, so whoever
    /// comes (back) is sent all of them.
    missed: bool,
}

/// Runs until cancelled, or until there can be no more events.
pub(crate) async fn pump(app: Arc<App>, mut live: Receiver<Arc<LiveEvent>>) {
    let site = &*app.web.description;
    let mut gathered = Gathered::default();
    loop {
        let event = tokio::select! {
            () = app.cancel.cancelled() => return,
            event = live.recv() => event,
            () = gathered.ripe() => {
                gathered.send(&app.hub, site);
                continue;
            }
        };
        match event {
            Ok(event) => take(&app, &mut gathered, &event),
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "live events were missed; every console loads anew");
                gathered = Gathered::default();
                app.hub.change(super::ring::Ring::lose);
            }
            Err(RecvError::Closed) => return,
        }
    }
}

fn take(app: &App, gathered: &mut Gathered, event: &LiveEvent) {
    let (hub, site) = (&*app.hub, &*app.web.description);
    match event {
        // Writing down five thousand samples a second is work; not for an empty room.
        LiveEvent::Samples(_) if hub.listeners() == 0 => gathered.missed = true,
        LiveEvent::Samples(samples) => {
            if mem::take(&mut gathered.missed) {
                let snapshot = app.web.snapshot.borrow().clone();
                let latest = |(index, point): (usize, &PointState)| Some((index, point.sample?));
                gathered.add(snapshot.points.iter().enumerate().filter_map(latest));
            }
            gathered.add(samples.iter().copied());
        }
        LiveEvent::Requirement(index, state) => {
            if let Some(info) = site.requirements.get(*index) {
                send(hub, "requirement", &RequirementEvent::of(site, info, state));
            }
        }
        LiveEvent::Verdict(id, record) => send(hub, "verdict", &Verdict::of(*id, record)),
        LiveEvent::Alarm(event) => send(hub, "alarm", &AlarmEventBody::from(&**event)),
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

    fn send(&mut self, hub: &Hub, site: &Description) {
        self.since = None;
        let taken = site.points.iter().zip(self.samples.iter_mut().map(Option::take));
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
