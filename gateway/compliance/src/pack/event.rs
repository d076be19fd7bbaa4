//! What counts as an event: something that happens at a moment, seen in the samples of a point.

use super::InputSpec;
use crate::limits::Limits;
use core::time::Duration;
use weir_domain::Text;

/// An event as a pack names it.
#[derive(Debug, Clone, PartialEq)]
pub struct EventSpec {
    /// The point it is seen in.
    pub input: InputSpec,
    /// What in its samples is the event.
    pub edge: Edge,
    /// How long the new state must last without a break before the event has happened; it happens
    /// when it has lasted so long. Zero for `sample` and `increase`.
    pub lasting: Duration,
    /// What it is called; none = as the edge and the parameter say.
    pub name: Option<Text>,
}

/// What in the samples of a point is an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Edge {
    /// It becomes other than zero.
    On,
    /// It becomes zero.
    Off,
    /// Each good sample is one: a point that is only sent on occasion, such as a manual test or a
    /// scan. Where there is no sample, nothing happened.
    Sample {
        /// Least value that counts.
        low: Option<f64>,
        /// Greatest value that counts.
        high: Option<f64>,
    },
    /// A counter goes up: as many events as it goes up by.
    Increase {
        /// What the counter begins again at, e.g. 65536; none = it only begins again when reset.
        roll_over: Option<f64>,
    },
    /// It comes to lie above a level.
    Above {
        /// The level; at the level is not above it.
        level: f64,
        /// How far below the level it must come before it can be above it again.
        hysteresis: f64,
    },
    /// It comes to lie below a level.
    Below {
        /// The level; at the level is not below it.
        level: f64,
        /// How far above the level it must come before it can be below it again.
        hysteresis: f64,
    },
}

impl EventSpec {
    /// Its name, to be read by people.
    pub fn label(&self) -> Text {
        if let Some(name) = &self.name {
            return name.clone();
        }
        let (parameter, unit) = (&self.input.parameter, self.input.unit);
        let both = |words: String| (words.clone(), words);
        let (zh, en) = match self.edge {
            Edge::On => both(format!("{parameter}=1")),
            Edge::Off => both(format!("{parameter}=0")),
            Edge::Sample { low: None, high: None } => {
                (format!("{parameter} 记录"), format!("{parameter} entry"))
            }
            Edge::Sample { low, high } => {
                let limits = Limits { low, high }.text(unit);
                (
                    format!("{parameter} 记录（{}）", limits.zh),
                    format!("{parameter} entry ({})", limits.en),
                )
            }
            Edge::Increase { .. } => (format!("{parameter} 计数"), format!("{parameter} count")),
            Edge::Above { level, .. } => both(format!("{parameter} > {level}{}", unit.suffix())),
            Edge::Below { level, .. } => both(format!("{parameter} < {level}{}", unit.suffix())),
        };
        if self.lasting.is_zero() {
            return Text { zh, en };
        }
        let lasting = crate::wording::duration(self.lasting);
        Text { zh: format!("{zh} 持续 {lasting}"), en: format!("{en} for {lasting}") }
    }
}
