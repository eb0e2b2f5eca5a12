//! The one error type: what kind of thing went wrong, and a sentence that names the thing and its limit.
//!
//! An error never says more than the caller already knows: no event contents, no key, no path outside the state
//! directory.

use std::borrow::Cow;
use std::fmt;

/// What went wrong, grouped by whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The call: the event's name is empty or longer than 200 bytes.
    InvalidName,
    /// The call: the distinct ID is empty, longer than 200 bytes, or one that identifies nobody (`null`, `0`, …).
    InvalidDistinctId,
    /// The call: the text is no UUID, or it is the nil UUID.
    InvalidUuid,
    /// The call: the text is no RFC 3339 time with an offset.
    InvalidTimestamp,
    /// The call: the properties are not a JSON object that the gate lets through.
    InvalidProperties,
    /// The call: the finished event is larger than `max_event_bytes`.
    EventTooLarge,
    /// The call: an option's value cannot be used; the message names the option.
    InvalidConfig,
    /// The world: a file of the state directory cannot be read or written.
    Storage,
    /// The world: the time limit of the call ended first.
    Timeout,
    /// The world: the server could not be reached or refused; what can be kept is kept.
    Undelivered,
}

impl ErrorKind {
    /// The word for it in every language: that of the C header in lower case, without its prefix.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidName => "invalid_name",
            Self::InvalidDistinctId => "invalid_distinct_id",
            Self::InvalidUuid => "invalid_uuid",
            Self::InvalidTimestamp => "invalid_timestamp",
            Self::InvalidProperties => "invalid_properties",
            Self::EventTooLarge => "event_too_large",
            Self::InvalidConfig => "invalid_config",
            Self::Storage => "storage",
            Self::Timeout => "timeout",
            Self::Undelivered => "undelivered",
        }
    }
}

/// An error of overt. It is never a reason for the host to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
}

impl Error {
    /// Makes an error with a message for a developer.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn storage(what: &str, cause: &std::io::Error) -> Self {
        Self::new(ErrorKind::Storage, format!("{what}: {cause}"))
    }

    pub(crate) fn properties(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidProperties, message)
    }

    /// What is wrong with JSON text, and where; without its values, of which anything may be a secret.
    pub(crate) fn json(what: &str, error: &serde_json::Error) -> Self {
        let said = error.to_string();
        // "invalid type: string \"…\", expected a boolean at line 1 column 9": what is expected is ours, and comes last.
        let ours = said.rsplit_once(", expected ").filter(|_| said.starts_with("invalid "));
        Self::properties(ours.map_or(format!("{what}: {said}"), |(_, expected)| format!("{what}: expected {expected}")))
    }

    pub(crate) fn config(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidConfig, message)
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
