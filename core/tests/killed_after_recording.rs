//! SIGKILL (on Windows TerminateProcess) directly after `capture_event` has returned: every acknowledged event arrives, once.

mod common;

use common::{PATIENCE, child, client, config};
use overt::{Capture, Client};
use overt_tests::Server;
use serde_json::json;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

const PROCESSES: usize = 200;
const THREADS: usize = 4;
/// Enough that most processes are killed while their threads still record.
const EVENTS_PER_THREAD: usize = 50;

/// The process that is killed: each thread records, and only then says which UUID was acknowledged.
#[test]
fn the_victim() {
    let (Ok(url), Ok(dir)) = (std::env::var("VICTIM_URL"), std::env::var("VICTIM_DIR")) else { return };
    let mut config = config(&url, Path::new(&dir));
    config.background = false;
    config.max_spool_events = (PROCESSES * THREADS * EVENTS_PER_THREAD) as u64;
    config.max_spool_bytes = 1_000 * config.max_spool_events;
    let client = Client::new(config).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let client = &client;
            scope.spawn(move || {
                for n in 0..EVENTS_PER_THREAD {
                    if let Capture::Recorded(uuid) =
                        client.capture_event("run", &json!({"thread": thread, "n": n})).unwrap()
                    {
                        // One write(2), so that a line is acknowledged whole or not at all.
                        std::io::stderr().write_all(format!("{uuid}\n").as_bytes()).unwrap();
                    }
                }
            });
        }
    });
    // Nothing but the signal ends it.
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[test]
fn every_acknowledged_event_arrives_exactly_once() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let mut acknowledged = Vec::new();
    let mut killed = 0;
    for round in 0..PROCESSES {
        let dir = dir.path().display().to_string();
        let mut victim: Command = child("the_victim", &[("VICTIM_URL", &server.url), ("VICTIM_DIR", &dir)]);
        let mut process = victim.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        // From right after the first acknowledgement to somewhere in the middle.
        acknowledged.extend(lines.by_ref().take(1 + round % 40));
        process.kill().unwrap();
        // What it could still say before the signal arrived was acknowledged, too.
        acknowledged.extend(lines.filter(|line| line.len() == 36));
        killed += usize::from(common::was_killed(process.wait().unwrap()));
    }
    assert_eq!(killed, PROCESSES, "each process died by the signal");
    assert!(acknowledged.len() >= PROCESSES, "{} acknowledged", acknowledged.len());

    client(config(&server.url, dir.path())).flush(PATIENCE).unwrap();

    let mut arrived: HashMap<String, usize> = HashMap::new();
    for event in server.events() {
        *arrived.entry(event["uuid"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let missing: Vec<_> = acknowledged.iter().filter(|uuid| !arrived.contains_key(*uuid)).collect();
    assert!(missing.is_empty(), "{} of {} are missing: {missing:?}", missing.len(), acknowledged.len());
    let doubled: Vec<_> = arrived.iter().filter(|(_, times)| **times > 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    println!("{killed} killed, {} acknowledged, {} arrived", acknowledged.len(), arrived.len());
}
