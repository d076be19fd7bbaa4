//! Reads a device a single time, for the person who connects it.

use super::{
    Listeners,
    bus::Bus,
    device::{timing, to_wire},
};
use crate::{Failure, Transport};
use core::time::Duration;
use tokio::time::sleep;
use weir_engine::plan::{ReadRequest, plan};
use weir_profiles::{Access, Profile};
use weir_wire::modbus::Answer;

/// A request, and what came of it.
pub type Asked = (ReadRequest, Result<Answer, Failure>);

/// Asks for every point of a profile once. After a silence the rest is not asked for, and fails
/// alike.
///
/// # Errors
/// When the link cannot be reached, or the transport or profile is not of Modbus.
pub async fn read_once(
    transport: &Transport,
    timeout: Duration,
    unit: u8,
    profile: &Profile,
) -> Result<Vec<Asked>, Failure> {
    let not_modbus = |what: String| Failure::Configuration { what };
    let Some(mut bus) = Bus::new(transport, timeout, &Listeners::default()) else {
        return Err(not_modbus(format!("{transport} is not a Modbus link")));
    };
    let Access::Modbus(access) = &profile.access else {
        return Err(not_modbus(format!("profile {} is not of a Modbus device", profile.id)));
    };
    let mut asked: Vec<Asked> = Vec::new();
    for request in plan(profile, timing(profile, transport), &[]) {
        let result = match asked.last() {
            Some((_, Err(failure))) if failure.ends_the_scan() => Err(failure.clone()),
            previous => {
                if previous.is_some() {
                    sleep(access.request_gap).await;
                }
                match to_wire(&request) {
                    Ok(wire) => bus.ask(unit, wire).await.map(|(answer, _)| answer),
                    Err(failure) => Err(failure),
                }
            }
        };
        if let Err(failure @ Failure::NotConnected { .. }) = result {
            return Err(failure);
        }
        asked.push((request, result));
    }
    Ok(asked)
}
