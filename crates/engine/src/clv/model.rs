//! The models by the names they have on the command line, and the kind of data each is made for. What a model assumes
//! stands in `docs/models`; parameter names are those of the papers.

use std::fmt;
use std::str::FromStr;

use stats::purchase::{self, TimeUnit, bg_bb};
use stats::tenure;

/// A lifetime value model that can be fitted to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Buying at any time, silent drop-out: `BG/NBD`, `MBG/NBD` or `Pareto/NBD`.
    Purchases(purchase::Model),
    /// One opportunity to buy per period, silent drop-out: `BG/BB`.
    Opportunities,
    /// Amounts per purchase: Gamma-Gamma.
    Spend,
    /// Renewals, leaving is seen: `sBG` or `BdW`.
    Tenure(tenure::Model),
}

impl Model {
    /// Every model.
    pub const ALL: [Self; 7] = [
        Self::Purchases(purchase::Model::BgNbd),
        Self::Purchases(purchase::Model::MbgNbd),
        Self::Purchases(purchase::Model::ParetoNbd),
        Self::Opportunities,
        Self::Spend,
        Self::Tenure(tenure::Model::Sbg),
        Self::Tenure(tenure::Model::Bdw),
    ];

    /// Its name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Purchases(model) => model.name(),
            Self::Opportunities => "bg-bb",
            Self::Spend => "gamma-gamma",
            Self::Tenure(model) => model.name(),
        }
    }

    /// The names of its parameters, in order.
    pub fn parameter_names(self) -> Vec<&'static str> {
        match self {
            Self::Purchases(model) => model.parameter_names().to_vec(),
            Self::Opportunities => bg_bb::PARAMETER_NAMES.to_vec(),
            Self::Spend => vec!["p", "q", "gamma"],
            Self::Tenure(model) => model.parameter_names().to_vec(),
        }
    }

    /// The time unit taken when none is named: weeks for purchases, years for whole periods.
    pub const fn usual_unit(self) -> TimeUnit {
        match self {
            Self::Purchases(_) | Self::Spend => TimeUnit::Week,
            Self::Opportunities | Self::Tenure(_) => TimeUnit::Year,
        }
    }

    /// Periods watched when data are invented and nobody says how long: a year and a half of weeks, seven periods.
    pub const fn usual_periods(self) -> f64 {
        match self {
            Self::Purchases(_) | Self::Spend => 78.0,
            Self::Opportunities | Self::Tenure(_) => 7.0,
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Model {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|model| model.name() == name.trim());
        known.ok_or_else(|| format!("choose one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// The time unit of a name: day, week, month or year.
pub fn parse_time_unit(name: &str) -> Result<TimeUnit, String> {
    TimeUnit::ALL
        .into_iter()
        .find(|unit| unit.name() == name.trim())
        .ok_or_else(|| format!("choose one of {}", TimeUnit::ALL.map(TimeUnit::name).join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_strangers_hear_the_choice() {
        for model in Model::ALL {
            assert_eq!(model.name().parse(), Ok(model));
        }
        assert!("arima".parse::<Model>().unwrap_err().contains("pareto-nbd"));
        assert_eq!(parse_time_unit("month"), Ok(TimeUnit::Month));
        assert!(parse_time_unit("fortnight").unwrap_err().contains("week"));
    }
}
