//! Time-invariant covariates in the purchase models (Fader & Hardie, note 019).
//! A buying covariate scales a customer's rate: `alpha_i = alpha exp(-g'z)`. A leaving covariate scales drop-out:
//! `a_i = a exp(g'z)` in the geometric models, `beta_i = beta exp(-g'z)` in Pareto/NBD, so a positive coefficient
//! always means *more*. (`CLVTools` moves `a` and `b` together, which changes polarization but not mean drop-out.)

use super::history::Row;
use super::{Attrition, Fitted, Histories, History, Model, Options, Params, Rising, exponential, fit, geometric};
use crate::error::{Error, finite, same_length};
use crate::inference::{Comparison, Uncertainty};
use crate::interval::{Confidence, Estimate};
use crate::linear::Matrix;
use crate::optimise::{Evaluation, Search, minimise};
use crate::purchase::in_logs;
use crate::special::gamma::chi_squared_upper;

/// Covariates of every customer, row-major; either block may be empty.
#[derive(Debug, Clone, Copy)]
pub struct Covariates<'a> {
    /// What may change the buying rate.
    pub buying: &'a [f64],
    /// What may change drop-out.
    pub leaving: &'a [f64],
}

/// A model with covariates, estimated.
#[derive(Debug, Clone, PartialEq)]
pub struct CovariateFitted {
    /// The parameters of a customer whose covariates are all zero.
    pub base: Params,
    /// Coefficients on the logarithm of the buying rate.
    pub buying: Vec<f64>,
    /// Coefficients on the logarithm of the drop-out parameter.
    pub leaving: Vec<f64>,
    /// Uncertainty of the four log-parameters followed by all coefficients.
    pub uncertainty: Uncertainty,
    /// Log-likelihood at the maximum.
    pub log_likelihood: f64,
    /// Log-likelihood without covariates, for a likelihood-ratio test.
    pub log_likelihood_without: f64,
    /// Customers fitted.
    pub customers: usize,
}

/// Fits by maximum likelihood. Fails as [`fit`] does, on columns of different length, on covariates that never vary or
/// are collinear, and where the window shows no drop-out while leaving covariates are given.
pub fn fit_with_covariates(
    model: Model,
    histories: &[History],
    covariates: Covariates<'_>,
) -> Result<CovariateFitted, Error> {
    let book = Histories::new(histories)?;
    let plain = fit(model, &book, Options::default())?;
    if plain.attrition == Attrition::NotDetected {
        return Err(Error::NotIdentified {
            what: "covariates of drop-out",
            why: "no drop-out is detectable in this window",
        });
    }
    let n = histories.len();
    let (buying, leaving) = (Block::new(covariates.buying, n)?, Block::new(covariates.leaving, n)?);
    let unit = book.median_age();
    let rows: Vec<Row> = histories
        .iter()
        .map(|h| Row { repeats: h.repeats, recency: h.recency / unit, age: h.age / unit, weight: 1.0 })
        .collect();
    let scaled = |i: usize| plain.params.values[i] / unit.powf(model.times()[i]);
    let mut start: Vec<f64> = (0..4).map(|i| scaled(i).ln()).collect();
    start.resize(4 + buying.columns + leaving.columns, 0.0);
    let found =
        minimise(model.name(), &start, Search::default(), |theta| evaluate(model, &rows, &buying, &leaving, theta))?;
    let information = Matrix::from_fn(start.len(), |i, j| found.evaluation.hessian[(i, j)] * n as f64);
    // From standardised coefficients back to the covariates' own units.
    let scales: Vec<f64> =
        std::iter::repeat_n(1.0, 4).chain(buying.scales.iter().chain(&leaving.scales).copied()).collect();
    let rescaled = |i: usize| (0..scales.len()).map(|j| if i == j { 1.0 / scales[i] } else { 0.0 }).collect();
    let uncertainty = Uncertainty::from_information(&information, &found.on_bound)
        .combined(&(0..scales.len()).map(rescaled).collect::<Vec<_>>());
    if uncertainty.identified()[4..].contains(&false) {
        return Err(Error::NotIdentified {
            what: "covariate coefficients",
            why: "covariates are collinear or separate customers perfectly",
        });
    }
    let coefficient = |i: usize| found.at[i] / scales[i];
    Ok(CovariateFitted {
        base: Params { model, values: std::array::from_fn(|i| found.at[i].exp() * unit.powf(model.times()[i])) },
        buying: (4..4 + buying.columns).map(coefficient).collect(),
        leaving: (4 + buying.columns..start.len()).map(coefficient).collect(),
        uncertainty,
        log_likelihood: -found.evaluation.value * n as f64 - book.repeats() * unit.ln(),
        log_likelihood_without: plain.log_likelihood,
        customers: n,
    })
}

/// A block of covariates divided by their standard deviations.
struct Block {
    columns: usize,
    values: Vec<f64>,
    scales: Vec<f64>,
}

impl Block {
    fn new(values: &[f64], customers: usize) -> Result<Self, Error> {
        let columns = values.len() / customers;
        same_length("covariates and customers", values.len(), columns * customers)?;
        for (i, &v) in values.iter().enumerate() {
            finite("covariate", i / columns, v)?;
        }
        let n = customers as f64;
        let spread = |j: usize| {
            let column = || values.iter().skip(j).step_by(columns);
            let mean = column().sum::<f64>() / n;
            (column().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()
        };
        let scales: Vec<f64> = (0..columns).map(spread).collect();
        if scales.contains(&0.0) {
            return Err(Error::NotIdentified {
                what: "covariate coefficients",
                why: "a covariate has the same value everywhere",
            });
        }
        let values = values.iter().enumerate().map(|(i, v)| v / scales[i % columns]).collect();
        Ok(Self { columns, values, scales })
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.columns..(i + 1) * self.columns]
    }
}

/// Which log-parameter a leaving covariate moves, and in which direction.
const fn leaving_slot(model: Model) -> (usize, f64) {
    match model {
        Model::BgNbd | Model::MbgNbd => (2, 1.0),
        Model::ParetoNbd => (3, -1.0),
    }
}

/// How each of a customer's four log-parameters depends on all parameters: (index, weight) pairs.
fn dependence(model: Model, buying: &[f64], leaving: &[f64]) -> [Vec<(usize, f64)>; 4] {
    let mut slots: [Vec<(usize, f64)>; 4] = std::array::from_fn(|i| vec![(i, 1.0)]);
    slots[1].extend(buying.iter().enumerate().map(|(j, z)| (4 + j, -z)));
    let (slot, sign) = leaving_slot(model);
    slots[slot].extend(leaving.iter().enumerate().map(|(j, z)| (4 + buying.len() + j, sign * z)));
    slots
}

fn evaluate(model: Model, rows: &[Row], buying: &Block, leaving: &Block, theta: &[f64]) -> Evaluation {
    let mut out = Evaluation::zeros(theta.len());
    for (i, row) in rows.iter().enumerate() {
        let slots = dependence(model, buying.row(i), leaving.row(i));
        let values: [f64; 4] = std::array::from_fn(|k| slots[k].iter().map(|&(j, w)| w * theta[j]).sum::<f64>().exp());
        let jet = match model {
            Model::BgNbd | Model::MbgNbd => geometric::row(model, values, &geometric::Tables::new(values, 0), row),
            Model::ParetoNbd => exponential::row(values, &Rising::new(values[0], 0), row),
        };
        let local = in_logs(&jet, &values, -1.0 / rows.len() as f64);
        out.value += local.value;
        for (k, slot) in slots.iter().enumerate() {
            for &(a, wa) in slot {
                out.gradient[a] += wa * local.gradient[k];
                for (l, other) in slots.iter().enumerate() {
                    for &(b, wb) in other {
                        out.hessian[(a, b)] += wa * wb * local.hessian[(k, l)];
                    }
                }
            }
        }
    }
    out
}

impl CovariateFitted {
    /// The model of a customer with these covariates: all predictions of [`Fitted`], intervals included.
    pub fn for_customer(&self, buying: &[f64], leaving: &[f64]) -> Result<Fitted, Error> {
        same_length("buying covariates and coefficients", buying.len(), self.buying.len())?;
        same_length("leaving covariates and coefficients", leaving.len(), self.leaving.len())?;
        for (j, &z) in buying.iter().chain(leaving).enumerate() {
            finite("covariate", j, z)?;
        }
        let model = self.base.model;
        let slots = dependence(model, buying, leaving);
        let logs: Vec<f64> =
            self.base.values.iter().map(|v| v.ln()).chain(self.buying.iter().chain(&self.leaving).copied()).collect();
        let weights = |slot: &Vec<(usize, f64)>| {
            let mut row = vec![0.0; logs.len()];
            for &(j, w) in slot {
                row[j] += w;
            }
            row
        };
        let rows: Vec<Vec<f64>> = slots.iter().map(weights).collect();
        let value = |row: &Vec<f64>| row.iter().zip(&logs).map(|(w, l)| w * l).sum::<f64>().exp();
        Ok(Fitted {
            params: Params::new(model, std::array::from_fn(|i| value(&rows[i])))?,
            uncertainty: self.uncertainty.combined(&rows),
            log_likelihood: self.log_likelihood,
            log_likelihood_without_attrition: self.log_likelihood_without,
            customers: self.customers,
            attrition: Attrition::Detected,
            evaluations: 0,
        })
    }

    /// Every coefficient with its interval, buying covariates first.
    pub fn coefficients(&self, confidence: Confidence) -> Vec<Estimate> {
        let covariance = self.uncertainty.log_covariance();
        let one =
            |(j, &g): (usize, &f64)| Estimate::symmetric(g, covariance[(4 + j, 4 + j)].max(0.0).sqrt(), confidence);
        self.buying.iter().chain(&self.leaving).enumerate().map(one).collect()
    }

    /// Tests all covariates at once against the model without them.
    pub fn likelihood_ratio(&self) -> Comparison {
        let statistic = (2.0 * (self.log_likelihood - self.log_likelihood_without)).max(0.0);
        let degrees = (self.buying.len() + self.leaving.len()) as f64;
        Comparison { statistic, p_value: chi_squared_upper(statistic, degrees) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seeded;

    #[test]
    fn recovers_what_moves_buying_and_leaving() {
        let wide = Confidence::new(0.999).unwrap();
        for model in Model::ALL {
            let mut source = Seeded::new(23);
            let (mut histories, mut z) = (Vec::new(), Vec::new());
            for i in 0..3000 {
                let covariate = f64::from(i % 2);
                let mut values = [1.2, 6.0, 0.8, 3.0];
                values[1] *= (-0.5 * covariate).exp();
                let (slot, sign) = leaving_slot(model);
                values[slot] *= (sign * 0.6 * covariate).exp();
                histories.push(Params::new(model, values).unwrap().simulate(52.0, &mut source).unwrap());
                z.push(covariate);
            }
            let fitted = fit_with_covariates(model, &histories, Covariates { buying: &z, leaving: &z }).unwrap();
            let coefficients = fitted.coefficients(wide);
            assert!(coefficients[0].interval.contains(0.5), "{model:?} {coefficients:?}");
            assert!(coefficients[1].interval.contains(0.6), "{model:?} {coefficients:?}");
            assert!(fitted.log_likelihood > fitted.log_likelihood_without + 10.0);
            let one = fitted.for_customer(&[1.0], &[1.0]).unwrap();
            let expected = one.expected_purchases(&histories[1], 10.0, Confidence::P95).unwrap();
            assert!(expected.standard_error > 0.0 && expected.interval.contains(expected.value));
        }
    }
}
