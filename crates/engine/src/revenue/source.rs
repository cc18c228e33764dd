//! Where a ledger comes from: the home's own records, or a file of bare amounts. Either way out comes one [`Report`] a
//! currency, or one for all of them where rates are given; nothing is stored.

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
    sync::Arc,
};

use connectors::csv::{self, LedgerError};
use domain::{
    Day, Instant,
    access::RowFilter,
    revenue::{Currency, Ledger, Rates, Span, months_after},
};
use store::{Store, StoreError};

use super::{
    conventions::{Conventions, Lens},
    currencies, ledger,
    left_out::converted,
    read,
    report::{Ask, Measure, Report, report, told},
    segments::Owners,
};
use crate::{Book, Engine};

/// What to report on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// A day of the first month; twelve months before the last where absent.
    pub from: Option<Day>,
    /// A day of the last month; the current month, through today, where absent.
    pub to: Option<Day>,
    /// The one currency to report in. Others need rates. Without one, that which is set, or each by itself.
    pub currency: Option<Currency>,
    /// Rates into that currency, which hold over those that are kept.
    pub rates: Rates,
    /// How money is told; by the year for contracts and by the month for bare ledgers where absent.
    pub measure: Option<Measure>,
}

/// What a ledger is read by.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// Currency and rates.
    pub conventions: &'a Conventions,
    /// Who looked after which account, where that is known.
    pub owners: Option<&'a Owners>,
}

/// Why a ledger cannot be reported on.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file cannot be opened.
    #[error("cannot open {}", .0.display())]
    Open(PathBuf, #[source] std::io::Error),
    /// The file is no ledger; the cause begins with the line and the column.
    #[error("{}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong in it.
        source: LedgerError,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file has no two months of what was asked.
    #[error(
        "{}: movements lie between two months, and no two of the months asked for are in it (it holds {count}, from {from})",
        .file.display()
    )]
    TooShort {
        /// The file.
        file: PathBuf,
        /// Its months.
        count: u32,
        /// The first of them.
        from: Day,
    },
    /// The span has no month.
    #[error("{from} is after {to}: there is no month between them")]
    NoMonth {
        /// The first day.
        from: Day,
        /// The last.
        to: Day,
    },
}

/// Reports on the contracts of a home as known on an instant, as of a day.
pub async fn of_home(
    store: &Store,
    known_on: Option<Instant>,
    today: Day,
    question: &Question,
) -> Result<Vec<Report>, SourceError> {
    let known = Known::load(store, known_on).await?;
    of_ledger(&known.ledger, known.by(), today, question)
}

/// Reports on the accounts of a book that a filter shows, as known now or on an instant; kept with the book.
pub async fn of_book(
    engine: &Engine,
    book: &Book,
    filter: &RowFilter,
    known_on: Option<Instant>,
    question: &Question,
) -> Result<Arc<Vec<Report>>, SourceError> {
    let Some(known_on) = known_on else {
        let by = By { conventions: &book.conventions, owners: Some(book.owners()) };
        let now = || of_ledger(&ledger(book, |row| row.visible(filter)), by, book.as_of, question);
        return book.derived.standing.reports.try_of((filter.clone(), question.clone()), now);
    };
    let known = Known::of(engine, book, known_on).await?;
    let ledger = known.ledger.only(|id| book.visible_row(id, filter).is_some());
    of_ledger(&ledger, known.by(), book.as_of, question).map(Arc::new)
}

/// The contracts of the whole book as known on an instant, and what they are read by.
#[derive(Debug)]
pub struct Known {
    /// The contracts.
    pub ledger: Ledger,
    /// Currency and rates.
    pub conventions: Conventions,
    /// Who looked after which account.
    pub owners: Arc<Owners>,
}

impl Known {
    /// Reads them.
    pub async fn load(store: &Store, known_on: Option<Instant>) -> Result<Self, StoreError> {
        let conventions = Conventions::load(store, known_on).await?;
        let owners = Arc::new(Owners::load(store, known_on).await?);
        Ok(Self { ledger: known(store, known_on).await?, conventions, owners })
    }

    /// Those that were read while this book stood, or reads them: what was known on an instant changes only with it.
    pub(crate) async fn of(engine: &Engine, book: &Book, known_on: Instant) -> Result<Arc<Self>, StoreError> {
        let kept = &book.derived.standing.known;
        match kept.known(&known_on) {
            Some(known) => Ok(known),
            None => Ok(kept.keep(known_on, Self::load(engine.store(), Some(known_on)).await?)),
        }
    }

    fn by(&self) -> By<'_> {
        By { conventions: &self.conventions, owners: Some(&self.owners) }
    }
}

/// The ledger of the whole book as known on an instant.
pub async fn known(store: &Store, known_on: Option<Instant>) -> Result<Ledger, StoreError> {
    let facts = store.reading(known_on, None).await?;
    let from = Conventions::load(store, known_on).await?.set.contracts_from;
    let ledger = read(&facts, from).await?.0.into_values().collect();
    facts.end().await?;
    Ok(ledger)
}

/// Reports on a ledger as of a day, as its book's revenue is read.
pub fn of_ledger(ledger: &Ledger, by: By<'_>, today: Day, question: &Question) -> Result<Vec<Report>, SourceError> {
    let to = question.to.map_or(today, |to| Span::month(to).through.min(today.max(to)));
    let from = question.from.unwrap_or_else(|| domain::revenue::months_before(to, 11));
    let months = Span::months(from, to);
    if months.is_empty() {
        return Err(SourceError::NoMonth { from, to });
    }
    let labels: Vec<String> = months.iter().map(|month| month.through.format("%Y-%m").to_string()).collect();
    let measure = question.measure.unwrap_or(Measure::Arr);
    let ask = Ask { months: &months, labels: &labels, as_of: to, measure, owners: by.owners };
    Ok(reports(ledger, by.conventions, question, &ask))
}

/// Reports on a file of bare amounts. Its first month is the opening of the second: what came before is unknown.
pub fn of_file(path: &Path, question: &Question) -> Result<Vec<Report>, SourceError> {
    let bare = csv::ledger(&mut open(path)?, question.currency.unwrap_or(Currency::USD)).map_err(in_file(path))?;
    let count = bare.months.len() as u32;
    let month = |n: u32| Span::month(months_after(bare.from, n));
    let wanted = |n: &u32| {
        let span = month(*n);
        let inside =
            question.from.is_none_or(|from| from <= span.through) && question.to.is_none_or(|to| span.after < to);
        inside || !bare.dated
    };
    let numbers: Vec<u32> = (1..count).filter(wanted).collect();
    let months: Vec<Span> = numbers.iter().map(|n| month(*n)).collect();
    let labels: Vec<String> = numbers.iter().map(|n| bare.months[*n as usize].clone()).collect();
    let Some(last) = months.last() else {
        return Err(SourceError::TooShort { file: path.to_owned(), count, from: bare.from });
    };
    let measure = question.measure.unwrap_or(Measure::Mrr);
    let ask = Ask { months: &months, labels: &labels, as_of: last.through, measure, owners: None };
    Ok(reports(&bare.ledger, &Conventions::default(), question, &ask))
}

/// Exchange rates from a file.
pub fn rates(path: &Path) -> Result<Rates, SourceError> {
    csv::rates(&mut open(path)?).map_err(in_file(path))
}

fn open(path: &Path) -> Result<BufReader<File>, SourceError> {
    File::open(path).map(BufReader::new).map_err(|error| SourceError::Open(path.to_owned(), error))
}

fn in_file(path: &Path) -> impl Fn(LedgerError) -> SourceError {
    |source| SourceError::File { file: path.to_owned(), source }
}

/// One report in the currency that was asked for or set, with rates; else one in each currency by itself.
fn reports(ledger: &Ledger, conventions: &Conventions, question: &Question, ask: &Ask<'_>) -> Vec<Report> {
    let all = currencies(ledger, ask.as_of);
    let wanted = question.currency.or(conventions.set.currency);
    let chosen = match wanted {
        Some(currency) => vec![currency],
        None if all.is_empty() => vec![Currency::USD],
        None => all,
    };
    let of = |currency| {
        // By itself means without the accounts and faults of the other currencies.
        let Some(_) = wanted else {
            let lens = Lens { rates: Rates::none(), ..conventions.lens_into(currency) };
            return report(&ledger.only(sells_in(ledger, currency)), &lens.view(), ask);
        };
        let lens = conventions.lens_into(currency).with_rates(question.rates.clone());
        converted(ledger, &lens.view(), ask)
    };
    let mut reports: Vec<Report> = chosen.into_iter().map(of).collect();
    tell_of_the_rest(ledger, wanted, &mut reports);
    reports
}

/// What no currency's own report tells: faults of accounts that have no line in any.
fn tell_of_the_rest(ledger: &Ledger, wanted: Option<Currency>, reports: &mut [Report]) {
    let (None, Some(first)) = (wanted, reports.first_mut()) else { return };
    let silent = ledger.accounts().iter().filter(|account| account.lines.is_empty());
    first.faults.extend(silent.flat_map(|account| &account.faults).map(told));
}

fn sells_in(ledger: &Ledger, currency: Currency) -> impl Fn(i64) -> bool {
    let accounts =
        ledger.accounts().iter().filter(|account| account.lines.iter().any(|line| line.currency == currency));
    let ids: Arc<[i64]> = accounts.map(|account| account.account_id).collect();
    move |id| ids.binary_search(&id).is_ok()
}
