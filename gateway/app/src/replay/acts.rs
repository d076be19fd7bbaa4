//! What people did, beside the readings: marks that are known from the start, and acts that happen
//! at their time.

use crate::exit::Failure;
use anyhow::{Context as _, anyhow};
use serde::Deserialize;
use std::{collections::BTreeMap, fs, path::Path};
use weir_domain::Timestamp;
use weir_engine::{Act, Command, Effect, Engine, Mark, MarkId, Record, SiteSpec};

/// An act of a file: `{"at": "2026-03-02T10:00:00Z", "act": "mark", …}`.
#[derive(Deserialize)]
struct Line {
    /// Its number, which names the mark that it makes; that of the line if it is not said.
    seq: Option<u64>,
    at: Timestamp,
    #[serde(flatten)]
    act: Act,
}

/// Reads a file of acts, one a line in JSON; empty lines are passed over.
pub(super) fn read(path: &Path) -> Result<Vec<(u64, Command)>, Failure> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("could not open {}", path.display()))
        .map_err(Failure::usage)?;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let act = |(number, line): (u64, &str)| {
        let line: Line = serde_json::from_str(line).map_err(|error| {
            Failure::usage(anyhow!("{}:{number}: this act cannot be read: {error}", path.display()))
        })?;
        Ok((line.seq.unwrap_or(number), Command { at: line.at, act: line.act }))
    };
    lines.map(act).collect()
}

/// Acts in the order of their time, each with what it comes to if it is about marks.
pub(super) struct Acts {
    acts: std::vec::IntoIter<(u64, Command)>,
    next: Option<(u64, Command)>,
    /// What acts on marks came to, by their number.
    changes: BTreeMap<u64, Vec<Effect>>,
    marks: BTreeMap<MarkId, Mark>,
}

impl Acts {
    /// Goes over the acts once, so that what they say of readings is known from the start.
    pub(super) fn new(spec: &SiteSpec, mut acts: Vec<(u64, Command)>) -> Self {
        acts.sort_by_key(|(seq, command)| (command.at, *seq));
        let start = acts.first().map_or(Timestamp::from_millis(0), |(_, first)| first.at);
        let (mut changes, mut marks) = (BTreeMap::new(), BTreeMap::new());
        let mut engine = Engine::new(spec.clone(), start).0;
        for (seq, command) in acts.iter().filter(|(_, command)| is_on_marks(&command.act)) {
            let mut effects = Vec::new();
            let record = Record::Command(Box::new(command.clone()));
            if let Err(refusal) = engine.handle(*seq, &record, &mut effects) {
                tracing::warn!("act {seq} of {} changes nothing: {refusal}", command.at);
            }
            effects.retain(|effect| matches!(effect, Effect::Mark(_)));
            for effect in &effects {
                if let Effect::Mark(event) = effect {
                    marks.insert(event.mark.id.clone(), event.mark.clone());
                }
            }
            changes.insert(*seq, effects);
        }
        let mut acts = acts.into_iter();
        let next = acts.next();
        Self { acts, next, changes, marks }
    }

    /// The marks that people made, as they are in the end.
    pub(super) fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.marks.values()
    }

    /// Lets the acts up to `now` happen.
    pub(super) fn until(&mut self, now: Timestamp, engine: &mut Engine, out: &mut Vec<Effect>) {
        while let Some((seq, command)) = self.next.take_if(|(_, command)| command.at <= now) {
            self.next = self.acts.next();
            if let Some(changes) = self.changes.remove(&seq) {
                engine.tick(command.at, out);
                out.extend(changes);
                continue;
            }
            if command.at < engine.clock() {
                continue; // It was done before the first reading.
            }
            let record = Record::Command(Box::new(command));
            if let Err(refusal) = engine.handle(seq, &record, out) {
                tracing::warn!("act {seq} changes nothing: {refusal}");
            }
        }
    }
}

/// Whether an act says something of readings.
pub(super) fn is_on_marks(act: &Act) -> bool {
    matches!(
        act,
        Act::Mark(_)
            | Act::EndMark { .. }
            | Act::ReviewMark { .. }
            | Act::CalibrationCheck(_)
            | Act::ManualValue(_)
    )
}
