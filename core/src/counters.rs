//! Counters: how often each command of a tool ended with which exit code, since the first run, in a file of the tool's own
//! that people can read.
//!
//! - When [`Counters::count`] returns, the command is counted, whatever kills the process, and once, however many processes
//!   count at the same time. Nobody ever waits for another process: see [`file`].
//! - Who reads the file always sees a whole one. Its form is that of STRM's PACE CLI, whose files are taken over.
//! - The counts are totals that never fall, so a lost upload loses nothing.
//!
//! ```text
//! count → file (lock) → reading (YAML → document) → document → yaml (document → YAML) → file (replace)
//!                         lines (what else it is)
//! ```

mod document;
mod file;
mod found;
mod lines;
mod place;
mod reading;
mod records;
mod reported;
mod stamp;
mod yaml;

pub(crate) use file::{Counters, Fresh};
pub(crate) use reported::Growth;
#[cfg(any(test, fuzzing))]
pub(crate) use {found::Read, reading::read};

use crate::error::{Error, ErrorKind};

/// The longest path of a command, in bytes: five times that of the longest that real tools have.
pub const MAX_COMMAND_BYTES: usize = 200;

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It is counted.
    Counted,
    /// Consent is off.
    Disabled,
    /// A limit was reached: more than [`MAX_COUNTERS`](document::MAX_COUNTERS) different commands and codes, or counts that
    /// nobody enters into the file.
    Dropped,
}

/// Refuses what is no path of a command, such as `pace get data-policy`.
pub(crate) fn check_command(path: &str) -> Result<(), Error> {
    if document::is_command(path) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::InvalidName, "a command has 1 to 200 bytes and no control characters"))
}
