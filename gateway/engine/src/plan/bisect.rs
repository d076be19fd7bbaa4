//! After a refusal: which of the values the device refuses.
//!
//! A device that answers "illegal data address" does not say which address it means: a value that
//! this model does not have, a hole, or a border that no request may cross. Cutting the request in
//! two, and again what is refused, finds out, and all else is delivered.

use super::{
    ReadRequest,
    span::{self, Span, Spans, request},
};
use weir_profiles::{Access, AddressRange, Profile, RegisterAddress};

/// What to ask instead of a request that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bisection {
    /// These two: together they have all its values, and each has fewer. A hole between them is no
    /// longer asked for. In a plan they take the place of the request for good.
    Halves(ReadRequest, ReadRequest),
    /// It was for a single value (or several that lie in the same place), so this is what the
    /// device refuses; a plan with it among `refused` leaves it out, and all that overlaps it.
    Single(AddressRange),
}

/// Cuts a request of [`super::plan`] in two.
///
/// The cut is at the hole nearest to the middle, as holes are refused more often than values;
/// without a hole, in the middle. Asking both, and cutting again what is refused, ends after fewer
/// than twice as many requests as there are values, with exactly the values that are refused alone.
pub fn bisect(profile: &Profile, request: &ReadRequest) -> Bisection {
    cut(profile, span::of_points(profile), request)
}

/// Cuts a request of [`super::plan_info`] in two.
pub fn bisect_info(profile: &Profile, request: &ReadRequest) -> Bisection {
    cut(profile, span::of_info(profile), request)
}

fn cut(profile: &Profile, mut spans: Spans, refused: &ReadRequest) -> Bisection {
    spans.retain(|span| span.kind == refused.kind && refused.points.contains(&span.index));
    let halves = || {
        let Access::Modbus(access) = &profile.access else { return None };
        let (left, right) = spans.split_at_checked(middle(&spans)?)?;
        Some(Bisection::Halves(request(left, access)?, request(right, access)?))
    };
    halves().unwrap_or_else(|| Bisection::Single(extent(&spans, refused)))
}

/// Where to cut: before which span. None if all lie in the same place.
fn middle(spans: &[Span]) -> Option<usize> {
    let mut end = spans.first()?.end;
    let (mut borders, mut holes) = (Vec::new(), Vec::new());
    for (nth, pair) in spans.windows(2).enumerate() {
        let [before, span] = pair else { continue };
        if (before.start, before.end) != (span.start, span.end) {
            borders.push(nth + 1);
        }
        if span.start > end {
            holes.push(nth + 1);
        }
        end = end.max(span.end);
    }
    let places = if holes.is_empty() { borders } else { holes };
    places.into_iter().min_by_key(|place| place.abs_diff(spans.len() / 2))
}

/// What the values take: of none of them, what was asked for.
fn extent(spans: &[Span], refused: &ReadRequest) -> AddressRange {
    let address = |at: u32| RegisterAddress(u16::try_from(at).unwrap_or(u16::MAX));
    let asked = (u32::from(refused.start.0), u32::from(refused.start.0) + u32::from(refused.count));
    let (start, end) = spans.first().map_or(asked, |span| (span.start, span.end));
    let last = end.saturating_sub(1).max(start);
    AddressRange { kind: refused.kind, first: address(start), last: address(last) }
}
