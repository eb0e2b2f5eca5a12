//! Version 1 of the protocol: a result for each event, and what is refused as a whole.

mod common;

use std::io::Write;

use common::{Collector, EVENTS, answer, event, place, post_head, printed, uuid};
use overt::Compression;
use serde_json::{Value, json};

const LIMIT: usize = 20 * 1024 * 1024;

fn batch(events: &[String]) -> String {
    format!(r#"{{"created_at":"2026-01-01T10:00:00.000Z","batch":[{}]}}"#, events.join(","))
}

#[test]
fn each_event_has_its_result_and_only_the_broken_one_is_dropped() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    let broken = event(2, "{}").replace("\"ran\"", "\"\"");
    let headers = "PostHog-Request-Id: 01890a5d-ac96-774b-bcce-0000000000ff\r\nPostHog-Attempt: 1\r\n";
    let first = collector.post_events(headers, batch(&[event(1, "{}"), broken, event(3, "{}")]).as_bytes());
    assert_eq!(first.status, 200);
    let dropped = json!({"result": "drop", "details": "event: `event` is empty"});
    let expected = json!({"results": {uuid(1): {"result": "ok"}, uuid(2): dropped, uuid(3): {"result": "ok"}}});
    assert_eq!(first.body, expected);
    assert_eq!(collector.stored(), 2);

    // What comes again is as good as stored, and the first version of it stands.
    let again = [event(3, r#"{"changed":true}"#), event(2, "{}")];
    let second = collector.post_events(headers, batch(&again).as_bytes());
    assert_eq!(second.body, json!({"results": {uuid(2): {"result": "ok"}, uuid(3): {"result": "ok"}}}));
    assert_eq!(collector.stored(), 3);
    assert!(!printed("events", &place.db, &["--json"]).contains("changed"));
}

#[test]
fn an_event_of_either_version_is_the_same_event() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    let v0 = r#"{"n":18446744073709551616,"$process_person_profile":false,"$session_id":"s"}"#;
    assert_eq!(collector.post_batch(&common::batch(&[event(1, v0)])).status, 200);
    let v1 = event(2, r#"{"n":18446744073709551616}"#);
    let beside = r#"},"options":{"process_person_profile":false},"session_id":"s"}"#;
    let v1 = v1.strip_suffix("}}").unwrap().to_owned() + beside;
    assert_eq!(collector.post_events("", batch(&[v1, event(1, "{}")]).as_bytes()).status, 200);
    assert_eq!(collector.stored(), 2);
    for line in printed("events", &place.db, &["--json"]).lines() {
        assert!(line.ends_with(&format!("\"api_key\":\"key\",\"properties\":{v0}}}")), "{line}");
    }
}

#[test]
fn the_senders_clock_is_corrected_by_the_moment_of_its_request() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    let slow = |number| event(number, "{}").replace("2026-01-01T10:01:00Z", "2000-12-31T23:59:00Z");
    let right = slow(1).replace(&uuid(1), &uuid(2)).replace("{}", r#"{},"options":{"disable_skew_correction":true}"#);
    let body = batch(&[slow(1), right]);
    let answer = collector.post_events("PostHog-Request-Timestamp: 2001-01-01T00:00:00.000Z\r\n", body.as_bytes());
    assert_eq!(answer.status, 200);

    let lines = printed("events", &place.db, &["--json"]);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["sent_at"], "2001-01-01T00:00:00.000Z");
    let (received, corrected) = (lines[0]["received_at"].as_str().unwrap(), lines[0]["corrected_at"].as_str().unwrap());
    // Seconds and milliseconds are the same; the minute is not.
    assert_eq!(received[17..], corrected[17..]);
    assert!(corrected < received && corrected > "2026", "{lines:?}");
    assert_eq!(lines[1]["corrected_at"], "2000-12-31T23:59:00.000Z");
}

#[test]
fn every_encoding_is_inflated_and_none_beyond_the_limit() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    for (number, compression) in [(1, Compression::Gzip), (2, Compression::Deflate), (3, Compression::Zstd)] {
        let header = format!("Content-Encoding: {}\r\n", compression.as_str());
        let mut plain = batch(&[event(number, "{}")]).into_bytes();
        let answer = collector.post_events(&header, &compression.pack(&plain).unwrap());
        assert_eq!((answer.status, &answer.body["results"][uuid(number)]["result"]), (200, &"ok".into()), "{header}");

        plain.resize(LIMIT + 1, b' ');
        let bomb = compression.pack(&plain).unwrap();
        assert!(bomb.len() < LIMIT / 100);
        let refused = collector.post_events(&header, &bomb);
        assert_eq!((refused.status, &refused.body["rule"]), (413, &"body_size".into()), "{header}");
        let refused = collector.post_events(&header, b"{}");
        assert_eq!((refused.status, &refused.body["rule"]), (400, &compression.as_str().into()), "{header}");
    }
    assert_eq!(collector.stored(), 3);
}

#[test]
fn what_cannot_be_read_is_refused_as_a_whole() {
    let place = place();
    let collector = Collector::start(&place.db, &["--api-key", "key"]);
    let body = batch(&[event(1, "{}")]);
    let said = |answer: common::Answer| (answer.status, answer.body["rule"].as_str().unwrap().to_owned());
    for headers in ["", "Authorization: Bearer other\r\n", "Authorization: key\r\n"] {
        assert_eq!(said(collector.post(EVENTS, headers, body.as_bytes())), (401, "api_key".into()), "{headers}");
    }
    // A key in the body is none.
    let with_key = body.replacen('{', r#"{"api_key":"key","#, 1);
    assert_eq!(said(collector.post(EVENTS, "", with_key.as_bytes())), (401, "api_key".into()));
    assert_eq!(said(collector.post_events("Content-Encoding: br\r\n", body.as_bytes())), (415, "encoding".into()));
    assert_eq!(said(collector.post_events("", b"{")), (400, "json".into()));
    assert_eq!(said(collector.post_events("", &vec![b' '; LIMIT + 1])), (413, "body_size".into()));

    let mut socket = collector.connect();
    let head = post_head(EVENTS, "Authorization: Bearer key\r\n", body.len());
    socket.write_all(head.replace("application/json", "text/plain").as_bytes()).unwrap();
    socket.write_all(body.as_bytes()).unwrap();
    assert_eq!(said(answer(socket)), (415, "content_type".into()));
    assert_eq!(collector.stored(), 0);
    assert_eq!(collector.post_events("", body.as_bytes()).status, 200);
}

#[test]
fn what_may_pass_later_says_so() {
    let place = place();
    let collector = Collector::start(&place.db, &["--body-timeout", "1"]);
    let body = batch(&[event(1, "{}")]);
    let mut stalled = collector.connect();
    stalled.write_all(post_head(EVENTS, "Authorization: Bearer key\r\n", body.len()).as_bytes()).unwrap();
    let refused = answer(stalled);
    assert_eq!((refused.status, &refused.body["rule"]), (408, &"body_timeout".into()));

    let vandal = rusqlite::Connection::open(&place.db).unwrap();
    vandal.execute_batch("ALTER TABLE events RENAME TO gone").unwrap();
    let refused = collector.post_events("", body.as_bytes());
    assert_eq!((refused.status, &refused.body["rule"]), (503, &"store".into()));
    assert!(refused.head.contains("\r\nretry-after: 1"), "{}", refused.head);
    vandal.execute_batch("ALTER TABLE gone RENAME TO events").unwrap();
    assert_eq!(collector.post_events("", body.as_bytes()).status, 200);
    assert_eq!(collector.stored(), 1);
}
