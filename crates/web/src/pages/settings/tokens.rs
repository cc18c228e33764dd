//! The tokens tab: keys with which programs act as a member. Everybody makes and
//! withdraws their own; an admin sees and withdraws all. A token is shown once, on
//! the answer that made it.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use domain::Instant;
use domain::access::{Action, Scope};
use maud::{Markup, html};
use report::Ink;
use store::{Token, member, token};

use super::{FRAGMENT, Tab, answer, back};
use crate::api::token::{self as api, MakeToken, make};
use crate::auth::secret::Secret;
use crate::extract::{At, Form};
use crate::gate::Access;
use crate::gate::actor::scopes;
use crate::page::Want;
use crate::pages::faults::Faults;
use crate::pages::may;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::card::{card, columns};
use crate::ui::form::Field;
use crate::ui::table::{Column, Sort, cell, header, stacking};
use crate::ui::{Icon, Link, form, format, notice, pill};

/// What each scope lets a program do, and an action that only a role for which it means something may do.
const SCOPES: [(Scope, Action, &str); 6] = [
    (Scope::AccountsRead, Action::ReadAccounts, "Read accounts and everything about them"),
    (Scope::AccountsWrite, Action::WriteAccounts, "Change accounts and log facts"),
    (Scope::EventsWrite, Action::SendEvents, "Send events"),
    (Scope::CtasWrite, Action::WorkCtas, "Work CTAs and tasks"),
    (Scope::QueryRead, Action::Query, "Run read-only SQL"),
    (Scope::Admin, Action::ManageMembers, "Manage members and sources"),
];

const LIVES: [(&str, &str); 4] = [("30", "30 days"), ("90", "90 days"), ("365", "1 year"), ("730", "2 years")];

const MEANS: Column<'_> = Column::new("Scopes");
const USED: Column<'_> = Column::new("Last used");
const STATE: Column<'_> = Column::new("State");
const COLUMNS: [Column<'_>; 4] = [Column::new("Token"), MEANS, USED, STATE];

/// What the form sent; each ticked scope is a field of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Draft {
    name: String,
    days: String,
    scopes: Vec<Scope>,
}

impl Draft {
    fn blank() -> Self {
        Self { days: "90".to_owned(), scopes: vec![Scope::AccountsRead], ..Self::default() }
    }

    fn read(pairs: Vec<(String, String)>) -> Answer<Self> {
        let mut draft = Self::default();
        for (name, value) in pairs {
            match (name.as_str(), Scope::parse(&name)) {
                ("name", _) => draft.name = value,
                ("days", _) => draft.days = value,
                (_, Some(scope)) => draft.scopes.push(scope),
                (_, None) => return Err(Problem::malformed(format!("The form has no field `{name}`."))),
            }
        }
        Ok(draft)
    }

    fn wanted(&self) -> Answer<MakeToken> {
        let days = self.days.parse().map_err(|_| Problem::invalid("days", "Choose how long the token works."))?;
        Ok(MakeToken { name: self.name.clone(), scopes: self.scopes.clone(), days: Some(days) })
    }
}

/// What the tab shows beside the list.
#[derive(Debug, Default)]
pub(super) struct Showing {
    /// What was typed, where it was refused.
    typed: Option<Draft>,
    faults: Faults,
    /// A token that was just made.
    made: Option<Secret>,
}

/// Makes a token for oneself and shows it.
pub async fn create(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Answer<Response> {
    let draft = Draft::read(pairs)?;
    let made = async { make(&app, &access, draft.wanted()?).await };
    let showing = match made.await {
        Ok((_, secret)) => Showing { made: Some(secret), ..Showing::default() },
        Err(problem) => Showing { faults: Faults::of(problem)?, typed: Some(draft), made: None },
    };
    let body = tab(&app, &access, &showing).await?;
    Ok(answer(&app, &access, want, Tab::Tokens, showing.faults.status(), &body))
}

/// Withdraws one's own token.
pub async fn withdraw(State(app): State<AppState>, access: Access, At(id): At<i64>) -> Answer<Response> {
    api::withdraw(&app, access.member_id()?, id).await?;
    Ok(back(Tab::Tokens))
}

/// Withdraws any member's token.
pub async fn withdraw_of_member(
    State(app): State<AppState>,
    _access: Access,
    At((member_id, id)): At<(i64, i64)>,
) -> Answer<Response> {
    api::withdraw(&app, member_id, id).await?;
    Ok(back(Tab::Tokens))
}

/// The tab.
pub(super) async fn tab(app: &AppState, access: &Access, showing: &Showing) -> Answer<Markup> {
    let me = access.member_id()?;
    let all = may(access, Action::ManageMembers);
    let tokens = token::list(app.engine.store().read(), (!all).then_some(me)).await?;
    let members = if all { member::all(app.engine.store()).await? } else { Vec::new() };
    let names = members.into_iter().map(|member| (member.id, member.name)).collect();
    let offered: Vec<_> = SCOPES.into_iter().filter(|(_, action, _)| may(access, *action)).collect();
    Ok(view(&Listed { tokens, names, me, all, now: app.engine.now() }, &offered, showing))
}

/// The tokens of the tab and for whom they are listed.
#[derive(Debug)]
struct Listed {
    tokens: Vec<Token>,
    names: HashMap<i64, String>,
    me: i64,
    /// Whether these are everybody's.
    all: bool,
    now: Instant,
}

fn view(listed: &Listed, offered: &[(Scope, Action, &str)], showing: &Showing) -> Markup {
    let main = html! {
        @if let Some(secret) = &showing.made { (shown_once(secret)) }
        @if listed.tokens.is_empty() {
            (notice::empty("No token yet", "A program that uses the API needs one: it acts as you, within the scopes you tick.",
                &html! { a.btn href="/api" { "Read the API" } }))
        } @else { (table(listed)) }
    };
    columns(&main, &card("Make a token", &fields(offered, showing)))
}

fn shown_once(secret: &Secret) -> Markup {
    html! {
        div.notice.good role="status" {
            (Icon::Done)
            div {
                p { b { "The token. Keep it now: it is not shown again." } }
                pre.sample { code #token { (secret.reveal()) } }
                p { "Send it as " code { "Authorization: Bearer …" } "." }
            }
        }
    }
}

fn table(listed: &Listed) -> Markup {
    let head = header(&COLUMNS, Sort { key: "", descending: false }, &Tab::Tokens.link(), "");
    stacking("Tokens", &head, &html! { @for token in &listed.tokens { (line(token, listed)) } })
}

fn line(token: &Token, listed: &Listed) -> Markup {
    let whose = listed.names.get(&token.member_id).filter(|_| listed.all);
    html! {
        tr {
            th scope="row" { b { (token.name) }
                small.muted { code { (token.prefix) "…" } @if let Some(name) = whose { " · " (name) } } }
            td.wrap data-label=(MEANS.label) { (scopes(token).into_iter().map(Scope::as_str).collect::<Vec<_>>().join(", ")) }
            (cell(&USED, &match token.last_used_at {
                Some(at) => format::ago(at, listed.now),
                None => html! { span.muted { "never" } },
            }))
            (cell(&STATE, &html! { div { (state(token, listed)) } }))
        }
    }
}

fn state(token: &Token, listed: &Listed) -> Markup {
    if token.revoked_at.is_some() {
        return pill::pill(Ink::Grey, "Withdrawn");
    }
    if token.expires_at.is_some_and(|end| end <= listed.now) {
        return pill::pill(Ink::Grey, "Expired");
    }
    let path = if token.member_id == listed.me {
        format!("/settings/tokens/{}/withdraw", token.id)
    } else {
        format!("/settings/members/{}/tokens/{}/withdraw", token.member_id, token.id)
    };
    html! {
        p { (pill::pill(Ink::Green, "Works")) }
        p { small.muted { @match token.expires_at {
            Some(at) => { "expires " (format::relative(at.date_naive(), listed.now.date_naive())) },
            None => "never expires",
        } } }
        (form::action(&Link::to(path), "Withdraw", FRAGMENT))
    }
}

fn fields(offered: &[(Scope, Action, &str)], showing: &Showing) -> Markup {
    let draft = showing.typed.clone().unwrap_or_else(Draft::blank);
    let faults = &showing.faults;
    html! {
        (faults.notice(&["name", "days", "scopes"]))
        form.form method="post" action="/settings/tokens" data-post=(FRAGMENT) {
            (form::input("text", &Field::new("name", "Name").value(&draft.name).error(faults.field("name"))
                .hint("Which program will use it").required()))
            fieldset {
                legend { "Scopes" }
                @for (scope, _, meaning) in offered {
                    (form::checkbox(draft.scopes.contains(scope), &Field::new(scope.as_str(), meaning).hint(scope.as_str())))
                }
                @if let Some(error) = faults.field("scopes") { p.error role="alert" { (error) } }
            }
            (form::select(&LIVES, &Field::new("days", "Works for").value(&draft.days).error(faults.field("days")).required()))
            (form::submit("Make the token"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::secret;

    fn token(id: i64, member_id: i64) -> Token {
        Token {
            id,
            name: format!("Program <{id}>"),
            token_hash: "hash".to_owned(),
            prefix: "pom_Ab12".to_owned(),
            scopes: serde_json::json!(["accounts:read", "ctas:write"]),
            member_id,
            created_at: "2026-11-01T00:00:00Z".parse().unwrap(),
            expires_at: Some("2026-12-01T00:00:00Z".parse().unwrap()),
            last_used_at: None,
            revoked_at: None,
        }
    }

    fn listed(tokens: Vec<Token>, all: bool) -> Listed {
        let names = HashMap::from([(1, "Ada".to_owned()), (2, "Bo".to_owned())]);
        Listed { tokens, names, me: 1, all, now: "2026-11-22T12:00:00Z".parse().unwrap() }
    }

    #[test]
    fn an_admin_withdraws_everybodys_and_everybody_their_own() {
        let html = view(&listed(vec![token(5, 1), token(6, 2)], true), &SCOPES, &Showing::default()).into_string();
        for part in
            ["/settings/tokens/5/withdraw", "/settings/members/2/tokens/6/withdraw", " · Bo", "in 9 days", "never"]
        {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(html.contains("Program &lt;5&gt;") && html.contains("accounts:read, ctas:write"), "{html}");
        let own = view(&listed(vec![token(5, 1)], false), &SCOPES[..1], &Showing::default()).into_string();
        assert!(!own.contains(" · Ada") && !own.contains("id=\"admin\""), "{own}");
    }

    #[test]
    fn what_no_longer_works_cannot_be_withdrawn() {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let gone = Token { revoked_at: Some(now), ..token(5, 1) };
        let old = Token { expires_at: Some(now), ..token(6, 1) };
        let html = view(&listed(vec![gone, old], false), &SCOPES, &Showing::default()).into_string();
        assert!(html.contains("Withdrawn") && html.contains("Expired") && !html.contains("/withdraw"), "{html}");
    }

    #[test]
    fn the_token_is_whole_only_on_the_answer_that_made_it() {
        let made = secret::api_token().unwrap();
        let word = made.reveal().to_owned();
        let html =
            view(&listed(vec![token(5, 1)], false), &SCOPES, &Showing { made: Some(made), ..Showing::default() });
        assert!(html.into_string().contains(&word));
    }

    #[test]
    fn ticked_scopes_are_fields_and_strangers_are_refused() {
        let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let draft =
            Draft::read(pairs(&[("name", "n8n"), ("accounts:read", "on"), ("query:read", "on"), ("days", "30")]));
        let wanted = draft.unwrap().wanted().unwrap();
        assert_eq!((wanted.name.as_str(), wanted.days), ("n8n", Some(30)));
        assert_eq!(wanted.scopes, [Scope::AccountsRead, Scope::QueryRead]);
        assert!(Draft::read(pairs(&[("root", "on")])).is_err());
        assert_eq!(Draft::default().wanted().unwrap_err().fields[0].field, "days");
    }
}
