//! What was told to the rules otherwise than it is known now, and what follows from it.
//!
//! A rule that has taken a reading in cannot give it back. So where a mark speaks of time gone by,
//! and where readings come late, the verdicts on that time are judged again from the history: those
//! that were passed already at once, and those whose stretch goes on (the mean of a day, an
//! exposure) as soon as they are passed. A stretch of which this may be true is a **doubt**.
//!
//! Where no verdict shows that a rule was misled (an exposure it took to be over), time does: every
//! doubt is **swept** once more when everything about it has long been judged.
//!
//! Late readings are gathered, so that a burst of them, as a node sends after an outage, gives one
//! request for each point and not thousands.

use crate::{
    mark::{RejudgeReason, RejudgeRequest},
    record::Effect,
};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_domain::{PointId, Sample, Timestamp};

/// A reading that comes later than this after it was measured comes late: no rule waits longer for
/// a moment to be complete.
const LATE: Duration = Duration::from_secs(60);

/// Late readings of a point are gathered until none has come for so long …
const QUIET: Duration = Duration::from_secs(30);

/// … and no longer than this.
const GATHERED_MAX: Duration = Duration::from_secs(600);

/// So long after its end a doubt is swept; longer than what [`rejudge`](crate::rejudge) holds to be
/// the live engine's business yet.
const SWEPT_AFTER: Duration = Duration::from_secs(2 * 27 * 3_600);

/// No verdict is passed later than this after the time it is on: a year's window, and some.
const DOUBTED: Duration = Duration::from_secs(400 * 86_400);

/// Doubts remembered; beyond, the oldest are forgotten.
const DOUBTS_MAX: usize = 1_000;

/// Late stretches of the same point that lie no further apart than this are one.
const NEAR: Duration = Duration::from_secs(3_600);

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Doubts {
    doubts: Vec<Doubt>,
    late: BTreeMap<PointId, Late>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Doubt {
    points: Vec<PointId>,
    from: Timestamp,
    to: Timestamp,
    why: RejudgeReason,
    is_swept: bool,
}

impl Doubt {
    fn swept_at(&self) -> Option<Timestamp> {
        (!self.is_swept).then(|| self.to + SWEPT_AFTER)
    }
}

/// Late readings of a point that have been gathered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Late {
    /// Source times of the earliest and the latest.
    from: Timestamp,
    to: Timestamp,
    /// When the first and the last of them came.
    since: Timestamp,
    last: Timestamp,
}

impl Late {
    fn due(&self) -> Timestamp {
        (self.last + QUIET).min(self.since + GATHERED_MAX)
    }
}

impl Doubts {
    /// Takes notice of a sample, given the latest one of its point before; whether it came late.
    pub(crate) fn observe(
        &mut self,
        now: Timestamp,
        point: &PointId,
        latest: Option<&Sample>,
        sample: &Sample,
    ) -> bool {
        let source = sample.source_time;
        let is_behind = latest.is_some_and(|latest| {
            source < latest.source_time
                || (source == latest.source_time && sample.reading != latest.reading)
        });
        if !is_behind && now.since(source) <= LATE {
            return false;
        }
        let after = source + Duration::from_millis(1);
        let fresh = Late { from: source, to: after, since: now, last: now };
        let late = self.late.entry(point.clone()).or_insert(fresh);
        late.from = late.from.min(source);
        late.to = late.to.max(after);
        late.last = now;
        true
    }

    /// When [`advance`](Self::advance) must be called next.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        let late = self.late.values().map(Late::due);
        late.chain(self.doubts.iter().filter_map(Doubt::swept_at)).min()
    }

    /// Late readings that have been gathered long enough are to be judged, and old doubts swept.
    pub(crate) fn advance(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        for doubt in &mut self.doubts {
            if doubt.swept_at().is_some_and(|at| at <= now) {
                doubt.is_swept = true;
                let Doubt { points, from, to, why, .. } = doubt.clone();
                let request = RejudgeRequest { t: now, points, from, to, why };
                out.push(Effect::Rejudge(Box::new(request)));
            }
        }
        let due = self.late.iter().filter(|(_, late)| late.due() <= now);
        self.end(now, due.map(|(point, _)| point.clone()).collect(), out);
    }

    /// Nothing comes any more: all that have been gathered are to be judged.
    pub(crate) fn finish(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        self.end(now, self.late.keys().cloned().collect(), out);
    }

    fn end(&mut self, now: Timestamp, due: Vec<PointId>, out: &mut Vec<Effect>) {
        for point in due {
            let Some(late) = self.late.remove(&point) else { continue };
            let (points, why) = (vec![point], RejudgeReason::LateData);
            self.raise(RejudgeRequest { t: now, points, from: late.from, to: late.to, why }, out);
        }
    }

    /// Readings of a stretch count otherwise from now on.
    pub(crate) fn raise(&mut self, request: RejudgeRequest, out: &mut Vec<Effect>) {
        out.push(Effect::Rejudge(Box::new(request.clone())));
        let RejudgeRequest { t: now, points, from, to, why } = request;
        // Of time so long gone everything has been judged: this request is its sweep, too.
        let is_old = to + SWEPT_AFTER <= now;
        let same = |doubt: &&mut Doubt| {
            doubt.points == points
                && doubt.why == why
                && from <= doubt.to + NEAR
                && doubt.from <= to + NEAR
        };
        match self.doubts.iter_mut().find(same) {
            Some(doubt) => {
                doubt.from = doubt.from.min(from);
                doubt.to = doubt.to.max(to);
                doubt.is_swept &= is_old;
            }
            None => self.doubts.push(Doubt { points, from, to, why, is_swept: is_old }),
        }
        self.doubts.retain(|doubt| now.since(doubt.to) <= DOUBTED);
        if self.doubts.len() > DOUBTS_MAX {
            let oldest = (0..self.doubts.len()).min_by_key(|index| self.doubts[*index].to);
            oldest.map(|index| self.doubts.remove(index));
        }
    }

    /// A verdict that was passed on doubtful readings is to be judged again; `out` from `first` on
    /// is what has come since the last call.
    pub(crate) fn follow(&self, first: usize, out: &mut Vec<Effect>) {
        if self.doubts.is_empty() {
            return;
        }
        for index in first..out.len() {
            let Effect::Verdict(verdict) = &out[index] else { continue };
            let concerns = |doubt: &&Doubt| {
                verdict.from < doubt.to
                    && doubt.from < verdict.to
                    && doubt.points.iter().any(|point| verdict.points.contains(point))
            };
            let Some(doubt) = self.doubts.iter().rfind(concerns) else { continue };
            let request = RejudgeRequest {
                t: verdict.t,
                points: doubt.points.clone(),
                from: verdict.from.max(doubt.from),
                to: verdict.to.min(doubt.to),
                why: doubt.why.clone(),
            };
            out.push(Effect::Rejudge(Box::new(request)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_long_gone_is_judged_once_and_time_just_gone_is_swept_later() {
        let now = Timestamp::from_millis(1_795_341_600_000);
        let day = Duration::from_secs(86_400);
        for (to, sweeps) in [(now - day, 1), (now - 3 * day, 0)] {
            let (mut doubts, mut out) = (Doubts::default(), Vec::new());
            let points = vec!["ph-1.ph".parse().unwrap()];
            let (from, why) = (to - day, RejudgeReason::LateData);
            doubts.raise(RejudgeRequest { t: now, points, from, to, why }, &mut out);
            assert_eq!(out.len(), 1);
            assert_eq!(doubts.deadline().is_some(), sweeps == 1);
            doubts.advance(now + 3 * day, &mut out);
            assert_eq!(out.len(), 1 + sweeps);
        }
    }
}
