//! The metric catalogue by group: key, name, what it means, unit, which way is good, and the relation and SQL it is
//! computed by. It shows the catalogue and changes nothing.

use domain::metric::{Better, Metric, SNAPSHOT, WhenEmpty};
use engine::Definitions;
use maud::{Markup, html};

use super::{Asked, FRAGMENT};
use crate::ui::card::card;
use crate::ui::filter::{Choice, search};
use crate::ui::table::{Column, Stay, cell, stacking};
use crate::ui::{Link, form, format, notice};

const MEANING: Column<'_> = Column::new("What it means");
const UNIT: Column<'_> = Column::new("Unit");
const BETTER: Column<'_> = Column::new("Better").until(Stay::Tablet);

/// The part of the page.
pub(super) fn view(definitions: &Definitions, asked: &Asked) -> Markup {
    let all = definitions.catalogue.metrics();
    let mut groups: Vec<&str> = all.iter().map(|metric| metric.group.as_str()).collect();
    groups.dedup();
    let needle = asked.q.trim().to_lowercase();
    let fits = |metric: &&Metric| {
        (asked.group.is_empty() || metric.group == asked.group)
            && (needle.is_empty()
                || [&metric.key, &metric.name, &metric.doc].iter().any(|text| text.to_lowercase().contains(&needle)))
    };
    let shown: Vec<&Metric> = all.iter().filter(fits).collect();
    let mut options = vec![("", "All groups")];
    options.extend(groups.iter().map(|group| (*group, *group)));
    let group = Choice { name: "group", label: "Group", value: &asked.group, options };
    html! {
        (search(&asked.link(), &asked.q, "Search key, name or meaning", &[group], FRAGMENT))
        p.muted {
            span data-announce="" { (format::counted(shown.len() as i64, "metric", "metrics")) }
            ". In expressions a share is a fraction (0.3 is 30 %), money is in whole units, and yes is 1."
        }
        @if shown.is_empty() {
            (notice::empty("No metric fits", "The search and the group together leave nothing.",
                &form::link_button(&Link::to("/definitions"), "Show all metrics")))
        }
        @for group in groups {
            @let of_group: Vec<_> = shown.iter().filter(|metric| metric.group == group).collect();
            @if !of_group.is_empty() { (table(group, &of_group)) }
        }
    }
}

fn table(group: &str, metrics: &[&&Metric]) -> Markup {
    let head = html! { thead { tr {
        th scope="col" { "Metric" }
        @for column in [MEANING, UNIT, BETTER] { th class=(column.class()) scope="col" { (column.label) } }
    } } };
    let rows = html! { @for metric in metrics { (line(metric)) } };
    card(&capitalised(group), &stacking(group, &head, &rows))
}

fn line(metric: &Metric) -> Markup {
    html! {
        tr id=(format!("metric-{}", metric.key)) {
            th scope="row" { b { (metric.name) } small { (key(&metric.key)) } }
            td.wrap data-label=(MEANING.label) { div { (metric.doc) (computed(metric)) } }
            (cell(&UNIT, &html! { (unit(metric)) }))
            (cell(&BETTER, &html! { (better(metric.better)) }))
        }
    }
}

/// A key that may be broken after its underscores.
fn key(key: &str) -> Markup {
    html! { code { @for part in key.split_inclusive('_') { (part) wbr; } } }
}

fn computed(metric: &Metric) -> Markup {
    html! {
        details {
            summary.muted { "How it is computed" span.vh { ": " (metric.name) } }
            p.muted {
                @if metric.relation == SNAPSHOT { "From other metrics" }
                @else { "Over " code { (metric.relation) } }
                @match metric.window_days {
                    Some(days) => { ", the last " (days) " days" }
                    None if metric.relation != SNAPSHOT => ", all history",
                    None => {}
                }
                ". " (empty(metric))
            }
            pre.caret { code { (metric.value) } }
        }
    }
}

/// What an account without rows gets, where that can happen.
fn empty(metric: &Metric) -> &'static str {
    match metric.when_empty {
        _ if metric.relation == SNAPSHOT => "Unknown where an input is.",
        WhenEmpty::Unknown => "Unknown without any.",
        WhenEmpty::Zero => "Zero without any.",
        WhenEmpty::ZeroIfSeen => "Zero without any, unknown for an account that never had one.",
    }
}

fn unit(metric: &Metric) -> &'static str {
    use domain::metric::Unit;
    match metric.unit {
        Unit::Count => "count",
        Unit::Share => "share",
        Unit::Ratio => "ratio",
        Unit::Days => "days",
        Unit::Hours => "hours",
        Unit::Money => "money",
        Unit::Points => "points",
        Unit::Flag => "yes or no",
    }
}

fn better(better: Better) -> &'static str {
    match better {
        Better::Higher => "higher",
        Better::Lower => "lower",
        Better::Neutral => "neither",
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(q: &str, group: &str) -> String {
        let asked = Asked { q: q.to_owned(), group: group.to_owned(), part: String::new() };
        view(&Definitions::shipped().unwrap(), &asked).into_string()
    }

    #[test]
    fn every_metric_is_there_with_its_sql() {
        let definitions = Definitions::shipped().unwrap();
        let html = rendered("", "");
        for metric in definitions.catalogue.metrics() {
            assert!(html.contains(&format!("<tr id=\"metric-{}\">", metric.key)), "{}", metric.key);
            assert!(html.contains(&html! { code { (metric.value) } }.into_string()), "{}", metric.key);
        }
    }

    #[test]
    fn the_search_narrows_and_says_when_nothing_is_left() {
        let html = rendered("NPS", "satisfaction");
        assert!(html.contains("id=\"metric-last_nps\"") && !html.contains("id=\"metric-seats\""), "{html}");
        assert!(rendered("nothing is called so", "").contains("No metric fits"));
    }
}
