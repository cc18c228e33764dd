//! The members tab: who works here and in which role. An admin adds colleagues,
//! changes their role and manager, lets them in with a link that works once, and
//! takes their access away. Everybody else sees who is there.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::access::Action;
use maud::{Markup, html};
use report::Ink;
use serde::Deserialize;
use store::Member;
use store::member::{self, Role};

use super::{FRAGMENT, Tab, answer, back};
use crate::api::member::{ChangeMember, NewMember, edit, invite};
use crate::auth::link::{self, INVITATION_LIFE, Kind};
use crate::extract::{At, Form};
use crate::gate::Access;
use crate::page::{Want, role_word};
use crate::pages::faults::Faults;
use crate::pages::{may, site};
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::card::{card, columns};
use crate::ui::form::Field;
use crate::ui::table::{Column, Sort, cell, header, stacking};
use crate::ui::{Icon, Link, form, pill};

const ROLE: Column<'_> = Column::new("Role");
const MANAGER: Column<'_> = Column::new("Reports to");
const STATE: Column<'_> = Column::new("State");
const COLUMNS: [Column<'_>; 4] = [Column::new("Member"), ROLE, MANAGER, STATE];

/// The fields of the form that show their own faults.
const FIELDS: [&str; 5] = ["name", "email", "role", "title", "manager_id"];

/// A member as the form has them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    name: String,
    email: String,
    role: String,
    title: String,
    manager_id: String,
    active: Option<String>,
}

impl Draft {
    fn new() -> Self {
        Self { role: Role::Csm.as_str().to_owned(), ..Self::default() }
    }

    fn of(member: &Member) -> Self {
        Self {
            name: member.name.clone(),
            email: member.email.clone(),
            role: member.role.as_str().to_owned(),
            title: member.title.clone().unwrap_or_default(),
            manager_id: member.manager_id.map(|id| id.to_string()).unwrap_or_default(),
            active: member.active.then(|| "on".to_owned()),
        }
    }

    fn role(&self) -> Answer<Role> {
        self.role.parse().map_err(|_| Problem::invalid("role", "Choose one of the roles."))
    }

    fn manager_id(&self) -> Answer<Option<i64>> {
        match self.manager_id.as_str() {
            "" => Ok(None),
            id => id.parse().map(Some).map_err(|_| Problem::invalid("manager_id", "Choose a member.")),
        }
    }

    fn title(&self) -> Option<String> {
        Some(self.title.trim().to_owned()).filter(|title| !title.is_empty())
    }
}

/// What the tab shows beside the list.
#[derive(Debug)]
pub(super) struct Showing {
    /// The member whose form is open; none for the form that adds one.
    member: Option<i64>,
    /// What was typed, where it was refused.
    typed: Option<Draft>,
    faults: Faults,
    /// A link that was just made, and for whom.
    link: Option<(String, String)>,
}

impl Showing {
    /// The form of a member, or of a new one.
    pub(super) fn of(member: Option<i64>) -> Self {
        Self { member, typed: None, faults: Faults::default(), link: None }
    }
}

/// Adds a member and shows the link that lets them in.
pub async fn add(
    State(app): State<AppState>,
    headers: HeaderMap,
    access: Access,
    want: Want,
    Form(draft): Form<Draft>,
) -> Answer<Response> {
    let added = async {
        let new = NewMember {
            email: draft.email.clone(),
            name: draft.name.clone(),
            role: draft.role()?,
            title: draft.title(),
            manager_id: draft.manager_id()?,
        };
        invite(&app, new).await
    };
    let showing = match added.await {
        Ok((member, path)) => invited(&app, &headers, member, &path),
        Err(problem) => Showing { typed: Some(draft), faults: Faults::of(problem)?, ..Showing::of(None) },
    };
    respond(&app, &access, want, showing).await
}

/// Changes a member; deactivating one ends their sessions.
pub async fn change(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    At(id): At<i64>,
    Form(draft): Form<Draft>,
) -> Answer<Response> {
    let changed = async {
        let wanted = ChangeMember {
            name: Some(draft.name.clone()),
            role: Some(draft.role()?),
            title: Some(draft.title()),
            manager_id: Some(draft.manager_id()?),
            active: Some(draft.active.is_some()),
        };
        edit(&app, id, wanted).await
    };
    match changed.await {
        Ok(_) => Ok(back(Tab::Members)),
        Err(problem) => {
            let faults = Faults::of(problem)?;
            respond(&app, &access, want, Showing { typed: Some(draft), faults, ..Showing::of(Some(id)) }).await
        }
    }
}

/// Makes a link that lets a member in once, for whoever lost the first one or their password.
pub async fn link(
    State(app): State<AppState>,
    headers: HeaderMap,
    access: Access,
    want: Want,
    At(id): At<i64>,
) -> Answer<Response> {
    let member = member::find(app.engine.store().read(), id).await?.ok_or_else(Problem::not_found)?;
    let showing = if member.active {
        let path = link::create(app.engine.store(), Kind::Invitation { member_id: id }, app.engine.now()).await?;
        invited(&app, &headers, member, &path)
    } else {
        let inactive = Problem::conflict("This member is not active: a link would not let them in.");
        Showing { faults: Faults::of(inactive)?, ..Showing::of(Some(id)) }
    };
    respond(&app, &access, want, showing).await
}

fn invited(app: &AppState, headers: &HeaderMap, member: Member, path: &str) -> Showing {
    Showing { link: Some((member.name, format!("{}{path}", site(app, headers)))), ..Showing::of(None) }
}

async fn respond(app: &AppState, access: &Access, want: Want, showing: Showing) -> Answer<Response> {
    let status: StatusCode = showing.faults.status();
    let body = tab(app, access, showing).await?;
    Ok(answer(app, access, want, Tab::Members, status, &body))
}

/// The tab.
pub(super) async fn tab(app: &AppState, access: &Access, showing: Showing) -> Answer<Markup> {
    let members = member::all(app.engine.store()).await?;
    let may_manage = may(access, Action::ManageMembers);
    if may_manage && showing.member.is_some_and(|id| !members.iter().any(|member| member.id == id)) {
        return Err(Problem::not_found());
    }
    Ok(view(&members, may_manage, &showing))
}

fn view(members: &[Member], may_manage: bool, showing: &Showing) -> Markup {
    if !may_manage {
        return list(members, false);
    }
    if let Some(open) = showing.member.and_then(|id| members.iter().find(|member| member.id == id)) {
        return one(open, members, showing);
    }
    let draft = showing.typed.as_ref().map_or_else(Draft::new, Clone::clone);
    let main = html! {
        @if let Some((name, link)) = &showing.link { (link_notice(name, link)) }
        (list(members, true))
    };
    let action = Link::to("/settings/members");
    columns(&main, &card("Add a member", &fields(&draft, &action, members, None, &showing.faults)))
}

fn list(members: &[Member], may_manage: bool) -> Markup {
    let mut shown: Vec<&Member> = members.iter().filter(|member| may_manage || member.active).collect();
    shown.sort_by_key(|member| !member.active);
    let head = header(&COLUMNS, Sort { key: "", descending: false }, &Tab::Members.link(), "");
    stacking("Members", &head, &html! { @for member in shown { (line(member, members, may_manage)) } })
}

fn line(member: &Member, members: &[Member], may_manage: bool) -> Markup {
    let manager = member.manager_id.and_then(|id| members.iter().find(|other| other.id == id));
    let own = Tab::Members.link().with("member", member.id);
    html! {
        tr {
            th scope="row" {
                @if may_manage { a.row href=(own) data-frag=(FRAGMENT) { (member.name) } small.muted { (member.email) } }
                @else { b { (member.name) } @if let Some(title) = &member.title { small.muted { (title) } } }
            }
            (cell(&ROLE, &html! { (role_word(member.role.into())) }))
            (cell(&MANAGER, &match manager { Some(manager) => html! { (manager.name) }, None => html! { span.muted { "nobody" } } }))
            (cell(&STATE, &if member.active { pill::pill(Ink::Green, "Active") } else { pill::pill(Ink::Grey, "Inactive") }))
        }
    }
}

fn link_notice(name: &str, link: &str) -> Markup {
    html! {
        div.notice.good role="status" {
            (Icon::Done)
            div {
                p { b { "Give " (name) " this link. It signs them in once, within " (INVITATION_LIFE.num_days())
                    " days; they then choose a password." } }
                pre.sample { code #login-link { (link) } }
                p { "It is not shown again; a new one can be made at any time." }
            }
        }
    }
}

/// The form of one member, in the place of the list.
fn one(member: &Member, members: &[Member], showing: &Showing) -> Markup {
    let draft = showing.typed.clone().unwrap_or_else(|| Draft::of(member));
    let own = format!("/settings/members/{}", member.id);
    let form = fields(&draft, &Link::to(&own), members, Some(member.id), &showing.faults);
    let link = html! {
        p.muted { "For somebody who lost their link or their password: it signs them in once." }
        div.actions { (form::action(&Link::to(format!("{own}/link")), "Make a new link", FRAGMENT)) }
    };
    html! {
        p { a href=(Tab::Members.link()) data-frag=(FRAGMENT) { "All members" } }
        (columns(&card(&format!("Change {}", member.name), &form), &card("Sign-in link", &link)))
    }
}

fn fields(draft: &Draft, action: &Link, members: &[Member], id: Option<i64>, faults: &Faults) -> Markup {
    let roles = [
        ("csm", "CSM · own accounts"),
        ("manager", "Manager · own and reports' accounts"),
        ("admin", "Admin · everything"),
        ("viewer", "Viewer · reads everything"),
    ];
    let leaders: Vec<(String, &str)> = members
        .iter()
        .filter(|member| Some(member.id) != id && member.active)
        .map(|member| (member.id.to_string(), member.name.as_str()))
        .collect();
    let mut managers = vec![("", "Nobody")];
    managers.extend(leaders.iter().map(|(id, name)| (id.as_str(), *name)));
    let field = |name, label| Field::new(name, label).error(faults.field(name));
    html! {
        (faults.notice(&FIELDS))
        form.form method="post" action=(action) data-post=(FRAGMENT) {
            (form::input("text", &field("name", "Name").value(&draft.name).required()))
            @if id.is_none() { (form::input("email", &field("email", "Email address").value(&draft.email).required())) }
            (form::select(&roles, &field("role", "Role").value(&draft.role).required()))
            (form::select(&managers, &field("manager_id", "Reports to").value(&draft.manager_id)))
            (form::input("text", &field("title", "Title").value(&draft.title)))
            @if id.is_some() {
                (form::checkbox(draft.active.is_some(), &Field::new("active", "May sign in")
                    .hint("Without it, their sessions end and their tokens stop at once; their work stays.")))
            }
            (form::submit(if id.is_some() { "Save" } else { "Add the member" }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: i64, name: &str, role: Role, manager_id: Option<i64>) -> Member {
        Member {
            id,
            email: format!("m{id}@example.com"),
            name: name.to_owned(),
            role,
            title: Some("Lead".to_owned()),
            manager_id,
            password_hash: None,
            active: id != 3,
            created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        }
    }

    fn house() -> Vec<Member> {
        vec![
            member(1, "Ada", Role::Admin, None),
            member(2, "Bo <b>", Role::Csm, Some(1)),
            member(3, "Cy", Role::Viewer, None),
        ]
    }

    #[test]
    fn an_admin_sees_everybody_and_may_add_one() {
        let html = view(&house(), true, &Showing::of(None)).into_string();
        for part in ["Bo &lt;b&gt;", "m2@example.com", "Inactive", "data-label=\"Reports to\">Ada<"] {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(html.contains("action=\"/settings/members\" data-post=\"settings\""), "{html}");
    }

    #[test]
    fn a_colleague_sees_who_is_there_and_changes_nothing() {
        let html = view(&house(), false, &Showing::of(Some(2))).into_string();
        assert!(html.contains("Ada") && !html.contains("Cy") && !html.contains("@example.com"), "{html}");
        assert!(!html.contains("<form") && !html.contains("Change"), "{html}");
    }

    #[test]
    fn the_form_of_a_member_is_filled_in_and_nobody_reports_to_themselves() {
        let html = view(&house(), true, &Showing::of(Some(2))).into_string();
        assert!(html.contains("action=\"/settings/members/2\"") && html.contains("value=\"Bo &lt;b&gt;\""), "{html}");
        assert!(html.contains("<option value=\"1\" selected>Ada</option>"), "{html}");
        assert!(!html.contains("<option value=\"2\"") && !html.contains("<option value=\"3\""), "{html}");
        assert!(html.contains("name=\"active\" checked"), "{html}");
    }

    #[test]
    fn what_was_typed_comes_back_with_its_fault() {
        let typed = Draft { name: "Di".to_owned(), email: "nowhere".to_owned(), ..Draft::new() };
        let faults = Faults::of(Problem::invalid("email", "Give an email address.")).unwrap();
        let html = view(&house(), true, &Showing { typed: Some(typed), faults, ..Showing::of(None) }).into_string();
        assert!(
            html.contains("value=\"nowhere\"") && html.contains("id=\"email-error\">Give an email address."),
            "{html}"
        );
    }

    #[test]
    fn a_draft_says_which_choice_is_none() {
        assert_eq!(Draft::new().manager_id().unwrap(), None);
        let wrong = Draft { role: "owner".to_owned(), manager_id: "x".to_owned(), ..Draft::default() };
        assert_eq!(wrong.role().unwrap_err().fields[0].field, "role");
        assert_eq!(wrong.manager_id().unwrap_err().fields[0].field, "manager_id");
    }
}
