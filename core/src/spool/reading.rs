//! A segment that is being read, line by line.
//!
//! A segment is open only from its first line to its last, so that a spool of thousands of segments takes one descriptor
//! of the host's.

use super::done::{self, Ranges};
use super::segment::SegmentName;
use crate::batch::Place;
use crate::json;
use crate::state;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// No event's line is longer; what is, is damage. The largest `max_event_bytes` and its line break.
const MAX_LINE_BYTES: u64 = 900 * 1024 + 1;

/// A segment, and how much of it was read.
pub(super) struct Reading {
    pub(super) name: SegmentName,
    state: State,
    /// Everything before this byte was read.
    pub(super) at: u64,
    /// The file's length when it was opened: later lines are for the next reading.
    length: u64,
    pub(super) done: Ranges,
    /// Whether what is done can be recorded; asked once.
    can_be_marked: Option<bool>,
}

enum State {
    NotYet,
    Open(BufReader<io::Take<File>>),
    /// The end, a torn line, or a disk that does not read.
    Ended,
    /// It could not be read now, or may not be marked as sent.
    Refused,
    /// It is no file: somebody else's directory or link with a name like ours.
    Foreign,
}

/// What lies between two line breaks.
pub(super) enum Line {
    Whole(Place, Vec<u8>),
    /// No event; of an endless line its beginning.
    Corrupt(Place, Vec<u8>),
}

impl Line {
    pub(super) fn place(&self) -> Place {
        let (Self::Whole(place, _) | Self::Corrupt(place, _)) = self;
        *place
    }
}

impl Reading {
    pub(super) fn new(name: SegmentName) -> Self {
        Self { name, state: State::NotYet, at: 0, length: 0, done: Ranges::default(), can_be_marked: None }
    }

    /// The next line that needs delivery; `segment` becomes part of its place.
    pub(super) fn next(&mut self, dir: &Path, segment: usize) -> Option<Line> {
        if matches!(self.state, State::NotYet) {
            let is_file = |name| std::fs::symlink_metadata(dir.join(name)).is_ok_and(|data| data.is_file());
            self.state = match self.open(dir) {
                Ok(reader) => State::Open(reader),
                Err(_) if is_file(self.name.segment_file()) => State::Refused,
                Err(_) => State::Foreign,
            };
        }
        while let State::Open(reader) = &mut self.state {
            let mut line = Vec::new();
            let read = reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
            let too_long = line.len() as u64 == MAX_LINE_BYTES && line.last() != Some(&b'\n');
            let skipped = if too_long { skip_line(reader) } else { Some(0) };
            let whole = read.is_ok() && (too_long || line.last() == Some(&b'\n'));
            let (true, Some(skipped)) = (whole, skipped) else {
                self.state = State::Ended;
                return None;
            };
            let place = Place { segment, from: self.at, to: self.at + line.len() as u64 + skipped };
            self.at = place.to;
            if self.done.contains(place.from) {
                continue;
            }
            line.pop();
            return Some(if !too_long && json::is_object(&line) {
                Line::Whole(place, line)
            } else {
                Line::Corrupt(place, line)
            });
        }
        None
    }

    fn open(&mut self, dir: &Path) -> io::Result<BufReader<io::Take<File>>> {
        let mut file = state::open(&dir.join(self.name.segment_file()), state::private_file().read(true))?;
        self.length = file.metadata()?.len();
        self.done = Ranges::of(&done::entries(&dir.join(self.name.done_file())));
        self.at = file.seek(SeekFrom::Start(self.done.covered().min(self.length)))?;
        Ok(BufReader::new(file.take(self.length - self.at)))
    }

    /// Whether it can be recorded that lines of this segment were sent; not in a directory that was made read-only.
    pub(super) fn can_be_marked(&mut self, dir: &Path) -> bool {
        let name = &self.name;
        *self.can_be_marked.get_or_insert_with(|| done::can_append(&dir.join(name.done_file())))
    }

    /// Leaves it for a later reading.
    pub(super) fn refuse(&mut self) {
        self.state = State::Refused;
    }

    /// Whether it was left for a later reading.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.state, State::Refused)
    }

    /// Whether every whole line was read and needs no more delivery.
    pub(super) fn is_delivered(&self) -> bool {
        let read = match self.state {
            State::NotYet | State::Refused | State::Foreign => false,
            State::Open(_) => self.at == self.length,
            State::Ended => true,
        };
        read && self.done.covered() >= self.at
    }

    pub(super) fn has_not_grown(&self, dir: &Path) -> bool {
        std::fs::metadata(dir.join(self.name.segment_file())).is_ok_and(|data| data.len() == self.length)
    }
}

/// Skips to behind the next line break; `None` if there is none.
fn skip_line(reader: &mut impl BufRead) -> Option<u64> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf().ok().filter(|buffer| !buffer.is_empty())?;
        let (found, count) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(place) => (true, place + 1),
            None => (false, buffer.len()),
        };
        reader.consume(count);
        skipped += count as u64;
        if found {
            return Some(skipped);
        }
    }
}
