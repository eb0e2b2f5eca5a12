//! A file that is there is taken over, with its ID and its counts; one that is not is made.

use super::{ID, PACE, client, config, count, counters, file, names, put, run, text};
use crate::common;
use overt::{Client, ErrorKind};
use serde_json::json;

#[cfg(unix)]
fn mode(path: &std::path::Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777
}

fn distinct_id(client: &Client) -> String {
    client.capture_event("run", &json!({})).unwrap();
    let event: serde_json::Value = serde_json::from_str(client.pending().last().unwrap()).unwrap();
    event["distinct_id"].as_str().unwrap().to_owned()
}

#[test]
fn paces_file_goes_on_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), PACE);
    run(dir.path(), "pace get data-policy", 0);
    run(dir.path(), "pace get data-policy", 2);
    let expected = PACE
        .replace("cumulative_count: 2", "cumulative_count: 3")
        .replace("    pace version", "        2:\n            cumulative_count: 1\n    pace version")
        .replace("v1.15.0", "v1.16.0");
    assert_eq!(text(dir.path()), format!("{expected}schema: 1\n"));
    assert_eq!(names(dir.path()), ["telemetry.yaml", "telemetry.yaml.overt/lock"]);
}

#[test]
fn its_id_is_the_client_id_of_events_too() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), PACE);
    let client = client(dir.path());
    assert_eq!(client.client_id().unwrap().as_deref(), Some(ID));
    assert_eq!(distinct_id(&client), ID);
    assert_eq!(client.paths().unwrap().client_id, file(dir.path()));
    assert!(!dir.path().join("state/client_id").exists());
    assert_eq!(text(dir.path()), PACE, "nothing was counted");
}

#[test]
fn without_a_file_an_id_is_made_once() {
    let dir = tempfile::tempdir().unwrap();
    let id = client(dir.path()).client_id().unwrap().unwrap();
    run(dir.path(), "pace", 0);
    assert_eq!(client(dir.path()).client_id().unwrap().as_ref(), Some(&id));
    assert_eq!(distinct_id(&client(dir.path())), id);
    assert_eq!(counters(dir.path())["id"], id);
    let os = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let expected = format!(
        "metric_points:\n    pace:\n        0:\n            cumulative_count: 1\n\
         cli_version: v1.16.0\noperating_system: {os}\nid: {id}\nschema: 1\n"
    );
    assert_eq!(text(dir.path()), expected);
    #[cfg(unix)]
    assert_eq!((mode(&file(dir.path())), mode(&dir.path().join("config"))), (0o600, 0o700));
}

#[test]
fn an_installation_that_had_an_id_before_it_had_counters_keeps_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut before = config(dir.path());
    before.counters_path = None;
    let id = common::client(before).client_id().unwrap();
    assert_eq!(client(dir.path()).client_id().unwrap(), id);
    run(dir.path(), "pace", 0);
    assert_eq!(counters(dir.path())["id"], id.unwrap());
}

#[cfg(unix)]
#[test]
fn mode_and_link_stay_as_they_are() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), PACE);
    let kept = dir.path().join("dotfiles");
    std::fs::create_dir(&kept).unwrap();
    std::fs::rename(file(dir.path()), kept.join("pace.yaml")).unwrap();
    std::fs::set_permissions(kept.join("pace.yaml"), PermissionsExt::from_mode(0o644)).unwrap();
    symlink("../dotfiles/pace.yaml", file(dir.path())).unwrap();
    run(dir.path(), "pace", 0);
    assert!(file(dir.path()).is_symlink());
    assert_eq!(mode(&kept.join("pace.yaml")), 0o644);
    assert_eq!(count(dir.path(), "pace", 0), 1);

    std::fs::remove_file(kept.join("pace.yaml")).unwrap();
    run(dir.path(), "pace", 0);
    assert!(file(dir.path()).is_symlink() && kept.join("pace.yaml").exists(), "a link to what is not there yet");
}

#[test]
fn names_that_cannot_be_commands_are_refused_and_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for path in ["", "a\nb", &"x".repeat(201)] {
        let error = client(dir.path()).record_command(path, 0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidName);
    }
    let mut without = config(dir.path());
    without.counters_path = None;
    assert_eq!(common::client(without).record_command("pace", 0).unwrap_err().kind(), ErrorKind::InvalidConfig);
    assert!(!dir.path().join("config").exists());
    let mut two = config(dir.path());
    two.client_id_path = Some(dir.path().join("id"));
    assert!(Client::new(two).unwrap_err().to_string().starts_with("client_id_path: "));
}

#[test]
fn without_a_key_commands_are_counted_and_events_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.api_key = String::new();
    let client = common::client(config);
    assert!(client.consent().enabled && !client.may_record(false));
    assert_eq!(client.capture_event("run", &json!({})).unwrap(), overt::Capture::Disabled);
    assert_eq!(client.record_command("pace", -1).unwrap(), overt::Counted::Counted);
    client.flush(common::PATIENCE).unwrap();
    drop(client);
    assert_eq!(count(dir.path(), "pace", -1), 1);
}
