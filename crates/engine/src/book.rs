//! A [`Book`] is the snapshot of all accounts as of a day, held in memory: what
//! the screens read. A [`Row`] is one account with its metrics, health, open
//! signals and trend. Books are immutable; a refreshed account makes a new book
//! that shares every other row.

pub(crate) mod derived;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use domain::{
    Day, Instant,
    access::RowFilter,
    metric::{Metric, Unit},
    money::Money,
    revenue::{AccountLedger, Currency, Ledger},
    scorecard::{Band, Health},
    signal::{self, Severity},
};
use lake::{Column, Frame, FrameError, Kind};
use store::{Account, account::Stage};

use crate::{
    definitions::Definitions,
    expansion::Prospects,
    lifetime::{Lifetime, Tier},
    revenue::{
        Steps,
        conventions::{Conventions, Lens},
        segments::Owners,
    },
    snapshot::spoken,
};
use derived::Derived;

/// All accounts as of a day.
#[derive(Debug, Clone)]
pub struct Book {
    /// The day.
    pub as_of: Day,
    /// Only what was recorded before this instant, if that was asked.
    pub known_on: Option<Instant>,
    /// When it was computed.
    pub computed_at: Instant,
    /// Grows with every change of the current book.
    pub version: u64,
    /// What it was computed by.
    pub definitions: Arc<Definitions>,
    /// Relations the book has any row of.
    pub(crate) present: BTreeSet<&'static str>,
    /// How its revenue is read.
    pub conventions: Arc<Conventions>,
    /// The one currency its money is in, with the rates into it.
    pub lens: Arc<Lens>,
    rows: Vec<Arc<Row>>,
    position: Arc<HashMap<i64, usize>>,
    pub(crate) derived: Derived,
}

/// What a list of accounts can be narrowed to, in the order of a menu.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// The CSMs, by name.
    pub owners: Vec<Owner>,
    /// The tiers.
    pub tiers: Vec<String>,
}

/// One account as of a day.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its record.
    pub account: Account,
    /// Whether it is a customer on the day.
    pub active: bool,
    /// Its CSM.
    pub owner: Option<Owner>,
    /// Everybody assigned to it, in any role.
    pub team: Vec<i64>,
    /// Its CSMs over time.
    pub csms: Arc<[Tenure]>,
    /// One value per metric of the catalogue; money in minor units.
    pub values: Vec<Option<f64>>,
    /// Its health.
    pub health: Health,
    /// Its contracts and the recurring revenue that follows from them.
    pub revenue: Arc<AccountLedger>,
    /// The same as monthly amounts over time.
    pub steps: Arc<Steps>,
    /// What it is worth.
    pub lifetime: Lifetime,
    /// Signals open on it.
    pub signals: Vec<OpenSignal>,
    /// Health at the end of each of the last weeks, oldest first.
    pub trend: Vec<Option<f64>>,
    /// The band of its health at the ends of the last months, oldest first; nothing where it was no customer.
    pub month_ends: Vec<Option<Band>>,
}

/// The member who looks after an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The member's id.
    pub member_id: i64,
    /// Their name.
    pub name: Arc<str>,
}

/// A CSM on an account, from a day to a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenure {
    /// Who.
    pub member_id: i64,
    /// What they are called; unknown where there is no such member.
    pub name: Option<Arc<str>>,
    /// First day.
    pub from: Day,
    /// First day no longer; `None` while it holds.
    pub to: Option<Day>,
}

/// A signal that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSignal {
    /// The signal's id.
    pub id: i64,
    /// Its rule.
    pub rule: String,
    /// Its name on screen.
    pub name: String,
    /// Risk or opportunity.
    pub kind: signal::Kind,
    /// How much it matters.
    pub severity: Severity,
    /// Since when.
    pub opened_at: Instant,
}

impl Book {
    /// A book of rows in the order of their accounts' ids.
    pub(crate) fn new(
        as_of: Day,
        known_on: Option<Instant>,
        computed_at: Instant,
        definitions: Arc<Definitions>,
        present: BTreeSet<&'static str>,
        rows: Vec<Row>,
    ) -> Self {
        let rows: Vec<_> = rows.into_iter().map(Arc::new).collect();
        let position = index(&rows);
        let conventions: Arc<Conventions> = Arc::default();
        let lens = Arc::new(conventions.lens_into(Currency::USD));
        Self {
            as_of,
            known_on,
            computed_at,
            version: 0,
            definitions,
            present,
            conventions,
            lens,
            rows,
            position,
            derived: Derived::default(),
        }
    }

    /// The same rows, their revenue read otherwise.
    #[must_use]
    pub(crate) fn read_by(self, conventions: Arc<Conventions>, lens: Arc<Lens>) -> Self {
        Self { conventions, lens, derived: Derived::default(), ..self }
    }

    /// The code of the currency its money is in.
    pub fn currency(&self) -> &str {
        self.lens.currency.as_str()
    }

    /// A book without accounts: what is known before anything was computed.
    pub(crate) fn empty(as_of: Day, computed_at: Instant, definitions: Arc<Definitions>) -> Self {
        Self::new(as_of, None, computed_at, definitions, BTreeSet::new(), Vec::new())
    }

    /// The row of an account.
    pub fn row(&self, account_id: i64) -> Option<&Arc<Row>> {
        self.position.get(&account_id).map(|&at| &self.rows[at])
    }

    /// The row of an account, if the filter shows it.
    pub fn visible_row(&self, account_id: i64, filter: &RowFilter) -> Option<&Arc<Row>> {
        self.row(account_id).filter(|row| row.visible(filter))
    }

    /// The rows a filter shows, by account id.
    pub fn visible<'a>(&'a self, filter: &'a RowFilter) -> impl Iterator<Item = &'a Arc<Row>> {
        let (all, some): (&[Arc<Row>], _) = match filter {
            RowFilter::All => (&self.rows, BTreeSet::new()),
            RowFilter::Members(members) => (&[], self.of_members(members)),
        };
        all.iter().chain(some.into_iter().map(|at| &self.rows[at]))
    }

    /// Where the rows stand to which one of some members is assigned.
    fn of_members(&self, members: &[i64]) -> BTreeSet<usize> {
        let teams = self.derived.standing.teams.get_or_init(|| {
            let mut teams: HashMap<i64, Vec<usize>> = HashMap::new();
            for (at, row) in self.rows.iter().enumerate() {
                row.team.iter().for_each(|member| teams.entry(*member).or_default().push(at));
            }
            teams
        });
        members.iter().filter_map(|member| teams.get(member)).flatten().copied().collect()
    }

    /// Every row, for the engine itself; screens use [`Self::visible`].
    pub fn rows(&self) -> &[Arc<Row>] {
        &self.rows
    }

    /// What an account is called.
    pub fn name_of(&self, account_id: i64) -> String {
        self.row(account_id).map_or_else(|| format!("account {account_id}"), |row| row.account.name.clone())
    }

    /// The value of a metric in a row.
    pub fn value(&self, row: &Row, metric: &str) -> Option<f64> {
        let position = self.definitions.catalogue.position(metric)?;
        row.values.get(position).copied().flatten()
    }

    /// ARR of a row in minor units of the book's currency; nothing under contract is zero, and what has no rate is unknown.
    pub fn arr_cents(&self, row: &Row) -> Option<i64> {
        let known = self.value(row, "arr").map(|cents| cents as i64);
        known.or_else(|| row.steps.known(self.as_of).filter(|monthly| *monthly == 0))
    }

    /// A book in which some rows are replaced or added.
    #[must_use]
    pub(crate) fn with_rows(&self, fresh: Vec<Row>, version: u64, computed_at: Instant) -> Self {
        let mut rows = self.rows.clone();
        let mut added = Vec::new();
        let derived = self.derived.after(&fresh, |id| self.row(id).map(|row| &**row));
        for row in fresh {
            match self.position.get(&row.account.id) {
                Some(&at) => rows[at] = Arc::new(row),
                None => added.push(Arc::new(row)),
            }
        }
        let position = if added.is_empty() {
            Arc::clone(&self.position)
        } else {
            rows.extend(added);
            rows.sort_by_key(|row| row.account.id);
            index(&rows)
        };
        Self {
            as_of: self.as_of,
            known_on: self.known_on,
            computed_at,
            version,
            definitions: Arc::clone(&self.definitions),
            present: self.present.clone(),
            conventions: Arc::clone(&self.conventions),
            lens: Arc::clone(&self.lens),
            rows,
            position,
            derived,
        }
    }

    /// What the rows a filter shows can be narrowed to.
    pub fn choices(&self, filter: &RowFilter) -> Arc<Choices> {
        match filter {
            RowFilter::All => {
                Arc::clone(self.derived.choices.get_or_init(|| Arc::new(Choices::of(self.visible(filter)))))
            }
            RowFilter::Members(_) => Arc::new(Choices::of(self.visible(filter))),
        }
    }

    /// The snapshot as a table, in the order of [`Self::rows`]: what segments and
    /// signals are expressions over. Money is in whole units.
    pub fn frame(&self) -> Result<&Frame, FrameError> {
        if let Some(frame) = self.derived.frame.get() {
            return Ok(frame);
        }
        let frame = table(&self.definitions, &self.rows)?;
        Ok(self.derived.frame.get_or_init(|| frame))
    }

    /// The contracts of all accounts.
    pub fn ledger(&self) -> &Ledger {
        let standing = &self.derived.standing;
        standing.ledger.get_or_init(|| self.rows.iter().map(|row| Arc::clone(&row.revenue)).collect())
    }

    /// Who looked after which account at any time.
    pub fn owners(&self) -> &Arc<Owners> {
        self.derived.standing.owners.get_or_init(|| Arc::new(Owners::of(&self.rows)))
    }

    /// Every paying account with what it could buy more; screens use [`crate::expansion::prospects`].
    pub(crate) fn prospects(&self) -> &Arc<Prospects> {
        let before = self.derived.prospects_before.as_ref();
        self.derived.prospects.get_or_init(|| Arc::new(Prospects::of(self, before)))
    }
}

impl Choices {
    fn of<'a>(rows: impl Iterator<Item = &'a Arc<Row>>) -> Self {
        let (mut owners, mut tiers) = (BTreeMap::new(), BTreeSet::new());
        for row in rows {
            if let Some(owner) = &row.owner {
                owners.entry(owner.member_id).or_insert(owner);
            }
            tiers.extend(row.account.tier.as_deref());
        }
        let mut owners: Vec<Owner> = owners.into_values().cloned().collect();
        owners.sort_by(|a, b| a.name.cmp(&b.name));
        Self { owners, tiers: tiers.into_iter().map(str::to_owned).collect() }
    }
}

impl Row {
    /// Whether a filter shows the account.
    pub fn visible(&self, filter: &RowFilter) -> bool {
        match filter {
            RowFilter::All => true,
            RowFilter::Members(members) => self.team.iter().any(|member| members.contains(member)),
        }
    }

    /// Its tier of value; unknown where its future is.
    pub fn value_tier<'a>(&self, definitions: &'a Definitions) -> Option<&'a Tier> {
        definitions.lifetime.tiers.get(self.lifetime.tier?)
    }

    /// Whether it counts as at risk: red, or with an open risk of high severity.
    pub fn at_risk(&self) -> bool {
        let severe = |signal: &OpenSignal| signal.kind == signal::Kind::Risk && signal.severity == Severity::High;
        self.health.band == Band::Red || self.signals.iter().any(severe)
    }
}

fn index(rows: &[Arc<Row>]) -> Arc<HashMap<i64, usize>> {
    Arc::new(rows.iter().enumerate().map(|(at, row)| (row.account.id, at)).collect())
}

/// The words of an account that expressions may use beside the metrics, with what they hold.
pub(crate) const ATTRIBUTES: [(&str, Kind); 20] = [
    ("account_id", Kind::Int),
    ("external_id", Kind::Text),
    ("name", Kind::Text),
    ("domain", Kind::Text),
    ("status", Kind::Text),
    ("kind", Kind::Text),
    ("tier", Kind::Text),
    ("industry", Kind::Text),
    ("region", Kind::Text),
    ("stage", Kind::Text),
    ("currency", Kind::Text),
    ("employees", Kind::Int),
    ("customer_from", Kind::Day),
    ("csm", Kind::Text),
    ("health", Kind::Float),
    ("band", Kind::Text),
    ("coverage", Kind::Float),
    ("open_signals", Kind::Int),
    ("at_risk", Kind::Bool),
    ("value_tier", Kind::Text),
];

/// Rows as a table: the account's own words, health, then every metric; money in whole units.
pub fn table(definitions: &Definitions, rows: &[Arc<Row>]) -> Result<Frame, FrameError> {
    columns(definitions, &rows.iter().map(|row| &**row).collect::<Vec<_>>(), |_| true)
}

/// The columns that are wanted, and always the account's id.
pub(crate) fn columns(
    definitions: &Definitions,
    rows: &[&Row],
    wanted: impl Fn(&str) -> bool,
) -> Result<Frame, FrameError> {
    let attributes = ATTRIBUTES.iter().filter(|(name, _)| *name == "account_id" || wanted(name));
    let attributes = attributes.map(|(name, _)| ((*name).to_owned(), attribute(name, definitions, rows)));
    let metrics = definitions.catalogue.metrics().iter().enumerate().filter(|(_, metric)| wanted(&metric.key));
    let metrics = metrics.map(|(at, metric)| {
        let values = rows.iter().map(|row| spoken(metric, row.values.get(at).copied().flatten()));
        (metric.key.clone(), values.collect::<Column>())
    });
    Frame::new(attributes.chain(metrics))
}

/// One of [`ATTRIBUTES`] of some rows.
fn attribute(name: &str, definitions: &Definitions, rows: &[&Row]) -> Column {
    let rows = rows.iter();
    match name {
        "account_id" => rows.map(|row| row.account.id).collect(),
        "external_id" => rows.map(|row| row.account.external_id.as_str()).collect(),
        "name" => rows.map(|row| row.account.name.as_str()).collect(),
        "domain" => rows.map(|row| row.account.domain.as_deref()).collect(),
        "status" => rows.map(|row| if row.active { row.account.status.as_str() } else { "churned" }).collect(),
        "kind" => rows.map(|row| row.account.kind.as_str()).collect(),
        "tier" => rows.map(|row| row.account.tier.as_deref()).collect(),
        "industry" => rows.map(|row| row.account.industry.as_deref()).collect(),
        "region" => rows.map(|row| row.account.region.as_deref()).collect(),
        "stage" => rows.map(|row| row.account.stage.map(Stage::as_str)).collect(),
        "currency" => rows.map(|row| row.account.currency.as_str()).collect(),
        "employees" => rows.map(|row| row.account.employees).collect(),
        "customer_from" => rows.map(|row| row.account.customer_from).collect(),
        "csm" => rows.map(|row| row.owner.as_ref().map(|owner| &*owner.name)).collect(),
        "health" => rows.map(|row| row.health.score).collect(),
        "band" => rows.map(|row| row.health.band.as_str()).collect(),
        "coverage" => rows.map(|row| row.health.coverage).collect(),
        "open_signals" => rows.map(|row| row.signals.len() as i64).collect(),
        "at_risk" => rows.map(|row| row.at_risk()).collect(),
        _ => rows.map(|row| row.value_tier(definitions).map(|tier| tier.key.as_str())).collect(),
    }
}

impl Book {
    /// A metric's value of a row as a person writes it. What is billed is in the currency of the account, all else that is
    /// money in the book's.
    pub fn written(&self, row: &Row, metric: &Metric, value: f64) -> String {
        let currency = if metric.group == "billing" { &row.account.currency } else { self.currency() };
        written(metric.unit, value, currency)
    }
}

/// A metric's value as a person writes it, with its unit.
pub fn written(unit: Unit, value: f64, currency: &str) -> String {
    match unit {
        Unit::Count | Unit::Points => trimmed(value),
        Unit::Share => format!("{} %", trimmed(value * 100.0)),
        Unit::Ratio => format!("{value:.3}"),
        Unit::Days => format!("{} d", trimmed(value)),
        Unit::Hours => format!("{} h", trimmed(value)),
        Unit::Money => Money { cents: value as i64, currency: currency.to_owned() }.to_string(),
        Unit::Flag => if value == 0.0 { "no" } else { "yes" }.to_owned(),
    }
}

/// At most one decimal, and none where it is zero.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}
