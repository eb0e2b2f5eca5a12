//! How a body is encoded, and how it is inflated.
//!
//! - gzip by `Content-Encoding: gzip`, by `?compression=gzip` or `?compression=gzip-js`, or by both; otherwise plain.
//! - Inflating stops at the limit: a small body cannot become a large one in memory.
//! - Does no I/O.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::refusal::Refusal;

/// The encoding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The bytes are the JSON text.
    Plain,
    /// The bytes are one or more gzip members.
    Gzip,
}

impl Encoding {
    /// The encoding that the header or the query asks for. One that we do not know is refused, not guessed.
    pub fn of(content_encoding: Option<&str>, query: Option<&str>) -> Result<Self, Refusal> {
        let by_header = match content_encoding.map(str::trim) {
            None | Some("") => Self::Plain,
            Some(name) if name.eq_ignore_ascii_case("identity") => Self::Plain,
            Some(name) if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => Self::Gzip,
            Some(_) => return Err(unknown("Content-Encoding")),
        };
        let parameter = query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("compression="));
        match parameter {
            None | Some("") => Ok(by_header),
            Some("gzip" | "gzip-js") => Ok(Self::Gzip),
            Some(_) => Err(unknown("compression")),
        }
    }

    /// The plain bytes, at most `limit` of them.
    pub fn decode(self, body: Vec<u8>, limit: usize) -> Result<Vec<u8>, Refusal> {
        match self {
            Self::Plain => Ok(body),
            Self::Gzip => inflate(&body, limit),
        }
    }
}

fn unknown(place: &str) -> Refusal {
    Refusal::invalid("encoding", format!("{place}: only gzip is known"))
}

fn inflate(body: &[u8], limit: usize) -> Result<Vec<u8>, Refusal> {
    read_within(limit, MultiGzDecoder::new(body))
}

/// Reads to the end, or to the first byte beyond the limit: one more than is allowed tells "too large" from "just fits".
fn read_within(limit: usize, inflated: impl Read) -> Result<Vec<u8>, Refusal> {
    let mut plain = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = inflated.take(most).read_to_end(&mut plain);
    if plain.len() > limit {
        return Err(Refusal::too_large("body_size", format!("the inflated body has more than {limit} bytes")));
    }
    match read {
        Ok(_) => Ok(plain),
        Err(_) => Err(Refusal::invalid("gzip", "the body is not valid gzip")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_header_or_the_query_decides() {
        for (header, query, expected) in [
            (None, None, Encoding::Plain),
            (Some("identity"), Some("v=1"), Encoding::Plain),
            (Some("GZIP"), None, Encoding::Gzip),
            (None, Some("compression=gzip"), Encoding::Gzip),
            (None, Some("v=1&compression=gzip-js"), Encoding::Gzip),
            (Some("gzip"), Some("compression=gzip"), Encoding::Gzip),
        ] {
            assert_eq!(Encoding::of(header, query), Ok(expected), "{header:?} {query:?}");
        }
        assert_eq!(Encoding::of(Some("br"), None).unwrap_err().status, 400);
        assert_eq!(Encoding::of(None, Some("compression=lz64")).unwrap_err().rule, "encoding");
    }

    #[test]
    fn inflates_up_to_the_limit_and_not_a_byte_more() {
        assert_eq!(inflate(&gzip(b"12345678"), 8).unwrap(), b"12345678");
        assert_eq!(inflate(&gzip(b"123456789"), 8).unwrap_err().status, 413);
        let two_members = [gzip(b"1234"), gzip(b"5678")].concat();
        assert_eq!(inflate(&two_members, 8).unwrap(), b"12345678");
    }

    #[test]
    fn nothing_is_inflated_beyond_the_limit() {
        struct Beyond;
        impl Read for Beyond {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                panic!("read on");
            }
        }
        assert_eq!(read_within(8, b"123456789".chain(Beyond)).unwrap_err().status, 413);
    }

    #[test]
    fn what_is_not_gzip_is_refused() {
        let whole = gzip(b"12345678");
        let (cut, _) = whole.split_at(whole.len() - 3);
        let followed = [whole.as_slice(), b"more"].concat();
        for body in [b"{}".as_slice(), b"", cut, &followed] {
            assert_eq!(inflate(body, 100).unwrap_err().rule, "gzip", "{body:?}");
        }
    }
}
