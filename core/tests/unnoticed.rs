//! What the host must not notice: our thread takes none of its signals and is there only while there is work.

#![cfg(target_os = "linux")]

mod common;

use common::{PATIENCE, client, config};
use overt_tests::{Answer, Server};
use serde_json::json;

/// The status files of our threads.
fn our_threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let status =
        |task: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(task.unwrap().path().join("status"));
    tasks.filter_map(|task| status(task).ok()).filter(|text| text.starts_with("Name:\tovert\n")).collect()
}

#[test]
fn the_thread_takes_no_signal_and_ends_with_its_work() {
    let (server, dir) = (Server::with_answers([Answer::Silence]), tempfile::tempdir().unwrap());
    let mut config = config(&server.url, dir.path());
    config.flush_at = 1;
    config.timeout = PATIENCE;
    config.max_retries = 0;
    let client = client(config);
    assert!(our_threads().is_empty(), "no thread before there is something to send");
    client.capture_event("one", &json!({})).unwrap();
    server.wait_for_requests(1);

    // The worker, and the one that minreq starts for each request, which inherits its name and its mask.
    let threads = our_threads();
    assert!(!threads.is_empty());
    for thread in threads {
        let blocked = thread.lines().find_map(|line| line.strip_prefix("SigBlk:\t")).unwrap();
        // All but SIGKILL, SIGSTOP and the two that the C library keeps for itself.
        assert_eq!(blocked, "fffffffe7ffbfeff");
    }

    drop(server); // the silent answer breaks off, the batch is parked, nothing else waits
    client.flush(PATIENCE).unwrap_err();
    client.close(PATIENCE).unwrap_err();
    let ended = std::iter::repeat_with(std::thread::yield_now).take(10_000_000).any(|()| our_threads().is_empty());
    assert!(ended);
    assert_eq!(client.pending().len(), 1);
}
