//! SIGKILL at each system call that counting makes: nothing is lost and nothing counted twice.

use super::{ID, PACE, config, count, counters, file, names, put, run, text};
use crate::common::child;
use overt::{Client, Clock, Counted, HttpTransport, SystemClock, Timestamp, Variables};
use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

/// Records that wait in the directory, as processes leave them that find the lock taken.
const LEFT: u64 = 3;

/// The process that is killed: counts once, and says so.
#[test]
fn the_killed() {
    let Ok(dir) = std::env::var("KILLED_DIR") else { return };
    let reports = std::env::var_os("KILLED_REPORTS").is_some();
    let client = Client::new(if reports { reporting(Path::new(&dir)) } else { config(Path::new(&dir)) }).unwrap();
    assert_eq!(client.record_command("pace version", 0).unwrap(), Counted::Counted);
    println!("counted");
}

/// A tool that reports each count at once, by an event.
fn reporting(dir: &Path) -> overt::Config {
    let mut config = config(dir);
    config.counters_interval = Some(Duration::ZERO);
    config.report_losses = false;
    config.enrich = false;
    config
}

/// Runs it under strace; what strace saw.
fn run_killed(dir: &Path, inject: Option<String>, reports: bool) -> (Output, String) {
    let log = dir.join("strace.log");
    let killed = child("killed::the_killed", &[]);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-e", "trace=%file,%desc", "-o"]).arg(&log);
    strace.args(inject.iter().flat_map(|fault| ["-e", fault]));
    strace.arg(killed.get_program()).args(killed.get_args());
    for cleared in ["CI", "TELEMETRY_ENABLED", "DO_NOT_TRACK", "OVERT_DEBUG"] {
        strace.env_remove(cleared);
    }
    strace.env("KILLED_DIR", dir);
    if reports {
        strace.env("KILLED_REPORTS", "1");
    }
    let output = strace.output().expect("strace is needed: Debian package strace");
    (output, std::fs::read_to_string(log).unwrap())
}

/// A file of PACE's and records that are to be entered into it.
fn prepare(dir: &Path, content: &str) {
    put(dir, content);
    let beside = dir.join("config/telemetry.yaml.overt");
    std::fs::create_dir(&beside).unwrap();
    for n in 0..LEFT {
        std::fs::write(beside.join(format!("{n:032x}.count")), "0 pace version\n").unwrap();
    }
    std::fs::write(beside.join("garbage.count"), "0 pace version\n").unwrap();
}

/// The calls that concern the counters, as the how many-th of their name.
fn places(seen: &str, dir: &Path) -> Vec<(String, usize)> {
    let ours = [dir.join("config"), dir.join("state/spool")].map(|dir| dir.display().to_string());
    let mut counts = HashMap::<(&str, &str), usize>::new();
    let mut places = Vec::new();
    for line in seen.lines() {
        let Some((thread, call)) = line.split_once('(').and_then(|(before, _)| before.split_once(' ')) else {
            continue;
        };
        let number = counts.entry((thread, call.trim())).or_default();
        *number += 1;
        if ours.iter().any(|ours| line.contains(ours)) {
            places.push((call.trim().to_owned(), *number));
        }
    }
    places
}

fn killed_at_each_call_with(content: &str) {
    let dir = tempfile::tempdir().unwrap();
    prepare(dir.path(), content);
    let (output, seen) = run_killed(dir.path(), None, false);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(count(dir.path(), "pace version", 0), 1 + LEFT + 1);
    let whole = text(dir.path());
    let places = places(&seen, dir.path());
    assert!(places.iter().filter(|(call, _)| call.starts_with("rename")).count() >= 2, "{seen}");

    let mut counted = 0;
    for (call, number) in &places {
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path(), content);
        let fault = format!("inject={call}:signal=SIGKILL:when={number}");
        let (output, seen) = run_killed(dir.path(), Some(fault.clone()), false);
        assert!(seen.contains("+++ killed by SIGKILL +++"), "{fault}: {seen}");
        assert!(output.status.signal() == Some(9) || output.status.code() == Some(137), "{fault}: {output:?}");
        assert!([content, &whole].contains(&text(dir.path()).as_str()), "{fault}: half a file: {}", text(dir.path()));

        let was_counted = text(dir.path()) == whole;
        run(dir.path(), "pace version", 0);
        let expected = 1 + LEFT + 1 + u64::from(was_counted);
        assert_eq!(count(dir.path(), "pace version", 0), expected, "{fault}");
        assert_eq!(count(dir.path(), "pace get data-policy", 1), 7, "{fault}");
        assert_eq!(counters(dir.path())["id"], ID, "{fault}");
        let left: Vec<_> = names(dir.path()).into_iter().filter(|name| !name.ends_with(".bad")).collect();
        let beside = ["garbage.count", "lock"].map(|name| format!("telemetry.yaml.overt/{name}"));
        assert_eq!(left[1..], beside, "{fault}: nothing else is left at {}", file(dir.path()).display());
        counted += usize::from(was_counted);
    }
    assert!(counted > 0 && counted < places.len(), "before and after the count");
    println!("killed at each of {} system calls, {counted} of them after the count", places.len());
}

#[test]
fn a_process_that_is_killed_at_any_system_call_has_counted_once_or_not_at_all() {
    killed_at_each_call_with(PACE);
}

#[test]
fn so_it_is_while_a_damaged_file_is_put_aside() {
    killed_at_each_call_with(&format!("{PACE}unknown: 1\n"));
}

/// A clock that goes before the machine's.
struct Ahead(Duration);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now().after(self.0)
    }
}

/// A run of the tool so many hours later.
fn later(dir: &Path, hours: u64) -> Client {
    let config = reporting(dir);
    let transport = HttpTransport::new(config.timeout, config.connect_timeout, &Variables::default());
    let clock = Box::new(Ahead(Duration::from_secs(3_600 * hours)));
    Client::with_parts(config, Variables::default(), clock, Box::new(transport)).unwrap()
}

/// What the events that wait say in sum, each counted once by its UUID; and how many there are twice.
fn reported(client: &Client) -> (u64, usize) {
    let (mut growths, mut twice) = (HashMap::new(), 0);
    for line in client.pending() {
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        let growth = event["properties"]["count"].as_u64().unwrap();
        if let Some(before) = growths.insert(event["uuid"].to_string(), growth) {
            assert_eq!(before, growth, "two events under one UUID");
            twice += 1;
        }
    }
    (growths.values().sum(), twice)
}

#[test]
fn a_process_that_is_killed_while_it_reports_has_its_counts_reported_once() {
    let dir = tempfile::tempdir().unwrap();
    prepare(dir.path(), PACE);
    let (output, seen) = run_killed(dir.path(), None, true);
    assert!(output.status.success(), "{output:?}");
    let all = 2 + 7 + 1 + LEFT + 1;
    assert_eq!(reported(&later(dir.path(), 0)), (all, 0));
    let places = places(&seen, dir.path());
    let mut doubled = 0;
    for (call, number) in &places {
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path(), PACE);
        let fault = format!("inject={call}:signal=SIGKILL:when={number}");
        let (_, seen) = run_killed(dir.path(), Some(fault.clone()), true);
        assert!(seen.contains("+++ killed by SIGKILL +++"), "{fault}: {seen}");
        for hours in 1..=2 {
            assert_eq!(later(dir.path(), hours).record_command("pace version", 0).unwrap(), Counted::Counted);
        }
        let last = later(dir.path(), 3);
        let document: serde_json::Value = serde_json::from_str(&last.counters().unwrap()).unwrap();
        let codes =
            document["metric_points"].as_object().unwrap().values().flat_map(|codes| codes.as_object().unwrap());
        let counted: u64 = codes.map(|(_, point)| point["cumulative_count"].as_u64().unwrap()).sum();
        assert!((all + 1..=all + 2).contains(&counted), "{fault}: {counted}");
        let (said, twice) = reported(&last);
        assert_eq!(said, counted, "{fault}");
        doubled += twice;
    }
    println!("killed at each of {} system calls; {doubled} events are stored twice, under one UUID", places.len());
}
