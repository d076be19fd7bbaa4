//! What asking costs: time, and bytes on the wire.

use super::{ReadRequest, reads_bits};
use core::time::Duration;
use weir_profiles::RegisterKind;
use weir_wire::modbus::rtu;

/// Function code, address and count.
const REQUEST_PDU: usize = 5;
/// Function code and number of bytes, before the values.
const ANSWER_HEAD: usize = 2;
/// There and back on a local network.
const ROUND_TRIP: Duration = Duration::from_millis(1);
/// A byte at 100 Mbit/s, in nanoseconds.
const TCP_BYTE: u64 = 80;

/// What asking costs on a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// One more request, whatever it asks for: the device's turnaround, silence, round trip, and
    /// the bytes that every request and answer have.
    pub request: Duration,
    /// One more byte of values.
    pub byte: Duration,
}

/// What is around a PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Modbus TCP: a header of 7 bytes.
    Mbap,
    /// Modbus RTU: unit id and CRC.
    Rtu,
}

impl Framing {
    fn bytes(self) -> usize {
        match self {
            Self::Mbap => 7,
            Self::Rtu => 3,
        }
    }
}

impl Timing {
    /// A serial line of this rate (bits per second; 0 counts as 1). `turnaround` is how long the
    /// device takes before it answers.
    pub fn rtu(baud: u32, turnaround: Duration) -> Self {
        let fixed = REQUEST_PDU + ANSWER_HEAD + 2 * Framing::Rtu.bytes();
        let frames = rtu::transmission(fixed, baud) + 2 * rtu::silence(baud);
        let request = turnaround.saturating_add(frames);
        Self { request, byte: rtu::transmission(1, baud) }
    }

    /// TCP on a local network. For a link with a longer way, add it to `request`.
    pub fn tcp(turnaround: Duration) -> Self {
        let request = turnaround.saturating_add(ROUND_TRIP);
        Self { request, byte: Duration::from_nanos(TCP_BYTE) }
    }

    /// A request for so many registers or bits.
    pub(super) fn of(self, kind: RegisterKind, count: u32) -> Duration {
        self.request.saturating_add(self.byte.saturating_mul(value_bytes(kind, count)))
    }
}

impl ReadRequest {
    /// Bytes of the request on the wire.
    pub fn request_bytes(&self, framing: Framing) -> usize {
        framing.bytes() + REQUEST_PDU
    }

    /// Bytes of a good answer on the wire.
    pub fn answer_bytes(&self, framing: Framing) -> usize {
        let values = value_bytes(self.kind, u32::from(self.count));
        framing.bytes() + ANSWER_HEAD + usize::try_from(values).expect("at most 8192")
    }

    /// How long it takes from this request to the next, if the device answers as it usually does.
    /// A rest that the device needs between requests (`request_gap`) is not part of it.
    pub fn duration(&self, timing: Timing) -> Duration {
        timing.of(self.kind, u32::from(self.count))
    }
}

fn value_bytes(kind: RegisterKind, count: u32) -> u32 {
    if reads_bits(kind) { count.div_ceil(8) } else { count.saturating_mul(2) }
}
