//! `overt status`: what is decided and why, what waits, what was sent and lost, and where it all lies.

use crate::counters::Counters;
use crate::tool::{Destination, Tool, spool_root};
use crate::words::{self, ConsentJson, count};
use crate::{Answer, Verb};
use overt::{ConsentReason, Ledger, StoredChoice};
use serde::Serialize;
use std::borrow::Cow;
use std::io;
use std::path::Path;

#[derive(Serialize)]
struct StatusJson<'a> {
    app: &'a str,
    consent: ConsentJson,
    client_id: Option<String>,
    paths: PathsJson<'a>,
    destinations: Vec<DestinationJson<'a>>,
}

#[derive(Serialize)]
struct PathsJson<'a> {
    state_dir: Cow<'a, str>,
    consent: Cow<'a, str>,
    client_id: Cow<'a, str>,
    spool: String,
}

#[derive(Serialize)]
struct DestinationJson<'a> {
    endpoint: &'a str,
    wire: &'static str,
    key: String,
    consent: ConsentJson,
    pending: usize,
    oldest: Option<String>,
    damaged: usize,
    spool: Cow<'a, str>,
    ledger: Ledger,
    #[serde(skip_serializing_if = "Option::is_none")]
    counters: Option<Counters>,
}

pub(crate) fn status(tool: &Tool<'_>) -> Answer {
    Answer::done(if tool.request.json { as_json(tool) } else { as_text(tool) })
}

fn as_json(tool: &Tool<'_>) -> String {
    words::json(&StatusJson {
        app: &tool.request.app,
        consent: tool.consent().into(),
        client_id: tool.client_id().map(|(id, _)| id),
        paths: PathsJson {
            state_dir: tool.paths.state_dir.to_string_lossy(),
            consent: tool.paths.consent.to_string_lossy(),
            client_id: tool.client_id_path().to_string_lossy(),
            spool: spool_root(&tool.paths).to_string_lossy().into_owned(),
        },
        destinations: tool.destinations.iter().map(destination_json).collect(),
    })
}

fn destination_json(destination: &Destination) -> DestinationJson<'_> {
    let waiting = destination.waiting();
    DestinationJson {
        endpoint: &destination.config.endpoint,
        wire: destination.config.wire.as_str(),
        key: words::key_hint(&destination.config.api_key),
        consent: destination.client.consent().into(),
        pending: waiting.events.len(),
        oldest: waiting.oldest().map(|time| time.to_string()),
        damaged: waiting.damaged.len(),
        spool: destination.paths.spool.to_string_lossy(),
        ledger: destination.client.ledger(),
        counters: Counters::of(destination),
    }
}

fn as_text(tool: &Tool<'_>) -> String {
    let app = &tool.request.app;
    let consent = tool.consent();
    let mut text = format!("{app}: {}\n", words::decision(consent, tool));
    if consent.reason == ConsentReason::NoApiKey {
        text += "You can still choose, before it ever records anything:\n";
        text += &format!("  {}\n  {}\n", tool.command(Verb::Off), tool.command(Verb::On));
    } else if tool.destinations.is_empty() {
        text += &format!("Otherwise, {}.\n", words::nothing_recorded(tool));
    } else if !consent.enabled && !consent.reason.is_a_persons() {
        text += &format!(
            "A setting of {app}'s own can overrule this. What overrules that is: {}\n",
            tool.command(Verb::Off)
        );
    }
    let client_id = tool.client_id().map_or("none".to_owned(), |(id, path)| format!("{id} (in {})", path.display()));
    text += &format!("\nfiles      {}\n", tool.paths.state_dir.display());
    text += &format!("choice     {}\n", choice(tool));
    text += &format!("client ID  {client_id}\n");
    for destination in &tool.destinations {
        text += &destination_text(tool, destination);
    }
    text
}

fn destination_text(tool: &Tool<'_>, destination: &Destination) -> String {
    let config = &destination.config;
    let key = match config.api_key.as_str() {
        "" => String::new(),
        key => format!(", key {}", words::key_hint(key)),
    };
    let mut text = format!("\n{} ({}{key})\n", config.endpoint, config.wire.as_str());
    let consent = destination.client.consent();
    if consent != tool.consent() {
        text += &format!("  here     {}\n", words::decision(consent, tool));
    }
    let waiting = destination.waiting();
    text += &format!("  waiting  {}", events(waiting.events.len() as u64));
    if let Some(time) = waiting.oldest() {
        text += &format!(", the oldest of {time}");
    }
    if !waiting.damaged.is_empty() {
        text += &format!(", and {} that will not be sent", count(waiting.damaged.len() as u64, "damaged line"));
    }
    let ledger = destination.client.ledger();
    text += &format!("\n  sent     {}", events(ledger.delivered));
    if ledger.requests > 0 {
        text += &format!(", in {}, of which {} failed", count(ledger.requests, "request"), ledger.failures);
    }
    let lost: Vec<String> =
        ledger.lost.iter().map(|(reason, events)| format!("{events} because {}", words::loss(reason))).collect();
    text += &format!("\n  lost     {}", events(ledger.lost.values().sum()));
    if !lost.is_empty() {
        text += &format!(": {}", words::listed(&lost));
    }
    if let Some(counters) = Counters::of(destination) {
        text += &format!("\n  counted  {}", counters.summary());
    }
    text + &format!("\n  spool    {}\n", destination.paths.spool.display())
}

fn events(number: u64) -> String {
    if number == 0 { "none".to_owned() } else { count(number, "event") }
}

/// The stored choice. Of a tool that keeps it in a file of its own both places are named, if both are used.
fn choice(tool: &Tool<'_>) -> String {
    let beside = tool.paths.state_dir.join("consent");
    if tool.paths.consent == beside {
        return choice_in(&beside);
    }
    let said = match tool.unknown().map(|client| client.stored_choice()) {
        Ok(StoredChoice::None) => return "none".to_owned(),
        Ok(StoredChoice::On) => "on",
        Ok(StoredChoice::Off) => "off",
        Ok(StoredChoice::Unreadable) | Err(_) => "cannot be understood",
    };
    let files = [&tool.paths.consent, &beside].into_iter().filter(|file| file.exists());
    let files: Vec<String> = files.map(|file| file.display().to_string()).collect();
    format!("{said} (in {})", words::listed(&files))
}

/// What the file with the choice says, as core understands it: "off, since 2026-…".
fn choice_in(path: &Path) -> String {
    let said = match std::fs::read_to_string(path) {
        Ok(text) => match text.split_ascii_whitespace().take(2).collect::<Vec<_>>().as_slice() {
            [choice @ ("on" | "off")] => (*choice).to_owned(),
            [choice @ ("on" | "off"), when] => format!("{choice}, since {when}"),
            _ => "cannot be understood".to_owned(),
        },
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return "none".to_owned();
        }
        Err(error) => format!("cannot be read: {error}"),
    };
    format!("{said} (in {})", path.display())
}
