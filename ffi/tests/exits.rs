//! Every way in which a C program can end: as it would end without overt, at once, and nothing is lost or sent twice.
//!
//! "At once" needs no clock: the server does not answer before the program is seen to have ended, and any wait for it
//! would outlast `timeout`, which then kills the program.

#![cfg(target_os = "linux")] // the tools are those of Linux

mod common;

use common::{Home, Library, ROOT, STRICT};
use overt_tests::{Answer, Reply, Server};
use std::collections::{HashMap, HashSet};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

/// How it ends, and with which code or by which signal it would end without overt.
const WAYS: [(&str, Option<i32>, Option<i32>); 13] = [
    ("return", Some(0), None),
    ("free", Some(0), None),
    ("late hook", Some(0), None),
    ("exit", Some(3), None),
    ("_exit", Some(4), None),
    ("exec", Some(6), None),
    ("threads", Some(0), None),
    ("pthread_exit", Some(0), None),
    ("closed pthread_exit", Some(0), None),
    ("abort", None, Some(6)),
    ("SIGINT", None, Some(2)),
    ("SIGKILL", None, Some(9)),
    ("SIGTERM", None, Some(15)),
];

/// Long enough for a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn build(home: &Home) -> PathBuf {
    let program = home.join("exits");
    let source = format!("{ROOT}/tests/c/exits.c");
    Library::get().compile("gcc", &[&["-std=c99"], &STRICT[..]].concat(), Path::new(&source), &program);
    program
}

/// Runs it; it ends when `meanwhile` has. Its pipes are read to their ends, so nobody else may hold them.
fn run(home: &Home, program: &Path, url: &str, how: &str, meanwhile: impl FnOnce()) -> Output {
    let mut command = home.command("timeout");
    // By SIGKILL: overt's thread takes no other signal, if it should be the last.
    command.args(["--signal=KILL", "120"]).arg(program).arg(home.join("kept")).args([url, how]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("timeout runs");
    meanwhile();
    drop(process.stdin.take());
    process.wait_with_output().expect("it ends")
}

fn assert_ended(output: &Output, how: &str, code: Option<i32>, signal: Option<i32>) {
    let said = [&output.stdout[..], &output.stderr].concat();
    // `timeout` ends with 128 more than the signal, or by the signal itself.
    let code = code.or(signal.map(|signal| 128 + signal));
    let met = output.status.code() == code || signal.is_some() && output.status.signal() == signal;
    assert!(met && said.is_empty(), "{how}: {} {}", output.status, String::from_utf8_lossy(&said));
}

/// Delivers what is left, as a later run of the tool does, and checks that what was recorded is with the server. `cut_off`:
/// whether its thread may have been stopped between an answer and the note of it, so that one request was made twice.
fn assert_arrives(home: &Home, server: &Server, unanswered: usize, cut_off: bool, how: &str) {
    let mut config = overt_core::Config::new("c-test");
    config.api_key = "phc_test".into();
    config.endpoint = server.url.clone();
    config.state_dir = Some(home.join("kept"));
    config.in_ci = true;
    config.background = false;
    overt_core::Client::new(config).expect("a client").flush(PATIENCE).expect("the server is well");
    let told = std::fs::read_to_string(home.join("kept.told")).expect("what was recorded");
    let told: HashSet<&str> = told.lines().collect();
    assert!(told.len() >= 2, "{how}: {told:?}");
    let mut arrived: HashMap<String, Vec<usize>> = HashMap::new();
    for (number, request) in server.requests().iter().enumerate().skip(unanswered) {
        for event in request.events() {
            arrived.entry(event["uuid"].as_str().expect("a UUID").to_owned()).or_default().push(number);
        }
    }
    let missing: Vec<_> = told.iter().filter(|uuid| !arrived.contains_key(**uuid)).collect();
    assert!(missing.is_empty(), "{how}: {} of {} are missing", missing.len(), told.len());
    let twice: HashSet<usize> =
        arrived.values().filter(|requests| requests.len() > 1).map(|requests| requests[0]).collect();
    assert!(twice.len() <= usize::from(cut_off), "{how}: several requests were made twice: {twice:?}");
    assert!(arrived.values().all(|requests| requests.len() <= 2), "{how}: {arrived:?}");
}

#[test]
fn a_program_ends_as_it_would_while_a_server_never_answers() {
    let home = Home::new();
    let program = build(&home);
    // A process lives until its last thread ends, ours among them, if its main thread ends alone and nobody closes.
    for (how, code, signal) in WAYS.into_iter().filter(|(how, ..)| *how != "pthread_exit") {
        let (place, server) = (Home::new(), Server::with_answers([Answer::Silence]));
        let output = run(&place, &program, &server.url, how, || drop(server.wait_for_requests(1)));
        assert_ended(&output, how, code, signal);
        assert_eq!(server.requests().len(), 1, "{how}: it ended before it was answered");
        assert_arrives(&place, &server, 1, false, how);
    }
}

#[test]
fn a_program_ends_as_it_would_while_a_server_answers() {
    let home = Home::new();
    let program = build(&home);
    for (how, code, signal) in WAYS {
        let (place, server) = (Home::new(), Server::start());
        let output = run(&place, &program, &server.url, how, || drop(server.wait_for_requests(1)));
        assert_ended(&output, how, code, signal);
        assert_arrives(&place, &server, 0, true, how);
    }
}

#[test]
fn an_exit_that_waits_has_one_budget_and_less_of_it_after_each_in_vain() {
    let home = Home::new();
    let program = build(&home);
    let (place, server) = (Home::new(), Server::with_url(|_| (Vec::new(), Answer::Silence)));
    for in_vain in 1..=3 {
        let output = run(&place, &program, &server.url, "wait", || drop(server.wait_for_requests(in_vain)));
        assert_ended(&output, "wait", Some(0), None);
        assert_eq!(exits_in_vain(&place), in_vain.to_string());
    }
}

/// What the file beside the spool counts.
fn exits_in_vain(home: &Home) -> String {
    let spool = std::fs::read_dir(home.join("kept/spool")).expect("spools").next().expect("one").expect("an entry");
    let text = std::fs::read_to_string(spool.path().join("cooldown")).expect("the cool-down");
    text.split(' ').next().unwrap_or_default().to_owned()
}

#[test]
fn an_exit_that_waits_brings_everything_in() {
    let home = Home::new();
    let program = build(&home);
    let slow = Answer::made(|_| Reply { status: 200, after: Duration::from_millis(300), ..Reply::default() });
    let (place, server) = (Home::new(), Server::with_url(|_| (Vec::new(), slow)));
    let output = run(&place, &program, &server.url, "wait long", || drop(server.wait_for_requests(1)));
    assert_ended(&output, "wait long", Some(0), None);
    let by_itself = server.requests().len();
    assert_arrives(&place, &server, 0, false, "wait long");
    assert_eq!(server.requests().len(), by_itself, "nothing was left for a later run");
}
