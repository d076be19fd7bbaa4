//! A small site for the tests inside this crate.

use std::time::Duration;
use weir_domain::{Clock, SeriesId, Text, Timestamp, Unit, ValueKind};
use weir_engine::{Description, PointInfo};

/// A clock that stands.
pub(crate) struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_341_600_000)
    }
}

/// A site with one point.
pub(crate) fn description() -> Description {
    let text = |text: &str| Text { zh: text.to_owned(), en: text.to_owned() };
    let id = |id: &str| id.parse().unwrap();
    let point = PointInfo {
        id: "ph-1.ph".parse().unwrap(),
        series: SeriesId(1),
        area: "pool".parse().unwrap(),
        role: "pool_water".parse().unwrap(),
        parameter: "ph".parse().unwrap(),
        name: text("pH"),
        unit: Unit::One,
        kind: ValueKind::Number,
        decimals: 2,
        range: None,
        states: Vec::new(),
        stale_after: Duration::from_secs(30),
        limits: Vec::new(),
    };
    Description {
        id: id("inn"),
        name: text("Inn"),
        time_zone: "Asia/Shanghai".to_owned(),
        config_hash: String::new(),
        areas: Vec::new(),
        links: Vec::new(),
        devices: Vec::new(),
        points: vec![point],
        requirements: Vec::new(),
    }
}
