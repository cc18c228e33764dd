//! What is left at the closing of a span of what was paid at its opening, account by account. Newcomers are out of it;
//! who left and came back counts with what it pays now; accounts that a subscription moved between count as one. Amounts are at
//! the rates of the opening, so that no exchange rate retains anybody.

use std::collections::{BTreeMap, HashMap};

use super::{
    amount::{Arr, Percent},
    ledger::{AccountLedger, Ledger, Span, eve},
    movement::{Bridge, Walk},
    mutant::{Mutant, broken},
    rates::View,
};
use crate::Day;

/// One account that paid at the opening, with the siblings its subscriptions moved to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountRetention {
    /// The account, or that of those that stand for one which paid most at the opening.
    pub account_id: i64,
    /// What it paid at the opening.
    pub opening: Arr,
    /// What it pays at the closing.
    pub closing: Arr,
    /// The least it paid on any day of the span.
    pub lowest: Arr,
    /// What moved in between, day by day.
    pub flows: Bridge,
}

/// Retention of the accounts that paid at the opening of a span.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention {
    /// Every account that paid at the opening or moved since, by id.
    pub accounts: Vec<AccountRetention>,
    /// What they paid at the opening.
    pub opening: Arr,
    /// More than at the opening, summed over accounts.
    pub gained: Arr,
    /// Less than at the opening, of accounts that still pay; positive.
    pub shrunk: Arr,
    /// The opening of accounts that no longer pay; positive.
    pub lost: Arr,
    /// Accounts at the opening.
    pub logos: usize,
    /// Of these, accounts that pay at the closing.
    pub logos_kept: usize,
    /// Of these, accounts that paid on every day between.
    pub logos_unbroken: usize,
    /// The least each paid on the way, summed.
    pub lowest: Arr,
}

impl Retention {
    /// Closing ARR of the accounts that paid at the opening.
    pub fn closing(&self) -> Arr {
        self.opening + self.gained - self.shrunk - self.lost
    }

    /// The same, each account capped at its opening.
    pub fn kept(&self) -> Arr {
        let capped = self.opening - self.shrunk - self.lost;
        match (broken(Mutant::ContractionInNetOnly), broken(Mutant::CapOnTotal)) {
            (true, _) => self.opening - self.lost,
            (_, true) => self.closing().min(self.opening),
            _ => capped,
        }
    }

    /// Net revenue retention; undefined where nothing was paid at the opening.
    pub fn net(&self) -> Option<Percent> {
        Percent::of(self.closing(), self.opening)
    }

    /// Gross revenue retention, never above 100 %; undefined where nothing was paid at the opening.
    pub fn gross(&self) -> Option<Percent> {
        Percent::of(self.kept(), self.opening)
    }

    /// The same in parts, by what a group an account is in.
    pub(super) fn split<G: Ord>(&self, group: impl Fn(i64) -> G) -> BTreeMap<G, Self> {
        let mut parts: BTreeMap<G, Self> = BTreeMap::new();
        for account in &self.accounts {
            parts.entry(group(account.account_id)).or_default().add(account);
        }
        parts
    }

    fn add(&mut self, account: &AccountRetention) {
        let AccountRetention { opening, closing, lowest, .. } = *account;
        if opening.is_positive() {
            self.opening += opening;
            self.logos += 1;
            self.logos_kept += usize::from(closing.is_positive());
            self.logos_unbroken += usize::from(lowest.is_positive());
            self.lowest += lowest;
            match closing.is_positive() {
                true => {
                    self.gained += (closing - opening).max(Arr::ZERO);
                    self.shrunk += (opening - closing).max(Arr::ZERO);
                }
                false => self.lost += opening,
            }
        }
        self.accounts.push(*account);
    }
}

impl Ledger {
    /// Retention over a span.
    pub fn retention(&self, span: Span, view: &View<'_>) -> Retention {
        let mut sum = Retention::default();
        let merged = self.merged(span);
        let mut groups: BTreeMap<i64, Vec<&AccountLedger>> = BTreeMap::new();
        for account in self.accounts() {
            match merged.get(&account.account_id) {
                Some(first) => groups.entry(*first).or_default().push(account),
                None => sum.add_moving(&self.of_group(&[account], span, view)),
            }
        }
        for group in groups.values() {
            sum.add_moving(&self.of_group(group, span, view));
        }
        sum
    }

    fn of_group(&self, group: &[&AccountLedger], span: Span, view: &View<'_>) -> AccountRetention {
        let mut flows = Bridge::default();
        for account in group {
            Walk::of(account, self.moved(account.account_id), span, view, |movement| flows.add(&movement));
        }
        let at = |day: Day| group.iter().map(|account| account.arr_at_rates(day, span.after, view)).sum::<Arr>();
        let (opening, closing) = (at(span.after), at(span.through));
        flows.opening = group.iter().map(|account| account.arr(span.after, view)).sum();
        let lines = || group.iter().flat_map(|account| &account.lines);
        // ARR can only fall where a line ends.
        let falls = lines().map(|line| line.to).filter(|day| span.contains(*day));
        let lowest = if opening.is_positive() { falls.map(at).chain([opening, closing]).min() } else { None };
        let most =
            |account: &&&AccountLedger| (account.arr_at_rates(span.after, span.after, view), -account.account_id);
        let account_id = group.iter().max_by_key(most).map_or(0, |account| account.account_id);
        AccountRetention { account_id, opening, closing, lowest: lowest.unwrap_or_default(), flows }
    }

    /// Accounts that stand for one because a subscription moved between them in the span, each with the first of them.
    fn merged(&self, span: Span) -> HashMap<i64, i64> {
        let mut first: HashMap<i64, i64> = HashMap::new();
        let root = |first: &HashMap<i64, i64>, mut id: i64| {
            while let Some(up) = first.get(&id).filter(|up| **up != id) {
                id = *up;
            }
            id
        };
        for account in self.accounts() {
            let id = account.account_id;
            for moved in self.moved(id).iter().filter(|moved| span.contains(moved.day)) {
                let (a, b) = (root(&first, id), root(&first, moved.other));
                first.insert(a.max(b), a.min(b));
                first.entry(a.min(b)).or_insert(a.min(b));
            }
        }
        first.keys().map(|id| (*id, root(&first, *id))).collect()
    }
}

impl Retention {
    /// Leaves out accounts that neither paid nor moved.
    fn add_moving(&mut self, account: &AccountRetention) {
        if account.opening.is_positive() || account.closing.is_positive() || account.flows != Bridge::default() {
            self.add(account);
        }
    }
}

impl AccountLedger {
    /// Days of a span on which anything changes, oldest first, and the ARR from each on.
    pub fn steps(&self, span: Span, view: &View<'_>) -> Vec<(Day, Arr)> {
        let mut days: Vec<Day> = self.lines.iter().flat_map(|line| [line.from, line.to]).collect();
        days.retain(|day| span.contains(*day) && *day < Day::MAX);
        days.sort_unstable();
        days.dedup();
        days.into_iter().filter(|day| eve(*day) >= span.after).map(|day| (day, self.arr(day, view))).collect()
    }
}
