//! The store's suite: every test runs on SQLite in a temporary file and on a private PostgreSQL server.
//!
//! One text, two databases, the same assertions: that is the claim the crate makes.

mod suite {
    pub(crate) mod access;
    pub(crate) mod catalogue;
    pub(crate) mod company;
    pub(crate) mod database;
    pub(crate) mod goal;
    pub(crate) mod inbox;
    pub(crate) mod lifetime;
    pub(crate) mod opening;
    pub(crate) mod rate;
    pub(crate) mod record;
    pub(crate) mod renewal;
    pub(crate) mod work;
}
