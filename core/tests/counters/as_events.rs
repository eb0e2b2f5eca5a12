//! Without an endpoint for documents the counts go as events: by how much each has grown, once an interval.

use super::{ID, PACE, config as never, names, put};
use crate::common::{self, PATIENCE, child};
use overt::{Client, Clock, Config, Counted, HttpTransport, Timestamp, Variables};
use overt_tests::Server;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const PROCESSES: usize = 20;

fn config(url: &str, dir: &Path) -> Config {
    let mut config = never(dir);
    config.endpoint = url.into();
    config.enrich = false;
    config.counters_interval = Some(Duration::from_secs(3_600));
    config
}

#[derive(Clone)]
struct Moved(Arc<AtomicU64>);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        let micros = i64::try_from(self.0.load(Ordering::Relaxed)).unwrap() * 1_000_000;
        Timestamp::from_unix_micros(micros).unwrap()
    }
}

/// A run of the tool at this second; what waits to be sent afterwards.
fn run_at(second: u64, config: &Config, path: &str, code: i32) -> Vec<Value> {
    let clock = Box::new(Moved(Arc::new(AtomicU64::new(second))));
    let transport = Box::new(HttpTransport::new(config.timeout, config.connect_timeout, &Variables::default()));
    let client = Client::with_parts(config.clone(), Variables::default(), clock, transport).unwrap();
    assert_eq!(client.record_command(path, code).unwrap(), Counted::Counted);
    client.pending().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Command, code and growth.
fn growths(events: &[Value]) -> Vec<Value> {
    let growth = |event: &Value| {
        let properties = &event["properties"];
        json!([properties["command"], properties["exit_code"], properties["count"]])
    };
    events.iter().filter(|event| event["event"] == "overt_commands").map(growth).collect()
}

#[test]
fn a_report_follows_the_first_count_of_an_interval() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), PACE);
    let config = config("http://127.0.0.1:9", dir.path());
    let events = run_at(1_795_198_236, &config, "pace version", 3);
    let all = json!([
        ["pace get data-policy", 0, 2],
        ["pace get data-policy", 1, 7],
        ["pace version", 0, 1],
        ["pace version", 3, 1]
    ]);
    assert_eq!(Value::from(growths(&events)), all);
    assert_eq!((&events[0]["distinct_id"], &events[0]["timestamp"]), (&json!(ID), &json!("2026-11-20T18:10:36.000Z")));
    assert_eq!(events[0]["properties"]["$app_version"], "v1.16.0");

    assert_eq!(run_at(1_795_201_835, &config, "pace version", 0).len(), 4, "not before the interval is over");
    let events = run_at(1_795_201_836, &config, "pace version", 0);
    assert_eq!(growths(&events[4..]), [json!(["pace version", 0, 2])]);
    let uuids: std::collections::BTreeSet<_> = events.iter().map(|event| event["uuid"].to_string()).collect();
    assert_eq!(uuids.len(), 5);
}

#[test]
fn what_finds_no_room_follows_with_the_next_report() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), PACE);
    let mut narrow = config("http://127.0.0.1:9", dir.path());
    narrow.max_spool_events = 2;
    narrow.report_losses = false;
    let before = run_at(1_000, &narrow, "pace get data-policy", 0);
    assert_eq!(growths(&before), [json!(["pace get data-policy", 0, 3]), json!(["pace get data-policy", 1, 7])]);
    let mut wide = config("http://127.0.0.1:9", dir.path());
    wide.report_losses = false;
    let after = run_at(4_600, &wide, "pace get data-policy", 0);
    assert_eq!(growths(&after[2..]), [json!(["pace version", 0, 1]), json!(["pace get data-policy", 0, 1])]);
    assert_eq!(after[2]["timestamp"], "1970-01-01T00:16:40.000Z", "it is the event of that time");
}

/// One of many that count at once.
#[test]
fn one_of_many() {
    let (Ok(url), Ok(dir)) = (std::env::var("MANY_URL"), std::env::var("MANY_DIR")) else { return };
    let config = config(&url, Path::new(&dir));
    let _ = std::io::stdin().read_line(&mut String::new());
    Client::new(config).unwrap().record_command("pace", 0).unwrap();
}

#[test]
fn twenty_processes_at_once_report_each_growth_once() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    put(dir.path(), PACE);
    let place = dir.path().display().to_string();
    let all: Vec<_> = (0..PROCESSES)
        .map(|_| {
            let mut one = child("as_events::one_of_many", &[("MANY_URL", &server.url), ("MANY_DIR", &place)]);
            one.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut one in all.into_iter().map(|mut one| (one.stdin.take(), one).1).collect::<Vec<_>>() {
        assert!(one.wait().unwrap().success());
    }
    std::fs::write(dir.path().join("config/telemetry-last-upload-timestamp"), "1").unwrap();
    let last = common::client(config(&server.url, dir.path()));
    last.record_command("pace", 0).unwrap();
    last.flush(PATIENCE).unwrap();
    let events = growths(&server.events());
    let of = |path: &str| -> Vec<u64> {
        events.iter().filter(|event| event[0] == path).map(|event| event[2].as_u64().unwrap()).collect()
    };
    assert_eq!(of("pace").iter().sum::<u64>(), 1 + PROCESSES as u64, "{events:?}");
    assert_eq!(of("pace get data-policy"), [2, 7]);
    assert!(names(dir.path()).contains(&"telemetry.yaml.overt/reported.json".to_owned()));
}

#[test]
fn never_and_off_report_nothing() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), PACE);
    assert!(run_at(1_000, &never(dir.path()), "pace", 0).is_empty());
    let off = common::client_with(config("http://127.0.0.1:9", dir.path()), &[("DO_NOT_TRACK", "1")]);
    off.record_command("pace", 0).unwrap();
    assert!(off.pending().is_empty());
}
