//! The faults that `make faults` brings into the core can be brought into it: their places are still there.

use std::fs;
use std::path::Path;

#[test]
fn each_fault_has_its_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let read = |file: &str| fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let faults: toml::Table = toml::from_str(&read("tests/conformance/faults.toml")).unwrap();
    let faults = faults["fault"].as_array().unwrap();
    assert!(!faults.is_empty());
    for fault in faults {
        let word = |key: &str| fault[key].as_str().unwrap();
        let places = read(word("file")).matches(word("old")).count();
        assert_eq!(places, 1, "{}: its text must stand in {} exactly once", word("name"), word("file"));
    }
}
