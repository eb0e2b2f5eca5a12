//! Batches that are refused: with a status that tells the client what to do, a rule, and nothing stored.

mod common;

use std::io::Write;

use common::{Collector, answer, batch, event, place, post_head};
use flate2::Compression;
use flate2::write::GzEncoder;

const LIMIT: usize = 20 * 1024 * 1024;

#[test]
fn one_invalid_event_fails_the_whole_batch() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    let valid = event(1, "{}");
    for (invalid, rule) in [
        (valid.replace("\"ran\"", "\"\""), "event"),
        (valid.replace("\"ran\"", &format!("{:?}", "x".repeat(201))), "event"),
        (valid.replace("\"someone\"", "\"\""), "distinct_id"),
        (valid.replace("\"distinct_id\"", "\"distinct\""), "distinct_id"),
        (valid.replace("\"someone\"", &format!("{:?}", "x".repeat(201))), "distinct_id"),
        (valid.replace("\"uuid\"", "\"id\""), "uuid"),
        (valid.replace("01890a5d", "nonsense"), "uuid"),
        (valid.replace("{}", "[]"), "properties"),
        ("null".to_owned(), "event_object"),
    ] {
        let refused = collector.post_batch(&batch(&[event(2, "{}"), invalid.clone(), event(3, "{}")]));
        assert_eq!(refused.status, 400, "{invalid}");
        assert_eq!(refused.body["rule"], rule, "{invalid}");
        assert_eq!(refused.body["index"], 1, "{invalid}");
        assert!(refused.body["detail"].as_str().unwrap().starts_with("batch[1]: "), "{}", refused.body);
    }
    assert_eq!(collector.stored(), 0);
    assert_eq!(collector.post_batch(&batch(&[valid])).status, 200);
}

#[test]
fn what_is_not_a_batch_is_refused() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    assert_eq!(collector.post_batch("").body["rule"], "json");
    assert_eq!(collector.post_batch("{").body["rule"], "json");
    assert_eq!(collector.post("/batch/", "Content-Encoding: br\r\n", b"{}").body["rule"], "encoding");
    assert_eq!(collector.post("/batch/", "Content-Encoding: gzip\r\n", b"{}").body["rule"], "gzip");

    // A web page can make a browser send this, but not `application/json`.
    let mut socket = collector.connect();
    let head = post_head("/batch/", "", 2).replace("application/json", "text/plain");
    socket.write_all(head.as_bytes()).unwrap();
    socket.write_all(b"{}").unwrap();
    let refused = answer(socket);
    assert_eq!((refused.status, &refused.body["rule"]), (400, &"content_type".into()));

    assert_eq!(collector.post("/elsewhere", "", b"{}").status, 404);
    assert_eq!(collector.stored(), 0);
}

#[test]
fn only_the_given_keys_may_send() {
    let place = place();
    let collector = Collector::start(&place.db, &["--api-key", "one", "--api-key", "two"]);
    let with_key = |key: &str| batch(&[event(1, "{}")]).replace("\"key\"", key);
    for key in ["\"three\"", "\"\"", "null"] {
        let refused = collector.post_batch(&with_key(key));
        assert_eq!((refused.status, &refused.body["rule"]), (401, &"api_key".into()), "{key}");
    }
    assert_eq!(collector.stored(), 0);
    for key in ["\"one\"", "\"two\""] {
        assert_eq!(collector.post_batch(&with_key(key)).status, 200, "{key}");
    }
}

#[test]
fn without_given_keys_any_but_an_empty_one_may_send() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    let batch = batch(&[event(1, "{}")]);
    assert_eq!(collector.post_batch(&batch.replace("\"key\"", "\"\"")).status, 401);
    assert_eq!(collector.post_batch(&batch.replace("\"api_key\"", "\"token\"")).status, 401);
    assert_eq!(collector.post_batch(&batch.replace("\"key\"", "\"whatever\"")).status, 200);
}

#[test]
fn a_body_just_within_the_limit_passes_and_one_byte_more_does_not() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    let mut body = batch(&[event(1, "{}")]).into_bytes();
    body.resize(LIMIT, b' ');
    assert_eq!(collector.post("/batch/", "", &body).status, 200);
    // The client writes all of it before it reads: it must get the answer and not a reset.
    for size in [LIMIT + 1, LIMIT + LIMIT / 2] {
        body.resize(size, b' ');
        let refused = collector.post("/batch/", "", &body);
        assert_eq!((refused.status, &refused.body["rule"]), (413, &"body_size".into()));
    }
}

#[test]
fn a_small_body_that_inflates_to_a_large_one_is_refused() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(batch(&[event(1, "{}")]).as_bytes()).unwrap();
    encoder.write_all(&vec![b' '; LIMIT]).unwrap();
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 100_000);
    let refused = collector.post("/batch/", "Content-Encoding: gzip\r\n", &bomb);
    assert_eq!((refused.status, &refused.body["rule"]), (413, &"body_size".into()));
    assert_eq!(collector.stored(), 0);
}

#[test]
fn a_body_that_stalls_is_answered_408_and_holds_up_nobody() {
    let place = place();
    let collector = Collector::start(&place.db, &["--body-timeout", "1"]);
    let body = batch(&[event(1, "{}")]);
    let mut stalled = collector.connect();
    stalled.write_all(post_head("/batch/", "", body.len()).as_bytes()).unwrap();
    stalled.write_all(&body.as_bytes()[..body.len() - 1]).unwrap();

    assert_eq!(collector.post_batch(&batch(&[event(2, "{}")])).status, 200);
    let refused = answer(stalled);
    assert_eq!((refused.status, &refused.body["rule"]), (408, &"body_timeout".into()));
    assert_eq!(collector.stored(), 1);
}
