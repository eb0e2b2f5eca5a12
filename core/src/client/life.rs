//! A client's life in one process: everything that a forked child must not share with its parent.
//!
//! A child inherits the parent's locks as they stood, the parent's counters and open files, but not its threads. So a
//! child gets a life of its own at its first call and never touches an inherited one: no lock is taken, no thread is
//! waited for, no file of the parent's is closed on purpose. What the parent recorded, the parent delivers.

use super::session::Session;
use crate::event::UuidSource;
use crate::stats::Counts;
use crate::worker::Worker;
use once_cell::race::OnceBox;
use std::sync::{Arc, PoisonError, RwLock};

#[derive(Debug)]
pub(crate) struct Life {
    pid: u32,
    pub uuids: UuidSource,
    pub counts: Counts,
    pub worker: Worker,
    session: RwLock<Option<Arc<Session>>>,
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
            session: RwLock::default(),
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

    /// Forgets the session: the next event opens another.
    pub(crate) fn forget_session(&self) {
        *self.session.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
