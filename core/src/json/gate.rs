//! The gate for JSON that comes from outside: one pass that validates, minifies and copies.
//!
//! Stricter than RFC 8259 in three things, each of which would break a batch or a server: nesting deeper than
//! [`MAX_DEPTH`], lone surrogates, and numbers that are no finite double.

use super::MAX_DEPTH;
use crate::error::Error;
use std::borrow::Cow;

/// What an event's line puts around a value that a caller gives: the event and its properties.
const LINE_DEPTH: usize = 2;

/// Digits that cannot overflow a double without an exponent; the largest has 309.
const ALWAYS_FINITE_DIGITS: usize = 300;

/// Copies one value; nothing but white space may follow it.
pub(crate) fn copy_value(text: &str, out: &mut Vec<u8>) -> Result<(), Error> {
    let mut gate = Gate::new(text, out);
    gate.skip_space();
    gate.value(0)?;
    gate.end()
}

/// Copies the members of one object, each with a leading comma where `out` needs one, as far as `sift` keeps them.
pub(crate) fn copy_object(text: &str, out: &mut Vec<u8>, sift: &mut dyn Sift) -> Result<(), Error> {
    Gate::new(text, out).object(sift)
}

/// Decides which members of an object are copied. Keys have their escapes resolved.
pub(crate) trait Sift {
    /// Whether the member of this key is copied.
    fn keeps(&mut self, key: &str) -> bool;
    /// A member that was not kept, with its value as JSON.
    fn left_out(&mut self, _key: &str, _value: &[u8]) {}
}

/// Keeps everything.
pub(crate) struct KeepAll;

impl Sift for KeepAll {
    fn keeps(&mut self, _key: &str) -> bool {
        true
    }
}

/// Whether a line of a spool is one JSON object that can join a batch as it is.
pub(crate) fn is_object(line: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(line) else { return false };
    let mut copy = Vec::new();
    let mut gate = Gate::new(text, &mut copy);
    gate.deepest = MAX_DEPTH + LINE_DEPTH;
    gate.object(&mut KeepAll).is_ok()
}

struct Gate<'t, 'o> {
    text: &'t str,
    at: usize,
    out: &'o mut Vec<u8>,
    deepest: usize,
}

impl<'t, 'o> Gate<'t, 'o> {
    fn new(text: &'t str, out: &'o mut Vec<u8>) -> Self {
        out.reserve(text.len());
        Self { text, at: 0, out, deepest: MAX_DEPTH }
    }

    fn refuse(&self, what: &str) -> Error {
        Error::properties(format!("{what} at byte {}", self.at))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn end(&mut self) -> Result<(), Error> {
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.refuse("something follows the JSON value")) }
    }

    /// Copies what lies between `from` and here.
    fn copy_since(&mut self, from: usize) {
        self.out.extend_from_slice(self.text.as_bytes().get(from..self.at).unwrap_or_default());
    }

    fn object(mut self, sift: &mut dyn Sift) -> Result<(), Error> {
        self.skip_space();
        if !self.take(b'{') {
            return Err(self.refuse("not a JSON object"));
        }
        self.members(1, sift)?;
        self.end()
    }

    fn value(&mut self, depth: usize) -> Result<(), Error> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.nested(depth, |gate, depth| {
                gate.out.push(b'{');
                gate.members(depth, &mut KeepAll)?;
                gate.out.push(b'}');
                Ok(())
            }),
            Some(b'[') => self.nested(depth, Self::elements),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => Err(self.refuse("no JSON value")),
        }
    }

    fn nested(
        &mut self,
        depth: usize,
        inside: impl FnOnce(&mut Self, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if depth >= self.deepest {
            return Err(self.refuse("nested deeper than 32"));
        }
        self.at += 1;
        inside(self, depth + 1)
    }

    fn elements(&mut self, depth: usize) -> Result<(), Error> {
        self.out.push(b'[');
        self.skip_space();
        if !self.take(b']') {
            loop {
                self.skip_space();
                self.value(depth)?;
                self.skip_space();
                match self.peek() {
                    Some(b',') => self.out.push(b','),
                    Some(b']') => break self.at += 1,
                    _ => return Err(self.refuse("',' or ']' is missing")),
                }
                self.at += 1;
            }
        }
        self.out.push(b']');
        Ok(())
    }

    /// Members up to and with the closing brace, which is not copied.
    fn members(&mut self, depth: usize, sift: &mut dyn Sift) -> Result<(), Error> {
        self.skip_space();
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            self.skip_space();
            let start = self.out.len();
            if !matches!(self.out.last(), None | Some(b'{')) {
                self.out.push(b',');
            }
            if self.peek() != Some(b'"') {
                return Err(self.refuse("a key is missing"));
            }
            let key = self.key()?;
            let kept = sift.keeps(&key);
            self.skip_space();
            if !self.take(b':') {
                return Err(self.refuse("':' is missing"));
            }
            self.out.push(b':');
            self.skip_space();
            let value = self.out.len();
            self.value(depth)?;
            if !kept {
                sift.left_out(&key, self.out.get(value..).unwrap_or_default());
                self.out.truncate(start);
            }
            self.skip_space();
            if self.take(b'}') {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(self.refuse("',' or '}' is missing"));
            }
        }
    }

    fn word(&mut self, word: &str) -> Result<(), Error> {
        let start = self.at;
        if !self.text.as_bytes().get(start..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            return Err(self.refuse("no JSON value"));
        }
        self.at += word.len();
        self.copy_since(start);
        Ok(())
    }

    fn number(&mut self) -> Result<(), Error> {
        let start = self.at;
        let mut exponent = false;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            exponent = true;
            self.at += 1;
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        if exponent || self.at - start > ALWAYS_FINITE_DIGITS {
            let finite =
                self.text.get(start..self.at).and_then(|digits| digits.parse::<f64>().ok()).is_some_and(f64::is_finite);
            if !finite {
                return Err(self.refuse("a number too large for a double"));
            }
        }
        self.copy_since(start);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Error> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.refuse("a digit is missing")) } else { Ok(()) }
    }

    /// Copies a key with its quotes and gives its text, with escapes resolved.
    fn key(&mut self) -> Result<Cow<'t, str>, Error> {
        let start = self.at;
        let escaped = self.string()?;
        let quoted = self.text.get(start..self.at).unwrap_or_default();
        if escaped {
            serde_json::from_slice(quoted.as_bytes()).map(Cow::Owned).map_err(|_| self.refuse("an unreadable key"))
        } else {
            Ok(Cow::Borrowed(quoted.get(1..quoted.len() - 1).unwrap_or_default()))
        }
    }

    /// Copies a string with its quotes. Says whether it has escapes.
    fn string(&mut self) -> Result<bool, Error> {
        let start = self.at;
        let mut escaped = false;
        self.at += 1;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            // Everything up to the next byte that means something.
            self.at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len());
            match self.peek() {
                Some(b'"') => break self.at += 1,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 1;
                    self.escape()?;
                }
                Some(_) => return Err(self.refuse("a raw control character in a string")),
                None => return Err(self.refuse("a string does not end")),
            }
        }
        self.copy_since(start);
        Ok(escaped)
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<(), Error> {
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                self.at += 1;
                match self.hex4()? {
                    0xDC00..=0xDFFF => Err(self.refuse("a lone surrogate")),
                    0xD800..=0xDBFF => {
                        let paired = self.take(b'\\') && self.take(b'u') && (0xDC00..=0xDFFF).contains(&self.hex4()?);
                        if paired { Ok(()) } else { Err(self.refuse("a lone surrogate")) }
                    }
                    _ => Ok(()),
                }
            }
            _ => Err(self.refuse("an unknown escape")),
        }
    }

    fn hex4(&mut self) -> Result<u32, Error> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).unwrap_or_default();
        let valid = digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit);
        let value = std::str::from_utf8(digits).ok().and_then(|hex| u32::from_str_radix(hex, 16).ok());
        match value {
            Some(value) if valid => {
                self.at += 4;
                Ok(value)
            }
            _ => Err(self.refuse("\\u needs four hexadecimal digits")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn through(text: &str) -> Result<String, Error> {
        let mut out = Vec::new();
        copy_value(text, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn white_space_goes_and_everything_else_stays() {
        let text = " { \"a\" : [ 1 , -0.5e-3 , 12345678901234567890123 , { } , [ ] ] ,\n\t\"\\u00e9\" : \"x y\" } ";
        assert_eq!(through(text).unwrap(), r#"{"a":[1,-0.5e-3,12345678901234567890123,{},[]],"\u00e9":"x y"}"#);
    }

    #[test]
    fn what_passes_is_one_line_that_serde_json_reads_as_the_same_value() {
        for text in [
            "null",
            "true",
            "-0",
            "1E5",
            "\"\\ud83e\\udd80 \\/ \\b\"",
            "[[],[[]],{\"\":{}}]",
            "\"\u{7f}\u{2028}\"",
            "  [1,2 , 3]\r\n",
            "{\"a\":1,\"a\":2}",
        ] {
            let ours = through(text).unwrap();
            assert!(ours.bytes().all(|byte| byte >= 0x20), "{ours:?}");
            assert_eq!(serde_json::from_str::<Value>(&ours).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        }
    }

    #[test]
    fn what_would_break_a_batch_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "}",
            "[1,]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\":1}}",
            "nul",
            "truex",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "-",
            "1e999",
            "-1e999",
            "NaN",
            "\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\\u+123\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\udc00\"",
            "\"a\nb\"",
            "\"a\u{1}\"",
            "'a'",
            "[1]x",
        ] {
            let error = through(text).expect_err(text);
            assert_eq!(error.kind(), crate::ErrorKind::InvalidProperties, "{text}");
        }
        assert!(through(&"9".repeat(309)).is_err());
        assert!(through(&"9".repeat(308)).is_ok());
    }

    #[test]
    fn depth_is_limited_exactly() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(through(&nested(MAX_DEPTH)).is_ok());
        assert!(through(&nested(MAX_DEPTH + 1)).is_err());
        let object = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        assert!(copy_object(&object(MAX_DEPTH), &mut Vec::new(), &mut KeepAll).is_ok());
        assert!(copy_object(&object(MAX_DEPTH + 1), &mut Vec::new(), &mut KeepAll).is_err());
    }

    #[test]
    fn a_line_may_hold_what_was_let_into_it() {
        let deepest = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert!(is_object(format!("{{\"event\":\"e\",\"properties\":{{\"a\":{deepest}}}}}").as_bytes()));
        assert!(!is_object(format!("{{\"properties\":{{\"a\":[{deepest}]}}}}").as_bytes()));
        assert!(!is_object(b"[1]") && !is_object(b"{\xff}") && !is_object(b""));
    }

    #[test]
    fn members_are_kept_by_key_with_escapes_resolved() {
        let mut out = b"{\"first\":0".to_vec();
        let text = r#"{"keep":1,"\u0024lib":{"x":[1,2]},"last":"}"}"#;
        struct NotLib(Vec<String>);
        impl Sift for NotLib {
            fn keeps(&mut self, key: &str) -> bool {
                key != "$lib"
            }
            fn left_out(&mut self, key: &str, value: &[u8]) {
                self.0.push(format!("{key}={}", String::from_utf8_lossy(value)));
            }
        }
        let mut sift = NotLib(Vec::new());
        copy_object(text, &mut out, &mut sift).unwrap();
        assert_eq!(sift.0, [r#"$lib={"x":[1,2]}"#]);
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"first":0,"keep":1,"last":"}""#);
        assert!(copy_object("[1]", &mut Vec::new(), &mut KeepAll).is_err());
    }

    #[test]
    fn every_prefix_of_a_document_is_refused_without_a_panic() {
        let text = r#"{"a":[1.5e3,"é\ud83e\udd80",{"b":null}],"c":false}"#;
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            assert!(through(text.get(..end).unwrap()).is_err(), "{end}");
        }
    }
}
