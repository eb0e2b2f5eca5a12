//! Stored text made fit for a terminal, and tables of it.
//!
//! - What a stranger sent cannot move the cursor, change colours, break a line or turn the direction of writing: such
//!   characters come out as escapes. This holds for tables and for JSON.
//! - Widths are counted in characters, not in cells: a table with East Asian text or combining marks may be ragged.

/// Control characters (C0, DEL, C1), line and paragraph separators, and those that turn the direction of writing.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Writes unsafe characters as Rust writes them: `\n`, `\u{1b}`.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unsafe(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Puts valid JSON text on one line and escapes unsafe characters as JSON does. The value stays the same.
pub fn json_line(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            // Within a string JSON has these only as escapes, so here they are white space between tokens.
            '\n' | '\r' | '\t' => line.push(' '),
            // All others can only be within a string, and all of them fit four hexadecimal digits.
            _ if is_unsafe(character) => line.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => line.push(character),
        }
    }
    line
}

/// The first `limit` characters, the last of them `…` if something was cut off.
pub fn shortened(text: &str, limit: usize) -> String {
    if text.chars().nth(limit).is_none() {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Which side of its column a cell keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// For words.
    Left,
    /// For numbers.
    Right,
}

/// A table: a title and a side for each column, two spaces between columns, no white space at the ends of lines.
pub fn table<const COLUMNS: usize>(columns: [(&str, Side); COLUMNS], rows: &[[String; COLUMNS]]) -> String {
    let titles = columns.map(|(title, _)| title.to_owned());
    let mut widths = [0; COLUMNS];
    for row in std::iter::once(&titles).chain(rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in std::iter::once(&titles).chain(rows) {
        let cells: Vec<String> = row
            .iter()
            .zip(columns)
            .zip(widths)
            .map(|((cell, (_, side)), width)| match side {
                Side::Left => format!("{cell:<width$}"),
                Side::Right => format!("{cell:>width$}"),
            })
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_gets_through() {
        let hostile = "\u{1b}[31mred\r\n\u{9b}2J\u{7f}\u{0}\u{202e}evil\u{2066}\u{2028}";
        let safe = escaped(hostile);
        assert_eq!(safe, r"\u{1b}[31mred\r\n\u{9b}2J\u{7f}\u{0}\u{202e}evil\u{2066}\u{2028}");
        assert_eq!(escaped("Ünïcödé 日本 👍"), "Ünïcödé 日本 👍");
    }

    #[test]
    fn json_becomes_one_safe_line_of_the_same_value() {
        let json = "{\n\t\"a\":\"\u{9b}2J\u{7f}\u{202e} é👍 \\n \\u001b\"\r\n}";
        let line = json_line(json);
        assert_eq!(line, "{  \"a\":\"\\u009b2J\\u007f\\u202e é👍 \\n \\u001b\"  }");
        let value = |text| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&line), value(json));
    }

    #[test]
    fn cuts_by_characters() {
        assert_eq!(shortened("äöü", 3), "äöü");
        assert_eq!(shortened("äöüß", 3), "äö…");
        assert_eq!(shortened("", 0), "");
    }

    #[test]
    fn columns_line_up_by_characters() {
        let rows =
            [["äöü".to_owned(), "1".to_owned(), String::new()], ["a".to_owned(), "12345".to_owned(), "x".to_owned()]];
        let columns = [("name", Side::Left), ("count", Side::Right), ("more", Side::Left)];
        assert_eq!(table(columns, &rows), "name  count  more\näöü       1\na     12345  x\n");
        assert_eq!(table(columns, &[]), "name  count  more\n");
    }
}
