//! The rows of a prediction, made one at a time so that a million customers need no memory beyond themselves. A row is
//! what identifies it and a list of estimates; the columns are those with their bounds.

use stats::purchase::{Horizon, bg_bb};
use stats::{Estimate, spend, tenure};

use super::money::Money;
use super::{Prediction, Terms};
use crate::clv::error::ClvError;
use crate::clv::fit::Fitted;
use crate::clv::summary::Customer;

/// One row on its way out.
pub(super) struct Line<'a> {
    pub(super) id: Option<&'a str>,
    keys: &'a [Option<f64>],
    quantities: &'a [Option<Estimate>],
}

impl Line<'_> {
    /// Everything after the id, in the order of the columns; an absent number is unknown.
    pub(super) fn numbers(&self) -> impl Iterator<Item = Option<f64>> + '_ {
        let bounds = self.quantities.iter().flat_map(|estimate| match estimate {
            Some(Estimate { value, interval, .. }) => [Some(*value), Some(interval.low), Some(interval.high)],
            None => [None; 3],
        });
        self.keys.iter().copied().chain(bounds)
    }
}

/// Whoever takes the rows.
pub(super) type Take<'a> = dyn FnMut(&Line<'_>) -> Result<(), ClvError> + 'a;

/// Ages shown beyond the horizon and the data.
const AGES_BEYOND: u32 = 5;
/// Ages shown at most.
const AGES: u32 = 1_000;

impl Prediction {
    /// The names of what identifies a row.
    fn keys(&self) -> &'static [&'static str] {
        match &self.fit.fitted {
            Fitted::Purchases(_) | Fitted::Covariates(_) => &["id", "x", "t_x", "T"],
            Fitted::Opportunities(_) => &["id", "x", "t_x", "n"],
            Fitted::Spend(_) => &["id", "x", "m"],
            Fitted::Tenure(_) => &["age"],
        }
    }

    /// The names of the estimates of a row.
    fn names(&self) -> &'static [&'static str] {
        match &self.fit.fitted {
            Fitted::Purchases(_) | Fitted::Covariates(_) => {
                &["p_alive", "purchases", "discounted_purchases", "dert", "mean_spend", "clv", "residual_clv"]
            }
            Fitted::Opportunities(_) => &["p_alive", "purchases", "dert"],
            Fitted::Spend(_) => &["mean_spend", "median_spend"],
            Fitted::Tenure(_) => &["survival", "retention_rate", "residual_tenure", "derl"],
        }
    }

    /// The columns: what identifies a row, then each estimate with its bounds.
    pub fn columns(&self) -> Vec<String> {
        let bounds =
            self.names().iter().flat_map(|name| [(*name).to_owned(), format!("{name}_low"), format!("{name}_high")]);
        self.keys().iter().map(|key| (*key).to_owned()).chain(bounds).collect()
    }

    /// Hands every row to `take`; the answer is the sum over all customers, where the model has one.
    pub(super) fn each(&self, take: &mut Take<'_>) -> Result<Option<Estimate>, ClvError> {
        match &self.fit.fitted {
            Fitted::Purchases(_) | Fitted::Covariates(_) => self.purchases(take),
            Fitted::Opportunities(fitted) => self.opportunities(fitted, take).map(|()| None),
            Fitted::Spend(fitted) => self.spends(fitted, take).map(|()| None),
            Fitted::Tenure(fitted) => self.tenures(fitted, take).map(|()| None),
        }
    }

    fn refused(&self) -> impl Fn(stats::Error) -> ClvError + '_ {
        |source| ClvError::Estimate { model: self.fit.model, path: self.path.clone(), source }
    }

    /// Kinds of customers share the error of the parameters, so their sums have no interval that could be added up.
    fn purchases(&self, take: &mut Take<'_>) -> Result<Option<Estimate>, ClvError> {
        let Some(kinds) = self.fit.kinds(&self.customers).map_err(self.refused())? else { return Ok(None) };
        let Terms { annual_rate, confidence, .. } = self.terms;
        let horizon = Horizon { length: self.horizon, discount: self.unit.discount(annual_rate) };
        let forecasters = kinds.models.iter().map(|model| model.forecaster(horizon, confidence));
        let mut forecasters = forecasters.collect::<Result<Vec<_>, _>>().map_err(self.refused())?;
        let money = self.money();
        for (customer, &kind) in self.customers.iter().zip(&kinds.of) {
            let forecaster = &mut forecasters[kind];
            let history = customer.history;
            let forecast = forecaster.forecast(&history, customer.weight);
            let residual = (horizon.discount > 0.0).then(|| forecaster.residual(&history));
            let (mut spend, mut clv, mut residual_clv) = (None, None, None);
            if let Some(money) = &money {
                spend = money.per_purchase(customer).map_err(self.refused())?;
                let value = |purchases: Estimate| money.value(purchases, spend).map_err(self.refused());
                clv = value(forecast.discounted)?;
                residual_clv = residual.map(value).transpose()?.flatten();
            }
            let (p_alive, purchases, discounted) = (forecast.p_alive, forecast.purchases, forecast.discounted);
            take(&Line {
                id: Some(&customer.id),
                keys: &[Some(f64::from(history.repeats)), Some(history.recency), Some(history.age)],
                quantities: &[Some(p_alive), Some(purchases), Some(discounted), residual, spend, clv, residual_clv],
            })?;
        }
        Ok(if let [one] = &forecasters[..] { Some(one.total()) } else { None })
    }

    /// The spend model behind the values, where there is one.
    pub(super) fn money(&self) -> Option<Money<'_>> {
        match &self.spend.as_ref()?.fitted {
            Fitted::Spend(fitted) => Some(Money::new(fitted, self.terms)),
            _ => None,
        }
    }

    fn opportunities(&self, fitted: &bg_bb::Fitted, take: &mut Take<'_>) -> Result<(), ClvError> {
        let (rate, confidence) = (self.rate_per_unit(), self.terms.confidence);
        let one = |customer: &Customer| -> Result<[Option<Estimate>; 3], stats::Error> {
            let count = customer.count();
            Ok([
                Some(fitted.p_alive(&count, confidence)?),
                Some(fitted.expected_purchases(&count, self.horizon as u32, confidence)?),
                if rate > 0.0 { Some(fitted.dert(&count, rate, confidence)?) } else { None },
            ])
        };
        let mut known = std::collections::HashMap::new();
        for customer in &self.customers {
            let history = customer.history;
            let key = (history.repeats, history.recency as u32, history.age as u32);
            let quantities = match known.get(&key) {
                Some(quantities) => *quantities,
                None => *known.entry(key).or_insert(one(customer).map_err(self.refused())?),
            };
            take(&Line {
                id: Some(&customer.id),
                keys: &[Some(f64::from(history.repeats)), Some(history.recency), Some(history.age)],
                quantities: &quantities,
            })?;
        }
        Ok(())
    }

    fn spends(&self, fitted: &spend::Fitted, take: &mut Take<'_>) -> Result<(), ClvError> {
        for customer in &self.customers {
            let own = customer.spend();
            let mean = fitted.mean_spend(&own, self.terms.confidence).map_err(self.refused())?;
            // The interval of the median is that of the customer's own spend, parameters taken as known.
            let median = fitted.params.median_spend(&own).map_err(self.refused())?;
            let interval = fitted.params.interval(&own, self.terms.confidence).map_err(self.refused())?;
            take(&Line {
                id: Some(&customer.id),
                keys: &[Some(f64::from(customer.history.repeats)), customer.mean_spend],
                quantities: &[mean, Some(Estimate { value: median, standard_error: 0.0, interval })],
            })?;
        }
        Ok(())
    }

    fn tenures(&self, fitted: &tenure::Fitted, take: &mut Take<'_>) -> Result<(), ClvError> {
        let (rate, confidence) = (self.rate_per_unit(), self.terms.confidence);
        let residual = |age: u32| match age {
            _ if rate <= 0.0 => Ok(None),
            0 => fitted.discounted_lifetime(rate, confidence).map(Some),
            _ => fitted.discounted_residual(age, rate, confidence).map(Some),
        };
        let last = self.last_age.max(self.horizon as u32).saturating_add(AGES_BEYOND).min(AGES);
        for age in 0..=last {
            take(&Line {
                id: None,
                keys: &[Some(f64::from(age))],
                quantities: &[
                    Some(fitted.survival(age, confidence)),
                    (age > 0).then(|| fitted.retention_rate(age, confidence)),
                    Some(fitted.residual_tenure(age, self.horizon as u32, confidence)),
                    residual(age).map_err(self.refused())?,
                ],
            })?;
        }
        Ok(())
    }
}
