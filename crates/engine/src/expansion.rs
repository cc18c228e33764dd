//! Who is ready to buy more, and what. *Readiness* is a score of its own, defined like health in
//! `definitions/expansion/` and explained like it; it is kept apart because a healthy account may need nothing more, and
//! one that has outgrown its contract may be unhappy. *White space* is what an account could buy: seats where those it
//! has are used up, what most accounts like it hold and it does not, organisations of its group that are no customers.
//! Each [`Room`] says what it rests on and what it would bring. Absent: what is being talked about, which is an
//! opportunity and belongs to the people who talk about it.

use std::collections::{BTreeMap, HashMap};

use domain::{
    access::RowFilter,
    revenue::{Cause, Currency, Unit, View},
    scorecard::{Band, Health, Scorecard},
};
use serde::Serialize;

use crate::{Book, Row, revenue::NO_RATES};

/// Seats count as used up from this utilisation on.
const USED_UP: f64 = 0.85;

/// What more seats are meant to bring utilisation back to.
const COMFORTABLE: f64 = 0.75;

/// Accounts alike, at least, before one is compared with them.
const LEAST_PEERS: usize = 5;

/// Share of accounts alike that must hold something before it is missed.
const USUAL: f64 = 0.4;

/// What an account could buy more.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Room {
    /// Seats, a feature, a use case, an organisation: `seat`, `feature`, `use_case`, `organisation`.
    pub kind: &'static str,
    /// What.
    pub what: String,
    /// What it would bring a year, minor units of the account's currency; unknown where nobody comparable pays for it.
    pub arr_cents: Option<i64>,
    /// What that rests on, with its numbers.
    pub reason: String,
}

/// A measure that speaks for or against readiness.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    /// The metric.
    pub metric: String,
    /// Its name on screen.
    pub name: String,
    /// Its value.
    pub value: Option<f64>,
    /// Points of it, 0 to 100; unknown where the value is.
    pub points: Option<f64>,
}

/// How ready an account is, and for what.
#[derive(Debug, Clone, PartialEq)]
pub struct Prospect {
    /// The account.
    pub account_id: i64,
    /// Its readiness, with every part of it.
    pub readiness: Health,
    /// What it could buy, what would bring most first.
    pub rooms: Vec<Room>,
}

impl Prospect {
    /// What all of it would bring a year, minor units; what is unknown counts as nothing.
    pub fn arr_cents(&self) -> i64 {
        self.rooms.iter().filter_map(|room| room.arr_cents).sum()
    }
}

/// The paying accounts a filter shows with their readiness and white space, the readiest first. They are compared with all
/// accounts alike, also with those the filter does not show.
pub fn prospects(book: &Book, filter: &RowFilter) -> Vec<Prospect> {
    let peers = Peers::of(book);
    let groups = groups(book);
    let of = |row: &Row| {
        let mut rooms: Vec<Room> = seats(book, row).into_iter().collect();
        rooms.extend(peers.missed(book, row));
        rooms.extend(organisations(book, row, &groups));
        rooms.sort_by(|a, b| b.arr_cents.cmp(&a.arr_cents).then_with(|| a.what.cmp(&b.what)));
        Prospect { account_id: row.account.id, readiness: book.definitions.expansion.evaluate(&row.values), rooms }
    };
    let pays = |row: &&std::sync::Arc<Row>| row.active && book.arr_cents(row) > 0;
    let mut prospects: Vec<Prospect> = book.visible(filter).filter(pays).map(|row| of(row)).collect();
    prospects.sort_by(|a, b| {
        let key = |it: &Prospect| (it.readiness.band != Band::Unknown, it.readiness.score.unwrap_or(-1.0));
        let (a_key, b_key) = (key(a), key(b));
        b_key.0.cmp(&a_key.0).then(b_key.1.total_cmp(&a_key.1)).then(a.account_id.cmp(&b.account_id))
    });
    prospects
}

/// The measures of a readiness, those that speak loudest for it first.
pub fn reasons(book: &Book, readiness: &Health) -> Vec<Reason> {
    let card: &Scorecard = &book.definitions.expansion;
    let dimensions = card.dimensions.iter().zip(&readiness.dimensions);
    let measures = dimensions.flat_map(|(dimension, scored)| dimension.measures.iter().zip(&scored.measures));
    let mut reasons: Vec<Reason> = measures
        .map(|(measure, scored)| Reason {
            name: book.definitions.catalogue.get(&measure.metric).map_or_else(String::new, |it| it.name.clone()),
            metric: measure.metric.clone(),
            value: scored.value,
            points: scored.score,
        })
        .collect();
    reasons.sort_by(|a, b| b.points.unwrap_or(-1.0).total_cmp(&a.points.unwrap_or(-1.0)));
    reasons
}

/// What an account holds of each product: what its quantity counts, and ARR in minor units.
type Held = BTreeMap<String, (Unit, i64)>;

fn held(book: &Book, row: &Row) -> Held {
    let Ok(currency) = row.account.currency.parse::<Currency>() else { return Held::new() };
    let view = View { currency, rates: &NO_RATES, reactivation_days: None };
    let mut held = Held::new();
    for line in row.revenue.lines.iter().filter(|line| line.is_on(book.as_of) && line.currency == view.currency) {
        held.entry(line.product.to_string()).or_insert((line.unit, 0)).1 += line.arr.cents();
    }
    held
}

/// Room for seats where those under contract are used up.
fn seats(book: &Book, row: &Row) -> Option<Room> {
    let (seats, active) = (book.value(row, "seats")?, book.value(row, "active_users_28d")?);
    if seats <= 0.0 || active / seats < USED_UP {
        return None;
    }
    let wanted = (active / COMFORTABLE).ceil() - seats;
    let paid: i64 = held(book, row).values().filter(|(unit, _)| *unit == Unit::Seat).map(|(_, cents)| cents).sum();
    let arr_cents = (paid > 0).then(|| (paid as f64 / seats * wanted).round() as i64);
    let reason = format!(
        "{active:.0} people work on {seats:.0} seats ({:.0} %); {wanted:.0} more would bring that to {:.0} %.",
        100.0 * active / seats,
        100.0 * COMFORTABLE
    );
    Some(Room { kind: Cause::Seat.as_str(), what: format!("{wanted:.0} seats"), arr_cents, reason })
}

/// Accounts alike: of one tier, in one currency.
type Kin = (Option<String>, String);

/// What accounts alike hold.
struct Peers(HashMap<Kin, Vec<Held>>);

impl Peers {
    fn of(book: &Book) -> Self {
        let mut peers: HashMap<Kin, Vec<_>> = HashMap::new();
        for row in book.rows().iter().filter(|row| row.active) {
            let held = held(book, row);
            if !held.is_empty() {
                peers.entry(kin(row)).or_default().push(held);
            }
        }
        Self(peers)
    }

    /// What is usual among accounts alike, and this one does not hold.
    fn missed(&self, book: &Book, row: &Row) -> Vec<Room> {
        let mine = held(book, row);
        let Some(peers) = self.0.get(&kin(row)).filter(|peers| peers.len() > LEAST_PEERS) else { return Vec::new() };
        let mut found: BTreeMap<&str, (Unit, Vec<i64>)> = BTreeMap::new();
        for (product, (unit, cents)) in peers.iter().flatten() {
            if !mine.contains_key(product) {
                found.entry(product).or_insert((*unit, Vec::new())).1.push(*cents);
            }
        }
        let usual = found.into_iter().filter(|(_, (_, paid))| paid.len() as f64 >= USUAL * (peers.len() - 1) as f64);
        let room = |(product, (unit, mut paid)): (&str, (Unit, Vec<i64>))| {
            paid.sort_unstable();
            let like = row.account.tier.as_deref().map_or_else(String::new, |tier| format!(" of tier {tier}"));
            Room {
                kind: kind_of(unit),
                what: product.to_owned(),
                arr_cents: Some(paid[paid.len() / 2]),
                reason: format!(
                    "{} of {} accounts{like} hold it; the median pays that for it.",
                    paid.len(),
                    peers.len() - 1
                ),
            }
        };
        usual.map(room).collect()
    }
}

fn kin(row: &Row) -> Kin {
    (row.account.tier.clone(), row.account.currency.clone())
}

/// The kind of growth a product is that is not held yet: another product of seats is a feature too.
fn kind_of(unit: Unit) -> &'static str {
    match unit {
        Unit::UseCase => Cause::UseCase,
        Unit::Organisation => Cause::Organisation,
        Unit::Seat | Unit::Flat | Unit::Amount => Cause::Feature,
    }
    .as_str()
}

/// The accounts of each group of companies, by the account at its head.
fn groups(book: &Book) -> HashMap<i64, Vec<&Row>> {
    let mut groups: HashMap<i64, Vec<&Row>> = HashMap::new();
    for row in book.rows() {
        groups.entry(row.account.parent_id.unwrap_or(row.account.id)).or_default().push(row);
    }
    groups.retain(|_, rows| rows.len() > 1);
    groups
}

/// Room for the organisations of an account's group that are no customers. It is said once, at the one that pays most.
fn organisations(book: &Book, row: &Row, groups: &HashMap<i64, Vec<&Row>>) -> Option<Room> {
    let group = groups.get(&row.account.parent_id.unwrap_or(row.account.id))?;
    let paying: Vec<&&Row> = group.iter().filter(|one| one.active && book.arr_cents(one) > 0).collect();
    let first = paying.iter().max_by_key(|one| (book.arr_cents(one), -one.account.id))?;
    let others = group.len() - paying.len();
    if first.account.id != row.account.id || others == 0 {
        return None;
    }
    let mean = paying.iter().map(|one| book.arr_cents(one)).sum::<i64>() / paying.len() as i64;
    Some(Room {
        kind: Cause::Organisation.as_str(),
        what: format!("{others} of the group's organisations"),
        arr_cents: Some(mean * others as i64),
        reason: format!("{} of {} accounts of the group pay, on average that much each.", paying.len(), group.len()),
    })
}
