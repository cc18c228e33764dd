//! Holdout.
