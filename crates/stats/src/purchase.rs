//! When nobody says goodbye: how often customers buy and whether they still will.
//! A [`History`] is one customer's repeats, recency and age; a [`Model`] is one of three ways to combine a buying
//! rate with silent drop-out; [`Params`] are its four parameters and [`Fitted`] those estimated from a book of
//! histories. Discrete opportunities (one a year) have their own model, [`bg_bb`]. Time-varying covariates and
//! regular (non-Poisson) timing are absent.

pub mod bg_bb;
pub mod covariates;
mod drop_out;
mod exponential;
mod fit;
mod forecast;
mod forecaster;
mod future;
mod geometric;
mod history;
pub mod segments;

pub use drop_out::{NoAttrition, drop_out_bound};
pub(crate) use fit::in_logs;
pub use fit::{Attrition, Fitted, Options, Prior, fit};
pub use forecast::{Expectation, Forecast, Horizon};
pub use forecaster::Forecaster;
pub use history::{Histories, History, Purchases, TimeUnit, summarise};

use crate::error::{Error, positive};
use crate::real::{Jet, Real};

/// How buying and dropping out are combined. All three mix Poisson buying with gamma rates across customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::enum_variant_names, reason = "these are the names of the models")]
pub enum Model {
    /// Beta-geometric: a customer may drop out right after any repeat purchase (Fader, Hardie & Lee 2005).
    BgNbd,
    /// The same, and also right after the first purchase (Batislam et al. 2007; Hoppe & Wagner 2007).
    MbgNbd,
    /// Exponential lifetimes with gamma rates: drop-out at any moment (Schmittlein, Morrison & Colombo 1987).
    ParetoNbd,
}

impl Model {
    /// Every model, for callers that compare them.
    pub const ALL: [Self; 3] = [Self::BgNbd, Self::MbgNbd, Self::ParetoNbd];

    /// The name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BgNbd => "bg-nbd",
            Self::MbgNbd => "mbg-nbd",
            Self::ParetoNbd => "pareto-nbd",
        }
    }

    /// The names of the four parameters, as the papers write them.
    pub const fn parameter_names(self) -> [&'static str; 4] {
        match self {
            Self::BgNbd | Self::MbgNbd => ["r", "alpha", "a", "b"],
            Self::ParetoNbd => ["r", "alpha", "s", "beta"],
        }
    }

    /// Which parameters are times and change with the unit.
    const fn times(self) -> [f64; 4] {
        match self {
            Self::BgNbd | Self::MbgNbd => [0.0, 1.0, 0.0, 0.0],
            Self::ParetoNbd => [0.0, 1.0, 0.0, 1.0],
        }
    }
}

/// The parameters of one of the models.
///
/// `r` and `alpha` are shape and rate of the buying rates. For the geometric models `a` and `b` are those of the
/// drop-out probability after a purchase; for Pareto/NBD `s` and `beta` are shape and rate of the death rates.
/// A third parameter of zero means that nobody drops out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Params {
    model: Model,
    values: [f64; 4],
}

impl Params {
    /// Accepts known parameters, or fails unless all are positive (the third may be zero: no drop-out).
    pub fn new(model: Model, values: [f64; 4]) -> Result<Self, Error> {
        for (name, value) in model.parameter_names().into_iter().zip(values) {
            let no_attrition = value == 0.0 && name == model.parameter_names()[2];
            if !no_attrition {
                positive(name, value)?;
            }
        }
        Ok(Self { model, values })
    }

    /// The model.
    pub const fn model(&self) -> Model {
        self.model
    }

    /// The four values, in the order of [`Model::parameter_names`].
    pub const fn values(&self) -> [f64; 4] {
        self.values
    }

    /// Whether customers drop out at all under these parameters.
    pub fn has_attrition(&self) -> bool {
        self.values[2] > 0.0
    }

    /// The log-likelihood of a book of histories under these parameters.
    pub fn log_likelihood(&self, book: &Histories) -> f64 {
        if self.has_attrition() {
            fit::total(self.model, self.values, book.rows(), 1).value
        } else {
            let [r, alpha, ..] = self.values;
            fit::total_without_attrition([r, alpha], book.rows(), 1).value
        }
    }
}

/// A row's log-likelihood without drop-out, the plain negative binomial, with derivatives in `r` and `alpha`.
fn nbd_row([r, alpha]: [f64; 2], counts: &Rising, row: &history::Row) -> Jet<2> {
    let shape = r + f64::from(row.repeats);
    let [g, g1, g2] = counts.at(row.repeats);
    let (at_end, ln_ratio) = (1.0 / (alpha + row.age), -(row.age / alpha).ln_1p());
    let cross = 1.0 / alpha - at_end;
    Jet {
        value: g + r * ln_ratio - f64::from(row.repeats) * (alpha + row.age).ln(),
        gradient: [g1 + ln_ratio, r / alpha - shape * at_end],
        hessian: [[g2, cross], [cross, shape * at_end * at_end - r / (alpha * alpha)]],
    }
}

/// The logarithm of a rising factorial and its first two derivatives, tabled where the same base meets many counts.
#[derive(Debug)]
struct Rising {
    base: f64,
    table: Vec<[f64; 3]>,
}

impl Rising {
    /// A table for counts up to `max`, capped so that one absurd count does not cost memory.
    fn new(base: f64, max: u32) -> Self {
        let mut table = Vec::with_capacity(max.min(4096) as usize + 1);
        let mut sum = [0.0; 3];
        table.push(sum);
        for k in 0..max.min(4096) {
            let y = base + f64::from(k);
            sum[0] += y.ln();
            sum[1] += 1.0 / y;
            sum[2] -= 1.0 / (y * y);
            table.push(sum);
        }
        Self { base, table }
    }

    fn at(&self, n: u32) -> [f64; 3] {
        if let Some(&entry) = self.table.get(n as usize) {
            return entry;
        }
        let jet = Jet::<1>::variable(self.base, 0).ln_rising(n);
        [jet.value, jet.gradient[0], jet.hessian[0][0]]
    }
}
