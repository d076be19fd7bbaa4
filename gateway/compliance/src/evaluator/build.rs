//! From a requirement and its points to what judges them.

use super::{
    Kind,
    availability::Availability,
    cycle::{CycleSettings, HoldCycle},
    explain::LimitWords,
    instant::{InstantLimit, InstantSettings},
    interlock::{Interlock, InterlockSettings},
    mean::{MeanLimit, MeanSettings},
};
use crate::{
    AreaFacts, ForbiddenWhen, InputSpec, PointFacts, Requirement, Rule, Statistic,
    calendar::Calendar, limits::Limits, timeline::Judged,
};
use core::time::Duration;
use weir_domain::Timestamp;

/// `points` are the inputs in the order of the binding.
pub(super) fn kind(
    requirement: &Requirement,
    area: &AreaFacts,
    points: &[PointFacts],
    start: Timestamp,
) -> Kind {
    let max_gaps: Vec<Duration> = points.iter().map(|point| point.max_gap).collect();
    let schedule = requirement.open_hours_only.then(|| area.schedule.clone());
    let calendar = Calendar { time_zone: area.time_zone.clone(), schedule };
    match &requirement.rule {
        Rule::Limit { input, statistic, low, high, while_on } => {
            let words = words(input, Limits { low: *low, high: *high }, area);
            let deadband = requirement.alarm.deadband;
            match *statistic {
                Statistic::Instant { persistence } => {
                    let settings =
                        InstantSettings { persistence, gated: while_on.is_some(), deadband };
                    let limit = InstantLimit::new(words, settings, calendar, start);
                    Kind::Instant(Judged::new(limit, max_gaps, start))
                }
                Statistic::Mean { window, coverage_min, lateness } => {
                    let max_gap = max_gaps.first().copied().unwrap_or_default();
                    let settings =
                        MeanSettings { window, coverage_min, lateness, deadband, max_gap };
                    Kind::Mean(MeanLimit::new(words, settings, calendar, start))
                }
            }
        }
        Rule::HoldCycle {
            input,
            threshold,
            hold,
            dip_depth,
            dip_time,
            starts_above,
            ends_below,
            door,
        } => {
            let settings = CycleSettings {
                threshold: *threshold,
                hold: *hold,
                dip_depth: *dip_depth,
                dip_time: *dip_time,
                starts_above: *starts_above,
                ends_below: *ends_below,
                has_door: door.is_some(),
                unit: input.unit,
                time_zone: area.time_zone.clone(),
            };
            Kind::HoldCycle(Judged::new(HoldCycle::new(settings, start), max_gaps, start))
        }
        Rule::Interlock { active, forbidden, forbidden_when } => {
            let settings = InterlockSettings {
                active: active.parameter.clone(),
                forbidden: forbidden.parameter.clone(),
                forbidden_on: *forbidden_when == ForbiddenWhen::On,
                time_zone: area.time_zone.clone(),
            };
            Kind::Interlock(Judged::new(Interlock::new(settings, start), max_gaps, start))
        }
        Rule::Availability {} => {
            let points = points.iter().map(|point| (point.id.clone(), point.max_gap)).collect();
            Kind::Availability(Availability::new(points, calendar, start))
        }
    }
}

fn words(input: &InputSpec, limits: Limits, area: &AreaFacts) -> LimitWords {
    LimitWords { limits, unit: input.unit, time_zone: area.time_zone.clone() }
}
