//! A pass of a client's worker over what waits, and the thread that makes it.

use super::Inner;
use super::life::Life;
use crate::ledger::Ledger;
use crate::signals;
use crate::state::{self, StateDir};
use crate::worker::{Delivery, Pass};
use uuid::Uuid;

/// The worker's stack. Our own loop needs a tenth of it; a TLS handshake in a debug build most of it.
const STACK_BYTES: usize = 512 * 1024;
/// The key, the times and the braces around a batch's lines.
const ENVELOPE_BYTES: usize = 512;

impl Inner {
    /// Leaves on disk what would end with this process, if it may still be sent.
    pub(super) fn leave_memory(&self) {
        let life = self.life();
        if life.session().is_none_or(|session| session.store.memory().waiting() == 0) {
            return;
        }
        // Somebody may have said off in another process since the last event.
        self.look_at_files(life);
        match life.session() {
            Some(session) if self.may_send(life) => session.store.end(self.clock.now(), self.trace),
            Some(session) => session.store.memory().clear(),
            None => {}
        }
    }

    /// Leaves the counts that no pass has entered into the ledger.
    pub(super) fn leave_counts(&self) {
        let life = self.life();
        let Some(session) = life.session() else { return };
        let (Some(spool), news) = (session.store.spool(), life.counts.take_news()) else { return };
        if news != Ledger::default() && spool.leave(&news, self.clock.now()).is_err() {
            life.counts.give_back(&news);
        }
    }

    /// One pass of the worker.
    pub(super) fn pass(&self) -> Pass {
        let life = self.life();
        self.look_at_files(life);
        let others_upload = self.upload_counters(life);
        let pass = self.deliver(life);
        self.trace.say(|| format!("pass {pass:?}"));
        if pass == Pass::Done && others_upload { Pass::Busy } else { pass }
    }

    /// Delivers events.
    fn deliver(&self, life: &Life) -> Pass {
        let now = self.clock.now();
        if self.missing.is_some() && !life.worker.is_held() {
            return Pass::Done; // there are no events
        }
        if !self.may_send(life) {
            return Pass::Stopped;
        }
        let Ok(session) = self.session(life) else { return Pass::Stopped };
        let allowed = || {
            self.look_at_files(life);
            life.is_current(&session) && self.may_send(life) && life.worker.goes_on()
        };
        let counts = &life.counts;
        let delivery = Delivery {
            to: &self.to,
            transport: &*self.transport,
            clock: &*self.clock,
            counts,
            trace: self.trace,
            // A first line always fits: where nothing else does, each event is a request of its own.
            max_bytes: if self.to.wire.sends_one_by_one() { 0 } else { self.config.max_batch_bytes - ENVELOPE_BYTES },
            max_retries: self.config.max_retries,
            side_by_side: self.to.wire.side_by_side(),
            response_wait: self.config.response_wait,
            pause: &|length| life.worker.pause(length),
            allowed: &allowed,
            delivered: &|lines| {
                self.forget_if_erased(life);
                if life.is_current(&session) {
                    session.store.was_sent(lines, self.config.keep_sent);
                }
            },
            jitter: &jitter,
            new_id: &Uuid::new_v4,
        };
        let pass = session.store.deliver(now, counts, self.trace, |source| delivery.run(source));
        if life.worker.is_closed() {
            // What was on its way from memory when the client was closed.
            self.leave_memory();
        }
        if let Some(state) = self.state.as_ref().ok().filter(|_| life.sweep.is_due(self.clock.now())) {
            self.sweep_drafts(state);
        }
        pass
    }

    /// Removes what killed processes have left beside the files that are no spool's, the tool's own among them.
    pub(super) fn sweep_drafts(&self, state: &StateDir) {
        let of_tool = [Some(self.id_file(state).file()), self.kept.own_file()].into_iter().flatten();
        state::sweep(&state.files().into_iter().chain(of_tool).collect::<Vec<_>>());
    }
}

/// A random number 0 ≤ n < 1; retries of many machines are to spread out, nothing more.
fn jitter() -> f64 {
    use std::hash::{BuildHasher, Hasher};
    let random = std::hash::RandomState::new().build_hasher().finish() >> 32;
    f64::from(u32::try_from(random).unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
}

/// Starts the worker's thread, on which the host's signal handlers never run.
pub(super) fn start_thread(body: impl FnOnce() + Send + 'static) -> bool {
    let builder = std::thread::Builder::new().name("overt".into()).stack_size(STACK_BYTES);
    signals::with_none(|| builder.spawn(body).is_ok())
}
