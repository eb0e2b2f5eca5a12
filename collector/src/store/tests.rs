use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::batch::Batch;
use crate::counters::Document;
use crate::keys::Keys;
use crate::limits;
use crate::posthog;
use crate::time::Moment;

fn scratch() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.db");
    (dir, path)
}

/// One event a number; the number is its UUID's end and its minute.
fn batch(numbers: &[u32]) -> Batch {
    let events: Vec<String> = numbers
        .iter()
        .map(|n| {
            format!(
                r#"{{"uuid":"01890a5d-ac96-774b-bcce-{n:012}","event":"e{}","distinct_id":"d{}","timestamp":"2026-01-01T10:{n:02}:00Z","properties":{{"n":{n},"$app_name":"tool"}}}}"#,
                n % 2,
                n % 3
            )
        })
        .collect();
    let body = format!(r#"{{"api_key":"key","batch":[{}]}}"#, events.join(","));
    let noon = Moment::parse("2026-01-01T12:00:00Z").unwrap();
    posthog::read(body.as_bytes(), &Keys::Any, noon).unwrap()
}

fn error_of<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => panic!("opened"),
        Err(error) => error.to_string(),
    }
}

fn numbers(path: &Path, limit: u32, name: Option<&str>) -> Vec<String> {
    let events = Reader::open(path).unwrap().latest(limit, name).unwrap();
    events.iter().map(|event| event.properties.get()[5..6].to_owned()).collect()
}

#[test]
fn an_event_is_stored_once_and_its_return_is_counted() {
    let (_dir, path) = scratch();
    let mut writer = Writer::open(&path).unwrap();
    assert_eq!(writer.insert(&batch(&[1, 2])).unwrap(), Stored { new: 2, duplicates: 0 });
    assert_eq!(writer.insert(&batch(&[2, 3, 3])).unwrap(), Stored { new: 1, duplicates: 2 });
    assert_eq!(writer.events(), 3);
    drop(writer);
    // Both numbers are in the file, not only in memory.
    assert_eq!(Writer::open(&path).unwrap().events(), 3);
    assert_eq!(Reader::open(&path).unwrap().summary().unwrap().duplicates, 2);
}

#[test]
fn the_latest_are_in_the_order_of_arrival() {
    let (_dir, path) = scratch();
    let mut writer = Writer::open(&path).unwrap();
    writer.insert(&batch(&[4, 1])).unwrap();
    writer.insert(&batch(&[3, 2])).unwrap();
    assert_eq!(numbers(&path, 10, None), ["4", "1", "3", "2"]);
    assert_eq!(numbers(&path, 3, None), ["1", "3", "2"]);
    assert_eq!(numbers(&path, 1, Some("e1")), ["3"]);
    assert_eq!(numbers(&path, 10, Some("e2")), [""; 0]);
}

#[test]
fn a_summary_counts_by_name_and_by_app() {
    let (_dir, path) = scratch();
    Writer::open(&path).unwrap().insert(&batch(&[1, 2, 3, 7])).unwrap();
    let summary = Reader::open(&path).unwrap().summary().unwrap();
    assert_eq!((summary.events, summary.clients, summary.duplicates), (4, 3, 0));
    assert_eq!(summary.first.as_deref(), Some("2026-01-01T10:01:00.000Z"));
    assert_eq!(summary.last.as_deref(), Some("2026-01-01T10:07:00.000Z"));
    let by_event: Vec<_> = summary.by_event.iter().map(|row| (row.event.as_str(), row.count, row.clients)).collect();
    assert_eq!(by_event, [("e1", 3, 2), ("e0", 1, 1)]);
    assert_eq!(summary.by_app.len(), 1);
    assert_eq!((summary.by_app[0].app.as_deref(), summary.by_app[0].version.as_deref()), (Some("tool"), None));
}

/// The promise rests on these two settings, and nothing else in the tests can cut the power.
#[test]
fn commits_are_synchronous_in_a_write_ahead_log() {
    let (_dir, path) = scratch();
    let writer = Writer::open(&path).unwrap();
    let setting =
        |name| writer.connection().pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
    assert_eq!(setting("journal_mode"), Ok("wal".to_owned().into()));
    const FULL: i64 = 2;
    assert_eq!(setting("synchronous"), Ok(FULL.into()));
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let (_dir, path) = scratch();
    drop(Writer::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", SCHEMA_VERSION + 1).unwrap();
    drop(connection);
    let before = fs::read(&path).unwrap();
    for error in [error_of(Writer::open(&path)), error_of(Reader::open(&path))] {
        assert_eq!(error, "written by a newer overt-collector: its schema is 3, this program knows up to 2");
    }
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn an_older_schema_is_brought_up_to_date_with_what_it_holds() {
    let (_dir, path) = scratch();
    let old = Connection::open(&path).unwrap();
    old.execute_batch(EVENTS).unwrap();
    old.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    old.execute_batch("UPDATE tallies SET count = 7").unwrap();
    drop(old);
    let error = error_of(Reader::open(&path));
    assert_eq!(error, "written by an older overt-collector: `serve` of this one brings it up to date");
    for number in [1, 2] {
        Writer::open(&path).unwrap().insert(&batch(&[number])).unwrap();
    }
    let summary = Reader::open(&path).unwrap().summary().unwrap();
    assert_eq!((summary.events, summary.duplicates, summary.counters.documents), (2, 7, 0));
}

fn document(id: u32, version: &str, runs: u64) -> Document {
    let body = format!(
        r#"{{"id":"01890a5d-ac96-774b-bcce-{id:012}","cli_version":"{version}","metric_points":{{"pace get":{{"0":{{"cumulative_count":{runs}}}}},"pace put":{{"1":{{"cumulative_count":1}}}}}}}}"#
    );
    Document::read(body.as_bytes(), Moment::parse("2026-01-01T12:00:00Z").unwrap()).unwrap()
}

#[test]
fn the_latest_of_an_installation_stands_and_a_late_one_changes_nothing() {
    let (_dir, path) = scratch();
    let mut writer = Writer::open(&path).unwrap();
    assert_eq!(writer.keep(&document(1, "v1", 5)).unwrap(), Kept::Merged { new: 3 });
    assert_eq!(writer.keep(&document(2, "v1", 1)).unwrap(), Kept::Merged { new: 3 });
    assert_eq!(writer.keep(&document(1, "v2", 8)).unwrap(), Kept::Merged { new: 0 });
    assert_eq!(writer.keep(&document(1, "v1", 6)).unwrap(), Kept::Merged { new: 0 });
    drop(writer);
    let mut reader = Reader::open(&path).unwrap();
    let installations = reader.installations().unwrap();
    assert_eq!(installations.len(), 2);
    assert_eq!(installations[0].cli_version, "v2");
    assert_eq!(installations[0].metric_points["pace get"][&0].cumulative_count, 8);
    let rows = reader.by_command().unwrap();
    let rows: Vec<_> =
        rows.iter().map(|row| (row.command.as_str(), row.exit_code, row.count, row.installations)).collect();
    assert_eq!(rows, [("pace get", 0, 9, 2), ("pace put", 1, 2, 2)]);
    let summary = reader.summary().unwrap().counters;
    assert_eq!((summary.installations, summary.counters, summary.documents, summary.late_documents), (2, 4, 4, 1));
}

#[test]
fn a_document_without_room_is_not_stored_at_all() {
    let (_dir, path) = scratch();
    let writer = Writer::open(&path).unwrap();
    let keep = |document: &Document, room| counters::keep(writer.connection(), document, room).unwrap();
    assert_eq!(keep(&document(1, "v1", 5), 2), Kept::Full);
    assert_eq!(keep(&document(1, "v1", 5), 3), Kept::Merged { new: 3 });
    // What makes no new row needs no room.
    assert_eq!(keep(&document(1, "v1", 6), 0), Kept::Merged { new: 0 });
    assert_eq!(keep(&document(2, "v1", 6), 0), Kept::Full);
    let summary = Reader::open(&path).unwrap().summary().unwrap().counters;
    assert_eq!((summary.installations, summary.refused_documents, summary.documents), (1, 2, 2));
}

#[test]
fn sums_that_no_integer_holds_end_at_the_largest_count() {
    let (_dir, path) = scratch();
    let mut writer = Writer::open(&path).unwrap();
    for id in 1..4 {
        writer.keep(&document(id, "v1", u64::MAX / 2)).unwrap();
    }
    assert_eq!(Reader::open(&path).unwrap().by_command().unwrap()[0].count, limits::COUNT);
}

#[test]
fn a_file_of_somebody_elses_is_refused_and_left_alone() {
    let (_dir, path) = scratch();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = fs::read(&path).unwrap();
    for error in [error_of(Writer::open(&path)), error_of(Reader::open(&path))] {
        assert_eq!(error, "not a database of overt-collector");
    }
    assert_eq!(fs::read(&path).unwrap(), before);

    fs::write(&path, "some notes, long enough to be taken for a page of a database".repeat(20)).unwrap();
    assert_eq!(error_of(Writer::open(&path)), "file is not a database");
}

#[test]
fn a_reader_cannot_write() {
    let (_dir, path) = scratch();
    drop(Writer::open(&path).unwrap());
    let reader = Reader::open(&path).unwrap();
    let error = reader.connection().execute_batch("DELETE FROM events").unwrap_err();
    assert_eq!(error.to_string(), "attempt to write a readonly database");
}

#[test]
fn a_reader_makes_no_file() {
    let (_dir, path) = scratch();
    assert_eq!(error_of(Reader::open(&path)), "no such file");
    assert!(!path.exists());
}
