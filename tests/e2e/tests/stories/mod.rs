//! One module a story.

mod cli;
mod console;
mod crash;
mod database;
mod demo;
mod docs;
mod faults;
mod interop;
mod modbus;
mod mqtt;
mod reload;
mod replay;
mod scan;
mod sites;
mod transports;
mod webhook;
