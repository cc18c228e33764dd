//! Survivors by age, of one cohort or several, and tenures of single customers: what the renewal models are fitted to.
//! A column of survivors is one cohort from its first number on; leading blanks are the time before it began.

use std::ops::RangeInclusive;

use stats::tenure::Spells;

use super::columns::{Columns, Role};
use super::error::ClvError;
use super::read::{Hear, Input};
use super::source::{Row, Table};

/// Cohorts counted every period, or single customers.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tenures {
    /// Survivors of each cohort by age, from its beginning.
    Cohorts(Vec<Vec<f64>>),
    /// Periods survived by each customer, and whether it has left.
    Customers(Vec<(u32, bool)>),
}

/// More periods than this are a mistake of unit, not a tenure.
const PERIODS: RangeInclusive<u32> = 0..=100_000;

impl Tenures {
    /// The sufficient statistics.
    pub(super) fn spells(&self) -> Result<Spells, stats::Error> {
        match self {
            Self::Cohorts(cohorts) => Spells::from_cohorts(&cohorts.iter().map(Vec::as_slice).collect::<Vec<_>>()),
            Self::Customers(customers) => Spells::from_customers(customers),
        }
    }

    /// The same, knowing only the first `periods` of every cohort or customer.
    pub(super) fn known_after(&self, periods: u32) -> Self {
        match self {
            Self::Cohorts(cohorts) => Self::Cohorts(
                cohorts.iter().map(|cohort| cohort[..cohort.len().min(periods as usize + 1)].to_vec()).collect(),
            ),
            Self::Customers(customers) => Self::Customers(
                customers
                    .iter()
                    .map(|&(survived, left)| if survived >= periods { (periods, false) } else { (survived, left) })
                    .collect(),
            ),
        }
    }

    /// The share still here by age, as far as anybody was old enough to be seen: Kaplan-Meier in whole periods, which
    /// counts a cohort or customer only while it was watched.
    pub(super) fn curve(&self) -> Vec<f64> {
        let mut periods: Vec<(f64, f64)> = Vec::new();
        let mut see = |period: usize, at_risk: f64, lost: f64| {
            if periods.len() < period {
                periods.resize(period, (0.0, 0.0));
            }
            periods[period - 1].0 += at_risk;
            periods[period - 1].1 += lost;
        };
        match self {
            Self::Cohorts(cohorts) => {
                for cohort in cohorts {
                    cohort.windows(2).enumerate().for_each(|(age, pair)| see(age + 1, pair[0], pair[0] - pair[1]));
                }
            }
            Self::Customers(customers) => {
                for &(survived, left) in customers {
                    (1..=survived as usize).for_each(|period| see(period, 1.0, 0.0));
                    if left {
                        see(survived as usize + 1, 1.0, 1.0);
                    }
                }
            }
        }
        let mut here = 1.0;
        let after = periods.into_iter().map_while(|(at_risk, lost)| {
            here *= if at_risk > 0.0 { 1.0 - lost / at_risk } else { return None };
            Some(here)
        });
        std::iter::once(1.0).chain(after).collect()
    }
}

/// Reads survivors or tenures.
pub(super) fn read(
    table: &Table,
    columns: &Columns<'_>,
    input: &Input<'_>,
    notes: &mut Vec<String>,
    hear: &mut Hear<'_>,
) -> Result<Tenures, ClvError> {
    if let (Some(tenure), Some(left)) = (columns.find(Role::Tenure), columns.find(Role::Left)) {
        let mut customers = Vec::new();
        table.each(&[tenure, left], &mut |done| hear.reading(done, table.total()), |row| {
            let survived = row.count(0)?;
            if !PERIODS.contains(&survived) {
                return Err(
                    row.wrong(0, format!("{survived} periods are no tenure; expected at most {}", PERIODS.end()))
                );
            }
            customers.push((survived, row.truth(1)?));
            Ok(())
        })?;
        return Ok(Tenures::Customers(customers));
    }
    let period = columns.find(Role::Period);
    let told = columns.find(Role::Survivors).filter(|column| Some(*column) != period);
    let cohorts: Vec<usize> = match told {
        Some(column) => vec![column],
        None => (0..table.header().len()).filter(|column| Some(*column) != period).collect(),
    };
    if cohorts.is_empty() || (period.is_none() && told.is_none()) {
        let has = table.header().join(", ");
        return Err(ClvError::unsuited(
            table.path(),
            format!(
                "there are neither survivors by age (`age,survivors`) nor tenures (`tenure,left`); it has {has}. Name columns: --column survivors=COLUMN"
            ),
        ));
    }
    if cohorts.len() > 1 {
        let names: Vec<&str> = cohorts.iter().map(|&column| table.header()[column].as_str()).collect();
        notes.push(format!(
            "{} cohorts are pooled: {}; for one alone say --column survivors=NAME",
            names.len(),
            names.join(", ")
        ));
    }
    let wanted: Vec<usize> = cohorts.iter().copied().chain(period).collect();
    let mut counted =
        Counted { cohorts: vec![Vec::new(); cohorts.len()], ended: vec![false; cohorts.len()], age: None };
    table.each(&wanted, &mut |done| hear.reading(done, table.total()), |row| counted.take(row, period.is_some()))?;
    counted.finish(input, table)
}

/// Cohorts as far as they have been read.
struct Counted {
    cohorts: Vec<Vec<f64>>,
    ended: Vec<bool>,
    age: Option<f64>,
}

impl Counted {
    fn take(&mut self, row: &Row<'_>, has_period: bool) -> Result<(), ClvError> {
        if has_period {
            self.check_order(row)?;
        }
        for (slot, cohort) in self.cohorts.iter_mut().enumerate() {
            let Some(here) = (!row.is_blank(slot)).then(|| row.amount(slot)).transpose()? else {
                self.ended[slot] = !cohort.is_empty();
                continue;
            };
            if self.ended[slot] {
                return Err(row.wrong(slot, "follows a gap; fill the gap, or cut the cohort there"));
            }
            if let Some(before) = cohort.last().filter(|before| here > **before) {
                return Err(row.wrong(
                    slot,
                    format!(
                        "{here} survivors after {before}: nobody comes back to a cohort; expected at most {before}"
                    ),
                ));
            }
            cohort.push(here);
        }
        Ok(())
    }

    /// Ages are consecutive where they are numbers.
    fn check_order(&mut self, row: &Row<'_>) -> Result<(), ClvError> {
        let slot = self.cohorts.len();
        let Ok(Some(age)) = row.number(slot) else { return Ok(()) };
        if let Some(before) = self.age.filter(|before| (age - before - 1.0).abs() > 1e-9) {
            return Err(
                row.wrong(slot, format!("{age} follows {before}; expected {}, one row per period", before + 1.0))
            );
        }
        self.age = Some(age);
        Ok(())
    }

    fn finish(mut self, input: &Input<'_>, table: &Table) -> Result<Tenures, ClvError> {
        self.cohorts.retain(|cohort| !cohort.is_empty());
        if self.cohorts.is_empty() {
            return Err(ClvError::unsuited(table.path(), "it holds no survivors; give a row per age"));
        }
        if let Some(size) = input.cohort_size {
            for cohort in &mut self.cohorts {
                let begun = cohort[0];
                if begun > 0.0 {
                    for here in cohort.iter_mut() {
                        *here *= size / begun;
                    }
                }
            }
        }
        Ok(Tenures::Cohorts(self.cohorts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cohorts_and_customers_give_the_same_curve_and_statistics() {
        let cohorts = Tenures::Cohorts(vec![vec![5.0, 3.0, 2.0]]);
        let customers = Tenures::Customers(vec![(0, true), (0, true), (1, true), (2, false), (2, false)]);
        assert_eq!(cohorts.spells(), customers.spells());
        let check = |curve: Vec<f64>| assert!((curve[1] - 0.6).abs() < 1e-12 && (curve[2] - 0.4).abs() < 1e-12);
        check(cohorts.curve());
        check(customers.curve());
        assert_eq!(cohorts.known_after(1).spells(), customers.known_after(1).spells());
    }

    #[test]
    fn a_young_cohort_counts_only_as_far_as_it_goes() {
        let curve = Tenures::Cohorts(vec![vec![10.0, 5.0, 5.0], vec![10.0, 9.0]]).curve();
        assert!((curve[1] - 0.7).abs() < 1e-12 && (curve[2] - 0.7).abs() < 1e-12);
    }
}
