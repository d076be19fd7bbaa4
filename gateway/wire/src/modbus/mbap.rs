//! The frame of Modbus TCP: transaction, protocol 0, length, unit id, PDU.

use super::PDU_MAX;
use alloc::vec::Vec;
use core::fmt;

/// Bytes before the PDU.
const HEADER_LEN: usize = 7;
/// Bytes of the header that the length does not count.
const UNCOUNTED: usize = 6;

/// What stands before a PDU over TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mbap {
    /// Chosen by the client, repeated by the server.
    pub transaction: u16,
    /// Which server behind the address.
    pub unit: u8,
}

/// A frame at the beginning of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MbapFrame<'a> {
    /// What stands before the PDU.
    pub header: Mbap,
    /// The PDU, never empty.
    pub pdu: &'a [u8],
    /// How many bytes of the stream the frame took.
    pub used: usize,
}

/// Why a stream of bytes is not Modbus TCP (any more). There is no way back but a new connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MbapError {
    /// The protocol id is not 0.
    Protocol(u16),
    /// The length cannot be that of a unit id and a PDU.
    Length(u16),
}

impl fmt::Display for MbapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(id) => write!(f, "protocol id {id} where Modbus has 0"),
            Self::Length(len) => write!(f, "length {len} where Modbus has 2 to {}", PDU_MAX + 1),
        }
    }
}

impl core::error::Error for MbapError {}

impl Mbap {
    /// The frame around a PDU of at most [`PDU_MAX`] bytes (what is beyond is left out).
    pub fn emit(self, pdu: &[u8]) -> Vec<u8> {
        let pdu = pdu.get(..PDU_MAX).unwrap_or(pdu);
        let len = u16::try_from(1 + pdu.len()).expect("at most 254");
        let mut frame = Vec::with_capacity(HEADER_LEN + pdu.len());
        frame.extend(self.transaction.to_be_bytes());
        frame.extend([0, 0]);
        frame.extend(len.to_be_bytes());
        frame.push(self.unit);
        frame.extend(pdu);
        frame
    }

    /// The first frame of a stream; none while it is not complete.
    ///
    /// # Errors
    /// When the bytes cannot be the beginning of a frame.
    pub fn parse(stream: &[u8]) -> Result<Option<MbapFrame<'_>>, MbapError> {
        let Some(([t1, t0, p1, p0, l1, l0], _)) = stream.split_first_chunk::<UNCOUNTED>() else {
            return Ok(None);
        };
        match u16::from_be_bytes([*p1, *p0]) {
            0 => {}
            id => return Err(MbapError::Protocol(id)),
        }
        let len = u16::from_be_bytes([*l1, *l0]);
        if !(2..=PDU_MAX + 1).contains(&usize::from(len)) {
            return Err(MbapError::Length(len));
        }
        let used = UNCOUNTED + usize::from(len);
        let transaction = u16::from_be_bytes([*t1, *t0]);
        Ok(stream.get(UNCOUNTED..used).and_then(<[u8]>::split_first).map(|(unit, pdu)| MbapFrame {
            header: Self { transaction, unit: *unit },
            pdu,
            used,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_known_frame() {
        let frame = [0x15, 0x01, 0, 0, 0, 6, 0xFF, 3, 0, 0, 0, 2];
        let header = Mbap { transaction: 0x1501, unit: 0xFF };
        assert_eq!(Mbap::parse(&frame), Ok(Some(MbapFrame { header, pdu: &frame[7..], used: 12 })));
        assert_eq!(header.emit(&frame[7..]), frame);
    }

    #[test]
    fn what_is_not_a_frame() {
        assert_eq!(Mbap::parse(&[0, 1, 0, 0, 0]), Ok(None), "not complete");
        assert_eq!(Mbap::parse(&[0, 1, 0, 0, 0, 6, 1, 3]), Ok(None), "not complete");
        assert_eq!(Mbap::parse(b"HTTP/1.1"), Err(MbapError::Protocol(0x5450)));
        assert_eq!(Mbap::parse(&[0, 1, 0, 0, 0, 1]), Err(MbapError::Length(1)));
        assert_eq!(Mbap::parse(&[0, 1, 0, 0, 0, 255]), Err(MbapError::Length(255)));
    }

    proptest! {
        #[test]
        fn a_frame_survives_with_more_behind_it(
            transaction in any::<u16>(), unit in any::<u8>(),
            pdu in prop::collection::vec(any::<u8>(), 1..=PDU_MAX),
            more in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let header = Mbap { transaction, unit };
            let mut stream = header.emit(&pdu);
            let used = stream.len();
            stream.extend(more);
            let frame = MbapFrame { header, pdu: &pdu, used };
            prop_assert_eq!(Mbap::parse(&stream), Ok(Some(frame)));
            for cut in 0..used {
                prop_assert_eq!(Mbap::parse(&stream[..cut]), Ok(None));
            }
        }

        #[test]
        fn any_bytes_do_no_harm(stream in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(Some(frame)) = Mbap::parse(&stream) {
                prop_assert!(frame.used <= stream.len() && (1..=PDU_MAX).contains(&frame.pdu.len()));
            }
        }
    }
}
