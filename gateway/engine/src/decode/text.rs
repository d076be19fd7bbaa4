//! Text in registers: two bytes in each, padded with blanks or ended with a NUL.

use weir_profiles::WordOrder;

/// Most bytes of a text; a profile has at most 64 registers.
pub(super) const BYTES_MAX: usize = 128;

/// The bytes of a text without its padding, in `buffer`. What follows a NUL behind the first
/// character is left over from another text.
pub(super) fn word<'b>(
    registers: &[u16],
    order: WordOrder,
    buffer: &'b mut [u8; BYTES_MAX],
) -> &'b [u8] {
    let (pairs, _) = buffer.as_chunks_mut::<2>();
    for (pair, register) in pairs.iter_mut().zip(registers) {
        *pair = match order.swaps_bytes() {
            true => register.to_le_bytes(),
            false => register.to_be_bytes(),
        };
    }
    let text = &buffer[..(2 * registers.len()).min(BYTES_MAX)];
    let start = text.iter().position(|byte| !is_padding(*byte)).unwrap_or(text.len());
    let text = &text[start..];
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    let blanks = text[..end].iter().rev().take_while(|byte| is_padding(**byte)).count();
    &text[..end - blanks]
}

fn is_padding(byte: u8) -> bool {
    byte == 0 || byte.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_left_out_and_what_follows_the_end() {
        let text = |bytes: &[u8], order: WordOrder| {
            let pair = |pair: &[u8; 2]| match order {
                WordOrder::Badc => u16::from_le_bytes(*pair),
                _ => u16::from_be_bytes(*pair),
            };
            let registers: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(pair).collect();
            let mut buffer = [0xEE; BYTES_MAX];
            String::from_utf8_lossy(word(&registers, order, &mut buffer)).into_owned()
        };
        for (bytes, expected) in [
            (&b"IDLE\0\0"[..], "IDLE"),
            (b"  IDLE  ", "IDLE"),
            (b"RUN\0LE\0\0", "RUN"),
            (b"\0\0AB C\0", "AB C"),
            (b"\0\0\0\0", ""),
            (b"    ", ""),
            (b"", ""),
            ("余氯".as_bytes(), "余氯"),
        ] {
            assert_eq!(text(bytes, WordOrder::Abcd), expected);
            assert_eq!(text(bytes, WordOrder::Badc), expected);
        }
        assert_eq!(text(&[b'x'; 200], WordOrder::Abcd).len(), BYTES_MAX);
    }
}
