//! What the core answers, as the named tuples of `overt._answers`. They are imported when the first one is needed: most
//! programs never ask.
//!
//! They are made by `tuple` itself, so that no Python code runs: a thread may look at its client while the interpreter ends.

use crate::calls;
use overt::{Capture, Consent, Error, Ledger, LossReason, Paths, Stats};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyType};

type Answer<'py> = PyResult<Bound<'py, PyAny>>;

const MODULE: &str = "overt._answers";

/// One of the classes, by its name.
struct Class(&'static str, PyOnceLock<Py<PyType>>);

static CAPTURE: Class = Class("Capture", PyOnceLock::new());
static CONSENT: Class = Class("Consent", PyOnceLock::new());
static LEDGER: Class = Class("Ledger", PyOnceLock::new());
static PATHS: Class = Class("Paths", PyOnceLock::new());
static STATS: Class = Class("Stats", PyOnceLock::new());

impl Class {
    fn make<'py>(&self, py: Python<'py>, values: impl IntoPyObject<'py>) -> Answer<'py> {
        let class = match self.1.get(py) {
            Some(class) => class.bind(py),
            None => calls::python_code(|| self.1.import(py, MODULE, self.0))?,
        };
        py.get_type::<PyTuple>().call_method1(intern!(py, "__new__"), (class, values))
    }
}

/// Imports the classes if there are other threads that may ask for one when it is too late to import anything.
pub fn prepare(py: Python<'_>) -> PyResult<()> {
    let modules = py.import("sys")?.getattr("modules")?;
    let threading = modules.call_method1("get", ("threading",))?;
    if !threading.is_none() && threading.call_method0("active_count")?.gt(1)? {
        for class in [&CAPTURE, &CONSENT, &LEDGER, &PATHS, &STATS] {
            class.1.import(py, MODULE, class.0)?;
        }
    }
    Ok(())
}

/// What became of an event; `None`: a fault inside overt, which was caught.
pub fn capture(py: Python<'_>, captured: Option<Result<Capture, Error>>) -> Answer<'_> {
    let (status, uuid, reason) = match captured {
        Some(Ok(Capture::Recorded(uuid))) => ("ok", Some(uuid.hyphenated().to_string()), None),
        Some(Ok(Capture::Disabled)) => ("disabled", None, None),
        Some(Ok(Capture::Dropped(reason))) => ("dropped", None, Some(dropped_by(reason).to_owned())),
        Some(Err(error)) => (error.kind().as_str(), None, Some(error.to_string())),
        None => ("internal", None, None),
    };
    CAPTURE.make(py, (status, uuid, reason))
}

/// What dropped an event: a limit, or else the host.
pub fn dropped_by(limit: Option<LossReason>) -> &'static str {
    limit.map_or("before_send", LossReason::as_str)
}

pub fn consent(py: Python<'_>, consent: Consent) -> Answer<'_> {
    CONSENT.make(py, (consent.enabled, consent.reason.as_str()))
}

pub fn ledger(py: Python<'_>, ledger: Ledger) -> Answer<'_> {
    let Ledger { delivered, unconfirmed, requests, failures, lost, parked_until_ms } = ledger;
    LEDGER.make(py, (delivered, unconfirmed, requests, failures, lost, parked_until_ms))
}

pub fn paths(py: Python<'_>, paths: Paths) -> Answer<'_> {
    let Paths { state_dir, consent, client_id, spool } = paths;
    calls::python_code(|| PATHS.make(py, (state_dir, consent, client_id, spool)))
}

pub fn stats(py: Python<'_>, stats: Stats) -> Answer<'_> {
    let Stats { recorded, delivered, unconfirmed, pending, lost, requests, failures, panics, storage, .. } = stats;
    let counts = (recorded, delivered, unconfirmed, pending, lost, requests, failures, panics, storage.as_str());
    STATS.make(py, counts)
}
