//! One `[[validity]]` section of a pack: which points it is for, and which checks.

use super::{
    CalibrationCheck, ChatterCheck, FraudSigns, JumpCheck, Need, RangeCheck, RateCheck, SpikeCheck,
    StuckCheck,
};
use crate::pack::fault::Faults;
use serde::Deserialize;
use toml::Spanned;
use weir_domain::{Parameter, Role, Unit};

/// How sure a number is, as for requirements.
const CONFIDENCE: [&str; 5] = ["V", "M-h", "M-m", "M-l", "C"];
/// Conditions that one measurement may have.
const NEEDS_MAX: usize = 4;

/// The checks of the points of one parameter.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// What is measured.
    pub parameter: Parameter,
    /// In which unit the numbers below are; a point in another unit is not checked by them.
    pub unit: Unit,
    /// Where it is measured; empty = anywhere.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// Where the numbers come from.
    pub source: String,
    /// How sure they are: `V`, `M-h`, `M-m`, `M-l` or `C`.
    pub confidence: String,
    /// What can physically be.
    pub range: Option<RangeCheck>,
    /// How long it may stand still.
    pub stuck: Option<StuckCheck>,
    /// How far one value may be off.
    pub spike: Option<SpikeCheck>,
    /// How fast it can change.
    pub rate: Option<RateCheck>,
    /// How often a switch may change; with it the section is for switches and states as well.
    pub chatter: Option<ChatterCheck>,
    /// What the measurement rests on.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// When a jump is a sign.
    pub jump: Option<JumpCheck>,
    /// How wrong the instrument's clock may be, s.
    pub clock_secs: Option<u64>,
    /// How often it is to be held against a standard.
    pub calibration: Option<CalibrationCheck>,
    /// Signs of interference.
    #[serde(default)]
    pub fraud: FraudSigns,
}

impl Validity {
    /// Whether it is for a point of that kind.
    pub(super) fn fits(&self, parameter: &Parameter, role: &Role, unit: Unit) -> bool {
        self.parameter == *parameter
            && self.unit == unit
            && (self.roles.is_empty() || self.roles.contains(role))
    }

    /// Whether it asks for the resolution and the noise of a number.
    fn is_for_numbers(&self) -> bool {
        self.range.is_some()
            || self.stuck.is_some()
            || self.spike.is_some()
            || self.rate.is_some()
            || self.jump.is_some()
            || !self.fraud.is_empty()
    }
}

/// Checks what the shape of a section does not say.
pub(crate) fn check(section: &Spanned<Validity>, faults: &mut Faults<'_>) {
    let (span, validity) = (section.span(), section.get_ref());
    let checks = [
        validity.range.as_ref().and_then(RangeCheck::fault),
        validity.stuck.as_ref().and_then(StuckCheck::fault),
        validity.spike.as_ref().and_then(SpikeCheck::fault),
        validity.rate.as_ref().and_then(RateCheck::fault),
        validity.chatter.as_ref().and_then(ChatterCheck::fault),
        (validity.chatter.is_some() && validity.is_for_numbers())
            .then_some("chatter is for switches, the other checks of values are for numbers"),
        validity.jump.as_ref().and_then(JumpCheck::fault),
        validity.calibration.as_ref().and_then(CalibrationCheck::fault),
        validity.needs.iter().find_map(Need::fault),
        validity.fraud.fault(),
        (validity.needs.len() > NEEDS_MAX).then_some("more than four needs"),
        validity.source.trim().is_empty().then_some("the source must not be empty"),
    ];
    for problem in checks.into_iter().flatten() {
        faults.add(span.clone(), problem, "see docs/reference/validity.md");
    }
    if !CONFIDENCE.contains(&validity.confidence.as_str()) {
        let hint = format!("use one of {}", CONFIDENCE.join(", "));
        faults.add(span, format!("{:?} is no confidence", validity.confidence), hint);
    }
}
