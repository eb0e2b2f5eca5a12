use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use clap::Parser;
use tempfile::TempDir;

use super::*;
use crate::counters::Document;
use crate::store::rows::CounterSummary;
use crate::store::{Reader, Writer};
use crate::time::Moment;

/// A Graphite that keeps the last value of each slot, and fails when it is told to.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    away: bool,
    settles: u64,
    refuses: usize,
    sends: usize,
    values: BTreeMap<(i64, String), u64>,
}

impl Sink for Kept {
    fn send(&mut self, points: &[Point]) -> Result<usize, Failure> {
        let mut state = self.0.lock().unwrap();
        if state.away {
            return Err(Failure::new("away"));
        }
        state.sends += 1;
        for point in points {
            state.values.insert((point.slot, point.series.to_string()), point.value);
        }
        Ok(state.refuses)
    }

    fn settles_after(&self) -> Duration {
        Duration::from_secs(self.0.lock().unwrap().settles)
    }
}

impl Kept {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock().unwrap());
    }

    /// The values of the one series of `pace get`, by slot.
    fn runs(&self) -> Vec<(i64, u64)> {
        let state = self.0.lock().unwrap();
        let runs = state.values.iter().filter(|((_, series), _)| series.contains("invocations"));
        runs.map(|((slot, _), value)| (*slot, *value)).collect()
    }
}

/// Small, since each turn is a transaction that reaches the disk.
const BACKLOG: Backlog = Backlog { slots: 100, changes: 30 };

struct Scene {
    dir: TempDir,
    writer: Writer,
    kept: Kept,
    feed: Feed,
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

fn options(line: &[&str]) -> Options {
    Line::try_parse_from(["x", "--graphite", "tcp://127.0.0.1"].iter().chain(line)).unwrap().options
}

fn feed(path: &Path, kept: &Kept) -> Feed {
    let options = options(&["--graphite-without-id"]);
    let mut feed = Feed::new(Outbox::open(path).unwrap(), Box::new(kept.clone()), &options);
    feed.backlog = BACKLOG;
    feed
}

fn scene() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.db");
    let writer = Writer::open(&path).unwrap();
    let kept = Kept::default();
    let feed = feed(&path, &kept);
    Scene { dir, writer, kept, feed }
}

impl Scene {
    fn count(&mut self, runs: u64) {
        let body = format!(
            r#"{{"id":"36be4c46-4e1b-431d-b9db-1b315f537a85","metric_points":{{"pace get":{{"0":{{"cumulative_count":{runs}}}}}}}}}"#
        );
        let document = Document::read(body.as_bytes(), Moment::parse("2026-01-01T12:00:00Z").unwrap()).unwrap();
        self.writer.keep(&document).unwrap();
    }

    /// One turn of the thread at this time; whether Graphite took what there was.
    fn turn(&mut self, now: i64) -> bool {
        self.feed.record(now).unwrap();
        match self.feed.deliver(|| now, || true) {
            Ok(()) => true,
            Err(Halt::Sink(_)) => false,
            Err(halt) => panic!("{halt}"),
        }
    }

    fn restart(&mut self) {
        self.feed = feed(&self.dir.path().join("events.db"), &self.kept);
    }

    fn summary(&self) -> CounterSummary {
        Reader::open(&self.dir.path().join("events.db")).unwrap().summary().unwrap().counters
    }
}

#[test]
fn every_slot_has_the_value_that_stood_then() {
    let mut scene = scene();
    scene.count(5);
    assert!(scene.turn(600));
    scene.count(6);
    assert!(scene.turn(659), "the same slot");
    assert!(scene.turn(660));
    assert!(scene.turn(721));
    assert_eq!(scene.kept.runs(), [(600, 5), (660, 6), (720, 6)]);
    assert_eq!(scene.summary().graphite_seconds_behind, 0);
}

#[test]
fn while_graphite_is_away_nothing_is_lost_and_the_gap_is_filled() {
    let mut scene = scene();
    scene.count(5);
    assert!(scene.turn(600));
    scene.kept.change(|state| state.away = true);
    assert!(!scene.turn(660));
    scene.count(7);
    assert!(!scene.turn(720));
    assert!(!scene.turn(780));
    scene.count(9);
    assert!(!scene.turn(840));
    assert_eq!(scene.summary().graphite_seconds_behind, 240);
    // The collector ends, too, misses two slots, and is there again before Graphite is.
    scene.restart();
    assert!(!scene.turn(1020));
    scene.kept.change(|state| state.away = false);
    assert!(scene.turn(1080));
    let expected = [(600, 5), (660, 5), (720, 7), (780, 7), (840, 9), (900, 9), (960, 9), (1020, 9), (1080, 9)];
    assert_eq!(scene.kept.runs(), expected);
    assert_eq!(scene.summary().graphite_seconds_behind, 0);
    assert_eq!(scene.summary().graphite_dropped_slots, 0);
}

#[test]
fn what_was_in_doubt_when_it_failed_is_sent_once_more() {
    let mut scene = scene();
    scene.kept.change(|state| state.settles = 100);
    scene.count(5);
    for now in [600, 660, 720] {
        assert!(scene.turn(now));
    }
    // At 720 only what was sent at 600 has stood for 100 seconds.
    scene.kept.change(|state| {
        state.values.clear();
        state.away = true;
    });
    assert!(!scene.turn(780));
    scene.kept.change(|state| state.away = false);
    assert!(scene.turn(840));
    assert_eq!(scene.kept.runs(), [(660, 5), (720, 5), (780, 5), (840, 5)]);
}

#[test]
fn what_was_sent_once_more_is_in_doubt_anew() {
    let mut scene = scene();
    scene.kept.change(|state| state.settles = 100);
    scene.count(5);
    assert!(scene.turn(600));
    assert!(scene.turn(660));
    for back in [780, 900] {
        scene.kept.change(|state| {
            state.values.clear();
            state.away = true;
        });
        assert!(!scene.turn(back - 60));
        scene.kept.change(|state| state.away = false);
        assert!(scene.turn(back));
        assert_eq!(scene.kept.runs().first(), Some(&(600, 5)), "{back}");
    }
}

#[test]
fn a_gap_that_is_filled_is_in_doubt_from_when_it_was_sent() {
    let mut scene = scene();
    scene.feed.backlog.slots = limits::BACKLOG_SLOTS;
    scene.kept.change(|state| {
        state.settles = 100;
        state.away = true;
    });
    scene.count(5);
    assert!(!scene.turn(600));
    let slots = 7_000;
    let now = 600 + 60 * slots;
    assert!(!scene.turn(now));
    scene.kept.change(|state| state.away = false);
    assert!(scene.turn(now));
    // The first of several sends ended with a slot of days ago, and was sent just now.
    scene.kept.change(|state| {
        assert!(state.sends > 1);
        state.values.clear();
        state.away = true;
    });
    assert!(!scene.turn(now + 60));
    scene.kept.change(|state| state.away = false);
    assert!(scene.turn(now + 120));
    let runs = scene.kept.runs();
    assert_eq!((runs[0], i64::try_from(runs.len()).unwrap()), ((600, 5), slots + 3));
}

#[test]
fn the_oldest_slots_are_dropped_and_counted() {
    let mut scene = scene();
    scene.count(5);
    assert!(scene.turn(600));
    scene.kept.change(|state| state.away = true);
    scene.count(6);
    assert!(!scene.turn(660));
    let late = 600 + 60 * (BACKLOG.slots + 3);
    assert!(!scene.turn(late));
    assert_eq!(scene.summary().graphite_dropped_slots, 3);
    scene.kept.change(|state| state.away = false);
    assert!(scene.turn(late));
    let runs = scene.kept.runs();
    assert_eq!(&runs[..2], [(600, 5), (840, 6)]);
    assert_eq!(i64::try_from(runs.len()).unwrap(), 1 + BACKLOG.slots);
}

#[test]
fn too_many_changes_cost_the_oldest_slots() {
    let mut scene = scene();
    scene.kept.change(|state| state.away = true);
    for turn in 0..40 {
        scene.count(5 + u64::try_from(turn).unwrap());
        assert!(!scene.turn(600 + 60 * turn));
    }
    // One change in each slot, and in the first three.
    assert_eq!(scene.summary().graphite_dropped_slots, 10);
    scene.kept.change(|state| state.away = false);
    assert!(scene.turn(600 + 60 * 39));
    let runs = scene.kept.runs();
    assert_eq!((runs.len(), runs[0]), (30, (1_200, 15)));
}

#[test]
fn what_was_sent_and_is_in_doubt_is_not_counted_as_dropped() {
    let mut scene = scene();
    scene.kept.change(|state| state.settles = u64::MAX);
    scene.count(5);
    for turn in 0..BACKLOG.slots + 5 {
        assert!(scene.turn(600 + 60 * turn));
    }
    assert_eq!(scene.summary().graphite_dropped_slots, 0);
    assert_eq!(scene.summary().graphite_seconds_behind, 0);
}

#[test]
fn a_series_of_a_version_that_is_gone_ends() {
    let mut scene = scene();
    let with_version = |version: &str, runs: u64| {
        let body = format!(
            r#"{{"id":"36be4c46-4e1b-431d-b9db-1b315f537a85","cli_version":"{version}","metric_points":{{"pace get":{{"0":{{"cumulative_count":{runs}}}}}}}}}"#
        );
        Document::read(body.as_bytes(), Moment::parse("2026-01-01T12:00:00Z").unwrap()).unwrap()
    };
    scene.writer.keep(&with_version("v1", 5)).unwrap();
    assert!(scene.turn(600));
    scene.writer.keep(&with_version("v2", 6)).unwrap();
    assert!(scene.turn(660));
    assert!(scene.turn(720));
    scene.writer.keep(&with_version("v2", 7)).unwrap();
    assert!(scene.turn(780));
    let state = scene.kept.0.lock().unwrap();
    let of = |version: &str| -> Vec<_> {
        let mine = state.values.iter().filter(|((_, s), _)| s.contains("invocations") && s.contains(version));
        mine.map(|((slot, _), value)| (*slot, *value)).collect()
    };
    assert_eq!(of("=v1"), [(600, 5), (660, 0), (720, 0)]);
    assert_eq!(of("=v2"), [(660, 6), (720, 6), (780, 7)]);
}

#[test]
fn what_is_refused_for_good_is_counted_and_holds_nothing_up() {
    let mut scene = scene();
    scene.kept.change(|state| state.refuses = 2);
    scene.count(5);
    assert!(scene.turn(600));
    assert!(scene.turn(660));
    assert_eq!(scene.summary().graphite_refused_points, 4);
    assert_eq!(scene.summary().graphite_seconds_behind, 0);
}

#[test]
fn a_clock_that_went_back_a_little_is_waited_for_and_one_far_ahead_is_not() {
    let mut scene = scene();
    scene.count(5);
    assert!(scene.turn(660));
    scene.count(6);
    assert!(scene.turn(659));
    assert_eq!(scene.kept.runs(), [(660, 5)]);
    assert!(scene.turn(720));
    // A year ahead, and back.
    assert!(scene.turn(31_536_000));
    scene.kept.change(|state| state.values.clear());
    assert!(scene.turn(780));
    assert!(scene.turn(840));
    assert_eq!(scene.kept.runs(), [(780, 6), (840, 6)]);
}

#[test]
fn a_new_interval_goes_on_from_where_the_old_one_was() {
    let mut scene = scene();
    scene.feed.grid = Grid::new(1);
    scene.count(5);
    assert!(scene.turn(637));
    scene.restart();
    // 640 lies in a slot that began before anything that was sent.
    scene.count(6);
    assert!(scene.turn(640));
    assert!(scene.turn(660));
    scene.count(7);
    assert!(scene.turn(720));
    scene.restart();
    scene.feed.grid = Grid::new(30);
    assert!(scene.turn(755));
    assert_eq!(scene.kept.runs(), [(637, 5), (660, 6), (720, 7), (750, 7)]);
}

#[test]
fn a_collector_that_is_told_to_end_stops_between_two_sends() {
    let mut scene = scene();
    scene.kept.change(|state| state.away = true);
    scene.count(5);
    scene.turn(600);
    scene.feed.backlog.slots = limits::BACKLOG_SLOTS;
    scene.turn(600 + 60 * (limits::BACKLOG_SLOTS - 1));
    scene.kept.change(|state| state.away = false);
    let left = std::cell::Cell::new(1);
    scene.feed.deliver(|| 0, || left.replace(left.get() - 1) > 0).unwrap();
    assert_eq!(scene.kept.0.lock().unwrap().sends, 1);
    // The rest comes later, and what came once more is harmless.
    scene.feed.deliver(|| 0, || true).unwrap();
    assert_eq!(i64::try_from(scene.kept.runs().len()).unwrap(), limits::BACKLOG_SLOTS);
}
