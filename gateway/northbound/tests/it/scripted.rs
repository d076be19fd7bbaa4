//! A server that answers what the script says, and otherwise does what a time-series database
//! does: refuses a batch with a bad line, keeps the others by series and time.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinHandle};

/// What to do with a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reply {
    /// What the rules say.
    Usual,
    /// This status.
    Status(u16),
    /// This status, and when to come again in seconds.
    RetryAfter(u16, u16),
    /// Close the connection without a word.
    Cut,
    /// Take it, and then close the connection without a word.
    TakeAndCut,
}

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) fn lines(&self) -> usize {
        self.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

#[derive(Default)]
pub(crate) struct Rules {
    /// Answers to the next requests; then the last rule applies.
    pub(crate) script: VecDeque<Reply>,
    /// The answer when the script is at its end.
    pub(crate) usually: Option<Reply>,
    /// A batch with a line that contains this is refused.
    pub(crate) poison: Option<&'static str>,
    /// Most lines in a batch.
    pub(crate) lines_max: Option<usize>,
    /// When the server says it was started.
    pub(crate) started: Option<u64>,
    /// How long an answer takes.
    pub(crate) latency: Duration,
    pub(crate) requests: Vec<Request>,
    /// Fields by series and time.
    pub(crate) rows: BTreeMap<String, String>,
}

#[derive(Clone, Default)]
pub(crate) struct Scripted {
    pub(crate) rules: Arc<Mutex<Rules>>,
}

pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) rules: Arc<Mutex<Rules>>,
    task: JoinHandle<()>,
}

impl Scripted {
    pub(crate) fn with(change: impl FnOnce(&mut Rules)) -> Self {
        let scripted = Self::default();
        change(&mut scripted.rules.lock().unwrap());
        scripted
    }

    pub(crate) async fn start(self) -> Running {
        self.start_at("127.0.0.1:0").await
    }

    pub(crate) async fn start_at(self, address: &str) -> Running {
        let listener = TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let rules = Arc::clone(&self.rules);
        let app = Router::new()
            .route("/api/v2/write", post(take))
            .route("/hook", post(take))
            .route("/metrics", get(metrics))
            .with_state(self);
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Running { url, rules, task }
    }
}

impl Running {
    /// A number of something, under the lock.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Rules) -> T) -> T {
        look(&self.rules.lock().unwrap())
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.rules.lock().unwrap());
    }

    pub(crate) async fn stop(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

async fn take(State(server): State<Scripted>, headers: HeaderMap, body: Bytes) -> Response {
    let (reply, latency) = {
        let mut rules = server.rules.lock().unwrap();
        rules.requests.push(Request { headers, body: body.clone() });
        let reply = rules.script.pop_front().or(rules.usually).unwrap_or(Reply::Usual);
        (reply, rules.latency)
    };
    tokio::time::sleep(latency).await;
    let code = |code| StatusCode::from_u16(code).unwrap();
    match reply {
        Reply::Usual => server.usual(&body),
        Reply::Status(status) => (code(status), "as the script says").into_response(),
        Reply::RetryAfter(status, seconds) => {
            (code(status), [("Retry-After", seconds.to_string())]).into_response()
        }
        Reply::TakeAndCut => {
            server.usual(&body);
            cut()
        }
        Reply::Cut => cut(),
    }
}

/// Ends the connection's task, and the connection with it; unlike a panic it prints nothing.
fn cut() -> ! {
    std::panic::resume_unwind(Box::new("cut"))
}

impl Scripted {
    fn usual(&self, body: &[u8]) -> Response {
        let mut rules = self.rules.lock().unwrap();
        let text = std::str::from_utf8(body).unwrap();
        if rules.lines_max.is_some_and(|max| text.lines().count() > max) {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        }
        if let Some(line) = rules.poison.and_then(|p| text.lines().find(|line| line.contains(p))) {
            return (StatusCode::BAD_REQUEST, format!("unable to parse {line}")).into_response();
        }
        for line in text.lines() {
            let mut parts = line.split(' ');
            if let (Some(tags), Some(fields), Some(time)) =
                (parts.next(), parts.next(), parts.next())
            {
                rules.rows.insert(format!("{tags} {time}"), fields.to_owned());
            }
        }
        StatusCode::NO_CONTENT.into_response()
    }
}

async fn metrics(State(server): State<Scripted>) -> Response {
    match server.rules.lock().unwrap().started {
        Some(at) => format!("vm_app_start_timestamp {at}\n").into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
