//! Areas and the requirements that apply to them.

use crate::view::View;
use serde::Serialize;
use weir_domain::{
    AreaId, Class, PackId, PointId, Priority, RequirementId, Text, Timestamp, Verdict,
};
use weir_engine::{AreaInfo, PackInfo, RequirementInfo, RequirementState};

/// An area with everything that is judged in it.
#[derive(Serialize)]
pub(crate) struct Area<'a> {
    id: &'a AreaId,
    name: &'a Text,
    kind: &'a str,
    class: Option<ClassName<'a>>,
    opening_hours: &'a [String],
    packs: Vec<Pack<'a>>,
    verdict: Option<Verdict>,
    alarms: AlarmCount,
    requirements: Vec<Requirement<'a>>,
    points: Vec<&'a PointId>,
}

#[derive(Serialize)]
struct ClassName<'a> {
    id: &'a Class,
    name: &'a Text,
}

#[derive(Serialize)]
struct Pack<'a> {
    id: &'a PackId,
    version: &'a str,
    title: &'a Text,
    source: &'a str,
    effective_from: Option<&'a str>,
    effective_to: Option<&'a str>,
    seal: &'a str,
    signed_by: Option<&'a str>,
    overrides: &'a [String],
}

#[derive(Serialize)]
struct AlarmCount {
    active: usize,
    unacknowledged: usize,
    /// Of the active ones, or of the unacknowledged if none is active.
    highest_priority: Option<Priority>,
}

#[derive(Serialize)]
struct Requirement<'a> {
    id: &'a RequirementId,
    pack: &'a str,
    title: &'a Text,
    clause: &'a str,
    confidence: &'a str,
    limit: &'a Text,
    warning: bool,
    priority: Priority,
    points: Vec<PointId>,
    verdict: Option<Verdict>,
    since: Option<Timestamp>,
    value: Option<f64>,
    note: Text,
    early_warning: Option<EarlyWarning>,
    cause: &'a Text,
    consequence: &'a Text,
    response: &'a Text,
    respond_within_secs: u64,
}

/// A limit that is about to be left: `blue`, `yellow`, `orange` or `red`, and when.
#[derive(Serialize)]
struct EarlyWarning {
    level: &'static str,
    expected_at: Option<Timestamp>,
}

impl From<weir_engine::EarlyWarning> for EarlyWarning {
    fn from(early: weir_engine::EarlyWarning) -> Self {
        Self { level: early.level.as_str(), expected_at: early.expected_at }
    }
}

impl<'a> Area<'a> {
    /// An area as it stands.
    pub(crate) fn of(view: &'a View, info: &'a AreaInfo) -> Self {
        let pack = |pack: &'a PackInfo| Pack {
            id: &pack.id,
            version: &pack.version,
            title: &pack.title,
            source: &pack.source,
            effective_from: pack.effective_from.as_deref(),
            effective_to: pack.effective_to.as_deref(),
            seal: pack.seal,
            signed_by: pack.signed_by.as_deref(),
            overrides: &pack.overrides,
        };
        let requirements = view.site().requirements.iter().enumerate();
        let of_area = requirements.filter(|(_, requirement)| requirement.area == info.id);
        Self {
            id: &info.id,
            name: &info.name,
            kind: &info.kind,
            class: info.class.as_ref().map(|(id, name)| ClassName { id, name }),
            opening_hours: &info.opening_hours,
            packs: info.packs.iter().map(pack).collect(),
            verdict: view.area_verdict(&info.id),
            alarms: AlarmCount::of(view, &info.id),
            requirements: of_area.map(|(i, info)| Requirement::of(view, i, info)).collect(),
            points: {
                let points = view.site().points.iter().filter(|point| point.area == info.id);
                points.map(|point| &point.id).collect()
            },
        }
    }
}

impl AlarmCount {
    fn of(view: &View, area: &AreaId) -> Self {
        let active = || view.open_alarms(area).filter(|alarm| alarm.is_active());
        let unseen = || view.open_alarms(area).filter(|alarm| alarm.acknowledged_at.is_none());
        let highest = active().map(|alarm| alarm.raised.priority).max();
        Self {
            active: active().count(),
            unacknowledged: unseen().count(),
            highest_priority: highest.or_else(|| unseen().map(|alarm| alarm.raised.priority).max()),
        }
    }
}

impl<'a> Requirement<'a> {
    fn of(view: &View, index: usize, info: &'a RequirementInfo) -> Self {
        let state = view.requirement(index);
        Self {
            id: &info.id,
            pack: &info.pack,
            title: &info.title,
            clause: &info.clause,
            confidence: &info.confidence,
            limit: &info.limit,
            warning: info.warning,
            priority: info.priority,
            points: view.point_ids(&info.points),
            verdict: state.verdict,
            since: state.since,
            value: state.value,
            note: state.note,
            early_warning: state.early.map(EarlyWarning::from),
            cause: &info.cause,
            consequence: &info.consequence,
            response: &info.response,
            respond_within_secs: info.respond_within.as_secs(),
        }
    }
}

/// The event `requirement`: one stands otherwise than before.
#[derive(Serialize)]
pub(crate) struct RequirementEvent<'a> {
    area: &'a AreaId,
    requirement: &'a RequirementId,
    points: Vec<PointId>,
    verdict: Option<Verdict>,
    since: Option<Timestamp>,
    value: Option<f64>,
    note: &'a Text,
    early_warning: Option<EarlyWarning>,
}

impl<'a> RequirementEvent<'a> {
    /// What is sent of a new state.
    pub(crate) fn of(
        site: &weir_engine::Description,
        info: &'a RequirementInfo,
        state: &'a RequirementState,
    ) -> Self {
        Self {
            area: &info.area,
            requirement: &info.id,
            points: crate::view::ids(site, &info.points),
            verdict: state.verdict,
            since: state.since,
            value: state.value,
            note: &state.note,
            early_warning: state.early.map(EarlyWarning::from),
        }
    }
}
