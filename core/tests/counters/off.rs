//! Off is off: nothing is made or counted, and an opt-out takes the ID and the counts.

use super::{ID, PACE, client, config, count, names, put, run, text};
use crate::common;
use overt::{Counted, HostConsent};

#[test]
fn nothing_is_made_or_counted_while_telemetry_is_off() {
    let dir = tempfile::tempdir().unwrap();
    for had_one in [false, true] {
        if had_one {
            put(dir.path(), PACE);
        }
        let client = common::client_with(config(dir.path()), &[("DO_NOT_TRACK", "1")]);
        assert_eq!(client.record_command("pace", 0).unwrap(), Counted::Disabled);
        assert_eq!(client.record_command("", 0).unwrap(), Counted::Disabled, "which finds no fault with anything");
        assert_eq!(client.client_id().unwrap(), None);
        drop(client);
        assert_eq!(common::files(dir.path()), if had_one { vec!["config/telemetry.yaml"] } else { vec![] });
    }
    assert_eq!(text(dir.path()), PACE);
}

#[test]
fn an_opt_out_erases_the_counts_and_the_id() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), format!("{PACE}unknown: 1\n"));
    std::fs::write(dir.path().join("config/telemetry-last-upload-timestamp"), "1795198236").unwrap();
    std::fs::write(dir.path().join("config/config.yaml"), "the tool's").unwrap();
    run(dir.path(), "pace", 0);
    let client = client(dir.path());
    client.set_consent(false).unwrap();
    assert_eq!(names(dir.path()), ["config.yaml"]);
    assert_eq!(client.record_command("pace", 0).unwrap(), Counted::Disabled);
    assert_eq!(names(dir.path()), ["config.yaml"]);

    client.set_consent(true).unwrap();
    assert_ne!(client.client_id().unwrap().unwrap(), ID);
    run(dir.path(), "pace", 0);
    assert_eq!(count(dir.path(), "pace", 0), 1);
}

#[test]
fn a_reset_begins_anew_under_another_id() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), PACE);
    run(dir.path(), "pace", 0);
    let id = client(dir.path()).reset_client_id().unwrap().unwrap();
    assert_ne!(id, ID);
    assert_eq!(client(dir.path()).client_id().unwrap(), Some(id));
    assert_eq!(count(dir.path(), "pace", 0), 0);
}

#[test]
fn who_was_told_off_meanwhile_does_not_count() {
    let dir = tempfile::tempdir().unwrap();
    let running = client(dir.path());
    client(dir.path()).set_consent(false).unwrap();
    assert_eq!(running.record_command("pace", 0).unwrap(), Counted::Disabled);
    assert_eq!(common::files(dir.path()), ["state/consent"]);
}

#[test]
fn the_host_is_asked_without_the_lock_held() {
    let dir = tempfile::tempdir().unwrap();
    let (other, beside) = (client(dir.path()), dir.path().to_owned());
    let mut config = config(dir.path());
    config.consent = HostConsent::Asked(std::sync::Arc::new(move || {
        // Who does not get the lock leaves a record.
        other.record_command("pace asked", 0).unwrap();
        assert!(!names(&beside).iter().any(|name| name.ends_with(".count")));
        Some(true)
    }));
    let client = common::client(config);
    client.record_command("pace", 0).unwrap();
    assert_eq!(count(dir.path(), "pace", 0), 1);
    assert!(count(dir.path(), "pace asked", 0) > 0);
}
