//! What really happened, for those who judge what a gateway made of it.

use crate::{Area, Device, IncidentKind};
use serde::Serialize;
use weir_domain::Timestamp;

/// One disturbance, with its true times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Truth {
    /// What happened.
    pub kind: IncidentKind,
    /// Where.
    pub area: Area,
    /// The device that shows it.
    pub device: Device,
    /// When it began: the cause, or the cycle that it spoilt.
    pub from: Timestamp,
    /// When the facility was back in its ordinary state. A tank clears hours after its pump runs
    /// again. While the disturbance lasts this is the earliest moment at which it can be over.
    pub to: Timestamp,
    /// Whether it is over.
    pub over: bool,
}
