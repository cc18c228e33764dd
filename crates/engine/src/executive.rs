//! What an executive asks of a book: how much revenue there is, how much of it
//! is at risk, what moved it, and whether customers who started together stay.
//! Everything is computed from the rows a filter shows, so a manager's figures
//! are those of the manager's accounts.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{
    Day,
    access::RowFilter,
    revenue::{Arr, Bridge, Cohort, Currency, Grain, Percent, Span, months_before},
    scorecard::Band,
    time::{days_after, days_before},
};

use crate::{
    book::{Book, Row},
    refresh::{MONTHS, month_ends},
    revenue::{ledger, report::window},
};

/// The figures of one book.
#[derive(Debug, Clone)]
pub struct Executive {
    /// The day they are as of.
    pub as_of: Day,
    /// What follows from the contracts.
    pub recurring: Arc<Recurring>,
    /// Customers that are in no sum of money, whatever its day: see [`Recurring::unrated`].
    pub unrated: usize,
    /// Customers on the day.
    pub accounts: usize,
    /// ARR of accounts at risk.
    pub at_risk_cents: i64,
    /// Accounts at risk.
    pub at_risk_accounts: usize,
    /// Health now, by accounts and ARR.
    pub bands: Bands,
    /// Health at the end of each month that has history, oldest first.
    pub health: Vec<(Day, Bands)>,
}

/// What follows from contracts alone, and so stays while they do.
#[derive(Debug, Clone)]
pub struct Recurring {
    /// The currency of all money.
    pub currency: Currency,
    /// Customers paying a month before.
    pub accounts_month_ago: usize,
    /// ARR on the day, minor units.
    pub arr_cents: i64,
    /// ARR 90 days before.
    pub arr_90d_ago_cents: i64,
    /// Retention of the last twelve months.
    pub retention: Retained,
    /// The same as it stood 90 days before.
    pub retention_90d_ago: Retained,
    /// ARR on the first day of each month and on the day, oldest first.
    pub arr: Vec<(Day, i64)>,
    /// Twelve-month retention at the same days.
    pub retentions: Vec<(Day, Retained)>,
    /// ARR movements of each month, oldest first; the last through the day.
    pub movements: Vec<(Day, Bridge)>,
    /// Cohorts by quarter of first payment.
    pub cohorts: Vec<Cohort>,
    /// Accounts of which some amount in these months has no rate, so that nothing of them is known in any of them.
    pub unrated: BTreeSet<i64>,
}

/// What was retained; undefined where nothing was paid at the opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retained {
    /// With growth.
    pub net: Option<Percent>,
    /// Without.
    pub gross: Option<Percent>,
}

/// Accounts and ARR by band, in the order of [`Band::ALL`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bands {
    /// Number of accounts.
    pub accounts: [usize; 4],
    /// ARR in minor units.
    pub arr_cents: [i64; 4],
}

impl Bands {
    fn add(&mut self, band: Band, arr_cents: i64) {
        self.accounts[band as usize] += 1;
        self.arr_cents[band as usize] += arr_cents;
    }

    /// Accounts in a band.
    pub fn accounts_in(&self, band: Band) -> usize {
        self.accounts[band as usize]
    }

    /// ARR in a band, minor units.
    pub fn arr_in(&self, band: Band) -> i64 {
        self.arr_cents[band as usize]
    }
}

/// Computes the figures of the accounts a filter shows; kept with the book.
pub fn executive(book: &Book, filter: &RowFilter) -> Arc<Executive> {
    book.derived.moment.executive.of(filter.clone(), || executive_of(book, filter))
}

fn executive_of(book: &Book, filter: &RowFilter) -> Executive {
    let standing = &book.derived.standing;
    let recurring = standing.recurring.of(filter.clone(), || Recurring::of(book, filter));
    let as_of = book.as_of;
    let view = book.lens.view();
    let rows: Vec<_> = book.visible(filter).collect();
    let known_arr = |row: &Row, day| {
        let known = row.revenue.known_arr(day, &view);
        known.filter(|_| !recurring.unrated.contains(&row.account.id))
    };
    let mut bands = Bands::default();
    let (mut accounts, mut unrated, mut at_risk_cents, mut at_risk_accounts) = (0, 0, 0, 0);
    for row in rows.iter().filter(|row| row.active) {
        let known = known_arr(row, as_of);
        let arr_cents = known.unwrap_or_default().cents();
        accounts += 1;
        unrated += usize::from(known.is_none());
        bands.add(row.health.band, arr_cents);
        if row.at_risk() {
            at_risk_cents += arr_cents;
            at_risk_accounts += 1;
        }
    }
    let mut health = health_at(&month_ends(as_of), &rows, known_arr);
    health.insert(as_of, bands);
    let health = health.into_iter().collect();
    Executive { as_of, recurring, unrated, accounts, at_risk_cents, at_risk_accounts, bands, health }
}

impl Recurring {
    fn of(book: &Book, filter: &RowFilter) -> Self {
        let as_of = book.as_of;
        let (all, view) = (ledger(book, |row| row.visible(filter)), book.lens.view());
        let months = Span::months(months_before(as_of, MONTHS - 1), as_of);
        // The accounts that the page of revenue tells of where nobody asks for other months.
        let missing = all.unrated(window(&months), &view).into_iter().flat_map(|missing| missing.contracts);
        let unrated: BTreeSet<i64> = missing.map(|(account_id, _)| account_id).collect();
        let ledger = all.only(|id| !unrated.contains(&id));
        let days: Vec<Day> = month_ends(as_of).into_iter().chain([as_of]).collect();
        let year = |to: Day| {
            let span = Span { after: months_before(to, MONTHS), through: to };
            let kept = all.rated(span, &view).retention(span, &view);
            Retained { net: kept.net(), gross: kept.gross() }
        };
        let arr = |day: Day| ledger.arr(day, &view).cents();
        let movements = months.iter().map(|month| days_after(month.after, 1)).zip(ledger.bridges(&months, &view));
        Self {
            currency: view.currency,
            accounts_month_ago: ledger.paying(months_before(as_of, 1), &view),
            arr_cents: arr(as_of),
            arr_90d_ago_cents: arr(days_before(as_of, 90)),
            retention: year(as_of),
            retention_90d_ago: year(days_before(as_of, 90)),
            arr: days.iter().map(|day| (*day, arr(*day))).collect(),
            retentions: days.iter().map(|day| (*day, year(*day))).collect(),
            movements: movements.collect(),
            cohorts: ledger.cohorts(Grain::Quarter, as_of, &view),
            unrated,
        }
    }
}

/// The bands at the ends of months that have history, with the ARR that the contracts as known today say.
fn health_at(days: &[Day], rows: &[&Arc<Row>], known_arr: impl Fn(&Row, Day) -> Option<Arr>) -> BTreeMap<Day, Bands> {
    let mut health: BTreeMap<Day, Bands> = BTreeMap::new();
    for row in rows {
        for (day, band) in days.iter().zip(&row.month_ends) {
            if let Some(band) = band {
                let known = known_arr(row, *day);
                health.entry(*day).or_default().add(*band, known.unwrap_or_default().cents());
            }
        }
    }
    health
}
