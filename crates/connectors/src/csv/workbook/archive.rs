//! A ZIP archive held in memory: its directory, and its files unpacked one at a time with a limit on what they may
//! unpack to. Deliberately absent: encryption and the 64-bit form, which no spreadsheet of a sane size needs.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::DeflateDecoder;

/// The files of an archive, by name.
pub(super) struct Archive<'a> {
    bytes: &'a [u8],
    entries: BTreeMap<String, Entry>,
}

/// Where a file lies and how it is packed.
#[derive(Clone, Copy)]
struct Entry {
    method: u16,
    packed: usize,
    header: usize,
}

/// What became of a file of an archive.
pub(super) enum Unpacked {
    /// Its text.
    Text(String),
    /// It unpacks to more than it may.
    TooLarge,
    /// It is missing or broken.
    Nothing,
}

/// The end of the directory, and how far from the end of the file it may lie: behind it stands a comment.
const END: &[u8] = b"PK\x05\x06";
const FARTHEST: usize = 22 + u16::MAX as usize;

impl<'a> Archive<'a> {
    /// Reads the directory; `None` where there is none.
    pub(super) fn open(bytes: &'a [u8]) -> Option<Self> {
        let tail = bytes.len().saturating_sub(FARTHEST);
        let end = tail + bytes[tail..].windows(END.len()).rposition(|window| window == END)?;
        let (count, mut at) = (short(bytes, end + 10)?, long(bytes, end + 16)?);
        let mut entries = BTreeMap::new();
        for _ in 0..count {
            if bytes.get(at..at + 4)? != b"PK\x01\x02" {
                return None;
            }
            let (name, extra, comment) = (short(bytes, at + 28)?, short(bytes, at + 30)?, short(bytes, at + 32)?);
            let entry = Entry {
                method: short(bytes, at + 10)? as u16,
                packed: long(bytes, at + 20)?,
                header: long(bytes, at + 42)?,
            };
            let text = String::from_utf8_lossy(bytes.get(at + 46..at + 46 + name)?).into_owned();
            entries.insert(text, entry);
            at += 46 + name + extra + comment;
        }
        Some(Self { bytes, entries })
    }

    /// The text of a file that unpacks to at most `most` bytes.
    pub(super) fn text(&self, name: &str, most: u64) -> Unpacked {
        let mut text = Vec::new();
        match self.unpack(name, most + 1, &mut text) {
            Some(read) if read as u64 > most => Unpacked::TooLarge,
            Some(_) => String::from_utf8(text).map_or(Unpacked::Nothing, Unpacked::Text),
            None => Unpacked::Nothing,
        }
    }

    /// Unpacks at most `most` bytes of a file.
    fn unpack(&self, name: &str, most: u64, into: &mut Vec<u8>) -> Option<usize> {
        let entry = self.entries.get(name)?;
        if self.bytes.get(entry.header..entry.header + 4)? != b"PK\x03\x04" {
            return None;
        }
        let (name, extra) = (short(self.bytes, entry.header + 26)?, short(self.bytes, entry.header + 28)?);
        let start = entry.header + 30 + name + extra;
        let packed = self.bytes.get(start..start.checked_add(entry.packed)?)?;
        match entry.method {
            0 => packed.take(most).read_to_end(into).ok(),
            8 => DeflateDecoder::new(packed).take(most).read_to_end(into).ok(),
            _ => None,
        }
    }
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn long(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A file that unpacks to a thousand times its size is left before it fills the memory.
    #[test]
    fn what_unpacks_to_too_much_is_told_apart_from_what_is_broken() {
        let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(&vec![b'a'; 1 << 20]).unwrap();
        let packed = packer.finish().unwrap();
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.resize(30, 0);
        bytes.extend(&packed);
        let entry = Entry { method: 8, packed: packed.len(), header: 0 };
        let archive = Archive { bytes: &bytes, entries: BTreeMap::from([("bomb".to_owned(), entry)]) };
        assert!(matches!(archive.text("bomb", 1000), Unpacked::TooLarge));
        assert!(matches!(archive.text("bomb", 1 << 20), Unpacked::Text(text) if text.len() == 1 << 20));
        assert!(matches!(archive.text("none", 1000), Unpacked::Nothing));
    }
}
