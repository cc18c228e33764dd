//! From the book's own past to a [`Model`]: how far months were off what chances said, how often and by how much accounts
//! grew and shrank, how many came and with what. Everything is cut off at the day of the model, so that a model of last
//! spring can be judged by the summer. It is learned in the background, after lifetime value, whose chances it counts on.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use domain::{
    Day,
    revenue::{AccountLedger, Arr, Kind, Ledger, Span, View, months_before},
    time::days_before,
};
use stats::{
    portfolio::{Arrivals, Changes},
    shock::{Common, Period, Prior},
};

use store::{RenewalForecast, renewal_forecast};

use super::{BySize, Model, backtest, drawn::Drawn};
use crate::{
    Book, Engine, EngineError,
    lifetime::{self, Contracts, Looker, Past, Subject},
    revenue::conventions::Lens,
};

/// Months of the past that are learned from.
const HISTORY: u32 = 36;

/// Months of the past from which arrivals are learned: what was won long ago says little about what will be.
const RECENT: usize = 24;

/// Events that the belief weighs as much as: three years of thirty accounts that grow once a year outweigh it ten times.
const BELIEF: f64 = 9.0;

/// Learns today's model where there is none yet and the chances it counts on are known.
pub async fn bring_up_to_date(engine: &Engine) -> Result<(), EngineError> {
    lifetime::bring_up_to_date(engine).await?;
    keep_fresh(engine).await
}

/// The same where lifetime value has been learned anew, or the day has turned.
pub(crate) async fn keep_fresh(engine: &Engine) -> Result<(), EngineError> {
    let Some(lifetime) = engine.lifetime() else { return Ok(()) };
    let book = engine.book();
    let fresh = |model: &Arc<Model>| {
        model.as_of == engine.today() && Arc::ptr_eq(&model.lifetime, &lifetime) && model.lens == book.lens
    };
    if engine.forecast().as_ref().is_some_and(fresh) || book.as_of != engine.today() {
        return Ok(());
    }
    if let Some(model) = learn(engine, lifetime).await? {
        engine.set_forecast(model);
    }
    Ok(())
}

async fn learn(engine: &Engine, lifetime: Arc<lifetime::Model>) -> Result<Option<Model>, EngineError> {
    let (book, past) = (engine.book(), lifetime::past(engine).await?);
    let facts = engine.store().reading(None, None).await?;
    let contracts = Contracts::new(&facts.all().await?);
    facts.end().await?;
    let origins = backtest::origins(&past, engine.today());
    let mut vintages = BTreeMap::new();
    for origin in origins {
        if let Some(model) = engine.lifetime_as_of(origin, None).await?.filter(|model| model.hazards.is_some()) {
            vintages.insert(origin, model);
        }
    }
    let since = months_before(engine.today(), HISTORY + 12);
    let frozen = renewal_forecast::due_between(engine.store().read(), since, engine.today()).await?;
    let learned = tokio::task::spawn_blocking(move || {
        let ledger = book.ledger();
        let (lens, view) = (Arc::clone(&book.lens), book.lens.view());
        let known = Known {
            book: &book,
            since: first_change(ledger, &view, book.as_of),
            view,
            lens,
            ledger,
            subjects: subjects(&book, &contracts),
            past: &past,
            frozen: &frozen,
        };
        let model = known.model(book.as_of, &lifetime)?;
        Some(Model { backtest: backtest::run(&known, &vintages), ..model })
    });
    Ok(learned.await?)
}

fn subjects<'a>(book: &'a Book, contracts: &'a Contracts) -> Vec<Subject<'a>> {
    let subject = |row: &'a Arc<crate::Row>| Subject {
        account: &row.account,
        steps: &row.steps,
        terms: contracts.of(row.account.id),
        purchases: &[],
    };
    book.rows().iter().map(subject).collect()
}

/// The day of the first movement that is more than an arrival. Contracts may have been running for years when a company
/// begins to keep their changes; months in which none could be seen were not calm.
fn first_change(ledger: &Ledger, view: &View<'_>, day: Day) -> Day {
    let first = ledger.accounts().iter().filter_map(|account| account.first_day()).min().unwrap_or(day);
    let movements = ledger.movements(Span { after: days_before(first, 1), through: day }, view);
    let changes = movements.iter().filter(|movement| !matches!(movement.kind, Kind::New | Kind::Fx));
    changes.map(|movement| movement.day).min().unwrap_or(day)
}

/// Everything there is to learn from, through today; what is asked of it is asked as of a day.
pub(super) struct Known<'a> {
    pub(super) book: &'a Book,
    /// The day changes were first kept.
    pub(super) since: Day,
    pub(super) view: View<'a>,
    pub(super) lens: Arc<Lens>,
    pub(super) ledger: &'a Ledger,
    pub(super) subjects: Vec<Subject<'a>>,
    pub(super) past: &'a Past,
    /// What was said of renewals at the ends of months.
    pub(super) frozen: &'a [RenewalForecast],
}

impl Known<'_> {
    /// What a lifetime model's hazards can be asked; `None` where it has none.
    pub(super) fn looker<'a>(&'a self, lifetime: &'a lifetime::Model) -> Option<Looker<'a>> {
        let definition = &self.book.definitions.lifetime;
        Some(Looker { definition, hazards: lifetime.hazards.as_ref()?, subjects: &self.subjects, past: self.past })
    }

    /// What was learned by the end of a day, counting on a model of lifetime value that knew nothing later.
    pub(super) fn model(&self, day: Day, lifetime: &Arc<lifetime::Model>) -> Option<Model> {
        let today = self.amounts(day);
        let mut leaving = Tally::of(&today);
        let losses = self.looker(lifetime)?.losses(self.since, day, HISTORY as usize, |monthly, chance, left| {
            leaving.add(12 * monthly, f64::from(u8::from(left)), chance);
        });
        let months = self.months(day);
        let seen = Seen::of(self, &months);
        let amounts: Vec<Vec<i64>> = months.iter().map(|month| self.amounts(month.after)).collect();
        let paying: Vec<usize> = amounts.iter().map(Vec::len).collect();
        let growth = growth(&seen.up, &amounts, &today);
        let even = BySize { factors: [1.0; 3], ..growth };
        let recent = months.len().saturating_sub(RECENT);
        Some(Model {
            as_of: day,
            lens: Arc::clone(&self.lens),
            losses: Common::fit(&losses, Prior::USUAL),
            down: changes(&seen.down, &paying, &amounts, &even),
            up: changes(&seen.up, &paying, &amounts, &growth),
            growth,
            leaving: leaving.factors(1.0),
            arrivals: arrivals(&seen.new[recent..]),
            backtest: None,
            lifetime: Arc::clone(lifetime),
            drawn: Drawn::default(),
        })
    }

    /// What each account that pays at the end of a day pays a year.
    fn amounts(&self, day: Day) -> Vec<i64> {
        let amounts = self.ledger.accounts().iter().map(|account| account.arr(day, &self.view).cents());
        amounts.filter(|cents| *cents > 0).collect()
    }

    /// The months up to a day, counted back from it, since changes were kept; oldest first.
    fn months(&self, day: Day) -> Vec<Span> {
        let month = |back: u32| Span { after: months_before(day, back + 1), through: months_before(day, back) };
        let mut months: Vec<Span> = (0..HISTORY).map(month).take_while(|month| month.after >= self.since).collect();
        months.reverse();
        months
    }
}

/// Changes of each month: of amounts before and after, and amounts that came.
struct Seen {
    up: Vec<Vec<(i64, i64)>>,
    down: Vec<Vec<(i64, i64)>>,
    new: Vec<Vec<i64>>,
}

impl Seen {
    fn of(known: &Known<'_>, months: &[Span]) -> Self {
        let count = months.len();
        let mut seen =
            Self { up: vec![Vec::new(); count], down: vec![Vec::new(); count], new: vec![Vec::new(); count] };
        let (Some(first), Some(last)) = (months.first(), months.last()) else { return seen };
        // What an account decided on a day is one change, however many lines of its contract it took.
        let mut days: BTreeMap<(i64, Day), (Arr, Arr)> = BTreeMap::new();
        for movement in known.ledger.movements(Span { after: first.after, through: last.through }, &known.view) {
            let (changed, came) = days.entry((movement.account_id, movement.day)).or_default();
            match movement.kind {
                Kind::Expansion | Kind::Contraction | Kind::Price => *changed += movement.amount,
                Kind::New | Kind::Reactivation => *came += movement.amount,
                Kind::Churn | Kind::Transfer | Kind::Fx => {}
            }
        }
        let accounts: HashMap<i64, &AccountLedger> =
            known.ledger.accounts().iter().map(|account| (account.account_id, &**account)).collect();
        for ((account_id, day), (changed, came)) in days {
            let month = months.partition_point(|month| month.through < day);
            let before = accounts.get(&account_id).map_or(Arr::ZERO, |it| it.arr(days_before(day, 1), &known.view));
            let change = (before.cents(), (before + changed).cents());
            if came.is_positive() {
                seen.new[month].push(came.cents());
            } else if change.0 > 0 && change.1 > change.0 {
                seen.up[month].push(change);
            } else if change.1 > 0 && change.1 < change.0 {
                seen.down[month].push(change);
            }
        }
        seen
    }
}

/// Changes of months in which accounts paid so much each.
fn changes(months: &[Vec<(i64, i64)>], paying: &[usize], amounts: &[Vec<i64>], by_size: &BySize) -> Changes {
    let count: usize = months.iter().map(Vec::len).sum();
    let exposed: usize = paying.iter().sum();
    let rate = count as f64 / exposed.max(1) as f64;
    let period = |(month, paying): (&Vec<(i64, i64)>, &usize)| {
        let paying = *paying as f64;
        Period { expected: rate * paying, squares: rate * rate * paying, observed: month.len() as f64 }
    };
    let periods: Vec<Period> = months.iter().zip(paying).map(period).collect();
    let mut changes = Changes::new(rate, Common::fit(&periods, Prior::USUAL), months.iter().flatten().copied());
    // Accounts of one third still differ: the rate is moved towards that at which the past comes out right in money.
    let seen: f64 = months.iter().flatten().map(|(before, after)| (after - before) as f64).sum();
    let drawn: f64 =
        amounts.iter().flatten().map(|amount| rate * by_size.of(*amount) * changes.mean_change(*amount)).sum();
    if drawn.abs() > 0.0 {
        let weight = count as f64 / (count as f64 + BELIEF);
        changes.rate *= 1.0 + weight * (seen / drawn - 1.0).clamp(-0.5, 1.0);
    }
    changes
}

/// What was seen and expected by thirds of what accounts pay.
struct Tally {
    by_size: BySize,
    seen: [f64; 3],
    expected: [f64; 3],
}

impl Tally {
    fn of(today: &[i64]) -> Self {
        let mut sorted = today.to_vec();
        sorted.sort_unstable();
        let cut = |third: usize| sorted.get(sorted.len() * third / 3).copied().unwrap_or(0);
        let by_size = BySize { cuts: [cut(1), cut(2)], factors: [1.0; 3] };
        Self { by_size, seen: [0.0; 3], expected: [0.0; 3] }
    }

    fn add(&mut self, amount: i64, seen: f64, expected: f64) {
        let third = self.by_size.third(amount);
        self.seen[third] += seen;
        self.expected[third] += expected;
    }

    /// Seen over expected, a rate of which is one to be expected, each third leaning on one.
    fn factors(self, rate: f64) -> BySize {
        let factor = |at: usize| (self.seen[at] + BELIEF) / (self.expected[at] * rate + BELIEF);
        BySize { factors: std::array::from_fn(factor), ..self.by_size }
    }
}

/// How often each third of the accounts grew, by what they paid, against all of them.
fn growth(months: &[Vec<(i64, i64)>], paying: &[Vec<i64>], today: &[i64]) -> BySize {
    let mut tally = Tally::of(today);
    months.iter().flatten().for_each(|(before, _)| tally.add(*before, 1.0, 0.0));
    paying.iter().flatten().for_each(|amount| tally.add(*amount, 0.0, 1.0));
    let rate = tally.seen.iter().sum::<f64>() / tally.expected.iter().sum::<f64>().max(1.0);
    tally.factors(rate)
}

fn arrivals(months: &[Vec<i64>]) -> Arrivals {
    let count: usize = months.iter().map(Vec::len).sum();
    let rate = count as f64 / months.len().max(1) as f64;
    // Nobody was at risk of arriving: the count is Poisson.
    let period = |month: &Vec<i64>| Period { expected: rate, squares: 0.0, observed: month.len() as f64 };
    let periods: Vec<Period> = months.iter().map(period).collect();
    let mut amounts: Vec<i64> = months.iter().flatten().copied().collect();
    amounts.sort_unstable();
    Arrivals { rate, common: Common::fit(&periods, Prior::USUAL), amounts, hazard: 0.0 }
}
