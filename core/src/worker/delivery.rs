//! One pass over a source: batches go out until nothing is left or the server cannot be reached.
//!
//! They go out in waves: the requests of a wave are begun one after the other, and then their answers are collected, so that
//! they are awaited together. What is to be tried again is the next wave, after one pause. Where a request carries many
//! events, a wave is one batch.

use crate::batch::{Batch, Place};
use crate::clock::Clock;
use crate::ledger::Count;
use crate::loss::LossReason;
use crate::retry::{self, Next, Outcome, Policy};
use crate::spool::Source;
use crate::stats::Counts;
use crate::trace::Trace;
use crate::transport::{InFlight, Transport};
use crate::wire::{Ack, Answer, Attempt, BatchHead, Destination, Fate};
use std::time::Duration;
use uuid::Uuid;

/// No server refuses a body of this size for its size, so who hangs up on it has another reason.
const NEVER_TOO_LARGE: usize = 64 * 1024;

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
    /// The requests of a wave.
    pub side_by_side: usize,
    /// How long the answer to a request is awaited on which nothing depends.
    pub response_wait: Duration,
    /// Waits; false to stop.
    pub pause: &'a dyn Fn(Duration) -> bool,
    /// Whether consent still stands and nobody has erased what goes out; asked before each request.
    pub allowed: &'a dyn Fn() -> bool,
    /// Gets the lines that were delivered.
    pub delivered: &'a dyn Fn(&mut dyn Iterator<Item = &[u8]>),
    /// A number 0 ≤ n < 1.
    pub jitter: &'a dyn Fn() -> f64,
    /// A new random UUID.
    pub new_id: &'a dyn Fn() -> Uuid,
}

/// A batch that goes out, and what its attempts have in common.
struct Sending {
    batch: Batch,
    head: BatchHead,
    /// How often in a row the server hung up on it.
    hang_ups: u32,
}

/// An attempt that was begun.
struct UnderWay<'t> {
    sending: Sending,
    request: InFlight<'t>,
    events: usize,
    body_bytes: usize,
}

impl<'a> Delivery<'a> {
    /// Delivers what the source has.
    pub(crate) fn run(&self, source: &mut dyn Source) -> Pass {
        // Halves of a batch that was too large go out before anything else, the first half first.
        let mut parts = Vec::new();
        loop {
            let wave = self.next_wave(&mut parts, source);
            if wave.is_empty() {
                return Pass::Done;
            }
            if let Some(pass) = self.deliver(wave, &mut parts, source) {
                return pass;
            }
        }
    }

    fn next_wave(&self, parts: &mut Vec<Batch>, source: &mut dyn Source) -> Vec<Sending> {
        let next =
            || parts.pop().or_else(|| Some(source.next_batch(self.max_bytes)).filter(|batch| batch.events() > 0));
        let head = || BatchHead { request_id: (self.new_id)(), formed_at: self.clock.now() };
        let sending = |batch| Sending { batch, head: head(), hang_ups: 0 };
        std::iter::from_fn(next).take(self.side_by_side).map(sending).collect()
    }

    /// Sends a wave, again as often as the policy says; halves of what is too large join the parts. What is left waits in
    /// the source. The end of the pass, if this is it.
    fn deliver(&self, mut wave: Vec<Sending>, parts: &mut Vec<Batch>, source: &mut dyn Source) -> Option<Pass> {
        for number in 1_u32.. {
            let (begun, left) = self.begin_all(wave, number, source);
            let (mut again, mut pause, mut parked) = (Vec::new(), Duration::ZERO, false);
            for one in begun {
                let (sending, next) = self.end(one, number, source);
                match next {
                    Next::Done | Next::GiveUp => {}
                    Next::Park => parked = true,
                    Next::Halve => {
                        let (first, second) = sending.batch.halves();
                        parts.extend([second, first]);
                    }
                    Next::Again(length) => {
                        pause = pause.max(length);
                        again.push(sending);
                    }
                }
            }
            let Some(left) = left else { return Some(Pass::Stopped) };
            again.extend(left);
            match (parked, again.is_empty()) {
                (true, _) => return Some(Pass::Parked),
                (_, true) => return None,
                _ if !(self.pause)(pause) => return Some(Pass::Stopped),
                _ => wave = again,
            }
        }
        None
    }

    /// Begins a wave. A server that cannot be reached is not asked again for each of it: the rest is left to the next wave.
    /// Nothing is left if it is to stop.
    fn begin_all(
        &self,
        wave: Vec<Sending>,
        number: u32,
        source: &mut dyn Source,
    ) -> (Vec<UnderWay<'a>>, Option<Vec<Sending>>) {
        let (mut begun, mut wave) = (Vec::new(), wave.into_iter());
        for sending in wave.by_ref() {
            let Some(under_way) = self.begin(sending, number, source) else { return (begun, None) };
            let unreachable = under_way.request.has_failed();
            begun.push(under_way);
            if unreachable {
                break;
            }
        }
        (begun, Some(wave.collect()))
    }

    /// Begins an attempt, if it is still allowed and the source not erased. What counts as delivered once it is written is settled here, before
    /// anything else can happen to this process.
    fn begin(&self, mut sending: Sending, number: u32, source: &mut dyn Source) -> Option<UnderWay<'a>> {
        ((self.allowed)() && !source.is_erased()).then_some(())?;
        let attempt = Attempt { batch: sending.head, number, now: self.clock.now() };
        let request = self.to.wire.request(self.to, sending.batch.body(), &attempt);
        self.counts.add(Count::Requests, 1);
        let (events, body_bytes) = (sending.batch.events(), request.body.len());
        let request = self.transport.begin(&request);
        if self.to.ack == Ack::Write && request.is_written() {
            self.settle_all(&mut sending.batch, Fate::Delivered, source);
        }
        Some(UnderWay { sending, request, events, body_bytes })
    }

    /// Waits for the answer and settles what the server has judged. What is left in the batch waits; and what follows.
    fn end(&self, under_way: UnderWay<'_>, number: u32, source: &mut dyn Source) -> (Sending, Next) {
        let (outcome, mut sending) = self.outcome(under_way);
        if let Outcome::Answered(Answer::Each { fates, .. }) = &outcome {
            self.settle(&mut sending.batch, fates, source);
        }
        let policy = Policy { max_retries: self.max_retries, events: sending.batch.events() };
        let next = retry::next(&outcome, number, policy, (self.jitter)());
        if next != Next::Done {
            self.counts.add(Count::Failures, 1);
        }
        match next {
            Next::Done => self.settle_all(&mut sending.batch, Fate::Delivered, source),
            Next::GiveUp => self.settle_all(&mut sending.batch, Fate::Refused, source),
            Next::Again(_) | Next::Halve | Next::Park => {}
        }
        (sending, next)
    }

    fn outcome(&self, under_way: UnderWay<'_>) -> (Outcome, Sending) {
        let UnderWay { mut sending, request, events, body_bytes } = under_way;
        let by_write = self.to.ack == Ack::Write;
        let settled = by_write && request.is_written();
        let outcome = match request.answer(if by_write { self.response_wait } else { Duration::MAX }) {
            Ok(response) => {
                self.trace.say(|| format!("{events} events: status {}", response.status));
                sending.hang_ups = 0;
                let read = || self.to.wire.read(&response, sending.batch.uuids(), self.clock.now());
                Outcome::Answered(if by_write { Answer::Delivered } else { read() })
            }
            Err(no_answer) => {
                self.trace.say(|| format!("{events} events: {}", no_answer.reason));
                let hung_up = no_answer.hung_up && body_bytes > NEVER_TOO_LARGE;
                sending.hang_ups = if hung_up { sending.hang_ups + 1 } else { 0 };
                match (settled, hung_up) {
                    (true, _) => Outcome::Answered(Answer::Delivered),
                    (_, true) => Outcome::HungUp(sending.hang_ups),
                    (_, false) => Outcome::NoAnswer,
                }
            }
        };
        (outcome, sending)
    }

    fn settle_all(&self, batch: &mut Batch, fate: Fate, source: &mut dyn Source) {
        self.settle(batch, &vec![fate; batch.events()], source);
    }

    /// Acknowledges and counts the events of a batch by their fates; those that the server wants again stay in it.
    fn settle(&self, batch: &mut Batch, fates: &[Fate], source: &mut dyn Source) {
        for (fate, count) in [
            (Fate::Delivered, Count::Delivered),
            (Fate::Unconfirmed, Count::Unconfirmed),
            (Fate::Refused, Count::Lost(LossReason::Refused)),
        ] {
            let settled = batch.places().zip(fates).filter(|(_, its)| **its == fate).map(|(place, _)| place);
            let settled: Vec<Place> = settled.collect();
            self.counts.add_recorded(count, settled.len());
            source.acknowledge(&settled, count);
        }
        let is_delivered = |fate: &Fate| matches!(fate, Fate::Delivered | Fate::Unconfirmed);
        if fates.iter().any(is_delivered) {
            let delivered = batch.lines().zip(fates).filter(|(_, fate)| is_delivered(fate));
            (self.delivered)(&mut delivered.map(|(line, _)| line));
        }
        *batch = batch.pick(|index| fates.get(index) == Some(&Fate::Again));
    }
}

#[cfg(test)]
mod play;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
