//! What of the counts was reported as events, in `reported.json` beside the lock: for servers that take events only.
//!
//! - A report says for each command and code by how much its count has grown since the report before. It is written down,
//!   with its period, at the moment in which the counts become the base of the next one, and is made with the lock held. So
//!   it is made once. One that was not finished is made again with the next: of the same events, whose UUIDs follow from
//!   ID, command, code and period.
//! - A count that is smaller than its base is that of a file that began anew, and has grown by all it is.

use super::document::{Document, Points};
use super::file::{Counters, Fresh, Held};
use super::place::Place;
use crate::clock::Timestamp;
use crate::event;
use crate::state;
use serde::{Deserialize, Serialize};
use std::io;
use std::time::Duration;
use uuid::Uuid;

/// The file.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Page {
    /// The ID of the file that was reported.
    id: String,
    /// The counts up to which everything is in a report.
    base: Points,
    /// The number of the last report.
    period: u64,
    /// The report that is not finished.
    open: Option<Report>,
}

/// By how much counts have grown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Report {
    /// Its number.
    period: u64,
    /// When it was made, in Unix seconds.
    at: u64,
    id: String,
    grown: Points,
}

/// One event of a report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Growth<'a> {
    pub uuid: Uuid,
    pub path: &'a str,
    pub code: i32,
    pub count: u64,
    /// When the report was made.
    pub at: Timestamp,
}

impl Page {
    fn read(place: &Place) -> Self {
        serde_json::from_slice(&state::read(&place.reported()).unwrap_or_default()).unwrap_or_default()
    }

    /// Opens the report of what has grown, unless one is open. Pure.
    fn open(&mut self, document: &Document, now: u64) {
        if self.open.is_some() {
            return;
        }
        // No number twice, or two reports would have the same events: in one second, or after a clock that was set back.
        self.period = now.max(self.period.saturating_add(1));
        let base = if self.id == document.id { std::mem::take(&mut self.base) } else { Points::new() };
        let mut report = Report { period: self.period, at: now, id: document.id.clone(), grown: Points::new() };
        for (path, codes) in &document.points {
            for (code, count) in codes {
                let before = base.get(path).and_then(|codes| codes.get(code)).copied().unwrap_or(0);
                let grown = if *count < before { *count } else { *count - before };
                if grown > 0 {
                    report.grown.entry(path.clone()).or_default().insert(*code, grown);
                }
            }
        }
        (self.id, self.base) = (document.id.clone(), document.points.clone());
        self.open = Some(report).filter(|report| !report.grown.is_empty());
    }

    /// Makes the events of the open report, and keeps those that cannot be stored. True: there was one.
    fn finish(&mut self, make: &dyn Fn(&Growth<'_>) -> bool) -> bool {
        let Some(mut report) = self.open.take() else { return false };
        let (id, period) = (report.id.clone(), report.period);
        let at = Timestamp::from_unix_millis_saturating(report.at.saturating_mul(1_000));
        let mut able = true;
        for (path, codes) in &mut report.grown {
            codes.retain(|code, count| {
                let uuid = event::name_based(format!("{id}\n{path}\n{code}\n{period}").as_bytes());
                able = able && make(&Growth { uuid, path, code: *code, count: *count, at });
                !able
            });
        }
        report.grown.retain(|_, codes| !codes.is_empty());
        self.open = Some(report).filter(|report| !report.grown.is_empty());
        true
    }
}

impl Counters {
    /// Makes the report that is due, if one is. `make` stores an event; false if it cannot, and the rest is made with the
    /// next report.
    pub(crate) fn report(
        &self,
        now: Timestamp,
        interval: Duration,
        fresh: &Fresh<'_>,
        allowed: &dyn Fn() -> bool,
        make: &dyn Fn(&Growth<'_>) -> bool,
    ) -> io::Result<()> {
        let place = self.place();
        // Who has the lock now looks himself whether it is time.
        let Some(held) = Held::take(&place)? else { return Ok(()) };
        let seconds = now.unix_millis() / 1_000;
        let reported = if allowed() { held.report(seconds, interval, fresh, make) } else { Ok(()) };
        drop(held);
        self.look_behind(&place, fresh, allowed);
        reported
    }
}

impl Held<'_> {
    fn report(
        &self,
        now: u64,
        interval: Duration,
        fresh: &Fresh<'_>,
        make: &dyn Fn(&Growth<'_>) -> bool,
    ) -> io::Result<()> {
        let Some(document) = self.claim(now, interval, fresh)? else { return Ok(()) };
        let mut page = Page::read(self.place);
        page.finish(make);
        page.open(&document, now);
        self.write(&page)?;
        if page.finish(make) { self.write(&page) } else { Ok(()) }
    }

    fn write(&self, page: &Page) -> io::Result<()> {
        self.place.put(&self.place.reported(), &serde_json::to_vec(page)?, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(points: &[(&str, i32, u64)]) -> Document {
        let mut document = Document { id: "i".into(), ..Document::default() };
        for (path, code, count) in points {
            document.take_over(path, *code, *count);
        }
        document
    }

    /// What a report says, of which `able` events can be stored.
    fn made(page: &mut Page, able: usize) -> Vec<(String, i32, u64, Uuid)> {
        let made = std::cell::RefCell::new(Vec::new());
        page.finish(&|growth| {
            let can = made.borrow().len() < able;
            if can {
                made.borrow_mut().push((growth.path.to_owned(), growth.code, growth.count, growth.uuid));
            }
            can
        });
        made.into_inner()
    }

    fn growths(page: &mut Page) -> Vec<(String, i32, u64)> {
        made(page, usize::MAX).into_iter().map(|(path, code, count, _)| (path, code, count)).collect()
    }

    #[test]
    fn a_report_says_by_how_much_each_count_has_grown() {
        let mut page = Page::default();
        page.open(&document(&[("a", 0, 2), ("a", 1, 1), ("b", 0, 5)]), 10);
        assert_eq!(growths(&mut page), [("a".into(), 0, 2), ("a".into(), 1, 1), ("b".into(), 0, 5)]);
        assert_eq!(page.open, None);
        page.open(&document(&[("a", 0, 2), ("a", 1, 4), ("b", 0, 5), ("c", -1, 1)]), 20);
        assert_eq!(growths(&mut page), [("a".into(), 1, 3), ("c".into(), -1, 1)]);
        page.open(&document(&[("a", 0, 1), ("a", 1, 4), ("c", -1, 1)]), 30);
        assert_eq!(growths(&mut page), [("a".into(), 0, 1)], "a file that began anew");
        let another = Document { id: "j".into(), ..document(&[("a", 0, 1)]) };
        page.open(&another, 40);
        assert_eq!(growths(&mut page), [("a".into(), 0, 1)]);
        page.open(&another, 50);
        assert_eq!(page.open, None, "nothing has grown");
    }

    #[test]
    fn what_could_not_be_stored_is_said_later_by_the_same_events() {
        let counts = document(&[("a", 0, 2), ("a", 1, 1), ("b", 0, 5)]);
        let (mut whole, mut page) = (Page::default(), Page::default());
        whole.open(&counts, 10);
        page.open(&counts, 10);
        let mut parts = made(&mut page, 1);
        assert!(page.open.is_some());
        let kept = serde_json::to_vec(&page).unwrap();
        let mut page: Page = serde_json::from_slice(&kept).unwrap();
        // The next is not opened before this one is finished, and takes nothing from it.
        page.open(&document(&[("a", 0, 9)]), 20);
        parts.extend(made(&mut page, usize::MAX));
        assert_eq!(parts, made(&mut whole, usize::MAX));
        page.open(&document(&[("a", 0, 9)]), 30);
        assert_eq!(growths(&mut page), [("a".into(), 0, 7)]);
    }

    #[test]
    fn each_event_has_a_uuid_of_its_own_in_each_period() {
        let mut uuids = Vec::new();
        let mut page = Page::default();
        for (count, second) in [(1, 10), (2, 10), (3, 5)] {
            page.open(&document(&[("a", 0, count), ("a", 1, count), ("b", 0, count)]), second);
            uuids.extend(made(&mut page, usize::MAX).into_iter().map(|(.., uuid)| uuid));
        }
        uuids.sort();
        uuids.dedup();
        assert_eq!(uuids.len(), 9, "also within a second, and after a clock that was set back");
    }
}
