//! The durable journal, the compressed history, verdicts, alarms and cursors.
//!
//! Three SQLite files in one folder, which one gateway holds at a time:
//!
//! * **`journal.sqlite`**: every [record](weir_engine::Record) in the order of its number. A
//!   **batch** is one row, written with one `fsync`; it is what the engine and the sinks read.
//! * **`history.sqlite`**: the readings once more, sorted by point and source time, in compressed
//!   **chunks**. **Sealing** moves readings there from the **head**, which is in memory and is made
//!   again from the journal when the store is opened.
//! * **`records.sqlite`**: point numbers, the engine's state, verdicts, alarms, marks, findings, acts
//!   of people, what is to be judged again, the sinks' cursors and what they put aside.
//!
//! A batch is **trimmed** from the journal once it is sealed, the engine's saved state covers it,
//! and every sink is past it. A reading of a point and source time that was there before replaces
//! it in the history; the journal keeps both until then.
//!
//! **Conservation**, which [`Storage::status`](weir_engine::ports::Storage::status) lets anybody
//! check, and which holds after any crash:
//! `accepted = in_journal + in_history + expired + duplicates`. Each reading ever accepted is in
//! exactly one of them: `in_journal` counts the head's readings, one for each point and source
//! time; `in_history` those in chunks; `expired` those dropped with a chunk past the retention;
//! `duplicates` those that a later one has replaced. Where a reading in the head will replace one
//! that is in a chunk, both count as they stand; the older becomes a duplicate when the newer is
//! sealed.
//!
//! Threads: one writes the journal and hands out what is committed, one seals and expires; all
//! else happens on the caller's. Readers have connections of their own and never wait for a writer.

#![forbid(unsafe_code)]

mod acts;
mod alarms;
mod buckets;
mod bytes;
mod chunk;
mod database;
mod decimal;
mod error;
mod findings;
mod head;
mod history;
mod journal;
mod marks;
mod merge;
mod open;
mod options;
mod outbox;
mod packed;
mod payload;
mod place;
mod ports;
mod queue;
mod records;
mod rejudgements;
mod retention;
mod run;
mod seal;
mod shared;
mod store;
mod summary;
mod verdicts;
mod writer;

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod testing;

pub use error::StorageError;
pub use options::StoreOptions;
pub use records::{EffectNumber, EngineState};
pub use store::Store;
