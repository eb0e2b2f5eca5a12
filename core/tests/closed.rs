//! Once `close` has returned nothing more goes out, and what was on its way stays for a later process.

mod common;

use common::{Moved, PATIENCE, client, client_at, config};
use overt::{Client, Storage};
use overt_tests::{Answer, Reply, Server};
use serde_json::json;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// A client delivers three events, one a request, and is closed while the first of them is answered. Returns when nothing of
/// it is left, its thread included.
fn close_during_the_first_request(in_memory: bool, dir: &Path) -> Server {
    let closed = Arc::new(OnceLock::<Arc<Client>>::new());
    let (of_server, spool) = (Arc::clone(&closed), dir.join("spool"));
    let server = Server::with_answers([Answer::made(move |_| {
        if in_memory {
            std::fs::remove_file(&spool).unwrap(); // the disk takes it now
        }
        of_server.get().unwrap().close(Duration::ZERO).unwrap();
        Reply { status: 200, ..Reply::default() }
    })]);
    let mut config = config(&server.url, dir);
    config.flush_at = 3;
    config.max_batch_bytes = config.max_event_bytes + 1024;
    let large = json!({"text": "x".repeat(config.max_event_bytes - 1024)});
    if in_memory {
        std::fs::write(dir.join("spool"), "a file, where the spools' directory would be").unwrap();
    }
    let clock = Moved::new();
    let client = Arc::new(client_at(&clock, config));
    closed.set(Arc::clone(&client)).ok().unwrap();
    for name in ["one", "two", "three"] {
        client.capture_event(name, &large).unwrap();
    }
    assert_eq!(client.stats().storage, if in_memory { Storage::Memory } else { Storage::Disk });
    drop((client, closed));
    let begun = Instant::now();
    while clock.is_in_use() && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(!clock.is_in_use(), "the thread has ended");
    server
}

#[test]
fn a_pass_that_is_under_way_begins_no_further_request() {
    for in_memory in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let server = close_during_the_first_request(in_memory, dir.path());
        assert_eq!(server.requests().len(), 1, "in memory: {in_memory}");
        let next = client(config(&server.url, dir.path()));
        assert_eq!(next.pending().len(), 2, "in memory: {in_memory}");
        next.flush(PATIENCE).unwrap();
        let names: Vec<_> = server.events().iter().map(|event| event["event"].to_string()).collect();
        assert_eq!(names, ["\"one\"", "\"two\"", "\"three\""], "each once");
    }
}
