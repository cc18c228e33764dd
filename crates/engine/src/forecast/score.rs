//! How good bands turned out to be, beside rules that need no model. Each rule is a single number for every quarter;
//! pinball loss charges both in the same units, and the verdict is one plain sentence with its numbers.

use serde::Serialize;
use stats::validation::quantiles::{LEVELS, mean_pinball, point_pinball};

/// What is forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// ARR at the end of a quarter.
    Arr,
    /// Net revenue retention from the day of the forecast to the end of a quarter.
    Nrr,
    /// ARR of the accounts that leave within a quarter.
    Churned,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Arr, Self::Nrr, Self::Churned];

    /// The word in addresses and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arr => "arr",
            Self::Nrr => "nrr",
            Self::Churned => "churned",
        }
    }

    /// The name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Arr => "ARR",
            Self::Nrr => "NRR",
            Self::Churned => "Churned revenue",
        }
    }
}

/// A rule that forecasts without a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// What the same quarters of the year before did, in proportion to the ARR.
    LastYear,
    /// The mean of the last eight quarters, in proportion to the ARR.
    TrailingMean,
    /// What people had forecast of the renewals that were due, as it was frozen on the day; all else stays as it is.
    Said,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::LastYear, Self::TrailingMean, Self::Said];

    /// The name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::LastYear => "Same as last year",
            Self::TrailingMean => "Mean of the last eight quarters",
            Self::Said => "What people forecast of renewals",
        }
    }
}

/// One figure that was forecast, and what it came to. Money in minor units, retention as a share.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Case {
    /// Its quantiles at the levels of the bands.
    pub quantiles: [f64; LEVELS.len()],
    /// What each rule would have said, in the order of [`Rule::ALL`]; `None` where its past is too short.
    pub rules: [Option<f64>; Rule::ALL.len()],
    /// What happened.
    pub outcome: f64,
}

/// The score of one measure over many cases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// The measure.
    pub measure: Measure,
    /// Figures that were compared.
    pub cases: usize,
    /// Mean pinball loss of the forecast, in the unit of the measure.
    pub loss: f64,
    /// Of each rule over the cases it can be asked, with the forecast's over the same; in the order of [`Rule::ALL`].
    pub rules: [Option<(f64, f64)>; Rule::ALL.len()],
    /// Outcomes within the 50, 80 and 95 % band.
    pub inside: [usize; 3],
}

/// Whether to believe the forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Better than every rule on every measure.
    Trust,
    /// Better too, but more outcomes fell outside its bands than these allow.
    NarrowBands,
    /// Better on some.
    Partly,
    /// On none.
    DoNotTrust,
    /// Too little past to tell.
    TooFew,
}

impl Score {
    /// Scores the cases of a measure; `None` where there are none.
    pub(super) fn of(measure: Measure, cases: &[Case]) -> Option<Self> {
        let count = cases.len() as f64;
        let loss = |case: &Case| mean_pinball(&case.quantiles, case.outcome);
        let rule = |at: usize| {
            let asked: Vec<(f64, f64)> = cases
                .iter()
                .filter_map(|case| Some((point_pinball(case.rules[at]?, case.outcome), loss(case))))
                .collect();
            let mean = |of: fn(&(f64, f64)) -> f64| asked.iter().map(of).sum::<f64>() / asked.len() as f64;
            (!asked.is_empty()).then(|| (mean(|both| both.0), mean(|both| both.1)))
        };
        let inside = |low: usize| {
            let within =
                |case: &&Case| (case.quantiles[low]..=case.quantiles[LEVELS.len() - 1 - low]).contains(&case.outcome);
            cases.iter().filter(within).count()
        };
        (!cases.is_empty()).then(|| Self {
            measure,
            cases: cases.len(),
            loss: cases.iter().map(loss).sum::<f64>() / count,
            rules: std::array::from_fn(rule),
            inside: [inside(2), inside(1), inside(0)],
        })
    }

    /// How much less than the best rule it lost, as a share; without bound below zero where a rule was never off and the
    /// forecast was; `None` where no rule can be asked.
    pub fn gain(&self) -> Option<f64> {
        let gain = |(rule, ours): &(f64, f64)| if rule - ours == 0.0 { 0.0 } else { (rule - ours) / rule };
        self.rules.iter().flatten().map(gain).min_by(f64::total_cmp)
    }

    /// The share of outcomes within the 50, 80 or 95 % band.
    pub fn coverage(&self, band: usize) -> f64 {
        self.inside[band] as f64 / self.cases as f64
    }
}

/// The least share of outcomes that 80 % bands must hold. Below 80 %, since days of forecast overlap and so are few.
const LEAST_HELD: f64 = 0.65;

/// Fewer days of forecast than this say too little.
pub(super) const LEAST_ORIGINS: usize = 4;

/// Judges scores that were made on so many days.
pub(super) fn verdict(origins: usize, scores: &[Score]) -> Verdict {
    let gains: Vec<f64> = scores.iter().filter_map(Score::gain).collect();
    let better = gains.iter().filter(|gain| **gain > 0.0).count();
    match better {
        _ if origins < LEAST_ORIGINS || gains.len() < Measure::ALL.len() => Verdict::TooFew,
        0 => Verdict::DoNotTrust,
        n if n == gains.len() && held(scores) < LEAST_HELD => Verdict::NarrowBands,
        n if n == gains.len() => Verdict::Trust,
        _ => Verdict::Partly,
    }
}

/// The share of all outcomes within the 80 % bands.
fn held(scores: &[Score]) -> f64 {
    let (inside, cases) = scores.iter().fold((0, 0), |sum, score| (sum.0 + score.inside[1], sum.1 + score.cases));
    inside as f64 / cases.max(1) as f64
}

/// The verdict in one sentence.
pub(super) fn sentence(verdict: Verdict, origins: usize, scores: &[Score]) -> String {
    let gain = |score: &Score| {
        let (gain, measure) = (score.gain()? * 100.0, score.measure.name());
        Some(match gain {
            f64::NEG_INFINITY => format!("more on {measure}, where a rule was never off"),
            0.0.. => format!("{gain:.0} % less on {measure}"),
            _ => format!("{:.0} % more on {measure}", -gain),
        })
    };
    let gains = scores.iter().filter_map(gain).collect::<Vec<_>>().join(", ");
    let cases: usize = scores.iter().map(|score| score.cases).sum();
    let held = format!("its 80 % bands held {:.0} % of {cases} outcomes", 100.0 * held(scores));
    match verdict {
        Verdict::TooFew => format!(
            "Too little is known to judge the forecast: the past allows {origins} days of forecast, {LEAST_ORIGINS} are \
             needed; read the bands, not the single numbers."
        ),
        Verdict::Trust => format!(
            "The forecast may be trusted here: made on {origins} past days, it lost {gains} than the better of the simple \
             rules, and {held}."
        ),
        Verdict::NarrowBands => format!(
            "Believe the middle of the forecast and not its bands, which were too narrow here: made on {origins} past days, \
             it lost {gains} than the better of the simple rules, but {held}."
        ),
        Verdict::Partly => format!(
            "Trust it where it is better: made on {origins} past days, the forecast lost {gains} than the better of the \
             simple rules, and {held}."
        ),
        Verdict::DoNotTrust => format!(
            "Do not trust the forecast here, a simple rule did better: made on {origins} past days, it lost {gains}, and \
             {held}."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(median: f64, [last_year, mean]: [Option<f64>; 2], outcome: f64) -> Case {
        let rules = [last_year, mean, None];
        let quantiles = [-20.0, -12.0, -6.0, 0.0, 6.0, 12.0, 20.0].map(|off| median + off);
        Case { quantiles, rules, outcome }
    }

    #[test]
    fn a_rule_is_compared_where_it_can_be_asked() {
        let cases = [case(100.0, [None, Some(100.0)], 110.0), case(100.0, [Some(150.0), Some(90.0)], 95.0)];
        let score = Score::of(Measure::Arr, &cases).unwrap();
        assert_eq!((score.cases, score.inside), (2, [1, 2, 2]));
        let (last_year, ours) = score.rules[0].unwrap();
        assert!((last_year - 27.5).abs() < 1e-9 && ours < 4.0, "{score:?}");
        // The mean rule was off by ten and by five, and is charged half.
        assert!((score.rules[1].unwrap().0 - 3.75).abs() < 1e-9);
        assert!(Score::of(Measure::Arr, &[]).is_none());
    }

    #[test]
    fn the_verdict_follows_the_worse_comparison() {
        let good = [case(100.0, [Some(150.0), Some(60.0)], 101.0)];
        let bad = [case(150.0, [Some(102.0), Some(60.0)], 101.0)];
        let against_an_exact_rule = [case(150.0, [Some(101.0), Some(60.0)], 101.0)];
        let score = |measure, cases: &[Case]| Score::of(measure, cases).unwrap();
        let all = |cases: &[Case]| Measure::ALL.map(|measure| score(measure, cases));
        assert_eq!(verdict(9, &all(&good)), Verdict::Trust);
        assert_eq!(verdict(9, &all(&bad)), Verdict::DoNotTrust);
        assert_eq!(verdict(9, &all(&against_an_exact_rule)), Verdict::DoNotTrust);
        assert_eq!(verdict(3, &all(&good)), Verdict::TooFew);
        let mixed = [score(Measure::Arr, &good), score(Measure::Nrr, &bad), score(Measure::Churned, &good)];
        assert_eq!(verdict(9, &mixed), Verdict::Partly);
        let surprised = [case(130.0, [Some(150.0), Some(60.0)], 101.0)];
        assert_eq!(verdict(9, &all(&surprised)), Verdict::NarrowBands);
        assert!(sentence(Verdict::NarrowBands, 9, &all(&surprised)).contains("held 0 % of 3 outcomes"));
        let words = sentence(Verdict::Partly, 9, &mixed);
        assert!(words.contains("% less on ARR") && words.contains("% more on NRR"), "{words}");
    }
}
