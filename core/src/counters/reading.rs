//! Reading the counters' file: the YAML that we and PACE write, in any style, and what can be saved of anything else. Pure.
//!
//! - YAML is read as a stream of events, which builds nothing and follows no alias, so a hostile file costs no more than
//!   its length, which is limited before, or three times that if it has a fault.
//! - What stands before the first fault is kept. Whoever writes the file anew first puts the old one aside if it held
//!   anything that we cannot write.

use super::document::{
    CLI_VERSION, CUMULATIVE_COUNT, Document, ID, METRIC_POINTS, OPERATING_SYSTEM, SCHEMA, SCHEMA_KEY, is_command,
};
use crate::identity;
use saphyr_parser::{Event, Parser, StrInput};
use std::borrow::Cow;
use uuid::Uuid;

/// Our own form is nested four deep; what is nested deeper is not read on.
const MAX_DEPTH: usize = 16;

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Read {
    pub document: Document,
    /// Whether it held anything else, which would go with the next write.
    pub damaged: bool,
    /// Whether a later version wrote it.
    pub newer: bool,
}

/// Reads a file's content.
pub(crate) fn read(content: &[u8]) -> Read {
    let text = String::from_utf8_lossy(content);
    let bare = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // Go's library takes a tab for the space behind a colon, ours does not. No text of ours has a tab in it.
    let bare = &if bare.contains(":\t") { Cow::Owned(bare.replace(":\t", ": ")) } else { Cow::Borrowed(bare) };
    let (mut found, fault) = stream(bare);
    found.damaged |= matches!(text, Cow::Owned(_));
    // The library looks ahead: a fault can take the end of the line before with it, and its place can be that line.
    for lines in fault.into_iter().flat_map(|line| [line - 1, line]) {
        let before: String = bare.split_inclusive('\n').take(lines).collect();
        for (path, codes) in stream(&before).0.document.points {
            codes.into_iter().for_each(|(code, count)| found.document.take_over(&path, code, count));
        }
    }
    if found.damaged && found.document.id.is_empty() {
        found.document.id = bare.lines().find_map(id_in_line).unwrap_or_default();
    }
    found
}

/// Reads a text up to its first fault. What was found, and the line of the fault, from 1 on.
fn stream(text: &str) -> (Read, Option<usize>) {
    let mut reader = Reader { parser: Parser::new_from_str(text), found: Read::default(), fault: None };
    reader.stream();
    (reader.found, reader.fault)
}

/// The ID stands near the end of the file, where a fault before it would hide it.
fn id_in_line(line: &str) -> Option<String> {
    let value = line.strip_prefix(ID)?.strip_prefix(':')?.trim().trim_matches(['"', '\'']);
    Uuid::try_parse(value).ok().filter(|id| !id.is_nil()).map(|_| value.to_owned())
}

struct Reader<'i> {
    parser: Parser<'i, StrInput<'i>>,
    found: Read,
    fault: Option<usize>,
}

impl<'i> Reader<'i> {
    /// The next event; none at the end and after the first fault.
    fn next(&mut self) -> Option<Event<'i>> {
        match self.parser.next_event()? {
            Ok((event, _)) => Some(event),
            Err(fault) => {
                self.found.damaged = true;
                self.fault = Some(fault.marker().line().max(1));
                None
            }
        }
    }

    /// The whole content: one document, or none.
    fn stream(&mut self) {
        let mut documents = 0;
        while let Some(event) = self.next() {
            match event {
                Event::StreamEnd => return,
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
                node if documents == 0 && !is_nothing(&node) => {
                    documents += 1;
                    if self.mapping(node, Self::top_member).is_none() {
                        return;
                    }
                }
                node if is_nothing(&node) => {}
                _ => {
                    // A second document.
                    self.found.damaged = true;
                    return;
                }
            }
        }
    }

    /// Reads the members of a mapping; what is none is passed over. `None`: nothing can be read any more.
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
                let id = self.text(value)?.filter(|id| !id.is_empty());
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
            Event::Scalar(text, ..) if text.chars().any(char::is_control) => {
                self.damage();
                Some(None)
            }
            Event::Scalar(text, ..) if text == "~" || text == "null" => Some(None),
            Event::Scalar(text, ..) => Some(Some(text.into_owned())),
            other => self.unknown(other).map(|()| None),
        }
    }

    /// A count. One that is larger than any number is the largest.
    fn number(&mut self, node: Event<'i>) -> Option<Option<u64>> {
        match node {
            Event::Scalar(digits, ..) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(Some(digits.parse().unwrap_or(u64::MAX)))
            }
            other => self.unknown(other).map(|()| None),
        }
    }

    /// Passes over a node that we do not know.
    fn unknown(&mut self, node: Event<'i>) -> Option<()> {
        self.damage();
        let mut depth = 0_usize;
        let mut event = node;
        loop {
            match event {
                Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
                Event::MappingEnd | Event::SequenceEnd => depth = depth.saturating_sub(1),
                _ => {}
            }
            match depth {
                0 => return Some(()),
                _ if depth > MAX_DEPTH => return None,
                _ => event = self.next()?,
            }
        }
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
