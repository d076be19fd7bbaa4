//! One thing asks for another: a test before each discharge, a retraction after each alarm.
//!
//! Each **trigger** is judged by itself: compliant if what it needs has come, one after the other,
//! in the time for it; non-compliant if it cannot have; indeterminate if it may have come unseen.
//! The stretch of the verdict is the time that was looked at: up to the trigger, or from it until
//! the need was met or the time was up; without what an earlier trigger was judged by already.

use super::{
    EventRule,
    matching::{self, Happened},
    watch::{EVER, Event, MOMENT, Watch},
    words,
};
use crate::{
    Judgement, Passed, Period, Standing,
    evaluator::{events::period::Windows, explain::text},
    wording,
};
use core::time::Duration;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use weir_domain::{Text, Timestamp, Verdict};

/// When the needs must come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// So long before the trigger at most.
    Before(Duration),
    /// Before the trigger, on the same local day.
    SameDay,
    /// Before the trigger, after the last time that something else happened.
    Since,
    /// So long after the trigger at most.
    After(Duration),
}

/// What a [`Sequence`] is made of. The inputs are the trigger, the needs, and last what resets or
/// cancels, if there is such a thing.
#[derive(Debug, Clone)]
pub(crate) struct SequenceSettings {
    pub(crate) trigger: Text,
    /// The needs, in order.
    pub(crate) needs: Vec<Text>,
    /// What resets the needs ([`When::Since`]) or cancels the trigger ([`When::After`]).
    pub(crate) reset: Option<Text>,
    pub(crate) when: When,
    pub(crate) time_zone: TimeZone,
}

/// Judges triggers.
#[derive(Debug, Clone)]
pub(crate) struct Sequence {
    settings: SequenceSettings,
    state: SequenceState,
}

/// All that a [`Sequence`] remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SequenceState {
    /// Everything before is settled.
    at: Timestamp,
    triggers: Happened,
    needs: Vec<Happened>,
    reset: Happened,
    /// The end of the last verdict.
    judged: Timestamp,
    last: Option<Verdict>,
    /// The trigger that was not answered, until it is.
    broken: Option<Timestamp>,
    standing: Standing,
}

impl Sequence {
    pub(crate) fn new(settings: SequenceSettings, start: Timestamp) -> Self {
        let Text { zh, en } = &settings.trigger;
        let note = text(format!("尚未发生：{zh}"), format!("{en} has not happened yet"));
        let state = SequenceState {
            at: start,
            triggers: Happened::default(),
            needs: vec![Happened::default(); settings.needs.len()],
            reset: Happened::default(),
            judged: EVER,
            last: None,
            broken: None,
            standing: words::nothing_yet(note),
        };
        Self { settings, state }
    }

    fn needs<'a>(
        &'a self,
        watches: &'a [Watch],
    ) -> impl Iterator<Item = (&'a Happened, &'a Watch)> {
        self.state.needs.iter().zip(watches.iter().skip(1))
    }

    fn reset_watch<'a>(&self, watches: &'a [Watch]) -> Option<&'a Watch> {
        self.settings.reset.as_ref().and(watches.last())
    }

    fn midnight(&self, t: Timestamp) -> Timestamp {
        let days = Windows::Calendar(self.settings.time_zone.clone(), Period::Day);
        days.after(t).map_or(t, |(from, _)| from)
    }

    /// From where needs before a trigger count for certain, and from where perhaps.
    fn starts(&self, trigger: Event, watches: &[Watch]) -> (Timestamp, Timestamp) {
        match self.settings.when {
            When::Before(span) => (trigger.at - span, trigger.since - span),
            When::SameDay => (self.midnight(trigger.at), self.midnight(trigger.since)),
            When::After(_) => (trigger.at, trigger.since),
            When::Since => {
                let resets = &self.state.reset;
                let possible = resets.iter().rev().find(|reset| reset.since <= trigger.at);
                let possible = possible.map(|reset| reset.at.min(trigger.at));
                let hidden = self.reset_watch(watches);
                let hidden = hidden.and_then(|watch| watch.unseen(EVER, trigger.at).last());
                let latest = possible.max(hidden.map(|(_, to)| to));
                let certain = |reset: &&Event| reset.sure && reset.at <= trigger.since;
                let earliest = resets.iter().rev().find(certain).map(|reset| reset.since);
                (latest.unwrap_or(EVER), earliest.unwrap_or(EVER))
            }
        }
    }

    /// Judges the first trigger, if that can be done at `t`; whether it was.
    fn judge_first(&mut self, t: Timestamp, watches: &[Watch], out: &mut Vec<Judgement>) -> bool {
        let Some(trigger) = self.state.triggers.first().filter(|trigger| trigger.at <= t) else {
            return false;
        };
        let (sure_from, perhaps_from) = self.starts(trigger, watches);
        let needs = || self.needs(watches).map(|(need, _)| need);
        let (verdict, from, to) = match self.settings.when {
            When::After(span) => {
                let (sure_end, end) = (trigger.since + span, trigger.at + span);
                let met = matching::surely(needs(), sure_from, sure_end).filter(|met| *met <= t);
                let stop = met.unwrap_or(end).min(t);
                if self.cancelled(trigger.since, stop) {
                    self.state.triggers.take_first();
                    return true;
                }
                let open = || {
                    let reset = self.reset_watch(watches);
                    matching::perhaps(self.needs(watches), perhaps_from, end)
                        || reset
                            .is_some_and(|watch| watch.unseen(trigger.since, end).next().is_some())
                };
                match met {
                    Some(met) => (Verdict::Compliant, trigger.at, met),
                    None if end > t => return false,
                    None => (words::verdict(false, !open()), trigger.at, end),
                }
            }
            _ => {
                let met = matching::surely(needs(), sure_from, trigger.since).is_some();
                let open = || matching::perhaps(self.needs(watches), perhaps_from, trigger.at);
                let from = if sure_from == EVER { trigger.at - MOMENT } else { sure_from };
                (words::verdict(met, !met && !open()), from, trigger.at)
            }
        };
        self.state.triggers.take_first();
        if trigger.sure {
            self.judge(trigger, verdict, (from, to), watches, out);
        }
        true
    }

    /// Whether what cancels a trigger has happened.
    fn cancelled(&self, from: Timestamp, to: Timestamp) -> bool {
        self.state.reset.iter().any(|reset| reset.sure && reset.since >= from && reset.at <= to)
    }

    fn judge(
        &mut self,
        trigger: Event,
        verdict: Verdict,
        (from, to): (Timestamp, Timestamp),
        watches: &[Watch],
        out: &mut Vec<Judgement>,
    ) {
        self.state.last = Some(verdict);
        self.state.broken = (verdict == Verdict::NonCompliant).then_some(trigger.at);
        let note = self.note(trigger, verdict);
        let standing = Standing {
            verdict: Some(verdict),
            since: Some(from),
            value: None,
            note: note.clone(),
            early: None,
        };
        words::stand(&mut self.state.standing, standing, out);
        // Answered together with the trigger before it, or with one of the same moment.
        if to <= self.state.judged {
            return;
        }
        let from = from.max(self.state.judged).min(to - MOMENT);
        self.state.judged = to;
        let unseen = self.needs(watches).flat_map(|(_, watch)| watch.unseen(from, to));
        let (coverage, value) = (words::coverage((from, to), unseen), None);
        let covered = wording::coverage(coverage);
        let explanation =
            text(format!("{}；{}", note.zh, covered.zh), format!("{}; {}", note.en, covered.en));
        out.push(Judgement::Verdict(Passed { verdict, from, to, value, coverage, explanation }));
    }

    fn note(&self, trigger: Event, verdict: Verdict) -> Text {
        let when = wording::moment(trigger.at, &self.settings.time_zone);
        let needs_zh: Vec<&str> = self.settings.needs.iter().map(|need| &need.zh[..]).collect();
        let needs_en: Vec<&str> = self.settings.needs.iter().map(|need| &need.en[..]).collect();
        let (needs_zh, needs_en) = (needs_zh.join("、"), needs_en.join(", then "));
        let reset = self.settings.reset.as_ref();
        let within = self.settings.when.words(reset);
        let (found_zh, found_en) = match verdict {
            Verdict::Compliant => (format!("有 {needs_zh}"), format!("{needs_en} found")),
            Verdict::NonCompliant => (format!("没有 {needs_zh}"), format!("no {needs_en}")),
            Verdict::Indeterminate => (
                format!("数据缺失，不能确定有无 {needs_zh}"),
                format!("data missing, {needs_en} is uncertain"),
            ),
        };
        let Text { zh, en } = &self.settings.trigger;
        text(
            format!("{when} {zh}：{}{found_zh}", within.zh),
            format!("{when} {en}: {found_en} {}", within.en),
        )
    }

    /// What is no longer asked for.
    fn horizon(&self) -> Timestamp {
        let first = self.state.triggers.first().map(|trigger| trigger.since);
        let from = first.unwrap_or(self.state.at).min(self.state.at);
        match self.settings.when {
            When::Before(span) => from - span,
            When::SameDay => self.midnight(from),
            When::After(_) => from,
            When::Since => {
                let certain = |reset: &&Event| reset.sure && reset.at <= from;
                self.state.reset.iter().rev().find(certain).map_or(EVER, |reset| reset.since)
            }
        }
    }

    fn stand(&mut self, t: Timestamp, watches: &[Watch], out: &mut Vec<Judgement>) {
        let answered = |broken: Timestamp| {
            let last = self.state.needs.last();
            last.is_some_and(|need| need.iter().any(|event| event.sure && event.at >= broken))
        };
        if self.state.broken.is_some_and(answered) {
            self.state.broken = None;
            self.state.last = Some(Verdict::Compliant);
        }
        let silent = watches.first().is_some_and(|watch| watch.is_silent(t));
        let verdict = match self.state.last {
            Some(Verdict::NonCompliant) => Some(Verdict::NonCompliant),
            _ if silent => Some(Verdict::Indeterminate),
            last => last,
        };
        if verdict == self.state.standing.verdict {
            return;
        }
        let Text { zh, en } = &self.settings.trigger;
        let note = match verdict {
            Some(Verdict::Indeterminate) => text(
                format!("{zh} 数据缺失，无法判定"),
                format!("{en}: data missing, cannot be judged"),
            ),
            Some(_) => text("当前没有未满足的要求", "nothing is left unanswered"),
            None => text(format!("尚未发生：{zh}"), format!("{en} has not happened yet")),
        };
        let standing = Standing { verdict, since: Some(t), value: None, note, early: None };
        words::stand(&mut self.state.standing, standing, out);
    }
}

impl When {
    /// The time for the needs, as it stands in a sentence.
    pub(crate) fn words(self, reset: Option<&Text>) -> Text {
        match self {
            Self::Before(duration) => {
                let span = words::span(duration);
                text(format!("此前 {} 内", span.zh), format!("within {} before", span.en))
            }
            Self::SameDay => text("当日此前", "earlier on the same day"),
            Self::Since => {
                let (zh, en) = reset.map_or(("", ""), |reset| (&reset.zh[..], &reset.en[..]));
                text(format!("自上次 {zh} 以来"), format!("since the last {en}"))
            }
            Self::After(duration) => {
                let span = words::span(duration);
                text(format!("此后 {} 内", span.zh), format!("within {} after", span.en))
            }
        }
    }
}

impl EventRule for Sequence {
    type State = SequenceState;

    fn take(&mut self, input: usize, event: Event) {
        match input {
            // What comes too late to be judged in its turn is not judged at all.
            0 if event.at < self.state.at => {}
            0 => self.state.triggers.add(event),
            need => match self.state.needs.get_mut(need - 1) {
                Some(need) => need.add(event),
                None => self.state.reset.add(event),
            },
        }
    }

    fn settle(&mut self, t: Timestamp, watches: &[Watch], out: &mut Vec<Judgement>) {
        while self.judge_first(t, watches, out) {}
        self.state.at = self.state.at.max(t);
        self.stand(t, watches, out);
        let horizon = self.horizon();
        self.state.needs.iter_mut().for_each(|need| need.forget(horizon));
        self.state.reset.forget(horizon);
    }

    fn next_after(&self, t: Timestamp) -> Option<Timestamp> {
        let trigger = self.state.triggers.first()?;
        let end = match self.settings.when {
            When::After(span) => trigger.at + span,
            _ => trigger.at,
        };
        // Whatever answers or cancels it decides at once.
        let answers = self.state.needs.iter().chain([&self.state.reset]);
        let answers = answers.filter_map(|events| events.after(t)).map(|event| event.at);
        answers.chain([trigger.at, end]).filter(|next| *next > t).min()
    }

    fn forgets(&self) -> Timestamp {
        self.horizon()
    }

    /// What is not answered yet is not broken yet.
    fn finish(&mut self, _t: Timestamp, _watches: &[Watch], _out: &mut Vec<Judgement>) {}

    fn standing(&self) -> &Standing {
        &self.state.standing
    }

    fn state(&self) -> &SequenceState {
        &self.state
    }

    fn restore(&mut self, state: SequenceState) {
        self.state = state;
    }
}
