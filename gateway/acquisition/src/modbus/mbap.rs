//! Questions and answers under the header of Modbus TCP.
//!
//! Every question has a number, and its answer repeats it. So a late answer is known for what it
//! is, and passed over: it costs neither the connection nor the unit that is asked now.

use super::{
    bus::{Ask, Late, Trouble},
    stream::{Heard, Stream},
    timer::Timer,
};
use crate::Failure;
use core::{future::poll_fn, ops::Range, task::Poll};
use std::collections::VecDeque;
use tokio::time::Instant;
use weir_wire::modbus::{Mbap, ResponseError, response_data};

/// Questions without an answer that are remembered.
const UNANSWERED_MAX: usize = 32;
/// An answer to one of so many questions before is an old one; any other is a stranger's.
const OLD: u16 = 4096;
/// Bytes of a frame before its PDU.
const HEADER: usize = 7;

/// The questions of a connection.
#[derive(Debug, Default)]
pub(super) struct Questions {
    number: u16,
    /// Those that were given up: number, unit, and when they were asked.
    unanswered: VecDeque<(u16, u8, Instant)>,
    /// The last question, and the place of the frame that answered it.
    frames: ([u8; 12], Range<usize>),
}

/// What stands at the beginning of what was heard.
enum Next {
    /// No whole frame.
    Nothing,
    /// The answer to the question: the place of its PDU.
    Answer(Range<usize>, u8),
    /// Something else, which was passed over.
    Passed,
}

impl Questions {
    /// Asks, and waits for the answer. Returns the place of the answer's data.
    pub(super) async fn ask(
        &mut self,
        stream: &mut Stream,
        heard: &mut Heard,
        timer: &mut Timer,
        ask: &Ask<'_>,
        late: &mut Vec<Late>,
    ) -> Result<Range<usize>, Trouble> {
        self.number = self.number.wrapping_add(1);
        let asked_at = ask.asked_at;
        self.frames = (frame(self.number, ask), 0..0);
        stream.write_all(&self.frames.0).await?;
        let deadline = asked_at + ask.patience;
        let mut strangers = None;
        loop {
            match self.next(heard, ask, late, &mut strangers)? {
                Next::Answer(pdu, unit) => return checked(heard, pdu, unit, ask),
                Next::Passed => continue,
                Next::Nothing => {}
            }
            let heard_more = poll_fn(|cx| match heard.poll_hear(stream, cx) {
                Poll::Ready(result) => Poll::Ready(Some(result)),
                Poll::Pending => timer.poll(cx, deadline).map(|()| None),
            });
            match heard_more.await {
                Some(result) => result?,
                None => break,
            }
        }
        if self.unanswered.len() >= UNANSWERED_MAX {
            self.unanswered.pop_front();
        }
        self.unanswered.push_back((self.number, ask.unit, asked_at));
        let unit = ask.unit;
        Err(match strangers {
            None => Trouble::Failed(Failure::Timeout { unit, timeout: ask.patience }),
            Some(number) => {
                let what = format!("transaction {number} where {} was asked", self.number);
                Trouble::Doubtful(Failure::Invalid { unit, what })
            }
        })
    }

    /// The last question, and the place of the frame that answered it.
    pub(super) fn frames(&self) -> (&[u8], Range<usize>) {
        (&self.frames.0, self.frames.1.clone())
    }

    fn next(
        &mut self,
        heard: &mut Heard,
        ask: &Ask<'_>,
        late: &mut Vec<Late>,
        strangers: &mut Option<u16>,
    ) -> Result<Next, Trouble> {
        let (begin, bytes) = (heard.begin(), heard.bytes());
        if let Some(heartbeat) = ask.heartbeat
            && !bytes.starts_with(&self.number.to_be_bytes())
            && !bytes.is_empty()
        {
            if bytes.starts_with(heartbeat) {
                heard.pass(heartbeat.len());
                return Ok(Next::Passed);
            }
            if heartbeat.starts_with(bytes) {
                return Ok(Next::Nothing);
            }
        }
        let parsed = Mbap::parse(bytes).map_err(|error| {
            let what = format!("no Modbus TCP: {error}");
            Trouble::Doubtful(Failure::Invalid { unit: ask.unit, what })
        })?;
        let Some(frame) = parsed else { return Ok(Next::Nothing) };
        let (header, used) = (frame.header, frame.used);
        heard.pass(used);
        if header.transaction == self.number {
            self.frames.1 = begin..begin + used;
            return Ok(Next::Answer(begin + HEADER..begin + used, header.unit));
        }
        let known = self.unanswered.iter().position(|(number, ..)| *number == header.transaction);
        if let Some((_, unit, asked_at)) = known.and_then(|at| self.unanswered.remove(at)) {
            late.push(Late { unit, after: asked_at.elapsed() });
        } else if self.number.wrapping_sub(header.transaction) > OLD {
            *strangers = Some(header.transaction);
        }
        Ok(Next::Passed)
    }
}

/// The question as it goes out.
fn frame(number: u16, ask: &Ask<'_>) -> [u8; 12] {
    let ([n1, n0], [function, s1, s0, c1, c0]) = (number.to_be_bytes(), ask.request.encode());
    [n1, n0, 0, 0, 0, 6, ask.unit, function, s1, s0, c1, c0]
}

/// The place of the answer's data, if it is one to the question. Whatever it is, the stream is in
/// step: the frame was whole and had the question's number.
fn checked(
    heard: &Heard,
    pdu: Range<usize>,
    from: u8,
    ask: &Ask<'_>,
) -> Result<Range<usize>, Trouble> {
    let unit = ask.unit;
    if from != unit && !ask.any_answer_unit {
        let what = format!("it came from unit {from}");
        return Err(Trouble::Failed(Failure::Invalid { unit, what }));
    }
    match response_data(ask.request, heard.at(pdu.start, pdu.end)) {
        Ok(data) => Ok(pdu.end - data.len()..pdu.end),
        Err(ResponseError::Exception(exception)) => {
            Err(Trouble::Failed(Failure::Exception { unit, exception }))
        }
        Err(error) => Err(Trouble::Failed(Failure::Invalid { unit, what: error.to_string() })),
    }
}
