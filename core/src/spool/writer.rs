//! The writing side of a spool: this process's own segment, and the lock that says that it lives.

use super::segment::{self, SegmentName};
use crate::clock::Timestamp;
use crate::state;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A segment is closed at this size: small enough that disk space comes back while a long process runs, large enough
/// that a burst of 1,500 events needs one file.
const MAX_SEGMENT_BYTES: u64 = 1024 * 1024;

#[derive(Debug)]
pub(super) struct Writer {
    dir: PathBuf,
    /// The process that may touch the files: a forked child inherits the value and must not.
    pid: u32,
    name: String,
    /// No segment of this writer has this time or a later one in its name. The name of one that is gone must not be used
    /// again: its record may still be there.
    next_ms: u64,
    live: Option<File>,
    segment: Option<Segment>,
}

#[derive(Debug)]
struct Segment {
    name: SegmentName,
    file: File,
    length: u64,
    /// How large the kernel let a file of this process become when the segment was begun.
    max_bytes: u64,
}

impl Writer {
    pub(super) fn new(dir: PathBuf) -> Self {
        let pid = std::process::id();
        Self { dir, pid, name: segment::new_writer(pid), next_ms: 0, live: None, segment: None }
    }

    /// Writes one line. Says whether it went into a new segment.
    pub(super) fn append(&mut self, line: &[u8], now: Timestamp) -> io::Result<bool> {
        if self.segment.as_ref().is_some_and(|open| !open.has_room_for(line)) {
            self.segment = None;
        }
        let new = self.segment.is_none();
        let open = match &mut self.segment {
            Some(open) => open,
            empty => {
                state::check_size(line.len() as u64)?;
                if self.live.is_none() {
                    self.live = Some(announce(&self.dir, &self.name)?);
                }
                let begun_ms = now.unix_millis().max(self.next_ms);
                let begun = Segment::begin(&self.dir, SegmentName::new(begun_ms, &self.name))?;
                self.next_ms = begun_ms + 1;
                empty.insert(begun)
            }
        };
        match append_whole(&mut open.file, open.length, line) {
            Ok(()) => open.length += line.len() as u64,
            // The segment goes on when there is room again: another one for each event would fill the directory.
            Err(Failed { error, torn: false }) => return Err(error),
            Err(Failed { error, torn: true }) => {
                if let Some(torn) = self.segment.take().filter(|torn| torn.length == 0) {
                    let _ = state::remove_if_there(&self.dir.join(torn.name.segment_file()));
                }
                return Err(error);
            }
        }
        Ok(new)
    }

    /// Closes and removes the open segment if it has this name and everything up to its end is done.
    pub(super) fn retire(&mut self, name: &SegmentName, covered: u64) {
        if self.segment.as_ref().is_some_and(|open| open.name == *name && open.length == covered) {
            self.segment = None;
            let _ = state::remove_if_there(&self.dir.join(name.segment_file()));
        }
    }

    /// Whether this writer has that segment open.
    pub(super) fn is_writing(&self, name: &SegmentName) -> bool {
        self.segment.as_ref().is_some_and(|open| open.name == *name)
    }

    /// Whether the files of this writer were taken away.
    pub(super) fn is_erased(&self) -> bool {
        match &self.segment {
            Some(open) => open.is_taken_away() || !self.dir.join(open.name.segment_file()).exists(),
            None if self.live.is_some() => !self.dir.join(segment::live_file(&self.name)).exists(),
            None => !self.dir.exists(),
        }
    }

    /// As `is_erased`, for each event: a look at the open file is enough, without a look at its path.
    pub(super) fn is_unlinked(&self) -> bool {
        match &self.segment {
            Some(open) => open.is_taken_away(),
            None => self.is_erased(),
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
    fn begin(dir: &Path, name: SegmentName) -> io::Result<Self> {
        let max_bytes = state::max_file_bytes();
        let file = state::private_file().append(true).create_new(true).open(dir.join(name.segment_file()))?;
        Ok(Self { name, file, length: 0, max_bytes })
    }

    /// Whether somebody removed the file, or emptied it: see `state::remove_all`.
    fn is_taken_away(&self) -> bool {
        #[cfg(unix)]
        return has_no_name(&self.file);
        #[cfg(not(unix))]
        return self.file.metadata().map_or(true, |data| data.len() < self.length);
    }

    fn has_room_for(&self, line: &[u8]) -> bool {
        // Beyond its limit a write would not fail: it would kill the host by SIGXFSZ.
        self.length < MAX_SEGMENT_BYTES && self.length.saturating_add(line.len() as u64) <= self.max_bytes
    }
}

/// Where lines are appended.
trait Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize>;
    fn set_len(&mut self, length: u64) -> io::Result<()>;
}

impl Sink for File {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        Write::write(self, line)
    }

    fn set_len(&mut self, length: u64) -> io::Result<()> {
        File::set_len(self, length)
    }
}

/// Why a line was not appended.
#[derive(Debug)]
struct Failed {
    error: io::Error,
    /// Whether a part of the line is there now, and could not be taken back.
    torn: bool,
}

/// Appends a line to a file of this length, by one `write(2)`, whole or not at all.
fn append_whole(file: &mut impl Sink, length: u64, line: &[u8]) -> Result<(), Failed> {
    let written = loop {
        match file.write(line) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other,
        }
    };
    let error = match written {
        Ok(written) if written == line.len() => return Ok(()),
        // The disk is full in the middle of the line.
        Ok(_) => io::ErrorKind::WriteZero.into(),
        Err(error) => error,
    };
    // Nobody counts a line without its line break, so it can be taken back; if even that fails, it must be the last of
    // its file, where it stays one that nobody reads.
    Err(Failed { torn: file.set_len(length).is_err(), error })
}

/// Makes the live file: locked before it has its name, so nobody ever sees it without its lock.
fn announce(dir: &Path, writer: &str) -> io::Result<File> {
    let path = dir.join(segment::live_file(writer));
    let draft = dir.join(format!(".{writer}.tmp"));
    let file = state::private_file().write(true).create_new(true).open(&draft)?;
    let named = file.try_lock().map_err(io::Error::from).and_then(|()| std::fs::rename(&draft, &path));
    named.inspect_err(|_| drop(std::fs::remove_file(&draft)))?;
    Ok(file)
}

/// Whether somebody removed an open file. Linux is asked for nothing but that: who asks for a file's times, as `metadata`
/// does, makes the next write give it a new one, which costs more than asking (0.8 µs with ext4 on 6.18).
#[cfg(unix)]
fn has_no_name(file: &File) -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{AtFlags, StatxFlags, statx};
        if let Ok(data) = statx(file, c"", AtFlags::EMPTY_PATH, StatxFlags::NLINK) {
            return data.stx_nlink == 0;
        }
    }
    // A kernel before 4.11, a sandbox without that call, or another system.
    file.metadata().is_ok_and(|data| std::os::unix::fs::MetadataExt::nlink(&data) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::io::ErrorKind;

    /// A disk that answers each write with the next of these: so many bytes, or an error.
    struct Disk {
        content: Vec<u8>,
        answers: VecDeque<Result<usize, ErrorKind>>,
        truncates: bool,
    }

    impl Sink for Disk {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            let written = self.answers.pop_front().unwrap_or(Ok(line.len())).map_err(io::Error::from)?;
            self.content.extend_from_slice(&line[..written]);
            Ok(written)
        }

        fn set_len(&mut self, length: u64) -> io::Result<()> {
            let failed = || io::Error::from(io::ErrorKind::Other);
            self.truncates.then(|| self.content.truncate(length as usize)).ok_or_else(failed)
        }
    }

    #[test]
    fn whatever_the_disk_answers_a_line_is_there_whole_or_not_at_all() {
        let line = b"{\"n\":1}\n";
        let errors = [
            ErrorKind::StorageFull,
            ErrorKind::QuotaExceeded,
            ErrorKind::Other,
            ErrorKind::FileTooLarge,
            ErrorKind::ReadOnlyFilesystem,
            ErrorKind::StaleNetworkFileHandle,
        ];
        let short = (0..line.len()).map(Ok);
        for answer in errors.map(Err).into_iter().chain(short) {
            let mut disk = Disk { content: b"{}\n".to_vec(), answers: [answer].into(), truncates: true };
            assert!(!append_whole(&mut disk, 3, line).unwrap_err().torn, "{answer:?}");
            append_whole(&mut disk, 3, line).unwrap();
            assert_eq!(disk.content, b"{}\n{\"n\":1}\n", "after {answer:?}");
            disk = Disk { content: Vec::new(), answers: [answer].into(), truncates: false };
            assert!(append_whole(&mut disk, 0, line).unwrap_err().torn, "{answer:?}: nothing may follow");
        }
        let mut disk = Disk { content: Vec::new(), answers: [Err(ErrorKind::Interrupted)].into(), truncates: false };
        append_whole(&mut disk, 0, line).unwrap();
        assert_eq!(disk.content, line);
    }
}
