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
mod replay;
mod sites;
mod transports;
mod webhook;
