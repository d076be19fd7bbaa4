//! What a sink is told: its name, where to send to, and the secrets for it.

use std::{fmt, time::Duration};

/// One sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkSettings {
    /// Its name; the durable cursor is kept under it.
    pub id: String,
    /// What it is.
    pub kind: SinkKind,
}

/// The kinds of sinks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkKind {
    /// Readings to InfluxDB 2, VictoriaMetrics, or what else speaks the InfluxDB 2 write API.
    Influx {
        /// The server, up to the port: `http://10.0.0.5:8086`.
        url: String,
        /// The organisation; VictoriaMetrics ignores it.
        org: String,
        /// The bucket; VictoriaMetrics ignores it.
        bucket: String,
        /// The token; may be empty.
        token: Secret,
        /// How long the server may take to make safe what it has acknowledged: 15-30 s for
        /// VictoriaMetrics, zero for InfluxDB.
        grace: Duration,
    },
    /// Alarm events as signed JSON to any HTTP server. A new webhook starts with the next event;
    /// what happened before it was set up is not sent.
    Webhook {
        /// Where to post to.
        url: String,
        /// The key of the signature.
        secret: Secret,
    },
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// An address for a screen or a log: its path and query often are the secret.
pub(crate) fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let separator = if scheme.is_empty() { "" } else { "://" };
    let more = if path.len() > 1 { "/…" } else { "" };
    format!("{scheme}{separator}{host}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let cases = [
            ("https://hooks.example.com/T0/B0/XYZ", "https://hooks.example.com/…"),
            ("https://me:pass@host:8443/?token=x", "https://host:8443/…"),
            ("http://10.0.0.5:8086", "http://10.0.0.5:8086"),
            ("http://host/", "http://host"),
            ("no address", "no address"),
        ];
        for (url, shown) in cases {
            assert_eq!(without_secrets(url), shown);
        }
        assert!(!format!("{:?}", Secret::from("hunter2")).contains("hunter2"));
    }
}
