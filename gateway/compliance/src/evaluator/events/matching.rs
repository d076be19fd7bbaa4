//! Whether events came one after the other within a stretch of time: for certain, or perhaps.

use super::watch::{Event, Watch};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use weir_domain::Timestamp;

/// Events of one input that are kept; of the time before more of them nothing is known.
const EVENTS_MAX: usize = 4_096;

/// The events of one input, in order, as long as they matter.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Happened {
    events: VecDeque<Event>,
    /// Up to here there were more events than are kept.
    lost: Option<Timestamp>,
}

impl Happened {
    pub(crate) fn add(&mut self, event: Event) {
        let place = self.events.partition_point(|known| known.at <= event.at);
        self.events.insert(place, event);
        if self.events.len() > EVENTS_MAX {
            self.lost = self.events.pop_front().map(|event| event.at);
        }
    }

    pub(crate) fn first(&self) -> Option<Event> {
        self.events.front().copied()
    }

    /// The first one after `t`.
    pub(crate) fn after(&self, t: Timestamp) -> Option<&Event> {
        self.events.get(self.events.partition_point(|event| event.at <= t))
    }

    pub(crate) fn take_first(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.events.iter()
    }

    /// What was before `t` does not matter any more.
    pub(crate) fn forget(&mut self, t: Timestamp) {
        while self.events.front().is_some_and(|event| event.at < t) {
            self.events.pop_front();
        }
    }

    /// The earliest moment from `from` through `to` at which it has certainly happened.
    fn surely(&self, from: Timestamp, to: Timestamp) -> Option<Timestamp> {
        let fits = |event: &&Event| event.sure && event.since >= from && event.at <= to;
        self.events.iter().find(fits).map(|event| event.at)
    }

    /// The earliest moment from `from` through `to` at which it may have happened.
    fn perhaps(&self, from: Timestamp, to: Timestamp, watch: &Watch) -> Option<Timestamp> {
        let fits = |event: &&Event| event.at >= from && event.since <= to;
        let seen = self.events.iter().filter(fits).map(|event| event.since.max(from)).min();
        let unseen = watch.unseen(from, to).next().map(|(begins, _)| begins);
        let lost = self.lost.filter(|lost| *lost >= from).map(|_| from);
        seen.into_iter().chain(unseen).chain(lost).min()
    }
}

/// When all of them have certainly happened, one after the other, from `from` through `to`.
pub(crate) fn surely<'a>(
    needs: impl IntoIterator<Item = &'a Happened>,
    from: Timestamp,
    to: Timestamp,
) -> Option<Timestamp> {
    needs.into_iter().try_fold(from, |after, need| need.surely(after, to))
}

/// Whether all of them may have happened, one after the other, from `from` through `to`.
pub(crate) fn perhaps<'a>(
    needs: impl IntoIterator<Item = (&'a Happened, &'a Watch)>,
    from: Timestamp,
    to: Timestamp,
) -> bool {
    needs
        .into_iter()
        .try_fold(from, |after, (need, watch)| need.perhaps(after, to, watch))
        .is_some()
}
