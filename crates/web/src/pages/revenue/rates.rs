//! `/revenue/rates`: in which currency reports are, the exchange rates they are converted at, and which are missing. A rate
//! holds from its day until the next of the same two currencies; one that is given again for a day corrects it, and a
//! report as it was known before is still converted as it was then.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::Day;
use domain::access::Action;
use domain::revenue::{NoRate, Rate};
use engine::revenue::conventions::Set;
use engine::revenue::{currencies, ledger};
use maud::{Markup, html};
use serde::Deserialize;
use store::{ExchangeRate, exchange_rate};

use super::{Asked, Subject, sources};
use crate::extract::{Form, Params};
use crate::gate::Access;
use crate::page::{Titled, Want, respond_with};
use crate::pages::faults::Faults;
use crate::pages::may;
use crate::problem::{Answer, Problem};
use crate::rate::{self, Quote};
use crate::state::AppState;
use crate::ui::card::{card, columns};
use crate::ui::form::Field;
use crate::ui::shell::{self, Nav};
use crate::ui::table::{Column, Sort, cell, frame, header};
use crate::ui::{Link, form, format, notice};

/// Rates shown; the API lists all.
const SHOWN: usize = 200;
/// Contracts named of a missing rate.
const NAMED: usize = 12;

/// A rate as the form sends it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Typed {
    currency: String,
    into_currency: String,
    effective_on: String,
    rate: String,
    take_back: String,
}

/// How revenue is read, as the form sends it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chosen {
    currency: String,
    reactivation_days: String,
    contracts_from: String,
}

impl Chosen {
    fn of(set: Set) -> Self {
        Self {
            currency: set.currency.map(|it| it.to_string()).unwrap_or_default(),
            reactivation_days: set.reactivation_days.map(|days| days.to_string()).unwrap_or_default(),
            contracts_from: set.contracts_from.map(|id| id.to_string()).unwrap_or_default(),
        }
    }

    fn set(&self) -> Answer<Set> {
        let currency = Some(self.currency.trim()).filter(|code| !code.is_empty());
        let days = Some(self.reactivation_days.trim()).filter(|days| !days.is_empty()).map(str::parse).transpose();
        let days = days.map_err(|_| Problem::invalid("reactivation_days", "Write a whole number of days, or nothing."));
        let from = Some(self.contracts_from.as_str()).filter(|id| !id.is_empty()).map(str::parse).transpose();
        let from = from.map_err(|_| Problem::invalid("contracts_from", "Choose one of the list."));
        let currency = currency.map(|code| rate::currency("currency", code)).transpose()?;
        Ok(Set { currency, reactivation_days: days?, contracts_from: from? })
    }
}

/// What the forms show when one was refused.
#[derive(Debug, Default)]
struct Showing {
    typed: Typed,
    chosen: Option<Chosen>,
    rate_faults: Faults,
    set_faults: Faults,
}

/// Shows the page.
pub async fn show(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    Params(typed): Params<Typed>,
) -> Answer<Response> {
    page(&app, &access, want, Showing { typed, ..Showing::default() }).await
}

/// Keeps a rate, or takes one back.
pub async fn add(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    Form(typed): Form<Typed>,
) -> Answer<Response> {
    let kept = async {
        let day = typed.effective_on.parse::<Day>();
        let day =
            day.map_err(|_| Problem::invalid("effective_on", "Write the first day it holds, like 2026-03-01."))?;
        let rate = typed.take_back.is_empty().then_some(typed.rate.as_str());
        let (currency, into_currency) = (&typed.currency, &typed.into_currency);
        rate::quote(&app, &access, Quote { currency, into_currency, effective_on: day, rate }).await
    };
    match kept.await {
        Ok(_) => Ok(back()),
        Err(problem) => {
            let rate_faults = Faults::of(problem)?;
            page(&app, &access, want, Showing { typed, rate_faults, ..Showing::default() }).await
        }
    }
}

/// Keeps how revenue is read.
pub async fn set(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    Form(chosen): Form<Chosen>,
) -> Answer<Response> {
    let kept = async { rate::read_by(&app, &access, chosen.set()?).await };
    match kept.await {
        Ok(()) => Ok(back()),
        Err(problem) => {
            let (chosen, set_faults) = (Some(chosen), Faults::of(problem)?);
            page(&app, &access, want, Showing { chosen, set_faults, ..Showing::default() }).await
        }
    }
}

fn back() -> Response {
    Redirect::to("/revenue/rates").into_response()
}

async fn page(app: &AppState, access: &Access, want: Want, showing: Showing) -> Answer<Response> {
    let book = app.engine.book();
    let known = exchange_rate::known(app.engine.store().read(), None).await?;
    let subject = Subject::of(&app.engine, &book, &access.rows, &Asked::default().wanted(&book)?).await?;
    let missing = &subject.told().unrated;
    let sold: Vec<String> =
        currencies(&ledger(&book, |_| true), book.as_of).into_iter().map(|it| it.to_string()).collect();
    let mut names: Vec<(i64, String)> = sources::names(&app.engine).await?.into_iter().collect();
    names.sort();
    let may_change = may(access, Action::ManageSources);
    let chosen = showing.chosen.clone().unwrap_or_else(|| Chosen::of(book.conventions.set));
    let lists = html! {
        @for each in missing { (notice::remark(&left_out(each, |id| book.name_of(id)))) }
        (card("Rates", &rates(&known, may_change)))
    };
    let body = html! {
        (shell::heading(&[("Revenue", &Link::to("/revenue"))], "Currencies and sources", &html! {}, &html! {}))
        @if may_change {
            (columns(&lists, &html! {
                (card("How revenue is read", &reading(&chosen, &sold, &names, &showing.set_faults)))
                (card("Add a rate", &adding(&showing.typed, subject.lens.currency.as_str(), &showing.rate_faults)))
            }))
        } @else { (lists) }
    };
    let titled = Titled { title: "Currencies and sources", active: Some(Nav::Revenue) };
    let status = if showing.chosen.is_some() { showing.set_faults.status() } else { showing.rate_faults.status() };
    Ok(respond_with(status, access, &app.engine, want, &titled, &body))
}

/// What is left out for want of a rate, and what to do.
pub(in crate::pages) fn left_out(missing: &NoRate, name: impl Fn(i64) -> String) -> Markup {
    let contracts = missing.contracts.len();
    html! {
        p { b { "No rate from " (missing.currency) " to " (missing.into) " on " (format::day(missing.day)) " or before." }
            " Amounts of a month are at the rate of its first day." }
        p {
            "What " (format::counted(missing.accounts() as i64, "account pays", "accounts pay")) " is unknown in "
            (missing.into) " and in no sum, for " (format::counted(contracts as i64, "contract", "contracts")) " in "
            (missing.currency) ": "
            @for (at, (account_id, subscription_id)) in missing.contracts.iter().take(NAMED).enumerate() {
                @if at > 0 { ", " }
                a href=(Link::to(format!("/accounts/{account_id}")).with("tab", "revenue")) { (name(*account_id)) }
                " (contract " (subscription_id) ")"
            }
            @if contracts > NAMED { " and " (contracts - NAMED) " more" } "."
        }
        p { a href=(adding_link(missing)) { "Add the rate" } " from that day on, "
            a href="/sources/import" { "import rates" } ", or see "
            a href=(Link::to("/revenue").with("currency", missing.currency.as_str())) { (missing.currency) " by itself" } "." }
    }
}

/// The form with all of a missing rate that is known.
fn adding_link(missing: &NoRate) -> Link {
    Link::to("/revenue/rates")
        .with("currency", missing.currency.as_str())
        .with("into_currency", missing.into.as_str())
        .with("effective_on", missing.day)
}

const FROM: Column<'_> = Column::new("From");
const RATE: Column<'_> = Column::new("Rate").number();
const KNOWN: Column<'_> = Column::new("Known since");
const CHANGE: Column<'_> = Column::new("Take back");

fn rates(known: &[ExchangeRate], may_change: bool) -> Markup {
    if known.is_empty() {
        let why =
            "Contracts in one currency need none. With several, each is reported by itself until there are rates.";
        return notice::empty("No rates yet", why, &html! { a.btn href="/sources/import" { "Import rates" } });
    }
    let mut columns = vec![Column::new("Pair"), FROM, RATE, KNOWN];
    columns.extend(may_change.then_some(CHANGE));
    let mut newest: Vec<&ExchangeRate> = known.iter().collect();
    newest.sort_by_key(|rate| (std::cmp::Reverse(rate.effective_on), &rate.currency, &rate.into_currency));
    let rows = html! { @for rate in newest.into_iter().take(SHOWN) { tr {
        th scope="row" { "1 " (rate.currency) " in " (rate.into_currency) }
        (cell(&FROM, &format::day(rate.effective_on)))
        (cell(&RATE, &format::or_unknown(rate.rate_nanos.and_then(Rate::from_nanos), |rate| html! { (rate) })))
        (cell(&KNOWN, &format::instant(rate.recorded_at)))
        @if may_change { (cell(&CHANGE, &take_back(rate))) }
    } } };
    html! {
        (frame("Rates", &header(&columns, Sort { key: "", descending: false }, &Link::to("/revenue/rates"), ""), &rows))
        @if known.len() > SHOWN { p.muted { "The newest " (SHOWN) " of " (format::count(known.len() as i64)) "." } }
        p.muted { "A rate holds from its day until the next. Amounts of a month are at the rate of its first day; what the next month's changes is a movement of its own." }
    }
}

fn take_back(rate: &ExchangeRate) -> Markup {
    let label = format!("Take back {} in {} from {}", rate.currency, rate.into_currency, rate.effective_on);
    html! { form method="post" action="/revenue/rates" {
        input type="hidden" name="currency" value=(rate.currency);
        input type="hidden" name="into_currency" value=(rate.into_currency);
        input type="hidden" name="effective_on" value=(rate.effective_on);
        button.btn name="take_back" value="yes" aria-label=(label) { "Take back" }
    } }
}

fn reading(chosen: &Chosen, sold: &[String], names: &[(i64, String)], faults: &Faults) -> Markup {
    let ids: Vec<String> = names.iter().map(|(id, _)| id.to_string()).collect();
    let named = ids.iter().map(String::as_str).zip(names.iter().map(|(_, name)| name.as_str()));
    let offered: Vec<(&str, &str)> = std::iter::once(("", "Every source")).chain(named).collect();
    let hint = match sold {
        [] => "Three letters; nothing for the one in which most is sold.".to_owned(),
        sold => {
            format!("Three letters; nothing for the one in which most is sold. Contracts are in {}.", sold.join(", "))
        }
    };
    html! {
        (faults.notice(&["currency", "reactivation_days", "contracts_from"]))
        form.form method="post" action="/revenue/conventions" {
            (form::input("text", &Field { name: "currency", label: "Reports are in", value: &chosen.currency,
                hint: &hint, error: faults.field("currency").unwrap_or_default(), required: false }))
            (form::input("text", &Field::new("reactivation_days", "A return is new after, days")
                .value(&chosen.reactivation_days).hint("Days without revenue; nothing for a return that is never new.")
                .error(faults.field("reactivation_days"))))
            (form::select(&offered, &Field::new("contracts_from", "Whose contracts count").value(&chosen.contracts_from)
                .hint("Where several sources speak of one account. What the others say stays beside it.")
                .error(faults.field("contracts_from"))))
            (form::submit("Save"))
        }
    }
}

fn adding(typed: &Typed, into: &str, faults: &Faults) -> Markup {
    let into = if typed.into_currency.is_empty() { into } else { &typed.into_currency };
    // The other form on the page has a field of this name.
    let of = Field { name: "rate-currency", label: "One unit of", value: &typed.currency, ..Field::default() };
    html! {
        (faults.notice(&["currency", "into_currency", "effective_on", "rate"]))
        form.form method="post" action="/revenue/rates" {
            div.field {
                label for=(of.name) { (of.label) }
                input type="text" id=(of.name) name="currency" value=(of.value) required maxlength="3"
                    aria-invalid=[faults.field("currency").map(|_| "true")]
                    aria-describedby=[faults.field("currency").map(|_| "rate-currency-error")];
                @if let Some(error) = faults.field("currency") { p.error id="rate-currency-error" { (error) } }
            }
            (form::input("text", &Field::new("rate", "Is worth").value(&typed.rate)
                .hint("A decimal with a point, like 1.0843.").error(faults.field("rate")).required()))
            (form::input("text", &Field::new("into_currency", "Of").value(into)
                .error(faults.field("into_currency")).required()))
            (form::input("date", &Field::new("effective_on", "From").value(&typed.effective_on)
                .error(faults.field("effective_on")).required()))
            (form::submit("Add"))
        }
        p.muted { "Many at once: " a href="/sources/import" { "import a file" }
            " with the columns currency, into, day and rate." }
    }
}
