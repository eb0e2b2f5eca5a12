//! What a client can tell: what it did, what waits, what was sent, and where its files lie.

use super::Client;
use crate::ledger::Ledger;
use crate::loss::LossReason;
use crate::sent;
use crate::spool::{self, books};
use crate::stats::{Counts, Stats, Storage};
use std::path::PathBuf;

/// Where an app's files lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The state directory.
    pub state_dir: PathBuf,
    /// The file with the stored choice.
    pub consent: PathBuf,
    /// The file with the client ID.
    pub client_id: PathBuf,
    /// The directory with the events that wait and the last ones that were sent.
    pub spool: PathBuf,
}

impl Client {
    /// What this client did in this process.
    pub fn stats(&self) -> Stats {
        let life = self.inner.life();
        let session = life.session();
        Stats {
            recorded: Counts::get(&life.counts.recorded),
            delivered: Counts::get(&life.counts.delivered),
            unconfirmed: Counts::get(&life.counts.unconfirmed),
            pending: session.as_ref().map_or(0, |session| session.store.waiting()),
            lost: life.counts.losses.total(),
            requests: Counts::get(&life.counts.requests),
            failures: Counts::get(&life.counts.failures),
            panics: life.worker.panics(),
            storage: session.as_ref().map_or(Storage::None, |session| session.store.storage()),
        }
    }

    /// Events that this process lost, by reason.
    pub fn losses(&self) -> Vec<(LossReason, u64)> {
        self.inner.life().counts.losses.list()
    }

    /// The events that wait to be sent, oldest first, each exactly as it will be sent.
    pub fn pending(&self) -> Vec<String> {
        let session = self.inner.life().session();
        let memory = session.map(|session| session.store.memory().pending()).unwrap_or_default();
        let disk = self.inner.spool_dir().into_iter().flat_map(|dir| spool::pending_lines(&dir));
        disk.chain(memory).map(|line| String::from_utf8_lossy(&line).trim_end_matches('\n').to_owned()).collect()
    }

    /// The last events that were sent, oldest first, each exactly as it was sent.
    pub fn sent(&self) -> Vec<String> {
        self.inner.spool_dir().map(|dir| sent::lines(&dir)).unwrap_or_default()
    }

    /// What was delivered and lost over all processes.
    pub fn ledger(&self) -> Ledger {
        self.inner.spool_dir().map(|dir| books::read(&dir)).unwrap_or_default()
    }

    /// Where the files lie; `None` if this user has no home directory. Creates nothing.
    pub fn paths(&self) -> Option<Paths> {
        let state = self.inner.state.as_ref().ok()?;
        Some(Paths {
            state_dir: state.root().to_owned(),
            consent: self.inner.kept.path().unwrap_or_else(|| state.consent()),
            client_id: self.inner.id_path(state),
            spool: state.spool(&self.inner.to.id()),
        })
    }
}
