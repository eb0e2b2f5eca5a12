//! Graphite: the counters of all installations as tagged series, written to Carbon or posted as JSON.
//!
//! ```text
//! counters → totals (names) → outbox, slot by slot → format → carbon, or post
//!            pure             SQLite                 pure     I/O
//! ```
//!
//! - **Absolute.** A point is what a series stands at in its slot, so sending it again changes nothing.
//! - **Complete.** Every series has a point in every slot, also in those in which Graphite or the collector was away:
//!   [`feed`] keeps what was not surely taken and gives it later, with the values that were true then.
//! - **Bounded.** Series, slots that wait and changes that wait have limits; what they cost is counted.
//! - A thread of its own does all of this; nobody who sends a document waits for Graphite.

mod carbon;
mod credentials;
mod feed;
mod format;
mod names;
mod options;
mod post;
mod schedule;
mod target;
mod totals;

pub use feed::{Feed, Running};
pub use options::Options;
pub use totals::Values;

use std::sync::Arc;
use std::time::Duration;

/// The value of a series in a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// `NAME;TAG=VALUE;…`, the tags sorted.
    pub series: Arc<str>,
    /// What it stands at.
    pub value: u64,
    /// Seconds since 1970.
    pub slot: i64,
}

/// Graphite did not take the points now; it may later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// For the operator; without credentials.
    pub why: String,
    /// How long it wants to be left alone.
    pub after: Option<Duration>,
}

impl Failure {
    fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), after: None }
    }
}

/// Takes points to Graphite.
pub trait Sink: Send {
    /// Sends all of them, at most [`SEND_POINTS`](crate::limits::SEND_POINTS), and says how many of them were refused
    /// for good. After a failure any part may have arrived.
    fn send(&mut self, points: &[Point]) -> Result<usize, Failure>;

    /// How long something that was sent may still be lost without a word.
    fn settles_after(&self) -> Duration;
}
