//! There are good data of every point of a device: at every moment, or for a share of the time.

use super::{AnyJudge, Bound, Kind, Reader, Watches};
use crate::{
    Period,
    evaluator::{Availability, Uptime, UptimeSettings},
    wording,
};
use serde::Deserialize;
use toml::Spanned;
use weir_domain::{Class, Text, Verdict};

/// There are good data of every point of a device.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AvailabilityRule {
    /// For a share of the time only; none = at every moment.
    pub share: Option<AvailabilityShare>,
}

/// How much of the time there must be data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AvailabilityShare {
    /// Of which time.
    pub per: Period,
    /// Least share, 0 to 1.
    pub at_least: f64,
    /// Which data count.
    pub of: DataKind,
}

/// Which data count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataKind {
    /// Good data.
    #[default]
    Valid,
    /// Whatever the device has sent, good or not.
    Transmission,
}

/// The rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAvailability {
    per: Option<Period>,
    at_least: Option<f64>,
    of: Option<DataKind>,
}

impl Kind for AvailabilityRule {
    type Raw = RawAvailability;

    fn read(raw: Spanned<Self::Raw>, reader: &mut Reader<'_, '_>) -> Vec<(Option<Class>, Self)> {
        let share = match *raw.get_ref() {
            RawAvailability { per: None, at_least: None, of: None } => None,
            RawAvailability { per: Some(per), at_least: Some(at_least), of } => {
                if !(at_least > 0.0 && at_least <= 1.0) {
                    reader.fault(raw.span(), "at_least is not above 0 and at most 1", "");
                }
                Some(AvailabilityShare { per, at_least, of: of.unwrap_or_default() })
            }
            RawAvailability { .. } => {
                let hint = "give both for a share of the time, or neither";
                reader.fault(raw.span(), "per and at_least go together", hint);
                None
            }
        };
        vec![(None, Self { share })]
    }

    fn watches(&self) -> Watches<'_> {
        Watches::Devices
    }

    fn limit_text(&self) -> Text {
        let Some(share) = &self.share else {
            return Text { zh: "有有效数据".into(), en: "good data".into() };
        };
        let at_least = wording::percent(share.at_least);
        match share.of {
            DataKind::Valid => Text {
                zh: format!("有效数据率 ≥ {at_least}"),
                en: format!("valid data ≥ {at_least}"),
            },
            DataKind::Transmission => Text {
                zh: format!("数据传输率 ≥ {at_least}"),
                en: format!("data received ≥ {at_least}"),
            },
        }
    }

    fn raised_on(&self) -> Verdict {
        match self.share {
            None => Verdict::Indeterminate,
            Some(_) => Verdict::NonCompliant,
        }
    }

    fn judge(&self, bound: &Bound<'_>) -> AnyJudge {
        let points = bound.points.iter().map(|point| (point.id.clone(), point.max_gap)).collect();
        let (calendar, start) = (bound.calendar(), bound.start);
        match self.share {
            None => AnyJudge::Availability(Availability::new(points, calendar, start)),
            Some(AvailabilityShare { per, at_least, of }) => {
                let good_only = of == DataKind::Valid;
                let settings = UptimeSettings { period: per, at_least, good_only, points };
                AnyJudge::Uptime(Uptime::new(settings, calendar, start))
            }
        }
    }
}
