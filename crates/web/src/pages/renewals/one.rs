//! `/renewals/{subscription}/{due}`: one renewal: what the contract says of it, its checkpoints, what the model expects, and
//! the form in which a person says how far it is and what will come of it. The form changes what is said and nothing
//! else: the amount and the outcome are the contract's.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::Day;
use domain::access::Action;
use domain::money;
use engine::Engine;
use engine::renewals::{Entry, Pipeline, Saying, one, say};
use maud::{Markup, html};
use serde::Deserialize;
use store::renewal::{Category, LossReason, Stage};

use super::{category_word, due, reason_word, stage_word, state};
use crate::extract::{At, Form};
use crate::fact;
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::pages::faults::Faults;
use crate::pages::may;
use crate::problem::{Answer, Problem};
use crate::ui::card::{card, definitions};
use crate::ui::form::Field;
use crate::ui::shell::{self, Nav};
use crate::ui::{Link, form, format, pill};

/// Characters a note may have.
const LONGEST_NOTE: usize = 2_000;
/// Fields that show their own faults.
const FIELDS: [&str; 5] = ["stage", "category", "forecast", "loss_reason", "note"];

/// Which renewal: the contract and the first day after its term.
type Which = (i64, Day);

/// The page of a renewal.
pub(super) fn link(subscription_id: i64, due: Day) -> Link {
    Link::to(format!("/renewals/{subscription_id}/{due}"))
}

/// What a person says, as the form sends it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Said {
    stage: String,
    category: String,
    forecast: String,
    loss_reason: String,
    note: String,
}

impl Said {
    fn of(entry: &Entry) -> Self {
        let Some(said) = &entry.said else {
            return Self { stage: Stage::Upcoming.as_str().to_owned(), ..Self::default() };
        };
        Self {
            stage: said.stage.as_str().to_owned(),
            category: said.category.map(|it| it.as_str().to_owned()).unwrap_or_default(),
            forecast: said.forecast_cents.map(units).unwrap_or_default(),
            loss_reason: said.loss_reason.map(|it| it.as_str().to_owned()).unwrap_or_default(),
            note: said.note.clone().unwrap_or_default(),
        }
    }

    fn saying(&self, currency: &str) -> Answer<Saying> {
        let cents = || {
            let cents = money::parse_typed(&self.forecast, currency);
            let cents = cents.map_err(|error| Problem::invalid("forecast", format!("{error}.")))?;
            if cents < 0 {
                return Err(Problem::invalid("forecast", "A forecast is nothing or more; 0 says it will be lost."));
            }
            Ok(cents)
        };
        let saying = Saying {
            stage: self.stage.parse().map_err(|_| Problem::invalid("stage", "There is no such stage."))?,
            category: chosen("category", &self.category)?,
            forecast_cents: if self.forecast.trim().is_empty() { None } else { Some(cents()?) },
            loss_reason: chosen("loss_reason", &self.loss_reason)?,
            note: fact::optional_text("note", Some(&self.note), LONGEST_NOTE)?,
        };
        if saying.category == Some(Category::Lost) && saying.forecast_cents.is_some_and(|cents| cents > 0) {
            return Err(Problem::invalid(
                "forecast",
                "What will be lost brings nothing: forecast 0, or say another category.",
            ));
        }
        Ok(saying)
    }
}

/// A choice, or nothing.
fn chosen<T: std::str::FromStr>(field: &'static str, text: &str) -> Answer<Option<T>> {
    match text {
        "" => Ok(None),
        word => word.parse().map(Some).map_err(|_| Problem::invalid(field, "Choose one of the list.")),
    }
}

/// Minor units as a person types them.
fn units(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Shows a renewal.
pub async fn show(
    State(engine): State<Engine>,
    access: Access,
    want: Want,
    At((subscription, due)): At<Which>,
) -> Answer<Response> {
    let found = one(&engine, &access.rows, subscription, due).await?.ok_or_else(Problem::not_found)?;
    let said = Said::of(&found.1);
    Ok(page(&engine, &access, want, &found, &said, &Faults::default()))
}

/// Keeps what a person says and returns to the renewal; a form that is wrong comes back with what was typed.
pub async fn save(
    State(engine): State<Engine>,
    access: Access,
    want: Want,
    At(which): At<Which>,
    Form(said): Form<Said>,
) -> Answer<Response> {
    let found = one(&engine, &access.rows, which.0, which.1).await?.ok_or_else(Problem::not_found)?;
    let saying = match said.saying(found.0.currency.as_str()) {
        Ok(saying) => saying,
        Err(problem) => {
            let status = problem.status;
            let shown = page(&engine, &access, want, &found, &said, &Faults::of(problem)?);
            return Ok((status, shown).into_response());
        }
    };
    let who = (access.member_id()?, access.actor.label());
    if !say(&engine, &access.rows, which, who, saying).await? {
        return Err(Problem::not_found());
    }
    Ok(Redirect::to(&link(which.0, which.1).to_string()).into_response())
}

fn page(
    engine: &Engine,
    access: &Access,
    want: Want,
    (pipeline, entry): &(Pipeline, Entry),
    said: &Said,
    faults: &Faults,
) -> Response {
    let book = engine.book();
    let name = book.row(entry.renewal.account_id).map_or("", |row| row.account.name.as_str());
    let title = format!("Renewal of {name}");
    let titled = Titled { title: &title, active: Some(Nav::Revenue) };
    let body = html! {
        (shell::heading(&[("Revenue", &Link::to("/revenue")), ("Renewals", &Link::to("/renewals"))], &title, &html! {}, &html! {}))
        (card("What the contract says", &contract(engine, pipeline, entry)))
        (card("Checkpoints", &checkpoints(engine, pipeline, entry)))
        @if may(access, Action::WriteAccounts) { (card("What you say", &words(pipeline, entry, said, faults))) }
        @else { (card("What people say", &told(pipeline, entry))) }
    };
    respond(access, engine, want, &titled, &body)
}

fn contract(engine: &Engine, pipeline: &Pipeline, entry: &Entry) -> Markup {
    let renewal = &entry.renewal;
    let book = engine.book();
    let money = |cents: i64| html! { (format::money_exact(cents, pipeline.currency.as_str())) };
    let account = Link::to(format!("/accounts/{}", renewal.account_id)).with("tab", "revenue");
    let row = book.row(renewal.account_id);
    definitions(&[
        ("Account", html! { a href=(account) { (row.map_or("", |row| row.account.name.as_str())) } }),
        (
            "Due",
            html! { (format::day(renewal.due)) " " small.muted { (format::relative(renewal.due, pipeline.as_of)) } },
        ),
        ("Notice by", format::day(renewal.notice_by)),
        ("ARR that is due", due(pipeline, entry)),
        ("State", state(renewal.outcome)),
        ("Renewed at", format::or_unknown(entry.renewed_cents().filter(|_| renewal.outcome.is_renewed()), money)),
        ("CSM at the time", format::or_unknown(entry.owner.as_deref(), |owner| html! { (owner) })),
        ("Health", row.map_or_else(format::unknown, |row| pill::band(row.health.band, row.health.score))),
        (
            "Model expects",
            format::or_unknown(entry.chance.zip(entry.machine_cents()), |(chance, cents)| {
                html! {
                    (money(cents)) " " small.muted { (money(renewal.arr.cents())) " × " (format::percent(chance))
                        ", the chance that the account is still a customer when the term is over" }
                }
            }),
        ),
    ])
}

fn checkpoints(engine: &Engine, pipeline: &Pipeline, entry: &Entry) -> Markup {
    let all = engine.definitions().checkpoints.all();
    html! {
        ul { @for checkpoint in all {
            @let day = checkpoint.day(entry.renewal.due);
            li { b { (checkpoint.name) } " by " (format::day(day)) ": "
                @if entry.missed.contains(checkpoint) { "missed, still needed" }
                @else if day <= pipeline.as_of { "passed" }
                @else { (format::relative(day, pipeline.as_of)) } }
        } }
        p.muted { "Distances and needs are definitions: renewals/default.toml in the home folder replaces these." }
    }
}

fn words(pipeline: &Pipeline, entry: &Entry, said: &Said, faults: &Faults) -> Markup {
    let renewal = &entry.renewal;
    let stages: Vec<_> = Stage::ALL.iter().map(|it| (it.as_str(), stage_word(*it))).collect();
    let categories = Category::ALL.iter().map(|it| (it.as_str(), category_word(*it)));
    let categories: Vec<_> = std::iter::once(("", "Not said")).chain(categories).collect();
    let reasons = LossReason::ALL.iter().map(|it| (it.as_str(), reason_word(*it)));
    let reasons: Vec<_> = std::iter::once(("", "None")).chain(reasons).collect();
    let label = format!("Your forecast, {} a year", pipeline.currency);
    let hint = match entry.due_cents() {
        Some(cents) => format!("What will recur after the term; due is {}.", units(cents)),
        None => format!(
            "What will recur after the term; no rate converts the {} that is due.",
            format::money_text(renewal.sold.cents(), renewal.currency.as_str())
        ),
    };
    let field = |name: &'static str, label, value| Field::new(name, label).value(value).error(faults.field(name));
    html! {
        (faults.notice(&FIELDS))
        form.form method="post" action=(link(renewal.subscription_id, renewal.due)) {
            div.form-row {
                (form::select(&stages, &field("stage", "Stage", &said.stage).required()))
                (form::select(&categories, &field("category", "Forecast category", &said.category)))
            }
            (form::input("text", &field("forecast", &label, &said.forecast).hint(&hint)))
            (form::select(&reasons, &field("loss_reason", "Reason for loss", &said.loss_reason)))
            (form::textarea(3, &field("note", "Note", &said.note)))
            (form::submit("Save"))
        }
        @if let Some(known) = &entry.said { p.muted { "Last said " (format::instant(known.recorded_at)) "." } }
    }
}

fn told(pipeline: &Pipeline, entry: &Entry) -> Markup {
    let Some(said) = &entry.said else {
        return html! { p { "Nobody has said anything yet." } };
    };
    definitions(&[
        ("Stage", html! { (stage_word(said.stage)) }),
        ("Forecast category", format::or_unknown(said.category, |it| html! { (category_word(it)) })),
        (
            "Forecast",
            format::or_unknown(
                said.forecast_cents,
                |cents| html! { (format::money_exact(cents, pipeline.currency.as_str())) },
            ),
        ),
        ("Reason for loss", format::or_unknown(said.loss_reason, |it| html! { (reason_word(it)) })),
        ("Note", format::or_unknown(said.note.as_deref(), |note| html! { (note) })),
    ])
}
