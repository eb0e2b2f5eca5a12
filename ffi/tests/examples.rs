//! The example programs do what they show, against a real server of one request.

#![cfg(target_os = "linux")] // the tools are those of Linux

mod common;

use common::{Home, Library, ROOT, STRICT, output};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

/// Answers one request with 200; gives its text.
fn serve_once(listener: &TcpListener) -> String {
    let (mut stream, _) = listener.accept().expect("a request");
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&request) {
        let read = stream.read(&mut buffer).expect("more of the request");
        assert!(read > 0, "the request ends early: {}", String::from_utf8_lossy(&request));
        request.extend_from_slice(&buffer[..read]);
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").expect("an answer");
    String::from_utf8(request).expect("UTF-8")
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}

#[test]
fn a_command_is_recorded_and_delivered() {
    let home = Home::new();
    let program = home.join("command");
    let source = Path::new(ROOT).join("examples/c/command.c");
    Library::get().compile("gcc", &[&["-std=c99"], &STRICT[..]].concat(), &source, &program);

    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let server = std::thread::spawn(move || serve_once(&listener));
    let ran = output(home.command(&program).args([&endpoint, "phc_demo", "demo get \"x\"", "3"]));
    assert_eq!(String::from_utf8_lossy(&ran.stderr), "");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "recorded: ok; delivered: ok\n");
    let request = server.join().expect("the server");
    assert!(request.starts_with("POST /batch/ HTTP/1.1\r\n"), "{request}");
    for part in [
        r#"{"api_key":"phc_demo","batch":[{"uuid":""#,
        r#"","event":"command_run","distinct_id":""#,
        r#""properties":{"command":"demo get \"x\"","exit_code":3,"duration_ms":"#,
        r#""$app_name":"command","$app_version":"1.0.0""#,
    ] {
        assert!(request.contains(part), "{request}");
    }
}

#[test]
fn a_command_that_is_switched_off_asks_nobody() {
    let home = Home::new();
    let program = home.join("command");
    Library::get().compile("gcc", &["-std=c99"], &Path::new(ROOT).join("examples/c/command.c"), &program);
    let mut command = home.command(&program);
    // Nobody listens: whoever asked would not be told "ok".
    let ran = output(command.env("COMMAND_TELEMETRY", "0").args(["http://127.0.0.1:1", "phc_demo", "demo", "0"]));
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "recorded: telemetry is off; delivered: ok\n");
    assert!(ran.stderr.is_empty() && ran.status.success());
    assert!(!home.state().exists());
}
