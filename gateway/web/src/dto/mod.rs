//! What goes over the wire, as types of our own: a change of the engine's types never changes the
//! contract unseen. Times are RFC 3339 in UTC with milliseconds; what is not known is `null`.
//!
//! Every type here is a schema of the same name in `docs/reference/openapi.json`.

mod alarm;
mod alarm_kpis;
mod area;
mod device;
mod gateway;
mod link;
mod mark;
mod point;
mod reload;
mod verdict;

pub(crate) use alarm::{Alarm, AlarmAct, AlarmEventBody, HeldAlarm, HoldAct, by_name, name_of};
pub(crate) use alarm_kpis::AlarmKpis;
pub(crate) use area::{Area, RequirementEvent};
pub(crate) use device::{Device, breaker};
pub(crate) use gateway::{Sink, Site, SiteEvent, Store};
pub(crate) use link::Link;
pub(crate) use mark::{
    CalibrationAct, EndMarkAct, Finding, Mark, MarkAct, MarkEventBody, ReviewMarkAct,
};
pub(crate) use point::{Buckets, Point, Sample, SampleEvent, Samples};
pub(crate) use reload::{Reload, ReloadAct};
pub(crate) use verdict::{Explanation, PointSamples, Revised, Verdict};
