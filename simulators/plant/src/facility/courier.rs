//! How samples reach the gateway: clocks, links, and loggers that bring them later.

use super::{Cause, Shown, instrument::Acting};
use crate::noise::Noise;
use weir_domain::{Reading, Sample, Timestamp};

/// The way of one instrument's samples.
#[derive(Debug)]
pub(crate) struct Courier {
    noise: Noise,
    latency_ms: i64,
    pub(crate) acting: Vec<Acting>,
    /// How many samples of a link that was down have been brought.
    brought: i64,
}

/// One of so many samples of a link that mixes them up is late.
const OVERTAKEN: u64 = 3;
/// Samples that share a time.
const SAME_TIME: i64 = 4;

impl Courier {
    pub(crate) fn new(seed: u64, device: &str) -> Self {
        let noise = Noise::new(seed, &format!("courier/{device}"));
        Self { noise, latency_ms: noise.whole(-1, 40, 300), acting: Vec::new(), brought: 0 }
    }

    /// A sample on its way; `None` if nobody takes it.
    pub(crate) fn carry(
        &mut self,
        signal: usize,
        ms: i64,
        scan_secs: u32,
        reading: Reading,
    ) -> Option<Shown> {
        let (mut source, mut received) = (ms, ms + self.latency_ms);
        let scan_ms = i64::from(scan_secs) * 1_000;
        for acting in &self.acting {
            match acting.cause {
                Cause::GatewayRestart | Cause::PowerCut => return None,
                Cause::ClockJump => source += (acting.size * 1_000.0) as i64,
                Cause::DuplicateTimes => source -= source.rem_euclid(SAME_TIME * scan_ms),
                Cause::OutOfOrder if self.noise.bits(ms).is_multiple_of(OVERTAKEN) => {
                    received += scan_ms * 5 / 2;
                }
                Cause::LateBackfill => {
                    self.brought += 1;
                    received = acting.until * 1_000 + 2_000 + self.brought * 20;
                }
                _ => {}
            }
        }
        let source_time = Timestamp::from_millis(source);
        let received_time = Timestamp::from_millis(received);
        Some(Shown { signal, sample: Sample { source_time, received_time, reading } })
    }

    /// The causes that act change.
    pub(crate) fn act(&mut self, acting: Vec<Acting>) {
        if !acting.iter().any(|acting| acting.cause == Cause::LateBackfill) {
            self.brought = 0;
        }
        self.acting = acting;
    }
}
