//! How much drop-out a book still allows that shows none.
//! A profile-likelihood bound: the largest mean drop-out at which some combination of the other parameters is not
//! rejected. It is the honest companion of `Attrition::NotDetected`.

use super::fit::{in_logs, total};
use super::{Histories, Model};
use crate::error::Error;
use crate::interval::Confidence;
use crate::linear::Matrix;
use crate::optimise::{Evaluation, Search, minimise};
use crate::special::gamma;

/// What the data say about drop-out when they show none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoAttrition {
    /// The largest mean drop-out probability not rejected: per purchase for the geometric models, within one
    /// median age for Pareto/NBD.
    pub upper_bound: f64,
    /// The span of time the second reading refers to, in the unit of the data.
    pub median_age: f64,
}

/// Polarizations tried: from everybody alike to a few leaving at once and the rest never.
const CONCENTRATIONS: [f64; 5] = [-3.0, -1.0, 1.0, 3.0, 6.0];

/// Bounds the mean drop-out probability from above. Fails where the model without drop-out cannot be fitted.
pub fn drop_out_bound(model: Model, book: &Histories, confidence: Confidence) -> Result<NoAttrition, Error> {
    let unit = book.median_age();
    let rows = book.rescaled(unit);
    let customers = book.customers() as f64;
    // The best fit at a given mean drop-out, over rate parameters and a grid of concentrations.
    let mut starts = [[-0.7; 2]; CONCENTRATIONS.len()];
    let mut profile = |mean: f64| -> Result<f64, Error> {
        let mut best = f64::NEG_INFINITY;
        for (concentration, start) in CONCENTRATIONS.into_iter().zip(&mut starts) {
            let (third, fourth) = drop_out_parameters(model, mean, concentration.exp());
            let found = minimise(model.name(), start.as_slice(), Search::default(), |log| {
                let theta = [log[0].exp(), log[1].exp(), third, fourth];
                rates_only(&in_logs(&total(model, theta, &rows, 1), &theta, -1.0 / customers))
            })?;
            // The rates hardly move from one mean to the next.
            *start = [found.at[0], found.at[1]];
            best = best.max(-found.evaluation.value * customers);
        }
        Ok(best)
    };
    let allowed = profile(1e-9)? - gamma::quantile(0.5, confidence.level());
    let (mut low, mut high) = (1e-9_f64.ln(), 0.999_f64.ln());
    for _ in 0..14 {
        let middle = 0.5 * (low + high);
        if profile(middle.exp())? >= allowed { low = middle } else { high = middle }
    }
    Ok(NoAttrition { upper_bound: high.exp(), median_age: unit })
}

fn drop_out_parameters(model: Model, mean: f64, concentration: f64) -> (f64, f64) {
    match model {
        Model::BgNbd | Model::MbgNbd => (mean * concentration, (1.0 - mean) * concentration),
        Model::ParetoNbd => (-(-mean).ln_1p() / (1.0 / concentration).ln_1p(), concentration),
    }
}

fn rates_only(full: &Evaluation) -> Evaluation {
    Evaluation {
        value: full.value,
        gradient: full.gradient[..2].to_vec(),
        hessian: Matrix::from_fn(2, |i, j| full.hessian[(i, j)]),
    }
}
