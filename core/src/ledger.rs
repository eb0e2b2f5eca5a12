//! The ledger: totals of what was delivered and lost over all processes. How they are kept is the spool's matter.

use crate::clock::Timestamp;
use crate::config::PARK_TIME;
use crate::loss::LossReason;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// Events that the server has acknowledged.
    Delivered,
    /// Events about which it said nothing that we understand, taken for delivered.
    Unconfirmed,
    /// Events that were lost.
    Lost(LossReason),
    /// Requests.
    Requests,
    /// Requests that brought no acknowledgement.
    Failures,
}

impl Count {
    /// The word for it in files.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Unconfirmed => "unconfirmed",
            Self::Lost(reason) => reason.as_str(),
            Self::Requests => "requests",
            Self::Failures => "failures",
        }
    }
}

/// Totals of one destination.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// Events that the server has acknowledged.
    pub delivered: u64,
    /// Of these, events about which the server said nothing that we understand.
    pub unconfirmed: u64,
    /// Requests that were made.
    pub requests: u64,
    /// Requests that brought no acknowledgement.
    pub failures: u64,
    /// Events that were lost, by reason.
    pub lost: BTreeMap<String, u64>,
    /// Milliseconds since the Unix epoch until which nothing is tried by itself, after the server could not be reached.
    pub parked_until_ms: u64,
}

impl Ledger {
    /// Counts by the word of a [`Count`]; one that only a later version knows is a loss of that name.
    pub(crate) fn count(&mut self, word: &str, number: u64) {
        let counts: &mut [&mut u64] = match word {
            "delivered" => &mut [&mut self.delivered],
            "unconfirmed" => &mut [&mut self.delivered, &mut self.unconfirmed],
            "requests" => &mut [&mut self.requests],
            "failures" => &mut [&mut self.failures],
            reason => &mut [self.lost.entry(reason.to_owned()).or_default()],
        };
        for count in counts {
            **count = count.saturating_add(number);
        }
    }

    /// Adds the counts of another one.
    pub(crate) fn add(&mut self, other: &Self) {
        for (word, number) in other.counts() {
            self.count(word, number);
        }
    }

    /// What was counted, by its word: of `count`, these make the same ledger again.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&str, u64)> {
        let confirmed = self.delivered.saturating_sub(self.unconfirmed);
        let own = [
            ("delivered", confirmed),
            ("unconfirmed", self.unconfirmed),
            ("requests", self.requests),
            ("failures", self.failures),
        ];
        own.into_iter().chain(self.lost.iter().map(|(why, n)| (why.as_str(), *n))).filter(|(_, n)| *n > 0)
    }

    /// For how long nothing is to be tried by itself.
    pub(crate) fn parked_for(&self, now: Timestamp) -> Duration {
        let left = Timestamp::from_unix_millis_saturating(self.parked_until_ms).since(now);
        // A clock that was set back must not park for years.
        if left <= PARK_TIME { left } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_count_adds_up_under_its_word() {
        let mut ledger = Ledger::default();
        let reasons = LossReason::ALL.map(Count::Lost);
        let counts = [Count::Delivered, Count::Unconfirmed, Count::Requests, Count::Failures];
        for (count, number) in counts.into_iter().chain(reasons).zip(1..) {
            ledger.count(count.as_str(), number);
        }
        assert_eq!((ledger.delivered, ledger.unconfirmed, ledger.requests, ledger.failures), (1 + 2, 2, 3, 4));
        assert_eq!(ledger.lost.values().sum::<u64>(), 5 + 6 + 7 + 8 + 9);
        let mut twice = ledger.clone();
        twice.add(&ledger);
        assert_eq!((twice.delivered, twice.unconfirmed, twice.lost["refused"]), (6, 4, 2 * ledger.lost["refused"]));
        twice.count("delivered", u64::MAX);
        assert_eq!(twice.delivered, u64::MAX);
    }

    #[test]
    fn parking_ends_even_if_the_clock_was_set_back() {
        let now = Timestamp::parse("2026-11-20T18:10:36Z").unwrap();
        let parked = |ms| Ledger { parked_until_ms: ms, ..Ledger::default() }.parked_for(now);
        assert_eq!(parked(now.unix_millis() + 1_000), Duration::from_secs(1));
        assert_eq!(parked(now.unix_millis()), Duration::ZERO);
        assert_eq!(parked(now.unix_millis() + 3_600_000_000), Duration::ZERO);
    }
}
