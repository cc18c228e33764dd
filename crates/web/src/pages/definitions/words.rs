//! What an expression may say: the account's own words, every metric, the functions, and how they are combined. The
//! catalogue itself is elsewhere.

use engine::Definitions;
use maud::{Markup, html};

use crate::ui::card::{card, definitions as terms};
use crate::ui::table::{Column, cell, stacking};
use crate::ui::{Link, form};

const HOLDS: Column<'_> = Column::new("Holds");

/// What can be written, each with an example that is accepted.
const SYNTAX: [(&str, &str); 10] = [
    ("Compare", "health < 50 and arr >= 20000"),
    ("Either, not", "not (band = 'green' or open_signals = 0)"),
    ("Yes or no", "at_risk"),
    ("A range", "days_to_renewal between 0 and 90"),
    ("One of several", "tier in ('strategic', 'growth')"),
    ("A part of a text", "lower(name) like '%bank%'"),
    ("Unknown", "last_nps is null"),
    ("A day", "customer_from >= date '2025-01-01'"),
    ("Arithmetic", "arr / nullif(seats, 0) > 1000"),
    ("A choice", "case when arr > 100000 then health < 70 else health < 45 end"),
];

/// The functions, each with an example that is accepted.
const FUNCTIONS: [(&str, &str); 10] = [
    ("abs", "abs(active_users_change) > 0.2"),
    ("ceil", "ceil(health) = 50"),
    ("coalesce", "coalesce(last_nps, 10) <= 6"),
    ("floor", "floor(health) = 50"),
    ("greatest", "greatest(health, 50) = 50"),
    ("least", "least(health, 50) < 50"),
    ("lower", "lower(region) = 'emea'"),
    ("nullif", "nullif(seats, 0) > 10"),
    ("round", "round(health, 0) = 50"),
    ("upper", "upper(currency) = 'EUR'"),
];

/// The part of the page.
pub(super) fn view(definitions: &Definitions) -> Markup {
    let metrics = Link::to("/definitions");
    let as_code = |(label, example): &(&'static str, &'static str)| (*label, html! { code { (example) } });
    let syntax: Vec<_> = SYNTAX.iter().map(as_code).collect();
    let functions: Vec<_> = FUNCTIONS.iter().map(as_code).collect();
    html! {
        p.muted {
            "Segments and signals are expressions over today's snapshot. Money is in whole units of the account's "
            "currency, shares are fractions (0.3 is 30 %), and what is unknown fits neither an expression nor its opposite."
        }
        (card("The account's own words", &attributes(definitions)))
        (card("Metrics", &html! {
            p { "Every metric is a word too, by its key, such as " code { "active_users_28d" } " or " code { "arr" } "." }
            p { (form::link_button(&metrics, "Find a metric")) }
        }))
        (card("How they are combined", &terms(&syntax)))
        (card("Functions", &terms(&functions)))
        (card("Words on the screens", &terms(&[
            ("At risk", html! { "An account that is red, or has an open risk signal of high severity. “ARR at risk” is what these pay in a year." }),
            ("Healthy, Watch", html! { "The bands " code { "green" } " and " code { "yellow" } "; the "
                a href=(Link::to("/definitions").with("part", "scorecard")) { "scorecard" } " says from how many points." }),
            ("ARR", html! { "Twelve times the monthly amount of all subscription items in effect on the day." }),
        ])))
    }
}

fn attributes(definitions: &Definitions) -> Markup {
    let own = definitions.expressions.columns().iter().filter(|(name, _)| definitions.catalogue.get(name).is_none());
    let head = html! { thead { tr { th scope="col" { "Word" } th scope="col" { (HOLDS.label) } } } };
    let rows = html! { @for (name, kind) in own { tr {
        th scope="row" { code { (name) } }
        (cell(&HOLDS, &html! { (kind.name()) @if let Some(note) = note(name) { ", " (note) } }))
    } } };
    stacking("The account's own words", &head, &rows)
}

/// What a word holds, where its name does not say it.
fn note(name: &str) -> Option<&'static str> {
    Some(match name {
        "external_id" => "the id your own systems use",
        "status" => "'active', 'churned' or 'prospect'",
        "kind" => "'customer', 'site' or 'product_instance'",
        "stage" => "'onboarding', 'adoption', 'expansion' or 'renewal'",
        "currency" => "such as 'USD'",
        "customer_from" => "since when it is a customer",
        "csm" => "the name of its CSM",
        "health" => "0 to 100",
        "band" => "'green', 'yellow', 'red' or 'unknown'",
        "coverage" => "share of the scorecard's weight that is known",
        "at_risk" => "red, or with an open risk signal of high severity",
        "open_signals" => "how many signals are open",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_accepted() {
        let expressions = Definitions::shipped().unwrap().expressions;
        for (label, example) in SYNTAX.iter().chain(&FUNCTIONS) {
            assert!(
                expressions.condition(example).is_ok(),
                "{label}: {example}: {:?}",
                expressions.condition(example).err()
            );
        }
    }

    #[test]
    fn every_word_that_is_no_metric_is_listed() {
        let definitions = Definitions::shipped().unwrap();
        let html = view(&definitions).into_string();
        for (name, _) in definitions.expressions.columns() {
            let listed = html.contains(&format!("<th scope=\"row\"><code>{name}</code></th>"));
            assert_eq!(listed, definitions.catalogue.get(name).is_none(), "{name}");
        }
    }
}
