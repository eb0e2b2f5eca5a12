//! How a body is encoded.
//!
//! - An encoding that we do not know is refused, not guessed.
//! - Does no I/O.

mod inflate;

use crate::refusal::Refusal;

/// The encoding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The bytes are the JSON text.
    Plain,
    /// The bytes are one or more gzip members.
    Gzip,
    /// The bytes are deflated, in zlib's wrapping. Version 1 only.
    Deflate,
    /// The bytes are one or more Zstandard frames. Version 1 only.
    Zstd,
}

impl Encoding {
    /// The encoding of a body of version 0: gzip by `Content-Encoding: gzip`, by `?compression=gzip` or
    /// `?compression=gzip-js`, or by both; otherwise plain.
    pub fn v0(content_encoding: Option<&str>, query: Option<&str>) -> Result<Self, Refusal> {
        let unknown = |place| Refusal::invalid("encoding", format!("{place}: only gzip is known"));
        let by_header = match Self::named(content_encoding) {
            Some(known @ (Self::Plain | Self::Gzip)) => known,
            _ => return Err(unknown("Content-Encoding")),
        };
        let parameter = query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("compression="));
        match parameter {
            None | Some("") => Ok(by_header),
            Some("gzip" | "gzip-js") => Ok(Self::Gzip),
            Some(_) => Err(unknown("compression")),
        }
    }

    /// The encoding of a body of version 1, where only the header counts.
    pub fn v1(content_encoding: Option<&str>) -> Result<Self, Refusal> {
        Self::named(content_encoding)
            .ok_or_else(|| Refusal::unsupported("encoding", "Content-Encoding: only gzip, deflate and zstd are known"))
    }

    fn named(content_encoding: Option<&str>) -> Option<Self> {
        match content_encoding.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Self::Plain),
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The plain bytes, at most `limit` of them.
    pub fn decode(self, body: Vec<u8>, limit: usize) -> Result<Vec<u8>, Refusal> {
        match self {
            Self::Plain => Ok(body),
            Self::Gzip => inflate::gzip(&body, limit),
            Self::Deflate => inflate::deflate(&body, limit),
            Self::Zstd => inflate::zstd(&body, limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_version_0_the_header_or_the_query_decides() {
        for (header, query, expected) in [
            (None, None, Encoding::Plain),
            (Some("identity"), Some("v=1"), Encoding::Plain),
            (Some("GZIP"), None, Encoding::Gzip),
            (None, Some("compression=gzip"), Encoding::Gzip),
            (None, Some("v=1&compression=gzip-js"), Encoding::Gzip),
            (Some("gzip"), Some("compression=gzip"), Encoding::Gzip),
        ] {
            assert_eq!(Encoding::v0(header, query), Ok(expected), "{header:?} {query:?}");
        }
        for header in ["br", "deflate", "zstd"] {
            assert_eq!(Encoding::v0(Some(header), None).unwrap_err().status, 400, "{header}");
        }
        assert_eq!(Encoding::v0(None, Some("compression=lz64")).unwrap_err().rule, "encoding");
    }

    #[test]
    fn in_version_1_the_header_decides() {
        for (header, expected) in [
            (None, Encoding::Plain),
            (Some("identity"), Encoding::Plain),
            (Some("gzip"), Encoding::Gzip),
            (Some(" Deflate "), Encoding::Deflate),
            (Some("zstd"), Encoding::Zstd),
        ] {
            assert_eq!(Encoding::v1(header), Ok(expected), "{header:?}");
        }
        for header in ["br", "gzip, gzip", "lz64"] {
            let refusal = Encoding::v1(Some(header)).unwrap_err();
            assert_eq!((refusal.status, refusal.rule), (415, "encoding"), "{header}");
        }
    }
}
