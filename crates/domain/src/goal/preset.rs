//! Goals that teams often set, as proposals to start from. Where the usual words leave open whether they mean
//! points or per cent, or a level or a change, the preset decides and says so; whoever takes it may decide otherwise.
//! Figures of it that nothing here measures (onboarding time, days to a measurable return) are absent.

use super::Figure;
use crate::revenue::{Base, Target};

/// A goal to start from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Preset {
    /// A stable word.
    pub key: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// What was written, and how it is read here.
    pub says: &'static str,
    /// The figure.
    pub figure: Figure,
    /// A level or a change.
    pub base: Base,
    /// How much.
    pub value: f64,
    /// Months the figure is measured over; 0 for a state.
    pub period_months: u32,
    /// Months until it is due.
    pub within_months: u32,
}

impl Preset {
    /// The preset with this key.
    pub fn named(key: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.key == key)
    }

    /// Its target.
    pub const fn target(&self) -> Target {
        Target { scale: self.figure.scale(), period_months: self.period_months, base: self.base, value: self.value }
    }
}

const fn preset(
    (key, name, says): (&'static str, &'static str, &'static str),
    figure: Figure,
    (base, value): (Base, f64),
    period_months: u32,
) -> Preset {
    Preset { key, name, says, figure, base, value, period_months, within_months: 12 }
}

/// Every preset.
pub const PRESETS: &[Preset] = &[
    preset(
        (
            "churn_to_6",
            "Churn of 6 % a year",
            "Annual churn from 15 % to 6 % within a year: a level, over twelve months.",
        ),
        Figure::Churn,
        (Base::Level, 6.0),
        12,
    ),
    preset(
        ("churn_less_30", "Churn less by 30 %", "Churn less by 25 to 35 %: relative to where it stands, the middle."),
        Figure::Churn,
        (Base::Relative, -30.0),
        12,
    ),
    preset(
        ("monthly_churn_to_3_5", "Churn of 3.5 % a month", "Monthly churn from 5 % to 3.5 %: a level, over one month."),
        Figure::Churn,
        (Base::Level, 3.5),
        1,
    ),
    preset(
        ("retention_80", "Keep 80 % of customers a year", "Retention of 80 % and more a year: churn of 20 % at most."),
        Figure::Churn,
        (Base::Level, 20.0),
        12,
    ),
    preset(
        (
            "nrr_up_18",
            "Net revenue retention up by 18 %",
            "NRR rose by 18 %: points or per cent is not said. Read relative to where it stands.",
        ),
        Figure::NetRetention,
        (Base::Relative, 18.0),
        12,
    ),
    preset(
        (
            "existing_revenue_115",
            "Existing customers grow by 15 % a year",
            "Revenue of existing customers up by 15 to 25 % a year: net retention of 115 %, the lower end.",
        ),
        Figure::NetRetention,
        (Base::Level, 115.0),
        12,
    ),
    preset(
        ("clv_up_25", "Lifetime value up by 25 %", "CLV rose by 25 % within a year: relative to where it stands."),
        Figure::LifetimeValue,
        (Base::Relative, 25.0),
        0,
    ),
    preset(
        ("acquisition_cost_less_30", "Cost to acquire less by 30 %", "Cost to acquire less by 30 %: relative."),
        Figure::AcquisitionCost,
        (Base::Relative, -30.0),
        0,
    ),
    preset(
        (
            "expansion_20",
            "A fifth of revenue from expansion",
            "Expansion makes 20 % of total revenue: a level, over twelve months.",
        ),
        Figure::Expansion,
        (Base::Level, 20.0),
        12,
    ),
    preset(
        ("green_80", "80 % of accounts healthy", "Health distribution of 80, 15 and 5 %: the green part."),
        Figure::Green,
        (Base::Level, 80.0),
        0,
    ),
    preset(
        ("red_5", "At most 5 % of accounts critical", "Health distribution of 80, 15 and 5 %: the red part."),
        Figure::Red,
        (Base::Level, 5.0),
        0,
    ),
    preset(
        (
            "satisfaction_4_2",
            "Satisfaction of 4.2",
            "“4.2+ NPS score”: an NPS lies between −100 and 100, so this is read as satisfaction from 1 to 5.",
        ),
        Figure::Satisfaction,
        (Base::Level, 4.2),
        0,
    ),
];
