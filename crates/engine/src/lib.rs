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
//! The body of an `async fn` is compiled again by every crate that awaits it, with all it awaits itself. So where heavy
//! work begins ([`snapshot::Basis::load`], [`refresh::all`], [`import`]'s saving, [`merge::merge`]) a plain function
//! returns a boxed future, and what is behind it is compiled here, once.
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
pub mod serving;
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
