//! Fifty processes that count at once, and a hundred that are killed while they do.

use super::{client, count, file, names, run};
use crate::common::{child, was_killed};
use overt::{Client, Counted};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

const PROCESSES: usize = 50;
const COMMANDS: usize = 20;
const KILLED: usize = 100;
/// How many of those that are to be killed live at once.
const AT_ONCE: usize = 10;

/// One of the crowd: waits until all are there, counts, and only then says so, each with one write(2).
#[test]
fn one_of_the_crowd() {
    let (Ok(dir), Ok(path)) = (std::env::var("CROWD_DIR"), std::env::var("CROWD_PATH")) else { return };
    let config = super::config(Path::new(&dir));
    let endless = std::env::var_os("CROWD_ENDLESS").is_some();
    let _ = std::io::stdin().read_line(&mut String::new());
    for n in 0.. {
        if n >= COMMANDS && !endless {
            break;
        }
        // A client of its own each time, as each run of a tool has.
        let client = Client::new(config.clone()).unwrap();
        assert_eq!(client.record_command(&path, 0).unwrap(), Counted::Counted);
        std::io::stderr().write_all(b"counted\n").unwrap();
    }
}

/// A process and what it says.
struct One(Child, BufReader<ChildStderr>);

fn start(dir: &Path, path: &str, endless: bool) -> One {
    let dir = dir.display().to_string();
    let mut one = child("crowd::one_of_the_crowd", &[("CROWD_DIR", &dir), ("CROWD_PATH", path)]);
    if endless {
        one.env("CROWD_ENDLESS", "1");
    }
    let mut process = one.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let says = BufReader::new(process.stderr.take().unwrap());
    One(process, says)
}

impl One {
    fn begin(&self) {
        self.0.stdin.as_ref().unwrap().write_all(b"\n").unwrap();
    }

    /// How many commands it says that it has counted, from now on.
    fn acknowledged(&mut self, at_most: usize) -> usize {
        let lines = self.1.by_ref().lines().map_while(Result::ok);
        lines.filter(|line| line == "counted").take(at_most).count()
    }
}

/// Whether a reader sees a whole file with counts that never fall, for as long as the crowd counts.
fn watch(dir: &Path, ended: &AtomicBool) -> usize {
    let (mut looks, mut before) = (0, 0);
    while !ended.load(Ordering::Relaxed) {
        let Ok(text) = std::fs::read_to_string(file(dir)) else { continue };
        assert!(text.starts_with("metric_points:\n") && text.ends_with("schema: 1\n"), "{text}");
        let counts = text.lines().filter_map(|line| line.trim().strip_prefix("cumulative_count: "));
        let all: u64 = counts.map(|count| count.parse::<u64>().unwrap()).sum();
        assert!(all >= before, "{all} after {before}");
        (looks, before) = (looks + 1, all);
    }
    looks
}

#[test]
fn fifty_processes_at_once_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // Half of them count the same command.
    let path = |n: usize| format!("pace {}", if n.is_multiple_of(2) { 0 } else { n });
    let mut crowd: Vec<_> = (0..PROCESSES).map(|n| start(dir, &path(n), false)).collect();
    let ended = AtomicBool::new(false);
    let looks = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(dir, &ended));
        for one in &crowd {
            one.begin();
        }
        for one in &mut crowd {
            // The pipe is read first, or a full one would hold its process up.
            assert_eq!(one.acknowledged(usize::MAX), COMMANDS);
            assert!(one.0.wait().unwrap().success());
        }
        ended.store(true, Ordering::Relaxed);
        watcher.join().unwrap()
    });
    // Nobody has to come after them.
    assert_eq!(count(dir, "pace 0", 0), (COMMANDS * PROCESSES / 2) as u64);
    for n in (1..PROCESSES).step_by(2) {
        assert_eq!(count(dir, &path(n), 0), COMMANDS as u64, "{n}");
    }
    assert_eq!(names(dir), ["telemetry.yaml", "telemetry.yaml.overt/lock"]);
    println!("{PROCESSES} processes counted {COMMANDS} commands each; {looks} looks saw a whole file");
}

#[test]
fn a_hundred_that_are_killed_have_counted_what_they_said_and_at_most_what_they_were_about_to_say() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let (mut said, mut unsaid) = (0, 0);
    for round in 0..KILLED / AT_ONCE {
        let paths: Vec<_> = (0..AT_ONCE).map(|n| format!("pace {round} {n}")).collect();
        let mut crowd: Vec<_> = paths.iter().map(|path| start(dir, path, true)).collect();
        for one in &crowd {
            one.begin();
        }
        let mut counted = Vec::new();
        for (n, one) in crowd.iter_mut().enumerate() {
            let at_least = one.acknowledged(1 + n * 3);
            one.0.kill().unwrap();
            counted.push(at_least + one.acknowledged(usize::MAX));
            assert!(was_killed(one.0.wait().unwrap()));
        }
        run(dir, "pace next", 0);
        for (path, said_so) in paths.iter().zip(counted) {
            let more = count(dir, path, 0).checked_sub(said_so as u64);
            assert!(matches!(more, Some(0 | 1)), "{path}: {said_so} acknowledged, {more:?} more counted");
            said += said_so;
            unsaid += more.unwrap();
        }
    }
    assert!(client(dir).client_id().unwrap().is_some());
    println!("{KILLED} killed; {said} acknowledged and counted, {unsaid} more counted that were about to be");
}
