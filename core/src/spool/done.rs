//! Which bytes of a segment need no more delivery: a set of ranges, kept in a file that only grows.

use crate::state;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Disjoint ranges `from..to` in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// Reads the file; what cannot be read counts as not done, so that it is delivered once more rather than never.
    pub(super) fn read(path: &Path) -> Self {
        let mut ranges = Self::default();
        let text = state::read(path).unwrap_or_default();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if let Some((from, to)) = parse(line) {
                ranges.add(from, to);
            }
        }
        ranges
    }

    /// Adds ranges to the file, by one `write(2)`. It begins with a line break, because the disk may have been full in the
    /// middle of the line before.
    pub(super) fn append(path: &Path, added: &Self) -> io::Result<()> {
        let mut text = vec![b'\n'];
        for (from, to) in &added.0 {
            writeln!(text, "{from} {to}")?;
        }
        state::append(path, &text)
    }

    /// Whether ranges may be added to the file. Yes on a full disk: delivering is what makes room there.
    pub(super) fn can_append(path: &Path) -> bool {
        let forbidden = |error: &io::Error| {
            matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::IsADirectory
            )
        };
        !state::append(path, b"").is_err_and(|error| forbidden(&error))
    }

    pub(super) fn of(from: u64, to: u64) -> Self {
        Self(vec![(from, to)])
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

    pub(super) fn merge(&mut self, other: &Self) {
        for (from, to) in &other.0 {
            self.add(*from, *to);
        }
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

/// `from to` and a line break; a line without one was cut off by a crash.
fn parse(line: &[u8]) -> Option<(u64, u64)> {
    let text = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let (from, to) = text.split_once(' ')?;
    let (from, to) = (from.parse().ok()?, to.parse().ok()?);
    (from < to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_torn_does_not_spoil_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.done");
        std::fs::write(&path, "0 4\n8 1").unwrap();
        Ranges::append(&path, &Ranges::of(8, 16)).unwrap();
        assert_eq!(Ranges::read(&path), Ranges(vec![(0, 4), (8, 16)]));
    }

    #[test]
    fn ranges_merge_in_any_order() {
        let mut ranges = Ranges::default();
        for (from, to) in [(10, 20), (30, 40), (5, 8), (20, 30), (0, 5)] {
            ranges.add(from, to);
        }
        assert_eq!(ranges, Ranges(vec![(0, 8), (10, 40)]));
        assert_eq!(ranges.covered(), 8);
        assert!(ranges.contains(7) && !ranges.contains(8) && ranges.contains(10) && !ranges.contains(40));
        ranges.add(8, 10);
        assert_eq!(ranges.covered(), 40);
    }

    #[test]
    fn the_file_survives_being_cut_at_any_byte() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.v1.done");
        let mut added = Ranges::default();
        added.add(0, 100);
        Ranges::append(&path, &added).unwrap();
        let mut more = Ranges::default();
        more.add(100, 2345);
        Ranges::append(&path, &more).unwrap();
        assert_eq!(Ranges::read(&path).covered(), 2345);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let expected = if cut >= "\n0 100\n".len() { 100 } else { 0 };
            assert_eq!(Ranges::read(&path).covered(), expected, "cut at {cut}");
        }
    }

    #[test]
    fn garbage_counts_as_not_done() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.v1.done");
        std::fs::write(&path, b"\xff\xfe\n9 3\n-1 5\nx y\n4\n0 7\n99999999999999999999999 1\n").unwrap();
        assert_eq!(Ranges::read(&path), Ranges(vec![(0, 7)]));
    }
}
