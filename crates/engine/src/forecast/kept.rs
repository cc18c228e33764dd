//! What becomes of the accounts that paid on a day: of their revenue with growth and without, of them, and of what leaves
//! with them. Goals ask it for days between the quarters; between two quarters' ends the way is taken to be straight.
//! Without growth every account is capped at what it paid on the day, so what is kept then is gross retention along the
//! way: an account that shrinks and grows again counts with its low.

use domain::{Day, access::RowFilter};

use super::{MONTHS, Model, QUARTERS, SEED, Scenario, predict};
use crate::Book;

/// Days of a quarter that is not counted by the calendar.
const QUARTER_DAYS: f64 = 365.25 / 4.0;

/// Today and the ends of the quarters.
const POINTS: usize = QUARTERS + 1;

/// Accounts that paid on a day, followed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kept {
    as_of: Day,
    /// What they paid on the day, minor units a year.
    pub(crate) opening_cents: i64,
    /// How many they were.
    pub(crate) accounts: usize,
    /// What they pay today and at the end of each quarter: medians, minor units.
    retained: [f64; POINTS],
    /// How many of them pay then: expected.
    paying: [f64; POINTS],
    /// ARR that will have left with accounts by then: expected, minor units.
    churned: [f64; POINTS],
}

/// How they are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Growth {
    /// As they grew.
    AsSeen,
    /// Not at all, and none above what it paid on the day.
    None,
}

impl Kept {
    /// Follows the accounts a filter shows that paid on a day.
    pub(crate) fn of(book: &Book, model: &Model, filter: &RowFilter, opened_on: Day, growth: Growth) -> Self {
        // At today's rates, as what they pay ahead is: no rate of exchange retains anybody.
        let view = model.lens.view();
        let paid = |row: &crate::Row| row.revenue.arr_at_rates(opened_on.min(book.as_of), book.as_of, &view).cents();
        let (mut opening_cents, mut accounts, mut candidates) = (0, 0, Vec::new());
        for row in book.visible(filter) {
            let before = paid(row);
            if before <= 0 {
                continue;
            }
            (opening_cents, accounts) = (opening_cents + before, accounts + 1);
            if let Some(mut candidate) = predict::candidate(book, model, row) {
                if growth == Growth::None {
                    candidate.amount = candidate.amount.min(before);
                }
                candidates.push(candidate);
            }
        }
        let today: i64 = candidates.iter().map(|it| it.amount).sum();
        let mut units = predict::judged(&candidates, model);
        if growth == Growth::None {
            for unit in &mut units {
                unit.growth = 0.0;
            }
        }
        // As drawn paths have it: lately more, or fewer, left than their chances say.
        let level = model.losses.level();
        let mut paying = [0.0; POINTS];
        for (at, paying) in paying.iter_mut().enumerate() {
            let months = at * MONTHS as usize;
            let stays = units.iter().map(|unit| (-level * unit.hazards[..months].iter().sum::<f64>()).exp());
            *paying = if months == 0 { candidates.len() as f64 } else { stays.sum() };
        }
        let nobody_new = Scenario { new: 0.0, ..Scenario::default() };
        let portfolio = predict::portfolio(model, units, &nobody_new, 1.0);
        let drawn = model.drawn.of(&portfolio, book.as_of, today, SEED);
        let (mut retained, mut churned) = ([today as f64; POINTS], [0.0; POINTS]);
        for (at, quarter) in drawn.0.iter().enumerate() {
            retained[at + 1] = quarter.retained.median_cents as f64;
            churned[at + 1] = churned[at] + quarter.means.churn_cents as f64;
        }
        Self { as_of: book.as_of, opening_cents, accounts, retained, paying, churned }
    }

    /// What they pay on a day ahead, minor units; the last quarter's end where it is later, today where it is past.
    pub(crate) fn retained(&self, day: Day) -> f64 {
        self.at(&self.retained, day)
    }

    /// How many of them pay on a day ahead.
    pub(crate) fn paying(&self, day: Day) -> f64 {
        self.at(&self.paying, day)
    }

    /// ARR that will have left with accounts between today and a day ahead.
    pub(crate) fn churned(&self, day: Day) -> f64 {
        self.at(&self.churned, day)
    }

    fn at(&self, points: &[f64; POINTS], day: Day) -> f64 {
        between(points, (day - self.as_of).num_days())
    }
}

/// The value so many days after the first of points that are a quarter apart.
pub(crate) fn between(points: &[f64; POINTS], days: i64) -> f64 {
    let place = (days as f64 / QUARTER_DAYS).clamp(0.0, QUARTERS as f64);
    let before = (place.floor() as usize).min(QUARTERS - 1);
    let share = place - before as f64;
    points[before] * (1.0 - share) + points[before + 1] * share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_two_quarters_the_way_is_straight() {
        let points = [100.0, 110.0, 130.0, 130.0, 90.0];
        let after = |days| between(&points, days);
        assert!((after(0) - 100.0).abs() < 1e-9 && (after(-9) - 100.0).abs() < 1e-9);
        assert!((after(46) - 105.0).abs() < 0.1, "{}", after(46));
        assert!((after(183) - 130.0).abs() < 0.1);
        assert!((after(365) - 90.0).abs() < 0.2 && (after(9_999) - 90.0).abs() < 1e-9);
    }
}
