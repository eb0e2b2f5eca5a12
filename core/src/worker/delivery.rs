//! One pass over a source: batches go out until nothing is left or the server cannot be reached.

use crate::batch::Batch;
use crate::clock::Clock;
use crate::loss::LossReason;
use crate::retry::{self, Next, Outcome, Policy};
use crate::spool::Source;
use crate::stats::Counts;
use crate::trace::Trace;
use crate::transport::Transport;
use crate::wire::Destination;
use std::time::Duration;

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Everything that waited at its start is delivered or lost.
    Done,
    /// The server could not be reached; the rest waits.
    Parked,
    /// Closed, or consent was withdrawn.
    Stopped,
    /// Another process delivers.
    Busy,
}

/// Everything a pass needs.
pub(crate) struct Delivery<'a> {
    pub to: &'a Destination,
    pub transport: &'a dyn Transport,
    pub clock: &'a dyn Clock,
    pub counts: &'a Counts,
    pub trace: Trace,
    /// For the lines of one body, without the envelope.
    pub max_bytes: usize,
    pub max_retries: u32,
    /// Waits; false to stop.
    pub pause: &'a dyn Fn(Duration) -> bool,
    /// Whether consent still stands; asked before each request.
    pub allowed: &'a dyn Fn() -> bool,
    /// Gets what was delivered.
    pub delivered: &'a dyn Fn(&Batch),
    /// A number 0 ≤ n < 1.
    pub jitter: &'a dyn Fn() -> f64,
}

impl Delivery<'_> {
    /// Delivers what the source has.
    pub(crate) fn run(&self, source: &mut dyn Source) -> Pass {
        loop {
            let batch = source.next_batch(self.max_bytes);
            if batch.events() == 0 {
                return Pass::Done;
            }
            // Halves of a batch that was too large go out before anything else, the first half first.
            let mut parts = vec![batch];
            while let Some(batch) = parts.pop() {
                match self.send(&batch) {
                    Some(Next::Done) => {
                        Counts::add(&self.counts.delivered, batch.events());
                        (self.delivered)(&batch);
                        source.acknowledge(&batch);
                    }
                    Some(Next::GiveUp) => {
                        self.counts.lose(LossReason::Refused, batch.events() as u64);
                        source.acknowledge(&batch);
                    }
                    Some(Next::Halve) => {
                        let (first, second) = batch.halves();
                        parts.extend([second, first]);
                    }
                    Some(Next::Park) => return Pass::Parked,
                    Some(Next::Again(_)) | None => return Pass::Stopped,
                }
            }
        }
    }

    /// Sends one batch, again as often as the policy says; `None` if it is to stop.
    fn send(&self, batch: &Batch) -> Option<Next> {
        let policy = Policy { max_retries: self.max_retries, events: batch.events() };
        for attempt in 1_u32.. {
            (self.allowed)().then_some(())?;
            let request = self.to.wire.request(self.to, batch.body(), self.clock.now());
            Counts::add(&self.counts.requests, 1);
            let outcome = match self.transport.send(&request) {
                Ok(response) => {
                    self.trace.say(|| format!("{} events: status {}", batch.events(), response.status));
                    Outcome::Answered(self.to.wire.read(&response))
                }
                Err(error) => {
                    self.trace.say(|| format!("{} events: {}", batch.events(), error.0));
                    Outcome::NoAnswer
                }
            };
            let next = retry::next(outcome, attempt, policy, (self.jitter)());
            if next != Next::Done {
                Counts::add(&self.counts.failures, 1);
            }
            match next {
                Next::Again(pause) => (self.pause)(pause).then_some(())?,
                end => return Some(end),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Place;
    use crate::clock::Timestamp;
    use crate::config::Compression;
    use crate::transport::{NoAnswer, Request, Response};
    use crate::wire::Wire;
    use std::cell::RefCell;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// A clock that stands still until somebody pauses.
    struct Virtual(AtomicU64);

    impl Clock for Virtual {
        fn now(&self) -> Timestamp {
            Timestamp::from_unix_millis_saturating(self.0.load(Ordering::Relaxed))
        }
    }

    /// Plays answers in turn, the last one for ever, and keeps the requests.
    struct Script(Vec<Result<u16, ()>>, Mutex<Vec<Request>>);

    impl Transport for Script {
        fn send(&self, request: &Request) -> Result<Response, NoAnswer> {
            let mut requests = self.1.lock().unwrap();
            requests.push(request.clone());
            match self.0[(requests.len() - 1).min(self.0.len() - 1)] {
                Ok(status) => Ok(Response { status, ..Response::default() }),
                Err(()) => Err(NoAnswer("refused".into())),
            }
        }
    }

    struct Lines {
        waiting: Vec<&'static str>,
        acknowledged: Vec<u64>,
    }

    impl Source for Lines {
        fn next_batch(&mut self, max_bytes: usize) -> Batch {
            let mut batch = Batch::default();
            let mut n = 0;
            while let Some(line) = self.waiting.first() {
                if !batch.add(Place { segment: 0, from: n, to: n + 1 }, line.as_bytes(), max_bytes) {
                    break;
                }
                n += 1;
                self.waiting.remove(0);
            }
            batch
        }

        fn acknowledge(&mut self, batch: &Batch) {
            self.acknowledged.extend(batch.places().map(|place| place.from));
        }
    }

    struct Ran {
        pass: Pass,
        bodies: Vec<String>,
        pauses: Vec<u128>,
        acknowledged: Vec<u64>,
        counts: Counts,
    }

    fn run(answers: &[Result<u16, ()>], waiting: &[&'static str], stop_after: usize) -> Ran {
        let to = Destination {
            wire: Wire::PostHog,
            endpoint: "https://h".into(),
            api_key: "k".into(),
            compression: Compression::None,
            historical_migration: false,
            extra_headers: Vec::new(),
        };
        let clock = Virtual(AtomicU64::new(0));
        let script = Script(answers.to_vec(), Mutex::default());
        let counts = Counts::default();
        let pauses = RefCell::new(Vec::new());
        let mut source = Lines { waiting: waiting.to_vec(), acknowledged: Vec::new() };
        let pass = Delivery {
            to: &to,
            transport: &script,
            clock: &clock,
            counts: &counts,
            trace: Trace::new(false),
            max_bytes: 1_000,
            max_retries: 3,
            pause: &|length| {
                clock.0.fetch_add(u64::try_from(length.as_millis()).unwrap(), Ordering::Relaxed);
                pauses.borrow_mut().push(length.as_millis());
                pauses.borrow().len() < stop_after
            },
            allowed: &|| true,
            delivered: &|_| (),
            jitter: &|| 0.0,
        }
        .run(&mut source);
        let requests = script.1.into_inner().unwrap();
        let bodies = requests.iter().map(|request| String::from_utf8(request.body.clone()).unwrap()).collect();
        Ran { pass, bodies, pauses: pauses.into_inner(), acknowledged: source.acknowledged, counts }
    }

    #[test]
    fn a_batch_is_one_request_and_is_acknowledged() {
        let ran = run(&[Ok(200)], &["{\"a\":1}", "{\"b\":2}"], 99);
        assert_eq!((ran.pass, ran.bodies.len()), (Pass::Done, 1));
        assert_eq!(ran.acknowledged, [0, 1]);
        assert_eq!(Counts::get(&ran.counts.delivered), 2);
    }

    #[test]
    fn a_retry_sends_the_same_events_with_a_fresh_time() {
        let ran = run(&[Err(()), Ok(503), Ok(200)], &["{\"a\":1}"], 99);
        assert_eq!((ran.pass, ran.bodies.len(), ran.pauses.as_slice()), (Pass::Done, 3, &[200, 400][..]));
        let parts: Vec<_> = ran.bodies.iter().map(|body| body.split_once("\"sent_at\":").unwrap()).collect();
        assert!(parts.iter().all(|(events, _)| *events == parts[0].0));
        assert_eq!(parts[2].1, "\"1970-01-01T00:00:00.600Z\"}");
        assert_eq!(Counts::get(&ran.counts.failures), 2);
    }

    #[test]
    fn after_max_retries_nothing_is_acknowledged_or_lost() {
        let ran = run(&[Ok(500)], &["{\"a\":1}"], 99);
        assert_eq!((ran.pass, ran.bodies.len()), (Pass::Parked, 4));
        assert!(ran.acknowledged.is_empty() && ran.counts.losses.total() == 0);
    }

    #[test]
    fn a_final_status_is_one_request_and_a_counted_loss() {
        let ran = run(&[Ok(400)], &["{\"a\":1}", "{\"b\":2}"], 99);
        assert_eq!((ran.pass, ran.bodies.len()), (Pass::Done, 1));
        assert_eq!(ran.counts.losses.get(LossReason::Refused), 2);
        assert_eq!(ran.acknowledged, [0, 1]);
    }

    #[test]
    fn a_body_that_is_too_large_goes_in_halves_and_in_order() {
        let ran = run(&[Ok(413), Ok(413), Ok(200)], &["{\"a\":1}", "{\"b\":2}", "{\"c\":3}", "{\"d\":4}"], 99);
        let batches: Vec<_> = ran.bodies.iter().map(|body| body.matches("{\"").count() - 1).collect();
        assert_eq!((ran.pass, batches), (Pass::Done, vec![4, 2, 1, 1, 2]));
        assert_eq!(ran.acknowledged, [0, 1, 2, 3]);
    }

    #[test]
    fn closing_ends_a_waiting_retry() {
        let ran = run(&[Ok(500)], &["{\"a\":1}"], 1);
        assert_eq!((ran.pass, ran.bodies.len()), (Pass::Stopped, 1));
        assert!(ran.acknowledged.is_empty());
    }
}
