//! Readings older than the retention are dropped, chunk by chunk; verdicts and alarms are kept.
//!
//! A clock that is wrong must not burn the archive: a gateway whose clock stands in 2036 would find
//! everything too old. So when the clock has leapt forward, or has gone on for long while the
//! gateway was off, expiry rests for some hours, in which clocks are usually put right.

use crate::{
    database::give_back,
    error::{Doing, StorageError},
    head::Totals,
    history::{HISTORY, meta, set_meta},
};
use core::time::Duration;
use rusqlite::{Connection, Transaction, params};
use tokio::time::Instant;
use weir_domain::Timestamp;

/// How often expiry looks.
pub(crate) const EXPIRE_EVERY: Duration = Duration::from_secs(60);

/// How far the clock may leap while the gateway runs before expiry rests.
const LEAP_MAX: Duration = Duration::from_secs(3600);

/// How far it may go on while the gateway is off before expiry rests.
const OFF_MAX: Duration = Duration::from_secs(7 * 86_400);

/// How long expiry rests. Shorter than a day, so that it is over even where gateways are restarted
/// every night.
const REST: Duration = Duration::from_secs(6 * 3600);

/// How often the clock is written down.
const SEEN_EVERY: Duration = Duration::from_secs(3600);

/// Chunks dropped in one transaction.
const SLICE_CHUNKS: u32 = 256;

/// Pages given back after expiry, if more are free than [`FREE_PAGES_MAX`] and than are in use.
const GIVE_BACK_PAGES: u32 = 1024;
const FREE_PAGES_MAX: u32 = 4096;

/// Watches the clock.
#[derive(Debug, Default)]
pub(crate) struct Expiry {
    last: Option<(Timestamp, Instant)>,
    rests_until: Option<Instant>,
}

impl Expiry {
    /// Whether it is safe to expire by this clock. `seen` is what the clock was when expiry was
    /// last at work, `instant` a measure of time that does not leap.
    pub(crate) fn is_safe(
        &mut self,
        now: Timestamp,
        instant: Instant,
        seen: Option<Timestamp>,
    ) -> bool {
        let leapt = match self.last {
            Some((then, at)) => now.since(then) > instant.duration_since(at) + LEAP_MAX,
            None => seen.is_some_and(|seen| now.since(seen) > OFF_MAX),
        };
        self.last = Some((now, instant));
        if leapt {
            tracing::warn!(
                "the clock has leapt forward to {now}; nothing expires for the next {} h",
                REST.as_secs() / 3600
            );
            self.rests_until = Some(instant + REST);
        }
        self.rests_until.is_none_or(|until| instant >= until)
    }
}

/// What the clock was when expiry was last at work.
pub(crate) fn seen(connection: &Connection) -> Result<Option<Timestamp>, StorageError> {
    let read = |row: &rusqlite::Row<'_>| row.get::<_, Option<i64>>(0);
    let seen = connection.query_row("SELECT seen_at FROM meta", [], read);
    Ok(seen.doing("read", HISTORY)?.map(Timestamp::from_millis))
}

/// Writes down what the clock is, now and then.
pub(crate) fn set_seen(connection: &Connection, now: Timestamp) -> Result<(), StorageError> {
    if seen(connection)?.is_some_and(|seen| seen <= now && now.since(seen) < SEEN_EVERY) {
        return Ok(());
    }
    let done = connection.execute("UPDATE meta SET seen_at = ?1", [now.as_millis()]);
    done.doing("write", HISTORY)?;
    Ok(())
}

/// Drops some of the chunks that end before `cutoff`; none once there are no more. The totals are
/// those after it.
pub(crate) fn expire_slice(
    connection: &mut Connection,
    cutoff: Timestamp,
) -> Result<Option<Totals>, StorageError> {
    let transaction = connection.transaction().doing("expire readings in", HISTORY)?;
    let gone = delete_slice(&transaction, cutoff).doing("expire readings in", HISTORY)?;
    if gone == 0 {
        return Ok(None);
    }
    let (sealed_seq, mut totals) = meta(&transaction)?;
    totals.rows -= gone;
    totals.expired += gone;
    set_meta(&transaction, sealed_seq, totals)?;
    transaction.commit().doing("expire readings in", HISTORY)?;
    Ok(Some(totals))
}

fn delete_slice(transaction: &Transaction<'_>, cutoff: Timestamp) -> rusqlite::Result<u64> {
    let slice = "FROM chunk WHERE t1 < ?1 ORDER BY t1, id LIMIT ?2";
    let values = params![cutoff.as_millis(), SLICE_CHUNKS];
    let sum = format!("SELECT coalesce(sum(n), 0) FROM (SELECT n {slice})");
    let gone = transaction.query_row(&sum, values, |row| row.get(0))?;
    let delete = format!("DELETE FROM chunk WHERE id IN (SELECT id {slice})");
    transaction.execute(&delete, values)?;
    Ok(gone)
}

/// Gives pages back if far more are free than expiry and sealing will use again.
pub(crate) fn give_pages_back(connection: &Connection) -> Result<(), StorageError> {
    let work = || {
        let pages = |name| connection.pragma_query_value(None, name, |row| row.get(0));
        let (all, free): (u32, u32) = (pages("page_count")?, pages("freelist_count")?);
        if free > FREE_PAGES_MAX && free > all / 2 {
            give_back(connection, GIVE_BACK_PAGES)?;
        }
        Ok(())
    };
    work().doing("give pages back of", HISTORY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn start() -> (Timestamp, Instant) {
        (Timestamp::from_millis(1_795_341_600_000), Instant::now())
    }

    #[test]
    fn a_clock_that_goes_with_time_is_safe() {
        let (now, instant) = start();
        let mut expiry = Expiry::default();
        assert!(expiry.is_safe(now, instant, None));
        assert!(expiry.is_safe(now + HOUR * 48, instant + HOUR * 48, Some(now)));
        assert!(expiry.is_safe(now - HOUR * 9999, instant + HOUR * 49, Some(now)));
    }

    #[test]
    fn after_a_leap_expiry_rests_for_hours() {
        let (now, instant) = start();
        let mut expiry = Expiry::default();
        assert!(expiry.is_safe(now, instant, Some(now)));
        let wrong = now + HOUR * 24 * 3650;
        assert!(!expiry.is_safe(wrong, instant + HOUR, Some(now)));
        assert!(!expiry.is_safe(wrong + HOUR, instant + HOUR * 2, Some(now)));
        assert!(expiry.is_safe(wrong + HOUR * 6, instant + HOUR * 7, Some(now)));
    }

    #[test]
    fn after_a_long_time_off_expiry_rests_too() {
        let (now, instant) = start();
        let day = HOUR * 24;
        assert!(Expiry::default().is_safe(now + day * 6, instant, Some(now)));
        assert!(!Expiry::default().is_safe(now + day * 8, instant, Some(now)));
    }
}
