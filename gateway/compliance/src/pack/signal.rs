//! The notation of the signals in the tests of a pack: `every 5s: 0.5 for 10m; none for 1m`, and
//! `occasional: none for 9h; 0.5 for 4h` of a point that is only sent on occasion.

use core::time::Duration;
use weir_domain::{Parameter, Quality, Reading, Role, Sample, Timestamp, Value};

/// A sample speaks for so many intervals.
const GAP_INTERVALS: u32 = 3;
/// Samples of one signal.
const SAMPLES_MAX: u128 = 200_000;
/// What is only sent on occasion counts until the next time, however long that takes.
const OCCASIONAL_GAP: Duration = Duration::from_secs(400 * 24 * 3_600);

/// A point of a test with its signal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TestPoint {
    pub(crate) role: Role,
    pub(crate) parameter: Parameter,
    /// None if there is one sample a step.
    every: Option<Duration>,
    pub(crate) max_gap: Duration,
    steps: Vec<Step>,
}

/// A piece of a signal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    length: Duration,
    shape: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    Silent,
    Ramp(f64, f64),
    NotGood(Quality),
}

impl TestPoint {
    /// Whether it is only sent on occasion.
    pub(crate) fn is_occasional(&self) -> bool {
        self.every.is_none()
    }

    pub(crate) fn length(&self) -> Duration {
        self.steps.iter().map(|step| step.length).sum()
    }

    /// The samples of the signal, received as they are measured.
    pub(crate) fn samples(&self, start: Timestamp) -> Vec<Sample> {
        let (mut samples, mut from) = (Vec::new(), start);
        for step in &self.steps {
            let mut into = Duration::ZERO;
            while into < step.length {
                if let Some(reading) = step.reading(into) {
                    samples.push(Sample::at(from + into, reading));
                }
                into += self.every.unwrap_or(step.length);
            }
            from = from + step.length;
        }
        samples
    }
}

impl Step {
    fn reading(&self, into: Duration) -> Option<Reading> {
        match self.shape {
            Shape::Silent => None,
            Shape::NotGood(quality) => Some(Reading::from_parts(Value::new(0.0), quality)),
            Shape::Ramp(from, to) if from == to => Some(Reading::from_number(from)),
            Shape::Ramp(from, to) => {
                let part = into.as_secs_f64() / self.length.as_secs_f64();
                Some(Reading::from_number(from + (to - from) * part))
            }
        }
    }
}

/// Reads a point and its signal.
pub(super) fn point(name: &str, signal: &str) -> Result<TestPoint, String> {
    let (role, parameter) =
        name.split_once('.').ok_or_else(|| format!("{name:?} is not role.parameter"))?;
    let role = role.parse().map_err(|error| format!("role {role:?}: {error}"))?;
    let parameter =
        parameter.parse().map_err(|error| format!("parameter {parameter:?}: {error}"))?;
    let (timing, steps) =
        signal.split_once(':').ok_or("a signal begins with its interval, such as every 5s:")?;
    let words: Vec<&str> = timing.split_whitespace().collect();
    let (every, max_gap) = match words[..] {
        ["every", every] => (Some(duration(every)?), duration(every)? * GAP_INTERVALS),
        ["every", every, "gap", gap] => (Some(duration(every)?), duration(gap)?),
        ["occasional"] => (None, OCCASIONAL_GAP),
        _ => return Err(format!("{timing:?} is no interval, such as every 5s")),
    };
    let steps = steps.split(';').map(|text| step(text.trim())).collect::<Result<Vec<_>, _>>()?;
    let point = TestPoint { role, parameter, every, max_gap, steps };
    if every.is_some_and(|every| point.length().as_millis() / every.as_millis() > SAMPLES_MAX) {
        return Err(format!("the signal has more than {SAMPLES_MAX} samples"));
    }
    Ok(point)
}

fn step(text: &str) -> Result<Step, String> {
    let number =
        |text: &str| text.parse::<f64>().map_err(|_| format!("{text:?} is no number or quality"));
    let words: Vec<&str> = text.split_whitespace().collect();
    let (shape, length) = match words[..] {
        ["none", "for", length] => (Shape::Silent, length),
        [from, "to", to, "over", length] => (Shape::Ramp(number(from)?, number(to)?), length),
        [word, "for", length] => match word.parse::<Quality>() {
            Ok(quality) if !quality.is_good() => (Shape::NotGood(quality), length),
            _ => (Shape::Ramp(number(word)?, number(word)?), length),
        },
        _ => return Err(format!("{text:?} is no step, such as 0.5 for 10m")),
    };
    Ok(Step { length: duration(length)?, shape })
}

/// `80ms`, `5s`, `14m59s`, `1h30m`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no length of time, such as 5s, 10m or 1h30m");
    let (mut rest, mut total) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, tail) = rest.split_at(digits);
        let number: u32 = number.parse().map_err(|_| wrong())?;
        let end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        total += match unit {
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" => Duration::from_secs(60),
            "h" => Duration::from_secs(3_600),
            "d" => Duration::from_secs(24 * 3_600),
            _ => return Err(wrong()),
        } * number;
        rest = tail;
    }
    if total.is_zero() { Err(wrong()) } else { Ok(total) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read() {
        for (text, millis) in [
            ("80ms", 80),
            ("5s", 5_000),
            ("14m59s", 899_000),
            ("1h30m", 5_400_000),
            ("2d", 172_800_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)));
        }
        for text in ["", "5", "s", "5 s", "5y", "0s", "-5s", "1.5s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_signal_begins_each_step_with_a_sample() {
        let point = point(
            "pool_water.ph",
            "every 5s: 7 for 12s; 1 to 2 over 10s; none for 5s; bad:calibration for 1s",
        )
        .unwrap();
        assert_eq!(point.max_gap, Duration::from_secs(15));
        let samples: Vec<(i64, Option<f64>)> = point
            .samples(Timestamp::from_millis(0))
            .iter()
            .map(|s| (s.source_time.as_millis() / 1_000, s.reading.good().map(Value::get)))
            .collect();
        let expected = [
            (0, Some(7.0)),
            (5, Some(7.0)),
            (10, Some(7.0)),
            (12, Some(1.0)),
            (17, Some(1.5)),
            (27, None),
        ];
        assert_eq!(samples, expected);
    }

    #[test]
    fn what_is_sent_on_occasion_is_one_sample_a_step() {
        let point = point("log.test", "occasional: none for 9h; 0.5 for 4h; 0.6 for 11h").unwrap();
        assert!(point.is_occasional() && point.max_gap == OCCASIONAL_GAP);
        let samples: Vec<(i64, Option<f64>)> = point
            .samples(Timestamp::from_millis(0))
            .iter()
            .map(|s| (s.source_time.as_millis() / 3_600_000, s.reading.good().map(Value::get)))
            .collect();
        assert_eq!(samples, [(9, Some(0.5)), (13, Some(0.6))]);
    }

    #[test]
    fn what_is_no_signal_is_refused_with_the_word() {
        for (name, signal, word) in [
            ("ph", "every 5s: 7 for 1m", "role.parameter"),
            ("pool.ph", "7 for 1m", "begins with its interval"),
            ("pool.ph", "each 5s: 7 for 1m", "each 5s"),
            ("pool.ph", "every 5s: 7", "\"7\" is no step"),
            ("pool.ph", "every 5s: seven for 1m", "seven"),
            ("pool.ph", "every 5s: bad:luck for 1m", "bad:luck"),
            ("pool.ph", "every 1ms: 7 for 10h", "more than"),
        ] {
            let problem = point(name, signal).unwrap_err();
            assert!(problem.contains(word), "{problem}");
        }
    }
}
