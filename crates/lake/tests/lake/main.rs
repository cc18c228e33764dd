//! The lake through its public interface, on real files in a temporary folder.

mod expression;
mod part;
mod query;
mod world;
