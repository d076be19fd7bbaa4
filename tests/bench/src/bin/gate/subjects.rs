//! What is counted: the steps of a reading's way, through the public interfaces of the crates.

use core::{hint::black_box, time::Duration};
use std::sync::Arc;
use weir_compliance::{Pack, builtin_packs};
use weir_config::{Device, Library, Site, area_facts};
use weir_domain::{Reading, Sample, SeriesId, Timestamp};
use weir_engine::{
    AlarmLimits, AreaSpec, DeviceSpec, Engine, LinkInfo, Record, Row, SiteSpec, decode,
    plan::{Timing, plan},
};
use weir_profiles::Profile;
use weir_storage::{Store, StoreOptions};
use weir_wire::{
    modbus::{self, Function, Mbap, Request, rtu},
    telemetry::{self, Boot, Field, Scalar, Telemetry},
};

/// One thing that is counted.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    /// What one unit is.
    pub(crate) unit: &'static str,
    /// Units in a round.
    pub(crate) units: u64,
    /// Rounds of the shorter run.
    pub(crate) rounds: u64,
    pub(crate) run: fn(u64),
}

impl Subject {
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|subject| subject.name == name)
    }
}

/// Registers of an exchange.
const REGISTERS: u16 = 100;
/// Fields of a message.
const FIELDS: usize = 8;
/// Readings of a batch.
const BATCH: u64 = 100;
/// When it all begins.
const START: i64 = 1_795_341_600_000;

/// All of them.
pub(crate) const ALL: &[Subject] = &[
    Subject {
        name: "exchange",
        unit: "a register through a Modbus TCP frame into an answer, 100 a frame",
        units: REGISTERS as u64,
        rounds: 1000,
        run: exchange,
    },
    Subject {
        name: "rtu",
        unit: "a register through a serial frame with its CRC, 100 a frame",
        units: REGISTERS as u64,
        rounds: 1000,
        run: serial,
    },
    Subject {
        name: "decode",
        unit: "a register into a reading",
        units: REGISTERS as u64,
        rounds: 1000,
        run: decoding,
    },
    Subject {
        name: "plan",
        unit: "a point of a profile of 100, planned",
        units: REGISTERS as u64,
        rounds: 200,
        run: planning,
    },
    Subject {
        name: "json",
        unit: "a field of a JSON message of 8",
        units: FIELDS as u64,
        rounds: 2000,
        run: json,
    },
    Subject {
        name: "cbor",
        unit: "a field of a CBOR message of 8",
        units: FIELDS as u64,
        rounds: 2000,
        run: cbor,
    },
    Subject {
        name: "engine",
        unit: "a reading judged, one area with its packs, in batches of 100",
        units: BATCH,
        rounds: 100,
        run: judging,
    },
    Subject {
        name: "journal",
        unit: "a reading durable in the store, in batches of 100",
        units: BATCH,
        rounds: 200,
        run: storing,
    },
];

fn profile() -> Profile {
    let mut text = String::from(
        "[profile]\nid = \"gate\"\nname = \"Gate\"\nsource = \"generic: made up\"\nmodbus = {}\n",
    );
    for index in 0..REGISTERS {
        // Whole numbers and tenths in turn, as instruments have them.
        let scale = if index % 2 == 0 { "" } else { ", scale = 0.1" };
        text.push_str(&format!(
            "\n[[point]]\nid = \"p{index:03}\"\nname = \"P\"\nparameter = \"count\"\nunit = \"1\"\nrange = [0, 70000]\nregister = {{ table = \"holding\", address = {index}, type = \"u16\"{scale} }}\n"
        ));
    }
    Profile::parse(&text).expect("written above")
}

fn registers() -> Vec<u16> {
    (0..REGISTERS).map(|register| register.wrapping_mul(601)).collect()
}

fn asked() -> Request {
    Request::new(Function::ReadHoldingRegisters, 0, REGISTERS).expect("within the limits")
}

fn exchange(rounds: u64) {
    let pdu = modbus::encode_registers(Function::ReadHoldingRegisters, &registers());
    let stream = Mbap { transaction: 7, unit: 1 }.emit(&pdu);
    for _ in 0..rounds {
        let frame = Mbap::parse(black_box(&stream)).expect("a frame").expect("whole");
        black_box(modbus::parse_response(asked(), frame.pdu).expect("an answer"));
    }
}

fn serial(rounds: u64) {
    let pdu = modbus::encode_registers(Function::ReadHoldingRegisters, &registers());
    let frame = rtu::frame(1, &pdu);
    for _ in 0..rounds {
        black_box(rtu::response_len(black_box(&frame)));
        let (_, pdu) = rtu::unframe(black_box(&frame)).expect("a frame");
        black_box(modbus::parse_response(asked(), pdu).expect("an answer"));
    }
}

fn decoding(rounds: u64) {
    let profile = profile();
    let requests = plan(&profile, Timing::tcp(Duration::from_millis(20)), &[]);
    let request = requests.first().expect("one request");
    let answer = decode::Answer::Registers(registers());
    for _ in 0..rounds {
        for point in &profile.points {
            black_box(decode::decode(black_box(point), request, black_box(&answer)));
        }
    }
}

fn planning(rounds: u64) {
    let profile = profile();
    for _ in 0..rounds {
        black_box(plan(black_box(&profile), Timing::tcp(Duration::from_millis(20)), &[]));
    }
}

fn message() -> Telemetry {
    let field = |index: usize| Field {
        name: format!("point_{index}"),
        value: Scalar::Number(7.25 + index as f64),
        quality: None,
    };
    let fields = (0..FIELDS).map(field).collect();
    Telemetry { boot: Boot::Number(7), seq: 12, t: Some(START), fields }
}

fn json(rounds: u64) {
    decode_again(&telemetry::encode_json(&message()), rounds);
}

fn cbor(rounds: u64) {
    decode_again(&telemetry::encode_cbor(&message()), rounds);
}

fn decode_again(bytes: &[u8], rounds: u64) {
    for _ in 0..rounds {
        black_box(telemetry::decode(black_box(bytes)).expect("a message"));
    }
}

const SITE: &str = r#"
[site]
id = "gate"
time_zone = "Asia/Shanghai"
[[area]]
id = "effluent"
kind = "hospital_wastewater"
class = "general_direct"
packs = ["gb18466-2005"]
[[link]]
id = "tcp"
transport = { modbus_tcp = { host = "127.0.0.1" } }
[[device]]
id = "trc-1"
profile = "generic-residual-chlorine"
link = "tcp"
unit_id = 3
area = "effluent"
role = "contact_tank_outlet"
scan_interval_ms = 1000
"#;

fn engine() -> Engine {
    let packs = builtin_packs();
    let library = Library { packs: packs.clone(), ..Library::builtin() };
    let site = Site::parse(SITE, &library).expect("a good site").site;
    let system: Vec<Arc<Pack>> =
        packs.into_iter().filter(|pack| pack.id.as_str() == "weir-system").collect();
    let areas = site.areas.iter().map(|area| AreaSpec {
        name: area.name.clone(),
        kind: area.kind.as_str().to_owned(),
        opening_hours: area.opening_hours.clone(),
        packs: area.packs.iter().chain(&system).cloned().collect(),
        facts: area_facts(&site, area),
    });
    let device = |device: &Device| DeviceSpec {
        id: device.id.clone(),
        name: device.name.clone(),
        profile: device.profile.clone(),
        link: device.link.clone(),
        unit_id: device.unit_id,
        area: device.area.clone(),
        role: device.role.clone(),
        scan_interval: device.scan_interval,
        stale_after: device.stale_after,
        series: (0..device.profile.points.len()).map(|i| SeriesId(i as u32)).collect(),
    };
    let links = site.links.iter().map(|link| LinkInfo {
        id: link.id.clone(),
        transport: link.transport.to_string(),
        timeout: link.timeout,
    });
    let spec = SiteSpec {
        id: site.id.clone(),
        name: site.name.clone(),
        time_zone: site.time_zone_name.clone(),
        config_hash: String::new(),
        areas: areas.collect(),
        links: links.collect(),
        devices: site.devices.iter().map(device).collect(),
        alarms: AlarmLimits::default(),
    };
    Engine::new(spec, Timestamp::from_millis(START)).0
}

/// The readings of a round: two points a second, within the limits.
fn rows(round: u64, series: &[SeriesId]) -> Vec<Row> {
    let row = |index: u64| {
        let nth = round * BATCH + index;
        let series = series[(nth % series.len() as u64) as usize];
        let second = (nth / 2) as i64;
        let reading = Reading::from_number(4.5 + (nth % 7) as f64 / 10.0);
        let sample = Sample::at(Timestamp::from_millis(START + second * 1000), reading);
        Row { series, sample }
    };
    (0..BATCH).map(row).collect()
}

fn judging(rounds: u64) {
    let mut engine = engine();
    let series = [SeriesId(0), SeriesId(1)];
    let (mut seq, mut effects) = (0, Vec::new());
    for round in 0..rounds {
        let mut last = engine.clock();
        for row in rows(round, &series) {
            last = row.sample.received_time;
            seq += 1;
            engine.handle(seq, &Record::Reading(row), &mut effects).expect("a reading");
        }
        engine.tick(last, &mut effects);
        black_box(engine.take_changes());
        effects.clear();
    }
}

fn storing(rounds: u64) {
    use weir_domain::{Clock, PointId};
    use weir_engine::ports::Intake as _;

    struct Standing;
    impl Clock for Standing {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(START)
        }
    }
    let dir = tempfile::tempdir().expect("a folder");
    let options = StoreOptions {
        dir: dir.path().to_owned(),
        commit_interval: Duration::from_secs(1),
        retention: Duration::from_secs(365 * 86_400),
        clock: Arc::new(Standing),
        seal_after: Duration::from_secs(3600),
        seal_rows: usize::MAX,
    };
    let store = Store::open(options, Box::new(drop)).expect("a store");
    let point =
        |name: &str| PointId::new("d".parse().expect("an id"), name.parse().expect("a name"));
    let series = store.series(&[point("a"), point("b")]).expect("numbers");
    store.start(0).expect("a start");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for round in 0..rounds {
        runtime.block_on(store.submit(rows(round, &series), true)).expect("stored");
    }
    store.shutdown();
}
