//! The C programs of `tests/c` run, also under the sanitisers and valgrind, and say nothing.

#![cfg(target_os = "linux")] // the tools are those of Linux

mod common;

use common::{Home, Library, SANITIZERS, STRICT, c_programs, run, run_in_silence};
use std::path::Path;
use std::process::Command;

fn build_and_run(source: &Path, flags: &[&str]) {
    let home = Home::new();
    let program = home.join("program");
    Library::get().compile("gcc", &[&["-std=c99"], &STRICT[..], flags].concat(), source, &program);
    if flags == SANITIZERS {
        let symbols = run(Command::new("nm").arg(&program));
        assert!(symbols.contains("__asan_") && symbols.contains("__ubsan_"), "no sanitiser is linked: {symbols}");
    }
    // A program that hangs is to fail, with all its children, instead of hanging the test.
    run_in_silence(home.command("timeout").arg("120").arg(&program).arg(home.join("test")));
    if source.ends_with("hello.c") {
        let spool = home.state().join("overt/hello/spool");
        let events = run(Command::new("sh").args(["-c", "cat */*.v1.jsonl"]).current_dir(spool));
        assert!(events.contains(r#""properties":{"answer":42,"#), "{events}");
    }
}

#[test]
fn c_programs_run() {
    for source in c_programs() {
        build_and_run(&source, &[]);
    }
}

#[test]
fn c_programs_run_with_sanitizers() {
    for source in c_programs() {
        build_and_run(&source, &SANITIZERS);
    }
}

#[test]
fn hello_runs_under_valgrind() {
    let home = Home::new();
    let program = home.join("hello");
    let source = c_programs().into_iter().find(|path| path.ends_with("hello.c")).expect("hello.c");
    Library::get().compile("gcc", &["-g"], &source, &program);
    let mut valgrind = home.command("valgrind");
    valgrind.args(["--quiet", "--error-exitcode=1", "--leak-check=full", "--errors-for-leak-kinds=definite"]);
    // What a thread that still runs owns at the end is reachable, not lost.
    run_in_silence(valgrind.args(["--show-leak-kinds=definite"]).arg(program));
}
