//! The wire `aws-sam`: what AWS SAM CLI's back end gets, word for word.

mod common;

use common::{PATIENCE, client, config, files};
use overt::{Capture, Client, Config, ConsentReason, Event, Wire};
use overt_tests::{Answer, Server};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

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
