//! Sources in: what other systems send, understood.
//!
//! Two nouns leave this crate. A [`segment::Message`] is one call of the Segment
//! tracking API, forgiven and normalised; a [`record::Draft`] is what one row or
//! object of any other source says about one of our records, with *absent* and
//! *cleared* kept apart. [`csv`] reads spreadsheets and logs into drafts,
//! [`tap`] reads what extractors print ([`singer`] or [`airbyte`]), [`webhook`] what vendors
//! post, and [`preset`] says which
//! stream and path means which of our fields.
//!
//! Everything here is a pure function of bytes and arguments. Deliberately
//! absent: the network, the database, the clock (the receive time is passed in),
//! and the decision what a draft changes, which is `engine`'s.

pub mod airbyte;
pub mod csv;
pub mod json;
pub mod personal;
pub mod preset;
pub mod record;
pub mod segment;
pub mod singer;
pub mod tap;
pub mod webhook;
