//! The text format that Prometheus reads, version 0.0.4.

use std::fmt::Write as _;

/// A page being written.
#[derive(Debug, Default)]
pub(crate) struct Exposition(String);

impl Exposition {
    /// The media type of the page.
    pub(crate) const MEDIA_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// A value that can go up and down, with one sample for each set of labels.
    pub(crate) fn gauge<'a>(&mut self, name: &str, help: &str, samples: impl Samples<'a>) {
        self.family(name, "gauge", help, samples);
    }

    /// A value that only goes up; its name ends in `_total`.
    pub(crate) fn counter<'a>(&mut self, name: &str, help: &str, samples: impl Samples<'a>) {
        debug_assert!(name.ends_with("_total"), "{name}");
        self.family(name, "counter", help, samples);
    }

    fn family<'a>(&mut self, name: &str, kind: &str, help: &str, samples: impl Samples<'a>) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            self.0.push_str(name);
            for (i, (label, text)) in labels.iter().enumerate() {
                let _ = write!(
                    self.0,
                    "{}{label}=\"{}\"",
                    if i == 0 { '{' } else { ',' },
                    Escaped(text)
                );
            }
            if !labels.is_empty() {
                self.0.push('}');
            }
            let _ = writeln!(self.0, " {value}");
        }
    }

    /// The page.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// Labels and values of a metric.
pub(crate) trait Samples<'a>: IntoIterator<Item = (Vec<(&'a str, &'a str)>, f64)> {}

impl<'a, T: IntoIterator<Item = (Vec<(&'a str, &'a str)>, f64)>> Samples<'a> for T {}

/// One sample without labels.
pub(crate) fn one(value: impl Number) -> [(Vec<(&'static str, &'static str)>, f64); 1] {
    [(Vec::new(), value.number())]
}

/// Numbers as the format has them; counts beyond 2^53 lose their last digits, as everywhere there.
pub(crate) trait Number {
    fn number(self) -> f64;
}

impl Number for f64 {
    fn number(self) -> f64 {
        self
    }
}

impl Number for u64 {
    fn number(self) -> f64 {
        self as f64
    }
}

impl Number for usize {
    fn number(self) -> f64 {
        self as f64
    }
}

impl Number for bool {
    fn number(self) -> f64 {
        f64::from(u8::from(self))
    }
}

struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            match c {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_as_it_stands() {
        let mut page = Exposition::default();
        page.gauge("weir_store_bytes", "Bytes of all files.", one(42_u64));
        let labels = |name| vec![("sink", name), ("kind", "influxdb")];
        let samples = [(labels("a\"b\\c\nd"), 1.5), (labels("e"), f64::NAN)];
        page.counter("weir_sent_total", "Sent.", samples);
        let expected = "# HELP weir_store_bytes Bytes of all files.\n\
            # TYPE weir_store_bytes gauge\n\
            weir_store_bytes 42\n\
            # HELP weir_sent_total Sent.\n\
            # TYPE weir_sent_total counter\n\
            weir_sent_total{sink=\"a\\\"b\\\\c\\nd\",kind=\"influxdb\"} 1.5\n\
            weir_sent_total{sink=\"e\",kind=\"influxdb\"} NaN\n";
        assert_eq!(page.finish(), expected);
    }
}
