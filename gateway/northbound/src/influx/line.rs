//! Line protocol, strictly: one reading is one line,
//! `reading,area=pool,device=ph-1,point=ph,site=inn value=7.2,quality=192i 1795341600000`.
//!
//! The tags of a point never change, so they are checked once, when the prefix is made: no control
//! character (a newline would inject a line), no backslash (parsers differ on what it escapes), no
//! empty value (it would join another series). A number is finite by its type. Time is the source
//! time in milliseconds.

use std::fmt::Write as _;
use thiserror::Error;
use weir_domain::{Reading, Sample};

/// A tag, measurement or key that cannot be written safely.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum TagError {
    /// Nothing there.
    #[error("{0} must not be empty")]
    Empty(String),
    /// A character that would be read differently, or end the line.
    #[error("{character:?} cannot be written in {name}")]
    Character {
        /// The tag's name.
        name: String,
        /// The character.
        character: char,
    },
}

/// Measurement and tags of one series, ready to be put before the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prefix(Box<str>);

impl Prefix {
    /// Checks and escapes a measurement and its tags. Sorted tags are the fastest for servers.
    pub(crate) fn new(measurement: &str, tags: &[(&str, &str)]) -> Result<Self, TagError> {
        let mut text = String::new();
        escape(&mut text, "the measurement", measurement)?;
        for (key, value) in tags {
            text.push(',');
            escape(&mut text, "a tag key", key)?;
            text.push('=');
            escape(&mut text, key, value)?;
        }
        text.push(' ');
        Ok(Self(text.into()))
    }

    /// The line of a sample, without a newline.
    ///
    /// A usable number is `value`. A number that came with bad quality (e.g. while the instrument
    /// was being calibrated) is evidence and goes to `bad_value`, so that a mean over `value`
    /// never counts it.
    pub(crate) fn line(&self, sample: &Sample) -> String {
        let mut line = String::with_capacity(self.0.len() + 64);
        line.push_str(&self.0);
        if let Some(value) = sample.reading.value() {
            let usable = !matches!(sample.reading, Reading::Bad(..));
            let field = if usable { "value" } else { "bad_value" };
            // `{:?}` writes huge and tiny numbers with an exponent, and always reads back exactly.
            let _ = write!(line, "{field}={:?},", value.get());
        }
        let quality = sample.reading.quality().code();
        let _ = write!(line, "quality={quality}i {}", sample.source_time.as_millis());
        line
    }
}

fn escape(out: &mut String, name: &str, text: &str) -> Result<(), TagError> {
    if text.is_empty() {
        return Err(TagError::Empty(name.to_owned()));
    }
    for character in text.chars() {
        if character.is_control() || character == '\\' {
            return Err(TagError::Character { name: name.to_owned(), character });
        }
        if matches!(character, ',' | '=' | ' ') {
            out.push('\\');
        }
        out.push(character);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use influxdb_line_protocol::{FieldValue, parse_lines};
    use proptest::prelude::*;
    use weir_domain::{BadReason, Quality, Timestamp, UncertainReason, Value};

    fn sample(reading: Reading) -> Sample {
        Sample::at(Timestamp::from_millis(1_795_341_600_007), reading)
    }

    fn number(number: f64) -> Value {
        Value::new(number).unwrap()
    }

    #[test]
    fn lines_as_they_stand() {
        let prefix = Prefix::new("reading", &[("area", "pool"), ("point", "ph")]).unwrap();
        let cases = [
            (Reading::Good(number(7.25)), "value=7.25,quality=192i"),
            (Reading::Good(number(-0.0)), "value=-0.0,quality=192i"),
            (Reading::Good(number(1e300)), "value=1e300,quality=192i"),
            (
                Reading::Uncertain(number(7.0), UncertainReason::ManualValue),
                "value=7.0,quality=92i",
            ),
            (Reading::Bad(None, BadReason::CommFailure), "quality=24i"),
            (Reading::Bad(Some(number(4.0)), BadReason::Calibration), "bad_value=4.0,quality=44i"),
        ];
        for (reading, fields) in cases {
            let expected = format!("reading,area=pool,point=ph {fields} 1795341600007");
            assert_eq!(prefix.line(&sample(reading)), expected);
        }
    }

    #[test]
    fn what_cannot_be_written_safely_is_refused() {
        for bad in ["", "a\nb", "a\\", "\\", "a\u{7f}", "tab\there", "a\0"] {
            assert!(Prefix::new("reading", &[("site", bad)]).is_err(), "{bad:?}");
            assert!(Prefix::new("reading", &[(bad, "x")]).is_err(), "{bad:?}");
            assert!(Prefix::new(bad, &[]).is_err(), "{bad:?}");
        }
    }

    fn readings() -> impl Strategy<Value = Reading> {
        let value = any::<f64>().prop_filter_map("finite", Value::new);
        let bad = proptest::sample::select(BadReason::ALL);
        let uncertain = proptest::sample::select(UncertainReason::ALL);
        prop_oneof![
            value.clone().prop_map(Reading::Good),
            (value.clone(), uncertain).prop_map(|(v, r)| Reading::Uncertain(v, r)),
            (proptest::option::of(value), bad).prop_map(|(v, r)| Reading::Bad(v, r)),
        ]
    }

    proptest! {
        /// Whatever is accepted reads back as exactly itself through InfluxData's own parser, also
        /// between two other lines.
        #[test]
        fn influxdata_reads_what_we_wrote(
            tag in "[^\\x00-\\x1f\\x7f-\\x9f\\\\]{1,24}",
            millis in 0_i64..4_000_000_000_000,
            reading in readings(),
        ) {
            let prefix = Prefix::new("reading", &[("point", &tag), ("site", "s")]).unwrap();
            let sample = Sample::at(Timestamp::from_millis(millis), reading);
            let body = format!("a b=1\n{}\nc d=2", prefix.line(&sample));
            let lines: Vec<_> = parse_lines(&body).collect::<Result<_, _>>().unwrap();
            prop_assert_eq!(lines.len(), 3);
            let line = &lines[1];
            prop_assert_eq!(line.series.measurement.as_str(), "reading");
            prop_assert_eq!(line.tag_value("point").map(|v| v.as_str()), Some(tag.as_str()));
            prop_assert_eq!(line.tag_value("site").map(|v| v.as_str()), Some("s"));
            prop_assert_eq!(line.timestamp, Some(millis));
            let float = |name| match line.field_value(name) {
                Some(FieldValue::F64(number)) => Some(*number),
                Some(_) => panic!("{name} is not a float"),
                None => None,
            };
            let number = reading.value().map(Value::get);
            let bad = matches!(reading, Reading::Bad(..));
            prop_assert_eq!(float("value"), number.filter(|_| !bad));
            prop_assert_eq!(float("bad_value"), number.filter(|_| bad));
            let Some(FieldValue::I64(code)) = line.field_value("quality") else {
                panic!("no quality")
            };
            prop_assert_eq!(Quality::from_code(u8::try_from(*code).unwrap()), Ok(reading.quality()));
        }

        /// No text, however wild, makes one line into two.
        #[test]
        fn nothing_injects_a_line(tag in ".{0,16}") {
            if let Ok(prefix) = Prefix::new("reading", &[("site", &tag)]) {
                let line = prefix.line(&sample(Reading::Good(number(1.0))));
                prop_assert_eq!(line.lines().count(), 1);
                prop_assert_eq!(parse_lines(&line).filter(Result::is_ok).count(), 1);
            }
        }
    }
}
