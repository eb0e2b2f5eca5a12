//! A crowd: many processes that record into one spool, some that deliver from it, and SIGKILL among them.

use super::{assert_all_arrive, capture, config};
use crate::common::{PATIENCE, child};
use overt::Client;
use overt_tests::{Answer, Reply, Server};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStderr, Stdio};
use std::time::{Duration, Instant};

const PROCESSES: usize = 50;
const THREADS: usize = 4;
const EVENTS_PER_THREAD: usize = 25;
const WHOLE: usize = THREADS * EVENTS_PER_THREAD;
/// How many of them also deliver, and how many are killed.
const DELIVERERS: usize = 2;
const KILLED: usize = 20;
/// How long the server thinks about each request, so that two at the same time would be seen.
const THINKING: Duration = Duration::from_millis(20);

/// One of the crowd: each thread records, and only then says which UUID was acknowledged. It goes on until it is told to
/// end, or killed.
#[test]
fn one_of_the_crowd() {
    let (Ok(url), Ok(dir)) = (std::env::var("CROWD_URL"), std::env::var("CROWD_DIR")) else { return };
    let client = Client::new(config(&url, Path::new(&dir))).unwrap();
    let told_to_end = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..EVENTS_PER_THREAD {
                    let uuid = capture(&client).unwrap();
                    // One write(2), so that a line is acknowledged whole or not at all.
                    std::io::stderr().write_all(format!("{uuid}\n").as_bytes()).unwrap();
                    std::thread::sleep(Duration::from_millis(5));
                }
            });
        }
        if std::env::var_os("CROWD_DELIVERS").is_some() {
            scope.spawn(|| {
                while !told_to_end.load(std::sync::atomic::Ordering::Relaxed) {
                    let _ = client.flush(PATIENCE);
                }
            });
        }
        let _ = std::io::stdin().read_line(&mut String::new());
        told_to_end.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

fn start(server: &Server, dir: &Path, delivers: bool) -> (Child, BufReader<ChildStderr>) {
    let dir = dir.display().to_string();
    let mut one = child("crowd::one_of_the_crowd", &[("CROWD_URL", &server.url), ("CROWD_DIR", &dir)]);
    if delivers {
        one.env("CROWD_DELIVERS", "1");
    }
    let mut process = one.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let says = BufReader::new(process.stderr.take().unwrap());
    (process, says)
}

/// What it has acknowledged, at least so many, and all of it if it has ended.
fn acknowledged(says: &mut BufReader<ChildStderr>, at_least: usize) -> Vec<String> {
    let lines = says.lines().map_while(Result::ok).filter(|line| line.len() == 36);
    lines.take(at_least).collect()
}

/// Kills it somewhere between its first acknowledgement and the middle of its work; what it had acknowledged by then.
fn kill(mut process: Child, mut says: BufReader<ChildStderr>, n: usize) -> Vec<String> {
    let mut all = acknowledged(&mut says, 1 + (n * 7) % (WHOLE / 2));
    process.kill().unwrap();
    all.extend(acknowledged(&mut says, WHOLE));
    assert_eq!(process.wait().unwrap().signal(), Some(9));
    all
}

/// Lets it record all that it has, and those that deliver a moment longer.
fn let_end(mut process: Child, mut says: BufReader<ChildStderr>, n: usize) -> Vec<String> {
    let all = acknowledged(&mut says, WHOLE);
    if n < DELIVERERS {
        std::thread::sleep(THINKING * 10);
    }
    drop(process.stdin.take());
    assert!(process.wait().unwrap().success());
    all
}

#[test]
fn fifty_processes_record_two_deliver_twenty_are_killed_and_every_acknowledged_event_arrives_once() {
    let began = Instant::now();
    let slow = Answer::made(|_| Reply { status: 200, after: THINKING, ..Reply::default() });
    let (server, dir) = (Server::with_url(|_| (vec![], slow)), tempfile::tempdir().unwrap());
    let crowd: Vec<_> = (0..PROCESSES).map(|n| start(&server, dir.path(), n < DELIVERERS)).collect();
    // All at once, so that the signal meets each of them at its work.
    let fates = crowd.into_iter().enumerate().map(|(n, (process, says))| {
        std::thread::spawn(
            move || if n >= PROCESSES - KILLED { kill(process, says, n) } else { let_end(process, says, n) },
        )
    });
    let fates: Vec<_> = fates.collect();
    let all: Vec<String> = fates.into_iter().flat_map(|fate| fate.join().unwrap()).collect();
    assert!(all.len() < PROCESSES * WHOLE - KILLED, "{}: the killed had not finished", all.len());
    let meanwhile = server.events().len();
    assert_all_arrive(&all, &server, dir.path());
    let requests = server.requests();
    let together = requests.windows(2).filter(|two| two[1].arrived.0 - two[0].arrived.0 < THINKING).count();
    assert_eq!(together, 0, "two uploaders at the same time");
    assert!(meanwhile > all.len() / 2, "{meanwhile} were delivered while the crowd recorded");
    println!(
        "{PROCESSES} processes × {THREADS} threads, {KILLED} killed: {} acknowledged, {} arrived ({meanwhile} meanwhile), \
         {} requests, {:?}",
        all.len(),
        server.events().len(),
        requests.len(),
        began.elapsed()
    );
}

#[test]
fn whoever_is_killed_while_it_sends_leaves_the_same_events_to_the_next() {
    const VICTIMS: usize = 8;
    let answers = vec![Answer::Silence; VICTIMS];
    let (server, dir) = (Server::with_answers(answers), tempfile::tempdir().unwrap());
    let mut all = Vec::new();
    for victim in 1..=VICTIMS {
        let (mut process, mut says) = start(&server, dir.path(), true);
        all.extend(acknowledged(&mut says, 30));
        server.wait_for_requests(victim);
        process.kill().unwrap();
        all.extend(acknowledged(&mut says, usize::MAX));
        process.wait().unwrap();
    }
    let (unheard, mut lines) = (server.events(), HashMap::new());
    assert!(unheard.len() > VICTIMS, "each was killed while it sent");
    for event in unheard {
        let uuid = event["uuid"].to_string();
        assert_eq!(*lines.entry(uuid).or_insert_with(|| event.clone()), event, "a retry is the same event");
    }
    let before = server.requests().len();
    crate::common::client(config(&server.url, dir.path())).flush(PATIENCE).unwrap();
    let after: Vec<_> = server.requests()[before..].iter().flat_map(overt_tests::Recorded::events).collect();
    let mut times: HashMap<String, usize> = HashMap::new();
    for event in &after {
        *times.entry(event["uuid"].as_str().unwrap().to_owned()).or_default() += 1;
        if let Some(before) = lines.get(&event["uuid"].to_string()) {
            assert_eq!(event, before);
        }
    }
    assert!(all.iter().all(|uuid| times.get(uuid) == Some(&1)), "all that was acknowledged, once");
    println!("{VICTIMS} killed while they sent, {} acknowledged", all.len());
}
