//! A plan on paper: at most 100 columns for people, JSON for programs.

use super::{BUSY_MAX, DevicePlan, LinkPlan, RequestPlan, SitePlan};
use crate::exit::Failure;
use std::fmt::Write as _;

/// Most columns of a line.
const COLUMNS: usize = 100;

#[expect(clippy::print_stdout, reason = "the plan is the data")]
pub(super) fn json(plan: &SitePlan) -> Result<(), Failure> {
    println!("{}", serde_json::to_string_pretty(plan)?);
    Ok(())
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "data, and what is wrong with them")]
pub(super) fn table(plan: &SitePlan) {
    print!("{}", text(plan));
    for link in &plan.links {
        if let Some((problem, hint)) = link.trouble() {
            let level = if link.busy.is_some_and(|busy| busy > 1.0) { "error" } else { "warning" };
            eprintln!("{level}: {problem}\n  {hint}");
        }
    }
}

fn text(plan: &SitePlan) -> String {
    let mut out = String::new();
    for link in &plan.links {
        self::link(&mut out, link);
    }
    let disk = &plan.disk;
    // Writing into a text cannot fail.
    let _ = writeln!(
        out,
        "{} series, {} readings/s, about {} a day ({} bytes a reading, as in the demo).",
        plan.series,
        short(plan.readings_per_second),
        bytes(disk.bytes_per_day),
        disk.bytes_per_reading,
    );
    let kept = bytes(disk.bytes_at_retention);
    let _ = match (disk.free_bytes, disk.free_days) {
        (Some(free), Some(days)) => writeln!(
            out,
            "Kept for {} days they take {kept}; {} are free, enough for {} days.",
            disk.retention_days,
            bytes(free as f64),
            short(days.floor()),
        ),
        _ => writeln!(out, "Kept for {} days they take {kept}.", disk.retention_days),
    };
    out
}

fn link(out: &mut String, link: &LinkPlan) {
    let line = match link.busy {
        None => format!("link {}  {}: nothing is asked, devices publish", link.id, link.transport),
        Some(busy) => {
            let note = match busy {
                _ if busy > 1.0 => "  CANNOT KEEP UP",
                _ if busy > BUSY_MAX => "  nearly full",
                _ => "",
            };
            let percent = short(busy * 100.0);
            format!("link {}  {}: busy {percent} % of the time{note}", link.id, link.transport)
        }
    };
    let _ = writeln!(out, "{}", cut(&line));
    for device in &link.devices {
        self::device(out, device);
    }
    out.push('\n');
}

fn device(out: &mut String, device: &DevicePlan) {
    let unit = device.unit_id.map(|unit| format!(", unit {unit}")).unwrap_or_default();
    let points = device.points;
    let line = match (device.requests.len(), device.interval_ms, device.busy) {
        (0, interval, _) => {
            format!(
                "  {}  {}: {points} points, expected every {interval} ms",
                device.id, device.profile
            )
        }
        (count, 0, _) => format!(
            "  {}  {}{unit}: {points} points, {}, {} ms, again at once",
            device.id,
            device.profile,
            requests(count),
            device.scan_ms
        ),
        (count, interval, busy) => format!(
            "  {}  {}{unit}: {points} points, {}, {} ms every {interval} ms ({} %)",
            device.id,
            device.profile,
            requests(count),
            device.scan_ms,
            short(busy.unwrap_or(0.0) * 100.0)
        ),
    };
    let _ = writeln!(out, "{}", cut(&line));
    for request in &device.requests {
        self::request(out, request);
    }
}

fn request(out: &mut String, request: &RequestPlan) {
    let RequestPlan { table, start, count, bytes_out, bytes_in, ms, points } = request;
    let line = format!(
        "    {table:8} {start:>5} +{count:<4} {bytes_out:>3} bytes out {bytes_in:>4} in {ms:>9.2} ms  {}",
        points.join(", ")
    );
    let _ = writeln!(out, "{}", cut(&line));
}

fn requests(count: usize) -> String {
    match count {
        1 => "1 request".to_owned(),
        _ => format!("{count} requests"),
    }
}

/// A line that fits.
fn cut(line: &str) -> String {
    match line.chars().count() > COLUMNS {
        true => line.chars().take(COLUMNS - 1).chain(['…']).collect(),
        false => line.to_owned(),
    }
}

/// A number with the digits that matter.
fn short(number: f64) -> String {
    let decimals = match number.abs() {
        0.0 | 100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{number:.decimals$}")
}

fn bytes(bytes: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let power = if bytes < 1.0 { 0 } else { (bytes.log10() / 3.0) as usize };
    let power = power.min(units.len() - 1);
    format!("{} {}", short(bytes / 1000_f64.powi(power as i32)), units[power])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (number, expected) in
            [(0.0, "0 B"), (999.0, "999 B"), (8_500.0, "8.50 kB"), (3.2e10, "32.0 GB")]
        {
            assert_eq!(bytes(number), expected);
        }
        assert_eq!(
            (short(0.034), short(12.345), short(1_234.5)),
            ("0.03".into(), "12.3".into(), "1234".into())
        );
    }

    #[test]
    fn no_line_is_longer_than_the_paper() {
        assert_eq!(cut(&"x".repeat(200)).chars().count(), COLUMNS);
        assert_eq!(cut("short"), "short");
    }
}
