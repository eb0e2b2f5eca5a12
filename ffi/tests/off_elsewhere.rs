//! Somebody says off in another terminal, by the command, while a C program runs: it stops, and nothing more leaves.

#![cfg(target_os = "linux")] // the tools are those of Linux

mod common;

use common::{Home, Library, ROOT, STRICT, run, target_dir};
use overt_tests::{Answer, Reply, Server};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Long enough for a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that does as it is told.
struct Running {
    process: Child,
    stdin: ChildStdin,
    says: BufReader<ChildStdout>,
}

impl Running {
    fn start(home: &Home, url: &str) -> Self {
        let program = home.join("running");
        let source = format!("{ROOT}/tests/c/running.c");
        Library::get().compile("gcc", &[&["-std=c99"], &STRICT[..]].concat(), Path::new(&source), &program);
        let mut command = home.command(program);
        command.arg(home.join("kept")).arg(url).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("it runs");
        let stdin = process.stdin.take().expect("a pipe");
        let says = BufReader::new(process.stdout.take().expect("a pipe"));
        Self { process, stdin, says }
    }

    fn tell(&mut self, word: &str) -> String {
        self.stdin.write_all(format!("{word}\n").as_bytes()).expect("it listens");
        let mut line = String::new();
        self.says.read_line(&mut line).expect("it answers");
        line.trim().to_owned()
    }

    /// It looks once a second whether somebody has changed their mind.
    fn capture_until_off(&mut self) {
        let until = Instant::now() + PATIENCE;
        while self.tell("capture").len() == 36 {
            assert!(Instant::now() < until, "it goes on recording");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn end(mut self) {
        drop(self.stdin);
        assert!(self.process.wait().expect("it ends").success());
    }
}

/// The command of another terminal.
fn overt(home: &Home, verb: &str) {
    let (built, profile) = target_dir();
    let profile = if profile == "debug" { "dev" } else { &profile };
    let target = built.parent().expect("a profile lies in a target directory");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "-p", "overt-cli", "--profile", profile, "--target-dir"]).arg(target).current_dir(ROOT);
    run(&mut cargo);
    let state = home.join("kept");
    run(home.command(built.join("overt")).args([verb, "--app", "c-test", "--state-dir"]).arg(state));
}

fn files(home: &Home) -> Vec<PathBuf> {
    let mut dirs = vec![home.join("kept")];
    let mut found = Vec::new();
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { dirs.push(path) } else { found.push(path) }
        }
    }
    found
}

/// What holds an answer back until the test lets it go.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().expect("nobody panics") = true;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        let guard = self.0.0.lock().expect("nobody panics");
        drop(self.0.1.wait_timeout_while(guard, PATIENCE, |open| !*open).expect("nobody panics"));
    }
}

#[test]
fn a_request_that_is_under_way_is_the_last_and_everything_is_erased() {
    let (home, gate) = (Home::new(), Gate::default());
    let held = gate.clone();
    let busy = Answer::made(move |_| {
        held.wait();
        Reply { status: 503, ..Reply::default() }
    });
    let server = Server::with_url(|_| (Vec::new(), busy));
    overt(&home, "status"); // so that it is built, and off comes before the request has its time out
    let mut running = Running::start(&home, &server.url);
    assert_eq!(running.tell("capture").len(), 36);
    server.wait_for_requests(1);
    assert_eq!(running.tell("capture").len(), 36);
    overt(&home, "off");
    gate.open();
    running.tell("flush");
    running.capture_until_off();
    assert_eq!(running.tell("id"), "");
    running.end();
    assert_eq!(server.requests().len(), 1);
    assert_eq!(files(&home), [home.join("kept/consent")]);
}

#[test]
fn after_a_pause_nothing_is_tried_again_and_on_starts_clean() {
    let home = Home::new();
    let later =
        Answer::made(|_| Reply { status: 503, headers: vec![("Retry-After".into(), "5".into())], ..Reply::default() });
    let server = Server::with_answers([later]);
    overt(&home, "status"); // as above
    let mut running = Running::start(&home, &server.url);
    let (id, old) = (running.tell("id"), running.tell("capture"));
    server.wait_for_requests(1);
    overt(&home, "off");
    let sent = server.requests().len();
    running.tell("flush");
    running.capture_until_off();
    let after = server.requests().len();
    assert_eq!(after, sent, "requests before off and after");

    overt(&home, "on");
    let mut later = Running::start(&home, &server.url);
    let (new_id, new) = (later.tell("id"), later.tell("capture"));
    assert_eq!(later.tell("flush"), "ok");
    later.end();
    running.end();
    assert!(new_id != id && new != old);
    let sent: Vec<_> = server.requests()[after..].iter().flat_map(overt_tests::Recorded::events).collect();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!((sent[0]["uuid"].as_str(), sent[0]["distinct_id"].as_str()), (Some(&*new), Some(&*new_id)));
}
