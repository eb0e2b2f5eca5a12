//! What a Graphite gets to see. HTTP by a real server that records; Carbon's plaintext by a real socket. That a real
//! Graphite understands it is proved in `tests/graphite/` of the repository.

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use common::{Collector, Place, document, place, printed, program, runs, uuid};
use overt_tests::{Answer, Recorded, Server};
use serde_json::{Value, json};

const EVERY_SECOND: [&str; 2] = ["--graphite-interval", "1"];

fn url(server: &Server) -> String {
    format!("{}/graphite/metrics", server.url)
}

/// A collector that has counted five runs already and writes them to this place.
fn collector(place: &Place, graphite: &str, options: &[&str]) -> Collector {
    let before = Collector::start(&place.db, &[]);
    assert_eq!(before.post_document(&document(1, "v1", &runs("pace get", 5))).text, "OK");
    before.kill();
    Collector::start(&place.db, &[&["--graphite", graphite], &EVERY_SECOND[..], options].concat())
}

fn summary(db: &Path) -> Value {
    let summary: Value = serde_json::from_str(&printed("summary", db, &["--json"])).unwrap();
    summary["counters"].clone()
}

fn slots(requests: &[Recorded]) -> Vec<i64> {
    requests.iter().map(|request| request.json()[0]["time"].as_i64().unwrap()).collect()
}

#[test]
fn http_gets_the_array_that_grafana_cloud_takes() {
    let (place, server) = (place(), Server::start());
    let file = place.db.with_file_name("credentials");
    fs::write(&file, "Basic 12345:glc_s3cret\n").unwrap();
    let _collector = collector(&place, &url(&server), &["--graphite-credentials", file.to_str().unwrap()]);
    let request = &server.wait_for_requests(1)[0];
    let time = request.json()[0]["time"].as_i64().unwrap();
    let now = request.arrived.1.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(time <= i64::try_from(now).unwrap());
    let id = format!("id={}", uuid(1));
    let point = |name: &str, value: u64, tags: &[&str]| json!({"name": name, "interval": 1, "value": value, "time": time, "tags": tags});
    assert_eq!(
        request.json(),
        json!([
            point("pace.cli.command_installations", 1, &["command_0=get"]),
            point("pace.cli.installations", 1, &["cli_version=v1", "operating_system=linux"]),
            point(
                "pace.cli.invocations",
                5,
                &["cli_version=v1", "command_0=get", "exit_code=0", &id, "operating_system=linux"]
            ),
        ])
    );
    let header = |name: &str| request.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/graphite/metrics"));
    assert_eq!(header("authorization"), Some("Basic MTIzNDU6Z2xjX3MzY3JldA=="));
    assert_eq!(header("content-type"), Some("application/json"));
}

#[test]
fn credentials_may_come_from_the_environment_and_are_never_printed() {
    let (place, server) = (place(), Server::with_url(|_| (vec![], Answer::Status(401))));
    let mut program = program();
    program.env("OVERT_GRAPHITE_CREDENTIALS", "Bearer 12345:s3cret").stderr(Stdio::piped());
    let collector = Collector::start_as(program, &place.db, &["--graphite", &url(&server), "--graphite-interval", "1"]);
    assert_eq!(collector.post_document(&document(1, "v1", &runs("pace get", 5))).text, "OK");
    let requests = server.wait_for_requests(2);
    assert!(requests[0].headers.contains(&("authorization".to_owned(), "Bearer 12345:s3cret".to_owned())));
    let said = collector.end_and_stderr();
    assert_eq!(said, "overt-collector: graphite: it answered 401; points are kept until it takes them\n");
}

#[test]
fn http_that_was_away_gets_every_slot() {
    let place = place();
    let server = Server::with_answers([Answer::Status(503), Answer::HangUp, Answer::Status(429)]);
    let collector = collector(&place, &url(&server), &[]);
    let refused = slots(&server.wait_for_requests(3)[..3]);
    assert!(refused.iter().all(|slot| *slot == refused[0]), "each attempt begins with the oldest: {refused:?}");
    // In the one that is taken, all slots since then are there.
    let taken = server.wait_for_requests(5)[3].json();
    let times: Vec<i64> = taken.as_array().unwrap().iter().map(|point| point["time"].as_i64().unwrap()).collect();
    let expected: Vec<i64> = (refused[0]..=*times.last().unwrap()).flat_map(|slot| [slot; 3]).collect();
    assert!(times.len() > 3, "{times:?}");
    assert_eq!(times, expected);
    // And what is taken is not sent again.
    let next = server.wait_for_requests(6)[4].json()[0]["time"].as_i64().unwrap();
    assert_eq!(next, times.last().unwrap() + 1);
    assert_eq!(summary(&place.db)["graphite_dropped_slots"], 0);
    drop(collector);
}

#[test]
fn a_body_that_is_too_large_is_halved_and_what_is_refused_is_counted() {
    let place = place();
    let server = Server::with_answers([Answer::Status(413), Answer::Status(413), Answer::Status(400)]);
    let _collector = collector(&place, &url(&server), &[]);
    let sizes: Vec<usize> =
        server.wait_for_requests(4).iter().map(|request| request.json().as_array().unwrap().len()).collect();
    // Of three the first half is one; alone it is refused, and so is what the server does not understand.
    assert_eq!(sizes[..4], [3, 1, 2, 3]);
    assert_eq!(summary(&place.db)["graphite_refused_points"], 3);
}

#[test]
fn no_more_series_than_allowed_reach_it() {
    let (place, server) = (place(), Server::start());
    let _collector = collector(&place, &url(&server), &["--graphite-series", "2", "--graphite-without-id"]);
    let points = server.wait_for_requests(1)[0].json();
    assert_eq!(points.as_array().unwrap().len(), 2);
    let summary = summary(&place.db);
    assert_eq!((&summary["graphite_series"], &summary["graphite_series_over_limit"]), (&json!(2), &json!(1)));
}

#[test]
fn without_graphite_what_waits_is_forgotten_since_nobody_can_tell_what_was_true() {
    let place = place();
    let gone = overt_tests::refused_url();
    let away = collector(&place, &gone, &[]);
    let waits = |db: &Path| summary(db)["graphite_seconds_behind"].as_u64().unwrap() > 0;
    while !waits(&place.db) {
        thread::yield_now();
    }
    away.kill();
    assert!(waits(&place.db));
    drop(Collector::start(&place.db, &[]));
    assert!(!waits(&place.db));
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (socket, _) = listener.accept().unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    socket
}

fn lines(socket: &TcpStream) -> impl Iterator<Item = String> {
    BufReader::new(socket.try_clone().unwrap()).lines().map(Result::unwrap)
}

/// Slot and value of a line of `invocations`.
fn point(line: &str) -> Option<(i64, u64)> {
    let rest =
        line.strip_prefix("pace.cli.invocations;cli_version=v1;command_0=get;exit_code=0;operating_system=linux ")?;
    let (value, slot) = rest.split_once(' ')?;
    Some((slot.parse().unwrap(), value.parse().unwrap()))
}

#[test]
fn carbon_gets_lines_and_after_a_restart_what_it_may_have_lost() {
    let place = place();
    let carbon = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("tcp://{}", carbon.local_addr().unwrap());
    let collector = collector(&place, &target, &["--graphite-without-id"]);
    let first = accept(&carbon);
    let before: Vec<_> = lines(&first).filter_map(|line| point(&line)).take(2).collect();
    assert_eq!(before, [(before[0].0, 5), (before[0].0 + 1, 5)]);
    // It ends and takes along what it has not written to its disk.
    drop(first);
    assert_eq!(collector.post_document(&document(1, "v1", &runs("pace get", 6))).text, "OK");
    let second = accept(&carbon);
    let after: Vec<_> = lines(&second).filter_map(|line| point(&line)).take_while(|point| point.1 == 5).collect();
    let expected: Vec<_> = (before[0].0..).map(|slot| (slot, 5)).take(after.len()).collect();
    assert!(after.len() >= 2, "{after:?}");
    assert_eq!(after, expected);
}

#[test]
fn a_collector_ends_although_carbon_does_not_read() {
    let place = place();
    let carbon = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("tcp://{}", carbon.local_addr().unwrap());
    let collector = collector(&place, &target, &[]);
    let silent = accept(&carbon);
    collector.signal("-TERM");
    assert!(collector.wait().success());
    let mut rest = Vec::new();
    (&silent).read_to_end(&mut rest).unwrap();
    assert!(!place.db.with_extension("db-wal").exists(), "the database was not closed");
}

#[test]
fn what_cannot_work_is_refused_before_a_database_is_made() {
    let place = place();
    let file = place.db.with_file_name("credentials");
    fs::write(&file, "s3cret").unwrap();
    let file = file.to_str().unwrap();
    let missing = place.db.with_file_name("missing");
    let missing = missing.to_str().unwrap();
    for (options, status, expected) in [
        (&["--graphite", "graphite:2003"][..], 2, "tcp://HOST:PORT or https://HOST/graphite/metrics is needed"),
        (&["--graphite", "https://user:s3cret@h/"], 2, "credentials do not belong into a URL"),
        (&["--graphite-without-id"], 2, "--graphite <URL>"),
        (&["--graphite", "tcp://h", "--graphite-interval", "0"], 2, "--graphite-interval"),
        (&["--graphite", "tcp://h", "--graphite-series", "0"], 2, "a whole number from 1"),
        (&["--graphite", "tcp://h", "--graphite-credentials", file], 1, "Carbon's plaintext knows no credentials"),
        (&["--graphite", "https://h/", "--graphite-credentials", file], 1, "`Basic USER:PASSWORD` or `Bearer TOKEN`"),
        (&["--graphite", "https://h/", "--graphite-credentials", missing], 1, "cannot read the credentials in"),
    ] {
        let output = common::run("serve", &place.db, options);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{error}");
        assert!(error.contains(expected), "{options:?}: {error}");
        // What is on the command line is known to everybody; what is in the file is not.
        assert!(status == 2 || !error.contains("s3cret"), "{error}");
        assert!(!place.db.exists());
    }
    fs::write(file, "Bearer token").unwrap();
    let output = common::run("serve", &place.db, &["--graphite", "http://h/", "--graphite-credentials", file]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error, "overt-collector: credentials only go over https:// or to this machine\n");
}
