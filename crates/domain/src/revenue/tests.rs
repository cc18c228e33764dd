mod book;
mod golden;
mod invariants;
mod subscription;
mod traps;

use super::{mutant::BROKEN, *};
use crate::Day;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn usd() -> Currency {
    "USD".parse().unwrap()
}
