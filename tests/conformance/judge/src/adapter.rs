//! An adapter: a process that puts a library behind HTTP, and how it is spoken to.
//!
//! - It sees nothing of the machine's variables but those that programs need to be found, and has a home of its own.
//! - It never outlives the judge: its stdin ends with us, and it is killed when we let go of it.

use crate::json::Json;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// An interpreter starts slowly on a machine that is busy with others.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// Longer than the 60 s that a flush may take by the interface.
const ANSWER_PATIENCE_SECONDS: u64 = 90;
/// What a program needs to be found and to find its libraries. All else could decide about consent.
const VARIABLES: [&str; 5] = ["PATH", "LD_LIBRARY_PATH", "CARGO_TARGET_DIR", "TMPDIR", "SYSTEMROOT"];

/// A running adapter.
pub struct Adapter {
    process: Child,
    url: String,
    /// The library's version, as the adapter says.
    pub version: String,
}

/// An adapter's answer.
pub struct Said {
    /// 200, 400, …
    pub status: u16,
    /// The body.
    pub body: Json,
}

impl Said {
    /// What the body says under this name, as text.
    pub fn word(&self, name: &str) -> Option<&str> {
        self.body.at(name).and_then(Json::text)
    }

    /// Whether all went as it was asked.
    pub fn is_success(&self) -> bool {
        self.status == 200 && matches!(self.body.at("success"), Some(Json::Bool(true)))
    }
}

impl Adapter {
    /// Starts the program; it lives in `home`, and what it says on stderr goes to `log`.
    pub fn start(program: &Path, home: &Path, log: &Path) -> Result<Self, String> {
        let log = File::options().append(true).create(true).open(log).map_err(|error| format!("its log: {error}"))?;
        let mut command = Command::new(program);
        command.env_clear().env("HOME", home).env("PORT", "0");
        for name in ["XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env(name, home.join(name));
        }
        command.envs(VARIABLES.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut process = command.spawn().map_err(|error| format!("{} does not start: {error}", program.display()))?;
        let line = first_line(&mut process);
        let mut adapter = Self { process, url: String::new(), version: String::new() };
        let line = line?;
        let url =
            line.trim().strip_prefix("listening on ").ok_or_else(|| format!("the adapter's first line is {line:?}"))?;
        url.clone_into(&mut adapter.url);
        let health = adapter.get("/health")?;
        health
            .word("sdk_version")
            .ok_or_else(|| format!("/health has no sdk_version: {}", health.body))?
            .clone_into(&mut adapter.version);
        Ok(adapter)
    }

    /// Asks.
    pub fn get(&self, path: &str) -> Result<Said, String> {
        ask(minreq::get(format!("{}{path}", self.url)), path)
    }

    /// Tells.
    pub fn post(&self, path: &str, body: String) -> Result<Said, String> {
        let request = minreq::post(format!("{}{path}", self.url)).with_header("Content-Type", "application/json");
        ask(request.with_body(body), path)
    }

    /// Ends it by SIGKILL.
    pub fn kill(mut self) -> Result<(), String> {
        self.process.kill().and_then(|()| self.process.wait()).map(drop).map_err(|error| format!("kill: {error}"))
    }
}

impl Drop for Adapter {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn ask(request: minreq::Request, path: &str) -> Result<Said, String> {
    let answer = request.with_timeout(ANSWER_PATIENCE_SECONDS).send();
    let answer = answer.map_err(|error| format!("{path}: the adapter does not answer: {error}"))?;
    let text = answer.as_str().map_err(|error| format!("{path}: {error}"))?;
    let body = Json::parse(text).map_err(|error| format!("{path}: the adapter answers {text:?}: {error}"))?;
    Ok(Said { status: answer.status_code, body })
}

/// Waits for the first line on stdout; the rest is read and thrown away, so that the adapter never blocks on it.
fn first_line(process: &mut Child) -> Result<String, String> {
    let stdout = process.stdout.take().ok_or("the adapter has no stdout")?;
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver.recv_timeout(START_PATIENCE).map_err(|_| "the adapter does not say where it listens".to_owned())
}
