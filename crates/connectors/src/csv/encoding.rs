//! From bytes to text. A byte order mark decides; then UTF-16 by its zeros; then
//! UTF-8 if every byte of the file agrees; and what is left is windows-1252, which
//! is what spreadsheets in western Europe write. The decoder streams.

use std::io::{self, Read, Seek, SeekFrom};

use encoding_rs::{CoderResult, DecoderResult, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes read at a time.
const CHUNK: usize = 64 << 10;
/// Bytes looked at to recognise UTF-16 without a mark.
const SAMPLE: usize = 4 << 10;

/// A character encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// The encoding of a label such as `utf-8`, `latin1` or `iso-8859-2`.
    pub fn named(label: &str) -> Option<Self> {
        encoding_rs::Encoding::for_label(label.as_bytes()).map(Self)
    }

    /// The name to show and to keep in a mapping.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Whether this is the fallback for files that are not Unicode.
    pub fn is_fallback(self) -> bool {
        self.0 == WINDOWS_1252
    }

    /// Finds the encoding of a whole file, and leaves the reader at its beginning.
    pub(super) fn detect<R: Read + Seek>(input: &mut R) -> io::Result<Self> {
        input.seek(SeekFrom::Start(0))?;
        let mut head = Vec::new();
        input.take(SAMPLE as u64).read_to_end(&mut head)?;
        input.seek(SeekFrom::Start(0))?;
        if let Some((marked, _)) = encoding_rs::Encoding::for_bom(&head) {
            return Ok(Self(marked));
        }
        if let Some(wide) = utf16(&head) {
            return Ok(Self(wide));
        }
        let valid = is_utf8(input)?;
        input.seek(SeekFrom::Start(0))?;
        Ok(Self(if valid { UTF_8 } else { WINDOWS_1252 }))
    }
}

/// Text in a western language has a zero in every second byte of UTF-16 and hardly any
/// elsewhere.
fn utf16(head: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), head.len() / 2);
    if pairs < 2 {
        return None;
    }
    if odd * 10 > pairs * 7 && even * 10 < pairs {
        return Some(UTF_16LE);
    }
    (even * 10 > pairs * 7 && odd * 10 < pairs).then_some(UTF_16BE)
}

fn is_utf8<R: Read>(input: &mut R) -> io::Result<bool> {
    let mut decoder = UTF_8.new_decoder_without_bom_handling();
    let mut chunk = vec![0; CHUNK];
    let mut text = vec![0; CHUNK * 3 + 16];
    loop {
        let read = read_some(input, &mut chunk)?;
        let (result, ..) = decoder.decode_to_utf8_without_replacement(&chunk[..read], &mut text, read == 0);
        match result {
            DecoderResult::Malformed(..) => return Ok(false),
            DecoderResult::InputEmpty if read == 0 => return Ok(true),
            DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
        }
    }
}

/// Reads once, trying again when a signal came between.
fn read_some(input: &mut impl Read, chunk: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// A stream of bytes that arrives as text.
pub(super) struct TextStream<R> {
    input: R,
    decoder: encoding_rs::Decoder,
    chunk: Vec<u8>,
    bytes_read: u64,
    ended: bool,
}

impl<R: Read> TextStream<R> {
    pub(super) fn new(input: R, encoding: Encoding) -> Self {
        let decoder = encoding.0.new_decoder_with_bom_removal();
        Self { input, decoder, chunk: vec![0; CHUNK], bytes_read: 0, ended: false }
    }

    /// Appends the next piece of text; `false` once there is no more.
    pub(super) fn fill(&mut self, text: &mut String) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let read = read_some(&mut self.input, &mut self.chunk)?;
        self.bytes_read += read as u64;
        self.ended = read == 0;
        let mut rest = &self.chunk[..read];
        loop {
            text.reserve(self.decoder.max_utf8_buffer_length(rest.len()).unwrap_or(CHUNK * 3));
            let (result, consumed, _) = self.decoder.decode_to_string(rest, text, self.ended);
            rest = &rest[consumed..];
            if result == CoderResult::InputEmpty {
                return Ok(!self.ended);
            }
        }
    }

    /// Bytes of the file read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> (&'static str, String) {
        let encoding = Encoding::detect(&mut Cursor::new(bytes)).unwrap();
        let mut stream = TextStream::new(bytes, encoding);
        let mut text = String::new();
        while stream.fill(&mut text).unwrap() {}
        assert_eq!(stream.bytes_read(), bytes.len() as u64);
        (encoding.name(), text)
    }

    fn wide(text: &str, to_bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn marks_zeros_and_validity_decide() {
        let text = "name;Müller\r\n";
        assert_eq!(read(text.as_bytes()), ("UTF-8", text.to_owned()));
        assert_eq!(read(format!("\u{feff}{text}").as_bytes()), ("UTF-8", text.to_owned()));
        assert_eq!(read(&wide(text, u16::to_le_bytes)), ("UTF-16LE", text.to_owned()));
        assert_eq!(read(&wide(text, u16::to_be_bytes)), ("UTF-16BE", text.to_owned()));
        assert_eq!(read(&wide(&format!("\u{feff}{text}"), u16::to_le_bytes)), ("UTF-16LE", text.to_owned()));
        assert_eq!(read(b"name;M\xfcller\r\n"), ("windows-1252", text.to_owned()));
        assert_eq!(read(b""), ("UTF-8", String::new()));
    }

    #[test]
    fn a_late_byte_and_a_split_character_are_seen() {
        let mut late = vec![b'a'; CHUNK * 2];
        late.push(0xfc);
        assert_eq!(read(&late).0, "windows-1252");
        let mut split = vec![b'a'; CHUNK - 1];
        split.extend("ü".as_bytes());
        assert_eq!(read(&split).0, "UTF-8");
        assert!(read(&split).1.ends_with('ü'));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_utf8_is_kept(bytes in any::<Vec<u8>>(), text in "\\PC{0,40}") {
            read(&bytes);
            prop_assert_eq!(read(text.as_bytes()).1, text.trim_start_matches('\u{feff}'));
        }
    }
}
