//! Servers that do what no server should: each gets an answer out of us, none keeps us, and nothing goes elsewhere.

use overt::{HttpTransport, NoAnswer, Request, Response, Transport, Variables};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

/// The transport's limit where a test relies on something else to end it.
const PATIENCE: Duration = Duration::from_secs(60);
/// The transport's limit where the limit is what ends it.
const SHORT: Duration = Duration::from_millis(300);
const KIB: usize = 1024;

fn transport(timeout: Duration) -> HttpTransport {
    HttpTransport::new(timeout, PATIENCE, &Variables::default())
}

/// Plays `script` to the first connection.
struct Hostile {
    url: String,
    thread: JoinHandle<()>,
}

impl Hostile {
    fn start(script: impl FnOnce(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/batch/", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || script(listener.accept().unwrap().0));
        Self { url, thread }
    }

    fn send(self, timeout: Duration, body: Vec<u8>) -> Result<Response, NoAnswer> {
        let headers = vec![("Authorization".to_owned(), "Bearer secret".to_owned())];
        let answer = transport(timeout).send(&Request { url: self.url, headers, body });
        self.thread.join().unwrap();
        answer
    }
}

/// Reads the head of a request and its body, which the tests keep short.
fn take_request(stream: &mut TcpStream) {
    let mut request = Vec::new();
    let mut buffer = [0; 4 * KIB];
    while !request.ends_with(b"{}") {
        let read = stream.read(&mut buffer).unwrap();
        request.extend_from_slice(&buffer[..read]);
    }
}

/// Answers as long as somebody listens.
fn say(stream: &mut TcpStream, text: &str) -> bool {
    stream.write_all(text.as_bytes()).is_ok()
}

fn short_body() -> Vec<u8> {
    b"{}".to_vec()
}

#[test]
fn a_redirect_is_an_answer_and_nothing_goes_to_the_other_host() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = elsewhere.local_addr().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let server = Hostile::start(move |mut stream| {
            take_request(&mut stream);
            let head = format!("HTTP/1.1 {status} Moved\r\nLocation: http://{target}/\r\nContent-Length: 0\r\n\r\n");
            say(&mut stream, &head);
        });
        assert_eq!(server.send(PATIENCE, short_body()).unwrap().status, status);
    }
    elsewhere.set_nonblocking(true).unwrap();
    assert_eq!(elsewhere.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody came");
}

#[test]
fn headers_without_end_are_cut_off() {
    for line in ["X-Endless: 0123456789abcdef0123456789abcdef\r\n", "x: y\r\n", "x:\r\n"] {
        let server = Hostile::start(move |mut stream| {
            take_request(&mut stream);
            say(&mut stream, "HTTP/1.1 200 OK\r\n");
            while say(&mut stream, line) {}
        });
        server.send(PATIENCE, short_body()).unwrap_err();
    }
}

#[test]
fn one_header_or_status_line_without_end_is_cut_off() {
    for start in ["HTTP/1.1 200 OK\r\nX-Endless: ", "HTTP/1.1 200 "] {
        let server = Hostile::start(move |mut stream| {
            take_request(&mut stream);
            say(&mut stream, start);
            while say(&mut stream, &"x".repeat(KIB)) {}
        });
        server.send(PATIENCE, short_body()).unwrap_err();
    }
}

#[test]
fn a_body_without_end_is_read_up_to_its_limit() {
    for head in ["Content-Length: 9999999999\r\n\r\n", "\r\n", "Transfer-Encoding: chunked\r\n\r\n"] {
        let server = Hostile::start(move |mut stream| {
            take_request(&mut stream);
            say(&mut stream, &format!("HTTP/1.1 200 OK\r\n{head}"));
            while say(&mut stream, &format!("400\r\n{}\r\n", "x".repeat(KIB))) {}
        });
        let response = server.send(PATIENCE, short_body()).unwrap();
        assert_eq!((response.status, response.body.len()), (200, 64 * KIB), "{head}");
    }
}

#[test]
fn an_answer_that_drips_ends_with_the_time() {
    let server = Hostile::start(|mut stream| {
        take_request(&mut stream);
        // Each byte comes before a limit on single reads would end it; only the whole has one.
        for letter in "HTTP/1.1 200 OK\r\n".chars().chain(std::iter::repeat('x')) {
            if !say(&mut stream, &letter.to_string()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    server.send(SHORT, short_body()).unwrap_err();
}

#[test]
fn silence_ends_with_the_time() {
    let server = Hostile::start(|mut stream| {
        // Until the other side hangs up.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    assert!(!server.send(SHORT, short_body()).unwrap_err().hung_up);
}

#[test]
fn who_does_not_read_ends_with_the_time() {
    // The kernel takes the connection and what fits into its buffers; nobody takes the rest.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/batch/", nobody.local_addr().unwrap());
    let request = Request { url, headers: Vec::new(), body: vec![b' '; 64 * KIB * KIB] };
    let no_answer = transport(SHORT).send(&request).unwrap_err();
    assert!(!no_answer.hung_up && no_answer.reason.contains("time"), "{}", no_answer.reason);
}

#[test]
fn a_body_that_breaks_off_does_not_change_the_status() {
    let server = Hostile::start(|mut stream| {
        take_request(&mut stream);
        say(&mut stream, "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 100\r\n\r\nhalf");
    });
    let response = server.send(PATIENCE, short_body()).unwrap();
    assert_eq!((response.status, response.retry_after.as_deref()), (503, Some("7")));
}

#[test]
fn an_interim_answer_is_passed_over() {
    let server = Hostile::start(|mut stream| {
        take_request(&mut stream);
        say(&mut stream, "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    assert_eq!(server.send(PATIENCE, short_body()).unwrap().status, 200);
}

#[test]
fn who_answers_early_and_hangs_up_is_heard_or_known_to_have_hung_up() {
    let server = Hostile::start(|mut stream| {
        let _ = stream.read(&mut [0; KIB]);
        say(&mut stream, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        // Dropped with unread data: the kernel resets the connection.
    });
    match server.send(PATIENCE, vec![b' '; 8 * KIB * KIB]) {
        Ok(response) => assert_eq!(response.status, 413),
        Err(no_answer) => assert!(no_answer.hung_up, "{}", no_answer.reason),
    }
}

#[test]
fn who_ends_without_a_word_gave_no_answer() {
    let server = Hostile::start(|mut stream| {
        take_request(&mut stream);
        stream.shutdown(Shutdown::Write).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    assert!(!server.send(PATIENCE, short_body()).unwrap_err().hung_up);
}

#[test]
fn what_is_no_http_is_no_answer() {
    for garbage in
        ["\0\0\0\0\r\n\r\n", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 99999 OK\r\n\r\n"]
    {
        let server = Hostile::start(move |mut stream| {
            take_request(&mut stream);
            say(&mut stream, garbage);
        });
        server.send(PATIENCE, short_body()).unwrap_err();
    }
}

#[test]
fn an_answer_that_came_while_nobody_listened_is_read_although_the_time_is_over() {
    let server = Hostile::start(|mut stream| {
        take_request(&mut stream);
        say(&mut stream, "HTTP/1.1 204 No Content\r\n\r\n");
    });
    let (transport, started) = (transport(SHORT), std::time::Instant::now());
    let under_way = transport.begin(&Request { url: server.url, headers: Vec::new(), body: short_body() });
    assert!(under_way.is_written() && !under_way.has_failed());
    server.thread.join().unwrap();
    while started.elapsed() <= SHORT {
        std::thread::yield_now(); // as if other requests took the time
    }
    assert_eq!(under_way.answer(PATIENCE).unwrap().status, 204);
}

#[test]
fn an_answer_is_awaited_no_longer_than_asked() {
    let server = Hostile::start(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let transport = transport(PATIENCE);
    let under_way = transport.begin(&Request { url: server.url, headers: Vec::new(), body: short_body() });
    assert!(under_way.is_written());
    assert!(!under_way.answer(Duration::from_millis(1)).unwrap_err().hung_up);
    server.thread.join().unwrap();
}

#[test]
fn all_requests_under_way_are_cancelled_and_later_ones_are_not() {
    let silent = || {
        Hostile::start(|mut stream| {
            let _ = stream.read_to_end(&mut Vec::new());
        })
    };
    let transport = transport(PATIENCE);
    let servers = [silent(), silent()];
    let begin = |url: &str| transport.begin(&Request { url: url.into(), headers: Vec::new(), body: short_body() });
    let under_way: Vec<_> = servers.iter().map(|server| begin(&server.url)).collect();
    transport.cancel();
    let last = Hostile::start(|mut stream| {
        take_request(&mut stream);
        say(&mut stream, "HTTP/1.1 200 OK\r\n\r\n");
    });
    assert_eq!(begin(&last.url).answer(PATIENCE).unwrap().status, 200);
    for (under_way, server) in under_way.into_iter().zip(servers) {
        assert_eq!(under_way.answer(PATIENCE).unwrap_err().reason, "the request was cancelled");
        server.thread.join().unwrap();
    }
    last.thread.join().unwrap();
}

#[test]
fn where_nobody_listens_nobody_hung_up() {
    let url = format!("{}/batch/", overt_tests::refused_url());
    let request = Request { url, headers: Vec::new(), body: short_body() };
    assert!(!transport(PATIENCE).send(&request).unwrap_err().hung_up);
}
