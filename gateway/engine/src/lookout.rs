//! Looks at readings that are not on disk yet, for those with which a requirement that knows no
//! delay turns: the commit that holds them need not wait for more to come, as an alarm hangs on it.
//!
//! It decides nothing. The engine judges what is committed, and only that; a lookout that is
//! mistaken costs a commit, or has an alarm wait for the usual one. So it may be simple: it knows
//! limits on every value and interlocks, whose alarms come with a reading, and leaves out calendars,
//! late samples, and all that comes with time (persistence, delays, means, cycles, availability).

use crate::Row;
use std::collections::HashMap;
use weir_compliance::{ForbiddenWhen, Requirement, Rule, Statistic};
use weir_domain::{SeriesId, Value};

/// Most inputs of a rule that is looked at.
const INPUTS: usize = 2;

/// See the module. Made by [`Engine::lookout`](crate::Engine::lookout).
#[derive(Debug, Clone, Default)]
pub struct Lookout {
    watches: Vec<Watch>,
    /// Which watches take a point, as which input.
    routes: HashMap<SeriesId, Vec<(usize, usize)>>,
}

impl Lookout {
    pub(crate) fn add(&mut self, mut watch: Watch, inputs: impl Iterator<Item = SeriesId>) {
        for (input, series) in inputs.enumerate().take(INPUTS) {
            self.routes.entry(series).or_default().push((self.watches.len(), input));
            watch.inputs[input].is_bound = true;
        }
        self.watches.push(watch);
    }

    /// Takes note of readings, and tells whether an alarm hangs on them.
    pub fn hurries(&mut self, rows: &[Row]) -> bool {
        if self.watches.is_empty() {
            return false;
        }
        // As the rules do, it looks at a moment when everything is known of it.
        let moments = rows.chunk_by(|a, b| a.sample.source_time == b.sample.source_time);
        moments.filter(|moment| self.sees(moment)).count() > 0
    }

    fn sees(&mut self, moment: &[Row]) -> bool {
        let mut touched = Vec::new();
        for row in moment {
            let value = row.sample.reading.good().map(Value::get);
            for (watch, input) in self.routes.get(&row.series).into_iter().flatten() {
                let input = &mut self.watches[*watch].inputs[*input];
                (input.value, input.is_new) = (value, true);
                touched.push(*watch);
            }
        }
        touched.into_iter().filter(|watch| self.watches[*watch].turns()).count() > 0
    }
}

/// One requirement on its points.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    rule: Watched,
    /// Whether the alarm comes, and goes, with the reading.
    raises: bool,
    returns: bool,
    inputs: [Input; INPUTS],
    is_broken: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Input {
    is_bound: bool,
    value: Option<f64>,
    /// It came just now.
    is_new: bool,
    /// The other input turned the requirement, which is judged when this one is known of then.
    is_awaited: bool,
}

#[derive(Debug, Clone)]
enum Watched {
    Limit { low: Option<f64>, high: Option<f64>, deadband: f64, gated: bool },
    Interlock { forbidden_on: bool },
}

impl Watch {
    /// None where no alarm comes or goes with a reading.
    pub(crate) fn of(requirement: &Requirement) -> Option<Self> {
        let alarm = &requirement.alarm;
        let (rule, is_instant) = match &requirement.rule {
            Rule::Limit(limit) => {
                let Statistic::Instant { persistence } = limit.statistic else { return None };
                let gated = limit.gated_input()?;
                let (low, high) = (limit.low, limit.high);
                let rule = Watched::Limit { low, high, deadband: alarm.deadband, gated };
                (rule, persistence.is_zero())
            }
            Rule::Interlock(interlock) => {
                let forbidden_on = interlock.forbidden_when == ForbiddenWhen::On;
                (Watched::Interlock { forbidden_on }, true)
            }
            _ => return None,
        };
        let raises = is_instant && alarm.on_delay.is_zero();
        let returns = alarm.off_delay.is_zero();
        let watch = Self { rule, raises, returns, inputs: Default::default(), is_broken: false };
        (raises || returns).then_some(watch)
    }

    /// The watch of a requirement whose alarm stands, or does not.
    pub(crate) fn standing(self, is_broken: bool) -> Self {
        Self { is_broken, ..self }
    }

    /// Looks at its inputs again; true if an alarm comes or goes with what they are now.
    fn turns(&mut self) -> bool {
        let is_broken = self.is_broken();
        let was_broken = core::mem::replace(&mut self.is_broken, is_broken);
        let turns = match (was_broken, is_broken) {
            (false, true) => self.raises,
            (true, false) => self.returns,
            _ => false,
        };
        let is_settled = self.inputs.iter().any(|input| input.is_new && input.is_awaited);
        for input in &mut self.inputs {
            let is_new = core::mem::take(&mut input.is_new);
            input.is_awaited = !is_new && input.is_bound && (turns || input.is_awaited);
        }
        turns || is_settled
    }

    fn is_broken(&self) -> bool {
        let [main, side] = self.inputs.map(|input| input.value);
        match (&self.rule, main, side) {
            (Watched::Limit { gated: true, .. }, _, Some(0.0)) => false,
            (Watched::Limit { gated: true, .. }, _, None) => self.is_broken,
            (Watched::Limit { low, high, deadband, .. }, Some(value), _) => {
                // How far inside the value has to be: by the deadband to end it.
                let inside = if self.is_broken { *deadband } else { 0.0 };
                low.is_some_and(|low| value < low + inside)
                    || high.is_some_and(|high| value > high - inside)
            }
            (Watched::Interlock { forbidden_on }, Some(active), Some(forbidden)) => {
                active != 0.0 && (forbidden != 0.0) == *forbidden_on
            }
            // What is missing neither raises an alarm about a value nor ends one.
            _ => self.is_broken,
        }
    }
}
