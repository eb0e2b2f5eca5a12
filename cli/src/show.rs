//! `overt show`: the events that wait and the last ones that were sent, exactly as they are sent, one line each.

use crate::Answer;
use crate::counters::Counters;
use crate::tool::{Destination, Tool};
use crate::words::{self, count};
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Default, Serialize)]
struct ShowJson {
    pending: Vec<Box<RawValue>>,
    sent: Vec<Box<RawValue>>,
    damaged: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    counters: Vec<Counters>,
}

pub(crate) fn show(tool: &Tool<'_>) -> Answer {
    Answer::done(if tool.request.json { as_json(tool) } else { as_text(tool) })
}

fn as_json(tool: &Tool<'_>) -> String {
    let mut all = ShowJson::default();
    for destination in &tool.destinations {
        let waiting = destination.waiting();
        all.pending.extend(waiting.events);
        all.sent.extend(destination.sent());
        all.damaged.extend(waiting.damaged);
        all.counters.extend(Counters::of(destination));
    }
    words::json(&all)
}

/// Headings begin with `#`, which no event does.
fn as_text(tool: &Tool<'_>) -> String {
    if tool.destinations.is_empty() {
        return format!("# {}: {}\n", tool.request.app, words::nothing_recorded(tool));
    }
    let blocks: Vec<String> = tool.destinations.iter().map(destination_text).collect();
    blocks.join("\n")
}

fn destination_text(destination: &Destination) -> String {
    let endpoint = &destination.config.endpoint;
    let (waiting, sent) = (destination.waiting(), destination.sent());
    let mut text = format!("# waiting to be sent to {endpoint}: {}\n", count(waiting.events.len() as u64, "event"));
    text.extend(waiting.events.iter().flat_map(|event| [event.get(), "\n"]));
    if !waiting.damaged.is_empty() {
        text += &format!("\n# will not be sent: {}\n", count(waiting.damaged.len() as u64, "damaged line"));
        text.extend(waiting.damaged.iter().flat_map(|line| [line.as_str(), "\n"]));
    }
    let (kept, ever) = (sent.len() as u64, destination.client.ledger().delivered);
    let of_all = if ever > kept { format!(", the last of {ever}") } else { String::new() };
    text += &format!("\n# sent to {endpoint}: {}{of_all}\n", count(kept, "event"));
    text.extend(sent.iter().flat_map(|event| [event.get(), "\n"]));
    text.extend(Counters::of(destination).map(|counters| counters.text()));
    text
}
