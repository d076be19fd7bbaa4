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
    /// Stands before a value: what it is, with the blank behind it; may be empty.
    pub(crate) what: Text,
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
            zh: format!(
                "{when} 最不利值 {}{number}，{}{}；{}",
                self.what.zh, finding.zh, lasting.zh, covered.zh
            ),
            en: format!(
                "{when} worst value {}{number}, {}{}; {}",
                self.what.en, finding.en, lasting.en, covered.en
            ),
        }
    }

    /// A window judged by a statistic; or, where too little is known, what there is of it at least.
    pub(crate) fn window(
        &self,
        statistic: &Text,
        (from, to): (Timestamp, Timestamp),
        value: Result<f64, Option<f64>>,
        (coverage, coverage_min): (f64, f64),
    ) -> Text {
        let when = wording::stretch(from, to, &self.time_zone);
        let covered = wording::coverage(coverage);
        let Text { zh: what_zh, en: what_en } = &self.what;
        let value = match value {
            Ok(value) => value,
            Err(so_far) => {
                let needed = wording::percent(coverage_min);
                let so_far = so_far.map(|so_far| self.limits.number(so_far, self.unit));
                let so_far = so_far.map_or(text("", ""), |number| {
                    text(
                        format!("（{}至少 {what_zh}{number}）", statistic.zh),
                        format!(" ({} at least {what_en}{number})", statistic.en),
                    )
                });
                return Text {
                    zh: format!("{when} {}，不足 {needed}，无法判定{}", covered.zh, so_far.zh),
                    en: format!(
                        "{when} {}, less than {needed}, cannot be judged{}",
                        covered.en, so_far.en
                    ),
                };
            }
        };
        let number = self.limits.number(value, self.unit);
        let finding = self.limits.finding(value, self.unit);
        let Text { zh, en } = statistic;
        Text {
            zh: format!("{when} {zh} {what_zh}{number}，{}；{}", finding.zh, covered.zh),
            en: format!("{when} {en} {what_en}{number}, {}; {}", finding.en, covered.en),
        }
    }

    /// How a limit stands, with the value that says so.
    pub(crate) fn standing(&self, verdict: Verdict, value: Option<f64>, since: Timestamp) -> Text {
        let Some(value) = value else { return self.no_data() };
        let number = self.limits.number(value, self.unit);
        let finding = self.limits.finding(value, self.unit);
        let Text { zh, en } = &self.what;
        if verdict == Verdict::Indeterminate {
            return Text {
                zh: format!("{zh}{number}，{}，尚不能判定", finding.zh),
                en: format!("{en}{number}, {}, cannot be judged yet", finding.en),
            };
        }
        let start = wording::moment(since, &self.time_zone);
        Text {
            zh: format!("{zh}{number}，{}（自 {start}）", finding.zh),
            en: format!("{en}{number}, {} (since {start})", finding.en),
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
