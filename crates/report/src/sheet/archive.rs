//! A zip archive, as far as a workbook needs one: a few small files, deflated, in the order in which they were added.
//! Every file is dated 1 January 1980, so that the same files are the same bytes. Absent: anything larger than 4 GiB,
//! folders, and reading, which `connectors` does.

use std::io::{self, Write as _};

use flate2::{Compression, Crc, write::DeflateEncoder};

/// 1 January 1980 in the calendar of MS-DOS, as day and time.
const DATE: [u8; 4] = [0, 0, 0x21, 0];
/// Version 2.0, no flags, deflated.
const KIND: [u8; 6] = [20, 0, 0, 0, 8, 0];

/// An archive that is being written.
#[derive(Debug, Default)]
pub(super) struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    files: u16,
}

impl Archive {
    /// Adds a file.
    pub(super) fn add(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::default());
        packed.write_all(content)?;
        let packed = packed.finish()?;
        let mut crc = Crc::new();
        crc.update(content);
        let size = |bytes: usize| u32::try_from(bytes).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge));
        let mut head = KIND.to_vec();
        head.extend(DATE);
        head.extend(crc.sum().to_le_bytes());
        head.extend(size(packed.len())?.to_le_bytes());
        head.extend(size(content.len())?.to_le_bytes());
        head.extend((name.len() as u16).to_le_bytes());
        head.extend([0, 0]);
        let offset = size(self.bytes.len())?;
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&head);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(packed);
        self.directory.extend(b"PK\x01\x02\x14\x00");
        self.directory.extend(head);
        // No comment, the first disk, no attributes.
        self.directory.extend([0; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.files += 1;
        Ok(())
    }

    /// The archive as bytes.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let (offset, size) = (self.bytes.len() as u32, self.directory.len() as u32);
        self.bytes.append(&mut self.directory);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend(self.files.to_le_bytes());
        self.bytes.extend(self.files.to_le_bytes());
        self.bytes.extend(size.to_le_bytes());
        self.bytes.extend(offset.to_le_bytes());
        self.bytes.extend([0, 0]);
        self.bytes
    }
}
