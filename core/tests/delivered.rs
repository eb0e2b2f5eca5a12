//! The main road: what is captured arrives, once, as it was captured.

mod common;

use common::{PATIENCE, client, config, files};
use overt::{Capture, Event, Timestamp};
use overt_tests::{Answer, Server, refused_url};
use serde_json::json;
use std::time::Duration;

#[test]
fn an_event_arrives_as_it_was_captured() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let client = client(config(&server.url, dir.path()));
    let mut event = Event::new("starfish_job");
    event.distinct_id = Some("somebody");
    event.timestamp = Some(Timestamp::parse("2026-11-20T20:10:36+02:00").unwrap());
    let properties = r#"{"big": 123456789012345678901234567890, "nested": {"a": [null, "é", ""]}}"#;
    let Capture::Recorded(uuid) = client.capture(&event, |writer| writer.json_object(properties)).unwrap() else {
        panic!("it was not recorded");
    };
    client.flush(PATIENCE).unwrap();

    let [request] = server.requests().try_into().expect("one request");
    assert_eq!(request.path, "/batch/");
    let body = String::from_utf8(request.body.clone()).unwrap();
    assert!(body.contains(r#""big":123456789012345678901234567890,"nested":{"a":[null,"é",""]}"#), "{body}");
    let [sent] = request.events().try_into().expect("one event");
    assert_eq!(sent["event"], "starfish_job");
    assert_eq!(sent["uuid"], uuid.to_string());
    assert_eq!((&sent["distinct_id"], &sent["timestamp"]), (&json!("somebody"), &json!("2026-11-20T18:10:36.000Z")));
    assert_eq!((&sent["properties"]["$lib"], &sent["properties"]["$app_version"]), (&json!("overt"), &json!("1.2.3")));
    assert_eq!(request.json()["api_key"], "phc_test");
}

#[test]
fn version_1_goes_to_its_own_place_with_its_own_form() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let mut config = config(&server.url, dir.path());
    config.wire = overt::Wire::PostHogV1;
    config.compression = overt::Compression::Deflate;
    config.before_send = Some(std::sync::Arc::new(|line: &str| Some(line.replace("\"one\"", "\"two\""))));
    let client = client(config);
    let mut event = Event::new("one");
    event.options.session_id = Some("s".into());
    event.options.process_person_profile = Some(true);
    client.capture(&event, |_| Ok(())).unwrap();
    client.flush(PATIENCE).unwrap();

    let [request] = server.requests().try_into().expect("one request");
    assert_eq!(request.path, "/i/v1/analytics/events");
    assert!(request.headers.contains(&("authorization".into(), "Bearer phc_test".into())));
    let mut body = String::new();
    std::io::Read::read_to_string(&mut flate2::read::ZlibDecoder::new(request.body.as_slice()), &mut body).unwrap();
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert!(body["created_at"].is_string() && body.get("api_key").is_none() && body.get("sent_at").is_none());
    let sent = &body["batch"][0];
    assert_eq!((&sent["event"], &sent["session_id"]), (&json!("two"), &json!("s")));
    assert_eq!(sent["options"], json!({"process_person_profile": true}));
    assert!(sent["properties"].get("$lib").is_none());
    assert_eq!(client.stats().unconfirmed, 1, "an empty body says nothing about the event");
}

#[test]
fn the_same_uuid_is_never_twice_in_one_request() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let client = client(config(&server.url, dir.path()));
    let mut event = Event::new("one");
    event.uuid = Some(overt::parse_uuid("019aa25a-3dcd-7000-8000-000000000001").unwrap());
    for _ in 0..2 {
        client.capture(&event, |_| Ok(())).unwrap();
    }
    client.flush(PATIENCE).unwrap();
    assert_eq!(server.requests().iter().map(|request| request.events().len()).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn the_deepest_event_that_is_accepted_is_delivered() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let client = client(config(&server.url, dir.path()));
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    let capture = |depth| client.capture(&Event::new("deep"), |writer| writer.json_object(&nested(depth)));
    assert!(matches!(capture(overt::MAX_DEPTH).unwrap(), Capture::Recorded(_)));
    assert!(capture(overt::MAX_DEPTH + 1).is_err());
    client.flush(PATIENCE).unwrap();
    assert_eq!((server.requests().len(), client.losses()), (1, vec![]));
}

#[test]
fn what_waits_and_what_was_sent_can_be_read_word_for_word() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let client = client(config(&server.url, dir.path()));
    client.capture_event("one", &json!({"n": 1})).unwrap();
    let pending = client.pending();
    assert_eq!((pending.len(), client.stats().pending, client.sent().len()), (1, 1, 0));
    client.flush(PATIENCE).unwrap();
    assert_eq!((client.pending().len(), client.sent()), (0, pending.clone()));
    let body = String::from_utf8(server.requests()[0].body.clone()).unwrap();
    assert!(body.contains(&pending[0]), "what was shown is what was sent");
    assert_eq!((client.ledger().delivered, client.stats().delivered), (1, 1));
}

#[test]
fn enough_events_start_a_send_by_themselves() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let mut config = config(&server.url, dir.path());
    config.flush_at = 3;
    config.flush_interval = PATIENCE;
    let client = client(config);
    for n in 0..3 {
        client.capture_event("one", &json!({"n": n})).unwrap();
    }
    assert_eq!(server.wait_for_requests(1)[0].events().len(), 3);
}

#[test]
fn the_oldest_event_starts_a_send_after_the_interval() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let mut config = config(&server.url, dir.path());
    config.flush_interval = Duration::from_millis(10);
    let client = client(config);
    client.capture_event("one", &json!({})).unwrap();
    server.wait_for_requests(1);
}

#[test]
fn the_next_process_delivers_what_one_left() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    client(config(&server.url, dir.path())).capture_event("one", &json!({})).unwrap();
    assert!(server.requests().is_empty(), "nothing waits at the end");
    let mut config = config(&server.url, dir.path());
    config.flush_interval = Duration::ZERO;
    let next = client(config);
    assert_eq!(server.wait_for_requests(1)[0].events().len(), 1);
    next.flush(PATIENCE).unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn with_nothing_to_send_a_flush_sends_nothing_and_makes_nothing() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let client = client(config(&server.url, dir.path()));
    client.flush(PATIENCE).unwrap();
    assert!(server.requests().is_empty() && files(dir.path()).is_empty());
}

#[test]
fn after_close_events_are_recorded_but_not_sent() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let client = client(config(&server.url, dir.path()));
    client.capture_event("one", &json!({})).unwrap();
    client.close(PATIENCE).unwrap();
    client.flush(PATIENCE).unwrap();
    assert_eq!(server.requests().len(), 1);
    assert!(matches!(client.capture_event("two", &json!({})).unwrap(), Capture::Recorded(_)));
    assert_eq!(client.flush(PATIENCE).unwrap_err().kind(), overt::ErrorKind::Undelivered);
    assert_eq!((server.requests().len(), client.pending().len()), (1, 1));
}

#[test]
fn without_a_server_events_stay_and_the_host_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&refused_url(), dir.path());
    config.max_retries = 0;
    let client = client(config);
    client.capture_event("one", &json!({})).unwrap();
    assert_eq!(client.flush(PATIENCE).unwrap_err().kind(), overt::ErrorKind::Undelivered);
    assert_eq!((client.pending().len(), client.losses()), (1, vec![]));
    assert!(client.ledger().parked_until_ms > 0);
}

#[test]
fn a_server_that_never_answers_holds_up_nobody() {
    let (server, dir) = (Server::with_answers([Answer::Silence]), tempfile::tempdir().unwrap());
    let mut config = config(&server.url, dir.path());
    config.flush_at = 1;
    config.timeout = PATIENCE;
    let client = client(config);
    client.capture_event("one", &json!({})).unwrap();
    server.wait_for_requests(1);
    client.capture_event("two", &json!({})).unwrap();
    assert_eq!(client.flush(Duration::from_millis(10)).unwrap_err().kind(), overt::ErrorKind::Timeout);
    client.close(Duration::ZERO).unwrap();
    assert_eq!(client.pending().len(), 2);
}

#[test]
fn a_refused_batch_is_counted_and_not_sent_again() {
    let (server, dir) = (Server::with_answers([Answer::Status(400)]), tempfile::tempdir().unwrap());
    let client = client(config(&server.url, dir.path()));
    client.capture_event("one", &json!({})).unwrap();
    client.flush(PATIENCE).unwrap();
    client.flush(PATIENCE).unwrap();
    assert_eq!(server.requests().len(), 1);
    assert_eq!(client.losses(), [(overt::LossReason::Refused, 1)]);
    assert_eq!(client.ledger().lost["refused"], 1);
}

#[test]
fn a_client_without_a_writable_directory_keeps_events_in_memory() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let id = dir.path().join("id");
    std::fs::write(&id, "36be4c46-4e1b-431d-b9db-1b315f537a85").unwrap();
    std::fs::write(dir.path().join("state"), "a file where the directory should be").unwrap();
    let mut config = config(&server.url, &dir.path().join("state"));
    config.client_id_path = Some(id);
    config.max_memory_events = 2;
    let client = client(config);
    for n in 0..2 {
        assert!(matches!(client.capture_event("one", &json!({"n": n})).unwrap(), Capture::Recorded(_)));
    }
    let full = Capture::Dropped(Some(overt::LossReason::MemoryFull));
    assert_eq!(client.capture_event("three", &json!({})).unwrap(), full);
    assert_eq!((client.stats().storage, client.pending().len()), (overt::Storage::Memory, 2));
    client.flush(PATIENCE).unwrap();
    assert_eq!((server.events().len(), client.pending().len()), (2, 0));
}

#[test]
fn a_hook_sees_every_event_and_may_change_or_drop_it() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let mut config = config(&server.url, dir.path());
    config.before_send = Some(std::sync::Arc::new(|line: &str| {
        let text = line.replace("secret", "hidden");
        (!text.contains("\"drop\"")).then_some(text)
    }));
    let client = client(config);
    client.capture_event("one", &json!({"token": "secret"})).unwrap();
    assert_eq!(client.capture_event("drop", &json!({})).unwrap(), Capture::Dropped(None));
    client.flush(PATIENCE).unwrap();
    let [event] = server.events().try_into().expect("one event");
    assert_eq!(event["properties"]["token"], "hidden");
}

#[test]
fn what_a_server_would_refuse_is_refused_at_capture() {
    use overt::ErrorKind;
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&refused_url(), dir.path());
    config.max_event_bytes = 2_000;
    let client = client(config);
    let kind = |result: Result<Capture, overt::Error>| result.unwrap_err().kind();
    assert_eq!(kind(client.capture_event("", &json!({}))), ErrorKind::InvalidName);
    assert_eq!(kind(client.capture_event("x", &json!([1]))), ErrorKind::InvalidProperties);
    assert_eq!(kind(client.capture_event("x", &json!({"long": "y".repeat(2_000)}))), ErrorKind::EventTooLarge);
    let mut nobody = Event::new("x");
    nobody.distinct_id = Some("null");
    assert_eq!(kind(client.capture(&nobody, |_| Ok(()))), ErrorKind::InvalidDistinctId);
    assert!(client.pending().is_empty());
}

#[test]
fn an_option_that_cannot_be_used_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |name: &str, spoil: &dyn Fn(&mut overt::Config)| {
        let mut config = config("https://h", dir.path());
        spoil(&mut config);
        let message = overt::Client::new(config).expect_err(name).to_string();
        assert!(message.starts_with(name), "{message}");
    };
    refused("app", &|config| config.app = "../x".into());
    refused("api_key", &|config| config.api_key = "phx_personal".into());
    refused("endpoint", &|config| config.endpoint = "http://example.com".into());
    refused("flush_at", &|config| config.flush_at = 0);
    refused("max_event_bytes", &|config| config.max_event_bytes = 1_000_000);
    refused("max_batch_bytes", &|config| config.max_batch_bytes = 32 * 1024);
    refused("compression", &|config| config.compression = overt::Compression::Deflate);
    refused("super_properties", &|config| config.super_properties = "[]".into());
    refused("super_properties", &|config| config.super_properties = "{\"a\":1e999}".into());
    refused("extra_headers", &|config| config.extra_headers.push(("A".into(), "b\r\nC: d".into())));
    refused("extra_headers", &|config| config.extra_headers.push(("CONTENT-length".into(), "1".into())));
    refused("extra_headers", &|config| {
        config.wire = overt::Wire::PostHogV1;
        config.extra_headers.push(("PostHog-Attempt".into(), "9".into()));
    });
    refused("timeout", &|config| config.timeout = Duration::ZERO);
    assert!(files(dir.path()).is_empty());
}
