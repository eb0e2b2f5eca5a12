//! What a call answers.

use crate::guard::guard;
use overt_core::{Error, ErrorKind};
use std::borrow::Cow;
use std::ffi::{CStr, c_char};

/// What became of a call: 0, or a positive value if nothing was recorded and nothing is wrong, or a negative error.
pub type Status = i32;

/// The values of an overt_status. Values are added, never renumbered; treat an unknown one by its sign.
#[allow(non_camel_case_types, reason = "the names are those of overt.h")]
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusValue {
    /// Done.
    OVERT_OK = 0,
    /// Consent is off, or there is no client.
    OVERT_DISABLED = 1,
    /// A limit was reached, or the host's before_send dropped the event.
    OVERT_DROPPED = 2,
    /// The call: an argument that must not be NULL is NULL.
    OVERT_INVALID_ARGUMENT = -1,
    /// The call: a text is not UTF-8.
    OVERT_INVALID_UTF8 = -2,
    /// The call: an option's value cannot be used.
    OVERT_INVALID_CONFIG = -3,
    /// The call: an event's name is empty or longer than 200 bytes.
    OVERT_INVALID_NAME = -4,
    /// The call: a distinct ID is empty, longer than 200 bytes, or one that identifies nobody ("null", "0", …).
    OVERT_INVALID_DISTINCT_ID = -5,
    /// The call: a text is no UUID, or it is the nil UUID.
    OVERT_INVALID_UUID = -6,
    /// The call: a text is no RFC 3339 time with an offset.
    OVERT_INVALID_TIMESTAMP = -7,
    /// The call: properties or options are not what they must be (see "Event").
    OVERT_INVALID_PROPERTIES = -8,
    /// The call: the event is larger than max_event_bytes.
    OVERT_EVENT_TOO_LARGE = -9,
    /// The world: a file of the state directory cannot be read or written.
    OVERT_STORAGE = -20,
    /// The world: the time for the call ended first.
    OVERT_TIMEOUT = -21,
    /// The world: not everything could be delivered; what can be kept is kept.
    OVERT_UNDELIVERED = -22,
    /// Us: a fault inside overt, which was caught.
    OVERT_INTERNAL = -90,
}

impl StatusValue {
    const ALL: [Self; 16] = [
        Self::OVERT_OK,
        Self::OVERT_DISABLED,
        Self::OVERT_DROPPED,
        Self::OVERT_INVALID_ARGUMENT,
        Self::OVERT_INVALID_UTF8,
        Self::OVERT_INVALID_CONFIG,
        Self::OVERT_INVALID_NAME,
        Self::OVERT_INVALID_DISTINCT_ID,
        Self::OVERT_INVALID_UUID,
        Self::OVERT_INVALID_TIMESTAMP,
        Self::OVERT_INVALID_PROPERTIES,
        Self::OVERT_EVENT_TOO_LARGE,
        Self::OVERT_STORAGE,
        Self::OVERT_TIMEOUT,
        Self::OVERT_UNDELIVERED,
        Self::OVERT_INTERNAL,
    ];

    fn phrase(self) -> &'static CStr {
        match self {
            Self::OVERT_OK => c"ok",
            Self::OVERT_DISABLED => c"telemetry is off",
            Self::OVERT_DROPPED => c"the event was dropped",
            Self::OVERT_INVALID_ARGUMENT => c"an argument must not be NULL",
            Self::OVERT_INVALID_UTF8 => c"a text is not UTF-8",
            Self::OVERT_INVALID_CONFIG => c"an option's value cannot be used",
            Self::OVERT_INVALID_NAME => c"an event's name has 1 to 200 bytes",
            Self::OVERT_INVALID_DISTINCT_ID => c"this distinct ID identifies nobody",
            Self::OVERT_INVALID_UUID => c"not a UUID",
            Self::OVERT_INVALID_TIMESTAMP => c"not an RFC 3339 time with an offset",
            Self::OVERT_INVALID_PROPERTIES => c"the properties cannot be used",
            Self::OVERT_EVENT_TOO_LARGE => c"the event is too large",
            Self::OVERT_STORAGE => c"the state directory cannot be used",
            Self::OVERT_TIMEOUT => c"the time ended first",
            Self::OVERT_UNDELIVERED => c"not everything could be delivered",
            Self::OVERT_INTERNAL => c"a fault inside overt",
        }
    }
}

/// A short phrase for a status, for people; "unknown status" for a value that this library does not know.
#[unsafe(no_mangle)]
pub extern "C" fn overt_status_str(status: Status) -> *const c_char {
    guard(c"".as_ptr(), || {
        let known = StatusValue::ALL.into_iter().find(|known| *known as Status == status);
        known.map_or(c"unknown status", StatusValue::phrase).as_ptr()
    })
}

/// Why a call failed: a status for the program, and a sentence for its developer.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    value: StatusValue,
    message: Cow<'static, str>,
}

impl Fault {
    pub(crate) fn new(value: StatusValue, message: impl Into<Cow<'static, str>>) -> Self {
        Self { value, message: message.into() }
    }

    pub(crate) fn status(&self) -> Status {
        self.value as Status
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let value = match error.kind() {
            ErrorKind::InvalidName => StatusValue::OVERT_INVALID_NAME,
            ErrorKind::InvalidDistinctId => StatusValue::OVERT_INVALID_DISTINCT_ID,
            ErrorKind::InvalidUuid => StatusValue::OVERT_INVALID_UUID,
            ErrorKind::InvalidTimestamp => StatusValue::OVERT_INVALID_TIMESTAMP,
            ErrorKind::InvalidProperties => StatusValue::OVERT_INVALID_PROPERTIES,
            ErrorKind::EventTooLarge => StatusValue::OVERT_EVENT_TOO_LARGE,
            ErrorKind::InvalidConfig => StatusValue::OVERT_INVALID_CONFIG,
            ErrorKind::Storage => StatusValue::OVERT_STORAGE,
            ErrorKind::Timeout => StatusValue::OVERT_TIMEOUT,
            ErrorKind::Undelivered => StatusValue::OVERT_UNDELIVERED,
            _ => StatusValue::OVERT_INTERNAL,
        };
        Self::new(value, error.to_string())
    }
}

/// What the body of a function gives to the guard.
pub(crate) type Answer = Result<Status, Fault>;

pub(crate) const OK: Answer = Ok(StatusValue::OVERT_OK as Status);
pub(crate) const DISABLED: Answer = Ok(StatusValue::OVERT_DISABLED as Status);
pub(crate) const DROPPED: Answer = Ok(StatusValue::OVERT_DROPPED as Status);

/// As [`guard`](guard()), for a body that answers with a status.
pub(crate) fn status(body: impl FnOnce() -> Answer) -> Status {
    guard(StatusValue::OVERT_INTERNAL as Status, || body().unwrap_or_else(|fault| fault.status()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status() {
        assert_eq!(status(|| panic!("inside")), StatusValue::OVERT_INTERNAL as Status);
    }
    use std::collections::BTreeSet;

    #[test]
    fn every_value_of_the_header_has_a_phrase_of_its_own() {
        let header = include_str!("../../include/overt.h");
        let (values, _) = header.split_once("} overt_status_value;").unwrap();
        let values = values.lines().filter_map(|line| line.strip_suffix(',')?.split_once(" = ")?.1.parse().ok());
        let values: BTreeSet<Status> = values.collect();
        assert_eq!(values, StatusValue::ALL.into_iter().map(|value| value as Status).collect());
        let phrases: BTreeSet<_> = StatusValue::ALL.into_iter().map(StatusValue::phrase).collect();
        assert_eq!(phrases.len(), values.len());
    }
}
