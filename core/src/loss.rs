//! Losses: events that were dropped, counted by reason, so that a maintainer knows what the numbers do not show.
//!
//! Counting is lock-free and never fails. An event that was refused at capture because the call was wrong is no
//! loss: the caller has its status.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why an event was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LossReason {
    /// The spool held `max_spool_bytes` or `max_spool_events`, so the new event was dropped.
    SpoolFull,
    /// The state directory is unwritable and the memory queue held `max_memory_events`.
    MemoryFull,
    /// The event waited longer than `max_spool_age`.
    Expired,
    /// The server answered with a final status.
    Refused,
    /// A line of the spool is no event: the file was damaged or edited.
    Corrupt,
}

impl LossReason {
    /// All reasons, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::SpoolFull, Self::MemoryFull, Self::Expired, Self::Refused, Self::Corrupt];

    /// The word for it in files, on the wire and in every language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SpoolFull => "spool_full",
            Self::MemoryFull => "memory_full",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Corrupt => "corrupt",
        }
    }
}

/// Counts by reason.
#[derive(Debug, Default)]
pub struct LossCounts([AtomicU64; LossReason::ALL.len()]);

impl LossCounts {
    pub(crate) fn add(&self, reason: LossReason, events: u64) {
        if let Some(count) = self.0.get(reason as usize) {
            count.fetch_add(events, Ordering::Relaxed);
        }
    }

    /// How many events were lost for this reason.
    pub fn get(&self, reason: LossReason) -> u64 {
        self.0.get(reason as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// The reasons that occurred, with their counts.
    pub fn list(&self) -> Vec<(LossReason, u64)> {
        LossReason::ALL.into_iter().map(|reason| (reason, self.get(reason))).filter(|(_, n)| *n > 0).collect()
    }

    /// How many events were lost in all.
    pub fn total(&self) -> u64 {
        LossReason::ALL.into_iter().map(|reason| self.get(reason)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_place_and_a_word_of_its_own() {
        let counts = LossCounts::default();
        for (place, reason) in LossReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place);
            counts.add(reason, place as u64 + 1);
        }
        assert_eq!(counts.total(), 15);
        assert_eq!(counts.get(LossReason::Corrupt), 5);
        let mut words: Vec<_> = LossReason::ALL.map(LossReason::as_str).to_vec();
        words.dedup();
        assert_eq!(words.len(), LossReason::ALL.len());
    }

    #[test]
    fn only_what_occurred_is_listed() {
        let counts = LossCounts::default();
        counts.add(LossReason::Refused, 2);
        assert_eq!(counts.list(), [(LossReason::Refused, 2)]);
    }
}
