//! Clients that share a state directory, as two processes do.

mod common;

use common::{Moved, PATIENCE, client, client_at, config, files};
use overt::{Capture, LossReason, Storage, Uploader};
use overt_tests::{Server, refused_url};
use serde_json::json;
use std::time::Duration;

#[test]
fn one_that_is_told_off_stops_the_other_at_its_next_event() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Moved::new();
    let mut config = config(&refused_url(), dir.path());
    config.background = false;
    let running = client_at(&clock, config.clone());
    running.capture_event("before", &json!({})).unwrap();

    client(config.clone()).set_consent(false).unwrap();
    assert_eq!(running.capture_event("after", &json!({})).unwrap(), Capture::Disabled);
    drop(running);
    assert_eq!(files(dir.path()), ["consent"]);
}

#[test]
#[cfg_attr(windows, ignore = "Wine goes on showing a removed file until it is closed; Windows does not")]
fn one_that_has_nothing_waiting_is_stopped_too() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Moved::new();
    let mut config = config(&refused_url(), dir.path());
    config.background = false;
    // One that has not recorded yet, and one of whose events none waits.
    client(config.clone()).set_consent(true).unwrap();
    let server = Server::start();
    let mut to_server = config.clone();
    to_server.endpoint.clone_from(&server.url);
    let (idle, delivered) = (client_at(&clock, config.clone()), client_at(&clock, to_server));
    delivered.capture_event("before", &json!({})).unwrap();
    delivered.flush(PATIENCE).unwrap();
    client(config).set_consent(false).unwrap();
    for other in [idle, delivered] {
        assert_eq!(other.capture_event("after", &json!({})).unwrap(), Capture::Disabled);
    }
    assert_eq!((files(dir.path()), server.events().len()), (vec!["consent".to_owned()], 1));
}

#[test]
fn one_that_resets_makes_the_other_start_anew() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Moved::new();
    let mut config = config(&refused_url(), dir.path());
    config.background = false;
    let running = client_at(&clock, config.clone());
    running.capture_event("before", &json!({})).unwrap();
    let before = running.client_id().unwrap();

    let reset = client(config).reset_client_id().unwrap();
    assert!(matches!(running.capture_event("after", &json!({})).unwrap(), Capture::Recorded(_)));
    assert_eq!(running.client_id().unwrap(), reset);
    assert_ne!(reset, before);
    let pending = running.pending();
    assert!(pending.len() == 1 && pending[0].contains("\"after\""), "{pending:?}");
}

#[test]
fn events_of_both_are_delivered_by_whoever_comes_first_and_only_once() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let mut config = config(&server.url, dir.path());
    config.background = false;
    let clients: Vec<_> = (0..4).map(|_| client(config.clone())).collect();
    std::thread::scope(|scope| {
        for client in &clients {
            scope.spawn(move || {
                for n in 0..250 {
                    client.capture_event("run", &json!({"n": n})).unwrap();
                    if n % 50 == 49 {
                        client.flush(PATIENCE).unwrap();
                    }
                }
            });
        }
    });
    let mut uuids: Vec<_> = server.events().iter().map(|event| event["uuid"].to_string()).collect();
    assert_eq!(uuids.len(), 1_000);
    uuids.sort();
    uuids.dedup();
    assert_eq!(uuids.len(), 1_000, "no event was sent twice");
}

#[test]
fn who_records_goes_on_although_only_others_deliver() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let clock = Moved::new();
    let mut config = config(&server.url, dir.path());
    config.background = false;
    config.max_spool_events = 3;
    let recorder = client_at(&clock, config.clone());
    for round in 1..=3 {
        for _ in 0..3 {
            let captured = recorder.capture_event("run", &json!({})).unwrap();
            assert!(matches!(captured, Capture::Recorded(_)), "round {round}: {captured:?}");
        }
        client(config.clone()).flush(PATIENCE).unwrap();
        assert_eq!(server.events().len(), 3 * round);
        clock.forward(Duration::from_millis(1_001));
    }
    assert_eq!(recorder.losses(), []);
}

#[test]
fn what_is_lost_at_capture_is_in_the_ledger_when_the_process_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&refused_url(), dir.path());
    config.background = false;
    config.max_spool_events = 1;
    let url = config.endpoint.clone();
    let first = client(config.clone());
    first.capture_event("kept", &json!({})).unwrap();
    let full = Capture::Dropped(Some(LossReason::SpoolFull));
    assert_eq!(first.capture_event("too many", &json!({})).unwrap(), full);
    drop(first);
    let next = client(config);
    assert_eq!(next.capture_event("too many", &json!({})).unwrap(), full);
    drop(next);
    let ledger = client(common::config(&refused_url(), dir.path())).ledger();
    assert!(ledger.lost.is_empty(), "another destination has a ledger of its own");
    assert_eq!(client(common::config(&url, dir.path())).ledger().lost, [("spool_full".to_owned(), 2)].into());
}

#[test]
fn who_closes_after_another_process_said_off_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&refused_url(), dir.path());
    config.background = false;
    // No spool can be made at first, so the event waits in memory.
    std::fs::write(dir.path().join("spool"), "a file").unwrap();
    let running = client(config.clone());
    running.capture_event("before", &json!({})).unwrap();
    assert_eq!(running.stats().storage, Storage::Memory);
    std::fs::remove_file(dir.path().join("spool")).unwrap();
    client(config.clone()).set_consent(false).unwrap();
    running.close(Duration::ZERO).unwrap();
    assert_eq!((files(dir.path()), running.pending()), (vec!["consent".to_owned()], vec![]));
    client(config.clone()).set_consent(true).unwrap();
    assert!(client(config).pending().is_empty(), "on again, and nothing is there from before");
}

#[test]
fn who_closes_without_being_told_off_leaves_on_disk_what_was_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&refused_url(), dir.path());
    config.background = false;
    std::fs::write(dir.path().join("spool"), "a file").unwrap();
    let running = client(config.clone());
    running.capture_event("before", &json!({})).unwrap();
    std::fs::remove_file(dir.path().join("spool")).unwrap();
    running.close(Duration::ZERO).unwrap();
    assert_eq!(client(config).pending().len(), 1);
}

#[test]
fn who_counts_and_closes_after_a_person_said_off_makes_nothing_for_an_uploader() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&refused_url(), dir.path());
    config.background = false;
    config.counters_path = Some(dir.path().join("telemetry.yaml"));
    config.counters_endpoint = refused_url();
    client(config.clone()).record_command("tool run", 0).unwrap();
    config.uploader = Some(Uploader { program: "/nonexistent".into(), args: Vec::new() });
    let running = client(config.clone());
    running.record_command("tool run", 0).unwrap();
    std::fs::remove_dir_all(dir.path().join("spool")).unwrap();
    std::fs::write(dir.path().join("consent"), "off").unwrap();
    running.close(Duration::ZERO).unwrap();
    assert!(!dir.path().join("spool").exists(), "{:?}", files(dir.path()));
}
