//! The end of the interpreter: every live client gets its `exit_timeout`, counted from one moment for all of them.
//!
//! Our `atexit` hook runs before those that were registered earlier, and these may still capture events. So it only
//! waits, and ends nothing: an event that comes later is delivered at once within what is left of the budget, or else
//! stays in the spool like any other.

use crate::{answers, calls};
use overt::Client;
use pyo3::prelude::*;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

/// A core's client with its share of the exit.
pub struct Exiting {
    pub client: Client,
    exit_timeout: Duration,
    /// Until when it may wait, once the exit has begun.
    until: OnceLock<Instant>,
}

/// Never locked for longer than it takes to copy a pointer, and only with the GIL, so a fork cannot inherit it locked.
static LIVE: Mutex<Vec<Weak<Exiting>>> = Mutex::new(Vec::new());

impl Exiting {
    pub fn new(client: Client, exit_timeout: Duration) -> Arc<Self> {
        let this = Arc::new(Self { client, exit_timeout, until: OnceLock::new() });
        let mut live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
        live.retain(|client| client.strong_count() > 0);
        live.push(Arc::downgrade(&this));
        this
    }

    /// How long it may still wait.
    fn left(&self) -> Duration {
        let until = *self.until.get_or_init(|| Instant::now() + self.exit_timeout);
        until.saturating_duration_since(Instant::now())
    }

    /// Delivers what was captured after the hook had run.
    pub fn captured(&self, py: Python<'_>) {
        if calls::is_exiting() {
            self.wait(py);
        }
    }

    fn wait(&self, py: Python<'_>) {
        let left = self.left();
        if !left.is_zero() {
            calls::detached(py, (), || {
                // A person who presses Ctrl-C wants the program to end, not to read a traceback about telemetry.
                let _ = self.client.flush_while(left, &|| Python::attach(|py| py.check_signals()).is_ok());
            });
        }
    }
}

impl Drop for Exiting {
    /// Waits as the core would, but lets other threads of the interpreter run, and never starts from the whole budget
    /// again: the core does not wait for a client that is closed.
    fn drop(&mut self) {
        let left = if calls::is_exiting() { self.left() } else { self.exit_timeout };
        let close = || drop(self.client.close(left));
        if left.is_zero() || Python::try_attach(|py| calls::detached(py, (), close)).is_none() {
            close();
        }
    }
}

/// Registers the hook.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let hook = wrap_pyfunction!(begin, module)?;
    module.py().import("atexit")?.call_method1("register", (hook,)).map(drop)
}

#[pyfunction]
fn begin(py: Python<'_>) {
    let _ = answers::prepare(py);
    calls::begin_exit(py);
    let live: Vec<_> = {
        let live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
        live.iter().filter_map(Weak::upgrade).collect()
    };
    for client in &live {
        let _ = client.left(); // the budgets of all begin now
    }
    for client in &live {
        client.wait(py);
    }
}
