//! The score card: what was asked, what was found, and whether it is good enough.

use crate::{
    Examined,
    duties::NOT_EXAMINED,
    duty::spoils,
    run::Outcome,
    score::{Fault, Score, score},
    span::{Span, any_meets},
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Write as _, time::Duration};
use weir_domain::Verdict;
use weir_plant::{
    exam::Week,
    facility::{Incident, Nature},
};

/// False non-compliant verdicts that are allowed in a site-week.
const FALSE_MOST: f64 = 0.1;

/// A finding may come so long after the tampering has ended.
const FOUND_WITHIN: Duration = Duration::from_secs(24 * 3_600);

/// One week of many.
#[derive(Debug, Clone, Serialize)]
pub struct WeekLine {
    /// Its seed.
    pub seed: u64,
    /// The kind of facility.
    pub kind: &'static str,
    /// Its class.
    pub class: &'static str,
    /// Whether nothing but ordinary disturbances happened.
    pub undisturbed: bool,
    /// What happened.
    pub incidents: Vec<&'static str>,
    /// Mistakes.
    pub faults: Vec<Fault>,
}

/// How much was scripted, and how much of it was found.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Share {
    /// What there was.
    pub of: u64,
    /// What was found of it.
    pub found: u64,
}

/// What came of some weeks.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Part {
    /// The weeks.
    pub weeks: Vec<WeekLine>,
    /// Readings that went in.
    pub samples: u64,
    /// Verdicts in force, and those that did not stand.
    pub verdicts: u64,
    /// See `verdicts`.
    pub superseded: u64,
    /// By requirement, and whether it only warns.
    pub scores: BTreeMap<String, (bool, Score)>,
    /// Tampering by its cause: how much of it led to a finding.
    pub tampering: BTreeMap<&'static str, Share>,
    /// Failed instruments and links by their cause: how much of it was noticed by anybody.
    pub failures: BTreeMap<&'static str, Share>,
    /// Findings in undisturbed weeks.
    pub false_findings: u64,
    /// Good samples of instruments in order in undisturbed weeks, and those lost to checks.
    pub good_samples: u64,
    /// See `good_samples`.
    pub lost_samples: u64,
    /// Compliant verdicts of availability over silence.
    pub available_in_silence: u64,
    /// Mistakes of verdicts in undisturbed weeks.
    pub false_undisturbed: u64,
    /// Violations that had to be found in undisturbed weeks by the physics: there should be none.
    pub sure_undisturbed: u64,
}

/// A line that has to be met.
#[derive(Debug, Clone, Serialize)]
pub struct Required {
    /// What is asked.
    pub what: String,
    /// How it was.
    pub was: String,
    /// Whether that is enough.
    pub met: bool,
}

impl Part {
    pub(crate) fn of(week: &Week, seed: u64, outcome: &Outcome, asked: &[Examined]) -> Self {
        let undisturbed = week.is_undisturbed();
        let mut part = Self {
            samples: outcome.samples.iter().map(|s| s.len() as u64).sum(),
            verdicts: outcome.verdicts.len() as u64,
            superseded: outcome.superseded as u64,
            ..Self::default()
        };
        let mut faults = Vec::new();
        for (asked, unusual) in asked {
            let name = asked.duty.requirement;
            let Some((is_warning, _)) = outcome.watched.get(name) else { continue };
            let (score, theirs) = score(asked, outcome, unusual);
            if undisturbed {
                part.false_undisturbed += (score.false_verdicts + score.misled) as u64;
                part.sure_undisturbed += score.sure as u64;
            }
            faults.extend(theirs);
            part.scores
                .entry(name.to_owned())
                .or_insert((*is_warning, Score::default()))
                .1
                .add(&score);
        }
        part.availability(outcome, &mut faults);
        for incident in &week.incidents {
            part.notice(incident, outcome);
        }
        if undisturbed {
            part.false_findings =
                outcome.findings.iter().filter(|f| is_sign(&f.kind)).count() as u64;
            part.count_samples(week, outcome);
        }
        part.weeks.push(WeekLine {
            seed,
            kind: week.kind.as_str(),
            class: outcome.site.class,
            undisturbed,
            incidents: week.incidents.iter().map(|i| i.cause.about().name).collect(),
            faults,
        });
        part
    }

    /// Availability speaks of what was delivered, and not of what was marked afterwards.
    fn availability(&mut self, outcome: &Outcome, faults: &mut Vec<Fault>) {
        let compliant = outcome.verdicts.iter().filter(|v| {
            v.requirement.as_str() == "availability" && v.verdict == Verdict::Compliant
        });
        for verdict in compliant {
            let span = Span::new(verdict.from, verdict.to);
            let signals: Vec<usize> = verdict
                .points
                .iter()
                .filter_map(|point| outcome.points.iter().position(|p| p == point))
                .filter(|signal| any_meets(&outcome.unheard[*signal], &span))
                .collect();
            if !signals.is_empty() {
                self.available_in_silence += 1;
                let told = format!("{}..{}: available", span.from, span.to);
                let requirement = "availability".to_owned();
                faults.push(Fault { what: "groundless", requirement, told, span, signals });
            }
        }
    }

    /// Whether anybody was told that an instrument was not in order.
    fn notice(&mut self, incident: &Incident, outcome: &Outcome) {
        let about = incident.cause.about();
        let (signals, span) = spoils(&outcome.site, incident);
        if signals.is_empty() {
            return;
        }
        let points: Vec<_> = signals.iter().map(|signal| &outcome.points[*signal]).collect();
        let devices: Vec<_> = points.iter().map(|point| point.device()).collect();
        let until = span.widened(Duration::ZERO, FOUND_WITHIN);
        let is_found = outcome.findings.iter().any(|finding| {
            is_sign(&finding.kind)
                && finding.points.iter().any(|point| devices.contains(&point.device()))
                && Span::new(finding.from, finding.t.max(finding.to)).meets(&until)
        });
        let tally = match about.nature {
            Nature::Tampering => &mut self.tampering,
            Nature::Instrument => &mut self.failures,
            _ => return,
        };
        let share = tally.entry(about.name).or_default();
        share.of += 1;
        let is_marked = || {
            outcome.marks.iter().any(|mark| {
                let to = mark.to.unwrap_or(span.to.max(mark.from + Duration::from_millis(1)));
                !mark.is_manual()
                    && mark.points.iter().any(|point| points.contains(&point))
                    && Span::new(mark.from, to).meets(&span)
            })
        };
        let is_silent = || signals.iter().any(|signal| any_meets(&outcome.silent[*signal], &span));
        let is_noticed = match about.nature {
            Nature::Tampering => is_found,
            _ => is_found || is_marked() || is_silent(),
        };
        share.found += u64::from(is_noticed);
    }

    fn count_samples(&mut self, week: &Week, outcome: &Outcome) {
        for (signal, samples) in outcome.samples.iter().enumerate() {
            let point = &outcome.points[signal];
            let blind: Vec<Span> = week
                .incidents
                .iter()
                .map(|incident| spoils(&outcome.site, incident))
                .filter(|(signals, _)| signals.contains(&signal))
                .map(|(_, span)| span)
                .collect();
            let marks: Vec<_> = outcome
                .marks
                .iter()
                .filter(|m| m.points.contains(point) && !m.quality.is_good())
                .collect();
            for sample in samples.iter().filter(|sample| sample.reading.good().is_some()) {
                let at = sample.source_time;
                if blind.iter().any(|span| span.from <= at && at < span.to) {
                    continue;
                }
                self.good_samples += 1;
                self.lost_samples += u64::from(marks.iter().any(|mark| mark.covers(at)));
            }
        }
    }

    /// Takes other weeks in.
    pub(crate) fn add(&mut self, other: &Self) {
        self.weeks.extend(other.weeks.iter().cloned());
        self.samples += other.samples;
        self.verdicts += other.verdicts;
        self.superseded += other.superseded;
        for (name, (is_warning, theirs)) in &other.scores {
            self.scores
                .entry(name.clone())
                .or_insert((*is_warning, Score::default()))
                .1
                .add(theirs);
        }
        for (mine, theirs) in
            [(&mut self.tampering, &other.tampering), (&mut self.failures, &other.failures)]
        {
            for (name, share) in theirs {
                let sum = mine.entry(name).or_default();
                sum.of += share.of;
                sum.found += share.found;
            }
        }
        self.false_findings += other.false_findings;
        self.good_samples += other.good_samples;
        self.lost_samples += other.lost_samples;
        self.available_in_silence += other.available_in_silence;
        self.false_undisturbed += other.false_undisturbed;
        self.sure_undisturbed += other.sure_undisturbed;
    }

    fn sum(&self, warnings: bool, of: impl Fn(&Score) -> usize) -> usize {
        let those = self.scores.values().filter(|(is_warning, _)| *is_warning == warnings);
        those.map(|(_, score)| of(score)).sum()
    }

    /// What has to be met.
    pub fn required(&self) -> Vec<Required> {
        let weeks = self.weeks.len().max(1) as f64;
        let (sure, found) = (self.sum(false, |s| s.sure), self.sum(false, |s| s.found));
        let falsely = self.sum(false, |s| s.false_verdicts);
        let misled = self.sum(false, |s| s.misled);
        let groundless = self.sum(false, |s| s.groundless)
            + self.sum(true, |s| s.groundless)
            + usize::try_from(self.available_in_silence).unwrap_or(usize::MAX);
        let line = |what: &str, was: String, met| Required { what: what.into(), was, met };
        let rate = |count: usize| count as f64 / weeks;
        let undisturbed = self.weeks.iter().filter(|week| week.undisturbed).count();
        vec![
            line("every sure violation found", format!("{found} of {sure}"), found == sure),
            line(
                "false non-compliant verdicts per site-week, at most 0.1",
                format!(
                    "{:.3} ({falsely} + {misled} misled by instruments)",
                    rate(falsely + misled)
                ),
                rate(falsely + misled) <= FALSE_MOST,
            ),
            line(
                "  of them with instruments and links in order, at most 0.1",
                format!("{:.3} ({falsely})", rate(falsely)),
                rate(falsely) <= FALSE_MOST,
            ),
            line(
                "  of them in undisturbed weeks, none",
                format!("{} in {undisturbed} weeks", self.false_undisturbed),
                self.false_undisturbed == 0,
            ),
            line(
                "compliant verdicts on missing data, none",
                format!("{groundless}"),
                groundless == 0,
            ),
        ]
    }
}

/// Whether a finding speaks of tampering, and not of a calibration that is due.
fn is_sign(kind: &str) -> bool {
    !kind.starts_with("calibration")
}

/// The whole exam.
#[derive(Debug, Serialize)]
pub struct Card {
    /// On the seeds that the rules were tuned on.
    pub tuned: Part,
    /// On the others.
    pub scored: Part,
    /// What has to be met on the others.
    pub required: Vec<Required>,
}

impl Card {
    /// The card of both parts.
    pub fn new(tuned: Part, scored: Part) -> Self {
        let required = scored.required();
        Self { tuned, scored, required }
    }

    /// Whether everything that is required was met.
    pub fn passed(&self) -> bool {
        self.required.iter().all(|line| line.met)
    }

    /// As text.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for (title, part) in [("tuning seeds", &self.tuned), ("scored seeds", &self.scored)] {
            if !part.weeks.is_empty() {
                part.render(title, &mut text);
            }
        }
        for (requirement, why) in NOT_EXAMINED {
            let _ = writeln!(text, "not examined: {requirement}: {why}");
        }
        text
    }
}

impl Part {
    fn render(&self, title: &str, text: &mut String) {
        let undisturbed = self.weeks.iter().filter(|week| week.undisturbed).count();
        let mut line = |line: String| {
            let _ = writeln!(text, "{line}");
        };
        line(format!(
            "== {title}: {} site-weeks ({undisturbed} undisturbed), {} readings, {} verdicts, {} superseded",
            self.weeks.len(),
            self.samples,
            self.verdicts,
            self.superseded
        ));
        line(format!(
            "{:32} {:>5} {:>9} {:>5} {:>6} {:>5} {:>7} {:>6} {:>8} {:>8} {:>8} {:>8}",
            "requirement",
            "weeks",
            "found",
            "false",
            "misled",
            "wrong",
            "no data",
            "alarms",
            "delay50",
            "delay95",
            "indet h",
            "needless"
        ));
        for (name, (is_warning, s)) in &self.scores {
            let secs =
                |delay: Option<f64>| delay.map_or_else(|| "-".into(), |d| format!("{d:.0} s"));
            line(format!(
                "{:32} {:>5} {:>9} {:>5} {:>6} {:>5} {:>7} {:>6} {:>8} {:>8} {:>8.0} {:>8.1}",
                format!(
                    "{name}{}",
                    if *is_warning && !name.ends_with("warning") { " (warning)" } else { "" }
                ),
                s.weeks,
                format!("{}/{}", s.found, s.sure),
                s.false_verdicts,
                s.misled,
                s.wrong,
                s.groundless,
                s.false_alarms,
                secs(s.delay(0.5)),
                secs(s.delay(0.95)),
                s.hours[2],
                s.needless
            ));
        }
        let weeks = self.weeks.len().max(1) as f64;
        let alarms = self.sum(false, |s| s.false_alarms) + self.sum(true, |s| s.false_alarms);
        line(format!(
            "verdicts wrong: {} non-compliant, {} compliant; false alarms per site-week: {:.3}",
            self.sum(false, |s| s.false_verdicts + s.misled),
            self.sum(false, |s| s.wrong),
            alarms as f64 / weeks
        ));
        line(format!(
            "warnings found: {} of {}",
            self.sum(true, |s| s.found),
            self.sum(true, |s| s.sure)
        ));
        for (what, shares) in
            [("tampering found", &self.tampering), ("failures noticed", &self.failures)]
        {
            let (found, of) = shares.values().fold((0, 0), |(f, o), s| (f + s.found, o + s.of));
            let each = shares.iter().map(|(name, s)| format!("{name} {}/{}", s.found, s.of));
            line(format!("{what}: {found} of {of}: {}", each.collect::<Vec<_>>().join(", ")));
        }
        line(format!(
            "undisturbed weeks: {:.3} false findings a week, {:.4} % of good samples lost to checks, {} sure violations",
            self.false_findings as f64 / undisturbed.max(1) as f64,
            100.0 * self.lost_samples as f64 / self.good_samples.max(1) as f64,
            self.sure_undisturbed
        ));
        for required in self.required() {
            line(format!(
                "{} {:58} {}",
                if required.met { "pass" } else { "FAIL" },
                required.what,
                required.was
            ));
        }
    }
}
