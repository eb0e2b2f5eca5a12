//! The end of a process that may take some time: one budget, and less of it while it is of no use.

mod common;

use common::{PATIENCE, client, config};
use overt::{Config, ErrorKind};
use overt_tests::{Answer, Server, refused_url};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

fn exiting(url: &str, dir: &Path) -> Config {
    let mut config = config(url, dir);
    config.exit_timeout = PATIENCE;
    config.max_retries = 0;
    config
}

/// What the file beside the spool counts.
fn exits_in_vain(dir: &Path) -> Option<u32> {
    let spool = std::fs::read_dir(dir.join("spool")).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(spool.join("cooldown")).ok()?;
    text.split(' ').next().unwrap().parse().ok()
}

#[test]
fn exits_in_vain_are_counted_until_one_delivers() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::with_answers([503, 503].map(Answer::Status));
    for in_vain in 1..=2 {
        client(exiting(&server.url, dir.path())).capture_event("run", &json!({})).unwrap();
        assert_eq!(exits_in_vain(dir.path()), Some(in_vain));
    }
    client(exiting(&server.url, dir.path())).capture_event("run", &json!({})).unwrap();
    assert_eq!(exits_in_vain(dir.path()), None);
    assert_eq!(server.requests().last().unwrap().events().len(), 3);
}

#[test]
fn all_waits_of_an_exit_have_one_budget() {
    let (server, dir) = (Server::with_answers([Answer::Silence, Answer::Silence]), tempfile::tempdir().unwrap());
    let mut config = exiting(&server.url, dir.path());
    config.exit_timeout = Duration::from_millis(300);
    let begun = Instant::now();
    let client = client(config);
    client.capture_event("run", &json!({})).unwrap();
    assert_eq!(client.wait_at_exit(&|| true).unwrap_err().kind(), ErrorKind::Timeout);
    assert!(begun.elapsed() >= Duration::from_millis(281), "the first wait has all but a sixteenth of it");
    client.capture_event("late", &json!({})).unwrap();
    // Later waits have nothing: they do not even ask whether to go on.
    client.wait_at_exit(&|| panic!("it waits")).unwrap();
    drop(client);
    assert_eq!(exits_in_vain(dir.path()), Some(1), "one exit, however often it waited");
}

#[test]
fn who_captured_nothing_waits_for_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut earlier = config(&refused_url(), dir.path());
    earlier.background = false;
    client(earlier).capture_event("run", &json!({})).unwrap();
    client(exiting(&refused_url(), dir.path())).wait_at_exit(&|| panic!("it waits")).unwrap();
    assert_eq!(exits_in_vain(dir.path()), None);
}

#[test]
fn whoever_has_had_enough_of_waiting_is_not_made_to_wait_again() {
    let (server, dir) = (Server::with_answers([Answer::Silence]), tempfile::tempdir().unwrap());
    let mut config = exiting(&server.url, dir.path());
    config.timeout = PATIENCE;
    let client = client(config);
    client.capture_event("run", &json!({})).unwrap();
    client.wait_at_exit(&|| false).unwrap_err();
    client.wait_at_exit(&|| panic!("it waits")).unwrap();
    assert!(client.begin_exit().is_zero());
    drop(client);
    assert_eq!(exits_in_vain(dir.path()), Some(1));
}

#[test]
fn a_client_that_was_closed_before_has_not_waited_in_vain() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let client = client(exiting(&server.url, dir.path()));
    client.capture_event("run", &json!({})).unwrap();
    client.close(Duration::ZERO).unwrap();
    drop(client);
    assert_eq!((server.requests().len(), exits_in_vain(dir.path())), (0, None));
}

#[test]
fn without_a_budget_nothing_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(&refused_url(), dir.path());
    client(config).capture_event("run", &json!({})).unwrap();
    assert_eq!(exits_in_vain(dir.path()), None);
}
