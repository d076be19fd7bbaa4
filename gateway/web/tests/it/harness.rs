//! A server on a port of its own, and a client for it.

use crate::{
    gateway::Memory,
    site::{NOON, snapshot},
};
use reqwest::{Client, Response};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{broadcast, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use weir_domain::Timestamp;
use weir_engine::{LiveEvent, Snapshot};
use weir_web::{WebError, WebState};

pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) gateway: Arc<Memory>,
    pub(crate) live: broadcast::Sender<Arc<LiveEvent>>,
    pub(crate) snapshot: watch::Sender<Arc<Snapshot>>,
    pub(crate) client: Client,
    pub(crate) cancel: CancellationToken,
    pub(crate) task: JoinHandle<Result<(), WebError>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::started_at(NOON).await
    }

    pub(crate) async fn started_at(started_at: Timestamp) -> Self {
        let gateway = Arc::new(Memory::new());
        let (snapshot, watched) = watch::channel(Arc::new(snapshot()));
        let live = broadcast::Sender::new(4_096);
        let state = WebState {
            snapshot: watched,
            live: live.clone(),
            history: gateway.clone(),
            records: gateway.clone(),
            marks: gateway.clone(),
            acts: gateway.clone(),
            health: gateway.clone(),
            mailbox: gateway.clone(),
            configuration: gateway.clone(),
            sinks: gateway.clone(),
            storage: gateway.clone(),
            clock: gateway.clone(),
            version: "1.2.3",
            started_at,
        };
        let listener = weir_web::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let cancel = CancellationToken::new();
        let task = tokio::spawn(weir_web::serve(listener, state, cancel.clone()));
        let client = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let server = Self { url, gateway, live, snapshot, client, cancel, task };
        // Answering means that the server is subscribed to the live events.
        assert_eq!(server.get("/healthz").await.status(), 200);
        server
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    /// The body of an answer that must be well.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "application/json", "{path}");
        response.json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Response {
        self.client.post(format!("{}{path}", self.url)).json(&body).send().await.unwrap()
    }
}

/// Status and code of a refusal, with its text; checks its form.
pub(crate) async fn refusal(response: Response) -> (u16, String, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{status}");
    let body: Value = response.json().await.unwrap();
    crate::schema::check("Problem", &body);
    assert_eq!((&body["type"], &body["status"]), (&"about:blank".into(), &status.into()));
    let text = |key: &str| body[key].as_str().unwrap().to_owned();
    (status, text("code"), text("detail"))
}
