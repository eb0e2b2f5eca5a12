//! `overt on`, `overt off` and `overt reset`: what changes something here.

use crate::tool::Tool;
use crate::words::{self, ConsentJson, count};
use crate::{Answer, Verb};
use overt::{Client, Error};
use serde::Serialize;

#[derive(Serialize)]
struct ChoiceJson<'a> {
    app: &'a str,
    choice: &'static str,
    consent: ConsentJson,
    erased: u64,
}

#[derive(Serialize)]
struct ResetJson<'a> {
    app: &'a str,
    consent: ConsentJson,
    client_id: Option<&'a str>,
    erased: u64,
}

/// What there was before it was erased.
struct Erased {
    client_id: bool,
    events: u64,
    records: u64,
    /// Events that are with a server, out of reach.
    delivered: u64,
}

pub(crate) fn on(tool: &Tool<'_>) -> Result<Answer, Error> {
    for_all(tool, |client| client.set_consent(true).map(drop))?;
    let now = tool.reopened()?;
    let consent = now.consent();
    if tool.request.json {
        let app = &tool.request.app;
        return Ok(Answer::done(words::json(&ChoiceJson { app, choice: "on", consent: consent.into(), erased: 0 })));
    }
    let mut text = format!("{}: on. See what it records with: {}\n", tool.request.app, tool.command(Verb::Show));
    if !consent.enabled {
        text += &format!("But in this shell telemetry stays {}.\n", words::decision(consent, &now));
    }
    Ok(Answer::done(text))
}

pub(crate) fn off(tool: &Tool<'_>) -> Result<Answer, Error> {
    let erased = Erased::of(tool);
    for_all(tool, |client| client.set_consent(false).map(drop))?;
    let now = tool.reopened()?;
    let consent = now.consent();
    if tool.request.json {
        let (app, erased) = (&tool.request.app, erased.events);
        return Ok(Answer::done(words::json(&ChoiceJson { app, choice: "off", consent: consent.into(), erased })));
    }
    let mut text = format!("{}: off. {}\n", tool.request.app, erased.as_text());
    if consent.enabled {
        text += &format!("But in this shell telemetry stays {}.\n", words::decision(consent, &now));
    }
    Ok(Answer::done(text))
}

pub(crate) fn reset(tool: &Tool<'_>) -> Result<Answer, Error> {
    let erased = Erased::of(tool);
    for_all(tool, |client| client.reset_client_id().map(drop))?;
    // Each client erased what those before it had made. Only now can every destination be known again.
    let now = tool.reopened()?;
    for destination in &now.destinations {
        destination.client.client_id()?;
    }
    let (consent, id) = (now.consent(), now.client_id().map(|(id, _)| id));
    let app = &tool.request.app;
    if tool.request.json {
        let (client_id, erased) = (id.as_deref(), erased.events);
        return Ok(Answer::done(words::json(&ResetJson { app, consent: consent.into(), client_id, erased })));
    }
    let news = match id {
        Some(id) => format!("the new client ID is {id}"),
        None if tool.destinations.is_empty() => words::nothing_recorded(tool),
        None => format!("no new client ID is made while telemetry is {}", words::decision(consent, &now)),
    };
    Ok(Answer::done(format!("{app}: {news}. {}\n", erased.as_text())))
}

/// Lets every client do it, and says what went wrong first only after all have tried. A tool may keep its choice and its ID
/// in files of its own that one destination knows and another does not.
fn for_all(tool: &Tool<'_>, one: impl Fn(&Client) -> Result<(), Error>) -> Result<(), Error> {
    let of_destinations: Vec<_> = tool.destinations.iter().map(|destination| one(&destination.client)).collect();
    let of_unknown = one(&tool.unknown()?);
    of_destinations.into_iter().chain([of_unknown]).collect()
}

impl Erased {
    fn of(tool: &Tool<'_>) -> Self {
        let mut found = Self { client_id: tool.client_id().is_some(), events: 0, records: 0, delivered: 0 };
        for destination in &tool.destinations {
            found.events += destination.client.pending().len() as u64;
            found.records += destination.sent().len() as u64;
            found.delivered += destination.client.ledger().delivered;
        }
        found
    }

    fn as_text(&self) -> String {
        let things: Vec<String> = [
            (self.client_id, "the client ID".to_owned()),
            (self.events > 0, format!("{} that waited", count(self.events, "event"))),
            (self.records > 0, format!("the copies of {}", count(self.records, "sent event"))),
        ]
        .into_iter()
        .filter_map(|(there, thing)| there.then_some(thing))
        .collect();
        let mut text = match things.is_empty() {
            true => "There was nothing to erase.".to_owned(),
            false => format!("Erased: {}.", words::listed(&things)),
        };
        if self.delivered > 0 {
            text += " What was sent before is with the server, out of reach from here.";
        }
        text
    }
}
