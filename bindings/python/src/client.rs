//! `overt.Client`.

use crate::event::Given;
use crate::exit::Exiting;
use crate::hooks::Hooks;
use crate::walk::{Walk, str_of};
use crate::{answers, calls, fork, options};
use overt::{Capture, Consent, Counted, Error, ErrorKind, Properties};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// `flush()` without a number: a person at a terminal bears it once, a job that ends does not notice.
const FLUSH_WAIT: Duration = Duration::from_secs(5);
/// Nobody means to wait longer, and an instant further away could not be represented.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 86_400);

/// Records events and delivers them. An option that is absent or None keeps the core's default; times are seconds.
/// `overt._options.Options` says what each one means.
#[pyclass(frozen, weakref, subclass, module = "overt")]
pub struct Client {
    life: Arc<Exiting>,
    hooks: Hooks,
    app: String,
    max_event_bytes: usize,
}

#[pymethods]
impl Client {
    #[new]
    #[pyo3(
        signature = (**options),
        text_signature = "(*, app, app_version=None, api_key=None, endpoint=None, allow_plain_http=None, wire=None, \
                          compression=None, ack=None, response_wait=None, extra_headers=None, flush_at=None, flush_interval=None, max_retries=None, \
                          timeout=None, connect_timeout=None, exit_timeout=None, max_event_bytes=None, \
                          max_batch_bytes=None, max_spool_events=None, max_spool_bytes=None, max_spool_age=None, \
                          max_memory_events=None, disable_geoip=None, person_profiles=None, \
                          historical_migration=None, super_properties=None, enrich=None, report_losses=None, \
                          before_send=None, state_dir=None, client_id_path=None, client_id_key=None, counters_path=None, \
                          counters_endpoint=None, counters_interval=None, keep_sent=None, \
                          consent=None, consent_env=None, consent_path=None, consent_key=None, \
                          default_consent=None, respect_do_not_track=None, in_ci=None, notice=None, \
                          send_before_notice=None, notice_anywhere=None, detached_upload=None, background=None, debug=None)"
    )]
    fn new(py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let options::Given { config, hooks, remark } = calls::python_code(|| options::read(py, options))?;
        let (app, max_event_bytes) = (config.app.clone(), config.max_event_bytes);
        hooks.refresh(py)?;
        let client = calls::detached(py, None, || Some(overt::Client::new(config)));
        match client {
            Some(Ok(client)) => {
                remark.into_iter().for_each(|remark| client.trace(|| remark));
                let life = Exiting::new(client);
                Ok(Self { life, hooks, app, max_event_bytes })
            }
            Some(Err(error)) => Err(options::config_error(py, error.to_string())),
            None => Err(options::config_error(py, "the client cannot be started".to_owned())),
        }
    }

    /// Records an event. Gives its UUID, or None if nothing was recorded. Never raises.
    ///
    /// `timestamp` says when it happened: a datetime, where a naive one is local time, or RFC 3339 text with an offset.
    /// `uuid` is for an event that may be captured twice and is to count once. `options` tell the server how to treat it:
    /// process_person_profile, cookieless_mode, disable_skew_correction, product_tour_id, session_id, window_id. `force`
    /// records it although the host, CI or the tool's default says off; a person's off is never overruled.
    #[pyo3(signature = (name, properties=None, *, distinct_id=None, timestamp=None, uuid=None, options=None, force=None))]
    #[expect(clippy::too_many_arguments, reason = "Python has keyword arguments, Rust has not")]
    fn capture_event<'py>(
        &self,
        py: Python<'py>,
        name: &Bound<'py, PyAny>,
        properties: Option<&Bound<'py, PyAny>>,
        distinct_id: Option<&Bound<'py, PyAny>>,
        timestamp: Option<&Bound<'py, PyAny>>,
        uuid: Option<&Bound<'py, PyAny>>,
        options: Option<&Bound<'py, PyAny>>,
        force: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyString>>> {
        let asks_nobody = self.hooks.ask_host.is_none();
        if asks_nobody && force.is_none() && !self.core().may_record(false) {
            return Ok(None); // the whole disabled path
        }
        let given = Given { name, properties, distinct_id, timestamp, uuid, options, force };
        calls::quiet(None, || match self.record(py, &given) {
            Ok(Capture::Recorded(uuid)) => Some(PyString::new(py, uuid.hyphenated().encode_lower(&mut [0; 36]))),
            _ => None,
        })
    }

    /// As `capture_event`, but says what became of the event.
    #[pyo3(signature = (name, properties=None, *, distinct_id=None, timestamp=None, uuid=None, options=None, force=None))]
    #[expect(clippy::too_many_arguments, reason = "Python has keyword arguments, Rust has not")]
    fn capture<'py>(
        &self,
        py: Python<'py>,
        name: &Bound<'py, PyAny>,
        properties: Option<&Bound<'py, PyAny>>,
        distinct_id: Option<&Bound<'py, PyAny>>,
        timestamp: Option<&Bound<'py, PyAny>>,
        uuid: Option<&Bound<'py, PyAny>>,
        options: Option<&Bound<'py, PyAny>>,
        force: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let given = Given { name, properties, distinct_id, timestamp, uuid, options, force };
        answers::capture(py, calls::quiet(None, || Some(self.record(py, &given)))?)
    }

    /// Counts a command of the program: its path, such as `pace get data-policy` (the words that the program defines, never
    /// what its user typed beside them), and its exit code. True if it is counted, which then survives the death of the
    /// process. Never waits for other processes. Never raises.
    fn record_command(&self, py: Python<'_>, path: &Bound<'_, PyAny>, exit_code: &Bound<'_, PyAny>) -> PyResult<bool> {
        // Attached: this may ask the host.
        calls::quiet(false, || {
            if !self.core().may_count() {
                return false;
            }
            let wrong = |error: PyErr| {
                calls::absorb(py, error);
                Error::new(ErrorKind::InvalidName, "a command is a str, and its exit code an int of 32 bits")
            };
            let given = || Ok((str_of(path.cast::<PyString>()?)?, exit_code.extract()?));
            let counted =
                given().map_err(wrong).and_then(|(path, exit_code)| self.core().record_command(&path, exit_code));
            if let Err(error) = &counted {
                self.core().trace(|| format!("record_command: {error}"));
            }
            let counted = counted == Ok(Counted::Counted);
            if counted {
                fork::release_if_due();
                self.life.captured(py);
            }
            counted
        })
    }

    /// Waits at most `timeout` seconds until everything recorded before is delivered. True if it is.
    #[pyo3(signature = (timeout=None), text_signature = "($self, timeout=5.0)")]
    fn flush(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        self.hooks.refresh(py)?;
        self.wait(py, timeout.map_or(FLUSH_WAIT, seconds))
    }

    /// Ends delivery after waiting for it at most `timeout` seconds; if unset, `exit_timeout`.
    #[pyo3(signature = (timeout=None))]
    fn close(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        self.hooks.refresh(py)?;
        let waited = match timeout.map(seconds) {
            None => self.interruptible(py, (), |core, go_on| drop(core.wait_at_exit(go_on))),
            Some(Duration::ZERO) => Ok(()),
            Some(timeout) => self.wait(py, timeout).map(drop),
        };
        calls::detached(py, (), || drop(self.core().close(Duration::ZERO)));
        waited
    }

    fn __enter__(this: Py<Self>) -> Py<Self> {
        this
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, pyo3::types::PyTuple>) -> PyResult<()> {
        self.close(py, None)
    }

    /// The tool's name.
    #[getter]
    fn app(&self) -> &str {
        &self.app
    }

    /// Whether an event would be recorded now: `consent` without its reason, for those who ask often.
    #[getter]
    fn enabled(&self) -> PyResult<bool> {
        match &self.hooks.ask_host {
            None => Ok(self.core().may_record(false)),
            Some(_) => calls::quiet(false, || self.core().may_record(false)),
        }
    }

    /// Whether events are recorded, and why.
    #[getter]
    fn consent<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        // Attached: this may ask the host.
        let off = Consent { enabled: false, reason: overt::ConsentReason::Host };
        answers::consent(py, calls::quiet(off, || self.core().consent())?)
    }

    /// Stores the user's choice. Gives what then holds.
    fn set_consent<'py>(&self, py: Python<'py>, enabled: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        // What cannot be understood is no consent.
        let enabled = calls::quiet(false, || calls::swallow(py, enabled.is_truthy(), false))?;
        calls::detached(py, (), || {
            if let Err(error) = self.core().set_consent(enabled) {
                self.core().trace(|| format!("set_consent: {error}"));
            }
        });
        self.consent(py)
    }

    /// Whether this client has shown the tool's notice: its first run on a terminal.
    #[getter]
    fn notice_shown(&self) -> bool {
        self.core().notice_shown()
    }

    /// The client ID, made now if there is none yet; None while consent is off.
    #[getter]
    fn client_id(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.asked(py, "client_id", overt::Client::client_id)
    }

    /// Forgets the client ID and erases everything pending. Gives the new ID, or None while consent is off.
    fn reset_client_id(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.asked(py, "reset_client_id", overt::Client::reset_client_id)
    }

    /// HMAC-SHA-256 of a text under this installation's own random salt, as lower-case hex: to recognise a thing without
    /// knowing it. None while consent is off.
    fn salted_hash(&self, py: Python<'_>, text: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        let text = calls::quiet(None, || calls::swallow(py, str_of(text).map(Some), None))?;
        let Some(text) = text else { return Ok(None) };
        self.asked(py, "salted_hash", |core| core.salted_hash(&text))
    }

    /// What this client did in this process.
    #[getter]
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answers::stats(py, py.detach(|| self.core().stats()))
    }

    /// Events that this process lost, by the reasons that occurred: spool_full, memory_full, expired, refused, corrupt.
    fn losses(&self, py: Python<'_>) -> HashMap<&'static str, u64> {
        let losses = calls::detached(py, Vec::new(), || self.core().losses());
        losses.into_iter().map(|(reason, events)| (reason.as_str(), events)).collect()
    }

    /// The events that wait to be sent, oldest first, each exactly as it will be sent.
    fn pending(&self, py: Python<'_>) -> Vec<String> {
        calls::detached(py, Vec::new(), || self.core().pending())
    }

    /// The last events that were sent, oldest first, each exactly as it was sent.
    fn sent(&self, py: Python<'_>) -> Vec<String> {
        calls::detached(py, Vec::new(), || self.core().sent())
    }

    /// The counts of commands, as the JSON document that is uploaded; None if there are none.
    fn counters(&self, py: Python<'_>) -> Option<String> {
        calls::detached(py, None, || self.core().counters())
    }

    /// What was delivered and lost over all processes.
    #[getter]
    fn ledger<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answers::ledger(py, calls::detached(py, overt::Ledger::default(), || self.core().ledger()))
    }

    /// Where the files lie; None if this user has no home directory.
    #[getter]
    fn paths<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        // Python's paths are Python code: while the interpreter ends, other threads have none.
        let paths = self.core().paths().filter(|_| calls::host_code_may_run());
        paths.map(|paths| answers::paths(py, paths)).transpose()
    }

    fn __repr__(&self) -> String {
        format!("<overt.Client app='{}'>", self.app)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.hooks.traverse(&visit)
    }

    fn __clear__(&self) {
        self.hooks.clear();
    }
}

impl Client {
    fn core(&self) -> &overt::Client {
        &self.life.client
    }

    fn record<'py>(&self, py: Python<'py>, given: &Given<'_, 'py>) -> Result<Capture, Error> {
        let captured = match self.understand_and_record(py, given) {
            // What is wrong does not matter while consent is off.
            Err(_) if given.force.is_none() && !self.core().may_record(false) => Ok(Capture::Disabled),
            captured => captured,
        };
        match &captured {
            Ok(Capture::Recorded(_)) => {
                fork::release_if_due();
                self.life.captured(py);
            }
            Ok(Capture::Dropped(reason)) => {
                self.core().trace(|| format!("capture_event: dropped: {}", answers::dropped_by(*reason)));
            }
            Ok(Capture::Disabled) => {}
            Err(error) => self.core().trace(|| format!("capture_event: {error}")),
        }
        captured
    }

    fn understand_and_record<'py>(&self, py: Python<'py>, given: &Given<'_, 'py>) -> Result<Capture, Error> {
        let understood = given.understand(self.max_event_bytes)?;
        self.core().capture(&understood.event()?, |line: &mut Properties<'_>| match given.properties {
            Some(properties) => Walk::new(py, self.max_event_bytes).properties(line, properties),
            None => Ok(()),
        })
    }

    /// Waits as `wait` does; a Ctrl-C ends it.
    fn interruptible<T: Send>(
        &self,
        py: Python<'_>,
        otherwise: T,
        wait: impl FnOnce(&overt::Client, &dyn Fn() -> bool) -> T + Send,
    ) -> PyResult<T> {
        fork::release_if_due();
        let mut interrupted = Ok(());
        let answer = calls::detached(py, otherwise, || {
            let interrupted = std::sync::Mutex::new(&mut interrupted);
            let go_on = || {
                let checked = Python::attach(|py| py.check_signals());
                let go_on = checked.is_ok();
                if let Ok(mut place) = interrupted.lock() {
                    **place = checked;
                }
                go_on
            };
            wait(self.core(), &go_on)
        });
        interrupted.map(|()| answer)
    }

    fn wait(&self, py: Python<'_>, timeout: Duration) -> PyResult<bool> {
        self.interruptible(py, false, |core, go_on| core.flush_while(timeout, go_on).is_ok())
    }

    fn asked(
        &self,
        py: Python<'_>,
        what: &str,
        call: impl FnOnce(&overt::Client) -> Result<Option<String>, Error> + Send,
    ) -> PyResult<Option<String>> {
        self.hooks.refresh(py)?;
        Ok(calls::detached(py, None, || {
            call(self.core()).unwrap_or_else(|error| {
                self.core().trace(|| format!("{what}: {error}"));
                None
            })
        }))
    }
}

/// A number of seconds to wait; what is none is no wait.
pub fn seconds(given: &Bound<'_, PyAny>) -> Duration {
    let seconds = given.extract::<f64>().unwrap_or(0.0).max(0.0);
    Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
}
