//! The client: the one thing a host holds. Glue between consent, event, spool and worker.
//!
//! - A `Client` is a value without global state; it may be used from any number of threads at once, and goes on in a
//!   forked child as a client of its own. It is not for signal handlers.
//! - Recording blocks for one `write(2)` and never on the network. Only `flush`, `close` and drop can wait, and only for
//!   as long as they are told.
//! - While consent is off nothing is created, started or sent.

mod choice;
mod command;
mod counters;
mod life;
mod pass;
mod report;
mod session;

use crate::clock::{Clock, SystemClock, Timestamp};
use crate::config::Config;
use crate::consent::{Consent, ConsentReason, KeptChoice, Rules, Signals, StoredChoice};
use crate::cooldown::Cooldown;
use crate::counters::Counters;
use crate::environment::Variables;
use crate::error::{Error, ErrorKind};
use crate::event::{self, Common, Event, Properties};
use crate::identity::{self, IdFile};
use crate::ledger::{Count, Ledger};
use crate::loss::LossReason;
use crate::notice::{Mark, Notice};
use crate::salt;
use crate::sent;
use crate::spool::{self, books};
use crate::state::{Member, StateDir};
use crate::stats::{Counts, Stats, Storage};
use crate::trace::Trace;
use crate::transport::{self, HttpTransport, Transport};
use crate::uploader::Upload;
use crate::wire::{Destination, EventHead};
use crate::worker::{Flushed, Worker};
use life::{Exit, Life};
use serde::Serialize;
use session::Session;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// A nested event with its common properties is about 600 bytes long.
const USUAL_LINE_BYTES: usize = 1024;
/// What became of a captured event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// It is stored, under this UUID.
    Recorded(Uuid),
    /// Consent is off.
    Disabled,
    /// A limit was reached, or `before_send` dropped it (`None`).
    Dropped(Option<LossReason>),
}

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

/// Records events and delivers them. See the [module](self).
#[derive(Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    variables: Variables,
    rules: Rules,
    signals: Signals,
    to: Destination,
    /// An error if this user has no home: then nothing can be recorded.
    state: Result<StateDir, Error>,
    /// What is missing so that events have nowhere to go; counting goes on without it.
    missing: Option<ConsentReason>,
    /// If the tool's commands are counted.
    counters: Option<Counters>,
    clock: Box<dyn Clock>,
    transport: Box<dyn Transport>,
    trace: Trace,
    notice: Option<Notice>,
    kept: KeptChoice,
    /// What `set_consent` said in this process.
    said: AtomicU8,
    /// The decision, so that the disabled path is one load.
    decided: AtomicU8,
    life: Life,
}

impl Client {
    /// Opens a client. An error names the option that cannot be used; consent plays no part in it.
    pub fn new(config: Config) -> Result<Self, Error> {
        let variables = Variables::of_process();
        let transport = HttpTransport::new(config.timeout, config.connect_timeout, &variables);
        Self::with_parts(config, variables, Box::new(SystemClock), Box::new(transport))
    }

    /// Opens a client with another environment, clock or transport: for tests, and for hosts that have an HTTP client of
    /// their own (`tests/own_transport.rs` shows one).
    pub fn with_parts(
        config: Config,
        variables: Variables,
        clock: Box<dyn Clock>,
        transport: Box<dyn Transport>,
    ) -> Result<Self, Error> {
        config.check()?;
        let to = Destination {
            wire: config.wire,
            endpoint: config.wire.endpoint(&config.endpoint),
            api_key: config.wire.key(&config.api_key)?,
            compression: config.compression,
            historical_migration: config.historical_migration,
            extra_headers: config.extra_headers.clone(),
            ack: config.ack,
        };
        if !to.endpoint.is_empty() {
            transport::check_endpoint(&to.endpoint, config.allow_plain_http)?;
        }
        session::common(&config, &Variables::default())?;

        let missing = if to.wire.needs_key() && to.api_key.is_empty() {
            Some(ConsentReason::NoApiKey)
        } else {
            to.endpoint.is_empty().then_some(ConsentReason::NoEndpoint)
        };
        let rules = Rules {
            variables: config.consent_env.clone(),
            respect_do_not_track: config.respect_do_not_track,
            in_ci: config.in_ci,
            default: config.default_consent,
            // Counting goes on without a server.
            missing: missing.filter(|_| config.counters_path.is_none()),
        };
        let state = StateDir::new(config.state_dir.as_deref(), &config.app);
        let counters = config.counters_path.as_deref().map(Counters::new).transpose()?;
        let own_choice = config.consent_path.as_deref().map(|path| Member::new(path, &config.consent_key));
        let mark = match &own_choice {
            Some(choice) => Some(Mark::Choice(choice.clone())),
            None => state.as_ref().ok().map(|state| Mark::File(state.notice())),
        };
        let inner = Inner {
            notice: Notice::new(&config.notice, mark),
            kept: KeptChoice::new(state.clone(), own_choice),
            signals: Signals::read(&rules, &variables),
            state,
            missing,
            counters,
            trace: Trace::new(config.debug || variables.get("OVERT_DEBUG").is_some_and(|value| value == "1")),
            said: AtomicU8::new(choice::UNSAID),
            decided: AtomicU8::new(0),
            life: Life::new(Worker::new(config.flush_at, config.flush_interval)),
            config,
            variables,
            rules,
            to,
            clock,
            transport,
        };
        let client = Self { inner: Arc::new(inner) };
        let consent = client.inner.decide_with_notice();
        client.inner.life.look.done(client.inner.clock.now());
        client.inner.trace.say(|| format!("consent {consent:?}"));
        if consent.enabled && client.inner.config.background {
            client.deliver_leftovers();
        }
        Ok(client)
    }

    /// Records an event with properties that serialise to a JSON object (`serde_json::json!` does).
    pub fn capture_event<P: Serialize + ?Sized>(&self, name: &str, properties: &P) -> Result<Capture, Error> {
        self.capture(&Event::new(name), |writer| {
            let text = serde_json::to_string(properties).map_err(|error| Error::properties(error.to_string()))?;
            writer.json_object(&text)
        })
    }

    /// Whether an event would be recorded now; with `force` one that is to be forced. For bindings, which look at their
    /// arguments only then.
    pub fn may_record(&self, force: bool) -> bool {
        self.inner.may_record(force)
    }

    /// Records an event; `fill` writes its properties, and is not called while consent is off.
    pub fn capture(
        &self,
        event: &Event<'_>,
        fill: impl FnOnce(&mut Properties<'_>) -> Result<(), Error>,
    ) -> Result<Capture, Error> {
        let inner = &*self.inner;
        if !inner.may_record(event.force) {
            return Ok(Capture::Disabled);
        }
        event::check_name(event.name)?;
        event.distinct_id.map_or(Ok(()), identity::check_distinct_id)?;
        let life = inner.life();
        let now = inner.clock.now();
        // Somebody may have switched off in another process, which takes away what this one has written.
        let open = if life.look.is_due(now) { None } else { life.session() };
        let session = match open.filter(|session| !session.store.is_unlinked()) {
            Some(session) => session,
            None => {
                inner.look_at_files(life);
                if !inner.may_record(event.force) {
                    return Ok(Capture::Disabled);
                }
                inner.session(life)?
            }
        };
        let head = EventHead {
            event,
            uuid: event.uuid.unwrap_or_else(|| life.uuids.next(now)),
            timestamp: event.timestamp.unwrap_or(now),
            distinct_id: event.distinct_id.unwrap_or(&session.client_id),
        };
        let mut line = Vec::with_capacity(USUAL_LINE_BYTES);
        inner.to.wire.write_event(&mut line, &head, &session.common, fill)?;
        let uuid = match &inner.config.before_send {
            None => head.uuid,
            Some(hook) => match inner.rewrite(&line, |text| hook(text))? {
                Some((uuid, rewritten)) => {
                    line = rewritten;
                    uuid
                }
                None => return Ok(Capture::Dropped(None)),
            },
        };
        line.push(b'\n');
        let limit = inner.config.max_event_bytes;
        if line.len() > limit {
            let message = format!("the event has {} bytes; max_event_bytes is {limit}", line.len());
            return Err(Error::new(ErrorKind::EventTooLarge, message));
        }
        if let Err(reason) = session.store.append(&line, now, inner.trace) {
            life.counts.add(Count::Lost(reason), 1);
            return Ok(Capture::Dropped(Some(reason)));
        }
        if event.force {
            life.forced.store(true, Ordering::Relaxed);
        }
        life.counts.recorded.fetch_add(1, Ordering::Relaxed);
        if inner.config.background && life.worker.recorded() {
            self.start_worker(life);
        }
        let reports = || inner.config.report_losses && inner.to.wire.takes_any_event() && inner.consent().enabled;
        if session.report.is_due(now) && reports() {
            self.report_losses(&session);
        }
        Ok(Capture::Recorded(uuid))
    }

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
        match life.worker.wait_while(ticket, timeout, go_on) {
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

    /// Ends delivery: waits for it at most `timeout` (0: not at all), then stops the worker. What is left stays in the
    /// spool. Events can still be recorded afterwards; a later process delivers them.
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

    /// Whether events are recorded, and why.
    pub fn consent(&self) -> Consent {
        self.inner.consent()
    }

    /// Whether this client has shown the tool's notice: the first run of the tool that tells of telemetry. Tools that count
    /// installations send an event then.
    pub fn notice_shown(&self) -> bool {
        self.inner.notice.as_ref().is_some_and(Notice::was_just_shown)
    }

    /// The stored choice, whatever else decides. For programs that look after another program's telemetry.
    pub fn stored_choice(&self) -> StoredChoice {
        self.inner.kept.read()
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

    /// Stores the user's choice, for this process and all later ones. Off also erases the client ID and everything
    /// pending, and holds here even against a variable that says on. The answer is what then holds: a variable that
    /// says off overrules on. `Storage`: the choice holds in this process, but could not be stored or not all be erased.
    pub fn set_consent(&self, enabled: bool) -> Result<Consent, Error> {
        let inner = &*self.inner;
        inner.said.store(if enabled { choice::SAID_ON } else { choice::SAID_OFF }, Ordering::Relaxed);
        inner.decide();
        let stored = inner.kept.write(enabled, inner.clock.now());
        let erased = if enabled { Ok(()) } else { inner.erase() };
        stored.and(erased)?;
        Ok(inner.decide())
    }

    /// Says a line on stderr if `debug` is on: for bindings whose callers get no errors.
    pub fn trace(&self, line: impl FnOnce() -> String) {
        self.inner.trace.say(line);
    }

    fn deliver_leftovers(&self) {
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

    fn start_worker(&self, life: &Life) {
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
    fn life(&self) -> &Life {
        self.life.current(|| Worker::new(self.config.flush_at, self.config.flush_interval))
    }

    fn session(&self, life: &Life) -> Result<Arc<Session>, Error> {
        life.open_session(|| {
            let state = self.state.as_ref().map_err(Clone::clone)?;
            state.check()?;
            let client_id = match &self.counters {
                Some(counters) => counters.id(&self.fresh())?,
                None => self.id_file(state).load_or_create()?,
            };
            Session::open(&self.config, state, &self.to, &self.variables, client_id, self.clock.now(), self.trace)
        })
    }

    /// Where the ID lies.
    fn id_path(&self, state: &StateDir) -> PathBuf {
        match &self.counters {
            Some(counters) => counters.path().to_owned(),
            None => self.id_file(state).path().to_owned(),
        }
    }

    /// Where the ID lies without counters.
    fn id_file(&self, state: &StateDir) -> IdFile {
        match &self.config.client_id_path {
            None => IdFile::Overt(state.client_id()),
            Some(path) if self.config.client_id_key.is_empty() => IdFile::Text(path.clone()),
            Some(path) => IdFile::Json(Member::new(path, &self.config.client_id_key)),
        }
    }

    fn spool_dir(&self) -> Option<PathBuf> {
        self.state.as_ref().ok().map(|state| state.spool(&self.to.id()))
    }

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

    /// Lets the hook see a line; gives the line that it made of it, checked like any other, and its UUID.
    fn rewrite(
        &self,
        line: &[u8],
        hook: impl FnOnce(&str) -> Option<String>,
    ) -> Result<Option<(Uuid, Vec<u8>)>, Error> {
        let Some(text) = hook(&String::from_utf8_lossy(line)) else { return Ok(None) };
        let rewritten = self.to.wire.rewritten(&text)?;
        event::check_name(&rewritten.event)?;
        identity::check_distinct_id(&rewritten.distinct_id)?;
        let uuid = event::parse_uuid(&rewritten.uuid)?;
        let mut event = Event::new(&rewritten.event);
        event.options = rewritten.options;
        let timestamp = rewritten.timestamp.map_or_else(|| Ok(self.clock.now()), |text| Timestamp::parse(&text))?;
        let head = EventHead { event: &event, uuid, timestamp, distinct_id: &rewritten.distinct_id };
        let mut line = Vec::with_capacity(text.len());
        self.to.wire.write_event(&mut line, &head, &Common::new(self.to.wire.lifted()), |p| {
            p.json_object(rewritten.properties.get())
        })?;
        Ok(Some((uuid, line)))
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").field("config", &self.config).finish_non_exhaustive()
    }
}
