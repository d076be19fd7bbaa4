//! Times, durations and shares as they stand in an explanation.

use core::time::Duration;
use jiff::tz::TimeZone;
use weir_domain::{Text, Timestamp};

/// A stretch of local time: `10:00-11:00`, `23:00-24:00`, `2026-11-22`.
pub(crate) fn stretch(from: Timestamp, to: Timestamp, zone: &TimeZone) -> String {
    let (start, end) = (zone.to_datetime(from.to_jiff()), zone.to_datetime(to.to_jiff()));
    let midnight = jiff::civil::Time::midnight();
    let days = (end.date() - start.date()).get_days();
    match (start.time() == midnight && end.time() == midnight, days) {
        (true, 1) => start.date().to_string(),
        (false, 1) if end.time() == midnight => format!("{}-24:00", clock(start.time())),
        (_, 0) => format!("{}-{}", clock(start.time()), clock(end.time())),
        _ => {
            let (from, to) = (clock(start.time()), clock(end.time()));
            format!("{} {from} - {} {to}", start.date(), end.date())
        }
    }
}

/// A local date and time.
pub(crate) fn moment(t: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(t.to_jiff());
    format!("{} {}", local.date(), clock(local.time()))
}

/// A local time of day, with seconds where there are some.
fn clock(time: jiff::civil::Time) -> String {
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    match (second, time.millisecond()) {
        (0, 0) => format!("{hour:02}:{minute:02}"),
        (_, 0) => format!("{hour:02}:{minute:02}:{second:02}"),
        (_, millis) => format!("{hour:02}:{minute:02}:{second:02}.{millis:03}"),
    }
}

/// `1 h`, `31 min`, `14 min 59 s`, `1.5 s`.
pub(crate) fn duration(duration: Duration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    let mut parts = Vec::new();
    for (unit, amount) in [("h", seconds / 3_600), ("min", seconds / 60 % 60)] {
        if amount > 0 {
            parts.push(format!("{amount} {unit}"));
        }
    }
    if seconds % 60 > 0 || millis > 0 || parts.is_empty() {
        #[expect(clippy::cast_precision_loss, reason = "below a minute in milliseconds")]
        let rest = (seconds % 60 * 1_000 + u64::from(millis)) as f64 / 1_000.0;
        parts.push(format!("{rest} s"));
    }
    parts.join(" ")
}

/// A share in percent, cut off so that 74.9 % never reads as 75 %.
pub(crate) fn percent(share: f64) -> String {
    // What is only there because binary fractions are not exact must not cost a percent.
    format!("{} %", (share * 100.0 + 1e-9).floor())
}

/// The clause that ends an explanation.
pub(crate) fn coverage(share: f64) -> Text {
    Text {
        zh: format!("有效数据 {}", percent(share)),
        en: format!("valid data {}", percent(share)),
    }
}

/// Milliseconds of a duration, for sums.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What share `part` is of `whole`; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a window are far below 2^53")]
pub(crate) fn share(part: u64, whole: Duration) -> f64 {
    let whole = millis(whole);
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).min(1.0) }
}

/// Why data are not good, in words, by the reason's word in every interface.
const REASONS: [(&str, &str, &str); 24] = [
    ("unspecified", "原因不明", "no reason given"),
    ("sensor_not_accurate", "精度不保证", "sensor not accurate"),
    ("engineering_units_exceeded", "超出量程", "beyond the measuring range"),
    ("sub_normal", "数据来源不足", "too few sources"),
    ("manual_value", "人工录入", "entered by hand"),
    ("clock_uncertain", "时钟不可信", "clock not trusted"),
    ("suspect_constant", "数值长时间不变", "suspiciously constant"),
    ("suspect_spike", "孤立尖峰", "a lone spike"),
    ("suspect_rate", "变化过快", "changes too fast"),
    ("suspect_tampering", "疑似人为干扰", "suspected interference"),
    ("configuration_error", "配置错误", "configuration error"),
    ("not_connected", "链路未连接", "link not connected"),
    ("device_failure", "设备故障", "device failure"),
    ("sensor_failure", "传感器故障", "sensor failure"),
    ("comm_failure", "无应答", "no answer"),
    ("out_of_service", "已停用", "out of service"),
    ("waiting_for_initial_data", "等待首个数据", "waiting for the first data"),
    ("maintenance", "维护中", "under maintenance"),
    ("calibration", "校准中", "being calibrated"),
    ("out_of_range", "超出物理范围", "outside of what is possible"),
    ("dependency_failed", "测量条件不满足", "conditions of measuring not met"),
    ("calibration_failed", "校准核查不合格", "failed its calibration check"),
    ("stale", "数据过期", "nothing new for too long"),
    ("missing", "无数据", "no data"),
];

/// Why data are not good; a reason without words is said as it is.
pub(crate) fn reason(name: &str) -> Text {
    let found = REASONS.iter().find(|(word, ..)| *word == name);
    let (zh, en) = found.map_or((name, name), |(_, zh, en)| (zh, en));
    Text { zh: zh.to_owned(), en: en.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_read_like_a_clock_on_the_wall() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        for (from, to, text) in [
            ("10:00:00", "11:00:00", "10:00-11:00"),
            ("10:00:00", "10:31:07", "10:00-10:31:07"),
            ("10:00:00.080", "10:31:00", "10:00:00.080-10:31"),
        ] {
            let at = |time| format!("2026-11-22T{time}+08:00").parse().unwrap();
            assert_eq!(stretch(at(from), at(to), &zone), text);
        }
        let at = |text: &str| text.parse().unwrap();
        let midnight = at("2026-11-23T00:00:00+08:00");
        assert_eq!(stretch(at("2026-11-22T23:00:00+08:00"), midnight, &zone), "23:00-24:00");
        assert_eq!(stretch(at("2026-11-22T00:00:00+08:00"), midnight, &zone), "2026-11-22");
        let long = stretch(at("2026-11-22T23:00:00+08:00"), at("2026-11-23T01:00:00+08:00"), &zone);
        assert_eq!(long, "2026-11-22 23:00 - 2026-11-23 01:00");
    }

    #[test]
    fn durations_and_shares() {
        for (millis, text) in [
            (0, "0 s"),
            (80, "0.08 s"),
            (899_000, "14 min 59 s"),
            (900_000, "15 min"),
            (3_600_000, "1 h"),
            (5_430_000, "1 h 30 min 30 s"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
        for (share, text) in [(0.749_9, "74 %"), (0.75, "75 %"), (0.29, "29 %"), (1.0, "100 %")] {
            assert_eq!(percent(share), text);
        }
    }
}
