//! A *life* is what happens to one account: latent health month by month, shocks, what it buys, whether it stays.
//!
//! Latent health `z` is a first-order autoregression around the account's level, moved by shocks:
//! `z' = level + 0.88 (z - level) + shocks + 0.26 N(0, 1)`. From `z` follow, each month, two competing hazards on the
//! log-odds scale (voluntary: mostly at the end of the term; involuntary: any time) and the chance to buy more. What
//! anybody can observe is drawn from this elsewhere and never feeds back, with one exception: a save play, tossed like
//! a coin among the accounts that are due one, lifts `z` by a known amount, so its effect can be estimated and checked.

use domain::Day;

use super::calendar::{Window, add_months, days_between, months_between, shift};
use super::profile::{Plan, Profile, Tier};
use super::stream::{Stream, Topic, logistic, micro};
use super::truth::{AccountTruth, Exit, ExitCause, MonthTruth, Shock, ShockKind};
use super::world::World;

/// Months of truth after the month of today.
const AHEAD_MONTHS: i32 = 12;
/// How much of the distance to its level latent health keeps each month.
const PERSISTENCE: f64 = 0.88;
/// Deviation of the monthly change of latent health.
const UNREST: f64 = 0.26;
/// What a save play adds to latent health.
const SAVE_EFFECT: f64 = 0.7;
/// Latent health below which a save play is due.
const SAVE_BELOW: f64 = -0.45;
/// What a story of the world adds to latent health.
const STORY_EFFECT: f64 = -1.6;

/// What happened to an account, beside its truth.
#[derive(Debug, Clone)]
pub(super) struct Life {
    /// What was bought from which day on; the first entry is the start of the relationship.
    pub(super) changes: Vec<Change>,
    /// Who sponsored the product, one span per person: from, to.
    pub(super) sponsors: Vec<(Day, Option<Day>)>,
}

/// The whole of what an account has bought from a day on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Change {
    pub(super) day: Day,
    pub(super) cause: Cause,
    pub(super) bought: Bought,
}

/// Why what is bought changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// A term begins: the first, or the next one.
    Term,
    /// Seats, edition or packs changed within a term.
    Amendment,
}

/// Seats, edition, packs and the price of a seat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bought {
    pub(super) seats: i64,
    pub(super) plan: Plan,
    pub(super) automation: bool,
    pub(super) platform: bool,
    /// Cents per seat and month.
    pub(super) seat_cents: i64,
}

/// The state that a month hands to the next.
struct Living<'a> {
    profile: &'a Profile,
    window: &'a Window,
    stream: Stream,
    truth: AccountTruth,
    life: Life,
    latent: f64,
    bought: Bought,
    /// Months the sponsor's chair has been empty.
    vacant: Option<i32>,
    last_save: i32,
}

/// Lives the life of one account.
pub(super) fn live(seed: u64, profile: &Profile, world: &World, window: &Window) -> (AccountTruth, Life) {
    let mut living = Living::begin(seed, profile, window);
    let first = window.index_of(profile.start).max(0);
    for month in first..window.months + AHEAD_MONTHS {
        living.observe(month);
        if living.leave(month) {
            break;
        }
        living.buy(month);
        living.suffer(month, world);
    }
    (living.truth, living.life)
}

impl<'a> Living<'a> {
    fn begin(seed: u64, profile: &'a Profile, window: &'a Window) -> Self {
        let mut stream = Stream::new(seed, Topic::Life, profile.id, 0);
        let bought = Bought {
            seats: profile.seats,
            plan: profile.plan,
            automation: stream.chance(0.3),
            platform: stream.chance(0.25),
            seat_cents: (profile.plan.list_cents() * profile.discount / 100.0).round() as i64 * 100,
        };
        // The stationary deviation of the autoregression: unrest / sqrt(1 - persistence^2).
        let latent = micro(profile.level + 0.55 * stream.normal());
        Self {
            profile,
            window,
            stream,
            latent,
            bought,
            vacant: None,
            last_save: i32::MIN / 2,
            truth: AccountTruth { account_id: profile.id, months: Vec::new(), shocks: Vec::new(), exit: None },
            life: Life { changes: begun(profile, bought, window), sponsors: vec![(profile.start, None)] },
        }
    }

    /// Writes down the truth of a month.
    fn observe(&mut self, month: i32) {
        let day = self.window.month(month);
        let tenure = months_between(self.profile.start, day);
        let months_to_renewal = months_to_renewal(self.profile, day);
        self.truth.months.push(MonthTruth {
            month: day,
            latent: self.latent,
            hazard_voluntary: voluntary(self.profile.tier, self.latent, tenure, months_to_renewal),
            hazard_involuntary: involuntary(self.profile.tier, self.latent, tenure),
            months_to_renewal,
            expansion: expansion(self.latent, tenure),
            seats: self.bought.seats,
            sponsor: self.vacant.is_none(),
        });
    }

    /// Tosses the two competing exits of a month and says whether one happened.
    fn leave(&mut self, month: i32) -> bool {
        let Some(&truth) = self.truth.months.last() else {
            return false;
        };
        let lost = self.stream.chance(truth.hazard_involuntary);
        let left = self.stream.chance(truth.hazard_voluntary);
        let cause = match (lost, left) {
            (true, _) => ExitCause::Involuntary,
            (false, true) => ExitCause::Voluntary,
            (false, false) => return false,
        };
        let in_month = self.day_within(month);
        let day = match (cause, truth.months_to_renewal) {
            (ExitCause::Voluntary, 0) => renewal_in(self.profile, truth.month),
            (ExitCause::Involuntary, 0) => in_month.min(renewal_in(self.profile, truth.month)),
            _ => in_month,
        };
        let ahead = self.profile.notice_days + self.stream.between(0, 40);
        let notice_on = match cause {
            ExitCause::Voluntary => shift(day, -ahead).max(shift(self.profile.start, 14)),
            ExitCause::Involuntary => day,
        };
        self.truth.exit = Some(Exit { day, notice_on, cause });
        true
    }

    /// Renews, and buys more or less.
    fn buy(&mut self, month: i32) {
        let Some(&truth) = self.truth.months.last() else {
            return;
        };
        let renews = truth.months_to_renewal == 0;
        let grows = self.stream.chance(truth.expansion);
        let shrinks = self.stream.chance(logistic(if renews { -2.1 } else { -6.2 } - 0.95 * self.latent));
        let day = if renews { renewal_in(self.profile, truth.month) } else { self.day_within(month) };
        let before = self.bought;
        if renews {
            let uplift = 1.0 + self.stream.between(0, 6) as f64 / 100.0;
            self.bought.seat_cents = (before.seat_cents as f64 * uplift / 100.0).round() as i64 * 100;
        }
        if grows && !shrinks {
            self.grow();
        } else if shrinks {
            self.shrink();
        }
        if renews || self.bought != before {
            let cause = if renews { Cause::Term } else { Cause::Amendment };
            self.life.changes.push(Change { day, cause, bought: self.bought });
        }
    }

    /// More seats mostly; sometimes a pack or the edition above.
    fn grow(&mut self) {
        let bought = &mut self.bought;
        match self.stream.weighted(&[0.78, 0.08, 0.07, 0.07]) {
            1 if !bought.automation => bought.automation = true,
            2 if !bought.platform => bought.platform = true,
            3 if bought.plan.above().is_some() => {
                let above = bought.plan.above().unwrap_or(bought.plan);
                let raise = above.list_cents() / bought.plan.list_cents();
                bought.seat_cents = (bought.seat_cents as f64 * raise / 100.0).round() as i64 * 100;
                bought.plan = above;
            }
            _ => {
                let share = self.stream.between(8, 28) as f64 / 100.0;
                bought.seats += ((bought.seats as f64 * share) as i64).max(1);
            }
        }
    }

    /// Fewer seats mostly; sometimes a pack is dropped.
    fn shrink(&mut self) {
        let bought = &mut self.bought;
        match self.stream.weighted(&[0.8, 0.1, 0.1]) {
            1 if bought.automation => bought.automation = false,
            2 if bought.platform => bought.platform = false,
            _ => {
                let share = self.stream.between(10, 35) as f64 / 100.0;
                bought.seats = (bought.seats - ((bought.seats as f64 * share) as i64).max(1)).max(2);
            }
        }
    }

    /// Lets the month's shocks happen and steps latent health to the next month.
    fn suffer(&mut self, month: i32, world: &World) {
        let near_renewal = self.truth.months.last().is_some_and(|truth| truth.months_to_renewal <= 3);
        let mut push = self.sponsor(month);
        if let Some(story) = world.story(self.profile.id, month) {
            push += self.strike(month, story, STORY_EFFECT);
            if story == ShockKind::SponsorLeft {
                self.vacate(month);
            }
        }
        let outage = world.outage(self.profile.region, month);
        let dispute = if near_renewal { 0.024 } else { 0.003 };
        let chances = [
            (ShockKind::ChampionPromoted, 0.010, 0.6),
            (ShockKind::Reorganisation, 0.008, -0.5),
            (ShockKind::Competitor, 0.008, -0.6),
            (ShockKind::PriceDispute, dispute, -0.45),
            (ShockKind::Outage, if outage { 0.6 } else { 0.0 }, -0.35),
        ];
        for (kind, chance, size) in chances {
            if self.stream.chance(chance) {
                push += self.strike(month, kind, size);
            }
        }
        push += self.save(month);
        let rest = self.profile.level + PERSISTENCE * (self.latent - self.profile.level);
        let unrest = UNREST * self.stream.normal();
        self.latent = micro((rest + push + unrest).clamp(-4.0, 4.0));
    }

    /// Empties or fills the sponsor's chair and gives the effect on latent health.
    fn sponsor(&mut self, month: i32) -> f64 {
        match self.vacant {
            None if self.stream.chance(0.012) => {
                self.vacate(month);
                self.strike(month, ShockKind::SponsorLeft, -0.9)
            }
            None => 0.0,
            Some(empty) if empty > 0 && self.stream.chance(0.25) => {
                let day = self.day_within(month);
                self.life.sponsors.push((day, None));
                self.vacant = None;
                self.strike(month, ShockKind::SponsorReplaced, 0.35)
            }
            Some(empty) => {
                self.vacant = Some(empty + 1);
                -0.1
            }
        }
    }

    fn vacate(&mut self, month: i32) {
        if self.vacant.is_none() {
            let day = self.day_within(month);
            if let Some((from, to)) = self.life.sponsors.last_mut() {
                *to = Some(day.max(shift(*from, 1)));
            }
            self.vacant = Some(0);
        }
    }

    /// Plays a save play, or holds it out, where one is due.
    fn save(&mut self, month: i32) -> f64 {
        let is_due = self.latent < SAVE_BELOW && self.profile.tier != Tier::Digital && month - self.last_save >= 4;
        if !is_due {
            return 0.0;
        }
        self.last_save = month;
        if self.stream.chance(0.5) {
            self.strike(month, ShockKind::SavePlay, SAVE_EFFECT)
        } else {
            self.strike(month, ShockKind::SaveHeldOut, 0.0)
        }
    }

    fn strike(&mut self, month: i32, kind: ShockKind, size: f64) -> f64 {
        let month = self.window.month(month);
        self.truth.shocks.push(Shock { month, kind, size });
        size
    }

    /// A day within a month on which the account is a customer, not before its second day.
    fn day_within(&mut self, month: i32) -> Day {
        let first = self.window.month(month);
        let from = first.max(shift(self.profile.start, 1));
        let last = days_between(from, add_months(first, 1)) - 1;
        shift(from, self.stream.between(0, last))
    }
}

/// The terms begun before the window, without changes in between, and the start itself.
fn begun(profile: &Profile, bought: Bought, window: &Window) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut day = profile.start;
    let mut months = 0;
    while changes.is_empty() || day < window.start {
        changes.push(Change { day, cause: Cause::Term, bought });
        months += profile.term_months;
        day = add_months(profile.start, months);
    }
    changes
}

/// The end of the term that falls in the month beginning on `month`, or would.
fn renewal_in(profile: &Profile, month: Day) -> Day {
    add_months(profile.start, months_between(profile.start, month))
}

/// Calendar months from the month of `day` to that in which the term ends; 0 within that month.
fn months_to_renewal(profile: &Profile, day: Day) -> i32 {
    let tenure = months_between(profile.start, day);
    if tenure <= 0 {
        return profile.term_months;
    }
    (profile.term_months - tenure % profile.term_months) % profile.term_months
}

/// The chance that an account decides to leave during a month. Most leave when the term ends.
fn voluntary(tier: Tier, latent: f64, tenure: i32, months_to_renewal: i32) -> f64 {
    if tenure < 3 {
        return 0.0;
    }
    let calendar = match months_to_renewal {
        0 => -1.95,
        1..=2 => -6.8,
        _ => -7.3,
    };
    let closeness = match tier {
        Tier::Strategic => -0.35,
        Tier::Growth => 0.0,
        Tier::Digital => 0.2,
    };
    let age = match tenure {
        ..=12 => 0.2,
        13..=36 => 0.0,
        _ => -0.3,
    };
    micro(logistic(calendar + closeness + age - 1.25 * latent))
}

/// The chance that an account is lost against its will during a month.
fn involuntary(tier: Tier, latent: f64, tenure: i32) -> f64 {
    if tenure < 3 {
        return 0.0;
    }
    let smallness = if tier == Tier::Digital { 0.4 } else { 0.0 };
    micro(logistic(-7.0 + smallness - 0.5 * latent))
}

/// The chance that an account buys more during a month.
fn expansion(latent: f64, tenure: i32) -> f64 {
    if tenure < 2 {
        return 0.0;
    }
    micro(logistic(-3.35 + 0.8 * latent))
}
