//! `python -m overt`: the `overt` command without its command line.

use crate::calls;
use overt_cli::{Request, Verb};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::PathBuf;

/// Does what a verb says for one tool. Gives the exit code, and what is to be printed on stdout and stderr.
#[pyfunction]
#[pyo3(signature = (verb, app, state_dir=None, json=false, timeout=None))]
pub fn command(
    py: Python<'_>,
    verb: &str,
    app: String,
    state_dir: Option<PathBuf>,
    json: bool,
    timeout: Option<&Bound<'_, PyAny>>,
) -> PyResult<(i32, String, String)> {
    let verb = Verb::parse(verb).ok_or_else(|| PyValueError::new_err("unknown verb"))?;
    let mut request = Request { state_dir, json, ..Request::new(verb, app) };
    if let Some(timeout) = timeout {
        request.timeout = crate::client::seconds(timeout);
    }
    let failed = (1, String::new(), "overt: this failed, and should not have\n".to_owned());
    Ok(calls::detached(py, failed, || {
        let reply = overt_cli::run(&request);
        (reply.exit_code, reply.stdout, reply.stderr)
    }))
}
