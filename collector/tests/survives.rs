//! How a collector ends, and what is there afterwards.
#![cfg(unix)]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;

use common::{Collector, answer, batch, event, place, post_head, printed, run};

#[test]
fn what_was_answered_is_there_after_sigkill() {
    // Enough that a commit takes its time: an answer before it would be found out.
    const EVENTS: u32 = 3_000;
    let place = place();
    let mut expected = 0;
    for round in 0..3 {
        let collector = Collector::start(&place.db, &[]);
        assert_eq!(collector.stored(), expected);
        let events: Vec<String> = (0..EVENTS).map(|n| event(round * EVENTS + n, "{}")).collect();
        let answer = collector.post_batch(&batch(&events));
        collector.kill();
        assert_eq!(answer.status, 200);
        expected += u64::from(EVENTS);
        // A reader sees it too, before any collector has tidied up.
        let summary = printed("summary", &place.db, &[]);
        assert!(summary.starts_with(&format!("events      {expected}\n")), "{summary}");
    }
}

#[test]
fn a_database_that_fails_is_a_503_and_not_a_loss() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    let body = batch(&[event(1, "{}")]);
    let vandal = rusqlite::Connection::open(&place.db).unwrap();
    vandal.execute_batch("ALTER TABLE events RENAME TO gone").unwrap();
    let refused = collector.post_batch(&body);
    assert_eq!((refused.status, &refused.body["rule"]), (503, &"store".into()));
    assert!(refused.head.contains("\r\nretry-after: 1"), "{}", refused.head);

    vandal.execute_batch("ALTER TABLE gone RENAME TO events").unwrap();
    assert_eq!(collector.post_batch(&body).status, 200);
    assert_eq!(collector.stored(), 1);
}

#[test]
fn sigterm_lets_a_request_that_has_begun_finish() {
    for signal in ["-TERM", "-INT"] {
        let place = place();
        let collector = Collector::start(&place.db, &[]);
        let body = batch(&[event(1, "{}")]);
        let mut socket = collector.connect();
        let head = post_head("/batch/", "Expect: 100-continue\r\n", body.len());
        socket.write_all(head.as_bytes()).unwrap();
        // The server asks for the body, so it is within the request.
        let mut go_on = [0; 25];
        socket.read_exact(&mut go_on).unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        // An idle connection must not hold up the end.
        let idle = collector.connect();

        collector.signal(signal);
        // Once it takes no more connections, it has heard the signal.
        while TcpStream::connect(&collector.address).is_ok() {
            std::thread::yield_now();
        }
        socket.write_all(body.as_bytes()).unwrap();
        assert_eq!(answer(socket).status, 200);
        assert!(collector.wait().success());
        drop(idle);

        // Closed in order: the log is in the database. (Asked first, for a reader leaves an empty one.)
        assert!(!place.db.with_extension("db-wal").exists());
        assert_eq!(printed("events", &place.db, &["--json"]).lines().count(), 1);
    }
}

#[test]
fn a_collector_that_cannot_start_says_why_in_one_line() {
    let place = place();
    let missing = place.db.with_file_name("missing").join("events.db");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (db, options, expected) in [
        (&missing, vec!["--listen", "127.0.0.1:0"], "cannot open"),
        (&place.db, vec!["--listen", &address], "cannot listen on"),
    ] {
        let output = run("serve", db, &options);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.starts_with(&format!("overt-collector: {expected}")), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(output.stdout.is_empty());
    }
}
