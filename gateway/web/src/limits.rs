//! How much anyone may ask for. Each limit is named in the answer that refuses.

use std::time::Duration;

/// Largest request body, in bytes.
pub(crate) const BODY_BYTES: usize = 64 * 1024;
/// Largest message of a device that posts, in bytes.
pub(crate) const TELEMETRY_BYTES: usize = 256 * 1024;
/// Longest query of an address, in bytes.
pub(crate) const QUERY_BYTES: usize = 2 * 1024;
/// Connections at once; more wait until one is closed.
pub(crate) const CONNECTIONS: usize = 512;
/// A connection on which nothing moves for this long is closed. Longer than a reload waits for a
/// modem to dial in, as it answers only then.
pub(crate) const IDLE: Duration = Duration::from_secs(180);
/// Questions to the store at once; more wait.
pub(crate) const QUESTIONS: usize = 8;
/// How long a question may wait for its turn.
pub(crate) const TURN: Duration = Duration::from_secs(5);
/// When to come back after too much at once, in seconds.
pub(crate) const RETRY_AFTER_SECS: u32 = 2;
/// How long a request may take to end after the gateway was told to stop.
pub(crate) const STOPPING: Duration = Duration::from_secs(5);

/// Most raw samples of a point in an answer.
pub(crate) const SAMPLES: usize = 100_000;
/// Most steps in an answer.
pub(crate) const STEPS: u64 = 10_000;
/// Most verdicts in an answer, and how many if nothing is said.
pub(crate) const VERDICTS: usize = 10_000;
pub(crate) const VERDICTS_DEFAULT: usize = 1_000;
/// Most samples of each point with the explanation of a verdict.
pub(crate) const EXPLAIN_SAMPLES: usize = 2_000;
/// Most alarms in an answer, and how many if nothing is said.
pub(crate) const ALARMS: usize = 5_000;
pub(crate) const ALARMS_DEFAULT: usize = 500;
/// Most marks in an answer, and how many if nothing is said.
pub(crate) const MARKS: usize = 5_000;
pub(crate) const MARKS_DEFAULT: usize = 500;
/// Most findings in an answer, and how many if nothing is said.
pub(crate) const FINDINGS: usize = 5_000;
pub(crate) const FINDINGS_DEFAULT: usize = 500;
/// Most points of a mark.
pub(crate) const MARK_POINTS: usize = 64;
/// Most pieces of evidence of a mark, each as long as a name or a reference.
pub(crate) const EVIDENCE: usize = 16;
pub(crate) const EVIDENCE_CHARS: usize = 256;
/// Longest stretch of time that figures of alarms are made for, and how long if nothing is said.
pub(crate) const KPI_SPAN: Duration = Duration::from_secs(92 * 86_400);
pub(crate) const KPI_USUAL: Duration = Duration::from_secs(30 * 86_400);
/// Most alarm events that figures are made of, and how many are read at once.
pub(crate) const KPI_EVENTS: usize = 200_000;
pub(crate) const KPI_PAGE: usize = 2_000;
/// Alarms that the list of the most frequent names.
pub(crate) const KPI_TOP: usize = 10;
/// Longest name of a person, in characters.
pub(crate) const NAME_CHARS: usize = 64;
/// Longest comment, in characters.
pub(crate) const COMMENT_CHARS: usize = 1_000;

/// Listeners to the live events at once.
pub(crate) const LISTENERS: usize = 64;
/// Events kept for listeners that come back.
pub(crate) const RING: usize = 1_024;
/// And how many bytes of them: on a large site the samples of a second are half a megabyte.
pub(crate) const RING_BYTES: usize = 4 << 20;
/// Samples are gathered for this long before they are sent.
pub(crate) const GATHER: Duration = Duration::from_millis(250);
/// A silent stream gets a comment this often, so that proxies keep it open.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The engine's clock follows within a second or two. When it is this far behind, nothing it said
/// before may be shown as if it were still so.
pub(crate) const ENGINE_SILENT: Duration = Duration::from_secs(120);
/// How much later than its own limit a point is called stale here, should the engine not say so.
pub(crate) const STALE_MARGIN: Duration = Duration::from_secs(10);
