//! Text for shells and terminals: what is copied from here runs as meant, and nothing printed can do anything.

/// A word for the shell.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-+:,@%".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Text that cannot move the cursor, change colours or turn the direction of writing. Within JSON the value stays the
/// same: all but white space can only stand in a string there, where `\u` is the same character.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => safe.push('\n'),
            '\r' | '\t' => safe.push(' '),
            _ if is_unsafe(character) => safe.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => safe.push(character),
        }
    }
    safe
}

/// Control characters (C0, DEL, C1), separators of lines, and those that turn the direction of writing.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_unsafe_reaches_a_terminal_and_json_stays_the_same() {
        let hostile = "{\"a\":\t\"\u{1b}[2J\u{7f}\u{9b}31m\u{202e}\u{2028} grüße \u{1f980}\"}";
        let safe = printable(hostile);
        assert_eq!(safe, "{\"a\": \"\\u001b[2J\\u007f\\u009b31m\\u202e\\u2028 grüße \u{1f980}\"}");
        let value: serde_json::Value = serde_json::from_str(&safe).unwrap();
        assert_eq!(value["a"], "\u{1b}[2J\u{7f}\u{9b}31m\u{202e}\u{2028} grüße \u{1f980}");
    }

    #[test]
    fn words_for_the_shell_are_quoted_where_needed() {
        assert_eq!(quoted("/a/b-c_1.d"), "/a/b-c_1.d");
        assert_eq!(quoted("it's here"), r"'it'\''s here'");
        assert_eq!(quoted(""), "''");
    }
}
