//! The transports of Modbus: over TCP, dialled in by a modem, on a serial line.

use super::address::{backups, first_twin, host, listen, packet, port, tls};
use super::link::RawTransport;
use crate::defaults::{BAUD, BAUD_BOUNDS, DATA_BITS, MODBUS_TCP_PORT, MODBUS_TLS_PORT, STOP_BITS};
use crate::{Endpoint, Framing, Parity};
use weir_profiles::form::{Faults, Fields};

/// `modbus_tcp` and `modbus_rtu_over_tcp`.
pub(super) fn tcp(
    mut fields: Fields<'_, '_>,
    framing: Framing,
    faults: &Faults<'_>,
) -> RawTransport {
    fields.require(&["host"]);
    let host_spot = fields.at("host");
    let host = host(&mut fields, faults);
    let tls = tls(&mut fields, faults);
    let usual = if tls.is_some() { MODBUS_TLS_PORT } else { MODBUS_TCP_PORT };
    let port = port(&mut fields).unwrap_or(usual);
    let backups = backups(&mut fields, port, faults);
    let own = host.map(|host| Endpoint { host, port });
    let all = own.iter().map(|own| (own, &host_spot));
    let all = all.chain(backups.iter().map(|backup| (&backup.value, &backup.spot)));
    if let Some((endpoint, spot)) = first_twin(all) {
        let hint = "a backup is another way to the same devices";
        faults.hint(spot, format!("{endpoint} is there already"), hint);
    }
    let backups = backups.into_iter().map(|backup| backup.value);
    let endpoints = own.map(|own| core::iter::once(own).chain(backups).collect());
    RawTransport::Tcp { endpoints, framing, tls }
}

pub(super) fn dial_in(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> RawTransport {
    fields.require(&["listen", "registration"]);
    let framings = [("rtu", Framing::Rtu), ("mbap", Framing::Mbap)];
    RawTransport::DialIn {
        listen: listen(&mut fields, faults, "write \"0.0.0.0:5020\", for every interface"),
        registration: packet(&mut fields, "registration", faults),
        heartbeat: packet(&mut fields, "heartbeat", faults).map(|found| found.value),
        framing: fields.choice("framing", &framings).map_or(Framing::Rtu, |found| found.value),
    }
}

pub(super) fn rtu(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> RawTransport {
    fields.require(&["port"]);
    let parities = [("none", Parity::None), ("odd", Parity::Odd), ("even", Parity::Even)];
    let data_bits = fields.whole("data_bits", 5..=9);
    if let Some(bits) = data_bits.filter(|bits| bits.value != i64::from(DATA_BITS)) {
        faults.hint(&bits.spot, "Modbus RTU has 8 data bits", "7 bits are for Modbus ASCII");
    }
    let baud = fields.whole("baud", BAUD_BOUNDS);
    let stop_bits = fields.whole("stop_bits", 1..=2);
    RawTransport::Rtu {
        port: fields.text("port").map(|found| found.value),
        baud: baud.and_then(|found| u32::try_from(found.value).ok()).unwrap_or(BAUD),
        parity: fields.choice("parity", &parities).map_or(Parity::None, |found| found.value),
        stop_bits: stop_bits.and_then(|f| u8::try_from(f.value).ok()).unwrap_or(STOP_BITS),
    }
}
