use super::*;
use crate::counters::document::{Document, MAX_COUNT, Points};
use crate::counters::yaml;

const ID_OF_PACE: &str = "36be4c46-4e1b-431d-b9db-1b315f537a85";
const PACE: &str = "\
metric_points:
    pace get data-policy:
        0:
            cumulative_count: 2
        1:
            cumulative_count: 7
    pace version:
        0:
            cumulative_count: 1
cli_version: v1.16.0
operating_system: darwin
id: 36be4c46-4e1b-431d-b9db-1b315f537a85
";

fn points(all: &[(&str, i32, u64)]) -> Points {
    let mut points = Points::new();
    for (path, code, count) in all {
        points.entry((*path).to_owned()).or_default().insert(*code, *count);
    }
    points
}

fn of_pace() -> Document {
    Document {
        points: points(&[("pace get data-policy", 0, 2), ("pace get data-policy", 1, 7), ("pace version", 0, 1)]),
        cli_version: "v1.16.0".into(),
        operating_system: "darwin".into(),
        id: ID_OF_PACE.into(),
    }
}

#[test]
fn paces_file_is_read_whole_in_every_style() {
    let flow = format!(
        "{{metric_points: {{pace get data-policy: {{0: {{cumulative_count: 2}}, '1': {{\"cumulative_count\": 7}}}}, \
         \"pace version\": {{0: {{cumulative_count: 1}}}}}}, cli_version: v1.16.0, operating_system: darwin, id: {ID_OF_PACE}}}"
    );
    let styles = [
        PACE.to_owned(),
        format!("\u{feff}{PACE}"),
        PACE.replace('\n', "\r\n"),
        PACE.replace("    ", "  "),
        PACE.replace("        1:\n", "        # how it ended\n        1:   # badly\n\n"),
        PACE.replace("cumulative_count: 2", "cumulative_count:\t2"),
        PACE.replace("cumulative_count: 2", "cumulative_count: 2\t"),
        PACE.replace("cumulative_count: 2", "cumulative_count: 2 \t# two"),
        PACE.replace("pace get data-policy:", "\"pace get data-policy\":"),
        PACE.replace("pace get data-policy:", "? pace get data-policy\n    :"),
        PACE.replace(ID_OF_PACE, &format!("&anchor '{ID_OF_PACE}'")),
        format!("%YAML 1.1\n---\n{PACE}...\n"),
        PACE.replace("v1.16.0", "!!str v1.16.0"),
        flow,
    ];
    for text in styles {
        assert_eq!(read(text.as_bytes()), Read { document: of_pace(), ..Read::default() }, "{text}");
    }
}

#[test]
fn what_we_write_reads_back() {
    let mut document = of_pace();
    for path in ["größe: 1 #2", "null", "1.5", "a\"b\\", "- x", "2026-11-20", "\u{feff}\u{2028}\u{1F600}"] {
        document.points.extend(points(&[(path, -1, MAX_COUNT), (path, i32::MIN, 0)]));
    }
    document.cli_version = "1.16".into();
    let text = yaml::write(&document);
    assert_eq!(read(text.as_bytes()), Read { document, ..Read::default() }, "{text}");
}

#[test]
fn a_file_that_says_nothing_is_a_new_one() {
    for text in
        ["", "\n \n", "# nothing\n", "---\n", "null", "~", "{}", "metric_points:\n", "metric_points: {}\n", "\u{feff}"]
    {
        assert_eq!(read(text.as_bytes()), Read::default(), "{text:?}");
    }
    let empty = yaml::write(&Document::default());
    assert_eq!(read(empty.as_bytes()), Read::default(), "{empty}");
}

#[test]
fn what_is_no_counter_is_noticed_and_the_rest_kept() {
    for (from, to) in [
        ("pace version:", "\"\":"),
        ("pace version:", "\"a\\nb\":"),
        ("pace version:", "[pace, version]:"),
        ("    pace version:\n        0:\n", "    pace version:\n        zero:\n"),
        ("cumulative_count: 1\n", "cumulative_count: -1\n"),
        ("cumulative_count: 1\n", "cumulative_count: 1.5\n"),
        ("cumulative_count: 1\n", "cumulative_count: [1, {a: [b]}]\n"),
        ("cumulative_count: 1\n", "cumulative_count: *anchor\n"),
        ("cumulative_count: 1\n", "other: 1\n"),
    ] {
        let text = PACE.replace(from, to).replace("pace get data-policy", "&anchor pace get data-policy");
        let found = read(text.as_bytes());
        assert!(found.damaged, "{text}");
        assert_eq!(found.document.points, points(&[("pace get data-policy", 0, 2), ("pace get data-policy", 1, 7)]));
        assert_eq!(found.document.id, ID_OF_PACE, "{text}");
    }
    for more in ["more: [1, {2: 3}]\n", "---\nid: x\n", "\0\n", "id: null value\n"] {
        let found = read(format!("{PACE}{more}").as_bytes());
        assert!(found.damaged, "{more}");
        assert_eq!(found.document.points, of_pace().points, "{more}");
    }
}

#[test]
fn what_stands_before_a_fault_and_behind_it_is_kept() {
    for garbage in ["\u{1}\t}]: [\n", "}}}\n", "<<<<<<< HEAD\n", "what is this\n", "\0\0\0\n"] {
        let found = read(PACE.replace("    pace version:", &format!("{garbage}    pace version:")).as_bytes());
        assert_eq!(found, Read { document: of_pace(), damaged: true, newer: false }, "{garbage}");
    }
    let mut latin = PACE.as_bytes().to_vec();
    latin.extend(b"# gr\xfc\xdfe\n");
    assert_eq!(read(&latin), Read { document: of_pace(), damaged: true, newer: false });
}

#[test]
fn no_count_is_another_commands_or_codes_or_too_high() {
    let text = PACE.replace("pace get data-policy", "\"17\"").replace("pace version", "\"pace: größe\"");
    let truth = read(text.as_bytes()).document.points;
    assert_eq!(truth.len(), 2);
    let mut damaged = Vec::new();
    for (at, _) in text.char_indices() {
        let (before, behind) = text.split_at(at);
        damaged.push(before.to_owned()); // cut off
        for something in ["\0", "\n", "\n}", "\n]\n"] {
            damaged.push(format!("{before}{something}{behind}"));
        }
    }
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    for (n, line) in lines.iter().enumerate() {
        let with = |line: &str| [&lines[..n], &[line], &lines[n + 1..]].concat().concat();
        for indent in (0..20).map(|width| " ".repeat(width)) {
            damaged.push(with(&format!("{indent}{}", line.trim_start())));
            damaged.push(with(&format!("{indent}}}\n")));
            damaged.push(with(&format!("{indent}}}\n{line}")));
        }
    }
    for text in damaged {
        let text = format!("\0\n{text}"); // YAML reads some of them as something else
        for (path, codes) in read(text.as_bytes()).document.points {
            for (code, count) in codes {
                let known = truth.get(&path).and_then(|codes| codes.get(&code));
                assert!(known.is_some_and(|known| count <= *known), "{path} {code} of\n{text}");
            }
        }
    }
}

#[test]
fn no_garbage_is_a_document() {
    let deep = "[".repeat(100_000);
    let deeper = "- ".repeat(100_000);
    let deepest: String = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n".repeat(100);
    for text in [
        "garbage",
        "- 1\n- 2\n",
        "a: b",
        "\0\0\0",
        "%",
        "*x",
        "{",
        "]",
        "? ",
        "!!",
        "&",
        "|\n x",
        "\t- x",
        &deep,
        &deeper,
        &deepest,
        &bomb,
        "metric_points: x",
        "metric_points: [x]",
    ] {
        let found = read(text.as_bytes());
        assert!(found.damaged, "{}", &text[..text.len().min(40)]);
        assert_eq!(found.document, Document::default());
    }
}

#[test]
fn of_two_counts_for_the_same_the_larger_holds_and_none_is_larger_than_the_largest() {
    let text = "metric_points:\n  a:\n    0: {cumulative_count: 5}\n    00: {cumulative_count: 3}\n  b: {1: \
                {cumulative_count: 99999999999999999999999}}\n";
    assert_eq!(read(text.as_bytes()).document.points, points(&[("a", 0, 5), ("b", 1, MAX_COUNT)]));
}

#[test]
fn a_later_versions_file_is_recognised() {
    assert!(!read(format!("{PACE}schema: 1\n").as_bytes()).newer);
    for schema in ["2", "18446744073709551616"] {
        assert!(read(format!("{PACE}schema: {schema}\n").as_bytes()).newer);
    }
}

#[test]
fn an_id_that_identifies_nobody_is_none() {
    for id in ["null value", "'0'", "anonymous", "\"a\\tb\"", "[x]"] {
        let found = read(PACE.replace(ID_OF_PACE, id).as_bytes());
        assert!(found.damaged && found.document.id.is_empty(), "{id}: {found:?}");
    }
}
