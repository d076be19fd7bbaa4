//! Which section looks at which point. The first that fits, in the order of the packs, is the only
//! one: a pack of the site that stands before the built-in one replaces its section as a whole.

use super::{Validity, Watch, point::Point};
use crate::{AreaFacts, InputSpec, Pack, PointFacts};
use std::sync::Arc;
use weir_domain::{PackId, ValueKind};

/// What the checks must know of a point beyond [`PointFacts`].
#[derive(Debug, Clone, PartialEq)]
pub struct PointTraits {
    /// Number or boolean.
    pub kind: ValueKind,
    /// Whether it is one of a few states.
    pub has_states: bool,
    /// The step of an integer register in the point's unit; none where it is not known.
    pub step: Option<f64>,
    /// Decimals worth showing.
    pub decimals: u8,
    /// Limits of requirements that are no mere warnings.
    pub limits: Vec<(Option<f64>, Option<f64>)>,
}

/// A section applied to a point.
#[derive(Debug, Clone)]
pub struct WatchBinding {
    /// The pack.
    pub pack: PackId,
    /// The point, as an index into [`AreaFacts::points`].
    pub point: usize,
    /// The inputs, in the order in which the watch asks for them, as indexes into
    /// [`AreaFacts::points`]; none where the area has no such point.
    pub inputs: Vec<Option<usize>>,
    section: Arc<Validity>,
    known: Point,
}

impl WatchBinding {
    /// Begins to watch: nothing is known of the time before.
    pub fn watch(&self) -> Watch {
        Watch::new(Arc::clone(&self.section), self.known.clone(), &self.inputs)
    }

    /// The section.
    pub fn section(&self) -> &Validity {
        &self.section
    }
}

/// Applies the sections of packs to the points of an area. `traits` are those of its points.
/// Switches and states have neither resolution nor noise: only sections that ask how often a switch
/// may change are for them.
pub fn bind_validity(
    packs: &[Arc<Pack>],
    area: &AreaFacts,
    traits: &[PointTraits],
) -> Vec<WatchBinding> {
    let sections: Vec<(&PackId, Arc<Validity>)> = packs
        .iter()
        .flat_map(|pack| pack.validity.iter().map(|s| (&pack.id, Arc::new(s.clone()))))
        .collect();
    let points = area.points.iter().zip(traits).enumerate();
    points
        .filter_map(|(index, (facts, traits))| {
            let is_number = traits.kind == ValueKind::Number && !traits.has_states;
            let fits = |section: &Validity| {
                section.fits(&facts.parameter, &facts.role, facts.unit)
                    && (is_number || section.chatter.is_some())
            };
            let (pack, section) = sections.iter().find(|(_, section)| fits(section))?;
            Some(WatchBinding {
                pack: (*pack).clone(),
                point: index,
                inputs: inputs(section, area, index),
                section: Arc::clone(section),
                known: point(facts, traits, area),
            })
        })
        .collect()
}

/// In the order: each need, what a jump comes after, the temperature beside it.
fn inputs(section: &Validity, area: &AreaFacts, subject: usize) -> Vec<Option<usize>> {
    let needs = section.needs.iter().map(|need| beside(&need.input, area, subject, true));
    let jump = section.jump.iter().map(|jump| beside(&jump.after, area, subject, true));
    let temperature = section.fraud.bottle.iter().map(|_| {
        let is_temperature = |point: &PointFacts| {
            point.parameter.as_str() == "temperature"
                && point.unit == weir_domain::Unit::DegreeCelsius
        };
        one_of(area, subject, false, is_temperature)
    });
    needs.chain(jump).chain(temperature).collect()
}

fn beside(spec: &InputSpec, area: &AreaFacts, subject: usize, far: bool) -> Option<usize> {
    one_of(area, subject, far, |point| {
        point.parameter == spec.parameter
            && point.unit == spec.unit
            && spec.role.as_ref().is_none_or(|role| *role == point.role)
    })
}

/// The only such point on the subject's device; else, if it may be `far`, the only one of the area.
fn one_of(
    area: &AreaFacts,
    subject: usize,
    far: bool,
    fits: impl Fn(&PointFacts) -> bool,
) -> Option<usize> {
    let device = area.points.get(subject)?.id.device();
    let found: Vec<usize> = (0..area.points.len()).filter(|i| fits(&area.points[*i])).collect();
    let near: Vec<usize> =
        found.iter().copied().filter(|i| area.points[*i].id.device() == device).collect();
    match (&near[..], &found[..]) {
        ([only], _) => Some(*only),
        ([], [only]) if far => Some(*only),
        _ => None,
    }
}

fn point(facts: &PointFacts, traits: &PointTraits, area: &AreaFacts) -> Point {
    let decimal = 10_f64.powi(-i32::from(traits.decimals));
    // A step finer than the decimals is the true resolution; a coarser one as well.
    let step = traits.step.map(f64::abs).filter(|step| *step > 0.0 && step.is_finite());
    Point {
        unit: facts.unit,
        decimals: traits.decimals,
        step: step.unwrap_or(decimal),
        is_stepped: step.is_some(),
        max_gap: i64::try_from(facts.max_gap.as_millis()).unwrap_or(i64::MAX),
        limits: traits.limits.clone(),
        zone: area.time_zone.clone(),
    }
}
