//! Counters in PACE's form: taken, refused, merged and printed.

mod common;

use common::{Collector, batch, document, event, place, printed, run, runs, uuid};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

#[test]
fn a_document_is_answered_with_ok_and_nothing_else() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    // Word for word what the PACE CLI posts.
    let document = r#"{"metric_points":{"pace get data-policy":{"0":{"cumulative_count":2}},"pace list tables":{"1":{"cumulative_count":1}}},"cli_version":"v1.16.0","operating_system":"darwin","id":"36be4c46-4e1b-431d-b9db-1b315f537a85"}"#;
    let answer = collector.post_document(document);
    assert_eq!((answer.status, answer.text.as_str()), (200, "OK"));
    let line = printed("counters", &place.db, &["--json"]);
    let (before, after) = line.split_once(r#","received_at":""#).unwrap();
    assert_eq!(format!("{before}}}"), document);
    assert!(after.ends_with("Z\"}\n"), "{after}");
}

#[test]
fn the_latest_of_each_installation_survives_sigkill() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    for (number, version, count) in [(1, "v1", 5), (2, "v1", 1), (1, "v2", 9), (1, "v1", 6)] {
        let answer = collector.post_document(&document(number, version, &runs("pace get", count)));
        assert_eq!(answer.text, "OK");
    }
    collector.kill();
    let mut lines = printed("counters", &place.db, &["--json"]);
    lines.truncate(lines.rfind(r#","received_at"#).unwrap());
    let first = lines.lines().next().unwrap();
    assert!(
        first.starts_with(r#"{"metric_points":{"pace get":{"0":{"cumulative_count":9}}},"cli_version":"v2","#),
        "{first}"
    );
    assert!(lines.contains(&uuid(2)), "{lines}");
    assert_eq!(lines.lines().count(), 2);

    // And is what the next collector goes on from.
    let collector = Collector::start(&place.db, &[]);
    assert_eq!(collector.post_document(&document(1, "v3", &runs("pace get", 10))).text, "OK");
    let table = printed("counters", &place.db, &[]);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["command", "exit", "code", "count", "installations", "last"]);
    assert_eq!(rows[1][..5], ["pace", "get", "0", "11", "2"]);
    let summary = printed("summary", &place.db, &[]);
    let expected = "
installations               2
counters                    2
documents                   5
late documents              1
refused documents           0
graphite series             0
graphite series over limit  0
graphite seconds behind     0
graphite dropped slots      0
graphite refused points     0
";
    assert!(summary.ends_with(expected), "{summary}");
}

#[test]
fn garbage_is_refused_and_loses_nothing_else() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    assert_eq!(collector.post_document(&document(1, "v1", &runs("pace get", 5))).text, "OK");
    let before = printed("counters", &place.db, &["--json"]);
    for (body, rule) in [
        (String::new(), "json"),
        ("\0\u{1}garbage".to_owned(), "json"),
        ("[".repeat(100_000), "json"),
        (document(1, "v1", "7"), "metric_points"),
        (
            document(1, "v1", r#"{"pace get":{"0":{"cumulative_count":6}},"x":{"0":{"cumulative_count":-1}}}"#),
            "metric_points",
        ),
        (document(1, &"v".repeat(65), "{}"), "cli_version"),
        (document(1, "v1", "{}").replace(&uuid(1), "me"), "id"),
    ] {
        let answer = collector.post_document(&body);
        assert_eq!((answer.status, &answer.body["rule"]), (400, &rule.into()), "{}", answer.text);
    }
    assert_eq!(printed("counters", &place.db, &["--json"]), before);
    assert_eq!(collector.post_document(&document(1, "v1", &runs("pace get", 6))).text, "OK");
}

#[test]
fn a_head_that_does_not_fit_is_refused() {
    let place = place();
    let collector = Collector::start(&place.db, &["--api-key", "only-for-events"]);
    let small = document(1, "v1", &runs("pace get", 5));
    let large = format!("{small}{}", " ".repeat(1024 * 1024));
    let answer = collector.post_document(&large);
    assert_eq!((answer.status, answer.body["rule"].as_str()), (413, Some("body_size")), "{}", answer.text);
    assert!(answer.text.contains("1048576 bytes"), "{}", answer.text);
    let answer = collector.post("/telemetry", "Content-Encoding: br\r\n", small.as_bytes());
    assert_eq!((answer.status, answer.body["rule"].as_str()), (415, Some("encoding")));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(large.as_bytes()).unwrap();
    let answer = collector.post("/telemetry", "Content-Encoding: gzip\r\n", &gzip.finish().unwrap());
    assert_eq!((answer.status, answer.body["rule"].as_str()), (413, Some("body_size")), "{}", answer.text);

    // A key has no place in a document. Events are as large as ever.
    assert_eq!(collector.post_document(&small).text, "OK");
    let events = batch(&[event(1, "{}")]).replace(r#""key""#, r#""only-for-events""#) + &" ".repeat(1024 * 1024);
    assert_eq!(collector.post_batch(&events).status, 200);
}

#[test]
fn a_hostile_path_writes_no_escape() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    let hostile = document(1, r"\u001b]0;v\u0007", &runs(r"pace \u001b[31mred\n\u202e", 5));
    assert_eq!(collector.post_document(&hostile).text, "OK");
    for options in [&[][..], &["--json"]] {
        let text = printed("counters", &place.db, options);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
        assert_eq!(text.lines().count(), 2 - options.len());
    }
}

#[test]
fn documents_that_come_together_are_all_there() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let collector = &collector;
            scope.spawn(move || {
                for count in 1..=5 {
                    let answer = collector.post_document(&document(number, "v1", &runs("pace get", count)));
                    assert_eq!(answer.text, "OK");
                }
            });
        }
    });
    let table = printed("counters", &place.db, &[]);
    assert!(table.lines().nth(1).unwrap().starts_with("pace get          0     40              8"), "{table}");
}

#[test]
fn counters_of_no_database_are_an_error() {
    let place = place();
    let output = run("counters", &place.db, &[]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error, format!("overt-collector: cannot read {}: no such file\n", place.db.display()));
}
