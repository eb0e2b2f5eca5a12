//! The spool: events on disk, one JSON line each, shared by every process of one user that sends to one destination.
//!
//! - An event is in the spool once [`Spool::append`] returns: one `write(2)` to a file that only this process writes.
//!   The death of the process takes nothing; a power cut may take the last seconds, because nothing waits for the disk.
//! - A crash at any byte leaves a spool that opens: a line counts only with its line break.
//! - One process delivers at a time, and delivers what all of them wrote.
//!
//! | file | what it is |
//! |---|---|
//! | `<unix ms>-<pid>-<8 hex>.v1.jsonl` | a segment: the events of one process, in the order in which they were captured |
//! | `<unix ms>-<pid>-<8 hex>.v1.done` | which bytes of the segment need no more delivery, and why: lines of `from to events word` |
//! | `<pid>-<8 hex>.v1.live` | locked by the process that writes these segments, for as long as it lives |
//! | `ledger.json` | totals, and which records they hold: see `books` |
//! | `upload.lock` | locked by the process that delivers; in it, since when segments have looked too old |
//!
//! A segment is removed when all of it is done and its writer is dead, or by its writer. Files with other names, or of
//! another version, are left alone.

pub(crate) mod books;
mod claim;
mod done;
mod memory;
mod pending;
mod reading;
mod segment;
mod usage;
mod writer;

pub(crate) use memory::MemoryQueue;
pub(crate) use pending::{oldest, pending_lines};

use crate::batch::{Batch, Place};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ledger::{Count, Ledger};
use crate::state;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use usage::Usage;
use writer::Writer;

/// A place from which events are delivered.
pub(crate) trait Source {
    /// The next lines that need delivery, none if there are no more.
    fn next_batch(&mut self, max_bytes: usize) -> Batch;
    /// The events in these places need no more delivery; this is what became of them.
    fn acknowledge(&mut self, places: &[Place], count: Count);
    /// Whether what came from here was erased meanwhile: it must not go out any more, and nothing be written about it.
    fn is_erased(&self) -> bool;
}

/// Counting what waits looks at every segment, of which a burst makes many a second.
const COUNT_EVERY_MS: u64 = 1_000;

/// What may wait; checked on each append.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub events: u64,
    pub bytes: u64,
    pub age: Duration,
}

/// Why an event was not appended.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A limit is reached.
    Full,
    /// The file cannot be written.
    Unwritable(std::io::Error),
}

/// The spool of one destination.
#[derive(Debug)]
pub(crate) struct Spool {
    dir: PathBuf,
    limits: Limits,
    usage: Usage,
    writer: Mutex<Writer>,
    /// Whether it is erased, as far as this process knows: another one may lie there, and is not this one's.
    forgotten: AtomicBool,
}

impl Spool {
    /// Opens the spool, making its directory.
    pub(crate) fn open(dir: PathBuf, limits: Limits) -> Result<Self, Error> {
        state::make_private_dir(&dir).map_err(|error| Error::storage("the spool cannot be made", &error))?;
        Ok(Self {
            limits,
            usage: Usage::of(&dir),
            writer: Mutex::new(Writer::new(dir.clone())),
            forgotten: AtomicBool::new(false),
            dir,
        })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes one line, which ends with its line break, by one `write(2)`.
    pub(crate) fn append(&self, line: &[u8], now: Timestamp) -> Result<(), Refusal> {
        let size = line.len() as u64;
        if !self.usage.has_room(size, self.limits, &self.dir, now) {
            return Err(Refusal::Full);
        }
        let new_segment = {
            let mut writer = self.writer();
            if self.is_forgotten() {
                return Err(Refusal::Unwritable(std::io::ErrorKind::NotFound.into()));
            }
            writer.append(line, now).map_err(Refusal::Unwritable)?
        };
        self.usage.add(size, new_segment, &self.dir, now);
        Ok(())
    }

    /// How many events wait.
    pub(crate) fn waiting(&self) -> u64 {
        self.usage.events()
    }

    /// Whether somebody erased what this process wrote: another one that was told to switch off.
    pub(crate) fn is_erased(&self) -> bool {
        self.writer().is_erased()
    }

    /// Leaves counts for the next who delivers.
    pub(crate) fn leave(&self, news: &Ledger, now: Timestamp) -> std::io::Result<()> {
        books::leave(&self.dir, news, now)
    }

    /// The same, cheap enough for each event.
    pub(crate) fn is_unlinked(&self) -> bool {
        self.writer().is_unlinked()
    }

    /// Writes nothing any more, from the moment that this returns.
    pub(crate) fn forget(&self) {
        let _nobody_writes = self.writer();
        self.forgotten.store(true, Ordering::Relaxed);
    }

    fn is_forgotten(&self) -> bool {
        self.forgotten.load(Ordering::Relaxed)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
