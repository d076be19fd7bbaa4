//! Site file and profile of a workload.

use crate::{
    duty,
    workload::{Manner, Workload},
};
use anyhow::Result;
use std::{fmt::Write as _, fs};
use weir_e2e::Rig;

/// Writes both into the rig's folder. `ports` are the instruments', `broker` the far side's; `sink`
/// is where alarms go.
pub(crate) fn write(
    rig: &Rig,
    workload: &Workload,
    ports: &[u16],
    broker: u16,
    sink: &str,
) -> Result<()> {
    fs::create_dir(rig.dir().join("profiles"))?;
    rig.write("profiles/bench.toml", &profile(workload))?;
    rig.write("site.toml", &(site(workload, ports, broker) + sink))?;
    Ok(())
}

fn publishes(workload: &Workload) -> bool {
    matches!(workload.manner, Manner::Publishing { .. })
}

fn profile(workload: &Workload) -> String {
    let access = if publishes(workload) { "mqtt" } else { "modbus" };
    let mut text = format!(
        "[profile]\nid = \"bench\"\nname = \"Benchmark\"\nsource = \"generic: made up for a benchmark\"\n{access} = {{}}\n"
    );
    for index in 0..workload.registers {
        let source = if publishes(workload) {
            format!("field = \"p{index:03}\"")
        } else {
            format!("register = {{ table = \"holding\", address = {index}, type = \"u16\" }}")
        };
        let _ = write!(
            text,
            "\n[[point]]\nid = \"p{index:03}\"\nname = \"Point {index}\"\nparameter = \"count\"\nunit = \"1\"\ndecimals = 0\n{source}\n",
        );
    }
    text
}

fn site(workload: &Workload, ports: &[u16], broker: u16) -> String {
    let mut text = format!(
        "[site]\nid = \"bench\"\ntime_zone = \"Asia/Shanghai\"\n\n[[area]]\nid = \"hall\"\nkind = \"hospital_wastewater\"\npacks = {}\n",
        duty::packs(workload),
    );
    let mut link = |id: usize, transport: &str, port: u16| {
        let _ = write!(
            text,
            "\n[[link]]\nid = \"l{id}\"\ntransport = {{ {transport} = {{ host = \"127.0.0.1\", port = {port} }} }}\n",
        );
    };
    match workload.manner {
        Manner::Publishing { .. } => link(0, "mqtt", broker),
        _ => ports.iter().enumerate().for_each(|(id, port)| link(id, "modbus_tcp", *port)),
    }
    for device in 0..workload.devices {
        let (link, unit) = match workload.manner {
            Manner::Publishing { .. } => (0, None),
            Manner::Serial => (0, Some(device + 1)),
            _ => (device, Some(1)),
        };
        let unit = unit.map(|unit| format!("unit_id = {unit}\n")).unwrap_or_default();
        let _ = write!(
            text,
            "\n[[device]]\nid = \"d{device}\"\nprofile = \"bench\"\nlink = \"l{link}\"\n{unit}area = \"hall\"\nrole = \"bench\"\nscan_interval_ms = {}\n",
            workload.interval_ms,
        );
    }
    text
}
