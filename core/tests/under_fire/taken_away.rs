//! The directory is removed or made read-only while the tool runs.

use super::{Moved, arrivals, assert_all_arrive, assert_arrived, capture, client_at, config, segments, spool};
use crate::common::{PATIENCE, child, client};
use overt::Storage;
use overt_tests::Server;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;

#[test]
fn a_directory_that_was_removed_is_made_again_at_the_next_event() {
    for what in ["", "spool", "spool/*"] {
        let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
        let state = dir.path().join("state");
        let one = client_at(&Moved::now(), config(&server.url, &state));
        capture(&one).unwrap();
        let removed = if what == "spool/*" { spool(&state) } else { state.join(what) };
        std::fs::remove_dir_all(removed).unwrap();
        let later: Vec<_> = (0..3).map(|_| capture(&one).unwrap()).collect();
        assert_eq!((one.stats().storage, one.pending().len(), segments(&state).len()), (Storage::Disk, 3, 1), "{what}");
        drop(one);
        assert_all_arrive(&later, &server, &state);
        assert_eq!(server.events().len(), 3, "{what}");
    }
}

#[test]
fn a_directory_that_is_removed_between_two_events_or_before_the_first_is_made_again() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let state = dir.path().join("state");
    let one = client_at(&Moved::now(), config(&server.url, &state));
    let _ = one.client_id().unwrap(); // the session is open, no event is in it yet
    for _ in 0..3 {
        std::fs::remove_dir_all(&state).unwrap();
        let uuid = capture(&one).unwrap();
        assert_eq!(one.stats().storage, Storage::Disk);
        one.flush(PATIENCE).unwrap();
        assert_arrived(&[uuid], &server);
    }
}

/// A user without the right to pass over permissions.
const NOBODY: u32 = 65_534;

/// The process without rights: records before, while and after its directory is read-only.
#[test]
fn the_one_without_rights() {
    let (Ok(url), Ok(dir)) = (std::env::var("WITHOUT_URL"), std::env::var("WITHOUT_DIR")) else { return };
    let dir = Path::new(&dir);
    let allow = |mode| std::fs::set_permissions(spool(dir), std::fs::Permissions::from_mode(mode)).unwrap();
    let mut config = config(&url, dir);
    config.max_memory_events = 2;
    let running = client(config.clone());
    let say = |uuid: Option<String>| println!("uuid {}", uuid.unwrap());
    say(capture(&running));
    running.flush(PATIENCE).unwrap(); // so that all files are there that delivering needs
    say(capture(&running));

    allow(0o500);
    say(capture(&running)); // its segment is open
    let new = client(config.clone());
    say(capture(&new));
    say(capture(&new));
    assert_eq!(new.stats().storage, Storage::Memory);
    assert_eq!(capture(&new), None, "the memory is full");
    assert_eq!(new.losses(), [(overt::LossReason::MemoryFull, 1)]);
    // What is in memory goes. What is on disk stays: it could not be marked as sent, and would go again and again.
    assert_eq!(new.flush(PATIENCE).unwrap_err().kind(), overt::ErrorKind::Undelivered);
    assert_eq!(client(config.clone()).flush(PATIENCE).unwrap_err().kind(), overt::ErrorKind::Undelivered);
    println!("uuids of memory were sent");
    say(capture(&new)); // room again, in memory

    allow(0o700);
    say(capture(&new));
    assert_eq!(new.stats().storage, Storage::Disk, "what was in memory is on disk, too");
}

#[test]
fn a_directory_that_is_made_read_only_delays_what_is_in_it_and_loses_nothing() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let state = dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let path = state.display().to_string();
    let mut one = child("taken_away::the_one_without_rights", &[("WITHOUT_URL", &server.url), ("WITHOUT_DIR", &path)]);
    if nix::unistd::access("/etc/shadow", nix::unistd::AccessFlags::R_OK).is_ok() {
        // Root may write anywhere.
        std::os::unix::fs::chown(&state, Some(NOBODY), Some(NOBODY)).unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        one.uid(NOBODY).gid(NOBODY);
    }
    let output = match one.output() {
        Ok(output) => output,
        Err(error) => return println!("SKIPPED: this program cannot be run by another user: {error}"),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let uuids: Vec<String> = said.lines().filter_map(|line| Some(line.split_once("uuid ")?.1.to_owned())).collect();
    assert_eq!((uuids.len(), arrivals(&server).len()), (7, 3), "{said}");
    // As that user, or as root, who may read it; the owner is another one, though.
    if rustix::process::geteuid().is_root() {
        std::process::Command::new("chown").args(["-R", "0:0"]).arg(&state).status().unwrap();
    }
    assert_all_arrive(&uuids, &server, &state);
}
