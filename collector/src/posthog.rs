//! The PostHog v0 protocol: the bytes of a request's body → a checked batch, or a refusal.
//!
//! - `{"api_key":…,"batch":[…],"sent_at":…,"historical_migration":…}`. Other fields do not count, and neither does
//!   `historical_migration`: we keep all events alike.
//! - One invalid event fails the whole batch, as at PostHog. The first one is named.
//! - Does no I/O and reads no clock.

use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::event::{Event, Passage};
use crate::limits;
use crate::refusal::Refusal;
use crate::time::Moment;

/// Which API keys may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Any that is not empty.
    Any,
    /// These.
    Only(Vec<String>),
}

/// A batch of which every event is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Which project.
    pub api_key: String,
    /// As sent.
    pub sent_at: Option<String>,
    /// By our clock.
    pub received_at: Moment,
    /// In the order in which they came.
    pub events: Vec<Event>,
}

#[derive(Deserialize)]
struct Body<'a> {
    api_key: Option<String>,
    #[serde(borrow)]
    batch: Option<Elements<'a>>,
    sent_at: Option<String>,
}

impl Batch {
    /// Reads a plain body that was received at the given moment.
    pub fn read(body: &[u8], keys: &Keys, received_at: Moment) -> Result<Self, Refusal> {
        // `Body` could be read from an array too.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(Refusal::invalid("json", "the body must be a JSON object"));
        }
        let body: Body<'_> =
            serde_json::from_slice(body).map_err(|error| Refusal::unreadable("json", "the body", &error))?;
        let api_key = accepted_key(body.api_key, keys)?;
        let sent_at = body.sent_at;
        if sent_at.as_ref().is_some_and(|text| text.len() > limits::SENT_AT_BYTES) {
            return Err(Refusal::invalid("sent_at", "`sent_at` is too long for a time"));
        }
        let elements = body.batch.ok_or_else(|| Refusal::invalid("batch", "`batch` is missing"))?;
        if elements.count > limits::BATCH_EVENTS {
            let detail = format!("{} events, at most {} are allowed", elements.count, limits::BATCH_EVENTS);
            return Err(Refusal::too_large("batch_events", detail));
        }
        let passage = Passage { sent: sent_at.as_deref().and_then(Moment::parse), received: received_at };
        let read = |(index, element): (usize, &&RawValue)| {
            Event::read(element.get(), passage).map_err(|refusal| refusal.at(index))
        };
        let events = elements.first.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(Self { api_key, sent_at, received_at, events })
    }
}

fn accepted_key(sent: Option<String>, keys: &Keys) -> Result<String, Refusal> {
    let key = sent.map(|key| key.trim().to_owned()).unwrap_or_default();
    if key.is_empty() {
        return Err(Refusal::unauthorised("`api_key` is missing or empty"));
    }
    let accepted = match keys {
        Keys::Any => key.len() <= limits::API_KEY_BYTES,
        Keys::Only(keys) => keys.contains(&key),
    };
    if accepted { Ok(key) } else { Err(Refusal::unauthorised("`api_key` is not one of ours")) }
}

/// The elements of `batch`, of which only as many are held as may be in it.
struct Elements<'a> {
    first: Vec<&'a RawValue>,
    count: usize,
}

impl<'de: 'a, 'a> Deserialize<'de> for Elements<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ElementsVisitor)
    }
}

struct ElementsVisitor;

impl<'de> Visitor<'de> for ElementsVisitor {
    type Value = Elements<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut first = Vec::new();
        while first.len() < limits::BATCH_EVENTS {
            match seq.next_element()? {
                Some(element) => first.push(element),
                None => {
                    return Ok(Elements { count: first.len(), first });
                }
            }
        }
        let mut count = first.len();
        while seq.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Elements { first, count })
    }
}

#[cfg(test)]
#[path = "posthog/tests.rs"]
mod tests;
