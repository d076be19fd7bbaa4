//! From what has been seen of a device and its neighbours to what is probably wrong, and what to
//! do about it. No more than a table of patterns: nothing is asked, nothing is remembered.

use crate::{
    Transport,
    tally::{Outcome, Tally},
};
use core::time::Duration;
use weir_domain::Text;
use weir_wire::modbus::Exception;

/// A link that is busy for more than this share of the time has no room left.
const TOO_BUSY: f64 = 0.9;
/// One failure in so many is chance; more are a pattern.
const CHANCE: usize = 10;

/// What the devices of a link are reached through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Medium {
    /// A serial port.
    Serial,
    /// A connection that the gateway opens.
    Network,
    /// A connection that a modem opens.
    Modem,
    /// Messages that devices send by themselves.
    Messages,
}

impl Medium {
    pub(crate) fn of(transport: &Transport) -> Self {
        match transport {
            Transport::ModbusTcp { .. } => Self::Network,
            Transport::ModbusDialIn { .. } => Self::Modem,
            Transport::ModbusRtu { .. } => Self::Serial,
            Transport::Mqtt(_) | Transport::Http { .. } => Self::Messages,
        }
    }
}

/// What has been seen of a device.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) recent: Tally,
    pub(crate) offline: bool,
    /// Scans were skipped not long ago.
    pub(crate) skipping: bool,
    /// How long after its question the last late answer came.
    pub(crate) late_after: Option<Duration>,
    /// How long its answers take as a rule.
    pub(crate) typical_ms: Option<f64>,
}

/// What has been seen of a link.
pub(crate) struct LinkFacts<'a> {
    pub(crate) medium: Medium,
    pub(crate) up: bool,
    /// Somebody has tried to bring it up.
    pub(crate) tried: bool,
    pub(crate) busy: f64,
    pub(crate) devices: &'a [Facts],
}

/// How a device's last exchanges went.
struct Pattern {
    asked: usize,
    answered: usize,
    silent: usize,
    noise: usize,
    invalid: usize,
    refused: Option<Exception>,
}

impl Facts {
    fn pattern(&self) -> Pattern {
        let count = |which: Outcome| self.recent.count(|outcome| outcome == which);
        let refusals = self.recent.count(|outcome| matches!(outcome, Outcome::Refused(_)));
        let asked = self.recent.count(|outcome| outcome != Outcome::NotAsked);
        let refused = self.recent.newest().find_map(|outcome| match outcome {
            Outcome::Refused(exception) => Some(exception),
            _ => None,
        });
        Pattern {
            asked,
            answered: self.recent.answered(),
            silent: count(Outcome::Silent),
            noise: count(Outcome::Noise),
            invalid: count(Outcome::Invalid),
            refused: refused.filter(|_| refusals * CHANCE > asked),
        }
    }

    /// Whether it has said anything of late, be it a refusal.
    fn speaks(&self) -> bool {
        let mut newest = self.recent.newest().filter(|outcome| *outcome != Outcome::NotAsked);
        newest.next().is_some_and(|o| matches!(o, Outcome::Answered | Outcome::Refused(_)))
    }

    /// Whether it was asked and has said nothing of late.
    fn is_mute(&self) -> bool {
        let mut newest = self.recent.newest().filter(|outcome| *outcome != Outcome::NotAsked);
        newest.next() == Some(Outcome::Silent)
    }
}

/// What is probably wrong with one device of a link; none while all is well.
pub(crate) fn of_device(
    medium: Medium,
    link_up: bool,
    all: &[Facts],
    index: usize,
) -> Option<Text> {
    let facts = all.get(index).filter(|_| medium != Medium::Messages)?;
    let pattern = facts.pattern();
    let others = || all.iter().enumerate().filter(|(other, _)| *other != index);
    let beyond_chance = |count: usize| count * CHANCE > pattern.asked;
    if !link_up && pattern.asked == 0 {
        return None;
    }
    if beyond_chance(pattern.noise) && pattern.noise >= pattern.silent {
        return Some(noise(medium));
    }
    if facts.recent.lates() > 0 && beyond_chance(pattern.silent) {
        return Some(late(facts.late_after?));
    }
    if facts.is_mute() && (facts.offline || pattern.answered == 0) {
        let others_speak = others().any(|(_, other)| other.speaks());
        return Some(if others_speak { one_is_silent() } else { all_are_silent(medium) });
    }
    if let Some(exception) = pattern.refused {
        return Some(refusal(exception));
    }
    if beyond_chance(pattern.invalid) {
        return Some(strange());
    }
    if beyond_chance(pattern.silent) {
        return Some(sometimes_silent(facts.typical_ms));
    }
    facts.skipping.then(too_slow)
}

/// What is probably wrong with a link as a whole; none while all is well.
pub(crate) fn of_link(facts: LinkFacts<'_>) -> Option<Text> {
    let LinkFacts { medium, up, tried, busy, devices } = facts;
    if medium == Medium::Messages {
        return None;
    }
    if !up && tried {
        return Some(down(medium));
    }
    if !devices.is_empty() && devices.iter().all(Facts::is_mute) {
        return Some(all_are_silent(medium));
    }
    let skipping = devices.iter().any(|device| device.skipping);
    (busy > TOO_BUSY && skipping).then(too_slow)
}

fn text(zh: &str, en: &str) -> Text {
    Text { zh: zh.to_owned(), en: en.to_owned() }
}

fn one_is_silent() -> Text {
    text(
        "同一链路上的其他设备有应答，只有这台没有：检查它的电源、单元号，以及通向它的那段接线。",
        "Others on the link answer, this one does not: check its power, its unit id, and its branch of the wiring.",
    )
}

fn all_are_silent(medium: Medium) -> Text {
    match medium {
        Medium::Serial => text(
            "线路上没有任何设备应答：检查转换器、A/B 两线是否接反、波特率和校验位，以及设备电源。",
            "Nobody on the line answers: check the adapter, whether A and B are swapped, baud rate and parity, and the devices' power.",
        ),
        Medium::Modem => text(
            "模块已连上，但它后面没有设备应答：检查模块的串口参数（波特率、校验位）、接线和单元号，以及链路的 framing 是否与模块一致。",
            "The modem is connected, but nobody behind it answers: check its serial settings (baud rate, parity), the wiring and the unit ids, and that the link's framing is the modem's.",
        ),
        Medium::Network | Medium::Messages => text(
            "能连上这个地址，但没有设备应答：检查单元号、端口是否就是 Modbus、framing（MBAP 或 RTU）是否正确，以及网关后面的串口接线。",
            "The address can be connected to, but nobody answers: check the unit ids, that the port is the one of Modbus, the framing (mbap or rtu), and the serial wiring behind a gateway.",
        ),
    }
}

fn down(medium: Medium) -> Text {
    match medium {
        Medium::Serial => text(
            "串口打不开：检查转换器是否插好、端口路径是否正确、程序是否有权限，以及端口是否被别的程序占用。",
            "The port cannot be opened: check that the adapter is plugged in, the port's path, the right to use it, and that no other program has it.",
        ),
        Medium::Modem => text(
            "模块没有拨入：检查它的电源、SIM 卡和信号、它拨入的地址和端口、防火墙，以及注册包是否与配置一致。",
            "The modem has not dialled in: check its power, SIM card and signal, the address and port it dials, the firewall, and that its registration packet is the configured one.",
        ),
        Medium::Network | Medium::Messages => text(
            "连不上：检查地址和端口、设备电源和网线、防火墙，以及对方是否已达到连接数上限。",
            "It cannot be connected to: check address and port, the device's power and network cable, the firewall, and whether it has as many connections as it takes.",
        ),
    }
}

fn noise(medium: Medium) -> Text {
    match medium {
        Medium::Serial => text(
            "收到的字节校验错误：检查波特率和校验位、两端的终端电阻、屏蔽和接地，以及是否有两台设备用了同一个单元号。",
            "Bytes arrive whose checksum fails: check baud rate and parity, termination at both ends, shielding and earth, and whether two devices have one unit id.",
        ),
        _ => text(
            "收到的字节不成帧：检查 framing（MBAP 或 RTU）是否正确、串口服务器的波特率和校验位，以及是否有两台设备用了同一个单元号。",
            "Bytes arrive that are no frames: check the framing (mbap or rtu), baud rate and parity of the serial server, and whether two devices have one unit id.",
        ),
    }
}

fn late(after: Duration) -> Text {
    let ms = after.as_millis();
    // Half as much again, rounded up to what people write.
    let enough = (ms + ms / 2).next_multiple_of(100);
    Text {
        zh: format!("应答来得太晚：最近一次用了 {ms} 毫秒。把 timeout_ms 调到 {enough} 以上。"),
        en: format!(
            "Answers come too late: the last one took {ms} ms. Set timeout_ms to {enough} or more."
        ),
    }
}

fn refusal(exception: Exception) -> Text {
    match exception {
        Exception::IllegalFunction => text(
            "设备没有这张表（异常 1）：设备模型与这台仪表不符，检查型号，或查手册看它用输入寄存器还是保持寄存器。",
            "The device does not have this table (exception 1): the profile does not fit the instrument; check the model, and in its manual whether it has input or holding registers.",
        ),
        Exception::IllegalDataAddress => text(
            "设备没有这些地址（异常 2）：检查型号和固件版本是否与设备模型一致，以及手册的地址是从 0 还是从 1 数起。",
            "The device does not have these addresses (exception 2): check that model and firmware fit the profile, and whether its manual counts from 0 or from 1.",
        ),
        Exception::IllegalDataValue => text(
            "设备不接受一次读这么多（异常 3）：在设备模型里调小 registers_max 或 bits_max。",
            "The device does not take so many at once (exception 3): lower registers_max or bits_max in the profile.",
        ),
        Exception::ServerDeviceFailure => text(
            "设备自报故障（异常 4）：查看仪表本身的显示和手册。",
            "The device says that it has a fault (exception 4): look at the instrument itself and its manual.",
        ),
        Exception::Acknowledge | Exception::ServerDeviceBusy => text(
            "设备忙（异常 5 或 6）：放慢读取，或检查是否还有别的主站在问它。",
            "The device is busy (exception 5 or 6): read it less often, or check whether another client asks it as well.",
        ),
        Exception::MemoryParityError => text(
            "设备的存储器出错（异常 8）：设备需要维修。",
            "The device's memory is damaged (exception 8): it needs repair.",
        ),
        Exception::GatewayPathUnavailable => text(
            "中间的网关不知道怎样到达它（异常 10）：检查网关里的单元号映射和串口设置。",
            "The gateway before it knows no way to it (exception 10): check that gateway's unit ids and serial settings.",
        ),
        Exception::GatewayTargetFailedToRespond => text(
            "中间的网关在，但这台设备没有应答（异常 11）：检查它的电源、单元号，以及通向它的那段接线。",
            "The gateway before it lives, the device does not answer (exception 11): check its power, its unit id, and its branch of the wiring.",
        ),
        Exception::Other(_) => text(
            "设备用厂家自定的异常码拒绝：查它的手册。",
            "The device refuses with a code of its manufacturer's own: look it up in its manual.",
        ),
    }
}

fn strange() -> Text {
    text(
        "收到的应答不是所问的：检查是否还有别的主站在用这条线路，或设备应答时写别的单元号（设备模型里的 any_answer_unit）。",
        "Answers come that are not to what was asked: check whether another client uses the line, or whether the device answers under another unit id (any_answer_unit in the profile).",
    )
}

fn sometimes_silent(typical_ms: Option<f64>) -> Text {
    let (zh, en) = match typical_ms {
        Some(ms) => (
            format!("它应答时通常用 {ms:.0} 毫秒。"),
            format!(" It takes {ms:.0} ms when it does."),
        ),
        None => (String::new(), String::new()),
    };
    Text {
        zh: format!("时而没有应答：检查接触不良的端子、终端电阻和干扰，或把 timeout_ms 调大。{zh}"),
        en: format!(
            "It does not always answer: check loose terminals, termination and interference, or raise timeout_ms.{en}"
        ),
    }
}

fn too_slow() -> Text {
    text(
        "线路太慢，读不完：把读取间隔调长、提高波特率，或把设备分到几条线路上。",
        "The line is too slow for what is read over it: lengthen the scan intervals, raise the baud rate, or spread the devices over several lines.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Answered, Invalid, Noise, NotAsked, Refused, Silent};

    fn seen(outcomes: &[(Outcome, usize)]) -> Facts {
        let mut facts = Facts::default();
        for (outcome, times) in outcomes {
            (0..*times).for_each(|_| facts.recent.push(*outcome));
        }
        facts.offline = facts.is_mute();
        facts
    }

    #[test]
    fn each_pattern_has_its_cause() {
        let well = seen(&[(Answered, 20)]);
        let mute = seen(&[(Answered, 20), (Silent, 3)]);
        let mut slow = seen(&[(Answered, 20)]);
        slow.skipping = true;
        let mut late = seen(&[(Silent, 4), (Answered, 4)]);
        late.recent.late();
        late.late_after = Some(Duration::from_millis(640));
        let refuses = |exception| seen(&[(Answered, 5), (Refused(exception), 5)]);
        let cases: Vec<(Facts, Vec<Facts>, Medium, Option<&str>)> = vec![
            (well.clone(), vec![], Medium::Serial, None),
            (seen(&[]), vec![], Medium::Serial, None),
            (seen(&[(NotAsked, 9)]), vec![], Medium::Network, None),
            (seen(&[(Answered, 30), (Silent, 1), (Answered, 1)]), vec![], Medium::Serial, None),
            (mute.clone(), vec![well.clone()], Medium::Serial, Some("Others on the link answer")),
            (mute.clone(), vec![mute.clone()], Medium::Serial, Some("A and B are swapped")),
            (mute.clone(), vec![], Medium::Network, Some("framing (mbap or rtu)")),
            (mute.clone(), vec![], Medium::Modem, Some("nobody behind it")),
            (mute, vec![], Medium::Messages, None),
            (seen(&[(Noise, 5), (Silent, 2)]), vec![], Medium::Serial, Some("checksum fails")),
            (seen(&[(Noise, 5)]), vec![], Medium::Network, Some("no frames")),
            (late, vec![], Medium::Network, Some("640 ms. Set timeout_ms to 1000")),
            (refuses(Exception::IllegalFunction), vec![], Medium::Serial, Some("exception 1")),
            (refuses(Exception::IllegalDataAddress), vec![], Medium::Serial, Some("from 0 or")),
            (refuses(Exception::IllegalDataValue), vec![], Medium::Serial, Some("registers_max")),
            (
                refuses(Exception::GatewayTargetFailedToRespond),
                vec![well.clone()],
                Medium::Network,
                Some("exception 11"),
            ),
            (seen(&[(Invalid, 4), (Answered, 4)]), vec![], Medium::Serial, Some("another client")),
            (seen(&[(Silent, 4), (Answered, 9)]), vec![], Medium::Serial, Some("not always")),
            (slow, vec![], Medium::Serial, Some("too slow")),
        ];
        for (facts, others, medium, expected) in cases {
            let shown = format!("{facts:?}");
            let all: Vec<Facts> = [vec![facts], others].concat();
            let cause = of_device(medium, true, &all, 0);
            match expected {
                None => assert_eq!(cause, None, "{shown}"),
                Some(words) => {
                    let cause = cause.unwrap_or_else(|| panic!("no cause for {shown}"));
                    assert!(cause.en.contains(words), "{shown}: {}", cause.en);
                    assert!(!cause.zh.is_ascii() && cause.zh.ends_with('。'), "{}", cause.zh);
                }
            }
        }
    }

    #[test]
    fn a_link_is_looked_at_as_a_whole() {
        let (well, mute) = (seen(&[(Answered, 9)]), seen(&[(Silent, 9)]));
        let link = |up, tried, busy, devices: &[Facts], medium| {
            of_link(LinkFacts { medium, up, tried, busy, devices }).map(|cause| cause.en)
        };
        let well = [well];
        assert_eq!(link(true, true, 0.99, &well, Medium::Serial), None, "busy and in time");
        assert_eq!(link(false, false, 0.0, &[], Medium::Serial), None, "not tried yet");
        for (medium, words) in
            [(Medium::Serial, "path"), (Medium::Network, "firewall"), (Medium::Modem, "SIM")]
        {
            let said = link(false, true, 0.0, &well, medium).expect("down");
            assert!(said.contains(words), "{said}");
        }
        let silent = link(true, true, 0.1, &[mute.clone(), mute.clone()], Medium::Serial);
        assert!(silent.expect("all silent").contains("Nobody on the line"));
        assert_eq!(link(true, true, 0.1, &[mute, well[0].clone()], Medium::Serial), None);
        let mut slow = well;
        slow[0].skipping = true;
        let said = link(true, true, 0.97, &slow, Medium::Serial).expect("too slow");
        assert!(said.contains("too slow"), "{said}");
    }
}
