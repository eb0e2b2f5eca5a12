//! The delivering side of a spool: the right to deliver, held by one process at a time, and what it reads.

use super::done::Ranges;
use super::segment::{self, SegmentName};
use super::writer::remove;
use super::{CountLoss, Source, Spool};
use crate::batch::{Batch, Place};
use crate::clock::Timestamp;
use crate::json;
use crate::loss::LossReason;
use crate::state;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

/// No event's line is longer; what is, is damage. The largest `max_event_bytes` and its line break.
const MAX_LINE_BYTES: u64 = 900 * 1024 + 1;
/// What a crash left half-made is removed after this time, when nobody can be about to finish it.
const DRAFT_AGE: Duration = Duration::from_secs(86_400);

/// The right to deliver what waits in a spool, as it stood when the claim was made.
pub(crate) struct Claim<'s> {
    spool: &'s Spool,
    lock: File,
    count_loss: CountLoss<'s>,
    segments: Vec<Reading>,
    /// A line that was read but did not fit into the last batch.
    left_over: Option<(Place, Vec<u8>)>,
}

/// A segment that is being read.
struct Reading {
    name: SegmentName,
    reader: BufReader<io::Take<File>>,
    /// Everything before this byte was read.
    at: u64,
    /// The file's length when the claim was made: later lines are for the next claim.
    length: u64,
    ended: bool,
    done: Ranges,
}

enum Line {
    Whole(Place, Vec<u8>),
    Corrupt(Place),
}

impl Spool {
    /// Claims the right to deliver; `None` if another process has it.
    pub(crate) fn claim<'s>(&'s self, now: Timestamp, count_loss: CountLoss<'s>) -> io::Result<Option<Claim<'s>>> {
        let lock = state::private_file().write(true).create(true).truncate(false).open(self.dir.join("upload.lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
            Err(std::fs::TryLockError::Error(error)) => return Err(error),
        }
        let mut claim = Claim { spool: self, lock, count_loss, segments: Vec::new(), left_over: None };
        for name in SegmentName::list(&self.dir) {
            // A segment that cannot be opened (a directory, another user's) is left where it is.
            if let Ok(reading) = Reading::open(&self.dir, name) {
                claim.segments.push(reading);
            }
        }
        claim.drop_expired(now);
        Ok(Some(claim))
    }
}

impl Claim<'_> {
    /// Ends the claim, and removes what needs no more delivery.
    pub(crate) fn finish(mut self) {
        let dir = &self.spool.dir;
        for reading in std::mem::take(&mut self.segments) {
            if !reading.is_delivered() {
                continue;
            }
            let mut writer = self.spool.writer();
            if writer.is_writing(&reading.name) {
                writer.retire(&reading.name, reading.at);
                continue;
            }
            let finished = writer.made(&reading.name) || is_dead(dir, &reading.name.live_file());
            if finished && reading.has_not_grown(dir) {
                remove(dir, &reading.name);
            }
        }
        self.sweep();
    }

    /// Removes what crashes left behind.
    fn sweep(&self) {
        let dir = &self.spool.dir;
        let segments = SegmentName::list(dir);
        for writer in segment::list_writers(dir) {
            let live = segment::live_file(&writer);
            if !segments.iter().any(|name| name.live_file() == live) && is_dead(dir, &live) {
                let _ = std::fs::remove_file(dir.join(live));
            }
        }
        for name in SegmentName::list_done(dir) {
            if !segments.contains(&name) {
                let _ = std::fs::remove_file(dir.join(name.done_file()));
            }
        }
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let draft = entry.file_name().to_str().is_some_and(|name| name.starts_with('.') && name.ends_with(".tmp"));
            let age = entry.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
            if draft && age.is_some_and(|age| age > DRAFT_AGE) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    /// Gives up segments whose last event is older than the limit.
    fn drop_expired(&mut self, now: Timestamp) {
        for index in 0..self.segments.len() {
            let expired = self.segments.get(index).and_then(|reading| {
                let path = self.spool.dir.join(reading.name.segment_file());
                let last = std::fs::metadata(path).and_then(|data| data.modified()).ok()?;
                (now.since(last.into()) > self.spool.limits.age).then_some(())
            });
            if expired.is_none() {
                continue;
            }
            while let Some(line) = self.segments.get_mut(index).and_then(|reading| reading.next(index)) {
                let (Line::Whole(place, _) | Line::Corrupt(place)) = line;
                self.give_up(place, LossReason::Expired);
            }
        }
    }

    fn give_up(&mut self, place: Place, reason: LossReason) {
        (self.count_loss)(reason, 1);
        self.settle(std::iter::once(place));
    }

    fn next_line(&mut self) -> Option<(Place, Vec<u8>)> {
        if let Some(line) = self.left_over.take() {
            return Some(line);
        }
        for index in 0..self.segments.len() {
            while let Some(line) = self.segments.get_mut(index).and_then(|reading| reading.next(index)) {
                match line {
                    Line::Whole(place, text) => return Some((place, text)),
                    Line::Corrupt(place) => self.give_up(place, LossReason::Corrupt),
                }
            }
        }
        None
    }

    fn settle(&mut self, places: impl Iterator<Item = Place>) {
        let mut added: Vec<Ranges> = vec![Ranges::default(); self.segments.len()];
        let (mut events, mut bytes) = (0, 0);
        for place in places {
            if let Some(ranges) = added.get_mut(place.segment) {
                ranges.add(place.from, place.to);
            }
            events += 1;
            bytes += place.to - place.from;
        }
        for (reading, added) in self.segments.iter_mut().zip(added) {
            if added != Ranges::default() {
                // If this cannot be written, the events are sent again later, under the same UUIDs.
                let _ = Ranges::append(&self.spool.dir.join(reading.name.done_file()), &added);
                reading.done.merge(&added);
            }
        }
        self.spool.settle(events, bytes);
    }
}

impl Source for Claim<'_> {
    fn next_batch(&mut self, max_bytes: usize) -> Batch {
        let mut batch = Batch::default();
        while let Some((place, line)) = self.next_line() {
            if !batch.add(place, &line, max_bytes) {
                self.left_over = Some((place, line));
                break;
            }
        }
        batch
    }

    fn acknowledge(&mut self, batch: &Batch) {
        self.settle(batch.places());
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        // Said aloud, because closing is not enough while a forked child holds the same open file.
        let _ = self.lock.unlock();
    }
}

impl Reading {
    fn open(dir: &Path, name: SegmentName) -> io::Result<Self> {
        let mut file = File::open(dir.join(name.segment_file()))?;
        let length = file.metadata()?.len();
        let done = Ranges::read(&dir.join(name.done_file()));
        let at = file.seek(SeekFrom::Start(done.covered().min(length)))?;
        Ok(Self { name, reader: BufReader::new(file.take(length - at)), at, length, ended: false, done })
    }

    /// The next line that needs delivery.
    fn next(&mut self, segment: usize) -> Option<Line> {
        while !self.ended {
            let mut line = Vec::new();
            let read = self.reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
            let too_long = line.len() as u64 == MAX_LINE_BYTES && line.last() != Some(&b'\n');
            let skipped = if too_long { skip_line(&mut self.reader) } else { Some(0) };
            let whole = read.is_ok() && (too_long || line.last() == Some(&b'\n'));
            let (true, Some(skipped)) = (whole, skipped) else {
                self.ended = true; // the end, a torn line, or a disk that does not read
                return None;
            };
            let place = Place { segment, from: self.at, to: self.at + line.len() as u64 + skipped };
            self.at = place.to;
            if self.done.contains(place.from) {
                continue;
            }
            line.pop();
            return Some(if !too_long && json::is_object(&line) {
                Line::Whole(place, line)
            } else {
                Line::Corrupt(place)
            });
        }
        None
    }

    /// Whether every whole line was read and needs no more delivery.
    fn is_delivered(&self) -> bool {
        (self.ended || self.at == self.length) && self.done.covered() >= self.at
    }

    fn has_not_grown(&self, dir: &Path) -> bool {
        std::fs::metadata(dir.join(self.name.segment_file())).is_ok_and(|data| data.len() == self.length)
    }
}

/// Skips to behind the next line break; `None` if there is none.
fn skip_line(reader: &mut impl BufRead) -> Option<u64> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf().ok().filter(|buffer| !buffer.is_empty())?;
        let (found, count) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(place) => (true, place + 1),
            None => (false, buffer.len()),
        };
        reader.consume(count);
        skipped += count as u64;
        if found {
            return Some(skipped);
        }
    }
}

/// Whether the writer that held this file locked is gone.
fn is_dead(dir: &Path, live: &str) -> bool {
    match File::open(dir.join(live)) {
        Ok(file) => file.try_lock().is_ok_and(|()| file.unlock().is_ok()),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}
