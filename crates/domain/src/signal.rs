//! A signal is a risk or an opportunity that opens and closes by itself. A
//! [`Rule`] says when, as expressions over the snapshot; [`reconcile`] compares
//! what is open with what the expressions say now. An expression whose inputs
//! are unknown neither opens nor closes anything.

use serde::{Deserialize, Serialize};

use crate::definition::{self, DefinitionError};

/// Whether a signal warns or invites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something that may cost the account.
    Risk,
    /// Something that may grow it.
    Opportunity,
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Worth acting on.
    Medium,
    /// Act now.
    High,
}

/// When a signal opens and closes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Stable name: `usage_decline`.
    pub key: String,
    /// Name on screen.
    pub name: String,
    /// What it means and why it matters.
    pub doc: String,
    /// Risk or opportunity.
    pub kind: Kind,
    /// How much it matters.
    pub severity: Severity,
    /// Expression over the snapshot that opens it.
    pub open_when: String,
    /// Expression that closes it; set apart from `open_when` so that it does not flap.
    pub close_when: String,
    /// Metrics shown as its evidence.
    pub evidence: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    signal: Vec<Rule>,
}

/// Reads the rules of one file.
pub fn read(file: &str, text: &str) -> Result<Vec<Rule>, DefinitionError> {
    definition::read::<File>(file, text).map(|file| file.signal)
}

/// What the expressions of one rule say about one account now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether `open_when` holds; `None` where its inputs are unknown.
    pub opens: Option<bool>,
    /// Whether `close_when` holds; `None` where its inputs are unknown.
    pub closes: Option<bool>,
}

/// What has to happen to a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// It opens.
    Open,
    /// It closes.
    Close,
}

/// Decides whether a signal changes, given whether it is open and what its rule says.
///
/// Opening wins over closing when a rule's expressions overlap, so that a
/// badly written rule shows a risk rather than hides one.
pub fn reconcile(is_open: bool, verdict: Verdict) -> Option<Transition> {
    match (is_open, verdict.opens, verdict.closes) {
        (false, Some(true), _) => Some(Transition::Open),
        (true, opens, Some(true)) if opens != Some(true) => Some(Transition::Close),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(is_open: bool, opens: Option<bool>, closes: Option<bool>, expected: Option<Transition>) {
        assert_eq!(reconcile(is_open, Verdict { opens, closes }), expected);
    }

    #[test]
    fn signals_open_and_close_by_themselves() {
        check(false, Some(true), Some(false), Some(Transition::Open));
        check(true, Some(true), Some(false), None);
        check(true, Some(false), Some(true), Some(Transition::Close));
        check(false, Some(false), Some(true), None);
    }

    #[test]
    fn between_the_two_expressions_nothing_flaps() {
        check(true, Some(false), Some(false), None);
        check(false, Some(false), Some(false), None);
    }

    #[test]
    fn the_unknown_changes_nothing() {
        check(false, None, None, None);
        check(true, None, None, None);
        check(true, Some(false), None, None);
    }

    #[test]
    fn an_overlap_shows_the_risk() {
        check(true, Some(true), Some(true), None);
        check(false, Some(true), Some(true), Some(Transition::Open));
    }
}
