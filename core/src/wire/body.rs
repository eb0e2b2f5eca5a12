//! Packing a request's body.
//!
//! What each way of packing costs in time and in bytes of the library is in `docs/performance.md`. Each has the level at
//! which a batch of events is packed soonest without growing by much: a higher one takes several times as long.

use crate::error::Error;
use crate::transport::Request;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::io::Write;

/// How a request's body is packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Compression {
    /// As it is. A command's few events gain nothing from packing.
    #[default]
    None,
    /// gzip, for hosts that send many events.
    Gzip,
    /// zlib-wrapped deflate; `posthog-v1` only.
    Deflate,
    /// Zstandard, which packs events faster and smaller than the others; `posthog-v1` only.
    Zstd,
    /// Brotli; `posthog-v1` only, and only in a build with the feature `brotli`.
    #[serde(rename = "br")]
    Brotli,
}

impl Compression {
    const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Deflate, Self::Zstd, Self::Brotli];

    /// Reads the name of a compression. Refuses one that this build lacks.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let known = Self::ALL.into_iter().find(|compression| compression.as_str() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Error::config(format!("compression: {name:?} is not known; there are: {known}"))
        })?;
        known.check()?;
        Ok(known)
    }

    /// Its name, which is also that of the HTTP encoding.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
            Self::Brotli => "br",
        }
    }

    /// Refuses what this build lacks.
    pub(crate) fn check(self) -> Result<(), Error> {
        match self {
            Self::Brotli if !cfg!(feature = "brotli") => {
                Err(Error::config("compression: this build lacks br, which is its feature `brotli`"))
            }
            _ => Ok(()),
        }
    }

    /// A body as it goes out; `None` if it goes as it is.
    pub fn pack(self, plain: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::None => None,
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(plain).and_then(|()| encoder.finish()).ok()
            }
            Self::Deflate => {
                let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(plain).and_then(|()| encoder.finish()).ok()
            }
            Self::Zstd => pack_zstd(plain),
            Self::Brotli => pack_brotli(plain),
        }
    }
}

impl<'de> Deserialize<'de> for Compression {
    /// Reads what another build may have stored. What this one cannot pack goes as it is, which every server takes.
    fn deserialize<D: Deserializer<'de>>(stored: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(stored).map(|name| Self::parse(&name).unwrap_or_default())
    }
}

fn pack_zstd(plain: &[u8]) -> Option<Vec<u8>> {
    const LEVEL: i32 = 1;
    let mut packed = vec![0; zstd_safe::compress_bound(plain.len())];
    let length = zstd_safe::CCtx::try_create()?.compress(packed.as_mut_slice(), plain, LEVEL).ok()?;
    packed.truncate(length);
    Some(packed)
}

#[cfg(feature = "brotli")]
fn pack_brotli(mut plain: &[u8]) -> Option<Vec<u8>> {
    // Below quality 2 brotli is no faster, and what it packs twice as large. The window is half of the largest usual body.
    let params = brotli::enc::BrotliEncoderParams {
        quality: 2,
        lgwin: 18,
        size_hint: plain.len(),
        ..brotli::enc::BrotliEncoderParams::default()
    };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut plain, &mut packed, &params).ok()?;
    Some(packed)
}

#[cfg(not(feature = "brotli"))]
fn pack_brotli(_plain: &[u8]) -> Option<Vec<u8>> {
    None
}

/// Packs the body and says so in a header. Gives the encoding's name, or `None` if the body stays as it is.
pub(super) fn pack(compression: Compression, request: &mut Request) -> Option<&'static str> {
    request.body = compression.pack(&request.body)?;
    let name = compression.as_str();
    request.headers.push(("Content-Encoding".to_owned(), name.to_owned()));
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Destination, Wire};
    use std::io::Read;

    /// The plain bytes, by decoders that share no code with what packs zstd and br.
    fn unpack(compression: Compression, packed: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        let read = match compression {
            Compression::None => panic!("nothing was packed"),
            Compression::Gzip => flate2::read::GzDecoder::new(packed).read_to_end(&mut plain),
            Compression::Deflate => flate2::read::ZlibDecoder::new(packed).read_to_end(&mut plain),
            Compression::Zstd => ruzstd::decoding::StreamingDecoder::new(packed).unwrap().read_to_end(&mut plain),
            Compression::Brotli => brotli_decompressor::Decompressor::new(packed, 4096).read_to_end(&mut plain),
        };
        read.unwrap();
        plain
    }

    fn built_in() -> impl Iterator<Item = Compression> {
        Compression::ALL.into_iter().filter(|compression| compression.check().is_ok())
    }

    /// Events that differ in their numbers, so many bytes of them.
    fn events(bytes: usize) -> Vec<u8> {
        let lines = (0_u32..).map(|n| {
            let noise = n.wrapping_mul(0x9e37_79b9);
            format!(r#"{{"uuid":"{noise:08x}-{n}","event":"run","properties":{{"n":{noise},"ci":{}}}}},"#, n % 2 == 0)
        });
        let text: String = lines.take(bytes / 60 + 1).collect();
        text.into_bytes().into_iter().take(bytes).collect()
    }

    #[test]
    fn what_is_packed_unpacks_to_the_same_and_is_smaller() {
        for bytes in [0, 1, 100, 70_000, 5 * 1024 * 1024] {
            let plain = events(bytes);
            for compression in built_in().filter(|compression| *compression != Compression::None) {
                let packed = compression.pack(&plain).unwrap();
                assert!(unpack(compression, &packed) == plain, "{compression:?} {bytes}");
                assert!(bytes < 1_000 || packed.len() < bytes / 3, "{compression:?} {bytes}: {}", packed.len());
            }
        }
        assert_eq!(Compression::None.pack(b"{}"), None);
    }

    #[test]
    fn what_does_not_get_smaller_is_packed_all_the_same() {
        let mut state = 1_u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        })
        .take(200_000)
        .collect();
        for compression in built_in().filter(|compression| *compression != Compression::None) {
            assert!(unpack(compression, &compression.pack(&noise).unwrap()) == noise, "{compression:?}");
        }
    }

    #[test]
    fn a_body_says_how_it_is_packed() {
        for compression in Compression::ALL {
            let plain = Request { url: "u".into(), headers: vec![], body: events(500) };
            let mut request = plain.clone();
            let encoding = pack(compression, &mut request);
            if compression == Compression::None || compression.check().is_err() {
                assert_eq!((encoding, request), (None, plain), "{compression:?}");
            } else {
                assert_eq!(encoding, Some(compression.as_str()));
                assert_eq!(request.headers, [("Content-Encoding".to_owned(), compression.as_str().to_owned())]);
                assert_eq!(unpack(compression, &request.body), plain.body);
            }
        }
    }

    #[test]
    fn a_compression_is_known_by_its_name() {
        for (compression, name) in Compression::ALL.into_iter().zip(["none", "gzip", "deflate", "zstd", "br"]) {
            assert_eq!(compression.as_str(), name);
            assert_eq!(serde_json::to_value(compression).unwrap(), name, "stored names stay");
            match compression.check() {
                Ok(()) => assert_eq!(Compression::parse(name).unwrap(), compression),
                Err(error) => assert_eq!(Compression::parse(name).unwrap_err().to_string(), error.to_string()),
            }
        }
        let message = Compression::parse("zip").unwrap_err().to_string();
        assert!(message.starts_with("compression: ") && message.contains("zstd, br"), "{message}");
    }

    #[test]
    fn a_build_without_brotli_says_so() {
        let parsed = Compression::parse("br");
        assert_eq!(parsed.is_ok(), cfg!(feature = "brotli"));
        if let Err(error) = parsed {
            assert_eq!(error.kind(), crate::ErrorKind::InvalidConfig);
            assert!(error.to_string().starts_with("compression: this build lacks br"), "{error}");
        }
    }

    #[test]
    fn version_0_has_gzip_and_no_other() {
        for compression in built_in() {
            assert!(Wire::PostHogV1.check_compression(compression).is_ok(), "{compression:?}");
            let old = Wire::PostHog.check_compression(compression);
            match compression {
                Compression::None | Compression::Gzip => assert!(old.is_ok(), "{compression:?}"),
                _ => {
                    let message = old.unwrap_err().to_string();
                    let wanted = format!("compression: {} needs wire = posthog-v1", compression.as_str());
                    assert_eq!(message, wanted);
                }
            }
        }
    }

    #[test]
    fn a_stored_destination_is_read_whatever_packs_it() {
        let stored = |compression: &str| {
            let text = format!(
                r#"{{"wire":"posthog-v1","endpoint":"https://h","api_key":"k","compression":"{compression}",
                    "historical_migration":false,"extra_headers":[]}}"#
            );
            serde_json::from_str::<Destination>(&text).unwrap().compression
        };
        for compression in built_in() {
            assert_eq!(stored(compression.as_str()), compression);
        }
        assert_eq!(stored("br") == Compression::None, !cfg!(feature = "brotli"));
        for later in ["lz77", "", "GZIP", "z\\u0073td2"] {
            assert_eq!(stored(later), Compression::None, "{later}");
        }
    }
}
