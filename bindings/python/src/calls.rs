//! The boundary: what happens around every call from Python in which the host's own code may run.
//!
//! Our calls swallow panics and every `Exception`. What is no `Exception` (`KeyboardInterrupt`, `SystemExit`, a test
//! runner's or a scheduler's own signal) is not ours to swallow: it is put aside until the core has returned, and then raised.

use pyo3::exceptions::{PyException, PyRuntimeError};
use pyo3::prelude::*;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A callable of the host that captures an event calls us inside our call. Nobody means to do so this often.
const MAX_NESTED_CALLS: u32 = 8;

/// How long the exit waits for callables of the host that run on other threads: theirs are microseconds, and one that
/// waits for the network is not worth an exit.
const LONGEST_CALL: Duration = Duration::from_millis(250);

/// How many calls are under way in which Python code may run.
static CALLS: AtomicUsize = AtomicUsize::new(0);
/// Whether the interpreter ends.
static EXITING: AtomicBool = AtomicBool::new(false);

thread_local! {
    static NESTED: Cell<u32> = const { Cell::new(0) };
    static IS_EXIT_THREAD: Cell<bool> = const { Cell::new(false) };
    static PUT_ASIDE: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Runs a call that never raises by itself: `otherwise` is the answer of one that panicked, or that stands inside too
/// many others.
pub fn quiet<T>(otherwise: T, body: impl FnOnce() -> T) -> PyResult<T> {
    let nested = NESTED.get();
    if nested >= MAX_NESTED_CALLS {
        return Ok(otherwise);
    }
    NESTED.set(nested + 1);
    let counted = Counted::new();
    let answer = catch_unwind(AssertUnwindSafe(body));
    drop(counted);
    NESTED.set(nested);
    match PUT_ASIDE.take() {
        Some(error) => Err(error),
        None => Ok(answer.unwrap_or(otherwise)),
    }
}

/// Like [`quiet`] for what waits: detached from the interpreter, so that all other threads go on.
pub fn detached<T: Send>(py: Python<'_>, otherwise: T, body: impl FnOnce() -> T + Send) -> T {
    py.detach(|| catch_unwind(AssertUnwindSafe(body))).unwrap_or(otherwise)
}

/// Runs Python code of our own, such as an import; an error where none may run any more.
pub fn python_code<T>(body: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    let _counted = Counted::new();
    match host_code_may_run() {
        true => body(),
        false => Err(PyRuntimeError::new_err("the interpreter ends")),
    }
}

/// A call that the exit waits for: one in which Python code may run.
struct Counted(bool);

impl Counted {
    fn new() -> Self {
        CALLS.fetch_add(1, Ordering::SeqCst);
        let counted = Self(true);
        // Looked at after counting, as the exit counts after saying so: one of the two sees the other.
        if host_code_may_run() {
            return counted;
        }
        drop(counted);
        Self(false)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.0 {
            CALLS.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Whether this thread is in one of our calls, so that it is one of the host's.
pub fn is_in_call() -> bool {
    NESTED.get() > 0
}

/// Whether the host's code may run now. Once the interpreter ends it kills each other thread that wants to run Python,
/// before 3.14 by unwinding its stack; where that stack is ours, the process aborts.
pub fn host_code_may_run() -> bool {
    !EXITING.load(Ordering::SeqCst) || IS_EXIT_THREAD.get()
}

/// Begins the exit on this thread: lets the host's code on other threads come to its end, and no more begin.
pub fn begin_exit(py: Python<'_>) {
    IS_EXIT_THREAD.set(true);
    EXITING.store(true, Ordering::SeqCst);
    let end = Instant::now() + LONGEST_CALL;
    let under_way = || CALLS.load(Ordering::SeqCst) > 0 && Instant::now() < end;
    if under_way() {
        py.detach(|| {
            while under_way() {
                std::thread::sleep(Duration::from_micros(100))
            }
        });
    }
}

/// Whether the exit has begun.
pub fn is_exiting() -> bool {
    EXITING.load(Ordering::Relaxed)
}

/// Takes an exception of the host's code: swallowed, or put aside for the end of the call. True: the call is over.
pub fn absorb(py: Python<'_>, error: PyErr) -> bool {
    // Looking at an exception lets go of the GIL, which a thread that is about to be killed must not do. Then there is
    // none but our own.
    let ours_to_swallow = !host_code_may_run() || error.is_instance_of::<PyException>(py);
    if !ours_to_swallow {
        PUT_ASIDE.set(Some(error));
    }
    !ours_to_swallow
}

/// The value, or `otherwise` if the host's code raised.
pub fn swallow<T>(py: Python<'_>, value: PyResult<T>, otherwise: T) -> T {
    value.unwrap_or_else(|error| {
        absorb(py, error);
        otherwise
    })
}
