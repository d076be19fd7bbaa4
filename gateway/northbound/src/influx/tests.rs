//! Which answer means what, which addresses are refused, and what is never sent.

use super::*;
use weir_engine::ports::PortFuture;

fn describe(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered => "delivered",
        Outcome::RetryLater { contact: Contact::Kept, .. } => "later",
        Outcome::RetryLater { contact: Contact::Lost, .. } => "later, perhaps restarted",
        Outcome::RetryLater { contact: Contact::Gone, .. } => "later, gone",
        Outcome::Refused { .. } => "refused",
        Outcome::TooLarge { .. } => "too large",
        Outcome::Hold { .. } => "hold",
    }
}

#[test]
fn every_status_has_its_meaning() {
    let cases = [
        (301, "hold"),
        (400, "refused"),
        (401, "hold"),
        (403, "hold"),
        (404, "hold"),
        (405, "hold"),
        (408, "later"),
        (413, "too large"),
        (422, "refused"),
        (429, "later"),
        (500, "later"),
        (502, "later, gone"),
        (503, "later, gone"),
        (504, "later, gone"),
        (599, "later"),
    ];
    for (code, expected) in cases {
        let outcome = outcome(WriteError::Status { code, text: String::new() });
        assert_eq!(describe(&outcome), expected, "{code}");
    }
    assert_eq!(describe(&outcome(WriteError::Transport("cut".into()))), "later, perhaps restarted");
}

#[test]
fn addresses_that_the_client_would_bend_are_refused_with_the_fix() {
    let cases = [
        ("10.0.0.5:8086", "not an address"),
        ("/var/run", "not an address"),
        ("ftp://host", "http://"),
        ("https://host", "https is not built in"),
        ("http://host/influx", "after the port"),
        ("http://host/?org=x", "after the port"),
        ("http://me:secret@host", "token"),
    ];
    for (url, hint) in cases {
        let error = check_url("tsdb", url).unwrap_err().to_string();
        assert!(error.contains(hint), "{url}: {error}");
        assert!(!error.contains("secret@"), "{error}");
    }
    for url in ["http://host", "http://127.0.0.1:8428/", "http://[::1]:8086"] {
        assert!(check_url("tsdb", url).is_ok(), "{url}");
    }
}

#[test]
fn times_that_a_server_would_swallow_are_put_aside() {
    let received = Timestamp::from_millis(1_795_341_600_000);
    let sample = |source_time| Sample {
        source_time,
        received_time: received,
        reading: weir_domain::Reading::from_number(1.0),
    };
    assert!(check_time(&sample(received)).is_ok());
    assert!(check_time(&sample(received - Duration::from_secs(30 * 86_400))).is_ok());
    assert!(check_time(&sample(received + AHEAD_MAX)).is_ok());
    assert!(check_time(&sample(received + Duration::from_secs(3 * 86_400))).is_err());
    assert!(check_time(&sample(Timestamp::from_millis(0))).is_err());
}

/// A client that panics, as the real one does on some answers.
struct Panicking;

impl RemoteTsdb for Panicking {
    fn write(&self, _: Vec<u8>) -> PortFuture<'_, Result<(), WriteError>> {
        Box::pin(async { panic!("called `unwrap()` on a `None` value") })
    }

    fn server(&self) -> PortFuture<'_, Server> {
        Box::pin(async { Server::Silent })
    }
}

#[tokio::test]
async fn a_panic_of_the_client_is_tried_again() {
    let description = crate::testing::description();
    let grace = Duration::ZERO;
    let sink = InfluxSink::with(Panicking, "tsdb", String::new(), grace, &description).unwrap();
    let letter = Letter { seq: 1, body: b"reading value=1 1".to_vec() };
    assert_eq!(describe(&sink.deliver(&[letter]).await), "later");
}
