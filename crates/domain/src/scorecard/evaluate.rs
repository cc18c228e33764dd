//! The arithmetic of health, kept apart from reading scorecards. Every sum runs
//! in the order of the scorecard, so the same values give the same bits.

use super::{Band, Dimension, Scale, Scorecard};

/// An account's health, with everything needed to explain it.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// 0–100 after caps; unknown when no measure has a value.
    pub score: Option<f64>,
    /// The score before caps.
    pub uncapped: Option<f64>,
    /// The score if everything unknown turned out worst.
    pub low: f64,
    /// The score if everything unknown turned out best.
    pub high: f64,
    /// Share of the weight that was known, 0–1.
    pub coverage: f64,
    /// The colour; unknown below the card's least coverage.
    pub band: Band,
    /// Position of the cap that held the score down, if one did.
    pub cap: Option<usize>,
    /// One per dimension of the card, in order.
    pub dimensions: Vec<DimensionScore>,
}

/// What one dimension contributed.
#[derive(Debug, Clone, PartialEq)]
pub struct DimensionScore {
    /// 0–100, unknown when none of its measures has a value.
    pub score: Option<f64>,
    /// Share of its weight that was known, 0–1.
    pub coverage: f64,
    /// One per measure of the dimension, in order.
    pub measures: Vec<MeasureScore>,
}

/// What one measure contributed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeasureScore {
    /// The metric's value.
    pub value: Option<f64>,
    /// 0–100 on the measure's scale.
    pub score: Option<f64>,
}

impl Scale {
    /// Points for a value, 0–100.
    pub fn points(&self, value: f64) -> f64 {
        match self {
            Self::Linear { worst, best } => ((value - worst) / (best - worst)).clamp(0.0, 1.0) * 100.0,
            Self::Bands(steps) => {
                let step = steps.iter().find(|step| step.below.is_none_or(|limit| value < limit));
                step.map_or(0.0, |step| step.points)
            }
        }
    }
}

impl Scorecard {
    /// Scores one snapshot row; `row[i]` is the value of the catalogue's metric `i`.
    pub fn evaluate(&self, row: &[Option<f64>]) -> Health {
        let dimensions: Vec<_> = self.dimensions.iter().map(|dimension| dimension.evaluate(row)).collect();
        let total: f64 = self.dimensions.iter().map(|dimension| dimension.weight).sum();
        let (mut known, mut sum, mut covered, mut certain) = (0.0, 0.0, 0.0, 0.0);
        for (dimension, scored) in self.dimensions.iter().zip(&dimensions) {
            let share = dimension.weight / total;
            covered += share * scored.coverage;
            if let Some(score) = scored.score {
                known += dimension.weight;
                sum += dimension.weight * score;
                certain += share * scored.coverage * score;
            }
        }
        let uncapped = (known > 0.0).then(|| sum / known);
        let (score, cap) = self.capped(uncapped, row);
        let ceiling = cap.map_or(100.0, |at| self.ceiling(self.caps[at].at_most));
        let band = match score {
            Some(score) if covered + 1e-9 >= self.least_coverage => self.band(score),
            _ => Band::Unknown,
        };
        let high = (certain + (1.0 - covered).max(0.0) * 100.0).clamp(0.0, ceiling);
        Health {
            score,
            uncapped,
            low: certain.clamp(0.0, high),
            high,
            coverage: covered.clamp(0.0, 1.0),
            band,
            cap,
            dimensions,
        }
    }

    /// The score after the lowest cap that applies, and which one it was.
    fn capped(&self, score: Option<f64>, row: &[Option<f64>]) -> (Option<f64>, Option<usize>) {
        let Some(score) = score else {
            return (None, None);
        };
        let applies = |value: Option<f64>, below: f64| value.is_some_and(|value| value < below);
        let lowest = self
            .caps
            .iter()
            .enumerate()
            .filter(|(_, cap)| applies(row.get(cap.column).copied().flatten(), cap.below))
            .min_by_key(|(_, cap)| cap.at_most);
        match lowest {
            Some((at, cap)) if score > self.ceiling(cap.at_most) => (Some(self.ceiling(cap.at_most)), Some(at)),
            _ => (Some(score), None),
        }
    }

    /// The best score a band allows: one point under the next band.
    fn ceiling(&self, band: Band) -> f64 {
        match band {
            Band::Red => (self.yellow_from - 1.0).max(0.0),
            Band::Yellow => (self.green_from - 1.0).max(self.yellow_from),
            Band::Green | Band::Unknown => 100.0,
        }
    }
}

impl Dimension {
    fn evaluate(&self, row: &[Option<f64>]) -> DimensionScore {
        let (mut known, mut total, mut sum) = (0.0, 0.0, 0.0);
        let mut measures = Vec::with_capacity(self.measures.len());
        for measure in &self.measures {
            let value = row.get(measure.column).copied().flatten().filter(|value| value.is_finite());
            let score = value.map(|value| measure.scale.points(value));
            total += measure.weight;
            if let Some(score) = score {
                known += measure.weight;
                sum += measure.weight * score;
            }
            measures.push(MeasureScore { value, score });
        }
        let coverage = if total > 0.0 { known / total } else { 0.0 };
        DimensionScore { score: (known > 0.0).then(|| sum / known), coverage, measures }
    }
}
