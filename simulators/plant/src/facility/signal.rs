//! What can be read of a facility, and what is true of it.

use weir_domain::{Sample, Unit};

/// One value that an instrument (or a person with a test kit) shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// The instrument, as in `trc-1`. All its signals share its clock and its link.
    pub device: String,
    /// Where in the facility the instrument is, as in `contact_tank_outlet`.
    pub role: &'static str,
    /// What it measures, as in `total_residual_chlorine`; the point's name.
    pub parameter: &'static str,
    /// In what.
    pub unit: Unit,
    /// Seconds from one scan to the next.
    pub scan_secs: u32,
    /// Digits behind the point that the instrument shows.
    pub decimals: u8,
    /// When it says something.
    pub report: Report,
}

/// When a signal says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Report {
    /// At every scan.
    Scanned,
    /// At every change, to the millisecond, and at every scan.
    Changed,
    /// Only when something happens, e.g. a test by hand or a tag that is read.
    Event,
}

/// A true value of the facility, which no instrument can spoil.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Series {
    /// Its name.
    pub id: &'static str,
    /// In what.
    pub unit: Unit,
}

/// A sample of a signal as it reaches the gateway.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// Place of the signal in [`crate::facility::Site::signals`].
    pub signal: usize,
    /// What is shown, when, and when it arrived.
    pub sample: Sample,
}

impl Signal {
    /// `device.parameter`.
    pub fn id(&self) -> String {
        format!("{}.{}", self.device, self.parameter)
    }
}
