//! A [`Movement`] is one change of an account's ARR on a day, and a [`Bridge`] is their sum from an opening to a closing.
//! What an account's whole change on a day is decides the kind of each of its rows: from nothing it is new or a return, to
//! nothing it is churn, and in between price is told apart from quantity. A move between siblings and a change of exchange
//! rates are taken out first, since neither is anything a customer decided.

use std::sync::Arc;

use chrono::Datelike;

use super::{
    amount::{Arr, PARTS, rounded},
    ledger::{AccountLedger, Moved, Span, eve, month_of, months_after},
    line::{Line, Unit},
    mutant::{Mutant, broken},
    rates::{Currency, View},
};
use crate::Day;

/// What a change of ARR is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// From an account that never paid before.
    New,
    /// From an account that had stopped paying.
    Reactivation,
    /// An account that pays buys more.
    Expansion,
    /// An account that pays buys less, and goes on paying.
    Contraction,
    /// An account stops paying.
    Churn,
    /// The same quantity at another price, including a discount that ends.
    Price,
    /// To or from a sibling; sums to zero over both.
    Transfer,
    /// The same amount at another exchange rate.
    Fx,
}

impl Kind {
    /// Every kind, in the order of a bridge.
    pub const ALL: [Self; 8] = [
        Self::New,
        Self::Reactivation,
        Self::Expansion,
        Self::Price,
        Self::Contraction,
        Self::Churn,
        Self::Transfer,
        Self::Fx,
    ];

    /// The word used in files and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Reactivation => "reactivation",
            Self::Expansion => "expansion",
            Self::Contraction => "contraction",
            Self::Churn => "churn",
            Self::Price => "price",
            Self::Transfer => "transfer",
            Self::Fx => "fx",
        }
    }
}

/// What more, or less, was bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Users.
    Seat,
    /// Products, features or editions.
    Feature,
    /// Applications to another problem.
    UseCase,
    /// Organisations, sites, teams.
    Organisation,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 4] = [Self::Seat, Self::Feature, Self::UseCase, Self::Organisation];

    /// The word used in files and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seat => "seat",
            Self::Feature => "feature",
            Self::UseCase => "use_case",
            Self::Organisation => "organisation",
        }
    }
}

/// One change of an account's ARR on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Whose it is.
    pub account_id: i64,
    /// The first day it holds.
    pub day: Day,
    /// What it is.
    pub kind: Kind,
    /// What was bought, of an expansion or a contraction.
    pub cause: Option<Cause>,
    /// What is sold.
    pub product: Arc<str>,
    /// The currency of the subscription; the amount is in the view's.
    pub currency: Currency,
    /// The subscription.
    pub subscription_id: i64,
    /// The change; negative for less.
    pub amount: Arr,
}

/// Movements of a span by kind; losses are negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bridge {
    /// ARR at the opening.
    pub opening: Arr,
    /// By kind, in the order of [`Kind::ALL`].
    pub by_kind: [Arr; 8],
    /// Expansion less contraction by cause, in the order of [`Cause::ALL`].
    pub by_cause: [Arr; 4],
    /// Accounts.
    pub logos: Logos,
}

/// Accounts that pay, from an opening to a closing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Logos {
    /// At the opening.
    pub opening: usize,
    /// That never paid before.
    pub new: usize,
    /// That came back.
    pub reactivated: usize,
    /// That stopped.
    pub churned: usize,
    /// That pay only because a sibling handed its subscription on.
    pub moved_in: usize,
    /// That stopped because a sibling took their subscription over.
    pub moved_out: usize,
}

/// How the number of paying accounts changes with one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    New,
    Reactivated,
    Churned,
    MovedIn,
    MovedOut,
}

impl Bridge {
    /// The sum of one kind.
    pub fn of(&self, kind: Kind) -> Arr {
        self.by_kind[Kind::ALL.iter().position(|each| *each == kind).unwrap_or(0)]
    }

    /// ARR at the closing: the opening and everything that moved.
    pub fn closing(&self) -> Arr {
        self.opening + self.by_kind.iter().copied().sum()
    }

    /// Takes a movement into the sum.
    pub fn add(&mut self, movement: &Movement) {
        self.by_kind[Kind::ALL.iter().position(|each| *each == movement.kind).unwrap_or(0)] += movement.amount;
        if let Some(cause) = movement.cause {
            self.by_cause[cause as usize] += movement.amount;
        }
    }
}

impl Logos {
    /// Accounts that pay at the closing.
    pub fn closing(&self) -> usize {
        (self.opening + self.new + self.reactivated + self.moved_in).saturating_sub(self.churned + self.moved_out)
    }

    pub(super) fn turn(&mut self, turn: Turn) {
        match turn {
            Turn::New => self.new += 1,
            Turn::Reactivated => self.reactivated += 1,
            Turn::Churned => self.churned += 1,
            Turn::MovedIn => self.moved_in += 1,
            Turn::MovedOut => self.moved_out += 1,
        }
    }
}

/// What one account went through in a span, beside its movements.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// ARR at the opening.
    pub(super) opening: Arr,
    /// When it began or stopped to pay.
    pub(super) turns: Vec<(Day, Turn)>,
}

/// What happens on a day, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Revalue,
    End(usize),
    Begin(usize),
}

/// A line that begins or ends on a day, without what moved to or from a sibling.
#[derive(Debug, Clone, Copy)]
struct Side<'a> {
    line: &'a Line,
    rest: Arr,
}

impl Walk {
    /// Goes through the days of a span on which anything changes.
    pub(super) fn of(
        account: &AccountLedger,
        moved: &[Moved],
        span: Span,
        view: &View<'_>,
        mut emit: impl FnMut(Movement),
    ) -> Self {
        let events = events(account, span, view);
        let opening = account.arr(span.after, view);
        let mut walk = Self { opening, turns: Vec::new() };
        let mut total = opening;
        let ended = account.lines.iter().filter(|line| line.to <= span.after).map(|line| line.to);
        let mut stopped = if opening.is_positive() { None } else { ended.max() };
        for today in events.chunk_by(|a, b| a.0 == b.0) {
            let day = today[0].0;
            if today[0].1 == Event::Revalue {
                total += revalue(account, day, view, &mut emit);
            }
            let change = Change::on(account, moved, today, day, view);
            let before = total;
            total += change.sum();
            let turn = change.classify(account, before, stopped.map(|since| (day - since).num_days()), view, &mut emit);
            if before.is_positive() && !total.is_positive() {
                stopped = Some(day);
            }
            walk.turns.extend(turn.map(|turn| (day, turn)));
        }
        walk
    }
}

fn events(account: &AccountLedger, span: Span, view: &View<'_>) -> Vec<(Day, Event)> {
    let mut events = Vec::new();
    let mut foreign: Option<(Day, Day)> = None;
    for (at, line) in account.lines.iter().enumerate() {
        if span.contains(line.from) {
            events.push((line.from, Event::Begin(at)));
        }
        if span.contains(line.to) {
            events.push((line.to, Event::End(at)));
        }
        if !view.is_native(line) {
            let (from, to) = foreign.unwrap_or((line.from, line.to));
            foreign = Some((from.min(line.from), to.max(line.to)));
        }
    }
    if let Some((from, to)) = foreign.filter(|_| !broken(Mutant::SpotRate)) {
        let (from, to) = (from.max(span.after), to.min(span.through));
        let mut first = month_of(from).1;
        while first <= to && first < Day::MAX {
            events.push((first, Event::Revalue));
            first = months_after(first, 1);
        }
    }
    events.sort_unstable();
    events
}

/// What the month's rate changes of what was held the evening before.
fn revalue(account: &AccountLedger, day: Day, view: &View<'_>, emit: &mut impl FnMut(Movement)) -> Arr {
    let held = account.lines.iter().filter(|line| line.is_on(eve(day)) && !view.is_native(line));
    let mut sum = Arr::ZERO;
    for line in held {
        let amount = view.value(line, day) - view.value(line, eve(day));
        sum += amount;
        row(account, day, Kind::Fx, None, line, amount, emit);
    }
    sum
}

fn row(
    account: &AccountLedger,
    day: Day,
    kind: Kind,
    cause: Option<Cause>,
    line: &Line,
    amount: Arr,
    emit: &mut impl FnMut(Movement),
) {
    if !amount.is_zero() {
        let product = Arc::clone(&line.product);
        let (currency, subscription_id) = (line.currency, line.subscription_id);
        emit(Movement { account_id: account.account_id, day, kind, cause, product, currency, subscription_id, amount });
    }
}

/// The lines that end and begin on a day, and what of them moved between siblings.
struct Change<'a> {
    day: Day,
    ends: Vec<Side<'a>>,
    begins: Vec<Side<'a>>,
    moves: Vec<(&'a Line, Arr)>,
}

impl<'a> Change<'a> {
    fn on(account: &'a AccountLedger, moved: &[Moved], today: &[(Day, Event)], day: Day, view: &View<'_>) -> Self {
        let mut change = Self { day, ends: Vec::new(), begins: Vec::new(), moves: Vec::new() };
        for (_, event) in today {
            let (at, into) = match event {
                Event::Revalue => continue,
                Event::End(at) => (*at, false),
                Event::Begin(at) => (*at, true),
            };
            let line = &account.lines[at];
            let part = moved.iter().find(|moved| moved.line == at && moved.into == into);
            let part = part.map_or(Arr::ZERO, |part| view.value(&Line { arr: part.arr, ..line.clone() }, day));
            let side = Side { line, rest: view.value(line, day) - part };
            let sides = if into { &mut change.begins } else { &mut change.ends };
            sides.push(side);
            if !part.is_zero() {
                change.moves.push((line, if into { part } else { -part }));
            }
        }
        change
    }

    fn transferred(&self) -> Arr {
        self.moves.iter().map(|(_, amount)| *amount).sum()
    }

    /// The whole change of the day.
    fn sum(&self) -> Arr {
        let sum = |sides: &[Side<'_>]| sides.iter().map(|side| side.rest).sum::<Arr>();
        sum(&self.begins) - sum(&self.ends) + self.transferred()
    }

    /// Writes the rows of the day, and says how the number of paying accounts changes.
    fn classify(
        &self,
        account: &AccountLedger,
        before: Arr,
        gap_days: Option<i64>,
        view: &View<'_>,
        emit: &mut impl FnMut(Movement),
    ) -> Option<Turn> {
        let (after, handed) = (before + self.sum(), before + self.transferred());
        for (line, amount) in &self.moves {
            row(account, self.day, Kind::Transfer, None, line, *amount, emit);
        }
        let stays = after.is_positive() && (handed.is_positive() || before.is_positive());
        if stays {
            self.split(account, emit);
            return (!before.is_positive()).then_some(Turn::MovedIn);
        }
        if !after.is_positive() {
            self.all(account, Kind::Churn, emit);
            let turn = if handed.is_positive() { Turn::Churned } else { Turn::MovedOut };
            return before.is_positive().then_some(turn);
        }
        let is_return = gap_days.is_some_and(|days| view.reactivation_days.is_none_or(|most| days <= i64::from(most)));
        if !is_return || broken(Mutant::ReturnIsNew) {
            self.all(account, Kind::New, emit);
            return Some(Turn::New);
        }
        if !broken(Mutant::ReactivationDropped) {
            self.all(account, Kind::Reactivation, emit);
        }
        Some(Turn::Reactivated)
    }

    /// All rows of one kind.
    fn all(&self, account: &AccountLedger, kind: Kind, emit: &mut impl FnMut(Movement)) {
        for side in &self.ends {
            row(account, self.day, kind, None, side.line, -side.rest, emit);
        }
        for side in &self.begins {
            row(account, self.day, kind, None, side.line, side.rest, emit);
        }
    }

    /// Rows of an account that paid and goes on paying: price apart from quantity, quantity by cause.
    fn split(&self, account: &AccountLedger, emit: &mut impl FnMut(Movement)) {
        let mut begins: Vec<Option<&Side<'_>>> = self.begins.iter().map(Some).collect();
        let mut organic: Vec<(&Line, Option<Cause>, Arr)> = Vec::new();
        let mut prices: Vec<(&Line, Arr)> = Vec::new();
        for end in &self.ends {
            let same = |begin: &&mut Option<&Side<'_>>| begin.is_some_and(|begin| begin.line.goes_on_from(end.line));
            match begins.iter_mut().find(same).and_then(Option::take) {
                Some(begin) if begin.line.plan != end.line.plan => {
                    organic.push((begin.line, Some(Cause::Feature), begin.rest - end.rest));
                }
                Some(begin) => {
                    let price = price_effect(end, begin);
                    prices.push((begin.line, price));
                    organic.push((begin.line, begin.line.unit.cause(), begin.rest - end.rest - price));
                }
                None => organic.push((end.line, self.cause(account, end.line), -end.rest)),
            }
        }
        let rest = begins.into_iter().flatten();
        organic.extend(rest.map(|begin| (begin.line, self.cause(account, begin.line), begin.rest)));
        let grows = organic.iter().map(|(.., amount)| *amount).sum::<Arr>() >= Arr::ZERO;
        let kind = if grows { Kind::Expansion } else { Kind::Contraction };
        for (line, cause, amount) in organic {
            row(account, self.day, kind, cause, line, amount, emit);
        }
        for (line, amount) in prices.into_iter().filter(|_| !broken(Mutant::PriceDropped)) {
            row(account, self.day, Kind::Price, None, line, amount, emit);
        }
    }

    /// What a line without a counterpart is: more of a product that is held, or another feature.
    fn cause(&self, account: &AccountLedger, line: &Line) -> Option<Cause> {
        let held = |other: &Line| {
            !std::ptr::eq(other, line)
                && other.product == line.product
                && (other.is_on(self.day) || other.is_on(eve(self.day)))
        };
        let more = line.unit != Unit::Seat || account.lines.iter().any(held);
        if more { line.unit.cause() } else { Some(Cause::Feature) }
    }
}

impl Line {
    /// Whether it is the same thing in another quantity, edition or price.
    fn goes_on_from(&self, ended: &Self) -> bool {
        (&self.product, self.unit, self.currency) == (&ended.product, ended.unit, ended.currency)
    }
}

/// What of a change is price: the smaller quantity at the difference of the prices, to the nearest minor unit.
fn price_effect(end: &Side<'_>, begin: &Side<'_>) -> Arr {
    let (before, after) = (i128::from(end.line.quantity), i128::from(begin.line.quantity));
    if begin.line.unit == Unit::Amount || before <= 0 || after <= 0 {
        return Arr::ZERO;
    }
    if before == after {
        return begin.rest - end.rest;
    }
    let at = |side: &Side<'_>, units: i128, of: i128| {
        let whole = side.rest.0.checked_mul(units).map(|product| product / of);
        whole.map(|parts| Arr(i128::from(rounded(parts, PARTS)) * PARTS))
    };
    let effect = if after > before {
        at(begin, before, after).map(|kept| kept - end.rest)
    } else {
        at(end, after, before).map(|kept| begin.rest - kept)
    };
    effect.unwrap_or(Arr::ZERO)
}

/// The quarter of a day, from its first day.
pub(super) fn quarter_of(day: Day) -> Day {
    Day::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1).unwrap_or(day)
}
