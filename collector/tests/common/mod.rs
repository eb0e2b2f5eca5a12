//! The real binary on a free port, and a client that speaks HTTP by hand, so that it can also speak it badly.

#![allow(dead_code)] // Each file of tests uses its part.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Where version 1 is.
pub const EVENTS: &str = "/i/v1/analytics/events";

pub struct Collector {
    child: Child,
    pub address: String,
}

/// A directory of its own for one test's database.
pub struct Place {
    _dir: TempDir,
    pub db: PathBuf,
}

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub text: String,
    /// The text as JSON, if it is.
    pub body: Value,
}

pub fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("events.db");
    Place { _dir: dir, db }
}

pub fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_overt-collector"))
}

impl Collector {
    pub fn start(db: &Path, options: &[&str]) -> Self {
        Self::start_as(program(), db, options)
    }

    /// With what is already set of the command: variables, where its stderr goes.
    pub fn start_as(mut program: Command, db: &Path, options: &[&str]) -> Self {
        let mut child = program
            .args(["serve", "--listen", "127.0.0.1:0", "--db"])
            .arg(db)
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").unwrap().to_owned();
        Self { child, address }
    }

    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    /// Posts a body as it is, with the headers a client would send.
    pub fn post(&self, path: &str, headers: &str, body: &[u8]) -> Answer {
        let mut socket = self.connect();
        let head = post_head(path, headers, body.len());
        socket.write_all(head.as_bytes()).unwrap();
        socket.write_all(body).unwrap();
        answer(socket)
    }

    pub fn post_batch(&self, batch: &str) -> Answer {
        self.post("/batch/", "", batch.as_bytes())
    }

    /// Posts a body to version 1 with the key `key`, and more headers if there are any.
    pub fn post_events(&self, headers: &str, body: &[u8]) -> Answer {
        self.post(EVENTS, &format!("Authorization: Bearer key\r\n{headers}"), body)
    }

    pub fn post_document(&self, document: &str) -> Answer {
        self.post("/telemetry", "", document.as_bytes())
    }

    pub fn stored(&self) -> u64 {
        let mut socket = self.connect();
        socket.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let answer = answer(socket);
        assert_eq!((answer.status, &answer.body["status"]), (200, &Value::from("ok")));
        answer.body["events"].as_u64().unwrap()
    }

    /// SIGKILL: nothing of the program runs after this.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it in order; what it said on a stderr that was kept.
    pub fn end_and_stderr(mut self) -> String {
        self.signal("-TERM");
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success(), "{said}");
        said
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // Fails if it has ended already, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn post_head(path: &str, headers: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n{headers}\r\n"
    )
}

pub fn answer(mut socket: TcpStream) -> Answer {
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let value = serde_json::from_str(body).unwrap_or(Value::Null);
    Answer { status, head: head.to_owned(), text: body.to_owned(), body: value }
}

/// A PACE document of the installation of this number, whose `metric_points` are these.
pub fn document(number: u32, version: &str, points: &str) -> String {
    format!(
        r#"{{"metric_points":{points},"cli_version":"{version}","operating_system":"linux","id":"{}"}}"#,
        uuid(number)
    )
}

/// The counts of one path that always ended with 0.
pub fn runs(path: &str, count: u64) -> String {
    format!(r#"{{"{path}":{{"0":{{"cumulative_count":{count}}}}}}}"#)
}

pub fn uuid(number: u32) -> String {
    format!("01890a5d-ac96-774b-bcce-{number:012}")
}

/// An event that happened in the minute of its number.
pub fn event(number: u32, properties: &str) -> String {
    format!(
        r#"{{"uuid":"{}","event":"ran","distinct_id":"someone","timestamp":"2026-01-01T10:{:02}:00Z","properties":{properties}}}"#,
        uuid(number),
        number % 60
    )
}

/// Without `sent_at`, so that the times in reports are those of the events.
pub fn batch(events: &[String]) -> String {
    format!(r#"{{"api_key":"key","batch":[{}]}}"#, events.join(","))
}

pub fn run(command: &str, db: &Path, options: &[&str]) -> Output {
    program().arg(command).arg("--db").arg(db).args(options).output().unwrap()
}

/// What a command that succeeds prints.
pub fn printed(command: &str, db: &Path, options: &[&str]) -> String {
    let output = run(command, db, options);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
