//! The frame of Modbus RTU: unit id, PDU, CRC with its low byte first.
//!
//! A serial line has no lengths: a frame ends with a silence of 3.5 characters ([`silence`]). No
//! program behind a USB adapter can see so short a silence, so the length is told from the first
//! bytes ([`request_len`], [`response_len`]) and the CRC says whether it was right.

use super::{PDU_MAX, REFUSAL, crc16};
use alloc::vec::Vec;
use core::{fmt, time::Duration};

/// Most bytes of a frame.
pub const FRAME_MAX: usize = PDU_MAX + 3;
/// The unit id that all listen to and none answers.
pub const BROADCAST: u8 = 0;
/// Above this rate the silence is fixed.
const BAUD_FIXED: u32 = 19_200;
/// The fixed silence of the serial line specification.
const SILENCE_FIXED: Duration = Duration::from_micros(1750);
/// Bits of a character: start, 8 data, parity or a second stop, stop.
const CHARACTER_BITS: u64 = 11;

/// Why bytes are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RtuError {
    /// Fewer than 4 bytes, or more than [`FRAME_MAX`].
    Length(usize),
    /// The checksum does not fit.
    Crc {
        /// Of the bytes that came.
        computed: u16,
        /// At the end of the bytes that came.
        came: u16,
    },
}

impl fmt::Display for RtuError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(len) => write!(f, "{len} bytes where a frame has 4 to {FRAME_MAX}"),
            Self::Crc { computed, came } => {
                write!(f, "CRC {came:04X} where the bytes have {computed:04X}")
            }
        }
    }
}

impl core::error::Error for RtuError {}

/// The frame around a PDU of at most [`PDU_MAX`] bytes (what is beyond is left out).
pub fn frame(unit: u8, pdu: &[u8]) -> Vec<u8> {
    let pdu = pdu.get(..PDU_MAX).unwrap_or(pdu);
    let mut frame = Vec::with_capacity(pdu.len() + 3);
    frame.push(unit);
    frame.extend(pdu);
    frame.extend(crc16(&frame).to_le_bytes());
    frame
}

/// Unit id and PDU of a whole frame.
///
/// # Errors
/// When the length is impossible or the checksum does not fit.
pub fn unframe(frame: &[u8]) -> Result<(u8, &[u8]), RtuError> {
    let length = RtuError::Length(frame.len());
    let Some((body, crc)) = frame.split_last_chunk::<2>() else {
        return Err(length);
    };
    let (unit, pdu) = body.split_first().ok_or(length)?;
    if pdu.is_empty() || frame.len() > FRAME_MAX {
        return Err(length);
    }
    let (computed, came) = (crc16(body), u16::from_le_bytes(*crc));
    if computed != came {
        return Err(RtuError::Crc { computed, came });
    }
    Ok((*unit, pdu))
}

/// What the first bytes of a frame say about its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameLen {
    /// So many bytes, CRC included.
    Known(usize),
    /// A few bytes more will tell.
    Later,
    /// This function's frames only end with silence.
    Unknown,
}

/// How long a request will be, from its beginning. Knows the standard functions that write too,
/// so that a server can refuse them by name.
pub fn request_len(begin: &[u8]) -> FrameLen {
    match begin {
        [] | [_] => FrameLen::Later,
        [_, 1..=6, ..] => FrameLen::Known(8),
        [_, 15 | 16, _, _, _, _, len, ..] => FrameLen::Known(9 + usize::from(*len)),
        [_, 15 | 16, ..] => FrameLen::Later,
        _ => FrameLen::Unknown,
    }
}

/// How long the answer to a reading function will be, from its beginning.
pub fn response_len(begin: &[u8]) -> FrameLen {
    match begin {
        [] | [_] => FrameLen::Later,
        [_, function, ..] if function & REFUSAL != 0 => FrameLen::Known(5),
        [_, 1..=4, len, ..] => FrameLen::Known(5 + usize::from(*len)),
        [_, 1..=4] => FrameLen::Later,
        _ => FrameLen::Unknown,
    }
}

/// The silence between two frames, 3.5 characters; above 19200 baud a fixed 1.75 ms.
pub fn silence(baud: u32) -> Duration {
    match baud {
        0 => SILENCE_FIXED,
        1..=BAUD_FIXED => Duration::from_micros(CHARACTER_BITS * 3_500_000 / u64::from(baud)),
        _ => SILENCE_FIXED,
    }
}

/// How long so many bytes take on the line.
pub fn transmission(bytes: usize, baud: u32) -> Duration {
    let bits = CHARACTER_BITS.saturating_mul(u64::try_from(bytes).unwrap_or(u64::MAX));
    Duration::from_micros(bits.saturating_mul(1_000_000) / u64::from(baud.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_frames() {
        let frames: [&[u8]; 3] = [
            &[0x11, 0x03, 0x00, 0x6B, 0x00, 0x03, 0x76, 0x87],
            &[0x11, 0x03, 0x06, 0xAE, 0x41, 0x56, 0x52, 0x43, 0x40, 0x49, 0xAD],
            &[0x0A, 0x81, 0x02, 0xB0, 0x53],
        ];
        for bytes in frames {
            let (unit, pdu) = unframe(bytes).unwrap();
            assert_eq!(frame(unit, pdu), bytes);
        }
        assert_eq!(request_len(frames[0]), FrameLen::Known(8));
        assert_eq!(response_len(frames[1]), FrameLen::Known(11));
        assert_eq!(response_len(frames[2]), FrameLen::Known(5));
        assert_eq!(request_len(&[1, 16, 0, 0, 0, 1, 2]), FrameLen::Known(11));
        assert_eq!(request_len(&[1, 0x2B]), FrameLen::Unknown);
    }

    #[test]
    fn silence_and_transmission() {
        assert_eq!(silence(9_600), Duration::from_micros(4010));
        assert_eq!(silence(115_200), SILENCE_FIXED);
        assert_eq!(transmission(8, 9_600), Duration::from_micros(9166));
        let _ = (silence(0), transmission(usize::MAX, 0));
    }

    proptest! {
        #[test]
        fn a_frame_survives_and_no_flipped_bit_does(
            unit in any::<u8>(), pdu in prop::collection::vec(any::<u8>(), 1..=PDU_MAX),
            bit in any::<prop::sample::Index>(),
        ) {
            let mut bytes = frame(unit, &pdu);
            prop_assert!(bytes.len() <= FRAME_MAX);
            prop_assert_eq!(unframe(&bytes), Ok((unit, &pdu[..])));
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            let refused = matches!(unframe(&bytes), Err(RtuError::Crc { .. }));
            prop_assert!(refused);
        }

        #[test]
        fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = (unframe(&bytes), request_len(&bytes), response_len(&bytes));
        }
    }
}
