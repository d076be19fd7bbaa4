//! `[[sink]]`: what a sink says of itself.

use super::secret;
use crate::Secret;
use crate::defaults::{GRACE_SECS, GRACE_SECS_BOUNDS, INFLUX_BUCKET, INFLUX_ORG};
use core::time::Duration;
use weir_domain::SinkId;
use weir_profiles::form::{Faults, Fields, Found};

pub(crate) struct RawSink {
    pub(crate) id: Option<Found<SinkId>>,
    pub(crate) target: Option<RawTarget>,
}

/// As [`crate::SinkKind`], with what is required perhaps not there.
pub(crate) enum RawTarget {
    Influx {
        url: Option<String>,
        org: String,
        bucket: String,
        token: Option<Secret>,
        grace: Duration,
    },
    Webhook {
        url: Option<String>,
        secret: Option<Secret>,
    },
}

pub(super) fn sink(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> RawSink {
    fields.require(&["id"]);
    let id = fields.parsed("id");
    let influx = fields.fields("influxdb").map(|fields| influxdb(fields, faults));
    let webhook = fields.fields("webhook").map(|fields| self::webhook(fields, faults));
    if fields.has("influxdb") == fields.has("webhook") {
        let problem = "a sink is either `influxdb` or `webhook`";
        let hint = "as in influxdb = { url = \"http://127.0.0.1:8086\" }";
        faults.hint(fields.spot(), problem, hint);
        return RawSink { id, target: None };
    }
    RawSink { id, target: influx.or(webhook) }
}

fn influxdb(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> RawTarget {
    fields.require(&["url"]);
    let grace = fields.whole("grace_secs", GRACE_SECS_BOUNDS);
    let grace = grace.and_then(|found| u64::try_from(found.value).ok()).unwrap_or(GRACE_SECS);
    RawTarget::Influx {
        url: influx_url(&mut fields, faults),
        org: fields.text("org").map_or(INFLUX_ORG.into(), |found| found.value),
        bucket: fields.text("bucket").map_or(INFLUX_BUCKET.into(), |found| found.value),
        token: secret(&mut fields, "token", faults).map(|found| found.value),
        grace: Duration::from_secs(grace),
    }
}

fn webhook(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> RawTarget {
    fields.require(&["url", "secret"]);
    RawTarget::Webhook {
        url: url(&mut fields, faults),
        secret: secret(&mut fields, "secret", faults).map(|found| found.value),
    }
}

/// `http://host:port` and nothing more: the client behind knows neither https nor a path.
fn influx_url(fields: &mut Fields<'_, '_>, faults: &Faults<'_>) -> Option<String> {
    let spot = fields.at("url");
    let url = url(fields, faults)?;
    let Some(server) = url.strip_prefix("http://") else {
        let hint = "let a proxy on this machine speak it, and write its http address";
        faults.hint(&spot, "https is not built in for InfluxDB", hint);
        return None;
    };
    if server.contains(['/', '?', '#']) {
        let hint = "org and bucket have keys of their own; for a path let a proxy rewrite it";
        faults.hint(&spot, "nothing may follow the host and port", hint);
        return None;
    }
    Some(url)
}

/// `http://host[:port][/path]`, without a password in it.
fn url(fields: &mut Fields<'_, '_>, faults: &Faults<'_>) -> Option<String> {
    let url = fields.text("url")?;
    let Some((scheme, rest)) = url.value.split_once("://") else {
        faults.hint(&url.spot, NO_URL, URL_FORM);
        return None;
    };
    let server = rest.split(['/', '?', '#']).next().unwrap_or("");
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\');
    if server.contains('@') {
        let hint = "a token or secret has a key of its own";
        faults.hint(&url.spot, "a URL must not carry a user or password", hint);
    } else if !matches!(scheme, "http" | "https") {
        faults.hint(&url.spot, format!("unknown scheme \"{scheme}\""), "use http or https");
    } else if !is_server(server) || rest.chars().any(odd) {
        faults.hint(&url.spot, NO_URL, URL_FORM);
    } else {
        return Some(url.value.trim_end_matches('/').to_owned());
    }
    None
}

const NO_URL: &str = "not a URL";
const URL_FORM: &str = "write \"http://host:port\"";

/// `host` or `host:port`, where an IPv6 address is in brackets.
fn is_server(server: &str) -> bool {
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (server, None),
    };
    let digits = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let port_fits =
        port.is_none_or(|port| digits(port) && port.parse::<u16>().is_ok_and(|p| p > 0));
    port_fits && is_host(host)
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<core::net::Ipv6Addr>().is_ok(),
        None => {
            let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
            !host.is_empty() && host.chars().all(fits)
        }
    }
}
