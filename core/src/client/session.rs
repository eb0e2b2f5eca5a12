//! A session: what a client needs once there is something to record, opened at the first event.

use crate::batch::Batch;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::environment::{self, Variables};
use crate::error::Error;
use crate::event::Common;
use crate::loss::LossReason;
use crate::spool::{Limits, MemoryQueue, Refusal, Source, Spool};
use crate::state::StateDir;
use crate::stats::Storage;
use crate::stored::Stored;
use crate::trace::Trace;
use crate::wire::Destination;
use crate::{identity, json, ledger};

#[derive(Debug)]
pub(crate) struct Session {
    pub client_id: String,
    pub common: Common,
    pub store: Store,
}

/// Where events wait: on disk, and in memory for as long as the disk refuses.
#[derive(Debug)]
pub(crate) struct Store {
    disk: Option<Spool>,
    memory: MemoryQueue,
}

impl Session {
    pub(crate) fn open(
        config: &Config,
        state: &StateDir,
        to: &Destination,
        variables: &Variables,
        trace: Trace,
    ) -> Result<Self, Error> {
        let id_path = config.client_id_path.clone().unwrap_or_else(|| state.client_id());
        let client_id = identity::load_or_create(&id_path)?;
        let limits =
            Limits { events: config.max_spool_events, bytes: config.max_spool_bytes, age: config.max_spool_age };
        let disk = Spool::open(state.spool(&to.id()), limits)
            .and_then(|spool| Stored::of(config, to).keep(spool.dir()).map(|()| spool))
            .inspect_err(|error| trace.say(|| format!("events wait in memory: {error}")))
            .ok();
        let store = Store { disk, memory: MemoryQueue::new(config.max_memory_events) };
        Ok(Self { client_id, common: common(config, variables)?, store })
    }
}

/// The properties of every event, weakest first.
pub(crate) fn common(config: &Config, variables: &Variables) -> Result<Common, Error> {
    let mut common = Common::new(config.wire.lifted());
    if config.enrich {
        for (key, value) in environment::properties(variables) {
            common.set(key, |w| w.str(&value));
        }
    }
    common.set("$app_name", |w| w.str(&config.app));
    if !config.app_version.is_empty() {
        common.set("$app_version", |w| w.str(&config.app_version));
    }
    let given = config.super_properties.trim();
    if !given.is_empty() {
        // The gate first: it refuses what serde_json would let through.
        json::copy_object(given, &mut Vec::new(), &mut json::KeepAll)
            .map_err(|error| Error::config(format!("super_properties: {error}")))?;
        let members: std::collections::BTreeMap<String, &serde_json::value::RawValue> =
            serde_json::from_slice(given.as_bytes())
                .map_err(|error| Error::config(format!("super_properties: {error}")))?;
        for (key, value) in members {
            common.set(&key, |w| drop(w.json(value.get())));
        }
    }
    config.wire.add_common(&mut common, config.disable_geoip, config.person_profiles);
    Ok(common)
}

impl Store {
    /// Keeps a line, which ends with its line break.
    pub(crate) fn append(&self, line: &[u8], now: Timestamp, trace: Trace) -> Result<(), LossReason> {
        if let Some(spool) = &self.disk {
            match spool.append(line, now) {
                Ok(()) => return Ok(()),
                Err(Refusal::Full) => return Err(LossReason::SpoolFull),
                Err(Refusal::Unwritable(error)) => trace.say(|| format!("the spool cannot be written: {error}")),
            }
        }
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        if self.memory.push(bare) { Ok(()) } else { Err(LossReason::MemoryFull) }
    }

    pub(crate) fn waiting(&self) -> u64 {
        self.disk.as_ref().map_or(0, Spool::waiting) + self.memory.waiting()
    }

    pub(crate) fn storage(&self) -> Storage {
        if self.disk.is_none() || self.memory.waiting() > 0 { Storage::Memory } else { Storage::Disk }
    }

    /// Whether another process erased what this one wrote.
    pub(crate) fn is_erased(&self) -> bool {
        self.disk.as_ref().is_some_and(Spool::is_erased)
    }

    pub(crate) fn spool(&self) -> Option<&Spool> {
        self.disk.as_ref()
    }

    pub(crate) fn memory(&self) -> &MemoryQueue {
        &self.memory
    }

    /// Keeps what was sent, for people to read.
    pub(crate) fn keep_sent(&self, batch: &Batch) {
        if let Some(spool) = &self.disk {
            ledger::keep_sent(spool.dir(), batch.lines());
        }
    }

    /// Runs `pass` over what waits: over memory always, over the disk unless another process delivers it.
    pub(crate) fn deliver<P>(
        &self,
        now: Timestamp,
        count_loss: &dyn Fn(LossReason, u64),
        mut pass: impl FnMut(&mut dyn Source) -> P,
    ) -> (P, Option<P>) {
        let from_memory = pass(&mut self.memory.claim());
        let from_disk =
            self.disk.as_ref().and_then(|spool| spool.claim(now, count_loss).ok().flatten()).map(|mut claim| {
                let ended = pass(&mut claim);
                claim.finish();
                ended
            });
        (from_memory, from_disk)
    }
}
