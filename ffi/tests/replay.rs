//! What fuzzing has found so far (`fuzz/corpus/c_api`) breaks nothing, with and without the sanitisers.

#![cfg(target_os = "linux")] // the tools are those of Linux

mod common;

use common::{Home, Library, ROOT, SANITIZERS, STRICT, run_in_silence};
use std::path::{Path, PathBuf};

fn replay(flags: &[&str]) {
    let home = Home::new();
    let program = home.join("replay");
    let source = Path::new(ROOT).join("fuzz/c_api.c");
    Library::get().compile("gcc", &[&["-std=c99", "-DREPLAY"], &STRICT[..], flags].concat(), &source, &program);
    let corpus = std::fs::read_dir(format!("{ROOT}/fuzz/corpus/c_api")).expect("a corpus");
    let inputs: Vec<PathBuf> = corpus.map(|entry| entry.expect("an entry").path()).collect();
    assert!(inputs.len() > 5, "{inputs:?}");
    let mut command = home.command("timeout");
    run_in_silence(command.arg("120").arg(&program).args(inputs).env("TMPDIR", home.path()));
}

#[test]
fn random_calls_break_nothing() {
    replay(&[]);
}

#[test]
fn random_calls_break_nothing_with_sanitizers() {
    replay(&SANITIZERS);
}
