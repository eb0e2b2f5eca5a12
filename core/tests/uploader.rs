//! The uploader, as a real process: a tool that ends at once, and what delivers after it.

#![cfg(target_os = "linux")]

mod common;

use common::{PATIENCE, child, config, upload_if_asked, uploader};
use overt::{Client, HostConsent};
use overt_tests::{Answer, Server};
use serde_json::json;
use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The process that the tool starts.
#[test]
fn the_uploader() {
    upload_if_asked();
}

/// A tool: records and ends.
#[test]
fn the_tool() {
    let (Ok(url), Ok(dir)) = (std::env::var("TOOL_URL"), std::env::var("TOOL_DIR")) else { return };
    let mut config = config(&url, Path::new(&dir));
    config.uploader = uploader("the_uploader");
    if std::env::var_os("TOOL_ASKS_ITSELF").is_some() {
        config.default_consent = false;
        config.consent = HostConsent::Says(true);
    }
    if std::env::var_os("TOOL_IS_OFF").is_some() {
        config.consent = HostConsent::Says(false);
    }
    let on = Arc::new(AtomicBool::new(true));
    if std::env::var_os("TOOL_TURNS_OFF").is_some() {
        let on = Arc::clone(&on);
        config.consent = HostConsent::Asked(Arc::new(move || Some(on.load(Ordering::Relaxed))));
    }
    let client = Client::new(config).unwrap();
    client.capture_event("run", &json!({})).unwrap();
    on.store(false, Ordering::Relaxed);
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

    run_tool(&server.url, dir.path(), &[("TOOL_TURNS_OFF", "1")]);
    assert!(!lock_file(dir.path()).exists(), "nor when the host turns off before it ends");
}

fn lock_file(dir: &Path) -> PathBuf {
    std::fs::read_dir(dir.join("spool")).unwrap().next().unwrap().unwrap().path().join("uploader.lock")
}

#[test]
fn the_next_one_is_started_a_minute_after_the_last() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    run_tool(&server.url, dir.path(), &[]);
    server.wait_for_requests(1);
    wait_until("the uploader ends", || uploaders(dir.path()).is_empty());
    let started = std::fs::read_to_string(lock_file(dir.path())).unwrap();
    run_tool(&server.url, dir.path(), &[]);
    assert_eq!(std::fs::read_to_string(lock_file(dir.path())).unwrap(), started, "none was started");

    let a_minute_before: u64 = started.trim().parse::<u64>().unwrap() - 60_000;
    std::fs::write(lock_file(dir.path()), a_minute_before.to_string()).unwrap();
    run_tool(&server.url, dir.path(), &[]);
    assert_eq!(server.wait_for_requests(2)[1].events().len(), 2, "it takes along what was left");
}

#[test]
fn while_one_lives_there_is_no_other_however_long() {
    let (server, dir) = (Server::with_answers([Answer::Silence, Answer::Silence]), tempfile::tempdir().unwrap());
    run_tool(&server.url, dir.path(), &[]);
    server.wait_for_requests(1);
    let one = uploaders(dir.path());
    std::fs::write(lock_file(dir.path()), "0").unwrap();
    run_tool(&server.url, dir.path(), &[]);
    assert_eq!(std::fs::read_to_string(lock_file(dir.path())).unwrap(), "0", "none was started");
    assert_eq!(uploaders(dir.path()), one);
    kill(one[0]);
}

fn kill(pid: u32) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.try_into().unwrap()), nix::sys::signal::SIGKILL).unwrap();
}

#[test]
fn of_many_runs_against_a_black_hole_one_uploader_lives() {
    // `docs/reliability.md` has the figures of a longer run.
    let runs: usize = std::env::var("OVERT_TEST_RUNS").map_or(100, |runs| runs.parse().unwrap());
    let server = Server::with_answers(std::iter::repeat_n(Answer::Silence, 100));
    let (dir, begun) = (tempfile::tempdir().unwrap(), Instant::now());
    let mut seen = HashSet::new();
    for _ in 0..runs {
        run_tool(&server.url, dir.path(), &[]);
        let alive = uploaders(dir.path());
        assert!(alive.len() <= 1, "{alive:?}");
        seen.extend(alive);
    }
    assert!(seen.len() as u64 <= 1 + begun.elapsed().as_secs() / 60, "one a minute: {seen:?}");
    assert_eq!(std::fs::read_dir(dir.path().join("spool")).unwrap().count(), 1);
    uploaders(dir.path()).into_iter().for_each(kill);
    let client = Client::new(config(&server.url, dir.path())).unwrap();
    assert_eq!(client.pending().len(), runs, "nothing was lost");
}

#[test]
fn it_disturbs_nobody_and_tells_nothing() {
    let (server, dir) = (Server::with_answers([Answer::Silence]), tempfile::tempdir().unwrap());
    run_tool(&server.url, dir.path(), &[]);
    server.wait_for_requests(1);
    let [pid] = uploaders(dir.path()).try_into().expect("one");
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let worker = tasks.map(|task| std::fs::read_to_string(task.path().join("stat")).unwrap());
    let worker = worker.into_iter().find(|stat| stat.contains("(overt)")).expect("it waits for an answer");
    let fields: Vec<&str> = worker.rsplit(')').next().unwrap().split_whitespace().collect();
    assert_eq!(
        (fields[3], fields[4], fields[16]),
        (pid.to_string().as_str(), "0", "19"),
        "session, terminal, priority"
    );
    assert_eq!(std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap(), Path::new("/"));
    for file in ["cmdline", "environ"] {
        let text = std::fs::read(format!("/proc/{pid}/{file}")).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("phc_test"), "no key, no event: {file}");
    }
    kill(pid);
}
