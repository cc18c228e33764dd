//! Our numbers beside the printed ones: every estimate that a paper, a note or a reference implementation prints
//! for public data, to the printed digit. Small tables are typed in; larger files are read from the reference
//! folder beside the repository, and a test that does not find its file says SKIPPED loudly.

mod cdnow;
mod contractual;
mod donors;
mod purchase;
mod reference;
mod retail;
mod spend;
mod survival;
