//! Whoever is on duty: takes alarms over HTTP, with the moment of each, and the site's rule that
//! brings one with the reading that is over the limit, without any delay.

use crate::{now, workload::Workload};
use anyhow::{Context as _, Result};
use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Instant,
};
use weir_e2e::Rig;

/// The greatest allowed value of the rule.
pub(crate) const HIGH: u16 = 30_000;

/// The receiver.
pub(crate) struct Duty {
    port: u16,
    raised: Arc<Mutex<Vec<Instant>>>,
}

impl Duty {
    /// Starts it.
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let raised = Arc::<Mutex<Vec<Instant>>>::default();
        let theirs = raised.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let raised = theirs.clone();
                // An error is the end of the connection.
                thread::spawn(move || take(stream, &raised));
            }
        });
        Ok(Self { port, raised })
    }

    /// When each alarm came.
    pub(crate) fn raised(&self) -> Vec<Instant> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes the rule's pack and the receiver's secret, and gives the site's sink.
    pub(crate) fn join(&self, rig: &Rig) -> Result<String> {
        std::fs::create_dir(rig.dir().join("packs"))?;
        rig.write("packs/bench.toml", &pack())?;
        rig.write("secret", "of a benchmark\n")?;
        Ok(format!(
            "\n[[sink]]\nid = \"duty\"\nwebhook = {{ url = \"http://127.0.0.1:{}/\", secret = {{ file = \"secret\" }} }}\n",
            self.port,
        ))
    }
}

/// Takes posts until the connection ends.
fn take(stream: TcpStream, raised: &Mutex<Vec<Instant>>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    let mut heard = BufReader::new(stream);
    loop {
        let (mut length, mut line) = (None, String::new());
        while line != "\r\n" {
            line.clear();
            anyhow::ensure!(heard.read_line(&mut line)? > 0, "it is over");
            if let Some(number) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = Some(number.trim().parse()?);
            }
        }
        let mut body = vec![0; length.context("a post without a length")?];
        heard.read_exact(&mut body)?;
        let at = now();
        let body: serde_json::Value = serde_json::from_slice(&body)?;
        let event = &body["event"];
        if event["transition"] == "raised" && event["requirement"] == "high" {
            raised.lock().unwrap_or_else(PoisonError::into_inner).push(at);
        }
        out.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
    }
}

/// For the site file: the packs of the area.
pub(crate) fn packs(workload: &Workload) -> &'static str {
    if workload.is_alarming() { "[\"bench\"]" } else { "[]" }
}

fn pack() -> String {
    let mut text = String::from(
        "id = \"bench\"\nversion = \"1\"\ntitle = { zh = \"基准\", en = \"Benchmark\" }\nsource = \"made up for a benchmark\"\n\n[[requirement]]\nid = \"high\"\ntitle = { zh = \"上限\", en = \"High\" }\nclause = \"none\"\nconfidence = \"C\"\nrespond_within_mins = 1\n",
    );
    for words in ["cause", "consequence", "response"] {
        let _ = writeln!(text, "{words} = {{ zh = \"无\", en = \"none\" }}");
    }
    let _ = write!(
        text,
        "alarm = {{ priority = \"high\" }}\nlimit = {{ input = {{ role = \"bench\", parameter = \"count\", unit = \"1\" }}, instant = {{ persistence_secs = 0 }}, high = {HIGH} }}\n\n[[test]]\nname = \"it is broken at once\"\nat = 2026-11-22T10:00:00\n[test.points]\n\"bench.count\" = \"every 5s: 1 for 10s; {} for 10s\"\n[test.stands]\nhigh = \"non_compliant\"\n",
        HIGH + 1,
    );
    text
}
