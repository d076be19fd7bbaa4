//! Requests and answers without their frames.

use super::{BITS_MAX, Exception, Function, REFUSAL, REGISTERS_MAX};
use alloc::vec::Vec;
use core::fmt;

/// Bytes of a request: function, start, count.
const REQUEST_LEN: usize = 5;

/// A request to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Request {
    /// What to read.
    pub function: Function,
    /// The first address, counted from 0.
    pub start: u16,
    /// How many bits or registers.
    pub count: u16,
}

impl Request {
    /// A request within the limits of the protocol.
    ///
    /// # Errors
    /// The refusal a server would answer: a count of 0 or beyond the function's limit is
    /// [`Exception::IllegalDataValue`], an end beyond address 65535
    /// [`Exception::IllegalDataAddress`].
    pub fn new(function: Function, start: u16, count: u16) -> Result<Self, Exception> {
        if count == 0 || count > function.count_max() {
            return Err(Exception::IllegalDataValue);
        }
        if start.checked_add(count - 1).is_none() {
            return Err(Exception::IllegalDataAddress);
        }
        Ok(Self { function, start, count })
    }

    /// The request as PDU.
    pub fn encode(self) -> [u8; REQUEST_LEN] {
        let ([s1, s0], [c1, c0]) = (self.start.to_be_bytes(), self.count.to_be_bytes());
        [self.function.code(), s1, s0, c1, c0]
    }
}

/// The server's side: what is asked for.
///
/// # Errors
/// The refusal to answer with, by [`encode_exception`] and the first byte of the PDU.
pub fn parse_request(pdu: &[u8]) -> Result<Request, Exception> {
    let function = pdu.first().copied().and_then(Function::from_code);
    let function = function.ok_or(Exception::IllegalFunction)?;
    let &[_, s1, s0, c1, c0] = pdu else {
        return Err(Exception::IllegalDataValue);
    };
    Request::new(function, u16::from_be_bytes([s1, s0]), u16::from_be_bytes([c1, c0]))
}

/// The server's side: an answer of registers. Those beyond 125 are left out, as no request can
/// have asked for them.
pub fn encode_registers(function: Function, registers: &[u16]) -> Vec<u8> {
    let registers = registers.iter().take(usize::from(REGISTERS_MAX));
    let data: Vec<u8> = registers.flat_map(|register| register.to_be_bytes()).collect();
    answer(function, &data)
}

/// The server's side: an answer of bits, the first one in the lowest bit. Those beyond 2000 are
/// left out, as no request can have asked for them.
pub fn encode_bits(function: Function, bits: &[bool]) -> Vec<u8> {
    let bits = bits.get(..usize::from(BITS_MAX)).unwrap_or(bits);
    let data: Vec<u8> = bits
        .chunks(8)
        .map(|eight| eight.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit)))
        .collect();
    answer(function, &data)
}

fn answer(function: Function, data: &[u8]) -> Vec<u8> {
    let len = u8::try_from(data.len()).expect("the callers keep within 250 bytes");
    let mut pdu = Vec::with_capacity(2 + data.len());
    pdu.extend([function.code(), len]);
    pdu.extend(data);
    pdu
}

/// The server's side: a refusal of the function code that was asked for.
pub fn encode_exception(function: u8, exception: Exception) -> [u8; 2] {
    [function | REFUSAL, exception.code()]
}

/// What a request brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// As many registers as were asked for.
    Registers(Vec<u16>),
    /// As many bits as were asked for.
    Bits(Vec<bool>),
}

/// Why a PDU is no answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseError {
    /// The server refuses.
    Exception(Exception),
    /// It answers another function.
    Function {
        /// The code asked for.
        asked: u8,
        /// The code that came.
        came: u8,
    },
    /// It brings more or less than was asked for, or not as much as it says.
    Length {
        /// Data bytes that the request asks for.
        asked: usize,
        /// Data bytes that came.
        came: usize,
    },
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exception(exception) => exception.fmt(f),
            Self::Function { asked, came } => {
                write!(f, "answer to function 0x{came:02X} where 0x{asked:02X} was asked")
            }
            Self::Length { asked, came } => {
                write!(f, "answer of {came} data bytes where {asked} were asked for")
            }
        }
    }
}

impl core::error::Error for ResponseError {}

/// The client's side: the answer to a request, every part of it checked.
///
/// # Errors
/// A refusal, another function, or a length that is not exactly the one asked for.
pub fn parse_response(request: Request, pdu: &[u8]) -> Result<Answer, ResponseError> {
    let data = response_data(request, pdu)?;
    let mut answer = Answer::default();
    answer.fill(request, data);
    Ok(answer)
}

/// The same without a copy: the data bytes of the answer, as many as were asked for.
///
/// # Errors
/// As [`parse_response`].
pub fn response_data(request: Request, pdu: &[u8]) -> Result<&[u8], ResponseError> {
    let asked = request.function.code();
    let (came, rest) = pdu.split_first().map_or((0, &[][..]), |(code, rest)| (*code, rest));
    match (came == asked, came == asked | REFUSAL, rest) {
        (true, _, [len, data @ ..]) if usize::from(*len) == data.len() => {
            match data.len() == request.function.data_len(request.count) {
                true => Ok(data),
                false => Err(length(request, data.len())),
            }
        }
        // It does not bring as much as it says.
        (true, _, [len, data @ ..]) if data.len() == request.function.data_len(request.count) => {
            Err(length(request, usize::from(*len)))
        }
        (true, _, rest) => Err(length(request, rest.len().saturating_sub(1))),
        (_, true, &[code]) => Err(ResponseError::Exception(Exception::from_code(code))),
        (_, true, rest) => Err(length(request, rest.len())),
        _ => Err(ResponseError::Function { asked, came }),
    }
}

fn length(request: Request, came: usize) -> ResponseError {
    ResponseError::Length { asked: request.function.data_len(request.count), came }
}

impl Default for Answer {
    /// Of nothing.
    fn default() -> Self {
        Self::Registers(Vec::new())
    }
}

impl Answer {
    /// Becomes the answer whose data [`response_data`] has checked. Uses the room it has, so that
    /// one that is filled again and again takes no memory.
    pub fn fill(&mut self, request: Request, data: &[u8]) {
        if request.function.reads_bits() {
            let bits = data.iter().flat_map(|byte| (0..8).map(move |i| byte >> i & 1 == 1));
            let bits = bits.take(usize::from(request.count));
            match self {
                Self::Bits(room) => {
                    room.clear();
                    room.extend(bits);
                }
                Self::Registers(_) => *self = Self::Bits(bits.collect()),
            }
        } else {
            let (pairs, _) = data.as_chunks::<2>();
            let registers = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
            match self {
                Self::Registers(room) => {
                    room.clear();
                    room.extend(registers);
                }
                Self::Bits(_) => *self = Self::Registers(registers.collect()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_specification() {
        let coils = Request::new(Function::ReadCoils, 0x13, 19).unwrap();
        assert_eq!(coils.encode(), [0x01, 0x00, 0x13, 0x00, 0x13]);
        let Ok(Answer::Bits(bits)) = parse_response(coils, &[0x01, 0x03, 0xCD, 0x6B, 0x05]) else {
            panic!("coils 20 to 38")
        };
        let first: Vec<u8> = bits.iter().take(8).map(|b| u8::from(*b)).collect();
        assert_eq!((bits.len(), first), (19, vec![1, 0, 1, 1, 0, 0, 1, 1]));
        assert_eq!(encode_bits(Function::ReadCoils, &bits), [0x01, 0x03, 0xCD, 0x6B, 0x05]);

        let holding = Request::new(Function::ReadHoldingRegisters, 0x6B, 3).unwrap();
        let pdu = [0x03, 0x06, 0x02, 0x2B, 0x00, 0x00, 0x00, 0x64];
        assert_eq!(parse_response(holding, &pdu), Ok(Answer::Registers(vec![0x022B, 0, 0x64])));
        assert_eq!(encode_registers(Function::ReadHoldingRegisters, &[0x022B, 0, 0x64]), pdu);
    }

    #[test]
    fn what_a_server_refuses() {
        let cases: [(&[u8], Exception); 10] = [
            (&[], Exception::IllegalFunction),
            (&[5, 0, 0, 0xFF, 0], Exception::IllegalFunction),
            (&[6, 0, 0, 0, 1], Exception::IllegalFunction),
            (&[16, 0, 0, 0, 1, 2, 0, 0], Exception::IllegalFunction),
            (&[3, 0, 0, 0], Exception::IllegalDataValue),
            (&[3, 0, 0, 0, 1, 0], Exception::IllegalDataValue),
            (&[3, 0, 0, 0, 0], Exception::IllegalDataValue),
            (&[3, 0, 0, 0, 126], Exception::IllegalDataValue),
            (&[1, 0, 0, 0x07, 0xD1], Exception::IllegalDataValue),
            (&[4, 0xFF, 0xFF, 0, 2], Exception::IllegalDataAddress),
        ];
        for (pdu, exception) in cases {
            assert_eq!(parse_request(pdu), Err(exception), "{pdu:02X?}");
        }
        assert!(parse_request(&[4, 0xFF, 0xFF, 0, 1]).is_ok(), "the last register of all");
        assert!(parse_request(&[1, 0, 0, 0x07, 0xD0]).is_ok(), "2000 coils");
    }

    #[test]
    fn what_a_client_refuses() {
        let request = Request::new(Function::ReadHoldingRegisters, 0, 2).unwrap();
        let exception = encode_exception(3, Exception::ServerDeviceBusy);
        let cases: [(&[u8], ResponseError); 9] = [
            (&exception, ResponseError::Exception(Exception::ServerDeviceBusy)),
            (&[], ResponseError::Function { asked: 3, came: 0 }),
            (&[4, 4, 0, 1, 0, 2], ResponseError::Function { asked: 3, came: 4 }),
            (&[0x84, 2], ResponseError::Function { asked: 3, came: 0x84 }),
            (&[3, 2, 0, 1], ResponseError::Length { asked: 4, came: 2 }),
            (&[3, 6, 0, 1, 0, 2, 0, 3], ResponseError::Length { asked: 4, came: 6 }),
            (&[3, 4, 0, 1], ResponseError::Length { asked: 4, came: 2 }),
            (&[3], ResponseError::Length { asked: 4, came: 0 }),
            (&[0x83], ResponseError::Length { asked: 4, came: 0 }),
        ];
        for (pdu, error) in cases {
            assert_eq!(parse_response(request, pdu), Err(error), "{pdu:02X?}");
        }
    }

    fn request() -> impl Strategy<Value = Request> {
        (0..4usize, any::<u16>(), 1..=2000u16).prop_filter_map("within limits", |(f, start, n)| {
            let function = Function::ALL[f];
            Request::new(function, start, n.min(function.count_max())).ok()
        })
    }

    proptest! {
        #[test]
        fn a_request_survives(request in request()) {
            prop_assert_eq!(parse_request(&request.encode()), Ok(request));
        }

        #[test]
        fn an_answer_survives(request in request(), seed in any::<u16>()) {
            let n = usize::from(request.count);
            let numbers = || (0..n).map(|i| seed.wrapping_mul(i as u16 | 1));
            let (pdu, answer) = if request.function.reads_bits() {
                let bits: Vec<bool> = numbers().map(|i| i & 4 == 4).collect();
                (encode_bits(request.function, &bits), Answer::Bits(bits))
            } else {
                let registers: Vec<u16> = numbers().collect();
                (encode_registers(request.function, &registers), Answer::Registers(registers))
            };
            prop_assert!(pdu.len() <= super::super::PDU_MAX);
            prop_assert_eq!(parse_response(request, &pdu), Ok(answer));
        }

        #[test]
        fn any_bytes_are_an_answer_of_the_right_size_or_an_error(
            request in request(), pdu in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let _ = parse_request(&pdu);
            match parse_response(request, &pdu) {
                Ok(Answer::Bits(bits)) => prop_assert_eq!(bits.len(), usize::from(request.count)),
                Ok(Answer::Registers(registers)) => {
                    prop_assert_eq!(registers.len(), usize::from(request.count));
                }
                Err(_) => {}
            }
        }
    }
}
