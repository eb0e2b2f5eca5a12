//! The names of a spool's files.

use crate::clock::Timestamp;
use std::path::Path;

/// The version of the format, in each file's name: another version's files are not ours to touch.
const SEGMENT: &str = ".v1.jsonl";
const DONE: &str = ".v1.done";
const LIVE: &str = ".v1.live";

/// The name of a segment: when it was begun and by which writer. Names sort by time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SegmentName {
    begun_ms: u64,
    writer: String,
}

impl SegmentName {
    pub(super) fn new(begun_ms: u64, writer: &str) -> Self {
        Self { begun_ms, writer: writer.to_owned() }
    }

    pub(super) fn begun(&self) -> Timestamp {
        Timestamp::from_unix_millis_saturating(self.begun_ms)
    }

    pub(super) fn segment_file(&self) -> String {
        format!("{:013}-{}{SEGMENT}", self.begun_ms, self.writer)
    }

    pub(super) fn done_file(&self) -> String {
        format!("{:013}-{}{DONE}", self.begun_ms, self.writer)
    }

    pub(super) fn live_file(&self) -> String {
        live_file(&self.writer)
    }

    /// The segments of a spool, oldest first; none if the directory cannot be read.
    pub(super) fn list(dir: &Path) -> Vec<Self> {
        let mut found = names_ending(dir, SEGMENT).filter_map(|name| Self::parse(&name)).collect::<Vec<_>>();
        found.sort();
        found
    }

    /// The segments whose record of what is done is there, though they may be gone themselves.
    pub(super) fn list_done(dir: &Path) -> Vec<Self> {
        names_ending(dir, DONE).filter_map(|name| Self::parse(&name)).collect()
    }

    fn parse(stem: &str) -> Option<Self> {
        let (begun, writer) = stem.split_once('-')?;
        let (pid, random) = writer.split_once('-')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let hex = random.len() == 8 && random.bytes().all(|byte| byte.is_ascii_hexdigit());
        (digits(begun) && digits(pid) && hex).then_some(())?;
        let name = Self { begun_ms: begun.parse().ok()?, writer: writer.to_owned() };
        // A number with other leading zeros would be read from one file and written to another.
        (name.segment_file().strip_suffix(SEGMENT) == Some(stem)).then_some(name)
    }
}

/// The file that a living writer holds locked.
pub(super) fn live_file(writer: &str) -> String {
    format!("{writer}{LIVE}")
}

/// The writers whose live file is there.
pub(super) fn list_writers(dir: &Path) -> impl Iterator<Item = String> {
    names_ending(dir, LIVE).filter(|name| !name.starts_with('.'))
}

/// A new writer's name: the process, for people who look, and enough randomness that no two are alike.
pub(super) fn new_writer(pid: u32) -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("{pid}-{}", random.get(..8).unwrap_or_default())
}

fn names_ending(dir: &Path, ending: &'static str) -> impl Iterator<Item = String> + use<> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(move |entry| Some(entry.file_name().to_str()?.strip_suffix(ending)?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_written() {
        let name = SegmentName::new(1_795_198_236_493, "4242-9f8e7d6c");
        assert_eq!(name.segment_file(), "1795198236493-4242-9f8e7d6c.v1.jsonl");
        assert_eq!(SegmentName::parse("1795198236493-4242-9f8e7d6c"), Some(name));
        let early = SegmentName::new(7, &new_writer(1));
        assert_eq!(SegmentName::parse(early.segment_file().strip_suffix(SEGMENT).unwrap()), Some(early));
    }

    #[test]
    fn foreign_names_are_left_alone() {
        for stem in
            ["", "x", "1-2", "1-2-3", "a-2-9f8e7d6c", "1-b-9f8e7d6c", "1-2-9f8e7d6g", "1-2-9f8e7d6c", "../1-2-9f8e7d6c"]
        {
            assert_eq!(SegmentName::parse(stem), None, "{stem}");
        }
        let dir = tempfile::tempdir().unwrap();
        for file in ["1795198236493-4242-9f8e7d6c.v2.jsonl", "notes.v1.jsonl", "1795198236493-4242-9f8e7d6c.v1.jsonl"] {
            std::fs::write(dir.path().join(file), "{}\n").unwrap();
        }
        assert_eq!(SegmentName::list(dir.path()).len(), 1);
        assert!(SegmentName::list(&dir.path().join("none")).is_empty());
    }
}
