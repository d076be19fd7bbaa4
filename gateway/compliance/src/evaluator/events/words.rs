//! What the rules of events say, in both languages.

use crate::{Judgement, Period, Standing, wording};
use core::time::Duration;
use weir_domain::{Text, Timestamp, Verdict};

/// A standing before anything has happened.
pub(super) fn nothing_yet(note: Text) -> Standing {
    Standing { verdict: None, since: None, value: None, note, early: None }
}

/// Takes a new standing up, and tells it if it says anything new.
pub(super) fn stand(standing: &mut Standing, new: Standing, out: &mut Vec<Judgement>) {
    let same = standing.verdict == new.verdict;
    if same && standing.note == new.note {
        return;
    }
    let since = if same { standing.since } else { new.since };
    *standing = Standing { since, ..new };
    out.push(Judgement::Standing(standing.clone()));
}

/// A number of times, or an amount, without needless decimals.
pub(super) fn amount(amount: f64) -> String {
    let rounded = (amount * 1_000.0).round() / 1_000.0;
    format!("{rounded}")
}

/// A period as it stands in a rule: `每日`, `a day`.
pub(crate) fn per(period: Period) -> (&'static str, &'static str) {
    match period {
        Period::Day => ("每日", "a day"),
        Period::Week => ("每周", "a week"),
        Period::Month => ("每月", "a month"),
        Period::Quarter => ("每季度", "a quarter"),
        Period::Year => ("每年", "a year"),
    }
}

/// `4 h`, `30 min`, and whole days as days.
pub(crate) fn span(duration: Duration) -> Text {
    const DAY: u64 = 24 * 3_600;
    let seconds = duration.as_secs();
    if seconds > DAY && seconds.is_multiple_of(DAY) {
        let days = seconds / DAY;
        return Text { zh: format!("{days} 天"), en: format!("{days} days") };
    }
    let words = wording::duration(duration);
    Text { zh: words.clone(), en: words }
}

/// The share of a stretch that was seen.
pub(super) fn coverage(
    (from, to): (Timestamp, Timestamp),
    unseen: impl Iterator<Item = (Timestamp, Timestamp)>,
) -> f64 {
    let hidden: u64 = unseen.map(|(from, to)| wording::millis(to.since(from))).sum();
    1.0 - wording::share(hidden, to.since(from))
}

/// What three-valued comparison says.
pub(super) fn verdict(surely: bool, surely_not: bool) -> Verdict {
    match (surely, surely_not) {
        (true, _) => Verdict::Compliant,
        (_, true) => Verdict::NonCompliant,
        _ => Verdict::Indeterminate,
    }
}
