//! What the inputs of a rule are at a moment.

use core::fmt;
use serde::{Deserialize, Serialize};

/// Inputs that a rule may have.
pub(crate) const INPUTS_MAX: usize = 8;

/// What the inputs are at a moment: good values, or nothing. Two moments are the same if every
/// input is.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(into = "Vec<Option<f64>>", try_from = "Vec<Option<f64>>")]
pub(crate) struct Moment {
    /// Missing ones are not a number; good values always are.
    values: [f64; INPUTS_MAX],
}

/// More inputs than a rule may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {INPUTS_MAX} inputs")]
pub(crate) struct MomentError;

impl Moment {
    /// The value of an input, if it is known.
    pub(crate) fn get(&self, input: usize) -> Option<f64> {
        self.values.get(input).copied().filter(|value| !value.is_nan())
    }

    /// The value of the first input.
    pub(crate) fn main(&self) -> Option<f64> {
        self.get(0)
    }

    /// The value of the second input.
    pub(crate) fn side(&self) -> Option<f64> {
        self.get(1)
    }

    /// Sets an input; there are no more than [`INPUTS_MAX`].
    pub(crate) fn set(&mut self, input: usize, value: Option<f64>) {
        if let Some(slot) = self.values.get_mut(input) {
            *slot = value.unwrap_or(f64::NAN);
        }
    }
}

impl Default for Moment {
    fn default() -> Self {
        Self { values: [f64::NAN; INPUTS_MAX] }
    }
}

impl PartialEq for Moment {
    fn eq(&self, other: &Self) -> bool {
        // Without a branch for each input: it is asked for every sample.
        let same = |(a, b): (&f64, &f64)| (a == b) | (a.is_nan() & b.is_nan());
        self.values.iter().zip(&other.values).fold(true, |all, pair| all & same(pair))
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(Vec::from(*self)).finish()
    }
}

impl From<Moment> for Vec<Option<f64>> {
    /// Without the missing ones at the end.
    fn from(moment: Moment) -> Self {
        let known = (0..INPUTS_MAX).rposition(|input| moment.get(input).is_some());
        (0..known.map_or(0, |last| last + 1)).map(|input| moment.get(input)).collect()
    }
}

impl TryFrom<Vec<Option<f64>>> for Moment {
    type Error = MomentError;

    fn try_from(values: Vec<Option<f64>>) -> Result<Self, MomentError> {
        if values.len() > INPUTS_MAX {
            return Err(MomentError);
        }
        let mut moment = Self::default();
        values.into_iter().enumerate().for_each(|(input, value)| moment.set(input, value));
        Ok(moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_goes_through_json() {
        for values in [vec![], vec![Some(0.1)], vec![None, Some(-2.0)], vec![Some(1.0); 8]] {
            let moment = Moment::try_from(values).unwrap();
            let json = serde_json::to_string(&moment).unwrap();
            assert_eq!(serde_json::from_str::<Moment>(&json).unwrap(), moment, "{json}");
        }
        assert!(serde_json::from_str::<Moment>("[1,1,1,1,1,1,1,1,1]").is_err());
    }

    #[test]
    fn a_missing_value_is_no_value() {
        let mut moment = Moment::default();
        assert_eq!((moment.main(), moment.side(), moment.get(99)), (None, None, None));
        moment.set(1, Some(0.0));
        assert_eq!((moment.main(), moment.side()), (None, Some(0.0)));
        assert_ne!(moment, Moment::default());
    }
}
