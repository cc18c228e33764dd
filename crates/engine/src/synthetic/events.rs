//! Usage events, drawn from the expectations of `usage` for one account and month at a time, so that any month can be
//! drawn alone, in any order, and memory holds no more than one. Identifiers are a bijection of (account, month,
//! number): they never collide and look as random as the hashes of real messages, so files are not smaller than real.
//!
//! Deliberately absent: sessions (each event has its own time) and events without an account.

use chrono::TimeDelta;
use domain::time::start_of;
use domain::{Day, Event, Instant};

use super::calendar::add_months;
use super::features::{FEATURES, is_entitled};
use super::source;
use super::stream::{Stream, Topic, logistic, mix};
use super::subject::Subject;
use super::usage;

/// Deviation of the logarithm of a month's events around their expectation.
const MONTH_NOISE: f64 = 0.12;
/// Share of events that arrive days late, from devices that were offline.
const LATE: f64 = 0.006;
/// How unequal users are: the exponent that turns a uniform draw into a rank.
const INEQUALITY: i32 = 2;

/// Relative activity by hour of the local day.
const HOURS: [f64; 24] = [
    0.2, 0.1, 0.1, 0.1, 0.1, 0.3, 1.0, 3.0, 8.0, 12.0, 12.5, 11.5, 7.5, 9.5, 11.5, 11.0, 9.5, 6.5, 3.0, 1.8, 1.4, 1.1,
    0.8, 0.4,
];

const REPORTS: [&str; 4] =
    [r#"{"report":"status"}"#, r#"{"report":"workload"}"#, r#"{"report":"burndown"}"#, r#"{"report":"approvals"}"#];
const EXPORTS: [&str; 3] = [r#"{"format":"csv"}"#, r#"{"format":"xlsx"}"#, r#"{"format":"pdf"}"#];
const CALLS: [&str; 3] = [
    r#"{"endpoint":"/v1/tasks","status":200}"#,
    r#"{"endpoint":"/v1/projects","status":200}"#,
    r#"{"endpoint":"/v1/tasks","status":429}"#,
];
const CLIENTS: [&str; 3] = [r#"{"client":"web"}"#, r#"{"client":"web"}"#, r#"{"client":"mobile"}"#];

/// What turns an account's expectations into its events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// Events per expected event, the same for all accounts.
    pub(super) events: f64,
    /// The end user id of the account's first user.
    pub(super) first_user: i64,
}

/// Draws the events of an account in a month, oldest first, and adds them to a list.
pub(super) fn draw(subject: &Subject<'_>, scale: Scale, month: Day, into: &mut Vec<Event>) {
    let number = subject.window.index_of(month);
    let mut stream = Stream::new(subject.seed, Topic::Events, subject.id(), number);
    let noise = stream.spread((-MONTH_NOISE * MONTH_NOISE / 2.0).exp(), MONTH_NOISE);
    let mut hand = Hand {
        account_id: subject.id(),
        first_user: scale.first_user + usage::first_active(subject, month),
        ids: Ids::new(subject.seed, subject.id(), number),
        features: Wheel::new(&used(subject, month)),
        hours: Wheel::new(&local_hours(subject.profile.region.utc_offset_hours())),
        now: subject.window.now(),
        stream,
    };
    for expected in usage::days(subject, month) {
        let begin = into.len();
        let midnight = start_of(expected.day);
        for _ in 0..hand.stream.count(expected.mean * scale.events * noise) {
            into.extend(hand.event(midnight, expected.users));
        }
        into[begin..].sort_unstable_by_key(|event| (event.occurred_at, event.id));
    }
}

/// The weights of the features in use: those entitled all month that the account, in its own taste, has come to use.
fn used(subject: &Subject<'_>, month: Day) -> [f64; FEATURES.len()] {
    let mut taste = Stream::new(subject.seed, Topic::Taste, subject.id(), 0);
    let first = subject.bought(month.max(subject.first_day()));
    let last = subject.bought(add_months(month, 1));
    let mut weights = [0.0; FEATURES.len()];
    for (weight, feature) in weights.iter_mut().zip(&FEATURES) {
        let liking = taste.spread(feature.popularity, 0.5);
        if is_entitled(&first, feature) && is_entitled(&last, feature) {
            *weight = liking;
        }
    }
    // Everybody has to log in.
    weights[0] = weights[0].max(FEATURES[0].popularity);
    let entitled = weights.iter().filter(|weight| **weight > 0.0).count();
    let breadth = (entitled as f64 * logistic(1.3 + 0.8 * subject.latent(month))).round() as usize;
    let mut by_weight = weights;
    by_weight[1..].sort_unstable_by(|a, b| b.total_cmp(a));
    let least = by_weight[breadth.clamp(1, FEATURES.len()) - 1];
    for weight in &mut weights[1..] {
        if *weight < least || breadth <= 1 {
            *weight = 0.0;
        }
    }
    weights
}

/// The hours of a region's day as hours of a UTC day.
fn local_hours(utc_offset_hours: i64) -> [f64; 24] {
    std::array::from_fn(|utc| HOURS[(utc as i64 + utc_offset_hours).rem_euclid(24) as usize])
}

/// A list of weights to draw from, many times.
#[derive(Debug)]
struct Wheel<const N: usize>([f64; N]);

impl<const N: usize> Wheel<N> {
    fn new(weights: &[f64; N]) -> Self {
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        Self(weights.map(|weight| {
            sum += weight / total;
            sum
        }))
    }

    fn spin(&self, stream: &mut Stream) -> usize {
        let drawn = stream.unit();
        let below = self.0.iter().filter(|sum| **sum <= drawn).count();
        below.min(N - 1)
    }
}

/// Identifiers of the events of one account and month.
#[derive(Debug)]
struct Ids {
    next: u64,
    key: u64,
}

impl Ids {
    fn new(seed: u64, account_id: i64, month: i32) -> Self {
        let next = account_id.cast_unsigned() << 36 | u64::from(month.cast_unsigned() & 0xfff) << 24;
        Self { next, key: mix(seed) }
    }

    fn next(&mut self) -> [u8; 16] {
        let high = mix(self.next ^ self.key);
        self.next += 1;
        (u128::from(high) << 64 | u128::from(mix(high))).to_be_bytes()
    }
}

/// Everything one draw of an event needs.
struct Hand {
    account_id: i64,
    first_user: i64,
    ids: Ids,
    features: Wheel<{ FEATURES.len() }>,
    hours: Wheel<24>,
    now: Instant,
    stream: Stream,
}

impl Hand {
    /// One event of a day, unless it has not happened or has not arrived yet.
    fn event(&mut self, midnight: Instant, users: u32) -> Option<Event> {
        let id = self.ids.next();
        let hour = self.hours.spin(&mut self.stream) as f64;
        let within = ((hour + self.stream.unit()) * 3_600e6) as i64;
        let occurred_at = midnight + TimeDelta::microseconds(within);
        let feature = self.features.spin(&mut self.stream);
        let rank = self.stream.unit().powi(INEQUALITY) * f64::from(users);
        let user_id = self.first_user + rank as i64;
        let lag_us = if self.stream.chance(LATE) {
            self.stream.between(40_000_000_000, 400_000_000_000)
        } else {
            self.stream.between(400_000, 25_000_000)
        };
        let recorded_at = occurred_at + TimeDelta::microseconds(lag_us);
        let name = FEATURES[feature].name;
        let (by_machine, quantity, properties) = self.details(name);
        (recorded_at <= self.now).then(|| Event {
            id,
            source_id: source::PRODUCT,
            account_id: Some(self.account_id),
            user_id: (!by_machine).then_some(user_id),
            name: name.to_owned(),
            occurred_at,
            recorded_at,
            quantity,
            properties: properties.map(str::to_owned),
        })
    }

    /// Whether no person did it, how many, and properties.
    fn details(&mut self, name: &str) -> (bool, i64, Option<&'static str>) {
        let stream = &mut self.stream;
        match name {
            "login" => (false, 1, Some(stream.pick(&CLIENTS))),
            "report_viewed" => (false, 1, Some(stream.pick(&REPORTS))),
            "export_run" => (false, 1, Some(stream.pick(&EXPORTS))),
            "api_called" => (true, stream.between(1, 60), Some(stream.pick(&CALLS))),
            "integration_synced" => (true, stream.between(1, 200), None),
            _ => (false, 1, None),
        }
    }
}
