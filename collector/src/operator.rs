//! A word to whoever runs the collector: one line on stderr.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes the line. Unlike `eprintln!` this does not panic when nobody holds the other end.
pub fn tell(what: impl Display) {
    let _ = writeln!(io::stderr(), "overt-collector: {what}");
}
