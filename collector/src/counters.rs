//! Counters, as the STRM PACE CLI sends them: the bytes of a request's body → a checked document, or a refusal.
//!
//! - `{"metric_points":{PATH:{"0":{"cumulative_count":N}}},"cli_version":…,"operating_system":…,"id":…}`: how often each
//!   command of one installation has ended with which exit code since its file was made. Unknown keys do not count.
//! - One fault fails the whole document; the installation sends all of it again, with larger counts, at its next
//!   upload.
//! - A count above [`limits::COUNT`] is that count: it stays a number that Graphite can keep exactly.
//! - Does no I/O and reads no clock.

mod points;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::batch;
use crate::field;
use crate::limits;
use crate::refusal::Refusal;
use crate::time::Moment;

/// What is counted: the runs of a command that ended with an exit code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counter {
    /// The command's words after the tool's own name and with it, separated by spaces: `pace get data-policy`.
    pub path: String,
    /// As the system gave it: −2³¹ to 2³²−1.
    pub exit_code: i64,
}

/// How often, since an installation's file was made.
pub type Counts = BTreeMap<Counter, u64>;

/// The counters of one installation at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Whose; lower case with hyphens.
    pub id: String,
    /// May be empty.
    pub cli_version: String,
    /// May be empty.
    pub operating_system: String,
    /// By our clock.
    pub received_at: Moment,
    /// May be none.
    pub counts: Counts,
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    cli_version: Option<&'a RawValue>,
    #[serde(borrow)]
    operating_system: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "field::present")]
    metric_points: Option<&'a RawValue>,
}

impl Document {
    /// Reads a plain body that was received at the given moment.
    pub fn read(body: &[u8], received_at: Moment) -> Result<Self, Refusal> {
        let fields: Fields<'_> = batch::object(body)?;
        Ok(Self {
            id: field::uuid("id", fields.id)?,
            cli_version: field::text_or_empty("cli_version", fields.cli_version, limits::CLI_VERSION_BYTES)?,
            operating_system: field::text_or_empty(
                "operating_system",
                fields.operating_system,
                limits::OPERATING_SYSTEM_BYTES,
            )?,
            received_at,
            counts: points::read(field::there("metric_points", fields.metric_points)?)?,
        })
    }
}

/// What a document changes in what is stored of its installation.
#[derive(Debug, PartialEq, Eq)]
pub struct Merge {
    /// The counters that are new or larger, with their new counts.
    pub raised: Counts,
    /// The document is older than one that came before it: its version and its system say nothing new.
    pub late: bool,
}

/// Keeps the larger count of each counter.
///
/// Counts only grow, and an ID is made and erased together with its counts, so a smaller one never is a new start. It
/// is an upload that was overtaken by a later one, or a file that was restored from a backup; in both cases what is
/// stored did happen.
pub fn merge(stored: &Counts, document: &Counts) -> Merge {
    let before = |counter| stored.get(counter).copied();
    let raised = document.iter().filter(|(counter, count)| before(counter).is_none_or(|before| before < **count));
    let late = stored.iter().any(|(counter, count)| document.get(counter).copied().unwrap_or_default() < *count);
    Merge { raised: raised.map(|(counter, count)| (counter.clone(), *count)).collect(), late }
}

#[cfg(test)]
#[path = "counters/tests.rs"]
mod tests;
