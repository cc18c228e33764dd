//! Spreadsheets and logs, for every kind of record.
//!
//! A file is read twice. [`plan`] reads it once to see what it is, and answers with
//! a [`Sheet`]: encoding, delimiter, what each column means, how its numbers and
//! dates are written, and the reason for each of these, since one value alone often
//! cannot tell. [`Sheet::rows`] then streams the file as drafts, each row judged by
//! itself with its line in the file. The completed [`Mapping`] of a sheet can be
//! kept, edited, and given back for the next file of the same shape.
//!
//! Memory is bounded by the widest row (1 MiB), plus 40 bytes a row to notice keys
//! that come twice. A sheet of a [`workbook`] is read as the CSV file it would be saved
//! as. Deliberately absent: what a row changes, which `engine` decides; and files without
//! rows, such as fixed-width columns.

mod column;
mod dialect;
mod encoding;
mod export;
mod faults;
mod ledger;
mod mapping;
mod outline;
mod plan;
mod rates;
mod raw;
mod record;
mod rows;
mod sheet;
mod survey;
mod target;
mod workbook;

pub use dialect::Delimiter;
pub use encoding::Encoding;
pub use export::{Export, FailedRows, neutral};
pub use faults::{Faults, LedgerError, LineFault, NAMED};
pub use ledger::{BareLedger, ledger};
pub use mapping::{Mapping, MappingError, Orphans, Target, Targets, Unmapped};
pub use plan::{PlanError, headers, plan};
pub use rates::rates;
pub use raw::{RawError, RawRow, RawRows};
pub use rows::{Row, RowError, Rows};
pub use sheet::{Column, Notice, Sheet};
pub use workbook::{Workbook, WorkbookError, is_workbook, workbook};

#[cfg(test)]
mod tests;
