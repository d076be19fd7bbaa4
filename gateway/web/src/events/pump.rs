//! From what the engine reports to messages in the ring.

use super::{Hub, ring::Message};
use crate::{
    dto::{AlarmEventBody, RequirementEvent, SampleEvent, SiteEvent, Verdict},
    limits,
    state::App,
};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::Instant,
};
use weir_domain::Sample;
use weir_engine::{Description, LiveEvent};

/// Samples that wait to be sent together: the latest of each point, by the index that the point
/// has in `site`.
struct Gathered {
    site: Arc<Description>,
    samples: BTreeMap<usize, Sample>,
    since: Option<Instant>,
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
            Ok(event) => take(&app.hub, &mut gathered, &event),
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "live events were missed; every console loads anew");
                gathered.drop_all();
                app.hub.change(super::ring::Ring::lose);
            }
            Err(RecvError::Closed) => return,
        }
    }
}

fn take(hub: &Hub, gathered: &mut Gathered, event: &LiveEvent) {
    match event {
        LiveEvent::Site(site) => {
            *gathered = Gathered::of(Arc::clone(site));
            send(hub, "site", &SiteEvent::of(site));
        }
        LiveEvent::Samples(site, samples) => {
            // No sample is ever looked up in another site than its own.
            if !Arc::ptr_eq(site, &gathered.site) {
                gathered.send(hub);
                gathered.site = Arc::clone(site);
            }
            gathered.add(samples);
        }
        LiveEvent::Requirement(site, index, state) => {
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
    fn of(site: Arc<Description>) -> Self {
        Self { site, samples: BTreeMap::new(), since: None }
    }

    fn drop_all(&mut self) {
        self.samples.clear();
        self.since = None;
    }

    fn add(&mut self, samples: &[(usize, Sample)]) {
        self.since.get_or_insert_with(Instant::now);
        self.samples.extend(samples.iter().copied());
    }

    /// Resolves when what has been gathered is to be sent; never if there is nothing.
    async fn ripe(&self) {
        match self.since {
            Some(since) => tokio::time::sleep_until(since + limits::GATHER).await,
            None => std::future::pending().await,
        }
    }

    fn send(&mut self, hub: &Hub) {
        let Self { site, samples, .. } = &*self;
        let events = samples.iter().filter_map(|(index, sample)| {
            Some(SampleEvent {
                point: &site.points.get(*index)?.id,
                sample: sample.into(),
                received_at: sample.received_time,
            })
        });
        let events: Vec<_> = events.collect();
        if !events.is_empty() {
            send(hub, "samples", &events);
        }
        self.drop_all();
    }
}
