//! When: slots, and the pauses after failures. Pure.

use std::time::Duration;

use crate::limits;

/// The slots: all multiples of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    interval: i64,
}

impl Grid {
    /// Of an interval of so many seconds, at least 1.
    pub fn new(interval: u32) -> Self {
        Self { interval: i64::from(interval.max(1)) }
    }

    /// The slot at or before a time.
    pub fn slot(self, time: i64) -> i64 {
        time - time.rem_euclid(self.interval)
    }

    /// The first slot after a time.
    pub fn after(self, time: i64) -> i64 {
        self.slot(time) + self.interval
    }

    /// The last slot before another.
    pub fn before(self, slot: i64) -> i64 {
        self.slot(slot - 1)
    }

    /// How many slots there are after a time, up to and with another.
    pub fn between(self, after: i64, through: i64) -> i64 {
        ((self.slot(through) - self.slot(after)) / self.interval).max(0)
    }

    /// The slot so many slots before another.
    pub fn back(self, slot: i64, slots: i64) -> i64 {
        self.slot(slot).saturating_sub(self.interval.saturating_mul(slots))
    }
}

/// How long to wait after so many failures in a row. It doubles up to its limit; what Graphite asks for is a minimum,
/// up to the same limit. Without jitter: there is one collector, and nobody it could be in step with.
pub fn pause(failures: u32, asked: Option<Duration>) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    let pause = limits::GRAPHITE_FIRST_PAUSE.saturating_mul(doubled).max(asked.unwrap_or_default());
    pause.min(limits::GRAPHITE_LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_multiples_of_the_interval() {
        let grid = Grid::new(60);
        assert_eq!([grid.slot(120), grid.slot(179), grid.slot(-1)], [120, 120, -60]);
        assert_eq!([grid.after(120), grid.after(179)], [180, 180]);
        assert_eq!([grid.before(120), grid.before(121)], [60, 120]);
    }

    #[test]
    fn slots_between_are_counted_whatever_the_ends() {
        let grid = Grid::new(60);
        for (after, through, slots) in [(120, 120, 0), (120, 180, 1), (119, 181, 2), (130, 179, 0), (180, 60, 0)] {
            assert_eq!(grid.between(after, through), slots, "{after} {through}");
        }
    }

    #[test]
    fn so_many_slots_back_there_are_so_many_between() {
        let grid = Grid::new(10);
        let back = grid.back(1_767_225_609, 7);
        assert_eq!((back, grid.between(back, 1_767_225_609)), (1_767_225_530, 7));
        assert_eq!(grid.back(0, i64::MAX), -i64::MAX);
    }

    #[test]
    fn pauses_double_up_to_their_limit() {
        let pauses = [1, 2, 3, 6, 7, 32, 33, u32::MAX].map(|failures| pause(failures, None).as_secs());
        assert_eq!(pauses, [1, 2, 4, 32, 60, 60, 60, 60]);
        assert_eq!(pause(1, Some(Duration::from_secs(30))).as_secs(), 30);
        assert_eq!(pause(4, Some(Duration::from_secs(3))).as_secs(), 8);
        assert_eq!(pause(1, Some(Duration::MAX)).as_secs(), 60);
    }
}
