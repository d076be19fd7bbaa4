//! The life of a Sparkplug edge node, told by messages of any content in any order.
#![no_main]

use core::time::Duration;
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;
use weir_wire::sparkplug::{Node, Said, Topic, decode, encode};

/// Messages that one input tells of at most.
const MESSAGES_MAX: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(topic) = core::str::from_utf8(bytes)
        && let Some(topic) = Topic::parse(topic)
    {
        assert!(!topic.group.is_empty() && !topic.node.is_empty());
    }
    let owners = BTreeSet::from([None, Some("d".to_owned())]);
    let (mut node, mut rest, mut now) = (Node::new(owners), bytes, Duration::ZERO);
    let _ = node.connected(now);
    for _ in 0..MESSAGES_MAX {
        // What is said and by whom, how long after the last, how many bytes.
        let [kind, after, len, behind @ ..] = rest else { return };
        let (payload, behind) = behind.split_at(usize::from(*len).min(behind.len()));
        rest = behind;
        now += Duration::from_millis(u64::from(*after) * 40);
        let _ = node.tick(now);
        let Ok(payload) = decode(payload) else { continue };
        if let Ok(again) = decode(&encode(&payload)) {
            // NaN is not itself, so what is compared is what is said of it.
            assert_eq!(format!("{again:?}"), format!("{payload:?}"));
        } else {
            panic!("what was read cannot be read again");
        }
        let said = [Said::Birth, Said::Data, Said::Death, Said::Command][usize::from(kind & 3)];
        let device = [None, Some("d"), Some("stranger")][usize::from(kind >> 2) % 3];
        let _ = node.receive(device, said, payload, now);
    }
});
