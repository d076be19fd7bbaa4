//! The time-series database at the other side, behind a trait that has exactly what we ask of it:
//! write these bytes, and tell when you were started.
//!
//! The real one writes through one call of the `influxdb2` crate, chosen because it passes our own
//! bytes on untouched. Its base URL must be valid (it panics on others) and have no path (it drops
//! it), and it has no timeouts of its own.

use super::metrics;
use crate::{
    error::NorthboundError,
    sink::{Server, chain, quoted},
};
use influxdb2::{RequestError, api::write::TimestampPrecision};
use reqwest011::{Client, StatusCode, Url, redirect::Policy};
use std::{fmt, time::Duration};
use weir_engine::ports::PortFuture;

/// Longest time to a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest time to an answer; a batch of 5,000 lines is some 600 kB.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// Most bytes of metrics to read; a large server has some 100 kB.
const METRICS_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Why a write failed; what the server said is on one line of bounded length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WriteError {
    /// The server answered with a status other than 2xx.
    Status {
        /// The status.
        code: u16,
        /// What it said.
        text: String,
    },
    /// No answer: unreachable, cut, or too slow.
    Transport(String),
}

/// A server that takes line protocol.
pub(crate) trait RemoteTsdb: Send + Sync + 'static {
    /// Writes lines with millisecond timestamps.
    fn write(&self, lines: Vec<u8>) -> PortFuture<'_, Result<(), WriteError>>;
    /// What the server tells of itself.
    fn server(&self) -> PortFuture<'_, Server>;
}

/// InfluxDB 2, or whatever speaks its write API, such as VictoriaMetrics.
pub(crate) struct Influx {
    client: influxdb2::Client,
    /// For the question that `influxdb2` has no call for.
    plain: Client,
    metrics: Url,
    token: String,
    org: String,
    bucket: String,
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) connect: Duration,
    pub(crate) answer: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: CONNECT_TIMEOUT, answer: ANSWER_TIMEOUT }
    }
}

impl Influx {
    /// Checks the address and makes the clients; nothing is sent yet.
    pub(crate) fn new(
        sink: &str,
        url: &Url,
        [org, bucket, token]: [&str; 3],
        timeouts: Timeouts,
    ) -> Result<Self, NorthboundError> {
        let fault = |reason: String| NorthboundError::Client { sink: sink.to_owned(), reason };
        let builder = || {
            Client::builder()
                .connect_timeout(timeouts.connect)
                .timeout(timeouts.answer)
                .redirect(Policy::none())
                .no_proxy()
        };
        let base = url.as_str();
        let client = influxdb2::ClientBuilder::with_builder(builder(), base, org, token)
            .build()
            .map_err(|error| fault(chain(&error)))?;
        let plain = builder().build().map_err(|error| fault(chain(&error)))?;
        let metrics = url.join("/metrics").map_err(|error| fault(chain(&error)))?;
        let [org, bucket, token] = [org, bucket, token].map(str::to_owned);
        Ok(Self { client, plain, metrics, token, org, bucket })
    }

    async fn ask(&self) -> Result<Server, reqwest011::Error> {
        let mut request = self.plain.get(self.metrics.clone());
        if !self.token.is_empty() {
            request = request.header("Authorization", format!("Token {}", self.token));
        }
        let mut answer = request.send().await?;
        if answer.status().is_server_error() {
            return Ok(Server::Unreachable(format!("/metrics answered {}", answer.status())));
        }
        if answer.status() != StatusCode::OK {
            return Ok(Server::Silent);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > METRICS_BYTES_MAX {
                return Ok(Server::Silent);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(metrics::read(&String::from_utf8_lossy(&body)))
    }
}

impl RemoteTsdb for Influx {
    fn write(&self, lines: Vec<u8>) -> PortFuture<'_, Result<(), WriteError>> {
        Box::pin(async move {
            let precision = TimestampPrecision::Milliseconds;
            let (org, bucket) = (&self.org, &self.bucket);
            let call =
                self.client.write_line_protocol_with_precision(org, bucket, lines, precision);
            call.await.or_else(classify)
        })
    }

    fn server(&self) -> PortFuture<'_, Server> {
        Box::pin(async {
            self.ask().await.unwrap_or_else(|error| Server::Unreachable(chain(&error)))
        })
    }
}

impl fmt::Debug for Influx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Influx").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

/// The crate takes every status but 204 for an error, also other kinds of yes.
fn classify(error: RequestError) -> Result<(), WriteError> {
    match error {
        RequestError::Http { status, .. } if status.is_success() => Ok(()),
        RequestError::Http { status, text } => {
            Err(WriteError::Status { code: status.as_u16(), text: quoted(&text) })
        }
        other => Err(WriteError::Transport(chain(&other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    const QUICK: Timeouts =
        Timeouts { connect: Duration::from_millis(200), answer: Duration::from_millis(200) };

    async fn answered_with(answer: &'static [u8]) -> (Influx, tokio::task::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let server = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let length = socket.read(&mut request).await.unwrap();
            request.truncate(length);
            socket.write_all(answer).await.unwrap();
            if answer.is_empty() {
                // Hang: keep the connection open, say nothing.
                let _ = socket.read(&mut [0]).await;
            }
            request
        });
        let influx = Influx::new("tsdb", &url, ["hospital", "weir", "secret"], QUICK).unwrap();
        (influx, server)
    }

    #[tokio::test]
    async fn the_request_is_what_the_v2_api_wants() {
        let (influx, server) = answered_with(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        assert_eq!(influx.write(b"reading value=1 1".to_vec()).await, Ok(()));
        let request = String::from_utf8(server.await.unwrap()).unwrap();
        let first = request.lines().next().unwrap();
        assert_eq!(first, "POST /api/v2/write?bucket=weir&org=hospital&precision=ms HTTP/1.1");
        assert!(request.to_lowercase().contains("authorization: token secret"), "{request}");
    }

    #[tokio::test]
    async fn another_kind_of_yes_is_a_yes() {
        let (influx, _server) =
            answered_with(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(influx.write(Vec::new()).await, Ok(()));
    }

    #[tokio::test]
    async fn a_server_that_never_answers_is_given_up() {
        let (influx, _server) = answered_with(b"").await;
        let started = tokio::time::Instant::now();
        let answer = influx.write(b"reading value=1 1".to_vec()).await;
        assert!(matches!(answer, Err(WriteError::Transport(_))), "{answer:?}");
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test]
    async fn a_refusal_comes_with_its_text_on_one_line() {
        let (influx, _server) =
            answered_with(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 9\r\n\r\nbad\r\nline")
                .await;
        let answer = influx.write(Vec::new()).await;
        let expected = WriteError::Status { code: 400, text: "bad  line".to_owned() };
        assert_eq!(answer, Err(expected));
    }
}
