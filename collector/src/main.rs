//! overt's collector: receives events over PostHog's capture protocol, and counters in PACE's form; keeps both in
//! SQLite, shows what came, and writes the counters to Graphite.
//!
//! This file reads the command line and says what failed: one line on stderr, status 1. What the line may not say is
//! status 2, from clap.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::as_conversions)
)]

mod batch;
mod counters;
mod encoding;
mod event;
mod field;
mod graphite;
mod ingest;
mod keys;
mod limits;
mod operator;
mod posthog;
mod posthog_v1;
mod refusal;
mod report;
mod serve;
mod server;
mod store;
mod text;
mod time;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use serde::Serialize;

use crate::keys::Keys;
use crate::limits::Limits;
use crate::store::Reader;

/// Receives usage telemetry, keeps it in a SQLite file, and writes counters to Graphite.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Receive events until SIGTERM or SIGINT.
    Serve {
        /// Address and port; port 0 takes a free one, which is printed.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8990")]
        listen: SocketAddr,
        /// The database; made if it is not there.
        #[arg(long, value_name = "FILE", default_value = "overt.db")]
        db: PathBuf,
        /// Accept only this API key; may be given more than once. Without it any key is accepted.
        #[arg(long = "api-key", value_name = "KEY", value_parser = api_key)]
        api_keys: Vec<String>,
        /// How long a request's body may take.
        #[arg(long, value_name = "SECONDS", default_value_t = limits::BODY_TIMEOUT.as_secs(), value_parser = clap::value_parser!(u64).range(1..=3600))]
        body_timeout: u64,
        #[command(flatten)]
        graphite: graphite::Options,
    },
    /// Print the events that came last, the newest at the end.
    Events {
        /// The database.
        #[arg(long, value_name = "FILE", default_value = "overt.db")]
        db: PathBuf,
        /// How many at most.
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
        /// Only events of this name.
        #[arg(long, value_name = "NAME")]
        event: Option<String>,
        /// One JSON object a line, with everything that is stored.
        #[arg(long)]
        json: bool,
    },
    /// Print the counters, by command and exit code.
    Counters {
        /// The database.
        #[arg(long, value_name = "FILE", default_value = "overt.db")]
        db: PathBuf,
        /// One JSON object a line: the latest document of each installation.
        #[arg(long)]
        json: bool,
    },
    /// Print totals, by event and by app, and of the counters.
    Summary {
        /// The database.
        #[arg(long, value_name = "FILE", default_value = "overt.db")]
        db: PathBuf,
        /// One JSON object, with every name.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve { listen, db, api_keys, body_timeout, graphite } => {
            let keys = if api_keys.is_empty() { Keys::Any } else { Keys::Only(api_keys) };
            let limits = Limits { body_timeout: Duration::from_secs(body_timeout), ..Limits::default() };
            serve::run(serve::Options { listen, db, keys, limits, graphite })
        }
        Command::Events { db, limit, event, json } => {
            events(&db, limit, event.as_deref(), json).and_then(|text| print(&text))
        }
        Command::Counters { db, json } => counters(&db, json).and_then(|text| print(&text)),
        Command::Summary { db, json } => summary(&db, json).and_then(|text| print(&text)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            operator::tell(error);
            ExitCode::FAILURE
        }
    }
}

fn events(db: &Path, limit: u32, name: Option<&str>, json: bool) -> Result<String, String> {
    let events =
        Reader::open(db).and_then(|reader| reader.latest(limit, name)).map_err(|error| cannot_read(db, &error))?;
    if json { lines(&events) } else { Ok(report::events(&events)) }
}

fn counters(db: &Path, json: bool) -> Result<String, String> {
    let reader = Reader::open(db).map_err(|error| cannot_read(db, &error))?;
    if json {
        return lines(&reader.installations().map_err(|error| cannot_read(db, &error))?);
    }
    reader.by_command().map(|rows| report::counters(&rows)).map_err(|error| cannot_read(db, &error))
}

fn summary(db: &Path, json: bool) -> Result<String, String> {
    let summary = Reader::open(db).and_then(|mut reader| reader.summary()).map_err(|error| cannot_read(db, &error))?;
    if json { lines(&[summary]) } else { Ok(report::summary(&summary)) }
}

fn lines(values: &[impl Serialize]) -> Result<String, String> {
    let lines = values.iter().map(|value| report::line(value).map(|line| line + "\n"));
    lines.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

fn cannot_read(db: &Path, error: &store::Error) -> String {
    format!("cannot read {}: {error}", db.display())
}

/// A reader that has seen enough, such as `head`, is no failure.
fn print(text: &str) -> Result<(), String> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("cannot write to stdout: {error}")),
        _ => Ok(()),
    }
}

fn api_key(text: &str) -> Result<String, String> {
    let key = text.trim();
    match key.len() {
        0 => Err("an API key must not be empty".to_owned()),
        length if length > limits::API_KEY_BYTES => {
            Err(format!("an API key has at most {} bytes", limits::API_KEY_BYTES))
        }
        _ => Ok(key.to_owned()),
    }
}
