//! The writing side of a spool: this process's own segment, and the lock that says that it lives.

use super::segment::{self, SegmentName};
use crate::clock::Timestamp;
use crate::state;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

/// A segment is closed at this size: small enough that disk space comes back while a long process runs, large enough
/// that a burst of 1,500 events needs one file.
const MAX_SEGMENT_BYTES: u64 = 1024 * 1024;

#[derive(Debug)]
pub(super) struct Writer {
    dir: PathBuf,
    /// The process that may touch the files: a forked child inherits the value and must not.
    pid: u32,
    name: String,
    live: Option<File>,
    segment: Option<Segment>,
}

#[derive(Debug)]
struct Segment {
    name: SegmentName,
    file: File,
    length: u64,
}

impl Writer {
    pub(super) fn new(dir: PathBuf) -> Self {
        let pid = std::process::id();
        Self { dir, pid, name: segment::new_writer(pid), live: None, segment: None }
    }

    /// Writes one line. Says whether it went into a new segment.
    pub(super) fn append(&mut self, line: &[u8], now: Timestamp) -> io::Result<bool> {
        if self.segment.as_ref().is_some_and(|open| open.length >= MAX_SEGMENT_BYTES) {
            self.segment = None;
        }
        let new = self.segment.is_none();
        let open = match &mut self.segment {
            Some(open) => open,
            empty => {
                let begun = Segment::begin(&self.dir, &self.name, &mut self.live, now)?;
                empty.insert(begun)
            }
        };
        open.append(line).inspect_err(|_| self.segment = None)?;
        Ok(new)
    }

    /// Closes and removes the open segment if it has this name and everything up to its end is done.
    pub(super) fn retire(&mut self, name: &SegmentName, covered: u64) {
        if self.segment.as_ref().is_some_and(|open| open.name == *name && open.length == covered) {
            self.segment = None;
            remove(&self.dir, name);
        }
    }

    /// Whether this writer has that segment open.
    pub(super) fn is_writing(&self, name: &SegmentName) -> bool {
        self.segment.as_ref().is_some_and(|open| open.name == *name)
    }

    /// Whether the files of this writer were taken away.
    pub(super) fn is_erased(&self) -> bool {
        match &self.segment {
            Some(open) => !self.dir.join(open.name.segment_file()).exists(),
            None => self.live.is_some() && !self.dir.join(segment::live_file(&self.name)).exists(),
        }
    }

    /// Whether this writer made that segment.
    pub(super) fn made(&self, name: &SegmentName) -> bool {
        name.live_file() == segment::live_file(&self.name)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.live.is_some() && self.pid == std::process::id() {
            let _ = std::fs::remove_file(self.dir.join(segment::live_file(&self.name)));
        }
    }
}

impl Segment {
    fn begin(dir: &std::path::Path, writer: &str, live: &mut Option<File>, now: Timestamp) -> io::Result<Self> {
        if live.is_none() {
            *live = Some(announce(dir, writer)?);
        }
        let mut begun_ms = now.unix_millis();
        loop {
            let name = SegmentName::new(begun_ms, writer);
            match state::private_file().append(true).create_new(true).open(dir.join(name.segment_file())) {
                Ok(file) => return Ok(Self { name, file, length: 0 }),
                // Two segments within a millisecond, or a clock that was set back.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => begun_ms += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let written = loop {
            match self.file.write(line) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        if written == line.len() {
            self.length += line.len() as u64;
            return Ok(());
        }
        // The disk is full in the middle of the line. Nobody counts it without its line break, so it can be taken back;
        // if even that fails, the segment ends here and the torn line stays one that nobody reads.
        self.file.set_len(self.length)?;
        Err(io::ErrorKind::WriteZero.into())
    }
}

/// Makes the live file: locked before it has its name, so nobody ever sees it without its lock.
fn announce(dir: &std::path::Path, writer: &str) -> io::Result<File> {
    let path = dir.join(segment::live_file(writer));
    let draft = dir.join(format!(".{writer}.tmp"));
    let file = state::private_file().write(true).create_new(true).open(&draft)?;
    let named = file.try_lock().map_err(io::Error::from).and_then(|()| std::fs::rename(&draft, &path));
    named.inspect_err(|_| drop(std::fs::remove_file(&draft)))?;
    Ok(file)
}

/// Removes a segment. Its record goes last: a record without a segment is harmless, the reverse is a second delivery.
pub(super) fn remove(dir: &std::path::Path, name: &SegmentName) {
    if state::remove_if_there(&dir.join(name.segment_file())).is_ok() {
        let _ = state::remove_if_there(&dir.join(name.done_file()));
    }
}
