//! The spool as several processes and crashes see it.

use super::segment::SegmentName;
use super::*;
use crate::loss::LossReason;
use crate::stats::Counts;
use std::io::Write;

const LIMITS: Limits = Limits { events: 1_000, bytes: 1_000_000, age: Duration::from_secs(86_400) };

fn now() -> Timestamp {
    use crate::clock::{Clock, SystemClock};
    SystemClock.now()
}

fn open(dir: &Path) -> Spool {
    Spool::open(dir.to_owned(), LIMITS).unwrap()
}

fn append(spool: &Spool, n: usize) {
    spool.append(format!("{{\"n\":{n}}}\n").as_bytes(), now()).unwrap();
}

/// Takes everything there is, as one body a batch, and acknowledges it.
fn deliver(spool: &Spool) -> Vec<String> {
    let counts = Counts::default();
    let bodies = deliver_counting(spool, &counts);
    assert_eq!(counts.losses.list(), []);
    bodies
}

fn deliver_counting(spool: &Spool, counts: &Counts) -> Vec<String> {
    let mut claim = spool.claim(now(), counts).unwrap().expect("nobody else delivers");
    let mut bodies = Vec::new();
    loop {
        let batch = claim.next_batch(500_000);
        if batch.events() == 0 {
            break;
        }
        bodies.push(String::from_utf8(batch.body().to_vec()).unwrap());
        claim.acknowledge(&batch.places().collect::<Vec<_>>(), Count::Delivered);
    }
    claim.finish(0);
    bodies
}

fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_was_appended_is_delivered_once_and_the_directory_is_clean_again() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    for n in 0..3 {
        append(&spool, n);
    }
    assert_eq!(spool.waiting(), 3);
    assert_eq!(deliver(&spool), [r#"{"n":0},{"n":1},{"n":2}"#]);
    assert_eq!((spool.waiting(), deliver(&spool)), (0, vec![]));
    append(&spool, 3);
    assert_eq!(deliver(&spool), [r#"{"n":3}"#]);
    drop(spool);
    assert_eq!(files(dir.path()), ["ledger.json", "upload.lock"]);
    assert_eq!(books::read(dir.path()).delivered, 4);
}

#[test]
fn one_process_delivers_what_a_living_and_a_dead_one_wrote() {
    let dir = tempfile::tempdir().unwrap();
    let (living, dead, deliverer) = (open(dir.path()), open(dir.path()), open(dir.path()));
    append(&living, 1);
    append(&dead, 2);
    drop(dead);
    assert_eq!(deliver(&deliverer).join(",").matches("\"n\"").count(), 2);
    // The living one still writes to its segment, which must not have been taken away from it.
    append(&living, 3);
    assert_eq!(deliver(&deliverer), [r#"{"n":3}"#]);
    drop(living);
    deliver(&deliverer);
    assert_eq!(SegmentName::list(dir.path()), []);
}

#[test]
fn only_one_claims_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (open(dir.path()), open(dir.path()));
    let counts = Counts::default();
    let claim = one.claim(now(), &counts).unwrap().unwrap();
    assert!(other.claim(now(), &counts).unwrap().is_none());
    drop(claim);
    assert!(other.claim(now(), &counts).unwrap().is_some());
}

#[test]
fn an_interrupted_delivery_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    for n in 0..250 {
        append(&spool, n);
    }
    {
        let counts = Counts::default();
        let mut claim = spool.claim(now(), &counts).unwrap().unwrap();
        let (first, second) = (claim.next_batch(500_000), claim.next_batch(500_000));
        assert_eq!((first.events(), second.events()), (100, 100));
        claim.acknowledge(&second.places().collect::<Vec<_>>(), Count::Delivered); // the first is given back: its process died
    }
    assert_eq!((spool.waiting(), open(dir.path()).waiting()), (150, 150));
    assert_eq!(pending_lines(dir.path()).count(), 150);
    let rest = deliver(&spool).join(",");
    assert_eq!(rest.matches("\"n\"").count(), 150);
    assert!(rest.starts_with(r#"{"n":0}"#) && rest.contains(r#"{"n":99},{"n":200}"#) && rest.ends_with(r#"{"n":249}"#));
}

#[test]
fn nothing_is_written_about_what_was_erased_while_it_was_being_delivered() {
    for by_this_process in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("spool");
        let (spool, counts) = (open(&place), Counts::default());
        append(&spool, 1);
        let mut claim = spool.claim(now(), &counts).unwrap().unwrap();
        let batch = claim.next_batch(500_000);
        assert!(!claim.is_erased());
        if by_this_process {
            spool.forget();
            let refused = spool.append(b"{}\n", now());
            assert!(matches!(refused, Err(Refusal::Unwritable(_))), "a thread that still has it writes nothing");
        } else {
            std::fs::remove_dir_all(&place).unwrap();
            append(&open(&place), 2);
        }
        assert!(claim.is_erased());
        let before = files(&place);
        claim.acknowledge(&batch.places().collect::<Vec<_>>(), Count::Delivered);
        claim.finish(0);
        assert_eq!(files(&place), before);
    }
}

#[test]
fn a_segment_cut_at_any_byte_delivers_its_whole_lines() {
    let dir = tempfile::tempdir().unwrap();
    let lines = ["{\"a\":\"é\"}\n", "{\"b\":[1,2]}\n", "{}\n"];
    let whole = lines.concat().into_bytes();
    for cut in 0..=whole.len() {
        let name = format!("1795198236493-1-{cut:08x}.v1.jsonl");
        std::fs::write(dir.path().join(&name), &whole[..cut]).unwrap();
        let mut expected = Vec::new();
        let mut length = 0;
        for line in lines {
            length += line.len();
            if length <= cut {
                expected.push(line.trim_end());
            }
        }
        let spool = open(dir.path());
        assert_eq!(spool.waiting(), expected.len() as u64);
        assert_eq!(deliver(&spool).join(","), expected.join(","), "cut at {cut}");
        assert!(!dir.path().join(&name).exists(), "cut at {cut}");
    }
}

#[test]
fn damaged_lines_are_counted_and_do_not_poison_their_neighbours() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("1795198236493-1-9f8e7d6c.v1.jsonl");
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(b"{\"good\":1}\n\0\0\0\0\nnot json\n{\"torn\":\n\xff\xfe\n\n{\"bad\":1e999}\n").unwrap();
    file.write_all(&vec![b'x'; 2_000_000]).unwrap();
    file.write_all(b"\n{\"good\":2}\n").unwrap();
    drop(file);
    let counts = Counts::default();
    let spool = Spool::open(dir.path().to_owned(), Limits { bytes: 10_000_000, ..LIMITS }).unwrap();
    assert_eq!(deliver_counting(&spool, &counts), [r#"{"good":1},{"good":2}"#]);
    assert_eq!(counts.losses.list(), [(LossReason::Corrupt, 7)]);
    assert_eq!((books::read(dir.path()).delivered, books::read(dir.path()).lost["corrupt"]), (2, 7));
    assert_eq!(files(dir.path()), ["ledger.json", "upload.lock"]);
}

#[test]
fn limits_refuse_the_new_event_and_keep_the_old_ones() {
    let dir = tempfile::tempdir().unwrap();
    let spool = Spool::open(dir.path().to_owned(), Limits { events: 3, ..LIMITS }).unwrap();
    (0..3).for_each(|n| append(&spool, n));
    assert!(matches!(spool.append(b"{}\n", now()), Err(Refusal::Full)));
    // Another process sees what waits, too.
    let other = Spool::open(dir.path().to_owned(), Limits { bytes: 24, ..LIMITS }).unwrap();
    assert!(matches!(other.append(b"{}\n", now()), Err(Refusal::Full)));
    assert_eq!(deliver(&spool).join(",").matches("\"n\"").count(), 3);
    append(&spool, 4);
}

#[test]
fn a_spool_that_others_empty_has_room_again() {
    let line = b"{\"n\":1}\n";
    for limits in [Limits { events: 5, ..LIMITS }, Limits { bytes: 5 * line.len() as u64, ..LIMITS }] {
        let dir = tempfile::tempdir().unwrap();
        let recorder = Spool::open(dir.path().to_owned(), limits).unwrap();
        let mut at = now();
        for round in 1..=3 {
            for n in 1..=5 {
                recorder.append(line, at).unwrap_or_else(|_| panic!("round {round}, event {n}, {limits:?}"));
            }
            assert!(matches!(recorder.append(line, at), Err(Refusal::Full)), "round {round}: it is full");
            assert_eq!(deliver(&open(dir.path())).join(",").matches("\"n\"").count(), 5);
            at = at.after(Duration::from_millis(1_001));
        }
    }
}

#[test]
fn after_a_claim_it_is_known_what_waits_whoever_wrote_or_delivered_it() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (open(dir.path()), open(dir.path()));
    append(&one, 1);
    (2..=4).for_each(|n| append(&other, n));
    let counts = Counts::default();
    let mut claim = one.claim(now(), &counts).unwrap().unwrap();
    for _ in 0..3 {
        let batch = claim.next_batch(0);
        claim.acknowledge(&batch.places().collect::<Vec<_>>(), Count::Delivered);
    }
    claim.finish(0);
    assert_eq!(one.waiting(), 1, "others' events were delivered, and one is left");
    assert_eq!(deliver(&one).len(), 1);
    assert_eq!(other.waiting(), 3, "it knows nothing of that yet");
    assert!(deliver(&other).is_empty());
    assert_eq!((one.waiting(), other.waiting()), (0, 0));
}

#[test]
fn what_has_looked_too_old_for_a_day_is_given_up_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    (0..2).for_each(|n| append(&spool, n));
    let counts = Counts::default();
    let waits = |at| {
        let mut claim = spool.claim(at, &counts).unwrap().unwrap();
        let events = claim.next_batch(1_000).events();
        claim.finish(0);
        events
    };
    const DAY: Duration = Duration::from_secs(86_400);
    let later = now().after(LIMITS.age + DAY);
    // Looks too old, has done so for half a day, is from now after all, looks too old once more.
    for at in [later, later.after(DAY / 2), now(), later, later.after(DAY - Duration::from_secs(1))] {
        assert_eq!((waits(at), counts.losses.total()), (2, 0), "{at}");
    }
    assert_eq!(waits(later.after(DAY)), 0);
    assert_eq!(counts.losses.list(), [(LossReason::Expired, 2)]);
    assert_eq!(spool.waiting(), 0);
    assert_eq!(files(dir.path()).len(), 3, "ledger, lock and live file stay");
}

#[test]
fn a_burst_goes_into_segments_that_are_removed_one_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let spool = Spool::open(dir.path().to_owned(), Limits { events: 100_000, bytes: 100_000_000, ..LIMITS }).unwrap();
    let line = format!("{{\"x\":\"{}\"}}\n", "y".repeat(1_000));
    for _ in 0..3_000 {
        spool.append(line.as_bytes(), now()).unwrap();
    }
    assert_eq!((SegmentName::list(dir.path()).len(), spool.waiting()), (3, 3_000));
    assert_eq!(deliver(&spool).join(",").matches("\"x\"").count(), 3_000);
    assert_eq!(SegmentName::list(dir.path()), []);
}

#[test]
fn a_record_that_stays_says_nothing_about_later_events() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    let at = now();
    // The books cannot be kept, so records and news stay; and the clock stands still.
    std::fs::create_dir_all(dir.path().join("ledger.json/x")).unwrap();
    let counts = Counts::default();
    counts.add(Count::Requests, 2);
    deliver_counting(&spool, &counts);
    for _ in 0..3 {
        spool.append(b"{}\n", at).unwrap();
        assert_eq!(deliver(&spool), ["{}"]);
    }
    assert_eq!((SegmentName::list_done(dir.path()).len(), books::read(dir.path()).delivered), (3, 3));
    std::fs::remove_dir_all(dir.path().join("ledger.json")).unwrap();
    deliver_counting(&spool, &counts);
    let ledger = books::read(dir.path());
    assert_eq!((SegmentName::list_done(dir.path()).len(), ledger.delivered, ledger.requests), (0, 3, 2));
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let foreign = ["notes.txt", "1795198236493-1-9f8e7d6c.v2.jsonl", "x.v1.jsonl", "destination.json"];
    for name in foreign {
        std::fs::write(dir.path().join(name), "{\"mine\":1}\n").unwrap();
    }
    std::fs::create_dir(dir.path().join("1795198236493-1-00000000.v1.jsonl")).unwrap();
    let spool = open(dir.path());
    append(&spool, 1);
    assert_eq!(deliver(&spool), [r#"{"n":1}"#]);
    assert!(foreign.iter().all(|name| dir.path().join(name).exists()));
}

#[test]
fn a_crash_leaves_nothing_that_stays_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    for orphan in ["1-9f8e7d6c.v1.live", "1795198236493-1-9f8e7d6c.v1.done"] {
        std::fs::write(dir.path().join(orphan), "0 5 1 refused\n").unwrap();
    }
    let spool = open(dir.path());
    deliver(&spool);
    assert_eq!(files(dir.path()), ["ledger.json", "upload.lock"]);
    assert_eq!(books::read(dir.path()).lost["refused"], 1, "what it said is kept");
}

#[cfg(unix)]
#[test]
fn files_are_for_this_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("spool");
    let spool = open(&path);
    append(&spool, 1);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    for file in files(&path) {
        assert_eq!(mode(&path.join(&file)), 0o600, "{file}");
    }
}
