//! `/expansion/new` and `/expansion/{id}`: one opportunity with its case, read and written. The stages it has been in are
//! in the account's timeline, where every change is told.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Action;
use domain::time::days_after;
use engine::Row;
use maud::{Markup, html};
use store::Opportunity;

use super::form::{FIELDS, Typed};
use super::{TITLED, kind_word, stage_word};
use crate::extract::{At, Form, Params};
use crate::gate::Access;
use crate::page::{Want, respond, respond_with};
use crate::pages::faults::Faults;
use crate::pages::may;
use crate::problem::{Answer, Problem};
use crate::sell;
use crate::state::AppState;
use crate::ui::card::{card, definitions, plain};
use crate::ui::form::{self, Field};
use crate::ui::{Link, format, shell};

/// The fragment the forms swap when something is wrong.
const FRAGMENT: &str = "opportunity";
/// Days until an opportunity should be decided, unless said otherwise.
const DECIDED_DAYS: u64 = 90;

/// Shows the form of a new one, filled in by the link.
pub async fn new(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    Params(mut typed): Params<Typed>,
) -> Answer<Response> {
    if typed.close_on.is_empty() {
        typed.close_on = days_after(app.engine.today(), DECIDED_DAYS).to_string();
    }
    let body = new_page(&app, &access, &typed, &Faults::default());
    Ok(respond(&access, &app.engine, want, &TITLED, &body))
}

/// Records it and shows it, or shows the form again with what is wrong.
pub async fn create(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    Form(typed): Form<Typed>,
) -> Answer<Response> {
    let opened = match account(&app, &access, &typed.account) {
        Ok((id, currency)) => match typed.pitch(&currency) {
            Ok(pitch) => sell::open(&app, &access, id, pitch).await,
            Err(problem) => Err(problem),
        },
        Err(problem) => Err(problem),
    };
    match opened {
        Ok(it) => Ok(Redirect::to(&format!("/expansion/{}", it.id)).into_response()),
        Err(problem) => {
            let faults = Faults::of(problem)?;
            let body = new_page(&app, &access, &typed, &faults);
            Ok(respond_with(faults.status(), &access, &app.engine, want, &TITLED, &body))
        }
    }
}

/// Shows one.
pub async fn show(State(app): State<AppState>, access: Access, want: Want, At(id): At<i64>) -> Answer<Response> {
    let it = sell::find(&app, &access, id).await?;
    let body = page(&app, &access, &it, &Typed::of(&it), &Faults::default());
    Ok(respond(&access, &app.engine, want, &TITLED, &body))
}

/// Changes it and shows it, or shows the form again with what is wrong.
pub async fn change(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    At(id): At<i64>,
    Form(typed): Form<Typed>,
) -> Answer<Response> {
    let it = sell::find(&app, &access, id).await?;
    let changed = match typed.pitch(&it.currency) {
        Ok(pitch) => sell::change(&app, &access, id, pitch).await,
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(_) => Ok(Redirect::to(&format!("/expansion/{id}")).into_response()),
        Err(problem) => {
            let faults = Faults::of(problem)?;
            let body = page(&app, &access, &it, &typed, &faults);
            Ok(respond_with(faults.status(), &access, &app.engine, want, &TITLED, &body))
        }
    }
}

/// The account that was chosen, and its currency.
fn account(app: &AppState, access: &Access, typed: &str) -> Answer<(i64, String)> {
    let book = app.engine.book();
    let row = typed.parse().ok().and_then(|id| book.visible_row(id, &access.rows));
    let row = row.ok_or_else(|| Problem::invalid("account", "Choose one of the accounts."))?;
    Ok((row.account.id, book.currency().to_owned()))
}

fn new_page(app: &AppState, access: &Access, typed: &Typed, faults: &Faults) -> Markup {
    let book = app.engine.book();
    let mut rows: Vec<&Row> = book.visible(&access.rows).filter(|row| row.active).map(|row| &**row).collect();
    rows.sort_by(|a, b| a.account.name.cmp(&b.account.name));
    let ids: Vec<String> = rows.iter().map(|row| row.account.id.to_string()).collect();
    let mut options = vec![("", "Choose")];
    options.extend(ids.iter().map(String::as_str).zip(rows.iter().map(|row| row.account.name.as_str())));
    let currency = account(app, access, &typed.account).map_or_else(|_| "its currency".to_owned(), |(_, code)| code);
    html! {
        (shell::heading(&[("Expansion", &Link::to("/expansion"))], "New opportunity", &html! {}, &html! {}))
        div id=(FRAGMENT) data-fragment="" {
            (faults.notice(&FIELDS))
            (plain(&html! { form.form action="/expansion" method="post" data-post=(FRAGMENT) {
                (form::select(&options, &Field::new("account", "Account").value(&typed.account).error(faults.field("account")).required()))
                (typed.fields(faults, &currency))
                div.actions { (form::submit("Record it")) (form::link_button(&Link::to("/expansion"), "Cancel")) }
            } }))
        }
    }
}

fn page(app: &AppState, access: &Access, it: &Opportunity, typed: &Typed, faults: &Faults) -> Markup {
    let book = app.engine.book();
    let name = book.row(it.account_id).map_or_else(String::new, |row| row.account.name.clone());
    let to_account = Link::to(format!("/accounts/{}", it.account_id));
    html! {
        (shell::heading(&[("Expansion", &Link::to("/expansion")), (&name, &to_account)], &it.title, &html! { (kind_word(it.kind)) " · " (stage_word(it.stage)) }, &html! {}))
        (card("The case", &case(it)))
        @if may(access, Action::WriteAccounts) {
            div id=(FRAGMENT) data-fragment="" {
                (faults.notice(&FIELDS))
                (card("Change it", &html! { form.form action=(format!("/expansion/{}", it.id)) method="post" data-post=(FRAGMENT) {
                    (typed.fields(faults, &it.currency))
                    div.actions { (form::submit("Save")) }
                } }))
            }
        }
    }
}

fn case(it: &Opportunity) -> Markup {
    let text = |text: &Option<String>| format::or_unknown(text.as_ref(), |text| html! { (text) });
    let exact = |cents: i64| format::money_exact(cents, &it.currency);
    let invested = |(benefit, cost): (i64, i64)| {
        html! {
            (format::or_unknown(it.return_on_investment(), format::percent)) " in the first year: ("
            (exact(benefit)) " − " (exact(it.amount_cents)) " − " (exact(cost)) ") / (" (exact(it.amount_cents)) " + " (exact(cost)) ")"
        }
    };
    let mut facts = vec![
        ("ARR", format::money(it.amount_cents, &it.currency)),
        ("Problem", text(&it.problem)),
        ("Solution", text(&it.solution)),
        ("Customer's return", format::or_unknown(it.benefit_cents.zip(it.cost_cents), invested)),
        ("Timeline", text(&it.timeline)),
        ("Decided by", format::day(it.close_on)),
    ];
    if let Some(day) = it.closed_on {
        facts.push(("Closed", format::day(day)));
    }
    if it.loss_reason.is_some() {
        facts.push(("Lost because", text(&it.loss_reason)));
    }
    definitions(&facts)
}
