//! A store in memory: what the gateway's database keeps of a week, so that time can be judged again
//! as the gateway does it.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};
use weir_domain::{AreaId, PointId, Sample, SeriesId, Timestamp};
use weir_engine::{
    AlarmEvent, Engine, Mark, MarkEvent, MarkId, RejudgeRequest, SiteSpec, VerdictRecord,
    ports::{
        AlarmFilter, Bucket, History, MarkFilter, Marks, PortError, Records, RejudgeStatus,
        StoredAlarm, StoredFinding, StoredVerdict, Superseded, VerdictFilter, VerdictTally,
    },
    rejudge::{Past, Task, rejudge},
};

/// See the module.
#[derive(Default)]
pub(crate) struct Memory {
    samples: Vec<Vec<Sample>>,
    verdicts: Vec<StoredVerdict>,
    marks: BTreeMap<MarkId, Mark>,
}

impl Memory {
    pub(crate) fn new(series: usize) -> Self {
        Self { samples: vec![Vec::new(); series], ..Self::default() }
    }

    pub(crate) fn keep_sample(&mut self, series: SeriesId, sample: Sample) {
        if let Some(samples) = self.samples.get_mut(series.0 as usize) {
            samples.push(sample);
        }
    }

    pub(crate) fn keep_verdict(&mut self, record: VerdictRecord) {
        let id = self.verdicts.len() as i64;
        let (revises, revised_for, superseded) = (Vec::new(), None, None);
        self.verdicts.push(StoredVerdict { id, record, revises, revised_for, superseded });
    }

    pub(crate) fn keep_mark(&mut self, mark: Mark) {
        self.marks.insert(mark.id.clone(), mark);
    }

    /// Readings in the order of their time, one for each time: as the history has them.
    pub(crate) fn sort(&mut self) {
        for samples in &mut self.samples {
            samples.sort_by_key(|sample| sample.source_time);
            let mut known = HashSet::new();
            samples.retain(|sample| known.insert(sample.source_time));
        }
    }

    /// Judges again what was asked for. Returns how many verdicts do not stand any more.
    pub(crate) fn judge_again(
        &mut self,
        spec: &SiteSpec,
        engine: &Engine,
        requests: &[RejudgeRequest],
        (born, now): (Timestamp, Timestamp),
    ) -> Result<usize, PortError> {
        let Some(why) = requests.first().map(|request| request.why.clone()) else { return Ok(0) };
        let mut count = 0;
        for task in Task::of(engine.description(), requests) {
            let past = Past {
                history: self,
                records: self,
                marks: self,
                starts: &[],
                born,
                horizon: born,
            };
            let revision = rejudge(spec, &task, past, now)?;
            count += revision.superseded.len();
            for old in &revision.superseded {
                if let Some(old) = usize::try_from(*old).ok().and_then(|i| self.verdicts.get_mut(i))
                {
                    let why = why.clone();
                    old.superseded = Some(Superseded { at: now, why, by: Vec::new() });
                }
            }
            for (record, revises) in revision.verdicts {
                let id = self.verdicts.len() as i64;
                let revised_for = Some(why.clone());
                self.verdicts.push(StoredVerdict {
                    id,
                    record,
                    revises,
                    revised_for,
                    superseded: None,
                });
            }
        }
        Ok(count)
    }

    /// The verdicts in force, the marks in force, and the readings of each series.
    pub(crate) fn into_parts(self) -> (Vec<VerdictRecord>, Vec<Mark>, Vec<Vec<Sample>>) {
        let in_force = self.verdicts.into_iter().filter(StoredVerdict::is_in_force);
        let marks = self.marks.into_values().filter(|mark| !mark.is_void());
        (in_force.map(|stored| stored.record).collect(), marks.collect(), self.samples)
    }
}

impl History for Memory {
    fn samples(
        &self,
        series: SeriesId,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<Vec<Sample>, PortError> {
        let Some(samples) = self.samples.get(series.0 as usize) else { return Ok(Vec::new()) };
        let at = |t: Timestamp| samples.partition_point(|sample| sample.source_time < t);
        let those = samples.get(at(from)..at(to)).unwrap_or_default();
        Ok(those.iter().take(limit).copied().collect())
    }

    fn buckets(
        &self,
        _: SeriesId,
        _: Timestamp,
        _: Timestamp,
        _: Duration,
    ) -> Result<Vec<Bucket>, PortError> {
        Ok(Vec::new())
    }
}

impl Records for Memory {
    fn verdicts(
        &self,
        filter: VerdictFilter,
        from: Timestamp,
        to: Timestamp,
        area: Option<&AreaId>,
        limit: usize,
    ) -> Result<Vec<StoredVerdict>, PortError> {
        let wanted = |v: &&StoredVerdict| {
            v.record.from < to
                && v.record.to > from
                && area.is_none_or(|area| *area == v.record.area)
                && (filter == VerdictFilter::All || v.is_in_force())
        };
        Ok(self.verdicts.iter().filter(wanted).take(limit).cloned().collect())
    }

    fn verdict(&self, id: i64) -> Result<Option<StoredVerdict>, PortError> {
        Ok(usize::try_from(id).ok().and_then(|id| self.verdicts.get(id)).cloned())
    }

    fn tally(&self) -> Result<VerdictTally, PortError> {
        Ok(VerdictTally::default())
    }

    fn alarms(&self, _: AlarmFilter, _: usize) -> Result<Vec<StoredAlarm>, PortError> {
        Ok(Vec::new())
    }

    fn alarm(&self, _: &str) -> Result<Option<StoredAlarm>, PortError> {
        Ok(None)
    }

    fn alarm_events(
        &self,
        _: Timestamp,
        _: Timestamp,
        _: Option<(Timestamp, u64)>,
        _: usize,
    ) -> Result<Vec<(u64, AlarmEvent)>, PortError> {
        Ok(Vec::new())
    }
}

impl Marks for Memory {
    fn marks(
        &self,
        filter: MarkFilter,
        from: Timestamp,
        to: Timestamp,
        point: Option<&PointId>,
        limit: usize,
    ) -> Result<Vec<Mark>, PortError> {
        let wanted = |mark: &&Mark| {
            (filter == MarkFilter::All || !mark.is_void())
                && mark.from < to
                && mark.to.is_none_or(|end| end > from)
                && point.is_none_or(|point| mark.points.contains(point))
        };
        Ok(self.marks.values().filter(wanted).take(limit).cloned().collect())
    }

    fn mark(&self, id: &MarkId) -> Result<Option<(Mark, Vec<MarkEvent>)>, PortError> {
        Ok(self.marks.get(id).map(|mark| (mark.clone(), Vec::new())))
    }

    fn findings(
        &self,
        _: Timestamp,
        _: Timestamp,
        _: Option<&PointId>,
        _: usize,
    ) -> Result<Vec<StoredFinding>, PortError> {
        Ok(Vec::new())
    }

    fn rejudging(&self) -> Result<RejudgeStatus, PortError> {
        Ok(RejudgeStatus::default())
    }
}
