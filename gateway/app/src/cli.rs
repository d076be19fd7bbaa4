//! The command line.

use crate::bridge::Target;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{net::SocketAddr, path::PathBuf};

/// Watches disinfection and radiation safety in institutional facilities.
///
/// Reads instruments over Modbus and MQTT, keeps every reading, judges it against the law that
/// applies, raises alarms, and shows it all in a browser.
#[derive(Debug, Parser)]
#[command(
    name = "weir",
    version,
    after_help = "Start with `weir demo`, then look at the site file it wrote.\n\nExit codes: 0 done, 1 found a problem, 2 wrong usage or configuration, 3 environment (port taken, disk full)."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) log: Log,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a simulated site and the gateway that watches it
    #[cfg(feature = "demo")]
    Demo(Demo),
    /// Run the gateway of a site
    Run(Run),
    /// Read the instruments of a site and publish every scan over MQTT, and nothing else
    #[command(after_help = BRIDGE_HELP)]
    Bridge(Bridge),
    /// Check a site file and print every fault with its line
    Check(Check),
    /// Judge readings offline and print verdicts and alarms as JSON Lines
    #[command(after_help = REPLAY_HELP)]
    Replay(Replay),
    /// List or test rule packs
    Packs(Packs),
    /// Read one device once and show what it said
    Read(Read),
}

const BRIDGE_HELP: &str = "\
Each scan of a device becomes one message on PREFIX/DEVICE:

  weir bridge site.toml --to mqtt://192.168.1.5:1883/plant
  plant/trc-1 {\"boot\":1795341600000,\"seq\":12,\"t\":1795341723000,\"points\":{\"ph\":7.21,\"chlorine\":{\"value\":null,\"quality\":\"bad:timeout\"}}}

A good value stands alone; any other says its quality, and a bad one is null. `seq` counts the
messages of a device since the start `boot`, so that a hole is seen; `t` is in ms since 1970 UTC.

Nothing is stored and nothing is judged: what the broker does not take waits in memory, and beyond
--queue-mib the oldest scans are dropped, counted and told. To keep every reading, use `weir run`.

Of the site file, areas, packs and sinks have no effect here. Exit code 1: scans were dropped.";

const REPLAY_HELP: &str = "\
The CSV file has the columns time,point,value,quality and optionally received, with a header line.
Rows stand in their order of arrival; times are RFC 3339; quality is empty (good), uncertain, bad,
or carries a reason such as bad:calibration.

  time,point,value,quality
  2026-03-02T08:00:00+08:00,trc-1.total_residual_chlorine,4.2,
  2026-03-02T08:00:05+08:00,trc-1.total_residual_chlorine,,bad:comm_failure

The same input always prints the same bytes.";

#[cfg(feature = "demo")]
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Folder for the generated site file and data
    #[arg(long, default_value = "weir-demo")]
    pub(crate) dir: PathBuf,
    /// Address of the console
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Open the console in the browser
    #[arg(long)]
    pub(crate) open: bool,
    /// Throw the data of an earlier demo away first
    #[arg(long)]
    pub(crate) fresh: bool,
    /// How many days of history to begin with
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(0..=60))]
    pub(crate) days: u32,
    /// Seed of the simulation; the same seed gives the same history
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The site file
    pub(crate) site: PathBuf,
    /// Folder for the data [default: `data` beside the site file]
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// Address of the console, instead of the site file's
    #[arg(long)]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct Bridge {
    /// The site file
    pub(crate) site: PathBuf,
    /// The broker and the beginning of all topics, mqtt://host:port/topic/prefix
    #[arg(long, value_name = "URL")]
    pub(crate) to: Target,
    /// 0: at most once; 1: kept until the broker has acknowledged it
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=1))]
    pub(crate) qos: u8,
    /// Let the broker keep the last scan of each device for those who come later
    #[arg(long)]
    pub(crate) retain: bool,
    /// What the bridge calls itself; no two clients of a broker may have the same
    #[arg(long, default_value = "weir-bridge", value_name = "ID")]
    pub(crate) client_id: String,
    /// Who it logs in as
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// A file with the user's password
    #[arg(long, value_name = "FILE", requires = "user")]
    pub(crate) password_file: Option<PathBuf>,
    /// Memory for scans that wait for the broker, in MiB
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024), value_name = "MIB")]
    pub(crate) queue_mib: u16,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The site file
    pub(crate) site: PathBuf,
    /// Print the faults as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[group(id = "source", required = true, multiple = false)]
pub(crate) struct ReplaySource {
    /// A CSV file of samples, `-` for standard input
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) samples: Option<PathBuf>,
    /// The data folder of a gateway that is not running
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The site file
    pub(crate) site: PathBuf,
    #[command(flatten)]
    pub(crate) source: ReplaySource,
}

#[derive(Debug, Args)]
pub(crate) struct Packs {
    #[command(subcommand)]
    pub(crate) command: PacksCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PacksCommand {
    /// List the packs with their requirements
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Run the test cases inside the packs
    Test {
        /// Test these pack files instead of those built in
        files: Vec<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Read {
    /// The site file
    pub(crate) site: PathBuf,
    /// The device's id
    pub(crate) device: String,
    /// Show the raw registers under every word order
    #[arg(long)]
    pub(crate) explain: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How to log. Messages go to standard error, data to standard output.
#[derive(Debug, Args)]
pub(crate) struct Log {
    /// What to log, e.g. `info` or `weir_acquisition=debug`
    #[arg(long, global = true, env = "WEIR_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
    /// How to write it
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

impl Log {
    pub(crate) fn start(&self) {
        use std::io::IsTerminal as _;
        let filter = tracing_subscriber::EnvFilter::new(&self.log);
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        match self.log_format {
            LogFormat::Text => {
                log.with_ansi(std::io::stderr().is_terminal()).with_target(false).init()
            }
            LogFormat::Json => log.json().init(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }
}
