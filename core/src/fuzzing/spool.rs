//! The files of a spool.

use super::{Scratch, parts};
use crate::batch::{Batch, Place};
use crate::clock::{Clock, SystemClock};
use crate::json;
use crate::ledger::{Count, Ledger};
use crate::loss::LossReason;
use crate::spool::{Limits, Source, Spool, books, pending_lines};
use crate::stats::Counts;
use std::path::Path;
use std::time::Duration;

/// A segment, its record, another segment, its record, live files, the lock: each whole line that is an
/// event and not done is delivered until it is acknowledged, and never afterwards, in this process or a later one.
pub(super) fn spool(data: &[u8]) {
    let scratch = Scratch::new();
    let files: Vec<_> = parts(data).collect();
    let mut segments = Vec::new();
    for (pair, (begun, writer)) in
        files.chunks(2).zip([(1_795_198_236_490_u64, "1-00000001"), (1_795_198_236_491, "2-00000002")])
    {
        let record = pair.get(1).copied();
        scratch.write(&format!("{begun}-{writer}.v1.jsonl"), pair[0]);
        record.map(|record| scratch.write(&format!("{begun}-{writer}.v1.done"), record));
        files.get(4).map(|live| scratch.write(&format!("{writer}.v1.live"), live));
        segments.push(Segment::expect(segments.len(), pair[0], record.unwrap_or_default()));
    }
    files.get(5).map(|lock| scratch.write("upload.lock", lock));
    let damaged = segments.iter().map(|one| one.corrupt).sum::<u64>();

    let lines = || segments.iter().flat_map(|one| &one.lines);
    let shown = pending_lines(&scratch.0).filter(|line| json::is_object(line));
    assert!(shown.eq(lines().map(|line| line.text.clone())), "what is shown is not what is sent");
    let said_before = books::read(&scratch.0);
    let counts = Counts::default();
    // The first process acknowledges every other batch, and dies.
    let delivered = deliver(&scratch.0, &counts, false, |batch| batch % 2 == 0);
    assert!(delivered.iter().map(|(line, _)| line).eq(lines()));
    assert_eq!(counts.losses.list().into_iter().map(|(_, lines)| lines).sum::<u64>(), damaged);
    assert_eq!(counts.losses.get(LossReason::Corrupt), damaged);
    if !segments.iter().all(|one| one.is_recorded_whole) {
        return;
    }
    // The second one delivers the rest, the third finds nothing.
    let rest: Vec<_> = delivered.into_iter().filter(|(_, acknowledged)| !acknowledged).map(|(line, _)| line).collect();
    let second = deliver(&scratch.0, &counts, true, |_| true);
    assert!(second.iter().map(|(line, _)| line).eq(&rest), "what was acknowledged came again, or the rest did not");
    assert_eq!(deliver(&scratch.0, &counts, true, |_| true).len(), 0);
    assert_eq!(counts.losses.get(LossReason::Corrupt), damaged, "counted twice");
    let (events, said) = (lines().count() as u64, books::read(&scratch.0));
    assert_eq!(said.delivered, said_before.delivered.saturating_add(events), "the books do not balance");
    let corrupt = |said: &Ledger| said.lost.get("corrupt").copied().unwrap_or_default();
    assert_eq!(corrupt(&said), corrupt(&said_before).saturating_add(damaged), "the books do not balance");
    let left = std::fs::read_dir(&scratch.0).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| name == "upload.lock" || name == "ledger.json"), "something stays for ever");
}

const LIMITS: Limits = Limits { events: 1_000_000, bytes: 1 << 30, age: Duration::from_secs(86_400) };

/// A line that is delivered, and its place.
#[derive(Debug, PartialEq)]
struct Delivered {
    place: Place,
    text: Vec<u8>,
}

/// What a process delivers, and which of it it acknowledges.
fn deliver(dir: &Path, counts: &Counts, finish: bool, wanted: impl Fn(usize) -> bool) -> Vec<(Delivered, bool)> {
    let spool = Spool::open(dir.to_owned(), LIMITS).unwrap();
    let mut claim = spool.claim(SystemClock.now(), counts).unwrap().unwrap();
    let mut delivered = Vec::new();
    for number in 0.. {
        let batch: Batch = claim.next_batch(60);
        if batch.events() == 0 {
            break;
        }
        let body = [b"[", batch.body(), b"]"].concat();
        assert_eq!(serde_json::from_slice::<Vec<&serde_json::value::RawValue>>(&body).unwrap().len(), batch.events());
        for (place, text) in batch.places().zip(batch.lines()) {
            delivered.push((Delivered { place, text: text.to_vec() }, wanted(number)));
        }
        if wanted(number) {
            claim.acknowledge(&batch.places().collect::<Vec<_>>(), Count::Delivered);
        }
    }
    if finish {
        claim.finish(0);
    }
    delivered
}

/// What a segment and its record must come to, said in the simplest way.
struct Segment {
    /// The events that are not done.
    lines: Vec<Delivered>,
    corrupt: u64,
    /// Whether the record speaks of whole lines.
    is_recorded_whole: bool,
}

impl Segment {
    fn expect(number: usize, segment: &[u8], record: &[u8]) -> Self {
        let done: Vec<(usize, usize)> = record.split_inclusive(|byte| *byte == b'\n').filter_map(range).collect();
        let mut at = 0;
        while let Some((_, to)) = done.iter().find(|(from, to)| (*from..*to).contains(&at)) {
            at = *to;
        }
        let is_break = |at: usize| at == 0 || at >= segment.len() || segment[at - 1] == b'\n';
        let is_recorded_whole = done.iter().all(|(from, to)| is_break(*from) && is_break(*to));
        let mut expected = Self { lines: Vec::new(), corrupt: 0, is_recorded_whole };
        at = at.min(segment.len());
        for line in segment[at..].split_inclusive(|byte| *byte == b'\n') {
            let (from, Some(text)) = (at, line.strip_suffix(b"\n")) else { break };
            at += line.len();
            match json::is_object(text) {
                _ if done.iter().any(|(start, end)| (*start..*end).contains(&from)) => {}
                true => {
                    let place = Place { segment: number, from: from as u64, to: at as u64 };
                    expected.lines.push(Delivered { place, text: text.to_vec() });
                }
                false => expected.corrupt += 1,
            }
        }
        expected
    }
}

fn range(line: &[u8]) -> Option<(usize, usize)> {
    let text = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let fields: Vec<_> = text.split(' ').collect();
    let [from, to, events, word] = fields.as_slice() else { return None };
    let is_word = !word.is_empty() && word.chars().all(|char| matches!(char, 'a'..='z' | '_'));
    let _: u64 = events.parse().ok().filter(|_| is_word)?;
    Some((from.parse().ok()?, to.parse().ok()?)).filter(|(from, to)| from < to)
}
