//! Damage: crashes at each byte, garbage, foreign files, and other things where files should be.

use super::{assert_arrived, capture, config, segments, spool};
use crate::common::{PATIENCE, child, client};
use overt::LossReason;
use overt_tests::Server;
use serde_json::json;
use std::collections::HashSet;
use std::path::Path;
use std::process::Stdio;
use uuid::Uuid;

#[test]
fn of_a_segment_that_was_cut_at_any_byte_the_whole_lines_arrive_and_the_torn_one_does_not() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let one = client(config(&server.url, dir.path()));
    let uuids: Vec<_> = (0..3).map(|_| capture(&one).unwrap()).collect();
    let [segment] = segments(dir.path()).try_into().unwrap();
    let written = std::fs::read_to_string(&segment).unwrap();
    drop(one);
    std::fs::remove_file(segment).unwrap();

    // The same crash at each byte, each in a segment of its own and of events of its own.
    let mut expected = Vec::new();
    for cut in 0..=written.len() {
        let mut text = written.clone();
        for (n, uuid) in uuids.iter().enumerate() {
            let own = Uuid::from_u128((cut as u128) << 8 | n as u128 | 1 << 100).to_string();
            text = text.replace(uuid, &own);
            if text.match_indices('\n').nth(n).unwrap().0 < cut {
                expected.push(own);
            }
        }
        std::fs::write(spool(dir.path()).join(format!("1795198236493-1-{cut:08x}.v1.jsonl")), &text[..cut]).unwrap();
    }
    let next = client(config(&server.url, dir.path()));
    next.flush(PATIENCE).unwrap();
    assert_arrived(&expected, &server);
    assert_eq!((server.events().len(), next.losses()), (expected.len(), vec![]), "nothing else");
    assert_eq!(segments(dir.path()).len(), 0);
    println!("{} cuts, {} whole events", written.len() + 1, expected.len());
}

#[test]
fn garbage_costs_itself_and_nothing_beside_it() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let one = client(config(&server.url, dir.path()));
    let mut good = vec![capture(&one).unwrap()];
    let (spool, [segment]) = (spool(dir.path()), <[_; 1]>::try_from(segments(dir.path())).unwrap());
    let line = std::fs::read(&segment).unwrap();

    // Damage in the midst of good lines, of which each is one loss.
    let garbage: [&[u8]; 7] =
        [b"\0\0\0\0", b"not json", b"{\"torn\":", b"\xff\xfe", b"", b"{\"n\":1e999}", &[b'x'; 2_000_000]];
    let mut text = Vec::new();
    for (n, garbage) in garbage.into_iter().enumerate() {
        text.extend_from_slice(garbage);
        text.push(b'\n');
        let own = Uuid::from_u128(1 << 100 | n as u128).to_string();
        text.extend(String::from_utf8(line.clone()).unwrap().replace(&good[0], &own).into_bytes());
        good.push(own);
    }
    text.extend_from_slice(&[0; 5_000]); // what some file systems leave of a write that a power cut took
    std::fs::write(spool.join("1795198236493-1-00000000.v1.jsonl"), text).unwrap();
    std::fs::write(spool.join("1795198236493-1-00000001.v1.jsonl"), "").unwrap();
    std::fs::write(spool.join("1795198236493-1-00000002.v1.jsonl"), vec![0xAA; 3_000_000]).unwrap();

    // What is not ours, though some of it has our names.
    std::fs::write(dir.path().join("outside"), &line).unwrap();
    let foreign =
        ["1795198236493-1-00000003.v2.jsonl", "notes.txt", "00001795198236493-1-00000003.v1.jsonl", "x.v1.jsonl"];
    foreign.iter().for_each(|name| std::fs::write(spool.join(name), &line).unwrap());
    std::fs::create_dir(spool.join("1795198236493-1-00000004.v1.jsonl")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("outside"), spool.join("1795198236493-1-00000005.v1.jsonl")).unwrap();
    let pipe = spool.join("1795198236493-1-00000006.v1.jsonl");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());

    let next = client(config(&server.url, dir.path()));
    assert_eq!(next.pending().len(), good.len() + 7, "what is damaged can be seen");
    next.flush(PATIENCE).unwrap();
    assert_arrived(&good, &server);
    assert_eq!((server.events().len(), next.losses()), (good.len(), vec![(LossReason::Corrupt, 7)]));
    let left: HashSet<_> =
        std::fs::read_dir(&spool).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(foreign.iter().all(|name| left.contains(*name)), "{left:?}");
    assert_eq!(std::fs::read(dir.path().join("outside")).unwrap(), line);
    drop(one);
}

#[test]
fn a_directory_in_the_place_of_any_file_stops_nothing_but_what_needs_that_file() {
    // How many of four events are acknowledged, and how many of these arrive while the directory is in the way.
    for (in_the_way, acknowledged, at_once) in [
        ("consent", 0, 0),
        ("client_id", 0, 0),
        ("spool/{}/destination.json", 4, 4), // from memory
        ("spool/{}/upload.lock", 4, 0),
        ("spool/{}/ledger.json", 4, 4),
        ("spool/{}/sent.jsonl", 4, 4),
    ] {
        let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
        let name = in_the_way.replace("{}", &destination(&server.url, dir.path()));
        std::fs::create_dir_all(dir.path().join(&name).join("not empty")).unwrap();
        let one = client(config(&server.url, dir.path()));
        let uuids: Vec<_> = (0..4).filter_map(|_| capture(&one)).collect();
        let _ = one.flush(PATIENCE);
        assert_eq!((uuids.len(), server.events().len()), (acknowledged, at_once), "{name}");
        std::fs::remove_dir_all(dir.path().join(&name)).unwrap();
        one.flush(PATIENCE).unwrap();
        assert_arrived(&uuids, &server);
    }
}

/// The name of a destination's directory.
fn destination(url: &str, dir: &Path) -> String {
    client(config(url, dir)).paths().unwrap().spool.file_name().unwrap().to_str().unwrap().to_owned()
}

/// The process that delivers with few descriptors left.
#[test]
fn the_poor() {
    let (Ok(url), Ok(dir)) = (std::env::var("POOR_URL"), std::env::var("POOR_DIR")) else { return };
    use rustix::process::{Resource, Rlimit, setrlimit};
    setrlimit(Resource::Nofile, Rlimit { current: Some(20), maximum: Some(20) }).unwrap();
    client(config(&url, Path::new(&dir))).flush(PATIENCE).unwrap();
}

#[test]
fn a_thousand_segments_need_one_descriptor() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let name = destination(&server.url, dir.path());
    let spool = dir.path().join("spool").join(name);
    std::fs::create_dir_all(&spool).unwrap();
    let mut uuids = Vec::new();
    for n in 0..1_000_u32 {
        let uuid = Uuid::from_u128(1 << 100 | u128::from(n)).to_string();
        let line = json!({"uuid": uuid, "event": "run", "distinct_id": "x", "timestamp": "2026-11-20T18:10:36Z"});
        // A line begins with its UUID.
        let line =
            format!("{{\"uuid\":\"{uuid}\",{}", &line.to_string()[1..].replace(&format!(",\"uuid\":\"{uuid}\""), ""));
        std::fs::write(spool.join(format!("1795198236493-1-{n:08x}.v1.jsonl")), format!("{line}\n")).unwrap();
        uuids.push(uuid);
    }
    let dir = dir.path().display().to_string();
    let mut poor = child("damage::the_poor", &[("POOR_URL", &server.url), ("POOR_DIR", &dir)]);
    assert!(poor.stdout(Stdio::null()).status().unwrap().success());
    assert_arrived(&uuids, &server);
}
