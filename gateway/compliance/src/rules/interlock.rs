//! Two things never happen together: no exposure while the door is open.

use super::{AnyJudge, Bound, Kind, RawInput, Reader, Watches};
use crate::{InputSpec, evaluator::Interlock, timeline::Judged};
use serde::Deserialize;
use toml::Spanned;
use weir_domain::{Class, Text};

/// Two things never happen together.
#[derive(Debug, Clone, PartialEq)]
pub struct InterlockRule {
    /// What is done, e.g. an exposure.
    pub active: InputSpec,
    /// What forbids it.
    pub forbidden: InputSpec,
    /// Whether it forbids while on (an open door) or while off (a dark lamp).
    pub forbidden_when: ForbiddenWhen,
}

/// Which state of an input forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForbiddenWhen {
    /// While it is on, e.g. `door_open`.
    #[default]
    On,
    /// While it is off, e.g. `lamp_on`.
    Off,
}

/// The rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawInterlock {
    active: RawInput,
    forbidden: RawInput,
    #[serde(default)]
    forbidden_when: ForbiddenWhen,
}

impl Kind for InterlockRule {
    type Raw = RawInterlock;

    fn read(raw: Spanned<RawInterlock>, _: &mut Reader<'_, '_>) -> Vec<(Option<Class>, Self)> {
        let RawInterlock { active, forbidden, forbidden_when } = raw.into_inner();
        vec![(None, Self { active: active.spec(), forbidden: forbidden.spec(), forbidden_when })]
    }

    fn watches(&self) -> Watches<'_> {
        Watches::Inputs(vec![&self.active, &self.forbidden])
    }

    fn limit_text(&self) -> Text {
        let (active, forbidden) = (&self.active.parameter, &self.forbidden.parameter);
        let state = if self.forbidden_when == ForbiddenWhen::On { "1" } else { "0" };
        Text {
            zh: format!("{forbidden}={state} 时不得 {active}=1"),
            en: format!("no {active}=1 while {forbidden}={state}"),
        }
    }

    fn judge(&self, bound: &Bound<'_>) -> AnyJudge {
        let interlock = Interlock::new(self.clone(), bound.area.time_zone.clone(), bound.start);
        AnyJudge::Interlock(Judged::new(interlock, bound.max_gaps(), bound.start))
    }
}
