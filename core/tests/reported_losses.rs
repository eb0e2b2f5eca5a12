//! Losses are reported: once, by an event of their own, in a process after the one that lost them.

mod common;

use common::{PATIENCE, client, config};
use overt::{Capture, Client, Clock, Config, HttpTransport, LossReason, Timestamp, Variables};
use overt_tests::{Answer, Server};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const DAY_MS: u64 = 86_400_000;

/// A client that sends when it is told to and whose spool takes two events.
fn small(url: &str, dir: &Path) -> Config {
    let mut config = config(url, dir);
    config.background = false;
    config.max_spool_events = 2;
    config
}

/// A run that captures three events, of which the last is lost, and delivers the rest.
fn losing_run(server: &Server, dir: &Path) {
    let client = client(small(&server.url, dir));
    for _ in 0..2 {
        client.capture_event("run", &json!({})).unwrap();
    }
    let lost = client.capture_event("run", &json!({})).unwrap();
    assert_eq!(lost, Capture::Dropped(Some(LossReason::SpoolFull)));
    client.flush(PATIENCE).unwrap();
}

/// A run that captures one event and delivers what waits.
fn run(config: Config) {
    let client = client(config);
    client.capture_event("run", &json!({})).unwrap();
    client.flush(PATIENCE).unwrap();
}

fn reports(server: &Server) -> Vec<Value> {
    server.events().into_iter().filter(|event| event["event"] == "overt_losses").collect()
}

#[test]
fn a_later_process_reports_totals_once() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    losing_run(&server, dir.path());
    assert_eq!((reports(&server).len(), server.requests().len()), (0, 1), "not the process that lost it");
    for _ in 0..2 {
        run(small(&server.url, dir.path()));
    }
    let [first] = reports(&server).try_into().expect("one report");
    assert_eq!(first["properties"]["spool_full"], 1);
    assert_eq!(first["distinct_id"], server.events()[0]["distinct_id"]);
    assert_eq!(first["properties"]["$app_version"], "1.2.3");

    let refusing = Server::with_answers([Answer::Status(400)]);
    // Its first event goes along with what another process lost meanwhile: the spool of another destination is another one.
    run(small(&refusing.url, dir.path()));
    assert_eq!(reports(&refusing).len(), 0);
    run(small(&refusing.url, dir.path()));
    assert_eq!(reports(&refusing)[0]["properties"]["refused"], 1);

    losing_run(&server, dir.path());
    run(small(&server.url, dir.path()));
    let [_, second] = reports(&server).try_into().expect("another report");
    assert_eq!(second["properties"]["spool_full"], 2);
    assert_ne!(second["uuid"], first["uuid"]);
}

#[test]
fn processes_that_report_the_same_at_once_report_one_event() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    losing_run(&server, dir.path());
    let reported = || {
        let spool = std::fs::read_dir(dir.path().join("spool")).unwrap().next().unwrap().unwrap().path();
        spool.join("reported")
    };
    run(small(&server.url, dir.path()));
    // As if the second process had looked before the first one wrote this.
    std::fs::remove_file(reported()).unwrap();
    run(small(&server.url, dir.path()));
    let uuids: Vec<_> = reports(&server).iter().map(|report| report["uuid"].clone()).collect();
    assert_eq!(uuids.len(), 2);
    assert_eq!(uuids[0], uuids[1]);
}

#[test]
fn it_can_be_switched_off_and_dropped() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    losing_run(&server, dir.path());
    let mut silent = small(&server.url, dir.path());
    silent.report_losses = false;
    run(silent);
    let seen = Arc::new(AtomicU64::new(0));
    for _ in 0..2 {
        let count = Arc::clone(&seen);
        let drop_reports = move |line: &str| {
            let is_report = line.contains("\"event\":\"overt_losses\"");
            count.fetch_add(u64::from(is_report), Ordering::Relaxed);
            (!is_report).then(|| line.to_owned())
        };
        let mut dropping = small(&server.url, dir.path());
        dropping.before_send = Some(Arc::new(drop_reports));
        run(dropping);
    }
    assert_eq!(reports(&server).len(), 0);
    assert_eq!(seen.load(Ordering::Relaxed), 1, "what was dropped is not made again");
}

struct At(Arc<AtomicU64>);

impl Clock for At {
    fn now(&self) -> Timestamp {
        Timestamp::from(std::time::UNIX_EPOCH + Duration::from_millis(self.0.load(Ordering::Relaxed)))
    }
}

#[test]
fn a_process_that_lives_for_days_reports_once_a_day() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let time = Arc::new(AtomicU64::new(1_795_198_236_493));
    let config = small(&server.url, dir.path());
    let transport = Box::new(HttpTransport::new(config.timeout, config.connect_timeout, &Variables::default()));
    let client = Client::with_parts(config, Variables::default(), Box::new(At(Arc::clone(&time))), transport).unwrap();
    for day in 0..3_u64 {
        for _ in 0..3 {
            let _ = client.capture_event("run", &json!({})).unwrap();
        }
        client.flush(PATIENCE).unwrap();
        assert_eq!(reports(&server).len() as u64, day, "each day reports the losses of the days before");
        time.fetch_add(DAY_MS, Ordering::Relaxed);
    }
}

#[test]
fn what_was_sent_is_forgotten_where_nobody_is_to_keep_it() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    run(config(&server.url, dir.path()));
    let mut not_keeping = config(&server.url, dir.path());
    not_keeping.keep_sent = false;
    let first = client(not_keeping);
    assert_eq!(first.sent().len(), 1);
    first.capture_event("run", &json!({})).unwrap();
    // Delivered by whoever looks after the tool's telemetry: the `overt` command, an uploader.
    drop(first);
    let [stored] = Config::stored("scenario", Some(dir.path())).unwrap().try_into().expect("one destination");
    let other = client(stored);
    other.flush(PATIENCE).unwrap();
    assert_eq!((server.events().len(), other.sent().len()), (2, 0));
}
