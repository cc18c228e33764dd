//! Why a figure of revenue is what it is: its definition, the arithmetic with its numbers, why it is not another
//! definition's figure, and the rows it was computed from. The rows are a table, so the page shows and an export writes
//! exactly the same ones.

use domain::Day;
use domain::revenue::{
    Arr, Bridge, DEFINITIONS, Definition, Kind, Ledger, Measured, Movement, Percent, Points, Retention, Span, View,
};
use lake::{Cell, Column, Frame, FrameError};
use report::sheet::{self, SheetError, Value};

use super::{cohort::CohortCell, due::RenewalRate};

/// What accounts are called, and who looked after them on a day: every row is told with the CSM of its own time.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// The name of an account.
    pub name_of: &'a dyn Fn(i64) -> String,
    /// The CSM of an account on a day.
    pub csm_on: &'a dyn Fn(i64, Day) -> Option<String>,
}

impl std::fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

/// A figure with everything it rests on.
#[derive(Debug)]
pub struct Explained {
    /// Its name on screen.
    pub name: &'static str,
    /// The version of its definition, for figures that have one.
    pub version: Option<u32>,
    /// What it says, and what not.
    pub doc: &'static str,
    /// The formula in words.
    pub formula: String,
    /// The formula with its numbers.
    pub arithmetic: String,
    /// The figure, written.
    pub value: String,
    /// The days that bear on it, where it is not those of the span.
    pub over: Option<String>,
    /// What a month's share comes to in a year at the same pace.
    pub annual: Option<f64>,
    /// The same figure by other definitions, with the points between.
    pub others: Vec<Other>,
    /// The rows it was computed from.
    pub rows: Frame,
}

/// Rows as a workbook, the same ones and no others.
pub fn workbook(title: &str, rows: &Frame) -> Result<Vec<u8>, SheetError> {
    let columns: Vec<&str> = rows.columns().map(|(name, _)| name).collect();
    let cell = |row, column| match rows.cell(row, column) {
        Cell::Null => Value::Unknown,
        Cell::Int(whole) => Value::Whole(whole),
        Cell::Float(number) => Value::Number(number),
        Cell::Text(text) => Value::Text(text),
        Cell::Bool(truth) => Value::Truth(truth),
        Cell::Day(day) => Value::Day(day),
        Cell::Instant(at) => Value::Instant(at),
    };
    sheet::workbook(title, &columns, rows.len(), cell)
}

/// What another definition says of the same span.
#[derive(Debug)]
pub struct Other {
    /// That definition.
    pub definition: &'static Definition,
    /// Its figure.
    pub value: Percent,
    /// This figure less the other.
    pub points: Points,
    /// What the difference comes from: account and amount, largest first.
    pub accounts: Vec<(i64, Arr)>,
}

/// Explains a figure by its key: a definition, a kind of movement, a renewal rate, a cell of a cohort table, or `arr`. `None` where there is no such figure.
pub fn explain(
    ledger: &Ledger,
    view: &View<'_>,
    span: Span,
    key: &str,
    names: &Names<'_>,
) -> Result<Option<Explained>, FrameError> {
    let money = |arr: Arr| money(arr, view);
    if let Some(definition) = Definition::named(key) {
        return figure(definition, ledger, view, span, names).map(Some);
    }
    if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.as_str() == key) {
        let rows: Vec<Movement> =
            ledger.movements(span, view).into_iter().filter(|movement| movement.kind == kind).collect();
        let sum: Arr = rows.iter().map(|movement| movement.amount).sum();
        return Ok(Some(Explained {
            name: kind_name(kind),
            version: None,
            doc: kind_doc(kind),
            formula: "sum of the movements of this kind".to_owned(),
            arithmetic: format!("{} movements", rows.len()),
            value: money(sum),
            over: None,
            annual: None,
            others: Vec::new(),
            rows: movements(&rows, names)?,
        }));
    }
    if let Some(rate) = RenewalRate::named(key) {
        return rate.explain(ledger, view, span, names).map(Some);
    }
    if let Some(cell) = CohortCell::named(key) {
        return cell.explain(ledger, view, span.through, names);
    }
    if key != "arr" {
        return Ok(None);
    }
    let day = span.through;
    let held = ledger.accounts().iter().map(|account| (account.account_id, account.arr(day, view)));
    let held: Vec<(i64, Arr)> = held.filter(|(_, arr)| arr.is_positive()).collect();
    let bridge = ledger.bridge(span, view);
    Ok(Some(Explained {
        name: "ARR",
        version: None,
        doc: "Annual value of what recurs at the end of the day: contract items net of discounts, without pauses, one-off sales, trials and usage nobody committed to.",
        formula: "opening + new + reactivation + expansion + price + contraction + churn + transfer + fx".to_owned(),
        arithmetic: bridge_arithmetic(&bridge, money),
        value: money(ledger.arr(day, view)),
        over: None,
        annual: None,
        others: Vec::new(),
        rows: Frame::new([
            ("account_id", held.iter().map(|(id, _)| *id).collect::<Column>()),
            ("account", held.iter().map(|(id, _)| Some((names.name_of)(*id))).collect::<Column>()),
            ("csm", held.iter().map(|(id, _)| (names.csm_on)(*id, day)).collect::<Column>()),
            ("arr", held.iter().map(|(_, arr)| units(*arr)).collect::<Column>()),
        ])?,
    }))
}

/// An amount as it is written exactly.
pub fn money(arr: Arr, view: &View<'_>) -> String {
    domain::money::Money { cents: arr.cents(), currency: view.currency.to_string() }.to_string()
}

/// The name of a kind of movement on screen.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::New => "New",
        Kind::Reactivation => "Returned",
        Kind::Expansion => "Expansion",
        Kind::Price => "Price",
        Kind::Contraction => "Contraction",
        Kind::Churn => "Churn",
        Kind::Transfer => "Transfer",
        Kind::Fx => "Exchange rates",
    }
}

fn kind_doc(kind: Kind) -> &'static str {
    match kind {
        Kind::New => "First revenue of accounts that never paid before.",
        Kind::Reactivation => "Revenue of accounts that had stopped paying and came back.",
        Kind::Expansion => "More seats, features, use cases or organisations, of accounts that already paid.",
        Kind::Price => "The same quantity at another price, including discounts that begin or end.",
        Kind::Contraction => "Fewer seats, features, use cases or organisations, of accounts that go on paying.",
        Kind::Churn => "Revenue of accounts that stopped paying, on the day their last contract ended.",
        Kind::Transfer => "Contracts that a sibling took over; nothing was won or lost by them.",
        Kind::Fx => "The same amounts at the next month's exchange rates.",
    }
}

fn bridge_arithmetic(bridge: &Bridge, money: impl Fn(Arr) -> String) -> String {
    let kinds = Kind::ALL.into_iter().map(|kind| bridge.of(kind)).filter(|amount| !amount.is_zero());
    let parts = kinds.map(|amount| {
        if amount < Arr::ZERO { format!(" − {}", money(-amount)) } else { format!(" + {}", money(amount)) }
    });
    format!("{}{}", money(bridge.opening), parts.collect::<String>())
}

fn figure(
    definition: &'static Definition,
    ledger: &Ledger,
    view: &View<'_>,
    span: Span,
    names: &Names<'_>,
) -> Result<Explained, FrameError> {
    let (bridge, retention) = (ledger.bridge(span, view), ledger.retention(span, view));
    let spans = Span::months(domain::time::days_after(span.after, 1), span.through);
    let months: Vec<Retention> = spans.iter().map(|month| ledger.retention(*month, view)).collect();
    let measured = Measured { retention: &retention, bridge: &bridge, months: &months };
    let share = |ratio| Percent(ratio).to_string();
    let ratio = definition.evaluate(&measured);
    let annual = ratio.filter(|_| months.len() == 1).and_then(|month| definition.annualised(month.as_f64()));
    let value = ratio.map(|ratio| match definition.is_share() {
        true => share(ratio),
        false => format!("{:.2}", ratio.as_f64()),
    });
    let others = DEFINITIONS.iter().filter(|other| other.key != definition.key).filter_map(|other| {
        let difference = definition.differs_from(other, &measured)?;
        let value = Percent(other.evaluate(&measured)?);
        Some(Other { definition: other, value, points: difference.points, accounts: difference.accounts })
    });
    let others = others.filter(|other| related(definition.key, other.definition.key)).collect();
    Ok(Explained {
        name: definition.name,
        version: Some(definition.version),
        doc: definition.doc,
        formula: definition.formula(),
        arithmetic: definition.arithmetic(&measured, |arr| money(arr, view)),
        value: value.unwrap_or_else(|| "undefined: its base is zero".to_owned()),
        over: None,
        annual,
        others,
        rows: accounts(definition, &retention, span, names)?,
    })
}

/// Whether two definitions are ways to say the same thing: both of net, or both of gross retention.
fn related(ours: &str, theirs: &str) -> bool {
    ours.split('_').next() == theirs.split('_').next()
}

/// Amounts in whole units, for tables.
fn units(arr: Arr) -> f64 {
    arr.cents() as f64 / 100.0
}

fn accounts(
    definition: &Definition,
    retention: &Retention,
    span: Span,
    names: &Names<'_>,
) -> Result<Frame, FrameError> {
    let rows = &retention.accounts;
    let counts = rows.iter().map(|row| definition.counts(row).map(units));
    Frame::new([
        ("account_id", rows.iter().map(|row| row.account_id).collect::<Column>()),
        ("account", rows.iter().map(|row| Some((names.name_of)(row.account_id))).collect::<Column>()),
        ("csm", rows.iter().map(|row| (names.csm_on)(row.account_id, span.after)).collect::<Column>()),
        ("opening", rows.iter().map(|row| units(row.opening)).collect::<Column>()),
        ("closing", rows.iter().map(|row| units(row.closing)).collect::<Column>()),
        ("lowest", rows.iter().map(|row| row.opening.is_positive().then(|| units(row.lowest))).collect::<Column>()),
        ("counts_with", counts.collect::<Column>()),
    ])
}

fn movements(rows: &[Movement], names: &Names<'_>) -> Result<Frame, FrameError> {
    Frame::new([
        ("day", rows.iter().map(|row| Some(row.day)).collect::<Column>()),
        ("account_id", rows.iter().map(|row| row.account_id).collect::<Column>()),
        ("account", rows.iter().map(|row| Some((names.name_of)(row.account_id))).collect::<Column>()),
        ("csm", rows.iter().map(|row| (names.csm_on)(row.account_id, row.day)).collect::<Column>()),
        ("kind", rows.iter().map(|row| row.kind.as_str()).collect::<Column>()),
        ("cause", rows.iter().map(|row| row.cause.map(domain::revenue::Cause::as_str)).collect::<Column>()),
        ("product", rows.iter().map(|row| &*row.product).collect::<Column>()),
        ("sold_in", rows.iter().map(|row| Some(row.currency.to_string())).collect::<Column>()),
        ("subscription_id", rows.iter().map(|row| row.subscription_id).collect::<Column>()),
        ("amount", rows.iter().map(|row| units(row.amount)).collect::<Column>()),
    ])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::revenue::{AccountLedger, Currency, Line, Price, Rates, Unit};

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn sold(account_id: i64, yearly_cents: i64, from: &str) -> Arc<AccountLedger> {
        let line = Line {
            subscription_id: account_id,
            continues_id: None,
            product: "Suite".into(),
            plan: "Pro".into(),
            unit: Unit::Seat,
            quantity: 1,
            currency: Currency::USD,
            arr: Price::yearly(yearly_cents).arr().unwrap(),
            from: day(from),
            to: Day::MAX,
        };
        Arc::new(AccountLedger::of_lines(account_id, vec![line]))
    }

    #[test]
    fn a_workbook_has_exactly_the_rows_of_the_figure() {
        let ledger: Ledger = [sold(1, 9_000_050, "2026-03-05"), sold(2, 1, "2026-04-01"), sold(3, 77, "2026-06-01")]
            .into_iter()
            .collect();
        let rates = Rates::none();
        let view = View { currency: Currency::USD, rates: &rates, reactivation_days: None };
        let span = Span { after: day("2026-02-28"), through: day("2026-05-31") };
        let name = |id: i64| ["Alder, Inc.", "=Birch"][id as usize - 1].to_owned();
        let names = Names { name_of: &name, csm_on: &|id, _| (id == 1).then(|| "Ada".to_owned()) };
        let explained = explain(&ledger, &view, span, "new", &names).unwrap().unwrap();
        let workbook = workbook("New", &explained.rows).unwrap();
        let read = connectors::csv::workbook(&workbook[..], None, None).unwrap();
        let mut csv = Vec::new();
        explained.rows.write_csv(&mut csv).unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace('\r', "");
        let (read, csv) = (text(read.text), text(csv));
        assert_eq!(csv.lines().count(), 3, "{csv}");
        assert_eq!(read, csv.replace("'=Birch", "=Birch"), "CSV guards against formulas, a sheet knows text");
        assert!(csv.contains("2026-03-05,1,\"Alder, Inc.\",Ada,new,") && csv.ends_with("0.01\n"), "{csv}");
    }
}
