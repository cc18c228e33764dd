//! The web layer from outside: requests into the whole router over a real store, answers out.
//!
//! Each module is one promise: who gets what ([`matrix`]), how one signs in, what the API says, how events arrive,
//! how work is done on the pages, of sources too, what revenue is, where it goes and should go, and what customers are
//! worth.

mod api;
mod expansion;
mod forecast;
mod goals;
mod lifetime;
mod live;
mod matrix;
mod protection;
mod renewals;
mod revenue;
mod sign_in;
mod sources;
mod stripe;
mod tap;
mod traps;
mod webhooks;
mod work;
mod world;
