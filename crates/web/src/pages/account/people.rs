//! The people tab: who is at the account and what they are there for, and who of ours looks after it. Only who is
//! there on the day is shown; who left is history.

use std::collections::HashMap;

use maud::{Markup, html};

use super::Subject;
use crate::problem::{Answer, Problem};
use crate::ui::card::{card, columns};
use crate::ui::table::{Column, Sort, cell, frame, header};
use crate::ui::{format, notice, pill};

/// Contacts listed.
const CONTACTS: u64 = 200;

const TITLE: Column<'_> = Column::new("Title");
const ROLES: Column<'_> = Column::new("Roles");
const SINCE: Column<'_> = Column::new("Since");
const PEOPLE: [Column<'_>; 4] = [Column::new("Contact"), TITLE, ROLES, SINCE];

/// The tab.
pub(super) async fn tab(subject: &Subject<'_>) -> Answer<Markup> {
    let db = subject.engine.store().read();
    let day = subject.as_of();
    let contacts = store::contact::of_account(db, subject.id(), None, CONTACTS).await.map_err(Problem::internal)?;
    let roles =
        store::contact_role::of_account(db, subject.id(), None, 4 * CONTACTS).await.map_err(Problem::internal)?;
    let mut by_contact: HashMap<i64, Vec<&'static str>> = HashMap::new();
    for role in roles.iter().filter(|role| role.effective_from <= day && role.effective_to.is_none_or(|to| to > day)) {
        by_contact.entry(role.contact_id).or_default().push(role.role.as_str());
    }
    let present: Vec<_> = contacts
        .iter()
        .filter(|contact| contact.effective_from <= day && contact.effective_to.is_none_or(|to| to > day))
        .collect();
    let people = if present.is_empty() {
        notice::empty(
            "No contacts",
            "Nobody at this account is known.",
            &html! {
                a.btn href="/sources" { "Import contacts" }
            },
        )
    } else {
        table(subject, &present, &by_contact)
    };
    let without = present.iter().filter(|contact| !by_contact.contains_key(&contact.id)).count();
    let aside = html! {
        (card("Our team", &team(subject).await?))
        @if without > 0 {
            (card("To find out", &html! { p { (format::counted(without as i64, "contact has", "contacts have"))
                " no role yet: what are they there for? Open one to say so." } }))
        }
    };
    Ok(columns(&card("Contacts", &people), &aside))
}

fn table(subject: &Subject<'_>, contacts: &[&store::Contact], roles: &HashMap<i64, Vec<&'static str>>) -> Markup {
    let rows = html! { @for contact in contacts { tr {
        th scope="row" { a href=(super::contact::link(contact)) { (contact.name) } @if let Some(email) = &contact.email { small.muted { (email) } } }
        (cell(&TITLE, &format::or_unknown(contact.title.as_ref(), |title| html! { (title) })))
        (cell(&ROLES, &format::or_unknown(roles.get(&contact.id), |roles| html! {
            @for role in roles { (pill::pill(report::Ink::Grey, &role.replace('_', " "))) " " }
        })))
        (cell(&SINCE, &format::day(contact.effective_from)))
    } } };
    frame("Contacts", &header(&PEOPLE, Sort { key: "", descending: false }, &subject.link(), ""), &rows)
}

async fn team(subject: &Subject<'_>) -> Answer<Markup> {
    let members = store::member::all(subject.engine.store()).await.map_err(Problem::internal)?;
    let ours: Vec<_> = members.iter().filter(|member| subject.row.team.contains(&member.id)).collect();
    let csm = subject.row.owner.as_ref().map(|owner| owner.member_id);
    Ok(html! {
        @if ours.is_empty() { p.muted { "Nobody looks after this account." } }
        ul.plain { @for member in ours { li { (member.name) " "
            small.muted { @if csm == Some(member.id) { "CSM" } @else { (member.title.as_deref().unwrap_or("team")) } } } } }
    })
}
