//! Who is ready to buy more, and what. *Readiness* is a score of its own, defined like health in
//! `definitions/expansion/` and explained like it; it is kept apart because a healthy account may need nothing more, and
//! one that has outgrown its contract may be unhappy. *White space* is what an account could buy: seats where those it
//! has are used up, what most accounts like it hold and it does not, organisations of its group that are no customers.
//! Each [`Room`] says what it rests on and what it would bring. What was sold and is not used stands beside it as
//! [`Idle`]: it is worth more to have that used than to sell more of it. Absent: what is being talked about, which is an
//! opportunity and belongs to the people who talk about it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use domain::{
    access::RowFilter,
    revenue::{Arr, Cause, Unit},
    scorecard::{Band, Health, Scorecard},
};
use serde::Serialize;

use crate::{Book, Row};

/// Seats count as used up from this utilisation on.
const USED_UP: f64 = 0.85;

/// What more seats are meant to bring utilisation back to.
const COMFORTABLE: f64 = 0.75;

/// Accounts alike, at least, before one is compared with them.
const LEAST_PEERS: usize = 5;

/// Share of accounts alike that must hold something before it is missed.
const USUAL: f64 = 0.4;

/// Prospects are made anew altogether where more than one in so many rows changed.
const MOST_PATCHED: usize = 4;

/// What an account could buy more.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Room {
    /// Seats, a feature, a use case, an organisation: `seat`, `feature`, `use_case`, `organisation`.
    pub kind: &'static str,
    /// What.
    pub what: String,
    /// What it would bring a year, minor units of the book's currency; unknown where nobody comparable pays for it.
    pub arr_cents: Option<i64>,
    /// What that rests on, with its numbers.
    pub reason: String,
}

/// What an account has by its contract and does not use.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Idle {
    /// `seat` or `feature`.
    pub kind: &'static str,
    /// How many it has.
    pub has: f64,
    /// How many of them it used in the last 28 days.
    pub uses: f64,
    /// The metric that explains the use.
    pub metric: &'static str,
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
    /// What it has and does not use.
    pub idle: Vec<Idle>,
}

impl Idle {
    /// How many are not used.
    pub fn unused(&self) -> f64 {
        self.has - self.uses
    }
}

impl Prospect {
    /// What all of it would bring a year, minor units; what is unknown counts as nothing.
    pub fn arr_cents(&self) -> i64 {
        self.rooms.iter().filter_map(|room| room.arr_cents).sum()
    }
}

/// The paying accounts a filter shows with their readiness and white space, the readiest first. They are compared with all
/// accounts alike, also with those the filter does not show.
pub fn prospects(book: &Book, filter: &RowFilter) -> Vec<Arc<Prospect>> {
    let seen = |it: &&Arc<Prospect>| book.visible_row(it.account_id, filter).is_some();
    book.prospects().readiest.iter().filter(seen).cloned().collect()
}

/// The prospects of a book, and what they are compared by.
#[derive(Debug)]
pub(crate) struct Prospects {
    holdings: Arc<Holdings>,
    readiest: Vec<Arc<Prospect>>,
}

impl Prospects {
    /// Those of every account; of a book that differs in some rows from one whose prospects are known, and in no contract,
    /// only theirs are made anew.
    pub(crate) fn of(book: &Book, before: Option<&(Arc<Self>, Vec<i64>)>) -> Self {
        let groups = groups(book);
        let Some((known, changed)) = before.filter(|(_, changed)| changed.len() < book.rows().len() / MOST_PATCHED)
        else {
            let holdings = Arc::new(Holdings::of(book));
            let all = book.rows().iter().filter_map(|row| Prospect::of(book, row, &holdings, &groups)).map(Arc::new);
            return Self { readiest: by_readiness(all.collect()), holdings };
        };
        let holdings = Arc::clone(&known.holdings);
        let fresh =
            changed.iter().filter_map(|id| Prospect::of(book, book.row(*id)?, &holdings, &groups)).map(Arc::new);
        let stays = |it: &&Arc<Prospect>| changed.binary_search(&it.account_id).is_err();
        let all = known.readiest.iter().filter(stays).cloned().chain(fresh).collect();
        Self { readiest: by_readiness(all), holdings }
    }
}

impl Prospect {
    /// That of an account; `None` for one that does not pay.
    fn of(book: &Book, row: &Row, holdings: &Holdings, groups: &HashMap<i64, Vec<&Row>>) -> Option<Self> {
        if !row.active || !pays(book, row) {
            return None;
        }
        let mut rooms: Vec<Room> = seats(book, row, holdings).into_iter().collect();
        rooms.extend(holdings.missed(row));
        rooms.extend(organisations(book, row, groups));
        rooms.sort_by(|a, b| b.arr_cents.cmp(&a.arr_cents).then_with(|| a.what.cmp(&b.what)));
        let readiness = book.definitions.expansion.evaluate(&row.values);
        Some(Self { account_id: row.account.id, readiness, rooms, idle: idle(book, row) })
    }
}

/// Whether anything recurs, as far as its amount is known.
fn pays(book: &Book, row: &Row) -> bool {
    book.arr_cents(row).is_some_and(|cents| cents > 0)
}

fn by_readiness(mut prospects: Vec<Arc<Prospect>>) -> Vec<Arc<Prospect>> {
    let key = |it: &Prospect| (it.readiness.band != Band::Unknown, it.readiness.score.unwrap_or(-1.0));
    prospects.sort_by(|a, b| {
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
    let (view, day) = (book.lens.view(), book.as_of);
    let mut held = Held::new();
    for line in row.revenue.lines.iter().filter(|line| line.is_on(day)) {
        // What has no rate is in nobody's amounts.
        if let Some(cents) = view.known_value(line, day).map(Arr::cents) {
            held.entry(line.product.to_string()).or_insert((line.unit, 0)).1 += cents;
        }
    }
    held
}

/// Room for seats where those under contract are used up.
fn seats(book: &Book, row: &Row, holdings: &Holdings) -> Option<Room> {
    let (seats, active) = (book.value(row, "seats")?, book.value(row, "active_users_28d")?);
    if seats <= 0.0 || active / seats < USED_UP {
        return None;
    }
    let wanted = (active / COMFORTABLE).ceil() - seats;
    let held = holdings.by_account.get(&row.account.id);
    let paid: i64 =
        held.into_iter().flatten().filter(|(_, (unit, _))| *unit == Unit::Seat).map(|(_, (_, it))| it).sum();
    let arr_cents = (paid > 0).then(|| (paid as f64 / seats * wanted).round() as i64);
    let reason = format!(
        "{active:.0} people work on {seats:.0} seats ({:.0} %); {wanted:.0} more would bring that to {:.0} %.",
        100.0 * active / seats,
        100.0 * active / (seats + wanted)
    );
    Some(Room { kind: Cause::Seat.as_str(), what: format!("{wanted:.0} seats"), arr_cents, reason })
}

/// What an account has by its contract against what it uses: features it is entitled to, seats it pays for.
fn idle(book: &Book, row: &Row) -> Vec<Idle> {
    let against = |kind: Cause, has: &str, uses: &str, metric| {
        let (has, uses) = (book.value(row, has)?, book.value(row, uses)?);
        (has > uses).then_some(Idle { kind: kind.as_str(), has, uses, metric })
    };
    let features = against(Cause::Feature, "features_entitled", "features_used_28d", "adoption_breadth");
    let seats = against(Cause::Seat, "seats", "active_users_28d", "seat_utilisation");
    [features, seats].into_iter().flatten().collect()
}

/// Accounts alike: of one tier, in one currency.
type Kin = (Option<String>, String);

/// What accounts hold, and what those alike do.
#[derive(Debug)]
struct Holdings {
    by_account: HashMap<i64, Held>,
    alike: HashMap<Kin, Alike>,
}

/// What accounts alike hold of each product: what its quantity counts, and what each of its holders pays, sorted.
#[derive(Debug, Default)]
struct Alike {
    accounts: usize,
    products: BTreeMap<String, (Unit, Vec<i64>)>,
}

impl Holdings {
    fn of(book: &Book) -> Self {
        let mut holdings = Self { by_account: HashMap::new(), alike: HashMap::new() };
        for row in book.rows().iter().filter(|row| row.active) {
            let held = held(book, row);
            if held.is_empty() {
                continue;
            }
            let alike = holdings.alike.entry(kin(row)).or_default();
            alike.accounts += 1;
            for (product, (unit, cents)) in &held {
                alike.products.entry(product.clone()).or_insert((*unit, Vec::new())).1.push(*cents);
            }
            holdings.by_account.insert(row.account.id, held);
        }
        let paid = holdings.alike.values_mut().flat_map(|alike| alike.products.values_mut());
        for (_, paid) in paid {
            paid.sort_unstable();
        }
        holdings
    }

    /// What is usual among accounts alike, and this one does not hold.
    fn missed(&self, row: &Row) -> Vec<Room> {
        let mine = self.by_account.get(&row.account.id);
        let Some(alike) = self.alike.get(&kin(row)).filter(|alike| alike.accounts > LEAST_PEERS) else {
            return Vec::new();
        };
        let others = alike.accounts - 1;
        let lacks = |product: &String| mine.is_none_or(|mine| !mine.contains_key(product));
        let usual = alike
            .products
            .iter()
            .filter(|(product, (_, paid))| paid.len() as f64 >= USUAL * others as f64 && lacks(product));
        let room = |(product, (unit, paid)): (&String, &(Unit, Vec<i64>))| {
            let like = row.account.tier.as_deref().map_or_else(String::new, |tier| format!(" of tier {tier}"));
            Room {
                kind: kind_of(*unit),
                what: product.clone(),
                arr_cents: Some(paid[paid.len() / 2]),
                reason: format!("{} of {others} accounts{like} hold it; the median pays that for it.", paid.len()),
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
    let paying: Vec<&&Row> = group.iter().filter(|one| one.active && pays(book, one)).collect();
    let first = paying.iter().max_by_key(|one| (book.arr_cents(one), -one.account.id))?;
    let others = group.len() - paying.len();
    if first.account.id != row.account.id || others == 0 {
        return None;
    }
    let mean = paying.iter().filter_map(|one| book.arr_cents(one)).sum::<i64>() / paying.len() as i64;
    Some(Room {
        kind: Cause::Organisation.as_str(),
        what: format!("{others} of the group's organisations"),
        arr_cents: Some(mean * others as i64),
        reason: format!("{} of {} accounts of the group pay, on average that much each.", paying.len(), group.len()),
    })
}
