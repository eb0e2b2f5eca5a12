//! A full disk: a real one, a limit on the size of files at each byte, and each system call failing once.

use super::{assert_all_arrive, assert_arrived, capture, config, segments, spool};
use crate::common::{PATIENCE, child, client};
use overt::{Capture, LossReason, Storage};
use overt_tests::Server;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use std::collections::HashMap;
use std::io::{IoSlice, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A file system of 64 KiB, for as long as it lives.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k,mode=0700", "overt"]).arg(dir.path());
        let mounted = mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        mounted.then_some(Self(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[test]
fn on_a_full_disk_events_wait_in_memory_and_go_to_disk_when_there_is_room() {
    let Some(disk) = SmallDisk::mount() else { return println!("SKIPPED: a file system cannot be mounted here") };
    let (server, dir) = (Server::start(), disk.0.path().join("state"));
    let filler = disk.0.path().join("filler");
    std::fs::write(&filler, vec![0; 30_000]).unwrap();
    let mut config = config(&server.url, &dir);
    config.max_memory_events = 20;
    let one = client(config.clone());
    let mut all = Vec::new();
    // An odd length, so that the disk ends in the midst of a line.
    let text = "x".repeat(317);
    let fill = |all: &mut Vec<String>| loop {
        match one.capture_event("run", &json!({"text": text})).unwrap() {
            Capture::Recorded(uuid) => all.push(uuid.to_string()),
            Capture::Dropped(Some(LossReason::MemoryFull)) => break,
            other => panic!("{other:?}"),
        }
    };
    fill(&mut all);
    let on_disk = std::fs::read_to_string(&segments(&dir)[0]).unwrap();
    assert!(on_disk.ends_with('\n') && on_disk.lines().count() == all.len() - 20, "whole lines only");
    assert_eq!((one.stats().storage, one.stats().pending, one.stats().lost), (Storage::Memory, all.len() as u64, 1));
    assert_eq!(segments(&dir).len(), 1, "no new file for each event");
    let full_at = all.len();

    std::fs::remove_file(&filler).unwrap();
    all.extend(capture(&one));
    assert_eq!((one.stats().storage, one.pending().len()), (Storage::Disk, all.len()), "memory is on disk, too");
    fill(&mut all);
    assert_eq!(one.stats().lost, 2);

    // What is in memory now has no place to go but the server; a full disk does not hinder that.
    one.flush(PATIENCE).unwrap();
    all.extend(capture(&one));
    assert_eq!((one.stats().storage, server.events().len()), (Storage::Disk, all.len() - 1), "delivering makes room");
    drop(one);
    assert_all_arrive(&all, &server, &dir);
    println!("full at {full_at} and again, {} acknowledged, {} arrived", all.len(), server.events().len());
}

fn limit_files_to(bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: bytes, maximum }).unwrap();
}

/// The process whose files may not grow beyond a limit, and which dies if it tries.
#[test]
fn the_limited() {
    let (Ok(url), Ok(dir)) = (std::env::var("LIMITED_URL"), std::env::var("LIMITED_DIR")) else { return };
    let bytes = std::env::var("LIMITED_TO").unwrap().parse().unwrap();
    limit_files_to(Some(bytes));
    let one = client(config(&url, Path::new(&dir)));
    for _ in 0..20 {
        if let Some(uuid) = capture(&one) {
            println!("uuid {uuid} {:?}", one.stats().storage);
        }
    }
    let _ = one.set_consent(true);
    if bytes > 0 {
        one.flush(PATIENCE).unwrap();
    }
}

#[test]
fn a_limit_on_the_size_of_files_never_kills_the_host() {
    // An event's line, and the largest file that is written before it.
    let (line, destination) = {
        let dir = tempfile::tempdir().unwrap();
        capture(&client(config("http://127.0.0.1:65535", dir.path()))).unwrap();
        let length = |path: &Path| std::fs::metadata(path).unwrap().len();
        (length(&segments(dir.path())[0]), length(&spool(dir.path()).join("destination.json")))
    };
    // A file that has just the length of its limit is where the signal comes.
    for bytes in [0, 1, 40, 300, line, 2 * line, destination, 2 * destination, 5_000] {
        let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
        let (path, limit) = (dir.path().display().to_string(), bytes.to_string());
        let variables = [("LIMITED_URL", server.url.as_str()), ("LIMITED_DIR", &path), ("LIMITED_TO", &limit)];
        let output = child("full_disk::the_limited", &variables).output().unwrap();
        assert!(output.status.success(), "{bytes}: {output:?}");
        let said = uuids(&output);
        assert_eq!(said.len(), if bytes < 36 { 0 } else { 20 }, "{bytes}: without a client ID nothing is recorded");
        assert_arrived(&said, &server);
        let on_disk = String::from_utf8_lossy(&output.stdout).matches(" Disk").count();
        let fits = bytes >= destination && bytes >= 2 * line;
        assert_eq!(on_disk, if fits { 20 } else { 0 }, "{bytes}: another segment, where one fits");
    }
}

fn uuids(output: &Output) -> Vec<String> {
    let said = String::from_utf8_lossy(&output.stdout);
    said.lines().filter_map(|line| Some(line.split_once("uuid ")?.1.split(' ').next()?.to_owned())).collect()
}

/// The process that may write a byte more of each line than of the last, then all.
#[test]
fn the_interrupted() {
    let (Ok(url), Ok(dir)) = (std::env::var("INTERRUPTED_URL"), std::env::var("INTERRUPTED_DIR")) else { return };
    let dir = Path::new(&dir);
    // Only here, where the limit falls below the length of a file that is open, which is when it kills.
    let mut signals = nix::sys::signal::SigSet::empty();
    signals.add(nix::sys::signal::Signal::SIGXFSZ);
    signals.thread_block().unwrap();
    let one = client(config(&url, dir));
    println!("uuid {}", capture(&one).unwrap());
    let [segment] = segments(dir).try_into().unwrap();
    let length = || std::fs::metadata(&segment).unwrap().len();
    let line = length();
    for byte in 0..line {
        let before = length();
        limit_files_to(Some(before + byte));
        println!("uuid {}", capture(&one).unwrap());
        assert_eq!((one.stats().storage, length()), (Storage::Memory, before), "the torn line was taken back");
        limit_files_to(None);
        println!("uuid {}", capture(&one).unwrap());
        assert_eq!((one.stats().storage, length()), (Storage::Disk, before + 2 * line));
    }
    println!("{line} bytes");
}

#[test]
fn a_disk_that_is_full_after_each_byte_of_a_line_keeps_every_event_whole() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let path = dir.path().display().to_string();
    let variables = [("INTERRUPTED_URL", server.url.as_str()), ("INTERRUPTED_DIR", &path)];
    let output = child("full_disk::the_interrupted", &variables).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let all = uuids(&output);
    assert!(all.len() > 400, "{output:?}");
    assert_all_arrive(&all, &server, dir.path());
    println!("{} lines cut, {} acknowledged, all arrived", all.len() / 2, all.len());
}

/// The process of which one system call fails.
#[test]
fn the_unlucky() {
    let (Ok(url), Ok(dir)) = (std::env::var("UNLUCKY_URL"), std::env::var("UNLUCKY_DIR")) else { return };
    // More calls than the harness makes, so that the number of a call says that it is one of ours.
    for _ in 0..HARNESS_CALLS {
        let mut null = std::fs::File::options().write(true).open("/dev/null").unwrap();
        null.write_all(b"x").unwrap();
    }
    let one = client(config(&url, Path::new(&dir)));
    for _ in 0..4 {
        if let Some(uuid) = capture(&one) {
            // Not write(2), whose calls are counted.
            let _ = std::io::stderr().write_vectored(&[IoSlice::new(format!("\nuuid {uuid}\n").as_bytes())]).unwrap();
        }
    }
    one.close(std::time::Duration::ZERO).unwrap();
}

const HARNESS_CALLS: usize = 250;
const CAN_FAIL: &str = "write,openat,mkdir,link,linkat,rename,ftruncate";

/// Runs the unlucky one under strace, which makes one call fail; what strace saw.
fn run_unlucky(server: &Server, dir: &Path, inject: Option<String>) -> (Output, String) {
    let log = dir.join("strace.log");
    let state = dir.join("state").display().to_string();
    let unlucky = child("full_disk::the_unlucky", &[]);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-e", &format!("trace={CAN_FAIL}"), "-o"]).arg(&log);
    strace.args(inject.iter().flat_map(|fault| ["-e", fault]));
    strace.arg(unlucky.get_program()).args(unlucky.get_args());
    for cleared in ["CI", "TELEMETRY_ENABLED", "DO_NOT_TRACK", "OVERT_DEBUG"] {
        strace.env_remove(cleared);
    }
    strace.env("UNLUCKY_URL", &server.url).env("UNLUCKY_DIR", &state);
    let output = strace.output().expect("strace is needed: Debian package strace");
    (output, std::fs::read_to_string(log).unwrap())
}

#[test]
fn any_system_call_may_fail_once_for_want_of_room() {
    // Which calls concern the state directory, as the how many-th of their name.
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let (output, seen) = run_unlucky(&server, dir.path(), None);
    assert!(output.status.success(), "{output:?}");
    let state = dir.path().join("state").display().to_string();
    let mut counts = HashMap::<(&str, &str), usize>::new();
    let mut places = Vec::new();
    for line in seen.lines() {
        // `4242 write(3</path>, …`; strace counts each thread's calls for itself.
        let Some((thread, call)) = line.split_once('(').and_then(|(before, _)| before.split_once(' ')) else {
            continue;
        };
        let number = counts.entry((thread, call.trim())).or_default();
        *number += 1;
        // A choice that cannot be read means off, and is no want of room.
        if line.contains(&state) && !line.contains("/consent\"") {
            places.push((call.trim(), *number));
        }
    }
    assert!(places.len() >= 12, "{seen}");

    let mut acknowledged = 0;
    for (n, (call, number)) in places.iter().enumerate() {
        let errno = ["ENOSPC", "EDQUOT"][n % 2];
        let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
        let fault = format!("inject={call}:error={errno}:when={number}");
        let (output, seen) = run_unlucky(&server, dir.path(), Some(fault.clone()));
        assert!(output.status.success() && seen.contains("(INJECTED)"), "{fault}: {output:?} {seen}");
        let said = String::from_utf8_lossy(&output.stderr);
        let all: Vec<_> = said.lines().filter_map(|line| Some(line.strip_prefix("uuid ")?.to_owned())).collect();
        println!("{fault}: {}", all.len());
        assert!(all.len() >= 3, "{fault}: at most one event is refused, for want of a client ID: {said}");
        assert_all_arrive(&all, &server, &dir.path().join("state"));
        acknowledged += all.len();
    }
    println!("{} system calls failed, each once; {acknowledged} acknowledged, all arrived", places.len());
}
