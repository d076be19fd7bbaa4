//! The library of models, planned and decoded: registers as the instrument sends them, worked out by
//! hand from its document, give the values of the document. Where a document has an example of its
//! own, it stands here to the letter.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_domain::Reading;
use weir_engine::decode::{Answer, decode};
use weir_engine::plan::{ReadRequest, Timing, plan};
use weir_profiles::RegisterKind::{
    Coil, DiscreteInput as Discrete, HoldingRegister as Holding, InputRegister as Input,
};
use weir_profiles::{Access, Profile, RegisterKind, builtin_profiles, lookup};

/// A piece of a table: its first address on the wire, and the registers (or bits) from there on.
type Piece = (RegisterKind, u16, Vec<u16>);

/// What a point must read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wanted {
    Good(f64),
    Uncertain(f64),
    Bad,
}
use Wanted::{Bad, Good, Uncertain};

fn model(id: &str) -> Arc<Profile> {
    lookup(&builtin_profiles(), id).unwrap().clone()
}

fn requests(profile: &Profile) -> Vec<ReadRequest> {
    let Access::Modbus(access) = &profile.access else { return Vec::new() };
    plan(profile, Timing::tcp(access.turnaround), &[])
}

/// What the device answers; 0 where the image says nothing.
fn answer(request: &ReadRequest, image: &BTreeMap<(RegisterKind, u16), u16>) -> Answer {
    let at = |nth: u16| image.get(&(request.kind, request.start.0 + nth)).copied().unwrap_or(0);
    match request.kind {
        Coil | Discrete => Answer::Bits((0..request.count).map(|nth| at(nth) != 0).collect()),
        Input | Holding => Answer::Registers((0..request.count).map(at).collect()),
    }
}

fn read(id: &str, pieces: &[Piece]) -> BTreeMap<String, Wanted> {
    let profile = model(id);
    let mut image = BTreeMap::new();
    for (kind, first, cells) in pieces {
        for (address, cell) in (*first..).zip(cells) {
            assert_eq!(image.insert((*kind, address), *cell), None, "{id}: {address} twice");
        }
    }
    let mut readings = BTreeMap::new();
    for request in requests(&profile) {
        let answer = answer(&request, &image);
        for point in &request.points {
            let def = &profile.points[*point];
            let wanted = match decode(def, &request, &answer) {
                Reading::Good(value) => Good(value.get()),
                Reading::Uncertain(value, _) => Uncertain(value.get()),
                Reading::Bad(..) => Bad,
            };
            readings.insert(def.id.to_string(), wanted);
        }
    }
    readings
}

fn check(id: &str, pieces: &[Piece], wanted: &[(&str, Wanted)]) {
    let readings = read(id, pieces);
    for (point, wanted) in wanted {
        assert_eq!(readings.get(*point), Some(wanted), "{id}.{point}");
    }
}

/// Words of 32 bits, the high one first.
fn high_first(bits: u32) -> Vec<u16> {
    vec![(bits >> 16) as u16, bits as u16]
}

/// Words of 32 bits, the low one first.
fn low_first(bits: u32) -> Vec<u16> {
    vec![bits as u16, (bits >> 16) as u16]
}

fn float(value: f32) -> Vec<u16> {
    high_first(value.to_bits())
}

fn float_low_first(value: f32) -> Vec<u16> {
    low_first(value.to_bits())
}

/// A map that nobody has ever decoded is a rumour.
#[test]
fn every_published_map_has_an_image_here() {
    let here = include_str!("instruments.rs");
    for profile in builtin_profiles() {
        let is_published = !profile.source.starts_with("generic");
        if is_published && matches!(profile.access, Access::Modbus(_)) {
            assert!(here.contains(&format!("\"{}\"", profile.id)), "{}", profile.id);
        }
    }
}

#[test]
fn every_model_is_planned_within_what_it_bears() {
    for profile in builtin_profiles() {
        let Access::Modbus(access) = &profile.access else { continue };
        let requests = requests(&profile);
        let mut asked: Vec<usize> = requests.iter().flat_map(|r| r.points.clone()).collect();
        asked.sort_unstable();
        let all: Vec<usize> = (0..profile.points.len()).collect();
        assert_eq!(asked, all, "{}: every point once", profile.id);
        for request in &requests {
            let most = match request.kind {
                Coil | Discrete => access.bits_max,
                Input | Holding => access.registers_max,
            };
            assert!((1..=most).contains(&request.count), "{}: {request:?}", profile.id);
            let end = u32::from(request.start.0) + u32::from(request.count);
            for never in access.forbidden.iter().filter(|never| never.kind == request.kind) {
                let apart = end <= u32::from(never.first.0) || request.start > never.last;
                assert!(apart, "{}: {request:?} reads {never:?}", profile.id);
            }
        }
        assert!(requests.len() <= 16, "{}: {} requests", profile.id, requests.len());
        assert!(access.turnaround < Duration::from_secs(1), "{}", profile.id);
    }
}

#[test]
fn chlorine_analysers() {
    // Sensor reading 1.94, low word first; status 1 is normal; no error.
    let normal = [(Input, 0, float_low_first(1.94)), (Input, 9, vec![1])];
    let read = [("reading_status", Good(1.0)), ("device_error", Good(0.0))];
    check(
        "xylem-cl500-total",
        &normal,
        &[("total_residual_chlorine", Good(1.94)), read[0], read[1]],
    );
    check("xylem-cl500-free", &normal, &[("free_chlorine", Good(1.94)), read[0], read[1]]);
    let failed = [(Input, 9, vec![6]), (Input, 11, vec![0b1001])];
    let wanted = [
        ("reading_status", Good(6.0)),
        ("device_error", Good(1.0)),
        ("alarm_1", Good(0.0)),
        ("calibration_error", Good(1.0)),
    ];
    check("xylem-cl500-free", &failed, &wanted);
    check("xylem-cl500-free", &[(Input, 9, vec![7])], &[("reading_status", Uncertain(7.0))]);
    let duo = [
        (Holding, 0, [float_low_first(4.25), float_low_first(9999.0)].concat()),
        (Holding, 4, vec![0x7FFF, 45]),
        (Holding, 7, vec![0x0108]),
    ];
    let wanted = [
        ("total_residual_chlorine", Good(4.25)),
        ("free_chlorine", Bad),
        ("temperature", Bad),
        ("sample_flow", Good(45.0)),
        ("reagent_low", Good(1.0)),
        ("cell_state", Good(1.0)),
    ];
    check("generic-chlorine-duo", &duo, &wanted);
}

#[test]
fn pool_controllers() {
    let seko = [(Holding, 1000, vec![735, 62, 0xFFF6, 271]), (Holding, 1008, vec![0x8001])];
    let wanted = [
        ("ph", Good(7.35)),
        ("free_chlorine", Good(0.62)),
        ("orp", Good(-10.0)),
        ("temperature", Good(27.1)),
        ("tank_1_low", Good(1.0)),
        ("tank_2_low", Good(0.0)),
        ("permanency", Good(1.0)),
    ];
    check("seko-kontrol-800", &seko, &wanted);
    let evoqua = [
        (Holding, 100, float(1.5)),
        (Holding, 115, float(7.5)),
        (Holding, 130, float(702.0)),
        (Holding, 160, float(28.25)),
        (Holding, 310, high_first(1 << 7)),
    ];
    let wanted = [
        ("free_chlorine", Good(1.5)),
        ("ph", Good(7.5)),
        ("orp", Good(702.0)),
        ("temperature", Good(28.25)),
        ("chlorine_error", Uncertain(128.0)),
        ("ph_error", Good(0.0)),
    ];
    check("evoqua-blu-sentinel-se", &evoqua, &wanted);
    // The source: 700 is pH 7.00, 100 is 1.00 ppm, 100 is 10.0 °C.
    let neopool = [(Input, 0x0101, vec![100, 700, 752, 100, 0, 100, 0xFFF6])];
    let wanted = [
        ("ph", Good(7.0)),
        ("orp", Good(752.0)),
        ("free_chlorine", Good(1.0)),
        ("temperature", Good(10.0)),
        ("ph_alarm", Good(6.0)),
    ];
    check("sugarvalley-neopool", &neopool, &wanted);
    // The manual's own example: 1.94 ppm is 0x3FF851EC, REG(41303) = 0x51EC, then 0x3FF8.
    let syclope =
        [(Holding, 1300, vec![0b0000_0001_0010_0001, 1]), (Holding, 1302, vec![0x51EC, 0x3FF8])];
    let wanted = [
        ("free_chlorine", Good(1.94)),
        ("channel_on", Good(1.0)),
        ("dosing", Good(1.0)),
        ("water_circulating", Good(0.0)),
        ("sensor_disconnected", Good(1.0)),
        ("tank_empty", Good(1.0)),
    ];
    check("syclope-oditouch", &syclope, &wanted);
}

#[test]
fn ph_and_oxygen_sensors() {
    // The manual's example: unit 0x04, 24.35834 °C, status 0, -20 to 130.
    let block = |unit, value: f32, status, least: f32, greatest: f32| {
        let words = [low_first(unit), float_low_first(value), low_first(status)];
        [words.concat(), float_low_first(least), float_low_first(greatest)].concat()
    };
    let hamilton = [
        (Holding, 2089, block(0x1000, 7.5, 0x08, 0.0, 14.0)),
        (Holding, 2409, block(0x04, 24.35834, 0, -20.0, 130.0)),
    ];
    let wanted = [
        ("ph", Good(7.5)),
        ("ph_status", Uncertain(8.0)),
        ("temperature_unit_code", Good(4.0)),
        ("temperature", Good(24.35834)),
        ("temperature_status", Good(0.0)),
        ("temperature_least", Good(-20.0)),
        ("temperature_greatest", Good(130.0)),
    ];
    check("hamilton-ph-arc", &hamilton, &wanted);
    let asked: Vec<_> =
        requests(&model("hamilton-ph-arc")).iter().map(|r| (r.start.0, r.count)).collect();
    assert_eq!(asked, [(2089, 10), (2409, 10)], "the sensor answers whole blocks only");

    let supmea = [(Holding, 0, vec![253, 712, 0xFFF4]), (Holding, 11, vec![6520])];
    let wanted = [
        ("temperature", Good(25.3)),
        ("ph", Good(7.12)),
        ("electrode_potential", Good(-1.2)),
        ("orp", Good(652.0)),
    ];
    check("supmea-sup-ph8001", &supmea, &wanted);
    let oxygen = [("temperature", Good(-1.0)), ("dissolved_oxygen", Good(8.26))];
    check("supmea-sup-do7013", &[(Holding, 0, vec![0xFFF6, 826, 1002])], &oxygen);
    // 1.0 is 3F 80 00 00; little-endian it comes as 00 00 80 3F.
    let yosemitech = [(Holding, 0x2800, vec![0x0000, 0x803F])];
    check("yosemitech-y532", &yosemitech, &[("ph", Good(1.0)), ("temperature", Good(0.0))]);
}

#[test]
fn solids_conductivity_and_probes() {
    let hach = [(Holding, 0, float(3.125)), (Holding, 4, float(48.5))];
    check("hach-tss-sc", &hach, &[("turbidity", Good(3.125)), ("suspended_solids", Good(48.5))]);
    let hach = [(Holding, 2, [float(1413.0), float(25.0)].concat())];
    check("hach-3400-sc", &hach, &[("conductivity", Good(1413.0)), ("temperature", Good(25.0))]);
    let hach = [(Holding, 0, float(87.5)), (Holding, 2, vec![1])];
    check("hach-uvas-sc", &hach, &[("cod_uv", Good(87.5)), ("unit_code", Uncertain(1.0))]);
    // A sensor that is not there: the off-line value 0.0, and a quality of 7.
    let troll = [
        (Holding, 37, float(8.5)),
        (Holding, 45, float(18.25)),
        (Holding, 569, float(0.25)),
        (Holding, 1541, vec![7]),
    ];
    let wanted = [
        ("dissolved_oxygen", Good(8.5)),
        ("dissolved_oxygen_quality", Good(0.0)),
        ("temperature", Good(18.25)),
        ("dissolved_solids", Good(250.0)),
        ("ph", Bad),
        ("ph_quality", Good(7.0)),
    ];
    check("insitu-aqua-troll-400", &troll, &wanted);
}

#[test]
fn flow_and_level_meters() {
    // The supplement's examples: 94.3 % is 0x24D6, 53.7 dB is 0x14FA. Litres per second.
    let gf = [
        (Holding, 106, float(2.5)),
        (Holding, 108, float(1234.5)),
        (Holding, 139, vec![0x24D6, 0x14FA]),
    ];
    let wanted = [
        ("regime", Good(0.0)),
        ("flow", Good(9.0)),
        ("volume_total", Good(1.2345)),
        ("signal_quality", Good(94.3)),
        ("signal_to_noise", Good(53.7)),
    ];
    check("gf-u3000-v2", &gf, &wanted);
    check("gf-u3000-v2", &[(Holding, 4, vec![3])], &[("regime", Uncertain(3.0))]);
    // The source's example: the bytes 80 6B 42 12 are 36.625 °C.
    let tuf = [
        (Holding, 0, float_low_first(12.5)),
        (Holding, 8, low_first(123_456)),
        (Holding, 32, vec![0x806B, 0x4212]),
        (Holding, 71, vec![0x0002]),
        (Holding, 91, vec![0x0356]),
    ];
    let wanted = [
        ("flow", Good(12.5)),
        ("volume_total", Good(123_456.0)),
        ("temperature_inlet", Good(36.62541)),
        ("no_transducer", Good(0.0)),
        ("signal_weak", Good(1.0)),
        ("signal_quality", Good(86.0)),
    ];
    check("tuf-2000m", &tuf, &wanted);
    let abb = [
        (Input, 5016, float(42.5)),
        (Input, 1022, vec![0xFF01]),
        (Holding, 12002, high_first(987_654)),
    ];
    let wanted =
        [("flow", Good(42.5)), ("internal_power", Good(1.0)), ("volume_total", Good(987_654.0))];
    check("abb-aquamaster-3", &abb, &wanted);
    let keller = [(Holding, 0x0100, [float(0.25), float(12.5)].concat())];
    check("keller-acculevel", &keller, &[("pressure", Good(25.0)), ("temperature", Good(12.5))]);
}

#[test]
fn contacts_and_climate() {
    let moxa = [(Discrete, 0, vec![1, 0, 1]), (Input, 32, high_first(70_000))];
    let wanted = [
        ("door_open", Good(1.0)),
        ("lamp_on", Good(0.0)),
        ("exposure", Good(1.0)),
        ("water_pulses_total", Good(70_000.0)),
        ("exposures_total", Good(0.0)),
    ];
    check("moxa-iologik-e1210", &moxa, &wanted);
    // The source's examples: 0131 is 30.5 °C, 0222 is 54.6 %, FF33 is -20.5 °C; and of the other
    // version, in hundredths, 0BEA and 1554.
    let wanted = [("temperature", Good(30.5)), ("humidity", Good(54.6))];
    check("xy-md02", &[(Input, 1, vec![0x0131, 0x0222])], &wanted);
    check("xy-md02", &[(Input, 1, vec![0xFF33])], &[("temperature", Good(-20.5))]);
    let wanted = [("temperature", Uncertain(305.0)), ("humidity", Uncertain(546.0))];
    check("xy-md02", &[(Input, 1, vec![0x0BEA, 0x1554])], &wanted);
    let wiren = [(Input, 7, vec![0x07D0, 0x7FFF]), (Discrete, 16, vec![1, 0])];
    let wanted = [
        ("chamber_temperature", Good(125.0)),
        ("temperature_2", Bad),
        ("probe_1_ok", Good(1.0)),
        ("probe_2_ok", Good(0.0)),
    ];
    check("wirenboard-wb-m1w2", &wiren, &wanted);
}

#[test]
fn power_meters() {
    // 230.5 V, 1.25 A, 250 W, as floats with the high word first.
    let sdm = [
        (Input, 0x00, vec![0x4366, 0x8000]),
        (Input, 0x06, vec![0x3FA0, 0x0000]),
        (Input, 0x0C, vec![0x437A, 0x0000]),
        (Input, 0x48, float(12.5)),
    ];
    let wanted = [
        ("voltage", Good(230.5)),
        ("current", Good(1.25)),
        ("power", Good(250.0)),
        ("energy_total", Good(12.5)),
    ];
    check("eastron-sdm120", &sdm, &wanted);
    let sdm = [(Input, 4, float(231.0)), (Input, 0x34, float(1500.0)), (Input, 0x46, float(50.0))];
    let wanted = [("voltage_l3", Good(231.0)), ("power", Good(1500.0)), ("frequency", Good(50.0))];
    check("eastron-sdm630", &sdm, &wanted);
    let abb = [
        (Holding, 0x5000, vec![0, 0, 0x0001, 0x86A1]),
        (Holding, 0x5B00, [high_first(2305), vec![0xFFFF; 2]].concat()),
        (Holding, 0x5B14, high_first((-125_050_i32).cast_unsigned())),
        (Holding, 0x5B2C, vec![0xFFFF]),
    ];
    let wanted = [
        ("energy_total", Good(1000.01)),
        ("voltage_l1", Good(230.5)),
        ("voltage_l2", Bad),
        ("power", Good(-1250.5)),
        ("frequency", Bad),
    ];
    check("abb-b23", &abb, &wanted);
    check("abb-b23", &[(Holding, 0x5000, vec![0xFFFF; 4])], &[("energy_total", Bad)]);
    let em24 = [
        (Input, 0, low_first(2305)),
        (Input, 0x0C, low_first(1250)),
        (Input, 0x28, low_first((-5_i32).cast_unsigned())),
        (Input, 0x37, vec![500]),
        (Input, 0x42, low_first(70_001)),
    ];
    let wanted = [
        ("voltage_l1", Good(230.5)),
        ("current_l1", Good(1.25)),
        ("power", Good(-0.5)),
        ("frequency", Good(50.0)),
        ("energy_total", Good(7000.1)),
    ];
    check("carlo-gavazzi-em24", &em24, &wanted);
}

/// The made-up ones show what the form can say: text, decimal digits, doubles, halves.
#[test]
fn made_up_models() {
    // "STER" with the low byte of each register first, and NUL to the end.
    let sterilizer = [
        (Holding, 0, vec![0x5453, 0x5245, 0, 0, 13_460, 1356, 2041, 0x0102, 0x1234]),
        (Holding, 9, vec![0]),
    ];
    let wanted = [
        ("phase", Good(4.0)),
        ("chamber_temperature", Good(134.6)),
        ("jacket_temperature", Good(135.6)),
        ("chamber_pressure", Good(204.1)),
        ("programme", Good(2.0)),
        ("door_open", Good(1.0)),
        ("fault", Good(0.0)),
        ("cycle_count", Good(1234.0)),
    ];
    check("generic-steam-sterilizer", &sterilizer, &wanted);
    check("generic-steam-sterilizer", &[(Holding, 0, vec![0x5858])], &[("phase", Bad)]);
    let meter = [(Holding, 0, vec![0x0012, 0x3456, 0x0150]), (Holding, 3, vec![0b10])];
    let wanted = [("volume_total", Good(1234.56)), ("flow", Good(1.5)), ("backflow", Good(1.0))];
    check("generic-water-meter", &meter, &wanted);
    check("generic-water-meter", &[(Holding, 0, vec![0x00FA])], &[("volume_total", Bad)]);
    let double = |value: f64| (0..4).map(|nth| (value.to_bits() >> (16 * nth)) as u16).collect();
    let magmeter = [(Holding, 4, double(123_456_789.125)), (Holding, 12, vec![1])];
    let wanted = [("volume_total", Good(123_456_789.125)), ("empty_pipe", Good(1.0))];
    check("generic-magmeter-f64", &magmeter, &wanted);
    // A half of 1.5 is 3E00.
    let wanted =
        [("uv_irradiance", Good(1.5)), ("lamp_hours", Good(7200.0)), ("sleeve_wiper", Good(2.0))];
    check("generic-uv-reactor", &[(Input, 0, vec![0x3E00, 0, 0, 2, 0x0020])], &wanted);
    let wanted = [
        ("ammonia_nitrogen", Bad),
        ("run_count", Good(1234.0)),
        ("reagent_left", Good(80.0)),
        ("reagent_low", Good(1.0)),
    ];
    let ammonia = [(Holding, 100, float_low_first(-1.0)), (Holding, 104, vec![0, 0x1234, 0x5001])];
    check("generic-ammonia-analyser", &ammonia, &wanted);
    let pump = [(Coil, 0, vec![1, 0, 0, 1]), (Holding, 0, vec![2, 1250, 0xFF32])];
    let wanted = [
        ("running", Good(1.0)),
        ("tank_low", Good(1.0)),
        ("mode", Good(2.0)),
        ("dosing_flow", Good(12.5)),
        ("stroke_rate", Good(50.0)),
    ];
    check("generic-dosing-pump", &pump, &wanted);
}
