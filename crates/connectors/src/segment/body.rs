//! From bytes on the wire to bytes of text: decompression by content, with the limit
//! counted while decoding, so that a bomb costs no more than a large body. Character
//! encodings are not its business.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::BatchError;

const GZIP: &[u8] = &[0x1f, 0x8b];

/// Decompresses `body` if it is compressed, whatever the header says: gzip is known by
/// its first bytes, `deflate` by the header and by what no JSON text can start with.
pub fn decode<'a>(body: &'a [u8], header: Option<&str>, limit: usize) -> Result<Cow<'a, [u8]>, BatchError> {
    let header = header.unwrap_or_default().trim().to_ascii_lowercase();
    if body.starts_with(GZIP) {
        return inflate(MultiGzDecoder::new(body), limit);
    }
    let is_zlib = body.len() > 1 && body[0] == 0x78 && (u16::from(body[0]) * 256 + u16::from(body[1])) % 31 == 0;
    match header.as_str() {
        _ if is_zlib => inflate(ZlibDecoder::new(body), limit),
        "deflate" if !looks_like_json(body) => inflate(DeflateDecoder::new(body), limit),
        "br" | "zstd" | "compress" if !looks_like_json(body) => Err(BatchError::bad(
            "unknown_encoding",
            format!("The body is compressed with {header}, which is not understood here; send it as gzip or plain."),
        )),
        _ if body.len() > limit => Err(too_large(limit)),
        _ => Ok(Cow::Borrowed(body)),
    }
}

fn looks_like_json(body: &[u8]) -> bool {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    first.is_none_or(|byte| matches!(byte, b'{' | b'[' | 0xef))
}

fn inflate<'a>(decoder: impl Read, limit: usize) -> Result<Cow<'a, [u8]>, BatchError> {
    let mut out = Vec::new();
    decoder.take(limit as u64 + 1).read_to_end(&mut out).map_err(|error| {
        BatchError::bad("broken_compression", format!("The compressed body cannot be read: {error}."))
    })?;
    if out.len() > limit {
        return Err(too_large(limit));
    }
    Ok(Cow::Owned(out))
}

fn too_large(limit: usize) -> BatchError {
    BatchError::large("too_large", format!("The body holds more than {limit} bytes; send smaller batches."))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[track_caller]
    fn check(body: &[u8], header: Option<&str>) {
        assert_eq!(decode(body, header, 1_000).unwrap().as_ref(), br#"{"a":1}"#);
    }

    #[test]
    fn the_content_decides_not_the_header() {
        let plain = br#"{"a":1}"#;
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(plain).unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(plain).unwrap();
        check(plain, None);
        check(plain, Some("gzip"));
        check(plain, Some("br"));
        check(&gzip(plain), None);
        check(&gzip(plain), Some("gzip"));
        check(&gzip(plain), Some("identity"));
        check(&zlib.finish().unwrap(), Some("deflate"));
        check(&raw.finish().unwrap(), Some("deflate"));
        let two: Vec<u8> = [gzip(b"{\"a\""), gzip(b":1}")].concat();
        check(&two, None);
    }

    #[test]
    fn a_bomb_is_refused_after_the_limit_not_after_the_bomb() {
        let bomb = gzip(&vec![b' '; 20 << 20]);
        assert!(bomb.len() < 50_000);
        let error = decode(&bomb, None, 1 << 20).unwrap_err();
        assert_eq!((error.status, error.code), (413, "too_large"));
        assert_eq!(decode(&[b' '; 1_001], None, 1_000).unwrap_err().status, 413);
    }

    #[test]
    fn broken_and_foreign_compression_are_named() {
        let whole = gzip(br#"{"a":1}"#);
        assert_eq!(decode(&whole[..whole.len() - 4], None, 1_000).unwrap_err().code, "broken_compression");
        assert_eq!(decode(&[0x8b, 0x03, 0x80], Some("br"), 1_000).unwrap_err().code, "unknown_encoding");
    }

    proptest! {
        #[test]
        fn never_panics(body in prop::collection::vec(any::<u8>(), 0..200), gz in any::<bool>(), header in "(gzip|deflate|br|)") {
            let body = if gz { [GZIP, &body].concat() } else { body };
            let _ = decode(&body, Some(&header), 1_000);
        }
    }
}
