//! A batch, and how its JSON text is read: what both versions of PostHog's protocol have in common.
//!
//! Does no I/O and reads no clock.

use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::event::Event;
use crate::limits;
use crate::refusal::Refusal;
use crate::time::Moment;

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

/// Reads a plain body as a JSON object with these fields.
pub fn object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    // A struct could be read from an array too.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Refusal::invalid("json", "the body must be a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| Refusal::unreadable("json", "the body", &error))
}

/// Refuses what is too long to be stored with each event of its batch. What is short and no time is kept, and does not
/// count.
pub fn sent_at(sent: Option<String>, place: &str) -> Result<Option<String>, Refusal> {
    if sent.as_ref().is_some_and(|text| text.len() > limits::SENT_AT_BYTES) {
        return Err(Refusal::invalid("sent_at", format!("{place} is too long for a time")));
    }
    Ok(sent)
}

/// The elements of `batch`, of which only as many are held as may be in it.
#[derive(Debug)]
pub struct Elements<'a> {
    first: Vec<&'a RawValue>,
    count: usize,
}

impl<'a> Elements<'a> {
    /// All of them, unless there are none or too many.
    pub fn all(elements: Option<Self>) -> Result<Vec<&'a RawValue>, Refusal> {
        let elements = elements.ok_or_else(|| Refusal::invalid("batch", "`batch` is missing"))?;
        if elements.count > limits::BATCH_EVENTS {
            let detail = format!("{} events, at most {} are allowed", elements.count, limits::BATCH_EVENTS);
            return Err(Refusal::too_large("batch_events", detail));
        }
        Ok(elements.first)
    }
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
