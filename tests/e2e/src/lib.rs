//! A rig for end-to-end tests: the built `weir` binary with a folder and ports of its own, and
//! foreign programs beside it. Everything that a [`Rig`] starts it also ends.
//!
//! The binary is `target/debug/weir`, or what `WEIR_BIN` says. The rig sees the gateway as its
//! users do: files, sockets, HTTP. It knows no crate of ours.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::{
    fs::{self, File},
    io::Read as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// How often a condition is looked at while waiting for it.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long a gateway may take to be ready; a demo makes its week of history first.
const READY_WITHIN: Duration = Duration::from_secs(180);

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The binary under test.
pub fn weir() -> PathBuf {
    std::env::var_os("WEIR_BIN").map_or_else(|| root().join("target/debug/weir"), PathBuf::from)
}

/// The Python of the tests' virtual environment.
pub fn python() -> PathBuf {
    root().join("tests/.venv/bin/python")
}

/// A port that nobody listens on at the moment.
///
/// # Errors
/// When the system has none.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Looks until there is something, or the time is over.
///
/// # Errors
/// When the time is over; `what` says what was waited for.
pub fn wait_for<T>(
    what: &str,
    patience: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Result<T> {
    let rounds = patience.as_millis() / LOOK_EVERY.as_millis();
    for _ in 0..=rounds {
        if let Some(found) = look() {
            return Ok(found);
        }
        pause(LOOK_EVERY);
    }
    bail!("waited {patience:?} in vain for {what}")
}

/// Lets time pass.
#[expect(clippy::disallowed_methods, reason = "an end-to-end test watches real time pass")]
pub fn pause(duration: Duration) {
    thread::sleep(duration);
}

/// A program that was started, with its log; it is killed when dropped.
pub struct Program {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Program {
    /// Starts a program that logs into `dir`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &str, command: &mut Command, dir: &Path) -> Result<Self> {
        let log = dir.join(format!("{name}.log"));
        let out = File::options().create(true).append(true).open(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .with_context(|| format!("start {name}: {command:?}"))?;
        Ok(Self { child, name: name.to_owned(), log })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        let mut text = String::new();
        if let Ok(mut file) = File::open(&self.log) {
            // A log that is not UTF-8 is shown as far as it is.
            let _ = file.read_to_string(&mut text);
        }
        text
    }

    /// Ends it at once, as a power cut would.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end (SIGTERM), and waits for that.
    ///
    /// # Errors
    /// When it does not end within 20 s.
    pub fn terminate(&mut self) -> Result<Option<i32>> {
        Command::new("kill").arg(self.child.id().to_string()).status()?;
        let what = format!("{} to end", self.name);
        let status =
            wait_for(&what, Duration::from_secs(20), || self.child.try_wait().ok().flatten())?;
        Ok(status.code())
    }

    /// The exit code, if it has ended.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.try_wait().ok().flatten().and_then(|status| status.code())
    }
}

impl Drop for Program {
    #[expect(clippy::print_stdout, reason = "the log of what failed belongs to the test's report")]
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            println!("--- log of {} ---\n{}", self.name, self.log());
        }
    }
}

/// A gateway with a folder of its own.
pub struct Rig {
    dir: TempDir,
    port: u16,
    gateway: Option<Program>,
}

impl Rig {
    /// A folder and a port, nothing running yet.
    ///
    /// # Errors
    /// When there is no room for a folder.
    pub fn new() -> Result<Self> {
        Ok(Self { dir: TempDir::new()?, port: free_port()?, gateway: None })
    }

    /// The rig's folder.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file into the folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.dir().join(name);
        fs::write(&path, text)?;
        Ok(path)
    }

    /// Starts a foreign program in the folder.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn program(&self, name: &str, command: &mut Command) -> Result<Program> {
        Program::start(name, command.current_dir(self.dir()), self.dir())
    }

    /// Starts `weir run site.toml` and waits until it is ready.
    ///
    /// # Errors
    /// When it does not come up; the error carries its log.
    pub fn start(&mut self) -> Result<()> {
        let mut command = Command::new(weir());
        command.args(["run", "site.toml", "--listen"]).arg(format!("127.0.0.1:{}", self.port));
        self.start_with(&mut command)
    }

    /// Starts the gateway by another command; its console must be on [`Rig::port`].
    ///
    /// # Errors
    /// When it does not come up; the error carries its log.
    pub fn start_with(&mut self, command: &mut Command) -> Result<()> {
        let mut gateway = self.program("weir", command)?;
        let ready = wait_for("the gateway to be ready", READY_WITHIN, || {
            gateway.ended().map(|_| false).or_else(|| self.get("/readyz").is_ok().then_some(true))
        });
        match ready {
            Ok(true) => {}
            Ok(false) => bail!("the gateway ended at once:\n{}", gateway.log()),
            Err(error) => bail!("{error}:\n{}", gateway.log()),
        }
        self.gateway = Some(gateway);
        Ok(())
    }

    /// The running gateway.
    ///
    /// # Panics
    /// When it was not started.
    pub fn gateway(&mut self) -> &mut Program {
        self.gateway.as_mut().expect("the gateway was started")
    }

    /// Kills the gateway as a power cut would.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        self.gateway.take().map_or(Ok(()), |mut gateway| gateway.kill())
    }

    /// The console's port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The console's address with a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// GET as JSON (or as a JSON string where it is none).
    ///
    /// # Errors
    /// When there is no good answer.
    pub fn get(&self, path: &str) -> Result<Value> {
        let answer = client()?.get(self.url(path)).send()?.error_for_status()?.text()?;
        Ok(serde_json::from_str(&answer).unwrap_or(Value::String(answer)))
    }

    /// POST of JSON; status and answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn post(&self, path: &str, body: &Value) -> Result<(u16, Value)> {
        let answer = client()?.post(self.url(path)).json(body).send()?;
        let status = answer.status().as_u16();
        let text = answer.text()?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// The latest sample of a point.
    ///
    /// # Errors
    /// When the gateway does not answer, or has no such point.
    pub fn sample(&self, point: &str) -> Result<Value> {
        Ok(self.get(&format!("/api/v1/points/{point}"))?["sample"].clone())
    }

    /// Waits until the latest sample of a point is as wanted.
    ///
    /// # Errors
    /// When it never is.
    pub fn wait_sample(
        &self,
        point: &str,
        patience: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        wait_for(&format!("a sample of {point}"), patience, || {
            self.sample(point).ok().filter(|sample| wanted(sample))
        })
    }
}

fn client() -> Result<reqwest::blocking::Client> {
    Ok(reqwest::blocking::Client::builder().timeout(Duration::from_secs(10)).no_proxy().build()?)
}
