//! What deliveries are played on in tests: a server that follows a script, a clock that stands still until somebody
//! pauses, and a source that remembers what was acknowledged.

use super::{Delivery, Pass};
use crate::batch::{Batch, Place};
use crate::clock::{Clock, Timestamp};
use crate::ledger::Count;
use crate::spool::Source;
use crate::stats::Counts;
use crate::trace::Trace;
use crate::transport::{InFlight, NoAnswer, Request, Response, Transport};
use crate::wire::{Ack, Compression, Destination, Wire};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(super) const A: &str = r#"{"uuid":"aaaaaaaa-0000-4000-8000-000000000000","n":1}"#;
pub(super) const B: &str = r#"{"uuid":"bbbbbbbb-0000-4000-8000-000000000000","n":2}"#;
pub(super) const C: &str = r#"{"uuid":"cccccccc-0000-4000-8000-000000000000","n":3}"#;

/// The same event, so large that a server might not want it.
pub(super) fn enlarged(line: &str) -> &'static str {
    line.replace("\"n\"", &format!("\"padding\":\"{}\",\"n\"", "x".repeat(70_000))).leak()
}

/// When a scene begins.
pub(super) const START: &str = "2026-11-20T18:00:00Z";

/// What the server does.
#[derive(Clone, Debug)]
pub(super) enum Play {
    Says(Response),
    /// Takes no connection.
    Refuse,
    /// Takes the request, and ends the connection.
    HangUp,
}

pub(super) fn status(status: u16) -> Play {
    Play::Says(Response { status, ..Response::default() })
}

/// A 200 of version 1.
pub(super) fn results(body: &str) -> Play {
    Play::Says(Response { status: 200, body: body.into(), ..Response::default() })
}

/// A pass that is to be played.
#[derive(Clone, Debug)]
pub(super) struct Scene<'a> {
    pub wire: Wire,
    /// In turn, the last one for ever.
    pub server: &'a [Play],
    pub waiting: &'a [&'static str],
    pub max_retries: u32,
    pub jitter: f64,
    pub ack: Ack,
    pub side_by_side: usize,
    /// In which pause, counted from 1, the client is closed.
    pub close_in: Option<usize>,
    /// In which pause consent is withdrawn; 0: before the first request.
    pub withdraw_in: Option<usize>,
    /// After how many requests consent is withdrawn.
    pub withdraw_after: Option<usize>,
}

/// What came of it.
pub(super) struct Ran {
    pub pass: Pass,
    pub requests: Vec<Request>,
    pub bodies: Vec<String>,
    pub lengths: Vec<Duration>,
    pub acknowledged: Vec<u64>,
    /// The lines that were delivered.
    pub delivered: Vec<String>,
    pub counts: Counts,
    /// What happened in which order: requests are begun and answered by their number, events acknowledged by theirs.
    pub story: Vec<String>,
}

impl Ran {
    /// The pauses in whole milliseconds.
    pub(super) fn pauses(&self) -> Vec<u128> {
        self.lengths.iter().map(Duration::as_millis).collect()
    }

    /// A header of each request.
    pub(super) fn headers(&self, name: &str) -> Vec<String> {
        let of_one = |request: &Request| {
            let found = request.headers.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap()
        };
        self.requests.iter().map(of_one).collect()
    }
}

impl<'a> Scene<'a> {
    pub(super) fn new(wire: Wire, server: &'a [Play], waiting: &'a [&'static str]) -> Self {
        let (ack, side_by_side) = (Ack::Status, 1);
        let (close_in, withdraw_in, withdraw_after) = (None, None, None);
        Self {
            wire,
            server,
            waiting,
            max_retries: 3,
            jitter: 0.0,
            ack,
            side_by_side,
            close_in,
            withdraw_in,
            withdraw_after,
        }
    }

    /// Each event a request, and several of them side by side.
    pub(super) fn one_by_one(ack: Ack, server: &'a [Play], waiting: &'a [&'static str]) -> Self {
        Self { ack, side_by_side: 3, ..Self::new(Wire::AwsSam, server, waiting) }
    }

    pub(super) fn run(&self) -> Ran {
        let to = Destination {
            wire: self.wire,
            endpoint: "https://h".into(),
            api_key: "k".into(),
            compression: Compression::None,
            historical_migration: false,
            extra_headers: Vec::new(),
            ack: self.ack,
        };
        let clock = Virtual(Mutex::new(Timestamp::parse(START).unwrap()));
        let story = Mutex::new(Vec::new());
        let script = Script { server: self.server, requests: Mutex::default(), story: &story };
        let counts = Counts::default();
        let ids = AtomicU64::new(1);
        let (lengths, delivered) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
        let pauses = || lengths.lock().unwrap().len();
        let mut source = Lines { waiting: self.waiting, given: 0, acknowledged: Vec::new(), story: &story };
        let requests = || script.requests.lock().unwrap().len();
        let pass = Delivery {
            to: &to,
            transport: &script,
            clock: &clock,
            counts: &counts,
            trace: Trace::new(false),
            max_bytes: if self.side_by_side > 1 { 0 } else { 1_000_000 },
            max_retries: self.max_retries,
            side_by_side: self.side_by_side,
            response_wait: RESPONSE_WAIT,
            pause: &|length| {
                clock.pass(length);
                lengths.lock().unwrap().push(length);
                tell(&story, "pause", lengths.lock().unwrap().len());
                self.close_in != Some(pauses())
            },
            allowed: &|| {
                self.withdraw_in.is_none_or(|pause| pauses() < pause)
                    && self.withdraw_after.is_none_or(|after| requests() < after)
            },
            delivered: &|lines| {
                let lines = lines.map(|line| String::from_utf8(line.to_vec()).unwrap());
                delivered.lock().unwrap().extend(lines);
            },
            jitter: &|| self.jitter,
            new_id: &|| uuid::Uuid::from_u128(ids.fetch_add(1, Ordering::Relaxed).into()),
        }
        .run(&mut source);
        let requests = script.requests.into_inner().unwrap();
        let bodies = requests.iter().map(|request| String::from_utf8(request.body.clone()).unwrap()).collect();
        let lengths = lengths.into_inner().unwrap();
        let (acknowledged, delivered) = (source.acknowledged, delivered.into_inner().unwrap());
        Ran { pass, requests, bodies, lengths, acknowledged, delivered, counts, story: story.into_inner().unwrap() }
    }
}

struct Virtual(Mutex<Timestamp>);

impl Virtual {
    fn pass(&self, length: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.after(length);
    }
}

impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

type Story = Mutex<Vec<String>>;

fn tell(story: &Story, what: &str, number: usize) {
    story.lock().unwrap().push(format!("{what} {number}"));
}

/// How long an answer is awaited on which nothing depends.
const RESPONSE_WAIT: Duration = Duration::from_millis(100);

/// Keeps the requests.
struct Script<'a> {
    server: &'a [Play],
    requests: Mutex<Vec<Request>>,
    story: &'a Story,
}

impl Transport for Script<'_> {
    fn send(&self, _: &Request) -> Result<Response, NoAnswer> {
        unreachable!("it has two steps")
    }

    fn begin<'t>(&'t self, request: &Request) -> InFlight<'t> {
        let mut requests = self.requests.lock().unwrap();
        requests.push(request.clone());
        let number = requests.len();
        tell(self.story, "begin", number);
        let answer = match &self.server[(number - 1).min(self.server.len() - 1)] {
            Play::Says(response) => Ok(response.clone()),
            Play::Refuse => return InFlight::ended(Err(NoAnswer::new("refused"))),
            Play::HangUp => Err(NoAnswer { reason: "reset".into(), hung_up: true }),
        };
        InFlight::written(move |wait| {
            let what = if wait == RESPONSE_WAIT { "answer awaited shortly" } else { "answer" };
            tell(self.story, what, number);
            answer
        })
    }
}

struct Lines<'a> {
    waiting: &'a [&'static str],
    given: usize,
    acknowledged: Vec<u64>,
    story: &'a Story,
}

impl Source for Lines<'_> {
    fn next_batch(&mut self, max_bytes: usize) -> Batch {
        let mut batch = Batch::default();
        while let Some(line) = self.waiting.get(self.given) {
            let from = self.given as u64;
            if !batch.add(Place { segment: 0, from, to: from + 1 }, line.as_bytes(), max_bytes) {
                break;
            }
            self.given += 1;
        }
        batch
    }

    fn acknowledge(&mut self, places: &[Place], _: Count) {
        for place in places {
            self.acknowledged.push(place.from);
            self.story.lock().unwrap().push(format!("acknowledge {}", place.from));
        }
    }

    fn is_erased(&self) -> bool {
        false
    }
}
