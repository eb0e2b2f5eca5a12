//! Recording an event: from the host's properties to a line in the spool.

use super::{Client, Inner};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::event::{self, Common, Event, Properties};
use crate::identity;
use crate::ledger::Count;
use crate::loss::LossReason;
use crate::wire::EventHead;
use serde::Serialize;
use std::sync::atomic::Ordering;
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

impl Client {
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
}

impl Inner {
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
