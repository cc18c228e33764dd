//! Reading ahead: while some rows are being written, the next are read and understood on another thread. One portion
//! waits at most, and a portion is bounded in rows and in bytes, so a file of any size needs the memory of three
//! portions. Deliberately absent: what becomes of a row.

use std::{
    io::{self, Read},
    sync::Arc,
};

use connectors::csv::{Row, RowError, Sheet};
use domain::Instant;
use tokio::{
    sync::mpsc,
    task::{self, JoinHandle},
};

use super::ImportError;

/// Rows taken in one transaction.
const MOST_ROWS: usize = 4_000;

/// Text of the rows taken in one transaction, in bytes.
const MOST_BYTES: usize = 8 << 20;

/// Rows that are taken together, understood or not.
pub(super) type Portion = Vec<Result<Row, RowError>>;

/// The rows of a file, read on a thread of their own.
pub(super) struct Ahead {
    portions: mpsc::Receiver<Portion>,
    reader: JoinHandle<()>,
}

impl Ahead {
    /// Begins to read a file that stands at its beginning. A portion ends after the first `passed` rows.
    pub(super) fn of<R: Read + Send + 'static>(input: R, sheet: Arc<Sheet>, now: Instant, passed: u64) -> Self {
        let (sender, portions) = mpsc::channel(1);
        let reader = task::spawn_blocking(move || {
            let (mut rows, mut read) = (sheet.rows(input, now), 0);
            loop {
                let before_stop = passed.saturating_sub(read);
                let most = if before_stop > 0 { before_stop.min(MOST_ROWS as u64) as usize } else { MOST_ROWS };
                let portion = next(&mut rows, most);
                read += portion.len() as u64;
                // Nobody listens any more once the import has failed.
                if portion.is_empty() || sender.blocking_send(portion).is_err() {
                    return;
                }
            }
        });
        Self { portions, reader }
    }

    /// The next rows; none at the end of the file.
    pub(super) async fn next(&mut self) -> Result<Option<Portion>, ImportError> {
        if let Some(portion) = self.portions.recv().await {
            return Ok(Some(portion));
        }
        (&mut self.reader).await.map_err(io::Error::other)?;
        Ok(None)
    }
}

fn next(rows: &mut impl Iterator<Item = Result<Row, RowError>>, most: usize) -> Portion {
    let (mut portion, mut bytes) = (Vec::with_capacity(most), 0);
    while portion.len() < most && bytes < MOST_BYTES {
        let Some(row) = rows.next() else { break };
        let cells = match &row {
            Ok(row) => &row.cells,
            Err(error) => &error.cells,
        };
        bytes += cells.iter().map(String::len).sum::<usize>();
        portion.push(row);
    }
    portion
}
