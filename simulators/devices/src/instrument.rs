//! The instruments of the demonstration site: profile, place on a line, and what they show.

use crate::encode;
use std::sync::Arc;
use weir_domain::{BadReason, DeviceId, PointName, Reading};
use weir_plant::{Condition, Device, Measured, Plant, Signal};
use weir_profiles::{Profile, Source, State, builtin_profiles, lookup};

/// A Modbus line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Line {
    /// `rs485-1`: the serial line of the effluent works.
    Serial,
    /// `plant-tcp`: effluent works and pool.
    PlantTcp,
    /// `radiology-tcp`: the X-ray room.
    RadiologyTcp,
}

/// How a publisher writes its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    Json,
    /// CBOR.
    Cbor,
}

/// How an instrument is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attachment {
    /// A Modbus server.
    Modbus {
        /// On this line.
        line: Line,
        /// With this unit id.
        unit: u8,
    },
    /// An MQTT publisher.
    Mqtt {
        /// With messages in this format.
        format: Format,
    },
}

/// Where each device of the demonstration site is attached, and its profile.
const SITE: &[(Device, &str, Attachment)] = {
    use Line::{PlantTcp, RadiologyTcp, Serial};
    const fn on(line: Line, unit: u8) -> Attachment {
        Attachment::Modbus { line, unit }
    }
    &[
        (Device::Trc1, "generic-residual-chlorine", on(Serial, 3)),
        (Device::Trc2, "generic-residual-chlorine", on(Serial, 4)),
        (Device::Ph1, "generic-ph", on(Serial, 5)),
        (Device::Flow1, "generic-flow-meter", on(PlantTcp, 1)),
        (Device::Cod1, "generic-cod-analyser", on(PlantTcp, 2)),
        (Device::Pool1, "generic-pool-controller", on(PlantTcp, 10)),
        (Device::Turb1, "generic-turbidity-meter", on(PlantTcp, 11)),
        (
            Device::Cabinet1,
            "generic-disinfection-cabinet",
            Attachment::Mqtt { format: Format::Json },
        ),
        (
            Device::Cabinet2,
            "generic-disinfection-cabinet",
            Attachment::Mqtt { format: Format::Cbor },
        ),
        (Device::Room1, "generic-room-interlock", on(RadiologyTcp, 20)),
        (Device::Dose1, "generic-area-radiation-monitor", on(RadiologyTcp, 21)),
    ]
};

/// One instrument.
#[derive(Debug, Clone)]
pub struct Instrument {
    device: Device,
    id: DeviceId,
    profile: Arc<Profile>,
    attachment: Attachment,
    points: Vec<Point>,
}

/// One point of an instrument, ready to be shown.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub(crate) name: PointName,
    pub(crate) source: Source,
    pub(crate) signal: Signal,
    /// What its values are called, if they are few.
    states: Vec<State>,
    /// Steps of the display in one unit: one digit more than is worth showing.
    steps: f64,
    /// Whether it can say that there is no measurement.
    can_fail: bool,
}

/// What an instrument says of a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shown {
    Number(f64),
    Switch(bool),
    /// The sensor is dead.
    Nothing,
}

impl Instrument {
    fn new(device: Device, profile: Arc<Profile>, attachment: Attachment) -> Self {
        let point = |def: &weir_profiles::PointDef| Point {
            name: def.id.clone(),
            source: def.source.clone(),
            signal: Signal::find(device, def.id.as_str())
                .expect("the tests look up every point of every profile of the site"),
            states: def.states.clone(),
            steps: 10_f64.powi(i32::from(def.decimals) + 1),
            can_fail: match &def.source {
                Source::Register(source) => encode::can_say_nothing(source),
                Source::Field(_) => def.kind == weir_domain::ValueKind::Number,
            },
        };
        let points = profile.points.iter().map(point).collect();
        let id = device.as_str().parse().expect("the tests parse every id of the site");
        Self { device, id, profile, attachment, points }
    }

    /// The device of the plant.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Its id.
    pub fn id(&self) -> &DeviceId {
        &self.id
    }

    /// Its model.
    pub fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// How it is reached.
    pub fn attachment(&self) -> Attachment {
        self.attachment
    }

    pub(crate) fn points(&self) -> &[Point] {
        &self.points
    }

    /// Whether any of its points can say that there is no measurement; if none can, a dead sensor
    /// makes the whole device refuse.
    pub(crate) fn can_fail(&self) -> bool {
        self.points.iter().any(|point| point.can_fail)
    }

    /// What a gateway that reads it now would get, in the order of the profile.
    pub fn read(&self, plant: &Plant) -> Vec<(PointName, Reading)> {
        let condition = plant.condition(self.device);
        let read = |point: &Point| (point.name.clone(), self.read_point(plant, point, condition));
        self.points.iter().map(read).collect()
    }

    fn read_point(&self, plant: &Plant, point: &Point, condition: Condition) -> Reading {
        match condition {
            Condition::Silent => return Reading::Bad(None, BadReason::CommFailure),
            Condition::SensorFault if !self.can_fail() => {
                return Reading::Bad(None, BadReason::DeviceFailure);
            }
            _ => {}
        }
        match point.show(plant, condition == Condition::SensorFault) {
            Shown::Nothing => Reading::Bad(None, BadReason::SensorFailure),
            Shown::Switch(on) => Reading::Good(on.into()),
            Shown::Number(number) => Reading::from_number(match &point.source {
                Source::Register(source) => encode::through(source, number),
                Source::Field(_) => number,
            }),
        }
    }
}

impl Point {
    /// The text of a value, if it is one of its states.
    pub(crate) fn word(&self, value: Option<f64>) -> Option<&str> {
        let state = self.states.iter().find(|state| Some(state.value) == value)?;
        state.word.as_deref()
    }

    /// What the instrument says, to the last digit it has.
    pub(crate) fn show(&self, plant: &Plant, dead: bool) -> Shown {
        if dead && self.can_fail {
            return Shown::Nothing;
        }
        match plant.measure(self.signal) {
            Measured::Switch(on) => Shown::Switch(on),
            Measured::Number(number) => Shown::Number((number * self.steps).round() / self.steps),
        }
    }
}

/// All instruments of the site.
#[derive(Debug, Clone)]
pub struct Instruments(Vec<Instrument>);

impl Instruments {
    /// The demonstration site, with the built-in profiles.
    pub fn demo() -> Self {
        let profiles = builtin_profiles();
        let instrument = |(device, profile, attachment): &(Device, &str, Attachment)| {
            let profile = lookup(&profiles, profile).expect("the tests look up every profile");
            Instrument::new(*device, profile.clone(), *attachment)
        };
        Self(SITE.iter().map(instrument).collect())
    }

    /// One after the other, in the order of the site.
    pub fn iter(&self) -> impl Iterator<Item = &Instrument> {
        self.0.iter()
    }

    /// One of them.
    pub fn get(&self, device: Device) -> &Instrument {
        let found = self.0.iter().find(|instrument| instrument.device == device);
        found.expect("the tests find every device of the plant")
    }

    /// What a gateway that reads a device now would get, in the order of its profile: rounded as
    /// its registers round, [`BadReason::CommFailure`] where it is silent,
    /// [`BadReason::SensorFailure`] where its sensor is dead.
    pub fn read(&self, plant: &Plant, device: Device) -> Vec<(PointName, Reading)> {
        self.get(device).read(plant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::HashSet, time::Duration};
    use weir_domain::{Timestamp, Value};
    use weir_plant::{Incident, IncidentKind};

    fn plant() -> Plant {
        Plant::new(1, "2026-11-22T10:00:00+08:00".parse().unwrap())
    }

    #[test]
    fn the_site_has_every_device_and_its_profiles_show_every_signal() {
        let site = Instruments::demo();
        let mut shown = HashSet::new();
        for device in Device::ALL {
            let instrument = site.get(*device);
            assert_eq!(instrument.id().as_str(), device.as_str());
            shown.extend(instrument.points().iter().map(|point| point.signal));
        }
        assert_eq!(shown.len(), Signal::ALL.len());
        assert_eq!(site.iter().count(), Device::ALL.len());
    }

    #[test]
    fn unit_ids_are_unique_on_their_line() {
        let mut seen = HashSet::new();
        for instrument in Instruments::demo().iter() {
            if let Attachment::Modbus { line, unit } = instrument.attachment() {
                assert!(seen.insert((line, unit)), "{}", instrument.id());
            }
        }
    }

    #[test]
    fn readings_are_good_and_rounded() {
        let (site, plant) = (Instruments::demo(), plant());
        for device in Device::ALL {
            for (name, reading) in site.read(&plant, *device) {
                let value = reading.good().map(Value::get);
                let value = value.unwrap_or_else(|| panic!("{device}.{name}: {reading:?}"));
                let thousandths = value * 1_000.0;
                assert!((thousandths - thousandths.round()).abs() < 1e-3 || value > 1e5, "{value}");
            }
        }
        let ph = site.read(&plant, Device::Ph1)[0].1.good().unwrap().get();
        assert!((ph * 100.0 - (ph * 100.0).round()).abs() < 1e-9, "a register of hundredths: {ph}");
    }

    fn failing(kind: IncidentKind) -> Plant {
        let mut plant = plant();
        let at: Timestamp = plant.now() + Duration::from_secs(1);
        plant.schedule(Incident { at, kind, duration: Duration::from_secs(60) });
        plant.advance(at + Duration::from_secs(1));
        plant
    }

    #[test]
    fn silence_and_dead_sensors_are_bad_readings_with_their_reason() {
        let site = Instruments::demo();
        for device in Device::ALL {
            for (_, reading) in site.read(&failing(IncidentKind::DeviceSilent(*device)), *device) {
                assert_eq!(reading, Reading::Bad(None, BadReason::CommFailure));
            }
        }
        let reasons = |device| {
            let plant = failing(IncidentKind::DeviceSensorFault(device));
            let readings = site.read(&plant, device).into_iter();
            readings
                .map(|(name, reading)| {
                    (
                        name.to_string(),
                        match reading {
                            Reading::Bad(None, reason) => Some(reason),
                            _ => None,
                        },
                    )
                })
                .collect::<Vec<_>>()
        };
        let sensor = Some(BadReason::SensorFailure);
        let expected = [("ph", sensor), ("temperature", sensor)];
        assert_eq!(reasons(Device::Ph1), expected.map(|(name, r)| (name.to_owned(), r)));
        let expected = [("flow", sensor), ("volume_total", None)];
        assert_eq!(reasons(Device::Flow1), expected.map(|(name, r)| (name.to_owned(), r)));
        assert_eq!(reasons(Device::Cabinet1)[1], ("door_open".to_owned(), None));
        let refused = Some(BadReason::DeviceFailure);
        assert!(reasons(Device::Room1).iter().all(|(_, reason)| *reason == refused));
    }
}
