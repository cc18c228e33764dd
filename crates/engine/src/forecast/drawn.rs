//! What was drawn from a portfolio, kept while the model is: drawing follows from the portfolio and the seed alone, and a
//! page that is looked at again asks for the same. A portfolio is known by a digest of everything that is drawn from, so
//! that whatever changes an account's amount or chances is drawn anew.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use domain::Day;
use stats::portfolio::Portfolio;

use super::{Quantiles, Quarter, predict};
use crate::answers::Answers;

/// The quarters of a portfolio and the year's churn.
pub(super) type Summary = (Vec<Quarter>, Quantiles);

/// What was drawn: of the book, its members' parts and some scenarios. It is the model's own, so that whatever is equal to
/// it was drawn from the same model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drawn(Arc<Answers<u64, Summary, 64>>);

impl PartialEq for Drawn {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Drawn {
    /// Draws a portfolio, or answers as before.
    pub(super) fn of(&self, portfolio: &Portfolio, as_of: Day, opening_cents: i64, seed: u64) -> Arc<Summary> {
        self.0.of(digest(portfolio, as_of, opening_cents, seed), || {
            let flows = portfolio.simulate(&predict::ends(), predict::paths(portfolio.units.len()), seed);
            predict::summarise(as_of, opening_cents, &flows)
        })
    }
}

fn digest(portfolio: &Portfolio, as_of: Day, opening_cents: i64, seed: u64) -> u64 {
    let mut hash = DefaultHasher::new();
    (as_of, opening_cents, seed, portfolio.units.len()).hash(&mut hash);
    (portfolio.arrivals.rate.to_bits(), portfolio.arrivals.hazard.to_bits()).hash(&mut hash);
    for unit in &portfolio.units {
        (unit.amount, unit.growth.to_bits()).hash(&mut hash);
        for hazard in &unit.hazards {
            hazard.to_bits().hash(&mut hash);
        }
    }
    hash.finish()
}
