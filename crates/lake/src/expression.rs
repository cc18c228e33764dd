//! Expressions over the columns of a snapshot: a [`Condition`] says which accounts
//! belong to a segment, a [`Formula`] computes a number for each. They are written in
//! a small part of SQL, checked against the columns before they are stored, and
//! evaluated for a whole book at once.
//!
//! What is allowed is a list, not a filter: columns, literals, comparisons,
//! `and or not`, `between`, `in`, `like`, `is null`, arithmetic, `case` and a dozen
//! functions. Everything else (subqueries, casts, regular expressions, the clock,
//! random numbers) is refused, so an expression always means the same and its cost
//! is bounded. Arithmetic is done in floating point, division by zero is unknown, and
//! unknown spreads as in SQL, also through `least` and `greatest`: an unknown health
//! is neither below nor above 50.

mod evaluate;
mod functions;
mod literal;
mod lower;
mod operators;
mod parse;
mod place;
mod suggest;

use crate::Kind;

pub use evaluate::{Condition, Formula};
pub(crate) use parse::said;
pub use place::ExpressionError;

/// Longest expression, in bytes.
pub const MAX_BYTES: usize = 4096;
/// Deepest nesting of parentheses and operators.
pub const MAX_DEPTH: usize = 50;
/// Most operators, columns, functions and literals; what is computed twice counts twice.
pub const MAX_NODES: usize = 256;
/// Longest list after `in`.
pub const MAX_LIST: usize = 1000;

/// The columns that expressions may name.
#[derive(Debug, Clone)]
pub struct Expressions {
    columns: Vec<(String, Kind)>,
}

impl Expressions {
    /// Expressions over these columns. Any of them may be unknown for some account.
    pub fn new<N: Into<String>>(columns: impl IntoIterator<Item = (N, Kind)>) -> Self {
        Self { columns: columns.into_iter().map(|(name, kind)| (name.into(), kind)).collect() }
    }

    /// Returns the columns in the order given.
    pub fn columns(&self) -> &[(String, Kind)] {
        &self.columns
    }

    /// Checks an expression that is true or false for an account.
    ///
    /// # Errors
    /// [`ExpressionError`] at the first thing that is wrong.
    pub fn condition(&self, text: &str) -> Result<Condition, ExpressionError> {
        Ok(Condition(self.compile(text, Kind::Bool)?))
    }

    /// Checks an expression that is a number for an account.
    ///
    /// # Errors
    /// [`ExpressionError`] at the first thing that is wrong.
    pub fn formula(&self, text: &str) -> Result<Formula, ExpressionError> {
        Ok(Formula(self.compile(text, Kind::Float)?))
    }

    fn compile(&self, text: &str, kind: Kind) -> Result<evaluate::Compiled, ExpressionError> {
        let parsed = parse::parse(text)?;
        let lowered = lower::lower(text, &parsed, &self.columns, kind)?;
        evaluate::compile(text, lowered)
    }
}
