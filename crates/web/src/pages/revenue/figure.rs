//! `/revenue/figures/{key}`: why one figure of revenue is what it is: definition, formula, arithmetic, what other
//! definitions say and where the difference comes from, and the rows. The same rows leave as CSV or as a workbook.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::book::Book;
use engine::revenue::explain::{Explained, money};
use engine::revenue::left_out::LEFT_OUT;
use engine::revenue::subject::Subject;
use maud::{Markup, html};

use super::Asked;
use crate::extract::{At, Params};
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::pages::may;
use crate::pages::rows::{As, links};
use crate::problem::{Answer, Problem};
use crate::ui::card::{card, card_with, definitions};
use crate::ui::shell::{self, Nav};
use crate::ui::{Link, format, notice};

/// Rows printed on the page; an export has them all.
const ROWS: usize = 500;
/// Accounts named of a difference.
const NAMED: usize = 8;

async fn explained(
    engine: &Engine,
    book: &Book,
    access: &Access,
    asked: &Asked,
    key: &str,
) -> Answer<(Arc<Subject>, Arc<Explained>)> {
    let wanted = asked.wanted(book)?;
    let subject = Subject::of(engine, book, &access.rows, &wanted).await?;
    let found = subject.explained(book, &access.rows, &wanted, key).map_err(Problem::internal)?;
    Ok((subject, found.ok_or_else(Problem::not_found)?))
}

/// Explains a figure.
pub async fn show(
    State(engine): State<Engine>,
    access: Access,
    want: Want,
    At(key): At<String>,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let book = engine.book();
    let (subject, explained) = explained(&engine, &book, &access, &asked, &key).await?;
    let export = may(&access, domain::access::Action::Export);
    let export = export.then(|| asked.link(&format!("/revenue/rows/{key}")).without("by").without("grain"));
    let titled = Titled { title: explained.name, active: Some(Nav::Revenue) };
    let body = page(&book, (&asked, &key), &subject, &explained, export.as_ref());
    Ok(respond(&access, &engine, want, &titled, &body))
}

/// Takes the rows of a figure out, every one of them.
pub async fn export(
    State(engine): State<Engine>,
    access: Access,
    At(key): At<String>,
    Params(asked): Params<Asked>,
    Params(file): Params<As>,
) -> Answer<Response> {
    let book = engine.book();
    let (subject, explained) = explained(&engine, &book, &access, &asked, &key).await?;
    file.answer(&format!("revenue-{key}-{}", subject.as_of), explained.name, &explained.rows)
}

fn page(
    book: &Book,
    (asked, key): (&Asked, &str),
    subject: &Subject,
    explained: &Explained,
    export: Option<&Link>,
) -> Markup {
    let back = asked.link("/revenue");
    let span = subject.span();
    let value = format::minus(&explained.value);
    let mut facts = vec![("Figure", html! { b { (value) } })];
    if let Some(version) = explained.version {
        facts.push(("Version", html! { (version) }));
    }
    if let Some(year) = explained.annual {
        let note = "at the pace of this month, by the power of twelve: a projection";
        facts.push(("In a year", html! { (format::percent(year)) " " small.muted { (note) } }));
    }
    facts.extend([
        ("Meaning", html! { (explained.doc) }),
        ("Formula", html! { (format::minus(&explained.formula)) }),
        ("Arithmetic", html! { (format::minus(&explained.arithmetic)) " = " (value) }),
        (
            "Over",
            html! { @match &explained.over {
                Some(days) => (days),
                None => { "the days after " (format::day(span.after)) " through " (format::day(span.through)) }
            } },
        ),
        ("Currency", html! { (subject.lens.currency) }),
    ]);
    if let Some(left_out) = subject.told().report.left_out.as_ref().filter(|_| key != LEFT_OUT) {
        let accounts = format::counted(left_out.accounts as i64, "account", "accounts");
        facts.push(("Not in it", html! { a href=(asked.figure(LEFT_OUT)) { (accounts) " without a rate" } }));
    }
    if !asked.known_on.is_empty() {
        facts.push(("Known on", html! { (asked.known_on) }));
    }
    html! {
        (shell::heading(&[("Revenue", &back)], explained.name, &html! {}, &html! {}))
        (card("Definition", &definitions(&facts)))
        @if !explained.others.is_empty() { (card("Other definitions of the same months", &others(book, asked, subject, explained))) }
        (card_with("Rows", &links(export), &rows(explained)))
    }
}

fn others(book: &Book, asked: &Asked, subject: &Subject, explained: &Explained) -> Markup {
    let view = subject.view();
    html! { div.stack { @for other in &explained.others { div {
        h3 { a href=(asked.figure(other.definition.key)) { (other.definition.name) } ": " (format::minus(&other.value.to_string())) }
        p { (other.definition.doc) }
        @if other.accounts.is_empty() { p.muted { "No account counts differently here." } } @else {
            p { (format::minus(&other.points.to_string())) " between them, from "
                (format::counted(other.accounts.len() as i64, "account", "accounts")) " that count differently:" }
            ul {
                @for (id, amount) in other.accounts.iter().take(NAMED) {
                    li { a href=(format!("/accounts/{id}?tab=revenue")) { (book.name_of(*id)) } " " (format::minus(&money(*amount, &view))) }
                }
                @if other.accounts.len() > NAMED { li.muted { "and " (other.accounts.len() - NAMED) " more" } }
            }
        }
    } } } }
}

fn rows(explained: &Explained) -> Markup {
    let rows = &explained.rows;
    if rows.is_empty() {
        return notice::empty("No rows", "Nothing of this kind happened in these months.", &html! {});
    }
    let names: Vec<&str> = rows.columns().map(|(name, _)| name).collect();
    let account = names.iter().position(|name| *name == "account_id");
    html! {
        p.muted { (format::counted(rows.len() as i64, "row", "rows"))
            @if rows.len() > ROWS { ", the first " (ROWS) " shown" } }
        div.scroll.frame tabindex="0" role="region" aria-label="Rows" { table.table {
            thead { tr { @for name in &names { @if *name != "account_id" { th scope="col" .num[is_number(rows, name)] { (titled(name)) } } } } }
            tbody { @for row in 0..rows.len().min(ROWS) { tr { @for (column, name) in names.iter().enumerate() {
                @if *name == "account" {
                    td { a href=(format!("/accounts/{}?tab=revenue", account.map_or(serde_json::Value::Null, |at| rows.cell(row, at).to_json()))) { (written(rows.cell(row, column))) } }
                } @else if *name != "account_id" { td.num[is_number(rows, name)] { (written(rows.cell(row, column))) } }
            } } } }
        } }
    }
}

/// A column's name as a heading: `counts_with` is `Counts with`.
fn titled(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Whether a column holds numbers, which stand under each other.
fn is_number(rows: &lake::Frame, name: &str) -> bool {
    rows.columns().any(|(other, kind)| other == name && matches!(kind, lake::Kind::Int | lake::Kind::Float))
}

fn written(cell: lake::Cell<'_>) -> Markup {
    match cell.to_json() {
        serde_json::Value::Null => format::unknown(),
        serde_json::Value::String(text) => html! { (text) },
        serde_json::Value::Number(number) if number.is_f64() => {
            html! { (format::number(number.as_f64().unwrap_or_default(), 2)) }
        }
        other => html! { (format::minus(&other.to_string())) },
    }
}
