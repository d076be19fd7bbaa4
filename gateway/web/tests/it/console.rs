//! The console's files and the headers around everything.

use crate::harness::{Server, refusal};

/// Names of files that the first page refers to.
fn references(page: &str) -> Vec<String> {
    let quoted = page.split('"').filter(|text| text.starts_with('/') && text.contains('.'));
    quoted.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_first_page_is_there_under_every_name_that_is_not_the_api() {
    let server = Server::start().await;
    let page = server.get("/").await;
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["cache-control"], "no-cache");
    let page = page.text().await.unwrap();
    for path in ["/index.html", "/alarms", "/points/probe-1.ph", "/apiary", "/.../etc/passwd"] {
        assert_eq!(server.get(path).await.text().await.unwrap(), page, "{path}");
    }
    let (status, ..) = refusal(server.get("/assets/gone-12345678.js").await).await;
    assert_eq!(status, 404, "a script that is gone is not a page");
    let post = server.client.post(format!("{}/alarms", server.url)).send().await.unwrap();
    assert_eq!(refusal(post).await.0, 405);
}

#[tokio::test]
async fn every_file_of_the_first_page_can_be_had_and_kept() {
    let server = Server::start().await;
    let page = server.get("/").await.text().await.unwrap();
    for path in references(&page).iter().filter(|path| !path.starts_with("/api/")) {
        let file = server.get(path).await;
        assert_eq!(file.status(), 200, "{path}");
        let keep = file.headers()["cache-control"].to_str().unwrap().to_owned();
        assert_eq!(keep.contains("immutable"), path.starts_with("/assets/"), "{path}: {keep}");
        let kind = file.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(!kind.starts_with("text/html"), "{path}: {kind}");
    }
}

#[tokio::test]
async fn a_file_that_is_known_is_not_sent_again() {
    let server = Server::start().await;
    let first = server.get("/").await;
    let tag = first.headers()["etag"].clone();
    let ask = |tag: &str| {
        server.client.get(format!("{}/", server.url)).header("if-none-match", tag).send()
    };
    let again = ask(tag.to_str().unwrap()).await.unwrap();
    assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (304, &tag));
    assert_eq!(again.bytes().await.unwrap().len(), 0);
    let among = ask(&format!("\"other\", {}", tag.to_str().unwrap())).await.unwrap();
    assert_eq!(among.status(), 304);
    assert_eq!(ask("\"other\"").await.unwrap().status(), 200);
}

#[tokio::test]
async fn large_answers_are_compressed_and_events_are_not() {
    let server = Server::start().await;
    let ask = |path: &str| {
        let request = server.client.get(format!("{}{path}", server.url));
        request.header("accept-encoding", "gzip").send()
    };
    let samples = ask("/api/v1/points/probe-1.ph/samples").await.unwrap();
    assert_eq!(samples.headers()["content-encoding"], "gzip");
    assert!(samples.bytes().await.unwrap().len() < 60_000, "of some 350 kB");
    let events = ask("/api/v1/events").await.unwrap();
    assert!(!events.headers().contains_key("content-encoding"));
    assert_eq!(events.headers()["content-type"], "text/event-stream");
}

#[tokio::test]
async fn every_answer_bears_the_headers() {
    let server = Server::start().await;
    for path in ["/", "/api/v1/site", "/api/v1/nope", "/metrics", "/api/v1/events"] {
        let response = server.get(path).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'self';"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        let keep = header("cache-control");
        assert!(keep.starts_with("no-"), "{path}: {keep}");
    }
}
