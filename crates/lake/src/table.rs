//! Somebody else's Parquet file, read column by column: how a purchase log comes in that no CSV could hold. Values
//! arrive as [`Frame`]s of the six kinds, a batch at a time, so that memory does not grow with the file. Absent:
//! folders of files and anything remote; parts of the lake are read through the engine instead.

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::{Frame, LakeError};

/// Rows of one frame.
const BATCH_ROWS: usize = 8192;

/// An opened Parquet file of which no value has been read yet.
pub struct ParquetTable {
    path: PathBuf,
    reader: ParquetRecordBatchReaderBuilder<File>,
}

impl std::fmt::Debug for ParquetTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetTable").field("path", &self.path).finish_non_exhaustive()
    }
}

impl ParquetTable {
    /// Opens a file and reads its footer.
    ///
    /// # Errors
    /// What the disk says, or [`LakeError::NotParquet`].
    pub fn open(path: &Path) -> Result<Self, LakeError> {
        let file = File::open(path).map_err(LakeError::io("read", path))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(LakeError::not_parquet(path))?;
        Ok(Self { path: path.to_owned(), reader })
    }

    /// The names of its columns, in order.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &str> {
        self.reader.schema().fields().iter().map(|field| field.name().as_str())
    }

    /// How many rows it holds.
    pub fn rows(&self) -> u64 {
        u64::try_from(self.reader.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// Reads some of its columns, in the order asked for.
    ///
    /// # Errors
    /// [`LakeError::NotParquet`] where a column is nested, compressed in an unknown way, or torn.
    pub fn read(self, columns: &[usize]) -> Result<impl Iterator<Item = Result<Frame, LakeError>> + use<>, LakeError> {
        let path = self.path;
        let wanted = ProjectionMask::roots(self.reader.parquet_schema(), columns.iter().copied());
        let reader = self.reader.with_projection(wanted).with_batch_size(BATCH_ROWS).build();
        let reader = reader.map_err(LakeError::not_parquet(&path))?;
        // The reader keeps the order of the file; ranks among the columns asked for bring back ours.
        let ranks: Vec<usize> =
            columns.iter().map(|column| columns.iter().filter(|other| *other < column).count()).collect();
        Ok(reader.map(move |batch| {
            let batch = batch.and_then(|batch| batch.project(&ranks)).map_err(LakeError::not_parquet(&path))?;
            Frame::from_batches(&batch.schema(), std::slice::from_ref(&batch)).map_err(LakeError::not_parquet(&path))
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int32Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;

    use super::*;
    use crate::Cell;

    fn written(folder: &Path) -> PathBuf {
        let ids: Arc<dyn arrow::array::Array> = Arc::new(StringArray::from(vec!["a", "b"]));
        let counts: Arc<dyn arrow::array::Array> = Arc::new(Int32Array::from(vec![Some(3), None]));
        let times: Arc<dyn arrow::array::Array> = Arc::new(Float64Array::from(vec![1.5, 2.5]));
        let batch = RecordBatch::try_from_iter([("id", ids), ("x", counts), ("T", times)]).unwrap();
        let path = folder.join("table.parquet");
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        path
    }

    #[test]
    fn columns_come_in_the_order_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let table = ParquetTable::open(&written(folder.path())).unwrap();
        assert_eq!(table.columns().collect::<Vec<_>>(), ["id", "x", "T"]);
        assert_eq!(table.rows(), 2);
        let frames: Vec<Frame> = table.read(&[2, 0, 1]).unwrap().map(Result::unwrap).collect();
        assert_eq!(frames[0].cell(0, 0), Cell::Float(1.5));
        assert_eq!(frames[0].cell(1, 1), Cell::Text("b"));
        assert_eq!((frames[0].cell(0, 2), frames[0].cell(1, 2)), (Cell::Int(3), Cell::Null));
    }

    #[test]
    fn what_is_no_parquet_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.parquet");
        std::fs::write(&path, "id,date\n").unwrap();
        let said = ParquetTable::open(&path).unwrap_err().to_string();
        assert!(said.contains("log.parquet") && said.contains("CSV"), "{said}");
    }
}
