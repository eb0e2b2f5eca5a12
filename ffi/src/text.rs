//! Texts that are given out.

use crate::guard::guard;
use std::ffi::c_char;

/// A text that is given out: JSON, JSON lines or an ID. It belongs to the caller, who frees it, and never changes.
pub struct Text {
    /// With a NUL at the end.
    bytes: Box<[u8]>,
}

impl Text {
    pub(crate) fn new(text: String) -> Box<Self> {
        let mut bytes = text.into_bytes();
        bytes.push(0);
        Box::new(Self { bytes: bytes.into() })
    }
}

/// The bytes of a text, with a NUL after them. Without a text: "".
#[unsafe(no_mangle)]
pub extern "C" fn overt_text_data(text: Option<&Text>) -> *const c_char {
    guard(c"".as_ptr(), || text.map_or(c"".as_ptr(), |text| text.bytes.as_ptr().cast()))
}

/// How many bytes it has, without the NUL.
#[unsafe(no_mangle)]
pub extern "C" fn overt_text_len(text: Option<&Text>) -> usize {
    guard(0, || text.map_or(0, |text| text.bytes.len() - 1))
}

/// Frees a text.
#[unsafe(no_mangle)]
pub extern "C" fn overt_text_free(text: Option<Box<Text>>) {
    guard((), || drop(text));
}
