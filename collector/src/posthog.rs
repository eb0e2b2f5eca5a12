//! The PostHog v0 protocol: the bytes of a request's body → a checked batch, or a refusal.
//!
//! - `{"api_key":…,"batch":[…],"sent_at":…,"historical_migration":…}`. Other fields do not count, and neither does
//!   `historical_migration`: we keep all events alike.
//! - One invalid event fails the whole batch, as at PostHog. The first one is named.
//! - Does no I/O and reads no clock.

use serde::Deserialize;

use crate::batch::{self, Batch, Elements};
use crate::event::{Event, Passage};
use crate::keys::Keys;
use crate::refusal::Refusal;
use crate::time::Moment;

#[derive(Deserialize)]
struct Body<'a> {
    api_key: Option<String>,
    #[serde(borrow)]
    batch: Option<Elements<'a>>,
    sent_at: Option<String>,
}

/// Reads a plain body that was received at the given moment.
pub fn read(body: &[u8], keys: &Keys, received_at: Moment) -> Result<Batch, Refusal> {
    let body: Body<'_> = batch::object(body)?;
    let api_key = keys.accept(body.api_key.as_deref(), "`api_key`")?;
    let sent_at = batch::sent_at(body.sent_at, "`sent_at`")?;
    let elements = Elements::all(body.batch)?;
    let passage = Passage::new(sent_at.as_deref(), received_at);
    let mut events = Vec::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        events.push(Event::read(element.get(), passage).map_err(|refusal| refusal.at(index))?);
    }
    Ok(Batch { api_key, sent_at, received_at, events })
}

#[cfg(test)]
#[path = "posthog/tests.rs"]
mod tests;
