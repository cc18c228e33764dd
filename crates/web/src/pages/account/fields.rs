//! The fields of an account: what each says, who said it and since when, and a form to set them by hand. What a
//! person sets is held against every source until it is released, and the page says what the source says meanwhile.
//! Deliberately absent: computed numbers, which are explained elsewhere and set by nobody.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Action;
use engine::fields::{self, Field, FieldError, Hand, Origin, Shape};
use maud::{Markup, html};
use report::Ink;
use serde::Deserialize;
use store::{identity, source};

use super::Subject;
use crate::extract::{At, Form};
use crate::gate::Access;
use crate::pages::may;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::card::card;
use crate::ui::table::{Column, Sort, cell, header, stacking};
use crate::ui::{Link, form, format, notice, pill};

const FIELD: Column<'_> = Column::new("Field");
const VALUE: Column<'_> = Column::new("Value");
const FROM: Column<'_> = Column::new("From");
const SINCE: Column<'_> = Column::new("Since");
const COLUMNS: [Column<'_>; 4] = [FIELD, VALUE, FROM, SINCE];

/// The tab.
pub(super) async fn tab(subject: &Subject<'_>, access: &Access) -> Answer<Markup> {
    let fields = fields::of_account(subject.engine, subject.id()).await.map_err(Problem::internal)?;
    let may_edit = may(access, Action::WriteAccounts) && !subject.past;
    Ok(html! {
        (card("Where each field comes from", &listing(subject, &fields, may_edit)))
        (card("Known as", &names(subject, may(access, Action::MergeAccounts) && !subject.past).await?))
        @if may_edit { (card("Set fields by hand", &editor(subject, &fields))) }
    })
}

fn listing(subject: &Subject<'_>, fields: &[Field], may_edit: bool) -> Markup {
    let base = subject.link().with("tab", "fields");
    html! {
        @if subject.past {
            (notice::remark(&html! { "Fields are shown as they are today; what a field said on an earlier day is kept with its versions." }))
        }
        (stacking("Fields", &header(&COLUMNS, Sort { key: "", descending: false }, &base, ""),
            &html! { @for field in fields { (line(subject, field, may_edit)) } }))
    }
}

fn line(subject: &Subject<'_>, field: &Field, may_edit: bool) -> Markup {
    let now = subject.engine.now();
    let release = Link::to(format!("/accounts/{}/fields/release", subject.id()));
    html! {
        tr {
            th scope="row" data-label=(FIELD.label) { (field.label) }
            (cell(&VALUE, &html! { @if field.value.is_empty() { (format::unknown()) } @else { (field.value) } }))
            td.wrap data-label=(FROM.label) { div {
                (origin(&field.origin)) " "
                @if field.held {
                    (pill::pill(Ink::Yellow, "held"))
                    p.muted { "No source changes it. " (offer(field)) }
                    @if may_edit {
                        form.inline method="post" action=(release) {
                            input type="hidden" name="field" value=(field.key);
                            button.btn { "Release to the source" span.vh { ": " (field.label) } }
                        }
                    }
                }
            } }
            (cell(&SINCE, &format::ago(field.since, now)))
        }
    }
}

fn origin(origin: &Origin) -> Markup {
    match origin {
        Origin::Source(name) => html! { (name) },
        Origin::Person(name) => html! { b { (name) } },
        Origin::Unknown => format::unknown(),
    }
}

/// What the source says while a person says something else.
fn offer(field: &Field) -> Markup {
    match &field.offered {
        Some(said) if said.is_empty() => html! { "The source says nothing." },
        Some(said) => html! { "The source says " b { (said) } "." },
        None => html! {},
    }
}

fn editor(subject: &Subject<'_>, fields: &[Field]) -> Markup {
    html! {
        form.form method="post" action=(format!("/accounts/{}/fields", subject.id())) {
            p.muted { "What you change here is held: imports and syncs leave it alone until you release it." }
            div.grid { @for field in fields { (control(field)) } }
            div.actions { (form::submit("Save")) }
        }
    }
}

fn control(field: &Field) -> Markup {
    let plain = form::Field::new(field.key, field.label).value(&field.value);
    match field.shape {
        Shape::Name => form::input("text", &plain.required()),
        Shape::Text => form::input("text", &plain),
        Shape::Count => form::input("number", &plain),
        Shape::Day => form::input("date", &plain),
        Shape::Word(words) => form::select(&pairs(words, false), &plain.required()),
        Shape::WordOrNone(words) => form::select(&pairs(words, true), &plain),
    }
}

fn pairs(words: &'static [&'static str], or_none: bool) -> Vec<(&'static str, &'static str)> {
    let none = or_none.then_some(("", "none"));
    none.into_iter().chain(words.iter().map(|word| (*word, *word))).collect()
}

/// What sources call the account.
async fn names(subject: &Subject<'_>, may_merge: bool) -> Answer<Markup> {
    let db = subject.engine.store().read();
    let names = identity::of_record(db, "account", subject.id()).await?;
    let sources: BTreeMap<i64, String> =
        source::all(db).await?.into_iter().map(|source| (source.id, source.name)).collect();
    let owner = |source: Option<i64>| source.and_then(|id| sources.get(&id)).map_or("every source", String::as_str);
    Ok(html! {
        dl.terms {
            div { dt { "Here and in your own systems" } dd { code { (subject.row.account.external_id) } } }
            @for name in &names { div { dt { (owner(name.source_id)) } dd { code { (name.external_id) } } } }
        }
        p.muted { "Whatever a source sends about one of these ids is about this account." }
        @if may_merge {
            div.actions { (form::link_button(&Link::to("/merges").with("account", subject.id()), "Merge into another account")) }
        }
    })
}

/// Sets fields by hand.
pub async fn set(
    State(app): State<AppState>,
    access: Access,
    At(id): At<i64>,
    Form(typed): Form<BTreeMap<String, String>>,
) -> Answer<Response> {
    let hand = hand(&app, &access, id)?;
    if let Some(stranger) = typed.keys().find(|key| !fields::FIELDS.iter().any(|(known, ..)| known == key)) {
        return Err(Problem::malformed(format!("An account has no field `{stranger}` that a person could set.")));
    }
    fields::edit(&app.engine, id, &typed, &hand).await.map_err(problem)?;
    Ok(back(id))
}

/// A field to give back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Released {
    field: String,
}

/// Gives a field back to its source.
pub async fn release(
    State(app): State<AppState>,
    access: Access,
    At(id): At<i64>,
    Form(released): Form<Released>,
) -> Answer<Response> {
    let hand = hand(&app, &access, id)?;
    // A field that nobody holds is where it should be already.
    fields::release(&app.engine, id, &released.field, &hand).await.map_err(Problem::internal)?;
    Ok(back(id))
}

/// Who changes the account, if they may see it.
fn hand(app: &AppState, access: &Access, id: i64) -> Answer<Hand> {
    app.engine.book().visible_row(id, &access.rows).ok_or_else(Problem::not_found)?;
    Ok(Hand { member_id: access.member_id()?, actor: access.actor.label() })
}

fn problem(error: FieldError) -> Problem {
    match error {
        FieldError::Value { field, sentence } => Problem::invalid(field, sentence),
        FieldError::Engine(error) => Problem::internal(error),
    }
}

fn back(id: i64) -> Response {
    Redirect::to(&format!("/accounts/{id}?tab=fields")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_field_says_what_its_source_says() {
        let field = Field {
            key: "tier",
            label: "Tier",
            shape: Shape::Text,
            value: "strategic".to_owned(),
            origin: Origin::Person("Ann".to_owned()),
            since: "2026-11-22T12:00:00Z".parse().unwrap(),
            held: true,
            offered: Some("<growth>".to_owned()),
        };
        assert_eq!(offer(&field).into_string(), "The source says <b>&lt;growth&gt;</b>.");
        let html = control(&field).into_string();
        assert!(html.contains("name=\"tier\" value=\"strategic\""), "{html}");
        let stage = Field { key: "stage", shape: Shape::WordOrNone(&["onboarding"]), value: String::new(), ..field };
        assert!(control(&stage).into_string().contains("<option value=\"\" selected>none"));
    }
}
