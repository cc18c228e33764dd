//! Accounts that buy without a contract: nobody says when they stop, so the chance that they have is inferred from
//! how long they have been silent. The models are those of `stats::purchase` and `stats::spend`; what is here is the
//! way from invoices to histories and back to money. Absent: any use of them for accounts under contract, whose
//! invoices follow the calendar and not their wish to buy.

use domain::Day;
use serde::{Deserialize, Serialize};
use stats::{
    Confidence, Estimate,
    inference::Uncertainty,
    purchase::{self, Attrition, Histories, History, Horizon, Options, Purchases, TimeUnit, summarise},
    spend::{self, Spend},
    validation::holdout::{self, Report},
    value::Receipts,
};

use super::{definition::Definition, hazard::matrix, worth::Subject};

/// The unit in which times of purchases are counted; the models do not depend on it.
const UNIT: TimeUnit = TimeUnit::Week;

/// The fitted models of buying and spending, as they are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Buying {
    /// The name of the model of buying.
    pub model: String,
    /// Its parameters.
    pub params: [f64; 4],
    covariance: Vec<f64>,
    identified: Vec<bool>,
    /// Its log-likelihood.
    pub log_likelihood: f64,
    /// The same without drop-out.
    pub log_likelihood_without_attrition: f64,
    /// Accounts it was fitted to.
    pub customers: usize,
    /// Whether anybody is seen to stop.
    pub attrition: bool,
    /// The model of amounts; `None` where too few bought twice.
    pub spend: Option<Spending>,
    /// How it did on the last part of the time, once fitted to the first.
    pub holdout: Option<Trial>,
}

/// The model of amounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spending {
    /// Shape of an account's amounts, shape and rate of the accounts' rates; money in whole units.
    pub params: [f64; 3],
    covariance: Vec<f64>,
    identified: Vec<bool>,
    /// Its log-likelihood.
    pub log_likelihood: f64,
}

/// Predictions against the last part of the time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The last day that was learned from.
    pub until: Day,
    /// Purchases predicted and made after it.
    pub purchases: (f64, f64),
    /// Mean predicted and actual purchases by number of repeats before, the last class open above.
    pub classes: Vec<(u32, usize, f64, f64)>,
    /// Whether to believe it, in a sentence.
    pub sentence: String,
}

/// What is expected of a buyer. Money in minor units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bought {
    pub(crate) p_alive: Estimate,
    /// Discounted purchases within the horizon.
    pub(crate) discounted: Estimate,
    /// Mean amount of a purchase.
    pub(crate) spend: Option<Estimate>,
}

impl Bought {
    /// Discounted revenue; the errors of purchases and of amounts are independent.
    pub(crate) fn money(&self) -> Estimate {
        let spend = self.spend.unwrap_or(Estimate::certain(0.0));
        let value = self.discounted.value * spend.value;
        let relative = |e: &Estimate| if e.value > 0.0 { e.standard_error / e.value } else { 0.0 };
        let error = value * relative(&self.discounted).hypot(relative(&spend));
        Estimate::positive(value, error, Confidence::P95)
    }
}

/// The history of a buyer as of a day; `None` where it had not bought yet.
fn history(subject: &Subject<'_>, day: Day) -> Option<Purchases> {
    if subject.steps.first_paid().is_some() || subject.purchases.is_empty() {
        return None;
    }
    let number = |day: Day| (day - Day::default()).num_days() as i32;
    let bought: Vec<(i32, f64)> =
        subject.purchases.iter().map(|(day, cents)| (number(*day), *cents as f64 / 100.0)).collect();
    summarise(&bought, number(day), UNIT).ok().flatten()
}

fn spend_of(purchases: &Purchases) -> Spend {
    purchases.mean_spend.map_or(Spend::NONE, |mean| Spend { purchases: purchases.history.repeats, mean })
}

impl Buying {
    /// Learns from all buyers as of a day. `Err` says in words why it cannot.
    pub(crate) fn learn(subjects: &[Subject<'_>], definition: &Definition, day: Day) -> Result<Self, String> {
        let buyers: Vec<Purchases> = subjects.iter().filter_map(|subject| history(subject, day)).collect();
        let least = definition.purchases.least_accounts;
        if buyers.len() < least {
            return Err(format!("{} accounts buy without a contract; {least} are needed to tell", buyers.len()));
        }
        let model = definition.purchases.model;
        let fitted = fit(model, &buyers).map_err(|error| error.to_string())?;
        let spends: Vec<Spend> =
            buyers.iter().map(spend_of).filter(|spend| spend.purchases > 0 && spend.mean > 0.0).collect();
        let uncertainty = &fitted.uncertainty;
        Ok(Self {
            model: model.name().to_owned(),
            params: fitted.params.values(),
            covariance: cells(uncertainty, 4),
            identified: uncertainty.identified().to_vec(),
            log_likelihood: fitted.log_likelihood,
            log_likelihood_without_attrition: fitted.log_likelihood_without_attrition,
            customers: fitted.customers,
            attrition: fitted.attrition == Attrition::Detected,
            spend: spend::fit(&spends).ok().map(|fitted| Spending {
                params: [fitted.params.p, fitted.params.q, fitted.params.gamma],
                covariance: cells(&fitted.uncertainty, 3),
                identified: fitted.uncertainty.identified().to_vec(),
                log_likelihood: fitted.log_likelihood,
            }),
            holdout: trial(subjects, model, day),
        })
    }

    /// What is expected of every buyer, in the order of the subjects; `None` for those who are none.
    pub(crate) fn forecast(&self, subjects: &[Subject<'_>], day: Day, receipts: &Receipts) -> Vec<Option<Bought>> {
        let histories: Vec<Option<Purchases>> = subjects.iter().map(|subject| history(subject, day)).collect();
        let known: Vec<History> = histories.iter().flatten().map(|it| it.history).collect();
        let horizon = Horizon {
            length: f64::from(receipts.horizon) * TimeUnit::Month.days() / UNIT.days(),
            discount: UNIT.discount(receipts.annual_rate),
        };
        let forecasts = self.restored().and_then(|fitted| fitted.forecast(&known, horizon, Confidence::P95));
        let Ok(forecasts) = forecasts else { return vec![None; subjects.len()] };
        let spending = self.spend.as_ref().and_then(Spending::restored);
        let mut forecasts = forecasts.into_iter();
        let expected = |purchases: Option<Purchases>| {
            let (purchases, forecast) = (purchases?, forecasts.next()?);
            let mean = spending
                .as_ref()
                .and_then(|fitted| fitted.mean_spend(&spend_of(&purchases), Confidence::P95).ok().flatten());
            let spend = mean.map(|mean| super::hazard::scaled(mean, 100.0));
            Some(Bought { p_alive: forecast.p_alive, discounted: forecast.discounted, spend })
        };
        histories.into_iter().map(expected).collect()
    }

    fn restored(&self) -> Result<purchase::Fitted, stats::Error> {
        let model = purchase::Model::ALL.into_iter().find(|model| model.name() == self.model);
        Ok(purchase::Fitted {
            params: purchase::Params::new(model.unwrap_or(purchase::Model::BgNbd), self.params)?,
            uncertainty: Uncertainty::restore(matrix(4, &self.covariance), self.identified.clone())?,
            log_likelihood: self.log_likelihood,
            log_likelihood_without_attrition: self.log_likelihood_without_attrition,
            customers: self.customers,
            attrition: if self.attrition { Attrition::Detected } else { Attrition::NotDetected },
            evaluations: 0,
        })
    }
}

impl Spending {
    fn restored(&self) -> Option<spend::Fitted> {
        let [p, q, gamma] = self.params;
        Some(spend::Fitted {
            params: spend::Params::new(p, q, gamma).ok()?,
            uncertainty: Uncertainty::restore(matrix(3, &self.covariance), self.identified.clone()).ok()?,
            log_likelihood: self.log_likelihood,
            customers: 0,
        })
    }
}

fn fit(model: purchase::Model, buyers: &[Purchases]) -> Result<purchase::Fitted, stats::Error> {
    let histories: Vec<History> = buyers.iter().map(|it| it.history).collect();
    purchase::fit(model, &Histories::new(&histories)?, Options::default())
}

fn cells(uncertainty: &Uncertainty, size: usize) -> Vec<f64> {
    (0..size * size).map(|at| uncertainty.log_covariance()[(at / size, at % size)]).collect()
}

/// Fits to the first half of the time, at most all but a year, and compares with the rest.
fn trial(subjects: &[Subject<'_>], model: purchase::Model, day: Day) -> Option<Trial> {
    let first = subjects.iter().flat_map(|subject| subject.purchases.iter().map(|(day, _)| *day)).min()?;
    let rest = ((day - first).num_days() / 2).min(365);
    let until = day - chrono::TimeDelta::days(rest);
    let seen = |subject: &Subject<'_>| {
        let upto: Vec<(Day, i64)> = subject.purchases.iter().filter(|(on, _)| *on <= day).copied().collect();
        history(&Subject { purchases: &upto, ..*subject }, until)
    };
    let buyers: Vec<Purchases> = subjects.iter().filter_map(seen).collect();
    let fitted = fit(model, &buyers).ok()?;
    let length = rest as f64 / UNIT.days();
    let histories: Vec<History> = buyers.iter().map(|it| it.history).collect();
    let horizon = Horizon { length, discount: 0.0 };
    let expected: Vec<f64> =
        fitted.params.expectations(&histories, horizon).ok()?.iter().map(|it| it.purchases).collect();
    let actual: Vec<f64> = buyers.iter().map(|it| f64::from(it.later)).collect();
    let report: Report = holdout::report(&histories, &expected, &actual, length).ok()?;
    Some(Trial {
        until,
        purchases: (report.expected_total, report.actual_total),
        classes: report.classes.iter().map(|it| (it.repeats, it.customers, it.expected, it.actual)).collect(),
        sentence: report.sentence(),
    })
}
