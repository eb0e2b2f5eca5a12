//! What is found in a counters' file, and how its scalars are understood, however the file is read. Pure.

use super::document::Document;

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Read {
    pub document: Document,
    /// Whether it held anything else, which would go with the next write.
    pub damaged: bool,
    /// Whether a later version wrote it.
    pub newer: bool,
}

/// Whether some version of YAML takes a character for no part of a text, unless it is escaped.
pub(super) fn is_forbidden(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => false,
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => true,
        _ => c.is_control(),
    }
}

/// Whether it is a text of one line.
pub(super) fn is_text(scalar: &str) -> bool {
    !scalar.contains(char::is_control) && !["", "~", "null"].contains(&scalar)
}

/// A count. One that is larger than any number is the largest.
pub(super) fn number(scalar: &str) -> Option<u64> {
    let is_number = !scalar.is_empty() && scalar.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| scalar.parse().unwrap_or(u64::MAX))
}
