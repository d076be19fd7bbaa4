//! What a node publishes, CBOR or JSON: read, written again, and read to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_wire::telemetry::{Scalar, Telemetry, decode, encode_cbor, encode_json};

/// NaN is not itself; JSON has neither it nor the infinities.
fn is_finite(message: &Telemetry) -> bool {
    message.fields.iter().all(|f| !matches!(f.value, Scalar::Number(n) if !n.is_finite()))
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = decode(bytes) else { return };
    if is_finite(&message) {
        assert_eq!(decode(&encode_cbor(&message)), Ok(message.clone()));
        assert_eq!(decode(&encode_json(&message)), Ok(message));
    }
});
