//! Integers as bytes, as the codecs write and read them: variable-length, seven bits a byte, low
//! bits first; signed ones in zigzag.

/// Seven bits a byte, low bits first.
pub(crate) fn put_unsigned(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// In zigzag: numbers near zero are short, whatever their sign.
pub(crate) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_unsigned(out, zigzag(number));
}

/// 0, -1, 1, -2, ... as 0, 1, 2, 3, ...
pub(crate) fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// The number of [`zigzag`].
pub(crate) fn from_zigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Bytes yet to be read.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    pub(crate) bytes: &'a [u8],
}

impl<'a> Input<'a> {
    /// The next `length` bytes.
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or_else(|| format!("{} bytes short", length - self.bytes.len()))?;
        self.bytes = rest;
        Ok(taken)
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    /// An integer of [`put_unsigned`].
    pub(crate) fn unsigned(&mut self) -> Result<u64, String> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("an integer of more than ten bytes".into())
    }

    /// An integer of [`put_signed`].
    pub(crate) fn signed(&mut self) -> Result<i64, String> {
        Ok(from_zigzag(self.unsigned()?))
    }

    /// The next eight bytes as a number, whatever they are.
    pub(crate) fn float(&mut self) -> Result<f64, String> {
        let bytes = self.take(8)?.try_into().expect("eight bytes were taken");
        Ok(f64::from_le_bytes(bytes))
    }
}
