//! One module a story.

mod alarms;
mod cli;
mod console;
mod crash;
mod database;
mod demo;
mod docs;
mod faults;
mod interop;
mod marks;
mod messages;
mod modbus;
mod mqtt;
mod rejudging;
mod reload;
mod replay;
mod scan;
mod sites;
mod soak;
mod transports;
mod vectors;
mod webhook;
