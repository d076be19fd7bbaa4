//! Ten million damaged answers of a serial line: none is taken but by the chance that a checksum of
//! 16 bits leaves.

use weir_wire::modbus::{Answer, Function, Request, encode_registers, parse_response, rtu};

/// Small and fast; the same numbers in every run (xorshift64*).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 33) as usize % n
    }
}

const UNIT: u8 = 17;
const REGISTERS: [u16; 4] = [0x4090, 0x0000, 0x00D7, 0xFFFF];

fn asked() -> Request {
    Request::new(Function::ReadHoldingRegisters, 0, 4).expect("within the limits")
}

fn frame() -> Vec<u8> {
    rtu::frame(UNIT, &encode_registers(Function::ReadHoldingRegisters, &REGISTERS))
}

/// What a client makes of bytes: an answer only if unit, checksum, function and length are right.
fn accepted(bytes: &[u8]) -> Option<Answer> {
    let (unit, pdu) = rtu::unframe(bytes).ok()?;
    (unit == UNIT).then(|| parse_response(asked(), pdu).ok())?
}

#[test]
fn one_or_two_wrong_bits_and_bursts_of_sixteen_are_always_found() {
    let right = frame();
    let bits = right.len() * 8;
    let flip = |bytes: &mut [u8], bit: usize| bytes[bit / 8] ^= 1 << (bit % 8);
    for first in 0..bits {
        for second in first..bits {
            let mut bytes = right.clone();
            flip(&mut bytes, first);
            if second != first {
                flip(&mut bytes, second);
            }
            assert_eq!(accepted(&bytes), None, "bits {first} and {second}");
        }
    }
    for start in 0..bits - 16 {
        for pattern in (1..=u16::MAX).step_by(7) {
            let mut bytes = right.clone();
            (0..16).filter(|i| pattern >> i & 1 == 1).for_each(|i| flip(&mut bytes, start + i));
            assert_eq!(accepted(&bytes), None, "burst {pattern:04X} at {start}");
        }
    }
}

#[test]
fn of_ten_million_damaged_frames_only_chance_gets_through() {
    const FRAMES: u64 = 10_000_000;
    let (right, mut dice) = (frame(), Dice(0x9E37_79B9_7F4A_7C15));
    let truth = Some(Answer::Registers(REGISTERS.to_vec()));
    assert_eq!(accepted(&right), truth, "the undamaged one is taken");
    let (mut wrong, mut bytes) = (0_u64, Vec::with_capacity(rtu::FRAME_MAX));
    for _ in 0..FRAMES {
        bytes.clear();
        bytes.extend_from_slice(&right);
        match dice.below(4) {
            0 => bytes.truncate(dice.below(right.len())),
            1 => bytes.insert(dice.below(right.len()), dice.next() as u8),
            2 => drop(bytes.remove(dice.below(right.len()))),
            // From here on only the checksum can tell.
            _ => {
                for _ in 0..=dice.below(6) {
                    let at = dice.below(right.len());
                    bytes[at] ^= (dice.next() as u8).max(1);
                }
            }
        }
        let taken = bytes != right && accepted(&bytes).is_some_and(|answer| Some(answer) != truth);
        wrong += u64::from(taken);
    }
    // A quarter has the right length; of these one in 65536 passes by chance: 38, and hardly ever
    // more than five standard deviations above it.
    let chance = FRAMES as f64 / 4.0 / 65_536.0;
    assert!((wrong as f64) < chance + 5.0 * chance.sqrt(), "{wrong} where chance has {chance:.0}");
}
