//! The ABI: what the library exports is what the header declares and what the list remembers.

#![cfg(target_os = "linux")] // the tools are those of Linux

mod common;

use common::{Library, declared, read, run};
use std::collections::BTreeSet;
use std::process::Command;

/// The symbols of the list, with the version each appeared in.
fn listed(list: &str) -> Vec<(&str, &str)> {
    list.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once(' ').expect(line)).collect()
}

#[test]
fn exported_is_declared_is_listed() {
    let mut nm = Command::new("nm");
    let symbols = run(nm.args(["--dynamic", "--defined-only", "--format=posix"]).arg(Library::get().shared()));
    let exported: BTreeSet<_> = symbols.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    let header = read("include/overt.h");
    let declared: BTreeSet<_> = declared(&header).into_iter().map(str::to_owned).collect();
    let list = read("tests/abi/symbols.txt");
    let listed: BTreeSet<_> = listed(&list).into_iter().map(|(name, _)| name.to_owned()).collect();
    let differ =
        |one: &BTreeSet<String>, other: &BTreeSet<String>| one.symmetric_difference(other).cloned().collect::<Vec<_>>();
    assert_eq!(differ(&exported, &declared), [""; 0], "the library and include/overt.h differ");
    assert_eq!(differ(&exported, &listed), [""; 0], "the library and tests/abi/symbols.txt differ");
}

#[test]
fn the_list_only_grows() {
    let list = read("tests/abi/symbols.txt");
    let parse = |version: &str| version.split('.').map(|part| part.parse().expect(part)).collect::<Vec<u32>>();
    let now = parse(env!("CARGO_PKG_VERSION"));
    let mut last = Vec::new();
    let mut seen = BTreeSet::new();
    for (name, version) in listed(&list) {
        let version = parse(version);
        assert!(seen.insert(name), "{name} is listed twice");
        assert!(last <= version, "{name}: new symbols belong to the end");
        assert!(version <= now, "{name} is newer than this version");
        last = version;
    }
}

#[test]
fn the_shared_library_says_its_name_and_stays_loaded() {
    let dynamic = run(Command::new("readelf").args(["-d", "-W"]).arg(Library::get().shared()));
    let flags = dynamic.lines().find(|line| line.contains("(FLAGS_1)")).unwrap_or_default();
    assert!(flags.contains("NODELETE"), "{dynamic}");
    assert!(dynamic.contains("Library soname: [libovert.so.0]"), "{dynamic}");
}

#[test]
fn the_null_test_forgets_no_function() {
    let test = read("tests/c/null.c");
    for name in declared(&read("include/overt.h")) {
        let called = [format!("{name}("), format!("{name},")].iter().any(|call| test.contains(call));
        assert!(called, "{name}");
    }
}
