//! How verdicts are explained: what was seen, against which limit, in how much good data.

use crate::{limits::Limits, wording};
use core::time::Duration;
use jiff::tz::TimeZone;
use weir_domain::{Text, Timestamp, Unit, Verdict};

/// What the explanations of a limit have in common.
#[derive(Debug, Clone)]
pub(crate) struct LimitWords {
    pub(crate) limits: Limits,
    pub(crate) unit: Unit,
    pub(crate) time_zone: TimeZone,
}

impl LimitWords {
    /// A stretch of time judged by its single values, of which the worst is given.
    pub(crate) fn instant(
        &self,
        (from, to): (Timestamp, Timestamp),
        verdict: Verdict,
        worst: Option<f64>,
        coverage: f64,
        persistence: Duration,
    ) -> Text {
        let when = wording::stretch(from, to, &self.time_zone);
        let covered = wording::coverage(coverage);
        let Some(worst) = worst else {
            return Text {
                zh: format!("{when} 数据缺失，无法判定；{}", covered.zh),
                en: format!("{when} data missing, cannot be judged; {}", covered.en),
            };
        };
        let number = self.limits.number(worst, self.unit);
        let finding = self.limits.finding(worst, self.unit);
        let lasting = if verdict == Verdict::NonCompliant {
            let lasted = wording::duration(to.since(from));
            text(format!("，持续 {lasted}"), format!(" for {lasted}"))
        } else if self.limits.holds(worst) {
            text("", "")
        } else {
            let needed = wording::duration(persistence);
            text(format!("，但持续不足 {needed}"), format!(", but for less than {needed}"))
        };
        Text {
            zh: format!("{when} 最不利值 {number}，{}{}；{}", finding.zh, lasting.zh, covered.zh),
            en: format!(
                "{when} worst value {number}, {}{}; {}",
                finding.en, lasting.en, covered.en
            ),
        }
    }

    /// A window judged by its mean.
    pub(crate) fn mean(
        &self,
        (from, to): (Timestamp, Timestamp),
        mean: Option<f64>,
        coverage: f64,
        coverage_min: f64,
    ) -> Text {
        let when = wording::stretch(from, to, &self.time_zone);
        let covered = wording::coverage(coverage);
        let Some(mean) = mean else {
            let needed = wording::percent(coverage_min);
            return Text {
                zh: format!("{when} {}，不足 {needed}，无法判定", covered.zh),
                en: format!("{when} {}, less than {needed}, cannot be judged", covered.en),
            };
        };
        let number = self.limits.number(mean, self.unit);
        let finding = self.limits.finding(mean, self.unit);
        Text {
            zh: format!("{when} 均值 {number}，{}；{}", finding.zh, covered.zh),
            en: format!("{when} mean {number}, {}; {}", finding.en, covered.en),
        }
    }

    /// How a limit stands, with the value that says so.
    pub(crate) fn standing(&self, verdict: Verdict, value: Option<f64>, since: Timestamp) -> Text {
        let Some(value) = value else { return self.no_data() };
        let number = self.limits.number(value, self.unit);
        let finding = self.limits.finding(value, self.unit);
        if verdict == Verdict::Indeterminate {
            return Text {
                zh: format!("{number}，{}，尚不能判定", finding.zh),
                en: format!("{number}, {}, cannot be judged yet", finding.en),
            };
        }
        let start = wording::moment(since, &self.time_zone);
        Text {
            zh: format!("{number}，{}（自 {start}）", finding.zh),
            en: format!("{number}, {} (since {start})", finding.en),
        }
    }

    /// There is nothing to go by.
    pub(crate) fn no_data(&self) -> Text {
        Text {
            zh: "没有有效数据，无法判定".into(), en: "no valid data, cannot be judged".into()
        }
    }
}

/// The requirement does not apply at the moment.
pub(crate) fn not_applicable() -> Text {
    Text { zh: "当前不适用".into(), en: "does not apply at the moment".into() }
}

/// A note in both languages.
pub(crate) fn text(zh: impl Into<String>, en: impl Into<String>) -> Text {
    Text { zh: zh.into(), en: en.into() }
}
