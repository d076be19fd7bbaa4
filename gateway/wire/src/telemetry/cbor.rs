//! The message in CBOR (RFC 8949).

use super::collect::{Collector, Fault, Fields, Qualified, text};
use super::{Boot, DecodeError, NESTING_MAX, Scalar, Telemetry};
use crate::widen;
use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use minicbor::{
    Decoder, Encoder,
    data::{Tag, Type},
};

/// "What follows is CBOR": may stand before a message.
const SELF_DESCRIBED: Tag = Tag::new(55_799);
/// Up to here every integer is a double.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

type Result<T> = core::result::Result<T, DecodeError>;

struct Reader<'b> {
    cbor: Decoder<'b>,
}

/// Reads a message.
pub(super) fn decode(bytes: &[u8]) -> Result<Telemetry> {
    let mut reader = Reader { cbor: Decoder::new(bytes) };
    if reader.kind()? == Type::Tag && reader.take(Decoder::tag)? != SELF_DESCRIBED {
        return Err(reader.fault("a tag where the message should be"));
    }
    let telemetry = reader.message()?;
    if reader.cbor.position() != bytes.len() {
        return Err(reader.fault("more bytes behind the message"));
    }
    Ok(telemetry)
}

impl<'b> Reader<'b> {
    fn fault(&self, what: impl ToString) -> DecodeError {
        DecodeError::Cbor { at: self.cbor.position(), what: what.to_string() }
    }

    fn take<T>(
        &mut self,
        take: impl FnOnce(&mut Decoder<'b>) -> core::result::Result<T, minicbor::decode::Error>,
    ) -> Result<T> {
        let at = self.cbor.position();
        take(&mut self.cbor).map_err(|error| DecodeError::Cbor { at, what: error.to_string() })
    }

    fn checked<T>(&self, result: core::result::Result<T, Fault>) -> Result<T> {
        result.map_err(|fault| self.fault(fault))
    }

    fn kind(&mut self) -> Result<Type> {
        self.take(|cbor| cbor.datatype())
    }

    /// Calls `entry` with every key of a map; `entry` reads the value.
    fn map(&mut self, mut entry: impl FnMut(&mut Self, &'b str) -> Result<()>) -> Result<()> {
        let mut left = self.take(Decoder::map)?;
        loop {
            match &mut left {
                Some(0) => return Ok(()),
                Some(n) => *n -= 1,
                None if self.kind()? == Type::Break => return self.take(Decoder::skip),
                None => {}
            }
            let key = self.take(Decoder::str)?;
            entry(self, key)?;
        }
    }

    fn message(&mut self) -> Result<Telemetry> {
        let mut collector = Collector::default();
        self.map(|reader, key| {
            let result = match key {
                "boot" => collector.boot(reader.boot()?),
                "seq" => collector.seq(reader.take(Decoder::u64)?),
                "t" if reader.is_null()? => collector.t(None),
                "t" => collector.t(Some(reader.take(Decoder::i64)?)),
                "points" => collector.fields(reader.fields()?),
                _ => return reader.skip(1),
            };
            reader.checked(result)
        })?;
        self.checked(collector.finish())
    }

    fn boot(&mut self) -> Result<Boot> {
        if self.kind()? == Type::String {
            let boot = self.take(Decoder::str)?;
            return self.checked(text(boot, "a boot id")).map(Boot::Text);
        }
        self.take(Decoder::u64).map(Boot::Number)
    }

    fn fields(&mut self) -> Result<Fields> {
        let mut fields = Fields::default();
        self.map(|reader, key| {
            let name = reader.checked(fields.name(key))?;
            fields.push(name, reader.field()?);
            Ok(())
        })?;
        Ok(fields)
    }

    fn field(&mut self) -> Result<(Scalar, Option<String>)> {
        if !matches!(self.kind()?, Type::Map | Type::MapIndef) {
            return Ok((self.scalar()?, None));
        }
        let mut qualified = Qualified::default();
        self.map(|reader, key| {
            let result = match key {
                "value" => qualified.value(reader.scalar()?),
                "quality" if reader.is_null()? => qualified.quality(None),
                "quality" => qualified.quality(Some(reader.take(Decoder::str)?)),
                _ => return reader.skip(3),
            };
            reader.checked(result)
        })?;
        Ok(qualified.finish())
    }

    fn scalar(&mut self) -> Result<Scalar> {
        Ok(match self.kind()? {
            Type::Null | Type::Undefined => self.take(Decoder::skip).map(|()| Scalar::Null)?,
            Type::Bool => Scalar::Boolean(self.take(Decoder::bool)?),
            Type::F16 => Scalar::Number(self.half()?),
            Type::F32 => Scalar::Number(widen(self.take(Decoder::f32)?)),
            Type::F64 => Scalar::Number(self.take(Decoder::f64)?),
            Type::U8 | Type::U16 | Type::U32 | Type::U64 => {
                Scalar::Number(self.take(Decoder::u64)? as f64)
            }
            Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => {
                Scalar::Number(i128::from(self.take(Decoder::int)?) as f64)
            }
            other => return Err(self.fault(alloc::format!("{other} where a value should be"))),
        })
    }

    /// Many encoders write the shortest float that is exact, and that may be a half.
    fn half(&mut self) -> Result<f64> {
        let at = self.cbor.position();
        let Some(&[_, high, low]) = self.cbor.input().get(at..at + 3) else {
            return Err(self.fault("end of input bytes"));
        };
        self.cbor.set_position(at + 3);
        Ok(widen(half(u16::from_be_bytes([high, low]))))
    }

    fn is_null(&mut self) -> Result<bool> {
        let null = matches!(self.kind()?, Type::Null | Type::Undefined);
        if null {
            self.take(Decoder::skip)?;
        }
        Ok(null)
    }

    /// Steps over a value inside `depth` maps and arrays.
    fn skip(&mut self, depth: usize) -> Result<()> {
        let kind = self.kind()?;
        if !matches!(kind, Type::Array | Type::ArrayIndef | Type::Map | Type::MapIndef | Type::Tag)
        {
            return self.take(Decoder::skip);
        }
        if depth == NESTING_MAX {
            return Err(DecodeError::TooDeep);
        }
        let mut left = match kind {
            Type::Tag => self.take(Decoder::tag).map(|_| Some(1))?,
            Type::Array | Type::ArrayIndef => self.take(Decoder::array)?,
            _ => self.take(Decoder::map)?.map(|entries| entries.saturating_mul(2)),
        };
        loop {
            match &mut left {
                Some(0) => return Ok(()),
                Some(n) => *n -= 1,
                None if self.kind()? == Type::Break => return self.take(Decoder::skip),
                None => {}
            }
            self.skip(depth + 1)?;
        }
    }
}

/// The half-precision number of 16 bits.
fn half(bits: u16) -> f32 {
    let (sign, exponent) = (u32::from(bits >> 15) << 31, u32::from(bits >> 10 & 0x1F));
    let fraction = u32::from(bits & 0x3FF);
    let magnitude = match exponent {
        // Subnormal: the fraction counts steps of 2^-24.
        0 => fraction as f32 / 16_777_216.0,
        0x1F => f32::from_bits(0x7F80_0000 | fraction << 13),
        _ => f32::from_bits((exponent + 112) << 23 | fraction << 13),
    };
    f32::from_bits(sign | magnitude.to_bits())
}

/// Writes a message in CBOR, each number in the shortest form that is read back as the same.
pub fn encode_cbor(telemetry: &Telemetry) -> Vec<u8> {
    let mut cbor = Encoder::new(Vec::new());
    write(&mut cbor, telemetry).expect("a vector takes everything");
    cbor.into_writer()
}

type Written = core::result::Result<(), minicbor::encode::Error<core::convert::Infallible>>;

fn write(cbor: &mut Encoder<Vec<u8>>, telemetry: &Telemetry) -> Written {
    cbor.map(4)?.str("boot")?;
    match &telemetry.boot {
        Boot::Number(number) => cbor.u64(*number)?,
        Boot::Text(text) => cbor.str(text)?,
    };
    cbor.str("seq")?.u64(telemetry.seq)?.str("t")?;
    match telemetry.t {
        Some(t) => cbor.i64(t)?,
        None => cbor.null()?,
    };
    cbor.str("points")?.map(telemetry.fields.len() as u64)?;
    for field in &telemetry.fields {
        cbor.str(&field.name)?;
        match &field.quality {
            None => write_scalar(cbor, field.value)?,
            Some(quality) => {
                cbor.map(2)?.str("value")?;
                write_scalar(cbor, field.value)?;
                cbor.str("quality")?.str(quality)?;
            }
        }
    }
    Ok(())
}

fn write_scalar(cbor: &mut Encoder<Vec<u8>>, scalar: Scalar) -> Written {
    match scalar {
        Scalar::Null => cbor.null()?,
        Scalar::Boolean(on) => cbor.bool(on)?,
        Scalar::Number(number) if number.abs() <= EXACT_MAX && number as i64 as f64 == number => {
            cbor.i64(number as i64)?
        }
        Scalar::Number(number) if widen(number as f32) == number => cbor.f32(number as f32)?,
        Scalar::Number(number) => cbor.f64(number)?,
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn halves() {
        let cases = [
            (0x0000, 0.0),
            (0x3C00, 1.0),
            (0x3E00, 1.5),
            (0xC400, -4.0),
            (0x7BFF, 65_504.0),
            (0x0001, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
            (0x7C00, f32::INFINITY),
        ];
        for (bits, number) in cases {
            assert_eq!(half(bits), number, "{bits:04X}");
        }
        assert!(half(0x7E00).is_nan() && half(0x8000).is_sign_negative());
    }
}
