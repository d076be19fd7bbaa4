//! What the tests of the links share: a clock, a store, profiles, and Modbus servers that misbehave.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod broker;
pub(crate) mod server;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use weir_acquisition::{Acquisition, DeviceSettings, LinkSettings, Transport};
use weir_domain::{Clock, Quality, SeriesId, Text, Timestamp, Unit, ValueKind};
use weir_engine::{
    Row,
    ports::{DeviceHealth, Health, Intake, PortError, PortFuture},
};
use weir_profiles::{
    Access, DataType, ModbusAccess, PointDef, Profile, RegisterAddress, RegisterKind,
    RegisterSource, Source, WordOrder,
};

/// The system's clock. Panics once when told to.
#[derive(Default)]
pub(crate) struct TestClock {
    pub(crate) panics: AtomicBool,
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        assert!(!self.panics.swap(false, Ordering::SeqCst), "the clock is broken");
        #[expect(clippy::disallowed_methods, reason = "a test runs in real time")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp::from_millis(since.as_millis().try_into().unwrap())
    }
}

/// A store in memory that can refuse.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) rows: Mutex<Vec<(Instant, Row)>>,
    pub(crate) refuse: AtomicU32,
    pub(crate) at_once: AtomicU32,
}

impl Intake for Store {
    fn submit(&self, rows: Vec<Row>, at_once: bool) -> PortFuture<'_, Result<(), PortError>> {
        Box::pin(async move {
            // Wait a little, as for a disk.
            sleep(Duration::from_millis(2)).await;
            let refuses = |n: u32| if n == u32::MAX { Some(n) } else { n.checked_sub(1) };
            if self.refuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, refuses).is_ok() {
                return Err(PortError { doing: "append to the journal".into(), source: None });
            }
            self.at_once.fetch_add(u32::from(at_once), Ordering::SeqCst);
            let now = Instant::now();
            self.rows.lock().unwrap().extend(rows.into_iter().map(|row| (now, row)));
            Ok(())
        })
    }
}

impl Store {
    pub(crate) fn of(&self, series: u32) -> Vec<Row> {
        let rows = self.rows.lock().unwrap();
        rows.iter().map(|(_, row)| *row).filter(|row| row.series == SeriesId(series)).collect()
    }

    pub(crate) fn good(&self, series: u32) -> Vec<f64> {
        self.of(series)
            .iter()
            .filter_map(|row| row.sample.reading.good())
            .map(|v| v.get())
            .collect()
    }

    pub(crate) fn bad(&self, series: u32) -> Vec<Quality> {
        let qualities = self.of(series).into_iter().map(|row| row.sample.reading.quality());
        qualities.filter(|quality| !quality.is_good()).collect()
    }
}

/// Waits until something is so; panics with `what` if it is not within 20 s.
pub(crate) async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(started.elapsed() < Duration::from_secs(20), "never came true: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// A point of 16 bits.
pub(crate) fn u16_point(index: usize, kind: RegisterKind, address: u16) -> PointDef {
    PointDef {
        id: format!("p{index}").parse().unwrap(),
        name: Text { zh: String::new(), en: String::new() },
        parameter: "ph".parse().unwrap(),
        unit: Unit::One,
        kind: ValueKind::Number,
        range: None,
        decimals: 0,
        states: Vec::new(),
        source: Source::Register(RegisterSource {
            kind,
            address: RegisterAddress(address),
            data_type: DataType::U16,
            order: WordOrder::Abcd,
            scale: 1.0,
            offset: 0.0,
            sentinels: Vec::new(),
        }),
    }
}

/// A Modbus profile of such points.
pub(crate) fn profile(hole_max: u16, points: &[(RegisterKind, u16)]) -> Arc<Profile> {
    let points = points.iter().enumerate();
    Arc::new(Profile {
        id: "test".parse().unwrap(),
        name: Text { zh: String::new(), en: String::new() },
        source: "generic".into(),
        access: Access::Modbus(ModbusAccess {
            hole_max: Some(hole_max),
            ..ModbusAccess::default()
        }),
        points: points.map(|(i, (kind, address))| u16_point(i, *kind, *address)).collect(),
        info: Vec::new(),
    })
}

/// A device whose series are its unit id times 10, plus the point's index.
pub(crate) fn device(unit: u8, profile: &Arc<Profile>, scan_interval: Duration) -> DeviceSettings {
    let series = |i: usize| SeriesId(u32::from(unit) * 10 + u32::try_from(i).unwrap());
    DeviceSettings {
        id: format!("unit-{unit}").parse().unwrap(),
        unit_id: Some(unit),
        address: None,
        profile: profile.clone(),
        scan_interval,
        series: (0..profile.points.len()).map(series).collect(),
        site: "demo".parse().unwrap(),
    }
}

/// A running acquisition with its store.
pub(crate) struct Rig {
    pub(crate) acquisition: Acquisition,
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) cancel: CancellationToken,
}

impl Rig {
    pub(crate) fn start(links: Vec<LinkSettings>, store: Arc<Store>) -> Self {
        let (clock, cancel) = (Arc::new(TestClock::default()), CancellationToken::new());
        let acquisition = Acquisition::start(links, store.clone(), clock.clone(), cancel.clone());
        Self { acquisition, store, clock, cancel }
    }

    /// One link with these devices.
    pub(crate) fn link(
        transport: Transport,
        timeout: Duration,
        devices: Vec<DeviceSettings>,
    ) -> Self {
        let link = LinkSettings {
            id: "link".parse().unwrap(),
            transport,
            timeout,
            request_gap: Duration::ZERO,
            devices,
        };
        Self::start(vec![link], Arc::default())
    }

    pub(crate) fn health(&self, device: &str) -> DeviceHealth {
        let devices = self.acquisition.devices();
        devices.into_iter().find(|health| health.device.as_str() == device).expect("a device")
    }

    pub(crate) async fn stop(&self) {
        self.cancel.cancel();
        tokio::time::timeout(Duration::from_secs(10), self.acquisition.join()).await.expect("ends");
    }
}
