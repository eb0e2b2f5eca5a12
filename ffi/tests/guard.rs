//! Every function of the ABI begins with the guard. Read from the sources, because a compiler does not check it.

use std::collections::BTreeSet;
use std::path::Path;

/// A function: its name, and the name of the function that its body calls first, if a call is what it begins with.
struct Function {
    name: String,
    first_call: Option<String>,
    exported: bool,
}

fn sources(dir: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(std::fs::read_to_string(path).unwrap());
        }
    }
}

fn identifier(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

fn functions(source: &str) -> Vec<Function> {
    let starts = source.match_indices("fn ").filter(|(at, _)| source[..*at].ends_with([' ', '\n']));
    let read = |(at, _): (usize, &str)| {
        let signature = &source[at + 3..];
        let name = identifier(signature).to_owned();
        let (_, body) = signature.split_once("{\n")?;
        let first = body.trim_start();
        let call = identifier(first);
        let first_call = first[call.len()..].starts_with('(').then(|| call.to_owned());
        let exported = source[..at].ends_with("extern \"C\" ") && !name.is_empty();
        Some(Function { name, first_call, exported })
    };
    starts.filter_map(read).collect()
}

#[test]
fn every_exported_function_begins_with_the_guard() {
    let mut texts = Vec::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut texts);
    let functions: Vec<_> = texts.iter().flat_map(|text| functions(text)).collect();

    // Whoever begins with a call of a guarded function is guarded.
    let mut guarded = BTreeSet::from(["guard".to_owned()]);
    loop {
        let before = guarded.len();
        let more =
            functions.iter().filter(|function| function.first_call.as_ref().is_some_and(|call| guarded.contains(call)));
        guarded.extend(more.map(|function| function.name.clone()).collect::<Vec<_>>());
        if guarded.len() == before {
            break;
        }
    }
    let exported: Vec<_> = functions.iter().filter(|function| function.exported).collect();
    assert!(exported.len() > 60, "{}", exported.len());
    let bare: Vec<_> = exported.iter().filter(|f| !guarded.contains(&f.name)).map(|f| &f.name).collect();
    assert!(bare.is_empty(), "these do not begin with the guard: {bare:?}");
}

#[test]
fn a_function_without_the_guard_is_found() {
    let source = "pub extern \"C\" fn overt_a(x: u8) -> u8 {\n    guard(0, || x)\n}\n\
        pub extern \"C\" fn overt_b(x: u8) -> u8 {\n    let y = x;\n    guard(0, || y)\n}\n\
        fn helper() {\n    status(|| OK)\n}\n";
    let read: Vec<_> = functions(source).into_iter().map(|f| (f.name, f.first_call, f.exported)).collect();
    assert_eq!(read.len(), 3);
    assert_eq!(read[0], ("overt_a".into(), Some("guard".into()), true));
    assert_eq!(read[1], ("overt_b".into(), None, true));
    assert_eq!(read[2], ("helper".into(), Some("status".into()), false));
}
