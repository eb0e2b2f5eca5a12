//! The arguments of `capture_event`, turned into the core's event. What cannot be used is an error, never a guess.

use crate::walk::{Walk, str_of};
use crate::{calls, text};
use overt::{Error, ErrorKind, Event, Options, Timestamp, Writer};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTzInfo};
use std::borrow::Cow;
use uuid::Uuid;

/// The arguments as they were given.
pub struct Given<'a, 'py> {
    pub name: &'a Bound<'py, PyAny>,
    /// Not looked at here, but walked straight into the event's line.
    pub properties: Option<&'a Bound<'py, PyAny>>,
    pub distinct_id: Option<&'a Bound<'py, PyAny>>,
    pub timestamp: Option<&'a Bound<'py, PyAny>>,
    pub uuid: Option<&'a Bound<'py, PyAny>>,
    pub options: Option<&'a Bound<'py, PyAny>>,
    pub force: Option<&'a Bound<'py, PyAny>>,
}

/// The arguments as they were understood.
pub struct Understood<'a> {
    name: Cow<'a, str>,
    distinct_id: Option<String>,
    timestamp: Option<Timestamp>,
    uuid: Option<Uuid>,
    options: Option<String>,
    force: bool,
}

impl<'a> Given<'a, '_> {
    pub fn understand(&self, max_bytes: usize) -> Result<Understood<'a>, Error> {
        Ok(Understood {
            name: name(self.name)?,
            distinct_id: self.distinct_id.map(distinct_id).transpose()?,
            timestamp: self.timestamp.map(timestamp).transpose()?,
            uuid: self.uuid.map(uuid).transpose()?,
            options: self.options.map(|given| options(given, max_bytes)).transpose()?,
            // What cannot be understood overrules nobody.
            force: self.force.is_some_and(|force| calls::swallow(force.py(), force.is_truthy(), false)),
        })
    }
}

impl Understood<'_> {
    pub fn event(&self) -> Result<Event<'_>, Error> {
        let mut event = Event::new(&self.name);
        event.distinct_id = self.distinct_id.as_deref();
        event.timestamp = self.timestamp;
        event.uuid = self.uuid;
        event.options = self.options.as_deref().map(Options::from_json).transpose()?.unwrap_or_default();
        event.force = self.force;
        Ok(event)
    }
}

/// The host's code raised while we looked at an argument: told as what the argument is not.
fn unusable(given: &Bound<'_, PyAny>, kind: ErrorKind, what: &'static str) -> impl FnOnce(PyErr) -> Error {
    let py = given.py();
    move |error| {
        calls::absorb(py, error);
        Error::new(kind, what)
    }
}

fn name<'a>(given: &'a Bound<'_, PyAny>) -> Result<Cow<'a, str>, Error> {
    let wrong = || Error::new(ErrorKind::InvalidName, "an event's name is a str");
    text::of(given.cast::<PyString>().map_err(|_| wrong())?).map_err(|_| wrong())
}

fn distinct_id(given: &Bound<'_, PyAny>) -> Result<String, Error> {
    str_of(given).map_err(unusable(given, ErrorKind::InvalidDistinctId, "this distinct ID has no text"))
}

fn uuid(given: &Bound<'_, PyAny>) -> Result<Uuid, Error> {
    let text = str_of(given).map_err(unusable(given, ErrorKind::InvalidUuid, "this UUID has no text"))?;
    overt::parse_uuid(&text)
}

/// A `datetime`, where a naive one is local time, or RFC 3339.
fn timestamp(given: &Bound<'_, PyAny>) -> Result<Timestamp, Error> {
    let utc = || -> PyResult<String> {
        if given.is_instance_of::<PyString>() || !calls::host_code_may_run() {
            return str_of(given);
        }
        let utc = PyTzInfo::utc(given.py())?;
        let time = given.call_method1(intern!(given.py(), "astimezone"), (utc,))?;
        str_of(&time.call_method0(intern!(given.py(), "isoformat"))?)
    };
    let text = utc().map_err(unusable(given, ErrorKind::InvalidTimestamp, "a time is a datetime or RFC 3339"))?;
    Timestamp::parse(&text)
}

fn options(given: &Bound<'_, PyAny>, max_bytes: usize) -> Result<String, Error> {
    json(given, max_bytes).ok_or_else(|| Error::new(ErrorKind::InvalidProperties, "options: not a mapping"))
}

/// A value as JSON text; nothing if it is too large.
pub fn json(value: &Bound<'_, PyAny>, max_bytes: usize) -> Option<String> {
    let mut out = Vec::new();
    let mut walk = Walk::new(value.py(), max_bytes);
    walk.value(&mut Writer::new(&mut out), value, 0);
    walk.end().ok()?;
    String::from_utf8(out).ok()
}
