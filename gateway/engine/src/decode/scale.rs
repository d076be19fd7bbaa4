//! Raw to unit: `value = raw × scale + offset`, in decimals as they were meant.

/// Share of a raw step that is no more than rounding.
const SLACK: f64 = 1e-6;

/// 2^53: beyond it a double does not hold every integer.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// A number in the point's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scaled {
    pub(super) number: f64,
    /// How far arithmetic may have moved it.
    pub(super) slack: f64,
    /// Whether it says all that the raw value said. See [`scaled`].
    pub(super) is_exact: bool,
}

impl Scaled {
    /// A number without arithmetic.
    pub(super) fn exact(number: f64) -> Self {
        Self { number, slack: 0.0, is_exact: true }
    }
}

/// Scale and offset, of the double that is nearest to the raw value.
///
/// `held`: of an integer, whether that double is it; none if the raw value is a float. Beyond 2^53
/// doubles are more than 1 apart, so an integer shares its double with its neighbours, and goes on
/// sharing whatever it is multiplied with: a scale of 0.001 brings the number back below 2^53, but
/// not the digits. Nor is 2^53 the border: 9007199254740991 thousandths are the same double as one
/// thousandth less. A scaled integer is exact if doubles lie closer where it is than its steps.
pub(super) fn scaled((scale, offset): (f64, f64), number: f64, held: Option<bool>) -> Scaled {
    if scale == 1.0 && offset == 0.0 {
        return Scaled { number, slack: 0.0, is_exact: held.unwrap_or(true) };
    }
    let steps = (1.0 / scale).round();
    let zero = (offset * steps).round();
    // A scale such as 0.1 is 1/10, and an offset such as -40 is -400 of such steps: then there is
    // one division, and it is exact to the last place.
    let value = if 1.0 / steps == scale && zero / steps == offset {
        (number + zero) / steps
    } else {
        number * scale + offset
    };
    let apart = value.abs().next_up() - value.abs();
    let is_told_apart = number.abs() <= EXACT_MAX && apart < scale.abs();
    Scaled {
        number: value,
        slack: (scale * SLACK).abs(),
        is_exact: held.is_none() || is_told_apart,
    }
}
