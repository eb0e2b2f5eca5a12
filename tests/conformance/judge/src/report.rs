//! What a person reads: the cases that failed, with what was expected, what came and what the server saw.

use crate::contract::Case;
use crate::matcher::clip_at;
use crate::play::Played;
use crate::seen;
use overt_tests::Recorded;
use std::fmt::Write;

/// The last lines of an adapter's stderr say enough.
const LOG_LINES: usize = 20;
/// Two or three events with all their properties.
const BODY_CHARS: usize = 1_500;

/// A failed case, in full.
pub fn failure(adapter: &str, case: &Case, played: &Played) -> String {
    let mut text = format!("\nFAILED {adapter}: {}\n  the rule: {}\n", case.name, case.rule);
    for fault in &played.faults {
        let _ = writeln!(text, "  - {fault}");
    }
    let _ = writeln!(text, "  requests: {}", played.requests.len());
    let first = played.requests.first().map(|request| request.arrived.0);
    for (place, request) in played.requests.iter().enumerate() {
        let after = first.map_or(0, |first| request.arrived.0.duration_since(first).as_millis());
        let _ = writeln!(text, "  {}. after {after} ms: {} {}", place + 1, request.method, request.path);
        text.push_str(&details(request));
    }
    let lines: Vec<&str> = played.log.lines().collect();
    for line in &lines[lines.len().saturating_sub(LOG_LINES)..] {
        let _ = writeln!(text, "  stderr: {line}");
    }
    text
}

fn details(request: &Recorded) -> String {
    let mut text = String::new();
    for (name, value) in &request.headers {
        let _ = writeln!(text, "       {name}: {value}");
    }
    let body = seen::body(request).unwrap_or_else(|error| format!("({} bytes, {error})", request.body.len()));
    let _ = writeln!(text, "       {}", clip_at(&body, BODY_CHARS));
    text
}
