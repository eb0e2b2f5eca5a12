//! `overt show`.

use crate::sandbox::{NOBODY, NOBODYS_SPOOL, Sandbox};
use overt_tests::Server;
use std::io::Write;

/// The one segment that waits.
fn segment(sandbox: &Sandbox) -> std::path::PathBuf {
    let entries = std::fs::read_dir(sandbox.file("spool").join(NOBODYS_SPOOL)).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    paths.find(|path| path.to_str().unwrap().ends_with(".v1.jsonl")).unwrap()
}

#[test]
fn events_are_shown_byte_for_byte_as_they_are_sent() {
    let server = Server::start();
    let sandbox = Sandbox::new();
    let first = sandbox.record(&server.url, &["one", "two"]);
    sandbox.run(&["flush"]).text();
    let second = sandbox.record(&server.url, &["three"]);
    let url = &server.url;
    assert_eq!(
        sandbox.run(&["show"]).text(),
        format!(
            "# waiting to be sent to {url}: 1 event\n{}\n\n# sent to {url}: 2 events\n{}\n{}\n",
            second[0], first[0], first[1]
        )
    );
    let json = format!(r#"{{"pending":[{}],"sent":[{},{}],"damaged":[]}}"#, second[0], first[0], first[1]);
    assert_eq!(sandbox.run(&["show", "--json"]).text(), json + "\n");
    let body = String::from_utf8(server.requests()[0].body.clone()).unwrap();
    assert!(body.contains(&format!("[{},{}]", first[0], first[1])), "{body}");
}

#[test]
fn of_a_tool_that_recorded_nothing_there_is_nothing_to_show() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["show"]).text(), "# starfish: there is nothing here that starfish recorded\n");
    assert_eq!(sandbox.run(&["show", "--json"]).text(), "{\"pending\":[],\"sent\":[],\"damaged\":[]}\n");
}

#[test]
fn a_damaged_line_is_shown_as_such_and_cannot_write_to_the_terminal() {
    let sandbox = Sandbox::new();
    let lines = sandbox.record(NOBODY, &["one"]);
    let mut file = std::fs::OpenOptions::new().append(true).open(segment(&sandbox)).unwrap();
    file.write_all("\u{1b}[2J{\"half\n{\"event\":\"\u{202e}\u{9b}1m\"}\n".as_bytes()).unwrap();
    assert_eq!(
        sandbox.run(&["show"]).text(),
        format!(
            "# waiting to be sent to {NOBODY}: 2 events\n{}\n{{\"event\":\"\\u202e\\u009b1m\"}}\n\n\
             # will not be sent: 1 damaged line\n\\u001b[2J{{\"half\n\n# sent to {NOBODY}: 0 events\n",
            lines[0]
        )
    );
    let ran = sandbox.run(&["show", "--json"]);
    assert!(ran.stdout.chars().all(|character| character == '\n' || !character.is_control()), "{}", ran.stdout);
    let json = ran.json();
    assert_eq!(json["pending"][1]["event"], "\u{202e}\u{9b}1m");
    assert_eq!(json["damaged"][0], "\u{1b}[2J{\"half");
}
