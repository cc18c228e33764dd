//! How much an account uses the product: how many of its seats are active and how often, day by day. Both follow
//! latent health; new accounts ramp up, leaving ones fade out in the weeks before they go. The events themselves are
//! drawn elsewhere from these expectations.

use chrono::{Datelike, Weekday};
use domain::Day;
use store::end_user::Model as EndUser;

use super::calendar::{add_months, at, days_between, first_of_month, months_between, shift};
use super::people::People;
use super::profile::Region;
use super::records::Ledger;
use super::source;
use super::stream::{logistic, mix};
use super::subject::Subject;
use super::truth::{ExitCause, MonthTruth};

/// Days over which usage fades before a voluntary exit, and before an involuntary one.
const FADE_DAYS: (i64, i64) = (56, 14);
/// Share of the seats whose user is replaced by a new one each month.
const TURNOVER: f64 = 0.01;

/// What to expect of a day.
#[derive(Debug, Clone, Copy)]
pub(super) struct DayUse {
    pub(super) day: Day,
    /// People who use the product around this day.
    pub(super) users: u32,
    /// Expected events, before the scale of the whole company.
    pub(super) mean: f64,
}

/// The pace on the first day of a month: active users and events of each.
#[derive(Debug, Clone, Copy)]
struct Pace {
    active: f64,
    rate: f64,
}

fn pace(subject: &Subject<'_>, month: &MonthTruth) -> Pace {
    let tenure = months_between(subject.profile.start, month.month);
    let ramp = 0.4 + 0.15 * f64::from(tenure.clamp(0, 4));
    Pace {
        active: month.seats as f64 * logistic(0.35 + 0.85 * month.latent) * ramp,
        rate: subject.profile.vigour * (0.35 * month.latent).exp(),
    }
}

/// The paces at both ends of a month, or nothing where the account was no customer.
fn paces(subject: &Subject<'_>, month: Day) -> Option<(Pace, Pace)> {
    let months = &subject.truth.months;
    let index = months_between(months.first()?.month, month);
    let index = usize::try_from(index).ok()?;
    let begins = pace(subject, months.get(index)?);
    let ends = months.get(index + 1).map_or(begins, |next| pace(subject, next));
    Some((begins, ends))
}

/// What to expect of every day of a month on which the account was a customer, until today.
pub(super) fn days(subject: &Subject<'_>, month: Day) -> Vec<DayUse> {
    let Some((begins, ends)) = paces(subject, month) else {
        return Vec::new();
    };
    let next = add_months(month, 1);
    let length = days_between(month, next) as f64;
    let from = month.max(subject.first_day());
    let to = next.min(shift(subject.last_day(), 1));
    let expect = |offset: i64| {
        let day = shift(from, offset);
        let part = days_between(month, day) as f64 / length;
        let between = |begin: f64, end: f64| begin + (end - begin) * part;
        let users = (between(begins.active, ends.active) * fade(subject, day)).round();
        let rate = between(begins.rate, ends.rate) * busyness(day, subject.profile.region);
        DayUse { day, users: users as u32, mean: users * rate }
    };
    (0..days_between(from, to)).map(expect).collect()
}

/// What is left of usage on a day, given that the account will leave: 1 long before, little at the end.
fn fade(subject: &Subject<'_>, day: Day) -> f64 {
    let Some(exit) = subject.exit_day() else {
        return 1.0;
    };
    let over = match subject.exit_cause() {
        Some(ExitCause::Involuntary) => FADE_DAYS.1,
        _ => FADE_DAYS.0,
    };
    let left = days_between(day, exit) as f64 / over as f64;
    0.12 + 0.88 * left.min(1.0)
}

/// How busy a day of the year is.
fn busyness(day: Day, region: Region) -> f64 {
    let week = match day.weekday() {
        Weekday::Mon => 1.0,
        Weekday::Tue => 1.06,
        Weekday::Wed => 1.08,
        Weekday::Thu => 1.02,
        Weekday::Fri => 0.84,
        Weekday::Sat => 0.11,
        Weekday::Sun => 0.09,
    };
    let season = match (day.month(), day.day(), region) {
        (12, 24.., _) | (1, 1, _) => 0.3,
        (8, _, Region::Emea) => 0.85,
        (2, 10..=17, Region::Apac) => 0.7,
        _ => 1.0,
    };
    week * season
}

/// The first of the account's users that is active in a month; those before it have been replaced.
pub(super) fn first_active(subject: &Subject<'_>, month: Day) -> i64 {
    let months = months_between(first_of_month(subject.first_day()), month).max(0);
    (f64::from(months) * TURNOVER * subject.profile.seats as f64) as i64
}

/// The users that can be active in a month, numbered from 0.
fn active_in(subject: &Subject<'_>, month: Day) -> std::ops::Range<i64> {
    let first = first_active(subject, month);
    let most = paces(subject, month).map_or(0.0, |(begins, ends)| begins.active.max(ends.active));
    first..first + most.round() as i64
}

/// How many users an account ever had within the window.
pub(super) fn user_count(subject: &Subject<'_>) -> i64 {
    let ends = subject.months().map(|month| active_in(subject, month).end);
    ends.max().unwrap_or(0)
}

/// Writes the users of an account. When they were seen is known to the month: from the first day of the first month in
/// which they can be active to the last of the last.
pub(super) fn write_users(subject: &Subject<'_>, people: &People, first_id: i64, ledger: &mut Ledger) {
    let count = usize::try_from(user_count(subject)).unwrap_or(0);
    let mut seen: Vec<Option<(Day, Day)>> = vec![None; count];
    for month in subject.months() {
        let last = shift(add_months(month, 1), -1).min(subject.last_day());
        for user in active_in(subject, month) {
            if let Some(slot) = usize::try_from(user).ok().and_then(|user| seen.get_mut(user)) {
                let first = slot.map_or(month.max(subject.first_day()), |(first, _)| first);
                *slot = Some((first, last));
            }
        }
    }
    let mut contacts = people.users();
    let now = subject.window.now();
    for (user, seen) in seen.into_iter().enumerate() {
        let Some((first, last)) = seen else {
            continue;
        };
        let id = first_id + user as i64;
        ledger.records_mut().end_users.push(EndUser {
            id,
            source_id: source::PRODUCT,
            external_id: format!("u_{:016x}", mix(subject.seed ^ mix(id.cast_unsigned()))),
            account_id: Some(subject.id()),
            contact_id: contacts.next(),
            person_id: None,
            likely_account_id: Some(subject.id()),
            in_several: false,
            first_seen_at: at(first, 0).min(now),
            last_seen_at: at(last, 20 * 3600).min(now),
        });
    }
}
