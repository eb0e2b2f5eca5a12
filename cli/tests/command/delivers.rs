//! `overt flush`, against real servers.

use crate::sandbox::{Sandbox, ran};
use overt_tests::{Answer, Server};
use serde_json::json;

/// A port that refuses: it was free a moment ago.
fn refusing() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn what_waits_is_delivered_and_then_shown_as_sent() {
    let server = Server::start();
    let sandbox = Sandbox::new();
    let lines = sandbox.record(&server.url, &["one", "two"]);
    assert_eq!(sandbox.run(&["flush"]).text(), "starfish: delivered 2 events; nothing is left\n");
    let names: Vec<_> = server.requests()[0].events().iter().map(|event| event["event"].clone()).collect();
    assert_eq!(names, ["one", "two"]);
    let shown = sandbox.run(&["show", "--json"]).text();
    assert_eq!(shown, format!("{{\"pending\":[],\"sent\":[{},{}],\"damaged\":[]}}\n", lines[0], lines[1]));
    let status = sandbox.run(&["status", "--json"]).json();
    assert_eq!(status["destinations"][0]["ledger"]["delivered"], 2);
    assert_eq!(sandbox.run(&["flush"]).text(), "starfish: delivered 0 events; nothing is left\n");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn every_destination_gets_its_own() {
    let (one, other) = (Server::start(), Server::start());
    let sandbox = Sandbox::new();
    sandbox.record(&one.url, &["one"]);
    sandbox.record(&other.url, &["two", "three"]);
    let json = sandbox.run(&["flush", "--json"]).json();
    let consent = json!({"enabled": true, "reason": "default"});
    assert_eq!(json, json!({"app": "starfish", "consent": consent, "delivered": 3, "lost": 0, "left": 0}));
    assert_eq!((one.requests()[0].events().len(), other.requests()[0].events().len()), (1, 2));
}

#[test]
fn a_refused_connection_loses_nothing() {
    let sandbox = Sandbox::new();
    let endpoint = refusing();
    let lines = sandbox.record(&endpoint, &["one", "two"]);
    let ran = sandbox.run(&["flush"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    assert_eq!(
        ran.stdout,
        format!(
            "starfish: delivered 0 events; 2 left\n{endpoint} cannot be reached, or does not take them now.\n\
             What is left stays here, and is tried again when the tool runs.\n"
        )
    );
    let shown = sandbox.run(&["show", "--json"]).text();
    assert_eq!(shown, format!("{{\"pending\":[{},{}],\"sent\":[],\"damaged\":[]}}\n", lines[0], lines[1]));
    let ledger = &sandbox.run(&["status", "--json"]).json()["destinations"][0]["ledger"];
    assert_eq!((&ledger["delivered"], &ledger["lost"]), (&json!(0), &json!({})));
}

#[test]
fn one_dead_server_does_not_keep_the_events_of_another() {
    let server = Server::start();
    let sandbox = Sandbox::new();
    sandbox.record(&refusing(), &["one"]);
    sandbox.record(&server.url, &["two"]);
    let ran = sandbox.run(&["flush", "--json", "--timeout", "60"]);
    assert_eq!(ran.code, 1);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&json["delivered"], &json["left"]), (&json!(1), &json!(1)));
}

#[test]
fn a_silent_server_is_not_waited_for_longer_than_asked() {
    let server = Server::with_answers([Answer::Silence]);
    let sandbox = Sandbox::new();
    sandbox.record(&server.url, &["one"]);
    let ran = sandbox.run(&["flush", "--timeout", "0.25"]);
    assert_eq!(ran.code, 1);
    let told = format!("starfish: delivered 0 events; 1 left\n{} was not finished within 0.25 s.\n", server.url);
    assert!(ran.stdout.starts_with(&told), "{}", ran.stdout);
}

#[test]
fn what_the_server_refuses_for_good_is_told_as_lost() {
    let server = Server::with_answers([Answer::Status(400)]);
    let sandbox = Sandbox::new();
    sandbox.record(&server.url, &["one"]);
    let text = sandbox.golden(&sandbox.run(&["flush"]).text());
    assert_eq!(
        text,
        "starfish: delivered 0 events, lost 1 (see overt status --app starfish --state-dir DIR); nothing is left\n"
    );
    let text = sandbox.run(&["status"]).text();
    assert!(text.contains("lost     1 event: 1 because the server refused them\n"), "{text}");
}

#[test]
fn while_telemetry_is_off_nothing_is_sent() {
    let server = Server::start();
    let sandbox = Sandbox::new();
    sandbox.record(&server.url, &["one"]);
    let text = sandbox.golden(&sandbox.run_with(&[("DO_NOT_TRACK", "1")], &["flush"]).text());
    assert_eq!(
        text,
        "starfish: nothing is sent. Telemetry is off, because DO_NOT_TRACK is set.\n\
         Waiting here: 1 event. Erase with: overt off --app starfish --state-dir DIR\n"
    );
    let json = sandbox.run_with(&[("CI", "1")], &["flush", "--json"]).json();
    assert_eq!((&json["consent"]["reason"], &json["delivered"], &json["left"]), (&json!("ci"), &json!(0), &json!(1)));
    assert!(server.requests().is_empty());
}

#[test]
fn where_nothing_was_recorded_nothing_waits() {
    let sandbox = Sandbox::new();
    let text = sandbox.run(&["flush"]).text();
    assert_eq!(text, "starfish: there is nothing here that starfish recorded, so nothing waits\n");
}

#[test]
fn a_timeout_is_a_number_of_seconds_from_0_on() {
    let sandbox = Sandbox::new();
    for bad in ["soon", "-1", "NaN", "inf", "1e30"] {
        let timeout = format!("--timeout={bad}");
        let ran = ran(sandbox.command_with(&[], &["flush", &timeout]));
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{bad}");
    }
    assert_eq!(ran(sandbox.command_with(&[], &["status", "--timeout", "1"])).code, 2, "only flush waits");
}
