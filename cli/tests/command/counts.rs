//! A tool that counts its commands: what was counted is shown, with what of it went out, and goes with an opt-out.

use crate::sandbox::{NOBODY, Sandbox};
use overt::Client;
use serde_json::json;

#[test]
fn counters_are_shown_uploaded_and_erased() {
    let (sandbox, server) = (Sandbox::new(), overt_tests::Server::start());
    let own = sandbox.dir().with_file_name("telemetry.yaml");
    let mut config = sandbox.config(NOBODY);
    config.api_key = String::new();
    config.counters_path = Some(own.clone());
    config.counters_endpoint = server.url.clone();
    let count = || Client::new(config.clone()).unwrap().record_command("pace get", 0).unwrap();
    count();
    count();

    let status = sandbox.run(&["status"]).text();
    let line = format!("  counted  2 commands, none of them uploaded to {} (in {})\n", server.url, own.display());
    assert!(status.contains(&line), "{status}");
    assert!(status.contains(&format!("(in {})", own.display())), "the client ID: {status}");
    let one = json!({"pace get": {"0": {"cumulative_count": 2}}});
    let shown = sandbox.run(&["show", "--json"]).json();
    assert_eq!(shown["counters"][0]["document"]["metric_points"], one);
    assert_eq!(shown["counters"][0]["uploaded"], json!(null));

    // Its answer is not "OK", so it may not have them.
    sandbox.run(&["flush"]).text();
    assert_eq!(server.requests()[0].json()["metric_points"], one);
    assert!(sandbox.run(&["status"]).text().contains("none of them uploaded"));

    sandbox.run(&["off"]).text();
    assert!(!own.exists());
    assert_eq!(sandbox.names(), ["consent"]);
}

#[test]
fn what_was_uploaded_is_shown_beside_what_is_counted() {
    let sandbox = Sandbox::new();
    let ok = |_: &overt_tests::Recorded| overt_tests::Reply { status: 200, body: "OK".into(), ..Default::default() };
    let server = overt_tests::Server::with_answers([overt_tests::Answer::made(ok)]);
    let mut config = sandbox.config(NOBODY);
    config.counters_path = Some(sandbox.dir().with_file_name("telemetry.yaml"));
    config.counters_endpoint = server.url.clone();
    let count = || Client::new(config.clone()).unwrap().record_command("pace get", 0).unwrap();
    count();
    sandbox.run(&["flush"]).text();
    count();
    let status = sandbox.run(&["status"]).text();
    assert!(status.contains("counted  2 commands, 1 of them uploaded to "), "{status}");
    let shown = sandbox.run(&["show"]).text();
    let sent = String::from_utf8(server.requests()[0].body.clone()).unwrap();
    assert!(shown.contains(&format!("\n# uploaded last to {}\n{sent}\n", server.url)), "{shown}");
}
