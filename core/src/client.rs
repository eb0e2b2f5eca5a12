//! The client: the one thing a host holds. Glue between consent, event, spool and worker.
//!
//! - A `Client` is a value without global state; it may be used from any number of threads at once, and goes on in a
//!   forked child as a client of its own. It is not for signal handlers.
//! - Recording blocks for one `write(2)` and never on the network. Only `flush`, `close` and drop can wait, and only for
//!   as long as they are told.
//! - While consent is off nothing is created, started or sent.

mod account;
mod capture;
mod choice;
mod command;
mod counters;
mod identity;
mod life;
mod pass;
mod report;
mod session;
mod waiting;

pub use account::Paths;
pub use capture::Capture;

use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::consent::{ConsentReason, KeptChoice, Rules, Signals};
use crate::counters::Counters;
use crate::environment::Variables;
use crate::error::Error;
use crate::notice::{Mark, Notice};
use crate::state::{Member, StateDir};
use crate::trace::Trace;
use crate::transport::{self, HttpTransport, Transport};
use crate::wire::Destination;
use crate::worker::Worker;
use life::Life;
use session::Session;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;

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

    /// Says a line on stderr if `debug` is on: for bindings whose callers get no errors.
    pub fn trace(&self, line: impl FnOnce() -> String) {
        self.inner.trace.say(line);
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

    fn spool_dir(&self) -> Option<PathBuf> {
        self.state.as_ref().ok().map(|state| state.spool(&self.to.id()))
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").field("config", &self.config).finish_non_exhaustive()
    }
}
