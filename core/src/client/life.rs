//! A client's life in one process: everything that a forked child must not share with its parent.
//!
//! A child inherits the parent's locks as they stood, the parent's counters and open files, but not its threads. So a
//! child gets a life of its own at its first call and never touches an inherited one: no lock is taken, no thread is
//! waited for, no file of the parent's is closed on purpose. What the parent recorded, the parent delivers.

use super::session::Session;
use crate::clock::Every;
use crate::cooldown::Cooldown;
use crate::event::UuidSource;
use crate::stats::Counts;
use crate::thread::Thread;
use crate::worker::Worker;
use once_cell::race::OnceBox;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How often a process that lives for long looks for what others have left: it takes as long to count as left.
const SWEEP_EVERY_MS: u64 = 86_400_000;
/// How often capturing looks whether somebody switched off or reset the client ID in another process: two small files a
/// second cost nothing, and a person who says off is obeyed within one.
const LOOK_EVERY_MS: u64 = 1_000;

/// The end of a process.
#[derive(Debug)]
pub(crate) struct Exit {
    /// Until when it may wait.
    pub until: Instant,
    /// Whether somebody has had enough of waiting.
    pub given_up: AtomicBool,
    pub cooldown: Cooldown,
}

impl Exit {
    /// How long it may still wait.
    pub(super) fn left(&self) -> Duration {
        let over = self.given_up.load(Ordering::Relaxed);
        if over { Duration::ZERO } else { self.until.saturating_duration_since(Instant::now()) }
    }
}

#[derive(Debug)]
pub(crate) struct Life {
    pid: u32,
    pub uuids: UuidSource,
    pub counts: Counts,
    pub worker: Worker,
    /// The worker's.
    pub thread: Thread,
    /// Whether an event was recorded by force, which may then be sent although consent is off.
    pub forced: AtomicBool,
    session: RwLock<Option<Arc<Session>>>,
    /// Looking at the files for what other processes did.
    pub look: Every,
    /// Looking whether the counters are to go out.
    pub look_at_counters: Every,
    /// Removing what killed processes have left beside files.
    pub sweep: Every,
    /// The end of the process, once it has begun.
    pub exit: OnceBox<Exit>,
    /// The life in a child of this process. Lock-free, so that a fork cannot inherit it half-made.
    next: OnceBox<Life>,
}

impl Life {
    pub(crate) fn new(worker: Worker) -> Self {
        Self {
            pid: std::process::id(),
            uuids: UuidSource::new(),
            counts: Counts::default(),
            worker,
            thread: Thread::default(),
            forced: AtomicBool::new(false),
            session: RwLock::default(),
            look: Every::new(LOOK_EVERY_MS),
            look_at_counters: Every::new(LOOK_EVERY_MS),
            sweep: Every::new(SWEEP_EVERY_MS),
            exit: OnceBox::new(),
            next: OnceBox::new(),
        }
    }

    /// The life in this process: this one, or that of a child as many forks down as there were.
    pub(crate) fn current(&self, worker: impl Fn() -> Worker) -> &Self {
        let pid = std::process::id();
        let mut life = self;
        while life.pid != pid {
            life = life.next.get_or_init(|| Box::new(Self::new(worker())));
        }
        life
    }

    /// The session, if one is open.
    pub(crate) fn session(&self) -> Option<Arc<Session>> {
        self.session.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The session, opened by the first who needs it; a failure is tried again by the next.
    pub(crate) fn open_session<E>(&self, open: impl FnOnce() -> Result<Session, E>) -> Result<Arc<Session>, E> {
        if let Some(session) = self.session() {
            return Ok(session);
        }
        let mut slot = self.session.write().unwrap_or_else(PoisonError::into_inner);
        match &*slot {
            Some(session) => Ok(Arc::clone(session)),
            None => Ok(Arc::clone(slot.insert(Arc::new(open()?)))),
        }
    }

    /// Whether this is the session that is open.
    pub(crate) fn is_current(&self, session: &Arc<Session>) -> bool {
        self.session().is_some_and(|current| Arc::ptr_eq(&current, session))
    }

    /// Forgets this session and what waits in its memory: the next event opens another, unless somebody has.
    pub(crate) fn forget(&self, session: &Arc<Session>) {
        let mut slot = self.session.write().unwrap_or_else(PoisonError::into_inner);
        if slot.as_ref().is_some_and(|current| Arc::ptr_eq(current, session)) {
            *slot = None;
        }
        drop(slot);
        session.store.forget();
    }
}
