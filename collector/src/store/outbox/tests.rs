use tempfile::TempDir;

use super::*;
use crate::store::Writer;

fn outbox() -> (TempDir, Outbox) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.db");
    drop(Writer::open(&path).unwrap());
    let outbox = Outbox::open(&path).unwrap();
    (dir, outbox)
}

fn values(all: &[(&str, u64)]) -> Values {
    all.iter().map(|(series, value)| ((*series).to_owned(), *value)).collect()
}

fn named(changes: Vec<Change>) -> Vec<(String, Option<u64>)> {
    changes.into_iter().map(|change| (change.name, change.value)).collect()
}

fn sent(outbox: &Outbox) -> Vec<(String, Option<u64>)> {
    named(outbox.sent().unwrap())
}

fn change(series: &str, value: Option<u64>) -> (String, Option<u64>) {
    (series.to_owned(), value)
}

#[test]
fn only_what_changes_is_kept_and_in_its_slot() {
    let (_dir, mut outbox) = outbox();
    assert_eq!(outbox.reach().unwrap(), None);
    outbox.record(60, 0, Some(&values(&[("a", 1), ("b", 2)])), 10).unwrap();
    assert_eq!(outbox.reach().unwrap(), Some(Reach { sent: 0, recorded: 60 }));
    outbox.record(120, 60, None, 10).unwrap();
    outbox.record(180, 120, Some(&values(&[("a", 1), ("c", 3)])), 10).unwrap();
    assert_eq!(outbox.reach().unwrap(), Some(Reach { sent: 0, recorded: 180 }));
    assert_eq!(named(outbox.changes(0, 60).unwrap()), [change("a", Some(1)), change("b", Some(2))]);
    assert_eq!(named(outbox.changes(60, 120).unwrap()), []);
    assert_eq!(named(outbox.changes(120, 180).unwrap()), [change("b", Some(0)), change("c", Some(3))]);
    assert_eq!(sent(&outbox), []);
}

#[test]
fn what_is_settled_becomes_what_was_sent() {
    let (_dir, mut outbox) = outbox();
    outbox.record(60, 0, Some(&values(&[("a", 1), ("b", 2), ("d", 4)])), 10).unwrap();
    outbox.record(120, 60, Some(&values(&[("a", 5), ("d", 4)])), 10).unwrap();
    outbox.record(180, 120, Some(&values(&[("a", 9), ("b", 1)])), 10).unwrap();
    outbox.settle(120, 0).unwrap();
    assert_eq!(outbox.reach().unwrap(), Some(Reach { sent: 120, recorded: 180 }));
    assert_eq!(sent(&outbox), [change("a", Some(5)), change("b", Some(0)), change("d", Some(4))]);
    assert_eq!(
        named(outbox.changes(0, 180).unwrap()),
        [change("a", Some(9)), change("b", Some(1)), change("d", Some(0))]
    );
    outbox.settle(180, 0).unwrap();
    assert_eq!(sent(&outbox), [change("a", Some(9)), change("b", Some(1)), change("d", Some(0))]);
    assert_eq!(named(outbox.changes(0, 180).unwrap()), []);
    // After its 0 a series has no value, and nothing is kept of what did not change.
    outbox.record(240, 180, Some(&values(&[("a", 9), ("b", 1)])), 10).unwrap();
    assert_eq!(named(outbox.changes(0, 240).unwrap()), [change("d", None)]);
    outbox.record(300, 240, Some(&values(&[("a", 9), ("b", 1)])), 10).unwrap();
    outbox.settle(300, 0).unwrap();
    assert_eq!(sent(&outbox), [change("a", Some(9)), change("b", Some(1))]);
}

#[test]
fn a_series_that_ends_and_comes_back_before_anything_is_settled_is_there() {
    let (_dir, mut outbox) = outbox();
    for (slot, all) in [(60, &[("a", 1)][..]), (120, &[]), (180, &[]), (240, &[("a", 1)]), (300, &[]), (360, &[])] {
        outbox.record(slot, slot - 60, Some(&values(all)), 10).unwrap();
    }
    let changes = [Some(1), Some(0), None, Some(1), Some(0), None].map(|value| change("a", value));
    assert_eq!(named(outbox.changes(0, 360).unwrap()), changes);
    outbox.settle(240, 0).unwrap();
    assert_eq!(sent(&outbox), [change("a", Some(1))]);
    outbox.settle(360, 0).unwrap();
    assert_eq!(sent(&outbox), []);
}

#[test]
fn a_series_too_many_is_left_out_and_counted_and_the_others_go_on() {
    let (_dir, mut outbox) = outbox();
    outbox.record(60, 0, Some(&values(&[("b", 1), ("c", 2)])), 2).unwrap();
    outbox.record(120, 60, Some(&values(&[("a", 7), ("b", 3), ("c", 4), ("d", 9)])), 2).unwrap();
    assert_eq!(named(outbox.changes(60, 120).unwrap()), [change("b", Some(3)), change("c", Some(4))]);
    let summary = counters::summary(&outbox.connection).unwrap();
    assert_eq!((summary.graphite_series, summary.graphite_series_over_limit), (2, 2));
    // A series that has ended keeps its place: Graphite keeps its file.
    outbox.record(180, 120, Some(&values(&[("a", 7)])), 2).unwrap();
    let summary = counters::summary(&outbox.connection).unwrap();
    assert_eq!((summary.graphite_series, summary.graphite_series_over_limit), (2, 1));
}

#[test]
fn too_many_changes_name_the_last_slot_that_must_go() {
    let (_dir, mut outbox) = outbox();
    for slot in 1..=5 {
        let value = u64::try_from(slot).unwrap();
        outbox.record(slot, slot - 1, Some(&values(&[("a", value), ("b", value)])), 10).unwrap();
    }
    assert_eq!(outbox.overflow(10).unwrap(), None);
    assert_eq!(outbox.overflow(9).unwrap(), Some(1));
    assert_eq!(outbox.overflow(4).unwrap(), Some(3));
    outbox.settle(3, 3).unwrap();
    assert_eq!(outbox.overflow(4).unwrap(), None);
    assert_eq!(counters::summary(&outbox.connection).unwrap().graphite_dropped_slots, 3);
}

#[test]
fn what_is_forgotten_begins_anew_with_all_values() {
    let (_dir, mut outbox) = outbox();
    outbox.record(60, 0, Some(&values(&[("a", 1)])), 10).unwrap();
    outbox.settle(60, 0).unwrap();
    outbox.forget().unwrap();
    assert_eq!(outbox.reach().unwrap(), None);
    outbox.record(30, 0, Some(&values(&[("a", 1)])), 10).unwrap();
    assert_eq!(named(outbox.changes(0, 30).unwrap()), [change("a", Some(1))]);
    assert_eq!(counters::summary(&outbox.connection).unwrap().graphite_series, 1);
}
