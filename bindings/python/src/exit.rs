//! The end of the interpreter: every live client gets its `exit_timeout`, counted from one moment for all of them.
//!
//! Our `atexit` hook runs before those that were registered earlier, and these may still capture events. So it only
//! waits, and ends nothing: an event that comes later is delivered at once within what is left of the budget, or else
//! stays in the spool like any other. When nothing can be captured any more, all are closed: a client that Python never
//! destroys may have something to leave to an uploader.

use crate::{answers, calls};
use overt::Client;
use pyo3::prelude::*;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// A core's client with its share of the exit.
pub struct Exiting {
    pub client: Client,
}

/// Never locked for longer than it takes to copy a pointer, and only with the GIL, so a fork cannot inherit it locked.
static LIVE: Mutex<Vec<Weak<Exiting>>> = Mutex::new(Vec::new());

/// Whether a person has pressed Ctrl-C while the end waited: then no client waits any more.
static GIVEN_UP: AtomicBool = AtomicBool::new(false);

impl Exiting {
    pub fn new(client: Client) -> Arc<Self> {
        let this = Arc::new(Self { client });
        let mut live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
        live.retain(|client| client.strong_count() > 0);
        live.push(Arc::downgrade(&this));
        this
    }

    /// Delivers what was captured after the hook had run.
    pub fn captured(&self, py: Python<'_>) {
        if calls::is_exiting() {
            self.wait(py);
        }
    }

    /// Waits within what is left of the budget.
    fn wait(&self, py: Python<'_>) {
        if self.client.begin_exit().is_zero() || GIVEN_UP.load(Ordering::Relaxed) {
            return;
        }
        calls::detached(py, (), || {
            // A person who presses Ctrl-C wants the program to end, not to read a traceback about telemetry.
            let go_on = || {
                let interrupted = Python::attach(|py| py.check_signals()).is_err();
                GIVEN_UP.fetch_or(interrupted, Ordering::Relaxed);
                !interrupted
            };
            let _ = self.client.wait_at_exit(&go_on);
        });
    }
}

/// The clients that live.
pub fn live() -> Vec<Arc<Exiting>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect()
}

impl Drop for Exiting {
    /// Waits as the core would, but lets other threads of the interpreter run.
    fn drop(&mut self) {
        let waits = !self.client.begin_exit().is_zero() && !GIVEN_UP.load(Ordering::Relaxed);
        let close = || {
            if waits {
                drop(self.client.wait_at_exit(&|| true));
            }
            drop(self.client.close(Duration::ZERO));
        };
        if !waits || Python::try_attach(|py| calls::detached(py, (), close)).is_none() {
            close();
        }
    }
}

/// Registers the hooks.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // SAFETY: the hook needs no Python. If Python has no room for another one, nothing but an uploader is missing.
    let _ = unsafe { pyo3::ffi::Py_AtExit(Some(end)) };
    let hook = wrap_pyfunction!(begin, module)?;
    module.py().import("atexit")?.call_method1("register", (hook,)).map(drop)
}

#[pyfunction]
fn begin(py: Python<'_>) {
    let _ = answers::prepare(py);
    calls::begin_exit(py);
    let live = live();
    for client in &live {
        client.client.begin_exit();
    }
    for client in &live {
        client.wait(py);
    }
}

/// After the last Python code.
extern "C" fn end() {
    let close = || live().iter().for_each(|exiting| drop(exiting.client.close(Duration::ZERO)));
    let _ = catch_unwind(close);
}
