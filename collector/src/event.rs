//! One event of a batch: read, checked by PostHog's rules, and given its corrected time.
//!
//! - In version 1 some of what are properties in version 0 stands beside them: [`beside`] puts it back.
//! - Properties are kept as the text that came: key order, white space, escapes and digits are not touched. They must
//!   parse all the same (finite numbers, paired surrogates, at most 127 levels), so that every reader can read them.
//! - Root fields other than the five of the protocol are not kept.
//! - Does no I/O and reads no clock.

pub mod beside;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use self::beside::{Beside, Library};
use crate::field;
use crate::limits;
use crate::refusal::Refusal;
use crate::time::Moment;

/// When a batch left its client, by the client's clock, and when it came, by ours.
#[derive(Clone, Copy, Debug)]
pub struct Passage {
    /// `sent_at`, where there was a readable one.
    pub sent: Option<Moment>,
    /// The end of the request's head.
    pub received: Moment,
}

impl Passage {
    /// Of a batch with this `sent_at`, which counts if it is a time.
    pub fn new(sent_at: Option<&str>, received: Moment) -> Self {
        Self { sent: sent_at.and_then(Moment::parse), received }
    }
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Lower case with hyphens, however it was sent.
    pub uuid: String,
    /// The event's name.
    pub event: String,
    /// Who.
    pub distinct_id: String,
    /// As sent.
    pub timestamp: Option<String>,
    /// When it happened by our clock, as far as we can tell: see [`corrected`].
    pub corrected_at: Moment,
    /// The property `$app_name`, if it is a string.
    pub app_name: Option<String>,
    /// The property `$app_version`, if it is a string.
    pub app_version: Option<String>,
    /// JSON text, as it came, and after it what stood beside it.
    pub properties: String,
}

/// The fields that count, each of any type yet, so that a wrong one can be named. A key that is there twice is refused.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    uuid: Option<&'a RawValue>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    distinct_id: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "field::present")]
    properties: Option<&'a RawValue>,
}

impl Event {
    /// Reads the JSON text of one event of version 0.
    pub fn read(text: &str, passage: Passage) -> Result<Self, Refusal> {
        Fields::read(text)?.check(&Beside::default(), passage)
    }

    /// Reads the JSON text of one event of version 1, which has options and IDs beside its properties.
    pub fn read_v1(text: &str, library: &Library, passage: Passage) -> Result<Self, Refusal> {
        Fields::read(text)?.check(&Beside::read(text, library)?, passage)
    }
}

impl<'a> Fields<'a> {
    fn read(text: &'a str) -> Result<Self, Refusal> {
        if text.len() > limits::EVENT_BYTES {
            // 413 and not 400: a client halves its batch, and only this event is lost.
            let detail = format!("{} bytes, at most {} are allowed", text.len(), limits::EVENT_BYTES);
            return Err(Refusal::too_large("event_size", detail));
        }
        // `Fields` could be read from an array too.
        if !text.starts_with('{') {
            return Err(Refusal::invalid("event_object", "an event must be an object"));
        }
        serde_json::from_str(text).map_err(|error| Refusal::unreadable("event_object", "the event", &error))
    }

    fn check(self, beside: &Beside<'_>, passage: Passage) -> Result<Event, Refusal> {
        let event = field::text("event", self.event, limits::EVENT_NAME_BYTES)?;
        let distinct_id = field::text("distinct_id", self.distinct_id, limits::DISTINCT_ID_BYTES)?;
        let uuid = field::uuid("uuid", self.uuid)?;
        let timestamp = timestamp(self.timestamp)?;
        let (properties, values) = beside.join(properties(self.properties)?)?;

        let skew_is_real = values.get("$ignore_sent_at") != Some(&Value::Bool(true));
        let happened = timestamp.as_deref().and_then(Moment::parse);
        Ok(Event {
            uuid,
            event,
            distinct_id,
            corrected_at: corrected(happened, passage, skew_is_real),
            timestamp,
            app_name: string(&values, "$app_name"),
            app_version: string(&values, "$app_version"),
            properties,
        })
    }
}

/// `timestamp + (received_at − sent_at)`: what the client's clock showed wrong when it sent, it showed wrong before.
///
/// Without a readable `sent_at`, or with the property `$ignore_sent_at: true`, it is the timestamp alone; without a
/// readable timestamp, or outside the years 0000–9999, the moment of receipt.
fn corrected(happened: Option<Moment>, passage: Passage, skew_is_real: bool) -> Moment {
    let moment = match (happened, passage.sent) {
        (Some(happened), Some(sent)) if skew_is_real => happened.corrected(sent, passage.received),
        (happened, _) => happened,
    };
    moment.unwrap_or(passage.received)
}

/// Any string: one that is no time is kept and does not count, as at PostHog.
fn timestamp(value: Option<&RawValue>) -> Result<Option<String>, Refusal> {
    let Some(value) = value else { return Ok(None) };
    serde_json::from_str(value.get()).map_err(|_| Refusal::invalid("timestamp", "`timestamp` must be a string"))
}

/// The text as it came, and the values in it. No properties are an empty object.
fn properties(value: Option<&RawValue>) -> Result<(String, Map<String, Value>), Refusal> {
    let text = value.map_or("{}", RawValue::get);
    let values =
        serde_json::from_str(text).map_err(|error| Refusal::unreadable("properties", "`properties`", &error))?;
    Ok((text.to_owned(), values))
}

fn string(values: &Map<String, Value>, key: &str) -> Option<String> {
    values.get(key).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
#[path = "event/tests.rs"]
mod tests;
