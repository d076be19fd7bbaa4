//! How the alarm system does, in figures.

use super::alarm::{STALE_AFTER, by_name};
use crate::{limits, view::View};
use serde::Serialize;
use weir_domain::{Text, Timestamp};
use weir_engine::{Kpis, Quiet, RATE_STEP};

/// The figures of a stretch of time, and what stands now.
#[derive(Serialize)]
pub(crate) struct AlarmKpis {
    from: Timestamp,
    to: Timestamp,
    /// Up to when events were counted: earlier than `to` where there are too many.
    complete_to: Timestamp,
    /// Alarms that people were told of.
    told: u64,
    /// Alarms raised unheard.
    held: u64,
    by_priority: ByPriority,
    step_secs: u64,
    steps: u64,
    /// Alarms in ten minutes, in the mean and at most.
    mean_per_step: f64,
    most_per_step: u32,
    /// Share of the steps with more alarms than a flood needs.
    share_over: f64,
    /// Steps that have any.
    rate: Vec<RateStep>,
    floods: Vec<Flood>,
    top: Vec<Often>,
    /// Share of all that the alarms in `top` make.
    top_share: f64,
    chattering: Vec<Often>,
    shelved: u64,
    suppressed: u64,
    taken_out: u64,
    realarmed: u64,
    acknowledged: u64,
    now: Now,
}

#[derive(Serialize)]
struct ByPriority {
    high: u64,
    medium: u64,
    low: u64,
}

#[derive(Serialize)]
struct RateStep {
    t: Timestamp,
    count: u32,
}

#[derive(Serialize)]
struct Flood {
    from: Timestamp,
    to: Option<Timestamp>,
    raised: u64,
}

#[derive(Serialize)]
struct Often {
    name: String,
    title: Text,
    count: u64,
    share: f64,
}

/// What stands at the moment.
#[derive(Serialize)]
struct Now {
    standing: usize,
    unacknowledged: usize,
    /// Ids of alarms that are active for more than a day.
    stale: Vec<String>,
    chattering: usize,
    shelved: usize,
    suppressed: usize,
    out_of_service: usize,
    flood_since: Option<Timestamp>,
    raised_lately: usize,
}

fn share(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}

impl AlarmKpis {
    /// The figures, with the site as it stands.
    pub(crate) fn of(view: &View, kpis: Kpis, complete_to: Timestamp) -> Self {
        let often = |counts: Vec<(String, u64)>| {
            let name = |(name, count): (String, u64)| {
                let title = by_name(view.site(), &name).map(|(_, info)| info.title.clone());
                let title = title.unwrap_or_else(|| Text { zh: name.clone(), en: name.clone() });
                Often { name, title, count, share: share(count, kpis.told) }
            };
            counts.into_iter().take(limits::KPI_TOP).map(name).collect::<Vec<_>>()
        };
        let (top, chattering) = (often(kpis.top), often(kpis.chattering));
        let [high, medium, low] = kpis.by_priority;
        let step = |(t, count)| RateStep { t, count };
        Self {
            from: kpis.from,
            to: kpis.to,
            complete_to,
            told: kpis.told,
            held: kpis.held,
            by_priority: ByPriority { high, medium, low },
            step_secs: RATE_STEP.as_secs(),
            steps: kpis.steps,
            mean_per_step: share(kpis.told, kpis.steps),
            most_per_step: kpis.rate.iter().map(|(_, count)| *count).max().unwrap_or(0),
            share_over: share(kpis.steps_over, kpis.steps),
            rate: kpis.rate.into_iter().map(step).collect(),
            floods: {
                let flood = |flood: weir_engine::FloodSpan| Flood {
                    from: flood.from,
                    to: flood.to,
                    raised: flood.raised,
                };
                kpis.floods.into_iter().map(flood).collect()
            },
            top_share: share(top.iter().map(|often| often.count).sum(), kpis.told),
            top,
            chattering,
            shelved: kpis.shelved,
            suppressed: kpis.suppressed,
            taken_out: kpis.taken_out,
            realarmed: kpis.realarmed,
            acknowledged: kpis.acknowledged,
            now: Now::of(view),
        }
    }
}

impl Now {
    fn of(view: &View) -> Self {
        let snapshot = &view.snapshot;
        let held = |by: Quiet| {
            let is_so = |facts: &&weir_engine::AlarmFacts| match by {
                Quiet::Shelved => facts.facts.shelved().is_some(),
                Quiet::Suppressed => facts.facts.suppressed().next().is_some(),
                Quiet::OutOfService => facts.facts.out_of_service().is_some(),
                Quiet::Flood => false,
            };
            snapshot.alarm_facts.iter().filter(is_so).count()
        };
        let active = || snapshot.alarms.iter().filter(|alarm| alarm.is_active());
        let is_stale =
            |alarm: &&weir_engine::ports::StoredAlarm| view.now.since(alarm.raised.t) > STALE_AFTER;
        let unseen = snapshot.alarms.iter().filter(|alarm| alarm.acknowledged_at.is_none());
        Self {
            standing: active().count(),
            unacknowledged: unseen.count(),
            stale: active().filter(is_stale).map(|alarm| alarm.raised.alarm.clone()).collect(),
            chattering: snapshot.alarm_facts.iter().filter(|f| f.facts.is_chattering()).count(),
            shelved: held(Quiet::Shelved),
            suppressed: held(Quiet::Suppressed),
            out_of_service: held(Quiet::OutOfService),
            flood_since: snapshot.flood_since,
            raised_lately: snapshot.raised_lately,
        }
    }
}
