//! Does a model deserve belief here? Comparisons of what was predicted with what then happened.
//! Everything takes two columns of the same length; nothing refits. A [`holdout::Verdict`] turns the numbers into one
//! plain sentence.

pub mod calibration;
pub mod holdout;
pub mod quantiles;

use crate::error::{Error, finite, same_length};

/// Checks two columns and their rows.
pub(crate) fn check_pair(what: &'static str, left: &[f64], right: &[f64]) -> Result<(), Error> {
    same_length(what, left.len(), right.len())?;
    crate::error::at_least(what, 1, left.len())?;
    for (row, (&a, &b)) in left.iter().zip(right).enumerate() {
        finite("prediction", row, a)?;
        finite("outcome", row, b)?;
    }
    Ok(())
}

/// Pearson's correlation; `None` where either column never varies.
pub fn correlation(left: &[f64], right: &[f64]) -> Result<Option<f64>, Error> {
    check_pair("correlation", left, right)?;
    let n = left.len() as f64;
    let mean = |v: &[f64]| v.iter().sum::<f64>() / n;
    let (ml, mr) = (mean(left), mean(right));
    let cross: f64 = left.iter().zip(right).map(|(a, b)| (a - ml) * (b - mr)).sum();
    let square = |v: &[f64], m: f64| v.iter().map(|a| (a - m).powi(2)).sum::<f64>();
    let scale = (square(left, ml) * square(right, mr)).sqrt();
    Ok((scale > 0.0).then(|| (cross / scale).clamp(-1.0, 1.0)))
}
