//! Annual amounts as integers and shares as fractions. A minor unit is divided into [`PARTS`], the least common multiple
//! of every supported period, so that a third of a cent is a whole number; percent, points and plain ratios are types
//! of their own, because five percent, five points and a ratio of five are three claims. Floats appear only on the way out.

use std::{
    cmp::Ordering,
    fmt,
    iter::Sum,
    ops::{Add, AddAssign, Neg, Sub, SubAssign},
};

/// Parts of one minor unit: the least common multiple of 1 to 36, which 7 days, 48 and 60 months divide too.
pub(super) const PARTS: i128 = 144_403_552_893_600;

/// An annual recurring amount in parts of a minor unit; exact under addition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arr(pub(super) i128);

impl Arr {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A whole number of minor units a year.
    pub fn from_cents(cents: i64) -> Self {
        Self(i128::from(cents) * PARTS)
    }

    /// Minor units a year, rounded half away from zero.
    pub fn cents(self) -> i64 {
        rounded(self.0, PARTS)
    }

    /// Minor units a year, where that is a whole number.
    pub fn exact_cents(self) -> Option<i64> {
        (self.0 % PARTS == 0).then(|| self.cents())
    }

    /// Minor units a month (a twelfth), rounded half away from zero.
    pub fn monthly_cents(self) -> i64 {
        rounded(self.0, PARTS * 12)
    }

    /// Minor units a year as a float, for pictures and expressions.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / PARTS as f64
    }

    /// Whether there is nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether there is something.
    pub fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// This amount over another; undefined over zero.
    pub fn over(self, whole: Self) -> Option<Ratio> {
        Ratio::new(self.0, whole.0)
    }
}

/// A quotient to the nearest whole number, halves away from zero; saturates at the ends of `i64`.
pub(super) fn rounded(amount: i128, by: i128) -> i64 {
    let half = by / 2;
    let whole = if amount < 0 { (amount - half) / by } else { (amount + half) / by };
    i64::try_from(whole).unwrap_or(if whole < 0 { i64::MIN } else { i64::MAX })
}

impl Add for Arr {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Arr {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Arr {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Arr {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl SubAssign for Arr {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Sum for Arr {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// An exact quotient in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    numerator: i128,
    denominator: i128,
}

impl Ratio {
    /// A quotient; undefined over zero.
    pub fn new(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator == 0 {
            return None;
        }
        let sign = if denominator < 0 { -1 } else { 1 };
        let by = sign * divisor(numerator, denominator);
        Some(Self { numerator: numerator / by, denominator: denominator / by })
    }

    /// What this is to one: 1 − r.
    #[must_use]
    pub fn complement(self) -> Self {
        Self { numerator: self.denominator - self.numerator, denominator: self.denominator }
    }

    /// As a float, for pictures and expressions.
    pub fn as_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// The numerator in lowest terms.
    pub fn numerator(self) -> i128 {
        self.numerator
    }

    /// The denominator in lowest terms; positive.
    pub fn denominator(self) -> i128 {
        self.denominator
    }
}

/// The greatest common divisor, positive; one for two zeros.
pub(super) fn divisor(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

impl Ord for Ratio {
    /// Compares by continued fraction, since products of two numerators would not fit.
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = ((self.numerator, self.denominator), (other.numerator, other.denominator));
        loop {
            let whole = left.0.div_euclid(left.1).cmp(&right.0.div_euclid(right.1));
            let (a, b) = (left.0.rem_euclid(left.1), right.0.rem_euclid(right.1));
            match (whole, a == 0 || b == 0) {
                (Ordering::Equal, true) => return a.cmp(&b),
                // Both are fractions below one: their reciprocals compare the other way round.
                (Ordering::Equal, false) => (left, right) = ((right.1, b), (left.1, a)),
                (unequal, _) => return unequal,
            }
        }
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A share of a whole, written as percent: 0.85 is 85 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(pub Ratio);

/// The difference of two percentages, in percentage points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Points(pub Ratio);

impl Percent {
    /// One amount as a share of another; undefined over zero.
    pub fn of(part: Arr, whole: Arr) -> Option<Self> {
        part.over(whole).map(Self)
    }

    /// One count as a share of another; undefined over zero.
    pub fn of_counts(part: usize, whole: usize) -> Option<Self> {
        Ratio::new(part as i128, whole as i128).map(Self)
    }

    /// What is missing to the whole.
    #[must_use]
    pub fn complement(self) -> Self {
        Self(self.0.complement())
    }

    /// From another percentage to this one.
    pub fn points_above(self, other: Self) -> Points {
        // Both denominators are in lowest terms; where a product would not fit, the float is near enough to show.
        let (a, b) = (self.0, other.0);
        let exact = || {
            let top = a.numerator.checked_mul(b.denominator)?.checked_sub(b.numerator.checked_mul(a.denominator)?)?;
            Ratio::new(top, a.denominator.checked_mul(b.denominator)?)
        };
        let near = Ratio { numerator: ((a.as_f64() - b.as_f64()) * 1e12) as i128, denominator: 1_000_000_000_000 };
        Points(exact().unwrap_or(near))
    }

    /// As a float share: 0.85 for 85 %.
    pub fn as_f64(self) -> f64 {
        self.0.as_f64()
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} %", self.0.as_f64() * 100.0)
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+.2} points", self.0.as_f64() * 100.0)
    }
}
