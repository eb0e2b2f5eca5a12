//! Outputs: written on every return if they are wanted, and never read.

use crate::text::Text;
use std::ffi::c_char;
use std::mem::MaybeUninit;

/// A text that the caller may want. It is made only if so, and NULL if it is never given.
pub(crate) struct TextOut<'a>(Option<&'a mut Option<Box<Text>>>);

impl<'a> TextOut<'a> {
    pub(crate) fn new(out: Option<&'a mut MaybeUninit<Option<Box<Text>>>>) -> Self {
        Self(out.map(|out| out.write(None)))
    }

    pub(crate) fn put(self, text: impl FnOnce() -> String) {
        if let Some(out) = self.0 {
            *out = Some(Text::new(text()));
        }
    }
}

/// Writes a message into a caller's buffer: cut to fit at a character, and always terminated.
pub(crate) fn put_message(buf: *mut c_char, cap: usize, message: &str) {
    let Some(room) = cap.checked_sub(1).filter(|_| !buf.is_null()) else { return };
    let cut = (0..=room.min(message.len())).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
    // SAFETY: overt.h, "Outputs": `error_buf` has `error_cap` bytes, of which we write at most `cut + 1`; a message of
    // ours cannot overlap the caller's memory.
    unsafe {
        std::ptr::copy_nonoverlapping(message.as_ptr(), buf.cast(), cut);
        buf.add(cut).write(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(cap: usize) -> Vec<u8> {
        let mut buf = [0x55_u8; 8];
        put_message(buf.as_mut_ptr().cast(), cap, "aé€");
        buf.to_vec()
    }

    #[test]
    fn a_message_is_cut_at_a_character_and_terminated() {
        assert_eq!(cut(0), [0x55; 8]);
        assert_eq!(cut(1)[..2], [0, 0x55]);
        assert_eq!(cut(3)[..3], [b'a', 0, 0x55]);
        assert_eq!(cut(4)[..5], [b'a', 0xC3, 0xA9, 0, 0x55]);
        assert_eq!(&cut(8)[..7], "aé€\0".as_bytes());
        put_message(std::ptr::null_mut(), 8, "nobody listens");
    }
}
