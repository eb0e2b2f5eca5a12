//! The counters' file as text: PACE's form, which is YAML indented by four. Pure.
//!
//! A text is quoted only where some reader of YAML would take it for something else: a number, a time, a truth, or a part
//! of YAML itself. Readers differ (1.1 and 1.2), so what is left bare is what all of them read as the same text.

use super::document::{
    CLI_VERSION, CUMULATIVE_COUNT, Document, ID, METRIC_POINTS, OPERATING_SYSTEM, SCHEMA, SCHEMA_KEY,
};
use std::fmt::Write;
use uuid::Uuid;

/// Words that YAML 1.1 or 1.2 reads as a truth or as nothing, in lower case.
const WORDS: [&str; 9] = ["y", "yes", "n", "no", "true", "false", "on", "off", "null"];

/// The text of the file.
pub(super) fn write(document: &Document) -> String {
    let mut text = format!("{METRIC_POINTS}:");
    text += if document.points.is_empty() { " {}\n" } else { "\n" };
    for (path, codes) in &document.points {
        text += &format!("    {}:\n", scalar(path));
        for (code, count) in codes {
            text += &format!("        {code}:\n            {CUMULATIVE_COUNT}: {count}\n");
        }
    }
    for (key, value) in
        [(CLI_VERSION, &document.cli_version), (OPERATING_SYSTEM, &document.operating_system), (ID, &document.id)]
    {
        text += &format!("{key}: {}\n", scalar(value));
    }
    text + &format!("{SCHEMA_KEY}: {SCHEMA}\n")
}

/// A text as it stands in the file.
fn scalar(text: &str) -> String {
    if is_bare(text) { text.to_owned() } else { quoted(text) }
}

fn is_bare(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || " -_./+".contains(c);
    // `1.16` is a number and `1.16.0` is none; an ID has hyphens where no number and no date has them.
    let is_version = || text.matches('.').count() >= 2 && text.bytes().all(|byte| byte != b'_');
    let is_id = || text.len() == 36 && Uuid::try_parse(text).is_ok();
    let begins_well = match text.chars().next() {
        Some('a'..='z' | 'A'..='Z' | '_' | '/') => true,
        Some('0'..='9') => is_version() || is_id(),
        _ => false,
    };
    begins_well
        && text.chars().all(plain)
        && !text.ends_with(' ')
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            // Letters of all languages, without what YAML does not print: the rest of control, surrogates, byte order marks.
            _ if c.is_alphanumeric() => quoted.push(c),
            _ if u32::from(c) <= 0xFFFF => _ = write!(quoted, "\\u{:04X}", u32::from(c)),
            _ => _ = write!(quoted, "\\U{:08X}", u32::from(c)),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_that_of_pace() {
        let mut document = Document {
            cli_version: "v1.16.0".into(),
            operating_system: "darwin".into(),
            id: "36be4c46-4e1b-431d-b9db-1b315f537a85".into(),
            ..Document::default()
        };
        assert!(write(&document).starts_with("metric_points: {}\ncli_version: v1.16.0\n"));
        for (path, code) in [("pace get data-policy", 0), ("pace apply", 1), ("pace get data-policy", 0)] {
            document.count(path, code);
        }
        let expected = "\
metric_points:
    pace apply:
        1:
            cumulative_count: 1
    pace get data-policy:
        0:
            cumulative_count: 2
cli_version: v1.16.0
operating_system: darwin
id: 36be4c46-4e1b-431d-b9db-1b315f537a85
schema: 1
";
        assert_eq!(write(&document), expected);
    }

    #[test]
    fn a_text_is_quoted_only_where_a_reader_would_take_it_for_something_else() {
        for bare in
            ["pace get data-policy", "v1", "1.16.0", "1.2.3-rc.1+4", "_x", "/usr/bin/x", "nothing", "e5", "None"]
        {
            assert_eq!(scalar(bare), bare);
        }
        let id = "00000000-0000-4000-8000-000000000012";
        assert_eq!(scalar(id), id);
        for word in [
            "",
            "~",
            "1",
            "1.16",
            "1e5",
            "0x1f",
            "0o7",
            "1_000.0.0",
            "1:30",
            "2026-11-20",
            "-x",
            "+1",
            ".inf",
            "null",
            "No",
            "TRUE",
            "y",
            "a: b",
            "a #b",
            " a",
            "a ",
            "- a",
            "*a",
            "&a",
            "!a",
            "[a",
            "{a}",
            "'a'",
            "%a",
            "@a",
            "`a",
            "|",
            "=",
            "<<",
            "?",
            ":",
        ] {
            assert_eq!(scalar(word), format!("\"{word}\""));
        }
        assert_eq!(scalar("a\"b\\c\td\u{85}é\u{feff}\u{1F600}"), "\"a\\\"b\\\\c\\u0009d\\u0085é\\uFEFF\\U0001F600\"");
    }
}
