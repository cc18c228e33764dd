//! The figures under the list of renewals: both forecasts by month, how good forecasts were, and renewal rates. A sum of
//! forecasts counts only renewals that have one, and says how many those are; nobody's silence is read as a number.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use domain::Day;
use domain::revenue::{Arr, Outcome, month_of};
use engine::renewals::frozen::AccuracyTable;
use engine::renewals::{Entry, Pipeline};
use engine::revenue::due::RENEWAL_RATES;
use engine::revenue::segments::Owners;
use maud::{Markup, html};
use store::renewal_forecast::MACHINE;

use crate::ui::{Link, format, notice};

/// Forecasters whose accuracy is printed.
const FORECASTERS: usize = 20;

/// What is due in a month, and what is said of it.
#[derive(Default)]
struct Month {
    due: (Arr, i64),
    unrated: i64,
    said: (i64, i64),
    expected: (i64, i64),
}

/// Open renewals by month of their due day: due, said, expected.
pub(super) fn months(pipeline: &Pipeline) -> Markup {
    let mut months: BTreeMap<Day, Month> = BTreeMap::new();
    let open = |entry: &&Entry| matches!(entry.renewal.outcome, Outcome::Open | Outcome::Overdue);
    for entry in pipeline.entries.iter().filter(open) {
        let month = months.entry(month_of(entry.renewal.due).0).or_default();
        match entry.due_cents() {
            Some(_) => month.due = (month.due.0 + entry.renewal.arr, month.due.1 + 1),
            None => month.unrated += 1,
        }
        let add = |sum: &mut (i64, i64), cents: Option<i64>| {
            *sum = cents.map_or(*sum, |cents| (sum.0 + cents, sum.1 + 1));
        };
        add(&mut month.said, entry.forecast_cents());
        add(&mut month.expected, entry.machine_cents());
    }
    if months.is_empty() {
        return notice::empty("Nothing is open", "No term ends in the next months.", &html! {});
    }
    let money = |(cents, n): (i64, i64)| {
        html! {
            @if n == 0 { (format::unknown()) } @else {
                (format::money(cents, pipeline.currency.as_str())) " " small.muted { "of " (format::counted(n, "term", "terms")) }
            }
        }
    };
    html! {
        div.scroll.frame tabindex="0" role="region" aria-label="Forecasts by month" { table.table {
            thead { tr { th scope="col" { "Month" } th.num scope="col" { "Due" } th.num scope="col" { "People say" }
                th.num scope="col" { "Model expects" } } }
            tbody { @for (month, sums) in &months { tr {
                th scope="row" { (month.format("%Y-%m")) }
                td.num { (money((sums.due.0.cents(), sums.due.1)))
                    @if sums.unrated > 0 { " " small.muted { "and " (sums.unrated) " without a rate" } } }
                td.num { (money(sums.said)) }
                td.num { (money(sums.expected)) }
            } } }
        } }
        p.muted { "The model expects what is due times the chance that the account is still a customer when the term is over." }
    }
}

/// Accuracy by forecaster and lead: the model, then who answered for most.
pub(super) fn accuracy(table: &AccuracyTable, owners: &Owners, currency: &str) -> Markup {
    if table.is_empty() {
        let why = "At the end of every month what people and the model say is frozen, and held against what comes.";
        return notice::empty("No frozen forecast has been decided yet", why, &html! {});
    }
    let mut due: BTreeMap<&str, i64> = BTreeMap::new();
    for ((forecaster, _), sums) in table {
        *due.entry(forecaster).or_default() += sums.due_cents;
    }
    let mut forecasters: Vec<&str> = due.keys().copied().collect();
    forecasters.sort_by_key(|one| (*one != MACHINE, Reverse(due[one])));
    let shown = &forecasters[..forecasters.len().min(FORECASTERS)];
    let of = |one: &str| table.iter().filter(move |((forecaster, _), _)| forecaster == one).collect::<Vec<_>>();
    let share = |value: Option<f64>| format::or_unknown(value, format::percent);
    html! {
        div.scroll.frame tabindex="0" role="region" aria-label="Accuracy of forecasts" { table.table {
            thead { tr { th scope="col" { "Who" } th scope="col" { "How long before" } th.num scope="col" { "Renewals" }
                th.num scope="col" { "Due" } th.num scope="col" { "Said" } th.num scope="col" { "Came" }
                th.num scope="col" { "Off by" } th.num scope="col" { "Too much" } } }
            tbody { @for ((forecaster, lead), sums) in shown.iter().flat_map(|one| of(one)) { tr {
                th scope="row" { (name(forecaster, owners)) }
                td { (lead.as_str()) }
                td.num { (format::count(sums.count as i64)) }
                td.num { (format::money(sums.due_cents, currency)) }
                td.num { (format::money(sums.forecast_cents, currency)) }
                td.num { (format::money(sums.actual_cents, currency)) }
                td.num { (share(sums.error())) }
                td.num { (share(sums.bias())) }
            } } }
        } }
        p.muted {
            "Off by: what each forecast was wrong by, over what was due. Too much: what was said beyond what came, over what was due."
            @if forecasters.len() > shown.len() { " The model and the " (shown.len() - 1) " people who answered for most of "
                (forecasters.len() - 1) "; the API tells all." }
        }
    }
}

fn name(forecaster: &str, owners: &Owners) -> String {
    if forecaster == MACHINE {
        return "The model".to_owned();
    }
    let id = forecaster.strip_prefix("member:").and_then(|id| id.parse::<i64>().ok());
    id.and_then(|id| owners.name(id)).unwrap_or_else(|| forecaster.to_owned())
}

/// What was renewed of what was due in twelve months.
pub(super) fn rates(pipeline: &Pipeline) -> Markup {
    let year = &pipeline.year;
    let money = |arr: Arr| format::money_exact(arr.cents(), pipeline.currency.as_str());
    let figure = |key: &str| Link::to(format!("/revenue/figures/{key}"));
    html! {
        p { (format::counted(year.count as i64, "term", "terms")) " of " (money(year.due)) " were due."
            @if year.overdue.is_positive() { " " (money(year.overdue)) " of that is overdue and counts as not renewed." } }
        dl.terms { @for rate in &RENEWAL_RATES { div {
            dt { a href=(figure(rate.key)) { (rate.name) } }
            dd { b { (format::or_unknown(rate.of(year), |rate| format::percent(rate.as_f64()))) } " "
                small.muted { (money((rate.part)(year))) " / " (money(year.due)) ", " (rate.part_name) } }
        } } }
        p.muted { "The base is what was due, not what recurred: this is neither gross nor net revenue retention." }
    }
}
