//! The soak test in a few seconds, so that it keeps working; `make soak` runs it for ten minutes.

#![cfg(target_os = "linux")]

use std::process::Command;

#[test]
fn every_event_is_accounted_for_after_a_few_seconds_of_everything() {
    let ran = Command::new(env!("CARGO_BIN_EXE_overt-soak")).args(["--seconds", "10"]).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    println!("{out}");
    assert!(ran.status.success() && err.is_empty(), "{out}{err}");
}
