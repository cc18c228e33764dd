//! `/merges`: accounts that are one. Which are likely one, which have been merged, and a way to take each merge back;
//! merging one account into another is asked here too. Deliberately absent: merging more than two at a time, since
//! each step should be one that can be undone.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::Instant;
use domain::access::RowFilter;
use engine::merge::{self, Likely};
use engine::{Book, Row};
use maud::{Markup, html};
use report::Ink;
use serde::Deserialize;
use store::{Account, AccountMerge, account_merge, record};

use super::ctas::new::meant;
use crate::api::merge::{hand, take_back};
use crate::extract::{At, Form, Params};
use crate::gate::Access;
use crate::page::{Titled, Want, respond_with};
use crate::pages::faults::Faults;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::card::card;
use crate::ui::form::Field;
use crate::ui::shell::Nav;
use crate::ui::table::{Column, Sort, cell, header, stacking};
use crate::ui::{Link, form, format, pill, shell};

/// Merges listed.
const LISTED: u64 = 50;

const MERGED: Column<'_> = Column::new("Merged account");
const INTO: Column<'_> = Column::new("Shown under");
const WHEN: Column<'_> = Column::new("When");
const MOVED: Column<'_> = Column::new("What went with it");
const STATE: Column<'_> = Column::new("State");
const COLUMNS: [Column<'_>; 5] = [MERGED, INTO, WHEN, MOVED, STATE];

/// Which account a link wants merged.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    account: Option<i64>,
}

/// Two accounts to merge: the one that goes, and what was typed for the one that stays.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typed {
    from: i64,
    account: String,
}

/// A merge as the page lists it.
#[derive(Debug)]
struct Told {
    merge: AccountMerge,
    name: String,
    into: String,
    moved: BTreeMap<String, i64>,
}

/// What the page shows.
struct View<'a> {
    likely: Vec<Likely<'a>>,
    merges: Vec<Told>,
    /// The account that is to be merged, and what was typed.
    from: Option<(Arc<Row>, String)>,
    faults: Faults,
    book: &'a Book,
    now: Instant,
}

/// Shows accounts that are one, or are likely one.
pub async fn show(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let book = app.engine.book();
    let row = asked.account.and_then(|id| book.visible_row(id, &access.rows)).cloned();
    answer(&app, &access, want, row.map(|row| (row, String::new())), Faults::default()).await
}

/// Merges an account into another one and shows that.
pub async fn create(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    Form(typed): Form<Typed>,
) -> Answer<Response> {
    let book = app.engine.book();
    let from = book.visible_row(typed.from, &access.rows).cloned().ok_or_else(Problem::not_found)?;
    let merged = match survivor(&book, &access.rows, &typed) {
        Ok(into) => merge::merge(&app.engine, typed.from, into, &hand(&access)?).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    match merged {
        Ok(merge) => Ok(Redirect::to(&format!("/accounts/{}?tab=fields", merge.survivor_id)).into_response()),
        Err(problem) => answer(&app, &access, want, Some((from, typed.account)), Faults::of(problem)?).await,
    }
}

/// Takes a merge back and shows the account that is back.
pub async fn undo(State(app): State<AppState>, access: Access, At(id): At<i64>) -> Answer<Response> {
    let merge = take_back(&app, &access, id).await?;
    Ok(Redirect::to(&format!("/accounts/{}", merge.account_id)).into_response())
}

/// The account that was typed, among all others that may be seen.
fn survivor(book: &Book, rows: &RowFilter, typed: &Typed) -> Answer<i64> {
    let others: Vec<_> = book.visible(rows).filter(|row| row.account.id != typed.from).collect();
    let names: Vec<_> =
        others.iter().map(|row| (row.account.external_id.as_str(), row.account.name.as_str())).collect();
    Ok(others[meant(&typed.account, &names)?].account.id)
}

async fn answer(
    app: &AppState,
    access: &Access,
    want: Want,
    from: Option<(Arc<Row>, String)>,
    faults: Faults,
) -> Answer<Response> {
    let book = app.engine.book();
    let db = app.engine.store().read();
    let seen = |merge: &AccountMerge| book.visible_row(merge.final_id, &access.rows).is_some();
    let merges: Vec<AccountMerge> = account_merge::list(db, None, LISTED).await?.into_iter().filter(seen).collect();
    let ids: Vec<i64> = merges.iter().flat_map(|merge| [merge.account_id, merge.survivor_id]).collect();
    let accounts = record::of_ids::<Account>(db, &ids).await?;
    let mut told = Vec::with_capacity(merges.len());
    for merge in merges {
        let moved = account_merge::moved(db, merge.id).await?;
        let (name, into) = (name(&accounts, merge.account_id), name(&accounts, merge.survivor_id));
        told.push(Told { merge, name, into, moved });
    }
    let likely = merge::likely(&book, &access.rows);
    let view = View { likely, merges: told, from, faults, book: &book, now: app.engine.now() };
    let titled = Titled { title: "Merged accounts", active: Some(Nav::Portfolio) };
    Ok(respond_with(view.faults.status(), access, &app.engine, want, &titled, &page(&view)))
}

fn name(accounts: &HashMap<i64, Account>, id: i64) -> String {
    accounts.get(&id).map_or_else(|| id.to_string(), |account| account.name.clone())
}

fn page(view: &View<'_>) -> Markup {
    let detail = html! { "Two records of one customer, shown as one" };
    html! {
        (shell::heading(&[("Portfolio", &Link::to("/accounts"))], "Merged accounts", &detail, &html! {}))
        @if let Some((row, typed)) = &view.from { (card("Merge an account", &merging(row, typed, &view.faults))) }
        (card("Likely one", &likely(view)))
        (card("Merges", &merges(view)))
    }
}

fn merging(row: &Row, typed: &str, faults: &Faults) -> Markup {
    html! {
        (faults.notice(&["account"]))
        form.form method="post" action="/merges" {
            input type="hidden" name="from" value=(row.account.id);
            p { b { (row.account.name) } " (" code { (row.account.external_id) } ") disappears from lists. Its people, contracts, \
                work, timeline and events are shown under the account you name, whose own fields stay as they are. \
                Undoing it gives back what was its own." }
            (form::input("text", &Field::new("account", "Merge it into").value(typed).error(faults.field("account"))
                .hint("Its name, a part of it, or its external id.").required()))
            div.actions { (form::submit("Merge")) }
        }
    }
}

fn likely(view: &View<'_>) -> Markup {
    html! {
        @if view.likely.is_empty() { p.muted { "No two accounts share a web domain or a name." } }
        @else {
            p.muted { "Accounts with the same web domain, or without one the same name. Only you know whether they are one." }
            ul.plain { @for group in &view.likely { li { (one_likely(view, group)) } } }
        }
    }
}

fn one_likely(view: &View<'_>, group: &Likely<'_>) -> Markup {
    let first = group.accounts[0];
    html! {
        p { b { (group.shared) } " · " a href=(account(first.account.id)) { (first.account.name) }
            " " small.muted { (format::or_unknown(view.book.arr_cents(first), |cents| format::money(cents, view.book.currency()))) " ARR" } }
        ul.plain { @for row in &group.accounts[1..] { li {
            a href=(account(row.account.id)) { (row.account.name) } " " code { (row.account.external_id) } " "
            form.inline method="post" action="/merges" {
                input type="hidden" name="from" value=(row.account.id);
                input type="hidden" name="account" value=(first.account.external_id);
                button.btn { "Merge into " (first.account.name) span.vh { ": " (row.account.external_id) } }
            }
        } } }
    }
}

fn account(id: i64) -> Link {
    Link::to(format!("/accounts/{id}"))
}

fn merges(view: &View<'_>) -> Markup {
    html! {
        @if view.merges.is_empty() { p.muted { "Nothing was merged yet." } }
        @else {
            (stacking("Merges", &header(&COLUMNS, Sort { key: "", descending: false }, &Link::to("/merges"), ""),
                &html! { @for told in &view.merges { (line(told, view.now)) } }))
            p.muted { "Undoing a merge gives back every row that went with it and is still there, as it stands today. What \
                came since under the survivor's name stays there; events return to the account they name." }
        }
    }
}

fn line(told: &Told, now: Instant) -> Markup {
    let merge = &told.merge;
    html! {
        tr {
            th scope="row" data-label=(MERGED.label) { (told.name) }
            (cell(&INTO, &html! { a href=(account(merge.survivor_id)) { (told.into) } }))
            (cell(&WHEN, &html! { (format::ago(merge.merged_at, now)) " " small.muted { (merge.actor) } }))
            td.wrap data-label=(MOVED.label) { div { (moved(&told.moved)) } }
            (cell(&STATE, &html! {
                @if let Some(at) = merge.undone_at { (pill::pill(Ink::Grey, "undone")) " " (format::ago(at, now)) }
                @else { (form::action(&Link::to(format!("/merges/{}/undo", merge.id)), "Undo", "")) }
            }))
        }
    }
}

fn moved(rows: &BTreeMap<String, i64>) -> String {
    let part = |(kind, count): (&String, &i64)| format!("{} {}", format::count(*count), kind.replace('_', " "));
    match rows.is_empty() {
        true => "nothing but its name and its events".to_owned(),
        false => rows.iter().map(part).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(undone_at: Option<Instant>) -> Told {
        let merged_at = "2026-11-22T11:00:00Z".parse().unwrap();
        let merge = AccountMerge {
            id: 4,
            account_id: 7,
            survivor_id: 8,
            final_id: 8,
            actor: "member:1".to_owned(),
            merged_at,
            undone_at,
        };
        let moved = BTreeMap::from([("contact".to_owned(), 3), ("survey_response".to_owned(), 1_200)]);
        Told { merge, name: "<Acme>".to_owned(), into: "Acme".to_owned(), moved }
    }

    #[test]
    fn a_merge_that_stands_can_be_undone() {
        let now: Instant = "2026-11-22T12:00:00Z".parse().unwrap();
        let html = line(&told(None), now).into_string();
        for part in ["&lt;Acme&gt;", "action=\"/merges/4/undo\"", "3 contact, 1,200 survey response", "1 hour ago"] {
            assert!(html.contains(part), "{part}: {html}");
        }
        let undone = line(&told(Some(now)), now).into_string();
        assert!(!undone.contains("method=\"post\"") && undone.contains("undone"), "{undone}");
        assert_eq!(moved(&BTreeMap::new()), "nothing but its name and its events");
    }
}
