//! A bare revenue ledger: what each account paid in each month, and nothing else. Two shapes are understood: one row
//! for an account and a month (`account,month,mrr[,currency]`), and one row for an account with a column for each month.
//!
//! A month without an amount is a month without revenue; a month that nobody has a row for, between others that are
//! there, is refused, since nobody could tell it from a month in which everybody left. Two amounts for the same account
//! and month are a contradiction and refused with both lines. A file is taken whole or not at all, and all that is wrong
//! with it is said at once. Deliberately absent: contracts, quantities and products,
//! which a ledger of amounts does not have, so that a change of price is an expansion here.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry},
    io::{Read, Seek, SeekFrom},
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
    faults::{Faults, LedgerError, at},
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
#[derive(Clone, Copy)]
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
        return Err(at(1, 0, &[], "the file is empty: the first line names the columns"));
    }
    let headers: Vec<String> = record.cells().map(|cell| cell.trim().to_owned()).collect();
    let shape = shape(&headers, record.line)?;
    let mut read = Reading {
        headers,
        shape,
        otherwise: currency,
        accounts: Names::default(),
        months: Names::default(),
        amounts: Vec::new(),
        faults: Faults::default(),
    };
    read.months_of_columns(record.line);
    while records.read(&mut record)? {
        read.row(&record);
    }
    read.assemble()
}

fn shape(headers: &[String], line: u64) -> Result<Shape, LedgerError> {
    let find = |words: &[&str]| headers.iter().position(|header| words.contains(&header.to_ascii_lowercase().as_str()));
    match (find(&ACCOUNT), find(&MONTH), find(&AMOUNT)) {
        (Some(account), Some(month), Some(amount)) => {
            Ok(Shape::Long { account, month, amount, currency: find(&["currency"]) })
        }
        (Some(0), None, None) if headers.len() > 1 => Ok(Shape::Wide),
        _ => {
            let sentence = format!(
                "the columns are {}: name them account, month, mrr (and currency), or account and then one column a month",
                headers.join(", ")
            );
            Err(at(line, 0, &[], sentence))
        }
    }
}

/// What has been read of a file, and what is wrong with it.
struct Reading {
    headers: Vec<String>,
    shape: Shape,
    /// The currency of amounts that name none.
    otherwise: Currency,
    accounts: Names,
    months: Names,
    amounts: Vec<Amount>,
    faults: Faults,
}

impl Reading {
    fn fault(&mut self, line: u64, column: usize, sentence: impl Into<String>) {
        self.faults.push(line, column, &self.headers, sentence);
    }

    /// The months that the columns of a wide file name.
    fn months_of_columns(&mut self, line: u64) {
        let Shape::Wide = self.shape else { return };
        for (column, header) in self.headers.iter().enumerate().skip(1) {
            if self.months.place(header) != column - 1 || header.is_empty() {
                let sentence = format!("`{header}` names no month of its own: every column after the first is one");
                self.faults.push(line, column, &[], sentence);
                // Later columns keep their places.
                self.months.list.resize(column, header.clone());
            }
        }
    }

    fn row(&mut self, record: &Record) {
        let line = record.line;
        if let Some(fault) = record.fault {
            return self.fault(line, 0, format!("the row cannot be read ({}): check its quotes", fault.as_str()));
        }
        if record.len() != self.headers.len() {
            let (has, named) = (record.len(), self.headers.len());
            let sentence = format!("the row has {has} cells and the first line names {named}: fill it or leave it out");
            return self.fault(line, has.min(named), sentence);
        }
        let cell = |column: usize| record.cell(column).unwrap_or_default().trim();
        let (account_at, month_at, currency_at, columns) = match self.shape {
            Shape::Long { account, month, amount, currency } => (account, Some(month), currency, amount..amount + 1),
            Shape::Wide => (0, None, None, 1..record.len()),
        };
        let before = self.faults.count();
        if cell(account_at).is_empty() {
            self.fault(line, account_at, "the row names no account: write which account paid");
        }
        let currency = currency_at.map_or(Ok(self.otherwise), |column| cell(column).parse());
        let currency = currency.unwrap_or_else(|error| {
            self.fault(line, currency_at.unwrap_or_default(), error.to_string());
            self.otherwise
        });
        if let Some(column) = month_at.filter(|column| cell(*column).is_empty()) {
            self.fault(line, column, "the row names no month: write it like 2026-03");
        }
        let mut found = Vec::new();
        for column in columns {
            match amount(cell(column), currency) {
                Ok(cents) => found.push((column, cents)),
                Err(sentence) => self.fault(line, column, sentence),
            }
        }
        if self.faults.count() > before {
            return;
        }
        let account = self.accounts.place(cell(account_at));
        let month = month_at.map(|column| self.months.place(cell(column)));
        let place = |column: usize| month.unwrap_or(column.saturating_sub(1));
        let amounts = found.into_iter();
        let amount = |(column, cents)| Amount { account, month: place(column), currency, cents, line, column };
        self.amounts.extend(amounts.map(amount));
    }
}

/// An amount in minor units; nothing where the cell is empty.
fn amount(text: &str, currency: Currency) -> Result<i64, String> {
    let cents =
        if text.is_empty() { 0 } else { parse_cents(text, currency.as_str()).map_err(|error| error.to_string())? };
    if cents < 0 {
        return Err(format!("`{text}` is below zero: a refund is no recurring revenue"));
    }
    match Price::monthly(cents).arr() {
        Some(_) => Ok(cents),
        None => Err(format!("`{text}` is beyond any revenue: check its decimal point")),
    }
}

impl Reading {
    /// Puts months in order and makes lines of amounts that stay the same.
    fn assemble(mut self) -> Result<BareLedger, LedgerError> {
        let dates: Vec<Option<Day>> = self.months.list.iter().map(|label| first_day(label)).collect();
        // Where one month is a date, all must be.
        let dated = dates.is_empty() || dates.iter().any(Option::is_some);
        let from = dates.iter().flatten().min().copied().filter(|_| dated).unwrap_or_default();
        let months = self.months.list.iter().zip(dates);
        let numbers: Vec<Option<u32>> = months
            .map(|(label, day)| if dated { day.map(|day| months_between(from, day)) } else { number(label) })
            .collect();
        self.strange_months(&numbers);
        let order: BTreeMap<u32, usize> =
            numbers.iter().enumerate().filter_map(|(month, number)| Some(((*number)?, month))).collect();
        let first = order.keys().next().copied().unwrap_or_default();
        let whole = self.faults.count() == 0;
        self.contradictions();
        if whole {
            self.gaps(&order, first);
        }
        self.faults.settle()?;
        let mut paid = Paid::new();
        for amount in &self.amounts {
            let month = numbers[amount.month].unwrap_or_default() - first;
            paid.entry((amount.account, amount.currency)).or_default().insert(month, amount.cents);
        }
        let from = if dated { from } else { Day::from_ymd_opt(2000, 1, 1).unwrap_or_default() };
        let currencies: BTreeSet<Currency> = self.amounts.iter().map(|amount| amount.currency).collect();
        let lines = self.accounts.list.iter().enumerate().map(|(id, _)| {
            let lines = currencies.iter().flat_map(|currency| lines(paid.get(&(id, *currency)), *currency, from));
            Arc::new(AccountLedger::of_lines(id as i64, lines.collect()))
        });
        let ledger = lines.collect();
        let months = order.values().map(|month| self.months.list[*month].clone()).collect();
        let accounts = self.accounts.list;
        Ok(BareLedger { months, from, dated, accounts, ledger, currencies: currencies.into_iter().collect() })
    }

    /// Where a month first stands.
    fn first_of(&self, month: usize) -> (u64, usize) {
        self.amounts.iter().find(|amount| amount.month == month).map_or((1, 0), |amount| (amount.line, amount.column))
    }

    fn strange_months(&mut self, numbers: &[Option<u32>]) {
        let strange = numbers.iter().enumerate().filter(|(_, number)| number.is_none());
        for month in strange.map(|(month, _)| month).collect::<Vec<_>>() {
            let (line, column) = self.first_of(month);
            let sentence =
                format!("`{}` is no month: write 2026-03, or number them m0, m1, m2", self.months.list[month]);
            let column = if let Shape::Long { month, .. } = self.shape { month } else { column };
            self.fault(line, column, sentence);
        }
    }

    /// Months that nobody has a row for, between others that are there.
    fn gaps(&mut self, order: &BTreeMap<u32, usize>, first: u32) {
        let mut expected = first;
        for (number, month) in order {
            if *number != expected {
                let (line, column) = self.first_of(*month);
                let sentence = format!(
                    "there is no row for any month just before `{}`: add the missing month, with zeros if nobody paid",
                    self.months.list[*month]
                );
                self.fault(line, column, sentence);
            }
            expected = number + 1;
        }
    }

    /// Two amounts of an account for the same month contradict each other.
    fn contradictions(&mut self) {
        let mut seen: HashMap<(usize, usize, Currency), u64> = HashMap::new();
        for amount in &self.amounts {
            match seen.entry((amount.account, amount.month, amount.currency)) {
                Entry::Vacant(free) => {
                    free.insert(amount.line);
                }
                Entry::Occupied(first) => {
                    let (account, month) = (&self.accounts.list[amount.account], &self.months.list[amount.month]);
                    let sentence =
                        format!("`{account}` has another amount for {month} on line {}: keep one of them", first.get());
                    self.faults.push(amount.line, amount.column, &self.headers, sentence);
                }
            }
        }
    }
}

type Paid = HashMap<(usize, Currency), BTreeMap<u32, i64>>;

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
            ("account,month,mrr\nA,2026-01,1.005\n", "2:3 (mrr): `1.005` has more decimals than USD allows"),
            ("account,month,mrr\nA,2026-01,ten\n", "2:3 (mrr): `ten` is not an amount"),
            ("account,month,mrr\nA,2026-01,-5\n", "2:3 (mrr): `-5` is below zero"),
            ("account,month,mrr\nA,2026-01,99999999999999\n", "2:3 (mrr): `99999999999999` is beyond any revenue"),
            (
                "account,month,mrr\nA,2026-01,5\nA,2026-01,6\n",
                "3:3 (mrr): `A` has another amount for 2026-01 on line 2",
            ),
            (
                "account,month,mrr\nA,2026-01,5\nA,2026-03,6\n",
                "3:3 (mrr): there is no row for any month just before `2026-03`",
            ),
            ("account,month,mrr\nA,soon,5\n", "2:2 (month): `soon` is no month"),
            ("account,month,mrr\nA,,5\n", "2:2 (month): the row names no month"),
            ("account,month,mrr\n,2026-01,5\n", "2:1 (account): the row names no account"),
            ("account,month,mrr\nA,2026-01\n", "2:3 (mrr): the row has 2 cells and the first line names 3"),
            ("account,month,mrr,currency\nA,2026-01,5,dollars\n", "2:4 (currency): `dollars` is no currency"),
            ("customer,m0,m0\nA,1,2\n", "1:3: `m0` names no month of its own"),
        ];
        for (text, expected) in cases {
            let said = read(text).unwrap_err();
            assert!(said.starts_with(expected), "{text:?}: {said}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_and_counted() {
        let text = "account,month,mrr,currency\nA,2026-01,ten,dollars\nB,soon,5,USD\n,2026-01,-1,USD\nC,2026-01,5,USD\nC,2026-01,6,USD\n";
        let said = read(text).unwrap_err();
        let lines: Vec<&str> = said.lines().map(str::trim).collect();
        assert_eq!(lines.len(), 7, "{said}");
        assert_eq!(lines[0], "6 faults, none of it is taken:");
        for (at, begins) in [
            "2:3 (mrr): `ten`",
            "2:4 (currency): `dollars`",
            "3:2 (month): `soon`",
            "4:1 (account)",
            "4:3 (mrr): `-1`",
            "6:3 (mrr): `C` has another amount for 2026-01 on line 5",
        ]
        .iter()
        .enumerate()
        {
            assert!(lines[at + 1].starts_with(begins), "{begins}: {said}");
        }
        let many = format!("account,month,mrr\n{}", "A,2026-01,x\n".repeat(1_000));
        let said = read(&many).unwrap_err();
        assert!(said.starts_with("1000 faults") && said.ends_with("and 980 more"), "{said}");
        assert_eq!(said.lines().count(), 22);
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in "(account|month|mrr|customer|m1|[0-9.,;\n\" -]|é){0,60}") {
            let _ = read(&text);
        }
    }
}
