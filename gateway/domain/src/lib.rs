//! The words of the field, and nothing else.
//!
//! Terms, defined once for the whole house:
//!
//! * **Point**: one measured value of one device, named `device.point` ([`PointId`]).
//! * **Sample**: one value of a point with its [`Quality`] and two times ([`Sample`]). There is no
//!   value without a quality, and a missing value is a quality with a reason, never a number.
//! * **Source time** is when the instrument measured; **received time** is when the gateway took
//!   the sample in. Both are [`Timestamp`]s, milliseconds of UTC.
//! * **Verdict**: compliant, non-compliant or indeterminate ([`Verdict`]); nothing in between.
//!
//! This crate is `no_std` so that firmware speaks the same words. It reads no clock and does no
//! I/O: [`Clock`] is a trait that only the binaries implement with a real clock.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod clock;
mod id;
mod quality;
mod sample;
mod text;
mod time;
mod unit;
mod value;
mod verdict;

pub use clock::Clock;
pub use id::{
    AreaId, Class, DeviceId, IdError, LinkId, PackId, Parameter, PointId, PointName, ProfileId,
    RequirementId, Role, SeriesId, SinkId, SiteId,
};
pub use quality::{BadReason, HjFlag, Quality, QualityError, UncertainReason};
pub use sample::{Reading, Sample};
pub use text::{Language, Text};
pub use time::{Timestamp, TimestampError};
pub use unit::{Unit, UnitError};
pub use value::{Value, ValueKind};
pub use verdict::{AlarmClass, Priority, Verdict};
