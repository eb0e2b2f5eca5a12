//! How a Python program starts its uploader: its own interpreter with this package and nothing else of the host's, neither
//! its script nor its `site`, nor what its variables say to Python.
//!
//! Only what is known to be an interpreter is started. A frozen application, or a program that embeds Python, would take
//! the arguments for its own and do its work once more.

use crate::calls;
use overt::{Upload, Uploader};
use pyo3::prelude::*;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Finds the package in the directory that is the first argument, behind the standard library; the rest is the core's.
const CODE: &str = "import sys; sys.path.append(sys.argv[1]); from overt._overt import upload; upload(sys.argv[2:])";

/// The interpreter, or why there is none that can be started.
pub fn of_interpreter(py: Python<'_>) -> PyResult<Result<Uploader, &'static str>> {
    let sys = py.import("sys")?;
    for name in ["frozen", "_MEIPASS"] {
        if sys.hasattr(name)? {
            return Ok(Err("the application is frozen"));
        }
    }
    let program: Option<PathBuf> = sys.getattr("executable")?.extract()?;
    let Some(program) = program.filter(|program| is_interpreter(program)) else {
        return Ok(Err("sys.executable is not Python"));
    };
    let module: PathBuf = py.import("overt._overt")?.getattr("__file__")?.extract()?;
    let Some(package) = module.parent().filter(|package| package.join("__init__.py").is_file()) else {
        return Ok(Err("the package lies in an archive"));
    };
    let Some(parent) = package.parent().and_then(|parent| std::path::absolute(parent).ok()) else {
        return Ok(Err("the package lies nowhere"));
    };
    let flags = ["-I", "-S", "-B", "-c", CODE].map(OsString::from);
    Ok(Ok(Uploader { program, args: flags.into_iter().chain([parent.into()]).collect() }))
}

/// Whether a file is a Python interpreter, by its name: `python`, `python3.12`, `python3.13t`, `python3-dbg`, `pythonw.exe`, …
fn is_interpreter(program: &Path) -> bool {
    let name = program.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let Some(rest) = name.strip_suffix(".exe").unwrap_or(&name).strip_prefix("python") else { return false };
    let kind = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    ["", "d", "m", "t", "td", "w", "w_d", "_d", "-dbg", "-intel64"].contains(&kind)
        && program.is_absolute()
        && program.is_file()
}

/// Does what the arguments of an uploader say. False: they are none.
#[pyfunction]
pub fn upload(py: Python<'_>, args: Vec<OsString>) -> bool {
    let upload = Upload::from_args(args);
    let found = upload.is_some();
    calls::detached(py, (), || upload.map_or((), Upload::run));
    found
}
