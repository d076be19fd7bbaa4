//! Modbus TCP and RTU, polled with bare bytes.

use crate::{fleet, options, start};
use std::{path::Path, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_serial::{SerialPortBuilderExt, SerialStream};
use weir_devices::{
    AbsentUnits, Corruption, Knobs, Options,
    plant::{Device, Incident, IncidentKind, Script, Signal},
};
use weir_wire::modbus::{Exception, crc16};

const NOTHING: [u8; 0] = [];
/// What is still called silence.
const SILENCE: Duration = Duration::from_millis(200);

/// Sends a PDU in its frame, and returns the PDU that comes back.
async fn ask_tcp(stream: &mut TcpStream, unit: u8, pdu: &[u8]) -> Option<Vec<u8>> {
    let mut frame = vec![0xAB, unit, 0, 0, 0, u8::try_from(pdu.len() + 1).unwrap(), unit];
    frame.extend(pdu);
    stream.write_all(&frame).await.unwrap();
    let mut header = [0; 7];
    timeout(SILENCE, stream.read_exact(&mut header)).await.ok()?.unwrap();
    assert_eq!(header[..4], [0xAB, unit, 0, 0], "transaction and protocol");
    assert_eq!(header[6], unit);
    let mut pdu = vec![0; usize::from(u16::from_be_bytes([header[4], header[5]])) - 1];
    stream.read_exact(&mut pdu).await.unwrap();
    Some(pdu)
}

fn open(path: &Path) -> SerialStream {
    tokio_serial::new(path.to_str().unwrap(), 9_600).open_native_async().unwrap()
}

/// Sends a frame, and returns all bytes until the silence.
async fn ask_rtu(port: &mut SerialStream, unit: u8, pdu: &[u8]) -> Vec<u8> {
    let mut frame = vec![unit];
    frame.extend(pdu);
    frame.extend(crc16(&frame).to_le_bytes());
    port.write_all(&frame).await.unwrap();
    listen(port).await
}

async fn listen(port: &mut SerialStream) -> Vec<u8> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 256]);
    while let Ok(read) = timeout(SILENCE, port.read(&mut chunk)).await {
        bytes.extend(&chunk[..read.unwrap()]);
    }
    bytes
}

fn exception(function: u8, exception: Exception) -> Option<Vec<u8>> {
    Some(vec![function | 0x80, exception.code()])
}

#[tokio::test]
async fn units_behind_one_address_answer_from_their_own_maps() {
    let (fleet, _) = fleet(Script::quiet(), options()).await;
    let mut plant_tcp = TcpStream::connect(fleet.addresses().plant_tcp).await.unwrap();

    // The pool: hundredths in holding registers.
    let answer = ask_tcp(&mut plant_tcp, 10, &[3, 0, 0, 0, 6]).await.unwrap();
    assert_eq!(answer[..2], [3, 12]);
    let free = f64::from(i16::from_be_bytes([answer[2], answer[3]])) / 100.0;
    let truth = fleet.plant().look(|plant| plant.measure(Signal::Pool1FreeChlorine).as_f64());
    assert!((free - truth).abs() <= 0.006, "{free} {truth}");

    // The turbidity meter: a float with its bytes swapped in each word.
    let answer = ask_tcp(&mut plant_tcp, 11, &[4, 0, 10, 0, 2]).await.unwrap();
    let bits = u32::from_be_bytes([answer[3], answer[2], answer[5], answer[4]]);
    let truth = fleet.plant().look(|plant| plant.measure(Signal::Turb1Turbidity).as_f64());
    assert!((f64::from(f32::from_bits(bits)) - truth).abs() <= 0.000_6);

    let illegal = exception(4, Exception::IllegalDataAddress);
    assert_eq!(ask_tcp(&mut plant_tcp, 11, &[4, 0, 11, 0, 2]).await, illegal);
    let illegal = exception(6, Exception::IllegalFunction);
    assert_eq!(ask_tcp(&mut plant_tcp, 11, &[6, 0, 10, 0, 1]).await, illegal);
    fleet.stop().await;
}

#[tokio::test]
async fn a_unit_that_is_not_there_is_silent_or_refused_and_the_others_do_not_mind() {
    for (absent, expected) in [
        (AbsentUnits::Silent, None),
        (AbsentUnits::Refused, exception(3, Exception::GatewayTargetFailedToRespond)),
    ] {
        let (fleet, _) = fleet(Script::quiet(), Options { absent, ..options() }).await;
        let mut stream = TcpStream::connect(fleet.addresses().plant_tcp).await.unwrap();
        assert_eq!(ask_tcp(&mut stream, 99, &[3, 0, 0, 0, 1]).await, expected);
        assert!(ask_tcp(&mut stream, 10, &[3, 0, 0, 0, 1]).await.is_some());
    }
}

#[tokio::test]
async fn several_clients_and_split_and_joined_frames_are_served() {
    let (fleet, _) = fleet(Script::quiet(), options()).await;
    let address = fleet.addresses().radiology_tcp;
    let mut one = TcpStream::connect(address).await.unwrap();
    let mut other = TcpStream::connect(address).await.unwrap();
    let request = [0, 1, 0, 0, 0, 6, 20, 2, 0, 0, 0, 4];
    for byte in request {
        one.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    other.write_all(&[request, request].concat()).await.unwrap();
    let mut answer = [0; 10];
    one.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer[..9], [0, 1, 0, 0, 0, 4, 20, 2, 1]);
    let mut answers = [0; 20];
    other.read_exact(&mut answers).await.unwrap();
    assert_eq!(answers[..10], answers[10..]);
    let mut babbler = TcpStream::connect(address).await.unwrap();
    babbler.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let ended = timeout(Duration::from_secs(5), babbler.read(&mut answer)).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)), "what is no Modbus is shown the door");
}

#[tokio::test]
async fn the_serial_line_answers_with_a_checksum_and_only_for_units_that_are_there() {
    let (fleet, _) = fleet(Script::quiet(), options()).await;
    let mut port = open(fleet.addresses().serial.as_deref().unwrap());

    let answer = ask_rtu(&mut port, 5, &[3, 0, 0, 0, 2]).await;
    assert_eq!(answer[..3], [5, 3, 4]);
    assert_eq!(crc16(&answer[..7]).to_le_bytes(), answer[7..]);
    let ph = f64::from(u16::from_be_bytes([answer[3], answer[4]])) / 100.0;
    let truth = fleet.plant().look(|plant| plant.measure(Signal::Ph1Ph).as_f64());
    assert!((ph - truth).abs() <= 0.006, "{ph} {truth}");

    assert_eq!(ask_rtu(&mut port, 9, &[3, 0, 0, 0, 2]).await, NOTHING, "nobody has this id");
    assert_eq!(ask_rtu(&mut port, 0, &[3, 0, 0, 0, 2]).await, NOTHING, "a broadcast");
    let illegal = ask_rtu(&mut port, 5, &[3, 0, 1, 0, 2]).await;
    assert_eq!(illegal[..3], [5, 0x83, 2]);
    let unknown = ask_rtu(&mut port, 5, &[0x2B, 0x0E, 1, 0]).await;
    assert_eq!(unknown[..3], [5, 0xAB, 1], "a function whose length only silence tells");
    fleet.stop().await;
}

#[tokio::test]
async fn the_serial_line_survives_noise_and_a_client_that_comes_and_goes() {
    let (fleet, _) = fleet(Script::quiet(), options()).await;
    let path = fleet.addresses().serial.clone().unwrap();
    for _ in 0..3 {
        let mut port = open(&path);
        port.write_all(&[5, 3, 0, 0]).await.unwrap();
        assert_eq!(listen(&mut port).await, NOTHING, "half a frame");
        port.write_all(&[5, 3, 0, 0, 0, 2, 0xDE, 0xAD]).await.unwrap();
        assert_eq!(listen(&mut port).await, NOTHING, "a wrong checksum");
        port.write_all(&[0xFF; 400]).await.unwrap();
        assert_eq!(listen(&mut port).await, NOTHING, "noise");
        assert_eq!(ask_rtu(&mut port, 3, &[4, 0, 0, 0, 2]).await.len(), 9);
    }
}

#[tokio::test]
async fn knobs_make_a_device_silent_slow_wrong_or_refusing() {
    let (fleet, _) = fleet(Script::quiet(), options()).await;
    let mut port = open(fleet.addresses().serial.as_deref().unwrap());
    let mut stream = TcpStream::connect(fleet.addresses().plant_tcp).await.unwrap();
    let turn = |knobs: Knobs| [Device::Ph1, Device::Pool1].map(|device| fleet.turn(device, knobs));
    let request = [3, 0, 0, 0, 2];
    let right = ask_rtu(&mut port, 5, &request).await;

    turn(Knobs { silent: true, ..Knobs::default() });
    assert_eq!(ask_rtu(&mut port, 5, &request).await, NOTHING);
    assert_eq!(ask_tcp(&mut stream, 10, &request).await, None);
    assert_eq!(ask_rtu(&mut port, 3, &[4, 0, 0, 0, 2]).await.len(), 9, "its neighbour is well");

    turn(Knobs { exception: Some(Exception::ServerDeviceBusy), ..Knobs::default() });
    let busy = exception(3, Exception::ServerDeviceBusy);
    assert_eq!(ask_tcp(&mut stream, 10, &request).await, busy);

    turn(Knobs { corruption: Some(Corruption::Flipped), ..Knobs::default() });
    let flipped = ask_rtu(&mut port, 5, &request).await;
    assert_eq!(flipped.len(), right.len());
    let (body, crc) = flipped.split_at(flipped.len() - 2);
    assert_ne!(crc16(body).to_le_bytes(), crc);
    turn(Knobs { corruption: Some(Corruption::Truncated), ..Knobs::default() });
    assert_eq!(ask_rtu(&mut port, 5, &request).await.len(), right.len() - 1);

    turn(Knobs { dead: true, ..Knobs::default() });
    assert_eq!(ask_rtu(&mut port, 5, &request).await[3..7], [0xFF, 0xFF, 0x7F, 0xFF]);
    assert_eq!(ask_tcp(&mut stream, 10, &request).await.unwrap()[2..6], [0x7F, 0xFF, 0x7F, 0xFF]);

    turn(Knobs { delay: Duration::from_millis(120), ..Knobs::default() });
    let before = Instant::now();
    assert!(ask_tcp(&mut stream, 10, &request).await.is_some());
    assert!(before.elapsed() >= Duration::from_millis(120));

    turn(Knobs::default());
    assert_eq!(fleet.knobs(Device::Ph1), Knobs::default());
    assert_eq!(ask_rtu(&mut port, 5, &request).await.len(), right.len());
}

#[tokio::test]
async fn a_script_silences_a_device_until_its_time_is_over() {
    let script = Script::of([Incident {
        at: start() + Duration::from_secs(40),
        kind: IncidentKind::DeviceSilent(Device::Turb1),
        duration: Duration::from_secs(75),
    }]);
    let (fleet, clock) = fleet(script, options()).await;
    let mut stream = TcpStream::connect(fleet.addresses().plant_tcp).await.unwrap();
    let request = [4, 0, 10, 0, 2];
    assert!(ask_tcp(&mut stream, 11, &request).await.is_some());
    clock.go_on(Duration::from_secs(40));
    assert_eq!(ask_tcp(&mut stream, 11, &request).await, None);
    clock.go_on(Duration::from_secs(75));
    assert!(ask_tcp(&mut stream, 11, &request).await.is_some());
    assert_eq!(fleet.plant().truth().len(), 1);
}

#[tokio::test]
async fn a_line_has_its_speed() {
    let (fleet, _) = fleet(Script::quiet(), Options { baud: Some(1_200), ..options() }).await;
    let mut port = open(fleet.addresses().serial.as_deref().unwrap());
    let before = Instant::now();
    let mut frame = vec![5, 3, 0, 0, 0, 2];
    frame.extend(crc16(&frame).to_le_bytes());
    port.write_all(&frame).await.unwrap();
    let mut answer = [0; 9];
    port.read_exact(&mut answer).await.unwrap();
    // 17 bytes of 11 bits, and the silence between.
    assert!(before.elapsed() >= Duration::from_millis(155), "{:?}", before.elapsed());
}

#[tokio::test]
async fn a_stopped_fleet_gives_its_ports_back() {
    let (one, _) = fleet(Script::quiet(), options()).await;
    let addresses = one.addresses().clone();
    let client = TcpStream::connect(addresses.plant_tcp).await.unwrap();
    one.stop().await;
    let again = Options {
        plant_tcp: addresses.plant_tcp,
        radiology_tcp: addresses.radiology_tcp,
        ..options()
    };
    let (other, clock) = fleet(Script::quiet(), again.clone()).await;
    drop(client);
    let shared = weir_devices::SharedPlant::new(weir_devices::plant::Plant::new(1, start()), clock);
    let taken = weir_devices::Fleet::start(shared, again).await.err().unwrap();
    assert!(taken.to_string().contains("could not listen on 127.0.0.1:"), "{taken}");
    other.stop().await;
}
