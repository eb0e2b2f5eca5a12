//! The early call, without which this program is not started again.

use crate::guard::guard;
use crate::status::{Fault, StatusValue};
use overt_core::{Upload, Uploader};
use std::ffi::{OsString, c_char, c_int};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether this program has looked for an uploader's arguments. A program that does not would do its work once more
/// when it is started to upload, so nothing is started before it has.
static LOOKED: AtomicBool = AtomicBool::new(false);

/// Call it first in main. True: this process was started by overt to deliver events, and has done so; return from main
/// at once. False: go on; from now on overt_config_set_detached_upload may have this program started for that.
#[unsafe(no_mangle)]
pub extern "C" fn overt_uploader_main(argc: c_int, argv: *const *mut c_char) -> bool {
    guard(false, || {
        let Some(args) = own_args(argc, argv) else { return false };
        let Some(upload) = Upload::from_args(args) else {
            LOOKED.store(true, Ordering::Relaxed);
            return false;
        };
        // Whatever becomes of it, this process has nothing else to do.
        guard((), || upload.run());
        true
    })
}

/// What follows the name of the program; `None` if these are not the arguments of a main.
#[cfg(unix)]
fn own_args(argc: c_int, argv: *const *mut c_char) -> Option<Vec<OsString>> {
    use std::os::unix::ffi::OsStringExt;
    let count = usize::try_from(argc).ok().filter(|count| *count > 0 && !argv.is_null())?;
    // SAFETY: overt.h, `overt_uploader_main`: these are the arguments of main, so there are `argc` pointers.
    let args = unsafe { std::slice::from_raw_parts(argv, count) };
    let text = |arg: &*mut c_char| {
        // SAFETY: as above; each is a NUL-terminated text, and nobody changes it before main goes on.
        let text = (!arg.is_null()).then(|| unsafe { std::ffi::CStr::from_ptr(*arg) })?;
        Some(OsString::from_vec(text.to_bytes().to_vec()))
    };
    args.iter().skip(1).map(text).collect()
}

/// Untested: what main gets on Windows is not what was passed, but what is left of it in the code page.
#[cfg(not(unix))]
fn own_args(argc: c_int, argv: *const *mut c_char) -> Option<Vec<OsString>> {
    (argc > 0 && !argv.is_null()).then(|| std::env::args_os().skip(1).collect())
}

/// How this program is started again; `None` if its file cannot be found.
pub(crate) fn this_program() -> Result<Option<Uploader>, Fault> {
    if !LOOKED.load(Ordering::Relaxed) {
        let message = "detached_upload: overt_uploader_main was not called";
        return Err(Fault::new(StatusValue::OVERT_INVALID_CONFIG, message));
    }
    Ok(Uploader::this_program())
}
