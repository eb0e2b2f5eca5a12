//! What was erased is gone for every thread and process: nothing of it goes out any more, and no event has its client ID.

mod common;

use common::{Moved, PATIENCE, client, client_at, config, files};
use overt::{Capture, Client, Config, Storage};
use overt_tests::{Answer, Reply, Server, refused_url};
use serde_json::json;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Who erases, while the first request is being answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    ThisClient,
    /// As another process does, which then records an event of its own.
    AnotherClient,
}

/// A client delivers events, one a request; while the first of them is answered with this status, somebody resets the
/// client ID. What the server has got in the end, and the client.
fn reset_during_the_first_request(
    who: Who,
    status: u16,
    in_memory: bool,
    dir: &std::path::Path,
) -> (Server, Arc<Client>) {
    if in_memory {
        std::fs::write(dir.join("spool"), "a file").unwrap(); // no spool can be made
    }
    let eraser = Arc::new(OnceLock::<Arc<Client>>::new());
    let of_server = Arc::clone(&eraser);
    let server = Server::with_answers([Answer::made(move |_| {
        let eraser = of_server.get().unwrap();
        let reset = eraser.reset_client_id();
        assert!(reset.is_ok() || in_memory, "{reset:?}"); // what lies in the spools' place cannot be erased
        if who == Who::AnotherClient {
            eraser.capture_event("another's", &json!({})).unwrap();
        }
        Reply { status, ..Reply::default() }
    })]);
    let mut config = config(&server.url, dir);
    config.background = false;
    config.max_batch_bytes = config.max_event_bytes + 1024;
    let large = json!({"text": "x".repeat(config.max_event_bytes - 1024)});
    let sender = Arc::new(client(config.clone()));
    let another = || Arc::new(client(config));
    eraser.set(if who == Who::ThisClient { Arc::clone(&sender) } else { another() }).ok().unwrap();
    for name in ["one", "two", "three"] {
        assert!(matches!(sender.capture_event(name, &large).unwrap(), Capture::Recorded(_)));
    }
    let _ = sender.flush(PATIENCE);
    (server, sender)
}

#[test]
fn a_batch_that_waits_for_its_next_attempt_does_not_go_out_after_a_reset() {
    let (this, another) = (Who::ThisClient, Who::AnotherClient);
    for (who, in_memory) in [(this, false), (another, false), (this, true), (another, true)] {
        let dir = tempfile::tempdir().unwrap();
        let (server, _sender) = reset_during_the_first_request(who, 503, in_memory, dir.path());
        assert_eq!(server.requests().len(), 1, "{who:?}, in memory: {in_memory}");
    }
}

#[test]
fn nor_do_batches_that_were_to_follow_and_nothing_is_written_about_any() {
    for who in [Who::ThisClient, Who::AnotherClient] {
        let dir = tempfile::tempdir().unwrap();
        let (server, sender) = reset_during_the_first_request(who, 200, false, dir.path());
        assert_eq!(server.requests().len(), 1, "{who:?}");
        assert!(sender.sent().is_empty(), "{who:?}: {:?}", files(dir.path()));
        let of_sender =
            files(dir.path()).into_iter().filter(|file| file.ends_with(".done") || file.ends_with("ledger.json"));
        assert_eq!(of_sender.count(), 0, "{who:?}: {:?}", files(dir.path()));

        sender.capture_event("after", &json!({})).unwrap();
        sender.flush(PATIENCE).unwrap();
        let after: Vec<_> = server.events().split_off(1).iter().map(|event| event["event"].to_string()).collect();
        let expected: &[&str] = if who == Who::ThisClient { &["\"after\""] } else { &["\"another's\"", "\"after\""] };
        assert_eq!(after, expected);
    }
}

#[test]
fn a_session_that_opens_while_the_id_is_being_erased_does_not_keep_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&refused_url(), dir.path());
    config.background = false;
    (config.client_id_path, config.client_id_key) = (Some(dir.path().join("tool.json")), "id".into());
    let client = client(config);
    let before = client.client_id().unwrap().unwrap();
    // Somebody else changes the tool's file, so that erasing the ID takes a while.
    let lock = std::fs::File::options().write(true).open(dir.path().join(".tool.json.overt-lock")).unwrap();
    lock.lock().unwrap();
    std::thread::scope(|scope| {
        let reset = scope.spawn(|| client.reset_client_id());
        let begun = Instant::now();
        while client.stats().storage != Storage::None && begun.elapsed() < PATIENCE {
            std::thread::yield_now();
        }
        client.capture_event("meanwhile", &json!({})).unwrap();
        lock.unlock().unwrap();
        let after = reset.join().unwrap().unwrap().unwrap();
        assert_ne!(after, before);
        assert_eq!(client.client_id().unwrap().unwrap(), after);
        assert!(client.pending().is_empty(), "it had the old ID");
    });
}

/// What `running`, which has written nothing yet, does after `another` has reset the client ID.
fn resets(config: &Config) -> (Client, Option<String>) {
    let clock = Moved::new();
    let running = client_at(&clock, config.clone());
    let before = running.client_id().unwrap();
    assert!(before.is_some());
    let another = client(config.clone());
    let reset = another.reset_client_id();
    another.capture_event("another's", &json!({})).unwrap();
    let after = another.client_id().unwrap();
    assert_ne!(after, before, "{reset:?}");
    clock.forward(Duration::from_millis(1_001));
    running.capture_event("after", &json!({})).unwrap();
    (running, after)
}

#[test]
fn who_has_written_nothing_yet_notices_a_reset_by_another_process() {
    let json_key = |config: &mut Config, dir: &std::path::Path| {
        (config.client_id_path, config.client_id_key) = (Some(dir.join("tool.json")), "id".into());
    };
    type Change = fn(&mut Config, &std::path::Path);
    let own_text: Change = |config, dir| config.client_id_path = Some(dir.join("own_id"));
    let counters: Change = |config, dir| config.counters_path = Some(dir.join("telemetry.yaml"));
    for change in [|_: &mut Config, _: &std::path::Path| {}, own_text, json_key, counters] {
        let dir = tempfile::tempdir().unwrap();
        let mut config = config(&refused_url(), dir.path());
        config.background = false;
        change(&mut config, dir.path());
        let (running, after) = resets(&config);
        assert_eq!(running.client_id().unwrap(), after);
        let pending = running.pending();
        let ids = pending.iter().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let ids: Vec<_> = ids.map(|event| event["distinct_id"].as_str().map(str::to_owned)).collect();
        assert_eq!(ids, [after.clone(), after]);
    }
}

#[test]
fn what_waits_in_memory_is_gone_after_a_reset_by_another_process() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let mut config = config(&server.url, dir.path());
    config.background = false;
    // No spool can be made.
    std::fs::write(dir.path().join("spool"), "a file").unwrap();
    let running = client(config.clone());
    running.capture_event("before", &json!({})).unwrap();
    assert_eq!(running.stats().storage, Storage::Memory);
    client(config).reset_client_id().unwrap_err(); // what lies there cannot be erased; the ID can
    running.flush(PATIENCE).unwrap();
    assert!(server.requests().is_empty());
    assert!(running.pending().is_empty());
}

#[test]
fn an_id_that_cannot_be_read_for_a_moment_is_not_erased() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&refused_url(), dir.path());
    config.background = false;
    let clock = Moved::new();
    let client = client_at(&clock, config);
    client.capture_event("one", &json!({})).unwrap();
    let (id, file) = (client.client_id().unwrap(), dir.path().join("client_id"));
    std::fs::rename(&file, dir.path().join("aside")).unwrap();
    std::fs::create_dir(&file).unwrap();
    clock.forward(Duration::from_secs(2));
    client.capture_event("two", &json!({})).unwrap();
    assert_eq!((client.client_id().unwrap(), client.pending().len()), (id, 2));
}
