//! The sinks against real sockets: a scripted server that answers what it is told, and a real
//! VictoriaMetrics that is killed.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod influx;
mod outbox;
mod reload;
mod scripted;
mod site;
mod trouble;
mod victoria;
mod webhook;
