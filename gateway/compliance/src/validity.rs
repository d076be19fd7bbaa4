//! Whether a reading may be believed: the `[[validity]]` sections of packs, and what they find.
//!
//! Terms:
//!
//! * A **check** looks at the good samples of one point, as they come. What it says of a sample is
//!   a quality ([`Said::Sample`]): the sample that goes on to the rules carries it, the stored one
//!   never does. A stretch of samples with such a quality is a **mark** ([`MarkSaid`]).
//! * A **finding** is a sign that somebody interfered ([`FindingSaid`]): it is told with the numbers
//!   it rests on, and changes no quality and no verdict.
//! * A **watch** is all checks of one point ([`Watch`]). It knows no clock: a sample that waits for
//!   the next one to confirm it is let go by [`Watch::advance`].
//!
//! The danger on both sides is named once, here: a check that fires on a quiet instrument throws
//! true data away; one that never fires lets a probe in a bucket pass for a clean plant. So each
//! check compares an instrument with itself first, and says no more than it has seen.

mod bind;
mod calibration;
mod chatter;
mod clock;
mod fraud;
mod jump;
mod needs;
mod point;
mod range;
mod rate;
pub(crate) mod rehearsal;
mod said;
mod section;
mod spike;
mod stuck;
#[cfg(test)]
mod tests;
mod watch;

pub use bind::{PointTraits, WatchBinding, bind_validity};
pub use calibration::CalibrationCheck;
pub use chatter::ChatterCheck;
pub use fraud::{BottleSign, FraudSigns, HuggingSign, RepeatedSign, StableSign};
pub use jump::JumpCheck;
pub use needs::Need;
pub use range::RangeCheck;
pub use rate::RateCheck;
pub use said::{FindingKind, FindingSaid, MarkSaid, Said};
pub use section::Validity;
pub(crate) use section::check as check_section;
pub use spike::SpikeCheck;
pub use stuck::StuckCheck;
pub use watch::{Watch, WatchMemory};
