//! The synthetic company: a seeded vendor of work-management software with its customers, of any size, whose truth is
//! known. `pomona demo` shows it; tests and benchmarks check every algorithm against it.
//!
//! The nouns: a *synthesis* says what to make; a *profile* is what an account is, a *life* what happens to it, month
//! by month, as latent health, hazards and shocks; the *truth* is that life written down. *Records* and *events* are
//! what a customer success team would have seen of it by nine this morning: everything observable is drawn from the
//! truth plus noise, with the time it became known. One seed gives the same bytes on every machine and in every order
//! of asking, because every account, topic and month draws from a stream of its own.
//!
//! Deliberately absent: the truth in any record; work (signals, CTAs, runs), which the engine makes from the data; more
//! than one currency; the clock, which is the `today` of the synthesis; any database.

mod account;
mod billing;
mod calendar;
mod contracts;
mod events;
mod features;
mod feedback;
mod life;
mod names;
mod outcomes;
mod people;
mod phrases;
mod profile;
mod records;
mod renewals;
mod source;
mod stream;
mod subject;
mod support;
mod team;
#[cfg(test)]
mod tests;
mod touchpoints;
pub mod truth;
mod usage;
mod world;

use std::ops::Range;

use domain::{Day, Event, Instant};

use self::calendar::Window;
use self::events::Scale;
use self::life::Life;
use self::profile::Profile;
use self::records::Ledger;
pub use self::records::Records;
use self::subject::Subject;
use self::team::Team;
pub use self::truth::Truth;
use self::world::World;

/// What company to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Synthesis {
    /// Everything random follows from it.
    pub seed: u64,
    /// Accounts that were ever customers; about one in five has left by today.
    pub accounts: usize,
    /// Whole years of history before the month of today.
    pub years: u32,
    /// The last day, complete until 09:00 UTC.
    pub today: Day,
    /// Mean events per account and year: a company of `accounts` and `years` has about their product. Accounts that
    /// joined late or left early have fewer, so those that stay have more.
    pub events_per_account_year: u32,
}

impl Synthesis {
    /// The demonstration: 500 accounts, three years, two thousand events per account and year.
    pub fn new(today: Day) -> Self {
        Self { seed: 1, accounts: 500, years: 3, today, events_per_account_year: 2_000 }
    }

    /// The same, ending where nothing lies ahead of an instant: before 09:00 UTC, on the day before.
    #[must_use]
    pub fn not_after(self, now: Instant) -> Self {
        Self { today: self.today.min(calendar::last_day(now)), ..self }
    }
}

/// How far the making of a company is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being made.
    pub stage: &'static str,
    /// Accounts done.
    pub done: usize,
    /// Accounts in all.
    pub total: usize,
}

/// A company whose truth is known. It holds profiles and lives; records and events are drawn from them when asked for.
#[derive(Debug, Clone)]
pub struct Company {
    seed: u64,
    window: Window,
    team: Team,
    profiles: Vec<Profile>,
    lives: Vec<Life>,
    truth: Truth,
    /// The end user id of each account's first user.
    first_users: Vec<i64>,
    /// Events per expected event.
    event_scale: f64,
}

impl Company {
    /// Lives every account's life and measures its usage; reports progress per hundred accounts.
    pub fn build(synthesis: &Synthesis, progress: &mut dyn FnMut(Progress)) -> Self {
        let Synthesis { seed, accounts, years, today, .. } = *synthesis;
        let window = Window::new(today, years);
        let team = Team::draw(seed, accounts, &window);
        let profiles = profile::draw_all(seed, accounts, team.csms, &window);
        let world = World::draw(seed, &profiles, team.csms, window.months);
        let mut report = |stage, done| {
            if done % 100 == 0 || done == accounts {
                progress(Progress { stage, done, total: accounts });
            }
        };
        let mut lives = Vec::with_capacity(accounts);
        let mut truths = Vec::with_capacity(accounts);
        for profile in &profiles {
            let (truth, life) = life::live(seed, profile, &world, &window);
            truths.push(truth);
            lives.push(life);
            report("lives", lives.len());
        }
        let mut company = Self {
            seed,
            window,
            team,
            profiles,
            lives,
            truth: Truth { accounts: truths },
            first_users: Vec::with_capacity(accounts),
            event_scale: 0.0,
        };
        let (mut next_user, mut expected) = (1, 0.0);
        for index in 0..accounts {
            let subject = company.subject(index);
            let users = usage::user_count(&subject);
            let days = subject.months().flat_map(|month| usage::days(&subject, month));
            expected += days.map(|day| day.mean).sum::<f64>();
            company.first_users.push(next_user);
            next_user += users;
            report("usage", index + 1);
        }
        let wanted = accounts as f64 * f64::from(years) * f64::from(synthesis.events_per_account_year);
        company.event_scale = if expected > 0.0 { wanted / expected } else { 0.0 };
        company
    }

    /// The last instant that has happened: 09:00 UTC of today. Nothing was recorded later.
    pub fn now(&self) -> Instant {
        self.window.now()
    }

    /// How many accounts there are, with those that left.
    pub fn account_count(&self) -> usize {
        self.profiles.len()
    }

    /// The first days of the months that have events, oldest first; the last is that of today.
    pub fn months(&self) -> Vec<Day> {
        (0..self.window.months).map(|index| self.window.month(index)).collect()
    }

    /// The events that happened in the month of a day, sorted by account, time and id.
    pub fn events_in(&self, month: Day) -> Vec<Event> {
        self.events_of(0..self.profiles.len(), month)
    }

    /// The events of some accounts, by position from 0, that happened in the month of a day, sorted by account, time
    /// and id. Asking range by range bounds memory; the ranges put together are the whole month.
    pub fn events_of(&self, accounts: Range<usize>, month: Day) -> Vec<Event> {
        let month = calendar::first_of_month(month);
        let mut events = Vec::new();
        for index in accounts.start..accounts.end.min(self.profiles.len()) {
            let scale = Scale { events: self.event_scale, first_user: self.first_users[index] };
            events::draw(&self.subject(index), scale, month, &mut events);
        }
        events
    }

    /// All records at once.
    pub fn records(&self) -> Records {
        self.record_chunks(self.profiles.len()).next().unwrap_or_default()
    }

    /// The records in pieces of at most so many accounts, to be inserted in this order. Identities go on from piece to
    /// piece; members and sources are in the first. Where the first is the only one, its sources say what they have
    /// sent, except for the events.
    pub fn record_chunks(&self, accounts: usize) -> RecordChunks<'_> {
        RecordChunks { company: self, size: accounts.max(1), next: Some(0), ledger: Ledger::new(self.now()) }
    }

    /// What really happened, for tests and benchmarks. It must never be stored where the product can read it.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    fn subject(&self, index: usize) -> Subject<'_> {
        Subject {
            seed: self.seed,
            profile: &self.profiles[index],
            truth: &self.truth.accounts[index],
            life: &self.lives[index],
            window: &self.window,
            team: &self.team,
        }
    }
}

/// The records of a company, piece by piece.
#[derive(Debug)]
pub struct RecordChunks<'a> {
    company: &'a Company,
    size: usize,
    /// The position of the next account; `None` when all are done.
    next: Option<usize>,
    ledger: Ledger,
}

impl Iterator for RecordChunks<'_> {
    type Item = Records;

    fn next(&mut self) -> Option<Records> {
        let (company, begin) = (self.company, self.next?);
        if begin == 0 {
            let records = self.ledger.records_mut();
            records.sources = source::all(&company.window);
            records.members = company.team.members().to_vec();
        }
        let end = begin.saturating_add(self.size).min(company.account_count());
        for index in begin..end {
            write(&company.subject(index), company.first_users[index], &mut self.ledger);
        }
        self.next = (end < company.account_count()).then_some(end);
        let mut records = self.ledger.take();
        if begin == 0 && self.next.is_none() {
            records.count_sources();
        }
        Some(records)
    }
}

/// Writes all records of an account.
fn write(subject: &Subject<'_>, first_user: i64, ledger: &mut Ledger) {
    account::write(subject, ledger);
    account::write_assignments(subject, ledger);
    let people = people::write(subject, ledger);
    let terms = contracts::write(subject, ledger);
    renewals::write(subject, &terms, ledger);
    billing::write(subject, &terms, ledger);
    support::write(subject, &people, ledger);
    touchpoints::write(subject, &people, ledger);
    feedback::write_surveys(subject, &people, ledger);
    feedback::write_sentiments(subject, ledger);
    outcomes::write_objectives(subject, ledger);
    outcomes::write_milestones(subject, ledger);
    usage::write_users(subject, &people, first_user, ledger);
}
