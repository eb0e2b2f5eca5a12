//! Retry: what follows an attempt. A pure function of the outcome, the number of attempts and the policy.
//!
//! | outcome | next |
//! |---|---|
//! | delivered | done |
//! | no answer, or a status that may pass | another attempt after a pause, `max_retries` times; then parked |
//! | results for each event | as delivered, or as a status that may pass if it wants some of them again |
//! | body too large, or a large one hung up on twice in a row | two halves; a single event that is too large is refused |
//! | any other status | refused: lost and counted |
//!
//! The pause before retry n doubles from 200 ms up to 30 s; jitter makes it up to a quarter longer, never shorter. The
//! server's `Retry-After` is a minimum, up to the same 30 s.
//!
//! The time of day enters before this, in [`Wire::read`](crate::wire::Wire::read): a `Retry-After` that is a date becomes a
//! length there, since it may also decide whether a status may pass at all. The whole table, over every status, is in
//! the tests of the worker's `delivery`.

use crate::wire::{Answer, Fate};
use std::time::Duration;

/// Long enough for a restarting server to come back, short enough for a person who waits for `flush`.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// PostHog's cap. A server that asks for more gets the events when the parking time is over.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The server said something.
    Answered(Answer),
    /// It did not.
    NoAnswer,
    /// It hung up on a large body, so often in a row.
    HungUp(u32),
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Acknowledge.
    Done,
    /// The same request again after this pause.
    Again(Duration),
    /// Keep the events for later.
    Park,
    /// Two requests of half the events.
    Halve,
    /// Give the events up.
    GiveUp,
}

/// A server that hangs up while we write may have said that the body is too large, before we listened.
const HANG_UPS: u32 = 2;

/// The policy of one batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// Attempts after the first.
    pub max_retries: u32,
    /// How many events the batch has.
    pub events: usize,
}

/// Decides what follows attempt number `attempt`, counted from 1. `jitter` lies in 0 ≤ jitter < 1.
pub(crate) fn next(outcome: &Outcome, attempt: u32, policy: Policy, jitter: f64) -> Next {
    let after = match outcome {
        Outcome::Answered(Answer::Delivered) => return Next::Done,
        Outcome::Answered(Answer::Refused) => return Next::GiveUp,
        Outcome::Answered(Answer::TooLarge) if policy.events > 1 => return Next::Halve,
        Outcome::Answered(Answer::TooLarge) => return Next::GiveUp,
        Outcome::Answered(Answer::Each { fates, .. }) if !fates.contains(&Fate::Again) => return Next::Done,
        Outcome::Answered(Answer::Each { after, .. } | Answer::Retry { after }) => *after,
        Outcome::HungUp(times) if *times >= HANG_UPS && policy.events > 1 => return Next::Halve,
        Outcome::HungUp(_) | Outcome::NoAnswer => None,
    };
    if attempt > policy.max_retries {
        return Next::Park;
    }
    Next::Again(backoff(attempt, jitter).max(after.unwrap_or_default().min(LONGEST_PAUSE)))
}

fn backoff(retry: u32, jitter: f64) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1_u32.checked_shl(retry.saturating_sub(1)).unwrap_or(u32::MAX));
    doubled.mul_f64(1.0 + jitter.clamp(0.0, 1.0) / 4.0).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy { max_retries: 3, events: 2 };
    const LATER: Outcome = Outcome::Answered(Answer::Retry { after: None });

    fn asked(seconds: u64) -> Outcome {
        Outcome::Answered(Answer::Retry { after: Some(Duration::from_secs(seconds)) })
    }

    #[test]
    fn final_answers_end_it_at_once() {
        for attempt in 1..9 {
            assert_eq!(next(&Outcome::Answered(Answer::Delivered), attempt, POLICY, 0.0), Next::Done);
            assert_eq!(next(&Outcome::Answered(Answer::Refused), attempt, POLICY, 0.0), Next::GiveUp);
            assert_eq!(next(&Outcome::Answered(Answer::TooLarge), attempt, POLICY, 0.0), Next::Halve);
            let one = Policy { events: 1, ..POLICY };
            assert_eq!(next(&Outcome::Answered(Answer::TooLarge), attempt, one, 0.0), Next::GiveUp);
        }
    }

    #[test]
    fn three_retries_are_four_requests_and_then_it_is_parked() {
        for outcome in [LATER, Outcome::NoAnswer, Outcome::HungUp(1), asked(1)] {
            for attempt in 1..=3 {
                assert!(matches!(next(&outcome, attempt, POLICY, 0.5), Next::Again(_)), "{outcome:?} {attempt}");
            }
            assert_eq!(next(&outcome, 4, POLICY, 0.5), Next::Park);
            assert_eq!(next(&outcome, 1, Policy { max_retries: 0, ..POLICY }, 0.5), Next::Park);
        }
    }

    #[test]
    fn pauses_double_up_to_the_cap_and_jitter_only_lengthens_them() {
        let policy = Policy { max_retries: u32::MAX, events: 1 };
        let pause = |attempt, jitter| match next(&LATER, attempt, policy, jitter) {
            Next::Again(pause) => pause,
            other => panic!("{other:?}"),
        };
        assert_eq!([pause(1, 0.0), pause(2, 0.0), pause(3, 0.0)].map(|p| p.as_millis()), [200, 400, 800]);
        assert_eq!(pause(1, 0.999_999).as_millis(), 249);
        for attempt in [8, 9, 31, 32, 33, 64, u32::MAX - 1] {
            assert!(pause(attempt, 0.0) >= Duration::from_secs(25), "{attempt}");
            assert_eq!(pause(attempt, 1.0), LONGEST_PAUSE, "{attempt}");
        }
    }

    #[test]
    fn retry_after_is_a_minimum_up_to_the_cap() {
        assert_eq!(next(&asked(5), 1, POLICY, 0.0), Next::Again(Duration::from_secs(5)));
        assert_eq!(next(&asked(u64::MAX), 1, POLICY, 0.0), Next::Again(LONGEST_PAUSE));
        let long = Policy { max_retries: 99, ..POLICY };
        assert_eq!(next(&asked(1), 6, long, 0.0), Next::Again(Duration::from_millis(6_400)));
    }

    #[test]
    fn results_for_each_event_are_a_retry_only_if_some_are_wanted_again() {
        let each = |fates: &[Fate], after| Outcome::Answered(Answer::Each { fates: fates.to_vec(), after });
        let all = [Fate::Delivered, Fate::Refused, Fate::Unconfirmed];
        assert_eq!(next(&each(&all, Some(Duration::from_secs(9))), 1, POLICY, 0.0), Next::Done);
        let some = [Fate::Delivered, Fate::Again];
        assert_eq!(next(&each(&some, None), 1, POLICY, 0.0), Next::Again(FIRST_PAUSE));
        let after = Duration::from_secs(9);
        assert_eq!(next(&each(&some, Some(after)), 1, POLICY, 0.0), Next::Again(after));
        assert_eq!(next(&each(&some, None), 4, POLICY, 0.0), Next::Park);
    }

    #[test]
    fn who_hangs_up_twice_gets_half() {
        assert_eq!(next(&Outcome::HungUp(1), 1, POLICY, 0.0), Next::Again(FIRST_PAUSE));
        assert_eq!(next(&Outcome::HungUp(2), 2, POLICY, 0.0), Next::Halve);
        let one = Policy { events: 1, ..POLICY };
        assert_eq!(next(&Outcome::HungUp(2), 2, one, 0.0), Next::Again(FIRST_PAUSE * 2));
    }
}
