//! A ledger told apart: by what accounts are or who looks after them ([`Ledger::parts`]), and by what is sold
//! ([`Ledger::bridges_by`]). An account counts where it stood at the opening of the span, so that nobody improves by handing
//! a loss on; what changed hands within the span is told apart and sums to zero. Parts add up to the whole exactly, and the
//! retention of the whole is the mean of theirs, weighted by what was paid at the opening.

use std::collections::BTreeMap;

use super::{
    amount::{Arr, Percent},
    ledger::{Ledger, Span},
    line::Line,
    movement::{Bridge, Walk},
    mutant::{Mutant, broken},
    rates::{Currency, View},
};

/// The revenue of one group of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The group; `None` for accounts that are in no group.
    pub name: Option<String>,
    /// Accounts that paid at the opening; several that a contract moved between are one.
    pub accounts: usize,
    /// What they paid at the opening: the base of both retentions.
    pub base: Arr,
    /// What moved.
    pub bridge: Bridge,
    /// ARR at the closing of accounts that went to another group within the span.
    pub handed_on: Arr,
    /// ARR at the closing of accounts that came from another group.
    pub taken_over: Arr,
    /// Net retention.
    pub net: Option<Percent>,
    /// Gross retention.
    pub gross: Option<Percent>,
}

impl Part {
    /// ARR at the closing of the accounts that are in the group then.
    pub fn closing(&self) -> Arr {
        self.bridge.closing() - self.handed_on + self.taken_over
    }
}

impl Ledger {
    /// Its parts by a group at the opening and at the closing of a span; largest opening first.
    pub fn parts(
        &self,
        span: Span,
        view: &View<'_>,
        opening: impl Fn(i64) -> Option<String>,
        closing: impl Fn(i64) -> Option<String>,
    ) -> Vec<Part> {
        let mut groups: BTreeMap<Option<String>, (Arr, Arr)> = BTreeMap::new();
        for account in self.accounts() {
            let (from, to) = (opening(account.account_id), closing(account.account_id));
            let arr = account.arr(span.through, view);
            groups.entry(from.clone()).or_default();
            groups.entry(to.clone()).or_default();
            if from != to {
                groups.entry(from).or_default().0 += arr;
                groups.entry(to).or_default().1 += arr;
            }
        }
        // Accounts that a contract moved between stand for one, whatever groups they are in.
        let mut retained = self.retention(span, view).split(&opening);
        let mut ledgers = self.split(&opening);
        let part = |(name, (handed_on, taken_over)): (Option<String>, (Arr, Arr))| {
            let ledger = ledgers.remove(&name).unwrap_or_default();
            let retention = match broken(Mutant::TornGroup) {
                true => ledger.retention(span, view),
                false => retained.remove(&name).unwrap_or_default(),
            };
            Part {
                accounts: retention.logos,
                base: retention.opening,
                bridge: ledger.bridge(span, view),
                handed_on,
                taken_over,
                net: retention.net(),
                gross: retention.gross(),
                name,
            }
        };
        let mut parts: Vec<Part> = groups.into_iter().map(part).collect();
        parts.retain(|part| part.bridge != Bridge::default() || part.taken_over.is_positive());
        parts.sort_by(|a, b| b.bridge.opening.cmp(&a.bridge.opening).then_with(|| a.name.cmp(&b.name)));
        parts
    }

    /// What led from the opening to the closing of a span, by something of the lines: their product, their currency. Accounts
    /// are not counted, since one may be in several.
    pub fn bridges_by<K: Ord>(
        &self,
        span: Span,
        view: &View<'_>,
        key: impl Fn(&str, Currency) -> K,
    ) -> BTreeMap<K, Bridge> {
        let mut bridges: BTreeMap<K, Bridge> = BTreeMap::new();
        let of = |line: &Line| key(&line.product, line.currency);
        for account in self.accounts() {
            let held = account.lines.iter().filter(|line| line.is_on(span.after));
            for line in held.filter(|line| view.is_native(line) || !broken(Mutant::NativeSlices)) {
                bridges.entry(of(line)).or_default().opening += view.value(line, span.after);
            }
            Walk::of(account, self.moved(account.account_id), span, view, |movement| {
                bridges.entry(key(&movement.product, movement.currency)).or_default().add(&movement);
            });
        }
        bridges
    }
}
