//! What if: the largest accounts leave, a segment's hazard doubles, twice as many are won. A [`Scenario`] is five numbers
//! with names, and the same names are written on the command line, in the address of the page and in the API. It changes
//! what paths are drawn from and never what was learned.

use std::fmt;

use serde::Serialize;

/// What is changed, and among whom.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scenario {
    /// The largest accounts, by ARR, that leave in the first month.
    pub lose_top: usize,
    /// A factor on the hazard of leaving.
    pub churn: f64,
    /// A factor on how often accounts grow.
    pub expansion: f64,
    /// A factor on how many new accounts come.
    pub new: f64,
    /// An expression over the snapshot: only these accounts' churn and expansion are changed.
    pub among: Option<String>,
}

/// Why something is no scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// No such name.
    #[error("`{0}` is no part of a scenario: write lose_top, churn, expansion, new or among")]
    Unknown(String),
    /// Accounts are named among whom nothing is changed.
    #[error("nothing is changed among the accounts with {0}: say also churn or expansion, the only parts it narrows")]
    Idle(String),
    /// Not the number it should be.
    #[error("{name} is `{value}`: write {expected}")]
    Value {
        /// The name.
        name: &'static str,
        /// What was written.
        value: String,
        /// What would do.
        expected: &'static str,
    },
}

/// Largest factor: what lies beyond is no scenario but a mistake.
const MOST: f64 = 100.0;

impl Default for Scenario {
    /// Nothing is changed.
    fn default() -> Self {
        Self { lose_top: 0, churn: 1.0, expansion: 1.0, new: 1.0, among: None }
    }
}

impl Scenario {
    /// Whether nothing is changed.
    pub fn is_none(&self) -> bool {
        Self { among: None, ..self.clone() } == Self::default()
    }

    /// Fails where accounts are named, and neither what is to happen to them.
    pub fn check(&self) -> Result<(), ScenarioError> {
        match &self.among {
            Some(among) if !changes(self.churn) && !changes(self.expansion) => Err(ScenarioError::Idle(among.clone())),
            _ => Ok(()),
        }
    }

    /// Sets a part by its name; an empty value leaves it as it is.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ScenarioError> {
        let value = value.trim();
        if value.is_empty() {
            return Ok(());
        }
        match name {
            "lose_top" => {
                let expected = "how many accounts, like 3";
                let refused = ScenarioError::Value { name: "lose_top", value: value.to_owned(), expected };
                self.lose_top = value.parse().map_err(|_| refused)?;
            }
            "churn" => self.churn = factor("churn", value)?,
            "expansion" => self.expansion = factor("expansion", value)?,
            "new" => self.new = factor("new", value)?,
            "among" => self.among = Some(value.to_owned()),
            _ => return Err(ScenarioError::Unknown(name.to_owned())),
        }
        Ok(())
    }
}

/// Whether a factor changes anything.
fn changes(factor: f64) -> bool {
    (factor - 1.0).abs() > f64::EPSILON
}

fn factor(name: &'static str, value: &str) -> Result<f64, ScenarioError> {
    let factor: Option<f64> = value.parse().ok().filter(|factor| (0.0..=MOST).contains(factor));
    let expected = "a factor from 0 to 100, like 2 for twice as much";
    factor.ok_or_else(|| ScenarioError::Value { name, value: value.to_owned(), expected })
}

impl fmt::Display for Scenario {
    /// In words: `the 3 largest accounts leave; hazard × 2 among tier = 'gold'`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        match self.lose_top {
            0 => {}
            1 => parts.push("the largest account leaves".to_owned()),
            n => parts.push(format!("the {n} largest accounts leave")),
        }
        let among = self.among.as_ref().map_or(String::new(), |among| format!(" among {among}"));
        for (what, factor, among) in [
            ("hazard of leaving", self.churn, &*among),
            ("expansions", self.expansion, &*among),
            ("new accounts", self.new, ""),
        ] {
            if changes(factor) {
                parts.push(format!("{what} × {factor}{among}"));
            }
        }
        if parts.is_empty() { f.write_str("nothing is changed") } else { f.write_str(&parts.join("; ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_set_by_name_and_said_in_words() {
        let mut scenario = Scenario::default();
        for (name, value) in [("lose_top", "3"), ("churn", "2"), ("among", "tier = 'gold'"), ("new", "")] {
            scenario.set(name, value).unwrap();
        }
        let words = "the 3 largest accounts leave; hazard of leaving × 2 among tier = 'gold'";
        assert_eq!(scenario.to_string(), words);
        assert!(!scenario.is_none() && Scenario::default().is_none());
    }

    #[test]
    fn accounts_to_whom_nothing_happens_are_no_scenario() {
        let mut scenario = Scenario::default();
        scenario.set("among", "tier = 'gold'").unwrap();
        scenario.set("lose_top", "3").unwrap();
        let idle = scenario.check().unwrap_err().to_string();
        assert!(idle.starts_with("nothing is changed among the accounts with tier = 'gold': say also churn"), "{idle}");
        scenario.set("expansion", "0").unwrap();
        assert_eq!(scenario.check(), Ok(()));
        assert_eq!(Scenario::default().check(), Ok(()));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_would_do() {
        let mut scenario = Scenario::default();
        let text = |error: ScenarioError| error.to_string();
        assert_eq!(
            text(scenario.set("churn", "-1").unwrap_err()),
            "churn is `-1`: write a factor from 0 to 100, like 2 for twice as much"
        );
        assert!(scenario.set("churn", "NaN").is_err() && scenario.set("lose_top", "few").is_err());
        assert!(text(scenario.set("luck", "1").unwrap_err()).starts_with("`luck` is no part of a scenario"));
        assert_eq!(scenario, Scenario::default());
    }
}
