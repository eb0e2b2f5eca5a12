//! Counters: a file that any number of processes count into, exactly, whatever kills them and whatever they find there.

#[path = "../common/mod.rs"]
mod common;

mod as_events;
mod crowd;
mod damaged;
mod held;
#[cfg(unix)] // at each system call, by strace
mod killed;
mod off;
#[cfg(unix)] // by modes
mod read_only;
mod short_run;
mod taken_over;
mod uploads;
mod vectors;

use overt::{Client, Config, Counted};
use std::path::{Path, PathBuf};

/// Where events would go; the same in each process of a test.
const NOWHERE: &str = "http://127.0.0.1:9";

/// The client ID of the file below.
const ID: &str = "36be4c46-4e1b-431d-b9db-1b315f537a85";

/// A file as PACE writes it.
const PACE: &str = "\
metric_points:
    pace get data-policy:
        0:
            cumulative_count: 2
        1:
            cumulative_count: 7
    pace version:
        0:
            cumulative_count: 1
cli_version: v1.15.0
operating_system: darwin
id: 36be4c46-4e1b-431d-b9db-1b315f537a85
";

/// Where the tool keeps its file.
fn file(dir: &Path) -> PathBuf {
    dir.join("config").join("telemetry.yaml")
}

/// A tool that counts and sends nothing.
fn config(dir: &Path) -> Config {
    let mut config = common::config(NOWHERE, &dir.join("state"));
    config.app_version = "v1.16.0".into();
    config.counters_path = Some(file(dir));
    config.counters_interval = None;
    config.background = false;
    config
}

fn client(dir: &Path) -> Client {
    common::client(config(dir))
}

/// Puts a content where the tool keeps its file.
fn put(dir: &Path, content: impl AsRef<[u8]>) {
    std::fs::create_dir_all(file(dir).parent().unwrap()).unwrap();
    std::fs::write(file(dir), content).unwrap();
}

fn text(dir: &Path) -> String {
    std::fs::read_to_string(file(dir)).unwrap()
}

/// The names beside the tool's file.
fn names(dir: &Path) -> Vec<String> {
    common::files(&dir.join("config"))
}

fn counters(dir: &Path) -> serde_json::Value {
    serde_json::from_str(&client(dir).counters().unwrap()).unwrap()
}

/// A count; 0 if there is none.
fn count(dir: &Path, path: &str, code: i32) -> u64 {
    counters(dir)["metric_points"][path][code.to_string()]["cumulative_count"].as_u64().unwrap_or(0)
}

/// Counts once, as a run of the tool does.
fn run(dir: &Path, path: &str, code: i32) {
    assert_eq!(client(dir).record_command(path, code).unwrap(), Counted::Counted);
}
