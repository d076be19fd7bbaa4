//! The site of these tests: one device with three points, a clock, and what they say.

use crate::outbox::Memory;
use std::{sync::Arc, time::Duration};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use weir_domain::{
    AlarmClass, BadReason, Clock, Priority, Reading, Sample, SeriesId, Text, Timestamp, Unit,
    ValueKind,
};
use weir_engine::{
    Act, AlarmDetail, AlarmEvent, Command, Description, PointInfo, Record, RequirementInfo, Row,
    Transition,
    ports::{SinkStatus, Sinks},
};
use weir_northbound::{Northbound, SinkKind, SinkSettings};

/// When the first record was taken.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_795_341_600_000);

pub(crate) struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        START + Duration::from_secs(3_600)
    }
}

fn text(text: &str) -> Text {
    Text { zh: format!("{text}（中文）"), en: text.to_owned() }
}

pub(crate) fn description() -> Arc<Description> {
    described(&[(1, "ph"), (2, "orp"), (3, "turbidity")])
}

/// The site with other points.
pub(crate) fn described(points: &[(u32, &str)]) -> Arc<Description> {
    let point = |(number, name): (u32, &str)| PointInfo {
        id: format!("probe-1.{name}").parse().unwrap(),
        series: SeriesId(number),
        area: "pool".parse().unwrap(),
        role: "pool_water".parse().unwrap(),
        parameter: name.parse().unwrap(),
        name: text(name),
        unit: Unit::One,
        kind: ValueKind::Number,
        decimals: 2,
        range: None,
        states: Vec::new(),
        stale_after: Duration::from_secs(30),
        limits: Vec::new(),
    };
    let requirement = RequirementInfo {
        area: "pool".parse().unwrap(),
        pack: "gb37488-2019@1".to_owned(),
        id: "ph".parse().unwrap(),
        title: text("pH of the pool"),
        clause: "4.2.4".to_owned(),
        confidence: "V".to_owned(),
        points: vec![0],
        limit: text("[7.0, 7.8]"),
        warning: false,
        priority: Priority::High,
        class: AlarmClass::Compliance,
        group: None,
        cause: text("dosing"),
        consequence: text("burning eyes"),
        response: text("check the dosing pump"),
        respond_within: Duration::from_secs(600),
    };
    Arc::new(Description {
        id: "inn".parse().unwrap(),
        name: text("Inn"),
        time_zone: "Asia/Shanghai".to_owned(),
        config_hash: String::new(),
        areas: Vec::new(),
        links: Vec::new(),
        devices: Vec::new(),
        points: points.iter().copied().map(point).collect(),
        requirements: vec![requirement],
    })
}

/// Record `i`: three points in turn, one second after another, so that no two share a line.
pub(crate) fn reading(i: u64) -> Record {
    let t = START + Duration::from_millis(i * 100);
    let series = SeriesId(u32::try_from(i % 3).unwrap() + 1);
    Record::Reading(Row { series, sample: Sample::at(t, Reading::from_number(i as f64)) })
}

pub(crate) fn bad_reading(i: u64) -> Record {
    let t = START + Duration::from_millis(i * 100);
    let reading = Reading::Bad(None, BadReason::CommFailure);
    Record::Reading(Row { series: SeriesId(1), sample: Sample::at(t, reading) })
}

pub(crate) fn started() -> Record {
    Record::Command(Box::new(Command { at: START, act: Act::Started }))
}

pub(crate) fn alarm(number: u64) -> AlarmEvent {
    AlarmEvent {
        t: START + Duration::from_secs(number),
        alarm: format!("pool.ph.probe-1.ph~{number}"),
        area: "pool".parse().unwrap(),
        requirement: "ph".parse().unwrap(),
        pack: "gb37488-2019@1".to_owned(),
        points: vec!["probe-1.ph".parse().unwrap()],
        transition: Transition::Raised,
        priority: Priority::High,
        since: START,
        value: Some(8.1),
        limit: "[7, 7.8]".to_owned(),
        clause: "4.2.4".to_owned(),
        by: None,
        comment: None,
        detail: AlarmDetail::default(),
    }
}

/// The sinks of a test, stopped as the gateway would be.
pub(crate) struct Sent {
    northbound: Arc<Northbound>,
    cancel: CancellationToken,
}

impl Sent {
    pub(crate) fn start(outbox: &Arc<Memory>, sinks: Vec<SinkSettings>) -> Self {
        let cancel = CancellationToken::new();
        let outbox = Arc::clone(outbox) as _;
        let clock = Arc::new(Fixed);
        let northbound =
            Northbound::start(sinks, description(), outbox, clock, cancel.clone()).unwrap();
        Self { northbound: Arc::new(northbound), cancel }
    }

    /// Puts another site in the place of the one that runs.
    pub(crate) async fn apply(&self, sinks: Vec<SinkSettings>, points: &[(u32, &str)]) {
        self.northbound.apply(sinks, &described(points)).await.unwrap();
    }

    pub(crate) fn all(&self) -> Vec<SinkStatus> {
        self.northbound.sinks()
    }

    pub(crate) fn wake(&self) {
        self.northbound.wake();
    }

    pub(crate) fn status(&self) -> SinkStatus {
        self.northbound.sinks().remove(0)
    }

    /// Waits until the first sink's status is as wanted, or fails with how it is.
    pub(crate) async fn until(
        &self,
        what: &str,
        wanted: impl Fn(&SinkStatus) -> bool,
    ) -> SinkStatus {
        for _ in 0..3_000 {
            let status = self.status();
            if wanted(&status) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("never: {what}; it is {:?}", self.status());
    }

    pub(crate) async fn stop(self) {
        self.cancel.cancel();
        self.northbound.join().await;
    }

    pub(crate) fn stopping(self) -> JoinHandle<()> {
        tokio::spawn(self.stop())
    }
}

pub(crate) fn influx(url: &str, grace: Duration) -> SinkSettings {
    let (org, bucket) = ("weir".to_owned(), "readings".to_owned());
    let kind = SinkKind::Influx { url: url.to_owned(), org, bucket, token: "t".into(), grace };
    SinkSettings { id: "tsdb".to_owned(), kind }
}

pub(crate) fn webhook(url: &str) -> SinkSettings {
    let kind = SinkKind::Webhook { url: url.to_owned(), secret: "correct horse".into() };
    SinkSettings { id: "hook".to_owned(), kind }
}
