//! BG/BB: one opportunity per period to buy or not, as with yearly donations or conferences.
//! While alive a customer buys at each opportunity with a beta-distributed probability, and before each one dies
//! with another (Fader, Hardie & Shang 2010). A [`Count`] says how often, when last, out of how many.

use crate::error::{Error, at_least, setting_non_negative};
use crate::inference::Uncertainty;
use crate::interval::{Confidence, Estimate};
use crate::linear::Matrix;
use crate::optimise::{Evaluation, Search, minimise};
use crate::random::{Uniforms, beta};
use crate::real::{Dual, Jet, Real};
use crate::special::integral::hypergeometric_one;

/// Customers with the same record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Opportunities taken.
    pub bought: u32,
    /// The last opportunity taken; 0 if none was.
    pub last: u32,
    /// Opportunities so far.
    pub opportunities: u32,
}

impl Count {
    /// Fails on records that contradict themselves.
    pub fn check(&self, row: usize) -> Result<(), Error> {
        let Self { bought, last, opportunities } = *self;
        let wrong =
            |what, value: u32, expected| Err(Error::OutOfRange { what, row, value: f64::from(value), expected });
        if last > opportunities {
            return wrong("last opportunity taken", last, "at most the number of opportunities");
        }
        if bought > last {
            return wrong("opportunities taken", bought, "at most the last one taken");
        }
        if bought == 0 && last > 0 {
            return wrong("last opportunity taken", last, "0 for a customer who took none");
        }
        Ok(())
    }
}

/// Parameters: `alpha, beta` of buying, `gamma, delta` of dying.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Params {
    /// The four values.
    pub values: [f64; 4],
}

/// The names of the parameters, in order.
pub const PARAMETER_NAMES: [&str; 4] = ["alpha", "beta", "gamma", "delta"];

/// Parameters estimated from data.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The estimates.
    pub params: Params,
    /// Their uncertainty. Where nearly all die early or none do, gamma and delta are a ridge and not identified
    /// singly; their ratio still is.
    pub uncertainty: Uncertainty,
    /// Log-likelihood at the maximum.
    pub log_likelihood: f64,
    /// Customers fitted.
    pub customers: f64,
}

/// Rising factorials of every base a likelihood needs, as far as its longest record.
struct Tables<R> {
    alpha: Vec<R>,
    beta: Vec<R>,
    buying: Vec<R>,
    delta: Vec<R>,
    dying: Vec<R>,
    ln_gamma: R,
}

impl<R: Real> Tables<R> {
    fn new([alpha, beta, gamma, delta]: [R; 4], longest: u32) -> Self {
        let rising = |base: R| {
            let mut sum = R::constant(0.0);
            let mut table = vec![sum];
            for k in 0..=longest {
                sum = sum + (base + f64::from(k)).ln();
                table.push(sum);
            }
            table
        };
        Self {
            alpha: rising(alpha),
            beta: rising(beta),
            buying: rising(alpha + beta),
            delta: rising(delta),
            dying: rising(gamma + delta),
            ln_gamma: gamma.ln(),
        }
    }

    /// `ln B(alpha+x, beta+m)/B(alpha, beta)`.
    fn buys(&self, x: u32, misses: u32) -> R {
        self.alpha[x as usize] + self.beta[misses as usize] - self.buying[(x + misses) as usize]
    }

    /// Log-probability of surviving `n` opportunities.
    fn survives(&self, n: u32) -> R {
        self.delta[n as usize] - self.dying[n as usize]
    }

    /// Log-probability of dying right after surviving `n`.
    fn dies_after(&self, n: u32) -> R {
        self.ln_gamma + self.delta[n as usize] - self.dying[n as usize + 1]
    }

    /// The log-likelihood of one record.
    fn row(&self, count: &Count) -> R {
        let Count { bought, last, opportunities } = *count;
        let mut terms = vec![self.buys(bought, opportunities - bought) + self.survives(opportunities)];
        for n in last..opportunities {
            terms.push(self.buys(bought, n - bought) + self.dies_after(n));
        }
        let top = terms.iter().map(|t| t.value()).fold(f64::NEG_INFINITY, f64::max);
        terms.into_iter().fold(R::constant(0.0), |sum, t| sum + (t - top).exp()).ln() + top
    }
}

/// Fits by maximum likelihood to weighted records (`weights` are numbers of customers).
/// Fails on contradictions, no opportunities, nobody buying, and columns of different length.
pub fn fit(counts: &[Count], weights: &[f64]) -> Result<Fitted, Error> {
    crate::error::same_length("records and weights", counts.len(), weights.len())?;
    at_least("BG/BB", 1, counts.len())?;
    for (row, (count, &weight)) in counts.iter().zip(weights).enumerate() {
        count.check(row)?;
        crate::error::non_negative("weight", row, weight)?;
    }
    let customers: f64 = weights.iter().sum();
    let longest = counts.iter().map(|c| c.opportunities).max().unwrap_or(0);
    let bought: f64 = counts.iter().zip(weights).map(|(c, w)| w * f64::from(c.bought)).sum();
    if longest == 0 || bought <= 0.0 || customers < 2.0 {
        return Err(Error::NotIdentified { what: "BG/BB", why: "nobody has taken an opportunity yet" });
    }
    let objective = |log: &[f64]| {
        let tables = Tables::new(std::array::from_fn(|i| Jet::<4>::exp_variable(log[i], i)), longest);
        let mut sum = Evaluation::zeros(4);
        for (count, &weight) in counts.iter().zip(weights) {
            let jet = tables.row(count);
            let one = Evaluation {
                value: jet.value,
                gradient: jet.gradient.to_vec(),
                hessian: Matrix::from_fn(4, |i, j| jet.hessian[i][j]),
            };
            sum.add_scaled(-weight / customers, &one);
        }
        sum
    };
    let search = Search { bounds: (-10.0, 10.0), ..Search::default() };
    let found = minimise("BG/BB", &[0.0; 4], search, objective)?;
    let information = Matrix::from_fn(4, |i, j| found.evaluation.hessian[(i, j)] * customers);
    Ok(Fitted {
        params: Params { values: std::array::from_fn(|i| found.at[i].exp()) },
        uncertainty: Uncertainty::from_information(&information, &found.on_bound),
        log_likelihood: -found.evaluation.value * customers,
        customers,
    })
}

/// Probability of being alive at the next opportunity.
fn alive<R: Real>(theta: [R; 4], count: &Count) -> R {
    let n = count.opportunities;
    let tables = Tables::new(theta, n + 1);
    (tables.buys(count.bought, n - count.bought) + tables.survives(n + 1) - tables.row(count)).exp()
}

/// Probability of buying at an opportunity while alive, given the record.
fn propensity<R: Real>([alpha, beta, ..]: [R; 4], count: &Count) -> R {
    (alpha + f64::from(count.bought)) / (alpha + beta + f64::from(count.opportunities))
}

/// Expected purchases in the next opportunities: a sum of survival, which has no pole where the closed form has one.
fn expected<R: Real>(theta: [R; 4], count: &Count, opportunities: u32) -> R {
    let [_, _, gamma, delta] = theta;
    let (mut sum, mut survival) = (R::constant(0.0), R::constant(1.0));
    for k in 0..opportunities {
        sum = sum + survival;
        let age = f64::from(count.opportunities + k + 1);
        survival = survival * (delta + age) / (gamma + delta + age);
    }
    alive(theta, count) * propensity(theta, count) * sum
}

fn residual<R: Real>(theta: [R; 4], count: &Count, rate: f64) -> R {
    let [_, _, gamma, delta] = theta;
    let next = delta + f64::from(count.opportunities + 1);
    let forever = hypergeometric_one(next, gamma + next, 1.0 / (1.0 + rate));
    alive(theta, count) * propensity(theta, count) * forever * (1.0 / (1.0 + rate))
}

impl Params {
    /// Accepts known parameters, all above zero.
    pub fn new(values: [f64; 4]) -> Result<Self, Error> {
        for (name, value) in PARAMETER_NAMES.into_iter().zip(values) {
            crate::error::positive(name, value)?;
        }
        Ok(Self { values })
    }

    /// Probability of being alive at the next opportunity, `n + 1`.
    pub fn p_alive(&self, count: &Count) -> Result<f64, Error> {
        count.check(0)?;
        Ok(alive(self.values, count).clamp(0.0, 1.0))
    }

    /// Expected purchases in the next `opportunities`.
    pub fn expected_purchases(&self, count: &Count, opportunities: u32) -> Result<f64, Error> {
        count.check(0)?;
        Ok(expected(self.values, count, opportunities))
    }

    /// Discounted expected residual transactions at `rate` per opportunity, the next one discounted once.
    pub fn dert(&self, count: &Count, rate: f64) -> Result<f64, Error> {
        count.check(0)?;
        crate::error::positive("discount rate", rate)?;
        Ok(residual(self.values, count, rate))
    }

    /// Probability that a new customer takes exactly `bought` of the first `opportunities`.
    pub fn probability(&self, bought: u32, opportunities: u32) -> f64 {
        if bought > opportunities {
            return 0.0;
        }
        let tables = Tables::new(self.values, opportunities + 1);
        let ways = |n: u32| (1..=bought).map(|k| (f64::from(n - bought + k) / f64::from(k)).ln()).sum::<f64>();
        let stays = ways(opportunities) + tables.buys(bought, opportunities - bought) + tables.survives(opportunities);
        let dies = |n: u32| (ways(n) + tables.buys(bought, n - bought) + tables.dies_after(n)).exp();
        (stays.exp() + (bought..opportunities).map(dies).sum::<f64>()).clamp(0.0, 1.0)
    }

    /// A draw of the number of purchases in the next `opportunities`.
    pub fn draw_count(&self, count: &Count, opportunities: u32, source: &mut impl Uniforms) -> Result<u32, Error> {
        let [alpha, beta_, gamma, delta] = self.values;
        if source.uniform() >= self.p_alive(count)? {
            return Ok(0);
        }
        let n = f64::from(count.opportunities);
        let buys = beta(source, alpha + f64::from(count.bought), beta_ + n - f64::from(count.bought));
        let dies = beta(source, gamma, delta + n + 1.0);
        let mut bought = 0;
        for k in 0..opportunities {
            if k > 0 && source.uniform() < dies {
                break;
            }
            bought += u32::from(source.uniform() < buys);
        }
        Ok(bought)
    }
}

impl Fitted {
    /// Standard errors in the order of [`PARAMETER_NAMES`]; `None` where not identified.
    pub fn standard_errors(&self) -> Vec<Option<f64>> {
        self.uncertainty.standard_errors(&self.params.values)
    }

    fn dual(&self) -> [Dual<4>; 4] {
        std::array::from_fn(|i| Dual::variable(self.params.values[i].ln(), i).exp())
    }

    /// Probability of being alive at the next opportunity with its interval.
    pub fn p_alive(&self, count: &Count, confidence: Confidence) -> Result<Estimate, Error> {
        count.check(0)?;
        let p = alive(self.dual(), count);
        Ok(Estimate::probability(p.value.min(1.0), self.uncertainty.error_of(&p), confidence))
    }

    /// Expected purchases in the next `opportunities` with their interval.
    pub fn expected_purchases(
        &self,
        count: &Count,
        opportunities: u32,
        confidence: Confidence,
    ) -> Result<Estimate, Error> {
        count.check(0)?;
        setting_non_negative("opportunities", f64::from(opportunities))?;
        let y = expected(self.dual(), count, opportunities);
        Ok(Estimate::positive(y.value, self.uncertainty.error_of(&y), confidence))
    }

    /// Discounted expected residual transactions with their interval; see [`Params::dert`].
    pub fn dert(&self, count: &Count, rate: f64, confidence: Confidence) -> Result<Estimate, Error> {
        count.check(0)?;
        crate::error::positive("discount rate", rate)?;
        let value = residual(self.dual(), count, rate);
        Ok(Estimate::positive(value.value, self.uncertainty.error_of(&value), confidence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seeded;

    #[test]
    fn probabilities_add_up_and_draws_agree() {
        let params = Params::new([1.2, 0.75, 0.66, 2.78]).unwrap();
        let sum: f64 = (0..=6).map(|x| params.probability(x, 6)).sum();
        assert!((sum - 1.0).abs() < 1e-13);
        let record = Count { bought: 3, last: 5, opportunities: 6 };
        let mut source = Seeded::new(1);
        let n = 20_000;
        let total: u32 = (0..n).map(|_| params.draw_count(&record, 5, &mut source).unwrap()).sum();
        let expected = params.expected_purchases(&record, 5).unwrap();
        assert!((f64::from(total) / f64::from(n) / expected - 1.0).abs() < 0.03);
        let long = params.dert(&record, 0.1).unwrap();
        let sum: f64 = (1..=400)
            .map(|k| {
                let step =
                    params.expected_purchases(&record, k).unwrap() - params.expected_purchases(&record, k - 1).unwrap();
                step / 1.1_f64.powi(k as i32)
            })
            .sum();
        assert!((long / sum - 1.0).abs() < 1e-9);
    }

    #[test]
    fn contradictions_and_silence_are_refused() {
        assert!(fit(&[Count { bought: 3, last: 2, opportunities: 6 }], &[1.0]).is_err());
        assert!(fit(&[Count { bought: 0, last: 0, opportunities: 6 }], &[10.0]).is_err());
    }
}
