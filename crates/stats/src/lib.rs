//! Models of how long customers stay, how often they buy and what they are worth.
//!
//! The nouns: a `Params` is a model's parameters, known or assumed; a `Fitted` is parameters estimated from data,
//! with their uncertainty; an [`Estimate`] is a number with its interval. Input is slices of numbers, output is
//! values: the crate knows no customer, opens no file, reads no clock, and takes its randomness as an argument.
//! Everything cites the paper it follows and is tested against the digits that paper prints.
//!
//! Where to start: [`purchase`] for logs without contracts and [`spend`] for their amounts, [`tenure`] and [`survival`]
//! for contracts, [`portfolio`] for the sum of many with what they share, [`cohort`] for tables, [`value`] for money, [`shrinkage`] for small groups, [`validation`] for doubts.
//! `examples/lifetime_value.rs` goes from a log to values; `docs/models` has a page per model.
//!
//! Deliberately absent: sampling of posteriors by Markov chains, generic numeric types in the interface, and any
//! silent repair of bad input. What cannot be estimated is an [`Error`] or a labelled degenerate answer, never NaN.

#![expect(
    clippy::float_cmp,
    reason = "exact comparisons here are of ties between times and of exact zeros and ones, never of results"
)]
#![expect(
    clippy::needless_range_loop,
    reason = "indices are those of the formulas; iterators over rows of small matrices hide them"
)]

pub mod cohort;
pub mod error;
pub mod inference;
pub mod interval;
mod linear;
pub mod logistic;
mod optimise;
pub mod portfolio;
pub mod purchase;
pub mod random;
mod real;
pub mod shock;
pub mod shrinkage;
pub mod special;
pub mod spend;
pub mod survival;
pub mod tenure;
pub mod validation;
pub mod value;

pub use error::Error;
pub use interval::{Confidence, Estimate, Interval};
pub use linear::Matrix;
