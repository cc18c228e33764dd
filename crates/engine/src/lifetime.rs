//! Lifetime value: what every account has brought and is expected to bring, with its interval. A [`Definition`] says
//! which money counts; a [`Model`] is what was learned, by a day, about leaving ([`Hazards`]) and about buying without
//! a contract ([`Buying`]); a [`Lifetime`] is what follows for one account and stands in its snapshot row.
//!
//! Learning happens in the background, once a day, from readings of past month ends that are kept so that no past
//! book is computed twice; judging an account is arithmetic and happens with every refresh. A past day is judged by
//! the newest model that knew nothing later. Deliberately absent: growth of revenue, which belongs to a forecast of
//! expansion, and anything learned from outcomes after the day that is asked for.

mod ahead;
mod buying;
mod contract;
mod definition;
mod evidence;
mod explain;
mod hazard;
mod keep;
mod learn;
mod portfolio;
mod read;
mod worth;

#[cfg(test)]
mod tests;

use domain::Day;
use serde::{Deserialize, Serialize};

pub(crate) use ahead::Looker;
pub use buying::{Buying, Spending, Trial};
pub use contract::Cause;
pub(crate) use contract::{Contracts, month_ahead};
pub use definition::{Definition, Driver, LIFETIME, Leaving, Money, Pool, Purchases, Tier};
pub use evidence::{Evidence, Verdict};
pub(crate) use explain::{inputs, months};
pub use hazard::{CauseFit, Forecast, Hazards};
pub use keep::{Extent, bring_up_to_date, vintage};
pub(crate) use keep::{chances, keep_fresh, past};
pub(crate) use learn::Past;
pub use portfolio::{Economics, Summary, summary};
pub(crate) use read::{Buyers, read, stays};
pub use stats::value::Timing;
pub(crate) use worth::{Appraiser, OUTPUTS, Subject};
pub use worth::{Lifetime, Standing};

/// What was learned from everything that had happened by the end of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// The fingerprint of the definition it was learned under.
    pub definition: String,
    /// The day.
    pub as_of: Day,
    /// How much was known when it was learned.
    pub extent: Extent,
    /// The chance to leave; `None` where nobody under contract could be watched.
    pub hazards: Option<Hazards>,
    /// Buying without a contract; `None` where too few do.
    pub buying: Option<Buying>,
    /// Lifetime values at which a tier ends, minor units, the highest first.
    pub cuts: Vec<f64>,
    /// How a model of a year before did since; only with the newest model.
    pub evidence: Option<Evidence>,
    /// What could not be learned, and why.
    pub why_not: Vec<String>,
}

impl Model {
    /// A model that knows nothing.
    pub(crate) fn nothing(definition: &Definition, as_of: Day) -> Self {
        Self {
            definition: definition.fingerprint.clone(),
            as_of,
            extent: Extent::default(),
            hazards: None,
            buying: None,
            cuts: Vec::new(),
            evidence: None,
            why_not: Vec::new(),
        }
    }
}
