//! A real VictoriaMetrics, killed with everything it has just acknowledged still in memory.
//! Skipped, and says so, where it is not installed (Debian: `apt-get install victoria-metrics`).

use crate::{
    outbox::Memory,
    site::{Sent, influx, reading},
};
use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const RECORDS: u64 = 30_000;
/// VictoriaMetrics 1.79 makes safe within about 10 s what it has acknowledged.
const GRACE: Duration = Duration::from_secs(15);

struct Victoria {
    child: Child,
    address: String,
}

impl Drop for Victoria {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Victoria {
    async fn start(data: &Path, port: u16) -> Option<Self> {
        let address = format!("127.0.0.1:{port}");
        let child = Command::new("victoria-metrics")
            .arg(format!("-storageDataPath={}", data.display()))
            .arg(format!("-httpListenAddr={address}"))
            .args(["-retentionPeriod=100y", "-dedup.minScrapeInterval=1ms"])
            .args(["-search.latencyOffset=0s", "-loggerLevel=ERROR"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut victoria = match child {
            Ok(child) => Self { child, address },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            Err(error) => panic!("cannot start victoria-metrics: {error}"),
        };
        for _ in 0..200 {
            if let Some(status) = victoria.child.try_wait().unwrap() {
                panic!("victoria-metrics ended: {status}");
            }
            if TcpStream::connect(&victoria.address).await.is_ok() {
                return Some(victoria);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("victoria-metrics does not listen on {}", victoria.address);
    }

    async fn get(&self, path: &str) -> String {
        let mut socket = TcpStream::connect(&self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address);
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// Distinct (series, time, value) of the readings that are there.
    async fn rows(&self) -> std::collections::BTreeSet<(String, u64, String)> {
        self.get("/internal/force_flush").await;
        let export = "/api/v1/export?match%5B%5D=reading_value&start=1795341600&end=1795351600";
        let answer = self.get(export).await;
        let mut rows = std::collections::BTreeSet::new();
        for line in answer.lines().filter(|line| line.starts_with('{')) {
            let series: serde_json::Value = serde_json::from_str(line).unwrap();
            let point = series["metric"]["point"].as_str().unwrap();
            let times = series["timestamps"].as_array().unwrap();
            for (t, value) in times.iter().zip(series["values"].as_array().unwrap()) {
                let row = (point.to_owned(), t.as_u64().unwrap(), value.to_string());
                assert!(rows.insert(row), "a row came twice");
            }
        }
        rows
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn nothing_is_lost_when_the_database_is_killed_after_its_yes() {
    let data = tempfile::tempdir().unwrap();
    let port = free_port();
    let Some(victoria) = Victoria::start(data.path(), port).await else {
        eprintln!("SKIPPED: victoria-metrics is not installed; the grace was not tested for real");
        return;
    };
    let outbox = Memory::new();
    outbox.append((1..=RECORDS).map(reading));
    let sent = Sent::start(&outbox, vec![influx(&format!("http://127.0.0.1:{port}"), GRACE)]);
    let status = sent.until("all acknowledged", |s| s.delivered == RECORDS).await;
    assert_eq!((status.verified, outbox.cursor_of("tsdb")), (0, Some(0)));
    drop(victoria);

    let victoria = Victoria::start(data.path(), port).await.unwrap();
    assert!(victoria.rows().await.len() < RECORDS as usize, "it kept all: this proves nothing");
    sent.until("all safe", |s| s.verified == RECORDS).await;
    drop(victoria);

    // Killed once more: what is verified is on its disk.
    let victoria = Victoria::start(data.path(), port).await.unwrap();
    let rows = victoria.rows().await;
    assert_eq!(rows.len(), RECORDS as usize);
    assert!(
        rows.iter()
            .all(|(_, t, value)| *t
                == 1_795_341_600_000 + value.parse::<f64>().unwrap() as u64 * 100)
    );
    sent.stopping().await.unwrap();
}
