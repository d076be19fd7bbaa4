//! The engine's state as it lies on disk: deflated, for it is text that is written every minute and
//! with every verdict, often to flash memory.
//!
//! To read one: `SELECT writefile('state.z', state) FROM engine`, then any tool for zlib.

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use std::io::{self, Read as _, Write as _};

/// How a zlib stream with a window of 32 KiB begins; no JSON does.
const ZLIB: u8 = 0x78;

/// Deflates a state: a sixth to a tenth of the text is left.
pub(crate) fn pack(state: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(state.len() / 4), Compression::fast());
    encoder.write_all(state)?;
    encoder.finish()
}

/// The state again. One that was saved before states were deflated is taken as it is.
pub(crate) fn unpack(saved: Vec<u8>) -> io::Result<Vec<u8>> {
    if saved.first() != Some(&ZLIB) {
        return Ok(saved);
    }
    let mut state = Vec::new();
    ZlibDecoder::new(saved.as_slice()).read_to_end(&mut state)?;
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_back_as_it_was() {
        let long: Vec<u8> = (0..100_000_u32).flat_map(|n| n.to_string().into_bytes()).collect();
        for state in [&b""[..], b"{}", br#"{"clock":1795312813000}"#, &long] {
            let packed = pack(state).unwrap();
            assert_eq!(packed[0], ZLIB);
            assert_eq!(unpack(packed).unwrap(), state);
        }
    }

    #[test]
    fn a_state_of_earlier_days_is_taken_and_a_torn_one_is_refused() {
        for state in [&b""[..], br#"{"clock":0}"#] {
            assert_eq!(unpack(state.to_vec()).unwrap(), state);
        }
        let mut torn = pack(br#"{"clock":1795312813000}"#).unwrap();
        torn.truncate(12);
        assert!(unpack(torn).is_err());
    }
}
