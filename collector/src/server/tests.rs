//! What needs limits too small for the real program. The rest is in `tests/`, against the real one.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream as Socket};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use super::*;
use crate::ingest;
use crate::store::Writer;

const EVENT: &str =
    r#"{"api_key":"k","batch":[{"uuid":"01890a5d-ac96-774b-bcce-b302099a8057","event":"ran","distinct_id":"d"}]}"#;

/// Runs a server with these limits for as long as the test talks to it.
fn with_server(limits: Limits, talk: impl FnOnce(SocketAddr)) {
    let dir = tempfile::tempdir().unwrap();
    let (desk, store) = ingest::start(Writer::open(&dir.path().join("events.db")).unwrap()).unwrap();
    let (address_is, address) = std::sync::mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            address_is.send(listener.local_addr().unwrap()).unwrap();
            let stop = async { drop(stopped.await) };
            serve(listener, desk, Keys::Any, limits, stop).await;
        });
    });
    talk(address.recv().unwrap());
    stop.send(()).unwrap();
    server.join().unwrap();
    store.join().unwrap();
}

fn post_head(length: usize) -> String {
    format!(
        "POST /batch/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Expect: 100-continue\r\nConnection: close\r\n\r\n"
    )
}

/// A server that never hangs up fails the test instead of hanging it.
fn connect(address: SocketAddr) -> Socket {
    let socket = Socket::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    socket
}

/// Sends a head and waits for `100 Continue`: from then on the server is within the request.
fn begin(address: SocketAddr, length: usize) -> Socket {
    let mut socket = connect(address);
    socket.write_all(post_head(length).as_bytes()).unwrap();
    let mut answer = [0; 25];
    socket.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket
}

fn rest(mut socket: Socket) -> String {
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn bodies_beyond_the_budget_are_put_off_and_the_budget_comes_back() {
    let limits = Limits { body_budget_bytes: EVENT.len() + 10, ..Limits::default() };
    with_server(limits, |address| {
        // One byte more than the budget holds.
        let mut large = begin(address, EVENT.len() + 11);
        large.write_all(EVENT.as_bytes()).unwrap();
        large.write_all(&[b' '; 11]).unwrap();
        let answer = rest(large);
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("\r\nretry-after: 1\r\n") && answer.contains("\"rule\":\"busy\""), "{answer}");
        // Twice, so that the first gives back what it took.
        for stored in [1, 0] {
            let mut small = begin(address, EVENT.len());
            small.write_all(EVENT.as_bytes()).unwrap();
            let answer = rest(small);
            assert!(answer.contains(&format!("\"stored\":{stored}")), "{answer}");
        }
    });
}

#[test]
fn a_connection_too_many_waits_until_another_ends() {
    let limits = Limits { connections: 1, ..Limits::default() };
    with_server(limits, |address| {
        let mut first = begin(address, EVENT.len());
        let mut second = connect(address);
        second.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        first.write_all(EVENT.as_bytes()).unwrap();
        assert!(rest(first).contains("\"stored\":1"));
        // It was asked before the event came and is answered after: were it served at once, it would say 0.
        let answer = rest(second);
        assert!(answer.ends_with("\"events\":1,\"status\":\"ok\"}"), "{answer}");
    });
}

/// Whether the server hangs up, in whatever way.
fn ends(mut socket: Socket) -> bool {
    let read = socket.read_to_end(&mut Vec::new());
    !read.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

const SOON: Duration = Duration::from_millis(50);

#[test]
fn a_head_that_does_not_come_ends_the_connection() {
    let limits = Limits { head_timeout: SOON, ..Limits::default() };
    with_server(limits, |address| {
        let idle = connect(address);
        let mut halting = connect(address);
        halting.write_all(b"POST /batch/ HTTP/1.1\r\nHost:").unwrap();
        assert!(ends(idle) && ends(halting));
    });
}

#[test]
fn no_connection_lives_for_ever() {
    let limits = Limits {
        connection_lifetime: SOON,
        // Nothing else may end it before the client loses patience.
        body_timeout: Duration::from_secs(3600),
        ..Limits::default()
    };
    with_server(limits, |address| {
        let mut stalled = connect(address);
        stalled.write_all(post_head(EVENT.len()).as_bytes()).unwrap();
        assert!(ends(stalled));
    });
}
