//! Addresses, certificates and packets: what several transports say in the same words.

use super::secret;
use crate::defaults::{BACKUPS_MAX, PACKET_MAX};
use crate::{Endpoint, Secret, Tls};
use core::net::{Ipv6Addr, SocketAddr};
use weir_profiles::form::{Faults, Fields, Found, Spot};

/// A host's name or address, without a port, a scheme or a path.
pub(super) fn host(fields: &mut Fields<'_, '_>, faults: &Faults<'_>) -> Option<String> {
    let host = fields.text("host")?;
    if !is_host(&host.value) {
        let problem = format!("\"{}\" is not the name or address of a host", host.value);
        faults.hint(&host.spot, problem, "the port is a key of its own, and there is no scheme");
        return None;
    }
    Some(host.value)
}

fn is_host(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    text.parse::<Ipv6Addr>().is_ok() || (!text.is_empty() && text.chars().all(fits))
}

pub(super) fn port(fields: &mut Fields<'_, '_>) -> Option<u16> {
    fields.whole("port", 1..=i64::from(u16::MAX)).and_then(|found| u16::try_from(found.value).ok())
}

/// `backup = "10.0.0.8:502"`, or a list of such; without a port, the first address's.
pub(super) fn backups(
    fields: &mut Fields<'_, '_>,
    port: u16,
    faults: &Faults<'_>,
) -> Vec<Found<Endpoint>> {
    let texts = match fields.is_text("backup") {
        true => fields.text("backup").into_iter().collect(),
        false => fields.texts("backup").map_or(Vec::new(), |found| found.value),
    };
    if texts.len() > BACKUPS_MAX {
        faults.note(&fields.at("backup"), format!("more than {BACKUPS_MAX} backups"));
    }
    let read = |text: Found<String>| {
        let found = endpoint(&text.value, port);
        if found.is_none() {
            let problem = format!("\"{}\" is not a host, nor a host with a port", text.value);
            let hint = "write \"10.0.0.8\", \"10.0.0.8:502\" or \"[fe80::8]:502\"";
            faults.hint(&text.spot, problem, hint);
        }
        Some(Found { value: found?, spot: text.spot })
    };
    texts.into_iter().filter_map(read).collect()
}

/// `host`, `host:port`, `[v6]:port` or a bare IPv6 address.
fn endpoint(text: &str, port: u16) -> Option<Endpoint> {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, after) = match bracketed {
        Some((host, after)) => (host.parse::<Ipv6Addr>().ok().map(|_| host)?, after),
        None if text.parse::<Ipv6Addr>().is_ok() => (text, ""),
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match after.strip_prefix(':') {
        None if after.is_empty() => port,
        digits => digits?.parse().ok().filter(|port| *port > 0)?,
    };
    is_host(host).then(|| Endpoint { host: host.to_owned(), port })
}

/// `tls = { … }`; an empty table is TLS with what the system trusts.
pub(super) fn tls(fields: &mut Fields<'_, '_>, faults: &Faults<'_>) -> Option<Tls> {
    let mut inner = fields.fields("tls")?;
    let path = |found: Option<Found<String>>| found.map(|found| found.value.into());
    let (ca, cert, key) =
        (path(inner.text("ca")), path(inner.text("cert")), path(inner.text("key")));
    if inner.has("cert") != inner.has("key") {
        let (has, lacks) = if inner.has("cert") { ("cert", "key") } else { ("key", "cert") };
        let hint = "a certificate of the gateway's own needs its private key, each in a PEM file";
        faults.hint(&inner.at(has), format!("a `{has}` without a `{lacks}`"), hint);
    }
    let server_name = inner.text("server_name").filter(|name| {
        let fits = is_host(&name.value);
        if !fits {
            let problem = format!("\"{}\" is not the name of a server", name.value);
            faults.hint(
                &name.spot,
                problem,
                "the name in its certificate, such as \"plc-7.local\"",
            );
        }
        fits
    });
    Some(Tls { ca, identity: cert.zip(key), server_name: server_name.map(|name| name.value) })
}

/// An address with a port to listen on.
pub(super) fn listen(
    fields: &mut Fields<'_, '_>,
    faults: &Faults<'_>,
    example: &str,
) -> Option<Found<SocketAddr>> {
    let listen = fields.text("listen")?;
    let address = listen.value.parse().ok();
    if address.is_none() {
        let problem = format!("\"{}\" is not an address with a port", listen.value);
        faults.hint(&listen.spot, problem, example);
    }
    Some(Found { value: address?, spot: listen.spot })
}

/// What a modem sends: a text as it is, or `{ hex = "01 02" }`.
pub(super) fn packet(
    fields: &mut Fields<'_, '_>,
    key: &'static str,
    faults: &Faults<'_>,
) -> Option<Found<Vec<u8>>> {
    let spot = fields.at(key);
    let bytes = if fields.is_text(key) {
        fields.text(key)?.value.into_bytes()
    } else {
        let mut inner = fields.fields(key)?;
        inner.require(&["hex"]);
        let text = inner.text("hex")?;
        let bytes = hex(&text.value);
        if bytes.is_none() {
            let problem = format!("\"{}\" is not a row of bytes in hexadecimal", text.value);
            faults.hint(&text.spot, problem, "two digits for each byte, such as \"01 a2 ff\"");
        }
        bytes?
    };
    if bytes.len() > PACKET_MAX {
        faults.note(&spot, format!("longer than {PACKET_MAX} bytes"));
        return None;
    }
    Some(Found { value: bytes, spot })
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()?;
    let byte = |pair: &[u32]| u8::try_from(pair[0] * 16 + pair[1]).ok();
    (digits.len().is_multiple_of(2) && !digits.is_empty())
        .then(|| digits.chunks_exact(2).map(byte).collect())
        .flatten()
}

/// The token that devices show when they post.
pub(super) fn token(fields: &mut Fields<'_, '_>, faults: &Faults<'_>) -> Option<Secret> {
    secret(fields, "token", faults).map(|found| found.value)
}

/// Whether two addresses cannot be listened on at once.
pub(crate) fn overlap(a: SocketAddr, b: SocketAddr) -> bool {
    let every = |address: SocketAddr| address.ip().is_unspecified();
    a.port() == b.port() && a.port() != 0 && (a.ip() == b.ip() || every(a) || every(b))
}

/// The first address that is there a second time.
pub(super) fn first_twin<'a>(
    endpoints: impl IntoIterator<Item = (&'a Endpoint, &'a Spot)>,
) -> Option<(&'a Endpoint, &'a Spot)> {
    let mut seen = Vec::new();
    endpoints.into_iter().find(|(endpoint, _)| {
        let twin = seen.contains(endpoint);
        seen.push(*endpoint);
        twin
    })
}
