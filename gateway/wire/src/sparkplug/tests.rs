//! Payloads of two other encoders, and an edge node that loses, repeats and forgets.

use super::*;
use alloc::{borrow::ToOwned, collections::BTreeSet, string::String, vec, vec::Vec};
use core::time::Duration;
use metric_value::MetricValue as Wire;
use proptest::prelude::*;

/// By the encoder of the JavaScript library `sparkplug-payload` 1.0.3: one metric of each type.
const ALL_TYPES: &str = "08808acb95a03412150a026938100118818acb95a034200150feffffff0f120f0a0369\
    31361002200250d4fdffff0f120d0a0369333220035090ddfbff0f12120a03693634200458809ce8afedffffffff01\
    12090a027538200550c801120d0a03753332200758ffffffff0f120d0a0375363420085880e497d012120a0a016620\
    09653333e340120e0a0164200a697b14ae47e17a1c4012070a0162200b7001120a0a0173200c7a0352554e12070a01\
    6e2009380112200a0171200a4a100a075175616c6974791205080318f40369000000000000f83f12070a0174200d58\
    0012100a016818c0baa695a03420032801500512160a02647320108a010d0801120161180322040a0208011803";
/// By the Python library `pysparkplug` 0.6.1: an edge node's life.
const NBIRTH: &str = "08808acb95a03412120a05626453657118808acb95a0342004580712210a144e6f646520436f\
    6e74726f6c2f5265626972746818808acb95a034200b700012160a0474656d70100118808acb95a034200965000\
    0ac411800";
const DBIRTH: &str = "08808acb95a03412180a027068100a18808acb95a034200a697b14ae47e17a1c4012160a056c\
    6576656c100b18808acb95a034200250d8ff0312170a057374617465100c18808acb95a034200c7a0352554e1213\
    0a0470756d70100d18808acb95a034200b70011801";
const DDATA: &str = "08e891cb95a0341212100a18e891cb95a034693333333333331d40120f100b188491cb95a0342\
    80150d7ff031802";
const NDEATH: &str = "120b0a05626453657120045807";
const T: i64 = 1_795_341_600_000;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

fn golden(hex: &str) -> Payload {
    decode(&bytes(hex)).unwrap()
}

fn number(n: f64) -> MetricValue {
    MetricValue::Number(n)
}

const DEVICE: Option<&str> = Some("line-1");

fn node() -> Node {
    Node::new(BTreeSet::from([None, DEVICE.map(str::to_owned)]))
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Names and values of what came, with `?` behind those in doubt.
fn values(events: &[Event]) -> Vec<(String, MetricValue)> {
    let mut all = Vec::new();
    for event in events {
        if let Event::Values { metrics, in_doubt, .. } = event {
            let doubt = if *in_doubt { "?" } else { "" };
            all.extend(metrics.iter().map(|m| (m.name.clone() + doubt, m.value.clone())));
        }
    }
    all
}

#[test]
fn every_type_of_another_encoder() {
    let mut node = node();
    let values = values(&node.receive(None, Said::Birth, golden(ALL_TYPES), secs(0)));
    let expected = [
        ("i8", number(-2.0)),
        ("i16", number(-300.0)),
        ("i32", number(-70_000.0)),
        ("i64", number(-5e9)),
        ("u8", number(200.0)),
        ("u32", number(4_294_967_295.0)),
        ("u64", number(5e9)),
        ("f", number(7.1)),
        ("d", number(7.12)),
        ("b", MetricValue::Boolean(true)),
        ("s", MetricValue::Text("RUN".into())),
        ("n", MetricValue::Null),
        ("q", number(1.5)),
        ("t", number(0.0)),
        ("h", number(5.0)),
        ("ds", MetricValue::Other),
    ];
    assert_eq!(values, expected.map(|(name, value)| (name.to_owned(), value)));
    let again = node.receive(None, Said::Data, golden(ALL_TYPES), secs(0));
    assert_eq!(again, [], "its number has been here before");
}

#[test]
fn quality_history_and_time_are_read() {
    let events = node().receive(None, Said::Birth, golden(ALL_TYPES), secs(0));
    let [Event::Values { metrics, .. }] = &events[..] else { panic!("{events:?}") };
    let of = |name: &str| metrics.iter().find(|m| m.name == name).unwrap();
    assert_eq!((of("q").quality, of("f").quality), (MetricQuality::Stale, MetricQuality::Good));
    assert!(of("h").is_historical && !of("f").is_historical);
    assert_eq!(of("i8").timestamp, Some(T + 1), "its own");
    assert_eq!(of("f").timestamp, Some(T), "that of the message");
}

#[test]
fn a_life_of_another_library() {
    let mut node = node();
    assert_eq!(node.connected(secs(0)), [Event::AskRebirth]);
    let events = node.receive(None, Said::Birth, golden(NBIRTH), secs(1));
    assert_eq!(values(&events)[2], ("temp".to_owned(), number(21.5)));
    let events = node.receive(DEVICE, Said::Birth, golden(DBIRTH), secs(1));
    let names = [("ph", 7.12), ("level", -40.0)].map(|(name, n)| (name.to_owned(), number(n)));
    assert_eq!(values(&events)[..2], names);
    assert!(node.is_alive(None) && node.is_alive(DEVICE) && !node.is_alive(Some("line-2")));
    let events = node.receive(DEVICE, Said::Data, golden(DDATA), secs(2));
    let [Event::Values { metrics, in_doubt: false, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((metrics[0].name.as_str(), &metrics[0].value), ("ph", &number(7.3)));
    assert_eq!((metrics[1].name.as_str(), &metrics[1].value), ("level", &number(-41.0)));
    assert!(metrics[1].is_historical && metrics[1].timestamp == Some(T + 900));
    let events = node.receive(None, Said::Death, golden(NDEATH), secs(3));
    assert_eq!(events, [Event::Dead { device: None }]);
    assert!(!node.is_alive(DEVICE));
}

fn payload(seq: u64, metrics: Vec<Metric>) -> Payload {
    Payload { timestamp: Some(T as u64), metrics, seq: Some(seq) }
}

fn metric(name: Option<&str>, alias: Option<u64>, value: f64) -> Metric {
    let name = name.map(str::to_owned);
    Metric { name, alias, value: Some(Wire::Double(value)), ..Metric::default() }
}

fn birth(seq: u64) -> Payload {
    let session =
        Metric { name: Some("bdSeq".into()), value: Some(Wire::Long(9)), ..Metric::default() };
    payload(seq, vec![session, metric(Some("a"), Some(1), 0.0)])
}

fn data(seq: u64, value: f64) -> Payload {
    payload(seq, vec![metric(None, Some(1), value)])
}

fn born() -> Node {
    let mut node = node();
    node.receive(None, Said::Birth, birth(254), secs(0));
    node
}

fn a(value: f64) -> (String, MetricValue) {
    ("a".to_owned(), number(value))
}

fn doubt(value: f64) -> (String, MetricValue) {
    ("a?".to_owned(), number(value))
}

#[test]
fn messages_out_of_order_are_put_in_order() {
    let mut node = born();
    let mut all = Vec::new();
    for (seq, value) in [(255, 1.0), (1, 3.0), (2, 4.0), (0, 2.0), (0, 2.0), (3, 5.0)] {
        all.extend(node.receive(None, Said::Data, data(seq, value), secs(1)));
    }
    assert_eq!(values(&all), [1.0, 2.0, 3.0, 4.0, 5.0].map(a), "in order, across 255, and once");
    assert_eq!((all.contains(&Event::AskRebirth), node.due()), (false, None));
}

#[test]
fn a_gap_is_doubt_until_the_rebirth() {
    let mut node = born();
    assert_eq!(node.receive(None, Said::Data, data(1, 3.0), secs(10)), []);
    assert_eq!(node.due(), Some(secs(12)));
    assert_eq!(node.tick(secs(11)), []);
    let events = node.tick(secs(12));
    assert_eq!(values(&events), [doubt(3.0)]);
    assert_eq!(events[1], Event::AskRebirth);
    let events = node.receive(None, Said::Data, data(2, 4.0), secs(13));
    assert_eq!(values(&events), [doubt(4.0)]);
    assert_eq!(events.len(), 1, "it has been asked");
    assert_eq!(node.due(), Some(secs(17)), "and will be again");
    assert_eq!(node.tick(secs(17)), [Event::AskRebirth]);
    assert_eq!(node.due(), Some(secs(27)), "but not as often");
    node.receive(None, Said::Birth, birth(0), secs(18));
    assert_eq!(values(&node.receive(None, Said::Data, data(1, 5.0), secs(19))), [a(5.0)]);
    assert_eq!(node.due(), None);
}

#[test]
fn too_many_held_back_are_let_go() {
    let mut node = born();
    let mut all = Vec::new();
    for seq in 0..40 {
        all.extend(node.receive(None, Said::Data, data(seq, seq as f64), secs(1)));
    }
    assert_eq!(values(&all).len(), 40, "255 was missed, and nothing else");
}

#[test]
fn what_is_unknown_is_asked_for_and_not_guessed() {
    let mut node = node();
    let events = node.receive(None, Said::Data, data(3, 1.0), secs(1));
    assert_eq!(events, [Event::AskRebirth], "no birth");
    let mut node = born();
    let both = payload(255, vec![metric(None, Some(7), 1.0), metric(None, Some(1), 2.0)]);
    let events = node.receive(None, Said::Data, both, secs(9));
    assert_eq!((values(&events), &events[1]), (vec![a(2.0)], &Event::AskRebirth), "no such alias");
    let events = node.receive(DEVICE, Said::Data, data(0, 1.0), secs(30));
    assert_eq!(events, [Event::AskRebirth], "no birth of the device");
    let other = node.receive(Some("line-9"), Said::Data, data(1, 1.0), secs(60));
    assert_eq!(values(&other), [], "not ours, but counted");
    assert_eq!(values(&node.receive(None, Said::Data, data(2, 2.0), secs(60))), [a(2.0)]);
}

#[test]
fn a_death_ends_its_own_session_only() {
    let mut node = born();
    let death = |number| Payload {
        metrics: vec![Metric {
            name: Some("bdSeq".into()),
            value: Some(Wire::Long(number)),
            ..Metric::default()
        }],
        ..Payload::default()
    };
    assert_eq!(node.receive(None, Said::Death, death(8), secs(1)), [], "of an earlier session");
    assert_eq!(values(&node.receive(None, Said::Data, data(255, 1.0), secs(2))), [a(1.0)]);
    let dead = [Event::Dead { device: None }];
    assert_eq!(node.receive(None, Said::Death, death(9), secs(3)), dead);
    assert_eq!((node.due(), node.receive(None, Said::Death, death(9), secs(4))), (None, vec![]));
    assert_eq!(node.receive(None, Said::Data, data(0, 1.0), secs(5)), [Event::AskRebirth]);
    assert_eq!(born().receive(None, Said::Death, death(10), secs(3)), dead, "of a later session");
    assert_eq!(born().receive(None, Said::Death, death(255), secs(3)), [], "long ago");
}

#[test]
fn a_device_dies_and_is_born_again() {
    let mut node = born();
    let of_device = |seq| payload(seq, vec![metric(Some("b"), Some(2), 1.0)]);
    node.receive(DEVICE, Said::Birth, of_device(255), secs(1));
    assert!(node.is_alive(DEVICE));
    let events = node.receive(DEVICE, Said::Death, payload(0, vec![]), secs(2));
    assert_eq!(events, [Event::Dead { device: DEVICE.map(str::to_owned) }]);
    assert!(node.is_alive(None) && !node.is_alive(DEVICE));
    node.receive(DEVICE, Said::Birth, of_device(1), secs(3));
    assert!(node.is_alive(DEVICE));
}

#[test]
fn the_wish_for_a_rebirth_is_what_nodes_understand() {
    let wish = decode(&encode_rebirth(T as u64)).unwrap();
    let [metric] = &wish.metrics[..] else { panic!("{wish:?}") };
    assert_eq!(metric.name.as_deref(), Some("Node Control/Rebirth"));
    assert_eq!((metric.datatype, &metric.value), (Some(11), &Some(Wire::Boolean(true))));
}

#[test]
fn topics() {
    let parse = |topic| Topic::parse(topic).map(|t| (t.group, t.node, t.device, t.said));
    let cases = [
        ("spBv1.0/g/NBIRTH/n", Some(("g", "n", None, Said::Birth))),
        ("spBv1.0/g/DDATA/n/d", Some(("g", "n", Some("d"), Said::Data))),
        ("spBv1.0/g/DDEATH/n/d", Some(("g", "n", Some("d"), Said::Death))),
        ("spBv1.0/g/NCMD/n", Some(("g", "n", None, Said::Command))),
        ("spBv1.0/g/NBIRTH/n/d", None),
        ("spBv1.0/g/DBIRTH/n", None),
        ("spBv1.0/g/DBIRTH/n/d/e", None),
        ("spBv1.0/g/DBIRTH/n/", None),
        ("spBv1.0//NBIRTH/n", None),
        ("spBv1.0/STATE/host", None),
        ("spAv1.0/g/NBIRTH/n", None),
        ("", None),
    ];
    for (topic, expected) in cases {
        assert_eq!(parse(topic), expected, "{topic}");
    }
    assert_eq!(Topic::command_to("g", "n"), "spBv1.0/g/NCMD/n");
}

#[test]
fn limits_hold() {
    let too_long = DecodeError::TooLong { bytes: BYTES_MAX + 1 };
    assert_eq!(decode(&vec![0; BYTES_MAX + 1]), Err(too_long));
    assert!(matches!(decode(b"hello"), Err(DecodeError::Protobuf(_))));
}

fn any_metric() -> impl Strategy<Value = Metric> {
    let value = prop_oneof![
        any::<u32>().prop_map(Wire::Int),
        any::<u64>().prop_map(Wire::Long),
        any::<i32>().prop_map(|n| Wire::Float(n as f32 / 8.0)),
        any::<i32>().prop_map(|n| Wire::Double(f64::from(n) / 100.0)),
        any::<bool>().prop_map(Wire::Boolean),
        ".{0,8}".prop_map(Wire::Text),
        prop::collection::vec(any::<u8>(), 0..8).prop_map(Wire::Bytes),
    ];
    let name = prop::option::of("[a-c]");
    let rest = (any::<Option<u64>>(), any::<Option<bool>>(), any::<Option<bool>>());
    let metric = (
        name,
        prop::option::of(0..4u64),
        prop::option::of(0..40u32),
        rest,
        prop::option::of(value),
    );
    metric.prop_map(|(name, alias, datatype, (timestamp, is_historical, is_null), value)| Metric {
        name,
        alias,
        timestamp,
        datatype,
        is_historical,
        is_null,
        properties: None,
        value,
    })
}

fn any_payload() -> impl Strategy<Value = Payload> {
    let metrics = prop::collection::vec(any_metric(), 0..6);
    (any::<Option<u64>>(), metrics, prop::option::of(0..256u64))
        .prop_map(|(timestamp, metrics, seq)| Payload { timestamp, metrics, seq })
}

proptest! {
    #[test]
    fn a_payload_survives(payload in any_payload()) {
        prop_assert_eq!(decode(&encode(&payload)), Ok(payload));
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn a_damaged_payload_does_no_harm(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut damaged = bytes(ALL_TYPES);
        let at = at.index(damaged.len());
        damaged[at] = byte;
        if let Ok(payload) = decode(&damaged) {
            node().receive(None, Said::Birth, payload, secs(0));
        }
    }

    /// Whatever comes, nothing is held for ever, and the node is not asked too often.
    #[test]
    fn any_messages_leave_a_node_that_goes_on(
        messages in prop::collection::vec((any_payload(), 0..3usize, any::<bool>(), 0..3u64), 0..60),
    ) {
        let (mut node, mut now, mut asked) = (node(), 0, Vec::new());
        for (payload, said, of_device, later) in messages {
            now += later;
            let said = [Said::Birth, Said::Data, Said::Death][said];
            let device = if of_device { DEVICE } else { None };
            let mut events = node.tick(secs(now));
            events.extend(node.receive(device, said, payload, secs(now)));
            asked.extend(events.iter().filter(|e| **e == Event::AskRebirth).map(|_| now));
            prop_assert!(node.due().is_none_or(|due| due + secs(1) > secs(now)));
        }
        prop_assert!(asked.windows(2).all(|pair| pair[1] - pair[0] >= 5), "{:?}", asked);
    }
}
