//! Reading the counters' file: the YAML that we and PACE write, in any style. Pure.
//!
//! - YAML is read as a stream of events, which builds nothing and follows no alias, so a hostile file costs no more than
//!   its length, which is limited before.
//! - What is no YAML from its beginning to its end, or nested too deep, is read by its [`lines`] instead: this library and
//!   that of Go without cgo agree on what is valid, but not on where a fault is.
//! - Whoever writes the file anew first puts the old one aside if it held anything that we cannot write.

use super::document::{
    CLI_VERSION, CUMULATIVE_COUNT, ID, METRIC_POINTS, OPERATING_SYSTEM, SCHEMA, SCHEMA_KEY, is_command,
};
use super::found::{Read, is_forbidden, is_text, number};
use super::lines;
use crate::identity;
use saphyr_parser::{Event, Parser, StrInput};

/// Our own form is nested four deep; what is nested deeper than this is not read as YAML.
const MAX_DEPTH: usize = 16;

/// Reads a file's content.
pub(crate) fn read(content: &[u8]) -> Read {
    let mut text = String::with_capacity(content.len());
    for chunk in content.utf8_chunks() {
        // A byte that is no text counts as one character, as in Go.
        text += chunk.valid();
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    let bare = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // Go's library takes a tab for the space behind a colon, ours does not. No text of ours has a tab in it.
    let bare = bare.replace(":\t", ": ");
    let mut found = read_yaml(&bare).unwrap_or_else(|| lines::read(&bare));
    found.damaged |= str::from_utf8(content).is_err();
    found
}

/// Reads a text that is YAML.
fn read_yaml(text: &str) -> Option<Read> {
    if text.contains(is_forbidden) {
        return None;
    }
    let mut reader = Reader { parser: Parser::new_from_str(text), depth: 0, found: Read::default() };
    reader.stream()?;
    Some(reader.found)
}

/// Reads YAML. What gives `None` has met a fault, or what is nested too deep.
struct Reader<'i> {
    parser: Parser<'i, StrInput<'i>>,
    depth: usize,
    found: Read,
}

impl<'i> Reader<'i> {
    fn next(&mut self) -> Option<Event<'i>> {
        let (event, _) = self.parser.next_event()?.ok()?;
        match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => self.depth += 1,
            Event::MappingEnd | Event::SequenceEnd => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        (self.depth <= MAX_DEPTH).then_some(event)
    }

    /// The whole content: one document, or none. Another is passed over.
    fn stream(&mut self) -> Option<()> {
        let mut documents = 0;
        loop {
            match self.next()? {
                Event::StreamEnd => return Some(()),
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
                node if is_nothing(&node) => {}
                node if documents == 0 => {
                    documents += 1;
                    self.mapping(node, Self::top_member)?;
                }
                node => self.unknown(node)?,
            }
        }
    }

    /// Reads the members of a mapping; what is none is passed over.
    fn mapping(
        &mut self,
        node: Event<'i>,
        mut member: impl FnMut(&mut Self, &str, Event<'i>) -> Option<()>,
    ) -> Option<()> {
        if !matches!(node, Event::MappingStart(..)) {
            return self.unknown(node);
        }
        loop {
            match self.next()? {
                Event::MappingEnd => return Some(()),
                Event::Scalar(key, ..) => {
                    let value = self.next()?;
                    member(self, &key, value)?;
                }
                key => {
                    self.unknown(key)?;
                    let value = self.next()?;
                    self.unknown(value)?;
                }
            }
        }
    }

    fn top_member(&mut self, key: &str, value: Event<'i>) -> Option<()> {
        match key {
            METRIC_POINTS if is_nothing(&value) => Some(()),
            METRIC_POINTS => self.mapping(value, Self::command),
            CLI_VERSION => self.text(value).map(|text| self.found.document.cli_version = text.unwrap_or_default()),
            OPERATING_SYSTEM => {
                self.text(value).map(|text| self.found.document.operating_system = text.unwrap_or_default())
            }
            ID => {
                let id = self.text(value)?;
                self.found.document.id = id.filter(|id| identity::is_usable(id) || self.damage()).unwrap_or_default();
                Some(())
            }
            SCHEMA_KEY => {
                let schema = self.number(value)?;
                self.found.newer = schema.is_some_and(|schema| schema > SCHEMA);
                Some(())
            }
            _ => self.unknown(value),
        }
    }

    fn command(&mut self, path: &str, codes: Event<'i>) -> Option<()> {
        if !is_command(path) {
            return self.unknown(codes);
        }
        self.mapping(codes, |this, code, point| match code.parse() {
            Ok(code) => this.mapping(point, |this, key, value| match key {
                CUMULATIVE_COUNT => {
                    if let Some(count) = this.number(value)? {
                        this.found.document.take_over(path, code, count);
                    }
                    Some(())
                }
                _ => this.unknown(value),
            }),
            Err(_) => this.unknown(point),
        })
    }

    /// A text of one line.
    fn text(&mut self, node: Event<'i>) -> Option<Option<String>> {
        match node {
            Event::Scalar(text, ..) if is_text(&text) => Some(Some(text.into_owned())),
            Event::Scalar(text, ..) => {
                self.found.damaged |= text.contains(char::is_control);
                Some(None)
            }
            other => self.unknown(other).map(|()| None),
        }
    }

    fn number(&mut self, node: Event<'i>) -> Option<Option<u64>> {
        let number = if let Event::Scalar(text, ..) = &node { number(text) } else { None };
        if number.is_none() {
            self.unknown(node)?;
        }
        Some(number)
    }

    /// Passes over a node that we do not know.
    fn unknown(&mut self, node: Event<'i>) -> Option<()> {
        self.damage();
        let outside = self.depth - usize::from(matches!(node, Event::MappingStart(..) | Event::SequenceStart(..)));
        while self.depth > outside {
            self.next()?;
        }
        Some(())
    }

    /// Notes that something cannot be kept. False, for use in a condition.
    fn damage(&mut self) -> bool {
        self.found.damaged = true;
        false
    }
}

fn is_nothing(node: &Event<'_>) -> bool {
    matches!(node, Event::Scalar(text, style, ..)
        if *style == saphyr_parser::ScalarStyle::Plain && ["", "~", "null"].contains(&text.as_ref()))
}

#[cfg(test)]
mod tests;
