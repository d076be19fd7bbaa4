//! The way of a reading through the checks to the rules.

use super::Engine;
use crate::{Act, Command, Effect, validity::MarkStep};
use core::mem;
use weir_compliance::Said;
use weir_domain::{BadReason, Quality, Sample, Timestamp};

impl Engine {
    /// A sample of a point, through its watch if it has one.
    pub(super) fn check(&mut self, point: usize, sample: &Sample, out: &mut Vec<Effect>) {
        if self.knows_marks() || !self.checks.watches(point) {
            return self.route(point, sample, out);
        }
        let mut said = mem::take(&mut self.said);
        let (samples, points, marks) = (&self.samples, &self.description.points, &self.marks);
        let clock = self.clock;
        let input = |other: usize| {
            let is_fresh = |s: &Sample| clock.since(s.source_time) <= points[other].stale_after;
            let sample = samples[other].filter(is_fresh)?;
            marks.applied(other, &sample).reading.good()
        };
        // A person's word goes before the checks: what is under maintenance teaches them nothing.
        let known = self.marks.by_hand(point, sample);
        self.checks.observe(clock, point, &known, input, &mut said);
        self.pass_on(point, &mut said, out);
        self.said = said;
        if let Some((due, _)) = self.checks.deadline() {
            self.due_not_before = self.due_not_before.min(due);
        }
    }

    /// Lets a held sample go whose time is up.
    pub(super) fn let_go(&mut self, point: usize, out: &mut Vec<Effect>) {
        let mut said = mem::take(&mut self.said);
        self.checks.advance(point, self.clock, &mut said);
        self.pass_on(point, &mut said, out);
        self.said = said;
    }

    /// Lets every held sample go.
    pub(super) fn let_all_go(&mut self, out: &mut Vec<Effect>) {
        let mut said = mem::take(&mut self.said);
        while let Some(point) = self.checks.finish_one(&mut said) {
            self.pass_on(point, &mut said, out);
        }
        self.said = said;
    }

    /// Ends the marks of checks that the site no longer has.
    pub(super) fn end_orphans(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        for id in mem::take(&mut self.orphans) {
            self.marks.end(now, &id, now, None, out);
        }
    }

    /// What the checks must know of an act.
    pub(super) fn tell_checks(&mut self, command: &Command) {
        match &command.act {
            Act::Reloaded { .. } => self.checks.note_change(command.at),
            Act::CalibrationCheck(check) if check.passed => {
                let points = &self.description.points;
                if let Some(point) = points.iter().position(|info| info.id == check.point) {
                    self.checks.note_calibration_passed(point, check.done_at);
                }
            }
            _ => {}
        }
    }

    fn pass_on(&mut self, point: usize, said: &mut Vec<Said>, out: &mut Vec<Effect>) {
        for said in said.drain(..) {
            let info = &self.description.points[point];
            match said {
                // What it is worth is said by the marks, which a supervisor may have rejected.
                Said::Sample(sample, _) => self.route(point, &sample, out),
                Said::Mark(mark) => match self.checks.mark(self.clock, info, point, *mark) {
                    Some(MarkStep::Open(mark)) => {
                        self.marks.open(self.clock, *mark, out);
                    }
                    Some(MarkStep::Reopen(mark)) => {
                        let changed = self.marks.open(self.clock, *mark, out);
                        self.judge_again(changed, out);
                    }
                    Some(MarkStep::End(id, to)) => {
                        self.marks.end(self.clock, &id, to, None, out);
                    }
                    None => {}
                },
                Said::Finding(finding) => {
                    let finding = self.checks.finding(self.clock, info, point, *finding);
                    out.extend(finding.map(|finding| Effect::Finding(Box::new(finding))));
                }
            }
        }
    }

    /// A sample, as it counts, to every rule that looks at its point.
    fn route(&mut self, point: usize, sample: &Sample, out: &mut Vec<Effect>) {
        let counted = self.marks.applied(point, sample);
        // A probe without water still delivers: that is no failure of the device.
        let idles = counted.reading.quality() == Quality::Bad(BadReason::DependencyFailed);
        for route in 0..self.routes[point].len() {
            let (index, input) = self.routes[point][route];
            let taken = if idles && self.on_delivery[index] { sample } else { &counted };
            self.instances[index].observe(self.clock, input, taken, &mut self.desk, out);
            self.note_requirement(index, out);
        }
    }
}
