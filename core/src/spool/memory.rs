//! The bounded queue that stands in for a spool whose directory cannot be written. It dies with the process.

use super::Source;
use crate::batch::{Batch, Place};
use crate::ledger::Count;
use crate::stats::Counts;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Lines that wait in memory.
#[derive(Debug)]
pub(crate) struct MemoryQueue {
    max_events: usize,
    lines: Mutex<Lines>,
    /// How many lines wait; read without the lock.
    waiting: AtomicU64,
}

#[derive(Debug, Default)]
struct Lines {
    /// The number of the first line in the queue; numbers are never used twice.
    first: u64,
    /// `None`: needs no more delivery.
    queue: VecDeque<Option<Vec<u8>>>,
    /// The lines before this number are being sent.
    claimed: u64,
}

impl Lines {
    fn get_mut(&mut self, number: u64) -> Option<&mut Option<Vec<u8>>> {
        let index = number.checked_sub(self.first).and_then(|index| usize::try_from(index).ok())?;
        self.queue.get_mut(index)
    }

    fn end(&self) -> u64 {
        self.first + self.queue.len() as u64
    }

    /// Forgets what needs no more delivery.
    fn shrink(&mut self) {
        while self.queue.front().is_some_and(Option::is_none) {
            self.queue.pop_front();
            self.first += 1;
        }
    }
}

impl MemoryQueue {
    pub(crate) fn new(max_events: usize) -> Self {
        Self { max_events, lines: Mutex::default(), waiting: AtomicU64::new(0) }
    }

    /// Adds a line, without its line break. Says whether there was room.
    pub(crate) fn push(&self, line: &[u8]) -> bool {
        let mut lines = self.lines();
        let room = lines.queue.len() < self.max_events;
        if room {
            lines.queue.push_back(Some(line.to_vec()));
            self.waiting.fetch_add(1, Ordering::Relaxed);
        }
        room
    }

    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(crate) fn pending(&self) -> Vec<Vec<u8>> {
        self.lines().queue.iter().flatten().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        let mut lines = self.lines();
        lines.first = lines.end();
        lines.queue.clear();
        self.waiting.store(0, Ordering::Relaxed);
    }

    /// Hands the lines that are not being sent to `take`, oldest first, until it refuses one. What it takes is gone here.
    pub(crate) fn move_to(&self, take: impl Fn(&[u8]) -> bool) {
        let mut lines = self.lines();
        for number in lines.claimed.max(lines.first)..lines.end() {
            if let Some(line) = lines.get_mut(number).filter(|line| line.is_some()) {
                if !line.as_deref().is_some_and(&take) {
                    break;
                }
                *line = None;
                self.waiting.fetch_sub(1, Ordering::Relaxed);
            }
        }
        lines.shrink();
    }

    /// What waits now. The worker is alone in reading it.
    pub(crate) fn claim<'q>(&'q self, counts: &'q Counts) -> MemoryClaim<'q> {
        let mut lines = self.lines();
        lines.claimed = lines.end();
        MemoryClaim { queue: self, counts, next: lines.first, end: lines.claimed }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lines that waited when the claim was made.
pub(crate) struct MemoryClaim<'q> {
    queue: &'q MemoryQueue,
    counts: &'q Counts,
    next: u64,
    end: u64,
}

impl Source for MemoryClaim<'_> {
    fn next_batch(&mut self, max_bytes: usize) -> Batch {
        let mut lines = self.queue.lines();
        let mut batch = Batch::default();
        while self.next < self.end {
            let place = Place { segment: 0, from: self.next, to: self.next + 1 };
            let line = lines.get_mut(self.next).and_then(|line| line.as_ref());
            if line.is_some_and(|line| !batch.add(place, line, max_bytes)) {
                break;
            }
            self.next += 1;
        }
        batch
    }

    fn acknowledge(&mut self, places: &[Place], count: Count) {
        self.counts.book(count, places.len());
        let mut lines = self.queue.lines();
        for place in places {
            if lines.get_mut(place.from).and_then(Option::take).is_some() {
                self.queue.waiting.fetch_sub(1, Ordering::Relaxed);
            }
        }
        lines.shrink();
    }

    /// What is cleared is gone from here, and what is in a batch ends with the session.
    fn is_erased(&self) -> bool {
        false
    }
}

impl Drop for MemoryClaim<'_> {
    fn drop(&mut self) {
        self.queue.lines().claimed = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::LossReason;

    #[test]
    fn lines_wait_until_they_are_acknowledged() {
        let (queue, counts) = (MemoryQueue::new(3), Counts::default());
        for line in ["{\"n\":1}", "{\"n\":2}", "{\"n\":3}"] {
            assert!(queue.push(line.as_bytes()));
        }
        assert!(!queue.push(b"{}"), "the fourth has no room");
        let mut claim = queue.claim(&counts);
        let (first, second) = (claim.next_batch(16), claim.next_batch(16));
        assert_eq!((first.events(), second.events(), claim.next_batch(16).events()), (2, 1, 0));
        claim.acknowledge(&second.places().collect::<Vec<_>>(), Count::Delivered);
        assert_eq!(queue.pending(), [b"{\"n\":1}", b"{\"n\":2}"]);
        claim.acknowledge(&first.places().collect::<Vec<_>>(), Count::Lost(LossReason::Refused));
        assert_eq!(queue.waiting(), 0);
        let news = counts.take_news();
        assert_eq!((news.delivered, news.lost["refused"]), (1, 2), "no record on disk says so");
        assert!(queue.push(b"{\"n\":4}"));
        assert_eq!(queue.claim(&counts).next_batch(16).body(), b"{\"n\":4}");
    }

    #[test]
    fn what_is_being_sent_is_not_moved_and_what_was_moved_is_not_sent() {
        let (queue, counts) = (MemoryQueue::new(5), Counts::default());
        queue.push(b"1");
        let moved = std::cell::RefCell::new(Vec::new());
        let take = |line: &[u8]| {
            moved.borrow_mut().push(line.to_vec());
            line != b"3"
        };
        let mut claim = queue.claim(&counts);
        let sent = claim.next_batch(100);
        (2..=4).for_each(|n| assert!(queue.push(n.to_string().as_bytes())));
        queue.move_to(take);
        assert_eq!(
            (moved.take(), queue.pending()),
            (vec![b"2".to_vec(), b"3".to_vec()], vec![b"1".to_vec(), b"3".to_vec(), b"4".to_vec()])
        );
        claim.acknowledge(&sent.places().collect::<Vec<_>>(), Count::Delivered);
        drop(claim);
        queue.move_to(|_| true);
        assert_eq!((queue.waiting(), queue.claim(&counts).next_batch(100).events()), (0, 0));
    }

    #[test]
    fn what_was_cleared_is_not_delivered() {
        let (queue, counts) = (MemoryQueue::new(3), Counts::default());
        queue.push(b"{}");
        let mut claim = queue.claim(&counts);
        queue.clear();
        queue.push(b"{\"new\":1}");
        assert_eq!(claim.next_batch(100).events(), 0);
    }
}
