//! The delivering side of a spool: the right to deliver, held by one process at a time, and what it reads.

use super::done::{self, Entry};
use super::reading::{Line, Reading};
use super::segment::{self, SegmentName};
use super::{Source, Spool, books};
use crate::batch::{Batch, Place};
use crate::clock::Timestamp;
use crate::ledger::{Count, Ledger};
use crate::loss::LossReason;
use crate::state::{self, Lock};
use crate::stats::Counts;
use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::time::Duration;

const LOCK: &str = "upload.lock";

/// For how long a segment must have looked too old before it is given up, unless the limit itself is shorter. A clock
/// that is wrong by years makes everything look too old; a day is enough to deliver it or to set the clock right.
const MAX_GRACE: Duration = Duration::from_secs(86_400);

/// The right to deliver what waits in a spool, as it stood when the claim was made.
///
/// It is void once the spool is erased: another one may lie in the same place by then, and somebody else deliver it.
pub(crate) struct Claim<'s> {
    spool: &'s Spool,
    lock: Lock,
    counts: &'s Counts,
    segments: Vec<Reading>,
    /// The segment that is being read; the ones before it were.
    current: usize,
    /// A line that was read but did not fit into the last batch.
    left_over: Option<(Place, Vec<u8>)>,
}

impl Spool {
    /// Claims the right to deliver; `None` if another process has it.
    pub(crate) fn claim<'s>(&'s self, now: Timestamp, counts: &'s Counts) -> io::Result<Option<Claim<'s>>> {
        let Some(lock) = Lock::take(&self.dir.join(LOCK))? else { return Ok(None) };
        let segments = SegmentName::list(&self.dir).into_iter().map(Reading::new).collect();
        let mut claim = Claim { spool: self, lock, counts, segments, current: 0, left_over: None };
        claim.drop_expired(now);
        Ok(Some(claim))
    }
}

impl Claim<'_> {
    /// Whether some of what waits could not even be tried.
    pub(crate) fn has_refused(&self) -> bool {
        self.segments.iter().any(Reading::is_refused)
    }

    /// Ends the claim: removes what needs no more delivery and brings the books up to date. Nothing is to be tried by
    /// itself before `parked_until_ms`.
    pub(crate) fn finish(mut self, parked_until_ms: u64) {
        if self.is_erased() {
            return;
        }
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
                let _ = state::remove_if_there(&dir.join(reading.name.segment_file()));
            }
        }
        self.sweep();
        self.spool.usage.count_again(dir);
        let news = Ledger { parked_until_ms, ..self.counts.take_news() };
        if books::enter(dir, &news).is_err() {
            self.counts.give_back(&news);
        }
    }

    /// Removes what crashes left behind.
    fn sweep(&self) {
        let dir = &self.spool.dir;
        let segments = SegmentName::list(dir);
        let needed: HashSet<String> = segments.iter().map(SegmentName::live_file).collect();
        for live in segment::list_writers(dir).map(|writer| segment::live_file(&writer)) {
            if !needed.contains(&live) && is_dead(dir, &live) {
                let _ = std::fs::remove_file(dir.join(live));
            }
        }
        // The directory is ours, so whatever is called a draft is one.
        state::sweep_dir(dir, |name| {
            let name = name.as_encoded_bytes();
            name.starts_with(b".") && name.ends_with(b".tmp")
        });
    }

    /// Gives up segments whose last event is older than the limit, if some have looked so for long enough.
    fn drop_expired(&mut self, now: Timestamp) {
        let limit = self.spool.limits.age;
        let is_old = |name: &SegmentName| {
            let last = || std::fs::metadata(self.spool.dir.join(name.segment_file())).and_then(|data| data.modified());
            last().is_ok_and(|last| now.since(last.into()) > limit)
        };
        let old: Vec<usize> =
            self.segments.iter().enumerate().filter(|(_, one)| is_old(&one.name)).map(|(index, _)| index).collect();
        let looked_old_for = self.note_old(now, !old.is_empty()).map_or(Duration::ZERO, |since| now.since(since));
        if looked_old_for < limit.min(MAX_GRACE) {
            return;
        }
        for index in old {
            let mut places = Vec::new();
            while let Some(line) = self.segments.get_mut(index).and_then(|one| one.next(&self.spool.dir, index)) {
                places.push(line.place());
            }
            self.give_up(&places, LossReason::Expired);
        }
    }

    /// Notes in the lock's file since when segments have looked too old. A clock that was set back begins anew.
    fn note_old(&mut self, now: Timestamp, any: bool) -> io::Result<Timestamp> {
        match self.lock.noted(now)? {
            Some(since) if any => Ok(since),
            _ => self.lock.note(any.then_some(now)).map(|()| now),
        }
    }

    fn give_up(&mut self, places: &[Place], reason: LossReason) {
        if !places.is_empty() {
            let count = Count::Lost(reason);
            self.counts.add_recorded(count, places.len());
            self.settle(places, count);
        }
    }

    fn next_line(&mut self) -> Option<(Place, Vec<u8>)> {
        if let Some(line) = self.left_over.take() {
            return Some(line);
        }
        let dir = &self.spool.dir;
        let mut corrupt = Vec::new();
        let mut found = None;
        while let Some(reading) = self.segments.get_mut(self.current).filter(|_| found.is_none()) {
            match reading.next(dir, self.current) {
                // What nobody may mark as sent would be sent again by each process.
                Some(Line::Whole(..)) if !reading.can_be_marked(dir) => reading.refuse(),
                Some(Line::Whole(place, text)) => found = Some((place, text)),
                Some(Line::Corrupt(place, _)) => corrupt.push(place),
                None => self.current += 1,
            }
        }
        self.give_up(&corrupt, LossReason::Corrupt);
        found
    }

    /// Records what became of events.
    fn settle(&mut self, places: &[Place], count: Count) {
        let mut records: Vec<(usize, Vec<Entry>)> = Vec::new();
        let (mut events, mut bytes) = (0, 0);
        for place in places {
            if records.last().is_none_or(|(segment, _)| *segment != place.segment) {
                records.push((place.segment, Vec::new()));
            }
            let Some((_, record)) = records.last_mut() else { continue };
            if !record.last_mut().is_some_and(|entry| entry.reach(place.from, place.to)) {
                record.push(Entry::of(place.from, place.to, count));
            }
            if let Some(reading) = self.segments.get_mut(place.segment) {
                reading.done.add(place.from, place.to);
            }
            events += 1;
            bytes += place.to - place.from;
        }
        let is_erased = self.is_erased();
        for (segment, record) in records.into_iter().filter(|_| !is_erased) {
            if let Some(reading) = self.segments.get(segment) {
                // If this cannot be written, the events are sent again later, under the same UUIDs.
                let _ = done::append(&self.spool.dir.join(reading.name.done_file()), &record);
            }
        }
        self.spool.usage.settle(events, bytes);
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

    fn acknowledge(&mut self, places: &[Place], count: Count) {
        self.settle(places, count);
    }

    fn is_erased(&self) -> bool {
        self.spool.is_forgotten() || !self.lock.is_file(&self.spool.dir.join(LOCK))
    }
}

/// Whether the writer that held this file locked is gone.
fn is_dead(dir: &Path, live: &str) -> bool {
    match state::open(&dir.join(live), state::private_file().read(true)) {
        Ok(file) => {
            let is_free = file.try_lock().is_ok();
            let _ = file.unlock(); // closing it would do, unless it was forked meanwhile
            is_free
        }
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}
