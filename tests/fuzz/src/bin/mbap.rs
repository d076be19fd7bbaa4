//! The stream of a Modbus TCP connection, as it comes, in pieces of any size.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_wire::modbus::{Mbap, MbapError};

type Frame = (Mbap, Vec<u8>);

/// Every frame of a stream that comes in pieces, and how it ended.
fn frames(stream: &[u8], piece: usize) -> (Vec<Frame>, Option<MbapError>) {
    let (mut frames, mut heard) = (Vec::new(), Vec::new());
    for bytes in stream.chunks(piece) {
        heard.extend_from_slice(bytes);
        loop {
            match Mbap::parse(&heard) {
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
                Ok(Some(frame)) => {
                    assert_eq!(frame.header.emit(frame.pdu), heard[..frame.used]);
                    frames.push((frame.header, frame.pdu.to_vec()));
                    let used = frame.used;
                    heard.drain(..used);
                }
            }
        }
    }
    (frames, None)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((piece, stream)) = bytes.split_first() else { return };
    let whole = frames(stream, stream.len().max(1));
    assert_eq!(frames(stream, usize::from(*piece).max(1)), whole, "pieces make no difference");
});
