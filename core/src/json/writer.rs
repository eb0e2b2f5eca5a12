//! Appends JSON values to a byte buffer, with commas where they belong.

use super::gate;
use crate::error::Error;

/// Writes JSON values one after the other into a buffer.
///
/// A comma is due unless the buffer ends in `{`, `[` or `:`, so the writer needs no memory of where it is: a string
/// ends in `"`, so its text is never mistaken for a bracket.
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl std::fmt::Debug for Writer<'_> {
    /// Never what was written.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("position", &self.position()).finish_non_exhaustive()
    }
}

impl<'a> Writer<'a> {
    /// Appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// How many bytes the buffer holds.
    pub(crate) fn position(&self) -> usize {
        self.out.len()
    }

    fn separate(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(b',');
        }
    }

    fn raw(&mut self, json: &[u8]) {
        self.separate();
        self.out.extend_from_slice(json);
    }

    /// `null`
    pub fn null(&mut self) {
        self.raw(b"null");
    }

    /// `true` or `false`
    pub fn bool(&mut self, value: bool) {
        self.raw(if value { b"true" } else { b"false" });
    }

    /// A whole number.
    pub fn int(&mut self, value: i64) {
        self.separate();
        write_display(self.out, value);
    }

    /// A whole number of any size, given as its decimal digits with an optional `-`; `null` if it is none, and a string of
    /// its digits if no double can hold it, because a server could not read it as a number.
    pub fn big_int(&mut self, digits: &str) {
        let bare = digits.strip_prefix('-').unwrap_or(digits);
        let canonical = bare == "0" || !bare.starts_with('0');
        if bare.is_empty() || !canonical || !bare.bytes().all(|byte| byte.is_ascii_digit()) {
            self.null();
        } else if digits.parse().is_ok_and(f64::is_finite) {
            self.raw(digits.as_bytes());
        } else {
            self.str(digits);
        }
    }

    /// A floating-point number; `null` if it is not finite, because JSON has no word for it.
    pub fn double(&mut self, value: f64) {
        if value.is_finite() {
            self.separate();
            // `{:?}` is the shortest text that reads back as the same number, and always has a `.` or an exponent.
            write_debug(self.out, value);
        } else {
            self.null();
        }
    }

    /// A string.
    pub fn str(&mut self, value: &str) {
        self.separate();
        write_str(self.out, value);
    }

    /// A value given as JSON text, let through the gate. On an error the buffer is as it was.
    pub fn json(&mut self, text: &str) -> Result<(), Error> {
        let before = self.out.len();
        self.separate();
        gate::copy_value(text, self.out).inspect_err(|_| self.out.truncate(before))
    }

    /// A member's key; its value must follow.
    pub fn key(&mut self, key: &str) {
        self.str(key);
        self.out.push(b':');
    }

    /// `{`; members and [`end_object`](Self::end_object) must follow.
    pub fn begin_object(&mut self) {
        self.raw(b"{");
    }

    /// `}`
    pub fn end_object(&mut self) {
        self.out.push(b'}');
    }

    /// `[`; values and [`end_array`](Self::end_array) must follow.
    pub fn begin_array(&mut self) {
        self.raw(b"[");
    }

    /// `]`
    pub fn end_array(&mut self) {
        self.out.push(b']');
    }
}

fn write_display(out: &mut Vec<u8>, value: i64) {
    use std::io::Write;
    let _ = write!(out, "{value}"); // a Vec takes every write
}

fn write_debug(out: &mut Vec<u8>, value: f64) {
    use std::io::Write;
    let _ = write!(out, "{value:?}"); // a Vec takes every write
}

/// Appends `text` as a JSON string: `"`, `\` and control characters escaped, all else as it is.
pub(super) fn write_str(out: &mut Vec<u8>, text: &str) {
    const HEX: [u8; 16] = *b"0123456789abcdef";
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(plain) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
        let (before, from) = rest.split_at(plain);
        out.extend_from_slice(before);
        let Some((&special, after)) = from.split_first() else { break };
        match special {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', special]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.extend([special >> 4, special & 15].iter().filter_map(|nibble| HEX.get(usize::from(*nibble))));
            }
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer)) -> String {
        let mut out = Vec::new();
        write(&mut Writer::new(&mut out));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn commas_stand_between_values_and_nowhere_else() {
        let text = written(|w| {
            w.begin_object();
            w.key("a{");
            w.begin_array();
            w.int(-1);
            w.str("[");
            w.begin_object();
            w.end_object();
            w.null();
            w.end_array();
            w.key("b:");
            w.bool(true);
            w.end_object();
        });
        assert_eq!(text, r#"{"a{":[-1,"[",{},null],"b:":true}"#);
    }

    #[test]
    fn strings_are_escaped_as_serde_json_does_it() {
        for text in ["", "plain", "\"\\/", "\n\r\t\u{0}\u{1f}\u{7f}", "grüße \u{1f980} \u{2028}"] {
            let ours: String = serde_json::from_str(&written(|w| w.str(text))).unwrap();
            assert_eq!(ours, text);
            assert!(written(|w| w.str(text)).bytes().all(|byte| byte >= 0x20));
        }
    }

    #[test]
    fn numbers_read_back_as_themselves_and_non_finite_ones_are_null() {
        for value in [0.0, -0.0, 1.5, 1e300, 5e-324, f64::MAX, 0.1 + 0.2] {
            let back: f64 = written(|w| w.double(value)).parse().unwrap();
            assert_eq!(back.to_bits(), value.to_bits());
        }
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(written(|w| w.double(value)), "null");
        }
        assert_eq!(written(|w| w.big_int("-123456789012345678901234567890")), "-123456789012345678901234567890");
        let digits = "9".repeat(309);
        assert_eq!(written(|w| w.big_int(&digits)), format!("\"{digits}\""));
        for bad in ["", "-", "1.5", "007", "1e5", "x"] {
            assert_eq!(written(|w| w.big_int(bad)), "null", "{bad}");
        }
    }

    #[test]
    fn json_that_the_gate_refuses_leaves_the_buffer_as_it_was() {
        let text = written(|w| {
            w.begin_array();
            w.json("1").unwrap();
            w.json("{").unwrap_err();
            w.json("[2 ]").unwrap();
            w.end_array();
        });
        assert_eq!(text, "[1,[2]]");
    }
}
