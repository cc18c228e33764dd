//! The workspace looking at itself: the rules of the house, checked.
//!
//! A rule that nobody checks is not a rule, so every sentence in `CONTRIBUTING.md` that a machine can judge is judged
//! here, by `cargo xtask tidy` and by the same code inside `cargo test`. What is deliberately absent: anything that
//! builds, formats, downloads or publishes. The order in which the server runs things is written once, in `.ci/run`.

pub mod tidy;
