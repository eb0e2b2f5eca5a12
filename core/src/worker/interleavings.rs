//! The hand-over between those who record and the thread, in every order in which their steps can happen.
//!
//! The worker itself runs here, on loom's locks and atomics: loom tries each interleaving, and each value that the memory
//! model allows a load to see, and reports who waits for ever. loom knows no time, so an instant is a number that the test
//! moves on. `make loom` runs this.

pub(super) use ::loom::sync::atomic::{AtomicBool, AtomicU64};
pub(super) use ::loom::sync::{Condvar, Mutex, MutexGuard};

use super::{Flushed, Pass, Worker};

use ::loom::thread::{JoinHandle, spawn};
use std::cell::Cell;
use std::ops::{Add, Sub};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

thread_local! {
    // All of loom's threads are on one thread of the system.
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// A moment of the test's own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant(Duration);

impl Instant {
    pub(super) fn now() -> Self {
        Self(NOW.get())
    }

    pub(super) fn checked_add(self, length: Duration) -> Option<Self> {
        self.0.checked_add(length).map(Self)
    }

    pub(super) fn saturating_duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, length: Duration) -> Self {
        Self(self.0 + length)
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.0 - earlier.0
    }
}

const LONG: Duration = Duration::from_secs(600);

/// A client, as far as the worker is concerned.
struct Host {
    worker: Worker,
    spool: Mutex<Spool>,
    emptied: Condvar,
}

#[derive(Default)]
struct Spool {
    pending: u32,
    threads: Vec<JoinHandle<()>>,
    passes_now: u32,
    /// What a panic inside a pass would not tell.
    overlapped: bool,
}

impl Host {
    fn new(flush_at: u32, flush_interval: Duration) -> Arc<Self> {
        NOW.set(Duration::ZERO);
        let worker = Worker::new(flush_at, flush_interval);
        Arc::new(Self { worker, spool: Mutex::default(), emptied: Condvar::new() })
    }

    fn capture(self: &Arc<Self>) {
        self.spool().pending += 1;
        let start = self.worker.recorded();
        self.start_if(start);
    }

    fn start_if(self: &Arc<Self>, start: bool) {
        if start {
            let host = Arc::clone(self);
            let thread = spawn(move || host.worker.run(|| host.pass()));
            self.spool().threads.push(thread);
        }
    }

    /// Delivers what it finds at its beginning.
    fn pass(&self) -> Pass {
        let found = {
            let mut spool = self.spool();
            spool.passes_now += 1;
            spool.overlapped |= spool.passes_now > 1;
            spool.pending
        };
        let mut spool = self.spool();
        spool.passes_now -= 1;
        spool.pending -= found;
        self.emptied.notify_all();
        Pass::Done
    }

    fn spool(&self) -> MutexGuard<'_, Spool> {
        self.spool.lock().unwrap()
    }

    /// Whoever waits here for ever is found by loom.
    fn wait_until_empty(&self) {
        let mut spool = self.spool();
        while spool.pending > 0 {
            spool = self.emptied.wait(spool).unwrap();
        }
    }

    /// Lets all time-outs end, and the threads with them.
    fn end(&self) {
        {
            let _state = self.worker.state();
            NOW.set(2 * LONG);
            self.worker.changed.notify_all();
        }
        while let Some(thread) = { self.spool().threads.pop() } {
            thread.join().unwrap();
        }
        let spool = self.spool();
        assert_eq!(spool.pending, 0, "events wait, and nobody does anything about it");
        assert!(!spool.overlapped, "two passes at once");
        assert!(!self.worker.running.load(Ordering::SeqCst));
    }
}

/// Tries everything. Bounded where the whole would take hours: what goes wrong does so after few switches.
fn in_every_order(test: impl Fn() + Send + Sync + 'static) {
    let mut loom = ::loom::model::Builder::new();
    loom.preemption_bound = Some(3);
    loom.check(test);
}

fn capture_elsewhere(host: &Arc<Host>) -> JoinHandle<()> {
    let host = Arc::clone(host);
    spawn(move || host.capture())
}

#[test]
fn no_event_is_left_by_a_thread_that_ends() {
    in_every_order(|| {
        let host = Host::new(100, Duration::ZERO);
        let other = capture_elsewhere(&host);
        host.capture();
        other.join().unwrap();
        host.end();
    });
}

#[test]
fn enough_events_wake_the_thread_at_once() {
    in_every_order(|| {
        let host = Host::new(2, LONG);
        let other = capture_elsewhere(&host);
        host.capture();
        other.join().unwrap();
        host.wait_until_empty();
        host.end();
    });
}

#[test]
fn a_flush_has_delivered_what_was_captured_before_it() {
    in_every_order(|| {
        let host = Host::new(100, LONG);
        let other = capture_elsewhere(&host);
        host.capture();
        let (ticket, start) = host.worker.ask();
        host.start_if(start);
        assert_eq!(host.worker.wait(&ticket, LONG), Flushed::Delivered);
        assert!(host.spool().pending <= 1, "the other one's may still wait");
        other.join().unwrap();
        host.end();
    });
}

#[test]
fn what_is_captured_while_no_thread_is_wanted_starts_one_afterwards() {
    in_every_order(|| {
        let host = Host::new(100, Duration::ZERO);
        let other = capture_elsewhere(&host);
        assert!(host.worker.hold(LONG, || {}));
        assert_eq!(host.spool().passes_now, 0);
        let start = host.worker.release();
        host.start_if(start);
        other.join().unwrap();
        host.end();
    });
}
