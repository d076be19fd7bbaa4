//! One unit after the other, one line setting after the other.

use super::{
    FoundUnit, Noise, Report,
    examine::{examine, table_of},
    lines::{Line, Lines},
    print::Progress,
};
use crate::exit::Failure as Fault;
use std::time::{Duration, Instant};
use weir_acquisition::{Failure, Probe};
use weir_config::Library;
use weir_wire::modbus::{Exception, Request};

/// So many units that all answer are one device that does not look at the unit id.
const ALL_ALIKE: usize = 10;
/// A link that cannot be opened so often, one time after the other, has gone away.
const GONE_AFTER: usize = 3;
/// Rest before a link that has gone away is asked again; longer than the link's own.
const GONE_REST: Duration = Duration::from_millis(1_100);

/// A scan under way; what was found so far is in it, whenever it is stopped.
pub(super) struct Sweep {
    lines: Vec<Line>,
    units: [Vec<u8>; 2],
    timeout: Duration,
    question: Request,
    /// Whether to go on when a line setting has given clean answers.
    all: bool,
    units_found: Vec<FoundUnit>,
    /// For each line setting: bytes that are no frame, of how many questions.
    noise: Vec<(usize, usize)>,
    asked: usize,
    remarks: Vec<String>,
    progress: Progress,
}

/// What became of a question.
enum Said {
    Unit(String, Duration),
    Noise,
    Nothing,
    Gone(Failure),
}

impl Sweep {
    pub(super) fn new(lines: Lines, timeout: Duration, question: Request, all: bool) -> Self {
        let Lines { lines, units } = lines;
        let noise = vec![(0, 0); lines.len()];
        let questions = lines.len() * units.iter().map(Vec::len).sum::<usize>();
        Self {
            lines,
            units,
            timeout,
            question,
            all,
            units_found: Vec::new(),
            noise,
            asked: 0,
            remarks: Vec::new(),
            progress: Progress::new(questions),
        }
    }

    /// Asks everybody. Can be dropped at any time.
    pub(super) async fn run(&mut self, library: Option<&Library>) -> Result<(), Fault> {
        for part in 0..self.units.len() {
            for line in 0..self.lines.len() {
                let answered = self.answered();
                let decided = !self.all && answered.iter().any(|answered| *answered);
                if (decided && !answered[line]) || self.units[part].is_empty() {
                    self.progress.skip(self.units[part].len());
                    continue;
                }
                if !self.ask_all(line, part, library).await? {
                    return Ok(());
                }
            }
        }
        self.progress.end();
        Ok(())
    }

    /// Asks one part of the units under one setting. False if there is no sense in going on.
    async fn ask_all(
        &mut self,
        line: usize,
        part: usize,
        library: Option<&Library>,
    ) -> Result<bool, Fault> {
        let transport = self.lines[line].transport.clone();
        let Some(mut probe) = Probe::new(&transport, self.timeout) else {
            return Err(Fault::usage(anyhow::anyhow!("{transport} is not of Modbus")));
        };
        let (mut gone, mut alike) = (0, 0);
        for unit in self.units[part].clone() {
            self.progress.show(&self.lines[line].written, unit, self.units_found.len());
            let said = self.ask(&mut probe, unit).await;
            self.noise[line].1 += 1;
            match said {
                Said::Gone(failure) if self.asked == 1 => return Err(failure.into()),
                Said::Gone(failure) => {
                    gone += 1;
                    if gone == GONE_AFTER {
                        self.remarks.push(format!("stopped: {failure}"));
                        return Ok(false);
                    }
                    tokio::time::sleep(GONE_REST).await;
                    continue;
                }
                Said::Nothing => alike = 0,
                Said::Noise => self.noise[line].0 += 1,
                Said::Unit(said, round_trip) => {
                    alike += 1;
                    self.found(line, unit, said, round_trip);
                    let tables = examine(&mut probe, unit, library, &mut self.progress).await;
                    if let Some(found) = self.units_found.last_mut() {
                        (found.tables, found.profiles) = tables;
                    }
                }
            }
            gone = 0;
            if alike >= ALL_ALIKE && !self.all {
                let problem =
                    "every unit id is answered: it is one device that does not look at it";
                self.remarks
                    .push(format!("{problem} (unit_id = 1 or 255); --all asks for the rest"));
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn ask(&mut self, probe: &mut Probe, unit: u8) -> Said {
        self.asked += 1;
        let started = now();
        let answer = probe.ask(unit, self.question).await;
        let took = started.elapsed();
        self.progress.asked(took);
        match answer {
            Ok(answered) => Said::Unit("answers".to_owned(), answered.round_trip),
            Err(Failure::Exception { exception, .. }) => match exception {
                Exception::GatewayPathUnavailable | Exception::GatewayTargetFailedToRespond => {
                    self.remark("a gateway answers for units that are not there");
                    Said::Nothing
                }
                _ => {
                    let table = table_of(self.question.function);
                    Said::Unit(
                        format!("refuses {table} {}: {exception}", self.question.start),
                        took,
                    )
                }
            },
            Err(Failure::Invalid { what, .. }) => {
                Said::Unit(format!("answers oddly: {what}"), took)
            }
            Err(Failure::Noise { .. }) => Said::Noise,
            Err(failure @ (Failure::NotConnected { .. } | Failure::Configuration { .. })) => {
                Said::Gone(failure)
            }
            Err(_) => Said::Nothing,
        }
    }

    fn found(&mut self, line: usize, unit: u8, said: String, round_trip: Duration) {
        let transport = self.lines[line].written.clone();
        self.progress.found(unit, &transport, &said);
        self.units_found.push(FoundUnit {
            unit,
            transport,
            said,
            round_trip_ms: (round_trip.as_secs_f64() * 1e4).round() / 10.0,
            tables: Vec::new(),
            profiles: Vec::new(),
        });
    }

    fn remark(&mut self, words: &str) {
        if !self.remarks.iter().any(|remark| remark == words) {
            self.remarks.push(words.to_owned());
        }
    }

    /// For each line setting, whether a unit was found under it.
    fn answered(&self) -> Vec<bool> {
        let found = |line: &Line| self.units_found.iter().any(|u| u.transport == line.written);
        self.lines.iter().map(found).collect()
    }

    /// What was found so far.
    pub(super) fn report(self, whole: bool) -> Report {
        self.progress.end();
        let noise = self.lines.iter().zip(&self.noise).filter(|(_, (times, _))| *times > 0);
        let noise = noise.map(|(line, (times, of))| Noise {
            transport: line.written.clone(),
            times: *times,
            of: *of,
        });
        Report {
            noise: noise.collect(),
            units: self.units_found,
            asked: self.asked,
            whole,
            remarks: self.remarks,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how long an answer took, for the time left")]
fn now() -> Instant {
    Instant::now()
}
