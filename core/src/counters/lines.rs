//! Reading a counters' file that is no YAML, by its lines: what stands before a fault and behind it. Pure.
//!
//! - It knows the form that we and PACE write: block style, indented by any width, a key a line, plain or in quotes.
//! - A line that cannot be read, or that does not belong where it stands, may have been a command's. Nothing counts from
//!   there to the next command, so that no count is ever taken for another command's or code's.
//! - A last line that is cut off is read as any other: a count that has lost digits is too low, and none would be lower.

use super::document::{
    CLI_VERSION, CUMULATIVE_COUNT, ID, METRIC_POINTS, OPERATING_SYSTEM, SCHEMA, SCHEMA_KEY, is_command,
};
use super::found::{Read, is_forbidden, is_text, number};
use crate::identity;
use std::str::Chars;

const BLANK: [char; 2] = [' ', '\t'];
/// What no plain text begins with.
const INDICATORS: &str = "&*!|>%@`{}[],#";

/// Reads a text.
pub(super) fn read(text: &str) -> Read {
    let mut lines = Lines { found: Read { damaged: true, ..Read::default() }, open: Vec::new() };
    for line in text.split(['\n', '\r']) {
        let bare = line.trim_start_matches(BLANK);
        if !bare.is_empty() && !bare.starts_with('#') {
            lines.take(line.len() - bare.len(), cut_member(bare));
        }
    }
    lines.found
}

struct Lines {
    found: Read,
    /// The keys that the last line is nested in, with how deep they are indented, and its own.
    open: Vec<(usize, String)>,
}

impl Lines {
    /// Takes the next line, which is no member if it cannot be read.
    fn take(&mut self, indent: usize, member: Option<(String, String)>) {
        let depth = self.open.iter().take_while(|(outer, _)| *outer < indent).count();
        match member.filter(|(key, value)| self.belongs(depth, indent, key, value)) {
            Some((key, _)) => {
                self.open.truncate(depth);
                self.open.push((indent, key));
            }
            None => {
                if depth == 1 && self.open.len() == 1 {
                    self.open.push((indent, String::new())); // where the commands are
                }
                self.open.truncate(2);
                self.open.iter_mut().skip(1).for_each(|(_, command)| command.clear());
            }
        }
    }

    /// Takes over what a member says. False: it does not belong where it stands. What is nested in the same is indented
    /// the same.
    fn belongs(&mut self, depth: usize, indent: usize, key: &str, value: &str) -> bool {
        let outer: Vec<_> = self.open.iter().take(depth).map(|(_, key)| key.as_str()).collect();
        let beside_others = self.open.get(depth).is_none_or(|(sibling, _)| *sibling == indent);
        match outer[..] {
            [] => self.top_member(key, value),
            _ if !beside_others => return false,
            [METRIC_POINTS] => return value.is_empty() && is_command(key),
            [METRIC_POINTS, command] => return !command.is_empty() && value.is_empty() && key.parse::<i32>().is_ok(),
            [METRIC_POINTS, command, code] if key == CUMULATIVE_COUNT => match (code.parse(), number(value)) {
                (Ok(code), Some(count)) => self.found.document.take_over(command, code, count),
                _ => return false,
            },
            _ => return false,
        }
        true
    }

    /// Takes over what stands beside the counts; of two for the same the first.
    fn top_member(&mut self, key: &str, value: &str) {
        let document = &mut self.found.document;
        let known = match key {
            CLI_VERSION => &mut document.cli_version,
            OPERATING_SYSTEM => &mut document.operating_system,
            ID if identity::is_usable(value) => &mut document.id,
            SCHEMA_KEY => {
                self.found.newer |= number(value).is_some_and(|schema| schema > SCHEMA);
                return;
            }
            _ => return,
        };
        if known.is_empty() && is_text(value) {
            value.clone_into(known);
        }
    }
}

/// Reads a line of the form `key:` or `key: value`, without its indentation.
fn cut_member(line: &str) -> Option<(String, String)> {
    if line.contains(is_forbidden) {
        return None;
    }
    let line = format!("{line} ");
    let (key, rest) = cut_scalar(&line)?;
    let rest = rest.strip_prefix(": ")?.trim_start_matches(BLANK);
    let is_over = |rest: &str| rest.is_empty() || rest.starts_with('#');
    if is_over(rest) {
        return Some((key, String::new()));
    }
    let (value, rest) = cut_scalar(rest)?;
    is_over(rest).then_some((key, value))
}

/// Reads the text with which a line begins, and gives what follows.
fn cut_scalar(line: &str) -> Option<(String, &str)> {
    let (text, rest) = match line.chars().next()? {
        quote @ ('"' | '\'') => cut_quoted(line.get(1..)?, quote)?,
        c if INDICATORS.contains(c) || line.starts_with("- ") || line.starts_with("? ") => return None,
        _ => {
            let end = [": ", " #", "\t#"].into_iter().filter_map(|mark| line.find(mark)).min().unwrap_or(line.len());
            let (text, rest) = line.split_at(end);
            (text.trim_end_matches(BLANK).to_owned(), rest)
        }
    };
    Some((text, rest.trim_start_matches(BLANK)))
}

/// Reads up to the quote that ends a text. Of the escapes it knows those that we write.
fn cut_quoted(line: &str, quote: char) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut chars = line.chars();
    loop {
        match chars.next()? {
            '\'' if quote == '\'' && chars.as_str().starts_with('\'') => text.extend(chars.next()),
            c if c == quote => return Some((text, chars.as_str())),
            '\\' if quote == '"' => text.push(match chars.next()? {
                c @ ('"' | '\\') => c,
                'u' => character(&mut chars, 4)?,
                'U' => character(&mut chars, 8)?,
                _ => return None,
            }),
            c => text.push(c),
        }
    }
}

/// Reads a character that is written as so many hexadecimal digits.
fn character(chars: &mut Chars<'_>, digits: usize) -> Option<char> {
    (0..digits).try_fold(0, |code, _| Some(code << 4 | chars.next()?.to_digit(16)?)).and_then(char::from_u32)
}
