//! A tool whose runs are shorter than a request: what the end of a run cuts off, another process uploads.

use super::uploads::{config, says, server};
use crate::common::{PATIENCE, child, client, upload_if_asked, uploader};
use overt::Client;
use overt_tests::{Answer, Server};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// The process that the tool starts.
#[test]
fn the_uploader() {
    upload_if_asked();
}

/// A tool: counts and ends, or waits for its end.
#[test]
fn the_tool() {
    let (Ok(url), Ok(dir)) = (std::env::var("TOOL_URL"), std::env::var("TOOL_DIR")) else { return };
    let mut config = config(&url, Path::new(&dir));
    config.background = true;
    if std::env::var_os("TOOL_HAS_UPLOADER").is_some() {
        config.uploader = uploader("short_run::the_uploader");
    }
    if std::env::var_os("TOOL_WAITS_AT_EXIT").is_some() {
        config.exit_timeout = PATIENCE;
    }
    let client = Client::new(config).unwrap();
    client.record_command("pace", 0).unwrap();
    if std::env::var_os("TOOL_HANGS").is_some() {
        let _ = std::io::stdin().read_line(&mut String::new());
    }
}

fn tool(url: &str, dir: &Path, more: &[(&str, &str)]) -> std::process::Child {
    let dir = dir.display().to_string();
    let variables = [&[("TOOL_URL", url), ("TOOL_DIR", dir.as_str())], more].concat();
    child("short_run::the_tool", &variables).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn the_uploader_carries_the_counts() {
    // Slower than the tool, whose own request is cut off if it comes so far.
    let server = Server::with_url(|_| (Vec::new(), says(200, "OK", Duration::from_millis(500))));
    let dir = tempfile::tempdir().unwrap();
    assert!(tool(&server.url, dir.path(), &[("TOOL_HAS_UPLOADER", "1")]).wait().unwrap().success());
    let start = std::time::Instant::now();
    while client(config(&server.url, dir.path())).sent_counters().is_none() {
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(server.requests().len() <= 2, "its own and the uploader's");
}

#[test]
fn one_that_waits_at_its_end_waits_for_the_counts_too() {
    let (server, dir) = (server(), tempfile::tempdir().unwrap());
    assert!(tool(&server.url, dir.path(), &[("TOOL_WAITS_AT_EXIT", "1")]).wait().unwrap().success());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn an_upload_that_was_cut_off_is_made_again_by_who_delivers_next() {
    let server = Server::with_url(|_| (vec![Answer::Silence], says(200, "OK", Duration::ZERO)));
    let dir = tempfile::tempdir().unwrap();
    let mut killed = tool(&server.url, dir.path(), &[("TOOL_HANGS", "1")]);
    server.wait_for_requests(1);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let next = client(config(&server.url, dir.path()));
    next.flush(PATIENCE).unwrap();
    next.flush(PATIENCE).unwrap();
    let [first, again] = server.requests().try_into().unwrap();
    assert_eq!(first.body, again.body);
}
