//! How much waits in a spool, as far as this process knows.
//!
//! - It is counted from the files at opening and at the end of each claim, and changes by this process's own events and
//!   deliveries in between. The bytes are counted again at a new segment, too, once a second at the most: so together,
//!   processes pass the limit by what they write in a second or in a segment each.
//! - Others deliver what this process wrote, so a spool that seems full is counted again, once a second at the most, before
//!   an event is dropped. No other event waits for that.

use super::{COUNT_EVERY_MS, Limits, pending};
use crate::clock::{Every, Timestamp};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

#[derive(Debug)]
pub(super) struct Usage {
    events: AtomicU64,
    bytes: AtomicU64,
    /// Counting the bytes at a new segment.
    at_new_segment: Every,
    /// Counting because it seems full.
    when_full: Every,
    /// Held while both are counted: two who correct the same mistake would make another.
    counting: Mutex<()>,
}

impl Usage {
    /// Counts what waits.
    pub(super) fn of(dir: &Path) -> Self {
        Self {
            events: pending::count(dir).into(),
            bytes: pending::bytes(dir).into(),
            at_new_segment: Every::new(COUNT_EVERY_MS),
            when_full: Every::new(COUNT_EVERY_MS),
            counting: Mutex::default(),
        }
    }

    pub(super) fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Whether an event of this size may be added. Reads what waits if it seems not, which the byte limit bounds.
    pub(super) fn has_room(&self, size: u64, limits: Limits, dir: &Path, now: Timestamp) -> bool {
        let fits = || self.events() < limits.events && self.bytes.load(Ordering::Relaxed) + size <= limits.bytes;
        fits()
            || self.when_full.is_due(now) && {
                self.count_again(dir);
                fits()
            }
    }

    /// An event was added.
    pub(super) fn add(&self, size: u64, new_segment: bool, dir: &Path, now: Timestamp) {
        self.events.fetch_add(1, Ordering::Relaxed);
        if new_segment && self.at_new_segment.is_due(now) {
            self.bytes.store(pending::bytes(dir), Ordering::Relaxed);
        } else {
            self.bytes.fetch_add(size, Ordering::Relaxed);
        }
    }

    /// These need no more delivery.
    pub(super) fn settle(&self, events: u64, bytes: u64) {
        change(&self.events, 0, events);
        change(&self.bytes, 0, bytes);
    }

    /// Counts what waits. What this process adds meanwhile may count twice, until it is counted again.
    pub(super) fn count_again(&self, dir: &Path) {
        let _alone = self.counting.lock().unwrap_or_else(PoisonError::into_inner);
        let before = (self.events(), self.bytes.load(Ordering::Relaxed));
        change(&self.events, pending::count(dir), before.0);
        change(&self.bytes, pending::bytes(dir), before.1);
    }
}

fn change(count: &AtomicU64, more: u64, less: u64) {
    let changed = |n: u64| Some(n.saturating_add(more).saturating_sub(less));
    let _ = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, changed);
}
