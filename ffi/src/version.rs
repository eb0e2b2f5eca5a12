//! Which library this is.

use crate::guard::guard;
use std::ffi::{CStr, c_char};

/// The number of the ABI; it stands in the SONAME too.
const ABI_VERSION: u32 = 0;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

/// The version of the library that runs, such as "0.1.0": OVERT_VERSION or later.
#[unsafe(no_mangle)]
pub extern "C" fn overt_version() -> *const c_char {
    guard(c"".as_ptr(), || VERSION.as_ptr())
}

/// The ABI of the library that runs. Who refers to this symbol cannot be linked with a library of another ABI, so
/// bindings call it once when they are loaded and compare the answer with OVERT_ABI_VERSION.
#[unsafe(no_mangle)]
pub extern "C" fn overt_abi_0() -> u32 {
    guard(u32::MAX, || ABI_VERSION)
}
