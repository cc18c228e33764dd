//! What was due and what became of it. The base of a renewal rate is the ARR of the terms that ended in a span, which is
//! another base than that of retention: a subscription in the middle of its term can churn from neither. A term is renewed by a
//! subscription that goes on from it, or by itself where the subscription renews unless cancelled.

use std::sync::Arc;

use chrono::Days;

use super::{
    amount::{Arr, Percent},
    ledger::{AccountLedger, Ledger, Span, eve},
    rates::{Currency, View},
    subscription::Subscription,
};
use crate::{Day, time::days_after};

/// How far from the due day a signature is early, or still a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sensitivity {
    /// Signed more than this many days ahead is early.
    pub early_days: u64,
    /// A subscription that starts up to this many days after the due day still renews it.
    pub grace_days: u64,
}

impl Default for Sensitivity {
    fn default() -> Self {
        Self { early_days: 30, grace_days: 90 }
    }
}

/// What became of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Not due yet, and nobody said anything.
    Open,
    /// Due, and nobody said anything: it goes on as it was.
    Overdue,
    /// Renewed well ahead.
    Early,
    /// Renewed by the due day.
    OnTime,
    /// Renewed after the due day.
    Late,
    /// Cancelled, or ended without a successor.
    Lost,
}

impl Outcome {
    /// The word used in files and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Overdue => "overdue",
            Self::Early => "early",
            Self::OnTime => "on_time",
            Self::Late => "late",
            Self::Lost => "lost",
        }
    }

    /// Whether the subscription goes on.
    pub fn is_renewed(self) -> bool {
        matches!(self, Self::Early | Self::OnTime | Self::Late)
    }
}

/// The end of one term of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// The subscription.
    pub subscription_id: i64,
    /// Whose it is.
    pub account_id: i64,
    /// First day after the term.
    pub due: Day,
    /// The last day to give notice.
    pub notice_by: Day,
    /// What recurred on the last day of the term; nothing where that is not known, which `rated` says.
    pub arr: Arr,
    /// What recurs where it was renewed.
    pub renewed: Arr,
    /// What recurred on the last day in the currency of the contract.
    pub sold: Arr,
    /// That currency.
    pub currency: Currency,
    /// Whether a rate converts it; without one no sum may count it.
    pub rated: bool,
    /// The day it was renewed, as far as known.
    pub signed_on: Option<Day>,
    /// What became of it.
    pub outcome: Outcome,
}

/// Terms that were due in a span, summed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DueBase {
    /// Terms due.
    pub count: usize,
    /// What they came to.
    pub due: Arr,
    /// Of that, renewed: each capped at what was due.
    pub gross: Arr,
    /// What the renewed recur with, growth included.
    pub net: Arr,
    /// Of `gross`, signed well ahead.
    pub early: Arr,
    /// Of `gross`, signed by the due day, not early.
    pub on_time: Arr,
    /// Of `gross`, signed after the due day.
    pub late: Arr,
    /// Due and unanswered.
    pub overdue: Arr,
    /// Terms in none of these figures, since no rate converts them.
    pub unrated: usize,
}

impl DueBase {
    /// Sums renewals; those still open are not in the base.
    pub fn of(renewals: &[Renewal]) -> Self {
        let mut base = Self::default();
        for renewal in renewals.iter().filter(|renewal| renewal.outcome != Outcome::Open) {
            if !renewal.rated {
                base.unrated += 1;
                continue;
            }
            let gross = renewal.renewed.min(renewal.arr);
            base.count += 1;
            base.due += renewal.arr;
            match renewal.outcome {
                Outcome::Early => base.early += gross,
                Outcome::OnTime => base.on_time += gross,
                Outcome::Late => base.late += gross,
                Outcome::Overdue => base.overdue += renewal.arr,
                Outcome::Open | Outcome::Lost => {}
            }
            if renewal.outcome.is_renewed() {
                base.gross += gross;
                base.net += renewal.renewed;
            }
        }
        base
    }

    /// Renewed of what was due, without growth; undefined where nothing was due.
    pub fn gross_rate(&self) -> Option<Percent> {
        Percent::of(self.gross, self.due)
    }

    /// Renewed of what was due, with growth.
    pub fn net_rate(&self) -> Option<Percent> {
        Percent::of(self.net, self.due)
    }

    /// Renewed by the due day of what was due.
    pub fn on_time_rate(&self) -> Option<Percent> {
        Percent::of(self.early + self.on_time, self.due)
    }

    /// Renewed early of what was due.
    pub fn early_rate(&self) -> Option<Percent> {
        Percent::of(self.early, self.due)
    }

    /// Renewed late of what was due.
    pub fn late_rate(&self) -> Option<Percent> {
        Percent::of(self.late, self.due)
    }
}

impl Ledger {
    /// The terms that end in a span, by due day, as of a day.
    pub fn renewals(&self, span: Span, as_of: Day, within: Sensitivity, view: &View<'_>) -> Vec<Renewal> {
        let of = |account: &Arc<AccountLedger>| account.renewals(span, as_of, within, view);
        let mut renewals: Vec<Renewal> = self.accounts().iter().flat_map(of).collect();
        renewals.sort_by_key(|renewal| (renewal.due, renewal.account_id, renewal.subscription_id));
        renewals
    }
}

impl AccountLedger {
    fn renewals(&self, span: Span, as_of: Day, within: Sensitivity, view: &View<'_>) -> Vec<Renewal> {
        let mut renewals = Vec::new();
        for subscription in &self.subscriptions {
            let ends = subscription.ends().unwrap_or(Day::MAX);
            let terms = subscription.terms(span.through.max(as_of));
            let live = terms.iter().filter(|(begins, due)| span.contains(*due) && *begins < ends);
            for (at, (_, due)) in live.enumerate() {
                let own = subscription.auto_renew && subscription.cancelled_on.is_none() && *due <= as_of;
                // A successor in writing ends the subscription's own renewing; only its first end can have one.
                if at > 0 && self.successor(subscription, terms[0].1, within).is_some() {
                    break;
                }
                renewals.push(self.renewal(subscription, *due, own, as_of, within, view));
            }
        }
        renewals.retain(|renewal| renewal.sold.is_positive());
        renewals
    }

    fn renewal(
        &self,
        subscription: &Subscription,
        due: Day,
        by_itself: bool,
        as_of: Day,
        within: Sensitivity,
        view: &View<'_>,
    ) -> Renewal {
        let lines =
            |id: i64, day: Day| self.lines.iter().filter(move |line| line.subscription_id == id && line.is_on(day));
        let of = |id: i64, day: Day| -> Arr { lines(id, day).map(|line| view.value(line, due)).sum() };
        let known: Option<Arr> = lines(subscription.id, eve(due)).map(|line| view.known_value(line, due)).sum();
        let sold = lines(subscription.id, eve(due)).map(|line| line.arr).sum();
        // What was signed or cancelled after the day is not known on it.
        let ends = subscription.ends().filter(|_| subscription.cancelled_on.is_some_and(|day| day <= as_of));
        let next = self.successor(subscription, due, within).filter(|next| next.signed_on <= as_of);
        let (outcome, renewed, signed_on) = match next {
            Some(next) => (timing(next.signed_on, due, within), of(next.id, next.from), Some(next.signed_on)),
            None if ends.is_some_and(|ends| ends <= due) => (Outcome::Lost, Arr::ZERO, None),
            None if by_itself => (Outcome::OnTime, of(subscription.id, due), Some(due)),
            None if due > as_of => (Outcome::Open, Arr::ZERO, None),
            None if lines(subscription.id, due).any(|line| line.arr.is_positive()) => {
                (Outcome::Overdue, Arr::ZERO, None)
            }
            None => (Outcome::Lost, Arr::ZERO, None),
        };
        let notice_by = due.checked_sub_days(Days::new(u64::from(subscription.notice_days))).unwrap_or(Day::MIN);
        Renewal {
            subscription_id: subscription.id,
            account_id: self.account_id,
            due,
            notice_by,
            arr: known.unwrap_or_default(),
            renewed,
            sold,
            currency: subscription.currency,
            rated: known.is_some(),
            signed_on,
            outcome,
        }
    }

    /// The subscription that goes on from the end of a term: named as its successor, or starting where it ended.
    fn successor(&self, subscription: &Subscription, due: Day, within: Sensitivity) -> Option<&Subscription> {
        let others =
            || self.subscriptions.iter().filter(|next| next.id != subscription.id && next.from > subscription.from);
        let linked = others().find(|next| next.continues_id == Some(subscription.id));
        let in_time = |next: &&Subscription| {
            next.continues_id.is_none() && due <= next.from && next.from <= days_after(due, within.grace_days)
        };
        linked.or_else(|| others().filter(in_time).min_by_key(|next| (next.from, next.id)))
    }
}

fn timing(signed_on: Day, due: Day, within: Sensitivity) -> Outcome {
    match (due - signed_on).num_days() {
        ahead if ahead > within.early_days as i64 => Outcome::Early,
        ahead if ahead >= 0 => Outcome::OnTime,
        _ => Outcome::Late,
    }
}
