//! A host that has an HTTP client of its own lets overt use it: here minreq, in a dozen lines.

mod common;

use common::{PATIENCE, config};
use overt::{Ack, Client, NoAnswer, Request, Response, SystemClock, Transport, Variables, Wire};
use overt_tests::{Answer, Server};
use serde_json::json;

struct Minreq;

impl Transport for Minreq {
    fn send(&self, request: &Request) -> Result<Response, NoAnswer> {
        let post = minreq::post(&request.url)
            .with_headers(request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())))
            .with_body(request.body.as_slice())
            .with_timeout(PATIENCE.as_secs())
            .with_follow_redirects(false);
        let answer = post.send().map_err(|error| NoAnswer::new(error.to_string()))?;
        let header = |name| answer.headers(name).next().map(str::to_owned);
        Ok(Response {
            status: answer.status_code,
            retry_after: header("Retry-After"),
            date: header("Date"),
            body: answer.as_bytes().to_vec(),
        })
    }
}

#[test]
fn events_leave_by_the_hosts_own_http_client() {
    let (server, dir) = (Server::with_answers([Answer::Status(503)]), tempfile::tempdir().unwrap());
    let config = config(&server.url, dir.path());
    let client = Client::with_parts(config, Variables::default(), Box::new(SystemClock), Box::new(Minreq)).unwrap();
    client.capture_event("run", &json!({"n": 1})).unwrap();
    client.flush(PATIENCE).unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 2, "one that was refused, one that was taken");
    assert_eq!(requests[0].events(), requests[1].events());
}

#[test]
fn a_client_that_sends_in_one_step_sends_metrics_one_by_one() {
    let (server, dir) = (Server::with_answers([Answer::Status(503)]), tempfile::tempdir().unwrap());
    let mut config = config(&server.url, dir.path());
    (config.wire, config.ack) = (Wire::AwsSam, Ack::Write);
    let client = Client::with_parts(config, Variables::default(), Box::new(SystemClock), Box::new(Minreq)).unwrap();
    for n in 0..3 {
        client.capture_event("run", &json!({"n": n})).unwrap();
    }
    client.flush(PATIENCE).unwrap();
    assert_eq!((server.requests().len(), client.stats().delivered), (3, 3), "any answer will do");
}
