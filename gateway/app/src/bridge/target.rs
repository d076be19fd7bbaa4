//! Where the bridge publishes: `mqtt://host:port/topic/prefix`.

use std::{fmt, str::FromStr};

/// The port of MQTT without TLS.
const PORT: u16 = 1883;

/// A broker and the beginning of all topics there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(super) host: String,
    pub(super) port: u16,
    prefix: String,
}

impl Target {
    /// The topic of a device.
    pub(super) fn topic(&self, device: &str) -> String {
        if self.prefix.is_empty() { device.to_owned() } else { format!("{}/{device}", self.prefix) }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix("mqtt://") else {
            return Err(match text.split_once("://") {
                Some((scheme @ ("mqtts" | "ssl" | "tls"), _)) => {
                    format!("{scheme}: the bridge has no TLS; use it on a trusted network")
                }
                _ => "write mqtt://host:port/topic/prefix".to_owned(),
            });
        };
        let (address, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if address.contains('@') {
            return Err("a user is given with --user, a password with --password-file".to_owned());
        }
        let (host, port) = match address.strip_prefix('[').and_then(|a| a.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => address.split_once(':').map_or((address, None), |(h, p)| (h, Some(p))),
        };
        if host.is_empty() {
            return Err("the host is missing: mqtt://host:port/topic/prefix".to_owned());
        }
        let port = match port {
            None => PORT,
            Some(port) => port.parse().map_err(|_| format!("{port:?} is not a port"))?,
        };
        let prefix = prefix.trim_end_matches('/');
        if prefix.contains(['+', '#', '\0']) || prefix.len() > 1024 {
            return Err(format!("{prefix:?} cannot begin a topic: no wildcards, 1024 bytes"));
        }
        Ok(Self { host: host.to_owned(), port, prefix: prefix.to_owned() })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, .. } = self;
        let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "mqtt://{open}{host}{close}:{port}/{}", self.topic("<device>"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read() {
        for (text, shown) in [
            ("mqtt://broker", "mqtt://broker:1883/<device>"),
            ("mqtt://broker:1884/", "mqtt://broker:1884/<device>"),
            ("mqtt://10.0.0.7/plant/line 2/", "mqtt://10.0.0.7:1883/plant/line 2/<device>"),
            ("mqtt://[::1]:1885/a", "mqtt://[::1]:1885/a/<device>"),
            ("mqtt://[fe80::1]/a", "mqtt://[fe80::1]:1883/a/<device>"),
        ] {
            assert_eq!(text.parse::<Target>().expect(text).to_string(), shown);
        }
    }

    #[test]
    fn what_cannot_be_an_address_is_refused_with_a_reason() {
        for (text, says) in [
            ("broker:1883", "mqtt://host"),
            ("mqtts://broker", "no TLS"),
            ("mqtt:///a", "host is missing"),
            ("mqtt://me:secret@broker", "--user"),
            ("mqtt://broker:mqtt", "not a port"),
            ("mqtt://broker/a/#", "no wildcards"),
        ] {
            let error = text.parse::<Target>().expect_err(text);
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
