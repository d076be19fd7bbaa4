//! The ports through which the other edges use the store.

use crate::{
    Store, alarms, buckets, database::lock, error::StorageError, findings, history,
    journal::JOURNAL, marks, outbox, rejudgements, verdicts,
};
use core::time::Duration;
use weir_domain::{AreaId, PointId, Sample, SeriesId, Timestamp};
use weir_engine::{
    AlarmEvent, Mark, MarkEvent, MarkId, Record, Row,
    ports::{
        AlarmFilter, Bucket, History, Intake, MarkFilter, Marks, Outbox, PortError, PortFuture,
        Records, RejudgeStatus, Storage, StoreStatus, StoredAlarm, StoredFinding, StoredVerdict,
        VerdictFilter, VerdictTally,
    },
};

fn port<T>(result: Result<T, StorageError>, doing: impl Fn() -> String) -> Result<T, PortError> {
    result.map_err(|error| PortError { doing: doing(), source: Some(Box::new(error)) })
}

impl Intake for Store {
    fn submit(&self, rows: Vec<Row>, at_once: bool) -> PortFuture<'_, Result<(), PortError>> {
        Box::pin(async move {
            if rows.is_empty() {
                return Ok(());
            }
            let count = rows.len();
            let records = rows.into_iter().map(Record::Reading).collect();
            let doing = || format!("append {count} readings to {JOURNAL}");
            self.submit_records(records, at_once, doing).await.map(drop)
        })
    }
}

impl History for Store {
    fn samples(
        &self,
        series: SeriesId,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<Vec<Sample>, PortError> {
        let samples = history::samples(self.shared(), series, from, to, limit);
        port(samples, || format!("read samples of series {} from {from} to {to}", series.0))
    }

    fn buckets(
        &self,
        series: SeriesId,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Vec<Bucket>, PortError> {
        let buckets = buckets::buckets(self.shared(), series, from, to, step);
        port(buckets, || format!("sum up series {} from {from} to {to}", series.0))
    }
}

impl Records for Store {
    fn verdicts(
        &self,
        filter: VerdictFilter,
        from: Timestamp,
        to: Timestamp,
        area: Option<&AreaId>,
        limit: usize,
    ) -> Result<Vec<StoredVerdict>, PortError> {
        let verdicts = verdicts::list(&self.shared().record_readers, filter, from, to, area, limit);
        port(verdicts, || format!("list verdicts from {from} to {to}"))
    }

    fn verdict(&self, id: i64) -> Result<Option<StoredVerdict>, PortError> {
        let verdict = verdicts::get(&self.shared().record_readers, id);
        port(verdict, || format!("look up verdict {id}"))
    }

    fn tally(&self) -> Result<VerdictTally, PortError> {
        port(verdicts::tally(&self.shared().record_readers), || "count verdicts".into())
    }

    fn alarms(&self, filter: AlarmFilter, limit: usize) -> Result<Vec<StoredAlarm>, PortError> {
        port(alarms::list(&self.shared().record_readers, filter, limit), || "list alarms".into())
    }

    fn alarm(&self, id: &str) -> Result<Option<StoredAlarm>, PortError> {
        let alarm = alarms::get(&self.shared().record_readers, id);
        port(alarm, || format!("look up alarm {id}"))
    }

    fn alarm_events(
        &self,
        from: Timestamp,
        to: Timestamp,
        after: Option<(Timestamp, u64)>,
        limit: usize,
    ) -> Result<Vec<(u64, AlarmEvent)>, PortError> {
        let readers = &self.shared().record_readers;
        let events = alarms::events_between(readers, from, to, after, limit);
        port(events, || format!("read alarm events from {from} to {to}"))
    }
}

impl Marks for Store {
    fn marks(
        &self,
        filter: MarkFilter,
        from: Timestamp,
        to: Timestamp,
        point: Option<&PointId>,
        limit: usize,
    ) -> Result<Vec<Mark>, PortError> {
        let marks = marks::list(&self.shared().record_readers, filter, from, to, point, limit);
        port(marks, || format!("list marks from {from} to {to}"))
    }

    fn mark(&self, id: &MarkId) -> Result<Option<(Mark, Vec<MarkEvent>)>, PortError> {
        port(marks::get(&self.shared().record_readers, id), || format!("look up mark {id}"))
    }

    fn findings(
        &self,
        from: Timestamp,
        to: Timestamp,
        point: Option<&PointId>,
        limit: usize,
    ) -> Result<Vec<StoredFinding>, PortError> {
        let findings = findings::list(&self.shared().record_readers, from, to, point, limit);
        port(findings, || format!("list findings from {from} to {to}"))
    }

    fn rejudging(&self) -> Result<RejudgeStatus, PortError> {
        let status = rejudgements::status(&self.shared().record_readers);
        port(status, || "count what is to be judged again".into())
    }
}

impl Outbox for Store {
    fn records_after(&self, seq: u64, limit: usize) -> Result<Vec<(u64, Record)>, PortError> {
        let records = outbox::records_after(self.shared(), seq, limit);
        port(records, || format!("read records after {seq}"))
    }

    fn alarm_events_after(
        &self,
        id: u64,
        limit: usize,
    ) -> Result<Vec<(u64, AlarmEvent)>, PortError> {
        let events = alarms::events_after(&self.shared().record_readers, id, limit);
        port(events, || format!("read alarm events after {id}"))
    }

    fn last_record(&self) -> u64 {
        lock(&self.shared().memory).last_seq
    }

    fn last_alarm_event(&self) -> Result<u64, PortError> {
        let number = alarms::last_event(&self.shared().record_readers);
        port(number, || "look up the last alarm event".into())
    }

    fn cursor(&self, sink: &str) -> Result<u64, PortError> {
        port(outbox::cursor(self.shared(), sink), || format!("read the cursor of sink {sink}"))
    }

    fn set_cursor(&self, sink: &str, seq: u64) -> Result<(), PortError> {
        let moved = outbox::move_cursor(self.shared(), sink, seq).map(drop);
        port(moved, || format!("move the cursor of sink {sink} to {seq}"))
    }

    fn alarm_cursor(&self, sink: &str) -> Result<Option<u64>, PortError> {
        let cursor = outbox::alarm_cursor(self.shared(), sink);
        port(cursor, || format!("read the cursor of sink {sink}"))
    }

    fn set_alarm_cursor(&self, sink: &str, id: u64) -> Result<(), PortError> {
        let moved = outbox::move_alarm_cursor(self.shared(), sink, id);
        port(moved, || format!("move the cursor of sink {sink} to alarm event {id}"))
    }

    fn quarantine(&self, sink: &str, seq: u64, body: &[u8], reason: &str) -> Result<(), PortError> {
        let put_aside = outbox::quarantine(self.shared(), sink, seq, body, reason);
        port(put_aside, || format!("put record {seq} of sink {sink} aside"))
    }

    fn quarantined(&self, sink: &str) -> Result<u64, PortError> {
        let count = outbox::quarantined(self.shared(), sink);
        port(count, || format!("count what sink {sink} put aside"))
    }
}

impl Storage for Store {
    fn status(&self) -> StoreStatus {
        self.shared().status()
    }
}
