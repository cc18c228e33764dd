//! The lake: where events live after they were accepted, and where every number
//! about usage is computed.
//!
//! Its nouns are few. A *tail* is the events of accepted requests that no file
//! holds yet, compressed blobs of what was accepted together ([`tail`]). A *part* is one immutable
//! Parquet file sorted by account and time ([`SealedPart`] when just written,
//! [`PartFile`] when the catalogue hands it back). A [`View`] is both at one moment,
//! plus whatever records the caller laid beside them, and answers SQL with a
//! [`Frame`]. An [`expression`] is the small, safe subset of SQL in which segments
//! and derived metrics are written.
//!
//! This is the only crate that names DataFusion, Arrow, Parquet or `object_store`,
//! and none of their types appears in its public interface: an upgrade of the
//! engine stops here. Deliberately absent: the catalogue of parts, the inbox and
//! every other SQL database. The caller reads those in one snapshot and passes
//! values in; [`ducklake`] says which rows it must write when a part is sealed.
//!
//! Sealing, compacting and sweeping block on disk and processor: call them from a
//! blocking thread. Queries are `async` and run on the lake's own threads, so that
//! a heavy report never delays a web page.

mod attribution;
mod batch;
mod distinct;
pub mod ducklake;
mod error;
pub mod expression;
mod frame;
mod merge;
mod params;
mod part;
mod person;
mod rate;
mod scan;
mod session;
mod table;
pub mod tail;
mod truncate;
mod view;

pub use attribution::Attribution;
pub use error::{LakeError, QueryError};
pub use frame::{Cell, Column, Frame, FrameError, Kind};
pub use params::Params;
pub use part::{BulkWriter, ColumnStats, PartFile, SealedPart};
pub use rate::ScanRate;
pub use session::{Lake, Settings};
pub use table::ParquetTable;
pub use view::{Answer, View};
