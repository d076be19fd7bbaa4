//! Two things never happen together: no exposure while the door is open, none while the lamp is
//! dark.
//!
//! An **episode** is the time during which the first input is on, e.g. an exposure; an **overlap**
//! is the part of it during which the second one forbids it. Every overlap is judged by itself, as
//! soon as it is over; an episode without any is judged as a whole.

use crate::{
    ForbiddenWhen, InterlockRule, Judgement, Passed, Standing,
    evaluator::explain::text,
    timeline::{Moment, Momentary},
    wording,
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use weir_domain::{Text, Timestamp, Verdict};

/// Watches that two things never happen together.
#[derive(Debug, Clone)]
pub(crate) struct Interlock {
    settings: InterlockRule,
    time_zone: TimeZone,
    state: InterlockState,
}

/// All that an [`Interlock`] remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InterlockState {
    at: Timestamp,
    moment: Moment,
    episode: Option<Episode>,
    overlap: Option<Timestamp>,
    standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Episode {
    from: Timestamp,
    /// Whether somebody saw it begin.
    begun: bool,
    /// Milliseconds during which the second input was known.
    known: u64,
    overlapped: bool,
}

impl Interlock {
    pub(crate) fn new(settings: InterlockRule, time_zone: TimeZone, start: Timestamp) -> Self {
        let mut interlock = Self {
            settings,
            time_zone,
            state: InterlockState {
                at: start,
                moment: Moment::default(),
                episode: None,
                overlap: None,
                standing: Standing {
                    verdict: Some(Verdict::Indeterminate),
                    since: None,
                    value: None,
                    note: text("", ""),
                    early: None,
                },
            },
        };
        interlock.state.standing.note = interlock.note(Some(Verdict::Indeterminate));
        interlock
    }

    fn is_active(&self) -> Option<bool> {
        self.state.moment.main().map(|value| value != 0.0)
    }

    fn is_forbidden(&self) -> Option<bool> {
        self.state.moment.side().map(|value| (value != 0.0) == self.forbids_while_on())
    }

    fn forbids_while_on(&self) -> bool {
        self.settings.forbidden_when == ForbiddenWhen::On
    }

    fn pass(&mut self, t: Timestamp) {
        let length = wording::millis(t.since(self.state.at));
        self.state.at = self.state.at.max(t);
        if let (Some(episode), Some(_)) = (&mut self.state.episode, self.state.moment.side()) {
            episode.known += length;
        }
    }

    fn enter(&mut self, moment: Moment, out: &mut Vec<Judgement>) {
        let at = self.state.at;
        let was_active = self.is_active();
        self.state.moment = moment;
        let (active, forbidden) = (self.is_active(), self.is_forbidden());
        let overlapping = active == Some(true) && forbidden == Some(true);
        if !overlapping {
            self.end_overlap(out);
        }
        if active != Some(true) {
            self.end_episode(active.is_some(), out);
        } else if self.state.episode.is_none() {
            let begun = was_active.is_some();
            self.state.episode = Some(Episode { from: at, begun, known: 0, overlapped: false });
        }
        if overlapping {
            self.state.overlap.get_or_insert(at);
        }
        let verdict = match (active, forbidden) {
            _ if overlapping => Verdict::NonCompliant,
            (Some(_), Some(_)) => Verdict::Compliant,
            _ => Verdict::Indeterminate,
        };
        if self.state.standing.verdict != Some(verdict) {
            let note = self.note(Some(verdict));
            self.state.standing = Standing {
                verdict: Some(verdict),
                since: Some(at),
                value: None,
                note,
                early: None,
            };
            out.push(Judgement::Standing(self.state.standing.clone()));
        }
    }

    fn end_overlap(&mut self, out: &mut Vec<Judgement>) {
        let to = self.state.at;
        let Some(from) = self.state.overlap.take().filter(|from| to > *from) else { return };
        if let Some(episode) = &mut self.state.episode {
            episode.overlapped = true;
        }
        self.judge(Verdict::NonCompliant, from, to, 1.0, out);
    }

    /// An episode is compliant if it was seen from its beginning to its end, and the second input
    /// all the time.
    fn end_episode(&mut self, seen: bool, out: &mut Vec<Judgement>) {
        let to = self.state.at;
        let Some(episode) = self.state.episode.take().filter(|episode| to > episode.from) else {
            return;
        };
        if episode.overlapped {
            return;
        }
        let length = to.since(episode.from);
        let coverage = wording::share(episode.known, length);
        let verdict = if seen && episode.begun && episode.known >= wording::millis(length) {
            Verdict::Compliant
        } else {
            Verdict::Indeterminate
        };
        self.judge(verdict, episode.from, to, coverage, out);
    }

    fn judge(
        &self,
        verdict: Verdict,
        from: Timestamp,
        to: Timestamp,
        coverage: f64,
        out: &mut Vec<Judgement>,
    ) {
        let when = wording::stretch(from, to, &self.time_zone);
        let lasted = wording::duration(to.since(from));
        let (note, covered) = (self.note(Some(verdict)), wording::coverage(coverage));
        let explanation = text(
            format!("{when} {}，持续 {lasted}；{}", note.zh, covered.zh),
            format!("{when} {} for {lasted}; {}", note.en, covered.en),
        );
        let value = None;
        out.push(Judgement::Verdict(Passed { verdict, from, to, value, coverage, explanation }));
    }

    fn note(&self, verdict: Option<Verdict>) -> Text {
        let (active, forbidden) =
            (&self.settings.active.parameter, &self.settings.forbidden.parameter);
        let (bad, good) = if self.forbids_while_on() { ("1", "0") } else { ("0", "1") };
        match verdict {
            Some(Verdict::NonCompliant) => text(
                format!("{active}=1 时 {forbidden}={bad}"),
                format!("{active}=1 while {forbidden}={bad}"),
            ),
            Some(Verdict::Compliant) => text(
                format!("{active}=1 时 {forbidden} 始终为 {good}"),
                format!("{forbidden}={good} whenever {active}=1"),
            ),
            _ => text(
                format!("{active} 或 {forbidden} 状态未知，无法判定"),
                format!("{active} or {forbidden} unknown, cannot be judged"),
            ),
        }
    }
}

impl Momentary for Interlock {
    type State = InterlockState;

    fn step(&mut self, t: Timestamp, moment: Moment, out: &mut Vec<Judgement>) {
        self.pass(t);
        if moment != self.state.moment {
            self.enter(moment, out);
        }
    }

    fn timer(&self) -> Option<Timestamp> {
        None
    }

    fn finish(&mut self, t: Timestamp, out: &mut Vec<Judgement>) {
        self.pass(t);
        self.end_overlap(out);
        self.end_episode(false, out);
    }

    fn standing(&self) -> &Standing {
        &self.state.standing
    }

    fn state(&self) -> InterlockState {
        self.state.clone()
    }

    fn restore(&mut self, state: InterlockState) {
        self.state = state;
    }
}

#[cfg(test)]
mod tests;
