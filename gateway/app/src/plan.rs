//! `weir plan`: what the links of a site will have to carry, before they do: requests, bytes, time,
//! and how long the disk lasts.
//!
//! The figures are predictions: of the wire by its speed, of a device by the turnaround in its
//! profile. A link that is asked for more than it has time for skips scans, so that is a problem
//! to be told before the gateway runs, and `weir check` tells it too.

mod disk;
mod print;

use crate::{
    cli,
    exit::{Exit, Failure},
    site,
};
use serde::Serialize;
use std::time::Duration;
use weir_config::{Checked, Device, Link, Reason, Site, Transport};
use weir_engine::plan::{Framing, ReadRequest, Timing, plan};
use weir_profiles::{Access, ModbusAccess, RegisterKind};

/// A link that is busy for more than this share of the time has no room for what goes wrong.
const BUSY_MAX: f64 = 0.8;

/// A site, planned.
#[derive(Debug, Serialize)]
struct SitePlan {
    links: Vec<LinkPlan>,
    /// Points, each with a series in the store.
    series: usize,
    readings_per_second: f64,
    disk: disk::Disk,
}

/// A link, planned.
#[derive(Debug, Serialize)]
pub(crate) struct LinkPlan {
    id: String,
    transport: String,
    #[serde(skip)]
    is_serial: bool,
    /// Share of the time that the link is busy; none for a link on which nothing is asked.
    busy: Option<f64>,
    devices: Vec<DevicePlan>,
}

/// A device, planned.
#[derive(Debug, Serialize)]
struct DevicePlan {
    id: String,
    profile: String,
    unit_id: Option<u8>,
    points: usize,
    /// 0: again at once.
    interval_ms: u64,
    requests: Vec<RequestPlan>,
    bytes_out: usize,
    bytes_in: usize,
    /// How long a scan keeps the link.
    scan_ms: f64,
    /// Share of the link's time that it takes; none if it is not asked, or asked again at once.
    busy: Option<f64>,
}

/// A request of a scan.
#[derive(Debug, Serialize)]
struct RequestPlan {
    table: &'static str,
    start: u16,
    count: u16,
    bytes_out: usize,
    bytes_in: usize,
    ms: f64,
    points: Vec<String>,
}

pub(crate) fn run(options: &cli::Plan) -> Result<Exit, Failure> {
    let loaded = site::load(&options.site)?;
    let data = options.data.clone().unwrap_or_else(|| loaded.beside("data"));
    let site = &loaded.site;
    let links = links(site);
    let readings_per_second = site.devices.iter().map(readings_per_second).sum();
    let planned = SitePlan {
        series: site.devices.iter().map(|device| device.profile.points.len()).sum(),
        readings_per_second,
        disk: disk::Disk::of(&data, readings_per_second, site.storage.retention),
        links,
    };
    match options.json {
        true => print::json(&planned)?,
        false => print::table(&planned),
    }
    let fits = planned.links.iter().all(|link| link.busy.is_none_or(|busy| busy <= 1.0));
    Ok(if fits { Exit::Done } else { Exit::Problem })
}

/// What the plan has to say about the links of a site, for `weir check`.
pub(crate) fn warnings(checked: &Checked) -> Vec<Reason> {
    let warning = |(link, planned): (&Link, LinkPlan)| {
        let (problem, hint) = planned.trouble()?;
        checked.link_warning(&link.id, problem, hint)
    };
    checked.site.links.iter().zip(links(&checked.site)).filter_map(warning).collect()
}

/// The same into the log, for a gateway that starts.
pub(crate) fn tell(site: &Site) {
    for (problem, hint) in links(site).iter().filter_map(LinkPlan::trouble) {
        tracing::warn!("{problem}; {hint}");
    }
}

fn links(site: &Site) -> Vec<LinkPlan> {
    let planned = |link: &Link| {
        let devices = site.devices.iter().filter(|device| device.link == link.id);
        let devices: Vec<_> = devices.map(|device| self::device(device, link)).collect();
        let busy = || devices.iter().filter_map(|device| device.busy).sum();
        LinkPlan {
            id: link.id.to_string(),
            transport: link.transport.to_string(),
            is_serial: matches!(link.transport, Transport::ModbusRtu { .. }),
            busy: link.transport.is_modbus().then(busy),
            devices,
        }
    };
    site.links.iter().map(planned).collect()
}

impl LinkPlan {
    /// What is wrong with it, and what to do; none if there is time enough.
    fn trouble(&self) -> Option<(String, String)> {
        let busy = self.busy.filter(|busy| *busy > BUSY_MAX)?;
        let percent = busy * 100.0;
        let most = self.devices.iter().max_by(|a, b| a.share().total_cmp(&b.share()));
        let most = most.map_or(String::new(), |device| {
            format!("; most of it is {}, {:.0} ms each scan", device.id, device.scan_ms)
        });
        let faster = if self.is_serial { ", raise the baud rate" } else { "" };
        let advice =
            format!("scan less often{faster}, or put devices on a link of their own{most}");
        let id = &self.id;
        Some(match busy > 1.0 {
            true => (
                format!(
                    "link \"{id}\" cannot keep up: its scans take {percent:.0} % of the time there is"
                ),
                format!("intervals {:.1} times as long would just do; {advice}", busy),
            ),
            false => (
                format!(
                    "link \"{id}\" is busy {percent:.0} % of the time, with little left for trouble"
                ),
                advice,
            ),
        })
    }
}

impl DevicePlan {
    fn share(&self) -> f64 {
        self.busy.unwrap_or(0.0)
    }
}

fn device(device: &Device, link: &Link) -> DevicePlan {
    let profile = &device.profile;
    let planned = match &profile.access {
        Access::Modbus(access) => requests(device, access, &link.transport),
        Access::Mqtt(_) => Vec::new(),
    };
    let scan = match &profile.access {
        Access::Modbus(access) => scan(&planned, access, link),
        Access::Mqtt(_) => Duration::ZERO,
    };
    let framing = framing(&link.transport);
    let requests: Vec<_> = planned
        .iter()
        .map(|(request, duration)| RequestPlan {
            table: table(request.kind),
            start: request.start.0,
            count: request.count,
            bytes_out: request.request_bytes(framing),
            bytes_in: request.answer_bytes(framing),
            ms: millis(*duration),
            points: request.points.iter().map(|at| profile.points[*at].id.to_string()).collect(),
        })
        .collect();
    let asked = !requests.is_empty() && !device.scan_interval.is_zero();
    DevicePlan {
        id: device.id.to_string(),
        profile: profile.id.to_string(),
        unit_id: device.unit_id,
        points: profile.points.len(),
        interval_ms: u64::try_from(device.scan_interval.as_millis()).unwrap_or(u64::MAX),
        bytes_out: requests.iter().map(|request| request.bytes_out).sum(),
        bytes_in: requests.iter().map(|request| request.bytes_in).sum(),
        scan_ms: millis(scan),
        busy: asked.then(|| scan.as_secs_f64() / device.scan_interval.as_secs_f64()),
        requests,
    }
}

/// The requests of a scan, each with the time it takes.
fn requests(
    device: &Device,
    access: &ModbusAccess,
    transport: &Transport,
) -> Vec<(ReadRequest, Duration)> {
    let timing = match transport {
        Transport::ModbusRtu { baud, .. } => Timing::rtu(*baud, access.turnaround),
        _ => Timing::tcp(access.turnaround),
    };
    let timed = |request: ReadRequest| {
        let duration = request.duration(timing);
        (request, duration)
    };
    plan(&device.profile, timing, &[]).into_iter().map(timed).collect()
}

/// How long a scan keeps the link: the requests, the rests between them, and what comes before the
/// first one where the connection is opened anew for each scan.
fn scan(requests: &[(ReadRequest, Duration)], access: &ModbusAccess, link: &Link) -> Duration {
    let asking: Duration = requests.iter().map(|(_, duration)| *duration).sum();
    let count = u32::try_from(requests.len()).unwrap_or(u32::MAX);
    let between = access.request_gap.max(link.request_gap) * count.saturating_sub(1);
    let opening = if access.close_after_scan { access.connect_delay } else { Duration::ZERO };
    asking + between + link.request_gap + opening
}

fn framing(transport: &Transport) -> Framing {
    match transport {
        Transport::ModbusTcp { framing: weir_config::Framing::Mbap, .. }
        | Transport::ModbusDialIn { framing: weir_config::Framing::Mbap, .. } => Framing::Mbap,
        _ => Framing::Rtu,
    }
}

/// A table as profiles write it.
pub(crate) fn table(kind: RegisterKind) -> &'static str {
    match kind {
        RegisterKind::Coil => "coil",
        RegisterKind::DiscreteInput => "discrete",
        RegisterKind::HoldingRegister => "holding",
        RegisterKind::InputRegister => "input",
    }
}

/// What a device brings; one that is asked again at once is not counted.
fn readings_per_second(device: &Device) -> f64 {
    match device.scan_interval.is_zero() {
        true => 0.0,
        false => device.profile.points.len() as f64 / device.scan_interval.as_secs_f64(),
    }
}

fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e5).round() / 100.0
}
