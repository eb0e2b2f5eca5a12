//! The header is the one that the sources make, compiles wherever it says, and tells the truth about the library.

#![cfg(target_os = "linux")] // the tools are those of Linux

mod common;
#[path = "../header/mod.rs"]
mod generator;

use common::{Home, Library, ROOT, STRICT, declared, read, run};
use std::path::Path;
use std::process::Command;

#[test]
fn the_header_is_the_one_that_the_sources_make() {
    let (committed, made) = (read("include/overt.h"), generator::generate());
    let differing = committed.lines().zip(made.lines()).find(|(one, other)| one != other);
    assert!(committed == made, "{differing:?}\nrun: cargo run -p overt-ffi --example header");
}

#[test]
fn the_example_is_the_tested_program() {
    assert_eq!(read("examples/c/hello.c"), read("tests/c/hello.c"));
    for example in ["hello.c", "command.c"] {
        assert!(read(&format!("examples/c/{example}")).lines().count() < 60, "{example}");
    }
}

#[test]
fn the_header_is_strict_c_and_cpp() {
    let home = Home::new();
    // Every macro, and every type by value, is used once.
    let source = home.join("header.c");
    let text = "#include <overt.h>\n#include <overt.h>\n\
        overt_str both(const char *text);\n\
        overt_str both(const char *text) { overt_str one = OVERT_STR(\"a\"); (void)one; return OVERT_CSTR(text); }\n\
        overt_uuid uuid; overt_status status = OVERT_INTERNAL; overt_consent_reason reason = OVERT_REASON_CI;\n\
        overt_before_send before_send; overt_ask_consent ask; overt_release release;\n\
        int version[OVERT_VERSION_MAJOR * 1000000 + OVERT_VERSION_MINOR * 1000 + OVERT_VERSION_PATCH + 1];\n";
    std::fs::write(&source, text).unwrap();
    let programs = [source.as_path(), Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/c/hello.c"))];
    let c = ["c99", "c11", "c17"].map(|standard| ("gcc", "c", standard));
    let cpp = ["c++11", "c++14", "c++17", "c++20"].map(|standard| ("g++", "c++", standard));
    for (compiler, language, standard) in c.into_iter().chain(cpp) {
        for program in programs {
            let mut command = Command::new(compiler);
            command.args(STRICT).args(["-fsyntax-only", "-x", language, &format!("-std={standard}"), "-I"]);
            run(command.arg(format!("{ROOT}/include")).arg(program));
        }
    }
}

#[test]
fn the_header_keeps_its_own_rules() {
    let header = read("include/overt.h");
    let names = declared(&header);
    assert!(names.len() > 60, "{names:?}");
    for name in &names {
        assert!(name.len() < 40, "{name}");
        assert_eq!(names.iter().filter(|other| other == &name).count(), 1, "{name}");
    }
    for line in header.lines() {
        assert!(line.chars().count() <= 120, "{line}");
        assert!(!line.contains("_t;") || line.starts_with("typedef int32_t"), "{line}");
    }
    let created = |name: &&str| name.ends_with("_new");
    for new in names.iter().copied().filter(created) {
        assert!(names.contains(&new.replace("_new", "_free").as_str()), "{new}");
    }
}

/// The value of a macro.
fn defined<'a>(header: &'a str, name: &str) -> &'a str {
    let start = format!("#define {name} ");
    header
        .lines()
        .find_map(|line| line.strip_prefix(start.as_str()))
        .unwrap_or_else(|| panic!("{name}"))
        .trim_matches('"')
}

#[test]
fn versions_are_those_of_the_package_and_of_the_library() {
    let header = read("include/overt.h");
    let manifest = read("Cargo.toml");
    let version = manifest.lines().find_map(|line| line.strip_prefix("version = ")).unwrap().trim_matches('"');
    assert_eq!(defined(&header, "OVERT_VERSION"), version);
    let parts = ["MAJOR", "MINOR", "PATCH"].map(|part| defined(&header, &format!("OVERT_VERSION_{part}")));
    assert_eq!(parts.join("."), version);

    let abi = defined(&header, "OVERT_ABI_VERSION");
    assert!(declared(&header).contains(&format!("overt_abi_{abi}").as_str()));
    let dynamic = run(Command::new("readelf").args(["-d", "-W"]).arg(Library::get().shared()));
    assert!(dynamic.contains(&format!("Library soname: [libovert.so.{abi}]")), "{dynamic}");
    // What the library itself answers is compared with the macros in tests/c/null.c.
    for function in ["overt_version", "overt_abi_0"] {
        assert!(read("tests/c/null.c").contains(&format!("{function}()")), "{function}");
    }
}
