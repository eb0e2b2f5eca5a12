//! The program `overt`: reads the command line, and prints what [`overt_cli::run`] says.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

use clap::{Args, Parser, Subcommand};
use overt_cli::{Request, Verb};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// See, trust and stop the telemetry of a tool that uses overt.
#[derive(Parser)]
#[command(name = "overt", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Is telemetry on, and why? What waits, what was sent, where is it kept? Changes nothing.
    Status(Common),
    /// Switch telemetry on.
    On(Common),
    /// Switch telemetry off, and erase the client ID and every event that waits.
    Off(Common),
    /// Print the events that wait and the last ones that were sent, exactly as they are sent. Changes nothing.
    Show(Common),
    /// Send now what waits; the exit code is 1 if something is left.
    Flush {
        #[command(flatten)]
        common: Common,
        /// How long this may take.
        #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
        timeout: Duration,
    },
    /// Get a new client ID, and erase every event that waits.
    Reset(Common),
}

#[derive(Args)]
struct Common {
    /// The tool's name.
    #[arg(long, value_name = "NAME")]
    app: String,
    /// The tool's state directory, if it is not at the usual place.
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Answer with one JSON object, for programs.
    #[arg(long)]
    json: bool,
}

impl Common {
    fn request(self, verb: Verb) -> Request {
        Request { state_dir: self.state_dir, json: self.json, ..Request::new(verb, self.app) }
    }
}

impl Command {
    fn request(self) -> Request {
        match self {
            Self::Status(common) => common.request(Verb::Status),
            Self::On(common) => common.request(Verb::On),
            Self::Off(common) => common.request(Verb::Off),
            Self::Show(common) => common.request(Verb::Show),
            Self::Flush { common, timeout } => Request { timeout, ..common.request(Verb::Flush) },
            Self::Reset(common) => common.request(Verb::Reset),
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds is needed".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "a number of seconds from 0 on is needed".to_owned())
}

fn main() -> ExitCode {
    let reply = overt_cli::run(&Arguments::parse().verb.request());
    // A reader that has seen enough, such as `head`, is no error.
    let _ = std::io::stdout().write_all(reply.stdout.as_bytes());
    let _ = std::io::stderr().write_all(reply.stderr.as_bytes());
    ExitCode::from(u8::try_from(reply.exit_code).unwrap_or(1))
}
