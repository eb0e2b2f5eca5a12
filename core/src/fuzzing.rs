//! What must hold for any bytes: one property a function, which panics if the bytes break it.
//!
//! libFuzzer looks for such bytes (`fuzz/`, `make fuzz`), and a test replays what it has found so far (`fuzz/corpus/`). Not
//! part of the API.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a panic is a finding")]

mod answers;
mod counters;
mod document;
mod files;
mod gate;
mod spool;

use crate::clock::Timestamp;
use std::path::PathBuf;

/// A property of any bytes.
pub type Property = fn(&[u8]);

/// All properties by name, which is also that of the corpus.
pub const PROPERTIES: [(&str, Property); 10] = [
    ("gate", gate::gate),
    ("document", document::document),
    ("spool", spool::spool),
    ("consent", files::consent),
    ("destination", files::destination),
    ("ledger", files::ledger),
    ("counters", counters::counters),
    ("http", answers::http),
    ("results", answers::results),
    ("retry_after", answers::retry_after),
];

/// Checks one property, by name.
pub fn check(name: &str, data: &[u8]) {
    let (_, property) = PROPERTIES.iter().find(|(known, _)| *known == name).unwrap();
    property(data);
}

/// ASCII's record separator, which no file of ours holds.
const SEPARATOR: u8 = 0x1E;

/// The files or texts of an input.
fn parts(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| *byte == SEPARATOR)
}

/// A directory that goes with its property.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("overt-fuzz-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// When the answers come.
fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T18:00:00Z").unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus");

    #[test]
    fn what_was_found_so_far_breaks_no_property() {
        for (name, property) in PROPERTIES {
            let mut inputs: Vec<_> = std::fs::read_dir(Path::new(CORPUS).join(name)).expect(name).collect();
            assert!(inputs.len() > 5, "{name}");
            for input in inputs.drain(..).map(|input| input.unwrap().path()) {
                println!("{}", input.display()); // the last one, if the test fails
                property(&std::fs::read(input).unwrap());
            }
        }
    }
}
