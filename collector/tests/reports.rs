//! What `events` and `summary` print, word for word.

mod common;

use std::path::Path;

use common::{Collector, batch, place, printed, program, run, uuid};

const A: &str = "6f0e2c1a-5b7d-4e8f-9a0b-1c2d3e4f5a6b";
const B: &str = "short";

fn event(number: u32, name: &str, distinct_id: &str, properties: &str) -> String {
    format!(
        r#"{{"uuid":"{}","event":"{name}","distinct_id":"{distinct_id}","timestamp":"2026-01-01T10:0{number}:00.5Z","properties":{properties}}}"#,
        uuid(number)
    )
}

fn fill(db: &Path) {
    let collector = Collector::start(db, &[]);
    let events = [
        event(
            1,
            "job_ended",
            A,
            r#"{"$app_name":"starfish","$app_version":"0.2.0","rows":18446744073709551616,"ok":true}"#,
        ),
        event(2, "job_ended", B, r#"{"$app_name":"starfish","$app_version":"0.1.9","$os":"Linux"}"#),
        event(3, "größe 📏", A, r#"{"text":"a long one: Lorem ipsum dolor sit amet, consectetur adipiscing elit"}"#),
        event(4, r"\u001b[31mred\n", B, r#"{"$app_name":"\u001b]0;owned\u0007","x":"\u009b2J"}"#),
    ];
    assert_eq!(collector.post_batch(&batch(&events)).status, 200);
    assert_eq!(collector.post_batch(&batch(&events[..1])).status, 200);
    collector.kill();
}

#[test]
fn events_are_a_table() {
    let place = place();
    fill(&place.db);
    let expected = r#"
time                      event            distinct id  app                  properties
2026-01-01T10:01:00.500Z  job_ended        6f0e2c1a…    starfish 0.2.0       ok=true rows=18446744073709551616
2026-01-01T10:02:00.500Z  job_ended        short        starfish 0.1.9
2026-01-01T10:03:00.500Z  größe 📏          6f0e2c1a…                         text="a long one: Lorem ipsum dolor sit amet, consectetur a…
2026-01-01T10:04:00.500Z  \u{1b}[31mred\n  short        \u{1b}]0;owned\u{7}  x="\u009b2J"
"#;
    assert_eq!(printed("events", &place.db, &[]), expected.trim_start());
    let last = printed("events", &place.db, &["--limit", "1", "--event", "job_ended"]);
    assert_eq!(last.lines().count(), 2);
    assert!(last.contains("starfish 0.1.9"), "{last}");
}

#[test]
fn events_as_json_are_whole() {
    let place = place();
    fill(&place.db);
    let lines = printed("events", &place.db, &["--json", "--limit", "2", "--event", "job_ended"]);
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), 2);
    let (before, after) = lines[1].split_once("\"received_at\":\"").unwrap();
    let (_, after) = after.split_once('"').unwrap();
    assert_eq!(
        before,
        r#"{"uuid":"01890a5d-ac96-774b-bcce-000000000002","event":"job_ended","distinct_id":"short","timestamp":"2026-01-01T10:02:00.5Z","sent_at":null,"#
    );
    assert_eq!(
        after,
        r#","corrected_at":"2026-01-01T10:02:00.500Z","api_key":"key","properties":{"$app_name":"starfish","$app_version":"0.1.9","$os":"Linux"}}"#
    );
}

#[test]
fn a_summary_is_three_tables() {
    let place = place();
    fill(&place.db);
    let expected = r"
events      4
clients     2
duplicates  1
first       2026-01-01T10:01:00.500Z
last        2026-01-01T10:04:00.500Z

event            count  clients  last
job_ended            2        2  2026-01-01T10:02:00.500Z
\u{1b}[31mred\n      1        1  2026-01-01T10:04:00.500Z
größe 📏              1        1  2026-01-01T10:03:00.500Z

app                  version  count  clients  last
-                    -            1        1  2026-01-01T10:03:00.500Z
\u{1b}]0;owned\u{7}  -            1        1  2026-01-01T10:04:00.500Z
starfish             0.1.9        1        1  2026-01-01T10:02:00.500Z
starfish             0.2.0        1        1  2026-01-01T10:01:00.500Z
";
    assert_eq!(printed("summary", &place.db, &[]), expected.trim_start());
}

#[test]
fn a_summary_as_json_has_the_same_numbers() {
    let place = place();
    fill(&place.db);
    let summary: serde_json::Value = serde_json::from_str(&printed("summary", &place.db, &["--json"])).unwrap();
    assert_eq!(summary["duplicates"], 1);
    assert_eq!(
        summary["by_event"][0],
        serde_json::json!({"event": "job_ended", "count": 2, "clients": 2, "last": "2026-01-01T10:02:00.500Z"})
    );
    assert_eq!(
        summary["by_app"][2],
        serde_json::json!({"app": "starfish", "version": "0.1.9", "count": 1, "clients": 1, "last": "2026-01-01T10:02:00.500Z"})
    );
}

#[test]
fn a_database_that_is_not_there_is_an_error_and_stays_so() {
    let place = place();
    for command in ["events", "summary"] {
        let output = run(command, &place.db, &[]);
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(error, format!("overt-collector: cannot read {}: no such file\n", place.db.display()));
        assert!(output.stdout.is_empty());
        assert!(!place.db.exists());
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let place = place();
    fill(&place.db);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = program()
        .args(["summary", "--db"])
        .arg(&place.db)
        .stdout(writer)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
