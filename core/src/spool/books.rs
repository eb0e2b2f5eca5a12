//! The books of a spool: how records of what is done become the totals of the ledger, to the event, whenever a process
//! dies.
//!
//! - What became of an event is counted by the line of a record that says so, from the moment it is written.
//! - A record whose segment is gone is entered into `ledger.json` and removed. The file names the records that it
//!   holds, so that one which a crash left behind is not entered twice. No name of a record is used again.
//! - What no segment's record says (requests, events that were never on disk) a process enters itself while it delivers,
//!   and leaves as a record without a segment at its end.

use super::done::{self, Entry};
use super::segment::{self, SegmentName};
use crate::clock::Timestamp;
use crate::ledger::Ledger;
use crate::state;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

const LEDGER: &str = "ledger.json";

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Page {
    #[serde(flatten)]
    totals: Ledger,
    /// The records that these totals hold and that may still be there.
    entered: Vec<String>,
}

impl Page {
    /// Reads the file; an unreadable one counts as new.
    fn read(dir: &Path) -> Self {
        serde_json::from_slice(&state::read(&dir.join(LEDGER)).unwrap_or_default()).unwrap_or_default()
    }

    fn enter(&mut self, record: &[Entry]) {
        for entry in record {
            self.totals.count(&entry.word, entry.events);
        }
    }
}

/// The totals as the file has them, without what lies in records: for what has to be cheap.
pub(crate) fn totals(dir: &Path) -> Ledger {
    Page::read(dir).totals
}

/// The totals, to the event.
pub(crate) fn read(dir: &Path) -> Ledger {
    // The records first: one that is entered meanwhile is then named by the file.
    let records: Vec<_> = SegmentName::list_done(dir).into_iter().map(|name| name.done_file()).collect();
    let records: Vec<_> = records.into_iter().map(|file| (done::entries(&dir.join(&file)), file)).collect();
    let mut page = Page::read(dir);
    for (record, file) in records {
        if !page.entered.contains(&file) {
            page.enter(&record);
        }
    }
    page.totals
}

/// Enters the records whose segments are gone, and news. Only for who holds the right to deliver.
pub(crate) fn enter(dir: &Path, news: &Ledger) -> io::Result<()> {
    let before = Page::read(dir);
    let segments = SegmentName::list(dir);
    let alone = SegmentName::list_done(dir).into_iter().filter(|name| segments.binary_search(name).is_err());
    let alone: Vec<_> = alone.map(|name| name.done_file()).collect();

    let mut page = Page { entered: alone.clone(), ..before.clone() };
    for file in alone.iter().filter(|file| !before.entered.contains(file)) {
        page.enter(&done::entries(&dir.join(file)));
    }
    page.totals.add(news);
    page.totals.parked_until_ms = news.parked_until_ms;
    if page != before {
        state::replace_whole(&dir.join(LEDGER), &serde_json::to_vec_pretty(&page)?)?;
    }
    for file in alone {
        let _ = state::remove_if_there(&dir.join(file));
    }
    Ok(())
}

/// Leaves news as a record without a segment, for the next who delivers.
pub(super) fn leave(dir: &Path, news: &Ledger, now: Timestamp) -> io::Result<()> {
    let name = SegmentName::new(now.unix_millis(), &segment::new_writer(std::process::id()));
    let entries: Vec<_> = news.counts().map(|(word, number)| Entry::without_place(word, number)).collect();
    state::create_whole(&dir.join(name.done_file()), &done::text(&entries))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(delivered: u64, refused: u64) -> Ledger {
        let lost = [("refused".to_owned(), refused)].into();
        Ledger { delivered, requests: 1, lost, ..Ledger::default() }
    }

    fn now() -> Timestamp {
        Timestamp::from_unix_millis_saturating(1_795_198_236_493)
    }

    fn records(dir: &Path) -> Vec<String> {
        SegmentName::list_done(dir).iter().map(SegmentName::done_file).collect()
    }

    #[test]
    fn what_was_left_is_read_at_once_and_entered_once() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        enter(dir, &news(3, 1)).unwrap();
        leave(dir, &news(4, 2), now()).unwrap();
        leave(dir, &news(5, 0), now()).unwrap();
        assert_eq!((totals(dir).delivered, read(dir).delivered, read(dir).lost["refused"]), (3, 12, 3));

        // A crash after the file was written and before the records were removed.
        let left: Vec<_> =
            records(dir).into_iter().map(|file| (std::fs::read(dir.join(&file)).unwrap(), file)).collect();
        enter(dir, &Ledger::default()).unwrap();
        assert_eq!((records(dir).len(), totals(dir).delivered), (0, 12));
        for (record, file) in &left {
            std::fs::write(dir.join(file), record).unwrap();
        }
        assert_eq!(read(dir).delivered, 12);
        enter(dir, &news(1, 0)).unwrap();
        assert_eq!((records(dir).len(), read(dir).delivered, read(dir).requests), (0, 13, 4));
    }

    #[test]
    fn a_record_whose_segment_is_there_is_read_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let name = SegmentName::new(7, "4242-9f8e7d6c");
        std::fs::write(dir.join(name.segment_file()), "{}\n{}\n").unwrap();
        std::fs::write(dir.join(name.done_file()), "0 3 1 delivered\n3 6 1 from_tomorrow\n").unwrap();
        enter(dir, &Ledger::default()).unwrap();
        assert_eq!((totals(dir).delivered, records(dir).len()), (0, 1));
        assert_eq!((read(dir).delivered, read(dir).lost["from_tomorrow"]), (1, 1));
    }

    #[test]
    fn what_cannot_be_entered_stays() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        leave(dir, &news(4, 2), now()).unwrap();
        std::fs::create_dir_all(dir.join(LEDGER).join("a directory")).unwrap();
        enter(dir, &news(1, 1)).unwrap_err();
        assert_eq!((records(dir).len(), read(dir).delivered), (1, 4));
        std::fs::remove_dir_all(dir.join(LEDGER)).unwrap();
        std::fs::write(dir.join(LEDGER), "garbage").unwrap();
        assert_eq!(read(dir).delivered, 4);
    }
}
