//! Currencies and their dated rates. A [`View`] says in which currency a book is read: amounts are converted at the rate of
//! the first day of their month, so that inside a month no movement comes from a rate, and what the next month's rate
//! changes is a movement of its own. A converted line is a whole number of minor units; what rounding left is a line too.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{
    Line,
    amount::{Arr, PARTS},
    ledger::month_of,
    mutant::{Mutant, broken},
};
use crate::{Day, money::decimals};

/// An ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The dollar of the United States.
    pub const USD: Self = Self(*b"USD");

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Currency {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        match text.trim().as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|letter| letter.is_ascii_alphabetic()) => {
                Ok(Self([a, b, c].map(u8::to_ascii_uppercase)))
            }
            _ => Err(RateError::NoCurrency(text.to_owned())),
        }
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// How many units of one currency another is worth: an exact decimal, or one over one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    numerator: i64,
    denominator: i64,
}

/// Billionths of a rate: nine decimal places.
const NANOS: i64 = 1_000_000_000;

/// Why a text is no rate or no currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// Not three letters.
    #[error("`{0}` is no currency: write the three letters of ISO 4217, like EUR")]
    NoCurrency(String),
    /// Not a positive decimal of at most nine places.
    #[error("`{0}` is no rate: write a decimal above zero with at most nine places, like 1.0843")]
    NoRate(String),
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let refuse = || RateError::NoRate(text.to_owned());
        let (whole, places) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let digits = format!("{whole}{places:0<9}");
        if whole.len() > 9 || places.len() > 9 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(refuse());
        }
        digits.parse().ok().and_then(Self::from_nanos).ok_or_else(refuse)
    }
}

impl Rate {
    /// A rate from its billionths; `None` unless it is above zero and below a billion.
    pub fn from_nanos(nanos: i64) -> Option<Self> {
        (0 < nanos && nanos < NANOS * NANOS).then_some(Self { numerator: nanos, denominator: NANOS })
    }

    /// What the other currency is worth in this one, exactly.
    #[must_use]
    pub fn inverse(self) -> Self {
        Self { numerator: self.denominator, denominator: self.numerator }
    }

    /// Billionths, rounded down for an inverse.
    pub fn nanos(self) -> i64 {
        (i128::from(self.numerator) * i128::from(NANOS) / i128::from(self.denominator)) as i64
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, places) = (self.nanos() / NANOS, format!("{:09}", self.nanos() % NANOS));
        match places.trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            places => write!(f, "{whole}.{places}"),
        }
    }
}

/// Rates into one currency, by currency and the day they hold from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates(BTreeMap<Currency, BTreeMap<Day, Rate>>);

/// Amounts in a currency that has no rate on a day; what their accounts pay is unknown until there is one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no rate from {currency} to {into} on {day} or before, so what {} ({}) is unknown: add one, or ask for {currency} by itself",
    counted(self.accounts(), "account pays", "accounts pay"),
    counted(.contracts.len(), "contract", "contracts")
)]
pub struct NoRate {
    /// The currency of the amounts.
    pub currency: Currency,
    /// The currency that was asked for.
    pub into: Currency,
    /// The first day a rate was needed.
    pub day: Day,
    /// Accounts and their subscriptions that are left out.
    pub contracts: BTreeSet<(i64, i64)>,
}

impl NoRate {
    /// How many accounts are concerned.
    pub fn accounts(&self) -> usize {
        self.contracts.iter().map(|(account_id, _)| account_id).collect::<BTreeSet<_>>().len()
    }
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

impl Rates {
    /// No rates: every amount is read in its own currency, or not at all.
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a rate that holds from a day until the next.
    pub fn insert(&mut self, currency: Currency, from: Day, rate: Rate) {
        self.0.entry(currency).or_default().insert(from, rate);
    }

    /// The same with others, which hold where both say something of a day.
    #[must_use]
    pub fn or(mut self, others: Self) -> Self {
        for (currency, days) in others.0 {
            self.0.entry(currency).or_default().extend(days);
        }
        self
    }

    /// The rate of a currency on a day.
    pub fn on(&self, currency: Currency, day: Day) -> Option<Rate> {
        self.0.get(&currency)?.range(..=day).next_back().map(|(_, rate)| *rate)
    }
}

/// Dated rates between pairs of currencies: what a book knows of them, whatever currency it is read in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exchange(BTreeMap<(Currency, Currency), BTreeMap<Day, Rate>>);

impl Exchange {
    /// Adds what one unit of a currency is worth in another from a day until the next rate of the two.
    pub fn insert(&mut self, currency: Currency, into: Currency, from: Day, rate: Rate) {
        self.0.entry((currency, into)).or_default().insert(from, rate);
    }

    /// The rates into a currency: those that were given, and one over those given the other way round.
    ///
    /// No rate is made of two others: who needs a cross rate gives it, so that nobody has to guess which day's two it was.
    pub fn rates_into(&self, into: Currency) -> Rates {
        let mut rates = Rates::none();
        for ((from, to), days) in &self.0 {
            for (day, rate) in days.iter().filter(|_| *from == into) {
                rates.0.entry(*to).or_default().entry(*day).or_insert_with(|| rate.inverse());
            }
            for (day, rate) in days.iter().filter(|_| *to == into) {
                rates.insert(*from, *day, *rate);
            }
        }
        rates
    }
}

/// The currency a book is read in.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// That currency.
    pub currency: Currency,
    /// Rates into it.
    pub rates: &'a Rates,
    /// Days without revenue after which a return is *new* and no longer a *reactivation*; `None` for never.
    pub reactivation_days: Option<u32>,
}

impl View<'_> {
    /// Whether an amount needs no rate.
    pub(super) fn is_native(&self, line: &Line) -> bool {
        line.currency == self.currency
    }

    /// The value of a line as of a day; nothing where there is no rate, which [`super::Ledger::unrated`] tells.
    pub(super) fn value(&self, line: &Line, day: Day) -> Arr {
        self.known_value(line, day).unwrap_or_default()
    }

    /// The value of a line as of a day; `None` where there is no rate.
    pub fn known_value(&self, line: &Line, day: Day) -> Option<Arr> {
        if self.is_native(line) {
            return Some(line.arr);
        }
        let rate_day = if broken(Mutant::SpotRate) { day } else { month_of(day).0 };
        self.rates.on(line.currency, rate_day).map(|rate| self.convert(line.arr, line.currency, rate))
    }

    /// The value of a line over its days: what it is from each day on, as far as it changes; `None` where there is no rate.
    pub fn pieces(&self, line: &Line) -> Vec<(Day, Option<Arr>)> {
        let days = self.changes(line.currency, (line.from, line.to));
        let mut pieces: Vec<(Day, Option<Arr>)> =
            days.into_iter().map(|day| (day, self.known_value(line, day))).collect();
        pieces.dedup_by_key(|(_, value)| *value);
        pieces
    }

    /// Minor units of a currency on a day, by its code; `None` where there is no rate, or no such currency.
    pub fn cents(&self, cents: i64, code: &str, day: Day) -> Option<i64> {
        if code == self.currency.as_str() {
            return Some(cents);
        }
        let from = code.parse().ok()?;
        let rate = self.rates.on(from, month_of(day).0)?;
        Some(self.convert(Arr::from_cents(cents), from, rate).cents())
    }

    /// Minor units of a currency over days (half-open): what they are from each day on, as far as it changes; `None` where
    /// there is no rate, or no such currency.
    pub fn cents_over(&self, cents: i64, code: &str, (from, to): (Day, Day)) -> Vec<(Day, Option<i64>)> {
        let days = code.parse().map_or_else(|_| vec![from], |currency| self.changes(currency, (from, to)));
        let mut pieces: Vec<(Day, Option<i64>)> =
            days.into_iter().map(|day| (day, self.cents(cents, code, day))).collect();
        pieces.dedup_by_key(|(_, value)| *value);
        pieces
    }

    /// The first of some days (half-open), and those on which another rate of a currency begins to count: with the first
    /// month that begins with it.
    fn changes(&self, currency: Currency, (from, to): (Day, Day)) -> Vec<Day> {
        let rated = self.rates.0.get(&currency).filter(|_| currency != self.currency);
        let begins = |day: &Day| if month_of(*day).0 == *day { *day } else { month_of(*day).1 };
        let changes = rated.into_iter().flat_map(|days| days.keys().map(begins));
        std::iter::once(from).chain(changes.filter(|day| from < *day && *day < to)).collect()
    }

    /// An amount of another currency at a rate, to the nearest minor unit.
    pub fn convert(&self, amount: Arr, from: Currency, rate: Rate) -> Arr {
        let scale = |currency: Currency| 10_i128.pow(decimals(currency.as_str()));
        let times = i128::from(rate.numerator) * scale(self.currency);
        let by = i128::from(rate.denominator) * scale(from);
        // Whole units first: the full product would not fit for the largest amounts.
        let (whole, part) = (amount.0.div_euclid(PARTS), amount.0.rem_euclid(PARTS));
        let (quotient, rest) = ((whole * times).div_euclid(by), (whole * times).rem_euclid(by));
        let fraction = rest * PARTS + part * times;
        let below = fraction.div_euclid(by * PARTS);
        let up = 2 * (fraction - below * by * PARTS) >= by * PARTS;
        Arr((quotient + below + i128::from(up)) * PARTS)
    }
}
