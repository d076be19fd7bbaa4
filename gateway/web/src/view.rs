//! The site at one moment: the snapshot, with the description it is of, and the clock read
//! together, and what follows from them. Nothing here is compliant by default: what the engine has not said, or has
//! not said for too long, is indeterminate.

use crate::limits;
use std::sync::Arc;
use weir_domain::{AreaId, PointId, Priority, RequirementId, Text, Timestamp, Verdict};
use weir_engine::{
    AlarmFacts, Description, PointInfo, PointState, RequirementInfo, RequirementState, Snapshot,
    ports::StoredAlarm,
};

/// The site at one moment.
pub(crate) struct View {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) now: Timestamp,
}

/// The pack that the gateway applies to every area by itself: that there are data at all.
const SYSTEM_PACK: &str = "weir-system";

fn is_of_system(info: &RequirementInfo) -> bool {
    info.pack.split('@').next() == Some(SYSTEM_PACK)
}

/// How bad a verdict is, worst last.
pub(crate) fn badness(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Compliant => 0,
        Verdict::Indeterminate => 1,
        Verdict::NonCompliant => 2,
    }
}

fn text(zh: &str, en: &str) -> Text {
    Text { zh: zh.to_owned(), en: en.to_owned() }
}

impl View {
    /// The site in words.
    pub(crate) fn site(&self) -> &Description {
        &self.snapshot.description
    }

    /// When the engine last said anything, if that is too long ago.
    pub(crate) fn engine_silent_since(&self) -> Option<Option<Timestamp>> {
        match self.snapshot.t {
            Some(t) if self.now.since(t) <= limits::ENGINE_SILENT => None,
            t => Some(t),
        }
    }

    /// How a requirement stands.
    pub(crate) fn requirement(&self, index: usize) -> RequirementState {
        let unsaid = |note| RequirementState {
            verdict: Some(Verdict::Indeterminate),
            since: None,
            value: None,
            note,
            early: None,
        };
        match (self.engine_silent_since(), self.snapshot.requirements.get(index)) {
            (None, Some(state)) => state.clone(),
            (Some(Some(t)), _) => unsaid(text(
                &format!("网关自 {t} 起未作判定"),
                &format!("the gateway has not judged anything since {t}"),
            )),
            _ => unsaid(text("尚无数据", "no data yet")),
        }
    }

    /// How a point stands.
    pub(crate) fn point(&self, index: usize, info: &PointInfo) -> PointState {
        let mut state = self.snapshot.points.get(index).cloned().unwrap_or_default();
        let late = |age| age > info.stale_after + limits::STALE_MARGIN;
        let age = state.sample.map(|sample| self.now.since(sample.received_time));
        state.stale = state.stale || age.is_none_or(late);
        state
    }

    /// The worst verdict of some requirements that are more than a warning and apply now; none if
    /// there are none. That there are data ([`SYSTEM_PACK`]) is needed for compliance, but it is
    /// not compliance.
    fn worst<'a>(
        &self,
        requirements: impl Iterator<Item = (usize, &'a RequirementInfo)>,
    ) -> Option<Verdict> {
        let says = |(index, info): (usize, &RequirementInfo)| {
            let verdict = self.requirement(index).verdict?;
            let only_data = verdict == Verdict::Compliant && is_of_system(info);
            (!info.warning && !only_data).then_some(verdict)
        };
        requirements.filter_map(says).max_by_key(|verdict| badness(*verdict))
    }

    /// The worst verdict on a point; none if nothing applies to it now.
    pub(crate) fn point_verdict(&self, point: usize) -> Option<Verdict> {
        let of_point = |(_, info): &(usize, &RequirementInfo)| info.points.contains(&point);
        self.worst(self.site().requirements.iter().enumerate().filter(of_point))
    }

    /// The worst verdict on an area; none if nothing applies to it now, as to a closed pool.
    pub(crate) fn area_verdict(&self, area: &AreaId) -> Option<Verdict> {
        let of_area = |(_, info): &(usize, &RequirementInfo)| info.area == *area;
        self.worst(self.site().requirements.iter().enumerate().filter(of_area))
    }

    /// What is known of an alarm that is open now.
    pub(crate) fn facts(&self, alarm: &str) -> Option<&AlarmFacts> {
        self.snapshot.alarm_facts.iter().find(|facts| facts.open.as_deref() == Some(alarm))
    }

    /// Alarms of an area that are active or not yet acknowledged.
    pub(crate) fn open_alarms(&self, area: &AreaId) -> impl Iterator<Item = &StoredAlarm> {
        self.snapshot.alarms.iter().filter(move |alarm| alarm.raised.area == *area)
    }

    /// Where an area stands among the others, worst last: by verdict, then by what is active.
    pub(crate) fn area_badness(&self, area: &AreaId) -> (u8, [usize; 3], usize) {
        let active = |priority: Priority| {
            let counts =
                |alarm: &&StoredAlarm| alarm.is_active() && alarm.raised.priority == priority;
            self.open_alarms(area).filter(counts).count()
        };
        let by_priority = [Priority::High, Priority::Medium, Priority::Low].map(active);
        (self.area_verdict(area).map_or(0, badness), by_priority, self.open_alarms(area).count())
    }

    /// The ids of some points given by their indexes.
    pub(crate) fn point_ids(&self, indexes: &[usize]) -> Vec<PointId> {
        ids(self.site(), indexes)
    }
}

/// The ids of some points given by their indexes.
pub(crate) fn ids(site: &Description, indexes: &[usize]) -> Vec<PointId> {
    indexes.iter().filter_map(|i| site.points.get(*i)).map(|point| point.id.clone()).collect()
}

/// The requirement behind a verdict or an alarm. A requirement may be bound several times in an
/// area; its first point tells which. After a change of the site file it may be gone.
pub(crate) fn find_requirement<'a>(
    site: &'a Description,
    area: &AreaId,
    id: &RequirementId,
    first: Option<&PointId>,
) -> Option<&'a RequirementInfo> {
    let mut bound = site.requirements.iter().filter(|r| r.area == *area && r.id == *id);
    let any = bound.clone().next();
    let names = |r: &&RequirementInfo| {
        let point = r.points.first().and_then(|i| site.points.get(*i));
        point.map(|point| &point.id) == first
    };
    bound.find(names).or(any)
}

#[cfg(test)]
mod tests;
