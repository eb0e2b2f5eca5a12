//! The spool under fire: damage, a full disk, a directory that is taken away, a wrong clock, a crowd of processes. What was
//! acknowledged arrives, once by its UUID. The figures of docs/reliability.md are printed by these tests.

#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;

mod clock;
mod crowd;
mod damage;
mod full_disk;
mod taken_away;

use overt::{Capture, Client, Clock, Config, HttpTransport, Timestamp, Variables};
use overt_tests::Server;
use serde_json::json;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A configuration that delivers only when it is asked, of small events.
fn config(url: &str, state_dir: &Path) -> Config {
    let mut config = common::config(url, state_dir);
    config.background = false;
    config.enrich = false;
    config
}

/// Captures an event; its UUID if it was acknowledged.
fn capture(client: &Client) -> Option<String> {
    match client.capture_event("run", &json!({})) {
        Ok(Capture::Recorded(uuid)) => Some(uuid.to_string()),
        _ => None,
    }
}

/// How often each UUID has arrived.
fn arrivals(server: &Server) -> HashMap<String, usize> {
    let mut times = HashMap::new();
    for event in server.events() {
        *times.entry(event["uuid"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    times
}

/// Delivers what waits, as a later run of the tool does, and checks that all of these have now arrived, each once.
fn assert_all_arrive(acknowledged: &[String], server: &Server, dir: &Path) {
    common::client(config(&server.url, dir)).flush(common::PATIENCE).unwrap();
    assert_arrived(acknowledged, server);
}

fn assert_arrived(acknowledged: &[String], server: &Server) {
    let times = arrivals(server);
    let missing: Vec<_> = acknowledged.iter().filter(|uuid| !times.contains_key(*uuid)).collect();
    assert!(missing.is_empty(), "{} of {} are missing: {missing:?}", missing.len(), acknowledged.len());
    let doubled: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
}

/// The one spool below a state directory.
fn spool(dir: &Path) -> PathBuf {
    std::fs::read_dir(dir.join("spool")).unwrap().next().unwrap().unwrap().path()
}

/// The segments of the one spool below a state directory.
fn segments(dir: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(spool(dir)).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.to_str().unwrap().ends_with(".v1.jsonl")).collect()
}

/// A clock that the test moves.
#[derive(Clone)]
struct Moved(Arc<AtomicU64>);

impl Moved {
    fn now() -> Self {
        Self(Arc::new(AtomicU64::new(overt::SystemClock.now().unix_millis())))
    }

    fn forward(&self, by: Duration) {
        self.0.fetch_add(by.as_millis() as u64, Ordering::Relaxed);
    }

    fn back(&self, by: Duration) {
        self.0.fetch_sub(by.as_millis() as u64, Ordering::Relaxed);
    }
}

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.0.load(Ordering::Relaxed) as i64 * 1_000).unwrap()
    }
}

fn client_at(clock: &Moved, config: Config) -> Client {
    let transport = Box::new(HttpTransport::new(config.timeout, config.connect_timeout, &Variables::default()));
    Client::with_parts(config, Variables::default(), Box::new(clock.clone()), transport).unwrap()
}
