//! Signs that somebody interfered with a measurement. Each is a finding: it tells what was seen and
//! how sure it is, and leaves quality and verdict alone.
//!
//! What they share is the memory of two days, hour by hour ([`hours`]), so that an instrument is
//! compared with itself: a quiet night with other quiet nights, not with a busy noon.

mod bottle;
mod hours;
mod hugging;
mod repeated;
mod stable;

pub use bottle::BottleSign;
pub use hugging::HuggingSign;
pub use repeated::RepeatedSign;
pub use stable::StableSign;

use super::{point::Point, said::FindingSaid};
use hours::Hours;
use hugging::HuggingMemory;
use repeated::RepeatedMemory;
use serde::{Deserialize, Serialize};

/// Which signs are looked for.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FraudSigns {
    /// Whether a value that is stuck is told as a finding as well.
    #[serde(default)]
    pub flatline: bool,
    /// The noise of the instrument is gone.
    pub too_stable: Option<StableSign>,
    /// The same stretch of values again.
    pub repeated: Option<RepeatedSign>,
    /// The values press against a limit.
    pub hugging: Option<HuggingSign>,
    /// The probe is in a bottle or in tap water.
    pub bottle: Option<BottleSign>,
}

/// What the signs remember of a point.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct FraudMemory {
    hours: Hours,
    hugging: Vec<HuggingMemory>,
    repeated: RepeatedMemory,
    is_stable_told: bool,
    is_bottle_told: bool,
}

impl FraudSigns {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self { flatline: self.flatline, ..Self::default() }
    }

    pub(super) fn fault(&self) -> Option<&'static str> {
        let Self { flatline: _, too_stable, repeated, hugging, bottle } = self;
        let faults = [
            too_stable.as_ref().and_then(StableSign::fault),
            repeated.as_ref().and_then(RepeatedSign::fault),
            hugging.as_ref().and_then(HuggingSign::fault),
            bottle.as_ref().and_then(BottleSign::fault),
        ];
        faults.into_iter().flatten().next()
    }

    /// Looks at a good value; `temperature` is what the probe beside it says.
    pub(super) fn observe(
        &self,
        memory: &mut FraudMemory,
        point: &Point,
        (t, value): (i64, f64),
        temperature: Option<f64>,
        out: &mut Vec<FindingSaid>,
    ) {
        if memory.hours.take(t, value, temperature) {
            if let Some(sign) = &self.too_stable {
                out.extend(sign.judge(&memory.hours, &mut memory.is_stable_told, point, t));
            }
            if let Some(sign) = &self.bottle {
                out.extend(sign.judge(&memory.hours, &mut memory.is_bottle_told, point, t));
            }
        }
        if let Some(sign) = &self.hugging {
            sign.observe(&mut memory.hugging, point, (t, value), out);
        }
        if let Some(sign) = &self.repeated {
            out.extend(sign.observe(&mut memory.repeated, point, (t, value)));
        }
    }

    /// The data have a gap, or were not good: nothing is compared across it.
    pub(super) fn forget(&self, memory: &mut FraudMemory) {
        memory.hours.interrupt();
        memory.repeated.interrupt();
    }
}
