//! One file per command, each with its arguments and what it prints. A command
//! parses, calls the engine, and shows the answer; anything more belongs lower.

pub(crate) mod clv;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod forecast;
pub(crate) mod import;
pub(crate) mod intake;
pub(crate) mod query;
pub(crate) mod revenue;
pub(crate) mod serve;
pub(crate) mod singer_target;
pub(crate) mod snapshot;
