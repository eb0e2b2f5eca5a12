use std::io::Read;
use std::net::{Shutdown, TcpListener};
use std::thread;

use super::*;

fn point(slot: i64) -> Point {
    Point { series: "t.cli.invocations;exit_code=0".into(), value: 1, slot }
}

fn carbon(listener: &TcpListener) -> Carbon {
    let address = listener.local_addr().unwrap();
    Carbon::new(&address.ip().to_string(), address.port())
}

fn all(mut socket: TcpStream) -> String {
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn one_connection_serves_many_sends() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut carbon = carbon(&listener);
    assert_eq!(carbon.send(&[point(1), point(2)]), Ok(0));
    assert_eq!(carbon.send(&[point(3)]), Ok(0));
    let (socket, _) = listener.accept().unwrap();
    drop(carbon);
    let line = |slot| format!("t.cli.invocations;exit_code=0 1 {slot}\n");
    assert_eq!(all(socket), [line(1), line(2), line(3)].concat());
}

#[test]
fn a_connection_that_was_closed_in_between_is_a_failure_before_anything_is_written() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut carbon = carbon(&listener);
    carbon.send(&[point(1)]).unwrap();
    let (mut first, _) = listener.accept().unwrap();
    let mut line = [0; 32];
    first.read_exact(&mut line).unwrap();
    // In order, as by a restart: a write would succeed, and nobody would read it.
    first.shutdown(Shutdown::Write).unwrap();
    let failure = loop {
        // Until the system has brought us the end of it.
        if let Err(failure) = carbon.send(&[point(2)]) {
            break failure;
        }
        thread::yield_now();
    };
    assert!(failure.why.ends_with("the connection was closed"), "{}", failure.why);
    assert_eq!(carbon.send(&[point(3)]), Ok(0));
    let (second, _) = listener.accept().unwrap();
    drop(carbon);
    assert_eq!(all(second), "t.cli.invocations;exit_code=0 1 3\n");
}

#[test]
fn nobody_there_is_a_failure_that_names_the_place() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut carbon = carbon(&listener);
    let address = listener.local_addr().unwrap();
    drop(listener);
    let failure = carbon.send(&[point(1)]).unwrap_err();
    assert!(failure.why.starts_with(&format!("{address}: ")), "{}", failure.why);
}

#[test]
fn what_it_says_does_not_count() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut carbon = carbon(&listener);
    carbon.send(&[point(1)]).unwrap();
    let (mut socket, _) = listener.accept().unwrap();
    socket.write_all(b"hello").unwrap();
    assert_eq!(carbon.send(&[point(2)]), Ok(0));
}
