//! Pages, forms, the JSON API and who may use them.
//!
//! A *route* is a line of one table ([`route`]): method, path, action, rate class, body limit, how it is protected from
//! other websites, handler. The *gate* ([`gate`]) is the one place every request passes: who asks, may they, not too
//! often, not too much; its answer is an access with the row filter that every query must carry. A *problem*
//! ([`problem`]) is every answer that is not success, written once for people and once for programs.
//!
//! Deliberately absent: SQL, statistics, and decisions. Records are read and written by `store`, numbers come from
//! `engine`, and what is permitted is decided by [`domain::access::authorize`].

pub mod api;
pub mod assets;
pub mod auth;
pub mod extract;
pub mod fact;
pub mod gate;
pub mod goal;
pub mod ingest;
pub mod live;
pub mod page;
pub mod pages;
pub mod palette;
pub mod probe;
pub mod problem;
pub mod rate;
pub mod route;
pub mod sell;
pub mod server;
pub mod state;
pub mod ui;
pub mod work;

pub use route::{intake_router, router};
pub use server::Server;
pub use state::{AppState, Settings};
