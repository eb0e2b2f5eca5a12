//! Writes `include/overt.h`: chapter by chapter, in the order in which a program meets them.
//!
//! cbindgen turns each source file into declarations; what is no declaration (the opening, macros) lies beside this file
//! as C. One run for each file, because cbindgen writes all types before all functions.

use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};
use std::path::Path;

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

enum Part {
    /// A heading.
    Chapter(&'static str),
    /// A remark under a heading.
    Remark(&'static str),
    /// C from this directory.
    Text(&'static str),
    /// The declarations of a file in `src`.
    Source(&'static str),
}
use Part::{Chapter, Remark, Source, Text};

const PARTS: &[Part] = &[
    Text("opening.h"),
    Chapter("Version"),
    Text("version.h"),
    Source("version.rs"),
    Chapter("Status"),
    Source("status.rs"),
    Chapter("Texts"),
    Source("str.rs"),
    Text("str.h"),
    Source("text.rs"),
    Chapter("Uploader"),
    Source("uploader.rs"),
    Chapter("Config"),
    Remark("What is not set has the library's default. Nothing is checked before overt_client_new."),
    Source("config.rs"),
    Chapter("Config: delivery"),
    Source("config/delivery.rs"),
    Chapter("Config: limits"),
    Source("config/limits.rs"),
    Chapter("Config: what events say"),
    Source("config/events.rs"),
    Chapter("Config: files"),
    Source("config/files.rs"),
    Chapter("Config: counters"),
    Source("config/counters.rs"),
    Chapter("Config: consent"),
    Remark(
        "The first that applies decides: a variable says off, the host says off, a variable says on, the stored choice is off,\nthe host says on, the stored choice is on, CI says off, the default.",
    ),
    Source("config/rules.rs"),
    Chapter("Config: callbacks"),
    Source("config/callbacks.rs"),
    Chapter("Client"),
    Source("client.rs"),
    Chapter("Event"),
    Remark(
        "An event is built property by property. A key that is set again has the last value. JSON must be UTF-8, nested at\nmost 32 deep, without lone surrogates and without numbers that no double can hold.",
    ),
    Source("event.rs"),
    Chapter("Consent"),
    Source("consent.rs"),
    Chapter("Client ID"),
    Source("identity.rs"),
    Chapter("Counters"),
    Source("command.rs"),
    Chapter("Inspection"),
    Remark(
        "For people, and for programs that read JSON: members may be added. Each reads files; none waits for the network.",
    ),
    Source("inspect.rs"),
    Text("closing.h"),
];

/// The names of Rust and of C.
const NAMES: &[(&str, &str)] = &[
    ("AskConsent", "overt_ask_consent"),
    ("BeforeSend", "overt_before_send"),
    ("Client", "overt_client"),
    ("Config", "overt_config"),
    ("ConsentReason", "overt_consent_reason"),
    ("ConsentReasonValue", "overt_consent_reason_value"),
    ("Event", "overt_event"),
    ("Release", "overt_release"),
    ("Rewrite", "overt_rewrite"),
    ("Status", "overt_status"),
    ("StatusValue", "overt_status_value"),
    ("Str", "overt_str"),
    ("Text", "overt_text"),
    ("Uuid", "overt_uuid"),
];

/// The text of the header.
pub fn generate() -> String {
    let parts = PARTS.iter().map(|part| match part {
        Chapter(title) => format!("// ---- {title} {}\n", "-".repeat(111 - title.len())),
        Remark(remark) => remark.lines().map(|line| format!("// {line}\n")).collect(),
        Text(name) => fill_in(&read(&format!("header/{name}"))),
        Source(name) => declarations(name),
    });
    parts.collect::<Vec<_>>().join("\n")
}

fn declarations(source: &str) -> String {
    let mut config = Config {
        language: Language::C,
        style: Style::Type,
        documentation_style: DocumentationStyle::C99,
        no_includes: true,
        usize_is_size_t: true,
        line_length: 120,
        ..Config::default()
    };
    // No function of their own files refers to these.
    config.export.include = ["StatusValue", "Str", "ConsentReasonValue"].map(String::from).to_vec();
    config.export.rename = NAMES.iter().map(|(rust, c)| ((*rust).to_owned(), (*c).to_owned())).collect();
    let bindings = Builder::new().with_config(config).with_src(Path::new(CRATE).join("src").join(source)).generate();
    let mut text = Vec::new();
    bindings.expect("the sources parse").write(&mut text);
    let text = String::from_utf8(text).expect("cbindgen writes UTF-8");
    format!("{}\n", text.trim())
}

fn fill_in(text: &str) -> String {
    let hello: String =
        read("../tests/c/hello.c").lines().map(|line| format!(" *     {line}").trim_end().to_owned() + "\n").collect();
    text.replace("@HELLO@", &hello)
        .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
        .replace("@MAJOR@", env!("CARGO_PKG_VERSION_MAJOR"))
        .replace("@MINOR@", env!("CARGO_PKG_VERSION_MINOR"))
        .replace("@PATCH@", env!("CARGO_PKG_VERSION_PATCH"))
}

fn read(path: &str) -> String {
    let path = Path::new(CRATE).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
