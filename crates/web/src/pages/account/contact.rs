//! `/accounts/{id}/contacts/{contact}`: one person at an account. What is known of them, who says so and since when, and
//! a form to set it by hand, the roles too; what a person sets is held against every source until it is released.
//! Deliberately absent: what the person does in the product, which is counted without names.

mod role;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Action;
use engine::fields::{self, FieldError, roles};
use maud::{Markup, html};
use store::{Contact, record, source};

use self::role::{Card, Picked};
use super::fields::sheet::{Sheet, Typed};
use super::fields::{Released, edited, hand};
use crate::extract::{At, Form};
use crate::gate::Access;
use crate::page::{Titled, Want, respond_with};
use crate::pages::faults::Faults;
use crate::pages::may;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::card::{card, columns};
use crate::ui::shell::Nav;
use crate::ui::{Link, shell};

/// Where a contact is shown.
pub(super) fn link(contact: &Contact) -> Link {
    Link::to(format!("/accounts/{}/contacts/{}", contact.account_id, contact.id))
}

/// Shows a contact.
pub async fn show(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    At((account, contact)): At<(i64, i64)>,
) -> Answer<Response> {
    let contact = find(&app, &access, account, contact).await?;
    answer(&app, &access, want, &contact, &Typed::default(), &Picked::default()).await
}

/// Sets fields of a contact by hand.
pub async fn set(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    At((account, contact)): At<(i64, i64)>,
    Form(words): Form<BTreeMap<String, String>>,
) -> Answer<Response> {
    let contact = find(&app, &access, account, contact).await?;
    match edited::<Contact>(&app, contact.id, &words, &hand(&app, &access, account)?).await {
        Ok(()) => Ok(back(&contact)),
        Err(problem) => {
            let typed = Typed { faults: Faults::of(problem)?, words };
            answer(&app, &access, want, &contact, &typed, &Picked::default()).await
        }
    }
}

/// Sets what a contact is to us by hand.
pub async fn set_roles(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    At((account, contact)): At<(i64, i64)>,
    Form(words): Form<BTreeMap<String, String>>,
) -> Answer<Response> {
    let contact = find(&app, &access, account, contact).await?;
    let hand = hand(&app, &access, account)?;
    let set = match role::read(&words, app.engine.now()) {
        Ok((wanted, on)) => roles::set(&app.engine, contact.id, &wanted, on, &hand).await.map_err(fault),
        Err(problem) => Err(problem),
    };
    match set {
        Ok(_) => Ok(back(&contact)),
        Err(problem) => {
            let picked = Picked { words: Some(words), faults: Faults::of(problem)? };
            answer(&app, &access, want, &contact, &Typed::default(), &picked).await
        }
    }
}

fn fault(error: FieldError) -> Problem {
    match error {
        FieldError::Value { field, sentence } => Problem::invalid(field, sentence),
        FieldError::Engine(error) => Problem::internal(error),
    }
}

/// Gives a field of a contact back to its source.
pub async fn release(
    State(app): State<AppState>,
    access: Access,
    At((account, contact)): At<(i64, i64)>,
    Form(released): Form<Released>,
) -> Answer<Response> {
    let contact = find(&app, &access, account, contact).await?;
    let hand = hand(&app, &access, account)?;
    // A field that nobody holds is where it should be already.
    if released.field == roles::ROLES {
        roles::release(&app.engine, contact.id, &hand).await.map_err(fault)?;
    } else {
        fields::release::<Contact>(&app.engine, contact.id, &released.field, &hand).await.map_err(Problem::internal)?;
    }
    Ok(back(&contact))
}

fn back(contact: &Contact) -> Response {
    Redirect::to(&link(contact).to_string()).into_response()
}

/// A contact of an account that may be seen.
async fn find(app: &AppState, access: &Access, account: i64, contact: i64) -> Answer<Contact> {
    app.engine.book().visible_row(account, &access.rows).ok_or_else(Problem::not_found)?;
    let mut found = record::of_ids::<Contact>(app.engine.store().read(), &[contact]).await?;
    let contact = found.remove(&contact).filter(|contact| contact.account_id == account);
    contact.ok_or_else(Problem::not_found)
}

async fn answer(
    app: &AppState,
    access: &Access,
    want: Want,
    contact: &Contact,
    typed: &Typed,
    picked: &Picked,
) -> Answer<Response> {
    let db = app.engine.store().read();
    let fields = fields::of::<Contact>(&app.engine, contact.id).await.map_err(Problem::internal)?;
    let at = Link::to(format!("{}/fields", link(contact)));
    let sheet = Sheet { fields: &fields, at, now: app.engine.now(), may_edit: may(access, Action::WriteAccounts) };
    let roles = roles::of(&app.engine, contact).await.map_err(Problem::internal)?;
    let card = Card { roles: &roles, at: &link(contact), now: app.engine.now(), may_edit: sheet.may_edit };
    let source = match contact.source_id {
        Some(id) => Some(source::find(db, id).await?.name),
        None => None,
    };
    let book = app.engine.book();
    let row = book.row(contact.account_id).ok_or_else(Problem::not_found)?;
    let body = page(contact, &row.account.name, &sheet, typed, &aside(contact, &card.show(picked), source.as_deref()));
    let titled = Titled { title: &contact.name, active: Some(Nav::Portfolio) };
    let status = typed.faults.status().max(picked.faults.status());
    Ok(respond_with(status, access, &app.engine, want, &titled, &body))
}

fn page(contact: &Contact, account: &str, sheet: &Sheet<'_>, typed: &Typed, aside: &Markup) -> Markup {
    let of_account = Link::to(format!("/accounts/{}", contact.account_id));
    let people = of_account.clone().with("tab", "people");
    let crumbs = [("Portfolio", &Link::to("/accounts")), (account, &of_account), ("People", &people)];
    let detail = html! { (contact.title.as_deref().unwrap_or("A person")) " at " (account) };
    html! {
        (shell::heading(&crumbs, &contact.name, &detail, &html! {}))
        (card("Where each field comes from", &sheet.listing()))
        @if sheet.may_edit { (columns(&card("Set fields by hand", &sheet.editor(typed)), aside)) } @else { (aside) }
    }
}

/// What the person is to us, and what their source calls them.
fn aside(contact: &Contact, roles: &Markup, source: Option<&str>) -> Markup {
    html! {
        (card("Roles", roles))
        (card("Known as", &html! {
            @match (&contact.external_id, source) {
                (Some(id), _) => dl.terms { div { dt { (source.unwrap_or("Here")) } dd { code { (id) } } } },
                (None, Some(source)) => p.muted { (source) " has no id for this person." },
                (None, None) => p.muted { "No source knows this person: somebody entered them here." },
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_says_where_they_are_and_what_their_source_calls_them() {
        let now: domain::Instant = "2026-11-22T12:00:00Z".parse().unwrap();
        let contact = Contact {
            id: 9,
            account_id: 7,
            external_id: Some("c-9".to_owned()),
            name: "Ann <b>".to_owned(),
            email: None,
            title: Some("Head of Data".to_owned()),
            effective_from: now.date_naive(),
            effective_to: None,
            source_id: Some(1),
            recorded_at: now,
        };
        let sheet = Sheet { fields: &[], at: Link::to("/accounts/7/contacts/9/fields"), now, may_edit: false };
        let html =
            page(&contact, "Alder", &sheet, &Typed::default(), &aside(&contact, &html! {}, Some("Shop"))).into_string();
        for part in
            ["Ann &lt;b&gt;", "Head of Data at Alder", "/accounts/7?tab=people", "<dt>Shop</dt><dd><code>c-9</code>"]
        {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(!html.contains("<form"), "{html}");
    }
}
