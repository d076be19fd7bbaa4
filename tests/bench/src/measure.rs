//! One workload through one gateway: started, left to settle, watched, and put into figures.

use crate::{
    duty::Duty,
    far_side::FarSide,
    instruments::{Asked, Instruments},
    now, proc, site,
    workload::{Figure, Manner, Workload},
};
use anyhow::{Context as _, Result};
use core::time::Duration;
use std::{collections::HashMap, process::Command, time::Instant};
use weir_e2e::{Program, Rig, pause, wait_for, weir};

/// How long the gateway has to settle.
const SETTLE: Duration = Duration::from_secs(3);

/// Which gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `weir bridge`: to MQTT, and nothing else.
    Bridge,
    /// `weir run`: stored and judged. Readings count when they are on disk.
    Full,
}

/// What came of it.
pub(crate) type Figures = Vec<(Figure, f64)>;

/// A moment in a run.
struct Mark {
    at: Instant,
    cpu: f64,
    readings: f64,
}

struct Running {
    rig: Rig,
    far: FarSide,
    bridge: Option<Program>,
    pid: u32,
    since: Instant,
}

/// Runs it, and watches it for so long.
pub(crate) fn measure(workload: &Workload, kind: Kind, watch: Duration) -> Result<Figures> {
    let changing = workload.manner == Manner::Changing;
    let instruments = Instruments::start(workload)?;
    let rate = match workload.manner {
        Manner::Publishing { rate } => rate,
        _ => 0,
    };
    let far = FarSide::start(rate, changing)?;
    let duty = if workload.is_alarming() { Some(Duty::start()?) } else { None };
    let mut running = start(workload, kind, &instruments, far, duty.as_ref())?;
    pause(SETTLE);
    let begin = running.mark(kind)?;
    pause(watch);
    let end = running.mark(kind)?;
    let (memory, own) = (proc::peak_mb(running.pid)?, proc::own_mb(running.pid)?);
    let seconds = (end.at - begin.at).as_secs_f64();
    let readings = end.readings - begin.readings;
    let mut figures = vec![
        (Figure::CpuPerMillion, (end.cpu - begin.cpu) * 1e6 / readings),
        (Figure::Readings, readings / seconds),
        (Figure::Memory, memory),
        (Figure::OwnMemory, own),
    ];
    if kind == Kind::Full {
        figures.push((Figure::Written, proc::written_bytes(running.pid)? / end.readings));
    }
    let within = |(at, _): &Asked| (begin.at..end.at).contains(at);
    let within: Vec<Asked> = instruments.asked().into_iter().filter(within).collect();
    if rate == 0 {
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        figures.push((Figure::Requests, within.len() as f64 / seconds));
    }
    if rate == 0 && workload.interval_ms > 0 {
        figures.extend(regularity(workload, &instruments.sick, &within, seconds));
    }
    if changing && kind == Kind::Bridge {
        figures.extend(latency(&instruments.changed(), &running.far.values()));
    }
    if let Some(duty) = &duty {
        figures.push((Figure::Commits, running.commits()? / (now() - running.since).as_secs_f64()));
        figures.extend(alarms(&instruments.changed(), &duty.raised()));
    }
    if rate > 0 {
        running.far.hold();
        pause(Duration::from_secs(2));
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let sent = running.far.sent() as f64;
        let lost = (1.0 - running.readings(kind)? / sent) * 100.0;
        figures.push((Figure::Lost, lost.max(0.0)));
    }
    running.stop()?;
    Ok(figures)
}

fn start(
    workload: &Workload,
    kind: Kind,
    instruments: &Instruments,
    far: FarSide,
    duty: Option<&Duty>,
) -> Result<Running> {
    let mut rig = Rig::new()?;
    let sink = duty.map(|duty| duty.join(&rig)).transpose()?.unwrap_or_default();
    site::write(&rig, workload, &instruments.ports, far.port, &sink)?;
    let (bridge, pid) = match kind {
        Kind::Bridge => {
            let mut command = Command::new(weir());
            command.args(["bridge", "site.toml", "--log", "warn", "--to"]);
            command.arg(format!("mqtt://127.0.0.1:{}/out", far.port));
            let bridge = rig.program("bridge", &mut command)?;
            let pid = bridge.id();
            (Some(bridge), pid)
        }
        Kind::Full => {
            rig.start()?;
            (None, rig.gateway().id())
        }
    };
    Ok(Running { rig, far, bridge, pid, since: now() })
}

impl Running {
    fn readings(&self, kind: Kind) -> Result<f64> {
        match kind {
            #[expect(clippy::cast_precision_loss, reason = "a count")]
            Kind::Bridge => Ok(self.far.readings() as f64),
            Kind::Full => {
                self.rig.get("/api/v1/store")?["accepted"].as_f64().context("no count of readings")
            }
        }
    }

    fn commits(&self) -> Result<f64> {
        self.rig.get("/api/v1/store")?["commits"].as_f64().context("no count of commits")
    }

    /// Readings come to disk in groups: a mark of the full gateway is made when one has come.
    fn mark(&self, kind: Kind) -> Result<Mark> {
        let mut readings = self.readings(kind)?;
        if kind == Kind::Full {
            readings = wait_for("a group of readings on disk", Duration::from_secs(15), || {
                self.readings(kind).ok().filter(|later| *later > readings)
            })?;
        }
        Ok(Mark { at: now(), cpu: proc::cpu_seconds(self.pid)?, readings })
    }

    fn stop(&mut self) -> Result<()> {
        match &mut self.bridge {
            Some(bridge) => bridge.terminate()?,
            None => self.rig.gateway().terminate()?,
        };
        Ok(())
    }
}

/// Whether the healthy instruments were read as often as they should be.
fn regularity(workload: &Workload, sick: &[usize], asked: &[Asked], seconds: f64) -> Figures {
    let mut last = HashMap::<usize, Instant>::new();
    let (mut polls, mut worst) = (0.0, 0.0_f64);
    for (at, device) in asked.iter().filter(|(_, device)| !sick.contains(device)) {
        polls += 1.0;
        if let Some(before) = last.insert(*device, *at) {
            worst = worst.max((*at - before).as_secs_f64() * 1e3);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let due = (workload.devices - sick.len()) as f64 * seconds * 1e3 / workload.interval_ms as f64;
    vec![(Figure::Polls, polls / due * 100.0), (Figure::WorstGap, worst)]
}

/// From each change to the first arrival of its value.
fn latency(changed: &[(u16, Instant)], came: &[(f64, Instant)]) -> Figures {
    let came: HashMap<u64, Instant> =
        came.iter().map(|(value, at)| (value.to_bits(), *at)).collect();
    let of = |(value, at): &(u16, Instant)| {
        let came = came.get(&f64::from(*value).to_bits())?;
        came.checked_duration_since(*at).map(|took| took.as_secs_f64() * 1e3)
    };
    let mut took: Vec<f64> = changed.iter().filter_map(of).collect();
    took.sort_by(f64::total_cmp);
    let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or(f64::NAN);
    vec![(Figure::LatencyMedian, at(50)), (Figure::LatencyP99, at(99))]
}

/// From each value over the limit to its alarm's arrival.
fn alarms(changed: &[(u16, Instant)], raised: &[Instant]) -> Figures {
    // An alarm that does not come at all counts as long as the next one takes.
    let of = |pair: &[(u16, Instant)]| {
        let at = raised.iter().find(|at| **at >= pair[0].1)?;
        Some((*at - pair[0].1).as_secs_f64() * 1e3)
    };
    let mut took: Vec<f64> = changed.chunks_exact(2).filter_map(of).collect();
    took.sort_by(f64::total_cmp);
    let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or(f64::NAN);
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let count = took.len() as f64;
    vec![(Figure::Alarms, count), (Figure::AlarmMedian, at(50)), (Figure::AlarmP95, at(95))]
}
