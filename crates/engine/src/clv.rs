//! Lifetime value on demand, from a file or from the book: fit a model, predict every customer, hold it against what
//! then happened, invent data.
//!
//! The nouns: an [`Input`] is a file and what its columns mean, or the [`Records`] of the book; [`Data`] is what it holds, a purchase log, summaries
//! of customers, or survivors; a [`Fit`] is a model's estimates with their uncertainty, ready to print; a
//! [`Prediction`] is a row per customer; [`Evidence`] says whether the model may be trusted here. The models are
//! those of `stats`; this module reads, checks, names and explains.
//!
//! Deliberately absent: the values on the screens, which are computed with the snapshot; any repair of a file that its
//! reader is not told about; and the clock (`today` is part of the [`Input`]).

mod columns;
mod covariates;
mod error;
mod evidence;
mod fit;
mod log;
mod model;
mod page;
mod predict;
mod read;
mod records;
mod simulate;
mod source;
mod summary;
mod tenure;

pub use columns::{Override, Role};
pub use connectors::record::date::Format as DateFormat;
pub use covariates::Columns as CovariateColumns;
pub use error::{ClvError, Place};
pub use evidence::{Candidate, Evidence, Point, Quantity, evaluate};
pub use fit::{Fit, Named, fit};
pub use log::Log;
pub use model::{Model, parse_time_unit};
pub use page::Picture;
pub use predict::{Prediction, Terms, predict};
pub use read::{Data, Input, Progress, Stage};
pub use records::Records;
pub use simulate::{Draw, draw};
pub use stats::purchase::TimeUnit;
pub use stats::{Confidence, Estimate};
pub use summary::Customer;
