use super::*;

/// The grammar of Graphite's tagged series, and Prometheus' of labels, as a reader that accepts nothing else.
fn assert_grammar(series: &str) {
    let mut parts = series.split(';');
    let name = parts.next().unwrap();
    let (tool, rest) = name.split_at(name.find('.').unwrap());
    assert!(rest.starts_with(".cli."), "{series:?}");
    assert!(
        !tool.is_empty() && tool.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'),
        "{series:?}"
    );
    let mut last = String::new();
    for part in parts {
        let (tag, value) = part.split_once('=').unwrap_or_else(|| panic!("{series:?}"));
        assert!(tag > last.as_str(), "not sorted, or twice: {series:?}");
        last = tag.to_owned();
        let mut letters = tag.bytes();
        let first = letters.next().unwrap();
        assert!(first.is_ascii_alphabetic() || first == b'_', "{series:?}");
        assert!(letters.all(|b| b.is_ascii_alphanumeric() || b == b'_') && tag != "name", "{series:?}");
        assert!(!value.is_empty() && !value.starts_with('~'), "{series:?}");
        assert!(value.bytes().all(|b| b.is_ascii_graphic()), "{series:?}");
    }
}

/// A series with everything that comes from outside.
fn series(path: &str, version: &str, system: &str) -> String {
    let (tool, command) = words(path);
    let tags = Tags::default().with_command(command).with("cli_version", version).with("operating_system", system);
    tags.series(&tool, "invocations")
}

#[test]
fn an_ordinary_path_is_a_tool_and_its_commands() {
    assert_eq!(
        series("pace get data-policy", "v1.16.0", "darwin"),
        "pace.cli.invocations;cli_version=v1.16.0;command_0=get;command_1=data-policy;operating_system=darwin"
    );
    assert_eq!(series("pace", "", ""), "pace.cli.invocations");
}

#[test]
fn what_graphite_does_not_take_is_replaced() {
    for (value, expected) in [
        ("a b\tc\nd", "a_b_c_d"),
        ("a;b", "a_b"),
        ("~~a~", "a~"),
        (";~a", "_~a"),
        ("\u{a0}\u{2003}x", "__x"),
        ("\u{0}\u{7f}\u{85}", "___"),
        ("né日👍", "n%C3%A9%E6%97%A5%F0%9F%91%8D"),
        ("!^=%\"'{*}", "!^=%\"'{*}"),
    ] {
        assert_eq!(tag_value(value), expected, "{value:?}");
    }
}

#[test]
fn an_empty_value_takes_its_tag_along() {
    for empty in ["", "~", "~~~"] {
        assert_eq!(series("a b", empty, empty), "a.cli.invocations;command_0=b", "{empty:?}");
    }
    // The words after it keep their places.
    assert_eq!(series("a ~ c", "", ""), "a.cli.invocations;command_1=c");
}

#[test]
fn a_tool_is_one_node_of_the_name_and_never_none() {
    for (path, expected) in
        [("", "_"), ("   ", "_"), ("foo.exe x", "foo_exe"), ("~a;b=c/*", "_a_b_c__"), ("größe", "gr__e"), ("\n", "_")]
    {
        assert_eq!(words(path).0, expected, "{path:?}");
    }
}

/// A small generator of its own, so that a failure comes again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    /// A text of what is dangerous, what is harmless, and any other character.
    fn text(&mut self) -> String {
        const NASTY: [char; 20] = [
            ' ',
            ';',
            '~',
            '=',
            '!',
            '^',
            '\n',
            '\r',
            '\t',
            '\0',
            '\u{7f}',
            '\u{85}',
            '\u{a0}',
            '\u{2028}',
            '\u{3000}',
            'é',
            '\u{10ffff}',
            '.',
            '/',
            'a',
        ];
        let length = self.below(12);
        let any = |random: &mut Self| char::from_u32(u32::try_from(random.below(0x11_0000)).unwrap()).unwrap_or('~');
        (0..length).map(|_| if self.below(4) == 0 { any(self) } else { NASTY[self.below(NASTY.len())] }).collect()
    }
}

#[test]
fn whatever_goes_in_what_comes_out_is_by_the_grammar() {
    let mut random = Random(7);
    for _ in 0..20_000 {
        assert_grammar(&series(&random.text(), &random.text(), &random.text()));
    }
    // Single characters at the front of each place: all where white space and control characters are, some beyond.
    for character in ('\0'..'\u{3100}').chain(('\u{3100}'..=char::MAX).step_by(997)) {
        let text = character.to_string();
        assert_grammar(&series(&format!("{text}a {text} {text}b"), &text, &format!("{text}~")));
    }
}
