//! Which bytes of a segment need no more delivery, and what became of their events: a record that only grows, one line
//! `from to events word` for each stretch of events with the same end.

use crate::ledger::Count;
use crate::state;
use std::io::{self, ErrorKind};
use std::path::Path;

/// A line of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    from: u64,
    to: u64,
    pub(super) events: u64,
    /// That of a [`Count`], or of a later version's.
    pub(super) word: String,
}

impl Entry {
    /// An event and what became of it.
    pub(super) fn of(from: u64, to: u64, count: Count) -> Self {
        Self { from, to, events: 1, word: count.as_str().to_owned() }
    }

    /// What has no place in a segment.
    pub(super) fn without_place(word: &str, events: u64) -> Self {
        Self { from: 0, to: 0, events, word: word.to_owned() }
    }

    /// Lets the stretch reach over the next event. Says whether it follows.
    pub(super) fn reach(&mut self, from: u64, to: u64) -> bool {
        let follows = self.to == from;
        if follows {
            self.to = to;
            self.events += 1;
        }
        follows
    }
}

/// The entries of a record; what cannot be read counts as not done, so that it is delivered once more rather than never.
pub(super) fn entries(path: &Path) -> Vec<Entry> {
    let text = state::read(path).unwrap_or_default();
    text.split_inclusive(|byte| *byte == b'\n').filter_map(parse).collect()
}

/// The text of entries.
pub(super) fn text(entries: &[Entry]) -> Vec<u8> {
    let line = |entry: &Entry| format!("{} {} {} {}\n", entry.from, entry.to, entry.events, entry.word);
    entries.iter().map(line).collect::<String>().into_bytes()
}

/// Adds entries to a record, by one `write(2)`. It begins with a line break, because the disk may have been full in the
/// middle of the line before.
pub(super) fn append(path: &Path, entries: &[Entry]) -> io::Result<()> {
    state::append(path, &[b"\n", text(entries).as_slice()].concat())
}

/// Whether entries may be added to the record. Yes on a full disk: delivering is what makes room there.
pub(super) fn can_append(path: &Path) -> bool {
    let forbidden = |error: &io::Error| {
        matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::IsADirectory)
    };
    !state::append(path, b"").is_err_and(|error| forbidden(&error))
}

/// Disjoint ranges `from..to` in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// Those of a record.
    pub(super) fn of(record: &[Entry]) -> Self {
        let mut ranges = Self::default();
        for entry in record.iter().filter(|entry| entry.from < entry.to) {
            ranges.add(entry.from, entry.to);
        }
        ranges
    }

    pub(super) fn add(&mut self, from: u64, to: u64) {
        let (mut from, mut to) = (from, to);
        // What touches or overlaps the new range becomes part of it.
        self.0.retain(|(start, end)| {
            let apart = *end < from || to < *start;
            if !apart {
                (from, to) = (from.min(*start), to.max(*end));
            }
            apart
        });
        let place = self.0.partition_point(|(start, _)| *start < from);
        self.0.insert(place, (from, to));
    }

    pub(super) fn contains(&self, byte: u64) -> bool {
        self.0.iter().any(|(from, to)| (*from..*to).contains(&byte))
    }

    /// How many bytes are done.
    pub(super) fn length(&self) -> u64 {
        self.0.iter().map(|(from, to)| to - from).sum()
    }

    /// The ranges that do not begin at the beginning.
    pub(super) fn beyond_covered(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter().copied().filter(|(from, _)| *from > 0)
    }

    /// Up to where everything is done from the beginning.
    pub(super) fn covered(&self) -> u64 {
        self.0.first().filter(|(from, _)| *from == 0).map_or(0, |(_, to)| *to)
    }
}

/// A line without its line break was cut off by a crash.
fn parse(line: &[u8]) -> Option<Entry> {
    let text = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let mut fields = text.split(' ');
    let mut number = || fields.next()?.parse::<u64>().ok();
    let (from, to, events) = (number()?, number()?, number()?);
    let word = fields.next()?;
    let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let entry = Entry { from, to, events, word: word.to_owned() };
    (is_word && fields.next().is_none() && from <= to).then_some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(places: &[(u64, u64)]) -> Vec<Entry> {
        places.iter().map(|(from, to)| Entry::of(*from, *to, Count::Delivered)).collect()
    }

    fn ranges(path: &Path) -> Ranges {
        Ranges::of(&entries(path))
    }

    #[test]
    fn a_line_that_was_torn_does_not_spoil_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.done");
        std::fs::write(&path, "0 4 1 delivered\n8 16 1 deliv").unwrap();
        append(&path, &of(&[(8, 16)])).unwrap();
        assert_eq!(ranges(&path), Ranges(vec![(0, 4), (8, 16)]));
    }

    #[test]
    fn ranges_merge_in_any_order() {
        let mut ranges = Ranges::of(&of(&[(10, 20), (30, 40), (5, 8), (20, 30), (0, 5)]));
        assert_eq!(ranges, Ranges(vec![(0, 8), (10, 40)]));
        assert_eq!(ranges.covered(), 8);
        assert!(ranges.contains(7) && !ranges.contains(8) && ranges.contains(10) && !ranges.contains(40));
        ranges.add(8, 10);
        assert_eq!(ranges.covered(), 40);
    }

    #[test]
    fn a_stretch_reaches_over_what_follows() {
        let mut entry = Entry::of(4, 6, Count::Lost(crate::LossReason::Expired));
        assert!(entry.reach(6, 9) && !entry.reach(10, 11));
        assert_eq!(text(&[entry, Entry::without_place("requests", 3)]), b"4 9 2 expired\n0 0 3 requests\n");
    }

    #[test]
    fn the_file_survives_being_cut_at_any_byte() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.v1.done");
        append(&path, &of(&[(0, 100)])).unwrap();
        append(&path, &of(&[(100, 2345)])).unwrap();
        assert_eq!(ranges(&path).covered(), 2345);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let expected = if cut >= "\n0 100 1 delivered\n".len() { 100 } else { 0 };
            assert_eq!(ranges(&path).covered(), expected, "cut at {cut}");
        }
    }

    #[test]
    fn garbage_counts_as_not_done() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.v1.done");
        let garbage = [
            &b"\xff\xfe"[..],
            b"9 3 1 delivered",
            b"-1 5 1 delivered",
            b"0 9",
            b"0 9 1",
            b"0 9 1 ",
            b"0 9 x refused",
            b"0 9 1 Refused",
            b"0 9 1 refused again",
            b"99999999999999999999999 1 1 delivered",
            b"0 0 4 requests",
        ];
        std::fs::write(&path, [garbage.join(&b'\n').as_slice(), b"\n0 7 2 refused\n"].concat()).unwrap();
        assert_eq!(ranges(&path), Ranges(vec![(0, 7)]));
        assert_eq!(entries(&path).len(), 2, "one of them has no place");
    }
}
