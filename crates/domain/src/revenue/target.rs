//! A target says on which scale, for which period, over which base, and whether it is a level or a change. One outside its
//! scale is refused; one that lies on it and would rather be a figure of another scale (an NPS of 4.2, a retention of
//! 1.1 %) is taken with a warning, since the person may be right.

/// What a figure counts and where it can lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// A share that cannot exceed its whole, in percent: 0 to 100.
    Share,
    /// A share that may exceed its whole, in percent: 0 and more.
    Growth,
    /// Net promoter score: −100 to 100.
    Nps,
    /// A rating of satisfaction: 1 to 5.
    Rating,
    /// Health: 0 to 100.
    Health,
    /// Minor units of a currency.
    Money,
    /// A plain ratio.
    Ratio,
}

impl Scale {
    /// The least and the largest figure.
    pub fn range(self) -> (f64, f64) {
        match self {
            Self::Share | Self::Health => (0.0, 100.0),
            Self::Nps => (-100.0, 100.0),
            Self::Rating => (1.0, 5.0),
            Self::Growth | Self::Money | Self::Ratio => (0.0, f64::INFINITY),
        }
    }

    /// How it is spoken of.
    pub fn name(self) -> &'static str {
        match self {
            Self::Share => "percent of a whole",
            Self::Growth => "percent that may pass 100",
            Self::Nps => "net promoter score",
            Self::Rating => "rating from 1 to 5",
            Self::Health => "health",
            Self::Money => "money",
            Self::Ratio => "ratio",
        }
    }
}

/// What a target is measured over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The figure itself.
    Level,
    /// The difference to where it stood, in the figure's own unit (points of a percentage).
    Change,
    /// The change as a share of where it stood, in percent.
    Relative,
}

impl Base {
    /// Every base.
    pub const ALL: [Self; 3] = [Self::Level, Self::Change, Self::Relative];

    /// The word stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::Change => "change",
            Self::Relative => "relative",
        }
    }

    /// The base a word means.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|base| base.as_str() == word)
    }
}

/// What a figure should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The scale of its figure.
    pub scale: Scale,
    /// Months the figure is measured over; 0 for a state.
    pub period_months: u32,
    /// What it is measured over.
    pub base: Base,
    /// The figure.
    pub value: f64,
}

/// Why something is no target.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TargetError {
    /// The figure cannot be reached on its scale.
    #[error("{value} is no {scale}: it lies between {low} and {high}", scale = .scale.name())]
    OffScale {
        /// The figure.
        value: f64,
        /// Its scale.
        scale: Scale,
        /// The least.
        low: f64,
        /// The largest.
        high: f64,
    },
    /// The figure is not a number.
    #[error("a target is a finite number")]
    NotANumber,
}

/// Why a target may not be meant as it is written.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Warning {
    /// The figure would be usual on another scale.
    #[error("{value} would be an unusual {scale}, and a usual {other}: is that what was meant?", scale = .scale.name(), other = .other.name())]
    OtherScale {
        /// The figure.
        value: f64,
        /// The scale it was given on.
        scale: Scale,
        /// The scale it would fit.
        other: Scale,
    },
    /// The figure looks like a share written as a fraction of one.
    #[error("{value} % is a hundredth of what is usual: was {percent} % meant?", percent = .value * 100.0)]
    Fraction {
        /// The figure.
        value: f64,
    },
}

impl Target {
    /// Checks the figure against its scale. What is unusual is warned of, what is impossible refused.
    pub fn check(&self) -> Result<Option<Warning>, TargetError> {
        let (value, scale) = (self.value, self.scale);
        if !value.is_finite() {
            return Err(TargetError::NotANumber);
        }
        if self.base != Base::Level {
            return Ok(None);
        }
        let (low, high) = scale.range();
        if !(low..=high).contains(&value) {
            return Err(TargetError::OffScale { value, scale, low, high });
        }
        Ok(match scale {
            // Scores are whole numbers of either sign; a decimal between 1 and 5 is a mean of ratings.
            Scale::Nps if (1.0..=5.0).contains(&value) && value.fract() != 0.0 => {
                Some(Warning::OtherScale { value, scale, other: Scale::Rating })
            }
            Scale::Health if value > 0.0 && value <= 5.0 => {
                Some(Warning::OtherScale { value, scale, other: Scale::Rating })
            }
            Scale::Share | Scale::Growth if value > 0.0 && value <= 1.5 => Some(Warning::Fraction { value }),
            _ => None,
        })
    }
}
