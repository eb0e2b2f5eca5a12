//! Another process hangs with the lock: nobody waits for it, and what is counted meanwhile is entered afterwards.

use super::{PACE, client, count, names, put, run, text};
use overt::{Counted, ErrorKind};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// More than may wait.
const MANY: usize = 1_100;

fn beside(dir: &Path) -> std::path::PathBuf {
    dir.join("config/telemetry.yaml.overt")
}

/// Takes the lock, as a process has it that was stopped.
fn hang(dir: &Path) -> File {
    std::fs::create_dir_all(beside(dir)).unwrap();
    let lock = File::create(beside(dir).join("lock")).unwrap();
    lock.lock().unwrap();
    lock
}

/// Closing would not do: a child that another test was starting meanwhile has the file open, too.
fn let_go(lock: File) {
    // Wine says that what it has just unlocked was not locked.
    assert!(lock.unlock().is_ok() || cfg!(windows));
}

#[test]
fn what_is_counted_meanwhile_is_entered_by_the_next_who_can() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), PACE);
    let lock = hang(dir.path());
    for _ in 0..5 {
        run(dir.path(), "pace version", 0);
    }
    assert_eq!(text(dir.path()), PACE);
    let_go(lock);
    run(dir.path(), "pace version", 0);
    assert_eq!(count(dir.path(), "pace version", 0), 7);
    assert_eq!(names(dir.path()), ["telemetry.yaml", "telemetry.yaml.overt/lock"]);
}

#[test]
fn what_waits_has_a_limit() {
    let dir = tempfile::tempdir().unwrap();
    let lock = hang(dir.path());
    let client = client(dir.path());
    let counted = (0..MANY).filter(|_| client.record_command("pace", 0).unwrap() == Counted::Counted).count();
    assert_eq!(counted, 1_000);
    assert_eq!(client.record_command("pace", 0).unwrap(), Counted::Dropped);
    assert_eq!(client.client_id().unwrap_err().kind(), ErrorKind::Storage, "none can be made");
    let_go(lock);
    assert_eq!(client.record_command("pace", 0).unwrap(), Counted::Counted);
    assert_eq!(count(dir.path(), "pace", 0), 1_001);
}

#[test]
fn a_record_whose_writer_died_in_the_midst_goes_when_it_is_old() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), PACE);
    run(dir.path(), "pace version", 0);
    for (n, content) in ["", "0", "0 pace version", "x pace version\n", "0 \n", "\n"].iter().enumerate() {
        let file = beside(dir.path()).join(format!("{n:032x}.count"));
        std::fs::write(&file, content).unwrap();
        let old = std::time::SystemTime::now() - Duration::from_secs(if n % 2 == 0 { 4_000 } else { 3_000 });
        File::options().write(true).open(&file).unwrap().set_modified(old).unwrap();
    }
    run(dir.path(), "pace version", 0);
    assert_eq!(count(dir.path(), "pace version", 0), 3);
    assert_eq!(
        names(dir.path()).iter().filter(|name| name.ends_with(".count")).count(),
        3,
        "somebody may be writing it"
    );
}

#[test]
fn an_opt_out_takes_what_waits() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), PACE);
    let _lock = hang(dir.path());
    run(dir.path(), "pace version", 0);
    client(dir.path()).set_consent(false).unwrap();
    let mut left = names(dir.path());
    if cfg!(windows) {
        left.retain(|name| name != "telemetry.yaml.overt/lock"); // as long as it is open, perhaps
    }
    assert_eq!(left, [""; 0]);
}
