//! The fields of an account: what each says, who said it and since when, and a form to set them by hand. What a
//! person sets is held against every source until it is released, and the page says what the source says meanwhile.
//! Deliberately absent: computed numbers, which are explained elsewhere and set by nobody.

pub(super) mod sheet;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Action;
use engine::fields::{self, Editable, FieldError, Hand};
use maud::{Markup, html};
use serde::Deserialize;
use store::{Account, identity, source};

use self::sheet::{Sheet, Typed};
use super::{Asked, Subject};
use crate::extract::{At, Form};
use crate::gate::Access;
use crate::page::{Titled, Want, respond_with};
use crate::pages::faults::Faults;
use crate::pages::may;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::card::card;
use crate::ui::shell::Nav;
use crate::ui::{Link, form, notice};

/// The tab; `typed` is what was sent and refused.
pub(super) async fn tab(subject: &Subject<'_>, access: &Access, typed: &Typed) -> Answer<Markup> {
    let fields = fields::of::<Account>(subject.engine, subject.id()).await.map_err(Problem::internal)?;
    let may_edit = may(access, Action::WriteAccounts) && !subject.past;
    let at = Link::to(format!("/accounts/{}/fields", subject.id()));
    let sheet = Sheet { fields: &fields, at, now: subject.engine.now(), may_edit };
    let listing = html! {
        @if subject.past {
            (notice::remark(&html! { "Fields are shown as they are today; what a field said on an earlier day is kept with its versions." }))
        }
        (sheet.listing())
    };
    Ok(html! {
        (card("Where each field comes from", &listing))
        (card("Known as", &names(subject, may(access, Action::MergeAccounts) && !subject.past).await?))
        @if may_edit { (card("Set fields by hand", &sheet.editor(typed))) }
    })
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
    want: Want,
    At(id): At<i64>,
    Form(words): Form<BTreeMap<String, String>>,
) -> Answer<Response> {
    let hand = hand(&app, &access, id)?;
    match edited::<Account>(&app, id, &words, &hand).await {
        Ok(()) => Ok(back(id)),
        Err(problem) => {
            let typed = Typed { faults: Faults::of(problem)?, words };
            let asked = Asked { tab: "fields".to_owned(), ..Asked::default() };
            let subject = super::find(&app.engine, &access, id, asked).await?;
            let body = super::frame(&subject, &tab(&subject, &access, &typed).await?);
            let titled = Titled { title: &subject.row.account.name, active: Some(Nav::Portfolio) };
            Ok(respond_with(typed.faults.status(), &access, &app.engine, want, &titled, &body))
        }
    }
}

/// Sets fields of a record, if it has such fields.
pub(super) async fn edited<M: Editable>(
    app: &AppState,
    id: i64,
    words: &BTreeMap<String, String>,
    hand: &Hand,
) -> Answer<()> {
    if let Some(stranger) = words.keys().find(|key| !M::FIELDS.iter().any(|(known, ..)| known == key)) {
        let sentence = format!("There is no field `{stranger}` of this {} that a person could set.", M::KIND);
        return Err(Problem::malformed(sentence));
    }
    match fields::edit::<M>(&app.engine, id, words, hand).await {
        Ok(_) => Ok(()),
        Err(FieldError::Value { field, sentence }) => Err(Problem::invalid(field, sentence)),
        Err(FieldError::Engine(error)) => Err(Problem::internal(error)),
    }
}

/// A field to give back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Released {
    pub(super) field: String,
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
    fields::release::<Account>(&app.engine, id, &released.field, &hand).await.map_err(Problem::internal)?;
    Ok(back(id))
}

/// Who changes the account, if they may see it.
pub(super) fn hand(app: &AppState, access: &Access, id: i64) -> Answer<Hand> {
    app.engine.book().visible_row(id, &access.rows).ok_or_else(Problem::not_found)?;
    Ok(Hand { member_id: access.member_id()?, actor: access.actor.label() })
}

fn back(id: i64) -> Response {
    Redirect::to(&format!("/accounts/{id}?tab=fields")).into_response()
}
