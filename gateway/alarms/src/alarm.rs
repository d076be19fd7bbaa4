//! One alarm: independent facts, and the timers that change them.

use crate::{
    AlarmSettings, Change, Hold, Quiet, Refused, SHELVE_MAX, SUPPRESS_MAX, Transition,
    chatter::Chatter, hold::Holds,
};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use weir_domain::Timestamp;

/// Nothing is held for less: it would be over before anybody has turned round.
const HOLD_MIN: Duration = Duration::from_secs(60);

/// What is known of the condition behind an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Condition {
    /// It does not hold, and good data show it.
    Normal,
    /// It holds, and good data show it.
    Abnormal,
    /// It cannot be said.
    Unknown,
    /// The question does not arise, as between two exposures. It begins nothing; but a return to
    /// normal that good data have begun goes on.
    Idle,
}

/// An alarm. What is stored of it is its whole life: it can be put away and taken up again at any
/// moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    active: bool,
    unacknowledged: bool,
    occurrence: u64,
    raised_at: Option<Timestamp>,
    /// Start of the condition of the latest occurrence.
    since: Option<Timestamp>,
    /// When the condition began to differ from `active`: a delay is running from then on.
    turned_at: Option<Timestamp>,
    #[serde(default)]
    unsupervised: bool,
    #[serde(default)]
    latched: bool,
    #[serde(default, skip_serializing_if = "Holds::is_none")]
    holds: Holds,
    /// Raised while it was held: nobody has been told.
    #[serde(default)]
    untold: bool,
    /// When somebody was told last that it is active.
    #[serde(default)]
    told_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Chatter::is_idle")]
    chatter: Chatter,
}

/// What a timer brings about, in the order in which timers of the same moment run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Turn,
    Unshelve,
    Unsuppress,
    Realarm,
    Quieten,
}

impl Alarm {
    /// Takes note of the condition from `at` on. What had run out by then takes effect first, each
    /// at its own moment.
    pub fn observe(
        &mut self,
        at: Timestamp,
        condition: Condition,
        settings: &AlarmSettings,
        out: &mut Vec<Change>,
    ) {
        self.advance(at, settings, out);
        let goes_on = match condition {
            Condition::Normal => self.active,
            Condition::Abnormal => !self.active,
            Condition::Unknown => false,
            Condition::Idle => self.active && self.turned_at.is_some(),
        };
        self.turned_at = goes_on.then(|| self.turned_at.unwrap_or(at));
        self.advance(at, settings, out);
    }

    /// Lets the time pass until `now`; each change happened when it was due.
    pub fn advance(&mut self, now: Timestamp, settings: &AlarmSettings, out: &mut Vec<Change>) {
        while let Some((at, due)) = self.next(settings).filter(|(at, _)| *at <= now) {
            match due {
                Due::Turn => self.turn(at, settings, out),
                Due::Unshelve => {
                    self.holds.shelved = None;
                    self.freed(at, Transition::Unshelved, out);
                }
                Due::Unsuppress => {
                    self.holds.suppressed = None;
                    self.unsuppressed(at, out);
                }
                Due::Realarm => {
                    self.told_at = Some(at);
                    out.push(self.change(at, Transition::Realarmed));
                }
                Due::Quieten => {
                    self.chatter.end();
                    out.push(self.change(at, Transition::ChatteringEnded));
                }
            }
        }
    }

    /// When [`advance`](Self::advance) must be called next, if nothing is observed before.
    pub fn deadline(&self, settings: &AlarmSettings) -> Option<Timestamp> {
        self.next(settings).map(|(at, _)| at)
    }

    /// Nobody was told anything until `at`, as the gateway was away: the time until it is announced
    /// again counts from now on, or a week away would end in a week's announcements at once.
    pub fn resume(&mut self, at: Timestamp) {
        self.told_at = self.told_at.map(|told| told.max(at));
    }

    fn next(&self, settings: &AlarmSettings) -> Option<(Timestamp, Due)> {
        let delay = if self.active { settings.off_delay } else { settings.on_delay };
        let unattended = self.active && self.unacknowledged && self.quiet().is_none();
        let told =
            settings.realarm.filter(|after| unattended && !after.is_zero()).zip(self.told_at);
        let until = |hold: &Option<Hold>| hold.as_ref().and_then(|hold| hold.until);
        [
            (self.turned_at.map(|turned| turned + delay), Due::Turn),
            (until(&self.holds.shelved), Due::Unshelve),
            (until(&self.holds.suppressed), Due::Unsuppress),
            (told.map(|(after, told)| told + after), Due::Realarm),
            (self.chatter.ends_at(), Due::Quieten),
        ]
        .into_iter()
        .filter_map(|(at, due)| Some((at?, due)))
        .min()
    }

    fn change(&self, at: Timestamp, what: Transition) -> Change {
        Change { at, what, quiet: self.quiet() }
    }

    fn turn(&mut self, at: Timestamp, settings: &AlarmSettings, out: &mut Vec<Change>) {
        let turned_at = self.turned_at.take();
        self.active = !self.active;
        if self.active {
            self.unacknowledged = true;
            self.unsupervised = true;
            self.latched = settings.latch;
            self.occurrence += 1;
            self.raised_at = Some(at);
            self.since = turned_at;
            self.untold = self.quiet().is_some();
            self.told_at = Some(at);
            out.push(self.change(at, Transition::Raised));
        } else {
            self.untold = false;
            out.push(self.change(at, Transition::ReturnedToNormal));
        }
        if self.chatter.turned(at) {
            out.push(self.change(at, Transition::ChatteringBegan));
        }
    }

    /// Something holds it no more; if nothing else does, what was raised unheard is announced.
    fn freed(&mut self, at: Timestamp, what: Transition, out: &mut Vec<Change>) {
        out.push(self.change(at, what));
        if self.quiet().is_some() || !self.active {
            return;
        }
        self.told_at = self.told_at.max(Some(at));
        if core::mem::take(&mut self.untold) {
            out.push(self.change(at, Transition::Announced));
        }
    }

    fn unsuppressed(&mut self, at: Timestamp, out: &mut Vec<Change>) {
        if self.holds.suppressed.is_none() && self.holds.design.is_empty() {
            self.freed(at, Transition::Unsuppressed, out);
        }
    }

    /// An operator has seen the latest occurrence. Call [`advance`](Self::advance) first, as for
    /// every act: an occurrence that nobody was told of cannot be acknowledged.
    ///
    /// # Errors
    /// When there is nothing to acknowledge.
    pub fn acknowledge(&mut self, at: Timestamp) -> Result<Change, Refused> {
        if self.occurrence == 0 {
            return Err(Refused::NeverRaised);
        }
        if !core::mem::take(&mut self.unacknowledged) {
            return Err(Refused::AlreadyAcknowledged);
        }
        Ok(self.change(at, Transition::Acknowledged))
    }

    /// A supervisor has seen the latest occurrence: a fact of its own, before or after the
    /// operator's.
    ///
    /// # Errors
    /// When there is nothing to acknowledge.
    pub fn supervise(&mut self, at: Timestamp) -> Result<Change, Refused> {
        if self.occurrence == 0 {
            return Err(Refused::NeverRaised);
        }
        if !core::mem::take(&mut self.unsupervised) {
            return Err(Refused::AlreadyAcknowledged);
        }
        Ok(self.change(at, Transition::SupervisorAcknowledged))
    }

    /// Ends the latch of an alarm that has returned.
    ///
    /// # Errors
    /// When it is active, or waits for no reset.
    pub fn reset(&mut self, at: Timestamp) -> Result<Change, Refused> {
        if !self.latched {
            return Err(Refused::NotLatched);
        }
        if self.active {
            return Err(Refused::StillActive);
        }
        self.latched = false;
        Ok(self.change(at, Transition::Reset))
    }

    /// Shelves it for a while from `at` on; a second shelving replaces the first.
    ///
    /// # Errors
    /// When the while is too long, or name or reason are missing.
    pub fn shelve(
        &mut self,
        at: Timestamp,
        length: Duration,
        (by, why): (&str, &str),
        settings: &AlarmSettings,
    ) -> Result<Change, Refused> {
        let most = settings.shelve_max.min(SHELVE_MAX);
        let hold = timed(at, length, most, by, why)?;
        self.holds.shelved = Some(hold);
        Ok(self.change(at, Transition::Shelved))
    }

    /// Ends the shelving.
    ///
    /// # Errors
    /// When it is not shelved.
    pub fn unshelve(&mut self, at: Timestamp, out: &mut Vec<Change>) -> Result<(), Refused> {
        self.holds.shelved.take().ok_or(Refused::NotHeld)?;
        self.freed(at, Transition::Unshelved, out);
        Ok(())
    }

    /// Suppresses it by a person's decision, for a while.
    ///
    /// # Errors
    /// When the while is too long, or name or reason are missing.
    pub fn suppress(
        &mut self,
        at: Timestamp,
        length: Duration,
        (by, why): (&str, &str),
    ) -> Result<Change, Refused> {
        let hold = timed(at, length, SUPPRESS_MAX, by, why)?;
        self.holds.suppressed = Some(hold);
        Ok(self.change(at, Transition::Suppressed))
    }

    /// Ends the suppression by a person's decision.
    ///
    /// # Errors
    /// When nobody has suppressed it.
    pub fn unsuppress(&mut self, at: Timestamp, out: &mut Vec<Change>) -> Result<(), Refused> {
        self.holds.suppressed.take().ok_or(Refused::NotHeld)?;
        self.unsuppressed(at, out);
        Ok(())
    }

    /// The causes that suppress it by design from now on, all of them.
    pub fn suppress_by_design(&mut self, at: Timestamp, causes: &[String], out: &mut Vec<Change>) {
        let design = &mut self.holds.design;
        if design.len() == causes.len() && design.iter().all(|hold| causes.contains(&hold.by)) {
            return;
        }
        let was_none = design.is_empty();
        design.retain(|hold| causes.contains(&hold.by));
        for cause in causes {
            if !design.iter().any(|hold| hold.by == *cause) {
                let by = cause.clone();
                design.push(Hold { since: at, until: None, by, why: String::new() });
            }
        }
        if was_none && self.holds.suppressed.is_none() {
            out.push(self.change(at, Transition::Suppressed));
        } else {
            self.unsuppressed(at, out);
        }
    }

    /// Takes it out of service, until somebody returns it.
    ///
    /// # Errors
    /// When it is out of service already, or name or reason are missing.
    pub fn take_out(&mut self, at: Timestamp, by: &str, why: &str) -> Result<Change, Refused> {
        if self.holds.out_of_service.is_some() {
            return Err(Refused::AlreadyHeld);
        }
        self.holds.out_of_service = Some(hold(at, None, by, why)?);
        Ok(self.change(at, Transition::OutOfService))
    }

    /// Returns it to service.
    ///
    /// # Errors
    /// When it is not out of service.
    pub fn put_back(&mut self, at: Timestamp, out: &mut Vec<Change>) -> Result<(), Refused> {
        self.holds.out_of_service.take().ok_or(Refused::NotHeld)?;
        self.freed(at, Transition::ReturnedToService, out);
        Ok(())
    }

    /// Whether the condition holds, after its delays.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Whether the latest occurrence has been acknowledged; true if there never was one.
    pub fn is_acknowledged(&self) -> bool {
        !self.unacknowledged
    }

    /// Whether a supervisor has acknowledged the latest occurrence; true if there never was one.
    pub fn is_supervised(&self) -> bool {
        !self.unsupervised
    }

    /// Whether it stays open until somebody resets it.
    pub fn is_latched(&self) -> bool {
        self.latched
    }

    /// Whether it comes and goes too often.
    pub fn is_chattering(&self) -> bool {
        self.chatter.is_chattering
    }

    /// Whether somebody still has to look at it: active, not acknowledged, or not reset.
    pub fn is_open(&self) -> bool {
        self.active || self.unacknowledged || self.latched
    }

    /// Why nobody hears of it, if so.
    pub fn quiet(&self) -> Option<Quiet> {
        self.holds.quiet()
    }

    /// Who has shelved it.
    pub fn shelved(&self) -> Option<&Hold> {
        self.holds.shelved.as_ref()
    }

    /// What suppresses it: a person's decision, and causes by design.
    pub fn suppressed(&self) -> impl Iterator<Item = &Hold> {
        self.holds.suppressed.iter().chain(&self.holds.design)
    }

    /// Who has taken it out of service.
    pub fn out_of_service(&self) -> Option<&Hold> {
        self.holds.out_of_service.as_ref()
    }

    /// How often it has been raised; the number of the latest occurrence.
    pub fn occurrence(&self) -> u64 {
        self.occurrence
    }

    /// When it was raised last.
    pub fn raised_at(&self) -> Option<Timestamp> {
        self.raised_at
    }

    /// When the condition of the latest occurrence began, its on-delay before it was raised.
    pub fn since(&self) -> Option<Timestamp> {
        self.since
    }
}

fn hold(since: Timestamp, until: Option<Timestamp>, by: &str, why: &str) -> Result<Hold, Refused> {
    if by.trim().is_empty() || why.trim().is_empty() {
        return Err(Refused::NoReason);
    }
    Ok(Hold { since, until, by: by.to_owned(), why: why.to_owned() })
}

fn timed(
    at: Timestamp,
    length: Duration,
    most: Duration,
    by: &str,
    why: &str,
) -> Result<Hold, Refused> {
    if length < HOLD_MIN || length > most {
        return Err(Refused::TooLong(most));
    }
    hold(at, Some(at + length), by, why)
}
