//! Modbus TCP through `tokio-modbus`, of which one call is used, and every answer checked.
//!
//! The client has no timeouts, takes whatever frame comes first for the answer, and does not look
//! at lengths. So: our own timeout around every call; after a timeout, a mismatch or anything else
//! that is not a clean answer or refusal the connection is dropped, and a late answer with it; unit
//! and transaction id are compared by the client, function, count and length here.

use super::{
    bus::{Exchange, Line},
    counted::{Count, Counted},
};
use crate::Failure;
use core::time::Duration;
use std::io;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_modbus::{
    Error, Request as Call, Response, Slave,
    client::{Client, Context, tcp},
    prelude::SlaveContext,
};
use weir_wire::modbus::{Answer, Exception, Function, Request};

/// Bytes of an answer around its data: header of 7, function, byte count.
const AROUND_DATA: usize = 9;
/// Bytes of a refusal: header of 7, function, code.
const REFUSAL: usize = 9;

/// A connection to a Modbus TCP server.
pub(super) struct TcpBus {
    host: String,
    port: u16,
    timeout: Duration,
    connection: Option<Connection>,
    line: Line,
}

struct Connection {
    client: Context,
    count: Count,
}

impl TcpBus {
    pub(super) fn new(host: String, port: u16, timeout: Duration) -> Self {
        Self { host, port, timeout, connection: None, line: Line::new() }
    }

    pub(super) fn line(&self) -> &Line {
        &self.line
    }

    pub(super) async fn exchange(&mut self, unit: u8, asked: Request) -> Result<Exchange, Failure> {
        let reused = self.connection.is_some();
        match self.try_exchange(unit, asked).await {
            // Servers close connections that were idle for a while. That says nothing of the
            // unit, and asking again does no harm.
            Err(Failure::Closed { .. }) if reused => self.try_exchange(unit, asked).await,
            result => result,
        }
    }

    async fn try_exchange(&mut self, unit: u8, asked: Request) -> Result<Exchange, Failure> {
        // Taken out, and put back only if it is clean: no path keeps a doubtful connection.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        connection.client.set_slave(Slave(unit));
        connection.count.take();
        let started = Instant::now();
        let result = timeout(self.timeout, connection.client.call(call(asked))).await;
        let round_trip = started.elapsed();
        let came = connection.count.take();
        let invalid = |what: String| Failure::Invalid { unit, what };
        match result {
            Err(_) => Err(Failure::Timeout { unit, timeout: self.timeout }),
            Ok(Err(Error::Protocol(error))) => Err(invalid(error.to_string())),
            Ok(Err(Error::Transport(error))) => Err(transport_failure(unit, &error)),
            Ok(Ok(Err(code))) => {
                exactly(REFUSAL, came).map_err(invalid)?;
                self.connection = Some(connection);
                Err(Failure::Exception { unit, exception: Exception::from_code(code.into()) })
            }
            Ok(Ok(Ok(response))) => {
                let answer = checked(asked, response).map_err(invalid)?;
                exactly(AROUND_DATA + data_len(asked), came).map_err(invalid)?;
                self.connection = Some(connection);
                Ok(Exchange { answer, round_trip })
            }
        }
    }

    async fn connect(&mut self) -> Result<Connection, Failure> {
        self.line.check(Instant::now())?;
        let address = (self.host.as_str(), self.port);
        let result = match timeout(self.timeout, TcpStream::connect(address)).await {
            Ok(result) => result.and_then(|stream| stream.set_nodelay(true).map(|()| stream)),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("no connection within {} ms", self.timeout.as_millis()),
            )),
        };
        match result {
            Ok(stream) => {
                self.line.up();
                let count = Count::default();
                let client = tcp::attach(Counted { stream, count: count.clone() });
                Ok(Connection { client, count })
            }
            Err(error) => Err(self.line.down(
                Instant::now(),
                format!("could not connect to {}:{}: {error}", self.host, self.port),
            )),
        }
    }
}

/// The one place where a request for the wire is made. A function of ours can only read.
fn call(Request { function, start, count }: Request) -> Call<'static> {
    match function {
        Function::ReadCoils => Call::ReadCoils(start, count),
        Function::ReadDiscreteInputs => Call::ReadDiscreteInputs(start, count),
        Function::ReadHoldingRegisters => Call::ReadHoldingRegisters(start, count),
        Function::ReadInputRegisters => Call::ReadInputRegisters(start, count),
    }
}

/// An error of the socket, or of the client reading what came through it.
fn transport_failure(unit: u8, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            Failure::Invalid { unit, what: error.to_string() }
        }
        // The client reports an orderly close as the last error of the system, which is any.
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            Failure::Closed { unit, what: error.to_string() }
        }
        _ => Failure::Closed { unit, what: "end of stream".into() },
    }
}

fn exactly(expected: usize, came: usize) -> Result<(), String> {
    if expected == came { Ok(()) } else { Err(format!("{came} bytes where {expected} belong")) }
}

fn data_len(asked: Request) -> usize {
    let count = usize::from(asked.count);
    if asked.function.reads_bits() { count.div_ceil(8) } else { 2 * count }
}

/// The answer, if it is one to the question.
fn checked(asked: Request, response: Response) -> Result<Answer, String> {
    let count = usize::from(asked.count);
    match (asked.function, response) {
        (Function::ReadCoils, Response::ReadCoils(mut bits))
        | (Function::ReadDiscreteInputs, Response::ReadDiscreteInputs(mut bits)) => {
            // The client unpacks whole bytes.
            if bits.len() != count.next_multiple_of(8) {
                return Err(format!("{} bits where {count} were asked for", bits.len()));
            }
            bits.truncate(count);
            Ok(Answer::Bits(bits))
        }
        (Function::ReadHoldingRegisters, Response::ReadHoldingRegisters(registers))
        | (Function::ReadInputRegisters, Response::ReadInputRegisters(registers)) => {
            if registers.len() != count {
                return Err(format!("{} registers where {count} were asked for", registers.len()));
            }
            Ok(Answer::Registers(registers))
        }
        (function, response) => {
            let came = response.function_code().value();
            Err(format!("answer to function {came} where {} was asked", function.code()))
        }
    }
}
