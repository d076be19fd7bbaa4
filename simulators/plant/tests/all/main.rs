//! What the plant promises: an ordinary state within every limit, incidents that do what they are
//! called, and signals that depend on nothing but seed, start and script.

mod exam;
mod facility;
mod incidents;
mod ordinary;
mod time;

use std::time::Duration;
use weir_domain::Timestamp;
use weir_plant::{Measured, Plant, Signal};

/// Sunday, ten in the morning at the site.
fn sunday() -> Timestamp {
    "2026-11-22T10:00:00+08:00".parse().expect("a moment")
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

fn number(plant: &Plant, signal: Signal) -> f64 {
    match plant.measure(signal) {
        Measured::Number(number) => number,
        Measured::Switch(_) => panic!("{signal:?} is a switch"),
    }
}

fn is_on(plant: &Plant, signal: Signal) -> bool {
    plant.measure(signal).is_on()
}

/// Every signal at every step of a span.
fn watch(plant: &mut Plant, span: Duration, step: Duration, mut see: impl FnMut(&Plant)) {
    let end = plant.now() + span;
    while plant.now() < end {
        plant.advance(plant.now() + step);
        see(plant);
    }
}
