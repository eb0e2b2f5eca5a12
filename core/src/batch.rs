//! Batches: which lines go into one request. Pure.

use crate::event::line_uuid;

/// The most events of one request: PostHog's own libraries stop at 100.
pub(crate) const MAX_BATCH_EVENTS: usize = 100;

/// Where a line lies: in which segment, from which byte up to and with its line break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub segment: usize,
    pub from: u64,
    pub to: u64,
}

/// Lines joined by commas, no two of the same UUID, ready to go into a request, and where each came from.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    body: Vec<u8>,
    /// The place of each line and where it ends in `body`.
    lines: Vec<(Place, usize)>,
}

impl Batch {
    /// Adds a line unless the batch is full; a first line always fits. Says whether it was added.
    pub(crate) fn add(&mut self, place: Place, line: &[u8], max_bytes: usize) -> bool {
        let comma = usize::from(!self.lines.is_empty());
        let full = self.lines.len() >= MAX_BATCH_EVENTS || self.body.len() + comma + line.len() > max_bytes;
        let known = line_uuid(line).is_some_and(|uuid| self.uuids().any(|other| other == Some(uuid)));
        if (full || known) && !self.lines.is_empty() {
            return false;
        }
        if comma == 1 {
            self.body.push(b',');
        }
        self.body.extend_from_slice(line);
        self.lines.push((place, self.body.len()));
        true
    }

    pub(crate) fn events(&self) -> usize {
        self.lines.len()
    }

    /// The lines, joined by commas.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = Place> + '_ {
        self.lines.iter().map(|(place, _)| *place)
    }

    /// Each line by itself.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.lines.iter().map(|(_, end)| end + 1));
        starts.zip(&self.lines).filter_map(|(start, (_, end))| self.body.get(start..*end))
    }

    /// The UUID of each line.
    pub(crate) fn uuids(&self) -> impl Iterator<Item = Option<&str>> {
        self.lines().map(line_uuid)
    }

    /// A batch of those lines, by their number, that `wanted` picks.
    pub(crate) fn pick(&self, mut wanted: impl FnMut(usize) -> bool) -> Self {
        let mut picked = Self::default();
        for (index, (place, line)) in self.places().zip(self.lines()).enumerate() {
            if wanted(index) {
                picked.add(place, line, usize::MAX);
            }
        }
        picked
    }

    /// Two batches of half as many events each, the order kept.
    pub(crate) fn halves(&self) -> (Self, Self) {
        let half = self.lines.len() / 2;
        (self.pick(|index| index < half), self.pick(|index| index >= half))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(from: u64) -> Place {
        Place { segment: 0, from, to: from + 1 }
    }

    #[test]
    fn a_batch_ends_before_either_limit_is_passed() {
        let mut batch = Batch::default();
        assert!(batch.add(place(0), b"12345", 3), "a first line always fits");
        assert!(!batch.add(place(1), b"x", 5), "the comma counts");
        assert!(batch.add(place(1), b"x", 7));
        assert_eq!(batch.body(), b"12345,x");
        let mut batch = Batch::default();
        let added = (0..200).take_while(|n| batch.add(place(*n), b"{}", usize::MAX)).count();
        assert_eq!((added, batch.events()), (MAX_BATCH_EVENTS, MAX_BATCH_EVENTS));
    }

    #[test]
    fn no_uuid_is_twice_in_a_batch() {
        let line = |n: u8| format!("{{\"uuid\":\"019aa25a-3dcd-7000-8000-00000000000{n}\",\"event\":\"e\"}}");
        let mut batch = Batch::default();
        assert!(batch.add(place(0), line(1).as_bytes(), 9_999) && batch.add(place(1), line(2).as_bytes(), 9_999));
        assert!(!batch.add(place(2), line(1).as_bytes(), 9_999));
        assert_eq!(batch.uuids().flatten().count(), 2);
    }

    #[test]
    fn halves_keep_order_and_lose_nothing() {
        for count in 2..8_u64 {
            let mut batch = Batch::default();
            for n in 0..count {
                batch.add(place(n), format!("{{\"n\":{n}}}").as_bytes(), usize::MAX);
            }
            let (first, second) = batch.halves();
            assert!(first.events() > 0 && second.events() > 0);
            let places: Vec<_> = first.places().chain(second.places()).collect();
            assert_eq!(places, batch.places().collect::<Vec<_>>());
            assert_eq!([first.body(), second.body()].join(&b','), batch.body());
        }
    }
}
