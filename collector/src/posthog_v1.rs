//! The PostHog v1 protocol: a request's headers and the bytes of its body → the batch of its valid events and a result
//! for each event, or a refusal of it all.
//!
//! - `{"created_at":…,"batch":[…],"historical_migration":…}`, of which `batch` counts. The key, the moment of sending and
//!   the library are headers. `PostHog-Request-Id` and `PostHog-Attempt` are not needed: each event is known by its UUID.
//! - An event that breaks a rule is dropped, and all the others are stored.
//! - `ok` promises that an event of this UUID is stored, so a result is worth something only once the batch is.
//! - Does no I/O and reads no clock.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::batch::{self, Batch, Elements};
use crate::event::beside::{self, Library};
use crate::event::{Event, Passage};
use crate::keys::Keys;
use crate::limits;
use crate::refusal::Refusal;
use crate::time::Moment;

/// What the headers say.
#[derive(Debug)]
pub struct Sender {
    api_key: String,
    sent_at: Option<String>,
    library: Library,
}

impl Sender {
    /// Reads the headers, each by its name in lower case.
    pub fn read<'h>(header: impl Fn(&'static str) -> Option<&'h str>, keys: &Keys) -> Result<Self, Refusal> {
        let key = header("authorization").and_then(bearer);
        let api_key = keys.accept(key, "the key in `Authorization: Bearer`")?;
        let timestamp = header("posthog-request-timestamp").map(str::to_owned);
        let sent_at = batch::sent_at(timestamp, "`PostHog-Request-Timestamp`")?;
        Ok(Self { api_key, sent_at, library: beside::library(header("posthog-sdk-info")) })
    }
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, key) = authorization.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key)
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    batch: Option<Elements<'a>>,
}

/// What to answer for each event, by its UUID as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results(Map<String, Value>);

/// Reads a plain body that was received at the given moment.
pub fn read(body: &[u8], sender: Sender, received_at: Moment) -> Result<(Batch, Results), Refusal> {
    let body: Body<'_> = batch::object(body)?;
    let passage = Passage::new(sender.sent_at.as_deref(), received_at);
    let mut results = Results::default();
    let mut events = Vec::new();
    for element in Elements::all(body.batch)? {
        let event = Event::read_v1(element.get(), &sender.library, passage);
        if let Some(uuid) = uuid_as_sent(element.get()) {
            results.add(uuid, event.as_ref().err());
        }
        events.extend(event);
    }
    let Sender { api_key, sent_at, .. } = sender;
    Ok((Batch { api_key, sent_at, received_at, events }, results))
}

impl Results {
    /// The answer's body.
    pub fn into_json(self) -> Value {
        json!({"results": self.0})
    }

    fn add(&mut self, uuid: String, refusal: Option<&Refusal>) {
        match refusal {
            None => {
                self.0.insert(uuid, json!({"result": "ok"}));
            }
            // Another event of this UUID may be stored: then that is the result.
            Some(Refusal { rule, detail, .. }) => {
                let dropped = || json!({"result": "drop", "details": format!("{rule}: {detail}")});
                self.0.entry(uuid).or_insert_with(dropped);
            }
        }
    }
}

/// The name under which the client looks for its result. An event without one has no result: nobody could find it.
fn uuid_as_sent(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        uuid: String,
    }
    let Named { uuid } = serde_json::from_str(text).ok()?;
    // An answer is no place to have more than that of one's own sent back.
    (uuid.len() <= limits::UUID_BYTES).then_some(uuid)
}

#[cfg(test)]
#[path = "posthog_v1/tests.rs"]
mod tests;
