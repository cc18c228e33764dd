//! A *subject* is one account as the generators of observable facts see it: its profile, its life, and the few
//! questions they all ask. Generators read the truth through it and write records; no generator reads another's draws.

use domain::Day;

use super::calendar::{Window, add_months, days_between, first_of_month, shift};
use super::life::{Bought, Life};
use super::profile::{Profile, Tier};
use super::stream::{Stream, Topic};
use super::team::{self, Team};
use super::truth::{AccountTruth, ExitCause, MonthTruth, Shock};

/// One account, with all that is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) seed: u64,
    pub(super) profile: &'a Profile,
    pub(super) truth: &'a AccountTruth,
    pub(super) life: &'a Life,
    pub(super) window: &'a Window,
    pub(super) team: &'a Team,
}

impl Subject<'_> {
    pub(super) fn id(&self) -> i64 {
        self.profile.id
    }

    /// The stream of draws for a topic of this account.
    pub(super) fn stream(&self, topic: Topic) -> Stream {
        Stream::new(self.seed, topic, self.profile.id, 0)
    }

    /// First day no longer a customer, also when that is after today.
    pub(super) fn exit_day(&self) -> Option<Day> {
        self.truth.exit.map(|exit| exit.day)
    }

    pub(super) fn exit_cause(&self) -> Option<ExitCause> {
        self.truth.exit.map(|exit| exit.cause)
    }

    /// First day within the window as a customer.
    pub(super) fn first_day(&self) -> Day {
        self.profile.start.max(self.window.start)
    }

    /// Last day as a customer that is not after today.
    pub(super) fn last_day(&self) -> Day {
        match self.exit_day() {
            Some(exit) if exit <= self.window.today => shift(exit, -1),
            _ => self.window.today,
        }
    }

    /// Whether the account is a customer on a day.
    pub(super) fn is_customer(&self, day: Day) -> bool {
        day >= self.profile.start && self.exit_day().is_none_or(|exit| day < exit)
    }

    /// The truth of the month a day falls in; the first month's before the window.
    fn month_of(&self, day: Day) -> Option<(usize, &MonthTruth)> {
        let months = &self.truth.months;
        let first = months.first()?;
        let index = self.window.index_of(day) - self.window.index_of(first.month);
        let index = usize::try_from(index).unwrap_or(0).min(months.len() - 1);
        Some((index, &months[index]))
    }

    /// Latent health on a day, between the first days of its month and the next.
    pub(super) fn latent(&self, day: Day) -> f64 {
        let Some((index, month)) = self.month_of(day) else {
            return self.profile.level;
        };
        let next = self.truth.months.get(index + 1).unwrap_or(month);
        let begun = days_between(month.month, day).clamp(0, 30) as f64 / 30.0;
        month.latent + (next.latent - month.latent) * begun
    }

    /// What was bought on a day.
    pub(super) fn bought(&self, day: Day) -> Bought {
        let changes = &self.life.changes;
        let after = changes.partition_point(|change| change.day <= day);
        changes[after.saturating_sub(1)].bought
    }

    /// The end of the term that runs on a day.
    pub(super) fn term_end(&self, day: Day) -> Day {
        let mut months = self.profile.term_months;
        while add_months(self.profile.start, months) <= day {
            months += self.profile.term_months;
        }
        add_months(self.profile.start, months)
    }

    /// The CSM of a day.
    pub(super) fn csm(&self, day: Day) -> i64 {
        let position = match self.profile.handover {
            Some((from, next)) if day >= from => next,
            _ => self.profile.csm,
        };
        team::csm_id(position)
    }

    /// The first days of the calendar months in which the account was a customer within the window, until today.
    pub(super) fn months(&self) -> impl Iterator<Item = Day> + use<> {
        let last = self.last_day();
        let mut month = first_of_month(self.first_day());
        std::iter::from_fn(move || {
            let current = month;
            month = add_months(month, 1);
            (current <= last).then_some(current)
        })
    }

    /// A day of a month on which the account was a customer and that is not after today.
    pub(super) fn day_in(&self, month: Day, stream: &mut Stream) -> Day {
        let from = month.max(self.first_day());
        let to = shift(add_months(month, 1), -1).min(self.last_day());
        shift(from, stream.between(0, days_between(from, to)))
    }

    /// The share of a month in which the account was a customer and that is not after today.
    pub(super) fn share_of(&self, month: Day) -> f64 {
        let from = month.max(self.first_day());
        let to = add_months(month, 1).min(shift(self.last_day(), 1));
        let whole = days_between(month, add_months(month, 1));
        (days_between(from, to) as f64 / whole as f64).clamp(0.0, 1.0)
    }

    /// What struck the account, with the month.
    pub(super) fn shocks_in(&self, month: Day) -> impl Iterator<Item = &Shock> {
        self.truth.shocks.iter().filter(move |shock| shock.month == month)
    }

    pub(super) fn is_strategic(&self) -> bool {
        self.profile.tier == Tier::Strategic
    }
}
