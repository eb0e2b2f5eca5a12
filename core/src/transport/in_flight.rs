//! A request under way: written, or ended before that.

use super::{NoAnswer, Response};
use std::time::Duration;

/// A request that was begun, and whose answer can be awaited now or later.
pub struct InFlight<'t>(State<'t>);

enum State<'t> {
    Ended(Result<Response, NoAnswer>),
    Written(Await<'t>),
}

type Await<'t> = Box<dyn FnOnce(Duration) -> Result<Response, NoAnswer> + 't>;

impl<'t> InFlight<'t> {
    /// A request of which no more is to come: it was answered, or it could not be written.
    pub fn ended(answer: Result<Response, NoAnswer>) -> Self {
        Self(State::Ended(answer))
    }

    /// A request that is written whole. `answer` waits for what comes back, for at most the time that it is given, counted
    /// from now, and never longer than the transport's own limit.
    pub fn written(answer: impl FnOnce(Duration) -> Result<Response, NoAnswer> + 't) -> Self {
        Self(State::Written(Box::new(answer)))
    }

    /// Whether the whole request is written, and may so be with the server.
    pub fn is_written(&self) -> bool {
        matches!(self.0, State::Written(_))
    }

    /// Whether it has ended without an answer.
    pub fn has_failed(&self) -> bool {
        matches!(self.0, State::Ended(Err(_)))
    }

    /// Waits for the answer, for at most `wait` from when the request was written.
    pub fn answer(self, wait: Duration) -> Result<Response, NoAnswer> {
        match self.0 {
            State::Ended(answer) => answer,
            State::Written(answer) => answer(wait),
        }
    }
}

impl std::fmt::Debug for InFlight<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InFlight").field("is_written", &self.is_written()).finish_non_exhaustive()
    }
}
