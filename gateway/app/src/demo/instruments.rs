//! The demo's instruments: where their lines end, and their running.

use crate::{cli, exit::Failure};
use anyhow::Context as _;
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};
use tokio::net::TcpListener;
use weir_devices::{BrokerAddress, Fleet, Options, SharedPlant, broker::Broker};

/// Ports that the demo takes if they are free, so that its site file stays good from one start to
/// the next.
const PLANT_PORT: u16 = 15_020;
const RADIOLOGY_PORT: u16 = 15_021;
const BROKER_PORT: u16 = 11_883;

/// The ends of the lines, before anything runs.
pub(super) struct Lines {
    plant: SocketAddr,
    radiology: SocketAddr,
    broker: SocketAddr,
    /// A name for the serial line that stays the same, unlike that of the pseudo-terminal.
    serial: PathBuf,
}

impl Lines {
    /// Chooses ports that are free.
    pub(super) async fn reserve(dir: &Path) -> Result<Self, Failure> {
        let dir = fs::canonicalize(dir)?;
        Ok(Self {
            plant: free(PLANT_PORT).await?,
            radiology: free(RADIOLOGY_PORT).await?,
            broker: free(BROKER_PORT).await?,
            serial: dir.join("rs485-1"),
        })
    }

    /// Writes the site file that fits the lines.
    pub(super) fn write_site(&self, file: &Path, options: &cli::Demo) -> Result<(), Failure> {
        let text = include_str!("site.toml")
            .replace("{file}", &file.display().to_string())
            .replace("{listen}", &options.listen.to_string())
            .replace("{serial}", &self.serial.display().to_string())
            .replace("{plant_port}", &self.plant.port().to_string())
            .replace("{radiology_port}", &self.radiology.port().to_string())
            .replace("{broker_port}", &self.broker.port().to_string());
        fs::write(file, text).with_context(|| format!("could not write {}", file.display()))?;
        Ok(())
    }
}

/// The preferred port, or any other where another program has it.
async fn free(port: u16) -> Result<SocketAddr, Failure> {
    for port in [port, 0] {
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            return Ok(listener.local_addr()?);
        }
    }
    Err(Failure::environment(anyhow::anyhow!("there is no free port on this machine")))
}

/// The instruments at work.
pub(super) struct Instruments {
    fleet: Fleet,
    broker: Broker,
    serial: PathBuf,
}

impl Instruments {
    /// Starts the broker and all instruments.
    pub(super) async fn start(plant: SharedPlant, lines: Lines) -> Result<Self, Failure> {
        let broker = Broker::start(lines.broker).await?;
        let mut options = Options::new("demo".parse().expect("an id"));
        options.plant_tcp = lines.plant;
        options.radiology_tcp = lines.radiology;
        let address = broker.address();
        options.broker =
            Some(BrokerAddress { host: address.ip().to_string(), port: address.port() });
        let fleet = Fleet::start(plant, options).await?;
        if let Some(terminal) = &fleet.addresses().serial {
            link(terminal, &lines.serial)?;
        }
        Ok(Self { fleet, broker, serial: lines.serial })
    }

    /// The lines in words.
    pub(super) fn lines(&self) -> Vec<String> {
        let addresses = self.fleet.addresses();
        let terminal =
            addresses.serial.as_ref().map_or_else(String::new, |path| path.display().to_string());
        vec![
            format!("instruments  Modbus TCP {} (units 1, 2, 10, 11)", addresses.plant_tcp),
            format!("             Modbus TCP {} (units 20, 21)", addresses.radiology_tcp),
            format!(
                "             Modbus RTU {} -> {terminal} (units 3, 4, 5)",
                self.serial.display()
            ),
            format!(
                "             MQTT broker {} (two disinfection cabinets)",
                self.broker.address()
            ),
        ]
    }

    pub(super) async fn stop(self) {
        self.fleet.stop().await;
        self.broker.stop().await;
        // The name without a terminal behind it would only confuse.
        let _ = fs::remove_file(&self.serial);
    }
}

/// Gives the terminal its lasting name.
fn link(terminal: &Path, name: &Path) -> Result<(), Failure> {
    if name.is_symlink() {
        fs::remove_file(name)?;
    }
    symlink(terminal, name)
        .with_context(|| format!("could not create the link {}", name.display()))?;
    Ok(())
}
