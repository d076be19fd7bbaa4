//! Where to look, and for whom: line settings and unit ids, in the order in which they are tried.

use crate::{cli, exit::Failure};
use anyhow::anyhow;
use std::{collections::BTreeSet, str::FromStr};
use weir_acquisition::{Endpoint, Framing, Parity, Transport};

/// Modbus over TCP without a word about the port.
const MODBUS_TCP_PORT: u16 = 502;
/// Units that are asked first: hardly anybody sets a higher one.
const USUAL: u8 = 16;

/// Line settings, and units.
pub(super) struct Lines {
    pub(super) lines: Vec<Line>,
    /// In two parts: those that are likely, and the rest.
    pub(super) units: [Vec<u8>; 2],
}

/// One way to ask.
pub(super) struct Line {
    pub(super) transport: Transport,
    /// As the site file writes it.
    pub(super) written: String,
}

impl Lines {
    pub(super) fn of(options: &cli::Scan) -> Result<Self, Failure> {
        let lines = match (&options.at.serial, &options.at.tcp) {
            (Some(port), _) => serial(port, &options.baud, &options.parity),
            (None, Some(to)) => vec![tcp(to, options.rtu)?],
            (None, None) => return Err(Failure::usage(anyhow!("say --serial or --tcp"))),
        };
        let direct = options.at.tcp.is_some() && !options.rtu;
        let units = match &options.units {
            Some(units) => units.0.clone(),
            None => usual_units(direct),
        };
        let likely = |unit: &u8| (1..=USUAL).contains(unit) || (direct && *unit == 255);
        let (first, rest) = units.into_iter().partition(likely);
        Ok(Self { lines, units: [first, rest] })
    }

    pub(super) fn are_serial(&self) -> bool {
        self.lines.iter().any(|line| matches!(line.transport, Transport::ModbusRtu { .. }))
    }
}

fn usual_units(direct: bool) -> Vec<u8> {
    let mut units: Vec<u8> = (1..=247).collect();
    if direct {
        // The device at the address itself answers to these, if to anything.
        units.insert(1, 255);
        units.push(0);
    }
    units
}

fn serial(port: &str, bauds: &[u32], parities: &[cli::ScanParity]) -> Vec<Line> {
    let mut lines = Vec::new();
    for baud in bauds {
        for parity in parities {
            let (parity, word) = match parity {
                cli::ScanParity::None => (Parity::None, "none"),
                cli::ScanParity::Even => (Parity::Even, "even"),
                cli::ScanParity::Odd => (Parity::Odd, "odd"),
            };
            lines.push(Line {
                transport: Transport::ModbusRtu {
                    port: port.to_owned(),
                    baud: *baud,
                    parity,
                    stop_bits: 1,
                    data_bits: 8,
                },
                written: format!(
                    "modbus_rtu = {{ port = \"{port}\", baud = {baud}, parity = \"{word}\" }}"
                ),
            });
        }
    }
    lines
}

fn tcp(to: &str, rtu: bool) -> Result<Line, Failure> {
    let endpoint = endpoint(to).ok_or_else(|| {
        Failure::usage(anyhow!("{to:?} is not HOST, HOST:PORT or [IPV6]:PORT; there is no scheme"))
    })?;
    let (framing, key) = match rtu {
        true => (Framing::Rtu, "modbus_rtu_over_tcp"),
        false => (Framing::Mbap, "modbus_tcp"),
    };
    let Endpoint { host, port } = &endpoint;
    let written = format!("{key} = {{ host = \"{host}\", port = {port} }}");
    Ok(Line {
        transport: Transport::ModbusTcp { endpoints: vec![endpoint], framing, tls: None },
        written,
    })
}

fn endpoint(text: &str) -> Option<Endpoint> {
    let is_ipv6 = |text: &str| text.parse::<std::net::Ipv6Addr>().is_ok();
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) if is_ipv6(host) => (host, port),
        Some(_) => return None,
        None if is_ipv6(text) => (text, ""),
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(port) => port.parse().ok().filter(|port| *port > 0)?,
        None if port.is_empty() => MODBUS_TCP_PORT,
        None => return None,
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let fits = is_ipv6(host) || (!host.is_empty() && host.chars().all(is_name));
    fits.then(|| Endpoint { host: host.to_owned(), port })
}

/// Unit ids as a person writes them: `1-10,33,255`. In that order, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Units(pub(crate) Vec<u8>);

impl FromStr for Units {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            let text = text.trim();
            text.parse::<u8>().map_err(|_| format!("{text:?} is not a unit id (0 to 255)"))
        };
        let (mut seen, mut units) = (BTreeSet::new(), Vec::new());
        for part in text.split(',') {
            let (first, last) = match part.split_once('-') {
                Some((first, last)) => (number(first)?, number(last)?),
                None => (number(part)?, number(part)?),
            };
            if first > last {
                return Err(format!("{part:?} goes backwards"));
            }
            units.extend((first..=last).filter(|unit| seen.insert(*unit)));
        }
        Ok(Self(units))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_as_people_write_them() {
        for (text, expected) in [
            ("3", Ok(vec![3])),
            ("1-4", Ok(vec![1, 2, 3, 4])),
            ("5, 1-3 ,2-4,255", Ok(vec![5, 1, 2, 3, 4, 255])),
            ("4-1", Err("goes backwards")),
            ("", Err("not a unit id")),
            ("1-", Err("not a unit id")),
            ("256", Err("not a unit id")),
            ("a-b", Err("not a unit id")),
        ] {
            match (text.parse::<Units>(), expected) {
                (Ok(units), Ok(expected)) => assert_eq!(units.0, expected, "{text}"),
                (Err(error), Err(expected)) => assert!(error.contains(expected), "{text}: {error}"),
                (other, _) => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let shown = |text: &str| endpoint(text).map(|endpoint| endpoint.to_string());
        for (text, expected) in [
            ("10.0.0.7", Some("10.0.0.7:502")),
            ("plc.local:1502", Some("plc.local:1502")),
            ("::1", Some("[::1]:502")),
            ("[::1]:1502", Some("[::1]:1502")),
            ("[10.0.0.7]:502", None),
            ("tcp://10.0.0.7", None),
            ("10.0.0.7:0", None),
            ("10.0.0.7:x", None),
            ("", None),
        ] {
            assert_eq!(shown(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_device_at_the_address_itself_is_asked_early() {
        let units = usual_units(true);
        assert_eq!(units[..3], [1, 255, 2]);
        assert_eq!((units.len(), units.last()), (249, Some(&0)));
        assert_eq!(usual_units(false).len(), 247);
    }
}
