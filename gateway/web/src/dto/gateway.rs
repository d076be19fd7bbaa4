//! The gateway itself: the site, the sinks, the store.

use serde::Serialize;
use weir_domain::{SiteId, Text, Timestamp};
use weir_engine::{
    Description,
    ports::{SinkStatus, StoreStatus},
};

/// The site and the gateway that watches it.
#[derive(Serialize)]
pub(crate) struct Site<'a> {
    pub(crate) id: &'a SiteId,
    pub(crate) name: &'a Text,
    pub(crate) time_zone: &'a str,
    pub(crate) version: &'a str,
    pub(crate) config_hash: &'a str,
    pub(crate) started_at: Timestamp,
    pub(crate) now: Timestamp,
}

/// The event `site`: the site file was read again, and everything is to be asked anew.
#[derive(Serialize)]
pub(crate) struct SiteEvent<'a> {
    config_hash: &'a str,
}

impl<'a> SiteEvent<'a> {
    /// What is sent when the site is this one from here on.
    pub(crate) fn of(site: &'a Description) -> Self {
        Self { config_hash: &site.config_hash }
    }
}

/// How a sink is doing.
#[derive(Serialize)]
pub(crate) struct Sink {
    name: String,
    kind: &'static str,
    target: String,
    connected: bool,
    last_error: Option<String>,
    pending: u64,
    delivered: u64,
    verified: u64,
    quarantined: u64,
    lag_secs: f64,
}

impl From<SinkStatus> for Sink {
    fn from(status: SinkStatus) -> Self {
        Self {
            name: status.name,
            kind: status.kind,
            target: status.target,
            connected: status.connected,
            last_error: status.last_error,
            pending: status.pending,
            delivered: status.delivered,
            verified: status.verified,
            quarantined: status.quarantined,
            lag_secs: status.lag_secs,
        }
    }
}

/// How the store is doing.
#[derive(Serialize)]
pub(crate) struct Store {
    accepted: u64,
    in_journal: u64,
    in_history: u64,
    expired: u64,
    duplicates: u64,
    bytes: u64,
    commits: u64,
    fault: Option<String>,
}

impl From<StoreStatus> for Store {
    fn from(status: StoreStatus) -> Self {
        Self {
            accepted: status.accepted,
            in_journal: status.in_journal,
            in_history: status.in_history,
            expired: status.expired,
            duplicates: status.duplicates,
            bytes: status.bytes,
            commits: status.commits,
            fault: status.fault,
        }
    }
}
