//! What the scenarios share: a configuration that no variable of the machine reaches.

#![allow(dead_code)]

use overt::{Client, Clock, Config, HttpTransport, SystemClock, Timestamp, Upload, Uploader, Variables};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Long enough for a loaded machine; nothing waits that long when all is well.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A configuration for a server of ours, in a state directory of the test's.
pub fn config(url: &str, state_dir: &Path) -> Config {
    let mut config = Config::new("scenario");
    config.app_version = "1.2.3".into();
    config.api_key = "phc_test".into();
    config.endpoint = url.into();
    config.state_dir = Some(state_dir.to_owned());
    config
}

/// A client with these variables instead of the machine's.
pub fn client_with(config: Config, variables: &[(&str, &str)]) -> Client {
    let variables: Variables = variables.iter().copied().collect();
    let transport = Box::new(HttpTransport::new(config.timeout, config.connect_timeout, &variables));
    Client::with_parts(config, variables, Box::new(SystemClock), transport).expect("the configuration is valid")
}

/// A client without any variables.
pub fn client(config: Config) -> Client {
    client_with(config, &[])
}

/// A clock that the test moves.
#[derive(Clone)]
pub struct Moved(Arc<AtomicI64>);

impl Moved {
    /// In November 2026.
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_795_198_236_493_000)))
    }

    /// Whether a client, or its thread, still has it.
    pub fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    pub fn forward(&self, by: Duration) {
        self.0.fetch_add(by.as_micros().try_into().expect("no test lasts that long"), Ordering::Relaxed);
    }
}

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.0.load(Ordering::Relaxed)).expect("a year of four digits")
    }
}

/// A client without any variables, by that clock.
pub fn client_at(clock: &Moved, config: Config) -> Client {
    let transport = Box::new(HttpTransport::new(config.timeout, config.connect_timeout, &Variables::default()));
    let parts = Client::with_parts(config, Variables::default(), Box::new(clock.clone()), transport);
    parts.expect("the configuration is valid")
}

/// All files below a directory, with paths relative to it.
pub fn files(dir: &Path) -> Vec<String> {
    fn walk(dir: &Path, root: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, root, found);
            } else {
                found.push(path.strip_prefix(root).expect("below the root").display().to_string().replace('\\', "/"));
            }
        }
    }
    let mut found = Vec::new();
    walk(dir, dir, &mut found);
    found.sort();
    found
}

/// What makes this binary, in another process, run one test only.
fn alone(test: &str) -> [&str; 4] {
    ["--exact", test, "--nocapture", "--test-threads=1"]
}

/// This binary as an uploader; the named test must call [`upload_if_asked`].
pub fn uploader(test: &str) -> Option<Uploader> {
    let args = alone(test).map(Into::into).to_vec();
    Uploader::this_program().map(|this| Uploader { args, ..this })
}

/// In the process that an uploader is: uploads, and ends.
pub fn upload_if_asked() {
    // The harness has read the arguments before: its own, and ours as names of tests that do not exist.
    let own = std::env::args_os().skip_while(|arg| arg != "overt-upload");
    if let Some(upload) = Upload::from_args(own) {
        upload.run();
        std::process::exit(0);
    }
}

/// Runs one test of this binary in a process of its own, with these variables and nothing of ours beside them.
pub fn child(test: &str, variables: &[(&str, &str)]) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().expect("a test has a path"));
    command.args(alone(test));
    for cleared in ["CI", "TELEMETRY_ENABLED", "DO_NOT_TRACK", "OVERT_DEBUG"] {
        command.env_remove(cleared);
    }
    command.envs(variables.iter().copied());
    command
}

/// Whether a process ended by `Child::kill`.
pub fn was_killed(status: std::process::ExitStatus) -> bool {
    #[cfg(unix)]
    return std::os::unix::process::ExitStatusExt::signal(&status) == Some(9);
    // What std gives to TerminateProcess. A test that fails ends with 101.
    #[cfg(not(unix))]
    return status.code() == Some(1);
}
