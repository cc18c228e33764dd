//! How much a customer spends per purchase: the Gamma-Gamma model (Fader, Hardie & Lee 2005, JMR).
//! A customer's observed mean is shrunk towards the population's, the more so the fewer purchases it rests on.
//! The model assumes that amounts do not depend on how often one buys; [`independence`] checks it. The density is
//! that of the *mean* spend; the paper's printed likelihood is that of the total, smaller by `Σ ln x`.

use crate::error::{Error, at_least, same_length};
use crate::inference::Uncertainty;
use crate::interval::{Confidence, Estimate, Interval};
use crate::linear::Matrix;
use crate::optimise::{Evaluation, Search, minimise};
use crate::random::{self, Uniforms};
use crate::real::{Dual, Jet, Real};
use crate::special::gamma;

/// One customer's repeat purchases: how many and their mean amount.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spend {
    /// Number of purchases in the mean; at least 1 for a fit, 0 for a customer without any.
    pub purchases: u32,
    /// Mean amount per purchase; ignored when there are none.
    pub mean: f64,
}

impl Spend {
    /// A customer of whom no repeat purchase is known.
    pub const NONE: Self = Self { purchases: 0, mean: 0.0 };

    fn check(&self, row: usize) -> Result<(), Error> {
        if self.purchases > 0 {
            crate::error::non_negative("mean spend", row, self.mean)?;
        }
        Ok(())
    }

    /// A fit takes logarithms of amounts and learns nothing from customers without purchases.
    fn check_for_fit(&self, row: usize) -> Result<(), Error> {
        self.check(row)?;
        let refuse = |what, value, expected| Err(Error::OutOfRange { what, row, value, expected });
        if self.purchases == 0 {
            return refuse(
                "purchases",
                0.0,
                "at least one; customers without any are for predictions, not for the fit",
            );
        }
        if self.mean == 0.0 {
            return refuse("mean spend", 0.0, "an amount above zero; leave customers who never paid out of the fit");
        }
        Ok(())
    }

    /// The total spent, 0 without purchases.
    fn total(&self) -> f64 {
        if self.purchases == 0 { 0.0 } else { f64::from(self.purchases) * self.mean }
    }
}

/// Parameters: amounts are gamma with shape `p` and a rate that is gamma with shape `q` and rate `gamma`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Params {
    /// Shape of the amounts of one customer.
    pub p: f64,
    /// Shape of the customers' rates. At or below 1 the population has no mean spend.
    pub q: f64,
    /// Rate of the customers' rates, in money.
    pub gamma: f64,
}

/// Parameters estimated from data.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The estimates.
    pub params: Params,
    /// Their uncertainty, in the order p, q, gamma.
    pub uncertainty: Uncertainty,
    /// Log-likelihood of the mean spends.
    pub log_likelihood: f64,
    /// Customers fitted.
    pub customers: usize,
}

/// Fits by maximum likelihood to customers with at least one repeat purchase; others are refused, because leaving
/// them in would say that they spend nothing. Fails on fewer than three customers and on amounts not above zero.
pub fn fit(spends: &[Spend]) -> Result<Fitted, Error> {
    at_least("Gamma-Gamma", 3, spends.len())?;
    for (row, spend) in spends.iter().enumerate() {
        spend.check_for_fit(row)?;
    }
    let statistics = Statistics::new(spends);
    let n = spends.len() as f64;
    let found = [[1.0, 1.0, 1.0], [0.0, 0.5, 0.0]]
        .into_iter()
        .map(|start| minimise("Gamma-Gamma", &start, Search::default(), |log| statistics.evaluate(log)))
        .reduce(|a, b| match (a, b) {
            (Ok(a), Ok(b)) => Ok(if b.evaluation.value < a.evaluation.value { b } else { a }),
            (Ok(found), Err(_)) | (Err(_), Ok(found)) => Ok(found),
            (error, Err(_)) => error,
        })
        .ok_or(Error::NoConvergence { what: "Gamma-Gamma", evaluations: 0 })??;
    let information = Matrix::from_fn(3, |i, j| found.evaluation.hessian[(i, j)] * n);
    Ok(Fitted {
        params: Params { p: found.at[0].exp(), q: found.at[1].exp(), gamma: found.at[2].exp() * statistics.unit },
        uncertainty: Uncertainty::from_information(&information, &found.on_bound),
        log_likelihood: -found.evaluation.value * n - n * statistics.unit.ln(),
        customers: spends.len(),
    })
}

/// What the likelihood needs of the data, with money measured in mean spends.
struct Statistics {
    unit: f64,
    customers: f64,
    /// Number of customers by number of purchases.
    counts: Vec<(f64, f64)>,
    /// Purchases and total of every customer.
    rows: Vec<(f64, f64)>,
    /// `Σ x ln(x z)` and `Σ ln z`.
    log_totals: f64,
    log_means: f64,
}

impl Statistics {
    fn new(spends: &[Spend]) -> Self {
        let customers = spends.len() as f64;
        let unit = spends.iter().map(|s| s.mean).sum::<f64>() / customers;
        let mut sorted: Vec<u32> = spends.iter().map(|s| s.purchases).collect();
        sorted.sort_unstable();
        let counts = sorted.chunk_by(|a, b| a == b).map(|c| (f64::from(c[0]), c.len() as f64)).collect();
        let rows: Vec<(f64, f64)> = spends.iter().map(|s| (f64::from(s.purchases), s.total() / unit)).collect();
        let log_totals = rows.iter().map(|(x, total)| x * total.ln()).sum();
        let log_means = spends.iter().map(|s| (s.mean / unit).ln()).sum();
        Self { unit, customers, counts, rows, log_totals, log_means }
    }

    /// Minus the mean log-likelihood in `ln p, ln q, ln gamma`.
    fn evaluate(&self, log: &[f64]) -> Evaluation {
        let theta: [f64; 3] = std::array::from_fn(|i| log[i].exp());
        let [p, q, v] = std::array::from_fn(|i| Jet::<3>::variable(theta[i], i));
        let mut sum = p * self.log_totals - self.log_means + (q * v.ln() - q.ln_gamma()) * self.customers;
        for &(x, count) in &self.counts {
            sum = sum + ((p * x + q).ln_gamma() - (p * x).ln_gamma()) * count;
        }
        self.add_rows(theta, &mut sum);
        crate::purchase::in_logs(&sum, &theta, -1.0 / self.customers)
    }

    /// The one part that differs per customer, `-(p x + q) ln(gamma + x z)`, by hand because it is the loop.
    fn add_rows(&self, [p, q, v]: [f64; 3], out: &mut Jet<3>) {
        let (
            mut logs,
            mut count_logs,
            mut inverse,
            mut count_inverse,
            mut shape_log,
            mut shape_inverse,
            mut shape_square,
        ) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for &(x, total) in &self.rows {
            let (log, inv, shape) = ((v + total).ln(), 1.0 / (v + total), p * x + q);
            logs += log;
            count_logs += x * log;
            inverse += inv;
            count_inverse += x * inv;
            shape_log += shape * log;
            shape_inverse += shape * inv;
            shape_square += shape * inv * inv;
        }
        out.value -= shape_log;
        out.gradient[0] -= count_logs;
        out.gradient[1] -= logs;
        out.gradient[2] -= shape_inverse;
        for (i, j, value) in [(0, 2, -count_inverse), (1, 2, -inverse)] {
            out.hessian[i][j] += value;
            out.hessian[j][i] += value;
        }
        out.hessian[2][2] += shape_square;
    }
}

/// `E[M | x, z]` for any number type.
fn mean<R: Real>([p, q, v]: [R; 3], spend: &Spend) -> R {
    let x = f64::from(spend.purchases);
    p * (v + spend.total()) / (p * x + q - 1.0)
}

impl Params {
    /// Accepts known parameters, all above zero.
    pub fn new(p: f64, q: f64, gamma: f64) -> Result<Self, Error> {
        for (name, value) in [("p", p), ("q", q), ("gamma", gamma)] {
            crate::error::positive(name, value)?;
        }
        Ok(Self { p, q, gamma })
    }

    fn shape(&self, spend: &Spend) -> f64 {
        self.p * f64::from(spend.purchases) + self.q
    }

    /// The expected mean spend of a customer; `None` where it does not exist (`p x + q <= 1`), never negative.
    pub fn mean_spend(&self, spend: &Spend) -> Result<Option<f64>, Error> {
        spend.check(0)?;
        Ok((self.shape(spend) > 1.0).then(|| mean([self.p, self.q, self.gamma], spend)))
    }

    /// The median of a customer's mean spend, which always exists.
    pub fn median_spend(&self, spend: &Spend) -> Result<f64, Error> {
        spend.check(0)?;
        Ok(self.p * (self.gamma + spend.total()) / gamma::quantile(self.shape(spend), 0.5))
    }

    /// The range in which a customer's true mean spend lies, given the parameters.
    pub fn interval(&self, spend: &Spend, confidence: Confidence) -> Result<Interval, Error> {
        spend.check(0)?;
        let at = |share| self.p * (self.gamma + spend.total()) / gamma::quantile(self.shape(spend), share);
        Ok(Interval { low: at(1.0 - confidence.lower_tail()), high: at(confidence.lower_tail()).min(f64::MAX) })
    }

    /// A draw of a customer's true mean spend.
    pub fn draw(&self, spend: &Spend, source: &mut impl Uniforms) -> Result<f64, Error> {
        spend.check(0)?;
        Ok(self.p / random::gamma(source, self.shape(spend), self.gamma + spend.total()))
    }

    /// The mean of `purchases` amounts of a customer with the given true mean spend.
    pub fn draw_observed(&self, true_mean: f64, purchases: u32, source: &mut impl Uniforms) -> f64 {
        let shape = self.p * f64::from(purchases);
        random::gamma(source, shape, shape / true_mean)
    }
}

impl Fitted {
    /// The expected mean spend with the uncertainty of the parameters; `None` where the mean does not exist.
    pub fn mean_spend(&self, spend: &Spend, confidence: Confidence) -> Result<Option<Estimate>, Error> {
        spend.check(0)?;
        let Params { p, q, gamma } = self.params;
        if self.params.shape(spend) <= 1.0 {
            return Ok(None);
        }
        let theta = [p, q, gamma];
        let dual = mean(std::array::from_fn(|i| Dual::<3>::variable(theta[i].ln(), i).exp()), spend);
        Ok(Some(Estimate::positive(dual.value, self.uncertainty.error_of(&dual), confidence)))
    }

    /// Standard errors of p, q, gamma; `None` where not identified.
    pub fn standard_errors(&self) -> Vec<Option<f64>> {
        let Params { p, q, gamma } = self.params;
        self.uncertainty.standard_errors(&[p, q, gamma])
    }
}

/// The correlation between how often and how much: near zero where the model applies. As a rule of thumb, beyond
/// 0.2 in size value and frequency should be modelled together. `None` where either never varies.
pub fn independence(purchases: &[f64], means: &[f64]) -> Result<Option<f64>, Error> {
    same_length("purchases and mean spends", purchases.len(), means.len())?;
    crate::validation::correlation(purchases, means)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seeded;

    #[test]
    fn recovers_its_parameters_and_shrinks() {
        let truth = Params::new(6.0, 4.0, 15.0).unwrap();
        let mut source = Seeded::new(5);
        let spends: Vec<Spend> = (0..3000)
            .map(|i| {
                let m = truth.draw(&Spend::NONE, &mut source).unwrap();
                let purchases = 1 + i % 5;
                Spend { purchases, mean: truth.draw_observed(m, purchases, &mut source) }
            })
            .collect();
        let fitted = fit(&spends).unwrap();
        let wide = Confidence::new(0.999).unwrap();
        let intervals = fitted.uncertainty.intervals(&[fitted.params.p, fitted.params.q, fitted.params.gamma], wide);
        for (interval, truth) in intervals.iter().zip([6.0, 4.0, 15.0]) {
            assert!(interval.unwrap().contains(truth), "{fitted:?}");
        }
        let population = fitted.mean_spend(&Spend::NONE, wide).unwrap().unwrap().value;
        let once = fitted.params.mean_spend(&Spend { purchases: 1, mean: 100.0 }).unwrap().unwrap();
        assert!(population < once && once < 100.0);
    }

    #[test]
    fn no_mean_is_none_and_the_median_remains() {
        let params = Params::new(2.0, 0.8, 10.0).unwrap();
        assert_eq!(params.mean_spend(&Spend::NONE).unwrap(), None);
        assert!(params.median_spend(&Spend::NONE).unwrap() > 0.0);
        assert!(fit(&[Spend { purchases: 1, mean: -2.0 }; 5]).is_err());
    }

    #[test]
    fn identical_customers_are_labelled_not_estimated() {
        let fitted = fit(&[Spend { purchases: 3, mean: 20.0 }; 50]).unwrap();
        assert!(fitted.standard_errors().iter().any(Option::is_none));
        let mean = fitted.mean_spend(&Spend { purchases: 3, mean: 20.0 }, Confidence::P95).unwrap().unwrap();
        assert!((mean.value - 20.0).abs() < 0.01);
    }
}
