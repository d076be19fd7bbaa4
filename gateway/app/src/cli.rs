//! The command line.

use crate::bridge::Target;
use crate::scan::Units;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{net::SocketAddr, path::PathBuf};
use tracing_subscriber::{
    filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

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
    /// Predict what each link will have to carry, and how long the disk lasts
    #[command(after_help = PLAN_HELP)]
    Plan(Plan),
    /// Judge readings offline and print verdicts and alarms as JSON Lines
    #[command(after_help = REPLAY_HELP)]
    Replay(Replay),
    /// List or test rule packs
    Packs(Packs),
    /// Read one device once and show what it said
    #[command(after_help = READ_HELP)]
    Read(Read),
    /// Find what is on a serial line or behind an address, without a site file
    #[command(after_help = SCAN_HELP)]
    Scan(Scan),
}

const PLAN_HELP: &str = "\
Nothing is asked: the plan is made of the site file, the profiles and the speed of the lines.

  weir plan site.toml            requests, bytes and time for each device, and how busy each link is
  weir plan site.toml --json     the same for programs

Exit code 1 means that a link is asked for more than it has time for.";

const READ_HELP: &str = "\
The device is asked as the gateway would ask it, so stop the gateway first if they share a serial line.

  weir read site.toml trc-1              values with their quality
  weir read site.toml trc-1 --explain    requests and answers byte by byte, every word order side by side

Exit code 1 means that something could not be read, or is not good.";

const SCAN_HELP: &str = "\
Only reads (functions 1 to 4), one value of each unit. A refusal proves a unit too; silence proves nothing.
Line settings are tried for units 1-16 first, and then the one that gave clean answers for the rest.

  weir scan --serial /dev/ttyUSB0                         all usual settings, all units
  weir scan --serial /dev/ttyUSB0 --baud 9600 --parity none --units 1-32
  weir scan --tcp 192.168.1.20                            Modbus TCP, port 502
  weir scan --tcp 192.168.1.30:4001 --rtu                 serial frames through a converter
  weir scan --tcp 192.168.1.20 --units 3 --profiles       which model may unit 3 be?

Nothing else may talk on the line meanwhile: stop the gateway. Ctrl-C prints what was found so far.
Exit code 1 means that nothing was found.";
const BRIDGE_HELP: &str = "\
Each scan of a device becomes one message on PREFIX/DEVICE:

  weir bridge site.toml --to mqtt://192.168.1.5:1883/plant
  plant/trc-1 {\"boot\":1795341600000,\"seq\":12,\"t\":1795341723000,\"points\":{\"ph\":7.21,\"chlorine\":{\"value\":null,\"quality\":\"bad:timeout\"}}}

A good value stands alone; any other says its quality, and a bad one is null. `seq` counts the
messages of a device since the start `boot`, so that a hole is seen; `t` is in ms since 1970 UTC.

Nothing is stored and nothing is judged: what the broker does not take waits in memory, and beyond
--queue-mib the oldest scans are dropped, counted and told. To keep every reading, use `weir run`.

Of the site file, areas, packs and sinks have no effect here. Exit code 1: scans were dropped.";

const REPLAY_HELP: &str = r#"The CSV file has the columns time,point,value,quality and optionally received, with a header line.
Rows stand in their order of arrival; times are RFC 3339; quality is empty (good), uncertain, bad,
or carries a reason such as bad:calibration.

  time,point,value,quality
  2026-03-02T08:00:00+08:00,trc-1.total_residual_chlorine,4.2,
  2026-03-02T08:00:05+08:00,trc-1.total_residual_chlorine,,bad:comm_failure

Marks of readings are known from the start, so every verdict is printed once, as it must be. Those of
a data folder are in it; others stand in a file (--acts), a line each:

  {"at": "2026-03-02T10:00:00Z", "act": "mark", "points": ["trc-1.total_residual_chlorine"],
   "from": "2026-03-02T08:00:00Z", "to": "2026-03-02T09:00:00Z", "reason": "calibration",
   "by": {"name": "Wang", "role": "operator"}, "comment": "two-point", "evidence": ["sheet 4"]}

  weir replay site.toml --journal data --from 2026-03-02 --to 2026-03-03    one day, local time
  weir replay site.toml --journal data --pack stricter.toml                 what if

The same input always prints the same bytes. How far it has come is told on standard error."#;

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
pub(crate) struct Plan {
    /// The site file
    pub(crate) site: PathBuf,
    /// Folder for the data, whose disk is looked at [default: `data` beside the site file]
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// Print JSON
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
    /// Tell of the time from here on; RFC 3339, or the site's local time
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// And up to here
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// What if this pack applied: in place of the one of its name, or beside the others
    #[arg(long = "pack", value_name = "FILE.toml")]
    pub(crate) packs: Vec<PathBuf>,
    /// What people did, one act a line in JSON
    #[arg(long, value_name = "FILE.jsonl")]
    pub(crate) acts: Vec<PathBuf>,
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
        /// A site file: list the packs beside it as well
        #[arg(long)]
        site: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Run the test cases inside the packs
    Test {
        /// Test these pack files instead of those built in
        files: Vec<PathBuf>,
    },
    /// Make a pair of keys: the private one is written to a file, the public one printed
    Keygen {
        /// Where the private key is written; the file must not exist
        file: PathBuf,
    },
    /// Sign a pack: writes FILE.sig beside it
    Sign {
        /// The private key
        #[arg(long)]
        key: PathBuf,
        /// The pack
        file: PathBuf,
    },
    /// Say who signed a pack; exit code 1 if nobody did, or if the text was changed afterwards
    Verify {
        /// The pack
        file: PathBuf,
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

#[derive(Debug, Args)]
#[group(id = "where", required = true, multiple = false)]
pub(crate) struct ScanAt {
    /// A serial line
    #[arg(long, value_name = "PORT")]
    pub(crate) serial: Option<String>,
    /// A Modbus server or converter
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) tcp: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Scan {
    #[command(flatten)]
    pub(crate) at: ScanAt,
    /// Serial frames through TCP, instead of Modbus TCP
    #[arg(long, requires = "tcp")]
    pub(crate) rtu: bool,
    /// Baud rates to try, in this order
    #[arg(long, value_delimiter = ',', default_values_t = [9600, 19200, 38400, 115200, 57600, 4800, 2400, 1200], value_parser = clap::value_parser!(u32).range(300..=921_600))]
    pub(crate) baud: Vec<u32>,
    /// Parities to try, in this order
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [ScanParity::None, ScanParity::Even, ScanParity::Odd])]
    pub(crate) parity: Vec<ScanParity>,
    /// Unit ids, such as 1-32 or 1,3,10-20 [default: 1-247; on TCP also 255 and 0]
    #[arg(long)]
    pub(crate) units: Option<Units>,
    /// The table that is asked for
    #[arg(long, value_enum, default_value_t = Table::Holding)]
    pub(crate) table: Table,
    /// The address in it, counted from 0
    #[arg(long, default_value_t = 0)]
    pub(crate) address: u16,
    /// How long an answer may take [default: 300 on a serial line, 1000 on TCP]
    #[arg(long, value_parser = clap::value_parser!(u64).range(10..=60_000))]
    pub(crate) timeout_ms: Option<u64>,
    /// Try every line setting and unit, even after one has answered
    #[arg(long)]
    pub(crate) all: bool,
    /// Try which models of the library fit each unit
    #[arg(long)]
    pub(crate) profiles: bool,
    /// Folder whose `profiles` are tried too
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) library: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScanParity {
    None,
    Even,
    Odd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Table {
    Coil,
    Discrete,
    Holding,
    Input,
}

/// How to log. Messages go to standard error, data to standard output.
#[derive(Debug, Args)]
pub(crate) struct Log {
    /// What to log, e.g. `info` or `weir_acquisition=debug`
    #[arg(long, global = true, env = "WEIR_LOG", default_value = "info", value_name = "FILTER")]
    log: Targets,
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
        let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let registry = tracing_subscriber::registry().with(self.log.clone());
        match self.log_format {
            LogFormat::Text => {
                let log = log.with_ansi(std::io::stderr().is_terminal()).with_target(false);
                registry.with(log).init();
            }
            LogFormat::Json => registry.with(log.json()).init(),
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
