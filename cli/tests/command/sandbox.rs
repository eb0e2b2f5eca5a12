//! A state directory of the test's own, clients that record there, and the program, which sees only the variables that
//! the test gives it.

use overt::{Client, Clock, Config, Event, HttpTransport, Timestamp, Variables};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Nothing listens here: the port for services that throw away what they get.
pub const NOBODY: &str = "http://127.0.0.1:9";
pub const KEY: &str = "phc_abcdefghijklmnop";
/// Where events for `NOBODY` under `KEY` wait.
pub const NOBODYS_SPOOL: &str = "0892899ae6d443c5";
pub const WHEN: &str = "2026-11-20T18:10:36.493Z";

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::parse(WHEN).unwrap()
    }
}

pub struct Sandbox(tempfile::TempDir);

/// How a run of the program ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// What was printed, by a run in which all went well.
    #[track_caller]
    pub fn text(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        self.stdout
    }

    #[track_caller]
    pub fn json(self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }
}

impl Sandbox {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The tool's state directory, which does not exist before something is recorded.
    pub fn dir(&self) -> PathBuf {
        self.0.path().join("state")
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    pub fn config(&self, endpoint: &str) -> Config {
        let mut config = Config::new("starfish");
        config.endpoint = endpoint.into();
        config.api_key = KEY.into();
        config.state_dir = Some(self.dir());
        config.background = false;
        config.enrich = false;
        config
    }

    /// Records these events, as the tool would in a process of its own, and says how the next process finds the lines.
    pub fn record(&self, endpoint: &str, events: &[&str]) -> Vec<String> {
        self.record_with(self.config(endpoint), events)
    }

    pub fn record_with(&self, config: Config, events: &[&str]) -> Vec<String> {
        let client = client(config);
        for name in events {
            client.capture(&Event::new(name), |properties| properties.json_object(r#"{"n":1}"#)).unwrap();
        }
        client.pending()
    }

    /// The program with these variables and no others.
    pub fn command_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_overt"));
        command.env_clear().envs(variables.iter().copied());
        command.args(arguments).args(["--app", "starfish", "--state-dir"]).arg(self.dir());
        command
    }

    pub fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
        ran(self.command_with(variables, arguments))
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(&[], arguments)
    }

    /// The text with the names that differ from run to run replaced.
    pub fn golden(&self, text: &str) -> String {
        let text = text.replace(self.dir().to_str().unwrap(), "DIR");
        match std::fs::read_to_string(self.file("client_id")) {
            Ok(id) => text.replace(&id, "ID"),
            Err(_) => text,
        }
    }

    /// Every file with its contents and every directory.
    pub fn snapshot(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut found = BTreeMap::new();
        walk(self.0.path(), &mut found);
        found
    }

    /// The names of what lies in the state directory, one level deep.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir()).into_iter().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// A client that sees no variable.
pub fn client(config: Config) -> Client {
    let variables = Variables::default();
    let transport = Box::new(HttpTransport::new(config.timeout, config.connect_timeout, &variables));
    Client::with_parts(config, variables, Box::new(Stopped), transport).unwrap()
}

pub fn ran(mut command: Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn walk(dir: &Path, found: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
            found.insert(path, None);
        } else {
            let content = std::fs::read(&path).unwrap();
            found.insert(path, Some(content));
        }
    }
}
