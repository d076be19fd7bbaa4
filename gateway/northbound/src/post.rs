//! Posting over HTTP or HTTPS, and nothing more: no redirects, no proxies from the environment,
//! one deadline for all of it, and of the answer only what is needed to judge it.
//!
//! TLS is rustls with ring, chosen here and not process-wide, trusting what the machine trusts.

use crate::sink::chain;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use std::{io, sync::Arc, time::Duration};

/// Longest time to a whole answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes of an answer that are read, to quote them.
const ANSWER_BYTES_MAX: usize = 2_048;

/// Posts to one address.
pub(crate) struct Post {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    to: Uri,
}

/// What the other side said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// How long it asked us to wait.
    pub(crate) retry_after: Option<Duration>,
    /// The beginning of its text.
    pub(crate) text: String,
}

impl Post {
    /// Nothing is sent yet.
    pub(crate) fn new(to: Uri) -> io::Result<Self> {
        let provider = ring::default_provider();
        let builder = if to.scheme_str() == Some("https") {
            HttpsConnectorBuilder::new().with_provider_and_native_roots(provider)?
        } else {
            // A plain address must work on a machine without any certificates.
            let config = ClientConfig::builder_with_provider(Arc::new(provider))
                .with_safe_default_protocol_versions()
                .map_err(io::Error::other)?
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth();
            HttpsConnectorBuilder::new().with_tls_config(config)
        };
        let connector = builder.https_or_http().enable_http1().build();
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(connector), to })
    }

    /// Posts JSON with some headers of ours. What is no answer is told in words.
    pub(crate) async fn json(
        &self,
        body: &[u8],
        headers: [(&'static str, String); 3],
    ) -> Result<Answer, String> {
        let mut request = Request::post(self.to.clone());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(Full::new(Bytes::copy_from_slice(body)))
            .map_err(|error| chain(&error))?;
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| chain(&error))?;
            Ok(answer(response).await)
        };
        let late = || format!("no answer within {} s", TIMEOUT.as_secs());
        tokio::time::timeout(TIMEOUT, exchange).await.unwrap_or_else(|_| Err(late()))
    }
}

async fn answer(response: Response<hyper::body::Incoming>) -> Answer {
    let status = response.status();
    let asked = response.headers().get(header::RETRY_AFTER);
    let seconds = asked.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    // A text that cannot be read to its end is only quoted less; the status has been said.
    while bytes.len() < ANSWER_BYTES_MAX
        && let Some(Ok(frame)) = body.frame().await
    {
        bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
    }
    bytes.truncate(ANSWER_BYTES_MAX);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Answer { status, retry_after: seconds.map(Duration::from_secs), text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    async fn post(scheme: &str, answer: &'static [u8]) -> Result<Answer, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = format!("{scheme}://{}/hook", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            assert!(socket.read(&mut [0; 4_096]).await.unwrap() > 0);
            // It may hang up before it has read all.
            let _ = socket.write_all(answer).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        });
        let headers = [("x-a", "1".to_owned()), ("x-b", "2".to_owned()), ("x-c", "3".to_owned())];
        let answer = Post::new(to.parse().unwrap()).unwrap().json(b"{}", headers).await;
        server.abort();
        answer
    }

    #[tokio::test]
    async fn an_endless_answer_is_not_read_to_its_end() {
        static LONG: [u8; 300_000] = {
            let mut answer = [b'x'; 300_000];
            let head = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 99999999\r\n\r\n";
            let mut i = 0;
            while i < head.len() {
                answer[i] = head[i];
                i += 1;
            }
            answer
        };
        let answer = post("http", &LONG).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.text.len()), (400, ANSWER_BYTES_MAX));
    }

    #[tokio::test]
    async fn what_does_not_speak_tls_is_not_spoken_to() {
        let error = post("https", b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap_err();
        assert!(error.to_lowercase().contains("tls") || error.contains("message"), "{error}");
    }
}
