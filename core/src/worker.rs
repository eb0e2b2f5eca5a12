//! The worker: the one thread of a client, which delivers what waits.
//!
//! - It is started when there is something to deliver and ends when there is nothing left.
//! - A pass over the spool starts when `flush_at` events wait, when the oldest has waited `flush_interval`, or when
//!   somebody asks. Passes never overlap, so a flush never splits or doubles a batch that is on its way.
//! - It never holds up the host: whoever records only counts, and looks at the lock once in `flush_at` events.

mod delivery;
#[cfg(overt_loom)]
mod interleavings;

pub(crate) use delivery::{Delivery, Pass};

use crate::config::PARK_TIME;
#[cfg(overt_loom)]
use interleavings::{AtomicBool, AtomicU64, Condvar, Instant, Mutex, MutexGuard};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
#[cfg(not(overt_loom))]
use std::sync::atomic::{AtomicBool, AtomicU64};
#[cfg(not(overt_loom))]
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;
#[cfg(not(overt_loom))]
use std::time::Instant;

/// How often somebody who waits looks whether the other process that delivers has finished.
const BUSY_PAUSE: Duration = Duration::from_millis(20);
/// How often somebody who waits asks whether to go on: a person's Ctrl-C seems immediate.
const LOOK_UP: Duration = Duration::from_millis(50);
/// How soon after finding that another process delivers a pass tries again by itself: what that one leaves may wait a second,
/// however short the interval is, and a request takes about as long.
const BUSY_REST: Duration = Duration::from_secs(1);
/// As often as a request looks up.
const BREAK_OFF_EVERY: Duration = Duration::from_millis(10);
/// A pass that panics this often would panic again.
const MAX_PANICS: u32 = 3;

/// What the worker is to do, and who waits for it.
#[derive(Debug)]
pub(crate) struct Worker {
    flush_at: u64,
    flush_interval: Duration,
    /// Events recorded since the last pass began.
    waiting: AtomicU64,
    running: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// When the next pass is due by itself.
    due: Option<Instant>,
    /// No pass before this, unless somebody asks.
    rest_until: Option<Instant>,
    /// No pass before this, whoever asks.
    busy_until: Option<Instant>,
    /// How many passes were asked for, and up to which of them all is done.
    asked: u64,
    done: u64,
    /// How many tickets are held.
    awaited: u32,
    /// Whether the last pass left events behind.
    undelivered: bool,
    closing: bool,
    /// No thread is wanted at the moment.
    held: bool,
    panics: u32,
}

impl State {
    /// Whether a thread may run.
    fn is_open(&self) -> bool {
        !self.closing && !self.held && self.panics < MAX_PANICS
    }
}

/// A pass that somebody asked for, and waits for as long as this lives. It comes in any case; but only for who waits is it
/// tried again and again while another process delivers.
#[derive(Debug)]
pub(crate) struct Ticket<'w> {
    worker: &'w Worker,
    number: u64,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.worker.state().awaited -= 1;
    }
}

/// How waiting for delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flushed {
    Delivered,
    Undelivered,
    TimedOut,
}

impl Worker {
    pub(crate) fn new(flush_at: u32, flush_interval: Duration) -> Self {
        Self {
            flush_at: u64::from(flush_at),
            flush_interval,
            waiting: AtomicU64::new(0),
            running: AtomicBool::new(false),
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Notes that an event was recorded. True: the caller must start the thread.
    pub(crate) fn recorded(&self) -> bool {
        // Counted before the lock is taken, and the thread ends under the lock: either it sees when the event is due, or we
        // see that it has ended.
        let waiting = self.waiting.fetch_add(1, Ordering::SeqCst) + 1;
        if waiting == 1 || waiting == self.flush_at {
            // Under the lock, so that the worker cannot go to sleep between its look and this call.
            let mut state = self.state();
            let due = Instant::now() + self.flush_interval;
            state.due = Some(state.due.map_or(due, |earlier| earlier.min(due)));
            self.changed.notify_all();
        }
        !self.running.load(Ordering::SeqCst) && self.claim_start()
    }

    /// Notes that an earlier process left events, which are to be delivered after `wait`. True: start the thread.
    pub(crate) fn found_leftovers(&self, wait: Duration) -> bool {
        let due = Instant::now() + wait.min(PARK_TIME);
        self.state().due = Some(due);
        self.claim_start()
    }

    /// Of several callers one starts the thread.
    fn claim_start(&self) -> bool {
        let mut state = self.state();
        let start = state.is_open() && !self.running.swap(true, Ordering::SeqCst);
        if start {
            state.busy_until = None;
        }
        start
    }

    /// The thread could not be started.
    pub(crate) fn not_started(&self) {
        let mut state = self.state();
        self.running.store(false, Ordering::SeqCst);
        state.done = state.asked;
        state.undelivered = true;
        self.changed.notify_all();
    }

    /// The thread: passes, one after the other, until nothing is left to do.
    pub(crate) fn run(&self, pass: impl Fn() -> Pass) {
        while let Some(serving) = self.wait_for_work() {
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(&pass));
            self.finished(serving, ended.ok());
        }
    }

    /// Waits until a pass is due; `None` ends the thread. The number says which request the pass serves.
    fn wait_for_work(&self) -> Option<u64> {
        let mut state = self.state();
        loop {
            let now = Instant::now();
            let full = self.waiting.load(Ordering::SeqCst) >= self.flush_at;
            let by_itself = if full { Some(now) } else { state.due }.max_with(state.rest_until);
            let asked = (state.asked > state.done).then_some(now);
            let next = match (asked, by_itself) {
                (None, None) => None,
                (one, other) => one.into_iter().chain(other).min().max_with(state.busy_until),
            };
            match next {
                _ if !state.is_open() => {}
                Some(at) if at <= now => {
                    self.waiting.store(0, Ordering::SeqCst);
                    state.due = None;
                    return Some(state.asked);
                }
                Some(at) => {
                    let waited = self.changed.wait_timeout(state, at - now);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                    continue;
                }
                None => {}
            }
            self.running.store(false, Ordering::SeqCst);
            self.changed.notify_all();
            return None;
        }
    }

    fn finished(&self, serving: u64, pass: Option<Pass>) {
        let mut state = self.state();
        let now = Instant::now();
        state.rest_until = None;
        if state.held && matches!(pass, Some(Pass::Stopped | Pass::Parked)) {
            // It was broken off, and goes on as soon as a thread is wanted again.
            state.due = Some(now);
            self.changed.notify_all();
            return;
        }
        match pass {
            Some(Pass::Busy) => {
                state.busy_until = Some(now + BUSY_PAUSE);
                state.rest_until = Some(now + BUSY_REST);
                state.due = Some(now + self.flush_interval);
            }
            Some(Pass::Parked) => {
                state.rest_until = Some(now + PARK_TIME);
                state.due = state.rest_until;
            }
            Some(Pass::Done | Pass::Stopped) => {}
            None => state.panics += 1,
        }
        if pass != Some(Pass::Busy) || state.awaited == 0 {
            state.busy_until = None;
            state.done = serving;
            state.undelivered = pass != Some(Pass::Done);
        }
        self.changed.notify_all();
    }

    /// Asks for a pass that begins after this call. True: the caller must start the thread.
    pub(crate) fn ask(&self) -> (Ticket<'_>, bool) {
        let number = {
            let mut state = self.state();
            state.asked += 1;
            state.awaited += 1;
            state.asked
        };
        self.changed.notify_all();
        (Ticket { worker: self, number }, self.claim_start())
    }

    /// Waits until that pass has ended.
    pub(crate) fn wait(&self, ticket: &Ticket<'_>, timeout: Duration) -> Flushed {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.state();
        while state.done < ticket.number {
            let ended = state.closing || state.panics >= MAX_PANICS;
            if ended {
                return Flushed::Undelivered;
            }
            let left = deadline.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Flushed::TimedOut;
            }
            let waited = self.changed.wait_timeout(state, left.min(Duration::from_secs(3600)));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.undelivered { Flushed::Undelivered } else { Flushed::Delivered }
    }

    /// As `wait`, but asks now and then whether to go on, without the lock held.
    pub(crate) fn wait_while(&self, ticket: &Ticket<'_>, timeout: Duration, go_on: &dyn Fn() -> bool) -> Flushed {
        let deadline = Instant::now().checked_add(timeout);
        loop {
            let left = deadline.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            let ended = self.wait(ticket, left.min(LOOK_UP));
            if ended != Flushed::TimedOut || left <= LOOK_UP || !go_on() {
                return ended;
            }
        }
    }

    /// Lets no thread run until `release`; `break_off` ends what it is doing, and is called again and again, because what it
    /// is about to do may begin after a first call. Waits at most `patience` until it has ended: true if it has.
    pub(crate) fn hold(&self, patience: Duration, mut break_off: impl FnMut()) -> bool {
        let deadline = Instant::now() + patience;
        let mut state = self.state();
        state.held = true;
        self.changed.notify_all();
        while self.running.load(Ordering::SeqCst) {
            break_off();
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let moment = left.min(BREAK_OFF_EVERY);
            state = self.changed.wait_timeout(state, moment).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Lets a thread run again. True: the caller must start it, for something is left to do.
    pub(crate) fn release(&self) -> bool {
        let left = {
            let mut state = self.state();
            state.held = false;
            state.due.is_some() || state.asked > state.done || self.waiting.load(Ordering::SeqCst) > 0
        };
        left && self.claim_start()
    }

    /// Whether no thread is wanted at the moment.
    pub(crate) fn is_held(&self) -> bool {
        self.state().held
    }

    /// Whether a pass may go on: the client neither closes nor wants no thread.
    pub(crate) fn goes_on(&self) -> bool {
        let state = self.state();
        !state.closing && !state.held
    }

    /// Waits before another attempt; false if the client closes, or the thread is not wanted, meanwhile.
    pub(crate) fn pause(&self, length: Duration) -> bool {
        let end = Instant::now() + length;
        let mut state = self.state();
        while !state.closing && !state.held {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }

    /// How many panics were caught.
    pub(crate) fn panics(&self) -> u64 {
        u64::from(self.state().panics)
    }

    /// Ends waiting and, as soon as it can, the thread.
    pub(crate) fn close(&self) {
        self.state().closing = true;
        self.changed.notify_all();
    }

    /// Whether it was told to end for good.
    pub(crate) fn is_closed(&self) -> bool {
        self.state().closing
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

trait MaxWith {
    /// The later of the two, if there is a first at all.
    fn max_with(self, floor: Self) -> Self;
}

impl MaxWith for Option<Instant> {
    fn max_with(self, floor: Self) -> Self {
        self.map(|at| floor.map_or(at, |floor| floor.max(at)))
    }
}

#[cfg(all(test, not(overt_loom)))]
mod tests;
