//! A host that wants to be alone for a moment: no thread of ours, whatever it was doing, and nothing is lost by it.

#![cfg(target_os = "linux")]

mod common;

use common::{PATIENCE, client, config};
use overt_tests::{Answer, Server};
use serde_json::json;
use std::time::Duration;

/// Threads of overt's in this process; each test is a process's only one.
fn threads() -> usize {
    let names = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    names.filter(|task| std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name == "overt\n")).count()
}

#[test]
fn a_request_is_broken_off_and_made_again() {
    let (server, dir) = (Server::with_answers([Answer::Silence]), tempfile::tempdir().unwrap());
    let mut config = config(&server.url, dir.path());
    config.timeout = Duration::from_secs(3600);
    config.flush_at = 1;
    let client = client(config);
    client.capture_event("run", &json!({})).unwrap();
    server.wait_for_requests(1);
    assert!(client.hold_thread(PATIENCE));
    assert_eq!(threads(), 0, "not even a moment longer");
    client.capture_event("meanwhile", &json!({})).unwrap();
    assert_eq!(threads(), 0);
    client.release_thread();
    client.flush(PATIENCE).unwrap();
    let requests = server.requests();
    assert_eq!(requests[0].events()[0]["uuid"], requests[1].events()[0]["uuid"]);
    let delivered: usize = requests[1..].iter().map(|request| request.events().len()).sum();
    assert_eq!((delivered, client.losses().len()), (2, 0));
}
