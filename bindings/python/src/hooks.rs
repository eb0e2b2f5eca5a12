//! The host's callables: `consent` and `before_send`.

use crate::calls;
use crate::walk::Walk;
use overt::Writer;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A Python object that the core holds and the garbage collector sees: a host's method refers to the host, which
/// refers to its client. The lock is only ever held for a moment and with the GIL.
#[derive(Default)]
struct Slot(Mutex<Option<Py<PyAny>>>);

impl Slot {
    fn new(object: Bound<'_, PyAny>) -> Self {
        Self(Mutex::new(Some(object.unbind())))
    }

    fn get<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        let slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.as_ref().map(|object| object.bind(py).clone())
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.try_lock().map_or(Ok(()), |slot| visit.call(&*slot))
    }

    fn clear(&self) {
        let object = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(object); // the host's finalisers run without the lock
    }
}

/// The callable that says whether the host consents.
pub struct AskHost {
    callable: Slot,
    /// The last answer, for threads that are not the host's.
    last: AtomicU8,
}

const NO_OPINION: u8 = 0;
const ON: u8 = 1;
const OFF: u8 = 2;

impl AskHost {
    pub fn new(callable: Bound<'_, PyAny>) -> Self {
        Self { callable: Slot::new(callable), last: AtomicU8::new(NO_OPINION) }
    }

    /// The answer: asked in a call of the host's, and the last one anywhere else.
    pub fn answer(&self) -> Option<bool> {
        if calls::is_in_call() && calls::host_code_may_run() {
            Python::attach(|py| self.ask(py));
        }
        match self.last.load(Ordering::Relaxed) {
            ON => Some(true),
            OFF => Some(false),
            _ => None,
        }
    }

    /// Asks. One that raises has not consented.
    pub fn ask(&self, py: Python<'_>) {
        let asked = match self.callable.get(py) {
            Some(callable) => callable.call0().and_then(|said| match said.is_none() {
                true => Ok(NO_OPINION),
                false => Ok(if said.is_truthy()? { ON } else { OFF }),
            }),
            None => Ok(OFF),
        };
        let answer = calls::swallow(py, asked, OFF);
        self.last.store(answer, Ordering::Relaxed);
    }
}

/// The callable that gets a last look at each event.
pub struct BeforeSend {
    callable: Slot,
    /// `json.loads`
    loads: Py<PyAny>,
    max_event_bytes: usize,
}

impl BeforeSend {
    pub fn new(callable: Bound<'_, PyAny>, max_event_bytes: usize) -> PyResult<Self> {
        let loads = callable.py().import("json")?.getattr("loads")?.unbind();
        Ok(Self { callable: Slot::new(callable), loads, max_event_bytes })
    }

    /// What the callable makes of an event; `None` drops it. One that raises has not approved.
    pub fn review(&self, event: &str) -> Option<String> {
        if !calls::host_code_may_run() {
            return None; // never sent unreviewed
        }
        Python::attach(|py| {
            let reviewed = self.call(py, event);
            calls::swallow(py, reviewed, None)
        })
    }

    fn call(&self, py: Python<'_>, event: &str) -> PyResult<Option<String>> {
        let Some(callable) = self.callable.get(py) else { return Ok(None) };
        let event = callable.call1((self.loads.bind(py).call1((event,))?,))?;
        if event.is_none() {
            return Ok(None);
        }
        let mut line = Vec::new();
        let mut walk = Walk::over_event(py, self.max_event_bytes);
        walk.value(&mut Writer::new(&mut line), &event, 0);
        Ok(walk.end().ok().and_then(|()| String::from_utf8(line).ok()))
    }
}

/// Both, as far as the host has them.
#[derive(Clone, Default)]
pub struct Hooks {
    pub ask_host: Option<Arc<AskHost>>,
    pub before_send: Option<Arc<BeforeSend>>,
}

impl Hooks {
    /// Asks the host anew, for what follows on a thread that cannot.
    pub fn refresh(&self, py: Python<'_>) -> PyResult<()> {
        match &self.ask_host {
            Some(host) if calls::host_code_may_run() => calls::quiet((), || host.ask(py)),
            _ => Ok(()),
        }
    }

    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.ask_host.as_ref().map_or(Ok(()), |host| host.callable.traverse(visit))?;
        self.before_send.as_ref().map_or(Ok(()), |hook| hook.callable.traverse(visit))
    }

    pub fn clear(&self) {
        self.ask_host.iter().for_each(|host| host.callable.clear());
        self.before_send.iter().for_each(|hook| hook.callable.clear());
    }
}
