//! There are good data of every point of a device.

use super::{AnyJudge, Bound, Kind, Reader, Watches};
use crate::evaluator::Availability;
use serde::Deserialize;
use toml::Spanned;
use weir_domain::{Class, Text, Verdict};

/// There are good data of every point of a device.
#[derive(Debug, Clone, PartialEq)]
pub struct AvailabilityRule {}

/// The rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAvailability {}

impl Kind for AvailabilityRule {
    type Raw = RawAvailability;

    fn read(_: Spanned<RawAvailability>, _: &mut Reader<'_, '_>) -> Vec<(Option<Class>, Self)> {
        vec![(None, Self {})]
    }

    fn watches(&self) -> Watches<'_> {
        Watches::Devices
    }

    fn limit_text(&self) -> Text {
        Text { zh: "有有效数据".into(), en: "good data".into() }
    }

    fn raised_on(&self) -> Verdict {
        Verdict::Indeterminate
    }

    fn judge(&self, bound: &Bound<'_>) -> AnyJudge {
        let points = bound.points.iter().map(|point| (point.id.clone(), point.max_gap)).collect();
        AnyJudge::Availability(Availability::new(points, bound.calendar(), bound.start))
    }
}
