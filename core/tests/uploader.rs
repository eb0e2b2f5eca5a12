//! The uploader, as a real process: a tool that ends at once, and what delivers after it.

#![cfg(target_os = "linux")]

mod common;

use common::{PATIENCE, child, config};
use overt::{Client, HostConsent, Upload, Uploader};
use overt_tests::{Answer, Server};
use serde_json::json;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// The process that the tool starts.
#[test]
fn the_uploader() {
    // The harness has read the arguments before: its own, and ours as names of tests that do not exist.
    let own = std::env::args_os().skip_while(|arg| arg != "overt-upload");
    if let Some(upload) = Upload::from_args(own) {
        upload.run();
        std::process::exit(0);
    }
}

/// A tool: records and ends.
#[test]
fn the_tool() {
    let (Ok(url), Ok(dir)) = (std::env::var("TOOL_URL"), std::env::var("TOOL_DIR")) else { return };
    let mut config = config(&url, Path::new(&dir));
    let args = ["--exact", "the_uploader", "--nocapture", "--test-threads=1"].map(Into::into).to_vec();
    config.uploader = Uploader::this_program().map(|this| Uploader { args, ..this });
    if std::env::var_os("TOOL_ASKS_ITSELF").is_some() {
        config.default_consent = false;
        config.consent = HostConsent::Says(true);
    }
    if std::env::var_os("TOOL_IS_OFF").is_some() {
        config.consent = HostConsent::Says(false);
    }
    Client::new(config).unwrap().capture_event("run", &json!({})).unwrap();
}

fn run_tool(url: &str, dir: &Path, more: &[(&str, &str)]) {
    let dir = dir.display().to_string();
    let variables = [&[("TOOL_URL", url), ("TOOL_DIR", dir.as_str())], more].concat();
    let mut tool = child("the_tool", &variables).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // Whoever waits for the end of its output does not wait for the uploader.
    tool.stdout.take().unwrap().read_to_end(&mut Vec::new()).unwrap();
    assert!(tool.wait().unwrap().success());
}

/// The processes on this machine whose command line names this directory, apart from the tool itself.
fn uploaders(dir: &Path) -> Vec<u32> {
    let dir = dir.display().to_string();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_one = |pid: &u32| {
        let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&words).split('\0').any(|word| word == dir)
    };
    numbers.filter(is_one).collect()
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_a_short_run_leaves_arrives_without_another_run() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    run_tool(&server.url, dir.path(), &[]);
    let requests = server.wait_for_requests(1);
    assert_eq!(requests[0].events()[0]["event"], "run");
    wait_until("the uploader ends", || uploaders(dir.path()).is_empty());
}

#[test]
fn a_host_that_keeps_consent_itself_takes_it_along() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    run_tool(&server.url, dir.path(), &[("TOOL_ASKS_ITSELF", "1")]);
    server.wait_for_requests(1);
}

#[test]
fn while_off_nothing_is_started() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    run_tool(&server.url, dir.path(), &[("TOOL_IS_OFF", "1")]);
    assert!(uploaders(dir.path()).is_empty() && server.requests().is_empty());
    assert!(std::fs::read_dir(dir.path()).unwrap().next().is_none());
}

#[test]
fn of_many_runs_against_a_black_hole_one_uploader_lives() {
    const RUNS: usize = 500;
    let server = Server::with_answers(std::iter::repeat_n(Answer::Silence, 100));
    let dir = tempfile::tempdir().unwrap();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..RUNS {
        run_tool(&server.url, dir.path(), &[]);
        let alive = uploaders(dir.path());
        assert!(alive.len() <= 1, "{alive:?}");
        seen.extend(alive);
    }
    assert_eq!(seen.len(), 1, "the runs took less than the time between two starts");
    let pid = seen.into_iter().next().unwrap();
    let stats: Vec<_> = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten().collect();
    let worker = stats.iter().map(|task| std::fs::read_to_string(task.path().join("stat")).unwrap());
    let worker = worker.into_iter().find(|stat| stat.contains("(overt)")).expect("it waits for an answer");
    let fields: Vec<&str> = worker.rsplit(')').next().unwrap().split_whitespace().collect();
    assert_eq!(
        (fields[3], fields[4], fields[16]),
        (pid.to_string().as_str(), "0", "19"),
        "session, terminal, priority"
    );
    assert_eq!(std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap(), Path::new("/"));
    // No event is on its command line or in its environment, and no key.
    for file in ["cmdline", "environ"] {
        let text = std::fs::read(format!("/proc/{pid}/{file}")).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("phc_test"), "{file}");
    }
    assert_eq!(std::fs::read_dir(dir.path().join("spool")).unwrap().count(), 1);
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.try_into().unwrap()), nix::sys::signal::SIGKILL).unwrap();
    let client = Client::new(config(&server.url, dir.path())).unwrap();
    assert_eq!(client.pending().len(), RUNS, "nothing was lost");
}
