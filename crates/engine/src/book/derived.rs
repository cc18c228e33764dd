//! What follows from the rows of a book, made when it is first asked for and kept with the book. [`Standing`] follows from
//! contracts, from who looks after whom and from what accounts are; it goes on with a book in which only other things were
//! refreshed, so that an event costs no report. [`Moment`] follows from the rows as they are and goes with them. Whose rows
//! somebody may see is part of every question, and a changed team begins a new standing.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use domain::{
    Instant,
    access::RowFilter,
    revenue::{Currency, Ledger, Span},
};
use lake::Frame;

use super::{Choices, Row};
use crate::{
    answers::Answers,
    executive::{Executive, Recurring},
    expansion::Prospects,
    forecast::{Ask, Drawn, Forecast, Leaver, PastQuarter, Scenario},
    goals::Held,
    renewals::{Due, Pipeline, frozen::AccuracyTable},
    revenue::{
        explain::Explained,
        report::Report,
        segments::Owners,
        source::{Known, Question},
        subject::{Subject, Wanted},
    },
};

/// What follows from rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Derived {
    pub(super) frame: OnceLock<Frame>,
    pub(super) choices: OnceLock<Arc<Choices>>,
    pub(super) prospects: OnceLock<Arc<Prospects>>,
    /// The prospects of the book before, and whose rows have changed since.
    pub(super) prospects_before: Option<(Arc<Prospects>, Vec<i64>)>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) moment: Arc<Moment>,
}

/// What a figure of revenue is asked by.
type FigureOf = (RowFilter, Wanted, String);

/// What stays while contracts, people and the words of accounts do.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    pub(super) ledger: OnceLock<Ledger>,
    pub(super) owners: OnceLock<Arc<Owners>>,
    /// Where the rows of each member stand, ascending.
    pub(super) teams: OnceLock<HashMap<i64, Vec<usize>>>,
    /// What was known earlier can only change with what is known now.
    pub(crate) known: Answers<Instant, Known, 2>,
    pub(crate) subjects: Answers<(RowFilter, Wanted), Subject, 24>,
    pub(crate) explained: Answers<FigureOf, Explained, 6>,
    pub(crate) reports: Answers<(RowFilter, Question), Vec<Report>, 24>,
    pub(crate) recurring: Answers<RowFilter, Recurring, 24>,
    pub(crate) due: Answers<(RowFilter, Span), Due, 24>,
    /// The last frozen forecast is part of the question.
    pub(crate) accuracy: Answers<(RowFilter, Option<i64>), AccuracyTable, 24>,
    pub(crate) past: Answers<(RowFilter, Currency, u32), Vec<PastQuarter>, 24>,
}

/// What goes with the rows.
#[derive(Debug, Default)]
pub(crate) struct Moment {
    pub(crate) pipelines: Answers<(RowFilter, Span, store::record::Stamp), Pipeline, 6>,
    pub(crate) executive: Answers<RowFilter, Executive, 24>,
    pub(crate) forecasts: Answers<(Drawn, RowFilter, Ask), Forecast, 48>,
    pub(crate) leavers: Answers<(Drawn, RowFilter, Scenario, usize), Vec<Leaver>, 4>,
    pub(crate) goals: Answers<(Option<Drawn>, store::Goal), Held, 128>,
}

impl Derived {
    /// What is left when some rows become others; `before` are the rows that they replace.
    pub(super) fn after<'a>(&self, fresh: &[Row], before: impl Fn(i64) -> Option<&'a Row>) -> Self {
        let stands = |row: &Row| before(row.account.id).is_some_and(|old| old.stands_as(row));
        if !fresh.iter().all(stands) {
            return Self::default();
        }
        let (known, mut changed) = match (self.prospects.get(), &self.prospects_before) {
            (Some(known), _) => (Some(Arc::clone(known)), Vec::new()),
            (None, Some((known, changed))) => (Some(Arc::clone(known)), changed.clone()),
            (None, None) => (None, Vec::new()),
        };
        changed.extend(fresh.iter().map(|row| row.account.id));
        changed.sort_unstable();
        changed.dedup();
        Self {
            standing: Arc::clone(&self.standing),
            prospects_before: known.map(|known| (known, changed)),
            ..Self::default()
        }
    }
}

impl Row {
    /// Whether another row of the account says the same of contracts, people and the account itself.
    fn stands_as(&self, other: &Self) -> bool {
        self.revenue == other.revenue
            && self.team == other.team
            && self.csms == other.csms
            && self.active == other.active
            && self.account == other.account
    }
}
