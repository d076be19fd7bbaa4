//! The gateway behind the ports, in memory: what the tests put in is what the API shows.

use crate::site::{NOON, ago, alarm, event, finding, mark, text, verdict};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use weir_domain::{AreaId, BadReason, Clock, PointId, Reading, Sample, SeriesId, Timestamp};
use weir_engine::{
    Act, AlarmEvent, Capacity, Deed, Effect, Mark, MarkChange, MarkEvent, MarkId, Origin, Refusal,
    Refused, RejudgeReason, Review, Transition,
    ports::{
        ActError, Acts, AlarmFilter, BreakerState, Bucket, Configuration, DeliveryError,
        DeviceHealth, DeviceState, Frames, Health, History, LinkHealth, Mailbox, MarkFilter, Marks,
        PortError, PortFuture, Records, RejudgeStatus, Reload, ReloadOutcome, RoundTrip,
        SinkStatus, Sinks, Storage, StoreStatus, StoredAlarm, StoredFinding, StoredVerdict,
        Superseded, VerdictFilter, VerdictTally,
    },
};

/// Samples of series 1, one a second up to noon, every tenth one bad.
pub(crate) const SAMPLES: u64 = 150_000;

#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) alarms: Mutex<Vec<StoredAlarm>>,
    pub(crate) marks: Mutex<Vec<Mark>>,
    pub(crate) broken: AtomicBool,
    pub(crate) fault: Mutex<Option<String>>,
    /// How the next reload ends; not set, as it was asked for.
    pub(crate) outcome: Mutex<Option<ReloadOutcome>>,
    pub(crate) reload: Mutex<Option<Reload>>,
    /// A reload waits until this is free.
    pub(crate) reloading: tokio::sync::Mutex<()>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        let closed = StoredAlarm {
            returned_at: Some(ago(100)),
            acknowledged_at: Some(ago(50)),
            acknowledged_by: Some("Li".to_owned()),
            ..alarm(2)
        };
        let marks = Mutex::new(vec![mark(1)]);
        Self { alarms: Mutex::new(vec![alarm(1), closed]), marks, ..Self::default() }
    }

    /// Acts on marks are taken as they are; one mark is there, and is void.
    fn mark(&self, act: Act) -> Result<Vec<Effect>, ActError> {
        let event = |change, mark: Mark| {
            let event = MarkEvent { t: NOON, change, by: None, mark };
            self.marks.lock().unwrap().push(event.mark.clone());
            Ok(vec![Effect::Mark(Box::new(event))])
        };
        match act {
            Act::Mark(new) => event(
                MarkChange::Opened,
                Mark {
                    id: MarkId::of_record(2),
                    points: new.points,
                    from: new.from,
                    to: new.to,
                    quality: new.quality.unwrap_or_else(|| new.reason.quality()),
                    reason: new.reason,
                    origin: Origin::Person(new.by),
                    comment: new.comment,
                    evidence: new.evidence,
                    value: None,
                    made_at: NOON,
                    review: None,
                },
            ),
            Act::ManualValue(manual) => event(
                MarkChange::Opened,
                Mark {
                    points: vec![manual.point],
                    to: Some(manual.to),
                    value: Some(manual.value),
                    ..mark(3)
                },
            ),
            Act::CalibrationCheck(check) if check.passed => Ok(Vec::new()),
            Act::CalibrationCheck(check) => {
                event(MarkChange::Opened, Mark { points: vec![check.point], ..mark(4) })
            }
            Act::EndMark { mark: id, to, .. } if id == MarkId::of_record(1) => {
                event(MarkChange::Ended, Mark { to: Some(to), ..mark(1) })
            }
            Act::ReviewMark { mark: id, outcome, by, comment } if id == MarkId::of_record(1) => {
                if by.role != Capacity::Supervisor {
                    return Err(ActError::Refused(Refusal::NotSupervisor));
                }
                let review = Some(Review { outcome, by, at: NOON, comment });
                event(MarkChange::Reviewed, Mark { review, ..mark(1) })
            }
            Act::EndMark { .. } | Act::ReviewMark { .. } => {
                Err(ActError::Refused(Refusal::UnknownMark))
            }
            other => unreachable!("nobody does this over HTTP: {other:?}"),
        }
    }

    fn check(&self) -> Result<(), PortError> {
        if self.broken.load(Ordering::Relaxed) {
            let source = Some("disk I/O error (/secret/path)".into());
            return Err(PortError { doing: "read history.sqlite".to_owned(), source });
        }
        Ok(())
    }
}

impl Clock for Memory {
    fn now(&self) -> Timestamp {
        NOON
    }
}

fn sample(secs_ago: u64) -> Sample {
    let reading = match secs_ago % 10 {
        0 => Reading::Bad(None, BadReason::CommFailure),
        _ => Reading::from_number(secs_ago as f64 / 1_000.0),
    };
    Sample::at(ago(secs_ago), reading)
}

impl History for Memory {
    fn samples(
        &self,
        series: SeriesId,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<Vec<Sample>, PortError> {
        self.check()?;
        let all = (1..=if series == SeriesId(1) { SAMPLES } else { 0 }).rev().map(sample);
        Ok(all.filter(|s| from <= s.source_time && s.source_time < to).take(limit).collect())
    }

    fn buckets(
        &self,
        _: SeriesId,
        from: Timestamp,
        _: Timestamp,
        step: Duration,
    ) -> Result<Vec<Bucket>, PortError> {
        self.check()?;
        let full = Bucket {
            t: from,
            good: 9,
            not_good: 1,
            min: Some(1.0),
            mean: Some(2.0),
            max: Some(3.0),
        };
        let t = from + step * 3;
        Ok(vec![full, Bucket { t, good: 0, not_good: 4, min: None, mean: None, max: None }])
    }
}

/// Verdict 0 does not stand any more, and verdict 20 took its place.
fn stored(id: i64) -> StoredVerdict {
    let why = RejudgeReason::Mark(MarkId::of_record(9));
    StoredVerdict {
        id,
        record: verdict(),
        revises: if id == 20 { vec![0] } else { Vec::new() },
        revised_for: (id == 20).then(|| why.clone()),
        superseded: (id == 0).then(|| Superseded { at: NOON, why, by: vec![20] }),
    }
}

impl Records for Memory {
    fn verdicts(
        &self,
        filter: VerdictFilter,
        from: Timestamp,
        to: Timestamp,
        area: Option<&AreaId>,
        limit: usize,
    ) -> Result<Vec<StoredVerdict>, PortError> {
        self.check()?;
        let record = verdict();
        let wanted = record.from < to && record.to > from && area.is_none_or(|a| *a == record.area);
        let first = if filter == VerdictFilter::All { 0 } else { 1 };
        let all = (first..=20).map(stored);
        Ok(if wanted { all.skip(20_usize.saturating_sub(limit)).collect() } else { Vec::new() })
    }

    fn verdict(&self, id: i64) -> Result<Option<StoredVerdict>, PortError> {
        self.check()?;
        Ok((id == 7).then(|| stored(id)))
    }

    fn tally(&self) -> Result<VerdictTally, PortError> {
        self.check()?;
        Ok(VerdictTally { compliant: 30, non_compliant: 20, indeterminate: 10, superseded: 1 })
    }

    fn alarms(&self, filter: AlarmFilter, limit: usize) -> Result<Vec<StoredAlarm>, PortError> {
        self.check()?;
        let wanted = |alarm: &&StoredAlarm| match filter {
            AlarmFilter::All => true,
            AlarmFilter::Active => alarm.is_active(),
            AlarmFilter::Open => alarm.is_open(),
            AlarmFilter::Closed => !alarm.is_open(),
            AlarmFilter::Unsupervised => alarm.supervised.is_none(),
        };
        let alarms = self.alarms.lock().unwrap();
        Ok(alarms.iter().filter(wanted).take(limit).cloned().collect())
    }

    fn alarm(&self, id: &str) -> Result<Option<StoredAlarm>, PortError> {
        self.check()?;
        let alarms = self.alarms.lock().unwrap();
        Ok(alarms.iter().find(|alarm| alarm.raised.alarm == id).cloned())
    }

    fn alarm_events(
        &self,
        from: Timestamp,
        to: Timestamp,
        after: Option<(Timestamp, u64)>,
        limit: usize,
    ) -> Result<Vec<(u64, AlarmEvent)>, PortError> {
        self.check()?;
        let all = (1..).zip((1..=12).map(|number| event(number, Transition::Raised)));
        let wanted = all.filter(|(id, event)| {
            (from..to).contains(&event.t) && after.is_none_or(|after| (event.t, *id) > after)
        });
        Ok(wanted.take(limit).collect())
    }
}

impl Marks for Memory {
    fn marks(
        &self,
        filter: MarkFilter,
        from: Timestamp,
        to: Timestamp,
        point: Option<&PointId>,
        limit: usize,
    ) -> Result<Vec<Mark>, PortError> {
        self.check()?;
        let wanted = |mark: &&Mark| {
            mark.from < to
                && mark.to.is_none_or(|end| end > from)
                && point.is_none_or(|point| mark.points.contains(point))
                && (filter != MarkFilter::Unreviewed || mark.review.is_none())
        };
        let marks = self.marks.lock().unwrap();
        Ok(marks.iter().filter(wanted).take(limit).cloned().collect())
    }

    fn mark(&self, id: &MarkId) -> Result<Option<(Mark, Vec<MarkEvent>)>, PortError> {
        self.check()?;
        let marks = self.marks.lock().unwrap();
        let mark = marks.iter().rfind(|mark| mark.id == *id).cloned();
        Ok(mark.map(|mark| {
            let event =
                MarkEvent { t: NOON, change: MarkChange::Opened, by: None, mark: mark.clone() };
            (mark, vec![event])
        }))
    }

    fn findings(
        &self,
        _: Timestamp,
        _: Timestamp,
        _: Option<&PointId>,
        _: usize,
    ) -> Result<Vec<StoredFinding>, PortError> {
        self.check()?;
        Ok(vec![StoredFinding { id: 1, finding: finding() }])
    }

    fn rejudging(&self) -> Result<RejudgeStatus, PortError> {
        self.check()?;
        Ok(RejudgeStatus { pending: 1, done: 2, oldest: Some(ago(3)) })
    }
}

impl Acts for Memory {
    fn submit(&self, act: Act) -> PortFuture<'_, Result<Vec<Effect>, ActError>> {
        Box::pin(async move {
            self.check().map_err(ActError::Port)?;
            let (id, by, comment, transition) = match act {
                Act::Acknowledge { seen: Some(0), .. } => {
                    return Err(ActError::Refused(Refusal::Alarm(Refused::RaisedAgain)));
                }
                Act::Acknowledge { alarm, by, comment, .. } => {
                    (alarm, by, comment, Transition::Acknowledged)
                }
                Act::Comment { alarm, by, comment } => (alarm, by, comment, Transition::Commented),
                Act::Alarm { alarm, by, comment, deed } => {
                    let transition = match deed {
                        Deed::SupervisorAcknowledge => Transition::SupervisorAcknowledged,
                        Deed::Shelve { secs: 0..=36_000 } => Transition::Shelved,
                        Deed::Shelve { .. } => {
                            let most = Duration::from_secs(36_000);
                            return Err(ActError::Refused(Refusal::Alarm(Refused::TooLong(most))));
                        }
                        Deed::Unshelve => Transition::Unshelved,
                        _ => return Err(ActError::Refused(Refusal::Alarm(Refused::NotHeld))),
                    };
                    (alarm, by, comment, transition)
                }
                other => return self.mark(other),
            };
            let mut alarms = self.alarms.lock().unwrap();
            let alarm = alarms.iter_mut().find(|alarm| alarm.raised.alarm == id && alarm.is_open());
            let alarm = alarm.ok_or(ActError::UnknownAlarm)?;
            if transition == Transition::Acknowledged && alarm.acknowledged_at.is_some() {
                return Err(ActError::AlreadyDone);
            }
            let comment = (!comment.is_empty()).then_some(comment);
            let event = AlarmEvent { t: NOON, by: Some(by), comment, ..event(1, transition) };
            alarm.apply(&event);
            Ok(vec![Effect::Alarm(event)])
        })
    }
}

impl Health for Memory {
    fn devices(&self) -> Vec<DeviceHealth> {
        vec![DeviceHealth {
            device: "probe-1".parse().unwrap(),
            link: "bus".parse().unwrap(),
            state: DeviceState::Online,
            last_error: Some("no answer within 500 ms".to_owned()),
            last_success: Some(ago(4)),
            round_trip: Some(RoundTrip {
                last_ms: 12.5,
                median_ms: 12.0,
                p95_ms: 30.0,
                max_ms: 41.0,
            }),
            scan_ms: Some(40.0),
            requests_per_scan: 3,
            successes: 100,
            timeouts: 2,
            crc_errors: 5,
            invalid_answers: 1,
            late_answers: 4,
            exceptions: 6,
            skipped_scans: 7,
            breaker: BreakerState::HalfOpen,
            cause: Some(text("the line is noisy; look at its ends")),
            refused: vec!["holding 40-43".to_owned()],
            identity: vec![(text("serial number"), "17-0042".to_owned())],
            last_frames: Some(Frames {
                request: "03 04 00 00 00 02".to_owned(),
                answer: String::new(),
            }),
        }]
    }

    fn links(&self) -> Vec<LinkHealth> {
        vec![LinkHealth {
            link: "bus".parse().unwrap(),
            up: true,
            endpoint: Some("10.0.0.7:502".to_owned()),
            last_error: None,
            busy: 0.25,
            connects: 3,
            cause: None,
        }]
    }
}

impl Mailbox for Memory {
    fn deliver<'a>(
        &'a self,
        device: &'a str,
        token: Option<&'a str>,
        body: Vec<u8>,
    ) -> PortFuture<'a, Result<usize, DeliveryError>> {
        Box::pin(async move {
            self.check().map_err(DeliveryError::Port)?;
            match (device, token, body.as_slice()) {
                ("probe-1", Some("open sesame"), b"nonsense") => {
                    Err(DeliveryError::Invalid("expected value at line 1".to_owned()))
                }
                ("probe-1", Some("open sesame"), b"one too many") => Err(DeliveryError::Busy),
                ("probe-1", Some("open sesame"), _) => Ok(body.len()),
                _ => Err(DeliveryError::Unauthorized),
            }
        })
    }
}

impl Configuration for Memory {
    fn reload(&self, check_only: bool) -> PortFuture<'_, Reload> {
        let asked = if check_only { ReloadOutcome::Checked } else { ReloadOutcome::Applied };
        let outcome = self.outcome.lock().unwrap().unwrap_or(asked);
        let fault = "site.toml:7: there is no profile \"nope\"".to_owned();
        let reload = Reload {
            at: NOON,
            config_hash: "ab".repeat(32),
            outcome,
            changes: vec!["link bus: changed".to_owned()],
            faults: if outcome == asked { Vec::new() } else { vec![fault] },
        };
        Box::pin(async {
            drop(self.reloading.lock().await);
            *self.reload.lock().unwrap() = Some(reload.clone());
            reload
        })
    }

    fn last_reload(&self) -> Option<Reload> {
        self.reload.lock().unwrap().clone()
    }
}

impl Sinks for Memory {
    fn sinks(&self) -> Vec<SinkStatus> {
        vec![SinkStatus {
            name: "tsdb".to_owned(),
            kind: "influxdb",
            target: "http://10.0.0.5:8086/readings".to_owned(),
            connected: true,
            last_error: None,
            pending: 3,
            delivered: 90,
            verified: 80,
            quarantined: 1,
            lag_secs: 1.5,
        }]
    }
}

impl Storage for Memory {
    fn status(&self) -> StoreStatus {
        StoreStatus {
            accepted: 100,
            in_journal: 10,
            in_history: 80,
            expired: 7,
            duplicates: 3,
            bytes: 4_096,
            commits: 12,
            fault: self.fault.lock().unwrap().clone(),
        }
    }
}
