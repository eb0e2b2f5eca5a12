//! The exchange: one HTTP/1.1 request written to a connection, one answer read from it.
//!
//! Knows no socket: a connection is whatever can be read and written. Whatever the other side sends, this ends with
//! an answer or the lack of one, after [`MAX_HEAD_BYTES`] and [`MAX_ANSWER_BYTES`](super::MAX_ANSWER_BYTES) at the most.

use super::endpoint::Endpoint;
use super::{MAX_ANSWER_BYTES, NoAnswer, Request, Response};
use std::io::{self, BufRead, Read, Write};

/// A server that sends more than this before its body is not one of ours. Interim answers count.
const MAX_HEAD_BYTES: u64 = 64 * 1024;
/// PostHog's cloud sends two dozen.
const MAX_HEADERS: usize = 128;
/// The length of a chunk has 16 digits at the most; what may follow it there is of no use to us.
const MAX_CHUNK_LINE_BYTES: u64 = 1024;
/// A body in chunks, and as much again for what stands around them: a chunk of one byte may have a line of its own.
const MAX_CHUNKED_BYTES: u64 = 2 * MAX_ANSWER_BYTES;

/// The head of the request, in bytes as they are sent.
pub(super) fn head(endpoint: &Endpoint, request: &Request) -> Vec<u8> {
    let mut head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nConnection: close\r\n",
        endpoint.path,
        endpoint.authority(),
        request.body.len()
    );
    for (name, value) in &request.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// Writes the request and reads the answer.
#[cfg(any(test, fuzzing))]
pub(crate) fn exchange(stream: &mut (impl Read + Write), head: &[u8], body: &[u8]) -> Result<Response, NoAnswer> {
    match write(stream, head, body) {
        Ok(()) => read(stream),
        Err(error) => refusal(stream, error),
    }
}

/// Writes the request.
pub(super) fn write(stream: &mut impl Write, head: &[u8], body: &[u8]) -> io::Result<()> {
    stream.write_all(head).and_then(|()| stream.write_all(body)).and_then(|()| stream.flush())
}

/// Reads the answer to a request that is written.
pub(super) fn read(stream: &mut impl Read) -> Result<Response, NoAnswer> {
    Ok(read_answer(stream)?)
}

/// Reads the answer to a request that could not be written whole: who does not want all of it may say so and hang up
/// meanwhile. Else this is the error.
pub(super) fn refusal(stream: &mut impl Read, error: io::Error) -> Result<Response, NoAnswer> {
    match read_answer(stream) {
        Ok(refusal) if refusal.status >= 300 => Ok(refusal),
        _ => Err(error.into()),
    }
}

/// Why no head came.
#[derive(Debug)]
pub(super) enum Failure {
    Io(io::Error),
    NotHttp(&'static str),
}

impl From<Failure> for NoAnswer {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Io(error) => error.into(),
            Failure::NotHttp(why) => Self::new(why),
        }
    }
}

/// What the head of an answer says that we want to know.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub status: u16,
    retry_after: Option<String>,
    date: Option<String>,
    chunked: bool,
    length: Option<u64>,
}

fn read_answer(stream: impl Read) -> Result<Response, Failure> {
    let mut stream = io::BufReader::new(stream);
    let head = read_head(&mut stream)?;
    let mut body = Vec::new();
    // The status is the answer: a body that breaks off does not change it.
    let _ = match (head.status, head.chunked, head.length.unwrap_or(u64::MAX)) {
        (101 | 204 | 304, ..) => Ok(()),
        (_, true, _) => read_chunks(stream.take(MAX_CHUNKED_BYTES), &mut body),
        (_, false, length) => stream.take(length.min(MAX_ANSWER_BYTES)).read_to_end(&mut body).map(drop),
    };
    Ok(Response { status: head.status, retry_after: head.retry_after, date: head.date, body })
}

/// Reads the head of the final answer; interim ones are passed over.
pub(super) fn read_head(stream: &mut impl BufRead) -> Result<Head, Failure> {
    let mut room = MAX_HEAD_BYTES;
    loop {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\n\r\n") && !bytes.ends_with(b"\n\n") {
            let read = stream.by_ref().take(room).read_until(b'\n', &mut bytes).map_err(Failure::Io)?;
            room = room.saturating_sub(read as u64);
            match bytes.last().filter(|_| read > 0) {
                Some(b'\n') if bytes.starts_with(b"HTTP/1.") => {}
                Some(b'\n') => return Err(Failure::NotHttp("the answer is not HTTP/1.1")),
                _ if room == 0 => return Err(Failure::NotHttp("the answer's head has no end")),
                _ => return Err(Failure::NotHttp("the server hung up without an answer")),
            }
        }
        let head = parse_head(&bytes)?;
        // 101 would be final, to a question that we do not ask.
        if !(100..200).contains(&head.status) || head.status == 101 {
            return Ok(head);
        }
    }
}

fn parse_head(bytes: &[u8]) -> Result<Head, Failure> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Response::new(&mut headers);
    match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Failure::NotHttp("the answer has too many headers")),
        _ => return Err(Failure::NotHttp("the answer is not HTTP/1.1")),
    }
    let value = |wanted: &str| {
        let found = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case(wanted));
        found.map(|header| String::from_utf8_lossy(header.value).trim().to_owned())
    };
    Ok(Head {
        status: parsed.code.unwrap_or_default(),
        retry_after: value("retry-after"),
        date: value("date"),
        chunked: value("transfer-encoding").is_some_and(|coding| coding.to_ascii_lowercase().ends_with("chunked")),
        length: value("content-length").and_then(|length| length.parse().ok()),
    })
}

/// Reads a body that comes in chunks; what follows the last one is left unread.
fn read_chunks(mut stream: impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut line = Vec::new();
        stream.by_ref().take(MAX_CHUNK_LINE_BYTES).read_until(b'\n', &mut line)?;
        let Ok(httparse::Status::Complete((_, length))) = httparse::parse_chunk_size(&line) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let room = MAX_ANSWER_BYTES.saturating_sub(body.len() as u64);
        stream.by_ref().take(length.min(room)).read_to_end(body)?;
        if length == 0 || length >= room {
            return Ok(());
        }
        stream.by_ref().take(2).read_until(b'\n', &mut line)?; // the chunk's own line break
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection on which everything that is to be read is there already.
    struct Played {
        answer: io::Cursor<Vec<u8>>,
        /// After so many bytes the other side hangs up.
        takes: usize,
    }

    impl Read for Played {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.answer.read(&mut buffer[..1]) // as slowly as can be
        }
    }

    impl Write for Played {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.takes);
            self.takes -= taken;
            if taken == 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(taken) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn played(answer: &str, takes: usize) -> Result<Response, NoAnswer> {
        let mut stream = Played { answer: io::Cursor::new(answer.as_bytes().to_vec()), takes };
        exchange(&mut stream, b"POST", b"body")
    }

    fn answer(text: &str) -> (u16, String) {
        let response = played(text, usize::MAX).unwrap();
        (response.status, String::from_utf8(response.body).unwrap())
    }

    #[test]
    fn a_head_names_the_host_the_length_and_the_callers_headers() {
        let endpoint = Endpoint::parse("http://H:8990/batch/?x=1").unwrap();
        let headers = vec![("A".to_owned(), "b: c".to_owned())];
        let request = Request { url: String::new(), headers, body: vec![0; 12] };
        let text = String::from_utf8(head(&endpoint, &request)).unwrap();
        let lines: Vec<_> = text.split("\r\n").collect();
        let expected =
            ["POST /batch/?x=1 HTTP/1.1", "Host: h:8990", "Content-Length: 12", "Connection: close", "A: b: c"];
        assert_eq!(lines, [&expected[..], &["", ""]].concat());
    }

    #[test]
    fn a_body_ends_as_its_head_says() {
        for (text, body) in [
            ("Content-Length: 2\r\n\r\nabcd", "ab"),
            ("\r\nabcd", "abcd"),
            ("Content-Length: x\r\n\r\nabcd", "abcd"),
            ("content-length: 9\r\n\r\nbroken", "broken"),
            ("Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\nmore", "abc"),
            ("transfer-encoding: gzip, Chunked\r\nContent-Length: 1\r\n\r\n2\r\nab\r\n0\r\n\r\n", "ab"),
            ("Transfer-Encoding: chunked\r\n\r\n9\r\nbroken", "broken"),
            ("Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nnonsense", "a"),
            ("Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\na", "a"),
        ] {
            assert_eq!(answer(&format!("HTTP/1.1 200 OK\r\n{text}")), (200, body.to_owned()), "{text}");
        }
        assert_eq!(answer("HTTP/1.1 204 Nothing\r\n\r\nabcd"), (204, String::new()));
    }

    #[test]
    fn a_body_in_chunks_is_read_up_to_its_limit() {
        let chunks = format!("400\r\n{}\r\n", "x".repeat(1024)).repeat(65);
        let (_, body) = answer(&format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"));
        assert_eq!(body.len() as u64, MAX_ANSWER_BYTES);
    }

    #[test]
    fn what_stands_around_chunks_is_read_up_to_a_limit() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let chunk = format!("1;{}\r\na\r\n", "x".repeat(1_000));
        let whole = format!("{head}{}", chunk.repeat(1_000)).into_bytes();
        let mut stream = Played { answer: io::Cursor::new(whole), takes: usize::MAX };
        let response = exchange(&mut stream, b"POST", b"body").unwrap();
        assert_eq!(stream.answer.position(), head.len() as u64 + MAX_CHUNKED_BYTES);
        assert_eq!(response.body.len() as u64, MAX_CHUNKED_BYTES / chunk.len() as u64);
    }

    #[test]
    fn interim_answers_are_passed_over() {
        let last = "HTTP/1.1 503 Busy\r\nRetry-After:  7 \r\nDate: D\r\nContent-Length: 1\r\n\r\nx";
        let text = format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n{last}");
        let response = played(&text, usize::MAX).unwrap();
        let expected =
            Response { status: 503, retry_after: Some("7".into()), date: Some("D".into()), body: b"x".to_vec() };
        assert_eq!(response, expected);
        let endless = "HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000);
        assert!(!played(&endless, usize::MAX).unwrap_err().hung_up);
        assert_eq!(answer("HTTP/1.1 101 Switching\r\n\r\n").0, 101);
    }

    #[test]
    fn who_hangs_up_while_we_write_is_heard_if_he_refuses() {
        assert_eq!(played("HTTP/1.1 413 Large\r\n\r\n", 5).unwrap().status, 413);
        assert!(played("HTTP/1.1 200 OK\r\n\r\n", 5).unwrap_err().hung_up, "nobody has what was not sent");
        assert!(played("", 5).unwrap_err().hung_up);
        assert!(!played("", usize::MAX).unwrap_err().hung_up);
    }

    #[test]
    fn a_head_that_breaks_off_between_two_lines_is_no_answer() {
        let reason = |head: &str| played(head, usize::MAX).unwrap_err().reason;
        for head in ["HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\na: b\r\n"] {
            assert_eq!(reason(head), "the server hung up without an answer", "{head}");
        }
        // 16 bytes and then 8 a line: so the limit lies between two lines.
        let endless = format!("HTTP/1.1 200 x\r\n{}", "a: bcd\r\n".repeat(10_000));
        assert_eq!(reason(&endless), "the answer's head has no end");
    }

    #[test]
    fn what_is_no_http_or_has_no_end_is_no_answer() {
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(MAX_HEADERS + 1));
        let long = format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "x".repeat(64 * 1024));
        for text in ["SSH-2.0-OpenSSH\r\n", "HTTP/1.1 99999 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", &many, &long] {
            played(text, usize::MAX).unwrap_err();
        }
    }
}
