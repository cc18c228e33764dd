//! A bare revenue ledger: what each account paid in each month, and nothing else. Two shapes are understood: one row
//! for an account and a month (`account,month,mrr[,currency]`), and one row for an account with a column for each month.
//!
//! A month without an amount is a month without revenue; a month that nobody has a row for, between others that are
//! there, is refused, since nobody could tell it from a month in which everybody left. Two amounts for the same account
//! and month are a contradiction and refused with both lines. Deliberately absent: contracts, quantities and products,
//! which a ledger of amounts does not have, so that a change of price is an expansion here.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry},
    io::{self, Read, Seek, SeekFrom},
    sync::Arc,
};

use domain::{
    Day,
    money::parse_cents,
    revenue::{AccountLedger, Currency, Ledger, Line, Price, Unit, months_after},
};

use super::{
    dialect::Delimiter,
    encoding::Encoding,
    record::{Record, Records},
};

/// Words for the column that names the account.
const ACCOUNT: [&str; 7] = ["account", "account_id", "customer", "customer_id", "company", "client", "name"];
/// Words for the column that names the month.
const MONTH: [&str; 3] = ["month", "date", "period"];
/// Words for the column that holds the amount.
const AMOUNT: [&str; 5] = ["mrr", "amount", "revenue", "mrr_amount", "value"];

/// Amounts by account and month, as lines of revenue.
#[derive(Debug, Clone)]
pub struct BareLedger {
    /// The months, as the file writes them, oldest first.
    pub months: Vec<String>,
    /// The first day of the first month: a real one where the file has dates, else an arbitrary January.
    pub from: Day,
    /// Whether the months are dates.
    pub dated: bool,
    /// Accounts as the file writes them; an account's id is its place here.
    pub accounts: Vec<String>,
    /// Their amounts.
    pub ledger: Ledger,
    /// Currencies in it.
    pub currencies: Vec<Currency>,
}

/// Why a file is no ledger, and where.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Read(#[from] io::Error),
    /// A cell, or a row, cannot be taken.
    #[error("{line}:{column}: {sentence}")]
    At {
        /// The line in the file, from 1.
        line: u64,
        /// The column, from 1.
        column: usize,
        /// What is wrong, and what to do.
        sentence: String,
    },
}

pub(super) fn at(line: u64, column: usize, sentence: impl Into<String>) -> LedgerError {
    LedgerError::At { line, column: column + 1, sentence: sentence.into() }
}

/// One amount as it was read.
struct Amount {
    account: usize,
    month: usize,
    currency: Currency,
    cents: i64,
    line: u64,
    column: usize,
}

/// Where the columns are.
enum Shape {
    Long { account: usize, month: usize, amount: usize, currency: Option<usize> },
    Wide,
}

/// Names in the order they were first seen.
#[derive(Default)]
struct Names {
    list: Vec<String>,
    place: HashMap<String, usize>,
}

impl Names {
    fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.place.get(name) {
            return *place;
        }
        self.list.push(name.to_owned());
        self.place.insert(name.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }
}

/// Reads a bare ledger; amounts without a currency are in `currency`.
pub fn ledger<R: Read + Seek>(input: &mut R, currency: Currency) -> Result<BareLedger, LedgerError> {
    let encoding = Encoding::detect(input)?;
    input.seek(SeekFrom::Start(0))?;
    let delimiter = Delimiter::guess(&Delimiter::sample(input)?, encoding);
    input.seek(SeekFrom::Start(0))?;
    let mut records = Records::new(input, encoding, delimiter);
    let mut record = Record::default();
    if !records.read(&mut record)? {
        return Err(at(1, 0, "the file is empty: the first line names the columns"));
    }
    let headers: Vec<String> = record.cells().map(|cell| cell.trim().to_owned()).collect();
    let shape = shape(&headers, record.line)?;
    let (mut accounts, mut months, mut amounts) = (Names::default(), Names::default(), Vec::new());
    if let Shape::Wide = shape {
        for (column, header) in headers.iter().enumerate().skip(1) {
            if months.place(header) != column - 1 || header.is_empty() {
                return Err(at(
                    record.line,
                    column,
                    format!("`{header}` names no month of its own: every column after the first is one"),
                ));
            }
        }
    }
    while records.read(&mut record)? {
        if let Some(fault) = record.fault {
            return Err(at(record.line, 0, format!("the row cannot be read ({}): check its quotes", fault.as_str())));
        }
        if record.len() != headers.len() {
            let sentence = format!("the row has {} cells and the first line names {}", record.len(), headers.len());
            return Err(at(record.line, record.len().min(headers.len()), sentence));
        }
        row(&record, &shape, currency, (&mut accounts, &mut months), &mut amounts)?;
    }
    assemble(accounts.list, &months.list, &amounts)
}

fn shape(headers: &[String], line: u64) -> Result<Shape, LedgerError> {
    let find = |words: &[&str]| headers.iter().position(|header| words.contains(&header.to_ascii_lowercase().as_str()));
    match (find(&ACCOUNT), find(&MONTH), find(&AMOUNT)) {
        (Some(account), Some(month), Some(amount)) => {
            Ok(Shape::Long { account, month, amount, currency: find(&["currency"]) })
        }
        (Some(0), None, None) if headers.len() > 1 => Ok(Shape::Wide),
        _ => {
            let found = headers.join(", ");
            Err(at(
                line,
                0,
                format!(
                    "the columns are {found}: name them account, month, mrr (and currency), or account and then one column a month"
                ),
            ))
        }
    }
}

fn row(
    record: &Record,
    shape: &Shape,
    otherwise: Currency,
    (accounts, months): (&mut Names, &mut Names),
    amounts: &mut Vec<Amount>,
) -> Result<(), LedgerError> {
    let cell = |column: usize| record.cell(column).unwrap_or_default().trim();
    let (account_at, columns) = match shape {
        Shape::Long { account, amount, .. } => (*account, *amount..*amount + 1),
        Shape::Wide => (0, 1..record.len()),
    };
    if cell(account_at).is_empty() {
        return Err(at(record.line, account_at, "the row names no account"));
    }
    let account = accounts.place(cell(account_at));
    let currency = match shape {
        Shape::Long { currency: Some(column), .. } => {
            cell(*column).parse().map_err(|error| at(record.line, *column, format!("{error}")))?
        }
        _ => otherwise,
    };
    for column in columns {
        let month = match shape {
            Shape::Long { month, .. } if cell(*month).is_empty() => {
                return Err(at(record.line, *month, "the row names no month: write it like 2026-03"));
            }
            Shape::Long { month, .. } => months.place(cell(*month)),
            Shape::Wide => column - 1,
        };
        let text = cell(column);
        let cents = if text.is_empty() {
            0
        } else {
            parse_cents(text, currency.as_str()).map_err(|error| at(record.line, column, error.to_string()))?
        };
        if cents < 0 {
            return Err(at(record.line, column, format!("`{text}` is below zero: a refund is no recurring revenue")));
        }
        if Price::monthly(cents).arr().is_none() {
            return Err(at(record.line, column, format!("`{text}` is beyond any revenue: check its decimal point")));
        }
        amounts.push(Amount { account, month, currency, cents, line: record.line, column });
    }
    Ok(())
}

/// Puts months in order and makes lines of amounts that stay the same.
fn assemble(accounts: Vec<String>, labels: &[String], amounts: &[Amount]) -> Result<BareLedger, LedgerError> {
    let dates: Option<Vec<Day>> = labels.iter().map(|label| first_day(label)).collect();
    let dated = dates.is_some();
    let from = dates.as_ref().and_then(|dates| dates.iter().min().copied()).unwrap_or_default();
    let numbers: Option<Vec<u32>> = match &dates {
        Some(dates) => dates.iter().map(|day| Some(months_between(from, *day))).collect(),
        None => labels.iter().map(|label| number(label)).collect(),
    };
    let line_of = |month: usize| {
        amounts.iter().find(|amount| amount.month == month).map_or((1, 0), |amount| (amount.line, amount.column))
    };
    let Some(numbers) = numbers else {
        let odd = labels.iter().position(|label| first_day(label).is_none() && number(label).is_none()).unwrap_or(0);
        let (line, column) = line_of(odd);
        return Err(at(
            line,
            column,
            format!("`{}` is no month: write 2026-03, or number them m0, m1, m2", labels[odd]),
        ));
    };
    let order: BTreeMap<u32, usize> = numbers.iter().enumerate().map(|(month, number)| (*number, month)).collect();
    let first = order.keys().next().copied().unwrap_or_default();
    for (place, (number, month)) in order.iter().enumerate() {
        if *number != first + place as u32 {
            let (line, column) = line_of(*month);
            let sentence = format!(
                "there is no row for any month just before `{}`: add the missing month, with zeros if nobody paid",
                labels[*month]
            );
            return Err(at(line, column, sentence));
        }
    }
    let currencies: BTreeSet<Currency> = amounts.iter().map(|amount| amount.currency).collect();
    let paid = by_month(amounts, &accounts, labels, |month| numbers[month] - first)?;
    let january = Day::from_ymd_opt(2000, 1, 1).unwrap_or_default();
    let from = if dated { from } else { january };
    let lines = accounts.iter().enumerate().map(|(id, _)| {
        let lines = currencies.iter().flat_map(|currency| lines(paid.get(&(id, *currency)), *currency, from));
        Arc::new(AccountLedger::of_lines(id as i64, lines.collect()))
    });
    let ledger = lines.collect();
    let months = order.values().map(|month| labels[*month].clone()).collect();
    Ok(BareLedger { months, from, dated, accounts, ledger, currencies: currencies.into_iter().collect() })
}

type Paid = HashMap<(usize, Currency), BTreeMap<u32, i64>>;

/// Amounts by account and currency; two for the same month contradict each other.
fn by_month(
    amounts: &[Amount],
    accounts: &[String],
    labels: &[String],
    number: impl Fn(usize) -> u32,
) -> Result<Paid, LedgerError> {
    let mut seen: HashMap<(usize, usize, Currency), &Amount> = HashMap::new();
    let mut paid = Paid::new();
    for amount in amounts {
        match seen.entry((amount.account, amount.month, amount.currency)) {
            Entry::Vacant(free) => {
                free.insert(amount);
            }
            Entry::Occupied(first) => {
                let (account, month) = (&accounts[amount.account], &labels[amount.month]);
                let sentence = format!(
                    "`{account}` has another amount for {month} on line {}: keep one of them",
                    first.get().line
                );
                return Err(at(amount.line, amount.column, sentence));
            }
        }
        paid.entry((amount.account, amount.currency)).or_default().insert(number(amount.month), amount.cents);
    }
    Ok(paid)
}

/// Lines of an account in a currency: one for each run of months with the same amount.
fn lines(paid: Option<&BTreeMap<u32, i64>>, currency: Currency, from: Day) -> Vec<Line> {
    let mut lines: Vec<(u32, u32, i64)> = Vec::new();
    for (month, cents) in paid.into_iter().flatten().filter(|(_, cents)| **cents > 0) {
        match lines.last_mut().filter(|(_, to, same)| to == month && same == cents) {
            Some((_, to, _)) => *to += 1,
            None => lines.push((*month, month + 1, *cents)),
        }
    }
    let line = |(begins, ends, cents): (u32, u32, i64)| {
        Some(Line {
            subscription_id: 0,
            continues_id: None,
            product: "".into(),
            plan: "".into(),
            unit: Unit::Amount,
            quantity: 1,
            currency,
            arr: Price::monthly(cents).arr()?,
            from: months_after(from, begins),
            to: months_after(from, ends),
        })
    };
    lines.into_iter().filter_map(line).collect()
}

/// The first day of a month written as a date.
fn first_day(label: &str) -> Option<Day> {
    let day = if label.len() == 7 { format!("{label}-01") } else { label.get(..10)?.to_owned() };
    let day: Day = day.parse().ok()?;
    Some(domain::revenue::month_of(day).0)
}

/// The number at the end of a label like `m3` or `month 3`.
fn number(label: &str) -> Option<u32> {
    let digits = label.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.parse().ok().filter(|number| *number < 12_000)
}

fn months_between(from: Day, to: Day) -> u32 {
    use chrono::Datelike;
    ((to.year() - from.year()) * 12 + to.month() as i32 - from.month() as i32) as u32
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use domain::revenue::{Rates, View};

    use super::*;

    fn read(text: &str) -> Result<BareLedger, String> {
        let usd = "USD".parse().unwrap();
        ledger(&mut Cursor::new(text.as_bytes().to_vec()), usd).map_err(|error| error.to_string())
    }

    fn arr(found: &BareLedger, month: u32, currency: &str) -> i64 {
        let rates = Rates::none();
        let view = View { currency: currency.parse().unwrap(), rates: &rates, reactivation_days: None };
        found.ledger.arr(months_after(found.from, month), &view).cents()
    }

    #[test]
    fn both_shapes_say_the_same() {
        let wide = read("customer,m0,m1,m2\nA,100,150.50,\nB,0,20,20\n").unwrap();
        let long = read("account;month;mrr\nA;2026-03;100\nA;2026-04;150.50\nB;2026-04-15;20\nB;2026-05;20\n").unwrap();
        for month in 0..3 {
            assert_eq!(arr(&wide, month, "USD"), arr(&long, month, "USD"), "month {month}");
        }
        assert_eq!((wide.dated, wide.months.join(" ")), (false, "m0 m1 m2".to_owned()));
        assert_eq!(arr(&wide, 1, "USD"), 204_600);
    }

    #[test]
    fn currencies_stay_apart() {
        let found = read("account,month,mrr,currency\nA,2026-01,100,usd\nA,2026-01,90,EUR\n").unwrap();
        assert_eq!(found.currencies.len(), 2);
        assert_eq!((arr(&found, 0, "USD"), arr(&found, 0, "EUR")), (120_000, 108_000));
    }

    #[test]
    fn what_is_wrong_is_said_where_it_is() {
        let cases = [
            ("", "1:1: the file is empty"),
            ("a,b\n1,2\n", "1:1: the columns are a, b: name them account, month, mrr"),
            ("account,month,mrr\nA,2026-01,1.005\n", "2:3: `1.005` has more decimals than USD allows"),
            ("account,month,mrr\nA,2026-01,ten\n", "2:3: `ten` is not an amount"),
            ("account,month,mrr\nA,2026-01,-5\n", "2:3: `-5` is below zero"),
            ("account,month,mrr\nA,2026-01,99999999999999\n", "2:3: `99999999999999` is beyond any revenue"),
            ("account,month,mrr\nA,2026-01,5\nA,2026-01,6\n", "3:3: `A` has another amount for 2026-01 on line 2"),
            (
                "account,month,mrr\nA,2026-01,5\nA,2026-03,6\n",
                "3:3: there is no row for any month just before `2026-03`",
            ),
            ("account,month,mrr\nA,soon,5\n", "2:3: `soon` is no month"),
            ("account,month,mrr\nA,,5\n", "2:2: the row names no month"),
            ("account,month,mrr\n,2026-01,5\n", "2:1: the row names no account"),
            ("account,month,mrr\nA,2026-01\n", "2:3: the row has 2 cells and the first line names 3"),
            ("account,month,mrr,currency\nA,2026-01,5,dollars\n", "2:4: `dollars` is no currency"),
            ("customer,m0,m0\nA,1,2\n", "1:3: `m0` names no month of its own"),
        ];
        for (text, expected) in cases {
            let said = read(text).unwrap_err();
            assert!(said.starts_with(expected), "{text:?}: {said}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in "(account|month|mrr|customer|m1|[0-9.,;\n\" -]|é){0,60}") {
            let _ = read(&text);
        }
    }
}
