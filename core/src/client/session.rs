//! A session: what a client needs once there is something to record, opened at the first event.

use crate::clock::{Every, Timestamp};
use crate::config::{Config, PARK_TIME};
use crate::environment::{self, Variables};
use crate::error::Error;
use crate::event::Common;
use crate::loss::LossReason;
use crate::spool::{Limits, MemoryQueue, Refusal, Source, Spool};
use crate::state::{self, StateDir};
use crate::stats::{Counts, Storage};
use crate::stored::Stored;
use crate::trace::Trace;
use crate::wire::Destination;
use crate::worker::Pass;
use crate::{json, sent};
use std::path::PathBuf;
use std::sync::OnceLock;

#[derive(Debug)]
pub(crate) struct Session {
    pub client_id: String,
    pub common: Common,
    pub store: Store,
    /// Reporting what was lost.
    pub report: Every,
}

/// How often a process that lives for long looks whether losses are to be reported.
const REPORT_EVERY_MS: u64 = 86_400_000;
/// How often opening the spool is tried again, if it fails.
const OPEN_EVERY_MS: u64 = 1_000;

/// Where events wait: on disk, and in memory for as long as the disk refuses.
#[derive(Debug)]
pub(crate) struct Store {
    place: Place,
    disk: OnceLock<Spool>,
    /// Trying to open it.
    attempts: Every,
    memory: MemoryQueue,
}

/// What the spool is opened with.
struct Place {
    spools: PathBuf,
    spool: PathBuf,
    limits: Limits,
    stored: Stored,
}

impl Place {
    fn open(&self) -> Result<Spool, Error> {
        let unsafe_dir = |error| Error::storage("the spools' directory cannot be made", &error);
        state::make_private_dir(&self.spools).map_err(unsafe_dir)?;
        let spool = Spool::open(self.spool.clone(), self.limits)?;
        self.stored.keep(spool.dir()).map(|()| spool)
    }
}

impl std::fmt::Debug for Place {
    /// Never the key, which is part of what is stored.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("spool", &self.spool).finish_non_exhaustive()
    }
}

impl Session {
    pub(crate) fn open(
        config: &Config,
        state: &StateDir,
        to: &Destination,
        variables: &Variables,
        client_id: String,
        now: Timestamp,
        trace: Trace,
    ) -> Result<Self, Error> {
        let limits =
            Limits { events: config.max_spool_events, bytes: config.max_spool_bytes, age: config.max_spool_age };
        let (spools, spool, stored) = (state.spools(), state.spool(&to.id()), Stored::of(config, to));
        if let Err(error) = stored.keep_choice_file(state) {
            trace.say(|| error.to_string());
        }
        let place = Place { spools, spool, limits, stored };
        let memory = MemoryQueue::new(config.max_memory_events);
        let store = Store { place, disk: OnceLock::new(), attempts: Every::new(OPEN_EVERY_MS), memory };
        store.open(now, trace);
        Ok(Self { client_id, common: common(config, variables)?, store, report: Every::new(REPORT_EVERY_MS) })
    }
}

/// The properties of every event, weakest first.
pub(crate) fn common(config: &Config, variables: &Variables) -> Result<Common, Error> {
    let mut common = Common::new(config.wire.lifted());
    if config.enrich && config.wire.says_whence() {
        for (key, value) in environment::properties(variables) {
            common.set(key, |w| w.str(&value));
        }
    }
    if config.wire.says_whence() {
        common.set("$app_name", |w| w.str(&config.app));
    }
    if !config.app_version.is_empty() && config.wire.says_whence() {
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
        if let Some(spool) = self.open(now, trace) {
            match spool.append(line, now) {
                Ok(()) => {
                    self.leave_memory(now);
                    return Ok(());
                }
                Err(Refusal::Full) => return Err(LossReason::SpoolFull),
                Err(Refusal::Unwritable(error)) => trace.say(|| format!("the spool cannot be written: {error}")),
            }
        }
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        if self.memory.push(bare) { Ok(()) } else { Err(LossReason::MemoryFull) }
    }

    /// The spool, opened now if that failed before.
    fn open(&self, now: Timestamp, trace: Trace) -> Option<&Spool> {
        if self.disk.get().is_none() && self.attempts.is_due(now) {
            match self.place.open() {
                Ok(spool) => drop(self.disk.set(spool)),
                Err(error) => trace.say(|| format!("events wait in memory: {error}")),
            }
        }
        self.disk.get()
    }

    /// Leaves on disk what would end with the process.
    pub(crate) fn end(&self, now: Timestamp, trace: Trace) {
        if self.memory.waiting() > 0 {
            self.attempts.hasten();
            self.open(now, trace);
            self.leave_memory(now);
        }
    }

    /// Brings what waits in memory to disk, if the disk takes it now.
    fn leave_memory(&self, now: Timestamp) {
        let Some(spool) = self.disk.get().filter(|_| self.memory.waiting() > 0) else { return };
        self.memory.move_to(|bare| spool.append(&[bare, b"\n"].concat(), now).is_ok());
    }

    pub(crate) fn waiting(&self) -> u64 {
        self.disk.get().map_or(0, Spool::waiting) + self.memory.waiting()
    }

    pub(crate) fn storage(&self) -> Storage {
        if self.disk.get().is_none() || self.memory.waiting() > 0 { Storage::Memory } else { Storage::Disk }
    }

    /// Ends it: what waits in memory is gone, and nothing is written any more.
    pub(crate) fn forget(&self) {
        self.memory.clear();
        if let Some(spool) = self.disk.get() {
            spool.forget();
        }
    }

    /// Whether another process erased what this one wrote.
    pub(crate) fn is_erased(&self) -> bool {
        self.disk.get().is_some_and(Spool::is_erased)
    }

    /// The same, cheap enough for each event.
    pub(crate) fn is_unlinked(&self) -> bool {
        self.disk.get().is_some_and(Spool::is_unlinked)
    }

    pub(crate) fn spool(&self) -> Option<&Spool> {
        self.disk.get()
    }

    pub(crate) fn memory(&self) -> &MemoryQueue {
        &self.memory
    }

    /// Keeps what was sent, for people to read; or nothing, not even what was kept before.
    pub(crate) fn was_sent<'a>(&self, lines: impl Iterator<Item = &'a [u8]>, keep: bool) {
        match self.disk.get().map(Spool::dir) {
            Some(dir) if keep => sent::keep(dir, lines),
            Some(dir) => sent::forget(dir),
            None => {}
        }
    }

    /// Runs `pass` over what waits: over memory always, over the disk unless another process delivers it.
    pub(crate) fn deliver(
        &self,
        now: Timestamp,
        counts: &Counts,
        trace: Trace,
        pass: impl Fn(&mut dyn Source) -> Pass,
    ) -> Pass {
        let spool = self.open(now, trace);
        self.leave_memory(now);
        let from_memory = pass(&mut self.memory.claim(counts));
        let Some(spool) = spool else { return from_memory };
        let from_disk = match spool.claim(now, counts) {
            Ok(Some(mut claim)) => {
                let ended = match pass(&mut claim) {
                    Pass::Done if claim.has_refused() => Pass::Parked,
                    ended => ended,
                };
                let parked = [from_memory, ended].contains(&Pass::Parked);
                claim.finish(if parked { now.after(PARK_TIME).unix_millis() } else { 0 });
                ended
            }
            Ok(None) => Pass::Busy,
            Err(error) => {
                trace.say(|| format!("the spool cannot be delivered: {error}"));
                Pass::Parked
            }
        };
        if from_memory == Pass::Done { from_disk } else { from_memory }
    }
}
