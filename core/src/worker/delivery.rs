//! One pass over a source: batches go out until nothing is left or the server cannot be reached.

use crate::batch::Batch;
use crate::clock::Clock;
use crate::ledger::Count;
use crate::loss::LossReason;
use crate::retry::{self, Next, Outcome, Policy};
use crate::spool::Source;
use crate::stats::Counts;
use crate::trace::Trace;
use crate::transport::Transport;
use crate::wire::{Answer, Attempt, BatchHead, Destination, Fate};
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
                self.counts.add(Count::Failures, 1);
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
        self.counts.add(Count::Requests, 1);
        match self.transport.send(&request) {
            Ok(response) => {
                *hang_ups = 0;
                self.trace.say(|| format!("{} events: status {}", batch.events(), response.status));
                Outcome::Answered(self.to.wire.read(&response, batch.uuids(), self.clock.now()))
            }
            Err(no_answer) => {
                self.trace.say(|| format!("{} events: {}", batch.events(), no_answer.reason));
                let hung_up = no_answer.hung_up && request.body.len() > NEVER_TOO_LARGE;
                *hang_ups = if hung_up { *hang_ups + 1 } else { 0 };
                if hung_up { Outcome::HungUp(*hang_ups) } else { Outcome::NoAnswer }
            }
        }
    }

    /// Acknowledges and counts the events of a batch by their fates; those that the server wants again stay in it.
    fn settle(&self, batch: &mut Batch, fates: &[Fate], source: &mut dyn Source) {
        let of = |wanted: &[Fate]| batch.pick(|index| fates.get(index).is_some_and(|fate| wanted.contains(fate)));
        let delivered = of(&[Fate::Delivered, Fate::Unconfirmed]);
        if delivered.events() > 0 {
            (self.delivered)(&delivered);
        }
        for (fate, count) in [
            (Fate::Delivered, Count::Delivered),
            (Fate::Unconfirmed, Count::Unconfirmed),
            (Fate::Refused, Count::Lost(LossReason::Refused)),
        ] {
            let settled = of(&[fate]);
            self.counts.add_recorded(count, settled.events());
            source.acknowledge(&settled, count);
        }
        *batch = of(&[Fate::Again]);
    }
}

#[cfg(test)]
mod play;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
