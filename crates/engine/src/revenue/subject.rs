//! The revenue of some accounts over some months, in one currency, as known today or on an earlier instant: what the page
//! of revenue and its figures are about. A [`Subject`] is kept with the book it was taken from, and with it what was
//! [`Told`] of it, so that looking again costs nothing; what somebody may see is part of the question it answers.
//!
//! Words of accounts (tier, industry, region) are today's also in what was known earlier; who looked after them is not.

use std::sync::{Arc, OnceLock};

use domain::{
    Day, Instant,
    access::RowFilter,
    revenue::{Contradiction, Currency, Ledger, LeftOut, NoRate, Part, Span, View},
};
use lake::FrameError;

use super::{
    conventions::{Conventions, Lens},
    currencies,
    explain::{Explained, Names, explain},
    ledger,
    left_out::{self, LEFT_OUT, beside},
    per_csm,
    report::{Ask, Measure, Report, report, window},
    segments::Owners,
    source::Known,
};
use crate::{Book, Engine, EngineError, Row, answers::Answers};

/// Which months, in which currency, as known when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// A day of the first month.
    pub from: Day,
    /// The last day.
    pub through: Day,
    /// The currency; the book's where absent.
    pub currency: Option<Currency>,
    /// Only what was recorded before this instant.
    pub known_on: Option<Instant>,
    /// The span in which every account must be known in that currency: that of a page of which one month is asked for, so
    /// that its figures are of the same accounts.
    pub known_over: Option<Span>,
}

impl Wanted {
    /// The currency that was asked for, or the book's, with the rates that were known.
    fn lens(&self, known: &Conventions, book: &Book) -> Lens {
        known.lens_into(self.currency.unwrap_or(book.lens.currency))
    }
}

/// What revenue can be told apart by, account by account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apart {
    /// Who looked after the account at the opening and at the closing.
    Csm,
    /// How closely it is served.
    Tier,
    /// Its trade.
    Industry,
    /// Its region.
    Region,
}

/// The revenue of some accounts over some months.
#[derive(Debug)]
pub struct Subject {
    /// Contracts of those accounts whose revenue is known in its currency.
    pub ledger: Ledger,
    /// Contracts of the others.
    pub left_out: Vec<LeftOut>,
    whole: Ledger,
    known_over: Span,
    /// The months, oldest first.
    pub months: Vec<Span>,
    /// The currency, and the rates into it.
    pub lens: Lens,
    /// Currencies it could be read in.
    pub currencies: Vec<Currency>,
    /// The last day.
    pub as_of: Day,
    owners: Arc<Owners>,
    told: OnceLock<Told>,
    parts: Answers<Apart, Vec<Part>, 4>,
}

/// What is told of a subject.
#[derive(Debug)]
pub struct Told {
    /// Movements, retention, cohorts, renewals.
    pub report: Report,
    /// Accounts about which sources disagree on the last day.
    pub contradictions: Vec<Contradiction>,
    /// What is left out for want of a rate.
    pub unrated: Vec<NoRate>,
}

impl Subject {
    /// The accounts of a book that a filter shows, as known now or as was asked.
    pub async fn of(
        engine: &Engine,
        book: &Book,
        filter: &RowFilter,
        wanted: &Wanted,
    ) -> Result<Arc<Self>, EngineError> {
        let (question, subjects) = ((filter.clone(), wanted.clone()), &book.derived.standing.subjects);
        if let Some(subject) = subjects.known(&question) {
            return Ok(subject);
        }
        let subject = match wanted.known_on {
            None => {
                let lens = wanted.lens(&book.conventions, book);
                Self::new(ledger(book, |row| row.visible(filter)), lens, book.owners(), wanted)
            }
            Some(known_on) => {
                let known = Known::of(engine, book, known_on).await?;
                let ledger = known.ledger.only(|id| book.visible_row(id, filter).is_some());
                Self::new(ledger, wanted.lens(&known.conventions, book), &known.owners, wanted)
            }
        };
        Ok(subjects.keep(question, subject))
    }

    fn new(whole: Ledger, lens: Lens, owners: &Arc<Owners>, wanted: &Wanted) -> Self {
        let as_of = wanted.through;
        let mut currencies = currencies(&whole, as_of);
        if !currencies.contains(&lens.currency) {
            currencies.push(lens.currency);
        }
        let months = Span::months(wanted.from, as_of);
        let known_over = wanted.known_over.unwrap_or_else(|| window(&months));
        let (ledger, left_out) = (whole.rated(known_over, &lens.view()), whole.left_out(known_over, &lens.view()));
        Self {
            ledger,
            left_out,
            whole,
            known_over,
            months,
            lens,
            currencies,
            as_of,
            owners: Arc::clone(owners),
            told: OnceLock::new(),
            parts: Answers::default(),
        }
    }

    /// What its amounts are read by.
    pub fn view(&self) -> View<'_> {
        self.lens.view()
    }

    /// From the opening of the first month to the closing of the last.
    pub fn span(&self) -> Span {
        window(&self.months)
    }

    /// What is told of it.
    pub fn told(&self) -> &Told {
        self.told.get_or_init(|| {
            let view = self.view();
            let unrated = self.whole.unrated(self.known_over, &view);
            Told {
                report: beside(self.report(), &self.whole, (&unrated, &self.left_out), Measure::Arr),
                contradictions: self.ledger.contradictions(self.as_of, &view),
                unrated,
            }
        })
    }

    fn report(&self) -> Report {
        let labels: Vec<String> = self.months.iter().map(|month| month.through.format("%Y-%m").to_string()).collect();
        let ask = Ask {
            months: &self.months,
            labels: &labels,
            as_of: self.as_of,
            measure: Measure::Arr,
            owners: Some(&self.owners),
        };
        report(&self.ledger, &self.view(), &ask)
    }

    /// Its parts, by what accounts are in the book or who looked after them.
    pub fn parts(&self, book: &Book, apart: Apart) -> Arc<Vec<Part>> {
        self.parts.of(apart, || {
            let (span, view) = (self.span(), self.view());
            let word = |of: fn(&Row) -> &Option<String>| {
                let group = move |id: i64| book.row(id).and_then(|row| of(row).clone());
                self.ledger.parts(span, &view, group, group)
            };
            match apart {
                Apart::Tier => word(|row| &row.account.tier),
                Apart::Industry => word(|row| &row.account.industry),
                Apart::Region => word(|row| &row.account.region),
                Apart::Csm => {
                    let on = |day: Day| move |id: i64| self.owners.on(id, day);
                    self.ledger.parts(span, &view, on(span.after), on(span.through))
                }
            }
        })
    }

    /// Why one of its figures is what it is; `None` where there is no such figure.
    pub fn explained(
        &self,
        book: &Book,
        filter: &RowFilter,
        wanted: &Wanted,
        key: &str,
    ) -> Result<Option<Arc<Explained>>, FrameError> {
        let (question, explained) =
            ((filter.clone(), wanted.clone(), key.to_owned()), &book.derived.standing.explained);
        match explained.known(&question) {
            Some(known) => Ok(Some(known)),
            None => Ok(self.explain(book, key)?.map(|made| explained.keep(question, made))),
        }
    }

    fn explain(&self, book: &Book, key: &str) -> Result<Option<Explained>, FrameError> {
        let name = |id: i64| book.name_of(id);
        if key == per_csm::KEY {
            return per_csm::explain(&self.ledger, &self.owners, self.as_of, &self.view(), name).map(Some);
        }
        let names = Names { name_of: &name, csm_on: &|id, day| self.owners.on(id, day) };
        if key == LEFT_OUT {
            return left_out::explain(&self.left_out, &self.view(), self.known_over, &names).map(Some);
        }
        explain(&self.ledger, &self.view(), self.span(), key, &names)
    }
}
