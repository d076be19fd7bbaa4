//! Questions and answers as on a serial line: on a serial port, or through a network connection
//! that carries the same bytes.
//!
//! There are no transaction ids: what comes next is the answer, unless it is a late one. So the
//! line is silent, and emptied, before every request; what does not come from the unit that was
//! asked is passed over; after a timeout the line is emptied until it is silent; and the unit is
//! left alone for a while ([`super::bus::Bus::late_window`]), so that its late answer meets a
//! request to somebody else, which it cannot be taken for.

use super::{
    bus::{Ask, Late, Trouble},
    find::{Found, find},
    stream::{Heard, Stream},
    timer::Timer,
};
use crate::Failure;
use core::{future::poll_fn, ops::Range, task::Poll, time::Duration};
use std::io;
use tokio::time::Instant;
use weir_wire::modbus::{Request, ResponseError, rtu};

/// Silence after a failure before the next request; covers 3.5 characters at any rate, and the
/// 16 ms for which a USB adapter keeps bytes back.
const SILENCE_AFTER_FAILURE: Duration = Duration::from_millis(50);
/// A line that babbles for longer than this after a failure is closed and opened again.
const BABBLE_MAX: Duration = Duration::from_millis(500);
/// Bytes of a frame before the data, and behind.
const AROUND_DATA: (usize, usize) = (3, 2);

/// A line without transaction ids.
#[derive(Debug)]
pub(super) struct SerialLine {
    /// Bits per second; none behind a network, whose other end keeps the silences.
    baud: Option<u32>,
    /// When the line was last busy.
    busy_at: Option<Instant>,
    /// The last question that was given up: unit, question, and when it was asked.
    unanswered: Option<(u8, Request, Instant)>,
    /// The last question, and the place of what came back.
    frames: (Vec<u8>, Range<usize>),
}

impl SerialLine {
    pub(super) fn new(baud: Option<u32>) -> Self {
        Self { baud, busy_at: None, unanswered: None, frames: (Vec::new(), 0..0) }
    }

    /// There is a new stream: nothing is late on it.
    pub(super) fn opened(&mut self) {
        if self.baud.is_none() {
            self.unanswered = None;
        }
    }

    /// The last question, and the place of what came back.
    pub(super) fn frames(&self) -> (&[u8], Range<usize>) {
        (&self.frames.0, self.frames.1.clone())
    }

    /// Asks, and waits for the answer. Returns the place of the answer's data.
    pub(super) async fn ask(
        &mut self,
        stream: &mut Stream,
        heard: &mut Heard,
        timer: &mut Timer,
        ask: &mut Ask<'_>,
        late: &mut Vec<Late>,
    ) -> Result<Range<usize>, Trouble> {
        self.frames.1 = 0..0;
        if let Some(busy_at) = self.busy_at
            && let silence = self.silence()
            && busy_at.elapsed() < silence
        {
            timer.until(busy_at + silence).await;
        }
        self.empty(stream, heard, timer, ask, late, Duration::ZERO).await?;
        self.frames.0.clear();
        self.frames.0.extend(rtu::frame(ask.unit, &ask.request.encode()));
        ask.asked_at = Instant::now();
        let on_the_line = self.transmission(self.frames.0.len());
        let written = tokio::time::timeout(
            ask.patience.saturating_add(on_the_line),
            stream.write_all(&self.frames.0),
        );
        match written.await {
            Ok(written) => written?,
            Err(_) => {
                let error = io::Error::new(io::ErrorKind::TimedOut, "it takes no bytes");
                return Err(Trouble::Lost(error));
            }
        }
        let found = self.listen(stream, heard, timer, ask, on_the_line).await?;
        let failure = match found {
            Found::Answer(data) => {
                self.busy_at = Some(Instant::now());
                let begin = heard.begin();
                let data = begin + data.start..begin + data.end;
                self.frames.1 = data.start - AROUND_DATA.0..data.end + AROUND_DATA.1;
                heard.pass(usize::MAX);
                return Ok(data);
            }
            Found::Wrong(error) => wrong(ask.unit, error),
            Found::Nothing => self.unanswered(heard, ask),
        };
        if failure.ends_the_scan() {
            self.empty(stream, heard, timer, ask, late, SILENCE_AFTER_FAILURE).await?;
        } else {
            heard.pass(usize::MAX);
        }
        self.busy_at = Some(Instant::now());
        Err(Trouble::Failed(failure))
    }

    /// Listens until the answer is there, or its time is over.
    async fn listen(
        &mut self,
        stream: &mut Stream,
        heard: &mut Heard,
        timer: &mut Timer,
        ask: &Ask<'_>,
        on_the_line: Duration,
    ) -> io::Result<Found> {
        let deadline = ask.asked_at + on_the_line + ask.patience;
        loop {
            let more = poll_fn(|cx| match heard.poll_hear(stream, cx) {
                Poll::Ready(result) => Poll::Ready(Some(result)),
                Poll::Pending => timer.poll(cx, deadline).map(|()| None),
            });
            match more.await {
                Some(result) => result?,
                None => return Ok(Found::Nothing),
            }
            self.frames.1 = heard.begin()..heard.begin() + heard.bytes().len();
            let unit = (!ask.any_answer_unit).then_some(ask.unit);
            match find(heard.bytes(), unit, ask.request, &self.frames.0) {
                Found::Nothing => {}
                found => return Ok(found),
            }
        }
    }

    fn unanswered(&mut self, heard: &Heard, ask: &Ask<'_>) -> Failure {
        let unit = ask.unit;
        self.unanswered = Some((unit, ask.request, ask.asked_at));
        // Adapters that hear themselves give the request back.
        let mut bytes = heard.bytes();
        bytes = bytes.strip_prefix(&self.frames.0[..]).unwrap_or(bytes);
        if let Some(heartbeat) = ask.heartbeat.filter(|heartbeat| !heartbeat.is_empty()) {
            while let Some(rest) = bytes.strip_prefix(heartbeat) {
                bytes = rest;
            }
        }
        match bytes.len() {
            0 => Failure::Timeout { unit, timeout: ask.patience },
            bytes => Failure::Noise { unit, bytes },
        }
    }

    /// Throws away what is there, and then what comes until nothing has come for `silence`.
    async fn empty(
        &mut self,
        stream: &mut Stream,
        heard: &mut Heard,
        timer: &mut Timer,
        ask: &Ask<'_>,
        late: &mut Vec<Late>,
        silence: Duration,
    ) -> io::Result<()> {
        let give_up_at = Instant::now() + BABBLE_MAX;
        let after_late = self.silence().max(SILENCE_AFTER_FAILURE);
        let mut silence = match heard.hear_now(stream)? {
            true if !only_heartbeats(heard.bytes(), ask.heartbeat) => after_late,
            _ => silence,
        };
        while !silence.is_zero() {
            let until = Instant::now() + silence;
            let more = poll_fn(|cx| match heard.poll_hear(stream, cx) {
                Poll::Ready(result) => Poll::Ready(Some(result)),
                Poll::Pending => timer.poll(cx, until).map(|()| None),
            });
            match more.await {
                Some(result) => result?,
                None => break,
            }
            // Something is coming in: it is late, and has to end before anything else.
            silence = after_late;
            if Instant::now() > give_up_at {
                return Err(io::Error::other("a device on the line talks without end"));
            }
        }
        self.note_late(heard.bytes(), late);
        heard.clear();
        Ok(())
    }

    /// Whether what is thrown away is the answer to the question that was given up.
    fn note_late(&mut self, heard: &[u8], late: &mut Vec<Late>) {
        if let Some((unit, asked, at)) = self.unanswered
            && !heard.is_empty()
            && let Found::Answer(_) = find(heard, Some(unit), asked, &[])
        {
            late.push(Late { unit, after: at.elapsed() });
            self.unanswered = None;
        }
    }

    fn silence(&self) -> Duration {
        self.baud.map_or(Duration::ZERO, rtu::silence)
    }

    fn transmission(&self, bytes: usize) -> Duration {
        self.baud.map_or(Duration::ZERO, |baud| rtu::transmission(bytes, baud))
    }
}

fn only_heartbeats(mut heard: &[u8], heartbeat: Option<&[u8]>) -> bool {
    let Some(heartbeat) = heartbeat.filter(|heartbeat| !heartbeat.is_empty()) else { return false };
    while let Some(rest) = heard.strip_prefix(heartbeat) {
        heard = rest;
    }
    heard.is_empty()
}

fn wrong(unit: u8, error: ResponseError) -> Failure {
    match error {
        ResponseError::Exception(exception) => Failure::Exception { unit, exception },
        error => Failure::Invalid { unit, what: error.to_string() },
    }
}
