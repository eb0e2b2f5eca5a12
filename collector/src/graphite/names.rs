//! Names of series: whatever a path or a version holds, what comes out is a name that Graphite takes.
//!
//! One name that it does not take makes graphite-web throw away the whole batch of tags that the name is in.
//!
//! - Name: `TOOL.cli.WHAT`, the tool in ASCII letters, digits, `_` and `-`, anything else `_`.
//! - Tags are ours, so only their values need care: white space, `;` and control characters become `_`, a leading `~`
//!   is dropped, what is not ASCII is percent-escaped as UTF-8. A value that is empty then is left out with its tag.
//! - Two names may become one; then their values are added.
//! - Pure.

use std::collections::BTreeMap;
use std::fmt::Write;

/// The tags of a series, sorted by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(BTreeMap<String, String>);

impl Tags {
    /// With one tag more, unless its value is empty.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let value = tag_value(value);
        if !value.is_empty() {
            self.0.insert(name.to_owned(), value);
        }
        self
    }

    /// With a tag for each of these words: `command_0`, `command_1` and so on.
    pub fn with_command<'a>(self, words: impl Iterator<Item = &'a str>) -> Self {
        words.enumerate().fold(self, |tags, (place, word)| tags.with(&format!("command_{place}"), word))
    }

    /// `TOOL.cli.WHAT;TAG=VALUE;…`
    pub fn series(&self, tool: &str, what: &str) -> String {
        let mut series = format!("{tool}.cli.{what}");
        for (name, value) in &self.0 {
            series.extend([";", name, "=", value]);
        }
        series
    }
}

/// The tool of a command path, made fit for a name, and the words after it.
pub fn words(path: &str) -> (String, impl Iterator<Item = &str>) {
    let mut words = path.split(' ').filter(|word| !word.is_empty());
    (tool(words.next().unwrap_or_default()), words)
}

fn tool(word: &str) -> String {
    let fit = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    let name: String = word.chars().map(|character| if fit(character) { character } else { '_' }).collect();
    if name.is_empty() { "_".to_owned() } else { name }
}

fn tag_value(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for character in text.trim_start_matches('~').chars() {
        match character {
            ';' => value.push('_'),
            _ if character.is_whitespace() || character.is_control() => value.push('_'),
            _ if character.is_ascii() => value.push(character),
            _ => {
                for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                    // Writing to a string cannot fail.
                    let _ = write!(value, "%{byte:02X}");
                }
            }
        }
    }
    value
}

#[cfg(test)]
#[path = "names/tests.rs"]
mod tests;
