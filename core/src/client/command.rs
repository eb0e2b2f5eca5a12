//! Commands: counting them, and saying by events how often each was counted, where the server takes nothing else.

use super::life::Life;
use super::{Capture, Client, Inner, choice};
use crate::counters::{self, Counted, Fresh, Growth};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::identity::IdFile;
use crate::state;
use crate::stored::Stored;
use std::sync::atomic::Ordering;
use uuid::Uuid;

/// The name of the events.
const REPORT: &str = "overt_commands";

impl Client {
    /// Whether a command would be counted now. For bindings, which look at their arguments only then.
    pub fn may_count(&self) -> bool {
        self.inner.consent_to_record().enabled
    }

    /// Counts a command of the tool: its path, such as `pace get data-policy` (the words that the tool defines, never what
    /// its user typed beside them), and its exit code. When it returns, the command is counted, whatever becomes of the
    /// process. Never waits, neither for the network nor for other processes that count. Errors: `InvalidName`; `Storage`
    /// if it cannot be counted; `InvalidConfig` without `counters_path`.
    pub fn record_command(&self, path: &str, exit_code: i32) -> Result<Counted, Error> {
        if !self.may_count() {
            return Ok(Counted::Disabled);
        }
        let inner = &*self.inner;
        let no_path = || Error::config("counters_path: is not set, so commands are not counted");
        let counters = inner.counters.as_ref().ok_or_else(no_path)?;
        counters::check_command(path)?;
        // Asked before the lock is taken: it is the host's code.
        let host_says = inner.host_says();
        let counted = counters.count(path, exit_code, &inner.fresh(), &|| inner.is_allowed(host_says))?;
        let life = inner.life();
        if counted == Counted::Counted && life.look_at_counters.is_due(inner.clock.now()) {
            self.after_counting(life);
        }
        Ok(counted)
    }

    /// The counts, as the JSON document that is uploaded; `None` if there are none. Creates nothing.
    pub fn counters(&self) -> Option<String> {
        Some(self.inner.counters.as_ref()?.document()?.to_json())
    }

    /// The last document of counts that was uploaded, as it was sent.
    pub fn sent_counters(&self) -> Option<String> {
        String::from_utf8(state::read(&self.inner.sent_counters()?).ok()?).ok()
    }

    /// Sees to it that the counts go out, now or by a later process.
    fn after_counting(&self, life: &Life) {
        let inner = &*self.inner;
        if inner.spool_dir().is_some_and(|spool| !Stored::is_kept(&spool)) {
            // Stores what a later process must know. That it cannot is no reason not to count.
            if let Err(error) = inner.session(life) {
                inner.trace.say(|| format!("the counters stay here: {error}"));
            }
        }
        self.report_counts();
        if inner.config.background && inner.counters_wait().is_some_and(|wait| life.worker.found_leftovers(wait)) {
            self.start_worker(life);
        }
    }
}

impl Client {
    /// Says by events what was counted since the last time, if that is how the counts go out and it is time.
    fn report_counts(&self) {
        let inner = &*self.inner;
        let as_events =
            inner.config.counters_endpoint.is_empty() && inner.to.wire.takes_any_event() && inner.may_record(false);
        let (Some(counters), Some(interval)) = (&inner.counters, inner.config.counters_interval) else { return };
        let now = inner.clock.now();
        if !as_events || !counters.is_due(now, interval) {
            return;
        }
        let host_says = inner.host_says();
        let allowed = || inner.is_allowed(host_says);
        if let Err(error) = counters.report(now, interval, &inner.fresh(), &allowed, &|growth| self.report_one(growth))
        {
            inner.trace.say(|| format!("the counts are not reported: {error}"));
        }
    }

    /// False: it cannot be stored now.
    fn report_one(&self, growth: &Growth<'_>) -> bool {
        let mut event = Event::new(REPORT);
        (event.uuid, event.timestamp) = (Some(growth.uuid), Some(growth.at));
        let captured = self.capture(&event, |properties| {
            properties.set("command", |writer| writer.str(growth.path));
            properties.set("exit_code", |writer| writer.int(growth.code.into()));
            properties.set("count", |writer| writer.int(i64::try_from(growth.count).unwrap_or(i64::MAX)));
            Ok(())
        });
        match captured {
            // What before_send drops it would drop again.
            Ok(Capture::Recorded(_) | Capture::Dropped(None)) => true,
            Ok(Capture::Disabled | Capture::Dropped(Some(_))) => false,
            Err(error) => error.kind() != ErrorKind::Storage,
        }
    }
}

impl Inner {
    /// Whether it may be counted, asked with the lock of the counters held. `host_says` is what the host said before.
    pub(super) fn is_allowed(&self, host_says: Option<bool>) -> bool {
        let said_off = self.said.load(Ordering::Relaxed) == choice::SAID_OFF;
        self.decide_as(if said_off { Some(false) } else { host_says }).enabled
    }

    /// What goes into the counters' file beside counts.
    pub(super) fn fresh(&self) -> Fresh<'_> {
        Fresh { cli_version: &self.config.app_version, new_id: Box::new(|| self.new_id()) }
    }

    /// The ID that this installation had before it had counters, or else a new one.
    fn new_id(&self) -> String {
        let state = self.state.as_ref().ok().filter(|state| state.check().is_ok());
        let before = state.and_then(|state| IdFile::Overt(state.client_id()).load());
        before.unwrap_or_else(|| Uuid::new_v4().to_string())
    }
}
