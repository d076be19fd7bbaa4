//! Verdicts and alarm transitions as JSON Lines on standard output.

use serde::Serialize;
use std::io::{self, BufWriter, Stdout, Write as _};
use weir_domain::{AreaId, PointId, Priority, RequirementId, Text, Timestamp, Verdict};
use weir_engine::{AlarmEvent, Effect, Transition, VerdictRecord};

/// A span of time, from the first moment up to but without the second; none: as far as it goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
}

impl Span {
    pub(super) fn holds(&self, t: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= t) && self.to.is_none_or(|to| t < to)
    }

    fn touches(&self, from: Timestamp, to: Timestamp) -> bool {
        self.to.is_none_or(|end| from < end) && self.from.is_none_or(|begin| begin < to)
    }

    fn is_told(&self, effect: &Effect) -> bool {
        match effect {
            Effect::Verdict(verdict) => self.touches(verdict.from, verdict.to),
            Effect::Finding(finding) => self.touches(finding.from, finding.to),
            other => self.from.is_none_or(|from| from <= other.time()),
        }
    }
}

/// Where the lines go. A reader that has seen enough (`| head`) ends it without an error.
pub(super) struct Output {
    out: BufWriter<Stdout>,
    span: Span,
}

#[derive(Serialize)]
struct VerdictLine<'a> {
    kind: &'static str,
    t: Timestamp,
    area: &'a AreaId,
    pack: &'a str,
    requirement: &'a RequirementId,
    points: &'a [PointId],
    verdict: Verdict,
    from: Timestamp,
    to: Timestamp,
    value: Option<f64>,
    limit: &'a str,
    clause: &'a str,
    coverage: f64,
    explanation: &'a Text,
}

#[derive(Serialize)]
struct AlarmLine<'a> {
    kind: &'static str,
    t: Timestamp,
    alarm: &'a str,
    area: &'a AreaId,
    pack: &'a str,
    requirement: &'a RequirementId,
    points: &'a [PointId],
    transition: Transition,
    priority: Priority,
    since: Timestamp,
    value: Option<f64>,
    limit: &'a str,
    clause: &'a str,
}

/// Anything as a line.
#[derive(Serialize)]
struct Kinded<T> {
    kind: &'static str,
    #[serde(flatten)]
    of: T,
}

impl Output {
    pub(super) fn new(span: Span) -> Self {
        Self { out: BufWriter::new(io::stdout()), span }
    }

    /// Writes the effects that touch the span, and empties the list.
    pub(super) fn write(&mut self, effects: &mut Vec<Effect>) -> io::Result<()> {
        for effect in effects.drain(..) {
            if !self.span.is_told(&effect) {
                continue;
            }
            let line = match &effect {
                Effect::Verdict(verdict) => serde_json::to_string(&verdict_line(verdict))?,
                Effect::Alarm(event) => serde_json::to_string(&alarm_line(event))?,
                Effect::Mark(event) => serde_json::to_string(&Kinded { kind: "mark", of: event })?,
                Effect::Finding(finding) => {
                    serde_json::to_string(&Kinded { kind: "finding", of: finding })?
                }
                // A replay knows every mark from the start.
                Effect::Rejudge(_) => continue,
            };
            ended(writeln!(self.out, "{line}"))?;
        }
        Ok(())
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        ended(self.out.flush())
    }
}

fn ended(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => other,
    }
}

fn verdict_line(record: &VerdictRecord) -> VerdictLine<'_> {
    VerdictLine {
        kind: "verdict",
        t: record.t,
        area: &record.area,
        pack: &record.pack,
        requirement: &record.requirement,
        points: &record.points,
        verdict: record.verdict,
        from: record.from,
        to: record.to,
        value: record.value,
        limit: &record.limit,
        clause: &record.clause,
        coverage: record.coverage,
        explanation: &record.explanation,
    }
}

fn alarm_line(event: &AlarmEvent) -> AlarmLine<'_> {
    AlarmLine {
        kind: "alarm",
        t: event.t,
        alarm: &event.alarm,
        area: &event.area,
        pack: &event.pack,
        requirement: &event.requirement,
        points: &event.points,
        transition: event.transition,
        priority: event.priority,
        since: event.since,
        value: event.value,
        limit: &event.limit,
        clause: &event.clause,
    }
}
