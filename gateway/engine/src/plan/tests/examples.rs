//! Plans and costs computed by hand.

use super::*;
use DataType::{Bit, F32, F64, U16};
use RegisterKind::{Coil, DiscreteInput as D, HoldingRegister as H, InputRegister as I};

fn in_short(requests: Vec<ReadRequest>) -> Vec<(u16, u16, Vec<usize>)> {
    requests.into_iter().map(|r| (r.start.0, r.count, r.points)).collect()
}

fn limits(registers_max: u16, hole_max: u16) -> ModbusAccess {
    ModbusAccess { registers_max, hole_max: Some(hole_max), ..ModbusAccess::default() }
}

#[test]
fn neighbours_holes_and_limits() {
    let places = [(H, 0, F32), (H, 2, U16), (H, 6, F32), (I, 0, U16), (H, 9, F64)];
    let with = |access| in_short(plan(&profile(access, &places), ANY, &[]));
    let input = (0, 1, vec![3]);
    assert_eq!(
        with(limits(125, 0)),
        [(0, 3, vec![0, 1]), (6, 2, vec![2]), (9, 4, vec![4]), input.clone()]
    );
    assert_eq!(with(limits(125, 3)), [(0, 13, vec![0, 1, 2, 4]), input.clone()]);
    // 0..3 and 6..13 have a smaller hole than 0..8 and 9..13.
    assert_eq!(with(limits(8, 3)), [(0, 3, vec![0, 1]), (6, 7, vec![2, 4]), input]);
    assert_eq!(with(limits(1, 3)).len(), 5, "a value is never split, whatever the limit");
}

#[test]
fn a_hole_is_read_along_if_that_takes_less_than_a_request() {
    // Between the two lie 10 registers: 20 bytes.
    let both = profile(ModbusAccess::default(), &[(H, 0, U16), (H, 11, U16)]);
    let requests = |request| {
        let byte = Duration::from_millis(1);
        plan(&both, Timing { request: Duration::from_millis(request), byte }, &[]).len()
    };
    assert_eq!((requests(19), requests(20), requests(21)), (2, 1, 1), "a tie is one request");
    let request_gap = Duration::from_millis(1);
    let rests = ModbusAccess { request_gap, ..ModbusAccess::default() };
    let rests = profile(rests, &[(H, 0, U16), (H, 11, U16)]);
    let (request, byte) = (Duration::from_millis(19), Duration::from_millis(1));
    assert_eq!(plan(&rests, Timing { request, byte }, &[]).len(), 1, "a rest is time, too");
    let apart = profile(ModbusAccess::default(), &[(H, 0, U16), (H, HOLE_REGISTERS + 2, U16)]);
    assert_eq!(plan(&apart, Timing::tcp(Duration::from_secs(1)), &[]).len(), 2, "a bounded hole");
    // At 9600 baud and 20 ms turnaround a request costs as much as 18 registers.
    let slow = Timing::rtu(9600, Duration::from_millis(20));
    assert_eq!(slow.byte, Duration::from_micros(1145));
    assert_eq!(slow.request, Duration::from_micros(20_000 + 14_895 + 2 * 4_010));
    assert_eq!(plan(&both, slow, &[]).len(), 1);
}

#[test]
fn quirks_are_honoured() {
    let status = [(H, 5, Bit(0)), (H, 5, Bit(9)), (H, 6, U16), (H, 65535, U16)];
    let one_by_one = ModbusAccess { one_by_one: true, ..ModbusAccess::default() };
    assert_eq!(
        in_short(plan(&profile(one_by_one, &status), ANY, &[])),
        [(5, 1, vec![0, 1]), (6, 1, vec![2]), (65535, 1, vec![3])]
    );
    let from_zero = ModbusAccess { bits_from_zero: true, bits_max: 32, ..ModbusAccess::default() };
    let bits =
        [(D, 5, Bit(0)), (D, 30, Bit(0)), (D, 40, Bit(0)), (Coil, 2000, Bit(0)), (H, 7, U16)];
    assert_eq!(
        in_short(plan(&profile(from_zero.clone(), &bits), ANY, &[])),
        [(0, 31, vec![0, 1]), (0, 41, vec![2]), (7, 1, vec![4])],
        "bit 2000 cannot be had from 0"
    );
    let refused = [range(D, 10, 10)];
    assert_eq!(
        in_short(plan(&profile(from_zero, &bits), ANY, &refused)),
        [(0, 6, vec![0]), (7, 1, vec![4])],
        "nothing behind a refused bit can be had from 0"
    );
}

#[test]
fn what_is_forbidden_or_refused_is_not_asked_for_not_even_in_a_hole() {
    let places = [(H, 0, U16), (H, 3, U16), (H, 6, F32)];
    let access = ModbusAccess { forbidden: vec![range(H, 1, 1)], ..ModbusAccess::default() };
    let asked =
        |refused: &[AddressRange]| in_short(plan(&profile(access.clone(), &places), ANY, refused));
    assert_eq!(asked(&[]), [(0, 1, vec![0]), (3, 5, vec![1, 2])]);
    assert_eq!(asked(&[range(H, 4, 5)]), [(0, 1, vec![0]), (3, 1, vec![1]), (6, 2, vec![2])]);
    assert_eq!(asked(&[range(H, 7, 9)]), [(0, 1, vec![0]), (3, 1, vec![1])]);
    assert_eq!(asked(&[range(I, 0, u16::MAX)]).len(), 2, "another table");
}

#[test]
fn the_last_register_of_all() {
    let beyond = profile(ModbusAccess::default(), &[(H, 65535, F32)]);
    // Beyond the last address: a fault of the profile that the client's check refuses.
    assert_eq!(in_short(plan(&beyond, ANY, &[])), [(65535, 2, vec![0])]);
    assert!(plan(&beyond, ANY, &[range(H, 65535, 65535)]).is_empty());
}

#[test]
fn bytes_and_times_of_a_request() {
    let request =
        |kind, count| ReadRequest { kind, start: RegisterAddress(0), count, points: Vec::new() };
    let bytes = |r: &ReadRequest, f| (r.request_bytes(f), r.answer_bytes(f));
    // By the specification: 01 04 0000 0002 CRC, and 01 04 04 xxxx xxxx CRC.
    assert_eq!(bytes(&request(I, 2), Framing::Rtu), (8, 9));
    assert_eq!(bytes(&request(I, 125), Framing::Mbap), (12, 259));
    assert_eq!(bytes(&request(Coil, 9), Framing::Rtu), (8, 7));
    let timing = Timing { request: Duration::from_millis(10), byte: Duration::from_millis(1) };
    assert_eq!(request(I, 2).duration(timing), Duration::from_millis(14));
    assert_eq!(request(D, 9).duration(timing), Duration::from_millis(12));
}

#[test]
fn a_profile_of_messages_has_no_requests() {
    let mut published = profile(ModbusAccess::default(), &[(H, 0, U16)]);
    let format = weir_profiles::MessageFormat::Weir;
    published.access =
        Access::Mqtt(weir_profiles::MqttAccess { topic: "t".into(), format, occasional: false });
    assert!(plan(&published, ANY, &[]).is_empty() && plan_info(&published, ANY).is_empty());
}
