//! Goals: a [`Figure`] of the book, where it stood on a day, where it should be on another, and whether it will get there.
//! A [`Target`] says on which scale, over which period, and whether it is a level or a change; a [`Goal`] adds the days
//! and where the figure stood; [`Goal::judge`] holds it against what is and, where somebody forecasts it, what will be.
//!
//! Without a forecast a goal is judged by the straight line from its start to its end, and says so. What is unknown stays
//! unknown: a goal whose figure cannot be measured is neither on track nor behind. Deliberately absent: how a figure is
//! measured, which takes a book, and who may set a goal.

mod preset;

use crate::Day;
use crate::metric::Better;
use crate::revenue::{Base, Scale, Target, TargetError, Warning};

pub use preset::{PRESETS, Preset};

/// A figure of a book that a goal can be set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Figure {
    /// Net revenue retention.
    NetRetention,
    /// Gross revenue retention.
    GrossRetention,
    /// Share of paying accounts lost.
    Churn,
    /// Recurring revenue that left with accounts.
    ChurnedRevenue,
    /// Revenue from expansion as a share of all recurring revenue.
    Expansion,
    /// Annual recurring revenue.
    Arr,
    /// Mean lifetime value of a customer.
    LifetimeValue,
    /// Lifetime value over the cost to acquire.
    ValueToCost,
    /// Mean cost to acquire a customer.
    AcquisitionCost,
    /// Share of accounts whose health is green.
    Green,
    /// Share of accounts whose health is red.
    Red,
    /// Net promoter score.
    Nps,
    /// Mean satisfaction, 1 to 5.
    Satisfaction,
}

impl Figure {
    /// Every figure, in the order of forms.
    pub const ALL: [Self; 13] = [
        Self::NetRetention,
        Self::GrossRetention,
        Self::Churn,
        Self::ChurnedRevenue,
        Self::Expansion,
        Self::Arr,
        Self::LifetimeValue,
        Self::ValueToCost,
        Self::AcquisitionCost,
        Self::Green,
        Self::Red,
        Self::Nps,
        Self::Satisfaction,
    ];

    /// The word stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NetRetention => "nrr",
            Self::GrossRetention => "grr",
            Self::Churn => "logo_churn",
            Self::ChurnedRevenue => "churned_revenue",
            Self::Expansion => "expansion_share",
            Self::Arr => "arr",
            Self::LifetimeValue => "lifetime_value",
            Self::ValueToCost => "value_to_cost",
            Self::AcquisitionCost => "acquisition_cost",
            Self::Green => "green_share",
            Self::Red => "red_share",
            Self::Nps => "nps",
            Self::Satisfaction => "csat",
        }
    }

    /// The figure a word means.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|figure| figure.as_str() == word)
    }

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NetRetention => "Net revenue retention",
            Self::GrossRetention => "Gross revenue retention",
            Self::Churn => "Customer churn",
            Self::ChurnedRevenue => "Churned revenue",
            Self::Expansion => "Expansion share of revenue",
            Self::Arr => "ARR",
            Self::LifetimeValue => "Lifetime value of a customer",
            Self::ValueToCost => "Lifetime value to cost",
            Self::AcquisitionCost => "Cost to acquire a customer",
            Self::Green => "Healthy accounts",
            Self::Red => "Critical accounts",
            Self::Nps => "NPS",
            Self::Satisfaction => "Satisfaction",
        }
    }

    /// How it is measured.
    pub const fn doc(self) -> &'static str {
        match self {
            Self::NetRetention => {
                "What the accounts that paid at the opening of the period pay at its closing, as a share of the opening."
            }
            Self::GrossRetention => {
                "What the accounts that paid at the opening of the period pay at its closing, each capped at what it paid at the opening, as a share of the opening."
            }
            Self::Churn => "Accounts that paid at the opening of the period and do not at its closing, as a share.",
            Self::ChurnedRevenue => "Annual recurring revenue of the accounts that stopped paying within the period.",
            Self::Expansion => {
                "Recurring revenue that accounts added in the period to what they had, as a share of all at its closing."
            }
            Self::Arr => "Annual recurring revenue on the day.",
            Self::LifetimeValue => "Mean lifetime value of the present customers of which it is known.",
            Self::ValueToCost => "Lifetime value before the cost to acquire, over that cost.",
            Self::AcquisitionCost => "Cost to acquire the customers won in the last twelve months, per customer.",
            Self::Green => "Accounts with a green health as a share of all whose health is known.",
            Self::Red => "Accounts with a red health as a share of all whose health is known.",
            Self::Nps => {
                "Promoters less detractors in percent, over the latest answer of each account within the last 365 days."
            }
            Self::Satisfaction => {
                "Mean satisfaction from 1 to 5 of the accounts that answered within the last 365 days."
            }
        }
    }

    /// Where it can lie.
    pub const fn scale(self) -> Scale {
        match self {
            Self::NetRetention => Scale::Growth,
            Self::GrossRetention | Self::Churn | Self::Expansion | Self::Green | Self::Red => Scale::Share,
            Self::Arr | Self::ChurnedRevenue | Self::LifetimeValue | Self::AcquisitionCost => Scale::Money,
            Self::ValueToCost => Scale::Ratio,
            Self::Nps => Scale::Nps,
            Self::Satisfaction => Scale::Rating,
        }
    }

    /// Which way is better.
    pub const fn better(self) -> Better {
        match self {
            Self::Churn | Self::ChurnedRevenue | Self::AcquisitionCost | Self::Red => Better::Lower,
            _ => Better::Higher,
        }
    }

    /// Whether it is measured over a period that the goal names; the others stand on a day.
    pub const fn has_period(self) -> bool {
        matches!(self, Self::NetRetention | Self::GrossRetention | Self::Churn | Self::ChurnedRevenue | Self::Expansion)
    }

    /// Whether a value is at least as good as another.
    fn reaches(self, value: f64, other: f64) -> bool {
        if self.better() == Better::Lower { value <= other } else { value >= other }
    }
}

/// Where a figure should be by a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// The figure.
    pub figure: Figure,
    /// What it should be; its scale is the figure's.
    pub target: Target,
    /// Where it stood at the start; `None` where that is not known.
    pub baseline: Option<f64>,
    /// When it was set.
    pub starts_on: Day,
    /// By when.
    pub due_on: Day,
}

/// Why something is no goal.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GoalError {
    /// The target is none.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A change of something unknown.
    #[error("the figure is not known today, so it cannot change by so much: say what it should be instead")]
    NoBaseline,
    /// The change leads off the scale.
    #[error("from {from:.2} this leads to {to:.2}, and a {scale} lies between {low} and {high}", scale = .scale.name())]
    LeadsOff {
        /// Where the figure stands.
        from: f64,
        /// Where the change leads.
        to: f64,
        /// The scale.
        scale: Scale,
        /// The least.
        low: f64,
        /// The largest.
        high: f64,
    },
    /// The end is not after the start.
    #[error("a goal is due after it starts on {0}")]
    NoTime(Day),
    /// A figure of a period without one.
    #[error("say over how many months this figure is measured: 1 to 36")]
    NoPeriod,
}

/// How a goal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The figure is there.
    Reached,
    /// It will be, as far as one can tell.
    OnTrack,
    /// It will not, as far as one can tell.
    Behind,
    /// The day is over and it is not.
    Missed,
    /// Nobody can tell.
    Unknown,
}

impl Standing {
    /// The word sent and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::OnTrack => "on track",
            Self::Behind => "behind",
            Self::Missed => "missed",
            Self::Unknown => "unknown",
        }
    }
}

/// What a judgement rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ground {
    /// What the figure is today.
    Actual,
    /// What it is forecast to be when the goal is due.
    Forecast(f64),
    /// Where the straight line from start to goal is today.
    Line(f64),
    /// The figure cannot be measured.
    NotMeasured,
    /// Where it stood at the start is not known, so there is no line.
    NoStart,
}

/// How a goal stands, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// How.
    pub standing: Standing,
    /// Why.
    pub ground: Ground,
}

impl Goal {
    /// Checks it. What is unusual is warned of, what is impossible refused.
    pub fn check(&self) -> Result<Option<Warning>, GoalError> {
        let warning = self.target.check()?;
        if self.due_on <= self.starts_on {
            return Err(GoalError::NoTime(self.starts_on));
        }
        if self.figure.has_period() != (1..=36).contains(&self.target.period_months) {
            return Err(GoalError::NoPeriod);
        }
        let aim = self.aim().ok_or(GoalError::NoBaseline)?;
        let (low, high) = self.target.scale.range();
        if let Some(from) = self.baseline.filter(|_| !(low..=high).contains(&aim)) {
            return Err(GoalError::LeadsOff { from, to: aim, scale: self.target.scale, low, high });
        }
        Ok(warning)
    }

    /// What the figure should be when the goal is due; `None` for a change of something unknown.
    pub fn aim(&self) -> Option<f64> {
        let value = self.target.value;
        match self.target.base {
            Base::Level => Some(value),
            Base::Change => Some(self.baseline? + value),
            Base::Relative => Some(self.baseline? * (1.0 + value / 100.0)),
        }
    }

    /// Where the straight line from start to goal is on a day.
    pub fn line(&self, day: Day) -> Option<f64> {
        let (from, to) = (self.baseline?, self.aim()?);
        let whole = (self.due_on - self.starts_on).num_days().max(1) as f64;
        let passed = (day - self.starts_on).num_days() as f64;
        Some(from + (to - from) * (passed / whole).clamp(0.0, 1.0))
    }

    /// How it stands on a day.
    pub fn judge(&self, actual: Option<f64>, forecast: Option<f64>, today: Day) -> Judgement {
        let says = |standing, ground| Judgement { standing, ground };
        let (Some(actual), Some(aim)) = (actual, self.aim()) else {
            return says(Standing::Unknown, Ground::NotMeasured);
        };
        let toward = |good: bool| if good { Standing::OnTrack } else { Standing::Behind };
        if self.figure.reaches(actual, aim) {
            return says(Standing::Reached, Ground::Actual);
        }
        if today > self.due_on {
            return says(Standing::Missed, Ground::Actual);
        }
        match (forecast, self.line(today)) {
            (Some(forecast), _) => says(toward(self.figure.reaches(forecast, aim)), Ground::Forecast(forecast)),
            (None, Some(line)) => says(toward(self.figure.reaches(actual, line)), Ground::Line(line)),
            (None, None) => says(Standing::Unknown, Ground::NoStart),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn goal(figure: Figure, base: Base, value: f64, baseline: Option<f64>) -> Goal {
        let period_months = if figure.has_period() { 12 } else { 0 };
        Goal {
            figure,
            target: Target { scale: figure.scale(), period_months, base, value },
            baseline,
            starts_on: day("2026-01-01"),
            due_on: day("2027-01-01"),
        }
    }

    #[test]
    fn the_aim_follows_the_base() {
        let aim = |base, value| goal(Figure::NetRetention, base, value, Some(102.0)).aim().unwrap();
        assert!((aim(Base::Level, 118.0) - 118.0).abs() < 1e-12);
        assert!((aim(Base::Change, 18.0) - 120.0).abs() < 1e-12, "eighteen points");
        assert!((aim(Base::Relative, 18.0) - 120.36).abs() < 1e-12, "eighteen per cent of 102");
        assert_eq!(goal(Figure::Arr, Base::Relative, 5.0, None).check(), Err(GoalError::NoBaseline));
    }

    #[test]
    fn without_a_forecast_the_line_decides() {
        let churn = goal(Figure::Churn, Base::Level, 6.0, Some(15.0));
        let half = day("2026-07-02");
        let judge = |actual, forecast, on| churn.judge(Some(actual), forecast, on).standing;
        assert!((churn.line(half).unwrap() - 10.5).abs() < 0.05);
        assert_eq!(judge(10.0, None, half), Standing::OnTrack);
        assert_eq!(judge(11.0, None, half), Standing::Behind);
        assert_eq!(judge(11.0, Some(5.5), half), Standing::OnTrack, "a forecast knows more than a line");
        assert_eq!(judge(6.0, Some(9.0), half), Standing::Reached);
        assert_eq!(judge(6.1, None, day("2027-01-02")), Standing::Missed);
        assert_eq!(churn.judge(None, Some(5.0), half).standing, Standing::Unknown);
        let unseen = goal(Figure::Churn, Base::Level, 6.0, None);
        let judged = unseen.judge(Some(9.0), None, half);
        assert_eq!((judged.standing, judged.ground), (Standing::Unknown, Ground::NoStart));
    }

    #[test]
    fn what_leads_off_its_scale_is_refused_and_another_scale_is_warned_of() {
        let off = goal(Figure::Green, Base::Change, 40.0, Some(70.0)).check().unwrap_err();
        assert!(off.to_string().contains("from 70.00 this leads to 110.00"), "{off}");
        let nps = goal(Figure::Nps, Base::Level, 4.2, Some(31.0)).check().unwrap().unwrap();
        assert!(nps.to_string().contains("rating from 1 to 5"), "{nps}");
        assert_eq!(goal(Figure::Satisfaction, Base::Level, 4.2, None).check(), Ok(None));
        let ended = Goal { due_on: day("2026-01-01"), ..goal(Figure::Arr, Base::Level, 5.0, None) };
        assert_eq!(ended.check(), Err(GoalError::NoTime(day("2026-01-01"))));
        let mut timeless = goal(Figure::Churn, Base::Level, 5.0, None);
        timeless.target.period_months = 0;
        assert_eq!(timeless.check(), Err(GoalError::NoPeriod));
    }

    #[test]
    fn words_are_read_back_and_presets_are_goals() {
        for figure in Figure::ALL {
            assert_eq!(Figure::parse(figure.as_str()), Some(figure));
        }
        for preset in PRESETS {
            let baseline = if preset.figure.scale() == Scale::Share { 40.0 } else { 90.0 };
            let target = preset.target();
            let goal = Goal { target, ..goal(preset.figure, preset.base, preset.value, Some(baseline)) };
            assert_eq!(goal.check(), Ok(None), "{}", preset.key);
        }
    }
}
