//! When leaving is seen: subscriptions that are renewed or not, period by period.
//! [`Spells`] hold how many left when and how many are still here; [`Params`] is the beta-discrete-Weibull family,
//! whose special case `c = 1` is the shifted-beta-geometric; [`Fitted`] adds the uncertainty. Retention rates rise
//! with tenure in both because those likely to leave go first, not because anyone changes. Not for purchase logs:
//! a customer who has not bought lately has not left.

mod renewal;
mod spells;

pub use renewal::constant_retention;
pub use spells::Spells;

use crate::error::{Error, positive};
use crate::inference::{Comparison, Uncertainty};
use crate::linear::Matrix;
use crate::optimise::{Evaluation, Search, minimise};
use crate::real::{Jet, Real};
use crate::special::gamma::chi_squared_upper;

/// Which member of the family to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Shifted-beta-geometric: each customer's chance of leaving never changes (Fader & Hardie 2007).
    Sbg,
    /// Beta-discrete-Weibull: it may also rise (`c > 1`) or fall with tenure (Fader, Hardie et al. 2018).
    Bdw,
}

impl Model {
    /// The name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sbg => "sbg",
            Self::Bdw => "bdw",
        }
    }

    /// The names of the parameters it estimates.
    pub const fn parameter_names(self) -> &'static [&'static str] {
        match self {
            Self::Sbg => &["gamma", "delta"],
            Self::Bdw => &["gamma", "delta", "c"],
        }
    }
}

/// Parameters: churn per period is beta with `gamma` (leaving) and `delta` (staying), tenure counted as `t^c`.
/// The 2007 paper calls the first two alpha and beta.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Params {
    /// Weight of leaving.
    pub gamma: f64,
    /// Weight of staying.
    pub delta: f64,
    /// Shape over tenure; 1 for the shifted-beta-geometric.
    pub c: f64,
}

/// Parameters estimated from spells.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The model fitted.
    pub model: Model,
    /// The estimates.
    pub params: Params,
    /// The uncertainty of gamma, delta and c.
    pub uncertainty: Uncertainty,
    /// Log-likelihood at the maximum.
    pub log_likelihood: f64,
    /// Customers fitted.
    pub customers: f64,
}

impl Params {
    /// Accepts known parameters, all above zero.
    pub fn new(gamma: f64, delta: f64, c: f64) -> Result<Self, Error> {
        Ok(Self { gamma: positive("gamma", gamma)?, delta: positive("delta", delta)?, c: positive("c", c)? })
    }

    fn theta(self) -> [f64; 3] {
        [self.gamma, self.delta, self.c]
    }

    /// The mean churn probability in the first period.
    pub fn mean_churn(&self) -> f64 {
        self.gamma / (self.gamma + self.delta)
    }

    /// How unlike customers are: 0 all alike, 1 each either stays for ever or leaves at once.
    pub fn polarization(&self) -> f64 {
        1.0 / (self.gamma + self.delta + 1.0)
    }

    /// The log-likelihood of spells under these parameters.
    pub fn log_likelihood(&self, spells: &Spells) -> f64 {
        total(self.theta(), spells)
    }
}

/// `ln S(t)`; whole counts use rising factorials, which cancel nothing.
fn ln_survival<R: Real>([gamma, delta, c]: [R; 3], t: u32) -> R {
    if t == 0 {
        return R::constant(0.0);
    }
    if t == 1 {
        return delta.ln() - (gamma + delta).ln();
    }
    let exponent = c * f64::from(t).ln();
    // Beyond e^600 "periods" the curve is at its end, whatever its derivatives.
    let passed = if exponent.value() > 600.0 { R::constant(600.0_f64.exp()) } else { exponent.exp() };
    delta.ln_gamma_step(gamma) - (delta + passed).ln_gamma_step(gamma)
}

fn total<R: Real>(theta: [R; 3], spells: &Spells) -> R {
    let mut sum = R::constant(0.0);
    for (after, by, count) in spells.losses() {
        let from = ln_survival(theta, after);
        sum = sum + (from + (ln_survival(theta, by) - from).ln_one_minus_exp()) * count;
    }
    for (age, count) in spells.kept() {
        sum = sum + ln_survival(theta, age) * count;
    }
    sum
}

/// Fits by maximum likelihood. Fails with no losses (see [`crate::survival::kaplan_meier::bound_without_events`]
/// for what can then be said), with nobody left after the first period, and with too few ages for the parameters.
pub fn fit(model: Model, spells: &Spells) -> Result<Fitted, Error> {
    let what = model.name();
    if spells.lost() == 0.0 {
        return Err(Error::NotIdentified { what, why: "nobody has left yet; churn has only an upper bound" });
    }
    if spells.survivors_of_first() == 0.0 {
        return Err(Error::NotIdentified { what, why: "nobody has survived the first period" });
    }
    let size = model.parameter_names().len();
    crate::error::at_least("periods observed", size, spells.last_age() as usize)?;
    let objective = |log: &[f64]| {
        let c = if size == 3 { Jet::exp_variable(log[2], 2) } else { Jet::constant(1.0) };
        let jet = total([Jet::<3>::exp_variable(log[0], 0), Jet::exp_variable(log[1], 1), c], spells);
        let scale = -1.0 / spells.customers();
        Evaluation {
            value: jet.value * scale,
            gradient: jet.gradient[..size].iter().map(|g| g * scale).collect(),
            hessian: Matrix::from_fn(size, |i, j| jet.hessian[i][j] * scale),
        }
    };
    let search = Search { bounds: (-9.0, 9.0), ..Search::default() };
    let found = minimise(what, &[0.0, 0.7, 0.0][..size], search, objective)?;
    let mut information = Matrix::zeros(3);
    for i in 0..size {
        for j in 0..size {
            information[(i, j)] = found.evaluation.hessian[(i, j)] * spells.customers();
        }
    }
    let on_bound: Vec<bool> = (0..3).map(|i| *found.on_bound.get(i).unwrap_or(&true)).collect();
    let c = found.at.get(2).map_or(1.0, |log| log.exp());
    Ok(Fitted {
        model,
        params: Params { gamma: found.at[0].exp(), delta: found.at[1].exp(), c },
        uncertainty: Uncertainty::from_information(&information, &on_bound),
        log_likelihood: -found.evaluation.value * spells.customers(),
        customers: spells.customers(),
    })
}

impl Fitted {
    /// Standard errors in the order of [`Model::parameter_names`]; `None` where not identified.
    pub fn standard_errors(&self) -> Vec<Option<f64>> {
        let mut errors = self.uncertainty.standard_errors(&self.params.theta());
        errors.truncate(self.model.parameter_names().len());
        errors
    }
}

/// Tests the shifted-beta-geometric inside the beta-discrete-Weibull (`c = 1`), one degree of freedom.
pub fn compare(simple: &Fitted, general: &Fitted) -> Comparison {
    let statistic = (2.0 * (general.log_likelihood - simple.log_likelihood)).max(0.0);
    Comparison { statistic, p_value: chi_squared_upper(statistic, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_general_model_contains_the_simple_one() {
        let params = Params::new(0.7, 1.2, 1.0).unwrap();
        for t in 1..30 {
            let direct = 1.2.ln_rising(t) - 1.9.ln_rising(t);
            assert!((ln_survival(params.theta(), t) - direct).abs() < 1e-12);
        }
    }

    #[test]
    fn without_losses_or_without_survivors_there_is_no_fit() {
        for survivors in [&[100.0, 100.0, 100.0][..], &[100.0, 0.0, 0.0]] {
            let spells = Spells::from_survivors(survivors).unwrap();
            assert!(matches!(fit(Model::Sbg, &spells), Err(Error::NotIdentified { .. })));
        }
    }
}
