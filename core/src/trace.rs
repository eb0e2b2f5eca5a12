//! What overt does, said on stderr when a developer asks for it, and otherwise to nobody.

use std::io::Write;

/// Says things, or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trace {
    on: bool,
}

impl Trace {
    pub(crate) fn new(on: bool) -> Self {
        Self { on }
    }

    /// Says one line. A stderr that is closed is no reason for trouble, so this is not `eprintln`.
    pub(crate) fn say(self, line: impl FnOnce() -> String) {
        if self.on {
            let _ = writeln!(std::io::stderr(), "overt: {}", line());
        }
    }
}
