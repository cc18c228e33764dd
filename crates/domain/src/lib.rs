//! The nouns and rules of customer success.
//!
//! Three kinds of thing live here: *definitions* (a [`metric::Metric`], a
//! [`scorecard::Scorecard`], a [`signal::Rule`], a [`playbook::Playbook`]), read
//! from typed text; *decisions* over them, pure functions from values to values
//! ([`scorecard::Scorecard::evaluate`], [`signal::reconcile`], [`playbook::plan`],
//! [`access::authorize`], [`goal::Goal::judge`]); and the few *values* every crate speaks
//! ([`Event`], [`money::Money`], [`Instant`], [`Day`]).
//!
//! Deliberately absent: input and output, `async`, clocks, randomness, SQL and
//! records. Records live beside their SQL in `store`; what a rule needs of them
//! is passed in.

pub mod access;
pub mod belonging;
pub mod definition;
pub mod event;
pub mod goal;
pub mod metric;
pub mod money;
pub mod playbook;
pub mod renewal;
pub mod revenue;
pub mod scorecard;
pub mod signal;
pub mod time;

pub use event::Event;
pub use time::{Day, Instant};
