//! Texts that are passed in.

use crate::status::{Fault, StatusValue};
use std::ffi::{CStr, c_char};
use std::path::PathBuf;

/// A text that is passed in, read during the call only. `data` NULL is no text at all, whatever `len` is.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    /// UTF-8. Where a path is asked for: whatever the file system takes.
    data: *const c_char,
    /// In bytes, or OVERT_NUL_TERMINATED.
    len: usize,
}

/// OVERT_NUL_TERMINATED: no text can be this long.
const NUL_TERMINATED: usize = usize::MAX;

impl Str {
    /// The bytes, if there is a text. They live no longer than the call: the borrow is that of the argument.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        if self.data.is_null() {
            return None;
        }
        if self.len == NUL_TERMINATED {
            // SAFETY: overt.h, `overt_str`: with this length `data` is NUL-terminated, and nobody changes it meanwhile.
            return Some(unsafe { CStr::from_ptr(self.data) }.to_bytes());
        }
        // SAFETY: overt.h, `overt_str`: `data` holds `len` bytes, and nobody changes them during the call.
        Some(unsafe { std::slice::from_raw_parts(self.data.cast(), self.len) })
    }

    /// The text, empty if there is none.
    pub(crate) fn utf8(&self) -> Result<&str, Fault> {
        self.named_utf8("a text")
    }

    /// The text, with a fault that names it.
    pub(crate) fn named_utf8(&self, name: &str) -> Result<&str, Fault> {
        std::str::from_utf8(self.bytes().unwrap_or_default())
            .map_err(|_| Fault::new(StatusValue::OVERT_INVALID_UTF8, format!("{name}: not UTF-8")))
    }

    /// A path, if there is one. On Unix it need not be UTF-8.
    pub(crate) fn path(&self, name: &str) -> Result<Option<PathBuf>, Fault> {
        let Some(bytes) = self.bytes().filter(|bytes| !bytes.is_empty()) else { return Ok(None) };
        #[cfg(unix)]
        {
            let _ = name;
            let path: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(bytes);
            Ok(Some(path.into()))
        }
        #[cfg(not(unix))]
        {
            let _ = bytes;
            Ok(Some(self.named_utf8(name)?.into()))
        }
    }
}

impl From<&str> for Str {
    /// For callbacks, which get texts in the same form. The bytes must outlive the call.
    fn from(text: &str) -> Self {
        Self { data: text.as_ptr().cast(), len: text.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_with_a_length_or_with_a_nul() {
        let of = |data: &CStr, len| Str { data: data.as_ptr(), len };
        assert_eq!(of(c"abc", 2).bytes(), Some(&b"ab"[..]));
        assert_eq!(of(c"abc", NUL_TERMINATED).bytes(), Some(&b"abc"[..]));
        assert_eq!(of(c"abc", 0).utf8().unwrap(), "");
        assert_eq!(of(c"\xff", 1).named_utf8("app").unwrap_err().message(), "app: not UTF-8");
        for len in [0, 7, NUL_TERMINATED] {
            assert_eq!(Str { data: std::ptr::null(), len }.bytes(), None);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_path_need_not_be_utf8() {
        let path = Str { data: c"/\xff".as_ptr(), len: 2 }.path("state_dir").unwrap().unwrap();
        assert_eq!(path.as_os_str().as_encoded_bytes(), b"/\xff");
        assert!(Str::from("").path("state_dir").unwrap().is_none());
    }
}
