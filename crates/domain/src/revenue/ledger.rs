//! The [`Ledger`] of a book: every account's lines, with what moved between siblings. It answers what recurs on a day and
//! what changed over a span; a ledger of some accounts is the same ledger, restricted, so that a subscription that moved to a
//! sibling one may not see is still no churn.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::{Datelike, Months};

use super::{
    amount::Arr,
    line::Line,
    movement::{Bridge, Movement, Walk},
    mutant::{Mutant, broken},
    rates::{Currency, NoRate, View},
    statement::Statement,
    subscription::{Fault, Subscription, Wrong},
};
use crate::Day;

/// The days after one day and through another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The day whose end opens the span.
    pub after: Day,
    /// The day whose end closes it.
    pub through: Day,
}

/// The subscriptions of one account and the lines that follow from them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountLedger {
    /// Whose it is.
    pub account_id: i64,
    /// Contracts as they stand, by id.
    pub subscriptions: Vec<Subscription>,
    /// Recurring lines, by first day.
    pub lines: Vec<Line>,
    /// What is wrong with items.
    pub faults: Vec<Fault>,
    /// What each source says, where several do.
    pub statements: Vec<Statement>,
}

/// The ledgers of many accounts.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    accounts: Vec<Arc<AccountLedger>>,
    moved: Arc<HashMap<i64, Vec<Moved>>>,
}

/// A part of a line that went to, or came from, a sibling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moved {
    /// The line, by its place in the account's ledger.
    pub(super) line: usize,
    /// Whether it came in.
    pub(super) into: bool,
    /// How much of it.
    pub(super) arr: Arr,
    /// The day.
    pub(super) day: Day,
    /// The sibling.
    pub(super) other: i64,
}

/// A contract of an account whose revenue is unknown in the currency that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    /// Whose it is.
    pub account_id: i64,
    /// The subscription.
    pub subscription_id: i64,
    /// Its own currency.
    pub currency: Currency,
    /// Whether its own amount could be converted, and it is left out for its account's sake.
    pub has_rate: bool,
    /// ARR at the opening, in its own currency.
    pub opening: Arr,
    /// ARR at the closing, in its own currency.
    pub closing: Arr,
}

impl Span {
    /// The month that contains a day.
    pub fn month(day: Day) -> Self {
        let (first, next) = month_of(day);
        Self { after: eve(first), through: eve(next) }
    }

    /// Whether a day is one of the span.
    pub fn contains(self, day: Day) -> bool {
        self.after < day && day <= self.through
    }

    /// The months from one day's through another's, oldest first; the last ends with the second day at the latest.
    pub fn months(from: Day, through: Day) -> Vec<Self> {
        let month = |n: u32| Self::month(months_after(month_of(from).0, n));
        let spans = (0..).map(month).take_while(|span| span.after < through && span.through < Day::MAX);
        spans.map(|span| Self { through: span.through.min(through), ..span }).collect()
    }
}

impl AccountLedger {
    /// The ledger of subscriptions as they stand.
    pub fn new(account_id: i64, mut subscriptions: Vec<Subscription>) -> Self {
        subscriptions.sort_by_key(|subscription| (subscription.from, subscription.id));
        let (mut lines, mut faults) = (Vec::new(), Vec::new());
        for subscription in &subscriptions {
            let renewed =
                subscription.to.is_some_and(|to| subscriptions.iter().any(|next| next.renews(subscription.id, to)));
            subscription.lines(renewed, &mut lines, &mut faults);
            if let Some(to) = subscription.to.filter(|to| *to < subscription.from) {
                let wrong = Wrong::TermEndsBeforeStart { from: subscription.from, to };
                faults.push(Fault { account_id, subscription_id: subscription.id, item_id: None, wrong });
            }
        }
        lines.sort_by_key(|line| line.from);
        Self { account_id, subscriptions, lines, faults, statements: Vec::new() }
    }

    /// The same with what each source says.
    #[must_use]
    pub fn with_statements(self, statements: Vec<Statement>) -> Self {
        Self { statements, ..self }
    }

    /// The same with what else is wrong, and could not become a subscription.
    #[must_use]
    pub fn with_faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.faults.extend(faults);
        self
    }

    /// A ledger of lines alone, as a bare list of monthly amounts gives them.
    pub fn of_lines(account_id: i64, mut lines: Vec<Line>) -> Self {
        lines.sort_by_key(|line| line.from);
        Self { account_id, lines, ..Self::default() }
    }

    /// ARR at the end of a day.
    pub fn arr(&self, day: Day, view: &View<'_>) -> Arr {
        self.arr_at_rates(day, day, view)
    }

    /// ARR at the end of a day at the rates of another.
    pub fn arr_at_rates(&self, day: Day, rates: Day, view: &View<'_>) -> Arr {
        self.lines.iter().filter(|line| line.is_on(day)).map(|line| view.value(line, rates)).sum()
    }

    /// ARR at the end of a day; `None` where a part of it has no rate.
    pub fn known_arr(&self, day: Day, view: &View<'_>) -> Option<Arr> {
        self.lines.iter().filter(|line| line.is_on(day)).map(|line| view.known_value(line, day)).sum()
    }

    /// The first day anything recurred.
    pub fn first_day(&self) -> Option<Day> {
        self.lines.first().map(|line| line.from)
    }
}

impl Subscription {
    /// Whether it goes on where a subscription of the same account ended.
    pub(super) fn renews(&self, id: i64, ended: Day) -> bool {
        self.id != id && (self.continues_id == Some(id) || self.continues_id.is_none() && self.from == ended)
    }
}

impl FromIterator<Arc<AccountLedger>> for Ledger {
    fn from_iter<I: IntoIterator<Item = Arc<AccountLedger>>>(accounts: I) -> Self {
        let accounts: Vec<_> = accounts.into_iter().collect();
        let moved = Arc::new(moves(&accounts));
        Self { accounts, moved }
    }
}

impl Ledger {
    /// The same ledger of some accounts; what moved between them and others is still a transfer.
    #[must_use]
    pub fn only(&self, keep: impl Fn(i64) -> bool) -> Self {
        let accounts = self.accounts.iter().filter(|account| keep(account.account_id)).cloned().collect();
        Self { accounts, moved: Arc::clone(&self.moved) }
    }

    /// The same ledger in parts, by what a group an account is in; each part as [`Self::only`] would make it.
    pub(super) fn split<G: Ord>(&self, group: impl Fn(i64) -> G) -> BTreeMap<G, Self> {
        let mut parts: BTreeMap<G, Self> = BTreeMap::new();
        for account in &self.accounts {
            let part = parts.entry(group(account.account_id));
            let part = part.or_insert_with(|| Self { accounts: Vec::new(), moved: Arc::clone(&self.moved) });
            part.accounts.push(Arc::clone(account));
        }
        parts
    }

    /// The ledgers of its accounts.
    pub fn accounts(&self) -> &[Arc<AccountLedger>] {
        &self.accounts
    }

    /// ARR at the end of a day.
    pub fn arr(&self, day: Day, view: &View<'_>) -> Arr {
        self.accounts.iter().map(|account| account.arr(day, view)).sum()
    }

    /// Accounts for which anything recurs at the end of a day.
    pub fn paying(&self, day: Day, view: &View<'_>) -> usize {
        self.accounts.iter().filter(|account| account.arr(day, view).is_positive()).count()
    }

    /// Every movement of a span: by account, and of each account by day.
    pub fn movements(&self, span: Span, view: &View<'_>) -> Vec<Movement> {
        let mut rows = Vec::new();
        for account in &self.accounts {
            Walk::of(account, self.moved(account.account_id), span, view, |movement| rows.push(movement));
        }
        rows
    }

    /// What led from the opening to the closing of a span.
    pub fn bridge(&self, span: Span, view: &View<'_>) -> Bridge {
        self.bridges(&[span], view).pop().unwrap_or_default()
    }

    /// The same of consecutive spans, each opening where the one before closed; one pass over the ledger.
    pub fn bridges(&self, spans: &[Span], view: &View<'_>) -> Vec<Bridge> {
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else {
            return Vec::new();
        };
        let whole = Span { after: first.after, through: last.through };
        let mut bridges = vec![Bridge::default(); spans.len()];
        let of = |day: Day| spans.partition_point(|span| span.through < day);
        for account in &self.accounts {
            let walked = Walk::of(account, self.moved(account.account_id), whole, view, |movement| {
                bridges[of(movement.day)].add(&movement);
            });
            bridges[0].opening += walked.opening;
            bridges[0].logos.opening += usize::from(walked.opening.is_positive());
            for (day, turn) in walked.turns {
                bridges[of(day)].logos.turn(turn);
            }
        }
        let (mut opening, mut paying) = (bridges[0].opening, bridges[0].logos.opening);
        for bridge in &mut bridges {
            (bridge.opening, bridge.logos.opening) = (opening, paying);
            opening = bridge.closing();
            paying = bridge.logos.closing();
        }
        bridges
    }

    /// What was charged once in a span, beside what recurs: one-off sales and usage, and what was paid back, which is
    /// negative. An item counts on its first day, at that month's rate; what cannot be converted is left out and in
    /// nobody's revenue.
    pub fn once(&self, span: Span, view: &View<'_>) -> (Arr, Arr) {
        let mut sums = (Arr::ZERO, Arr::ZERO);
        for subscription in self.accounts.iter().flat_map(|account| &account.subscriptions) {
            for item in subscription.items.iter().filter(|item| span.contains(item.from)) {
                let Some(cents) = item.once_cents() else { continue };
                let amount = match view.rates.on(subscription.currency, month_of(item.from).0) {
                    _ if subscription.currency == view.currency => Arr::from_cents(cents),
                    Some(rate) => view.convert(Arr::from_cents(cents), subscription.currency, rate),
                    None => continue,
                };
                *(if cents < 0 { &mut sums.1 } else { &mut sums.0 }) += amount;
            }
        }
        sums
    }

    /// Currencies of the ledger and the ARR in each at the end of a day, unconverted.
    pub fn currencies(&self, day: Day) -> BTreeMap<Currency, Arr> {
        let mut sums = BTreeMap::new();
        for line in self.accounts.iter().flat_map(|account| &account.lines) {
            let sum: &mut Arr = sums.entry(line.currency).or_default();
            if line.is_on(day) {
                *sum += line.arr;
            }
        }
        sums
    }

    /// Amounts of a span that no rate converts, one of each currency; what their accounts pay is unknown until there is one.
    pub fn unrated(&self, span: Span, view: &View<'_>) -> Vec<NoRate> {
        let mut missing: BTreeMap<Currency, NoRate> = BTreeMap::new();
        for (account, line) in self.accounts.iter().flat_map(|it| it.lines.iter().map(move |line| (it, line))) {
            let (currency, day) = (line.currency, month_of(line.from.max(span.after)).0);
            let counts = line.from <= span.through && span.after < line.to;
            if counts && !view.is_native(line) && view.rates.on(currency, day).is_none() {
                let new = || NoRate { currency, into: view.currency, day, contracts: BTreeSet::new() };
                let known = missing.entry(currency).or_insert_with(new);
                known.day = known.day.min(day);
                known.contracts.insert((account.account_id, line.subscription_id));
            }
        }
        missing.into_values().collect()
    }

    /// The accounts whose every amount of a span is known in a currency. Of the others nothing is: what one of their
    /// contracts comes to cannot be said, and so neither what they pay nor whether they paid more or less.
    #[must_use]
    pub fn rated(&self, span: Span, view: &View<'_>) -> Self {
        let missing = self.unrated(span, view);
        let unknown: BTreeSet<i64> =
            missing.iter().flat_map(|missing| missing.contracts.iter().map(|(account_id, _)| *account_id)).collect();
        self.only(|id| !unknown.contains(&id))
    }

    /// The contracts of the accounts that [`Self::rated`] leaves out, with what each comes to in its own currency: those
    /// without a rate and, of the same accounts, those that need none or have one.
    pub fn left_out(&self, span: Span, view: &View<'_>) -> Vec<LeftOut> {
        let missing = self.unrated(span, view);
        let unrated: BTreeSet<(i64, i64)> = missing.into_iter().flat_map(|missing| missing.contracts).collect();
        let accounts: BTreeSet<i64> = unrated.iter().map(|(account_id, _)| *account_id).collect();
        let mut contracts: BTreeMap<(i64, i64, Currency), LeftOut> = BTreeMap::new();
        let left_out = self.accounts.iter().filter(|account| accounts.contains(&account.account_id));
        for (account, line) in left_out.flat_map(|it| it.lines.iter().map(move |line| (it, line))) {
            if span.through < line.from || line.to <= span.after {
                continue;
            }
            let (account_id, subscription_id, currency) = (account.account_id, line.subscription_id, line.currency);
            let has_rate = !unrated.contains(&(account_id, subscription_id));
            let (opening, closing) = (Arr::ZERO, Arr::ZERO);
            let new = || LeftOut { account_id, subscription_id, currency, has_rate, opening, closing };
            let contract = contracts.entry((account_id, subscription_id, currency)).or_insert_with(new);
            let on = |day| if line.is_on(day) { line.arr } else { Arr::ZERO };
            contract.opening += on(span.after);
            contract.closing += on(span.through);
        }
        contracts.into_values().collect()
    }

    /// What rounding each line to a minor unit adds to converting the sum of a currency: at most half a unit a line.
    pub fn rounding(&self, day: Day, view: &View<'_>) -> Arr {
        let month = month_of(day).0;
        let sums = self.currencies(day).into_iter().filter(|(currency, _)| *currency != view.currency);
        let whole: Arr =
            sums.filter_map(|(currency, sum)| Some(view.convert(sum, currency, view.rates.on(currency, month)?))).sum();
        let lines = self.accounts.iter().flat_map(|account| &account.lines);
        let foreign = lines.filter(|line| line.is_on(day) && !view.is_native(line));
        foreign.map(|line| view.value(line, day)).sum::<Arr>() - whole
    }

    /// What moved between an account and its siblings.
    pub(super) fn moved(&self, account_id: i64) -> &[Moved] {
        self.moved.get(&account_id).map_or(&[], Vec::as_slice)
    }
}

/// Lines that another account took over on the day they ended, each paired with the line it became.
fn moves(accounts: &[Arc<AccountLedger>]) -> HashMap<i64, Vec<Moved>> {
    let mut moved: HashMap<i64, Vec<Moved>> = HashMap::new();
    if broken(Mutant::TransferAsChurn) {
        return moved;
    }
    let arriving = || {
        let lines =
            accounts.iter().flat_map(|account| account.lines.iter().enumerate().map(move |line| (account, line)));
        lines.filter_map(|(account, (at, line))| Some((account.account_id, at, line, line.continues_id?)))
    };
    let wanted: HashSet<i64> = arriving().map(|(.., subscription)| subscription).collect();
    if wanted.is_empty() {
        return moved;
    }
    let mut leaving: HashMap<i64, Vec<(i64, usize, &Line)>> = HashMap::new();
    for account in accounts {
        for (at, line) in account.lines.iter().enumerate().filter(|(_, line)| wanted.contains(&line.subscription_id)) {
            leaving.entry(line.subscription_id).or_default().push((account.account_id, at, line));
        }
    }
    for (to_account, to_line, line, subscription) in arriving() {
        let Some(candidates) = leaving.get_mut(&subscription) else { continue };
        let fits = |(account, _, left): &(i64, usize, &Line)| {
            *account != to_account
                && left.to == line.from
                && (&left.product, left.currency) == (&line.product, line.currency)
        };
        let Some(found) = candidates.iter().position(fits) else { continue };
        let (from_account, from_line, left) = candidates.swap_remove(found);
        let (arr, day) = (left.arr.min(line.arr), line.from);
        moved.entry(from_account).or_default().push(Moved {
            line: from_line,
            into: false,
            arr,
            day,
            other: to_account,
        });
        moved.entry(to_account).or_default().push(Moved { line: to_line, into: true, arr, day, other: from_account });
    }
    moved
}

/// First day of the month of a day, and of the next.
pub fn month_of(day: Day) -> (Day, Day) {
    let from = day.with_day(1).unwrap_or(day);
    (from, months_after(from, 1))
}

/// The day some months later, or the last the calendar can name.
pub fn months_after(day: Day, months: u32) -> Day {
    day.checked_add_months(Months::new(months)).unwrap_or(Day::MAX)
}

/// The day some months earlier, or the first the calendar can name.
pub fn months_before(day: Day, months: u32) -> Day {
    day.checked_sub_months(Months::new(months)).unwrap_or(Day::MIN)
}

/// The day before.
pub(super) fn eve(day: Day) -> Day {
    crate::time::days_before(day, 1)
}
