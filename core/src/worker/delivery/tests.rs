//! Deliveries told as stories: what goes out, what is acknowledged, what stays.

use super::play::{A, B, C, Play, Ran, Scene, results, status};
use super::*;
use crate::wire::Wire;
use Play::Refuse;

fn run(server: &[Play], waiting: &[&'static str]) -> Ran {
    Scene::new(Wire::PostHog, server, waiting).run()
}

fn run_v1(server: &[Play], waiting: &[&'static str]) -> Ran {
    Scene::new(Wire::PostHogV1, server, waiting).run()
}

#[test]
fn a_batch_is_one_request_and_is_acknowledged() {
    let ran = run(&[status(200)], &["{\"a\":1}", "{\"b\":2}"]);
    assert_eq!((ran.pass, ran.bodies.len()), (Pass::Done, 1));
    assert_eq!(ran.acknowledged, [0, 1]);
    assert_eq!(Counts::get(&ran.counts.delivered), 2);
}

#[test]
fn a_retry_sends_the_same_events_with_a_fresh_time() {
    let ran = run(&[Refuse, status(503), status(200)], &["{\"a\":1}"]);
    assert_eq!((ran.pass, ran.bodies.len(), ran.pauses()), (Pass::Done, 3, vec![200, 400]));
    let parts: Vec<_> = ran.bodies.iter().map(|body| body.split_once("\"sent_at\":").unwrap()).collect();
    assert!(parts.iter().all(|(events, _)| *events == parts[0].0));
    assert_eq!(parts[2].1, "\"2026-11-20T18:00:00.600Z\"}");
    assert_eq!(Counts::get(&ran.counts.failures), 2);
}

#[test]
fn after_max_retries_nothing_is_acknowledged_or_lost() {
    let ran = run(&[status(500)], &["{\"a\":1}"]);
    assert_eq!((ran.pass, ran.bodies.len()), (Pass::Parked, 4));
    assert!(ran.acknowledged.is_empty() && ran.counts.losses.total() == 0);
}

#[test]
fn a_final_status_is_one_request_and_a_counted_loss() {
    let ran = run(&[status(400)], &["{\"a\":1}", "{\"b\":2}"]);
    assert_eq!((ran.pass, ran.bodies.len()), (Pass::Done, 1));
    assert_eq!(ran.counts.losses.get(LossReason::Refused), 2);
    assert_eq!(ran.acknowledged, [0, 1]);
}

#[test]
fn a_body_that_is_too_large_goes_in_halves_and_in_order() {
    let ran = run(&[status(413), status(413), status(200)], &["{\"a\":1}", "{\"b\":2}", "{\"c\":3}", "{\"d\":4}"]);
    let batches: Vec<_> = ran.bodies.iter().map(|body| body.matches("{\"").count() - 1).collect();
    assert_eq!((ran.pass, batches), (Pass::Done, vec![4, 2, 1, 1, 2]));
    assert_eq!(ran.acknowledged, [0, 1, 2, 3]);
}

#[test]
fn exactly_the_events_that_are_wanted_again_go_again_under_the_same_request_id() {
    let first = results(
        r#"{"results":{"cccccccc-0000-4000-8000-000000000000":{"result":"retry"},
            "aaaaaaaa-0000-4000-8000-000000000000":{"result":"ok"},
            "bbbbbbbb-0000-4000-8000-000000000000":{"result":"drop"}}}"#,
    );
    let ran = run_v1(&[first, status(503), results("{}")], &[A, B, C]);
    assert_eq!((ran.pass, ran.requests.len()), (Pass::Done, 3));
    assert!(ran.bodies[0].contains(A) && ran.bodies[0].contains(B) && ran.bodies[0].contains(C));
    for body in &ran.bodies[1..] {
        assert!(body.contains(C) && !body.contains(A) && !body.contains(B), "{body}");
        assert_eq!(body.get(..40), ran.bodies[0].get(..40), "created_at stays");
    }
    assert_eq!(ran.headers("PostHog-Attempt"), ["1", "2", "3"]);
    let ids = ran.headers("PostHog-Request-Id");
    assert!(ids.iter().all(|id| *id == ids[0]));
    let times = ran.headers("PostHog-Request-Timestamp");
    assert!(times[0] < times[1] && times[1] < times[2], "{times:?}");
    assert_eq!(ran.acknowledged, [0, 1, 2]);
    assert_eq!(ran.delivered, [A, C], "what people can read of it");
    assert_eq!(ran.counts.losses.get(LossReason::Refused), 1);
    assert_eq!((Counts::get(&ran.counts.delivered), Counts::get(&ran.counts.unconfirmed)), (2, 1));
}

#[test]
fn events_that_are_always_wanted_again_stay_after_max_retries() {
    let again = results(r#"{"results":{"aaaaaaaa-0000-4000-8000-000000000000":{"result":"retry"}}}"#);
    let ran = run_v1(&[again], &[A, B]);
    assert_eq!((ran.pass, ran.requests.len()), (Pass::Parked, 4));
    assert_eq!(ran.acknowledged, [1], "only what was judged");
}

#[test]
fn halves_are_requests_of_their_own() {
    let ran = run_v1(&[status(413), status(204)], &[A, B]);
    let ids: std::collections::HashSet<_> = ran.headers("PostHog-Request-Id").into_iter().collect();
    assert_eq!((ran.pass, ids.len(), ran.acknowledged), (Pass::Done, 3, vec![0, 1]));
}

#[test]
fn requests_of_one_event_are_begun_before_the_first_answer_is_awaited() {
    let ran = Scene::one_by_one(Ack::Status, &[status(200)], &[A, B, C, A]).run();
    let first = ["begin 1", "begin 2", "begin 3", "answer 1", "acknowledge 0", "answer 2", "acknowledge 1", "answer 3"];
    let then = ["acknowledge 2", "begin 4", "answer 4", "acknowledge 3"];
    assert_eq!(
        (ran.pass, ran.story),
        (Pass::Done, [&first[..], &then].concat().iter().map(|one| one.to_string()).collect())
    );
    assert_eq!(ran.bodies[1], format!("{{\"metrics\":[{B}]}}"));
}

#[test]
fn only_what_is_to_be_tried_again_is_after_the_longest_of_the_pauses() {
    let in_two =
        Play::Says(crate::transport::Response { status: 429, retry_after: Some("2".into()), ..Default::default() });
    let server = [status(503), status(200), in_two, status(200)];
    let ran = Scene::one_by_one(Ack::Status, &server, &[A, B, C]).run();
    assert_eq!((ran.pass, ran.bodies.len(), ran.pauses()), (Pass::Done, 5, vec![2_000]));
    assert!(ran.bodies[3].contains(A) && ran.bodies[4].contains(C));
    assert_eq!(ran.acknowledged, [1, 0, 2]);
    assert_eq!((Counts::get(&ran.counts.delivered), Counts::get(&ran.counts.failures)), (3, 2));
}

#[test]
fn side_by_side_one_is_lost_one_waits_and_one_arrives() {
    let server = [status(400), Refuse, status(200), Refuse];
    let ran = Scene { max_retries: 1, ..Scene::one_by_one(Ack::Status, &server, &[A, B, C]) }.run();
    assert_eq!((ran.pass, ran.bodies.len(), ran.acknowledged), (Pass::Parked, 4, vec![0, 1]));
    assert_eq!((Counts::get(&ran.counts.delivered), ran.counts.losses.total()), (1, 1));
}

#[test]
fn a_server_that_cannot_be_reached_is_not_asked_for_each_event() {
    let ran = Scene::one_by_one(Ack::Status, &[Refuse], &[A, B, C]).run();
    assert_eq!((ran.pass, ran.bodies.len(), ran.pauses()), (Pass::Parked, 4, vec![200, 400, 800]));
    let ran = Scene::one_by_one(Ack::Status, &[Refuse, status(200)], &[A, B, C]).run();
    let bodies = [A, A, B, C].map(|metric| format!("{{\"metrics\":[{metric}]}}"));
    assert_eq!((ran.pass, ran.bodies), (Pass::Done, bodies.to_vec()));
}

#[test]
fn consent_that_is_withdrawn_in_a_wave_stops_what_is_not_begun() {
    let server = [status(200)];
    let ran = Scene { withdraw_after: Some(2), ..Scene::one_by_one(Ack::Status, &server, &[A, B, C]) }.run();
    assert_eq!((ran.pass, ran.bodies.len(), ran.acknowledged), (Pass::Stopped, 2, vec![0, 1]));
}

#[test]
fn written_is_delivered_before_anybody_waits_and_whatever_comes() {
    for server in [status(200), status(400), status(503), Play::HangUp] {
        let ran = Scene::one_by_one(Ack::Write, std::slice::from_ref(&server), &[A, B]).run();
        let story = ["begin 1", "acknowledge 0", "begin 2", "acknowledge 1"];
        let then = ["answer awaited shortly 1", "answer awaited shortly 2"];
        assert_eq!(
            (ran.pass, ran.story),
            (Pass::Done, [&story[..], &then].concat().iter().map(|one| one.to_string()).collect())
        );
        assert_eq!((Counts::get(&ran.counts.delivered), Counts::get(&ran.counts.failures)), (2, 0), "{server:?}");
        assert_eq!(ran.counts.losses.total(), 0);
    }
}

#[test]
fn what_could_not_be_written_is_tried_again_although_writing_would_do() {
    let ran = Scene::one_by_one(Ack::Write, &[Refuse, status(503), Play::HangUp], &[A, B]).run();
    assert_eq!((ran.pass, ran.bodies.len(), ran.pauses()), (Pass::Done, 3, vec![200]));
    assert_eq!(ran.acknowledged, [0, 1]);
    let ran = Scene::one_by_one(Ack::Write, &[Refuse], &[A, B]).run();
    assert_eq!((ran.pass, ran.bodies.len(), ran.acknowledged), (Pass::Parked, 4, vec![]));
}
