//! A [`Scorecard`] says how metrics become health: dimensions of weighted
//! measures, each turning one metric into 0–100. [`Scorecard::evaluate`] is the
//! whole computation, pure and in a fixed order, and its answer keeps every
//! intermediate value so that a score can be explained down to the metric.
//!
//! What is unknown drops out and the remaining weights are re-normalised, first
//! inside a dimension, then between dimensions. How much was known is the
//! *coverage*; what the score could be if everything unknown turned out worst or
//! best is the *range*. Below the card's least coverage the band is unknown,
//! never yellow.

mod evaluate;

use serde::{Deserialize, Serialize};

pub use evaluate::{DimensionScore, Health, MeasureScore};

use crate::{
    definition::{self, DefinitionError, error_at},
    metric::Catalogue,
};

/// The colour of a score, with unknown as a value of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// At risk.
    Red,
    /// To be watched.
    Yellow,
    /// Healthy.
    Green,
    /// Too little is known to say.
    Unknown,
}

impl Band {
    /// Every band, worst first, unknown last.
    pub const ALL: [Self; 4] = [Self::Red, Self::Yellow, Self::Green, Self::Unknown];

    /// The word used in files, in expressions and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Yellow => "yellow",
            Self::Green => "green",
            Self::Unknown => "unknown",
        }
    }

    /// The band a word means.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|band| band.as_str() == word)
    }
}

/// How metrics become health.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorecard {
    /// Stable name.
    pub key: String,
    /// Name on screen.
    pub name: String,
    /// What it is for.
    pub doc: String,
    /// Scores from here up are green.
    pub green_from: f64,
    /// Scores from here up to green are yellow; below is red.
    pub yellow_from: f64,
    /// Share of weight that must be known for the score to have a band.
    pub least_coverage: f64,
    /// Its dimensions, in order.
    pub dimensions: Vec<Dimension>,
    /// Rules that hold a score down, in order.
    pub caps: Vec<Cap>,
}

/// A group of measures with one weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimension {
    /// Stable name.
    pub key: String,
    /// Name on screen.
    pub name: String,
    /// Weight among dimensions; any positive scale.
    pub weight: f64,
    /// Its measures, in order.
    pub measures: Vec<Measure>,
}

/// One metric turned into 0–100.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// Column of the metric in snapshot rows.
    pub column: usize,
    /// Key of the metric.
    pub metric: String,
    /// Weight inside the dimension; any positive scale.
    pub weight: f64,
    /// How the value becomes points.
    pub scale: Scale,
}

/// How a value becomes 0–100.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Scale {
    /// Straight line between the worst and the best value, flat beyond them.
    Linear {
        /// The value worth 0.
        worst: f64,
        /// The value worth 100.
        best: f64,
    },
    /// Steps: the first whose `below` exceeds the value gives its points.
    Bands(Vec<Step>),
}

/// One step of a banded scale.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Values below this belong here; absent in the last step only.
    pub below: Option<f64>,
    /// Points for values that belong here, 0 to 100.
    pub points: f64,
}

/// A rule that holds a score down whatever the measures say.
#[derive(Debug, Clone, PartialEq)]
pub struct Cap {
    /// Column of the metric it looks at.
    pub column: usize,
    /// Key of that metric.
    pub metric: String,
    /// It applies when the metric is below this; never when the metric is unknown.
    pub below: f64,
    /// The best band the account can then have: yellow or red.
    pub at_most: Band,
    /// Why, in words for the screen.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    key: String,
    name: String,
    doc: String,
    green_from: f64,
    yellow_from: f64,
    least_coverage: f64,
    dimension: Vec<DimensionEntry>,
    #[serde(default)]
    cap: Vec<CapEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DimensionEntry {
    key: String,
    name: String,
    weight: f64,
    measure: Vec<MeasureEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasureEntry {
    metric: String,
    weight: f64,
    scale: Scale,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CapEntry {
    metric: String,
    below: f64,
    at_most: Band,
    reason: String,
}

impl Scorecard {
    /// Reads a scorecard and binds it to the metrics it names.
    ///
    /// Fails, with the place, on an unknown metric, a weight that is not
    /// positive, bands out of order and points outside 0–100.
    pub fn read(file: &str, text: &str, catalogue: &Catalogue) -> Result<Self, DefinitionError> {
        let parsed: File = definition::read(file, text)?;
        let at = |word: &str, message: String| error_at(file, text, word, message);
        let ordered = 0.0 < parsed.yellow_from && parsed.yellow_from < parsed.green_from && parsed.green_from <= 100.0;
        if !ordered || !(0.0..=1.0).contains(&parsed.least_coverage) {
            let message = "needs 0 < yellow_from < green_from <= 100 and least_coverage between 0 and 1";
            return Err(at(&parsed.key, message.to_owned()));
        }
        let column = |metric: &str| {
            catalogue.position(metric).ok_or_else(|| {
                let hint =
                    catalogue.nearest(metric).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                at(metric, format!("there is no metric `{metric}` in the catalogue{hint}"))
            })
        };
        let measure = |entry: MeasureEntry| {
            check_scale(&entry.scale).map_err(|message| at(&entry.metric, message))?;
            positive(entry.weight).map_err(|message| at(&entry.metric, message))?;
            let column = column(&entry.metric)?;
            Ok(Measure { column, metric: entry.metric, weight: entry.weight, scale: entry.scale })
        };
        let dimension = |entry: DimensionEntry| {
            positive(entry.weight).map_err(|message| at(&entry.key, message))?;
            let measures = entry.measure.into_iter().map(measure).collect::<Result<Vec<_>, _>>()?;
            Ok(Dimension { key: entry.key, name: entry.name, weight: entry.weight, measures })
        };
        let cap = |entry: CapEntry| {
            if !matches!(entry.at_most, Band::Red | Band::Yellow) {
                return Err(at(&entry.metric, "a cap holds a score at `yellow` or `red`".to_owned()));
            }
            let column = column(&entry.metric)?;
            Ok(Cap { column, metric: entry.metric, below: entry.below, at_most: entry.at_most, reason: entry.reason })
        };
        Ok(Self {
            dimensions: parsed.dimension.into_iter().map(dimension).collect::<Result<_, DefinitionError>>()?,
            caps: parsed.cap.into_iter().map(cap).collect::<Result<_, DefinitionError>>()?,
            key: parsed.key,
            name: parsed.name,
            doc: parsed.doc,
            green_from: parsed.green_from,
            yellow_from: parsed.yellow_from,
            least_coverage: parsed.least_coverage,
        })
    }

    /// The band of a score.
    pub fn band(&self, score: f64) -> Band {
        if score >= self.green_from {
            Band::Green
        } else if score >= self.yellow_from {
            Band::Yellow
        } else {
            Band::Red
        }
    }
}

fn positive(weight: f64) -> Result<(), String> {
    if weight > 0.0 && weight.is_finite() {
        Ok(())
    } else {
        Err(format!("a weight is a positive number, not {weight}"))
    }
}

fn check_scale(scale: &Scale) -> Result<(), String> {
    match scale {
        Scale::Linear { worst, best } if (worst - best).abs() > 0.0 && (worst - best).is_finite() => Ok(()),
        Scale::Linear { .. } => Err("a linear scale needs two different numbers `worst` and `best`".to_owned()),
        Scale::Bands(steps) => {
            let limits: Vec<_> = steps.iter().map(|step| step.below).collect();
            let rising = limits.windows(2).all(|pair| match pair {
                [Some(a), Some(b)] => a < b,
                [Some(_), None] => true,
                _ => false,
            });
            if steps.is_empty() || !rising || limits.last() != Some(&None) {
                return Err("bands rise from the first `below` to a last step without one".to_owned());
            }
            if steps.iter().any(|step| !(0.0..=100.0).contains(&step.points)) {
                return Err("points lie between 0 and 100".to_owned());
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
