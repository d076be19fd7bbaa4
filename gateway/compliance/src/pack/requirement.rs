//! One requirement, from its raw shape to what it means. Where the limits differ from class to
//! class it becomes one for each class.

use super::{
    AlarmSpec, ClassDef, ForbiddenWhen, InputSpec, Requirement, Rule, Statistic,
    fault::Faults,
    raw::{
        RawBounds, RawForbiddenWhen, RawHoldCycle, RawInput, RawInterlock, RawLimit, RawRequirement,
    },
};
use core::{ops::Range, time::Duration};
use toml::Spanned;
use weir_domain::{Class, Text, Verdict};

const CONFIDENCE: [&str; 5] = ["V", "M-h", "M-m", "M-l", "C"];
const MINUTES_OF_DAY: u64 = 24 * 60;
/// No persistence, hold or delay may be longer: an excursion is kept open for so long.
const SECONDS_MAX: u64 = 24 * 3_600;
/// Samples are kept in order for so long.
const LATENESS_MAX_SECS: u64 = 3_600;

pub(super) fn check_text(text: &Spanned<Text>, faults: &mut Faults<'_>) {
    for (language, words) in [("zh", &text.get_ref().zh), ("en", &text.get_ref().en)] {
        if words.trim().is_empty() {
            faults.add(
                text.span(),
                format!("{language} must not be empty"),
                "say it in both languages",
            );
        }
    }
}

/// Every requirement that a raw one stands for, as far as it can be read.
pub(super) fn requirements(
    raw: RawRequirement,
    known: Option<&[ClassDef]>,
    faults: &mut Faults<'_>,
) -> Vec<Requirement> {
    check_words(&raw, faults);
    let named: Vec<Class> = raw.classes.iter().map(|class| class.get_ref().clone()).collect();
    for class in &raw.classes {
        check_class(class.get_ref(), class.span(), known, faults);
    }
    let alarm = alarm(&raw, faults);
    rules(&raw, known, faults)
        .into_iter()
        .map(|(class, rule)| {
            check_deadband(&rule, &raw.alarm.span(), alarm.deadband, faults);
            Requirement {
                id: raw.id.get_ref().clone(),
                title: raw.title.get_ref().clone(),
                clause: raw.clause.get_ref().clone(),
                confidence: raw.confidence.get_ref().clone(),
                classes: class.map_or_else(|| named.clone(), |class| vec![class]),
                warning: raw.warning,
                open_hours_only: raw.open_hours_only,
                rule,
                alarm,
                cause: raw.cause.get_ref().clone(),
                consequence: raw.consequence.get_ref().clone(),
                response: raw.response.get_ref().clone(),
                respond_within: minutes(*raw.respond_within_mins.get_ref()),
            }
        })
        .collect()
}

fn check_words(raw: &RawRequirement, faults: &mut Faults<'_>) {
    for text in [&raw.title, &raw.cause, &raw.consequence, &raw.response] {
        check_text(text, faults);
    }
    if raw.clause.get_ref().trim().is_empty() {
        faults.add(raw.clause.span(), "no clause", "name the clause of the standard");
    }
    if !CONFIDENCE.contains(&raw.confidence.get_ref().as_str()) {
        let hint = format!("use one of {}", CONFIDENCE.join(", "));
        let problem = format!("{:?} is no confidence", raw.confidence.get_ref());
        faults.add(raw.confidence.span(), problem, hint);
    }
    if *raw.respond_within_mins.get_ref() == 0 {
        faults.add(raw.respond_within_mins.span(), "nobody can respond at once", "give minutes");
    }
}

/// Where the classes themselves could not be read, nothing can be said of their names.
pub(super) fn check_class(
    class: &Class,
    span: Range<usize>,
    known: Option<&[ClassDef]>,
    faults: &mut Faults<'_>,
) {
    let Some(known) = known else { return };
    if !known.iter().any(|def| def.id == *class) {
        let names: Vec<&str> = known.iter().map(|def| def.id.as_str()).collect();
        let hint = match names[..] {
            [] => "this pack has no classes".into(),
            [..] => format!("the classes of this pack are: {}", names.join(", ")),
        };
        faults.add(span, format!("class {class} is unknown"), hint);
    }
}

fn alarm(raw: &RawRequirement, faults: &mut Faults<'_>) -> AlarmSpec {
    let (span, alarm) = (raw.alarm.span(), raw.alarm.get_ref());
    let usual = match raw.availability {
        Some(_) => Verdict::Indeterminate,
        None => Verdict::NonCompliant,
    };
    if alarm.raise_on == Some(Verdict::Compliant) {
        faults.add(span.clone(), "an alarm must not be raised on compliant", "");
    }
    if alarm.on_delay_secs.max(alarm.off_delay_secs) > SECONDS_MAX {
        faults.add(span, "a delay is longer than a day", "");
    }
    AlarmSpec {
        priority: alarm.priority,
        on_delay: Duration::from_secs(alarm.on_delay_secs),
        off_delay: Duration::from_secs(alarm.off_delay_secs),
        deadband: alarm.deadband,
        raise_on: alarm.raise_on.unwrap_or(usual),
    }
}

/// A deadband that leaves nothing between the limits would never let an alarm return.
fn check_deadband(rule: &Rule, span: &Range<usize>, deadband: f64, faults: &mut Faults<'_>) {
    let room = match rule {
        Rule::Limit { low: Some(low), high: Some(high), .. } => (high - low) / 2.0,
        Rule::Limit { .. } => f64::INFINITY,
        _ => 0.0,
    };
    // Limits that cross are a fault of their own.
    if room >= 0.0 && !(0.0..=room).contains(&deadband) {
        let hint = format!("it may be 0 to {room} here");
        faults.add(span.clone(), format!("deadband {deadband} does not fit the limits"), hint);
    }
}

/// The rule, or one for each class.
fn rules(
    raw: &RawRequirement,
    known: Option<&[ClassDef]>,
    faults: &mut Faults<'_>,
) -> Vec<(Option<Class>, Rule)> {
    if raw.open_hours_only && raw.limit.is_none() {
        let hint = "only limits know opening hours";
        faults.add(raw.id.span(), "open_hours_only has no effect here", hint);
    }
    match (&raw.limit, &raw.hold_cycle, &raw.interlock, &raw.availability) {
        (Some(limit), None, None, None) => limits(raw, limit, known, faults),
        (None, Some(cycle), None, None) => vec![(None, hold_cycle(cycle, faults))],
        (None, None, Some(interlock), None) => vec![(None, self::interlock(interlock.get_ref()))],
        (None, None, None, Some(_)) => vec![(None, Rule::Availability {})],
        _ => {
            let hint = "give one of limit, hold_cycle, interlock, availability";
            faults.add(raw.id.span(), "not exactly one rule", hint);
            Vec::new()
        }
    }
}

fn limits(
    raw: &RawRequirement,
    limit: &Spanned<RawLimit>,
    known: Option<&[ClassDef]>,
    faults: &mut Faults<'_>,
) -> Vec<(Option<Class>, Rule)> {
    let (span, limit) = (limit.span(), limit.get_ref());
    let Some(statistic) = statistic(limit, span.clone(), faults) else { return Vec::new() };
    let rule = |low, high| Rule::Limit {
        input: input(&limit.input),
        statistic,
        low,
        high,
        while_on: limit.while_on.as_ref().map(input),
    };
    let Some(by_class) = &limit.by_class else {
        check_bounds(limit.low, limit.high, span, faults);
        return vec![(None, rule(limit.low, limit.high))];
    };
    if limit.low.is_some() || limit.high.is_some() || !raw.classes.is_empty() {
        let hint = "give classes with low and high, or by_class alone";
        faults.add(span.clone(), "limits stand here twice", hint);
    }
    if by_class.is_empty() {
        faults.add(span, "by_class is empty", "");
    }
    for (class, bounds) in by_class {
        let RawBounds { low, high } = bounds.get_ref();
        check_class(class, bounds.span(), known, faults);
        check_bounds(*low, *high, bounds.span(), faults);
    }
    let place = |class: &Class| known.and_then(|all| all.iter().position(|def| def.id == *class));
    let mut in_order: Vec<_> = by_class.iter().collect();
    in_order.sort_by_key(|(class, _)| place(class));
    in_order
        .into_iter()
        .map(|(class, b)| (Some(class.clone()), rule(b.get_ref().low, b.get_ref().high)))
        .collect()
}

fn check_bounds(low: Option<f64>, high: Option<f64>, span: Range<usize>, faults: &mut Faults<'_>) {
    let finite = low.into_iter().chain(high).all(f64::is_finite);
    match (low, high) {
        _ if !finite => faults.add(span, "a limit is not a finite number", ""),
        (None, None) => faults.add(span, "neither low nor high", "give at least one limit"),
        (Some(low), Some(high)) if low > high => {
            faults.add(span, format!("low {low} is above high {high}"), "");
        }
        _ => {}
    }
}

fn statistic(limit: &RawLimit, span: Range<usize>, faults: &mut Faults<'_>) -> Option<Statistic> {
    match (&limit.instant, &limit.mean) {
        (Some(instant), None) => {
            if instant.persistence_secs > SECONDS_MAX {
                faults.add(span, "persistence is longer than a day", "");
            }
            Some(Statistic::Instant { persistence: Duration::from_secs(instant.persistence_secs) })
        }
        (None, Some(mean)) => {
            let (span, mean) = (mean.span(), mean.get_ref());
            if mean.window_mins == 0 || !MINUTES_OF_DAY.is_multiple_of(mean.window_mins) {
                let hint = "a window is a day or a part of it that fits in a whole number of times";
                faults.add(span.clone(), format!("no window of {} min", mean.window_mins), hint);
            }
            if !(mean.coverage_min > 0.0 && mean.coverage_min <= 1.0) {
                faults.add(span.clone(), "coverage_min is not above 0 and at most 1", "");
            }
            if mean.lateness_secs > LATENESS_MAX_SECS {
                faults.add(span.clone(), "lateness is longer than an hour", "");
            }
            if limit.while_on.is_some() {
                faults.add(span, "a mean knows no while_on", "use an instant limit");
            }
            Some(Statistic::Mean {
                window: minutes(mean.window_mins),
                coverage_min: mean.coverage_min,
                lateness: Duration::from_secs(mean.lateness_secs),
            })
        }
        _ => {
            faults.add(span, "not exactly one statistic", "give either instant or mean");
            None
        }
    }
}

fn hold_cycle(raw: &Spanned<RawHoldCycle>, faults: &mut Faults<'_>) -> Rule {
    let (span, raw) = (raw.span(), raw.get_ref());
    if !(raw.ends_below <= raw.starts_above && raw.starts_above < raw.threshold) {
        let hint = "they must rise: ends_below, starts_above, threshold";
        faults.add(span.clone(), "a cycle could not begin, hold and end", hint);
    } else if !(raw.dip_depth >= 0.0 && raw.threshold - raw.dip_depth > raw.starts_above) {
        faults.add(span.clone(), "dip_depth is negative or reaches below starts_above", "");
    }
    if raw.hold_secs == 0 || raw.hold_secs > SECONDS_MAX || raw.dip_secs >= raw.hold_secs {
        let hint = "hold_secs is at most a day, and longer than dip_secs";
        faults.add(span, "hold_secs and dip_secs do not fit", hint);
    }
    Rule::HoldCycle {
        input: input(&raw.input),
        threshold: raw.threshold,
        hold: Duration::from_secs(raw.hold_secs),
        dip_depth: raw.dip_depth,
        dip_time: Duration::from_secs(raw.dip_secs),
        starts_above: raw.starts_above,
        ends_below: raw.ends_below,
        door: raw.door.as_ref().map(input),
    }
}

fn interlock(raw: &RawInterlock) -> Rule {
    Rule::Interlock {
        active: input(&raw.active),
        forbidden: input(&raw.forbidden),
        forbidden_when: match raw.forbidden_when {
            RawForbiddenWhen::On => ForbiddenWhen::On,
            RawForbiddenWhen::Off => ForbiddenWhen::Off,
        },
    }
}

fn input(raw: &RawInput) -> InputSpec {
    InputSpec { role: raw.role.clone(), parameter: raw.parameter.clone(), unit: raw.unit }
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes.saturating_mul(60))
}
