//! May the model be trusted here? It is learned once more from what was known a year ago, asked about the year since,
//! and compared with what happened: by account, by month, and in money. The answer is one plain sentence with its
//! numbers, and it says no where a single rate for everybody would have done as well.

use domain::{Day, revenue::months_before};
use serde::{Deserialize, Serialize};
use stats::{
    Confidence,
    validation::calibration::{auc, bins, brier, log_loss},
};

use super::{
    contract,
    definition::Definition,
    hazard::{Forecast, Hazards, YEAR},
    learn::{Past, spells},
    worth::{Appraiser, Subject},
};

/// Fewer losses in the year say too little.
const LEAST_LOSSES: usize = 15;

/// Accounts in a bin of the calibration plot, at least.
const LEAST_IN_BIN: usize = 15;

/// How a model learned a year ago did on the year since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The last day learned from.
    pub from: Day,
    /// The last day compared.
    pub to: Day,
    /// Accounts compared: customers under contract on the first day whose notice had not been received.
    pub customers: usize,
    /// Losses expected.
    pub expected: f64,
    /// 95 % interval of that number, chance included.
    pub expected_range: (f64, f64),
    /// Losses.
    pub actual: usize,
    /// Chance that an account that left had been given a higher chance to leave than one that stayed.
    pub discrimination: Option<f64>,
    /// Mean squared error of the chances, and of one rate for everybody.
    pub squared_error: (f64, f64),
    /// Mean negative log-likelihood of the year under the model, and under one rate for everybody.
    pub log_loss: (f64, f64),
    /// Accounts with similar chances: how many, predicted, observed, and the interval of the observed.
    pub bins: Vec<(usize, f64, f64, f64, f64)>,
    /// Expected and actual losses up to the end of each month.
    pub months: Vec<(f64, usize)>,
    /// Recurring revenue of the year of these accounts, expected and received, minor units.
    pub revenue: (f64, f64),
    /// Whether to believe it.
    pub verdict: Verdict,
}

/// How far a model may be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Better than one rate, and the number of losses as expected.
    Trust,
    /// Better than one rate, but the number of losses was not.
    RankingOnly,
    /// No better than one rate for everybody.
    DoNotTrust,
    /// Too few losses to tell.
    TooFew,
}

impl Evidence {
    /// The verdict as one sentence with its numbers.
    pub fn sentence(&self) -> String {
        let (low, high) = self.expected_range;
        let counts = format!(
            "{} of {} customers left, {:.0} were expected (between {low:.0} and {high:.0})",
            self.actual, self.customers, self.expected
        );
        match self.verdict {
            Verdict::Trust => {
                format!(
                    "The model may be trusted here: it tells leavers from stayers better than one rate for everybody, and {counts}."
                )
            }
            Verdict::RankingOnly => {
                format!(
                    "Trust the order of customers but not the total: the model beats one rate for everybody, but {counts}."
                )
            }
            Verdict::DoNotTrust => format!(
                "Do not trust the model here: one rate for everybody would have done as well over the year; {counts}."
            ),
            Verdict::TooFew => format!(
                "Too few customers left to judge the model: {counts}. Read the intervals, not the single numbers."
            ),
        }
    }
}

/// Compares; `None` where there is no year to compare.
pub(crate) fn gather(definition: &Definition, subjects: &[Subject<'_>], past: &Past, day: Day) -> Option<Evidence> {
    let from = past.days().rfind(|end| *end <= months_before(day, YEAR))?;
    let to = domain::revenue::months_after(from.succ_opt()?, YEAR).pred_opt()?;
    let learned = spells(subjects, past, definition, from);
    if learned.is_empty() {
        return None;
    }
    let hazards = Hazards::learn(&learned, &definition.contract).ok()?;
    let constant = yearly_rate(&hazards);
    let cases = cases(definition, subjects, past, hazards, from, to);
    let chances: Vec<f64> = cases.iter().map(|case| case.forecast.p_churn.value).collect();
    let left: Vec<bool> = cases.iter().map(|case| case.left.is_some()).collect();
    if chances.is_empty() {
        return None;
    }
    let expected: f64 = chances.iter().sum();
    let chance = chances.iter().map(|p| p * (1.0 - p)).sum::<f64>().sqrt();
    let range = (expected - 1.96 * chance, expected + 1.96 * chance);
    let one_rate = vec![constant; chances.len()];
    let squared_error = (brier(&chances, &left).ok()?, brier(&one_rate, &left).ok()?);
    let actual = left.iter().filter(|left| **left).count();
    let verdict = if actual < LEAST_LOSSES {
        Verdict::TooFew
    } else if squared_error.0 >= squared_error.1 {
        Verdict::DoNotTrust
    } else if (range.0..=range.1).contains(&(actual as f64)) {
        Verdict::Trust
    } else {
        Verdict::RankingOnly
    };
    let count = (chances.len() / LEAST_IN_BIN).clamp(1, 10);
    Some(Evidence {
        from,
        to,
        customers: chances.len(),
        expected,
        expected_range: (range.0.max(0.0), range.1),
        actual,
        discrimination: auc(&chances, &left).ok()?,
        squared_error,
        log_loss: (log_loss(&chances, &left).ok()?, log_loss(&one_rate, &left).ok()?),
        bins: bins(&chances, &left, count, Confidence::P95)
            .ok()?
            .iter()
            .map(|bin| (bin.count, bin.predicted, bin.observed, bin.interval.low, bin.interval.high))
            .collect(),
        months: tracking(&cases),
        revenue: cases.iter().fold((0.0, 0.0), |sum, case| (sum.0 + case.expected_revenue, sum.1 + case.revenue)),
        verdict,
    })
}

/// An account a year ago and what became of it.
struct Followed {
    forecast: Forecast,
    /// The month ahead in which it left.
    left: Option<u32>,
    expected_revenue: f64,
    revenue: f64,
}

fn cases(
    definition: &Definition,
    subjects: &[Subject<'_>],
    past: &Past,
    hazards: Hazards,
    from: Day,
    to: Day,
) -> Vec<Followed> {
    let model = super::Model { hazards: Some(hazards), ..super::Model::nothing(definition, from) };
    let appraiser = Appraiser { definition, model: Some(&model), day: from };
    let Some(readings) = past.day(from) else { return Vec::new() };
    let mut cases = Vec::new();
    for subject in subjects {
        let Some(reading) = readings.get(&subject.account.id) else { continue };
        let lifetime = appraiser.appraise(*subject, reading, None);
        let (Some(forecast), None) = (lifetime.forecast, lifetime.ends_on) else { continue };
        let exit = contract::span(subject.account, subject.steps, subject.terms, to).and_then(|span| span.exit);
        let months = |upto: u32| (0..upto).map(|month| forecast.survival[month as usize]).sum::<f64>();
        if !subject.steps.all_known(to) {
            continue;
        }
        let received = subject.steps.spans(to).map(|(begin, end, mrr)| {
            let begin = begin.max(from.succ_opt().unwrap_or(from));
            mrr as f64 * (end - begin).num_days().max(0) as f64 / 30.4375
        });
        cases.push(Followed {
            left: exit.map(|(day, _)| contract::month_ahead(from, day)),
            expected_revenue: reading.recurring.unwrap_or(0.0) * 100.0 * months(YEAR),
            revenue: received.sum(),
            forecast: forecast.as_ref().clone(),
        });
    }
    cases
}

fn tracking(cases: &[Followed]) -> Vec<(f64, usize)> {
    let month = |month: u32| {
        let expected = cases.iter().map(|case| 1.0 - case.forecast.survival[month as usize]).sum();
        (expected, cases.iter().filter(|case| case.left.is_some_and(|left| left <= month)).count())
    };
    (1..=YEAR).map(month).collect()
}

/// The share lost per year, as one rate for everybody.
fn yearly_rate(hazards: &Hazards) -> f64 {
    let exits: usize = hazards.causes.iter().map(|cause| cause.exits).sum();
    // Half a loss, so that a past without one does not make the next impossible.
    let monthly = (exits as f64 + 0.5) / (hazards.account_months as f64 + 1.0);
    1.0 - (1.0 - monthly).powi(YEAR as i32)
}
