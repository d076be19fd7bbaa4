//! `weir read`: asks one device once, and shows what it said and how it was understood.

mod print;

use crate::{
    cli,
    exit::{Exit, Failure},
    site::{self, Loaded},
};
use anyhow::anyhow;
use weir_acquisition::{Asked, read_once};
use weir_config::{Device, Link, Transport};
use weir_domain::Reading;
use weir_engine::{decode, plan::ReadRequest};
use weir_profiles::{Access, MessageFormat, MqttAccess, PointDef, RegisterKind, Source};
use weir_wire::modbus::{
    Answer, Function, Request, encode_bits, encode_exception, encode_registers,
};

/// A request with what came of it, and what it says of its points.
struct Read<'a> {
    request: ReadRequest,
    /// Unit, function and data as they went over the wire.
    asked: Vec<u8>,
    /// The same of the answer, or why there is none.
    answered: Result<Vec<u8>, (Option<Vec<u8>>, String)>,
    points: Vec<Row<'a>>,
}

/// What one point said.
struct Row<'a> {
    point: &'a PointDef,
    outcome: Result<(Reading, decode::Explanation), String>,
}

pub(crate) async fn run(options: &cli::Read) -> Result<Exit, Failure> {
    let loaded = site::load(&options.site)?;
    let (device, link) = find(&loaded, &options.device)?;
    let Some(unit) = device.unit_id else {
        return Err(Failure::usage(anyhow!("{}", by_itself(&loaded, device, link))));
    };
    if let Transport::ModbusDialIn { listen, .. } = &link.transport {
        tracing::info!("waiting on {listen} until the modem of {} dials in", link.id);
    }
    let transport = site::transport(&loaded, link)?;
    let answers = read_once(&transport, link.timeout, unit, &device.profile).await?;
    let reads: Vec<_> = answers.into_iter().map(|asked| read(device, unit, asked)).collect();
    match options.json {
        true => print::json(device, &reads)?,
        false => print::table(device, link, &reads, options.explain),
    }
    let rows = || reads.iter().flat_map(|read| &read.points);
    let is_good = |row: &Row<'_>| matches!(&row.outcome, Ok((Reading::Good(_), _)));
    Ok(if rows().all(is_good) && rows().next().is_some() { Exit::Done } else { Exit::Problem })
}

fn find<'a>(loaded: &'a Loaded, id: &str) -> Result<(&'a Device, &'a Link), Failure> {
    let site = &loaded.site;
    let device = site.devices.iter().find(|device| device.id.as_str() == id);
    let device = device.ok_or_else(|| {
        let known: Vec<_> = site.devices.iter().map(|device| device.id.as_str()).collect();
        Failure::usage(anyhow!("the site has no device {id:?}; it has {}", known.join(", ")))
    })?;
    let link = site.link(&device.link);
    let link =
        link.ok_or_else(|| Failure::usage(anyhow!("the device's link is not in the site file")))?;
    Ok((device, link))
}

/// Why a device cannot be asked, and how to see what it says.
fn by_itself(loaded: &Loaded, device: &Device, link: &Link) -> String {
    let id = &device.id;
    match (&link.transport, &device.profile.access) {
        (Transport::Mqtt(mqtt), Access::Mqtt(access)) => {
            let user = mqtt.username.as_ref().map(|user| format!(" -u {user} -P …"));
            let topics: Vec<_> = topics(loaded, device, access);
            format!(
                "{id} publishes by itself, and cannot be asked. See what it says with\n  \
                 mosquitto_sub -v -h {} -p {}{}{}\nand what is made of it on its page of the console",
                mqtt.endpoint.host,
                mqtt.endpoint.port,
                user.unwrap_or_default(),
                topics.iter().map(|topic| format!(" -t '{topic}'")).collect::<String>(),
            )
        }
        _ => format!(
            "{id} posts by itself, and cannot be asked. Post a message of its as it would, with\n  \
             curl -H 'Authorization: Bearer …' --data-binary @message \
             http://{}/api/v1/devices/{id}/telemetry\nand the answer says whether it is understood",
            loaded.site.web.listen
        ),
    }
}

/// The topics of a device, with what is left open filled in.
fn topics(loaded: &Loaded, device: &Device, access: &MqttAccess) -> Vec<String> {
    let address = device.address.as_deref().unwrap_or(device.id.as_str());
    if access.format == MessageFormat::Sparkplug {
        let mut levels = address.split('/');
        let (group, node) = (levels.next().unwrap_or("+"), levels.next().unwrap_or("+"));
        return vec![format!("spBv1.0/{group}/+/{node}/#")];
    }
    let own = device.profile.points.iter().filter_map(|point| match &point.source {
        Source::Field(field) => field.topic.as_deref(),
        Source::Register(_) => None,
    });
    let shared = Some(access.topic.as_str()).filter(|topic| !topic.is_empty());
    let fill = |topic: &str| {
        let topic = topic.replace("{site}", loaded.site.id.as_str());
        topic.replace("{device}", device.id.as_str()).replace("{address}", address)
    };
    let mut topics: Vec<String> = shared.into_iter().chain(own).map(fill).collect();
    topics.dedup();
    topics
}

fn read(device: &Device, unit: u8, (request, answer): Asked) -> Read<'_> {
    let function = function(request.kind);
    let wire = Request { function, start: request.start.0, count: request.count };
    let row = |at: &usize| {
        let point = &device.profile.points[*at];
        let outcome = match &answer {
            Ok(answer) => Ok((
                decode::decode(point, &request, answer),
                decode::explain(point, &request, answer),
            )),
            Err(failure) => Err(failure.to_string()),
        };
        Row { point, outcome }
    };
    let points = request.points.iter().map(row).collect();
    let framed = |pdu: &[u8]| [&[unit], pdu].concat();
    let answered = match &answer {
        Ok(Answer::Registers(registers)) => Ok(framed(&encode_registers(function, registers))),
        Ok(Answer::Bits(bits)) => Ok(framed(&encode_bits(function, bits))),
        Err(failure) => {
            let refusal = match failure {
                weir_acquisition::Failure::Exception { exception, .. } => {
                    Some(framed(&encode_exception(function.code(), *exception)))
                }
                _ => None,
            };
            Err((refusal, failure.to_string()))
        }
    };
    Read { asked: framed(&wire.encode()), answered, points, request }
}

/// The function that reads a table.
pub(crate) fn function(kind: RegisterKind) -> Function {
    match kind {
        RegisterKind::Coil => Function::ReadCoils,
        RegisterKind::DiscreteInput => Function::ReadDiscreteInputs,
        RegisterKind::HoldingRegister => Function::ReadHoldingRegisters,
        RegisterKind::InputRegister => Function::ReadInputRegisters,
    }
}
