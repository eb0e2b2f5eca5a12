//! The native module of the overt Python package: translation only, no policy and no default.
//!
//! - No thread of ours ever touches Python. Callables of the host run in the thread that calls us, before the core holds
//!   any lock; the worker goes by the last answer. So there is no lock order between the GIL and the core, and nothing
//!   of ours is in the way when the interpreter ends.
//! - Whatever can wait (for a lock, a file, the network) runs detached from the interpreter, except for the one `write(2)`
//!   of a captured event, which is cheaper than letting go.
//! - A panic stops at [`calls`], and so does every exception that is an `Exception`: after construction nothing raises.

mod answers;
mod calls;
mod client;
mod command;
mod environment;
mod event;
mod exit;
mod fork;
mod hooks;
mod options;
mod text;
mod uploader;
mod walk;

#[pyo3::pymodule]
mod _overt {
    use pyo3::exceptions::PyImportError;
    use pyo3::prelude::*;
    use std::sync::atomic::{AtomicI64, Ordering};

    #[pymodule_export]
    use crate::client::Client;
    #[pymodule_export]
    use crate::command::command;
    #[pymodule_export]
    use crate::environment::environment;
    #[pymodule_export]
    use crate::uploader::upload;

    /// The interpreter that has the module; `-1`: none yet.
    static INTERPRETER: AtomicI64 = AtomicI64::new(-1);

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // SAFETY: the GIL is held, so there is a current interpreter.
        let this = unsafe { pyo3::ffi::PyInterpreterState_GetID(pyo3::ffi::PyInterpreterState_Get()) };
        // What PyO3 keeps in statics belongs to one interpreter; before 3.12 nothing but us says so.
        match INTERPRETER.compare_exchange(-1, this, Ordering::Relaxed, Ordering::Relaxed) {
            Err(other) if other != this => Err(PyImportError::new_err("overt runs in one interpreter of a process")),
            _ => {
                // This library has a standard library of its own, so the hook is ours alone: no panic prints anything.
                std::panic::set_hook(Box::new(|_| {}));
                module.add("__version__", overt::VERSION)?;
                crate::exit::register(module)?;
                crate::fork::register(module)
            }
        }
    }
}
