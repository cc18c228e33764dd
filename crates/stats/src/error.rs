//! What can go wrong when numbers are given to a model.
//! Every variant names the quantity, the row where one exists, and what would have been accepted;
//! failures of IO do not appear because this crate does none.

use thiserror::Error;

/// A refusal to estimate, with the reason and the remedy.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Error {
    /// Fewer rows than the estimate needs.
    #[error("{what}: {found} rows given, at least {needed} are needed")]
    TooFew {
        /// The quantity being estimated.
        what: &'static str,
        /// The smallest number of rows that would have been accepted.
        needed: usize,
        /// The number of rows given.
        found: usize,
    },
    /// A NaN or an infinity among the inputs.
    #[error("{what} is {value} in row {row}; remove the row or repair its source")]
    NotFinite {
        /// The column.
        what: &'static str,
        /// The zero-based row.
        row: usize,
        /// The offending value.
        value: f64,
    },
    /// A value outside the range the model is defined on.
    #[error("{what} is {value} in row {row}; expected {expected}")]
    OutOfRange {
        /// The column.
        what: &'static str,
        /// The zero-based row.
        row: usize,
        /// The offending value.
        value: f64,
        /// The range, in words.
        expected: &'static str,
    },
    /// A setting outside its range.
    #[error("{what} is {value}; expected {expected}")]
    Setting {
        /// The setting.
        what: &'static str,
        /// The offending value.
        value: f64,
        /// The range, in words.
        expected: &'static str,
    },
    /// Two columns that must have the same number of rows do not.
    #[error("{what}: {left} rows against {right}")]
    Mismatch {
        /// The two columns.
        what: &'static str,
        /// Rows of the first.
        left: usize,
        /// Rows of the second.
        right: usize,
    },
    /// The data hold no information about what was asked.
    #[error("{what} cannot be estimated: {why}")]
    NotIdentified {
        /// The quantity.
        what: &'static str,
        /// The reason, in words.
        why: &'static str,
    },
    /// The optimiser ran out of steps.
    #[error("{what}: no maximum found after {evaluations} evaluations")]
    NoConvergence {
        /// The model being fitted.
        what: &'static str,
        /// Evaluations spent.
        evaluations: usize,
    },
}

/// Refuses an empty or too short slice.
pub(crate) fn at_least(what: &'static str, needed: usize, found: usize) -> Result<(), Error> {
    if found < needed {
        return Err(Error::TooFew { what, needed, found });
    }
    Ok(())
}

/// Refuses NaN and infinities.
pub(crate) fn finite(what: &'static str, row: usize, value: f64) -> Result<f64, Error> {
    if value.is_finite() { Ok(value) } else { Err(Error::NotFinite { what, row, value }) }
}

/// Refuses NaN, infinities and values below zero.
pub(crate) fn non_negative(what: &'static str, row: usize, value: f64) -> Result<f64, Error> {
    if finite(what, row, value)? >= 0.0 {
        Ok(value)
    } else {
        Err(Error::OutOfRange { what, row, value, expected: "zero or more" })
    }
}

/// Refuses a setting that is not a finite number of zero or more.
pub(crate) fn setting_non_negative(what: &'static str, value: f64) -> Result<f64, Error> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(Error::Setting { what, value, expected: "a finite number, zero or more" })
    }
}

/// Refuses a parameter that is not a finite number above zero.
pub(crate) fn positive(what: &'static str, value: f64) -> Result<f64, Error> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(Error::Setting { what, value, expected: "a finite number above zero" })
    }
}

/// Refuses columns of different length.
pub(crate) fn same_length(what: &'static str, left: usize, right: usize) -> Result<(), Error> {
    if left == right { Ok(()) } else { Err(Error::Mismatch { what, left, right }) }
}
