//! The engine: the only place that combines records, events, rules and channels.
//!
//! Facts come in ([`ingest`], [`import`]), are sealed into the lake ([`seal`]),
//! become metrics and health ([`snapshot`], held as a [`book::Book`]), open and
//! close signals ([`signals`]) and start playbooks whose steps are carried out
//! once ([`actions`]). A fact refreshes its account within a moment
//! ([`refresh`]); the whole book is recomputed on a schedule by the same code.
//! [`Engine`] is the handle to all of it; work on it is free functions in the
//! module of their noun.
//!
//! Deliberately absent: HTTP, HTML and settings files, which belong to `web` and
//! the binary; SQL against the store, which belongs to `store`.

pub mod actions;
mod answers;
pub mod attribute;
pub mod book;
pub mod clock;
pub mod clv;
pub mod definitions;
pub mod demo;
mod error;
pub mod executive;
pub mod expansion;
pub mod explain;
pub mod fields;
pub mod forecast;
pub mod goals;
mod handle;
pub mod history;
pub mod import;
pub mod ingest;
pub mod lifetime;
pub mod live;
pub mod merge;
pub mod query;
pub mod readiness;
pub mod refresh;
pub mod renewals;
pub mod revenue;
pub mod seal;
pub mod signals;
pub mod snapshot;
pub mod synthetic;
pub mod tap;
pub mod testing;
pub mod timeline;
pub mod usage;
pub mod vault;
pub mod webhook;
mod worker;

pub use book::{Book, Row};
pub use clock::Clock;
pub use definitions::Definitions;
pub use error::EngineError;
pub use handle::{Engine, Mutant, Settings, open_data};
pub use live::Live;
