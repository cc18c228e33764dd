//! `/readiness`: what is known of the customers and what is missing, beginning with the missing field that would change
//! most. Every line says from which fields of which records a number comes and how full they are, so that the reader
//! knows what to bring next.
//! Deliberately absent: a grade for data quality; the number of accounts that have a fact says it all.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::readiness::{CardNeed, MeasureNeed, MetricFill, Missing, Need, Readiness, readiness};
use maud::{Markup, html};

use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::problem::Answer;
use crate::ui::card::{Tile, card, tiles};
use crate::ui::shell::Nav;
use crate::ui::table::{Column, Sort, cell, header, stacking};
use crate::ui::{Link, form, format, notice, shell};

const MEASURE: Column<'_> = Column::new("Measure");
const NEEDS: Column<'_> = Column::new("Comes from");
const FILLED: Column<'_> = Column::new("Accounts that have it").number();
const WEIGHT: Column<'_> = Column::new("Weight").number();
const OPENS: Column<'_> = Column::new("Leaves open").number();
const MEASURES: [Column<'_>; 5] = [MEASURE, NEEDS, FILLED, WEIGHT, OPENS];

const METRIC: Column<'_> = Column::new("Metric");
const METRICS: [Column<'_>; 3] = [METRIC, NEEDS, FILLED];

const FIELD: Column<'_> = Column::new("Field");
const FIELDS: [Column<'_>; 2] = [FIELD, FILLED];

/// Shows what is known and what is missing.
pub async fn show(State(engine): State<Engine>, access: Access, want: Want) -> Answer<Response> {
    let titled = Titled { title: "Data readiness", active: Some(Nav::Sources) };
    let ready = readiness(&engine).await?;
    Ok(respond(&access, &engine, want, &titled, &page(&ready)))
}

fn page(ready: &Readiness) -> Markup {
    let back = [("Sources", &Link::to("/sources"))];
    let detail = html! { "Which fields health, readiness to buy more and metrics need, and how full they are" };
    let action = form::link_button(&Link::to("/sources/import"), "Import a file");
    html! {
        (shell::heading(&back, "Data readiness", &detail, &action))
        @if ready.accounts == 0 {
            (notice::empty("No customer yet", "Bring accounts first: everything else is about one.", &action))
        } @else {
            (figures(ready))
            @for scores in &ready.cards { (card(&scores.name, &measures(scores, ready.accounts))) }
            (card("Fields of accounts", &fields(ready)))
            (card("All metrics", &metrics(ready)))
        }
    }
}

fn figures(ready: &Readiness) -> Markup {
    let tile = |label, value: Markup, delta: Markup| Tile { label, value, delta, explained_at: None };
    let health = ready.cards.first().and_then(|card| card.measures.first());
    let first = health.filter(|need| need.opens > 0.0);
    let next = match first {
        Some(need) => html! { span.words { (missing(&need.fill)) } },
        None => html! { span.words { "nothing" } },
    };
    let why = match first {
        Some(need) => {
            html! { small.muted { "for " (need.fill.name) ": closes " (points(need.opens)) " points of the health's range" } }
        }
        None => html! { small.muted { "every customer has every measure" } },
    };
    tiles(
        "What is known",
        &[
            tile("Customers", html! { (format::count(ready.accounts as i64)) }, html! {}),
            tile(
                "Without a band",
                html! { (format::count(ready.unknown as i64)) },
                html! { small.muted { "too little is known of them" } },
            ),
            tile("Missing most", next, why),
        ],
    )
}

fn measures(card: &CardNeed, all: usize) -> Markup {
    html! {
        p.muted { "A measure that a customer lacks leaves its share of the score open. The column on the right is that share in \
            points, averaged over all customers: what would close if every customer had it." }
        (stacking(&card.name, &head(&MEASURES), &html! { @for need in &card.measures { (measure(need, all)) } }))
    }
}

/// What to bring first for a number that customers lack; the number itself where nothing it needs is counted.
fn missing(fill: &MetricFill) -> Markup {
    match &fill.missing {
        Some(Missing::Field(record, field)) => html! { (said(record)) ": " (said(field)) },
        Some(Missing::Records(record)) => html! { (said(record)) },
        None => html! { (fill.name) },
    }
}

fn said(name: &str) -> String {
    name.replace('_', " ")
}

fn measure(need: &MeasureNeed, all: usize) -> Markup {
    html! {
        tr {
            th scope="row" data-label=(MEASURE.label) { (need.fill.name) small.muted { (need.dimension) } }
            (sources(&need.fill))
            (cell(&FILLED, &share(need.fill.filled, all)))
            (cell(&WEIGHT, &html! { (format::percent(need.weight)) }))
            (cell(&OPENS, &html! { (points(need.opens)) " points"
                @if need.unknown > 0 { " " small.muted { (format::counted(need.unknown as i64, "customer", "customers")) " without a band" } } }))
        }
    }
}

fn fields(ready: &Readiness) -> Markup {
    stacking(
        "Fields of accounts",
        &head(&FIELDS),
        &html! { @for field in &ready.fields { tr {
            th scope="row" data-label=(FIELD.label) { (field.name) }
            (cell(&FILLED, &share(field.filled, ready.accounts)))
        } } },
    )
}

fn metrics(ready: &Readiness) -> Markup {
    stacking(
        "All metrics",
        &head(&METRICS),
        &html! { @for metric in &ready.metrics { tr {
            th scope="row" data-label=(METRIC.label) { (metric.name) }
            (sources(metric))
            (cell(&FILLED, &share(metric.filled, ready.accounts)))
        } } },
    )
}

fn head(columns: &[Column<'_>]) -> Markup {
    header(columns, Sort { key: "", descending: false }, &Link::to("/readiness"), "")
}

/// The records a metric is computed from, with the fields it reads and how full they are.
fn sources(fill: &MetricFill) -> Markup {
    html! { td.wrap data-label=(NEEDS.label) { @for need in &fill.needs { div { (source(need)) } } } }
}

fn source(need: &Need) -> Markup {
    let none = need.records.is_some_and(|all| all.rows == 0);
    html! {
        (said(&need.record))
        @if none { " " small.muted { "none yet" } }
        @else if !need.fields.is_empty() {
            ": " @for (at, field) in need.fields.iter().enumerate() {
                @if at > 0 { ", " }
                (said(field.name)) @if let Some(share) = need.share(field) { " " small.muted { (format::percent(share)) } }
            }
        }
    }
}

fn share(filled: usize, all: usize) -> Markup {
    html! { (format::count(filled as i64)) " " small.muted { (format::percent(filled as f64 / all.max(1) as f64)) } }
}

fn points(points: f64) -> String {
    format::number(points, 1)
}

#[cfg(test)]
mod tests {
    use engine::readiness::{FieldFill, FieldNeed};
    use store::filled::Count;

    use super::*;

    fn ready(opens: f64) -> Readiness {
        let fill = MetricFill {
            key: "nps".to_owned(),
            name: "Last NPS".to_owned(),
            needs: vec![Need {
                record: "survey_response".to_owned(),
                records: Some(Count { rows: 8, accounts: 6 }),
                fields: vec![FieldNeed { name: "score", filled: Some(Count { rows: 3, accounts: 3 }) }],
            }],
            missing: Some(Missing::Field("survey_response".to_owned(), "score")),
            filled: 3,
        };
        let need = MeasureNeed { dimension: "Voice".to_owned(), fill: fill.clone(), weight: 0.125, opens, unknown: 2 };
        Readiness {
            accounts: 12,
            unknown: 4,
            cards: vec![CardNeed { name: "Health".to_owned(), measures: vec![need] }],
            metrics: vec![fill],
            fields: vec![FieldFill { name: "Tier", filled: 6 }],
        }
    }

    #[test]
    fn the_missing_fact_that_changes_most_comes_first() {
        let html = page(&ready(9.375)).into_string();
        for part in [
            "Missing most",
            ">survey response: score<",
            "for Last NPS: closes 9.4 points",
            "survey response: score <small class=\"muted\"><span title=\"37.5000%\">37.5%</span></small>",
            "2 customers without a band",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(page(&ready(0.0)).into_string().contains("every customer has every measure"));
    }

    #[test]
    fn without_customers_the_page_says_what_to_bring() {
        let html = page(&Readiness { accounts: 0, ..ready(0.0) }).into_string();
        assert!(html.contains("Bring accounts first"), "{html}");
    }
}
