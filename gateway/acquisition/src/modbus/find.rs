//! Finds the answer to a request in what was heard on a serial line.
//!
//! Before the answer there may be noise, the request itself (some adapters hear themselves), or a
//! late answer of another unit. What counts is a frame from the unit that was asked, with the
//! function that was asked and a checksum that fits.

use core::ops::Range;
use weir_wire::modbus::{
    Request, ResponseError, response_data,
    rtu::{self, FrameLen},
};

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No frame of the unit's yet.
    Nothing,
    /// The answer: the place of its data.
    Answer(Range<usize>),
    /// A refusal, or an answer to something else.
    Wrong(ResponseError),
}

/// Looks for the unit's answer at every byte; without a unit, for anybody's. `request` is the frame
/// that was sent.
pub(super) fn find(heard: &[u8], unit: Option<u8>, asked: Request, request: &[u8]) -> Found {
    if !heard.is_empty() && request.starts_with(heard) {
        // All of it may still turn out to be the request coming back.
        return Found::Nothing;
    }
    let echo = if !request.is_empty() && heard.starts_with(request) { request.len() } else { 0 };
    let code = asked.function.code();
    let mut wrong = None;
    for begin in echo..heard.len() {
        let rest = heard.get(begin..).unwrap_or_default();
        let [from, function, ..] = rest else { break };
        if unit.is_some_and(|unit| unit != *from) || function & 0x7F != code {
            continue;
        }
        let FrameLen::Known(len) = rtu::response_len(rest) else { continue };
        let Some(Ok((_, pdu))) = rest.get(..len).map(rtu::unframe) else { continue };
        match response_data(asked, pdu) {
            Ok(data) => {
                let end = begin + 1 + pdu.len();
                return Found::Answer(end - data.len()..end);
            }
            Err(error) => wrong = wrong.or(Some(error)),
        }
    }
    wrong.map_or(Found::Nothing, Found::Wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_wire::modbus::{Exception, Function, encode_exception, encode_registers};

    const UNIT: u8 = 3;

    fn asked() -> Request {
        Request::new(Function::ReadHoldingRegisters, 0, 2).unwrap()
    }

    fn answer(unit: u8, registers: &[u16]) -> Vec<u8> {
        rtu::frame(unit, &encode_registers(Function::ReadHoldingRegisters, registers))
    }

    fn look(heard: &[&[u8]]) -> Found {
        find(&heard.concat(), Some(UNIT), asked(), &rtu::frame(UNIT, &asked().encode()))
    }

    #[test]
    fn the_answer_is_found_behind_noise_echo_and_strangers() {
        let right = answer(UNIT, &[7, 8]);
        let echo = rtu::frame(UNIT, &asked().encode());
        let cases: [&[&[u8]]; 6] = [
            &[&right],
            &[&[0x00, 0xFF, UNIT], &right],
            &[&echo, &right],
            &[&answer(4, &[1, 2]), &right],
            &[&answer(4, &[1, 2])[..5], &right, &[0]],
            // A frame of the unit with another length: somebody's late answer before ours.
            &[&answer(UNIT, &[1]), &right],
        ];
        for heard in cases {
            let Found::Answer(data) = look(heard) else { panic!("{heard:02X?}") };
            assert_eq!(heard.concat()[data], [0, 7, 0, 8], "{heard:02X?}");
        }
    }

    #[test]
    fn what_is_not_whole_or_not_ours_is_nothing() {
        let mut damaged = answer(UNIT, &[7, 8]);
        damaged[4] ^= 1;
        let echo = rtu::frame(UNIT, &asked().encode());
        let other_function =
            rtu::frame(UNIT, &encode_registers(Function::ReadInputRegisters, &[7, 8]));
        let cases: [&[&[u8]]; 7] = [
            &[],
            &[&answer(UNIT, &[7, 8])[..8]],
            &[&damaged],
            &[&echo],
            &[&echo[..5]],
            &[&answer(4, &[7, 8])],
            &[&other_function],
        ];
        for heard in cases {
            assert_eq!(look(heard), Found::Nothing, "{heard:02X?}");
        }
    }

    #[test]
    fn refusals_and_wrong_counts_are_told() {
        let refusal = rtu::frame(UNIT, &encode_exception(3, Exception::ServerDeviceBusy));
        let busy = ResponseError::Exception(Exception::ServerDeviceBusy);
        assert_eq!(look(&[&refusal]), Found::Wrong(busy));
        let wrong = ResponseError::Length { asked: 4, came: 6 };
        assert_eq!(look(&[&answer(UNIT, &[1, 2, 3])]), Found::Wrong(wrong));
    }
}
