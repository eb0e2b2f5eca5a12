//! Python's strings as Rust's.

use crate::calls;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use std::borrow::Cow;

/// The text of a string. A pair of surrogates becomes its character and a lone one U+FFFD, because JSON that has to
/// be UTF-8 can hold neither.
pub fn of<'a>(string: &'a Bound<'_, PyString>) -> PyResult<Cow<'a, str>> {
    match string.to_str() {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(_) => calls::python_code(|| mended(string)).map(Cow::Owned),
    }
}

fn mended(string: &Bound<'_, PyString>) -> PyResult<String> {
    let py = string.py();
    let encoded = string.call_method1(intern!(py, "encode"), ("utf-16-le", "surrogatepass"))?;
    let bytes = encoded.cast_into::<PyBytes>()?;
    let units = bytes.as_bytes().chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    Ok(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}
