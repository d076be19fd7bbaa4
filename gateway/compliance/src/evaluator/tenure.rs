//! A judge in its time: before and after, the requirement is not in force and nothing is judged.
//!
//! A sample taken just before the time begins speaks into it, so the last one of each input is
//! kept and handed over at the beginning. When the time ends, the requirement stands for nothing at
//! once; its last verdict waits for samples that come late.

use super::StateError;
use crate::{
    Judgement, Standing,
    rules::{AnyJudge, Bound, Memory},
    term::Term,
};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use weir_domain::{Sample, Text, Timestamp};

/// After the end, samples of the time before may come for so long: as long as any rule waits.
const GRACE: Duration = Duration::from_secs(3_600);

#[derive(Debug, Clone)]
pub(super) struct Tenure {
    term: Term,
    judge: AnyJudge,
    phase: Phase,
}

/// Where a tenure is in its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    /// It has not begun; the newest sample of each input.
    Before(Vec<Option<Sample>>),
    Within,
    /// It has ended; its last verdict has not been passed.
    Ending,
    Over,
}

/// How a requirement stands that is not in force.
pub(super) fn out_of_force() -> Standing {
    let note = Text {
        zh: "此时不适用：不在生效日期内".into(),
        en: "not in force at this time".into(),
    };
    Standing { verdict: None, since: None, value: None, note, early: None }
}

impl Tenure {
    pub(super) fn new(bound: &Bound<'_>, term: Term) -> Self {
        let start = term.from.map_or(bound.start, |from| from.max(bound.start));
        let phase = if term.to.is_some_and(|to| bound.start >= to) {
            Phase::Over
        } else if start > bound.start {
            Phase::Before(vec![None; bound.points.len()])
        } else {
            Phase::Within
        };
        let judge = bound.requirement.rule.kind().judge(&Bound { start, ..*bound });
        Self { term, judge, phase }
    }

    #[cfg(test)]
    pub(super) fn judge(&self) -> &AnyJudge {
        &self.judge
    }

    pub(super) fn observe(
        &mut self,
        now: Timestamp,
        input: usize,
        sample: &Sample,
        out: &mut Vec<Judgement>,
    ) {
        self.turn(now, out);
        let source = sample.source_time.min(now);
        match &mut self.phase {
            Phase::Before(newest) => {
                if let Some(kept) = newest.get_mut(input)
                    && kept.is_none_or(|kept| kept.source_time <= source)
                {
                    *kept = Some(*sample);
                }
            }
            Phase::Within => {
                if self.term.to.is_none_or(|to| source < to) {
                    self.judge.get_mut().observe(now, input, sample, out);
                }
            }
            Phase::Ending => {
                if let Some(to) = self.term.to.filter(|to| source < *to) {
                    let judge = self.judge.get_mut();
                    verdicts_only(out, |out| judge.observe(to, input, sample, out));
                }
            }
            Phase::Over => {}
        }
    }

    pub(super) fn advance(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        self.turn(now, out);
        if self.phase == Phase::Within {
            self.judge.get_mut().advance(now, out);
        }
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Before(_) => self.term.from,
            Phase::Within => match (self.judge.get().deadline(), self.term.to) {
                (Some(deadline), Some(to)) => Some(deadline.min(to)),
                (deadline, to) => deadline.or(to),
            },
            Phase::Ending => self.term.to.map(|to| to + GRACE),
            Phase::Over => None,
        }
    }

    pub(super) fn finish(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        self.turn(now, out);
        match self.phase {
            Phase::Before(_) | Phase::Over => {}
            Phase::Within => self.judge.get_mut().finish(now, out),
            Phase::Ending => self.end(out),
        }
    }

    pub(super) fn resume(&mut self, since: Timestamp, now: Timestamp) {
        if self.phase == Phase::Within {
            self.judge.get_mut().resume(since, now);
        }
    }

    /// How the requirement stands, if it is in force.
    pub(super) fn standing(&self) -> Option<&Standing> {
        (self.phase == Phase::Within).then(|| self.judge.get().standing())
    }

    pub(super) fn state(&self) -> (Phase, Memory) {
        (self.phase.clone(), self.judge.memory())
    }

    pub(super) fn restore(&mut self, state: (Phase, Memory)) -> Result<(), StateError> {
        self.judge.restore(state.1)?;
        self.phase = state.0;
        Ok(())
    }

    /// Begins and ends when it is time.
    fn turn(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        if let (Phase::Before(newest), Some(from)) = (&self.phase, self.term.from)
            && from <= now
        {
            let judge = self.judge.get_mut();
            for (input, sample) in newest.iter().enumerate() {
                if let Some(sample) = sample {
                    judge.observe(from, input, sample, out);
                }
            }
            out.push(Judgement::Standing(judge.standing().clone()));
            self.phase = Phase::Within;
        }
        if let (Phase::Within, Some(to)) = (&self.phase, self.term.to)
            && to <= now
        {
            let judge = self.judge.get_mut();
            verdicts_only(out, |out| judge.advance(to, out));
            out.push(Judgement::Standing(out_of_force()));
            self.phase = Phase::Ending;
        }
        if self.phase == Phase::Ending && self.term.to.is_some_and(|to| to + GRACE <= now) {
            self.end(out);
        }
    }

    /// Passes the last verdict.
    fn end(&mut self, out: &mut Vec<Judgement>) {
        if let Some(to) = self.term.to {
            let judge = self.judge.get_mut();
            verdicts_only(out, |out| judge.finish(to, out));
        }
        self.phase = Phase::Over;
    }
}

/// What an ended requirement still says is how the time before was, not how it stands.
fn verdicts_only(out: &mut Vec<Judgement>, say: impl FnOnce(&mut Vec<Judgement>)) {
    let mut said = Vec::new();
    say(&mut said);
    out.extend(said.into_iter().filter(|judgement| matches!(judgement, Judgement::Verdict(_))));
}
