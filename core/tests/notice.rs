//! A tool with a notice, where nobody sees it: under tests stderr is no terminal.

mod common;

use common::{client, client_with, config, files};
use overt::{Capture, Config, ConsentReason, Event};
use overt_tests::refused_url;
use serde_json::json;
use std::path::Path;

fn with_notice(dir: &Path) -> Config {
    let mut config = config(&refused_url(), dir);
    config.notice = "This tool counts.".into();
    config
}

#[test]
fn nothing_is_recorded_before_it_was_shown_not_even_by_force() {
    let dir = tempfile::tempdir().unwrap();
    let client = client(with_notice(dir.path()));
    assert_eq!(client.consent().reason, ConsentReason::NoNotice);
    let mut event = Event::new("installed");
    event.force = true;
    assert_eq!(client.capture(&event, |_| Ok(())).unwrap(), Capture::Disabled);
    assert!(files(dir.path()).is_empty());
}

#[test]
fn shown_by_an_earlier_run_it_holds_for_this_one() {
    let dir = tempfile::tempdir().unwrap();
    let waiting = client(with_notice(dir.path()));
    std::fs::write(dir.path().join("notice"), "shown 2026-11-20T18:00:00.000Z\n").unwrap();
    let later = client(with_notice(dir.path()));
    assert!(later.consent().enabled && later.consent().reason == ConsentReason::Default);
    drop(waiting);
}

#[test]
fn who_has_said_on_needs_none_and_neither_does_a_tool_that_does_not_wait() {
    let dir = tempfile::tempdir().unwrap();
    let client_on = client_with(with_notice(dir.path()), &[("TELEMETRY_ENABLED", "1")]);
    assert_eq!(client_on.consent().reason, ConsentReason::TelemetryEnabled);
    let mut config = with_notice(dir.path());
    config.send_before_notice = true;
    let client = client(config);
    assert!(matches!(client.capture_event("run", &json!({})).unwrap(), Capture::Recorded(_)));
}
