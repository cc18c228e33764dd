//! Purchases times spend per purchase: the non-contractual definition of lifetime value, with an interval that holds
//! the errors of both models. They are estimated from different columns, so their relative variances add.

use stats::spend;
use stats::value::{Economics, Form, NON_CONTRACTUAL, Undefined, Valuation, non_contractual};
use stats::{Confidence, Estimate, Interval};

use super::Terms;
use crate::clv::summary::Customer;

/// How purchases become money.
pub(super) struct Money<'a> {
    fitted: &'a spend::Fitted,
    economics: Economics,
    form: Form,
    confidence: Confidence,
    /// The definition and form of the values.
    pub(super) label: String,
}

impl<'a> Money<'a> {
    pub(super) fn new(fitted: &'a spend::Fitted, terms: Terms) -> Self {
        let economics = Economics {
            recurring: 0.0,
            one_off: 0.0,
            referral_margin: 0.0,
            gross_margin: terms.margin.unwrap_or(1.0),
            cost_to_serve: 0.0,
            cost_to_acquire: None,
        };
        let form = if terms.margin.is_some() { Form::Profit } else { Form::Revenue };
        let label = Valuation { definition: NON_CONTRACTUAL, form, value: Err(Undefined::NoMeanSpend) }.label();
        Self { fitted, economics, form, confidence: terms.confidence, label }
    }

    /// Expected spend per purchase; none where the model has no mean.
    pub(super) fn per_purchase(&self, customer: &Customer) -> Result<Option<Estimate>, stats::Error> {
        self.fitted.mean_spend(&customer.spend(), self.confidence)
    }

    /// Discounted purchases times expected spend. Both are estimated apart, so relative variances add.
    pub(super) fn value(&self, purchases: Estimate, spend: Option<Estimate>) -> Result<Option<Estimate>, stats::Error> {
        let mean = spend.map(|spend| spend.value);
        let valued = non_contractual(&self.economics, mean, purchases.value, 0.0, self.form)?;
        let (Ok(value), Some(spend)) = (valued.value, spend) else { return Ok(None) };
        let relative = |estimate: Estimate| {
            if estimate.value > 0.0 { estimate.standard_error / estimate.value } else { 0.0 }
        };
        let error = value.abs() * relative(purchases).hypot(relative(spend));
        // A negative margin makes a negative value: its interval is that of its size, turned over.
        let size = Estimate::positive(value.abs(), error, self.confidence);
        if value >= 0.0 {
            return Ok(Some(size));
        }
        let interval = Interval { low: -size.interval.high, high: -size.interval.low };
        Ok(Some(Estimate { value, standard_error: error, interval }))
    }
}
