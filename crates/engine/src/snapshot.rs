//! The snapshot: every metric of every account as of a day, and from them the
//! health of each. A [`Basis`] is what is known at one moment, read once;
//! [`Basis::book`] computes any day from it. One definition of a metric so
//! serves the screens, the history and the back-test, and the same basis gives
//! the same bits, in whatever order its facts arrived.

mod alone;
mod explain;
mod plan;
mod relation;
mod tables;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, LazyLock},
};

use domain::{
    Day, Instant,
    metric::{Metric, Unit, WhenEmpty},
    revenue::Currency,
    time::{end_of, start_of},
};
use futures::future::BoxFuture;
use lake::{Column, Frame, FrameError, Lake, Params, View, expression::Formula};
use store::{Account, Assignment, Member, Store, SubscriptionItem, assignment};

pub use explain::Explanation;

use crate::{
    EngineError,
    book::{self, Book, Owner, Row},
    definitions::Definitions,
    lifetime::{self, Appraiser, Buyers, Contracts, Lifetime, Model, Subject},
    revenue::{
        self, Ledgers, Steps,
        conventions::{Conventions, Lens},
    },
};
pub(crate) use plan::Plan;
use plan::Query;
pub(crate) use relation::Relation;
pub(crate) use tables::{lay, lay_invoices, lay_revenue};

/// Queries of one snapshot that run at the same time: each is spread over the cores by itself, and all of them share
/// the lake's memory.
const TOGETHER: usize = 2;

/// What is known, read once, from which any day can be computed.
#[derive(Debug, Clone)]
pub struct Basis {
    view: View,
    accounts: Vec<Account>,
    assignments: Vec<Assignment>,
    revenue: Ledgers,
    steps: BTreeMap<i64, Arc<Steps>>,
    contracts: Contracts,
    buyers: Buyers,
    lifetime: Option<Arc<Model>>,
    members: HashMap<i64, Member>,
    known_on: Option<Instant>,
    only: Option<Vec<i64>>,
    present: BTreeSet<&'static str>,
    conventions: Arc<Conventions>,
    lens: Arc<Lens>,
}

/// What to read into a basis.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// Only what was recorded before this instant; everything when absent.
    pub known_on: Option<Instant>,
    /// Only these accounts; the whole book when absent.
    pub accounts: Option<Vec<i64>>,
    /// What values accounts; without it, and for days before it, what is to come stays unknown.
    pub lifetime: Option<Arc<Model>>,
    /// Relations the whole book has rows of, when only some accounts are read.
    pub present: BTreeSet<&'static str>,
    /// The currency the whole book is read in, when only some accounts are read.
    pub currency: Option<Currency>,
}

impl Basis {
    /// Reads the store and opens the lake at one moment.
    pub fn load<'a>(store: &'a Store, lake: &'a Lake, ask: Ask) -> BoxFuture<'a, Result<Self, EngineError>> {
        Box::pin(async move {
            let facts = store.reading(ask.known_on, ask.accounts.as_deref()).await?;
            let view = crate::seal::view(store, lake, ask.known_on).await?;
            let view = tables::lay(view, &facts, |table| table != "invoice").await?;
            let subscriptions = facts.all().await?;
            let conventions = Arc::new(Conventions::load(store, ask.known_on).await?);
            let items: Vec<SubscriptionItem> = facts.all().await?;
            let revenue = revenue::ledgers(&subscriptions, &items, conventions.set.contracts_from);
            let contracts = Contracts::new(&subscriptions);
            let lens = Arc::new(match ask.currency {
                Some(currency) => conventions.lens_into(currency),
                None => conventions.lens_of(&revenue, revenue::last_said(&subscriptions, &items)),
            });
            let view = tables::lay_revenue(view, &revenue, &lens)?;
            let view = tables::lay_invoices(view, &facts, &lens).await?;
            let steps = revenue::steps(&revenue, &lens.view());
            let (accounts, assignments): (Vec<Account>, _) = (facts.all().await?, facts.all().await?);
            let mut buyers = Buyers::default();
            if accounts.iter().any(|account| !steps.contains_key(&account.id)) {
                facts.each_page(|invoices| buyers.add(&invoices, &steps, &lens.view())).await?;
            }
            facts.end().await?;
            let members = store::member::all(store).await?.into_iter().map(|member| (member.id, member)).collect();
            Ok(Self {
                view,
                accounts,
                assignments,
                contracts,
                buyers,
                revenue,
                steps,
                lifetime: ask.lifetime,
                members,
                known_on: ask.known_on,
                only: ask.accounts,
                present: ask.present,
                conventions,
                lens,
            })
        })
    }

    /// The tables themselves, for read-only SQL.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Computes every metric and the health of every account as of a day.
    pub fn book<'a>(
        &'a self,
        definitions: &'a Arc<Definitions>,
        as_of: Day,
        computed_at: Instant,
    ) -> BoxFuture<'a, Result<Book, EngineError>> {
        Box::pin(async move {
            let accounts: Vec<&Account> = self.accounts.iter().filter(|account| begins_by(account, as_of)).collect();
            let mut grid = Grid::new(&accounts, definitions, self.present.clone());
            let plan = &definitions.plan;
            let mut frames = Vec::new();
            for queries in plan.queries.chunks(TOGETHER) {
                let together = queries.iter().map(|query| self.run(query, as_of));
                frames.extend(futures::future::try_join_all(together).await?);
            }
            for (query, frame) in plan.queries.iter().zip(&frames) {
                grid.note_seen(query, frame)?;
            }
            for (query, frame) in plan.queries.iter().zip(&frames) {
                grid.take(query, frame)?;
            }
            for (at, formula) in &definitions.formulas {
                grid.derive(*at, formula)?;
            }
            let present = std::mem::take(&mut grid.present);
            let mut rows = self.rows(definitions, &accounts, grid, as_of);
            self.appraise(definitions, &mut rows, as_of)?;
            let book = Book::new(as_of, self.known_on, computed_at, Arc::clone(definitions), present, rows);
            Ok(book.read_by(Arc::clone(&self.conventions), Arc::clone(&self.lens)))
        })
    }

    /// Says of every row what the account is worth, and computes the metrics that wait for it.
    fn appraise(&self, definitions: &Definitions, rows: &mut [Row], as_of: Day) -> Result<(), FrameError> {
        let definition = &definitions.lifetime;
        let knows = |model: &&Arc<Model>| model.as_of <= as_of && model.definition == definition.fingerprint;
        let model = self.lifetime.as_ref().filter(knows).map(|model| &**model);
        let readings = lifetime::read(definitions, &rows.iter().collect::<Vec<_>>(), as_of)?;
        let readings: HashMap<i64, _> = rows.iter().map(|row| row.account.id).zip(readings).collect();
        let bought = self.bought(as_of);
        let subjects: Vec<Subject<'_>> =
            rows.iter().map(|row| self.subject(&row.account, &row.steps, &bought)).collect();
        let lifetimes = Appraiser { definition, model, day: as_of }
            .appraise_all(&subjects, |account_id| readings.get(&account_id).cloned().unwrap_or_default());
        for (row, lifetime) in rows.iter_mut().zip(lifetimes) {
            for (at, output) in &definitions.lifetime_columns {
                row.values[*at] = lifetime.output(output).filter(|value| value.is_finite());
            }
            row.lifetime = lifetime;
        }
        for (at, formula) in &definitions.late {
            let wanted = |name: &str| formula.columns().any(|column| column == name);
            let values = formula.evaluate(&book::columns(definitions, &rows.iter().collect::<Vec<_>>(), wanted)?)?;
            let metric = &definitions.catalogue.metrics()[*at];
            rows.iter_mut().zip(values).for_each(|(row, value)| row.values[*at] = stored(metric, value));
        }
        Ok(())
    }

    /// Days and amounts of what was bought without a contract, as it stood at the end of a day, by account.
    pub(crate) fn bought(&self, day: Day) -> HashMap<i64, Vec<(Day, i64)>> {
        self.buyers.as_of(day)
    }

    /// Every account with its past.
    pub(crate) fn subjects<'a>(&'a self, bought: &'a HashMap<i64, Vec<(Day, i64)>>) -> Vec<Subject<'a>> {
        let steps = |account: &Account| self.steps.get(&account.id).unwrap_or(&NO_STEPS);
        self.accounts.iter().map(|account| self.subject(account, steps(account), bought)).collect()
    }

    fn subject<'a>(
        &'a self,
        account: &'a Account,
        steps: &'a Arc<Steps>,
        bought: &'a HashMap<i64, Vec<(Day, i64)>>,
    ) -> Subject<'a> {
        let purchases = bought.get(&account.id).map_or(&[][..], Vec::as_slice);
        Subject { account, steps, terms: self.contracts.of(account.id), purchases }
    }

    async fn run(&self, query: &Query, as_of: Day) -> Result<Frame, EngineError> {
        let sql = query.sql(self.known_on.is_some(), self.only.as_deref());
        Ok(self.view.query(&sql, &self.params(as_of, query.window_days)).await?)
    }

    fn params(&self, as_of: Day, window_days: Option<u32>) -> Params {
        params(self.known_on, as_of, window_days)
    }

    fn rows(&self, definitions: &Definitions, accounts: &[&Account], grid: Grid<'_>, as_of: Day) -> Vec<Row> {
        let mut assigned: HashMap<i64, Vec<&Assignment>> = HashMap::new();
        for assignment in &self.assignments {
            assigned.entry(assignment.account_id).or_default().push(assignment);
        }
        let names: HashMap<i64, Arc<str>> =
            self.members.iter().map(|(id, member)| (*id, member.name.as_str().into())).collect();
        let name = |member_id| names.get(&member_id).cloned();
        let values = grid.into_rows();
        let rows = accounts.iter().zip(values).map(|(account, values)| {
            let mut team = assigned.remove(&account.id).unwrap_or_default();
            let csms = revenue::segments::tenures(team.iter().copied(), name);
            team.retain(|one| one.effective_from <= as_of && one.effective_to.is_none_or(|to| to > as_of));
            let owner = team.iter().find(|assignment| assignment.role == assignment::Role::Csm);
            Row {
                account: (*account).clone(),
                active: account.customer_to.is_none_or(|to| to > as_of),
                owner: owner.and_then(|one| Some(Owner { member_id: one.member_id, name: name(one.member_id)? })),
                team: team.iter().map(|assignment| assignment.member_id).collect(),
                csms,
                health: definitions.scorecard.evaluate(&values),
                values,
                revenue: self.revenue.get(&account.id).cloned().unwrap_or_default(),
                steps: self.steps.get(&account.id).cloned().unwrap_or_default(),
                lifetime: Lifetime::default(),
                signals: Vec::new(),
                trend: Vec::new(),
                month_ends: Vec::new(),
            }
        });
        rows.collect()
    }
}

/// What the texts of relations are asked with; a window is days back from the end of the day.
fn params(known_on: Option<Instant>, as_of: Day, window_days: Option<u32>) -> Params {
    let end = end_of(as_of);
    let since = window_days.map_or(Instant::UNIX_EPOCH, |days| end - chrono::TimeDelta::days(i64::from(days)));
    let params = Params::new()
        .instant("end", end)
        .int("end_us", end.timestamp_micros())
        .day("day", as_of)
        .int("day_number", start_of(as_of).timestamp() / 86_400)
        .instant("since", since);
    match known_on {
        Some(known) => params.instant("known", known),
        None => params,
    }
}

/// Whether the account existed by the end of a day, as far as its record says.
fn begins_by(account: &Account, as_of: Day) -> bool {
    account.customer_from.is_none_or(|from| from <= as_of)
}

/// Values on their way into rows: one column per metric, one line per account.
struct Grid<'a> {
    metrics: &'a [Metric],
    ids: Vec<i64>,
    line: HashMap<i64, usize>,
    columns: Vec<Vec<Option<f64>>>,
    seen: HashMap<&'static str, Vec<bool>>,
    present: BTreeSet<&'static str>,
}

impl<'a> Grid<'a> {
    fn new(accounts: &[&Account], definitions: &'a Definitions, present: BTreeSet<&'static str>) -> Self {
        let metrics = definitions.catalogue.metrics();
        let ids: Vec<i64> = accounts.iter().map(|account| account.id).collect();
        let line = ids.iter().enumerate().map(|(line, id)| (*id, line)).collect();
        let columns = vec![vec![None; ids.len()]; metrics.len()];
        Self { metrics, ids, line, columns, seen: HashMap::new(), present }
    }

    /// The line of each row of a frame.
    fn lines(&self, frame: &Frame) -> Result<Vec<Option<usize>>, EngineError> {
        Ok(frame.ints("account_id")?.map(|id| id.and_then(|id| self.line.get(&id).copied())).collect())
    }

    /// Remembers which accounts ever had a row of the relation.
    fn note_seen(&mut self, query: &Query, frame: &Frame) -> Result<(), EngineError> {
        if !query.counts_all {
            return Ok(());
        }
        if !frame.is_empty() {
            self.present.insert(query.relation.name);
        }
        let mut seen = vec![false; self.ids.len()];
        for line in self.lines(frame)?.into_iter().flatten() {
            seen[line] = true;
        }
        self.seen.insert(query.relation.name, seen);
        Ok(())
    }

    /// Fills the metrics of one query, and what an absent row means for each.
    fn take(&mut self, query: &Query, frame: &Frame) -> Result<(), EngineError> {
        self.fill_empty(query.relation, &query.metrics);
        let lines = self.lines(frame)?;
        for &at in &query.metrics {
            for (line, value) in lines.iter().zip(frame.floats(&format!("m{at}"))?) {
                if let Some(line) = line {
                    self.columns[at][*line] = value.filter(|value| value.is_finite());
                }
            }
        }
        Ok(())
    }

    fn fill_empty(&mut self, relation: Relation, metrics: &[usize]) {
        for &at in metrics {
            let zero = Some(0.0);
            match self.metrics[at].when_empty {
                WhenEmpty::Zero if self.present.contains(relation.rests_on()) => self.columns[at].fill(zero),
                WhenEmpty::Unknown | WhenEmpty::Zero => {}
                WhenEmpty::ZeroIfSeen => {
                    let seen = self.seen.get(relation.rests_on()).map_or(&[][..], Vec::as_slice);
                    for (value, seen) in self.columns[at].iter_mut().zip(seen) {
                        *value = seen.then_some(0.0);
                    }
                }
            }
        }
    }

    /// Fills a metric over metrics. Formulas speak in whole units of money, columns hold minor units.
    fn derive(&mut self, at: usize, formula: &Formula) -> Result<(), EngineError> {
        let inputs = self
            .metrics
            .iter()
            .zip(&self.columns)
            .filter(|(metric, _)| formula.columns().any(|column| column == metric.key));
        let columns = inputs.map(|(metric, values)| {
            (metric.key.as_str(), values.iter().map(|value| spoken(metric, *value)).collect::<Column>())
        });
        let lines = ("account_id", Column::from(self.ids.clone()));
        let values = formula.evaluate(&Frame::new(std::iter::once(lines).chain(columns))?)?;
        self.columns[at] = values.into_iter().map(|value| stored(&self.metrics[at], value)).collect();
        Ok(())
    }

    fn into_rows(self) -> Vec<Vec<Option<f64>>> {
        (0..self.ids.len()).map(|line| self.columns.iter().map(|column| column[line]).collect()).collect()
    }
}

/// No revenue at all.
static NO_STEPS: LazyLock<Arc<Steps>> = LazyLock::new(Arc::default);

/// A value that an expression gave, as columns hold it.
fn stored(metric: &Metric, value: Option<f64>) -> Option<f64> {
    if metric.unit == Unit::Money { value.map(|units| (units * 100.0).round()) } else { value }
}

/// A value as expressions read it: money in whole units, everything else as it is.
pub(crate) fn spoken(metric: &Metric, value: Option<f64>) -> Option<f64> {
    if metric.unit == Unit::Money { value.map(|cents| cents / 100.0) } else { value }
}
