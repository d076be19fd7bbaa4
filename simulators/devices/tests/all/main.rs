//! The fleet and the broker, met as a stranger meets them: through sockets, device files and other
//! people's programs.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test that fails says so")]

mod broker;
mod cabinets;
mod foreign;
mod modbus;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use weir_devices::{
    Fleet, Options, SharedPlant,
    plant::{Plant, Script},
};
use weir_domain::{Clock, Timestamp};

/// A clock that goes when it is told to.
struct HandClock(AtomicI64);

impl HandClock {
    fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(start().as_millis())))
    }

    fn go_on(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).expect("not that long");
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Sunday, ten in the morning at the site.
fn start() -> Timestamp {
    "2026-11-22T10:00:00+08:00".parse().expect("a moment")
}

fn options() -> Options {
    Options { baud: None, ..Options::new("demo".parse().expect("an id")) }
}

async fn fleet(script: Script, options: Options) -> (Fleet, Arc<HandClock>) {
    let clock = HandClock::new();
    let plant = SharedPlant::new(Plant::scripted(1, start(), script), clock.clone());
    (Fleet::start(plant, options).await.expect("free ports and a pseudo-terminal"), clock)
}

/// Whether a foreign program is here; says loudly that a test is skipped if not.
fn is_here(program: &str) -> bool {
    let found = std::process::Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("\n!!! SKIPPED: {program} is not installed, its tests prove nothing here !!!\n");
    }
    found
}
