//! How the alarm system does: the figures that ISA-18.2, IEC 62682 and EEMUA 191 ask for, from the
//! events of a stretch of time. Events are taken one by one, so that the memory needed is bounded by
//! the stretch and the number of alarms, and not by the number of events.

use crate::{FLOOD_ABOVE, Flood, Quiet, Transition};
use core::time::Duration;
use std::collections::BTreeMap;
use weir_domain::{Priority, Timestamp};

/// The step in which the rate of alarms is counted, from the epoch on.
pub const RATE_STEP: Duration = Duration::from_secs(600);

/// One event, as far as the figures need it.
#[derive(Debug, Clone, Copy)]
pub struct Noted<'a> {
    /// When.
    pub at: Timestamp,
    /// Which alarm, without the number of its occurrence.
    pub alarm: &'a str,
    /// How soon somebody must act.
    pub priority: Priority,
    /// What happened.
    pub what: Transition,
    /// Why nobody was told.
    pub quiet: Option<Quiet>,
}

/// A stretch of time with too many alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FloodSpan {
    /// When it began.
    pub from: Timestamp,
    /// When it ended; none if it had not at the end of the stretch.
    pub to: Option<Timestamp>,
    /// Alarms raised in it.
    pub raised: u64,
}

/// The figures of a stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Kpis {
    /// Its start.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Alarms that people were told of: raised, or announced later.
    pub told: u64,
    /// Alarms raised while they were shelved, suppressed or out of service.
    pub held: u64,
    /// How many of those told of had high, medium and low priority.
    pub by_priority: [u64; 3],
    /// Steps of ten minutes in the stretch.
    pub steps: u64,
    /// Steps with more alarms than a flood needs.
    pub steps_over: u64,
    /// Alarms told of in each step that has any.
    pub rate: Vec<(Timestamp, u32)>,
    /// Floods.
    pub floods: Vec<FloodSpan>,
    /// How often people were told of each alarm, most often first.
    pub top: Vec<(String, u64)>,
    /// How often each alarm began to chatter, most often first.
    pub chattering: Vec<(String, u64)>,
    /// How often alarms were shelved.
    pub shelved: u64,
    /// How often alarms were suppressed.
    pub suppressed: u64,
    /// How often alarms were taken out of service.
    pub taken_out: u64,
    /// How often alarms were announced again, as nobody had acknowledged them.
    pub realarmed: u64,
    /// How often operators acknowledged.
    pub acknowledged: u64,
}

/// Takes events in, and makes figures of them.
#[derive(Debug)]
pub struct Tally {
    kpis: Kpis,
    flood: Flood,
    rate: BTreeMap<i64, u32>,
    top: BTreeMap<String, u64>,
    chattering: BTreeMap<String, u64>,
}

impl Tally {
    /// For the events with `from ≤ time < to`.
    pub fn new(from: Timestamp, to: Timestamp) -> Self {
        let first = step_of(from);
        let steps = if to > from {
            let last = step_of(Timestamp::from_millis(to.as_millis() - 1));
            u64::try_from(last - first + 1).unwrap_or(0)
        } else {
            0
        };
        let kpis = Kpis {
            from,
            to,
            told: 0,
            held: 0,
            by_priority: [0; 3],
            steps,
            steps_over: 0,
            rate: Vec::new(),
            floods: Vec::new(),
            top: Vec::new(),
            chattering: Vec::new(),
            shelved: 0,
            suppressed: 0,
            taken_out: 0,
            realarmed: 0,
            acknowledged: 0,
        };
        let (rate, top, chattering) = Default::default();
        Self { kpis, flood: Flood::default(), rate, top, chattering }
    }

    /// Takes the next event, in order of time; those outside the stretch do not count.
    pub fn take(&mut self, event: Noted<'_>) {
        let kpis = &mut self.kpis;
        if event.at < kpis.from || event.at >= kpis.to {
            return;
        }
        match event.what {
            Transition::Raised => match event.quiet {
                None | Some(Quiet::Flood) => self.told(event),
                Some(_) => kpis.held += 1,
            },
            Transition::Announced => self.told(event),
            Transition::Realarmed => kpis.realarmed += 1,
            Transition::Acknowledged => kpis.acknowledged += 1,
            Transition::Shelved => kpis.shelved += 1,
            Transition::Suppressed => kpis.suppressed += 1,
            Transition::OutOfService => kpis.taken_out += 1,
            Transition::ChatteringBegan => count(&mut self.chattering, event.alarm),
            _ => {}
        }
    }

    fn told(&mut self, event: Noted<'_>) {
        self.flood_until(event.at);
        self.kpis.told += 1;
        self.kpis.by_priority[match event.priority {
            Priority::High => 0,
            Priority::Medium => 1,
            Priority::Low => 2,
        }] += 1;
        *self.rate.entry(step_of(event.at)).or_default() += 1;
        count(&mut self.top, event.alarm);
        if self.flood.raised(event.at) {
            self.kpis.floods.push(FloodSpan { from: event.at, to: None, raised: 0 });
        }
        if let Some(flood) = self.kpis.floods.last_mut().filter(|flood| flood.to.is_none()) {
            flood.raised += 1;
        }
    }

    fn flood_until(&mut self, now: Timestamp) {
        if let Some(ended) = self.flood.advance(now)
            && let Some(flood) = self.kpis.floods.last_mut()
        {
            flood.to = Some(ended);
        }
    }

    /// The figures.
    pub fn finish(mut self) -> Kpis {
        self.flood_until(self.kpis.to);
        let mut kpis = self.kpis;
        kpis.steps_over =
            self.rate.values().filter(|told| **told as usize > FLOOD_ABOVE).count() as u64;
        let start = |step: i64| Timestamp::from_millis(step * step_millis());
        kpis.rate = self.rate.into_iter().map(|(step, told)| (start(step), told)).collect();
        kpis.top = most_first(self.top);
        kpis.chattering = most_first(self.chattering);
        kpis
    }
}

fn step_millis() -> i64 {
    i64::try_from(RATE_STEP.as_millis()).expect("ten minutes fit")
}

fn step_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(step_millis())
}

fn count(counts: &mut BTreeMap<String, u64>, alarm: &str) {
    match counts.get_mut(alarm) {
        Some(count) => *count += 1,
        None => drop(counts.insert(alarm.to_owned(), 1)),
    }
}

fn most_first(counts: BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
    counts
}
