//! The stamp: when the counts last began to go out, in decimal Unix seconds, in the file in which PACE keeps it.
//!
//! It is written before anything is sent, by who holds the lock of the counters, so of many processes one sends.

use super::document::Document;
use super::file::{Counters, Fresh, Held};
use super::place::Place;
use crate::clock::Timestamp;
use crate::state;
use std::io;
use std::time::Duration;

/// How long the worker's thread waits for a holder of the lock.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether it is time again. A stamp of the future is that of a clock that was set back since.
fn is_due(last: Option<u64>, now: u64, interval: Duration) -> bool {
    last.is_none_or(|last| last > now || now - last >= interval.as_secs())
}

fn last(place: &Place) -> Option<u64> {
    String::from_utf8(state::read_anyones(&place.stamp()).ok()?).ok()?.trim().parse().ok()
}

impl Counters {
    /// Whether the counts are to go out; not before there are any, and a file may have an ID alone. Creates nothing.
    pub(crate) fn is_due(&self, now: Timestamp, interval: Duration) -> bool {
        let place = self.place();
        let is_time = place.file.is_file() && is_due(last(&place), now.unix_millis() / 1_000, interval);
        is_time && self.document().is_some_and(|document| !document.points.is_empty())
    }

    /// Takes the right to send, for this process alone until the interval is over. What is to be sent, or `None` if it is
    /// not time. `allowed` is asked with the lock held.
    pub(crate) fn claim(
        &self,
        now: Timestamp,
        interval: Duration,
        fresh: &Fresh<'_>,
        allowed: &dyn Fn() -> bool,
    ) -> io::Result<Option<Document>> {
        let place = self.place();
        place.make()?;
        let held = Held::wait(&place, PATIENCE)?.ok_or(io::ErrorKind::WouldBlock)?;
        let claimed = if allowed() { held.claim(now.unix_millis() / 1_000, interval, fresh) } else { Ok(None) };
        drop(held);
        self.look_behind(&place, fresh, allowed);
        claimed
    }
}

impl Held<'_> {
    /// As [`Counters::claim`], at this second.
    pub(super) fn claim(&self, now: u64, interval: Duration, fresh: &Fresh<'_>) -> io::Result<Option<Document>> {
        let place = self.place;
        if !place.file.is_file() || !is_due(last(place), now, interval) {
            return Ok(None);
        }
        let (_, document) = self.enter(None, fresh)?;
        place.put(&place.stamp(), now.to_string().as_bytes(), None)?;
        Ok(Some(document))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_once_an_interval_and_after_a_clock_that_was_set_back() {
        let hour = Duration::from_secs(3_600);
        let due = [0, 1_000, 4_599, 4_600, 9_999].map(|now| is_due(Some(1_000), now, hour));
        assert_eq!(due, [true, false, false, true, true]);
        assert!(is_due(None, 0, hour));
        assert!(is_due(Some(5), 5, Duration::ZERO));
    }
}
