//! The metric catalogue by group: key, name, what it means, unit, which way is good, and the relation and SQL it is
//! computed by. It shows the catalogue and changes nothing.

use domain::metric::{Better, Metric, SNAPSHOT, WhenEmpty};
use engine::Definitions;
use maud::{Markup, html};

use super::{Asked, FRAGMENT};
use crate::ui::card::card;
use crate::ui::filter::{Choice, search};
use crate::ui::{Link, form, format, notice};

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
            @let metrics: Vec<_> = shown.iter().filter(|metric| metric.group == group).collect();
            @if !metrics.is_empty() { (of_group(group, &metrics)) }
        }
    }
}

fn of_group(group: &str, metrics: &[&&Metric]) -> Markup {
    card(&capitalised(group), &html! { ul.plain { @for metric in metrics { (entry(metric)) } } })
}

fn entry(metric: &Metric) -> Markup {
    html! {
        li id=(format!("metric-{}", metric.key)) {
            p { b { (metric.name) } " · " code { (metric.key) } small.muted { " · " (unit(metric)) (better(metric.better)) } }
            p { (metric.doc) }
            (computed(metric))
        }
    }
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

/// Which way is good, to stand after the unit.
fn better(better: Better) -> &'static str {
    match better {
        Better::Higher => ", higher is better",
        Better::Lower => ", lower is better",
        Better::Neutral => "",
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
            assert!(html.contains(&format!("<li id=\"metric-{}\">", metric.key)), "{}", metric.key);
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
