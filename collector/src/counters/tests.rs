use super::*;

const ID: &str = "36be4c46-4e1b-431d-b9db-1b315f537a85";

/// A document whose `metric_points` are these.
fn document(points: &str) -> String {
    format!(r#"{{"metric_points":{points},"cli_version":"v1.16.0","operating_system":"darwin","id":"{ID}"}}"#)
}

fn read(body: &str) -> Result<Document, Refusal> {
    Document::read(body.as_bytes(), Moment::parse("2026-01-01T12:00:00Z").unwrap())
}

fn counts(points: &str) -> Counts {
    read(&document(points)).unwrap().counts
}

fn detail(body: &str) -> String {
    let refusal = read(body).unwrap_err();
    assert!([400, 413].contains(&refusal.status), "{refusal:?}");
    assert!(!refusal.detail.contains("s3cret"), "{}", refusal.detail);
    refusal.detail
}

fn counter(path: &str, exit_code: i64) -> Counter {
    Counter { path: path.to_owned(), exit_code }
}

#[test]
fn a_document_of_pace_is_read() {
    let points = r#"{"pace get data-policy":{"0":{"cumulative_count":2},"1":{"cumulative_count":1}},"pace":{}}"#;
    let read = read(&document(points)).unwrap();
    assert_eq!(
        (read.id.as_str(), read.cli_version.as_str(), read.operating_system.as_str()),
        (ID, "v1.16.0", "darwin")
    );
    let expected = [(counter("pace get data-policy", 0), 2), (counter("pace get data-policy", 1), 1)];
    assert_eq!(read.counts, Counts::from(expected));
}

#[test]
fn what_is_unknown_or_not_there_yet_is_no_fault() {
    let more = format!(
        r#" {{"schema":2,"id":"{}","metric_points":{{"a":{{"0":{{"cumulative_count":1,"unit":"runs"}}}}}},"more":[{{}}]}}"#,
        ID.to_uppercase()
    );
    let more = read(&more).unwrap();
    assert_eq!((more.id.as_str(), more.cli_version.as_str(), more.operating_system.as_str()), (ID, "", ""));
    assert_eq!(more.counts, Counts::from([(counter("a", 0), 1)]));
    // Go's way of writing a map that nothing was put into.
    assert_eq!(counts("null"), Counts::new());
    assert_eq!(counts("{}"), Counts::new());
}

#[test]
fn counts_end_where_a_double_is_exact() {
    for (text, count) in [
        ("0", 0),
        ("9007199254740992", limits::COUNT),
        ("9007199254740993", limits::COUNT),
        ("18446744073709551616", limits::COUNT),
        (&"9".repeat(400), limits::COUNT),
    ] {
        let read = counts(&format!(r#"{{"a":{{"0":{{"cumulative_count":{text}}}}}}}"#));
        assert_eq!(read, Counts::from([(counter("a", 0), count)]), "{text}");
    }
    for text in ["-1", "-0", "1.0", "1e3", "\"1\"", "null", "true", "[1]"] {
        let body = document(&format!(r#"{{"a":{{"0":{{"cumulative_count":{text}}}}}}}"#));
        assert_eq!(
            detail(&body),
            "`metric_points`, path 1: `cumulative_count` must be a whole number from 0",
            "{text}"
        );
    }
}

#[test]
fn exit_codes_are_those_of_any_system_in_one_spelling() {
    for code in ["0", "255", "-1", "-2147483648", "3221225786", "4294967295"] {
        let read = counts(&format!(r#"{{"a":{{"{code}":{{"cumulative_count":1}}}}}}"#));
        assert_eq!(read, Counts::from([(counter("a", code.parse().unwrap()), 1)]));
    }
    for code in ["", "00", "+1", "-0", " 1", "1.0", "4294967296", "-2147483649", "s3cret"] {
        let body = document(&format!(r#"{{"b":{{}},"a":{{"{code}":{{"cumulative_count":1}}}}}}"#));
        assert_eq!(detail(&body), "`metric_points`, path 2: an exit code must be a whole number of at most 32 bits");
    }
}

#[test]
fn a_fault_is_named_with_its_place_and_its_limit() {
    let long = "s3cret".repeat(43);
    let words = "a ".repeat(16) + "a";
    let points = |points: &str| document(points);
    for (body, expected) in [
        ("", "the body must be a JSON object"),
        ("[]", "the body must be a JSON object"),
        ("s3cret", "the body must be a JSON object"),
        (r#"{"id":"#, "the body ends too early at line 1, column 6"),
        ("{}", "`id` is missing"),
        (r#"{"id":"s3cret"}"#, "`id` must be a UUID other than nil"),
        (r#"{"id":"00000000-0000-0000-0000-000000000000"}"#, "`id` must be a UUID other than nil"),
        (&format!(r#"{{"id":"{ID}"}}"#), "`metric_points` is missing"),
        (&format!(r#"{{"id":"{ID}","cli_version":1}}"#), "`cli_version` must be a string"),
        (&format!(r#"{{"id":"{ID}","cli_version":"{long}"}}"#), "`cli_version` has 258 bytes, at most 64 are allowed"),
        (
            &format!(r#"{{"id":"{ID}","operating_system":"{long}"}}"#),
            "`operating_system` has 258 bytes, at most 64 are allowed",
        ),
        (&points("[]"), "`metric_points` must be an object"),
        (&points(r#""s3cret""#), "`metric_points` must be an object"),
        (&points(r#"{"s3cret":1}"#), "`metric_points`, path 1 must be an object"),
        (&points(r#"{"a":{"0":[1]}}"#), "`metric_points`, path 1: an exit code must have an object"),
        (&points(r#"{"a":{"0":{}}}"#), "`metric_points`, path 1: `cumulative_count` must be a whole number from 0"),
        (&points(&format!(r#"{{"{long}":{{}}}}"#)), "`metric_points`, path 1: 258 bytes, at most 256 are allowed"),
        (&points(&format!(r#"{{"{words}":{{}}}}"#)), "`metric_points`, path 1: at most 16 words are allowed"),
        (
            &points(r#"{"a":{"0":{"cumulative_count":1}},"a":{"0":{"cumulative_count":1}}}"#),
            "`metric_points`, path 2: a path or an exit code is there twice",
        ),
    ] {
        assert_eq!(detail(body), expected, "{body}");
    }
}

#[test]
fn too_many_of_anything_is_413() {
    let point = |code: usize| format!(r#""{code}":{{"cumulative_count":1}}"#);
    let paths = |paths: usize, codes: usize| {
        let codes: Vec<_> = (0..codes).map(point).collect();
        let paths: Vec<_> = (0..paths).map(|path| format!(r#""p{path}":{{{}}}"#, codes.join(","))).collect();
        document(&format!("{{{}}}", paths.join(",")))
    };
    for (body, expected) in [
        (paths(1_001, 0), "`metric_points`: 1001 paths, at most 1000 are allowed"),
        (paths(1, 257), "`metric_points`, path 1: 257 exit codes, at most 256 are allowed"),
        (paths(1_000, 5), "`metric_points`: at most 4000 counts are allowed"),
    ] {
        let refusal = read(&body).unwrap_err();
        assert_eq!((refusal.status, refusal.rule), (413, "metric_points"));
        assert_eq!(refusal.detail, expected);
    }
    assert_eq!(read(&paths(1_000, 4)).unwrap().counts.len(), limits::DOCUMENT_COUNTERS);
    assert_eq!(read(&paths(1, 256)).unwrap().counts.len(), limits::EXIT_CODES);
}

#[test]
fn the_larger_count_stands() {
    let stored = Counts::from([(counter("a", 0), 5), (counter("a", 1), 2), (counter("b", 0), 0)]);
    let next = Counts::from([(counter("a", 0), 6), (counter("a", 1), 2), (counter("c", 0), 0)]);
    let expected = Merge { raised: Counts::from([(counter("a", 0), 6), (counter("c", 0), 0)]), late: false };
    assert_eq!(merge(&stored, &next), expected);
    assert_eq!(merge(&stored, &stored), Merge { raised: Counts::new(), late: false });
}

#[test]
fn a_smaller_or_missing_count_is_a_late_document() {
    let stored = Counts::from([(counter("a", 0), 5), (counter("a", 1), 2)]);
    // What it says beyond that did happen all the same.
    let restored = Counts::from([(counter("a", 0), 3), (counter("a", 1), 7)]);
    assert_eq!(merge(&stored, &restored), Merge { raised: Counts::from([(counter("a", 1), 7)]), late: true });
    let early = Counts::from([(counter("a", 0), 5)]);
    assert_eq!(merge(&stored, &early), Merge { raised: Counts::new(), late: true });
}
