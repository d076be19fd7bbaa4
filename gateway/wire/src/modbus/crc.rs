//! The checksum of Modbus RTU: CRC-16 with polynomial 0xA001 (reflected), start 0xFFFF.

const POLYNOMIAL: u16 = 0xA001;
const START: u16 = 0xFFFF;

/// What eight shifts do to each low byte.
const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u16;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

/// The CRC of some bytes. On the wire its low byte comes first.
///
/// (HJ 212 uses the same polynomial but throws the old low byte away: it is another checksum.)
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(START, |crc, byte| {
        let [low, _] = (crc ^ u16::from(*byte)).to_le_bytes();
        (crc >> 8) ^ TABLE[usize::from(low)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_vectors() {
        let vectors: [(&[u8], u16); 5] = [
            (b"", 0xFFFF),
            (b"123456789", 0x4B37),
            // From the serial line specification: the frame ends in 0x41 0x12.
            (&[0x02, 0x07], 0x1241),
            (&[0x01, 0x03, 0x00, 0x00, 0x00, 0x0A], 0xCDC5),
            (&[0x11, 0x03, 0x00, 0x6B, 0x00, 0x03], 0x8776),
        ];
        for (bytes, crc) in vectors {
            assert_eq!(crc16(bytes), crc, "{bytes:02X?}");
        }
    }
}
