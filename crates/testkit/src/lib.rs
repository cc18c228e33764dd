//! What tests of several crates need and the product never ships: so far a PostgreSQL server of their own. It depends
//! on none of our crates, so that a suite waits for nothing but what it tests; a company to test on is
//! `engine::synthetic`, because the demo ships it, and a clock is `engine::Clock::manual`.

pub mod postgres;
