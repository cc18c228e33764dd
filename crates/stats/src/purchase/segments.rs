//! Purchase models of small segments, each leaning on all customers together.
//! The pooled fit is the prior's centre; how far segments may stray from it is estimated from the segments where
//! they allow it and assumed otherwise. The prior is part of the result, so nobody has to guess what was assumed.

use super::{Fitted, Histories, History, Model, Options, Prior, fit};
use crate::error::{Error, at_least};
use crate::shrinkage::between_groups;

/// The spread of log-parameters between segments assumed where fewer than three segments can be fitted alone.
pub const ASSUMED_LOG_SD: f64 = 0.5;
/// Segments are never taken to be more alike than this: an estimate of zero spread is mostly a lack of data.
const LEAST_LOG_SD: f64 = 0.05;

/// The fits of all segments and what they were pulled towards.
#[derive(Debug, Clone, PartialEq)]
pub struct Pooled {
    /// All customers together.
    pub everyone: Fitted,
    /// The prior used for every segment.
    pub prior: Prior,
    /// Whether the prior's spread was estimated or assumed.
    pub spread_estimated: bool,
    /// One fit per segment, in order.
    pub segments: Vec<Fitted>,
}

/// Fits every segment with partial pooling. Fails where all customers together cannot be fitted; a segment without a
/// single repeat purchase is still answered, by a prior that hardly moves.
pub fn fit_segments(model: Model, segments: &[&[History]]) -> Result<Pooled, Error> {
    at_least("segments", 1, segments.len())?;
    let all: Vec<History> = segments.concat();
    let everyone = fit(model, &Histories::new(&all)?, Options::default())?;
    if !everyone.params.has_attrition() {
        return Err(Error::NotIdentified {
            what: "segments",
            why: "no drop-out is detectable over all customers together",
        });
    }
    let alone: Vec<Fitted> = segments
        .iter()
        .filter_map(|segment| fit(model, &Histories::new(segment).ok()?, Options::default()).ok())
        .filter(|fitted| fitted.uncertainty.identified().iter().all(|&i| i))
        .collect();
    let spread = |i: usize| {
        let one = |f: &Fitted| (f.params.values()[i].ln(), f.uncertainty.log_covariance()[(i, i)].sqrt());
        between_groups(&alone.iter().map(one).collect::<Vec<_>>()).map(|(_, sd)| sd.max(LEAST_LOG_SD))
    };
    let estimated: Option<Vec<f64>> = (0..4).map(spread).collect();
    let log_sd = estimated.as_ref().map_or([ASSUMED_LOG_SD; 4], |sd| [sd[0], sd[1], sd[2], sd[3]]);
    let prior = Prior { medians: everyone.params.values(), log_sd };
    let options = Options { prior: Some(prior), ..Options::default() };
    let segments = segments
        .iter()
        .map(|segment| super::fit::fit_any(model, &Histories::new(segment)?, options))
        .collect::<Result<_, Error>>()?;
    Ok(Pooled { everyone, prior, spread_estimated: estimated.is_some(), segments })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purchase::Params;
    use crate::random::Seeded;

    #[test]
    fn small_segments_lean_on_everyone_and_large_ones_do_not() {
        let mut source = Seeded::new(8);
        let mut draw = |values, n: usize| -> Vec<History> {
            let params = Params::new(Model::BgNbd, values).unwrap();
            (0..n).map(|_| params.simulate(52.0, &mut source).unwrap()).collect()
        };
        let usual = draw([1.0, 5.0, 0.8, 2.5], 2000);
        let slow = draw([1.0, 15.0, 0.8, 2.5], 2000);
        let tiny = draw([1.0, 15.0, 0.8, 2.5], 8);
        let silent = vec![History { repeats: 0, recency: 0.0, age: 52.0 }; 3];
        let pooled = fit_segments(Model::BgNbd, &[&usual, &slow, &tiny, &silent]).unwrap();
        let alpha = |i: usize| pooled.segments[i].params.values()[1];
        let centre = pooled.everyone.params.values()[1];
        assert!((alpha(0).ln() - 5.0_f64.ln()).abs() < 0.3 && (alpha(1).ln() - 15.0_f64.ln()).abs() < 0.3);
        assert!((alpha(2) / centre).ln().abs() < 1.0 && (alpha(3) / centre).ln().abs() < 1.5);
        let width = |i: usize| pooled.segments[i].uncertainty.log_covariance()[(1, 1)];
        assert!(width(2) > width(1));
    }
}
