//! One requirement, from its raw shape to what it means. Where its rule differs from class to class
//! it becomes one for each class.

use super::{AlarmSpec, Overridden, Pack, Requirement, fault::Faults, raw::RawRequirement};
use crate::{
    rules::{ByClass, KINDS, Reader, Watches},
    timeline::INPUTS_MAX,
};
use core::{ops::Range, time::Duration};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};
use weir_domain::{AlarmClass, Class, Text, Verdict};

const CONFIDENCE: [&str; 5] = ["V", "M-h", "M-m", "M-l", "C"];
/// No delay may be longer.
const SECONDS_MAX: u64 = 24 * 3_600;
/// An alarm that nobody hears of again for more than a week is not announced again.
const REALARM_MAX_MINS: u64 = 7 * 24 * 60;
/// No alarm is shelved for longer than a day.
const SHELVE_MAX_MINS: u64 = 24 * 60;
/// Longest name of a group.
const GROUP_MAX: usize = 64;

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

/// Takes what is said of the rule out of a requirement: the kind, by its place in [`KINDS`].
pub(super) fn take_rules<'t>(table: &mut DeTable<'t>) -> Vec<(usize, Spanned<DeValue<'t>>)> {
    let keys = KINDS.iter().enumerate();
    keys.filter_map(|(kind, (key, _))| Some((kind, table.remove(*key)?))).collect()
}

/// Every requirement that a raw one stands for, as far as it can be read.
pub(super) fn requirements(
    raw: &RawRequirement,
    rules: Vec<(usize, Spanned<DeValue<'_>>)>,
    header: Option<&Pack>,
    faults: &mut Faults<'_>,
) -> Vec<Requirement> {
    check_words(raw, faults);
    let named: Vec<Class> = raw.classes.iter().map(|class| class.get_ref().clone()).collect();
    let mut reader = Reader::new(faults, header, !named.is_empty());
    for class in &raw.classes {
        reader.check_class(class.get_ref(), class.span());
    }
    let overrides = raw.overrides.as_ref().and_then(|raw| overridden(raw, &mut reader));
    let rules = self::rules(raw, rules, &mut reader);
    let mut requirements = Vec::new();
    for (class, rule) in rules {
        let alarm = alarm(raw, rule.kind().raised_on());
        if let Some(room) = rule.kind().deadband_max() {
            check_deadband(room, raw.alarm.span(), alarm.deadband, faults);
        }
        requirements.push(Requirement {
            id: raw.id.get_ref().clone(),
            title: raw.title.get_ref().clone(),
            clause: raw.clause.get_ref().clone(),
            confidence: raw.confidence.get_ref().clone(),
            classes: class.map_or_else(|| named.clone(), |class| vec![class]),
            overrides: overrides.clone(),
            warning: raw.warning || rule.kind().only_warns(),
            open_hours_only: raw.open_hours_only,
            rule,
            alarm,
            cause: raw.cause.get_ref().clone(),
            consequence: raw.consequence.get_ref().clone(),
            response: raw.response.get_ref().clone(),
            respond_within: minutes(*raw.respond_within_mins.get_ref()),
        });
    }
    requirements
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
    let (span, alarm) = (raw.alarm.span(), raw.alarm.get_ref());
    if alarm.raise_on == Some(Verdict::Compliant) {
        faults.add(span.clone(), "an alarm must not be raised on compliant", "");
    }
    if alarm.on_delay_secs.max(alarm.off_delay_secs) > SECONDS_MAX {
        faults.add(span.clone(), "a delay is longer than a day", "");
    }
    if alarm.realarm_mins.is_some_and(|mins| !(1..=REALARM_MAX_MINS).contains(&mins)) {
        faults.add(span.clone(), "realarm_mins is not 1 to 10080", "");
    }
    if alarm.shelve_max_mins.is_some_and(|mins| mins > SHELVE_MAX_MINS) {
        let hint = "no alarm is shelved for longer than a day; 0 forbids it";
        faults.add(span.clone(), "shelve_max_mins is above 1440", hint);
    }
    let is_word = |group: &String| (1..=GROUP_MAX).contains(&group.chars().count());
    if !alarm.group.as_ref().is_none_or(is_word) {
        faults.add(span.clone(), "group is empty or longer than 64 characters", "");
    }
    if alarm.suppressed_by.contains(raw.id.get_ref()) {
        faults.add(span, "an alarm cannot suppress itself", "name other requirements");
    }
}

fn alarm(raw: &RawRequirement, usual: Verdict) -> AlarmSpec {
    let alarm = raw.alarm.get_ref();
    // What is raised by missing data is about data.
    let class = match usual {
        Verdict::Indeterminate => AlarmClass::Data,
        _ => AlarmClass::Compliance,
    };
    AlarmSpec {
        priority: alarm.priority,
        on_delay: Duration::from_secs(alarm.on_delay_secs),
        off_delay: Duration::from_secs(alarm.off_delay_secs),
        deadband: alarm.deadband,
        raise_on: alarm.raise_on.unwrap_or(usual),
        class: alarm.class.unwrap_or(class),
        latch: alarm.latch,
        realarm: alarm.realarm_mins.map(minutes),
        group: alarm.group.clone(),
        suppressed_by: alarm.suppressed_by.clone(),
        shelve_max: alarm.shelve_max_mins.map(minutes),
    }
}

/// A deadband that leaves nothing between the limits would never let an alarm return.
fn check_deadband(room: f64, span: Range<usize>, deadband: f64, faults: &mut Faults<'_>) {
    if !(0.0..=room).contains(&deadband) {
        let hint = format!("it may be 0 to {room} here");
        faults.add(span, format!("deadband {deadband} does not fit the limits"), hint);
    }
}

/// The rule, or one for each class.
fn rules(
    raw: &RawRequirement,
    rules: Vec<(usize, Spanned<DeValue<'_>>)>,
    reader: &mut Reader<'_, '_>,
) -> Vec<ByClass> {
    let Ok([(kind, part)]) = <[_; 1]>::try_from(rules) else {
        let keys: Vec<&str> = KINDS.iter().map(|(key, _)| *key).collect();
        let hint = format!("give one of {}", keys.join(", "));
        reader.fault(raw.id.span(), "not exactly one rule", hint);
        return Vec::new();
    };
    let span = part.span();
    let found = (KINDS[kind].1)(part, reader);
    for (_, rule) in &found {
        if matches!(rule.kind().watches(), Watches::Inputs(inputs) if inputs.len() > INPUTS_MAX) {
            reader.fault(span.clone(), format!("more than {INPUTS_MAX} inputs"), "use fewer");
        }
    }
    let knows = found.iter().all(|(_, rule)| rule.kind().knows_opening_hours());
    if raw.open_hours_only && !knows {
        let hint = "this kind of rule knows no opening hours";
        reader.fault(raw.id.span(), "open_hours_only has no effect here", hint);
    }
    found
}

/// The requirement of another pack that is written `gb37488-2019/free-chlorine`.
fn overridden(raw: &Spanned<String>, reader: &mut Reader<'_, '_>) -> Option<Overridden> {
    let read = |text: &str| {
        let (pack, requirement) = text.split_once('/')?;
        Some(Overridden { pack: pack.parse().ok()?, requirement: requirement.parse().ok()? })
    };
    let found = read(raw.get_ref());
    if found.is_none() {
        let problem = format!("{:?} names no requirement of another pack", raw.get_ref());
        reader.fault(raw.span(), problem, "write \"gb37488-2019/free-chlorine\"");
    }
    found
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes.saturating_mul(60))
}
