//! The wire `aws-sam`: what AWS SAM CLI's back end gets, word for word.

mod common;

use common::{PATIENCE, child, client, config, files};
use overt::{Ack, Capture, Client, Config, ConsentReason, Event, Wire};
use overt_tests::{Answer, Server, refused_url};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

const ID: &str = "36be4c46-4e1b-431d-b9db-1b315f537a85";

fn sam(endpoint: &str, state_dir: &Path) -> Config {
    let mut config = config(endpoint, state_dir);
    config.api_key = String::new();
    config.wire = Wire::AwsSam;
    config.super_properties = r#"{"ci":false,"samcliVersion":"1.150.0"}"#.into();
    std::fs::create_dir_all(state_dir).unwrap();
    std::fs::write(state_dir.join("client_id"), ID).unwrap();
    config
}

fn capture(client: &Client, name: &str, attributes: &str) -> String {
    let captured = client.capture(&Event::new(name), |writer| writer.json_object(attributes)).unwrap();
    let Capture::Recorded(uuid) = captured else { panic!("{captured:?}") };
    uuid.to_string()
}

#[test]
fn each_metric_is_a_post_of_its_own_to_the_endpoint_as_it_was_given() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let client = client(sam(&format!("{}/metrics/?v=1", server.url), dir.path()));
    let installed = capture(&client, "installed", r#"{"telemetryEnabled":true}"#);
    let run = capture(
        &client,
        "commandRun",
        r#"{"sessionId":"","region":null,"duration":12,"metricSpecificAttributes":{"projectType":"CFN","gitOrigin":null}}"#,
    );
    client.flush(PATIENCE).unwrap();
    let mut bodies: Vec<_> =
        server.requests().into_iter().map(|request| String::from_utf8(request.body).unwrap()).collect();
    bodies.sort();
    assert_eq!(
        bodies,
        [
            format!(
                "{{\"metrics\":[{{\"commandRun\":{{\"requestId\":\"{run}\",\"installationId\":\"{ID}\",\
                 \"sessionId\":\"\",\"region\":null,\"duration\":12,\
                 \"metricSpecificAttributes\":{{\"projectType\":\"CFN\",\"gitOrigin\":null}},\
                 \"ci\":false,\"samcliVersion\":\"1.150.0\"}}}}]}}"
            ),
            format!(
                "{{\"metrics\":[{{\"installed\":{{\"requestId\":\"{installed}\",\"installationId\":\"{ID}\",\
                 \"telemetryEnabled\":true,\"ci\":false,\"samcliVersion\":\"1.150.0\"}}}}]}}"
            ),
        ]
    );
    for request in server.requests() {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/metrics/?v=1"));
        let mut names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["connection", "content-length", "content-type", "host", "user-agent"]);
    }
    assert_eq!(client.sent().len(), 2);
}

#[test]
fn what_waits_is_what_is_sent() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let mut config = sam(&server.url, dir.path());
    config.background = false;
    let client = client(config);
    capture(&client, "events", r#"{"metricSpecificAttributes":{"events":[]}}"#);
    let waiting = client.pending();
    client.flush(PATIENCE).unwrap();
    let body = String::from_utf8(server.requests()[0].body.clone()).unwrap();
    assert_eq!(body, format!("{{\"metrics\":[{}]}}", waiting[0]));
    assert_eq!(client.sent(), waiting);
}

#[test]
fn without_an_endpoint_nothing_is_made_and_without_a_key_all_is_well() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = sam("", &dir.path().join("state"));
    std::fs::remove_dir_all(dir.path().join("state")).unwrap();
    config.notice = "This tool counts.".into();
    config.send_before_notice = true;
    let client = client(config);
    assert_eq!((client.consent().enabled, client.consent().reason), (false, ConsentReason::NoEndpoint));
    let mut event = Event::new("installed");
    event.force = true;
    assert_eq!(client.capture(&event, |_| Ok(())).unwrap(), Capture::Disabled);
    client.flush(PATIENCE).unwrap();
    drop(client);
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn an_event_has_a_request_id_and_an_installation_of_its_own_if_it_says_so() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let client = client(sam(&server.url, dir.path()));
    let uuid = uuid::Uuid::from_u128(0x0199_0000_0000_4000_8000_0000_0000_0001);
    let mut event = Event::new("commandRun");
    event.uuid = Some(uuid);
    event.distinct_id = Some("another");
    client.capture(&event, |writer| writer.json_object(r#"{"requestId":"forged","installationId":"forged"}"#)).unwrap();
    client.flush(PATIENCE).unwrap();
    let metric = &server.requests()[0].json()["metrics"][0]["commandRun"];
    assert_eq!((&metric["requestId"], &metric["installationId"]), (&json!(uuid.to_string()), &json!("another")));
}

#[test]
fn a_hook_sees_the_metric_and_may_change_it() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let mut config = sam(&server.url, dir.path());
    config.before_send = Some(Arc::new(|metric| Some(metric.replace("secret", "***").replace("commandRun", "run"))));
    let client = client(config);
    let uuid = capture(&client, "commandRun", r#"{"region":"secret","n":[1.50]}"#);
    client.flush(PATIENCE).unwrap();
    let expected = format!(
        "{{\"metrics\":[{{\"run\":{{\"requestId\":\"{uuid}\",\"installationId\":\"{ID}\",\"region\":\"***\",\
         \"n\":[1.50],\"ci\":false,\"samcliVersion\":\"1.150.0\"}}}}]}}"
    );
    assert_eq!(String::from_utf8(server.requests()[0].body.clone()).unwrap(), expected);
}

#[test]
fn a_status_that_passes_is_tried_again_and_any_other_is_final() {
    for (status, requests, delivered, refused) in
        [(200, 1, 1, 0), (204, 1, 1, 0), (503, 2, 1, 0), (429, 2, 1, 0), (302, 1, 0, 1), (400, 1, 0, 1), (413, 1, 0, 1)]
    {
        let (server, dir) = (Server::with_answers([Answer::Status(status)]), tempfile::tempdir().unwrap());
        let client = client(sam(&server.url, dir.path()));
        let uuid = capture(&client, "commandRun", "{}");
        client.flush(PATIENCE).unwrap();
        let bodies: Vec<_> = server.requests().into_iter().map(|request| request.json()).collect();
        assert_eq!(bodies.len(), requests, "{status}");
        assert!(bodies.iter().all(|body| body["metrics"][0]["commandRun"]["requestId"] == uuid.as_str()));
        assert_eq!((client.stats().delivered, client.stats().lost), (delivered, refused), "{status}");
    }
}

/// A server that takes so many requests before it answers the first.
fn answers_when_all_are_there(requests: usize) -> (String, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let mut there: Vec<_> = (0..requests).map(|_| take_request(listener.accept().unwrap().0)).collect();
        for stream in &mut there {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    });
    (url, server)
}

fn take_request(mut stream: TcpStream) -> TcpStream {
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    while !request.ends_with(b"}}]}") {
        let read = stream.read(&mut buffer).unwrap();
        request.extend_from_slice(&buffer[..read]);
    }
    stream
}

#[test]
fn metrics_leave_side_by_side_and_not_one_after_the_others_answer() {
    for ack in [Ack::Status, Ack::Write] {
        let ((url, server), dir) = (answers_when_all_are_there(8), tempfile::tempdir().unwrap());
        let mut config = sam(&url, dir.path());
        config.ack = ack;
        config.background = false;
        config.response_wait = PATIENCE;
        let client = client(config);
        for n in 0..8 {
            capture(&client, "commandRun", &format!("{{\"duration\":{n}}}"));
        }
        client.flush(PATIENCE).unwrap();
        server.join().unwrap();
        assert_eq!((client.stats().requests, client.stats().delivered), (8, 8));
    }
}

#[test]
fn written_is_delivered_whatever_the_server_says_or_does_not_say() {
    for answer in [Answer::Silence, Answer::HangUp, Answer::Status(503), Answer::Status(400)] {
        let (server, dir) = (Server::with_url(|_| (vec![], answer.clone())), tempfile::tempdir().unwrap());
        let mut config = sam(&server.url, dir.path());
        config.ack = Ack::Write;
        let client = client(config.clone());
        (0..10).for_each(|_| drop(capture(&client, "commandRun", "{}")));
        client.flush(PATIENCE).unwrap();
        let stats = client.stats();
        assert_eq!((stats.delivered, stats.failures, stats.lost, stats.pending), (10, 0, 0, 0), "{answer:?}");
        drop(client);
        common::client(config).flush(PATIENCE).unwrap();
        assert_eq!(server.requests().len(), 10, "{answer:?}: none is sent again");
    }
}

#[test]
fn where_nobody_listens_nothing_is_written_and_all_is_delivered_later() {
    let (dir, url) = (tempfile::tempdir().unwrap(), refused_url());
    let mut config = sam(&url, dir.path());
    config.ack = Ack::Write;
    config.max_retries = 0;
    config.background = false;
    let client = client(config);
    let uuid = capture(&client, "commandRun", "{}");
    assert_eq!(client.flush(PATIENCE).unwrap_err().kind(), overt::ErrorKind::Undelivered);
    let listener = TcpListener::bind(url.strip_prefix("http://").unwrap()).unwrap();
    let server = std::thread::spawn(move || {
        let mut text = String::new();
        listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
        text
    });
    client.flush(PATIENCE).unwrap();
    assert!(server.join().unwrap().contains(&uuid));
}

#[test]
fn the_server_sees_the_end_of_a_connection_and_no_reset() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let mut stream = take_request(listener.accept().unwrap().0);
        std::thread::sleep(Duration::from_millis(100)); // it thinks
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n").unwrap();
        stream.write_all(b"{}").expect("who is gone would have reset the connection");
        stream.read(&mut [0; 16])
    });
    let dir = tempfile::tempdir().unwrap();
    let mut config = sam(&url, dir.path());
    config.ack = Ack::Write;
    config.response_wait = PATIENCE;
    let client = client(config);
    capture(&client, "commandRun", "{}");
    client.flush(PATIENCE).unwrap();
    assert_eq!(server.join().unwrap().unwrap(), 0);
}

/// The process that is killed: it sends a metric and waits for an answer that never comes.
#[test]
fn the_victim() {
    let (Ok(url), Ok(dir)) = (std::env::var("VICTIM_URL"), std::env::var("VICTIM_DIR")) else { return };
    let mut config = sam(&url, Path::new(&dir));
    config.ack = Ack::Write;
    (config.response_wait, config.timeout) = (PATIENCE, PATIENCE);
    let client = client(config);
    capture(&client, "commandRun", "{}");
    let _ = client.flush(PATIENCE);
}

#[test]
fn what_was_written_is_not_sent_again_although_the_process_was_killed_before_an_answer() {
    let server = Server::with_url(|_| (vec![], Answer::Silence));
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().display().to_string();
    let mut victim = child("the_victim", &[("VICTIM_URL", &server.url), ("VICTIM_DIR", &state)]);
    let mut process = victim.stdout(Stdio::null()).spawn().unwrap();
    server.wait_for_requests(1);
    let mut config = sam(&server.url, dir.path());
    config.ack = Ack::Write;
    config.background = false;
    let later = client(config);
    let started = std::time::Instant::now();
    while !later.pending().is_empty() {
        assert!(started.elapsed() < PATIENCE / 2, "it is settled before the answer is awaited");
        std::thread::yield_now();
    }
    process.kill().unwrap();
    process.wait().unwrap();
    later.flush(PATIENCE).unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_host_that_forks_breaks_off_all_requests_and_they_are_made_again() {
    let (server, dir) = (Server::with_answers(vec![Answer::Silence; 8]), tempfile::tempdir().unwrap());
    let mut config = sam(&server.url, dir.path());
    config.flush_at = 8;
    let client = client(config);
    (0..8).for_each(|_| drop(capture(&client, "commandRun", "{}")));
    server.wait_for_requests(8);
    assert!(client.hold_thread(PATIENCE));
    client.release_thread();
    client.flush(PATIENCE).unwrap();
    let requests = server.requests();
    assert_eq!((requests.len(), client.stats().delivered), (16, 8));
    let mut bodies: Vec<_> = requests.into_iter().map(|request| request.body).collect();
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), 8, "the same requests");
}

#[test]
fn a_rule_that_would_throw_answers_away_is_refused_where_they_matter() {
    let mut config = Config::new("tool");
    config.ack = Ack::Write;
    assert!(Client::new(config).unwrap_err().to_string().starts_with("ack: write needs"));
}

#[test]
fn a_later_process_goes_by_the_same_rule() {
    let (server, dir) = (Server::with_url(|_| (vec![], Answer::Status(503))), tempfile::tempdir().unwrap());
    let mut config = sam(&server.url, dir.path());
    config.ack = Ack::Write;
    config.response_wait = Duration::from_secs(7);
    config.background = false;
    capture(&client(config), "commandRun", "{}");
    let stored = Config::stored("scenario", Some(dir.path())).unwrap().pop().unwrap();
    assert_eq!((stored.wire, stored.ack, stored.response_wait), (Wire::AwsSam, Ack::Write, Duration::from_secs(7)));
    let later = client(stored);
    later.flush(PATIENCE).unwrap();
    assert_eq!((later.stats().delivered, server.requests().len()), (1, 1));
}
