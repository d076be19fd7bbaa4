//! An outbox in memory, which outlives the sinks of a test as the real one outlives the gateway.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use weir_engine::{
    AlarmEvent, Record,
    ports::{Outbox, PortError},
};

#[derive(Default)]
pub(crate) struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    records: Vec<Record>,
    events: Vec<AlarmEvent>,
    cursors: BTreeMap<String, u64>,
    alarm_cursors: BTreeMap<String, u64>,
    quarantine: BTreeMap<(String, u64), (Vec<u8>, String)>,
    /// Whether the disk refuses to be written.
    full: bool,
}

impl Memory {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn append(&self, records: impl IntoIterator<Item = Record>) {
        self.0.lock().unwrap().records.extend(records);
    }

    pub(crate) fn raise(&self, event: AlarmEvent) {
        self.0.lock().unwrap().events.push(event);
    }

    /// From now on writes fail, or go well again.
    pub(crate) fn fill(&self, full: bool) {
        self.0.lock().unwrap().full = full;
    }

    pub(crate) fn cursor_of(&self, sink: &str) -> Option<u64> {
        let state = self.0.lock().unwrap();
        state.cursors.get(sink).or(state.alarm_cursors.get(sink)).copied()
    }

    /// Number, body and reason of what was put aside.
    pub(crate) fn aside(&self) -> Vec<(u64, String, String)> {
        let state = self.0.lock().unwrap();
        let text = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
        state.quarantine.iter().map(|((_, seq), (b, why))| (*seq, text(b), why.clone())).collect()
    }
}

fn after<T: Clone>(items: &[T], seq: u64, limit: usize) -> Vec<(u64, T)> {
    let numbered = items.iter().zip(1_u64..).skip(usize::try_from(seq).unwrap()).take(limit);
    numbered.map(|(item, number)| (number, item.clone())).collect()
}

impl Outbox for Memory {
    fn records_after(&self, seq: u64, limit: usize) -> Result<Vec<(u64, Record)>, PortError> {
        Ok(after(&self.0.lock().unwrap().records, seq, limit))
    }

    fn alarm_events_after(
        &self,
        id: u64,
        limit: usize,
    ) -> Result<Vec<(u64, AlarmEvent)>, PortError> {
        Ok(after(&self.0.lock().unwrap().events, id, limit))
    }

    fn last_record(&self) -> u64 {
        self.0.lock().unwrap().records.len() as u64
    }

    fn last_alarm_event(&self) -> Result<u64, PortError> {
        Ok(self.0.lock().unwrap().events.len() as u64)
    }

    fn cursor(&self, sink: &str) -> Result<u64, PortError> {
        Ok(*self.0.lock().unwrap().cursors.entry(sink.to_owned()).or_default())
    }

    fn set_cursor(&self, sink: &str, seq: u64) -> Result<(), PortError> {
        if self.0.lock().unwrap().full {
            return Err(PortError { doing: format!("move the cursor of {sink}"), source: None });
        }
        let before = self.0.lock().unwrap().cursors.insert(sink.to_owned(), seq);
        assert!(before.is_some_and(|before| before <= seq), "a cursor never goes back");
        Ok(())
    }

    fn alarm_cursor(&self, sink: &str) -> Result<Option<u64>, PortError> {
        Ok(self.0.lock().unwrap().alarm_cursors.get(sink).copied())
    }

    fn set_alarm_cursor(&self, sink: &str, id: u64) -> Result<(), PortError> {
        self.0.lock().unwrap().alarm_cursors.insert(sink.to_owned(), id);
        Ok(())
    }

    fn quarantine(&self, sink: &str, seq: u64, body: &[u8], why: &str) -> Result<(), PortError> {
        if self.0.lock().unwrap().full {
            return Err(PortError { doing: format!("put {seq} aside"), source: None });
        }
        let entry = (body.to_owned(), why.to_owned());
        self.0.lock().unwrap().quarantine.insert((sink.to_owned(), seq), entry);
        Ok(())
    }

    fn quarantined(&self, sink: &str) -> Result<u64, PortError> {
        let state = self.0.lock().unwrap();
        Ok(state.quarantine.keys().filter(|(name, _)| name == sink).count() as u64)
    }
}
