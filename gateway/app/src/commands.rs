//! Which command is which.

use crate::{
    bridge, check, cli,
    exit::{Exit, Failure},
    gateway, packs, plan, read, replay, scan,
};

pub(crate) fn run(command: cli::Command) -> Result<Exit, Failure> {
    match command {
        #[cfg(feature = "demo")]
        cli::Command::Demo(options) => runtime()?.block_on(crate::demo::run(options)),
        cli::Command::Run(options) => runtime()?.block_on(gateway::run(options)),
        cli::Command::Bridge(options) => single_thread()?.block_on(bridge::run(options)),
        cli::Command::Check(options) => check::run(&options),
        cli::Command::Plan(options) => plan::run(&options),
        cli::Command::Replay(options) => replay::run(&options),
        cli::Command::Packs(options) => packs::run(options.command),
        cli::Command::Read(options) => runtime()?.block_on(read::run(&options)),
        cli::Command::Scan(options) => runtime()?.block_on(scan::run(&options)),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

fn single_thread() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}
