//! The engine on real data: a small synthetic company in a temporary home. Each
//! test states a promise of the product and checks it through what the engine
//! shows, never through its own counters.

mod alone;
mod as_of;
mod clv;
mod contracts;
mod forecast;
mod home;
mod import;
mod intake;
mod kept;
mod lifetime;
mod merging;
mod order;
mod postgres;
mod records;
mod revenue;
mod signals;
mod tap;
