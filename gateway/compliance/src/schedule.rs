//! Opening hours: a week of local time, cut into spans.
//!
//! A line is days, a blank, and times: `mon-fri 06:00-12:00,14:00-22:00`, `sat,sun 08:00-20:00`.
//! A span that ends at or before its start goes over midnight: `fri 20:00-02:00`.

use core::ops::Range;
use jiff::{civil, tz::TimeZone};
use weir_domain::Timestamp;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: u16 = 24 * 60;
const WEEK: u16 = 7 * DAY;
/// How far ahead a change is looked for; opening hours repeat every week.
const WEEKS_AHEAD: i64 = 2;

/// When an area is open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedule {
    /// Open minutes of the week, from Monday 00:00: sorted, apart, never empty. No span at all
    /// means always open.
    spans: Vec<Range<u16>>,
}

/// Why a line is no opening hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("opening hours {line:?}: {problem}")]
pub struct ScheduleError {
    /// The line.
    pub line: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Schedule {
    /// Reads lines such as `mon-sun 06:00-22:00`; no lines = always open.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn parse(lines: &[String]) -> Result<Self, ScheduleError> {
        let mut spans = Vec::new();
        for line in lines {
            read_line(line, &mut spans)
                .map_err(|problem| ScheduleError { line: line.clone(), problem })?;
        }
        Ok(Self { spans: merged(spans) })
    }

    /// Whether it never closes.
    pub fn is_always_open(&self) -> bool {
        self.spans.first().is_none_or(|span| *span == (0..WEEK))
    }

    /// Whether it is open at a local time.
    pub fn is_open(&self, local: civil::DateTime) -> bool {
        let day = u16::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0);
        let minute = day * DAY
            + u16::try_from(local.hour()).unwrap_or(0) * 60
            + u16::try_from(local.minute()).unwrap_or(0);
        self.spans.is_empty() || self.spans.iter().any(|span| span.contains(&minute))
    }

    /// The first moment after `t` at which it opens or closes; none if it never does.
    pub fn next_change(&self, t: Timestamp, time_zone: &TimeZone) -> Option<Timestamp> {
        if self.is_always_open() {
            return None;
        }
        let open_at = |t: Timestamp| self.is_open(time_zone.to_datetime(t.to_jiff()));
        let now_open = open_at(t);
        // Where the zone changes its offset, the local time jumps, perhaps over an edge.
        let jump = time_zone.following(t.to_jiff()).next().map(|jump| jump.timestamp().into());
        let mut candidates: Vec<Timestamp> = self.edges_after(t, time_zone).chain(jump).collect();
        candidates.sort_unstable();
        candidates.into_iter().find(|candidate| open_at(*candidate) != now_open)
    }

    fn edges_after(&self, t: Timestamp, zone: &TimeZone) -> impl Iterator<Item = Timestamp> {
        let today = zone.to_datetime(t.to_jiff()).date();
        let monday_back = i64::from(today.weekday().to_monday_zero_offset());
        let minutes = self.spans.iter().flat_map(|span| [span.start, span.end]);
        minutes
            .flat_map(move |minute| (0..WEEKS_AHEAD).map(move |week| (week, i64::from(minute))))
            .filter_map(move |(week, minute)| {
                let (days, minute) = (minute / i64::from(DAY), minute % i64::from(DAY));
                let ahead = jiff::Span::new().days(week * 7 + days - monday_back);
                let date = today.checked_add(ahead).ok()?;
                let (hour, minute) =
                    (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
                let local = date.at(hour, minute, 0, 0);
                Some(zone.to_ambiguous_timestamp(local).compatible().ok()?.into())
            })
            .filter(move |edge| *edge > t)
    }
}

fn read_line(line: &str, spans: &mut Vec<Range<u16>>) -> Result<(), String> {
    let (days, times) =
        line.trim().split_once(' ').ok_or("write days and times, such as mon-fri 06:00-22:00")?;
    let days = read_days(days)?;
    for time in times.split(',') {
        let (start, end) = read_span(time.trim())?;
        for day in &days {
            let start = day * DAY + start;
            let end = if end > start - day * DAY { day * DAY + end } else { (day + 1) * DAY + end };
            spans.push(start..end.min(WEEK));
            if end > WEEK {
                spans.push(0..end - WEEK);
            }
        }
    }
    Ok(())
}

fn read_days(text: &str) -> Result<Vec<u16>, String> {
    let day = |name: &str| {
        let found = DAYS.iter().position(|day| *day == name);
        let number = found.and_then(|number| u16::try_from(number).ok());
        number.ok_or_else(|| format!("{name:?} is no day; the days are {}", DAYS.join(", ")))
    };
    let mut days = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        let count = (last + 7 - first) % 7;
        days.extend((0..=count).map(|step| (first + step) % 7));
    }
    Ok(days)
}

fn read_span(text: &str) -> Result<(u16, u16), String> {
    let (start, end) =
        text.split_once('-').ok_or_else(|| format!("{text:?} is no span, such as 06:00-22:00"))?;
    let (start, end) = (read_time(start)?, read_time(end)?);
    if start == end {
        return Err(format!("{text:?} has no length; the whole day is 00:00-24:00"));
    }
    if start == DAY {
        return Err(format!("{text:?} starts at 24:00; write 00:00 of the next day"));
    }
    Ok((start, end))
}

fn read_time(text: &str) -> Result<u16, String> {
    let read = || {
        let (hour, minute) = text.split_once(':')?;
        let two = |part: &str| (part.len() == 2).then(|| part.parse::<u16>().ok()).flatten();
        let (hour, minute) = (two(hour)?, two(minute)?);
        let time = hour * 60 + minute;
        (minute < 60 && time <= DAY).then_some(time)
    };
    read().ok_or_else(|| format!("{text:?} is no time between 00:00 and 24:00"))
}

fn merged(mut spans: Vec<Range<u16>>) -> Vec<Range<u16>> {
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    let mut merged: Vec<Range<u16>> = Vec::new();
    for span in spans.into_iter().filter(|span| !span.is_empty()) {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_domain::Timestamp;

    fn schedule(lines: &[&str]) -> Result<Schedule, ScheduleError> {
        Schedule::parse(&lines.iter().map(|line| String::from(*line)).collect::<Vec<_>>())
    }

    #[test]
    fn open_and_closed_by_the_minute() {
        // 2026-11-22 is a Sunday, 2026-11-23 a Monday.
        let cases: &[(&[&str], &str, bool)] = &[
            (&[], "2026-11-22T03:00", true),
            (&["mon-sun 06:00-22:00"], "2026-11-22T05:59:59", false),
            (&["mon-sun 06:00-22:00"], "2026-11-22T06:00", true),
            (&["mon-sun 06:00-22:00"], "2026-11-22T21:59:59", true),
            (&["mon-sun 06:00-22:00"], "2026-11-22T22:00", false),
            (&["mon-fri 06:00-22:00", "sat,sun 08:00-20:00"], "2026-11-22T07:00", false),
            (&["mon-fri 06:00-22:00", "sat,sun 08:00-20:00"], "2026-11-23T07:00", true),
            (&["sat-mon 10:00-11:00"], "2026-11-23T10:30", true),
            (&["sat-mon 10:00-11:00"], "2026-11-24T10:30", false),
            (&["mon-fri 06:00-12:00,14:00-22:00"], "2026-11-23T13:00", false),
            (&["sun 20:00-02:00"], "2026-11-22T23:00", true),
            (&["sun 20:00-02:00"], "2026-11-23T01:59", true),
            (&["sun 20:00-02:00"], "2026-11-22T01:00", false),
            (&["mon-sun 00:00-24:00"], "2026-11-22T23:59:59", true),
        ];
        for (lines, local, open) in cases {
            let local: civil::DateTime = local.parse().unwrap();
            assert_eq!(schedule(lines).unwrap().is_open(local), *open, "{lines:?} at {local}");
        }
    }

    #[test]
    fn faults_are_named() {
        for (line, part) in [
            ("06:00-22:00", "write days and times"),
            ("mo 06:00-22:00", "\"mo\" is no day"),
            ("mon 6-22", "\"6\" is no time"),
            ("mon 06:00-24:01", "\"24:01\" is no time"),
            ("mon 06:60-22:00", "\"06:60\" is no time"),
            ("mon 06:00", "is no span"),
            ("mon 06:00-06:00", "has no length"),
            ("mon 24:00-06:00", "starts at 24:00"),
        ] {
            let problem = schedule(&[line]).unwrap_err().to_string();
            assert!(problem.contains(part), "{line}: {problem}");
        }
    }

    #[test]
    fn the_next_change_is_found_over_nights_and_weeks() {
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for (line, from, to) in [
            ("mon-sun 06:00-22:00", "2026-11-22T05:00:00+08:00", "2026-11-22T06:00:00+08:00"),
            ("mon-sun 06:00-22:00", "2026-11-22T06:00:00+08:00", "2026-11-22T22:00:00+08:00"),
            ("mon-sun 06:00-22:00", "2026-11-22T22:00:00+08:00", "2026-11-23T06:00:00+08:00"),
            ("sun 20:00-02:00", "2026-11-22T20:00:00+08:00", "2026-11-23T02:00:00+08:00"),
            ("sun 20:00-02:00", "2026-11-23T02:00:00+08:00", "2026-11-29T20:00:00+08:00"),
        ] {
            let found = schedule(&[line]).unwrap().next_change(at(from), &shanghai);
            assert_eq!(found, Some(at(to)), "{line} after {from}");
        }
        for always in [&[][..], &["mon-sun 00:00-24:00"]] {
            let always = schedule(always).unwrap();
            assert_eq!(always.next_change(at("2026-11-22T05:00:00+08:00"), &shanghai), None);
        }
    }

    #[test]
    fn the_clocks_may_jump_over_an_edge() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let early = schedule(&["sun 02:30-12:00"]).unwrap();
        // 02:00-03:00 does not exist on 2026-03-29: it opens as the clocks jump.
        let opens = early.next_change(at("2026-03-29T00:30:00Z"), &berlin);
        assert_eq!(opens, Some(at("2026-03-29T01:00:00Z")));
    }
}
