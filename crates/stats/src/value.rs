//! What a customer is worth: named, versioned definitions.
//! A [`Definition`] says in words what is computed; a [`Valuation`] is a number that carries its definition and form,
//! or the reason why there is none. Profit is the default form (margin less the cost to acquire and to serve);
//! revenue has to be asked for and is labelled. Nothing undefined is ever replaced by zero, infinity or a guess.

mod lifetime;
mod unit_economics;

pub use lifetime::{
    CashFlow, Receipts, RetentionCase, Timing, constant_retention, contractual, customer_equity, historic,
    non_contractual, simple,
};
pub use unit_economics::{acquisition_cost, lifetime_to_cost, payback_periods, retention_cost, retention_cost_share};

use crate::error::{Error, setting_non_negative};

/// A definition of lifetime value. The version changes whenever the same inputs would give another number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: u32,
    /// What it computes, in one sentence.
    pub meaning: &'static str,
}

/// Margin received to date.
pub const HISTORIC: Definition = Definition {
    name: "historic",
    version: 1,
    meaning: "margin received to date, optionally discounted to acquisition, less the costs to acquire and serve",
};

/// Margin divided by churn.
pub const SIMPLE: Definition = Definition {
    name: "simple",
    version: 1,
    meaning: "margin per period divided by churn per period: constant churn, no discount, no expansion; undefined at zero churn",
};

/// Discounted margin weighted by survival.
pub const CONTRACTUAL: Definition = Definition {
    name: "contractual-dcf",
    version: 1,
    meaning: "margin per period weighted by the probability of still being a customer and discounted, over a stated horizon",
};

/// Margin per purchase times discounted expected purchases.
pub const NON_CONTRACTUAL: Definition = Definition {
    name: "non-contractual",
    version: 1,
    meaning: "margin on the expected spend per purchase times the discounted expected number of purchases",
};

/// Every definition.
pub const DEFINITIONS: [Definition; 4] = [HISTORIC, SIMPLE, CONTRACTUAL, NON_CONTRACTUAL];

/// Whether costs are taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Margin less costs.
    #[default]
    Profit,
    /// Gross revenue; always labelled as such.
    Revenue,
}

/// The economics of a customer, in one currency, per period where it says so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Economics {
    /// Recurring revenue per period.
    pub recurring: f64,
    /// One-off revenue expected or received over the whole time.
    pub one_off: f64,
    /// Margin of customers this one is credited with referring, over the whole time.
    pub referral_margin: f64,
    /// Share of revenue that is left after the cost of delivering it, 0 to 1.
    pub gross_margin: f64,
    /// Cost to serve per period beyond the cost of delivery (customer success, support).
    pub cost_to_serve: f64,
    /// Cost to acquire; `None` when unknown, in which case no profit can be stated for a new customer.
    pub cost_to_acquire: Option<f64>,
}

impl Economics {
    /// Fails on numbers that are not finite, negative costs, and a margin above 1. A negative margin is allowed: some
    /// customers lose money.
    pub fn check(&self) -> Result<(), Error> {
        for (what, value) in [
            ("recurring revenue", self.recurring),
            ("one-off revenue", self.one_off),
            ("referral margin", self.referral_margin),
        ] {
            crate::error::finite(what, 0, value)?;
        }
        setting_non_negative("cost to serve", self.cost_to_serve)?;
        setting_non_negative("cost to acquire", self.cost_to_acquire.unwrap_or(0.0))?;
        if self.gross_margin.is_finite() && self.gross_margin <= 1.0 {
            return Ok(());
        }
        Err(Error::Setting { what: "gross margin", value: self.gross_margin, expected: "a share of at most 1" })
    }

    /// What one period brings in the given form.
    pub fn per_period(&self, form: Form) -> f64 {
        match form {
            Form::Profit => self.recurring * self.gross_margin - self.cost_to_serve,
            Form::Revenue => self.recurring,
        }
    }

    /// What comes once, apart from the cost to acquire.
    pub fn once(&self, form: Form) -> f64 {
        match form {
            Form::Profit => self.one_off * self.gross_margin + self.referral_margin,
            Form::Revenue => self.one_off,
        }
    }

    /// The cost to acquire where the form takes it off; `None` where it is needed and unknown.
    fn acquisition(&self, form: Form) -> Option<f64> {
        match form {
            Form::Profit => self.cost_to_acquire,
            Form::Revenue => Some(0.0),
        }
    }
}

/// Why there is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undefined {
    /// Nobody has left: dividing by a churn of zero would promise eternity.
    ZeroChurn,
    /// The cost to acquire is unknown and the profit form needs it.
    UnknownAcquisitionCost,
    /// The expected spend does not exist under the model (its tail is too heavy).
    NoMeanSpend,
    /// The margin per period is not above zero, so costs are never earned back.
    NoMargin,
    /// A ratio over nothing.
    NothingToDivideBy,
}

impl std::fmt::Display for Undefined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ZeroChurn => "nobody has left, so the simple formula has no answer; use a survival-based definition",
            Self::UnknownAcquisitionCost => "the cost to acquire is unknown; supply it or ask for the revenue form",
            Self::NoMeanSpend => "the spend model has no mean for this customer; use the median",
            Self::NoMargin => "the margin per period is not above zero",
            Self::NothingToDivideBy => "there is nothing to divide by",
        })
    }
}

/// A number with its definition, or the reason why there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Valuation {
    /// The definition used.
    pub definition: Definition,
    /// The form.
    pub form: Form,
    /// The value.
    pub value: Result<f64, Undefined>,
}

impl Valuation {
    /// How a screen or a file names the number, such as `simple@1 (revenue)`.
    pub fn label(&self) -> String {
        let form = match self.form {
            Form::Profit => "profit",
            Form::Revenue => "revenue",
        };
        format!("{}@{} ({form})", self.definition.name, self.definition.version)
    }
}
