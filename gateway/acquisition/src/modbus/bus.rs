//! A Modbus link's transport: ask one unit one thing, get its checked answer.
//!
//! Three things make one: a **route** by which a stream of bytes is had (a serial port, a
//! connection that we open, one that a modem opens), the **framing** of what goes over it, and the
//! **line**, which says whether it can be had at all.

use super::{
    dial::Dialler,
    dial_in::{Berth, Listeners},
    mbap::Questions,
    port::Port,
    rtu::SerialLine,
    stream::{Heard, Stream},
    timer::Timer,
};
use crate::{Failure, Framing, Transport, backoff::Backoff};
use core::{ops::Range, time::Duration};
use std::io;
use tokio::time::Instant;
use weir_wire::modbus::{Answer, Request};

/// First and longest wait before a link that is down is tried again.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));
/// So many silences in a row, of every unit on the link, and a network connection is given up: it
/// may be half open, or the way to it may have changed.
const SILENCES_MIN: usize = 2;

/// A question.
pub(super) struct Ask<'a> {
    pub(super) unit: u8,
    pub(super) request: Request,
    /// How long the answer may take; at most the link's timeout.
    pub(super) patience: Duration,
    /// The answer may carry any unit id.
    pub(super) any_answer_unit: bool,
    /// What a modem sends between frames.
    pub(super) heartbeat: Option<&'a [u8]>,
    /// When it went out.
    pub(super) asked_at: Instant,
}

/// What came of a question that brought no answer.
pub(super) enum Trouble {
    /// No answer, or none that can be used; the stream is in step.
    Failed(Failure),
    /// The same, and nobody knows what comes next: the stream cannot be kept.
    Doubtful(Failure),
    /// The stream is gone.
    Lost(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

/// An answer that came after its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Late {
    /// Whose it was.
    pub(super) unit: u8,
    /// How long after its question.
    pub(super) after: Duration,
}

/// A link's transport. One question is out at a time: [`Self::exchange`] borrows it.
pub(super) struct Bus {
    route: Route,
    framing: Framing,
    timeout: Duration,
    /// Rest between a new connection and the first question.
    connect_delay: Duration,
    /// How many units there are on the link.
    units: usize,
    line: Line,
    stream: Option<Stream>,
    questions: Questions,
    serial: SerialLine,
    heard: Heard,
    timer: Timer,
    late: Vec<Late>,
    silences: usize,
    connects: u64,
    /// Where the data of the last answer are in what was heard.
    data: Range<usize>,
}

/// How a stream is had.
enum Route {
    Dial(Box<Dialler>),
    DialIn(Berth),
    Port(Port),
}

impl Bus {
    /// The bus of a transport; none if it is not of Modbus. Nothing is opened yet.
    pub(super) fn new(
        transport: &Transport,
        timeout: Duration,
        listeners: &Listeners,
    ) -> Option<Self> {
        let (route, framing, baud) = match transport {
            Transport::ModbusTcp { endpoints, framing, tls } => {
                let dialler = Dialler::new(endpoints.clone(), tls.as_ref(), timeout)?;
                (Route::Dial(Box::new(dialler)), *framing, None)
            }
            Transport::ModbusDialIn { listen, registration, heartbeat, framing } => {
                let berth = listeners.berth(*listen, registration.clone(), heartbeat.clone());
                (Route::DialIn(berth), *framing, None)
            }
            Transport::ModbusRtu { baud, .. } => {
                (Route::Port(Port::new(transport)?), Framing::Rtu, Some(*baud))
            }
            Transport::Mqtt(_) | Transport::Http { .. } => return None,
        };
        Some(Self {
            route,
            framing,
            timeout,
            connect_delay: Duration::ZERO,
            units: 1,
            line: Line::new(),
            stream: None,
            questions: Questions::default(),
            serial: SerialLine::new(baud),
            heard: Heard::new(),
            timer: Timer::new(),
            late: Vec::new(),
            silences: 0,
            connects: 0,
            data: 0..0,
        })
    }

    /// What the devices on the link need.
    pub(super) fn set_needs(&mut self, units: usize, connect_delay: Duration) {
        (self.units, self.connect_delay) = (units, connect_delay);
    }

    /// Asks, and gives the answer the whole of the link's timeout.
    pub(super) async fn ask(
        &mut self,
        unit: u8,
        asked: Request,
    ) -> Result<(Answer, Duration), Failure> {
        let took = self.exchange_with(unit, asked, self.timeout, false).await?;
        let mut answer = Answer::default();
        answer.fill(asked, self.data());
        Ok((answer, took))
    }

    /// Asks. Says how long the answer took; its data are [`Self::data`].
    pub(super) async fn exchange_with(
        &mut self,
        unit: u8,
        request: Request,
        patience: Duration,
        any_answer_unit: bool,
    ) -> Result<Duration, Failure> {
        self.take_better().await;
        let reused = self.stream.is_some();
        let patience = patience.min(self.timeout);
        let ask =
            |asked_at| Ask { unit, request, patience, any_answer_unit, heartbeat: None, asked_at };
        match self.try_exchange(ask).await {
            // Servers close connections that were idle for a while, and modems dial in again. That
            // says nothing of the unit, and asking again does no harm.
            Err(Failure::Closed { .. }) if reused => self.try_exchange(ask).await,
            result => result,
        }
    }

    async fn try_exchange<'a>(
        &mut self,
        ask: impl Fn(Instant) -> Ask<'a>,
    ) -> Result<Duration, Failure> {
        // Taken out, and put back only if it may be used again.
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.open().await?,
        };
        let mut ask = ask(Instant::now());
        if let Route::DialIn(berth) = &self.route {
            ask.heartbeat = berth.heartbeat();
        }
        self.data = 0..0;
        let (heard, timer, late) = (&mut self.heard, &mut self.timer, &mut self.late);
        let came = match self.framing {
            Framing::Mbap => self.questions.ask(&mut stream, heard, timer, &ask, late).await,
            Framing::Rtu => self.serial.ask(&mut stream, heard, timer, &mut ask, late).await,
        };
        let took = ask.asked_at.elapsed();
        match came {
            Ok(data) => {
                self.stream = Some(stream);
                self.silences = 0;
                self.data = data;
                Ok(took)
            }
            Err(Trouble::Failed(failure)) => {
                if self.may_be_used_again(&failure) {
                    self.stream = Some(stream);
                }
                Err(failure)
            }
            Err(Trouble::Doubtful(failure)) => Err(failure),
            Err(Trouble::Lost(error)) => match &self.route {
                Route::Port(port) => {
                    let what = format!("lost {}: {error}", port.path());
                    Err(self.line.down(Instant::now(), what))
                }
                _ => Err(Failure::Closed { unit: ask.unit, what: error.to_string() }),
            },
        }
    }

    /// Whether a stream that is in step may be kept after a failure.
    fn may_be_used_again(&mut self, failure: &Failure) -> bool {
        if !matches!(failure, Failure::Timeout { .. }) || !self.late.is_empty() {
            self.silences = 0;
            return true;
        }
        self.silences += 1;
        let all_silent = self.silences >= self.units.max(SILENCES_MIN);
        match &mut self.route {
            Route::Port(_) => true,
            _ if !all_silent => true,
            route => {
                self.silences = 0;
                if let Route::Dial(dialler) = route {
                    dialler.try_another();
                }
                false
            }
        }
    }

    async fn open(&mut self) -> Result<Stream, Failure> {
        self.line.check(Instant::now())?;
        self.heard.clear();
        self.questions = Questions::default();
        let opened = match &mut self.route {
            Route::Dial(dialler) => dialler.connect().await,
            Route::DialIn(berth) => berth.take().map(|(stream, early)| {
                self.heard.put(&early);
                stream
            }),
            Route::Port(port) => port.open(),
        };
        match opened {
            Ok(stream) => {
                self.line.up();
                self.serial.opened();
                self.connects += 1;
                if !self.connect_delay.is_zero() {
                    self.timer.until(Instant::now() + self.connect_delay).await;
                }
                Ok(stream)
            }
            Err(what) => Err(self.line.down(Instant::now(), what)),
        }
    }

    /// Changes over to a newer connection of the modem, or back to the first address.
    async fn take_better(&mut self) {
        let better = match &mut self.route {
            Route::DialIn(berth) => berth.is_newer() && self.stream.is_some(),
            Route::Dial(dialler) => dialler.may_return(self.stream.is_some()).await,
            Route::Port(_) => false,
        };
        if better {
            self.stream = None;
        }
    }

    /// Waits until `until`, or until a modem dials in while the link is down.
    pub(super) async fn wait(&mut self, until: Instant) {
        match &self.route {
            Route::DialIn(berth) if self.line.is_down().is_some() => {
                tokio::select! {
                    () = berth.arrival() => self.line.may_be_tried(),
                    () = self.timer.until(until) => {}
                }
            }
            _ => self.timer.until(until).await,
        }
    }

    /// Waits until `until`, whatever happens.
    pub(super) async fn rest(&mut self, until: Instant) {
        self.timer.until(until).await;
    }

    /// Hangs up; the next question opens the stream again.
    pub(super) fn hang_up(&mut self) {
        self.stream = None;
    }

    /// The data of the last answer.
    pub(super) fn data(&self) -> &[u8] {
        self.heard.at(self.data.start, self.data.end)
    }

    /// The last question as it went out, and what came back.
    pub(super) fn frames(&self) -> (&[u8], &[u8]) {
        let (sent, came) = match self.framing {
            Framing::Mbap => self.questions.frames(),
            Framing::Rtu => self.serial.frames(),
        };
        (sent, self.heard.at(came.start, came.end))
    }

    /// Whether answers came late.
    pub(super) fn has_late(&self) -> bool {
        !self.late.is_empty()
    }

    /// Answers that came late since the last call.
    pub(super) fn take_late(&mut self) -> Vec<Late> {
        core::mem::take(&mut self.late)
    }

    /// While the link is down: until when it will not be tried, and why.
    pub(super) fn down(&self) -> Option<&(Instant, Failure)> {
        self.line.is_down()
    }

    /// How often there has been a new stream.
    pub(super) fn connects(&self) -> u64 {
        self.connects
    }

    /// What it is connected to, where that may be one of several.
    pub(super) fn endpoint(&self) -> Option<String> {
        match &self.route {
            Route::Dial(dialler) => dialler.endpoint(),
            Route::DialIn(berth) => berth.peer().map(|peer| peer.to_string()),
            Route::Port(_) => None,
        }
    }

    /// How long an answer may still come after its timeout and be taken for another one.
    pub(super) fn late_window(&self) -> Duration {
        match self.framing {
            // It has its number.
            Framing::Mbap => Duration::ZERO,
            Framing::Rtu => self.timeout,
        }
    }
}

/// Whether the link can be reached at all.
#[derive(Debug)]
struct Line {
    backoff: Backoff,
    down: Option<(Instant, Failure)>,
}

impl Line {
    fn new() -> Self {
        Self { backoff: Backoff::new(RETRY.0, RETRY.1), down: None }
    }

    fn is_down(&self) -> Option<&(Instant, Failure)> {
        self.down.as_ref()
    }

    /// Refuses a try before its time.
    fn check(&self, now: Instant) -> Result<(), Failure> {
        match &self.down {
            Some((retry_at, failure)) if now < *retry_at => Err(failure.clone()),
            _ => Ok(()),
        }
    }

    fn up(&mut self) {
        self.backoff.reset();
        self.down = None;
    }

    /// Something has changed: no need to wait any longer.
    fn may_be_tried(&mut self) {
        if let Some((retry_at, _)) = &mut self.down {
            *retry_at = Instant::now();
        }
    }

    /// A try failed; the next is made after a while.
    fn down(&mut self, now: Instant, what: String) -> Failure {
        let failure = Failure::NotConnected { what };
        self.down = Some((now + self.backoff.after_failure(), failure.clone()));
        failure
    }
}
