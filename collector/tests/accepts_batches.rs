//! Batches that are accepted: stored once, whatever their encoding, and unchanged.

mod common;

use std::io::Write;

use common::{Collector, batch, event, place, printed};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn an_event_that_comes_twice_is_stored_once() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    let first = collector.post_batch(&batch(&[event(1, "{}"), event(2, "{}")]));
    assert_eq!(first.status, 200);
    assert_eq!(first.body, json!({"status": "Ok", "stored": 2, "duplicates": 0}));

    // The first version of an event stands.
    let second = collector.post_batch(&batch(&[event(2, r#"{"changed":true}"#), event(3, "{}")]));
    assert_eq!(second.status, 200);
    assert_eq!(second.body, json!({"status": "Ok", "stored": 1, "duplicates": 1}));
    assert_eq!(collector.stored(), 3);
    assert!(!printed("events", &place.db, &["--json"]).contains("changed"));
}

#[test]
fn gzip_is_inflated_however_it_is_announced() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    let both = "/batch/?compression=gzip";
    for (number, path, headers) in [
        (1, "/batch/", "Content-Encoding: gzip\r\n"),
        (2, both, ""),
        (3, "/batch?compression=gzip-js", ""),
        (4, both, "Content-Encoding: gzip\r\n"),
    ] {
        let answer = collector.post(path, headers, &gzip(&batch(&[event(number, "{}")])));
        assert_eq!(answer.status, 200, "{path} {headers} {}", answer.body);
    }
    assert_eq!(collector.stored(), 4);
}

#[test]
fn big_integers_order_and_unicode_come_out_as_they_went_in() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    let properties = r#"{"z":18446744073709551616,"a":-123456789012345678901234567890,"f":1.10,"ü":"日本 👍 é \u00e9 \ud83d\ude00","e":1e2}"#;
    assert_eq!(collector.post_batch(&batch(&[event(1, properties)])).status, 200);
    let line = printed("events", &place.db, &["--json"]);
    assert!(line.contains(&format!("\"properties\":{properties}}}")), "{line}");
}

#[test]
fn the_senders_clock_is_corrected_by_its_sent_at() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    // A clock that is years slow: what happened a minute before it was sent happened a minute before it came.
    let body = batch(&[event(1, "{}")]).replacen('{', r#"{"sent_at":"2001-01-01T00:00:00Z","#, 1);
    let body = body.replace("2026-01-01T10:01:00Z", "2000-12-31T23:59:00Z");
    assert_eq!(collector.post_batch(&body).status, 200);

    let line: serde_json::Value = serde_json::from_str(&printed("events", &place.db, &["--json"])).unwrap();
    assert_eq!(line["timestamp"], "2000-12-31T23:59:00Z");
    assert_eq!(line["sent_at"], "2001-01-01T00:00:00Z");
    let (received, corrected) = (line["received_at"].as_str().unwrap(), line["corrected_at"].as_str().unwrap());
    assert!(received > "2026", "{line}");
    // Seconds and milliseconds are the same; the minute is not.
    assert_eq!(received[17..], corrected[17..]);
    assert!(corrected < received && corrected > "2026", "{line}");
}

#[test]
fn many_clients_at_once_lose_nothing_and_count_every_duplicate() {
    const THREADS: u32 = 8;
    const POSTS: u32 = 12;
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let collector = &collector;
            scope.spawn(move || {
                for post in 0..POSTS {
                    // One event of its own, one that every thread sends, and one that everybody always sends.
                    let own = 1_000 + thread * POSTS + post;
                    let answer =
                        collector.post_batch(&batch(&[event(own, "{}"), event(100 + post, "{}"), event(1, "{}")]));
                    assert_eq!(answer.status, 200, "{}", answer.body);
                }
            });
        }
    });
    let distinct = THREADS * POSTS + POSTS + 1;
    assert_eq!(collector.stored(), u64::from(distinct));
    let summary: serde_json::Value = serde_json::from_str(&printed("summary", &place.db, &["--json"])).unwrap();
    assert_eq!(summary["events"], distinct);
    assert_eq!(summary["duplicates"], 3 * THREADS * POSTS - distinct);
}
