//! Where people's acts are handed in, and their outcomes handed out.
//!
//! An act goes the way of a reading: into the journal first, then to the engine. Whoever handed
//! it in waits here for what the engine made of it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Notify;
use weir_domain::Clock;
use weir_engine::{
    Act, Command, Effect, Refusal,
    ports::{ActError, Acts, PortFuture},
};
use weir_storage::Store;

/// What came of an act.
pub(crate) type Outcome = Result<Vec<Effect>, Refusal>;

/// Outcomes kept for those who have not asked yet.
const OUTCOMES_MAX: usize = 256;

/// The outcomes of acts by the number of their record.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    by_seq: Mutex<BTreeMap<u64, Outcome>>,
    changed: Notify,
}

impl Outcomes {
    /// The engine has handled the act with this number.
    pub(crate) fn put(&self, seq: u64, outcome: Outcome) {
        let mut by_seq = self.by_seq.lock().unwrap_or_else(PoisonError::into_inner);
        by_seq.insert(seq, outcome);
        while by_seq.len() > OUTCOMES_MAX {
            by_seq.pop_first();
        }
        drop(by_seq);
        self.changed.notify_waiters();
    }

    /// Waits for the outcome of the act with this number.
    pub(crate) async fn take(&self, seq: u64) -> Outcome {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let found = self.by_seq.lock().unwrap_or_else(PoisonError::into_inner).remove(&seq);
            if let Some(outcome) = found {
                return outcome;
            }
            changed.await;
        }
    }
}

/// Takes acts in.
pub(crate) struct Desk {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) outcomes: Arc<Outcomes>,
}

impl Acts for Desk {
    fn submit(&self, act: Act) -> PortFuture<'_, Result<Vec<Effect>, ActError>> {
        Box::pin(async move {
            let command = Command { at: self.clock.now(), act };
            let seq = self.store.submit_command(command).await.map_err(ActError::Port)?;
            self.outcomes.take(seq).await.map_err(|refusal| match refusal {
                Refusal::UnknownAlarm => ActError::UnknownAlarm,
                Refusal::AlreadyAcknowledged => ActError::AlreadyDone,
                refusal => ActError::Refused(refusal),
            })
        })
    }
}
