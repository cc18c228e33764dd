//! `/ctas/new`: opening a CTA by hand, for what no rule sees. The account is the
//! one the link named, or the one whose name or id was typed.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::RowFilter;
use domain::time::days_after;
use engine::Book;
use maud::{Markup, html};
use serde::Deserialize;
use store::cta::{Kind, Priority};

use super::act::{day, word};
use super::{kind_word, priority_word};
use crate::extract::{Form, Params};
use crate::gate::Access;
use crate::page::{Titled, Want, respond, respond_with};
use crate::pages::faults::Faults;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::card::plain;
use crate::ui::form::{self, Field};
use crate::ui::{Link, Nav, shell};
use crate::work::{self, Opening};

/// The fragment the form swaps when something is wrong with it.
const FRAGMENT: &str = "new-cta";
/// The reason of a CTA that no rule explains.
const BY_HAND: &str = "by_hand";
/// Days until a CTA is due unless said otherwise.
const DUE_DAYS: u64 = 5;
/// Accounts named when what was typed fits several.
const SUGGESTED: usize = 5;

/// The fields that say themselves what is wrong with them.
const FIELDS: [&str; 7] = ["account", "title", "detail", "kind", "reason", "priority", "due_on"];

const TITLED: Titled<'_> = Titled { title: "New CTA", active: Some(Nav::Ctas) };

/// The account a link names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    account: String,
}

/// What the form sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewCta {
    /// A name or an external id.
    account: String,
    title: String,
    detail: String,
    kind: String,
    reason: String,
    priority: String,
    due_on: String,
    owner: String,
    /// One task a line.
    tasks: String,
}

/// Shows the form.
pub async fn form(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let book = app.engine.book();
    let named = asked.account.parse().ok().and_then(|id| book.visible_row(id, &access.rows));
    let empty = NewCta {
        account: named.map_or_else(String::new, |row| row.account.name.clone()),
        kind: Kind::Risk.as_str().to_owned(),
        reason: BY_HAND.to_owned(),
        priority: Priority::Medium.as_str().to_owned(),
        due_on: days_after(app.engine.today(), DUE_DAYS).to_string(),
        ..NewCta::default()
    };
    Ok(respond(&access, &app.engine, want, &TITLED, &page(&empty, &reasons(&book), &Faults::default())))
}

/// Opens the CTA and shows it, or shows the form again with what is wrong.
pub async fn create(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    Form(new): Form<NewCta>,
) -> Answer<Response> {
    let book = app.engine.book();
    let opened = match opening(&new, &book, &access) {
        Ok(opening) => work::open(&app, &access, opening).await,
        Err(problem) => Err(problem),
    };
    match opened {
        Ok(cta) => Ok(Redirect::to(&format!("/ctas/{}", cta.id)).into_response()),
        Err(problem) => {
            let faults = Faults::of(problem)?;
            let body = page(&new, &reasons(&book), &faults);
            Ok(respond_with(faults.status(), &access, &app.engine, want, &TITLED, &body))
        }
    }
}

fn opening(new: &NewCta, book: &Book, access: &Access) -> Answer<Opening> {
    let (account_id, csm) = account(&new.account, book, &access.rows)?;
    Ok(Opening {
        account_id,
        kind: word("kind", &new.kind)?,
        reason: new.reason.clone(),
        title: new.title.clone(),
        detail: Some(new.detail.clone()),
        priority: word("priority", &new.priority)?,
        owner_id: csm.filter(|_| new.owner == "csm"),
        due_on: day("due_on", &new.due_on)?,
        tasks: new.tasks.lines().map(str::trim).filter(|task| !task.is_empty()).map(str::to_owned).collect(),
    })
}

/// The one account that a name or an external id means, with its CSM.
fn account(typed: &str, book: &Book, filter: &RowFilter) -> Answer<(i64, Option<i64>)> {
    let rows: Vec<_> = book.visible(filter).collect();
    let names: Vec<_> = rows.iter().map(|row| (row.account.external_id.as_str(), row.account.name.as_str())).collect();
    let row = rows[meant(typed, &names)?];
    Ok((row.account.id, row.owner.as_ref().map(|owner| owner.member_id)))
}

/// Which of the accounts, given as external id and name, was typed: exactly, or as the only one that contains it.
pub(in crate::pages) fn meant(typed: &str, accounts: &[(&str, &str)]) -> Answer<usize> {
    let needle = typed.trim().to_lowercase();
    if needle.is_empty() {
        return Err(Problem::invalid("account", "Say which account it is about."));
    }
    let exact = |(id, name): &(&str, &str)| id.to_lowercase() == needle || name.to_lowercase() == needle;
    let within = |(_, name): &(&str, &str)| name.to_lowercase().contains(&needle);
    let fitting = |test: &dyn Fn(&(&str, &str)) -> bool| {
        accounts.iter().enumerate().filter(|(_, account)| test(account)).map(|(at, _)| at).collect::<Vec<_>>()
    };
    let found = match fitting(&exact) {
        found if found.is_empty() => fitting(&within),
        found => found,
    };
    match found[..] {
        [] => Err(Problem::invalid("account", "No account you can see has this name or external id.")),
        [one] => Ok(one),
        _ => {
            let some: Vec<_> =
                found.iter().take(SUGGESTED).map(|&at| format!("{} ({})", accounts[at].1, accounts[at].0)).collect();
            let message =
                format!("{} accounts fit; write the name or the external id of one: {}.", found.len(), some.join(", "));
            Err(Problem::invalid("account", message))
        }
    }
}

fn reasons(book: &Book) -> Vec<(&str, &str)> {
    let rules = book.definitions.rules.iter().map(|compiled| (compiled.rule.key.as_str(), compiled.rule.name.as_str()));
    std::iter::once((BY_HAND, "Noticed by hand")).chain(rules).collect()
}

fn page(new: &NewCta, reasons: &[(&str, &str)], faults: &Faults) -> Markup {
    let field = |name, label, value| Field::new(name, label).value(value).error(faults.field(name));
    let kinds: Vec<_> = Kind::ALL.iter().map(|kind| (kind.as_str(), kind_word(*kind))).collect();
    let priorities = [Priority::High, Priority::Medium, Priority::Low].map(|each| (each.as_str(), priority_word(each)));
    let owners = [("me", "I do it"), ("csm", "The account's CSM")];
    html! {
        (shell::heading(&[("CTAs", &Link::to("/ctas"))], "New CTA", &html! {}, &html! {}))
        div id=(FRAGMENT) data-fragment="" {
            (faults.notice(&FIELDS))
            (plain(&html! {
                form.form action="/ctas" method="post" data-post=(FRAGMENT) {
                    (form::input("text", &field("account", "Account", &new.account).required().hint("Its name, a part of it, or its external id.")))
                    (form::input("text", &field("title", "What is to be done", &new.title).required()))
                    (form::textarea(3, &field("detail", "Why", &new.detail)))
                    div.form-row {
                        (form::select(&kinds, &field("kind", "Kind", &new.kind).required()))
                        (form::select(reasons, &field("reason", "Reason", &new.reason).required()))
                    }
                    div.form-row {
                        (form::select(&priorities, &field("priority", "Priority", &new.priority).required()))
                        (form::input("date", &field("due_on", "Due", &new.due_on).required()))
                        (form::select(&owners, &field("owner", "Who does it", &new.owner).required()))
                    }
                    (form::textarea(4, &field("tasks", "Tasks", &new.tasks).hint("One a line.")))
                    div.actions { (form::submit("Open CTA")) (form::link_button(&Link::to("/ctas"), "Cancel")) }
                }
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNTS: [(&str, &str); 3] = [("a-1", "Orchard Ltd"), ("a-2", "Orchard Fruits"), ("a-3", "Bluestone Bank")];

    #[track_caller]
    fn check(typed: &str, expected: Result<usize, &str>) {
        let found = meant(typed, &ACCOUNTS).map_err(|problem| problem.fields[0].message.clone());
        assert_eq!(found.as_ref().map_err(String::as_str).copied(), expected);
    }

    #[test]
    fn an_account_is_found_by_name_part_or_external_id() {
        check(" orchard ltd ", Ok(0));
        check("A-3", Ok(2));
        check("stone", Ok(2));
        check("nobody", Err("No account you can see has this name or external id."));
        check("  ", Err("Say which account it is about."));
        check(
            "orchard",
            Err("2 accounts fit; write the name or the external id of one: Orchard Ltd (a-1), Orchard Fruits (a-2)."),
        );
    }

    #[test]
    fn the_form_comes_back_with_what_was_typed_and_what_is_wrong() {
        let new = NewCta { title: "Call <them>".to_owned(), kind: "risk".to_owned(), ..NewCta::default() };
        let faults = Faults::of(Problem::invalid("account", "No such account.").field("owner_id", "Not active.", None));
        let html = page(&new, &[(BY_HAND, "Noticed by hand")], &faults.unwrap()).into_string();
        assert!(html.contains("value=\"Call &lt;them&gt;\"") && html.contains("No such account."), "{html}");
        assert!(html.contains("aria-invalid=\"true\" aria-describedby=\"account-hint account-error\""), "{html}");
        assert!(html.contains("<b>Not active.</b>"), "{html}");
    }
}
