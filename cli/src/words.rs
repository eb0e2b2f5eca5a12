//! What people read: reasons, counts and losses in words, and text that is safe to print.

use crate::Verb;
use crate::tool::Tool;
use overt::{Consent, ConsentReason};
use serde::Serialize;

/// A decision in JSON.
#[derive(Serialize)]
pub(crate) struct ConsentJson {
    enabled: bool,
    reason: &'static str,
}

impl From<Consent> for ConsentJson {
    fn from(consent: Consent) -> Self {
        Self { enabled: consent.enabled, reason: consent.reason.as_str() }
    }
}

/// The decision and its rule: "off, because DO_NOT_TRACK is set".
pub(crate) fn decision(consent: Consent, tool: &Tool<'_>) -> String {
    let state = if consent.enabled { "on" } else { "off" };
    if consent.reason == ConsentReason::NoApiKey {
        return nothing_recorded(tool);
    }
    let mut text = format!("{state}, because {}", reason(consent, tool));
    if consent.enabled {
        text.push_str("; ");
        text.push_str(&way_out(consent, tool));
    }
    text
}

/// What is said of a tool that left nothing here.
pub(crate) fn nothing_recorded(tool: &Tool<'_>) -> String {
    format!("there is nothing here that {} recorded", tool.request.app)
}

fn reason(consent: Consent, tool: &Tool<'_>) -> String {
    let variable = |name: &str| match consent.enabled {
        true => format!("the value of {name} means on"),
        false => format!("{name} is set, and its value does not mean on"),
    };
    match consent.reason {
        ConsentReason::ToolVariable => variable(&own_variables(consent, tool)),
        ConsentReason::TelemetryEnabled => variable("TELEMETRY_ENABLED"),
        ConsentReason::DoNotTrack => "DO_NOT_TRACK is set".to_owned(),
        ConsentReason::Stored if consent.enabled => "it was switched on here".to_owned(),
        ConsentReason::Stored => "it was switched off here".to_owned(),
        ConsentReason::Unreadable => {
            format!("the stored choice in {} cannot be read", tool.paths.consent.display())
        }
        ConsentReason::Ci => {
            let system = overt::ci_name(&tool.variables).filter(|name| *name != "Other");
            let system = system.map(|name| format!(" ({name})")).unwrap_or_default();
            format!("this is a CI system{system}, where nobody would see a notice")
        }
        ConsentReason::Default => "that is this tool's default".to_owned(),
        ConsentReason::NoApiKey => "nothing is known of where it would send to".to_owned(),
        ConsentReason::NoEndpoint => "it has no endpoint to send to".to_owned(),
        // `Host`, and what later versions of the core may add.
        other => format!("of the rule \"{}\"", other.as_str()),
    }
}

/// How a person ends what is on. A variable stands above the stored choice.
fn way_out(consent: Consent, tool: &Tool<'_>) -> String {
    match consent.reason {
        ConsentReason::ToolVariable => format!("switch it off by setting {} to 0", own_variables(consent, tool)),
        ConsentReason::TelemetryEnabled => "switch it off by setting TELEMETRY_ENABLED to 0".to_owned(),
        _ => format!("switch it off with: {}", tool.command(Verb::Off)),
    }
}

fn own_variables(consent: Consent, tool: &Tool<'_>) -> String {
    let names = tool.variables_that_said(consent.enabled);
    if names.is_empty() { "a variable of the tool's own".to_owned() } else { names.join(" and ") }
}

/// `1 event`, `2 events`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Things in a sentence: `a`, `a and b`, `a, b and c`.
pub(crate) fn listed(things: &[String]) -> String {
    match things {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Why events were lost.
pub(crate) fn loss(reason: &str) -> &str {
    match reason {
        "spool_full" => "too many were waiting",
        "memory_full" => "too many were waiting in memory, because the disk could not be written",
        "expired" => "they had waited too long",
        "refused" => "the server refused them",
        "corrupt" => "they were damaged on disk",
        other => other,
    }
}

/// The beginning of a key, enough to tell it from another: at most 7 characters, and never more than half.
pub(crate) fn key_hint(key: &str) -> String {
    let shown = (key.chars().count() / 2).min(7);
    key.chars().take(shown).chain(['…']).collect()
}

/// One JSON object on one line.
pub(crate) fn json(value: &impl Serialize) -> String {
    // Only a map with keys that are no strings cannot be written; there is none.
    let mut text = serde_json::to_string(value).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown_in_full() {
        assert_eq!(key_hint("phc_abcdefghijklmnop"), "phc_abc…");
        assert_eq!(key_hint("abcd"), "ab…");
        assert_eq!(key_hint("x"), "…");
        assert_eq!(key_hint(""), "…");
    }

    #[test]
    fn every_loss_has_words() {
        for reason in overt::LossReason::ALL {
            assert_ne!(loss(reason.as_str()), reason.as_str());
        }
        assert_eq!(loss("some_new_reason"), "some_new_reason");
    }

    #[test]
    fn lists_read_like_a_sentence() {
        let words = |list: &[&str]| listed(&list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            (words(&["a"]), words(&["a", "b"]), words(&["a", "b", "c"])),
            ("a".into(), "a and b".into(), "a, b and c".into())
        );
    }
}
