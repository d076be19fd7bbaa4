//! What a scan says: progress on standard error, results on standard output.

use super::{FoundUnit, Report};
use crate::exit::Failure;
use std::{
    io::{IsTerminal as _, stderr},
    time::Duration,
};

/// Share of the newest question in what a question takes.
const NEWEST: f64 = 0.1;

/// How far a scan has come. A terminal sees one line that changes, a log only what was found.
pub(super) struct Progress {
    left: usize,
    /// What a question takes, in seconds, of late.
    takes: Option<f64>,
    live: bool,
}

impl Progress {
    pub(super) fn new(questions: usize) -> Self {
        Self { left: questions, takes: None, live: stderr().is_terminal() }
    }

    pub(super) fn asked(&mut self, took: Duration) {
        self.left = self.left.saturating_sub(1);
        let took = took.as_secs_f64();
        self.takes = Some(self.takes.map_or(took, |takes| takes + (took - takes) * NEWEST));
    }

    pub(super) fn skip(&mut self, questions: usize) {
        self.left = self.left.saturating_sub(questions);
    }

    pub(super) fn show(&self, transport: &str, unit: u8, found: usize) {
        let left = self.takes.map(|takes| takes * self.left as f64);
        let left = left.map(|secs| format!(", at most {} left", time(secs))).unwrap_or_default();
        self.line(&format!("{transport}: unit {unit}; {found} found{left}"));
    }

    pub(super) fn trying(&self, unit: u8, profile: &str) {
        self.line(&format!("unit {unit}: is it {profile}?"));
    }

    #[expect(clippy::print_stderr, reason = "progress is for the person, not data")]
    pub(super) fn found(&self, unit: u8, transport: &str, said: &str) {
        self.end();
        eprintln!("unit {unit} {said}  ({transport})");
    }

    /// Clears the line that changes.
    #[expect(clippy::print_stderr, reason = "progress is for the person, not data")]
    pub(super) fn end(&self) {
        if self.live {
            eprint!("\r\x1b[K");
        }
    }

    #[expect(clippy::print_stderr, reason = "progress is for the person, not data")]
    fn line(&self, text: &str) {
        if self.live {
            eprint!("\r\x1b[K{text}");
        }
    }
}

fn time(secs: f64) -> String {
    match secs {
        ..90.0 => format!("{secs:.0} s"),
        _ => format!("{:.0} min", secs / 60.0),
    }
}

#[expect(clippy::print_stdout, reason = "what was found is the data")]
pub(super) fn json(report: &Report) -> Result<(), Failure> {
    println!("{}", serde_json::to_string_pretty(report)?);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what was found is the data")]
pub(super) fn table(report: &Report) {
    print!("{}", text(report));
}

fn text(report: &Report) -> String {
    let mut out = String::new();
    let mut say = |line: String| {
        out.push_str(&line);
        out.push('\n');
    };
    for found in &report.units {
        unit(found, &mut say);
    }
    for remark in &report.remarks {
        say(format!("note: {remark}"));
    }
    for noise in &report.noise {
        say(format!(
            "noise: {} of {} questions brought bytes that are no frame, with\n  {}\n  \
             something talks: other baud rate or parity, two devices with one unit id, or wiring",
            noise.times, noise.of, noise.transport
        ));
    }
    let (asked, stopped) =
        (report.asked, if report.whole { "" } else { ", stopped before the end" });
    match report.units.len() {
        0 => say(format!(
            "nothing answered to {asked} questions{stopped}.\n  \
             Is it on? A and B the right way round? Another program on the line? Try other --units, \
             --baud,\n  --parity or a longer --timeout-ms; `weir scan --help` has examples."
        )),
        1 => say(format!("one unit found with {asked} questions{stopped}.")),
        count => say(format!("{count} units found with {asked} questions{stopped}.")),
    }
    if let Some(first) = report.units.first() {
        say(format!("For the site file:\n  transport = {{ {} }}", first.transport));
    }
    out
}

fn unit(found: &FoundUnit, say: &mut impl FnMut(String)) {
    say(format!("unit {:3}  {}  ({} ms)", found.unit, found.said, found.round_trip_ms));
    let tables: Vec<_> =
        found.tables.iter().map(|said| format!("{}: {}", said.table, said.said)).collect();
    if !tables.is_empty() {
        say(format!("          {}", tables.join("; ")));
    }
    for fit in &found.profiles {
        say(format!("          may be {} ({} points good: {})", fit.profile, fit.points, fit.says));
    }
}
