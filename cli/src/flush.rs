//! `overt flush`: delivers now what waits, to every destination, under one deadline.

use crate::tool::{Destination, Tool};
use crate::words::{self, ConsentJson, count};
use crate::{Answer, Verb};
use overt::ErrorKind;
use serde::Serialize;
use std::time::Instant;

#[derive(Default)]
struct Flushed {
    delivered: u64,
    lost: u64,
    left: u64,
    /// Why something is left, a sentence each.
    because: Vec<String>,
}

#[derive(Serialize)]
struct FlushJson<'a> {
    app: &'a str,
    consent: ConsentJson,
    delivered: u64,
    lost: u64,
    left: u64,
}

pub(crate) fn flush(tool: &Tool<'_>) -> Answer {
    let consent = tool.consent();
    let flushed = if consent.enabled { deliver(tool) } else { Flushed { left: waiting(tool), ..Flushed::default() } };
    let text = if tool.request.json {
        let Flushed { delivered, lost, left, .. } = flushed;
        words::json(&FlushJson { app: &tool.request.app, consent: consent.into(), delivered, lost, left })
    } else if tool.destinations.is_empty() {
        format!("{}: {}, so nothing waits\n", tool.request.app, words::nothing_recorded(tool))
    } else if !consent.enabled {
        refusal(tool, flushed.left)
    } else {
        as_text(tool, &flushed)
    };
    Answer { exit_code: i32::from(consent.enabled && flushed.left > 0), text }
}

fn deliver(tool: &Tool<'_>) -> Flushed {
    let begun = Instant::now();
    let timeout = tool.request.timeout;
    let mut all = Flushed::default();
    for destination in &tool.destinations {
        let endpoint = &destination.config.endpoint;
        let ended = destination.client.flush(timeout.saturating_sub(begun.elapsed()));
        let stats = destination.client.stats();
        let left = left(destination);
        all.delivered += stats.delivered;
        all.lost += stats.lost;
        all.left += left;
        if left == 0 {
            continue;
        }
        all.because.push(match ended {
            _ if !destination.client.consent().enabled => {
                format!("nothing goes to {endpoint}: {}", words::decision(destination.client.consent(), tool))
            }
            Ok(()) => format!("the tool goes on recording for {endpoint}"),
            Err(error) if error.kind() == ErrorKind::Timeout => {
                format!("{endpoint} was not finished within {} s", timeout.as_secs_f64())
            }
            Err(_) => format!("{endpoint} cannot be reached, or does not take them now"),
        });
    }
    all
}

fn as_text(tool: &Tool<'_>, flushed: &Flushed) -> String {
    let mut text = format!("{}: delivered {}", tool.request.app, count(flushed.delivered, "event"));
    if flushed.lost > 0 {
        text += &format!(", lost {} (see {})", flushed.lost, tool.command(Verb::Status));
    }
    if flushed.left == 0 {
        return text + "; nothing is left\n";
    }
    text += &format!("; {} left\n", flushed.left);
    text.extend(flushed.because.iter().map(|reason| format!("{reason}.\n")));
    text + "What is left stays here, and is tried again when the tool runs.\n"
}

fn refusal(tool: &Tool<'_>, left: u64) -> String {
    let app = &tool.request.app;
    let mut text = format!("{app}: nothing is sent. Telemetry is {}.\n", words::decision(tool.consent(), tool));
    if left > 0 {
        text += &format!("Waiting here: {}. Erase with: {}\n", count(left, "event"), tool.command(Verb::Off));
    }
    text
}

fn waiting(tool: &Tool<'_>) -> u64 {
    tool.destinations.iter().map(left).sum()
}

fn left(destination: &Destination) -> u64 {
    destination.waiting().events.len() as u64
}
