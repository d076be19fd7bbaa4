//! All checks of one point, in their order.
//!
//! A sample is asked: is it from the future; is it good; can it be; does what it rests on hold; do
//! the next ones stand by it; does it move, and not too fast. The first "no" is what it is worth. A
//! sample that comes out of order is only asked whether it can be: the others compare neighbours.

use super::{
    FindingKind, FindingSaid, MarkSaid, Said, Validity,
    calibration::CalibrationMemory,
    chatter::ChatterMemory,
    clock::{self, ClockMemory},
    fraud::FraudMemory,
    jump::{JumpCheck, JumpMemory},
    needs::NeedMemory,
    point::Point,
    range::RangeMemory,
    rate::RateMemory,
    spike::{Fate, HOLD_MAX, SpikeMemory, Step},
    stuck::StuckMemory,
};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_domain::{BadReason, Quality, Sample, Text, Timestamp, UncertainReason, Value};

const CONSTANT: Quality = Quality::Uncertain(UncertainReason::SuspectConstant);
const SPIKE: Quality = Quality::Uncertain(UncertainReason::SuspectSpike);
const RATE: Quality = Quality::Uncertain(UncertainReason::SuspectRate);
const CLOCK: Quality = Quality::Uncertain(UncertainReason::ClockUncertain);
const RANGE: Quality = Quality::Bad(BadReason::OutOfRange);

/// A mark of a single sample is so long.
const MOMENT: Duration = Duration::from_millis(1);

/// The checks of one point at work.
#[derive(Debug, Clone)]
pub struct Watch {
    section: Arc<Validity>,
    point: Point,
    /// Which of the inputs the area has.
    inputs: Vec<bool>,
    memory: WatchMemory,
}

/// All that a watch remembers. Restored into a watch of the same binding, it goes on as if nothing
/// had happened.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct WatchMemory {
    /// Source time of the newest sample.
    newest: Option<i64>,
    /// What the newest sample was worth, and since when samples have been worth that.
    #[serde(default)]
    mark: Option<MarkSaid>,
    range: RangeMemory,
    stuck: StuckMemory,
    spike: SpikeMemory,
    rate: RateMemory,
    #[serde(default)]
    chatter: ChatterMemory,
    needs: Vec<NeedMemory>,
    jump: JumpMemory,
    clock: ClockMemory,
    calibration: CalibrationMemory,
    #[serde(default)]
    fraud: Option<Box<FraudMemory>>,
}

impl Watch {
    pub(super) fn new(section: Arc<Validity>, point: Point, inputs: &[Option<usize>]) -> Self {
        let memory = WatchMemory {
            needs: vec![NeedMemory::default(); section.needs.len()],
            fraud: (!section.fraud.is_empty()).then(Box::default),
            ..WatchMemory::default()
        };
        Self { section, point, inputs: inputs.iter().map(Option::is_some).collect(), memory }
    }

    /// Takes a sample in. `input` yields the value of an input that is good and not too old;
    /// inputs are numbered as in [`WatchBinding::inputs`](super::WatchBinding::inputs).
    pub fn observe(
        &mut self,
        now: Timestamp,
        sample: &Sample,
        input: impl Fn(usize) -> Option<f64>,
        out: &mut Vec<Said>,
    ) {
        let t = sample.source_time.as_millis();
        let Some(value) = sample.reading.good().map(Value::get) else {
            return self.not_good(sample, out);
        };
        if self.section.clock_secs.is_some_and(|secs| clock::is_ahead(secs, sample)) {
            let why = || clock::ahead_words(&self.point, sample);
            say(&mut self.memory.mark, sample.source_time, Some((CLOCK, "clock")), why, out);
            return out.push(Said::Sample(*sample, CLOCK));
        }
        match self.memory.newest {
            Some(newest) if t <= newest => return self.again(sample, t, value, out),
            Some(newest) if t - newest > self.point.max_gap => self.forget(),
            _ => {}
        }
        self.memory.newest = Some(t);
        if let Some(secs) = self.section.clock_secs
            && let Some(finding) = clock::behind(secs, &mut self.memory.clock, sample)
        {
            out.push(Said::Finding(Box::new(finding)));
        }
        if let Some(range) = &self.section.range
            && range.judge(&mut self.memory.range, t, value)
        {
            let section = Arc::clone(&self.section);
            let why = |point: &Point| match &section.range {
                Some(range) => range.words(point, value),
                None => no_words(),
            };
            return self.refuse(sample, (RANGE, "range"), why, out);
        }
        if let Some((quality, nth, found)) = self.unmet(t, &input) {
            let section = Arc::clone(&self.section);
            let why = |point: &Point| section.needs[nth].words(point, value, found);
            return self.refuse(sample, (quality, "needs"), why, out);
        }
        self.stand_by(now, sample, value, &input, out);
    }

    /// Lets the time pass until `now`: a value that nothing came to confirm is let go.
    pub fn advance(&mut self, now: Timestamp, out: &mut Vec<Said>) {
        if self.deadline().is_some_and(|due| due <= now) {
            self.let_go(Fate::Alone, out);
        }
    }

    /// When [`advance`](Self::advance) must be called next, if no sample comes before.
    #[inline]
    pub fn deadline(&self) -> Option<Timestamp> {
        self.memory.spike.held.as_ref().map(|(_, due)| *due)
    }

    /// The samples end: what is held is let go.
    pub fn finish(&mut self, out: &mut Vec<Said>) {
        self.let_go(Fate::Alone, out);
    }

    /// The instrument was held against a standard and passed.
    pub fn note_calibration_passed(&mut self, at: Timestamp) {
        self.memory.calibration.note_passed(at.as_millis());
    }

    /// The parameters of the gateway or the instrument were changed.
    pub fn note_change(&mut self, at: Timestamp) {
        if self.section.jump.is_some() {
            let level = self.memory.spike.level();
            JumpCheck::note_change(&mut self.memory.jump, at.as_millis(), level);
        }
    }

    /// All that it remembers.
    pub fn memory(&self) -> &WatchMemory {
        &self.memory
    }

    /// Goes on from a memory; one of other checks is refused, and the watch begins afresh.
    pub fn restore(&mut self, memory: WatchMemory) -> bool {
        let is_ours = memory.needs.len() == self.section.needs.len()
            && memory.fraud.is_some() != self.section.fraud.is_empty();
        if is_ours {
            self.memory = memory;
        }
        is_ours
    }

    /// A sample that says itself that it is not to be relied on.
    fn not_good(&mut self, sample: &Sample, out: &mut Vec<Said>) {
        self.let_go(Fate::Alone, out);
        self.forget();
        self.memory.newest = self.memory.newest.max(Some(sample.source_time.as_millis()));
        say(&mut self.memory.mark, sample.source_time, None, no_words, out);
        out.push(Said::Sample(*sample, sample.reading.quality()));
    }

    /// A sample that the checks refuse: the others learn nothing from it.
    fn refuse(
        &mut self,
        sample: &Sample,
        what: (Quality, &str),
        why: impl FnOnce(&Point) -> Text,
        out: &mut Vec<Said>,
    ) {
        self.let_go(Fate::Alone, out);
        self.forget();
        let (mark, point) = (&mut self.memory.mark, &self.point);
        say(mark, sample.source_time, Some(what), || why(point), out);
        out.push(Said::Sample(*sample, what.0));
    }

    /// The newest sample once more, or an older one: nothing is learnt from it.
    fn again(&mut self, sample: &Sample, t: i64, value: f64, out: &mut Vec<Said>) {
        if let Some((held, _)) = &mut self.memory.spike.held
            && held.source_time == sample.source_time
        {
            // It must not confirm itself; the last word on a moment counts.
            held.reading = sample.reading;
            return;
        }
        let range = self.section.range.as_ref().filter(|range| range.is_beyond(value));
        let mark = self.memory.mark.as_ref().filter(|mark| t >= mark.from.as_millis());
        let quality = match (range, mark) {
            (_, Some(mark)) => Some(mark.quality),
            (Some(range), None) => {
                let (from, check) = (sample.source_time, "range".to_owned());
                let (to, why) = (Some(from + MOMENT), range.words(&self.point, value));
                let said = MarkSaid { check, quality: RANGE, from, to, reaches_back: false, why };
                out.push(Said::Mark(Box::new(said)));
                Some(RANGE)
            }
            (None, None) => None,
        };
        out.push(Said::Sample(*sample, quality.unwrap_or(Quality::Good)));
    }

    /// What a need that is not met makes of the sample; which need, and what its input is.
    fn unmet(
        &mut self,
        t: i64,
        input: &impl Fn(usize) -> Option<f64>,
    ) -> Option<(Quality, usize, Option<f64>)> {
        let (section, memory) = (&self.section, &mut self.memory);
        for (nth, need) in section.needs.iter().enumerate() {
            if !self.inputs[nth] {
                continue;
            }
            let found = input(nth);
            if let Some(quality) = need.judge(&mut memory.needs[nth], t, found) {
                return Some((quality, nth, found));
            }
        }
        None
    }

    /// Whether the next values stand by this one, and this one by the one before.
    fn stand_by(
        &mut self,
        now: Timestamp,
        sample: &Sample,
        value: f64,
        input: &impl Fn(usize) -> Option<f64>,
        out: &mut Vec<Said>,
    ) {
        let Some(check) = self.section.spike else { return self.accept(sample, value, input, out) };
        let held = self.memory.spike.held.as_ref();
        if let Some(before) = held.and_then(|(held, _)| held.reading.good()) {
            let is_confirmed = self.memory.spike.confirms(before.get(), value);
            self.let_go(if is_confirmed { Fate::Confirmed } else { Fate::Refuted }, out);
        }
        let t = sample.source_time.as_millis();
        match check.judge(&mut self.memory.spike, &self.point, t, value) {
            Step::Pass => self.accept(sample, value, input, out),
            Step::Hold => {
                let patience = self.point.max_gap.min(HOLD_MAX);
                let due = now + Duration::from_millis(u64::try_from(patience).unwrap_or(0));
                self.memory.spike.held = Some((*sample, due));
            }
        }
    }

    /// Lets a held value go: good if the next one stands by it, else suspect.
    fn let_go(&mut self, fate: Fate, out: &mut Vec<Said>) {
        let Some((held, _)) = self.memory.spike.held.take() else { return };
        let Some(value) = held.reading.good().map(Value::get) else { return };
        if fate == Fate::Confirmed {
            self.memory.spike.begin_again(held.source_time.as_millis(), value);
            // A step that the process has made is no rate.
            self.memory.rate = RateMemory::default();
            return self.accept(&held, value, &|_| None, out);
        }
        if fate == Fate::Refuted {
            self.memory.spike.learn_refuted();
        }
        let why = self.memory.spike.words(&self.point, value, fate);
        let mark = &mut self.memory.mark;
        say(mark, held.source_time, Some((SPIKE, "spike")), || why, out);
        out.push(Said::Sample(held, SPIKE));
    }

    /// A value that the process may have had: does it move, and not too fast?
    fn accept(
        &mut self,
        sample: &Sample,
        value: f64,
        input: &impl Fn(usize) -> Option<f64>,
        out: &mut Vec<Said>,
    ) {
        let t = sample.source_time.as_millis();
        let (section, memory, point) = (&*self.section, &mut self.memory, &self.point);
        let is_too_fast = (section.rate.as_ref())
            .is_some_and(|rate| rate.judge(&mut memory.rate, point, t, value));
        let is_stuck = (section.stuck.as_ref())
            .is_some_and(|stuck| stuck.judge(&mut memory.stuck, point, t, value));
        let chatters_since = (section.chatter.as_ref())
            .and_then(|chatter| chatter.judge(&mut memory.chatter, t, value));
        let what = match (is_stuck, is_too_fast, chatters_since) {
            (true, _, _) => Some((CONSTANT, "stuck")),
            (false, true, _) => Some((RATE, "rate")),
            (false, false, Some(_)) => Some((RATE, "chatter")),
            (false, false, None) => None,
        };
        let begins = what.is_some_and(|(quality, _)| {
            memory.mark.as_ref().is_none_or(|mark| mark.quality != quality)
        });
        if begins || memory.mark.is_some() {
            let why = || match (&section.stuck, &section.rate, &section.chatter) {
                (Some(stuck), _, _) if is_stuck => {
                    stuck.words(&memory.stuck, point, sample.source_time, value)
                }
                (_, Some(rate), _) => rate.words(&memory.rate, point),
                (_, _, Some(chatter)) => chatter.words(),
                _ => no_words(),
            };
            let from = chatters_since.map_or(sample.source_time, Timestamp::from_millis);
            say(&mut memory.mark, from, what, why, out);
            if begins
                && from < sample.source_time
                && let Some(Said::Mark(mark)) = out.last_mut()
            {
                mark.reaches_back = true;
            }
        }
        if begins && is_stuck && section.fraud.flatline {
            out.extend(flatline(memory, sample.source_time, value));
        }
        self.signs(t, value, input, out);
        out.push(Said::Sample(*sample, what.map_or(Quality::Good, |(quality, _)| quality)));
    }

    /// Findings change nothing of the sample.
    fn signs(
        &mut self,
        t: i64,
        value: f64,
        input: &impl Fn(usize) -> Option<f64>,
        out: &mut Vec<Said>,
    ) {
        let (section, memory, point) = (&*self.section, &mut self.memory, &self.point);
        let mut found = Vec::new();
        let needs = section.needs.len();
        if let Some(calibration) = &section.calibration {
            found.extend(calibration.judge(&mut memory.calibration, point, t));
        }
        if let Some(jump) = &section.jump {
            let is_on = input(needs).map(|value| value != 0.0);
            let known = (memory.spike.level(), memory.spike.noise);
            found.extend(jump.judge(&mut memory.jump, point, (t, value), is_on, known));
        }
        if let Some(fraud) = &mut memory.fraud {
            let temperature = input(needs + usize::from(section.jump.is_some()));
            section.fraud.observe(fraud, point, (t, value), temperature, &mut found);
        }
        out.extend(found.into_iter().map(|finding| Said::Finding(Box::new(finding))));
    }

    /// Nothing is compared across a gap.
    fn forget(&mut self) {
        let (section, memory) = (&self.section, &mut self.memory);
        memory.spike.forget();
        memory.rate = RateMemory::default();
        memory.chatter = ChatterMemory::default();
        if let Some(fraud) = &mut memory.fraud {
            section.fraud.forget(fraud);
        }
    }
}

fn no_words() -> Text {
    Text { zh: String::new(), en: String::new() }
}

/// Ends the mark that runs if the samples from `at` on are worth something else, and begins the
/// next.
fn say(
    mark: &mut Option<MarkSaid>,
    at: Timestamp,
    what: Option<(Quality, &str)>,
    why: impl FnOnce() -> Text,
    out: &mut Vec<Said>,
) {
    let runs_on = mark.as_ref().map(|mark| mark.quality) == what.map(|(quality, _)| quality);
    if runs_on {
        return;
    }
    if let Some(ended) = mark.take() {
        out.push(Said::Mark(Box::new(MarkSaid { to: Some(at), ..ended })));
    }
    if let Some((quality, check)) = what {
        let (check, reaches_back) = (check.into(), false);
        let begun = MarkSaid { check, quality, from: at, to: None, reaches_back, why: why() };
        *mark = Some(begun.clone());
        out.push(Said::Mark(Box::new(begun)));
    }
}

/// A stuck value is told as a finding as well, since its rest began.
fn flatline(memory: &WatchMemory, at: Timestamp, value: f64) -> Option<Said> {
    let since = Timestamp::from_millis(memory.stuck.since?);
    let why = memory.mark.as_ref()?.why.clone();
    let hours = at.since(since).as_secs_f64() / 3_600.0;
    Some(Said::Finding(Box::new(FindingSaid {
        kind: FindingKind::Flatline,
        from: since,
        to: at,
        numbers: vec![("value".into(), value), ("hours".into(), hours)],
        explanation: why,
        confidence: 0.6,
    })))
}
