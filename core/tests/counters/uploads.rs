//! The counts go out as one document, once an interval, whoever of many processes does it.

use super::{ID, PACE, config as without_server, count, put, run};
use crate::common::{self, PATIENCE, child};
use overt::{Client, Clock, Config, Counted, HttpTransport, Timestamp, Variables};
use overt_tests::{Answer, Reply, Server, refused_url};
use serde_json::json;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const PROCESSES: usize = 20;
const HOUR: Duration = Duration::from_secs(3_600);

/// A server that says what PACE's says.
pub fn server() -> Server {
    Server::with_url(|_| (Vec::new(), says(200, "OK", Duration::ZERO)))
}

pub fn says(status: u16, body: &'static str, after: Duration) -> Answer {
    Answer::made(move |_| Reply { status, body: body.into(), after, ..Reply::default() })
}

/// A tool without a key that uploads once an hour.
pub fn config(url: &str, dir: &Path) -> Config {
    let mut config = without_server(dir);
    config.api_key = String::new();
    config.counters_endpoint = format!("{url}/telemetry?tool=pace");
    config.counters_interval = Some(HOUR);
    config
}

fn stamp(dir: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(dir.join("config/telemetry-last-upload-timestamp")).ok()?;
    Some(text.parse().unwrap())
}

fn set_stamp(dir: &Path, seconds: u64) {
    std::fs::write(dir.join("config/telemetry-last-upload-timestamp"), seconds.to_string()).unwrap();
}

/// A clock that the test moves.
#[derive(Clone)]
struct Moved(Arc<AtomicU64>);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        let micros = i64::try_from(self.0.load(Ordering::Relaxed)).unwrap() * 1_000_000;
        Timestamp::from_unix_micros(micros).unwrap()
    }
}

/// Runs the tool at this second, and delivers.
fn run_at(second: u64, config: &Config, path: &str) {
    let clock = Moved(Arc::new(AtomicU64::new(second)));
    let transport = HttpTransport::new(config.timeout, config.connect_timeout, &Variables::default());
    let client =
        Client::with_parts(config.clone(), Variables::default(), Box::new(clock), Box::new(transport)).unwrap();
    assert_eq!(client.record_command(path, 0).unwrap(), Counted::Counted);
    client.flush(PATIENCE).unwrap();
}

#[test]
fn the_document_is_that_of_the_file() {
    let (server, dir) = (server(), tempfile::tempdir().unwrap());
    put(dir.path(), PACE);
    let mut config = config(&server.url, dir.path());
    config.extra_headers = vec![("X-Tool".into(), "pace".into())];
    run_at(1_795_198_236, &config, "pace version");
    let [request] = server.requests().try_into().unwrap();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/telemetry?tool=pace"));
    for header in [("content-type", "application/json"), ("x-tool", "pace")] {
        assert!(request.headers.contains(&(header.0.into(), header.1.into())), "{:?}", request.headers);
    }
    let expected = json!({
        "metric_points": {
            "pace get data-policy": {"0": {"cumulative_count": 2}, "1": {"cumulative_count": 7}},
            "pace version": {"0": {"cumulative_count": 2}},
        },
        "cli_version": "v1.16.0", "operating_system": "darwin", "id": ID, "schema": 1,
    });
    assert_eq!(request.json(), expected);
    assert_eq!(stamp(dir.path()), Some(1_795_198_236));
    let client = common::client(config);
    assert_eq!(client.sent_counters().unwrap().as_bytes(), request.body);
    assert_eq!(client.ledger().requests, 1);
}

#[test]
fn a_first_upload_has_the_id_that_is_stored() {
    let (server, dir) = (server(), tempfile::tempdir().unwrap());
    let config = config(&server.url, dir.path());
    run_at(1_000, &config, "pace");
    let id = common::client(config).client_id().unwrap().unwrap();
    assert_eq!(server.requests()[0].json()["id"], id);
}

#[test]
fn an_id_without_counts_is_no_document_and_takes_no_counts_time() {
    let (server, dir) = (server(), tempfile::tempdir().unwrap());
    let config = config(&server.url, dir.path());
    let client = common::client(config.clone());
    client.client_id().unwrap().unwrap();
    client.flush(PATIENCE).unwrap();
    assert!(server.requests().is_empty() && stamp(dir.path()).is_none());
    run_at(1_000, &config, "pace");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn it_goes_once_an_interval_and_goes_on_where_paces_own_stamp_says() {
    let (server, dir) = (server(), tempfile::tempdir().unwrap());
    put(dir.path(), PACE);
    set_stamp(dir.path(), 100_000);
    let config = config(&server.url, dir.path());
    for second in [100_001, 103_599, 103_600, 103_601, 107_199, 107_200, 90_000, 90_001] {
        run_at(second, &config, &format!("pace {second}"));
    }
    let requests = server.requests();
    let last = |n: usize| requests[n].json()["metric_points"].as_object().unwrap().keys().next_back().unwrap().clone();
    assert_eq!(requests.len(), 3, "the third after the clock was set back");
    assert_eq!([last(0), last(1)], ["pace version"; 2]);
    assert_eq!(requests[0].json()["metric_points"].as_object().unwrap().len(), 2 + 3);
    assert_eq!(stamp(dir.path()), Some(90_000));
}

#[test]
fn never_is_never() {
    let (server, dir) = (server(), tempfile::tempdir().unwrap());
    let mut config = config(&server.url, dir.path());
    config.counters_interval = None;
    run_at(1_000, &config, "pace");
    assert!(server.requests().is_empty() && stamp(dir.path()).is_none());
}

#[test]
fn while_telemetry_is_off_nothing_goes_out() {
    let (server, dir) = (server(), tempfile::tempdir().unwrap());
    let mut config = config(&server.url, dir.path());
    config.background = true;
    put(dir.path(), PACE);
    let client = common::client_with(config, &[("DO_NOT_TRACK", "1")]);
    client.record_command("pace", 0).unwrap();
    client.flush(PATIENCE).unwrap();
    drop(client);
    assert!(server.requests().is_empty() && stamp(dir.path()).is_none());
}

#[test]
fn a_failed_upload_waits_for_the_next_interval_and_loses_nothing() {
    for failure in [
        says(500, "OK", Duration::ZERO),
        says(200, "no", Duration::ZERO),
        says(204, "", Duration::ZERO),
        Answer::HangUp,
    ] {
        let server = Server::with_url(|_| (vec![failure], says(200, "OK\n", Duration::ZERO)));
        let dir = tempfile::tempdir().unwrap();
        let config = config(&server.url, dir.path());
        for second in [1_000, 2_000, 4_599, 4_600] {
            run_at(second, &config, "pace");
        }
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        let counted = |n: usize| requests[n].json()["metric_points"]["pace"]["0"]["cumulative_count"].clone();
        assert_eq!([counted(0), counted(1)], [1, 4]);
        let ledger = common::client(config).ledger();
        assert_eq!((ledger.requests, ledger.failures), (2, 1));
    }
}

#[test]
fn without_a_server_counting_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(&refused_url(), dir.path());
    for second in [1_000, 5_000, 9_000] {
        run_at(second, &config, "pace");
    }
    assert_eq!(count(dir.path(), "pace", 0), 3);
    assert_eq!(common::client(config).sent_counters(), None);
}

/// One of many: counts, says so, and delivers.
#[test]
fn one_of_many() {
    let (Ok(url), Ok(dir)) = (std::env::var("MANY_URL"), std::env::var("MANY_DIR")) else { return };
    let mut config = config(&url, Path::new(&dir));
    config.background = std::env::var_os("MANY_BACKGROUND").is_some();
    let _ = std::io::stdin().read_line(&mut String::new());
    let client = Client::new(config).unwrap();
    client.record_command("pace", 0).unwrap();
    client.flush(PATIENCE).unwrap();
}

#[test]
fn of_twenty_processes_one_uploads() {
    for background in [None, Some(("MANY_BACKGROUND", "1"))] {
        // Slow, so that the others come while it is at it.
        let server = Server::with_url(|_| (Vec::new(), says(200, "OK", Duration::from_millis(300))));
        let dir = tempfile::tempdir().unwrap();
        run(dir.path(), "pace", 0);
        let place = dir.path().display().to_string();
        let variables: Vec<_> =
            [("MANY_URL", server.url.as_str()), ("MANY_DIR", &place)].into_iter().chain(background).collect();
        let all: Vec<_> = (0..PROCESSES)
            .map(|_| {
                child("uploads::one_of_many", &variables).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
            })
            .collect();
        // Each begins when its input ends: all at once.
        for mut one in all.into_iter().map(|mut one| (one.stdin.take(), one).1).collect::<Vec<_>>() {
            assert!(one.wait().unwrap().success());
        }
        assert_eq!(server.requests().len(), 1);
        assert_eq!(count(dir.path(), "pace", 0), 1 + PROCESSES as u64);
    }
}

#[test]
fn a_worker_uploads_by_itself() {
    let (server, dir) = (server(), tempfile::tempdir().unwrap());
    let mut config = config(&server.url, dir.path());
    config.background = true;
    let client = common::client(config.clone());
    client.record_command("pace", 0).unwrap();
    server.wait_for_requests(1);
    client.flush(PATIENCE).unwrap();
    drop(client);
    set_stamp(dir.path(), 1);
    let _client = common::client(config);
    server.wait_for_requests(2);
}

#[test]
fn an_upload_that_is_broken_off_for_a_fork_is_made_again() {
    let server = Server::with_url(|_| (vec![Answer::Silence], says(200, "OK", Duration::ZERO)));
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&server.url, dir.path());
    config.background = true;
    config.timeout = HOUR;
    let client = common::client(config);
    client.record_command("pace", 0).unwrap();
    server.wait_for_requests(1);
    assert!(client.hold_thread(PATIENCE));
    client.release_thread();
    client.flush(PATIENCE).unwrap();
    assert_eq!(server.requests().len(), 2);
    client.flush(PATIENCE).unwrap();
    assert_eq!(server.requests().len(), 2, "once");
}

#[test]
fn events_and_counts_go_their_ways() {
    let (counts, events, dir) = (server(), Server::start(), tempfile::tempdir().unwrap());
    let mut config = config(&counts.url, dir.path());
    config.api_key = "phc_test".into();
    config.endpoint = events.url.clone();
    let client = common::client(config);
    client.capture_event("run", &json!({})).unwrap();
    client.record_command("pace", 0).unwrap();
    client.flush(PATIENCE).unwrap();
    assert_eq!(events.events()[0]["distinct_id"], counts.requests()[0].json()["id"]);
    assert_eq!((events.events().len(), counts.requests().len()), (1, 1));
}

#[test]
fn an_endpoint_that_can_be_read_on_the_way_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let config = config("http://example.com", dir.path());
    assert!(Client::new(config).unwrap_err().to_string().starts_with("counters_endpoint: "));
}
