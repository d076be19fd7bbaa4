//! The message in JSON.

use super::collect::{Collector, Fields, Qualified, text};
use super::{Boot, DecodeError, NESTING_MAX, Scalar, Telemetry};
use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
    ser::SerializeMap,
};

/// Reads a message.
pub(super) fn decode(bytes: &[u8]) -> Result<Telemetry, DecodeError> {
    if depth(bytes) > NESTING_MAX {
        return Err(DecodeError::TooDeep);
    }
    serde_json::from_slice(bytes)
        .map(|Message(telemetry)| telemetry)
        .map_err(|error| DecodeError::Json(error.to_string()))
}

/// How many objects and arrays stand in each other. Counts beyond the end of a broken text too,
/// which the parser then refuses.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

struct Message(Telemetry);

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Telemetry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message with boot, seq, t and points")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Telemetry, A::Error> {
                let mut collector = Collector::default();
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    match &*key {
                        "boot" => collector.boot(map.next_value::<BootId>()?.0),
                        "seq" => collector.seq(map.next_value()?),
                        "t" => collector.t(map.next_value()?),
                        "points" => collector.fields(map.next_value::<Points>()?.0),
                        _ => map.next_value::<IgnoredAny>().map(|_| Ok(()))?,
                    }
                    .map_err(A::Error::custom)?;
                }
                collector.finish().map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_map(V).map(Self)
    }
}

struct BootId(Boot);

impl<'de> Deserialize<'de> for BootId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Boot;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a boot id: an integer from 0, or a text")
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Boot, E> {
                Ok(Boot::Number(number))
            }
            fn visit_str<E: Error>(self, boot: &str) -> Result<Boot, E> {
                text(boot, "a boot id").map(Boot::Text).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(V).map(Self)
    }
}

struct Points(Fields);

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Fields;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of points")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    let name = fields.name(&key).map_err(A::Error::custom)?;
                    let Content(value, quality) = map.next_value()?;
                    fields.push(name, (value, quality));
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(V).map(Self)
    }
}

/// A field's value with its quality; `Plain` may not be an object.
struct Content(Scalar, Option<String>);
struct Plain(Scalar);

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = ValueVisitor { objects: true };
        deserializer.deserialize_any(visitor).map(|(value, quality)| Self(value, quality))
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = ValueVisitor { objects: false };
        deserializer.deserialize_any(visitor).map(|(value, _)| Self(value))
    }
}

struct ValueVisitor {
    objects: bool,
}

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = (Scalar, Option<String>);
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a boolean or null")?;
        if self.objects { f.write_str(", or an object with value and quality") } else { Ok(()) }
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok((Scalar::Null, None))
    }
    fn visit_bool<E: Error>(self, on: bool) -> Result<Self::Value, E> {
        Ok((Scalar::Boolean(on), None))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok((Scalar::Number(number), None))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok((Scalar::Number(number as f64), None))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok((Scalar::Number(number as f64), None))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        if !self.objects {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self));
        }
        let mut qualified = Qualified::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "value" => qualified.value(map.next_value::<Plain>()?.0),
                "quality" => {
                    qualified.quality(map.next_value::<Option<Cow<'de, str>>>()?.as_deref())
                }
                _ => map.next_value::<IgnoredAny>().map(|_| Ok(()))?,
            }
            .map_err(A::Error::custom)?;
        }
        Ok(qualified.finish())
    }
}

/// Writes a message in JSON. A number that is none (NaN, infinite) becomes null, as JSON has no
/// word for it.
pub fn encode_json(telemetry: &Telemetry) -> Vec<u8> {
    serde_json::to_vec(&Writer(telemetry)).expect("texts, numbers and a vector cannot fail")
}

struct Writer<'a, T>(&'a T);

impl Serialize for Writer<'_, Telemetry> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        match &self.0.boot {
            Boot::Number(number) => map.serialize_entry("boot", number)?,
            Boot::Text(text) => map.serialize_entry("boot", text)?,
        }
        map.serialize_entry("seq", &self.0.seq)?;
        map.serialize_entry("t", &self.0.t)?;
        map.serialize_entry("points", &Writer(&self.0.fields))?;
        map.end()
    }
}

impl Serialize for Writer<'_, Vec<super::Field>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|field| (&field.name, Writer(field))))
    }
}

impl Serialize for Writer<'_, super::Field> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(quality) = &self.0.quality else {
            return Writer(&self.0.value).serialize(serializer);
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("value", &Writer(&self.0.value))?;
        map.serialize_entry("quality", quality)?;
        map.end()
    }
}

impl Serialize for Writer<'_, Scalar> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Scalar::Null => serializer.serialize_unit(),
            Scalar::Boolean(on) => serializer.serialize_bool(*on),
            Scalar::Number(number) => serializer.serialize_f64(*number),
        }
    }
}
