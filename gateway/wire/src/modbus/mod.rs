//! Modbus, as far as it reads: functions 1 to 4, their answers, and the frames around them.
//!
//! Words: the **client** asks, the **server** answers; a **unit id** names one server behind a
//! shared address. The **PDU** is function code and data, at most [`PDU_MAX`] bytes; [`Mbap`]
//! carries it over TCP, [`rtu`] over a serial line. Addresses count from 0. Limits are those of
//! the Modbus Application Protocol V1.1b3.
//!
//! There is deliberately no word for a writing function here: a [`Function`] can only read, so
//! what is built on this module cannot change a device. A server built on it answers any other
//! function with [`Exception::IllegalFunction`].
//!
//! ```
//! use weir_wire::modbus::{self, Answer, Function, Request};
//!
//! let request = Request::new(Function::ReadInputRegisters, 0, 2)?;
//! let asked = modbus::parse_request(&request.encode())?;
//! let pdu = modbus::encode_registers(asked.function, &[7, 8]);
//! assert_eq!(modbus::parse_response(request, &pdu), Ok(Answer::Registers(vec![7, 8])));
//! # Ok::<(), modbus::Exception>(())
//! ```

mod crc;
mod exception;
mod function;
mod mbap;
mod pdu;
pub mod rtu;

pub use crc::crc16;
pub use exception::Exception;
pub use function::Function;
pub use mbap::{Mbap, MbapError, MbapFrame};
pub use pdu::{
    Answer, Request, ResponseError, encode_bits, encode_exception, encode_registers, parse_request,
    parse_response, response_data,
};

/// Most bytes of a PDU.
pub const PDU_MAX: usize = 253;
/// Most registers of one request.
pub const REGISTERS_MAX: u16 = 125;
/// Most coils or discrete inputs of one request.
pub const BITS_MAX: u16 = 2000;
/// Added to the function code of a refusal.
const REFUSAL: u8 = 0x80;
