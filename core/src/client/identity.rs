//! A client's ID and salt: where they lie, and how long.

use super::{Client, Inner};
use crate::error::Error;
use crate::identity::IdFile;
use crate::salt;
use crate::state::{Member, StateDir};
use std::path::PathBuf;

impl Client {
    /// The client ID, made now if there is none yet; `None` while consent is off.
    pub fn client_id(&self) -> Result<Option<String>, Error> {
        if !self.inner.consent().enabled {
            return Ok(None);
        }
        match &self.inner.counters {
            Some(counters) => counters.id(&self.inner.fresh()).map(Some),
            None => self.inner.session(self.inner.life()).map(|session| Some(session.client_id.clone())),
        }
    }

    /// Forgets the client ID and erases everything pending. The new ID, or `None` while consent is off.
    pub fn reset_client_id(&self) -> Result<Option<String>, Error> {
        self.inner.erase()?;
        self.client_id()
    }

    /// HMAC-SHA-256 of a text under a random salt that never leaves this machine, as lower-case hex: to recognise a
    /// thing without knowing it. The salt is made now if there is none yet, and erased together with the client ID. `None`
    /// while consent is off.
    pub fn salted_hash(&self, text: &str) -> Result<Option<String>, Error> {
        // Decided anew: another process may have said off, and erased the salt.
        if !self.inner.decide().enabled {
            return Ok(None);
        }
        let state = self.inner.state.as_ref().map_err(Clone::clone)?;
        state.check()?;
        salt::hash(&state.salt(), text).map(Some)
    }

    /// The stored client ID, whatever consent says; never makes one. For programs that look after another program's
    /// telemetry.
    pub fn stored_client_id(&self) -> Option<String> {
        let inner = &*self.inner;
        match &inner.counters {
            Some(counters) => counters.stored_id(),
            None => inner.state.as_ref().ok().and_then(|state| inner.id_file(state).load()),
        }
    }
}

impl Inner {
    /// Where the ID lies.
    pub(super) fn id_path(&self, state: &StateDir) -> PathBuf {
        match &self.counters {
            Some(counters) => counters.path().to_owned(),
            None => self.id_file(state).path().to_owned(),
        }
    }

    /// Whether the stored ID is another one than this, or there is none any more. One that cannot be read is neither.
    pub(super) fn has_other_id(&self, client_id: &str) -> bool {
        let stored = match (&self.counters, &self.state) {
            (Some(counters), _) => counters.look_for_id(),
            (None, Ok(state)) => self.id_file(state).look(),
            (None, Err(_)) => return false,
        };
        stored.is_ok_and(|stored| stored.as_deref() != Some(client_id))
    }

    /// Where the ID lies without counters.
    pub(super) fn id_file(&self, state: &StateDir) -> IdFile {
        match &self.config.client_id_path {
            None => IdFile::Overt(state.client_id()),
            Some(path) if self.config.client_id_key.is_empty() => IdFile::Text(path.clone()),
            Some(path) => IdFile::Json(Member::new(path, &self.config.client_id_key)),
        }
    }
}
