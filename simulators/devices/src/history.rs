//! What a gateway would have read, without any socket: for filling a store with a past.

use crate::Instruments;
use std::{collections::VecDeque, time::Duration};
use weir_domain::{DeviceId, PointName, Reading, Timestamp};
use weir_plant::{Device, Plant, Script};

/// How far the plant may be asked for the next change of the X-ray room.
const FORESIGHT: Duration = Duration::from_secs(30);

/// One reading of one device.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    /// When.
    pub at: Timestamp,
    /// Of which device.
    pub device: Device,
    /// Its id.
    pub id: DeviceId,
    /// Its points, in the order of its profile.
    pub readings: Vec<(PointName, Reading)>,
}

/// Scans in the order of time: every device at every step, and the X-ray room with its monitor at
/// every change of door, lamp or exposure.
#[derive(Debug)]
pub struct History {
    instruments: Instruments,
    plant: Plant,
    end: Timestamp,
    step: Duration,
    /// When all devices are read next.
    due: Timestamp,
    ready: VecDeque<Scan>,
}

/// The past of the demonstration site from `start` until just before `end`, with its incidents, and
/// with those of the live part prepared, which [`History::into_plant`] goes on with.
///
/// `step` is at least a millisecond.
pub fn history(seed: u64, start: Timestamp, end: Timestamp, step: Duration) -> History {
    History::of(Plant::scripted(seed, start, Script::demo(seed, start, end)), end, step)
}

impl History {
    /// What will be read of a plant from now until just before `end`.
    pub fn of(plant: Plant, end: Timestamp, step: Duration) -> Self {
        let due = plant.now();
        let step = step.max(Duration::from_millis(1));
        Self { instruments: Instruments::demo(), plant, end, step, due, ready: VecDeque::new() }
    }

    /// The plant, as it is at the last scan; after the last one, at the end.
    pub fn into_plant(self) -> Plant {
        self.plant
    }

    /// Lets time pass until something is to be read. False at the end.
    fn go_on(&mut self) -> bool {
        while self.ready.is_empty() {
            if self.due < self.end && self.due <= self.plant.now() {
                self.due = self.due + self.step;
                Device::ALL.iter().for_each(|device| self.scan(*device));
                return true;
            }
            if self.plant.now() >= self.end {
                return false;
            }
            let soon = (self.plant.now() + FORESIGHT).min(self.due).min(self.end);
            let change = self.plant.next_room_change().filter(|change| *change <= soon);
            self.plant.advance(change.unwrap_or(soon));
            // A change at the moment of a step is read with all the others.
            if change.is_some_and(|change| change < self.due && change < self.end) {
                self.scan(Device::Room1);
                self.scan(Device::Dose1);
            }
        }
        true
    }

    fn scan(&mut self, device: Device) {
        let instrument = self.instruments.get(device);
        let readings = instrument.read(&self.plant);
        let (at, id) = (self.plant.now(), instrument.id().clone());
        self.ready.push_back(Scan { at, device, id, readings });
    }
}

impl Iterator for History {
    type Item = Scan;

    fn next(&mut self) -> Option<Scan> {
        self.go_on().then(|| self.ready.pop_front()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_domain::{BadReason, Value};
    use weir_plant::{IncidentKind, Signal};

    fn end() -> Timestamp {
        "2026-11-22T10:00:00+08:00".parse().unwrap()
    }

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn every_device_is_read_at_every_step_and_the_room_at_every_change() {
        let start = end() - 3 * HOUR;
        let scans: Vec<Scan> = history(1, start, end(), Duration::from_secs(30)).collect();
        assert!(scans.is_sorted_by_key(|scan| scan.at));
        for device in Device::ALL {
            let on_step = |scan: &&Scan| {
                scan.device == *device && scan.at.since(start).as_millis().is_multiple_of(30_000)
            };
            assert_eq!(scans.iter().filter(on_step).count(), 360, "{device}");
        }
        assert!(scans.iter().all(|scan| start <= scan.at && scan.at < end()));

        let mut plant = Plant::scripted(1, start, Script::demo(1, start, end()));
        let mut changes = 0;
        let mut rooms = scans.iter().filter(|scan| scan.device == Device::Room1).peekable();
        while let Some(room) = rooms.next() {
            // Between two scans nothing changes, and each scan says what was.
            plant.advance(room.at);
            let on = |signal| f64::from(u8::from(plant.measure(signal).is_on()));
            let signals = [Signal::Room1Door, Signal::Room1Lamp, Signal::Room1Exposure];
            for ((_, reading), signal) in room.readings.iter().zip(signals) {
                assert_eq!(reading.good().map(Value::get), Some(on(signal)), "{}", room.at);
            }
            if let (Some(next), Some(change)) = (rooms.peek(), plant.next_room_change()) {
                assert!(next.at <= change, "{change} was missed");
                changes += u32::from(next.at == change);
            }
        }
        assert!(changes > 20, "{changes} changes in three hours");
    }

    #[test]
    fn the_week_holds_its_incidents_and_the_plant_goes_on_live() {
        let start = end() - 7 * 24 * HOUR;
        let mut history = history(5, start, end(), Duration::from_secs(60));
        let mut silent = 0;
        for scan in history.by_ref() {
            let is_silent = |(_, reading): &(PointName, Reading)| {
                *reading == Reading::Bad(None, BadReason::CommFailure)
            };
            silent += u32::from(scan.readings.iter().any(is_silent));
        }
        assert!((40..120).contains(&silent), "{silent} scans without an answer");
        let mut plant = history.into_plant();
        assert_eq!(plant.now(), end());
        let before = plant.truth().len();
        assert!(before >= 15 && plant.truth().iter().all(|truth| truth.over));
        plant.advance(end() + HOUR);
        let door = plant.truth()[before].kind;
        assert_eq!(door, IncidentKind::ExposureDoorOpen);
        assert!(plant.truth().len() > before + 20);
    }
}
