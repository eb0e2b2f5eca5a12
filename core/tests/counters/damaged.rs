//! Whatever stands in the file: counting goes on, and what can be saved is.

use super::{ID, PACE, client, count, counters, file, names, put, run, text};
use overt::ErrorKind;
use std::path::{Path, PathBuf};

fn bad(dir: &Path) -> PathBuf {
    dir.join("config/telemetry.yaml.bad")
}

#[test]
fn an_empty_file_is_a_new_one() {
    for empty in ["", "\n", "---\n", "# pace\n"] {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), empty);
        run(dir.path(), "pace", 0);
        assert_eq!(count(dir.path(), "pace", 0), 1);
        assert!(!bad(dir.path()).exists(), "there was nothing to save");
    }
}

#[test]
fn garbage_is_put_aside_once_and_counting_begins_anew() {
    let foreign = "logging:\n    level: debug\n";
    for garbage in ["garbage", "[", foreign, "\0\0\0\0", "metric_points: [1]\n"] {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), garbage);
        for _ in 0..3 {
            run(dir.path(), "pace", 0);
        }
        assert_eq!(count(dir.path(), "pace", 0), 3, "{garbage}");
        assert_eq!(std::fs::read_to_string(bad(dir.path())).unwrap(), garbage);
        put(dir.path(), "other garbage");
        run(dir.path(), "pace", 0);
        assert_eq!(std::fs::read_to_string(bad(dir.path())).unwrap(), "other garbage", "there is one");
        assert_eq!(names(dir.path()), ["telemetry.yaml", "telemetry.yaml.bad", "telemetry.yaml.overt/lock"]);
    }
}

#[test]
fn what_can_be_read_is_kept_with_the_id() {
    let dir = tempfile::tempdir().unwrap();
    let damaged = PACE.replace("    pace version:", "}}}\n    pace version:");
    put(dir.path(), &damaged);
    run(dir.path(), "pace get data-policy", 1);
    assert_eq!((count(dir.path(), "pace get data-policy", 0), count(dir.path(), "pace get data-policy", 1)), (2, 8));
    assert_eq!(counters(dir.path())["id"], ID);
    assert_eq!(std::fs::read_to_string(bad(dir.path())).unwrap(), damaged);
}

#[test]
fn a_file_too_large_is_put_aside_unread() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), PACE);
    let large = std::fs::OpenOptions::new().write(true).open(file(dir.path())).unwrap();
    large.set_len(100 << 30).unwrap();
    run(dir.path(), "pace", 0);
    assert_eq!(count(dir.path(), "pace", 0), 1);
    assert_eq!(std::fs::metadata(bad(dir.path())).unwrap().len(), 100 << 30);
}

#[test]
fn a_later_versions_file_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let later = format!("{PACE}schema: 2\nnews: 1\n");
    put(dir.path(), &later);
    assert_eq!(client(dir.path()).record_command("pace", 0).unwrap_err().kind(), ErrorKind::Storage);
    assert_eq!(client(dir.path()).client_id().unwrap().as_deref(), Some(ID));
    assert_eq!(text(dir.path()), later);
    assert!(!bad(dir.path()).exists());
}

#[test]
fn counts_end_at_the_largest_number() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), PACE.replace("count: 7", "count: 9223372036854775806"));
    for _ in 0..3 {
        run(dir.path(), "pace get data-policy", 1);
    }
    assert_eq!(count(dir.path(), "pace get data-policy", 1), i64::MAX as u64);
}
