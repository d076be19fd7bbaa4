//! What the tests of several modules share: any record, any sample, and equality to the bit.

use proptest::prelude::*;
use weir_domain::{
    BadReason, Clock, Quality, Reading, Sample, SeriesId, Timestamp, UncertainReason, Value,
};
use weir_engine::{Act, Command, Record, Row};

/// A clock that stands still.
#[derive(Debug)]
pub(crate) struct StoppedClock(pub(crate) Timestamp);

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Numbers that codecs stumble over.
const HARD: &[f64] =
    &[0.0, -0.0, f64::MIN_POSITIVE, 5e-324, f64::MAX, f64::MIN, f64::EPSILON, 0.1, 65535.0];

/// Numbers that codecs stumble over, and usual ones.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        prop::sample::select(HARD),
        (-20_000_i32..20_000).prop_map(|i| f64::from(i) / 10.0),
        any::<f64>().prop_filter("finite", |x| x.is_finite()),
    ];
    number.prop_map(|number| Value::new(number).expect("finite"))
}

/// Every grade and reason, with and without a value.
pub(crate) fn any_reading() -> impl Strategy<Value = Reading> {
    let mut qualities = vec![Quality::Good; 8];
    qualities.extend(UncertainReason::ALL.iter().map(|r| Quality::Uncertain(*r)));
    qualities.extend(BadReason::ALL.iter().map(|r| Quality::Bad(*r)));
    (prop::sample::select(qualities), prop::option::weighted(0.8, any_value()))
        .prop_map(|(quality, value)| Reading::from_parts(value, quality))
}

/// Usual times, and the ends of time.
pub(crate) fn any_time() -> impl Strategy<Value = Timestamp> {
    let usual = 1_700_000_000_000_i64..1_800_000_000_000;
    prop_oneof![8 => usual, 1 => any::<i64>(), 1 => prop::sample::select(&[i64::MIN, i64::MAX, 0][..])]
        .prop_map(Timestamp::from_millis)
}

pub(crate) fn any_sample() -> impl Strategy<Value = Sample> {
    (any_time(), any_time(), any_reading()).prop_map(|(source_time, received_time, reading)| {
        Sample { source_time, received_time, reading }
    })
}

pub(crate) fn any_record() -> impl Strategy<Value = Record> {
    let reading = (any::<u32>(), any_sample())
        .prop_map(|(series, sample)| Record::Reading(Row { series: SeriesId(series), sample }));
    let act = prop_oneof![
        Just(Act::Started),
        (".{0,20}", ".{0,9}", ".{0,30}").prop_map(|(alarm, by, comment)| Act::Comment {
            alarm,
            by,
            comment
        }),
    ];
    let command =
        (any_time(), act).prop_map(|(at, act)| Record::Command(Box::new(Command { at, act })));
    prop_oneof![9 => reading, 1 => command]
}

/// Equal to the bit: -0 is not 0.
pub(crate) fn same_sample(a: &Sample, b: &Sample) -> bool {
    let bits = |s: &Sample| s.reading.value().map(|v| v.get().to_bits());
    a.source_time == b.source_time
        && a.received_time == b.received_time
        && a.reading.quality() == b.reading.quality()
        && bits(a) == bits(b)
}

pub(crate) fn same_samples(a: &[Sample], b: &[Sample]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_sample(a, b))
}

pub(crate) fn same_records(a: &[Record], b: &[Record]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|pair| match pair {
            (Record::Reading(a), Record::Reading(b)) => {
                a.series == b.series && same_sample(&a.sample, &b.sample)
            }
            (a, b) => a == b,
        })
}
