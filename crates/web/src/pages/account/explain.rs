//! `/accounts/{id}/metrics/{key}`: why one number is what it is. Its definition,
//! the arithmetic as written in the catalogue, and the rows, or the other
//! numbers, it was computed from.

use axum::extract::State;
use axum::response::Response;
use domain::metric::Metric;
use engine::Engine;
use engine::explain::{Explained, metric};
use engine::lifetime::LIFETIME;
use maud::{Markup, html};

use super::overview::value_of;
use super::{Asked, Subject, find};
use crate::extract::{At, Params};
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::problem::{Answer, Problem};
use crate::ui::card::{card, definitions};
use crate::ui::shell::{self, Nav};
use crate::ui::{Link, format, notice};

/// Explains a metric of an account.
pub async fn show(
    State(engine): State<Engine>,
    access: Access,
    want: Want,
    At((id, key)): At<(i64, String)>,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let subject = find(&engine, &access, id, asked).await?;
    let explained = metric(&engine, id, &key, subject.as_of(), &access.rows).await.map_err(Problem::internal)?;
    let explained = explained.ok_or_else(Problem::not_found)?;
    let titled = Titled { title: &explained.metric.name, active: Some(Nav::Portfolio) };
    Ok(respond(&access, &engine, want, &titled, &page(&subject, &explained)))
}

fn page(subject: &Subject<'_>, explained: &Explained) -> Markup {
    let account = &subject.row.account;
    let here = subject.link();
    let metric = &explained.metric;
    let back = [("Portfolio", &Link::to("/accounts")), (account.name.as_str(), &here)];
    let facts = [
        ("Value", value_of(subject, &metric.key, explained.value)),
        ("As of", format::day(subject.as_of())),
        ("Meaning", html! { (metric.doc) }),
        ("Computed over", html! { (metric.relation) }),
        ("By", html! { code { (metric.value) } }),
        ("Unit", html! { (metric.unit.as_str()) }),
    ];
    html! {
        (shell::heading(&back, &metric.name, &html! { (account.name) }, &html! {}))
        (card("Definition", &definitions(&facts)))
        @if !explained.inputs.is_empty() {
            (card("Computed from", &html! { dl.measures { @for (input, value) in &explained.inputs {
                dt { a href=(subject.explained(&input.key)) { (input.name) } " " code { (input.key) } }
                dd { (value_of(subject, &input.key, *value)) }
            } } }))
        }
        @if let Some(rows) = &explained.rows { (card("Rows", &rows_of(rows, metric))) }
    }
}

fn rows_of(rows: &lake::Frame, metric: &Metric) -> Markup {
    if rows.is_empty() {
        return notice::empty(
            "No rows",
            "No fact of this kind is known for the account, so the value is what the definition says of none.",
            &html! {},
        );
    }
    let names: Vec<&str> = rows.columns().map(|(name, _)| name).collect();
    html! {
        p.muted { (format::counted(rows.len() as i64, "row", "rows")) " · "
            @if metric.relation == LIFETIME { "chances are shares, money is in whole units" } @else { "ages count back from the end of the day" } }
        div.scroll.frame tabindex="0" role="region" aria-label="Rows" { table.table {
            thead { tr { @for name in &names { th scope="col" { (name) } } } }
            tbody { @for row in 0..rows.len() { tr { @for column in 0..names.len() {
                td { (written(rows.cell(row, column))) }
            } } } }
        } }
    }
}

fn written(cell: lake::Cell<'_>) -> Markup {
    match cell.to_json() {
        serde_json::Value::Null => format::unknown(),
        serde_json::Value::String(text) => html! { (text) },
        other => html! { (other) },
    }
}
