//! What the core says about the system, for `overt.environment`.

use overt::{Environment, Variables, View};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::collections::HashMap;

/// Says what the core says about a system, which is this one as far as nothing else is given. Files: those that are there,
/// by their path, with how they begin.
#[pyfunction]
#[pyo3(signature = (*, os=None, arch=None, variables=None, files=None, is_terminal=None))]
pub fn environment<'py>(
    py: Python<'py>,
    os: Option<String>,
    arch: Option<String>,
    variables: Option<HashMap<String, String>>,
    files: Option<HashMap<String, String>>,
    is_terminal: Option<bool>,
) -> PyResult<Bound<'py, PyDict>> {
    let seen = crate::calls::detached(py, None, || Some(View::of_process())).unwrap_or_default();
    let view = View {
        os: os.unwrap_or(seen.os),
        arch: arch.unwrap_or(seen.arch),
        variables: variables.map_or(seen.variables, Variables::from_iter),
        files: files.map_or(seen.files, |files| files.into_iter().collect()),
        is_terminal: is_terminal.unwrap_or(seen.is_terminal),
    };
    let Environment { os, arch, ci, agent, terminal, container, wsl } = Environment::of(&view);
    let said = PyDict::new(py);
    said.set_item("os", os)?;
    said.set_item("arch", arch)?;
    said.set_item("ci", ci)?;
    said.set_item("agent", agent)?;
    said.set_item("terminal", terminal)?;
    said.set_item("container", container)?;
    said.set_item("wsl", wsl)?;
    Ok(said)
}
