//! The fields of an opportunity as a form shows and sends them: amounts in whole units with decimals, days as text.
//! A form that cannot be taken comes back with what was typed.

use domain::money::{decimals, parse_cents};
use maud::{Markup, html};
use serde::Deserialize;
use store::Opportunity;
use store::opportunity::{Kind, Stage};

use super::{kind_word, stage_word};
use crate::pages::ctas::act::{day, word};
use crate::pages::faults::Faults;
use crate::problem::{Answer, Problem};
use crate::sell::Pitch;
use crate::ui::form::{self, Field};

/// The fields that say themselves what is wrong with them.
pub(super) const FIELDS: [&str; 12] = [
    "account",
    "title",
    "kind",
    "stage",
    "amount",
    "close_on",
    "problem",
    "solution",
    "benefit",
    "cost",
    "timeline",
    "loss_reason",
];

/// What the form sends, and what a link fills in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Typed {
    /// The account's id, of a new one.
    pub(super) account: String,
    pub(super) title: String,
    pub(super) kind: String,
    pub(super) stage: String,
    pub(super) amount: String,
    pub(super) close_on: String,
    problem: String,
    solution: String,
    benefit: String,
    cost: String,
    timeline: String,
    loss_reason: String,
}

/// An amount as one types it: `12000.50`.
pub(super) fn plain(cents: i64, currency: &str) -> String {
    let places = decimals(currency) as usize;
    let unit = 10_i64.pow(places as u32);
    match places {
        0 => cents.to_string(),
        _ => format!("{}.{:0places$}", cents / unit, (cents % unit).abs()),
    }
}

impl Typed {
    pub(super) fn of(it: &Opportunity) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let amount = |cents: Option<i64>| cents.map_or_else(String::new, |cents| plain(cents, &it.currency));
        Self {
            account: it.account_id.to_string(),
            title: it.title.clone(),
            kind: it.kind.as_str().to_owned(),
            stage: it.stage.as_str().to_owned(),
            amount: amount(Some(it.amount_cents)),
            close_on: it.close_on.to_string(),
            problem: text(&it.problem),
            solution: text(&it.solution),
            benefit: amount(it.benefit_cents),
            cost: amount(it.cost_cents),
            timeline: text(&it.timeline),
            loss_reason: text(&it.loss_reason),
        }
    }

    /// What was typed, understood; amounts are in the account's currency.
    pub(super) fn pitch(&self, currency: &str) -> Answer<Pitch> {
        let amount = |field: &'static str, text: &str| -> Answer<Option<i64>> {
            let text = text.trim();
            let refused = |_| Problem::invalid(field, format!("Write an amount in {currency}, like 12000.50."));
            (!text.is_empty()).then(|| parse_cents(text, currency).map_err(refused)).transpose()
        };
        let missing = || Problem::invalid("amount", "Say what it would bring a year.");
        let stage = if self.stage.is_empty() { Stage::Identified } else { word("stage", &self.stage)? };
        Ok(Pitch {
            kind: Some(word("kind", &self.kind)?),
            stage: Some(stage),
            title: Some(self.title.clone()),
            problem: Some(self.problem.clone()),
            solution: Some(self.solution.clone()),
            timeline: Some(self.timeline.clone()),
            amount_cents: Some(amount("amount", &self.amount)?.ok_or_else(missing)?),
            benefit_cents: Some(amount("benefit", &self.benefit)?),
            cost_cents: Some(amount("cost", &self.cost)?),
            close_on: Some(day("close_on", &self.close_on)?),
            owner_id: None,
            loss_reason: Some(self.loss_reason.clone()),
        })
    }

    /// The fields, without what says whose it is.
    pub(super) fn fields(&self, faults: &Faults, currency: &str) -> Markup {
        let field = |name, label, value| Field::new(name, label).value(value).error(faults.field(name));
        let kinds: Vec<_> = Kind::ALL.iter().map(|kind| (kind.as_str(), kind_word(*kind))).collect();
        let stages: Vec<_> = Stage::ALL.iter().map(|stage| (stage.as_str(), stage_word(*stage))).collect();
        let (brings, worth) =
            (format!("ARR it would bring, {currency}"), format!("Worth to the customer a year, {currency}"));
        let costs = format!("Customer's own first-year cost, {currency}");
        html! {
            (form::input("text", &field("title", "What would be bought", &self.title).required()))
            div.form-row {
                (form::select(&kinds, &field("kind", "Kind", &self.kind).required()))
                (form::select(&stages, &field("stage", "Stage", &self.stage).required()))
                (form::input("text", &field("amount", &brings, &self.amount).required()))
                (form::input("date", &field("close_on", "Decided by", &self.close_on).required()))
            }
            (form::textarea(3, &field("problem", "Problem", &self.problem).hint("What the customer needs solved.")))
            (form::textarea(3, &field("solution", "Solution", &self.solution).hint("How it would be, and with what.")))
            div.form-row {
                (form::input("text", &field("benefit", &worth, &self.benefit).hint("What is saved or earned.")))
                (form::input("text", &field("cost", &costs, &self.cost).hint("Beside our price: people, migration.")))
            }
            (form::textarea(2, &field("timeline", "Timeline", &self.timeline).hint("What happens when, once it is approved.")))
            (form::textarea(2, &field("loss_reason", "Why it was lost", &self.loss_reason).hint("Only where it was.")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_typed_as_they_are_shown() {
        assert_eq!(plain(1_200_050, "USD"), "12000.50");
        assert_eq!(plain(900, "JPY"), "900");
        let typed = Typed {
            kind: "seat".to_owned(),
            amount: "12000.50".to_owned(),
            close_on: "2027-01-31".to_owned(),
            ..Typed::default()
        };
        let pitch = typed.pitch("USD").unwrap();
        assert_eq!((pitch.amount_cents, pitch.benefit_cents), (Some(1_200_050), Some(None)));
        let wrong = Typed { amount: "much".to_owned(), ..typed };
        assert_eq!(wrong.pitch("USD").unwrap_err().fields[0].field, "amount");
    }
}
