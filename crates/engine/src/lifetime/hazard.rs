//! The chance to leave, month by month, learned from the book's own past. A [`Spell`] is an account seen at the end of
//! a month and followed for up to a year; the hazard of each month ahead is a logistic regression on what was seen,
//! where what was seen fades with every month ahead. Groups lean on each other through a normal prior, so forty
//! accounts get a wide interval and not a refusal. The two causes compete and are estimated apart; their chances
//! combine. Absent: growth of revenue, and any use of what happened after the day of the model.

use serde::{Deserialize, Serialize};
use stats::{
    Confidence, Estimate, Matrix,
    logistic::{self, Prior},
    value::Receipts,
};

use super::{
    contract::{Cause, Renewal},
    definition::{Driver, Leaving},
};

/// Months a spell is followed, and months ahead after which more distance makes no more difference.
pub(crate) const YEAR: u32 = 12;

/// Columns before those of groups and drivers: constant, tenure, distance, term ends open, term ends closed.
const FIXED: usize = 5;

/// Shares of what is seen that are left a month later, among which the likeliest is chosen.
const FADES: [f64; 5] = [0.99, 0.95, 0.9, 0.82, 0.7];

/// Spells that suffice to choose among them.
const FADE_SPELLS: usize = 8_000;

/// A driver further than this many steps from its centre counts as this far.
const FARTHEST: f64 = 4.0;

/// An account at the end of a day, as the hazard sees it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Case {
    /// Months as a customer.
    pub(crate) months: f64,
    /// Its group.
    pub(crate) group: Option<String>,
    /// The ends of its terms.
    pub(crate) renewal: Option<Renewal>,
    /// The drivers as they stood; unknown is unknown.
    pub(crate) drivers: Vec<Option<f64>>,
}

/// A case and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spell {
    pub(crate) case: Case,
    /// Months followed, the last included.
    pub(crate) followed: u32,
    /// Why it left in the last of them, if it did.
    pub(crate) exit: Option<Cause>,
}

/// The fitted hazards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hazards {
    /// Groups that were seen, in order of their columns.
    pub groups: Vec<String>,
    /// Mean of each driver over the spells; unknown counts as this.
    pub centres: Vec<f64>,
    /// Step of each driver.
    per: Vec<f64>,
    /// Share of what is seen that is left a month later.
    pub fade: f64,
    /// One regression per cause that occurred; voluntary first.
    pub causes: Vec<CauseFit>,
    /// Months of accounts that were learned from.
    pub account_months: usize,
}

/// The regression of one cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CauseFit {
    /// The cause.
    pub cause: Cause,
    /// Customers lost by it.
    pub exits: usize,
    /// Constant, tenure, distance, term ends (open, closed), groups, drivers.
    coefficients: Vec<f64>,
    /// Their covariance, row by row.
    covariance: Vec<f64>,
    /// Log-likelihood at the mode.
    pub log_likelihood: f64,
    /// The same with nothing but a constant.
    pub log_likelihood_constant: f64,
}

/// What is expected of an account.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Chance to be a customer at the beginning of each month ahead, and at the end of the last.
    pub survival: Vec<f64>,
    /// Chance to leave in each month ahead having stayed until then, by cause as in [`Hazards::causes`].
    pub hazards: Vec<Vec<f64>>,
    /// Chance to leave within twelve months.
    pub p_churn: Estimate,
    /// Discounted months as a paying customer within the horizon.
    pub present: Estimate,
    /// Months as a customer within the horizon, not discounted.
    pub months: f64,
}

impl Hazards {
    /// Learns from spells. Without a single spell the answer is the prior.
    pub(crate) fn learn(spells: &[Spell], contract: &Leaving) -> Result<Self, stats::Error> {
        let mut groups: Vec<String> = spells.iter().filter_map(|spell| spell.case.group.clone()).collect();
        groups.sort_unstable();
        groups.dedup();
        let centres = (0..contract.drivers.len()).map(|at| centre(spells, at)).collect();
        let per = contract.drivers.iter().map(|driver| driver.per).collect();
        let account_months = spells.iter().map(|spell| spell.followed as usize).sum();
        let mut hazards =
            Self { groups, centres, per, fade: 1.0 - contract.fade_per_month, causes: Vec::new(), account_months };
        let step = spells.len().div_ceil(FADE_SPELLS).max(1);
        let some: Vec<&Spell> = spells.iter().step_by(step).collect();
        hazards.fade = hazards.likeliest_fade(&some, contract)?;
        let all: Vec<&Spell> = spells.iter().collect();
        for cause in Cause::ALL {
            let occurs = spells.iter().any(|spell| spell.exit == Some(cause));
            if occurs || cause == Cause::Voluntary {
                hazards.causes.push(hazards.fit_cause(&all, cause, contract)?);
            }
        }
        Ok(hazards)
    }

    /// The fade under which the spells, and what was believed of it, are likeliest.
    fn likeliest_fade(&self, spells: &[&Spell], contract: &Leaving) -> Result<f64, stats::Error> {
        let logit = |share: f64| (share / (1.0 - share)).ln();
        let believed = logit(1.0 - contract.fade_per_month);
        let priors = self.priors(Cause::Voluntary, contract);
        let (mut best, mut start) = ((f64::NEG_INFINITY, self.fade), None);
        for fade in FADES {
            let faded = Self { fade, ..self.clone() };
            let visit = |row: &mut dyn FnMut(&[f64], bool)| faded.visit(spells, Cause::Voluntary, row);
            let fitted = logistic::fit(&priors, start.as_deref(), visit)?;
            let posterior = fitted.log_posterior - 0.5 * (logit(fade) - believed).powi(2);
            if posterior > best.0 {
                best = (posterior, fade);
            }
            start = Some(fitted.coefficients);
        }
        Ok(best.1)
    }

    fn fit_cause(&self, spells: &[&Spell], cause: Cause, contract: &Leaving) -> Result<CauseFit, stats::Error> {
        let visit = |row: &mut dyn FnMut(&[f64], bool)| self.visit(spells, cause, row);
        let fitted = logistic::fit(&self.priors(cause, contract), None, visit)?;
        let (rows, exits) = (fitted.rows as f64, fitted.events as f64);
        let constant = if exits > 0.0 && exits < rows {
            exits * (exits / rows).ln() + (rows - exits) * (1.0 - exits / rows).ln()
        } else {
            0.0
        };
        let size = fitted.coefficients.len();
        let cells = (0..size * size).map(|at| fitted.covariance[(at / size, at % size)]);
        Ok(CauseFit {
            cause,
            exits: fitted.events,
            covariance: cells.collect(),
            coefficients: fitted.coefficients,
            log_likelihood: fitted.log_likelihood,
            log_likelihood_constant: constant,
        })
    }

    fn priors(&self, cause: Cause, contract: &Leaving) -> Vec<Prior> {
        let share = match cause {
            Cause::Voluntary => 1.0 - contract.involuntary_share,
            Cause::Involuntary => contract.involuntary_share,
        };
        let monthly = share * (1.0 - (1.0 - contract.churn_per_year).powf(1.0 / f64::from(YEAR)));
        let prior = |mean, deviation| Prior { mean, deviation };
        let term_end = if cause == Cause::Voluntary { contract.term_end } else { 0.0 };
        let mut priors = vec![
            prior((monthly / (1.0 - monthly)).ln(), contract.churn_deviation),
            prior(0.0, contract.age_deviation),
            prior(0.0, contract.age_deviation),
            prior(term_end, contract.term_end_deviation),
            prior(-term_end, contract.term_end_deviation),
        ];
        priors.extend(self.groups.iter().map(|_| prior(0.0, contract.pool_deviation)));
        priors.extend(contract.drivers.iter().map(|driver: &Driver| prior(0.0, driver.deviation)));
        priors
    }

    fn width(&self) -> usize {
        FIXED + self.groups.len() + self.centres.len()
    }

    /// Hands over every month of every spell, and whether the account left in it by this cause.
    fn visit(&self, spells: &[&Spell], cause: Cause, row: &mut dyn FnMut(&[f64], bool)) {
        let mut cells = vec![0.0; self.width()];
        let mut at_first = vec![0.0; self.centres.len()];
        for spell in spells {
            self.begin(&spell.case, &mut cells, &mut at_first);
            for ahead in 1..=spell.followed {
                self.month(&spell.case, ahead, &mut cells, &mut at_first);
                row(&cells, ahead == spell.followed && spell.exit == Some(cause));
            }
        }
    }

    /// Writes what is the same in every month ahead, and the drivers as seen.
    fn begin(&self, case: &Case, cells: &mut [f64], drivers: &mut [f64]) {
        cells.fill(0.0);
        cells[0] = 1.0;
        let group = case.group.as_ref().and_then(|group| self.groups.iter().position(|known| known == group));
        if let Some(group) = group {
            cells[FIXED + group] = 1.0;
        }
        for (at, cell) in drivers.iter_mut().enumerate() {
            let known = case.drivers.get(at).copied().flatten();
            *cell = known.map_or(0.0, |value| self.steps(at, value)) / self.fade;
        }
    }

    /// How many steps a driver is from its centre.
    pub(crate) fn steps(&self, driver: usize, value: f64) -> f64 {
        ((value - self.centres[driver]) / self.per[driver]).clamp(-FARTHEST, FARTHEST)
    }

    /// Goes on to a month ahead; months are asked one after the other.
    fn month(&self, case: &Case, ahead: u32, cells: &mut [f64], drivers: &mut [f64]) {
        cells[1] = ((case.months + f64::from(ahead)) / 24.0).ln();
        cells[2] = f64::from(ahead.min(YEAR) - 1) / f64::from(YEAR);
        let ends = case.renewal.and_then(|renewal| renewal.in_month(ahead));
        cells[3] = f64::from(u8::from(ends == Some(true)));
        cells[4] = f64::from(u8::from(ends == Some(false)));
        let first = FIXED + self.groups.len();
        for (cell, driver) in cells[first..].iter_mut().zip(drivers) {
            *driver *= self.fade;
            *cell = *driver;
        }
    }

    /// What is expected of a case over the months that count.
    pub(crate) fn forecast(&self, case: &Case, receipts: &Receipts) -> Forecast {
        let months = receipts.horizon.max(YEAR);
        let width = self.width();
        let (mut cells, mut drivers) = (vec![0.0; width], vec![0.0; self.centres.len()]);
        self.begin(case, &mut cells, &mut drivers);
        // Minus the gradient of the logarithm of survival, per cause; and that of the discounted sum.
        let mut slope = vec![vec![0.0; width]; self.causes.len()];
        let mut sum_slope = slope.clone();
        let (mut alive, mut sum, mut expected) = (1.0, 0.0, 0.0);
        let mut survival = vec![1.0];
        let mut hazards = vec![Vec::with_capacity(months as usize); self.causes.len()];
        let mut p_churn = Estimate::certain(0.0);
        for ahead in 1..=months {
            if ahead <= receipts.horizon {
                let weight = alive * receipts.factor(ahead - 1);
                sum += weight;
                for (total, slope) in sum_slope.iter_mut().zip(&slope) {
                    total.iter_mut().zip(slope).for_each(|(total, slope)| *total += weight * slope);
                }
            }
            self.month(case, ahead, &mut cells, &mut drivers);
            let before = alive;
            for (at, cause) in self.causes.iter().enumerate() {
                let chance = logistic::chance(cause.log_odds(&cells));
                alive *= 1.0 - chance;
                hazards[at].push(chance);
                slope[at].iter_mut().zip(&cells).for_each(|(slope, cell)| *slope += chance * cell);
            }
            if ahead <= receipts.horizon {
                expected += 0.5 * (before + alive);
            }
            survival.push(alive);
            if ahead == YEAR {
                p_churn = Estimate::probability(1.0 - alive, alive * self.error(&slope), Confidence::P95);
            }
        }
        let longest: f64 = (0..receipts.horizon).map(|month| receipts.factor(month)).sum();
        let share = Estimate::probability(sum / longest, self.error(&sum_slope) / longest, Confidence::P95);
        Forecast { survival, hazards, p_churn, present: scaled(share, longest), months: expected }
    }

    /// The standard error of a number whose gradient is given per cause.
    fn error(&self, gradient: &[Vec<f64>]) -> f64 {
        let variance = |(cause, gradient): (&CauseFit, &Vec<f64>)| cause.quadratic_form(gradient);
        self.causes.iter().zip(gradient).map(variance).sum::<f64>().max(0.0).sqrt()
    }

    /// What is expected of an account whose notice has been received: it stays until a month ahead, and no longer.
    pub(crate) fn until(leaves: u32, receipts: &Receipts) -> Forecast {
        let months = receipts.horizon.max(YEAR);
        let here = |month: u32| f64::from(u8::from(month < leaves));
        let present: f64 = (0..receipts.horizon.min(leaves)).map(|month| receipts.factor(month)).sum();
        Forecast {
            survival: (0..=months).map(here).collect(),
            hazards: vec![(1..=months).map(|month| f64::from(u8::from(month == leaves))).collect()],
            p_churn: Estimate::certain(f64::from(u8::from(leaves <= YEAR))),
            present: Estimate::certain(present),
            months: f64::from(leaves.min(receipts.horizon)) - 0.5,
        }
    }

    /// The effect of each driver on the odds of a cause, per step of the driver: 0.7 is 30 % less likely.
    pub fn effects(&self, cause: usize) -> Vec<Estimate> {
        let first = FIXED + self.groups.len();
        let fit = &self.causes[cause];
        (first..fit.coefficients.len()).map(|at| fit.odds(at)).collect()
    }

    /// The effect on the odds of leaving of a term's end for which notice can still be given.
    pub fn term_end(&self, cause: usize) -> Estimate {
        self.causes[cause].odds(3)
    }

    /// The effect of belonging to each group on the odds of a cause, against the mean of groups.
    pub fn group_effects(&self, cause: usize) -> Vec<(&str, Estimate)> {
        let odds = |(at, group)| (String::as_str(group), self.causes[cause].odds(FIXED + at));
        self.groups.iter().enumerate().map(odds).collect()
    }
}

impl CauseFit {
    fn log_odds(&self, cells: &[f64]) -> f64 {
        self.coefficients.iter().zip(cells).map(|(b, x)| b * x).sum()
    }

    fn quadratic_form(&self, vector: &[f64]) -> f64 {
        let rows = self.covariance.chunks_exact(vector.len());
        rows.zip(vector).map(|(row, x)| x * row.iter().zip(vector).map(|(c, y)| c * y).sum::<f64>()).sum()
    }

    fn odds(&self, at: usize) -> Estimate {
        let size = self.coefficients.len();
        let error = self.covariance[at * size + at].max(0.0).sqrt();
        let odds = self.coefficients[at].exp();
        Estimate::positive(odds, odds * error, Confidence::P95)
    }
}

/// An estimate in another unit.
pub(crate) fn scaled(estimate: Estimate, factor: f64) -> Estimate {
    let (a, b) = (estimate.interval.low * factor, estimate.interval.high * factor);
    Estimate {
        value: estimate.value * factor,
        standard_error: estimate.standard_error * factor.abs(),
        interval: stats::Interval { low: a.min(b), high: a.max(b) },
    }
}

fn centre(spells: &[Spell], driver: usize) -> f64 {
    let known = || spells.iter().filter_map(|spell| spell.case.drivers.get(driver).copied().flatten());
    let count = known().count();
    if count == 0 { 0.0 } else { known().sum::<f64>() / count as f64 }
}

/// The covariance of a kept regression as a matrix.
pub(crate) fn matrix(size: usize, cells: &[f64]) -> Matrix {
    Matrix::from_fn(size, |i, j| cells.get(i * size + j).copied().unwrap_or(0.0))
}
