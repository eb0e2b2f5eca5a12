//! Who waits for delivery, and who goes on with it: a flush, the end of the process, a fork, the uploader.

use super::life::{Exit, Life};
use super::{Client, Inner, pass};
use crate::cooldown::Cooldown;
use crate::error::{Error, ErrorKind};
use crate::spool::{self, books};
use crate::uploader::Upload;
use crate::worker::Flushed;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

impl Client {
    /// Waits until everything that was recorded before is delivered or given up, at most `timeout`. Unlike the worker it
    /// also tries what is parked. Errors: `Timeout`; `Undelivered` if events had to stay in the spool.
    pub fn flush(&self, timeout: Duration) -> Result<(), Error> {
        self.flush_while(timeout, &|| true)
    }

    /// As `flush`, but asks `go_on` in the calling thread 20 times a second, without a lock held; false ends the wait as
    /// its timeout does. For hosts whose user can interrupt a wait.
    pub fn flush_while(&self, timeout: Duration, go_on: &dyn Fn() -> bool) -> Result<(), Error> {
        let inner = &*self.inner;
        let life = inner.life();
        let events = || inner.may_send(life) && (life.session().is_some() || inner.has_leftovers());
        if inner.counters_wait().is_none() && !events() {
            return Ok(());
        }
        let (ticket, start) = life.worker.ask();
        if start {
            self.start_worker(life);
        }
        match life.worker.wait_while(&ticket, timeout, go_on) {
            Flushed::Delivered => Ok(()),
            // After `close` nothing is tried, and with nothing waiting nothing needs to be.
            Flushed::Undelivered if life.session().is_none_or(|session| session.store.waiting() == 0) => Ok(()),
            Flushed::Undelivered => Err(Error::new(ErrorKind::Undelivered, "not everything could be delivered")),
            Flushed::TimedOut => Err(Error::new(ErrorKind::Timeout, "the time for flush has ended")),
        }
    }

    /// Begins the end of the process: `exit_timeout` counts from the first of these calls, so that all waits at exit have
    /// one budget. After exits that waited in vain it is less. What is left of it.
    pub fn begin_exit(&self) -> Duration {
        self.inner.exit().map_or(Duration::ZERO, Exit::left)
    }

    /// Waits for delivery at the end of the process, within what is left of the budget; begins the exit if nobody has.
    /// `go_on` is asked as in `flush_while`; false ends all waits of this exit. Ends nothing: what is captured later can be
    /// waited for by another call. Errors: those of `flush`, if it waited; without a budget, or anything to wait for, all is
    /// well.
    pub fn wait_at_exit(&self, go_on: &dyn Fn() -> bool) -> Result<(), Error> {
        let inner = &*self.inner;
        let Some(exit) = inner.exit() else { return Ok(()) };
        let (left, life) = (exit.left(), inner.life());
        // A client that was closed delivers nothing: that says nothing about the server.
        let no_events = || life.session().is_none_or(|session| session.store.waiting() == 0);
        let nothing_waits = || no_events() && inner.counters_wait().is_none();
        if left.is_zero() || life.worker.is_closed() || nothing_waits() {
            return Ok(());
        }
        let go_on = || {
            let go_on = go_on();
            exit.given_up.fetch_or(!go_on, Ordering::Relaxed);
            go_on
        };
        let delivered = self.flush_while(left, &go_on);
        exit.cooldown.note(delivered.is_err(), inner.clock.now());
        delivered
    }

    /// Ends delivery: waits for it at most `timeout` (0: not at all), then stops the worker: a request that is under way may
    /// still be answered, and no other begins. What is left stays in the spool. Events can still be recorded afterwards; a later process delivers them.
    pub fn close(&self, timeout: Duration) -> Result<(), Error> {
        let flushed = if timeout.is_zero() { Ok(()) } else { self.flush(timeout) };
        self.inner.life().worker.close();
        self.inner.leave_memory();
        self.inner.leave_counts();
        self.leave_to_uploader();
        flushed
    }

    /// Lets the client's thread not run until `release_thread`, for hosts that are about to fork and want to be alone: a
    /// request that is under way is broken off and made again afterwards. Waits at most `patience` for the end of this and of
    /// all other threads of overt's; true if none is left. A name lookup cannot be broken off; one that outlasts `patience`
    /// is not waited for again.
    pub fn hold_thread(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let life = self.inner.life();
        let held = life.worker.hold(patience, || self.inner.transport.cancel());
        held && life.thread.wait_for_end(deadline) && self.inner.transport.wait_for_threads(deadline)
    }

    /// Lets the thread run again. In a forked child, which has none yet, this does nothing.
    pub fn release_thread(&self) {
        let life = self.inner.life();
        if life.worker.release() {
            self.start_worker(life);
        }
    }

    pub(super) fn deliver_leftovers(&self) {
        let life = self.inner.life();
        let waits = [self.inner.leftovers_wait(), self.inner.counters_wait()];
        if waits.into_iter().flatten().min().is_some_and(|wait| life.worker.found_leftovers(wait)) {
            self.start_worker(life);
        }
    }

    /// Starts the uploader if the host allows it and this process left something that can be sent now.
    fn leave_to_uploader(&self) {
        let inner = &*self.inner;
        let life = inner.life();
        let (Some(uploader), Ok(state)) = (&inner.config.uploader, &inner.state) else { return };
        let no_events = life.session().is_none_or(|session| session.store.waiting() == 0);
        if no_events && inner.counters_wait().is_none() {
            return;
        }
        // As it may have been before a capture, and nothing is to be made for who has switched off since.
        inner.look_at_files(life);
        let now = inner.clock.now();
        let counters = inner.counters_wait().is_some();
        let session = if counters { inner.session(life).ok() } else { life.session() };
        let Some(spool) = session.as_ref().and_then(|session| session.store.spool()) else { return };
        let parked = || !books::totals(spool.dir()).parked_for(now).is_zero();
        let events = spool.waiting() > 0 && inner.may_send(life) && !parked();
        if !events && !counters {
            return;
        }
        let job = Upload::new(&inner.config.app, state.root(), inner.host_says() == Some(true));
        let started = uploader.start(&job, spool.dir(), now);
        inner.trace.say(|| format!("uploader started: {started:?}"));
    }

    pub(super) fn start_worker(&self, life: &Life) {
        let inner = Arc::clone(&self.inner);
        let run = move || {
            let life = inner.life();
            life.thread.begins();
            life.worker.run(|| inner.pass());
        };
        if !pass::start_thread(run) {
            life.worker.not_started();
        }
    }
}

impl Drop for Client {
    /// As `close`, after the configured `exit_timeout`.
    fn drop(&mut self) {
        let _ = self.wait_at_exit(&|| true);
        let _ = self.close(Duration::ZERO);
    }
}

impl Inner {
    /// The end of the process, which begins now unless it has begun; `None` if it is to take no time.
    fn exit(&self) -> Option<&Exit> {
        let dir = self.spool_dir().filter(|_| !self.config.exit_timeout.is_zero())?;
        Some(self.life().exit.get_or_init(|| {
            let cooldown = Cooldown::read(&dir, self.clock.now());
            let until = Instant::now() + cooldown.wait(self.config.exit_timeout);
            Box::new(Exit { until, given_up: AtomicBool::new(false), cooldown })
        }))
    }

    /// After what time the events of earlier processes are to be delivered.
    fn leftovers_wait(&self) -> Option<Duration> {
        let dir = self.spool_dir()?;
        let (oldest, now) = (spool::oldest(&dir)?, self.clock.now());
        let wait = self.config.flush_interval.saturating_sub(now.since(oldest));
        Some(wait.max(books::totals(&dir).parked_for(now)))
    }

    fn has_leftovers(&self) -> bool {
        self.spool_dir().is_some_and(|dir| spool::oldest(&dir).is_some())
    }
}
