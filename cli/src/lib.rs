//! The `overt` command, for people who run a tool with telemetry: see it, trust it, stop it.
//!
//! [`run`] is the whole command without its command line, so that the program `overt` and `python -m overt` say the
//! same. It prints nothing: it gives back what is to be printed.
//!
//! - `status` and `show` only read; they create nothing, not even for a tool that does not exist.
//! - `flush` is the only verb that sends anything, and only while consent is on.
//! - What comes from files cannot write to a terminal: control characters are escaped, in JSON too.
//!
//! ```
//! use overt_cli::{Request, Verb};
//! # let dir = tempfile::tempdir().unwrap();
//! let mut request = Request::new(Verb::Status, "starfish");
//! # request.state_dir = Some(dir.path().into());
//! request.json = true;
//! let reply = overt_cli::run(&request);
//! assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, ""));
//! assert!(reply.stdout.starts_with(r#"{"app":"starfish","consent":{"#));
//! ```
//!
//! # JSON
//!
//! With `json` a reply's stdout is one object on one line. Keys are added in later versions, never renamed.
//!
//! | verb | keys |
//! |---|---|
//! | `status` | `app`, `consent`, `client_id` (or null), `paths`, `destinations` |
//! | `on`, `off` | `app`, `choice` (`"on"` or `"off"`), `consent`, `erased` (events that waited) |
//! | `show` | `pending`, `sent`, `damaged` |
//! | `flush` | `app`, `consent`, `delivered`, `lost`, `left` |
//! | `reset` | `app`, `consent`, `client_id` (the new one, or null), `erased` |
//!
//! - `consent`: `enabled` and `reason`, one of the words of [`overt::ConsentReason`]: what holds for a run of the tool in
//!   this shell. `no_api_key` means that nothing is known: nobody chose, and the tool recorded nothing here.
//! - `paths`: `state_dir`, `consent`, `client_id`, `spool`. They need not exist.
//! - `destinations`: one for each server and key that the tool recorded for: `endpoint`, `wire`, `key` (its beginning),
//!   `consent`, `pending` (how many wait), `oldest` (RFC 3339 or null), `damaged`, `spool`, `ledger` (`delivered`,
//!   `requests`, `failures`, `lost` by reason, `parked_until_ms`).
//! - `pending` and `sent` of `show` are the events as they are sent, not strings that hold them. `damaged` are strings:
//!   lines of the spool that are no JSON object, and will not be sent.
//!
//! # Exit codes
//!
//! 0: done. 1: it could not be done; `flush`: something is left; `status`, `show`: something could not be read.
//! 2: the request cannot be understood.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod choice;
mod counters;
mod flush;
mod show;
mod status;
mod terminal;
mod tool;
mod words;

use overt::{Error, ErrorKind, Variables};
use std::path::PathBuf;
use std::time::Duration;
use tool::Tool;

/// How long `flush` waits unless it is told otherwise: as long as one request of the core may take.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Says what is decided and why, what waits, what was sent and lost, and where it all lies.
    Status,
    /// Stores the choice that telemetry is on.
    On,
    /// Stores the choice that telemetry is off, and erases the client ID and all events.
    Off,
    /// Prints the events that wait and the last ones that were sent.
    Show,
    /// Delivers what waits.
    Flush,
    /// Erases the client ID and all events, and makes a new client ID if telemetry is on.
    Reset,
}

impl Verb {
    /// All verbs, in the order in which a help text lists them.
    pub const ALL: [Self; 6] = [Self::Status, Self::On, Self::Off, Self::Show, Self::Flush, Self::Reset];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::On => "on",
            Self::Off => "off",
            Self::Show => "show",
            Self::Flush => "flush",
            Self::Reset => "reset",
        }
    }

    /// Reads the word on the command line.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == word)
    }
}

/// One call of the command.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is to be done.
    pub verb: Verb,
    /// The tool's name, as its configuration gives it.
    pub app: String,
    /// The tool's state directory, if it is not at the platform's place.
    pub state_dir: Option<PathBuf>,
    /// Whether stdout is for programs.
    pub json: bool,
    /// How long `flush` may take; other verbs do not wait.
    pub timeout: Duration,
}

impl Request {
    /// A request with the defaults.
    pub fn new(verb: Verb, app: impl Into<String>) -> Self {
        Self { verb, app: app.into(), state_dir: None, json: false, timeout: DEFAULT_TIMEOUT }
    }
}

/// What is to be printed, and the exit code of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// 0, 1 or 2; the [crate's text](crate) says when.
    pub exit_code: i32,
    /// The answer, whole lines or nothing.
    pub stdout: String,
    /// What went wrong, whole lines or nothing.
    pub stderr: String,
}

/// Does it, under the environment variables of this process.
pub fn run(request: &Request) -> Reply {
    let (exit_code, stdout, problems) = match answer(request) {
        Ok((answer, problems)) => (if problems.is_empty() { answer.exit_code } else { 1 }, answer.text, problems),
        Err(error) if error.kind() == ErrorKind::InvalidConfig => (2, String::new(), vec![error.to_string()]),
        Err(error) => (1, String::new(), vec![error.to_string()]),
    };
    let stderr: String = problems.iter().map(|problem| format!("overt: {problem}\n")).collect();
    Reply { exit_code, stdout: terminal::printable(&stdout), stderr: terminal::printable(&stderr) }
}

/// What a verb has to say.
struct Answer {
    exit_code: i32,
    text: String,
}

impl Answer {
    fn done(text: String) -> Self {
        Self { exit_code: 0, text }
    }
}

/// The answer, and what could not be looked at meanwhile.
fn answer(request: &Request) -> Result<(Answer, Vec<String>), Error> {
    let tool = Tool::open(request, Variables::of_process())?;
    Ok(match request.verb {
        Verb::Status => (status::status(&tool), tool.unreadable),
        Verb::Show => (show::show(&tool), tool.unreadable),
        Verb::Flush => (flush::flush(&tool), tool.unreadable),
        // What cannot be read can still be erased, and a choice can still be stored.
        Verb::On => (choice::on(&tool)?, Vec::new()),
        Verb::Off => (choice::off(&tool)?, Vec::new()),
        Verb::Reset => (choice::reset(&tool)?, Vec::new()),
    })
}
