//! Forks: since Python 3.12 every fork of a process that has more than one thread is warned of, whosever they are. So our
//! threads end before a fork, and what they were doing goes on after it.
//!
//! Python counts the threads after its `after_in_parent` hooks have run. So ours starts nothing: it asks the interpreter for
//! a call as soon as it goes on, and until that comes (only the main thread makes such calls) the next event does it.

use crate::exit;
use overt::reaper;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A thread ends within 10 ms unless a name server keeps silent; the fork does not wait for that.
const PATIENCE: Duration = Duration::from_millis(100);

/// Whether threads are held that may run again.
static DUE: AtomicBool = AtomicBool::new(false);

/// Registers the hooks, where Python warns.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let os = py.import("os")?;
    if py.version_info() < (3, 12) || !os.hasattr("register_at_fork")? {
        return Ok(());
    }
    let hooks = PyDict::new(py);
    hooks.set_item("before", wrap_pyfunction!(before, module)?)?;
    hooks.set_item("after_in_parent", wrap_pyfunction!(after_in_parent, module)?)?;
    os.call_method("register_at_fork", (), Some(&hooks)).map(drop)
}

#[pyfunction]
fn before() {
    for client in exit::live() {
        client.client.hold_thread(PATIENCE);
    }
    reaper::hold(PATIENCE);
}

#[pyfunction]
fn after_in_parent() {
    DUE.store(true, Ordering::Release);
    // SAFETY: the function needs no argument and never unwinds. A full queue only means that the next event does it.
    unsafe { pyo3::ffi::Py_AddPendingCall(Some(pending), std::ptr::null_mut()) };
}

extern "C" fn pending(_nothing: *mut c_void) -> c_int {
    let _ = std::panic::catch_unwind(release_if_due);
    0
}

/// Lets the threads run again, after a fork.
pub fn release_if_due() {
    if DUE.load(Ordering::Relaxed) && DUE.swap(false, Ordering::AcqRel) {
        for client in exit::live() {
            client.client.release_thread();
        }
        reaper::release();
    }
}
