//! Tables of cohorts: who joined when, and what share is here, or pays how much, at each age.
//! A cell is filled only when the *whole* cohort has reached that age; younger cells are blank, not zero and not an
//! average over those who happen to be old enough. Totals weigh cohorts by size, over the cohorts that reached the age.

use crate::error::{Error, at_least, finite};
use crate::interval::{Confidence, Interval};
use crate::special::beta;

/// One customer, in whole periods counted from a common origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The period of joining, which is also the cohort.
    pub joined: u32,
    /// The first period in which the customer was no longer here.
    pub left: Option<u32>,
}

/// A filled cell of a retention table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Customers here at that age.
    pub alive: u32,
    /// Their share of the initial cohort.
    pub share: f64,
    /// Binomial interval of the share (Jeffreys).
    pub interval: Interval,
}

/// One cohort.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The period of joining.
    pub joined: u32,
    /// Initial size.
    pub size: u32,
    /// Cells by age, from 0; only ages the cohort has reached.
    pub cells: Vec<Cell>,
}

/// A retention table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Cohorts in order of joining.
    pub rows: Vec<Row>,
    /// Share here by age, over the cohorts that reached the age.
    pub total: Vec<Cell>,
}

fn cell(alive: u32, size: u32, confidence: Confidence) -> Cell {
    let (k, n) = (f64::from(alive), f64::from(size));
    let bound = |p| beta::quantile(k + 0.5, n - k + 0.5, p);
    let low = if alive == 0 { 0.0 } else { bound(confidence.lower_tail()) };
    let high = if alive == size { 1.0 } else { bound(1.0 - confidence.lower_tail()) };
    Cell { alive, share: k / n, interval: Interval { low, high } }
}

/// Tabulates retention. `as_of` is the last period that is complete; members who joined after it are left out.
/// Fails when nobody had joined, or somebody left before joining.
pub fn retention(members: &[Member], as_of: u32, confidence: Confidence) -> Result<Table, Error> {
    for (row, member) in members.iter().enumerate() {
        if let Some(left) = member.left.filter(|&left| left < member.joined) {
            return Err(Error::OutOfRange {
                what: "period of leaving",
                row,
                value: f64::from(left),
                expected: "not before joining",
            });
        }
    }
    let mut sorted: Vec<Member> = members.iter().copied().filter(|m| m.joined <= as_of).collect();
    at_least("cohort members", 1, sorted.len())?;
    sorted.sort_unstable_by_key(|m| m.joined);
    let rows: Vec<Row> = sorted
        .chunk_by(|a, b| a.joined == b.joined)
        .map(|cohort| {
            let joined = cohort[0].joined;
            let here =
                |age: u32| cohort.iter().filter(|m| m.left.is_none_or(|left| left > joined + age)).count() as u32;
            let size = cohort.len() as u32;
            Row { joined, size, cells: (0..=as_of - joined).map(|age| cell(here(age), size, confidence)).collect() }
        })
        .collect();
    let oldest = rows.iter().map(|r| r.cells.len()).max().unwrap_or(0);
    let total = (0..oldest)
        .map(|age| {
            let reached = || rows.iter().filter(|r| r.cells.len() > age);
            cell(reached().map(|r| r.cells[age].alive).sum(), reached().map(|r| r.size).sum(), confidence)
        })
        .collect();
    Ok(Table { rows, total })
}

/// Revenue of one customer in one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Payment {
    /// The customer's period of joining.
    pub joined: u32,
    /// The period paid for.
    pub period: u32,
    /// The amount, in any one currency.
    pub amount: f64,
}

/// One cohort's revenue.
#[derive(Debug, Clone, PartialEq)]
pub struct RevenueRow {
    /// The period of joining.
    pub joined: u32,
    /// Revenue by age, from 0; only ages the cohort has reached.
    pub revenue: Vec<f64>,
}

impl RevenueRow {
    /// Revenue at an age as a multiple of that at age 0; `None` where the age is not reached or age 0 had none.
    pub fn retained(&self, age: usize) -> Option<f64> {
        let first = *self.revenue.first().filter(|&&r| r > 0.0)?;
        Some(self.revenue.get(age)? / first)
    }

    /// Revenue accumulated up to and including an age; `None` where it is not reached.
    pub fn cumulative(&self, age: usize) -> Option<f64> {
        Some(self.revenue.get(..=age)?.iter().sum())
    }
}

/// Tabulates revenue by cohort and age up to the last complete period. Payments before joining are refused;
/// payments after `as_of` are left out, because their period is not complete.
pub fn revenue(payments: &[Payment], as_of: u32) -> Result<Vec<RevenueRow>, Error> {
    let mut rows: std::collections::BTreeMap<u32, Vec<f64>> = std::collections::BTreeMap::new();
    for (row, payment) in payments.iter().enumerate() {
        finite("amount", row, payment.amount)?;
        let Some(age) = payment.period.checked_sub(payment.joined) else {
            let value = f64::from(payment.period);
            return Err(Error::OutOfRange { what: "period paid for", row, value, expected: "not before joining" });
        };
        if payment.period <= as_of {
            let cells = rows.entry(payment.joined).or_insert_with(|| vec![0.0; (as_of - payment.joined + 1) as usize]);
            cells[age as usize] += payment.amount;
        }
    }
    Ok(rows.into_iter().map(|(joined, revenue)| RevenueRow { joined, revenue }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn young_cells_are_blank_and_totals_weigh_by_size() {
        let member = |joined, left| Member { joined, left };
        let members = [
            member(0, None),
            member(0, Some(1)),
            member(1, None),
            member(1, Some(1)),
            member(1, None),
            member(2, None),
        ];
        let table = retention(&members, 2, Confidence::P95).unwrap();
        let shares: Vec<Vec<f64>> = table.rows.iter().map(|r| r.cells.iter().map(|c| c.share).collect()).collect();
        assert_eq!(shares, [vec![1.0, 0.5, 0.5], vec![2.0 / 3.0, 2.0 / 3.0], vec![1.0]]);
        let total: Vec<f64> = table.total.iter().map(|c| c.share).collect();
        assert_eq!(total, [5.0 / 6.0, 3.0 / 5.0, 0.5]);
        assert!(retention(&[member(3, Some(1))], 5, Confidence::P95).is_err());
    }

    #[test]
    fn revenue_by_age() {
        let pay = |joined, period, amount| Payment { joined, period, amount };
        let rows = revenue(&[pay(0, 0, 100.0), pay(0, 1, 120.0), pay(1, 1, 50.0), pay(0, 3, 9.0)], 2).unwrap();
        assert_eq!(rows[0].revenue, [100.0, 120.0, 0.0]);
        assert_eq!((rows[0].retained(1), rows[1].retained(1), rows[1].retained(2)), (Some(1.2), Some(0.0), None));
        assert_eq!(rows[0].cumulative(1), Some(220.0));
        assert!(revenue(&[pay(2, 1, 1.0)], 5).is_err());
    }
}
