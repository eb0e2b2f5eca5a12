//! The ledger: what was delivered and lost over all processes, and the last events that were sent, for people to read.
//!
//! Only the process that holds the spool's claim writes here. Neither file matters for delivery: if one cannot be
//! written, nothing else changes.

use crate::clock::Timestamp;
use crate::config::PARK_TIME;
use crate::loss::LossCounts;
use crate::state;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// A file of sent events is put aside at this size, and the one that was put aside before goes: at most twice this
/// much stays readable, some 800 events.
const MAX_SENT_BYTES: u64 = 256 * 1024;

const LEDGER: &str = "ledger.json";
const SENT: &str = "sent.jsonl";
const SENT_BEFORE: &str = "sent.1.jsonl";

/// Totals of one destination.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// Events that the server has acknowledged.
    pub delivered: u64,
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
    /// Reads the ledger; an unreadable one counts as new.
    pub(crate) fn read(dir: &Path) -> Self {
        let text = state::read(&dir.join(LEDGER)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Adds what happened since the last time, and stores the sum.
    pub(crate) fn add(dir: &Path, news: &Self) {
        let mut total = Self::read(dir);
        let before = total.clone();
        total.delivered = total.delivered.saturating_add(news.delivered);
        total.requests = total.requests.saturating_add(news.requests);
        total.failures = total.failures.saturating_add(news.failures);
        for (reason, events) in &news.lost {
            let count = total.lost.entry(reason.clone()).or_default();
            *count = count.saturating_add(*events);
        }
        total.parked_until_ms = news.parked_until_ms;
        if total == before {
            return;
        }
        if let Ok(text) = serde_json::to_vec_pretty(&total) {
            let _ = state::replace_whole(&dir.join(LEDGER), &text);
        }
    }

    /// The difference to an earlier state of the same counters.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let before = |reason: &String| earlier.lost.get(reason).copied().unwrap_or(0);
        Self {
            delivered: self.delivered - earlier.delivered,
            requests: self.requests - earlier.requests,
            failures: self.failures - earlier.failures,
            lost: self.lost.iter().map(|(why, n)| (why.clone(), n - before(why))).filter(|(_, n)| *n > 0).collect(),
            parked_until_ms: self.parked_until_ms,
        }
    }

    /// For how long nothing is to be tried by itself.
    pub(crate) fn parked_for(&self, now: Timestamp) -> Duration {
        let left = Timestamp::from_unix_millis_saturating(self.parked_until_ms).since(now);
        // A clock that was set back must not park for years.
        if left <= PARK_TIME { left } else { Duration::ZERO }
    }

    /// Sets the counts of losses.
    pub(crate) fn set_losses(&mut self, counts: &LossCounts) {
        self.lost = counts.list().into_iter().map(|(reason, events)| (reason.as_str().to_owned(), events)).collect();
    }
}

/// Keeps lines that were sent.
pub(crate) fn keep_sent<'a>(dir: &Path, lines: impl Iterator<Item = &'a [u8]>) {
    let path = dir.join(SENT);
    if std::fs::metadata(&path).is_ok_and(|data| data.len() >= MAX_SENT_BYTES) {
        let _ = std::fs::rename(&path, dir.join(SENT_BEFORE));
    }
    let mut text = Vec::new();
    for line in lines {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    let _ = state::append(&path, &text);
}

/// The lines that were sent and are still kept, oldest first.
pub(crate) fn sent_lines(dir: &Path) -> Vec<String> {
    let read = |name| state::read(&dir.join(name)).unwrap_or_default();
    let both = [read(SENT_BEFORE), read(SENT)].concat();
    String::from_utf8_lossy(&both).lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_add_up_over_processes() {
        let dir = tempfile::tempdir().unwrap();
        let lost = BTreeMap::from([("refused".to_owned(), 2)]);
        let news = Ledger { delivered: 3, requests: 2, failures: 1, lost, parked_until_ms: 9 };
        Ledger::add(dir.path(), &news);
        Ledger::add(dir.path(), &Ledger { parked_until_ms: 0, ..news.clone() });
        let total = Ledger::read(dir.path());
        assert_eq!((total.delivered, total.lost["refused"], total.parked_until_ms), (6, 4, 0));
        assert_eq!(total.since(&total), Ledger { parked_until_ms: 0, ..Ledger::default() });
        std::fs::write(dir.path().join(LEDGER), "garbage").unwrap();
        assert_eq!(Ledger::read(dir.path()), Ledger::default());
    }

    #[test]
    fn parking_ends_even_if_the_clock_was_set_back() {
        let now = Timestamp::parse("2026-11-20T18:10:36Z").unwrap();
        let parked = |ms| Ledger { parked_until_ms: ms, ..Ledger::default() }.parked_for(now);
        assert_eq!(parked(now.unix_millis() + 1_000), Duration::from_secs(1));
        assert_eq!(parked(now.unix_millis()), Duration::ZERO);
        assert_eq!(parked(now.unix_millis() + 3_600_000_000), Duration::ZERO);
    }

    #[test]
    fn what_was_sent_stays_readable_within_a_bound() {
        let dir = tempfile::tempdir().unwrap();
        let line = vec![b'x'; 1000];
        for _ in 0..100 {
            keep_sent(dir.path(), std::iter::repeat_n(line.as_slice(), 10));
        }
        let kept = sent_lines(dir.path()).len() as u64 * 1001;
        assert!((MAX_SENT_BYTES..2 * MAX_SENT_BYTES + 20_000).contains(&kept), "{kept}");
    }
}
