//! Delivering a batch, and finding the poison in it when it is refused.
//!
//! A refused batch is halved until the record that is refused stands alone; its neighbours are
//! delivered. A record is only put aside when there is proof that the other side takes others: a
//! server that refuses everything has been set up wrongly, and must not drain the outbox into
//! quarantine.

use crate::{
    lane::{Lane, Trouble},
    sink::{Contact, Encoded, Letter, Outcome, Sink},
};
use tokio::time::Instant;

/// How far back from the newest record we look for one to probe with.
const PROBE_WINDOW: u64 = 100;

impl<S: Sink> Lane<S> {
    /// Delivers letters in order. On trouble, what went before is settled and the rest is not.
    pub(crate) async fn deliver(&mut self, letters: Vec<Letter>) -> Result<(), Trouble> {
        let mut proof = !S::IDEMPOTENT;
        let mut parts = vec![(0, letters.len())];
        while let Some((start, end)) = parts.pop().filter(|(start, end)| start < end) {
            let batch = &letters[start..end];
            let (reason, size) = match self.attempt(batch).await? {
                Answer::Delivered => {
                    proof = true;
                    self.settle(batch, batch.len());
                    continue;
                }
                Answer::No { reason } => (reason, batch.len()),
            };
            if size > 1 {
                let middle = start + size / 2;
                parts.push((middle, end));
                parts.push((start, middle));
                continue;
            }
            proof = proof || self.probe(batch[0].seq).await?;
            if !proof {
                let reason = format!("refuses every record: {reason}");
                return Err(Trouble::Hold { reason });
            }
            self.put_aside(batch[0].clone(), reason).await?;
            self.settle(batch, 0);
        }
        Ok(())
    }

    fn settle(&mut self, batch: &[Letter], delivered: usize) {
        if let Some(last) = batch.last() {
            self.progress.settle(last.seq, delivered as u64, Instant::now());
            self.board.progress(&self.progress);
        }
    }

    /// One delivery; what can only be tried later is an error.
    async fn attempt(&mut self, batch: &[Letter]) -> Result<Answer, Trouble> {
        match self.sink.deliver(batch).await {
            Outcome::Delivered => {
                self.batch.well();
                if self.board.well() {
                    tracing::info!(sink = self.id, "sink delivers");
                }
                Ok(Answer::Delivered)
            }
            Outcome::Refused { reason } => Ok(Answer::No { reason }),
            Outcome::TooLarge { reason } => {
                self.batch.too_many(batch.len());
                Ok(Answer::No { reason })
            }
            Outcome::RetryLater { reason, after, contact } => {
                if contact == Contact::Lost {
                    self.batch.too_slow(batch.len());
                }
                Err(Trouble::Later { reason, after, contact })
            }
            Outcome::Hold { reason } => Err(Trouble::Hold { reason }),
        }
    }

    /// Whether the other side takes the newest record, other than the suspect.
    async fn probe(&mut self, suspect: u64) -> Result<bool, Trouble> {
        let newest = self.store(|outbox| S::last(outbox)).await?;
        let items = self.read(newest.saturating_sub(PROBE_WINDOW), PROBE_WINDOW as usize).await?;
        let letter =
            items.into_iter().rev().filter(|(seq, _)| *seq != suspect).find_map(|(seq, item)| {
                match self.sink.encode(seq, &item) {
                    Encoded::Letter(body) => Some(Letter { seq, body }),
                    _ => None,
                }
            });
        let Some(letter) = letter else { return Ok(false) };
        Ok(matches!(self.attempt(&[letter]).await?, Answer::Delivered))
    }
}

enum Answer {
    Delivered,
    No { reason: String },
}
