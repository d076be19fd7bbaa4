//! All instruments of the demonstration site at work.

use crate::{
    Attachment, Instruments, Knobs, Line, SharedPlant,
    knobs::Panel,
    modbus::{rtu::SerialLine, tcp},
    mqtt::Publisher,
    station::Station,
};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::TcpListener,
    time::{MissedTickBehavior, interval},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use weir_domain::SiteId;
use weir_plant::Device;

/// How often a plant that nobody looks at is let go on.
const TICK: Duration = Duration::from_secs(1);

/// What becomes of a request to a unit id that is not there. On the serial line it is always
/// silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AbsentUnits {
    /// Nothing comes back.
    #[default]
    Silent,
    /// Exception 0x0B, as a gateway to a serial line answers.
    Refused,
}

/// Where the broker is that the cabinets publish to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerAddress {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// How a fleet is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// The site's id, part of every topic.
    pub site: SiteId,
    /// Where `plant-tcp` listens; port 0 takes any free one.
    pub plant_tcp: SocketAddr,
    /// Where `radiology-tcp` listens; port 0 takes any free one.
    pub radiology_tcp: SocketAddr,
    /// Whether there is a serial line.
    pub serial: bool,
    /// How fast it is; without a rate, answers come at once.
    pub baud: Option<u32>,
    /// The broker; without one the cabinets are silent.
    pub broker: Option<BrokerAddress>,
    /// How often a cabinet publishes.
    pub publish_every: Duration,
    /// What becomes of requests to unit ids that are not there.
    pub absent: AbsentUnits,
}

impl Options {
    /// Everything on free ports of the loopback address, 9600 baud, no broker, a message every
    /// 10 s.
    pub fn new(site: SiteId) -> Self {
        let anywhere = (Ipv4Addr::LOCALHOST, 0).into();
        Self {
            site,
            plant_tcp: anywhere,
            radiology_tcp: anywhere,
            serial: true,
            baud: Some(9_600),
            broker: None,
            publish_every: Duration::from_secs(10),
            absent: AbsentUnits::Silent,
        }
    }
}

/// Where the lines of a fleet are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// `plant-tcp`.
    pub plant_tcp: SocketAddr,
    /// `radiology-tcp`.
    pub radiology_tcp: SocketAddr,
    /// `rs485-1`, a device file.
    pub serial: Option<PathBuf>,
}

/// Why a fleet does not start.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// An address cannot be listened on.
    #[error("could not listen on {address} for Modbus")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// There is no pseudo-terminal to be had.
    #[error("could not open a pseudo-terminal for the serial line")]
    Serial(#[source] io::Error),
}

/// A running fleet. Dropping it stops it.
pub struct Fleet {
    addresses: Addresses,
    plant: SharedPlant,
    panel: Panel,
    close: CancellationToken,
    tasks: TaskTracker,
}

impl Fleet {
    /// Starts all instruments. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When an address is taken, or the system has no pseudo-terminal.
    pub async fn start(plant: SharedPlant, options: Options) -> Result<Self, FleetError> {
        let (plant_tcp, plant_listener) = listen(options.plant_tcp).await?;
        let (radiology_tcp, radiology_listener) = listen(options.radiology_tcp).await?;
        let line = options.serial.then(SerialLine::open).transpose().map_err(FleetError::Serial)?;
        let serial = line.as_ref().map(|line| line.path().clone());
        let fleet = Self {
            addresses: Addresses { plant_tcp, radiology_tcp, serial },
            plant,
            panel: Panel::default(),
            close: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        fleet.serve_tcp(Line::PlantTcp, plant_listener, options.absent);
        fleet.serve_tcp(Line::RadiologyTcp, radiology_listener, options.absent);
        if let Some(line) = line {
            fleet.serve_serial(line, options.baud);
        }
        fleet.publish(&options);
        fleet.tick();
        Ok(fleet)
    }

    /// Where its lines are.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The plant it shows.
    pub fn plant(&self) -> &SharedPlant {
        &self.plant
    }

    /// How a device misbehaves just now.
    pub fn knobs(&self, device: Device) -> Knobs {
        self.panel.get(device)
    }

    /// Makes a device misbehave, or behave again.
    pub fn turn(&self, device: Device, knobs: Knobs) {
        self.panel.set(device, knobs);
    }

    /// Closes every port and connection, and waits for it.
    pub async fn stop(self) {
        self.close.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn station(&self, line: Line, absent: AbsentUnits) -> Station {
        Station::new(line, self.plant.clone(), self.panel.clone(), absent)
    }

    fn serve_tcp(&self, line: Line, listener: TcpListener, absent: AbsentUnits) {
        let station = Arc::new(self.station(line, absent));
        self.tasks.spawn(tcp::serve(listener, station, self.tasks.clone(), self.close.clone()));
    }

    fn serve_serial(&self, line: SerialLine, baud: Option<u32>) {
        let station = self.station(Line::Serial, AbsentUnits::Silent);
        let close = self.close.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = close.cancelled() => {}
                end = line.serve(&station, baud) => {
                    if let Err(error) = end {
                        tracing::warn!(%error, "the simulated serial line is broken");
                    }
                }
            }
        });
    }

    fn publish(&self, options: &Options) {
        let Some(broker) = &options.broker else { return };
        for instrument in Instruments::demo().iter() {
            if let Attachment::Mqtt { format } = instrument.attachment() {
                let publisher = Publisher {
                    instrument: instrument.clone(),
                    format,
                    site: options.site.clone(),
                    every: options.publish_every,
                    plant: self.plant.clone(),
                    panel: self.panel.clone(),
                };
                publisher.start(&broker.host, broker.port, &self.tasks, self.close.clone());
            }
        }
    }

    /// A plant that is looked at seldom should not have much to catch up with.
    fn tick(&self) {
        let (plant, close) = (self.plant.clone(), self.close.clone());
        self.tasks.spawn(async move {
            let mut ticks = interval(TICK);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            loop {
                tokio::select! {
                    () = close.cancelled() => return,
                    _ = ticks.tick() => plant.look(|_| ()),
                }
            }
        });
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.close.cancel();
    }
}

async fn listen(address: SocketAddr) -> Result<(SocketAddr, TcpListener), FleetError> {
    let fault = |source| FleetError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(fault)?;
    Ok((listener.local_addr().map_err(fault)?, listener))
}
