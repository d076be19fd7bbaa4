//! The engine alone: samples a second through `weir replay`, CSV reading included.

use crate::{median, proc};
use anyhow::{Result, ensure};
use std::{
    fmt::Write as _,
    process::{Command, Stdio},
};
use weir_e2e::{Rig, weir};

const ROWS: usize = 2_000_000;
const RUNS: usize = 3;

const SITE: &str = r#"
[site]
id = "bench"
time_zone = "Asia/Shanghai"

[[area]]
id = "effluent"
kind = "hospital_wastewater"
class = "general_direct"
packs = ["gb18466-2005"]

[[link]]
id = "tcp"
transport = { modbus_tcp = { host = "127.0.0.1", port = 502 } }

[[device]]
id = "trc-1"
profile = "generic-residual-chlorine"
link = "tcp"
unit_id = 3
area = "effluent"
role = "contact_tank_outlet"
scan_interval_ms = 1000
"#;

/// Readings judged in a CPU second.
pub(crate) fn measure() -> Result<String> {
    let rig = Rig::new()?;
    rig.write("site.toml", SITE)?;
    rig.write("samples.csv", &samples())?;
    let mut rates = Vec::new();
    for _ in 0..RUNS {
        let before = proc::children_cpu_seconds()?;
        let status = Command::new(weir())
            .args(["replay", "site.toml", "--samples", "samples.csv", "--log", "error"])
            .current_dir(rig.dir())
            .stdout(Stdio::null())
            .status()?;
        ensure!(status.success(), "weir replay failed");
        #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
        rates.push(ROWS as f64 / (proc::children_cpu_seconds()? - before));
    }
    Ok(format!(
        "replay of a CSV file with one area's packs: {:.0} readings per CPU second",
        median(&mut rates)
    ))
}

fn samples() -> String {
    let mut text = String::with_capacity(ROWS * 64);
    text.push_str("time,point,value,quality\n");
    for row in 0..ROWS {
        let (day, second) = (1 + row / 86_400, row % 86_400);
        let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
        let tenths = 45 + row % 7;
        let _ = writeln!(
            text,
            "2026-03-{day:02}T{h:02}:{m:02}:{s:02}Z,trc-1.total_residual_chlorine,{}.{},",
            tenths / 10,
            tenths % 10
        );
    }
    text
}
