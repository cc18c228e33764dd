//! The tail: accepted events that no part holds yet. What is accepted together becomes one blob, an Arrow IPC stream
//! compressed with LZ4, because one insert of columns costs a fifth of the processor time of row inserts and is queried
//! without parsing. A checksum comes before it: a damaged blob is refused rather than half understood.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::error::ArrowError;
use arrow::ipc::CompressionType;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
use domain::Event;
use flate2::Crc;

use crate::{LakeError, batch};

const CHECKSUM_BYTES: usize = 4;

/// Encodes events that were accepted together.
///
/// # Errors
/// [`LakeError::Engine`] when the events do not fit in one blob.
pub fn encode(events: &[Event]) -> Result<Vec<u8>, LakeError> {
    write(events).map_err(LakeError::engine("encode the tail of"))
}

/// Decodes a blob written by [`encode`].
///
/// # Errors
/// [`LakeError::Corrupt`] when the bytes are not such a blob.
pub fn decode(blob: &[u8]) -> Result<Vec<Event>, LakeError> {
    let batch = decode_batch(blob)?;
    batch::to_events(&batch).map_err(LakeError::corrupt("an inbox blob"))
}

pub(crate) fn decode_batch(blob: &[u8]) -> Result<RecordBatch, LakeError> {
    let stream = verified(blob).ok_or("its checksum differs").map_err(LakeError::corrupt("an inbox blob"))?;
    read(stream).map_err(LakeError::corrupt("an inbox blob"))
}

fn write(events: &[Event]) -> Result<Vec<u8>, ArrowError> {
    let batch = batch::from_events(events)?;
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME))?;
    let mut writer = StreamWriter::try_new_with_options(vec![0; CHECKSUM_BYTES], &batch.schema(), options)?;
    writer.write(&batch)?;
    let mut blob = writer.into_inner()?;
    let checksum = checksum(&blob[CHECKSUM_BYTES..]);
    blob[..CHECKSUM_BYTES].copy_from_slice(&checksum);
    Ok(blob)
}

/// The stream of a blob, if the checksum before it is its own.
fn verified(blob: &[u8]) -> Option<&[u8]> {
    let (stored, stream) = blob.split_at_checked(CHECKSUM_BYTES)?;
    (stored == checksum(stream)).then_some(stream)
}

/// CRC-32 (ISO 3309), low byte first.
fn checksum(stream: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut crc = Crc::new();
    crc.update(stream);
    crc.sum().to_le_bytes()
}

fn read(stream: &[u8]) -> Result<RecordBatch, ArrowError> {
    let reader = StreamReader::try_new(stream, None)?;
    let schema = batch::schema();
    if reader.schema() != schema {
        return Err(ArrowError::SchemaError("the blob holds other columns than events have".to_owned()));
    }
    let batches = reader.collect::<Result<Vec<_>, _>>()?;
    match batches.as_slice() {
        [only] => Ok(only.clone()),
        several => concat_batches(&schema, several),
    }
}
