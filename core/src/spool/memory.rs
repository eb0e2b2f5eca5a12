//! The bounded queue that stands in for a spool whose directory cannot be written. It dies with the process.

use super::Source;
use crate::batch::{Batch, Place};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Lines that wait in memory.
#[derive(Debug)]
pub(crate) struct MemoryQueue {
    max_events: usize,
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    /// The number of the first line in the queue; numbers are never used twice.
    first: u64,
    /// `None`: needs no more delivery.
    queue: VecDeque<Option<Vec<u8>>>,
}

impl MemoryQueue {
    pub(crate) fn new(max_events: usize) -> Self {
        Self { max_events, lines: Mutex::default() }
    }

    /// Adds a line, without its line break. Says whether there was room.
    pub(crate) fn push(&self, line: &[u8]) -> bool {
        let mut lines = self.lines();
        let room = lines.queue.len() < self.max_events;
        if room {
            lines.queue.push_back(Some(line.to_vec()));
        }
        room
    }

    pub(crate) fn waiting(&self) -> u64 {
        self.lines().queue.iter().flatten().count() as u64
    }

    pub(crate) fn pending(&self) -> Vec<Vec<u8>> {
        self.lines().queue.iter().flatten().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        let mut lines = self.lines();
        lines.first += lines.queue.len() as u64;
        lines.queue.clear();
    }

    /// What waits now. The worker is alone in reading it.
    pub(crate) fn claim(&self) -> MemoryClaim<'_> {
        let lines = self.lines();
        MemoryClaim { queue: self, next: lines.first, end: lines.first + lines.queue.len() as u64 }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lines that waited when the claim was made.
pub(crate) struct MemoryClaim<'q> {
    queue: &'q MemoryQueue,
    next: u64,
    end: u64,
}

impl Source for MemoryClaim<'_> {
    fn next_batch(&mut self, max_bytes: usize) -> Batch {
        let lines = self.queue.lines();
        let mut batch = Batch::default();
        while self.next < self.end {
            let place = Place { segment: 0, from: self.next, to: self.next + 1 };
            let index = self.next.checked_sub(lines.first).and_then(|index| usize::try_from(index).ok());
            let line = index.and_then(|index| lines.queue.get(index)).and_then(Option::as_ref);
            if line.is_some_and(|line| !batch.add(place, line, max_bytes)) {
                break;
            }
            self.next += 1;
        }
        batch
    }

    fn acknowledge(&mut self, batch: &Batch) {
        let mut lines = self.queue.lines();
        for place in batch.places() {
            let index = place.from.checked_sub(lines.first).and_then(|index| usize::try_from(index).ok());
            if let Some(line) = index.and_then(|index| lines.queue.get_mut(index)) {
                *line = None;
            }
        }
        while lines.queue.front().is_some_and(Option::is_none) {
            lines.queue.pop_front();
            lines.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_wait_until_they_are_acknowledged() {
        let queue = MemoryQueue::new(3);
        for line in ["{\"n\":1}", "{\"n\":2}", "{\"n\":3}"] {
            assert!(queue.push(line.as_bytes()));
        }
        assert!(!queue.push(b"{}"), "the fourth has no room");
        let mut claim = queue.claim();
        let (first, second) = (claim.next_batch(16), claim.next_batch(16));
        assert_eq!((first.events(), second.events(), claim.next_batch(16).events()), (2, 1, 0));
        claim.acknowledge(&second);
        assert_eq!(queue.pending(), [b"{\"n\":1}", b"{\"n\":2}"]);
        claim.acknowledge(&first);
        assert_eq!(queue.waiting(), 0);
        assert!(queue.push(b"{\"n\":4}"));
        assert_eq!(queue.claim().next_batch(16).body(), b"{\"n\":4}");
    }

    #[test]
    fn what_was_cleared_is_not_delivered() {
        let queue = MemoryQueue::new(3);
        queue.push(b"{}");
        let mut claim = queue.claim();
        queue.clear();
        queue.push(b"{\"new\":1}");
        assert_eq!(claim.next_batch(100).events(), 0);
    }
}
