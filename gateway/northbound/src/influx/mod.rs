//! Readings to a time-series database that speaks the InfluxDB 2 write API.
//!
//! Tags are `site`, `area`, `device` and `point`; see [`line`] for the rest. A record is identified
//! over there by its series and source time, so sending it again overwrites it with itself.

mod line;
mod metrics;
mod remote;

use crate::{
    error::NorthboundError,
    sink::{Contact, Encoded, Letter, Outcome, Server, Sink, chain},
};
use line::Prefix;
use remote::{Influx, RemoteTsdb, Timeouts, WriteError};
use reqwest011::Url;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use weir_domain::{Sample, SeriesId, Timestamp};
use weir_engine::{
    Description, Record, Row,
    ports::{Outbox, PortError},
};

/// Most lines in a request.
const LINES_MAX: usize = 5_000;
/// How far a source time may be ahead of the time it was received: VictoriaMetrics says yes to
/// what is two days ahead, and throws it away.
const AHEAD_MAX: Duration = Duration::from_secs(36 * 3600);

/// The sink of kind `influxdb`.
pub(crate) struct InfluxSink<R = Influx> {
    remote: Arc<R>,
    id: String,
    /// Of every point there was since the start: a reading may wait longer than its point is there.
    prefixes: RwLock<HashMap<SeriesId, Prefix>>,
    target: String,
    grace: Duration,
}

/// Where to write to.
pub(crate) struct Address<'a> {
    pub(crate) url: &'a str,
    pub(crate) org: &'a str,
    pub(crate) bucket: &'a str,
    pub(crate) token: &'a str,
    pub(crate) grace: Duration,
}

impl InfluxSink {
    /// Checks the address; nothing is sent yet.
    pub(crate) fn new(
        id: &str,
        address: &Address<'_>,
        description: &Description,
    ) -> Result<Self, NorthboundError> {
        let url = check_url(id, address.url)?;
        let target = format!("{}/{}", url.as_str().trim_end_matches('/'), address.bucket);
        let names = [address.org, address.bucket, address.token];
        let remote = Influx::new(id, &url, names, Timeouts::default())?;
        Self::with(remote, id, target, address.grace, description)
    }
}

impl<R: RemoteTsdb> InfluxSink<R> {
    fn with(
        remote: R,
        id: &str,
        target: String,
        grace: Duration,
        description: &Description,
    ) -> Result<Self, NorthboundError> {
        let prefixes = RwLock::new(prefixes(id, description)?);
        Ok(Self { remote: Arc::new(remote), id: id.to_owned(), prefixes, target, grace })
    }

    fn line(&self, row: &Row) -> Result<String, String> {
        let prefixes = self.prefixes.read().unwrap_or_else(PoisonError::into_inner);
        let prefix = prefixes
            .get(&row.series)
            .ok_or_else(|| format!("series {} is not in the site file any more", row.series.0))?;
        check_time(&row.sample)?;
        Ok(prefix.line(&row.sample))
    }
}

/// What stands before the values of each point.
fn prefixes(
    sink: &str,
    description: &Description,
) -> Result<HashMap<SeriesId, Prefix>, NorthboundError> {
    let site = description.id.as_str();
    let prefix = |point: &weir_engine::PointInfo| {
        let tags = [
            ("area", point.area.as_str()),
            ("device", point.id.device().as_str()),
            ("point", point.id.point().as_str()),
            ("site", site),
        ];
        Prefix::new("reading", &tags).map(|prefix| (point.series, prefix))
    };
    let prefixes = description.points.iter().map(prefix).collect::<Result<_, _>>();
    prefixes.map_err(|error| NorthboundError::Client {
        sink: sink.to_owned(),
        reason: error.to_string(),
    })
}

/// The client behind panics on some addresses and forgets parts of others.
fn check_url(sink: &str, text: &str) -> Result<Url, NorthboundError> {
    let fault = |problem| NorthboundError::Url {
        sink: sink.to_owned(),
        url: crate::settings::without_secrets(text),
        problem,
    };
    let url =
        Url::parse(text).map_err(|_| fault("it is not an address such as http://10.0.0.5:8086"))?;
    if url.scheme() == "https" {
        return Err(fault(
            "https is not built in for InfluxDB; let a proxy on this machine speak it",
        ));
    }
    if url.scheme() != "http" || url.host().is_none() {
        return Err(fault("it must begin with http:// and name a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fault("put the secret into `token`, not into the address"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(fault("it must end after the port: /api/v2/write is added to it"));
    }
    Ok(url)
}

fn check_time(sample: &Sample) -> Result<(), String> {
    let (source, received) = (sample.source_time, sample.received_time);
    if source > received + AHEAD_MAX {
        return Err(format!("its source time {source} is far ahead of its arrival at {received}"));
    }
    if source <= Timestamp::from_millis(0) {
        return Err(format!("its source time {source} is before 1970"));
    }
    Ok(())
}

impl<R: RemoteTsdb> Sink for InfluxSink<R> {
    type Item = Record;
    const KIND: &'static str = "influxdb";
    const BATCH_MAX: usize = LINES_MAX;
    const IDEMPOTENT: bool = true;

    fn target(&self) -> String {
        self.target.clone()
    }

    fn describe(&self, description: &Arc<Description>) -> Result<(), NorthboundError> {
        let new = prefixes(&self.id, description)?;
        self.prefixes.write().unwrap_or_else(PoisonError::into_inner).extend(new);
        Ok(())
    }

    fn grace(&self) -> Duration {
        self.grace
    }

    fn open(outbox: &dyn Outbox, id: &str) -> Result<u64, PortError> {
        outbox.cursor(id)
    }

    fn save(outbox: &dyn Outbox, id: &str, seq: u64) -> Result<(), PortError> {
        outbox.set_cursor(id, seq)
    }

    fn read(outbox: &dyn Outbox, seq: u64, limit: usize) -> Result<Vec<(u64, Record)>, PortError> {
        outbox.records_after(seq, limit)
    }

    fn last(outbox: &dyn Outbox) -> Result<u64, PortError> {
        Ok(outbox.last_record())
    }

    fn time(item: &Record) -> Timestamp {
        match item {
            Record::Reading(row) => row.sample.received_time,
            Record::Command(command) => command.at,
        }
    }

    fn encode(&self, _seq: u64, item: &Record) -> Encoded {
        let Record::Reading(row) = item else { return Encoded::Nothing };
        match self.line(row) {
            Ok(line) => Encoded::Letter(line.into_bytes()),
            Err(reason) => Encoded::Unsendable { body: format!("{row:?}").into_bytes(), reason },
        }
    }

    async fn deliver(&self, letters: &[Letter]) -> Outcome {
        let bytes = letters.iter().map(|letter| letter.body.len() + 1).sum();
        let mut body = Vec::with_capacity(bytes);
        for letter in letters {
            body.extend_from_slice(&letter.body);
            body.push(b'\n');
        }
        // In a task of its own: the client behind is known to panic, and then only this call fails.
        let remote = Arc::clone(&self.remote);
        match tokio::spawn(async move { remote.write(body).await }).await {
            Ok(Ok(())) => Outcome::Delivered,
            Ok(Err(error)) => outcome(error),
            Err(panic) => {
                let (after, contact) = (None, Contact::Kept);
                Outcome::RetryLater { reason: chain(&panic), after, contact }
            }
        }
    }

    async fn server(&self) -> Server {
        self.remote.server().await
    }
}

/// What a failed write means for the records in it.
fn outcome(error: WriteError) -> Outcome {
    let (code, text) = match error {
        WriteError::Status { code, text } => (code, text),
        WriteError::Transport(reason) => {
            return Outcome::RetryLater { reason, after: None, contact: Contact::Lost };
        }
    };
    let reason = if text.is_empty() { format!("status {code}") } else { format!("{code}: {text}") };
    match code {
        413 => Outcome::TooLarge { reason },
        400 | 422 => Outcome::Refused { reason },
        408 | 429 => Outcome::RetryLater { reason, after: None, contact: Contact::Kept },
        502..=504 => Outcome::RetryLater { reason, after: None, contact: Contact::Gone },
        500.. => Outcome::RetryLater { reason, after: None, contact: Contact::Kept },
        _ => Outcome::Hold { reason },
    }
}

#[cfg(test)]
mod tests;
