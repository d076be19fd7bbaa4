//! The register map of one Modbus instrument at a moment, and what it answers from it.

use crate::{
    encode,
    instrument::{Instrument, Shown},
};
use std::{collections::BTreeMap, ops::RangeInclusive};
use weir_plant::Plant;
use weir_profiles::{Access, DataType, ModbusAccess, RegisterKind, RegisterSource, Source};
use weir_wire::modbus::{
    Exception, Function, Request, encode_bits, encode_exception, encode_registers, parse_request,
};

/// The addresses that an instrument knows, from its profile.
#[derive(Debug)]
pub(crate) struct Map {
    access: ModbusAccess,
    areas: Vec<(RegisterKind, RangeInclusive<u16>)>,
}

impl Map {
    /// The map of an instrument; none if it is not read over Modbus.
    pub(crate) fn new(instrument: &Instrument) -> Option<Self> {
        let Access::Modbus(access) = &instrument.profile().access else { return None };
        let mut places: Vec<_> = sources(instrument)
            .map(|source| {
                let first = source.address.0;
                (source.kind, first..=first.saturating_add(width(source) - 1))
            })
            .collect();
        places.sort_by_key(|(kind, place)| (*kind, *place.start()));
        // A hole is there if the profile says so.
        let hole_max = access.hole_max.unwrap_or(0);
        let mut areas: Vec<(RegisterKind, RangeInclusive<u16>)> = Vec::new();
        for (kind, place) in places {
            match areas.last_mut() {
                // Holes that may be read along are there, and read as 0.
                Some((last_kind, last))
                    if *last_kind == kind
                        && place.start().saturating_sub(*last.end())
                            <= hole_max.saturating_add(1) =>
                {
                    *last = *last.start()..=*place.end().max(last.end());
                }
                _ => areas.push((kind, place)),
            }
        }
        Some(Self { access: access.clone(), areas })
    }

    fn knows(&self, request: Request) -> bool {
        let last = request.start.saturating_add(request.count - 1);
        let holds = |(kind, area): &(RegisterKind, RangeInclusive<u16>)| {
            *kind == kind_of(request.function)
                && area.contains(&request.start)
                && area.contains(&last)
        };
        self.areas.iter().any(holds)
    }

    fn count_max(&self, function: Function) -> u16 {
        if function.reads_bits() { self.access.bits_max } else { self.access.registers_max }
    }

    /// What the instrument answers to a PDU. `dead`: its sensor measures nothing.
    pub(crate) fn answer(
        &self,
        instrument: &Instrument,
        plant: &Plant,
        dead: bool,
        pdu: &[u8],
    ) -> Vec<u8> {
        let answer = parse_request(pdu).and_then(|request| {
            if request.count > self.count_max(request.function) {
                return Err(Exception::IllegalDataValue);
            }
            if !self.knows(request) {
                return Err(Exception::IllegalDataAddress);
            }
            if dead && !instrument.can_fail() {
                return Err(Exception::ServerDeviceFailure);
            }
            Ok(read(instrument, plant, dead, request))
        });
        answer.unwrap_or_else(|exception| {
            encode_exception(pdu.first().copied().unwrap_or(0), exception).to_vec()
        })
    }
}

fn sources(instrument: &Instrument) -> impl Iterator<Item = &RegisterSource> {
    instrument.points().iter().filter_map(|point| match &point.source {
        Source::Register(source) => Some(source),
        Source::Field(_) => None,
    })
}

/// Addresses that a point takes.
fn width(source: &RegisterSource) -> u16 {
    match source.kind {
        RegisterKind::Coil | RegisterKind::DiscreteInput => 1,
        RegisterKind::HoldingRegister | RegisterKind::InputRegister => source.data_type.registers(),
    }
}

fn kind_of(function: Function) -> RegisterKind {
    match function {
        Function::ReadCoils => RegisterKind::Coil,
        Function::ReadDiscreteInputs => RegisterKind::DiscreteInput,
        Function::ReadHoldingRegisters => RegisterKind::HoldingRegister,
        Function::ReadInputRegisters => RegisterKind::InputRegister,
    }
}

/// The answer to a request that the map knows.
fn read(instrument: &Instrument, plant: &Plant, dead: bool, request: Request) -> Vec<u8> {
    let words = contents(instrument, plant, dead, kind_of(request.function));
    let asked = (0..request.count).map(|nth| {
        let address = request.start.saturating_add(nth);
        words.get(&address).copied().unwrap_or(0)
    });
    if request.function.reads_bits() {
        encode_bits(request.function, &asked.map(|bit| bit != 0).collect::<Vec<_>>())
    } else {
        encode_registers(request.function, &asked.collect::<Vec<_>>())
    }
}

/// What stands in one of the four tables just now; a bit is a 1.
fn contents(
    instrument: &Instrument,
    plant: &Plant,
    dead: bool,
    kind: RegisterKind,
) -> BTreeMap<u16, u16> {
    let mut words = BTreeMap::new();
    for point in instrument.points() {
        let Source::Register(source) = &point.source else { continue };
        if source.kind != kind {
            continue;
        }
        let value = match point.show(plant, dead) {
            Shown::Number(number) => Some(number),
            Shown::Switch(on) => Some(f64::from(u8::from(on))),
            Shown::Nothing => None,
        };
        let registers = match (source.data_type, kind) {
            (DataType::Text(_), _) => point.word(value).and_then(|word| encode::text(source, word)),
            // In a table of bits every bit has its own address.
            (DataType::Bit(_), RegisterKind::Coil | RegisterKind::DiscreteInput) => {
                Some(vec![u16::from(value.is_some_and(|value| value != 0.0))])
            }
            _ => encode::registers(source, value),
        };
        // Several points may be bits of one register.
        for (address, word) in (source.address.0..).zip(registers.unwrap_or_default()) {
            *words.entry(address).or_insert(0) |= word;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instruments;
    use weir_plant::{Device, Signal};
    use weir_wire::{
        modbus::{Answer, ResponseError, parse_response},
        widen,
    };

    fn plant() -> Plant {
        Plant::new(1, "2026-11-22T10:00:00+08:00".parse().unwrap())
    }

    fn ask(
        plant: &Plant,
        device: Device,
        dead: bool,
        function: Function,
        start: u16,
        count: u16,
    ) -> Result<Answer, ResponseError> {
        let site = Instruments::demo();
        let instrument = site.get(device);
        let request = Request::new(function, start, count).unwrap();
        let map = Map::new(instrument).unwrap();
        parse_response(request, &map.answer(instrument, plant, dead, &request.encode()))
    }

    fn refused(exception: Exception) -> Result<Answer, ResponseError> {
        Err(ResponseError::Exception(exception))
    }

    #[test]
    fn a_chlorine_analyser_has_floats_with_the_low_word_first_around_a_hole() {
        let plant = plant();
        let Ok(Answer::Registers(words)) =
            ask(&plant, Device::Trc1, false, Function::ReadInputRegisters, 0, 6)
        else {
            panic!("no registers")
        };
        let float = |at: usize| {
            widen(f32::from_bits(u32::from(words[at + 1]) << 16 | u32::from(words[at])))
        };
        let true_value = plant.measure(Signal::Trc1Chlorine).as_f64();
        assert!((float(0) - true_value).abs() <= 0.000_5, "{} {true_value}", float(0));
        assert!((float(4) - plant.measure(Signal::Trc1Temperature).as_f64()).abs() <= 0.005);
        assert_eq!(words[2..4], [0, 0], "the hole");
    }

    #[test]
    fn what_is_not_on_the_map_is_an_illegal_address() {
        let plant = plant();
        let cases = [
            (Device::Trc1, Function::ReadInputRegisters, 5, 2),
            (Device::Trc1, Function::ReadInputRegisters, 6, 1),
            (Device::Trc1, Function::ReadHoldingRegisters, 0, 2),
            (Device::Trc1, Function::ReadCoils, 0, 1),
            // The flow meter refuses the hole between its two values.
            (Device::Flow1, Function::ReadInputRegisters, 0x1010, 10),
            (Device::Flow1, Function::ReadInputRegisters, 0x1012, 1),
            (Device::Room1, Function::ReadDiscreteInputs, 0, 5),
        ];
        for (device, function, start, count) in cases {
            let answer = ask(&plant, device, false, function, start, count);
            assert_eq!(answer, refused(Exception::IllegalDataAddress), "{device} {start}");
        }
        let two = ask(&plant, Device::Flow1, false, Function::ReadInputRegisters, 0x1018, 2);
        assert!(two.is_ok(), "{two:?}");
    }

    #[test]
    fn more_than_the_instrument_bears_is_an_illegal_value_and_writing_is_no_function() {
        let plant = plant();
        let answer = ask(&plant, Device::Turb1, false, Function::ReadInputRegisters, 10, 9);
        assert_eq!(answer, refused(Exception::IllegalDataValue));
        let site = Instruments::demo();
        let map = Map::new(site.get(Device::Trc1)).unwrap();
        for pdu in [&[6, 0, 0, 0, 1][..], &[16, 0, 0, 0, 1, 2, 0, 0], &[5, 0, 0, 0xFF, 0], &[]] {
            let answer = map.answer(site.get(Device::Trc1), &plant, false, pdu);
            assert_eq!(answer[1], Exception::IllegalFunction.code(), "{pdu:02X?}");
        }
    }

    #[test]
    fn a_dead_sensor_is_a_sentinel_or_a_refusal() {
        let plant = plant();
        let ph = ask(&plant, Device::Ph1, true, Function::ReadHoldingRegisters, 0, 2);
        assert_eq!(ph, Ok(Answer::Registers(vec![0xFFFF, 0x7FFF])));
        let cod = ask(&plant, Device::Cod1, true, Function::ReadHoldingRegisters, 100, 2);
        assert_eq!(cod, Ok(Answer::Registers(vec![0x0000, 0x80BF])), "-1 with its bytes turned");
        let room = ask(&plant, Device::Room1, true, Function::ReadDiscreteInputs, 0, 4);
        assert_eq!(room, refused(Exception::ServerDeviceFailure));
    }

    #[test]
    fn bits_follow_door_lamp_and_exposure() {
        let mut plant = plant();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..3_600 {
            plant.advance(plant.now() + std::time::Duration::from_secs(1));
            let Ok(Answer::Bits(bits)) =
                ask(&plant, Device::Room1, false, Function::ReadDiscreteInputs, 0, 4)
            else {
                panic!("no bits")
            };
            let on = |signal| plant.measure(signal).is_on();
            let expected =
                [on(Signal::Room1Door), on(Signal::Room1Lamp), false, on(Signal::Room1Exposure)];
            assert_eq!(bits, expected);
            seen.insert(bits);
        }
        assert!(seen.len() >= 4, "{seen:?}");
    }
}
