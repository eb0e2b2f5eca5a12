//! How a body is inflated, at most up to a limit: a small body cannot become a large one in memory.
//!
//! What is not whole, or is followed by something else, is refused. Does no I/O.

use std::io::{self, Read};

use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use crate::refusal::Refusal;

/// One or more gzip members.
pub fn gzip(body: &[u8], limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut plain = Vec::new();
    append(&mut plain, limit, MultiGzDecoder::new(body))?.map_err(|_| broken("gzip"))?;
    Ok(plain)
}

/// Deflate in zlib's wrapping, as HTTP means it.
pub fn deflate(body: &[u8], limit: usize) -> Result<Vec<u8>, Refusal> {
    let (mut plain, mut rest) = (Vec::new(), body);
    append(&mut plain, limit, ZlibDecoder::new(&mut rest))?.map_err(|_| broken("deflate"))?;
    if rest.is_empty() { Ok(plain) } else { Err(broken("deflate")) }
}

/// One or more Zstandard frames. A window, which the decoder holds in memory beside the plain bytes, is bounded like
/// these. Checksums, which few senders add, are not compared.
pub fn zstd(body: &[u8], limit: usize) -> Result<Vec<u8>, Refusal> {
    let (mut plain, mut rest) = (Vec::new(), body);
    loop {
        let most = u64::try_from(limit).unwrap_or(u64::MAX);
        match StreamingDecoder::new_with_max_window_size(&mut rest, most) {
            Ok(frame) => append(&mut plain, limit, frame)?.map_err(|_| broken("zstd"))?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                let length = usize::try_from(length).map_err(|_| broken("zstd"))?;
                rest = rest.get(length..).ok_or_else(|| broken("zstd"))?;
            }
            Err(FrameDecoderError::WindowSizeTooBig { .. }) => return Err(too_large(limit)),
            Err(_) => return Err(broken("zstd")),
        }
        if rest.is_empty() {
            return Ok(plain);
        }
    }
}

/// Reads to the end, or to the first byte beyond the limit: one more than is allowed tells "too large" from "just fits".
fn append(plain: &mut Vec<u8>, limit: usize, inflated: impl Read) -> Result<io::Result<()>, Refusal> {
    let most = limit.saturating_add(1).saturating_sub(plain.len());
    let read = inflated.take(u64::try_from(most).unwrap_or(u64::MAX)).read_to_end(plain);
    if plain.len() > limit { Err(too_large(limit)) } else { Ok(read.map(|_| ())) }
}

fn too_large(limit: usize) -> Refusal {
    Refusal::too_large("body_size", format!("the inflated body has more than {limit} bytes"))
}

fn broken(encoding: &'static str) -> Refusal {
    Refusal::invalid(encoding, format!("the body is not valid {encoding}"))
}

#[cfg(test)]
mod tests {
    use overt::Compression;

    use super::*;

    type Inflate = fn(&[u8], usize) -> Result<Vec<u8>, Refusal>;

    const ALL: [(Compression, Inflate); 3] =
        [(Compression::Gzip, gzip), (Compression::Deflate, deflate), (Compression::Zstd, zstd)];

    #[test]
    fn inflates_up_to_the_limit_and_not_a_byte_more() {
        for (compression, inflate) in ALL {
            // Long enough for several of zstd's blocks; a limit within the window and one within the last block.
            let plain = vec![b'x'; 300_000];
            let packed = compression.pack(&plain).unwrap();
            assert!(packed.len() < 3_000);
            assert_eq!(inflate(&packed, plain.len()).unwrap(), plain, "{compression:?}");
            for limit in [8, plain.len() - 1] {
                let refusal = inflate(&packed, limit).unwrap_err();
                assert_eq!((refusal.status, refusal.rule), (413, "body_size"), "{compression:?}");
            }
        }
    }

    #[test]
    fn nothing_is_inflated_beyond_the_limit() {
        struct Beyond;
        impl Read for Beyond {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                panic!("read on");
            }
        }
        let refusal = append(&mut b"1234".to_vec(), 8, b"56789".chain(Beyond)).unwrap_err();
        assert_eq!(refusal.status, 413);
    }

    #[test]
    fn what_is_broken_is_refused() {
        for (compression, inflate) in ALL {
            let whole = compression.pack(b"12345678").unwrap();
            let followed = [whole.as_slice(), b"more"].concat();
            let mut bodies = vec![b"{}".to_vec(), Vec::new(), followed];
            bodies.extend((1..whole.len()).map(|length| whole[..length].to_vec()));
            for body in bodies {
                let refusal = inflate(&body, 100).unwrap_err();
                assert_eq!((refusal.status, refusal.rule), (400, compression.as_str()), "{body:?}");
            }
        }
    }

    #[test]
    fn gzip_and_zstd_may_come_in_pieces() {
        let pieces =
            |compression: Compression| [b"1234", b"5678"].map(|piece| compression.pack(piece).unwrap()).concat();
        assert_eq!(gzip(&pieces(Compression::Gzip), 8).unwrap(), b"12345678");
        assert_eq!(zstd(&pieces(Compression::Zstd), 8).unwrap(), b"12345678");
        for (compression, inflate) in [ALL[0], ALL[2]] {
            assert_eq!(inflate(&pieces(compression), 7).unwrap_err().status, 413, "{compression:?}");
        }
        // A frame that is to be skipped: its number, its length, its bytes.
        let skipped = [b"\x50\x2a\x4d\x18\x02\0\0\0ab".as_slice(), &pieces(Compression::Zstd)].concat();
        assert_eq!(zstd(&skipped, 8).unwrap(), b"12345678");
        assert_eq!(zstd(b"\x50\x2a\x4d\x18\x02\0\0\0a", 8).unwrap_err().rule, "zstd");
    }

    #[test]
    fn a_zstd_window_takes_no_more_memory_than_the_limit() {
        // Windows of 16 and of 128 MiB, and one raw block of nothing.
        let frame = |exponent: u8| [b"\x28\xb5\x2f\xfd\0".as_slice(), &[exponent << 3], b"\x01\0\0"].concat();
        assert_eq!(zstd(&frame(14), 16 << 20).unwrap(), b"");
        assert_eq!(zstd(&frame(17), 16 << 20).unwrap_err().status, 413);
    }
}
