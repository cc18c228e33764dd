//! What is known about tenures: losses between two ages, and customers still here at an age.
//! Counts are enough; whether they come from one cohort's survivors, a triangle of cohorts or single customers makes
//! no difference to the likelihood. Interval-censored losses (known only at begin and end) are ordinary losses here.

use std::collections::BTreeMap;

use crate::error::{Error, at_least, finite};

/// Sufficient statistics of tenures in whole periods.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spells {
    /// Customers lost after surviving the first age and by the second.
    losses: BTreeMap<(u32, u32), f64>,
    /// Customers still here after surviving an age.
    kept: BTreeMap<u32, f64>,
}

impl Spells {
    /// One cohort counted every period: `survivors[0]` acquired, `survivors[t]` still here after `t` periods.
    pub fn from_survivors(survivors: &[f64]) -> Result<Self, Error> {
        Self::from_cohorts(&[survivors])
    }

    /// Several cohorts, each counted every period up to its own age.
    pub fn from_cohorts(cohorts: &[&[f64]]) -> Result<Self, Error> {
        let mut spells = Self::default();
        for survivors in cohorts {
            at_least("survivors of a cohort", 1, survivors.len())?;
            for age in 1..survivors.len() {
                spells.add_loss(age as u32 - 1, age as u32, survivors[age - 1], survivors[age])?;
            }
            let last = survivors.len() - 1;
            *spells.kept.entry(last as u32).or_default() += finite("survivors", last, survivors[last])?;
        }
        spells.nonempty()
    }

    /// Cohorts of which only the size at the begin and after `age` periods is known, as `(acquired, age, here)`.
    pub fn from_begin_and_end(cohorts: &[(f64, u32, f64)]) -> Result<Self, Error> {
        let mut spells = Self::default();
        for &(acquired, age, here) in cohorts {
            if age > 0 {
                spells.add_loss(0, age, acquired, here)?;
            }
            *spells.kept.entry(age).or_default() += here;
        }
        spells.nonempty()
    }

    /// Single customers as `(periods survived, left)`: one who left did so in the period after those survived.
    pub fn from_customers(customers: &[(u32, bool)]) -> Result<Self, Error> {
        let mut spells = Self::default();
        for &(survived, left) in customers {
            if left {
                *spells.losses.entry((survived, survived + 1)).or_default() += 1.0;
            } else {
                *spells.kept.entry(survived).or_default() += 1.0;
            }
        }
        spells.nonempty()
    }

    fn add_loss(&mut self, after: u32, by: u32, before: f64, here: f64) -> Result<(), Error> {
        let row = by as usize;
        finite("survivors", row, before)?;
        finite("survivors", row, here)?;
        if here < 0.0 || here > before {
            return Err(Error::OutOfRange {
                what: "survivors",
                row,
                value: here,
                expected: "between zero and those before",
            });
        }
        if before > here {
            *self.losses.entry((after, by)).or_default() += before - here;
        }
        Ok(())
    }

    fn nonempty(self) -> Result<Self, Error> {
        if self.customers() > 0.0 {
            return Ok(self);
        }
        Err(Error::TooFew { what: "customers", needed: 1, found: 0 })
    }

    /// Losses as (survived, gone by, customers).
    pub(crate) fn losses(&self) -> impl Iterator<Item = (u32, u32, f64)> + '_ {
        self.losses.iter().map(|(&(after, by), &count)| (after, by, count))
    }

    /// Customers still here as (age, customers).
    pub(crate) fn kept(&self) -> impl Iterator<Item = (u32, f64)> + '_ {
        self.kept.iter().map(|(&age, &count)| (age, count))
    }

    /// All customers.
    pub fn customers(&self) -> f64 {
        self.lost() + self.kept.values().sum::<f64>()
    }

    /// Customers lost.
    pub fn lost(&self) -> f64 {
        self.losses.values().sum()
    }

    /// Customers known to have survived the first period.
    pub(crate) fn survivors_of_first(&self) -> f64 {
        let later = self.losses().filter(|l| l.0 > 0 || l.1 > 1).map(|l| l.2).sum::<f64>();
        later + self.kept().filter(|k| k.0 > 0).map(|k| k.1).sum::<f64>()
    }

    /// The oldest age anybody was seen at.
    pub fn last_age(&self) -> u32 {
        let lost = self.losses.keys().map(|k| k.1).max().unwrap_or(0);
        lost.max(self.kept.keys().copied().max().unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_of_saying_the_same() {
        let counted = Spells::from_survivors(&[5.0, 3.0, 2.0]).unwrap();
        let single = Spells::from_customers(&[(0, true), (0, true), (1, true), (2, false), (2, false)]).unwrap();
        assert_eq!(counted, single);
        assert!(Spells::from_survivors(&[5.0, 6.0]).is_err() && Spells::from_survivors(&[]).is_err());
        assert!(Spells::from_survivors(&[5.0, f64::NAN]).is_err());
    }
}
