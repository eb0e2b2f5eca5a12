//! What a client did in this process, in numbers that are read without stopping it.

use crate::ledger::Ledger;
use crate::loss::{LossCounts, LossReason};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

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
    /// What of this the ledger has.
    booked: Mutex<Ledger>,
}

impl Counts {
    pub(crate) fn add(count: &AtomicU64, events: usize) {
        count.fetch_add(events as u64, Ordering::Relaxed);
    }

    pub(crate) fn get(count: &AtomicU64) -> u64 {
        count.load(Ordering::Relaxed)
    }

    pub(crate) fn lose(&self, reason: LossReason, events: u64) {
        self.losses.add(reason, events);
    }

    /// What happened since the last call.
    pub(crate) fn take_news(&self, parked_until_ms: u64) -> Ledger {
        let mut now = Ledger {
            delivered: Self::get(&self.delivered),
            requests: Self::get(&self.requests),
            failures: Self::get(&self.failures),
            parked_until_ms,
            ..Ledger::default()
        };
        now.set_losses(&self.losses);
        let mut booked = self.booked.lock().unwrap_or_else(PoisonError::into_inner);
        let news = now.since(&booked);
        *booked = now;
        news
    }
}
