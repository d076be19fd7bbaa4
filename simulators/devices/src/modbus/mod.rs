//! Modbus servers: over TCP, and over one end of a pseudo-terminal.

pub(crate) mod rtu;
pub(crate) mod tcp;
