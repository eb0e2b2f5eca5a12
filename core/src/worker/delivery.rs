//! One pass over a source: batches go out until nothing is left or the server cannot be reached.

use crate::batch::Batch;
use crate::clock::Clock;
use crate::loss::LossReason;
use crate::retry::{self, Next, Outcome, Policy};
use crate::spool::Source;
use crate::stats::Counts;
use crate::trace::Trace;
use crate::transport::Transport;
use crate::wire::{Answer, Attempt, BatchHead, Destination, Fate};
use std::time::Duration;
use uuid::Uuid;

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
    /// A new random UUID.
    pub new_id: &'a dyn Fn() -> Uuid,
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
            while let Some(mut batch) = parts.pop() {
                match self.send(&mut batch, source) {
                    Some(Next::Halve) => {
                        let (first, second) = batch.halves();
                        parts.extend([second, first]);
                    }
                    Some(Next::Park) => return Pass::Parked,
                    Some(Next::Done | Next::GiveUp) => {}
                    Some(Next::Again(_)) | None => return Pass::Stopped,
                }
            }
        }
    }

    /// Sends a batch, again as often as the policy says, and settles what the server has judged; what is left in it
    /// waits. `None` if it is to stop.
    fn send(&self, batch: &mut Batch, source: &mut dyn Source) -> Option<Next> {
        let head = BatchHead { request_id: (self.new_id)(), formed_at: self.clock.now() };
        let mut hang_ups = 0;
        for number in 1_u32.. {
            (self.allowed)().then_some(())?;
            let attempt = Attempt { batch: head, number, now: self.clock.now() };
            let outcome = self.attempt(batch, &attempt, &mut hang_ups);
            if let Outcome::Answered(Answer::Each { fates, .. }) = &outcome {
                self.settle(batch, fates, source);
            }
            let policy = Policy { max_retries: self.max_retries, events: batch.events() };
            let next = retry::next(&outcome, number, policy, (self.jitter)());
            if next != Next::Done {
                Counts::add(&self.counts.failures, 1);
            }
            match next {
                Next::Again(pause) => (self.pause)(pause).then_some(())?,
                Next::Done => self.settle(batch, &vec![Fate::Delivered; batch.events()], source),
                Next::GiveUp => self.settle(batch, &vec![Fate::Refused; batch.events()], source),
                Next::Halve | Next::Park => {}
            }
            if !matches!(next, Next::Again(_)) {
                return Some(next);
            }
        }
        None
    }

    fn attempt(&self, batch: &Batch, attempt: &Attempt, hang_ups: &mut u32) -> Outcome {
        let request = self.to.wire.request(self.to, batch.body(), attempt);
        Counts::add(&self.counts.requests, 1);
        match self.transport.send(&request) {
            Ok(response) => {
                *hang_ups = 0;
                self.trace.say(|| format!("{} events: status {}", batch.events(), response.status));
                Outcome::Answered(self.to.wire.read(&response, batch.uuids(), self.clock.now()))
            }
            Err(no_answer) => {
                self.trace.say(|| format!("{} events: {}", batch.events(), no_answer.reason));
                *hang_ups = if no_answer.hung_up { *hang_ups + 1 } else { 0 };
                if no_answer.hung_up { Outcome::HungUp(*hang_ups) } else { Outcome::NoAnswer }
            }
        }
    }

    /// Acknowledges and counts the events of a batch by their fates; those that the server wants again stay in it.
    fn settle(&self, batch: &mut Batch, fates: &[Fate], source: &mut dyn Source) {
        let of = |wanted: &[Fate]| batch.pick(|index| fates.get(index).is_some_and(|fate| wanted.contains(fate)));
        let (delivered, refused) = (of(&[Fate::Delivered, Fate::Unconfirmed]), of(&[Fate::Refused]));
        Counts::add(&self.counts.delivered, delivered.events());
        Counts::add(&self.counts.unconfirmed, of(&[Fate::Unconfirmed]).events());
        self.counts.lose(LossReason::Refused, refused.events() as u64);
        if delivered.events() > 0 {
            (self.delivered)(&delivered);
        }
        source.acknowledge(&delivered);
        source.acknowledge(&refused);
        *batch = of(&[Fate::Again]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Place;
    use crate::clock::Timestamp;
    use crate::transport::{NoAnswer, Request, Response};
    use crate::wire::Compression;
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

    /// What the server does.
    #[derive(Clone)]
    enum Play {
        Status(u16),
        Refuse,
        HangUp,
        Results(&'static str),
    }
    use Play::{HangUp, Refuse, Results, Status};

    /// Plays answers in turn, the last one for ever, and keeps the requests.
    struct Script(Vec<Play>, Mutex<Vec<Request>>);

    impl Transport for Script {
        fn send(&self, request: &Request) -> Result<Response, NoAnswer> {
            let mut requests = self.1.lock().unwrap();
            requests.push(request.clone());
            match self.0[(requests.len() - 1).min(self.0.len() - 1)] {
                Status(status) => Ok(Response { status, ..Response::default() }),
                Results(body) => Ok(Response { status: 200, body: body.into(), ..Response::default() }),
                Refuse => Err(NoAnswer::new("refused")),
                HangUp => Err(NoAnswer { reason: "reset".into(), hung_up: true }),
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
        requests: Vec<Request>,
        bodies: Vec<String>,
        pauses: Vec<u128>,
        acknowledged: Vec<u64>,
        counts: Counts,
    }

    fn run(answers: &[Play], waiting: &[&'static str], stop_after: usize) -> Ran {
        run_on(Wire::PostHog, answers, waiting, stop_after)
    }

    fn run_on(wire: Wire, answers: &[Play], waiting: &[&'static str], stop_after: usize) -> Ran {
        let to = Destination {
            wire,
            endpoint: "https://h".into(),
            api_key: "k".into(),
            compression: Compression::None,
            historical_migration: false,
            extra_headers: Vec::new(),
        };
        let clock = Virtual(AtomicU64::new(0));
        let script = Script(answers.to_vec(), Mutex::default());
        let counts = Counts::default();
        let ids = AtomicU64::new(1);
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
            new_id: &|| uuid::Uuid::from_u128(ids.fetch_add(1, Ordering::Relaxed).into()),
        }
        .run(&mut source);
        let requests = script.1.into_inner().unwrap();
        let bodies = requests.iter().map(|request| String::from_utf8(request.body.clone()).unwrap()).collect();
        Ran { pass, requests, bodies, pauses: pauses.into_inner(), acknowledged: source.acknowledged, counts }
    }

    #[test]
    fn a_batch_is_one_request_and_is_acknowledged() {
        let ran = run(&[Status(200)], &["{\"a\":1}", "{\"b\":2}"], 99);
        assert_eq!((ran.pass, ran.bodies.len()), (Pass::Done, 1));
        assert_eq!(ran.acknowledged, [0, 1]);
        assert_eq!(Counts::get(&ran.counts.delivered), 2);
    }

    #[test]
    fn a_retry_sends_the_same_events_with_a_fresh_time() {
        let ran = run(&[Refuse, Status(503), Status(200)], &["{\"a\":1}"], 99);
        assert_eq!((ran.pass, ran.bodies.len(), ran.pauses.as_slice()), (Pass::Done, 3, &[200, 400][..]));
        let parts: Vec<_> = ran.bodies.iter().map(|body| body.split_once("\"sent_at\":").unwrap()).collect();
        assert!(parts.iter().all(|(events, _)| *events == parts[0].0));
        assert_eq!(parts[2].1, "\"1970-01-01T00:00:00.600Z\"}");
        assert_eq!(Counts::get(&ran.counts.failures), 2);
    }

    #[test]
    fn after_max_retries_nothing_is_acknowledged_or_lost() {
        let ran = run(&[Status(500)], &["{\"a\":1}"], 99);
        assert_eq!((ran.pass, ran.bodies.len()), (Pass::Parked, 4));
        assert!(ran.acknowledged.is_empty() && ran.counts.losses.total() == 0);
    }

    #[test]
    fn a_final_status_is_one_request_and_a_counted_loss() {
        let ran = run(&[Status(400)], &["{\"a\":1}", "{\"b\":2}"], 99);
        assert_eq!((ran.pass, ran.bodies.len()), (Pass::Done, 1));
        assert_eq!(ran.counts.losses.get(LossReason::Refused), 2);
        assert_eq!(ran.acknowledged, [0, 1]);
    }

    #[test]
    fn a_body_that_is_too_large_goes_in_halves_and_in_order() {
        let ran =
            run(&[Status(413), Status(413), Status(200)], &["{\"a\":1}", "{\"b\":2}", "{\"c\":3}", "{\"d\":4}"], 99);
        let batches: Vec<_> = ran.bodies.iter().map(|body| body.matches("{\"").count() - 1).collect();
        assert_eq!((ran.pass, batches), (Pass::Done, vec![4, 2, 1, 1, 2]));
        assert_eq!(ran.acknowledged, [0, 1, 2, 3]);
    }

    const A: &str = r#"{"uuid":"aaaaaaaa-0000-4000-8000-000000000000","n":1}"#;
    const B: &str = r#"{"uuid":"bbbbbbbb-0000-4000-8000-000000000000","n":2}"#;
    const C: &str = r#"{"uuid":"cccccccc-0000-4000-8000-000000000000","n":3}"#;

    #[test]
    fn exactly_the_events_that_are_wanted_again_go_again_under_the_same_request_id() {
        let first = Results(
            r#"{"results":{"cccccccc-0000-4000-8000-000000000000":{"result":"retry"},
                "aaaaaaaa-0000-4000-8000-000000000000":{"result":"ok"},
                "bbbbbbbb-0000-4000-8000-000000000000":{"result":"drop"}}}"#,
        );
        let ran = run_on(Wire::PostHogV1, &[first, Status(503), Results("{}")], &[A, B, C], 99);
        assert_eq!((ran.pass, ran.requests.len()), (Pass::Done, 3));
        assert!(ran.bodies[0].contains(A) && ran.bodies[0].contains(B) && ran.bodies[0].contains(C));
        for body in &ran.bodies[1..] {
            assert!(body.contains(C) && !body.contains(A) && !body.contains(B), "{body}");
            assert_eq!(body.get(..40), ran.bodies[0].get(..40), "created_at stays");
        }
        let header = |request: &Request, name: &str| {
            let found = request.headers.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap()
        };
        let of_all = |name| ran.requests.iter().map(|request| header(request, name)).collect::<Vec<_>>();
        assert_eq!(of_all("PostHog-Attempt"), ["1", "2", "3"]);
        let ids = of_all("PostHog-Request-Id");
        assert!(ids.iter().all(|id| *id == ids[0]));
        let times = of_all("PostHog-Request-Timestamp");
        assert!(times[0] < times[1] && times[1] < times[2], "{times:?}");
        assert_eq!(ran.acknowledged, [0, 1, 2]);
        assert_eq!(ran.counts.losses.get(LossReason::Refused), 1);
        assert_eq!((Counts::get(&ran.counts.delivered), Counts::get(&ran.counts.unconfirmed)), (2, 1));
    }

    #[test]
    fn events_that_are_always_wanted_again_stay_after_max_retries() {
        let again = Results(r#"{"results":{"aaaaaaaa-0000-4000-8000-000000000000":{"result":"retry"}}}"#);
        let ran = run_on(Wire::PostHogV1, &[again], &[A, B], 99);
        assert_eq!((ran.pass, ran.requests.len()), (Pass::Parked, 4));
        assert_eq!(ran.acknowledged, [1], "only what was judged");
    }

    #[test]
    fn halves_are_requests_of_their_own() {
        let ran = run_on(Wire::PostHogV1, &[Status(413), Status(204)], &[A, B], 99);
        let ids: std::collections::HashSet<_> = ran.requests.iter().map(|request| &request.headers[5]).collect();
        assert_eq!((ran.pass, ids.len(), ran.acknowledged), (Pass::Done, 3, vec![0, 1]));
    }

    #[test]
    fn who_is_hung_up_on_twice_sends_halves() {
        let ran = run(&[HangUp, HangUp, Status(200)], &["{\"a\":1}", "{\"b\":2}"], 99);
        let batches: Vec<_> = ran.bodies.iter().map(|body| body.matches("{\"").count() - 1).collect();
        assert_eq!((ran.pass, batches), (Pass::Done, vec![2, 2, 1, 1]));
        let ran = run(&[HangUp, Refuse, HangUp, Status(200)], &["{\"a\":1}", "{\"b\":2}"], 99);
        assert_eq!(ran.bodies.len(), 4, "twice in a row, not twice");
    }

    #[test]
    fn closing_ends_a_waiting_retry() {
        let ran = run(&[Status(500)], &["{\"a\":1}"], 1);
        assert_eq!((ran.pass, ran.bodies.len()), (Pass::Stopped, 1));
        assert!(ran.acknowledged.is_empty());
    }
}
