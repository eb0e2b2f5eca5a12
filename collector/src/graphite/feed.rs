//! The feed: records a slot when it begins, and gives Graphite all slots that it does not have.
//!
//! - Whatever fails, it goes on from the last slot that Graphite surely has, after a pause: see [`schedule`].
//! - What was sent counts as being there when the sink has kept it for [`Sink::settles_after`] without a failure. So if
//!   Carbon dies with its cache, and is there again before anybody could notice, the last minutes are sent once more.
//! - A slot that was missed because the collector was down gets the values that it knew then.
//! - [`Feed`] has no clock; [`Running`] is the thread that gives it one.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::schedule::{Grid, pause};
use super::totals::Totals;
use super::{Failure, Options, Point, Sink};
use crate::limits;
use crate::operator;
use crate::store::{self, Outbox};

/// Between the database and the sink.
pub struct Feed {
    outbox: Outbox,
    sink: Box<dyn Sink>,
    grid: Grid,
    with_id: bool,
    series_limit: usize,
    backlog: Backlog,
    /// How many documents had come when values were last added up.
    documents: Option<u64>,
    /// Where the sink is; none after a failure.
    replay: Option<Replay>,
    /// What was sent, and when, and is not sure to be there.
    in_doubt: VecDeque<Sent>,
}

/// What may wait for a Graphite that is away.
#[derive(Clone, Copy, Debug)]
struct Backlog {
    slots: i64,
    changes: u32,
}

/// Everything up to a slot, at a time.
#[derive(Clone, Copy, Debug)]
struct Sent {
    time: i64,
    slot: i64,
}

/// Why the feed could not go on.
#[derive(Debug)]
pub enum Halt {
    /// Graphite did not take it.
    Sink(Failure),
    /// The database failed.
    Store(store::Error),
}

impl Feed {
    /// Nothing is sent yet.
    pub fn new(outbox: Outbox, sink: Box<dyn Sink>, options: &Options) -> Self {
        Self {
            outbox,
            sink,
            grid: Grid::new(options.interval),
            with_id: !options.without_id,
            series_limit: options.series,
            backlog: Backlog { slots: limits::BACKLOG_SLOTS, changes: limits::BACKLOG_CHANGES },
            documents: None,
            replay: None,
            in_doubt: VecDeque::new(),
        }
    }

    /// Records the slot that has begun, unless it is recorded.
    pub fn record(&mut self, now: i64) -> Result<(), store::Error> {
        let slot = self.grid.slot(now);
        match self.outbox.reach()? {
            Some(reach) if reach.recorded > self.grid.after(slot) => {
                // A clock that went back a little is waited for; one that was far ahead would take too long.
                operator::tell("graphite: the clock went back: what waited is forgotten, and it begins anew");
                self.outbox.forget()?;
                self.go_back();
                self.documents = None;
            }
            Some(reach) if reach.recorded >= slot => return Ok(()),
            _ => {}
        }
        // Before the counters: a document that comes in between is added up again in the next slot, and changes nothing.
        let documents = self.outbox.documents()?;
        let values = if self.documents == Some(documents) {
            None
        } else {
            let mut totals = Totals::new(self.with_id);
            self.outbox.each(|runs| totals.add(runs))?;
            Some(totals.into_values())
        };
        self.outbox.record(slot, self.grid.before(slot), values.as_ref(), self.series_limit)?;
        self.documents = Some(documents);
        self.drop_oldest(slot)
    }

    /// Sends what is recorded and not sent, as long as `go_on` says so.
    pub fn deliver(&mut self, clock: impl Fn() -> i64, go_on: impl Fn() -> bool) -> Result<(), Halt> {
        let delivered = self.deliver_all(clock, go_on);
        if delivered.is_err() {
            self.go_back();
        }
        delivered
    }

    fn deliver_all(&mut self, clock: impl Fn() -> i64, go_on: impl Fn() -> bool) -> Result<(), Halt> {
        let Some(reach) = self.outbox.reach()? else { return Ok(()) };
        loop {
            let mut replay = match self.replay.take() {
                Some(replay) => replay,
                None => Replay::load(&self.outbox, reach.sent)?,
            };
            if self.grid.after(replay.at) > reach.recorded {
                self.replay = Some(replay);
                return Ok(());
            }
            for points in replay.collect(&self.outbox, self.grid, reach.recorded)?.chunks(limits::SEND_POINTS) {
                if !go_on() {
                    // Where it was is not known any more; the next one goes on from what is surely there.
                    self.in_doubt.clear();
                    return Ok(());
                }
                self.send(points)?;
            }
            self.outbox.wrote(replay.at)?;
            self.in_doubt.push_back(Sent { time: clock(), slot: replay.at });
            self.replay = Some(replay);
            self.settle(clock())?;
        }
    }

    fn send(&mut self, points: &[Point]) -> Result<(), Halt> {
        let refused = self.sink.send(points)?;
        if refused > 0 {
            operator::tell(format_args!("graphite: {refused} points were refused, and are not sent again"));
            self.outbox.refused(refused)?;
        }
        Ok(())
    }

    /// What has stood long enough is there.
    fn settle(&mut self, now: i64) -> Result<(), store::Error> {
        let doubtful = i64::try_from(self.sink.settles_after().as_secs()).unwrap_or(i64::MAX);
        let standing = self.in_doubt.iter().take_while(|sent| sent.time.saturating_add(doubtful) <= now).count();
        match self.in_doubt.drain(..standing).next_back() {
            Some(sent) => self.outbox.settle(sent.slot, 0),
            None => Ok(()),
        }
    }

    /// Lets go of the oldest slots that wait if there are too many, or too many changes in them.
    fn drop_oldest(&mut self, slot: i64) -> Result<(), store::Error> {
        let Some(reach) = self.outbox.reach()? else { return Ok(()) };
        let too_old = self.grid.back(slot, self.backlog.slots);
        let too_many = self.outbox.overflow(self.backlog.changes)?;
        let last = too_many.map_or(too_old, |slot| slot.max(too_old));
        if last <= reach.sent {
            return Ok(());
        }
        // What was sent and is in doubt is not lost by this.
        let have = self.replay.as_ref().map_or(reach.sent, |replay| replay.at);
        let dropped = usize::try_from(self.grid.between(have, last)).unwrap_or_default();
        self.outbox.settle(last, dropped)?;
        if dropped > 0 {
            self.replay = None;
        }
        self.in_doubt.retain(|sent| sent.slot > last);
        Ok(())
    }

    /// To the last slot that is surely there.
    fn go_back(&mut self) {
        self.replay = None;
        self.in_doubt.clear();
    }
}

/// The values of all series, carried from slot to slot.
struct Replay {
    at: i64,
    values: BTreeMap<i64, (Arc<str>, u64)>,
}

impl Replay {
    fn load(outbox: &Outbox, sent: i64) -> Result<Self, store::Error> {
        let mut replay = Self { at: sent, values: BTreeMap::new() };
        replay.apply(outbox.sent()?);
        Ok(replay)
    }

    /// The points of the next slots: of all up to the last, or of so many that there are [`limits::COLLECTED_POINTS`]
    /// of them.
    fn collect(&mut self, outbox: &Outbox, grid: Grid, last: i64) -> Result<Vec<Point>, store::Error> {
        let mut points = Vec::new();
        while grid.after(self.at) <= last && points.len() < limits::COLLECTED_POINTS {
            let slot = grid.after(self.at);
            self.apply(outbox.changes(self.at, slot)?);
            self.at = slot;
            points.extend(self.values.values().map(|(series, value)| Point {
                series: Arc::clone(series),
                value: *value,
                slot,
            }));
        }
        Ok(points)
    }

    fn apply(&mut self, changes: Vec<store::Change>) {
        for change in changes {
            match change.value {
                Some(value) => self.values.insert(change.series, (change.name.into(), value)),
                None => self.values.remove(&change.series),
            };
        }
    }
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Sink(failure)
    }
}

impl From<store::Error> for Halt {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for Halt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sink(failure) => write!(out, "{}", failure.why),
            Self::Store(error) => write!(out, "the database: {error}"),
        }
    }
}

/// The thread of a feed. It ends when this is dropped, after what it is sending at the moment.
pub struct Running {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts it.
    pub fn start(feed: Feed) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new().name("graphite".to_owned()).spawn(move || run(feed, &stopped))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has nothing to give back; if it panicked, that was said.
            let _ = thread.join();
        }
    }
}

fn run(mut feed: Feed, stop: &Receiver<()>) {
    let mut failures: u32 = 0;
    let mut retry = Instant::now();
    loop {
        if let Err(error) = feed.record(unix_seconds()) {
            operator::tell(format_args!("graphite: a slot could not be recorded: {error}"));
        }
        if Instant::now() >= retry {
            match feed.deliver(unix_seconds, || matches!(stop.try_recv(), Err(TryRecvError::Empty))) {
                Ok(()) => {
                    if failures > 0 {
                        operator::tell("graphite: it takes points again");
                    }
                    failures = 0;
                }
                Err(halt) => {
                    if failures == 0 {
                        operator::tell(format_args!("graphite: {halt}; points are kept until it takes them"));
                    }
                    failures = failures.saturating_add(1);
                    let asked = if let Halt::Sink(failure) = &halt { failure.after } else { None };
                    retry = Instant::now() + pause(failures, asked);
                }
            }
        }
        let next_slot = until_next_slot(feed.grid);
        let wait =
            if failures > 0 { next_slot.min(retry.saturating_duration_since(Instant::now())) } else { next_slot };
        if stop.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

fn until_next_slot(grid: Grid) -> Duration {
    let now = since_1970();
    let next = u64::try_from(grid.after(unix_seconds())).unwrap_or_default();
    Duration::from_secs(next).saturating_sub(now)
}

fn unix_seconds() -> i64 {
    i64::try_from(since_1970().as_secs()).unwrap_or(i64::MAX)
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
#[path = "feed/tests.rs"]
mod tests;
