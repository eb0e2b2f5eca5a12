//! `overt reset`.

use crate::sandbox::{NOBODY, Sandbox};
use serde_json::json;

#[test]
fn a_new_id_and_nothing_of_the_old_one() {
    let sandbox = Sandbox::new();
    let id = || std::fs::read_to_string(sandbox.file("client_id")).unwrap();
    sandbox.record(NOBODY, &["one", "two"]);
    let before = id();
    let text = sandbox.golden(&sandbox.run(&["reset"]).text());
    assert_eq!(text, "starfish: the new client ID is ID. Erased: the client ID and 2 events that waited.\n");
    assert_ne!(id(), before);
    assert!(!sandbox.snapshot().values().flatten().any(|file| String::from_utf8_lossy(file).contains(&before)));
}

#[test]
fn every_destination_is_still_known_and_all_share_the_new_id() {
    let sandbox = Sandbox::new();
    sandbox.record(NOBODY, &["one"]);
    sandbox.record("https://eu.i.posthog.com", &["two"]);
    let reset = sandbox.run(&["reset", "--json"]).json();
    let status = sandbox.run(&["status", "--json"]).json();
    assert_eq!((&reset["erased"], &reset["client_id"]), (&json!(2), &status["client_id"]));
    let pending: Vec<_> = status["destinations"].as_array().unwrap().iter().map(|one| &one["pending"]).collect();
    assert_eq!(pending, [&json!(0), &json!(0)]);
}

#[test]
fn while_telemetry_is_off_there_is_no_new_id() {
    let sandbox = Sandbox::new();
    sandbox.record(NOBODY, &["one"]);
    assert_eq!(
        sandbox.run_with(&[("DO_NOT_TRACK", "1")], &["reset"]).text(),
        "starfish: no new client ID is made while telemetry is off, because DO_NOT_TRACK is set. \
         Erased: the client ID and 1 event that waited.\n"
    );
    assert!(sandbox.names().is_empty());
}

#[test]
fn where_nothing_was_recorded_nothing_is_made() {
    let sandbox = Sandbox::new();
    assert_eq!(
        sandbox.run(&["reset"]).text(),
        "starfish: there is nothing here that starfish recorded. There was nothing to erase.\n"
    );
    assert_eq!(sandbox.run(&["reset", "--json"]).json()["client_id"], json!(null));
    assert!(sandbox.snapshot().is_empty());
}
