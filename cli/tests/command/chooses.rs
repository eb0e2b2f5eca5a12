//! `overt on` and `overt off`.

use crate::sandbox::{NOBODY, Sandbox, client};
use overt::{Capture, ConsentVariable};
use serde_json::json;

#[test]
fn off_erases_everything_but_the_choice_and_a_new_client_records_nothing() {
    let sandbox = Sandbox::new();
    sandbox.record(NOBODY, &["one", "two"]);
    assert_eq!(sandbox.run(&["off"]).text(), "starfish: off. Erased: the client ID and 2 events that waited.\n");
    assert_eq!(sandbox.names(), ["consent"]);
    let next = client(sandbox.config(NOBODY));
    assert_eq!(next.capture_event("three", &json!({})), Ok(Capture::Disabled));
    assert_eq!(sandbox.names(), ["consent"]);
    assert_eq!(sandbox.run(&["off"]).text(), "starfish: off. There was nothing to erase.\n");
}

#[test]
fn off_counts_in_json_what_it_erased() {
    let sandbox = Sandbox::new();
    sandbox.record(NOBODY, &["one", "two"]);
    sandbox.record("https://eu.i.posthog.com", &["three"]);
    assert_eq!(
        sandbox.run(&["off", "--json"]).json(),
        json!({"app": "starfish", "choice": "off", "consent": {"enabled": false, "reason": "stored"}, "erased": 3})
    );
}

#[test]
fn off_says_that_what_was_sent_is_out_of_reach() {
    let server = overt_tests::Server::start();
    let sandbox = Sandbox::new();
    sandbox.record(&server.url, &["one"]);
    sandbox.run(&["flush"]).text();
    assert_eq!(
        sandbox.run(&["off"]).text(),
        "starfish: off. Erased: the client ID and the copies of 1 sent event. \
         What was sent before is with the server, out of reach from here.\n"
    );
    assert_eq!(sandbox.names(), ["consent"]);
}

#[test]
fn off_also_erases_an_id_in_the_tools_own_file_and_one_at_the_usual_place() {
    let sandbox = Sandbox::new();
    let own = sandbox.dir().with_file_name(".starfish_config");
    let mut config = sandbox.config(NOBODY);
    config.client_id_path = Some(own.clone());
    sandbox.record_with(config, &["one"]);
    std::fs::write(sandbox.file("client_id"), "an-older-one").unwrap();
    assert!(own.exists());
    sandbox.run(&["off"]).text();
    assert!(!own.exists());
    assert_eq!(sandbox.names(), ["consent"]);
}

#[test]
fn on_again_starts_with_a_new_client_id() {
    let sandbox = Sandbox::new();
    let id = || std::fs::read_to_string(sandbox.file("client_id")).unwrap();
    sandbox.record(NOBODY, &["one"]);
    let before = id();
    sandbox.run(&["off"]).text();
    let text = sandbox.golden(&sandbox.run(&["on"]).text());
    assert_eq!(text, "starfish: on. See what it records with: overt show --app starfish --state-dir DIR\n");
    assert_eq!(sandbox.names(), ["consent"], "an ID is made when there is something to record");
    assert_eq!(sandbox.record(NOBODY, &["two"]).len(), 1);
    assert_ne!(id(), before);
}

#[test]
fn on_holds_for_a_tool_that_asks_first() {
    let sandbox = Sandbox::new();
    let mut config = sandbox.config(NOBODY);
    config.default_consent = false;
    assert!(sandbox.record_with(config.clone(), &["one"]).is_empty());
    assert_eq!(
        sandbox.run(&["on", "--json"]).json(),
        json!({"app": "starfish", "choice": "on", "consent": {"enabled": true, "reason": "stored"}, "erased": 0})
    );
    assert_eq!(sandbox.record_with(config, &["two"]).len(), 1);
}

#[test]
fn a_variable_that_overrules_the_choice_is_named() {
    let sandbox = Sandbox::new();
    sandbox.record(NOBODY, &["one"]);
    let second_line = |variables: &[(&str, &str)], verb| {
        let text = sandbox.run_with(variables, &[verb]).text();
        text.lines().nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(
        second_line(&[("DO_NOT_TRACK", "1")], "on"),
        "But in this shell telemetry stays off, because DO_NOT_TRACK is set."
    );
    assert_eq!(second_line(&[("DO_NOT_TRACK", "1")], "off"), "", "both say the same");
    // Also for a tool of which nothing is left.
    assert_eq!(
        second_line(&[("TELEMETRY_ENABLED", "1")], "off"),
        "But in this shell telemetry stays on, because the value of TELEMETRY_ENABLED means on; \
         switch it off by setting TELEMETRY_ENABLED to 0."
    );
}

#[test]
fn the_tools_own_variable_overrules_off_too_and_is_named() {
    let sandbox = Sandbox::new();
    let mut config = sandbox.config(NOBODY);
    config.consent_env = vec![ConsentVariable::parse("STARFISH_TELEMETRY").unwrap()];
    sandbox.record_with(config, &["one"]);
    let ran = sandbox.run_with(&[("STARFISH_TELEMETRY", "on")], &["off"]);
    assert_eq!(
        ran.text(),
        "starfish: off. Erased: the client ID and 1 event that waited.\n\
         But in this shell telemetry stays on, because the value of STARFISH_TELEMETRY means on; \
         switch it off by setting STARFISH_TELEMETRY to 0.\n"
    );
}

#[test]
fn a_choice_that_cannot_be_stored_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.record(NOBODY, &["one"]);
    std::fs::create_dir(sandbox.file("consent")).unwrap();
    let ran = sandbox.run(&["on"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.starts_with("overt: the choice cannot be stored: "), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1);
}

#[test]
fn a_choice_in_the_tools_own_file_is_shown_and_changed_there() {
    let sandbox = Sandbox::new();
    let own = sandbox.file("metadata.json");
    std::fs::create_dir_all(own.parent().unwrap()).unwrap();
    std::fs::write(&own, "{\n    \"installationId\": \"an-id\",\n    \"telemetryEnabled\": true,\n    \"x\": 1\n}\n")
        .unwrap();
    let mut config = sandbox.config(NOBODY);
    config.client_id_path = Some(own.clone());
    config.client_id_key = "installationId".into();
    config.consent_path = Some(own.clone());
    config.consent_key = "telemetryEnabled".into();
    sandbox.record_with(config.clone(), &["one"]);
    let line = |beginning: &str| {
        let text = sandbox.golden(&sandbox.run(&["status"]).text());
        text.lines().find(|line| line.starts_with(beginning)).unwrap().to_owned()
    };
    assert_eq!(line("choice"), "choice     on (in DIR/metadata.json)");
    assert_eq!(line("client ID"), "client ID  an-id (in DIR/metadata.json)");
    let paths = &sandbox.run(&["status", "--json"]).json()["paths"];
    assert_eq!((&paths["consent"], &paths["client_id"]), (&json!(own), &json!(own)));

    let text = sandbox.run(&["off"]).text();
    assert!(text.starts_with("starfish: off. Erased: the client ID and 1 event that waited."), "{text}");
    assert_eq!(std::fs::read_to_string(&own).unwrap(), "{\n    \"telemetryEnabled\": false,\n    \"x\": 1\n}\n");
    assert!(sandbox.record_with(config.clone(), &["two"]).is_empty());

    // The state directory still knows of the file, although nothing is left of where its events went.
    assert_eq!(line("choice"), "choice     off (in DIR/metadata.json)");
    sandbox.run(&["on"]).text();
    assert_eq!(line("choice"), "choice     on (in DIR/metadata.json)");
    assert_eq!(std::fs::read_to_string(&own).unwrap(), "{\n    \"telemetryEnabled\": true,\n    \"x\": 1\n}\n");
    assert_eq!(sandbox.record_with(config, &["three"]).len(), 1);
}

#[test]
fn off_reaches_a_tool_of_whose_own_file_nothing_is_known_yet() {
    let sandbox = Sandbox::new();
    sandbox.run(&["off"]).text();
    let own = sandbox.file("metadata.json");
    std::fs::write(&own, "{\"telemetryEnabled\": true}").unwrap();
    let mut config = sandbox.config(NOBODY);
    config.consent_path = Some(own);
    config.consent_key = "telemetryEnabled".into();
    assert!(sandbox.record_with(config, &["one"]).is_empty());
}
