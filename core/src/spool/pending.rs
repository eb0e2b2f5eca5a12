//! What waits in a spool, read without the right to deliver it.

use super::done::{self, Ranges};
use super::reading::{Line, Reading};
use super::segment::SegmentName;
use crate::clock::Timestamp;
use crate::state;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// How much of a segment is read at once when its lines are counted.
const SWEEP_BYTES: usize = 64 * 1024;

/// The lines of a spool that wait, damaged ones among them, oldest segment first, without their line breaks. Reads only.
pub(crate) fn pending_lines(dir: &Path) -> impl Iterator<Item = Vec<u8>> + use<> {
    let dir = dir.to_owned();
    SegmentName::list(&dir).into_iter().flat_map(move |name| {
        let (dir, mut reading) = (dir.clone(), Reading::new(name));
        let lines = std::iter::from_fn(move || reading.next(&dir, 0));
        lines.map(|(Line::Whole(_, text) | Line::Corrupt(_, text))| text)
    })
}

/// How many lines wait. Reads what waits, in one sweep; the byte limit bounds the work.
pub(super) fn count(dir: &Path) -> u64 {
    SegmentName::list(dir).iter().map(|name| count_lines(dir, name).unwrap_or(0)).sum()
}

fn count_lines(dir: &Path, name: &SegmentName) -> std::io::Result<u64> {
    let done = done_of(dir, name);
    let mut file = state::open(&dir.join(name.segment_file()), state::private_file().read(true))?;
    let mut at = file.seek(SeekFrom::Start(done.covered()))?;
    let mut buffer = vec![0; SWEEP_BYTES];
    let mut lines = 0;
    loop {
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { return Ok(lines) };
        lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
        lines -= done.beyond_covered().map(|(from, to)| breaks_between(bytes, at, from, to)).sum::<u64>();
        at += read as u64;
    }
}

fn done_of(dir: &Path, name: &SegmentName) -> Ranges {
    Ranges::of(&done::entries(&dir.join(name.done_file())))
}

/// How many line breaks lie in `from..to`, of a piece of a file that begins at `at`.
fn breaks_between(bytes: &[u8], at: u64, from: u64, to: u64) -> u64 {
    let place = |byte: u64| usize::try_from(byte.saturating_sub(at)).unwrap_or(usize::MAX).min(bytes.len());
    let part = bytes.get(place(from)..place(to)).unwrap_or_default();
    memchr::memchr_iter(b'\n', part).count() as u64
}

/// How many bytes wait, by the files' sizes.
pub(super) fn bytes(dir: &Path) -> u64 {
    let waiting = |name: &SegmentName| {
        let length = std::fs::metadata(dir.join(name.segment_file())).map_or(0, |data| data.len());
        length.saturating_sub(done_of(dir, name).length())
    };
    SegmentName::list(dir).iter().map(waiting).sum()
}

/// When the oldest segment was begun that an earlier process left behind or another one writes.
pub(crate) fn oldest(dir: &Path) -> Option<Timestamp> {
    SegmentName::list(dir).into_iter().map(|name| name.begun()).min()
}
