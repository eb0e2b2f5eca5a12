//! What a client did in this process, in numbers that are read without stopping it.

use crate::ledger::{Count, Ledger};
use crate::loss::LossCounts;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where events wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Nothing was recorded yet.
    None,
    /// In the spool on disk.
    Disk,
    /// In memory, because the state directory cannot be written. They die with the process.
    Memory,
}

impl Storage {
    /// The word for it in every language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Disk => "disk",
            Self::Memory => "memory",
        }
    }
}

/// What a client did in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Events recorded.
    pub recorded: u64,
    /// Events delivered, those of other processes included.
    pub delivered: u64,
    /// Of these, events about which the server said nothing that we understand.
    pub unconfirmed: u64,
    /// Events that wait, those of other processes included as far as they are known.
    pub pending: u64,
    /// Events lost.
    pub lost: u64,
    /// Requests made.
    pub requests: u64,
    /// Requests that brought no acknowledgement.
    pub failures: u64,
    /// Panics of the worker that were caught.
    pub panics: u64,
    /// Where events wait.
    pub storage: Storage,
}

/// The counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub recorded: AtomicU64,
    pub delivered: AtomicU64,
    pub unconfirmed: AtomicU64,
    pub requests: AtomicU64,
    pub failures: AtomicU64,
    pub losses: LossCounts,
    /// What the ledger is still to be told.
    news: Mutex<Ledger>,
}

impl Counts {
    /// Counts in this process and for the ledger.
    pub(crate) fn add(&self, count: Count, number: usize) {
        self.add_recorded(count, number);
        self.book(count, number);
    }

    /// Counts in this process what the ledger knows from a record.
    pub(crate) fn add_recorded(&self, count: Count, number: usize) {
        let totals: &[&AtomicU64] = match count {
            Count::Delivered => &[&self.delivered],
            Count::Unconfirmed => &[&self.delivered, &self.unconfirmed],
            Count::Requests => &[&self.requests],
            Count::Failures => &[&self.failures],
            Count::Lost(reason) => return self.losses.add(reason, number as u64),
        };
        for total in totals {
            total.fetch_add(number as u64, Ordering::Relaxed);
        }
    }

    /// Counts for the ledger.
    pub(crate) fn book(&self, count: Count, number: usize) {
        if number > 0 {
            self.news().count(count.as_str(), number as u64);
        }
    }

    /// What the ledger is to be told.
    pub(crate) fn take_news(&self) -> Ledger {
        std::mem::take(&mut *self.news())
    }

    /// The ledger could not be told.
    pub(crate) fn give_back(&self, news: &Ledger) {
        self.news().add(news);
    }

    pub(crate) fn get(count: &AtomicU64) -> u64 {
        count.load(Ordering::Relaxed)
    }

    fn news(&self) -> MutexGuard<'_, Ledger> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
