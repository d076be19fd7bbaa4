//! What a rule sees of its inputs: the value it judges, whether it applies, and what else it asks
//! for, each an input as it is or a number made of several.

use super::{INPUTS_MAX, Moment};
use crate::expr::Program;
use core::time::Duration;
use weir_domain::Timestamp;

/// When the speaking sample of each input was taken.
pub(crate) type Times = [Timestamp; INPUTS_MAX];

/// From the moment of the inputs to the moment of the rule.
#[derive(Debug, Clone)]
pub(crate) struct Lens {
    /// Becomes the first number of the moment.
    pub(crate) value: Channel,
    /// Together they become the second: 1 while all hold, 0 while one does not.
    pub(crate) gates: Vec<Channel>,
    /// What follows.
    pub(crate) more: Vec<Channel>,
}

/// One number.
#[derive(Debug, Clone)]
pub(crate) enum Channel {
    /// What an input says.
    Input(u8),
    /// Always this.
    Given(f64),
    /// What a program makes of inputs whose samples are not too far apart.
    Made { program: Program, inputs: Box<[u8]>, within: Option<Duration> },
}

impl Lens {
    /// Whether the rule sees its inputs as they are.
    pub(crate) fn is_plain(&self) -> bool {
        let plain = |(slot, channel): (usize, &Channel)| matches!(channel, Channel::Input(input) if usize::from(*input) == slot);
        let gates = self.gates.len() <= 1 && self.more.is_empty();
        gates && [&self.value].into_iter().chain(&self.gates).enumerate().all(plain)
    }

    pub(crate) fn look(&self, moment: &Moment, times: &Times) -> Moment {
        let mut seen = Moment::default();
        seen.set(0, self.value.look(moment, times));
        seen.set(1, self.gate(moment, times));
        for (index, channel) in self.more.iter().enumerate() {
            seen.set(2 + index, channel.look(moment, times));
        }
        seen
    }

    /// A condition that does not hold decides, whatever is known of the others.
    fn gate(&self, moment: &Moment, times: &Times) -> Option<f64> {
        let mut gate = (!self.gates.is_empty()).then_some(1.0);
        for channel in &self.gates {
            match channel.look(moment, times) {
                Some(0.0) => return Some(0.0),
                Some(_) => {}
                None => gate = None,
            }
        }
        gate
    }
}

impl Channel {
    fn look(&self, moment: &Moment, times: &Times) -> Option<f64> {
        match self {
            Self::Input(input) => moment.get(usize::from(*input)),
            Self::Given(number) => Some(*number),
            Self::Made { program, inputs, within } => {
                let slot = |index: usize| inputs.get(index).map(|input| usize::from(*input));
                if let Some(within) = within {
                    let taken = inputs.iter().filter_map(|input| times.get(usize::from(*input)));
                    let (mut first, mut last) = (None, None);
                    for time in taken {
                        first = Some(first.map_or(*time, |first: Timestamp| first.min(*time)));
                        last = Some(last.map_or(*time, |last: Timestamp| last.max(*time)));
                    }
                    if let (Some(first), Some(last)) = (first, last)
                        && last.since(first) > *within
                    {
                        return None;
                    }
                }
                program.evaluate(|index| moment.get(slot(index)?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, Event, of, rule};

    /// Total and free chlorine every ten seconds, the second so many seconds after the first.
    fn pairs(apart: i64, total: f64, free: f64) -> Vec<Event> {
        let pair = |second| [of(0, second, total), of(1, second + apart, free)];
        let mut events: Vec<Event> = (0..120).step_by(10).flat_map(pair).collect();
        events.sort_by_key(|event| event.now);
        events
    }

    fn combined(within: u64) -> Bench {
        Bench::new(rule(&format!(
            r#"limit.value = {{ expr = "total - free", unit = "mg/L", within_secs = {within}, of = {{ total = {{ parameter = "t", unit = "mg/L" }}, free = {{ parameter = "f", unit = "mg/L" }} }} }}
               limit.instant = {{ persistence_secs = 0 }}
               limit.high = 0.4"#
        )))
    }

    #[test]
    fn two_samples_make_a_value() {
        for (total, verdicts) in
            [(0.7, "?0..2 +2..120"), (0.75, "?0..2 +2..120"), (0.8, "?0..2 -2..120")]
        {
            let played = combined(60).play(&pairs(2, total, 0.35), 120);
            assert_eq!(played.verdicts(), verdicts, "{total}");
        }
        let played = combined(60).play(&pairs(2, 1.0, 0.25), 120);
        let passed = played.passed()[1].clone();
        assert_eq!(passed.value, Some(0.75));
        assert!(
            passed.explanation.zh.contains("最不利值 total - free = 0.75 mg/L，高于 0.4 mg/L"),
            "{passed:?}"
        );
        assert!(
            passed.explanation.en.contains("worst value total - free = 0.75 mg/L, above 0.4 mg/L"),
            "{passed:?}"
        );
    }

    #[test]
    fn samples_too_far_apart_do_not_make_a_value() {
        // Five seconds apart, and then five again to the next of the other.
        assert!(combined(5).play(&pairs(5, 0.7, 0.35), 120).verdicts().starts_with("?0..5 +5.."));
        assert_eq!(combined(4).play(&pairs(5, 0.7, 0.35), 120).verdicts(), "?0..120");
    }
}
