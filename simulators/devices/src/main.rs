//! `weir-devices`: the instruments of the demonstration site on this machine's sockets, for people
//! who test a gateway of their own.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a command that prints where its instruments are")]

use clap::Parser;
use std::{
    error::Error,
    io::IsTerminal,
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use weir_devices::{
    AbsentUnits, BrokerAddress, Fleet, Options, SharedPlant,
    broker::Broker,
    plant::{Plant, Script, Truth},
};
use weir_domain::{Clock, SiteId, Timestamp};

/// How often the truth log is looked at.
const TRUTH_EVERY: Duration = Duration::from_secs(1);

/// Simulated instruments of a hospital's effluent works, a pool, a hotel's disinfection room and an
/// X-ray room: Modbus TCP, Modbus RTU on a pseudo-terminal, and MQTT.
///
/// Things go wrong as in `weir demo`: an exposure with the door open after 20 s and then every few
/// minutes, a device that falls silent, a pool that runs out of chlorine, a cabinet that does not
/// get hot, a dosing pump that stops. `--calm` leaves all of that out; `--truth` prints what
/// happens, so that you can compare it with what your gateway says.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
struct Arguments {
    /// The site's id, part of the MQTT topics.
    #[arg(long, default_value = "demo")]
    site: SiteId,
    /// Where the effluent works and the pool listen for Modbus TCP.
    #[arg(long, value_name = "ADDRESS", default_value_t = loopback(1502))]
    plant_tcp: SocketAddr,
    /// Where the X-ray room listens for Modbus TCP.
    #[arg(long, value_name = "ADDRESS", default_value_t = loopback(1503))]
    radiology_tcp: SocketAddr,
    /// No serial line (then trc-1, trc-2 and ph-1 cannot be reached).
    #[arg(long)]
    no_serial: bool,
    /// Speed of the serial line in bits per second; 0 answers at once.
    #[arg(long, value_name = "RATE", default_value_t = 9_600)]
    baud: u32,
    /// Where the MQTT broker that comes with this command listens.
    #[arg(long, value_name = "ADDRESS", default_value_t = loopback(1883))]
    broker: SocketAddr,
    /// Publish to this broker instead, and start none.
    #[arg(long, value_name = "HOST:PORT", value_parser = broker_address, conflicts_with = "broker")]
    to_broker: Option<BrokerAddress>,
    /// Seconds between two messages of a cabinet.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    publish_every: u64,
    /// Answer requests to unit ids that are not there with exception 0x0B instead of silence
    /// (Modbus TCP only).
    #[arg(long)]
    refuse_absent_units: bool,
    /// The same number gives the same noise.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Nothing goes wrong.
    #[arg(long)]
    calm: bool,
    /// Print what really happens, a line for each beginning and end.
    #[arg(long)]
    truth: bool,
}

const AFTER_HELP: &str = "\
Instruments (unit ids count per line; register maps are the built-in profiles of `weir`):
  rs485-1        3 trc-1   4 trc-2   5 ph-1            the printed device file, 9600 8N1
  plant-tcp      1 flow-1  2 cod-1  10 pool-1  11 turb-1
  radiology-tcp 20 room-1 21 dose-1
  broker         weir/v1/SITE/cabinet-1/telemetry (JSON), weir/v1/SITE/cabinet-2/telemetry (CBOR)

Try:
  mbpoll -m tcp -p 1502 -a 10 -t 4 -r 1 -c 6 -1 127.0.0.1      the pool's registers
  mosquitto_sub -t 'weir/v1/#' -v                              the cabinets";

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn broker_address(text: &str) -> Result<BrokerAddress, String> {
    let parts = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let (host, port) = parts.ok_or("write HOST:PORT, for example 127.0.0.1:1883")?;
    Ok(BrokerAddress { host: host.to_owned(), port })
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the clock of this binary")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let millis = since.map_or(0, |since| since.as_millis());
        Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| "weir_devices=info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{}", chain(&*error));
            // Exit codes mean what they mean for `weir`: 3 is the environment.
            ExitCode::from(3)
        }
    }
}

/// What went wrong, and why, and why that.
fn chain(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let clock = Arc::new(SystemClock);
    let now = clock.now();
    let script = if arguments.calm { Script::quiet() } else { Script::live(now) };
    let plant = SharedPlant::new(Plant::scripted(arguments.seed, now, script), clock);

    let mut own_broker = None;
    let broker = match arguments.to_broker {
        Some(other) => other,
        None => {
            let address = own_broker.insert(Broker::start(arguments.broker).await?).address();
            BrokerAddress { host: address.ip().to_string(), port: address.port() }
        }
    };
    let options = Options {
        plant_tcp: arguments.plant_tcp,
        radiology_tcp: arguments.radiology_tcp,
        serial: !arguments.no_serial,
        baud: (arguments.baud > 0).then_some(arguments.baud),
        broker: Some(broker.clone()),
        publish_every: Duration::from_secs(arguments.publish_every),
        absent: match arguments.refuse_absent_units {
            true => AbsentUnits::Refused,
            false => AbsentUnits::Silent,
        },
        ..Options::new(arguments.site)
    };
    let fleet = Fleet::start(plant, options).await?;
    announce(&fleet, &broker);
    if arguments.truth {
        tokio::select! {
            stopped = tokio::signal::ctrl_c() => stopped?,
            () = tell_the_truth(fleet.plant()) => {}
        }
    } else {
        tokio::signal::ctrl_c().await?;
    }
    fleet.stop().await;
    if let Some(broker) = own_broker {
        broker.stop().await;
    }
    Ok(())
}

fn announce(fleet: &Fleet, broker: &BrokerAddress) {
    let addresses = fleet.addresses();
    match &addresses.serial {
        Some(path) => println!("rs485-1        {}", path.display()),
        None => println!("rs485-1        (none)"),
    }
    println!("plant-tcp      {}", addresses.plant_tcp);
    println!("radiology-tcp  {}", addresses.radiology_tcp);
    println!("broker         {}:{}", broker.host, broker.port);
    println!("Ctrl-C stops; --help says which instrument is where.");
}

/// Prints every disturbance when it begins and when it is over.
async fn tell_the_truth(plant: &SharedPlant) {
    let mut told: Vec<Truth> = Vec::new();
    loop {
        let truths = plant.truth();
        for (nth, truth) in truths.iter().enumerate() {
            match told.get(nth) {
                None => println!("{}  begins  {}", truth.from, truth.kind),
                Some(before) if truth.over && !before.over => {
                    println!("{}  over    {}", truth.to, truth.kind);
                }
                Some(_) => {}
            }
        }
        told = truths;
        tokio::time::sleep(TRUTH_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
        let parsed = Arguments::try_parse_from(["x", "--to-broker", "host:18830"]).unwrap();
        let expected = BrokerAddress { host: "host".into(), port: 18_830 };
        assert_eq!(parsed.to_broker, Some(expected));
        for wrong in [["--to-broker", "host"], ["--site", "Not An Id"], ["--publish-every", "0"]] {
            assert!(Arguments::try_parse_from([&["x"], &wrong[..]].concat()).is_err(), "{wrong:?}");
        }
    }
}
