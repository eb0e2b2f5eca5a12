//! A request as the server reads it: which events it has, and when its sender made it.

use overt::Wire;
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read};
use std::net::TcpStream;

/// The head: what there is to know before the body is read.
pub struct Head {
    pub wire: Wire,
    pub length: usize,
    encoding: String,
    /// Version 1 says when in a header.
    made_at: Option<String>,
}

pub struct Request {
    pub wire: Wire,
    /// The moment of this attempt, by the sender: fixed in width, so that texts order as moments do.
    pub made_at: String,
    pub uuids: Vec<String>,
}

fn odd(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

pub fn read_head(stream: &mut BufReader<&TcpStream>) -> io::Result<Head> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let header = |wanted: &str| {
        let pairs = lines.iter().skip(1).filter_map(|line| line.split_once(": "));
        pairs.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.to_owned()).next()
    };
    let wire = match lines.first().and_then(|line| line.split(' ').nth(1)) {
        Some(path) if path.starts_with("/batch/") => Wire::PostHog,
        Some("/i/v1/analytics/events") => Wire::PostHogV1,
        other => return Err(odd(&format!("{other:?} is no path of the protocol"))),
    };
    let length = header("content-length").and_then(|text| text.parse().ok()).ok_or_else(|| odd("no length"))?;
    let encoding = header("content-encoding").unwrap_or_default();
    Ok(Head { wire, length, encoding, made_at: header("posthog-request-timestamp") })
}

pub fn read_body(head: Head, stream: &mut BufReader<&TcpStream>) -> io::Result<Request> {
    let mut packed = vec![0; head.length];
    stream.read_exact(&mut packed)?;
    let mut body = Vec::new();
    match head.encoding.as_str() {
        "gzip" => drop(flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut body)?),
        "deflate" => drop(flate2::read::ZlibDecoder::new(packed.as_slice()).read_to_end(&mut body)?),
        _ => body = packed,
    }
    let body: Value = serde_json::from_slice(&body)?;
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| odd("no text"));
    let made_at = head.made_at.map_or_else(|| text(&body["sent_at"]), Ok)?;
    let batch = body["batch"].as_array().ok_or_else(|| odd("no batch"))?;
    let uuids = batch.iter().map(|event| text(&event["uuid"])).collect::<io::Result<_>>()?;
    Ok(Request { wire: head.wire, made_at, uuids })
}
