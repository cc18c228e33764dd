//! `/ctas/{id}`: one CTA, worked: why it is there, its tasks, what happened with it, and the forms that start,
//! snooze, hand over and close it. The list of them is elsewhere.

use std::collections::{BTreeSet, HashMap};

use axum::extract::State;
use axum::response::Response;
use domain::Day;
use domain::access::Action;
use domain::scorecard::Band;
use domain::time::{day_of, days_after};
use engine::Row;
use maud::{Markup, html};
use store::cta::{Outcome, Priority, Status};
use store::member::Role;
use store::{Cta, Member, Task, change, member, task};

use super::history::{self, Line};
use super::why::{Why, why};
use super::{due, kind_word, outcome_ink, outcome_word, overdue, priority, priority_word, reason_word, status_word};
use crate::extract::At;
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::pages::may;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::card::{card, columns, definitions};
use crate::ui::form::{self, Field};
use crate::ui::{Link, Nav, format, pill, shell};
use crate::work;

/// The fragment every form of the page swaps.
const FRAGMENT: &str = "cta";
/// Changes of the account read for the CTA's history.
const CHANGES: u64 = 500;

/// Everything the page of a CTA shows.
#[derive(Clone, Debug)]
struct Sheet {
    cta: Cta,
    tasks: Vec<Task>,
    account: Account,
    why: Why,
    reason: String,
    owner: Option<String>,
    /// Whom it can be handed to: id and name.
    candidates: Vec<(i64, String)>,
    history: Vec<Line>,
    may_work: bool,
    today: Day,
}

/// The account in a few numbers.
#[derive(Clone, Debug)]
struct Account {
    name: String,
    band: Band,
    score: Option<f64>,
    arr: Markup,
    renewal: Option<Day>,
}

/// Shows a CTA.
pub async fn show(State(app): State<AppState>, access: Access, want: Want, At(id): At<i64>) -> Answer<Response> {
    let cta = work::find(&app, &access, id).await?;
    let sheet = read(&app, &access, cta).await?;
    let titled = Titled { title: &sheet.cta.title, active: Some(Nav::Ctas) };
    Ok(respond(&access, &app.engine, want, &titled, &page(&sheet)))
}

async fn read(app: &AppState, access: &Access, cta: Cta) -> Answer<Sheet> {
    let (engine, db) = (&app.engine, app.engine.store().read());
    let book = engine.book();
    let row = book.visible_row(cta.account_id, &access.rows).ok_or_else(Problem::not_found)?;
    let tasks = task::of_cta(db, cta.id).await?;
    let signal = match cta.signal_id {
        Some(signal) => Some(store::signal::of_account(db, cta.account_id, Some(signal + 1), 1).await?),
        None => None,
    };
    let signal = signal.and_then(|found| found.into_iter().find(|signal| Some(signal.id) == cta.signal_id));
    let members = member::list(db).await?;
    let names: HashMap<i64, &str> = members.iter().map(|member| (member.id, member.name.as_str())).collect();
    let changes = change::of_account(db, cta.account_id, None, CHANGES).await?;
    let owner = cta.owner_id.and_then(|id| names.get(&id).map(|name| (*name).to_owned()));
    Ok(Sheet {
        account: Account::of(&book, row),
        why: Why::of(&cta, signal, &book, row),
        reason: reason_word(&book.definitions, &cta.reason),
        candidates: may_see(&members, &row.team).into_iter().map(|member| (member.id, member.name.clone())).collect(),
        history: history::of(&cta, &tasks, changes, &names, &book.definitions),
        owner,
        may_work: may(access, Action::WorkCtas),
        today: engine.today(),
        tasks,
        cta,
    })
}

impl Account {
    fn of(book: &engine::Book, row: &Row) -> Self {
        let days = book.value(row, "days_to_renewal");
        Self {
            name: row.account.name.clone(),
            band: row.health.band,
            score: row.health.score,
            arr: format::or_unknown(book.arr_cents(row), |cents| format::money(cents, book.currency())),
            renewal: days.map(|days| days_after(book.as_of, days.max(0.0) as u64)),
        }
    }
}

/// The members who can see an account: its team, the managers above them, and admins. Viewers see it and cannot act.
pub(super) fn may_see<'a>(members: &'a [Member], team: &[i64]) -> Vec<&'a Member> {
    let mut above: BTreeSet<i64> = team.iter().copied().collect();
    let mut next: Vec<i64> = team.to_vec();
    while let Some(id) = next.pop() {
        let manager = members.iter().find(|member| member.id == id).and_then(|member| member.manager_id);
        next.extend(manager.filter(|manager| above.insert(*manager)));
    }
    let can = |member: &&Member| match member.role {
        Role::Admin => true,
        Role::Manager => above.contains(&member.id),
        Role::Csm => team.contains(&member.id),
        Role::Viewer => false,
    };
    members.iter().filter(|member| member.active).filter(can).collect()
}

fn page(sheet: &Sheet) -> Markup {
    let cta = &sheet.cta;
    let detail = html! {
        a href=(Link::to(format!("/accounts/{}", cta.account_id))) { (sheet.account.name) }
        " · " (kind_word(cta.kind)) " · " (due(cta, sheet.today))
    };
    let main = html! {
        (why(&sheet.why, cta.account_id, sheet.today))
        (tasks(sheet))
        (card("History", &history::shown(&sheet.history, sheet.today)))
    };
    let aside = html! { (facts(sheet)) @if sheet.may_work { (working(sheet)) } };
    html! {
        div id=(FRAGMENT) data-fragment="" data-account=(cta.account_id) {
            (shell::heading(&[("CTAs", &Link::to("/ctas"))], &cta.title, &detail, &actions(sheet)))
            (columns(&main, &aside))
        }
    }
}

/// A form of one button whose answer swaps the page's fragment.
fn button(path: &str, name: &str, value: &str, label: &str, primary: bool, told: &str) -> Markup {
    html! {
        form.inline action=(path) method="post" data-post=(FRAGMENT) data-toast=(told) {
            button.btn.primary[primary] name=(name) value=(value) { (label) }
        }
    }
}

fn actions(sheet: &Sheet) -> Markup {
    let path = format!("/ctas/{}", sheet.cta.id);
    let to = |status: Status, label: &str, told: &str| {
        button(&path, "status", status.as_str(), label, status == Status::InProgress, told)
    };
    html! {
        @if sheet.may_work {
            @match sheet.cta.status {
                Status::Open => (to(Status::InProgress, "Start work", "It is in progress")),
                Status::InProgress => (to(Status::Open, "Put it back", "It is open again")),
                Status::Closed => (to(Status::Open, "Open it again", "It is open again")),
            }
        }
    }
}

fn tasks(sheet: &Sheet) -> Markup {
    let done = sheet.tasks.iter().filter(|task| task.done_at.is_some()).count();
    let title = format!("Tasks, {done} of {} done", sheet.tasks.len());
    if sheet.tasks.is_empty() {
        return card("Tasks", &html! { p.muted { "It has no tasks: do what the reason calls for, then close it." } });
    }
    card(&title, &html! { ul.plain { @for task in &sheet.tasks { li { (one_task(sheet, task)) } } } })
}

fn one_task(sheet: &Sheet, task: &Task) -> Markup {
    let done = task.done_at.is_some();
    let path = format!("/ctas/{}/tasks/{}", sheet.cta.id, task.id);
    html! {
        div.field.check {
            @if sheet.may_work {
                form action=(path) method="post" data-post=(FRAGMENT) {
                    button.quiet id=(format!("task-{}", task.id)) role="checkbox" aria-checked=(done)
                        name="done" value=(!done) { (tick_box(done)) span.vh { (task.title) } }
                }
            } @else { (tick_box(done)) }
            span {
                @if done { s.muted { (task.title) } } @else { (task.title) }
                @if let Some(at) = task.done_at { " " small.muted { (format::relative(day_of(at), sheet.today)) } }
            }
        }
    }
}

fn tick_box(done: bool) -> Markup {
    html! {
        svg.icon.(if done { "good" } else { "muted" }) width="20" height="20" viewBox="0 0 24 24" aria-hidden="true" {
            rect x="4" y="4" width="16" height="16" rx="4" {}
            @if done { path d="M8 12.5 11 15.5 16.5 9" {} }
        }
    }
}

fn facts(sheet: &Sheet) -> Markup {
    let cta = &sheet.cta;
    let status = match cta.outcome {
        Some(outcome) => pill::pill(outcome_ink(outcome), outcome_word(outcome)),
        None => html! { (status_word(cta.status)) },
    };
    let late = overdue(cta, sheet.today);
    let due_on =
        html! { (format::day(cta.due_on)) ", " span.bad[late] { (format::relative(cta.due_on, sheet.today)) } };
    let nobody = || html! { span.muted { "Nobody" } };
    card(
        "At a glance",
        &definitions(&[
            ("Health", pill::band(sheet.account.band, sheet.account.score)),
            ("ARR", sheet.account.arr.clone()),
            (
                "Renewal",
                format::or_unknown(sheet.account.renewal, |day| {
                    html! { (format::day(day)) ", " (format::relative(day, sheet.today)) }
                }),
            ),
            ("Status", status),
            ("Priority", priority(cta.priority)),
            ("Due", due_on),
            ("Owner", sheet.owner.as_ref().map_or_else(nobody, |name| html! { (name) })),
            ("Reason", html! { (sheet.reason) }),
            ("Opened", format::instant(cta.created_at)),
        ]),
    )
}

fn working(sheet: &Sheet) -> Markup {
    html! {
        @if sheet.cta.status != Status::Closed { (closing(sheet)) (snoozing(sheet)) }
        (changing(sheet))
    }
}

fn closing(sheet: &Sheet) -> Markup {
    let open = sheet.tasks.iter().filter(|task| task.done_at.is_none()).count() as i64;
    card(
        "Close it",
        &html! {
            @if open > 0 { p.muted { (format::counted(open, "task is", "tasks are")) " not done; close it anyway if that is right." } }
            form.actions action=(format!("/ctas/{}/close", sheet.cta.id)) method="post" data-post=(FRAGMENT) data-toast="Closed" {
                @for outcome in Outcome::ALL { (form::choice("outcome", outcome.as_str(), outcome_word(*outcome))) }
            }
        },
    )
}

fn snoozing(sheet: &Sheet) -> Markup {
    let path = format!("/ctas/{}/snooze", sheet.cta.id);
    let day = |days: u64| days_after(sheet.today, days).to_string();
    card(
        "Snooze",
        &html! {
            @if super::snoozed(&sheet.cta, sheet.today) {
                p { (due(&sheet.cta, sheet.today)) }
                form.actions action=(path) method="post" data-post=(FRAGMENT) data-toast="It is back" {
                    button.btn name="until" value="" { "Show it again" }
                }
            } @else {
                form.actions action=(path) method="post" data-post=(FRAGMENT) data-toast="Snoozed" {
                    (form::choice("until", &day(1), "Until tomorrow"))
                    (form::choice("until", &day(3), "3 days"))
                    (form::choice("until", &day(7), "A week"))
                }
                form.inline-form action=(path) method="post" data-post=(FRAGMENT) data-toast="Snoozed" {
                    label { "Until " input type="date" name="until" min=(day(1)) required; }
                    button.btn { "Snooze" }
                }
            }
        },
    )
}

fn changing(sheet: &Sheet) -> Markup {
    let cta = &sheet.cta;
    let owner = cta.owner_id.map_or_else(String::new, |id| id.to_string());
    let members: Vec<(String, &str)> =
        sheet.candidates.iter().map(|(id, name)| (id.to_string(), name.as_str())).collect();
    let mut owners = vec![("", "Nobody")];
    // Whoever owns it now stays in the list, also when they have lost the account.
    if let (Some(name), false) = (&sheet.owner, members.iter().any(|(id, _)| *id == owner)) {
        owners.push((&owner, name));
    }
    owners.extend(members.iter().map(|(id, name)| (id.as_str(), *name)));
    let priorities = [Priority::High, Priority::Medium, Priority::Low].map(|each| (each.as_str(), priority_word(each)));
    let due_on = cta.due_on.to_string();
    card(
        "Hand over, reschedule",
        &html! {
            form.form action=(format!("/ctas/{}", cta.id)) method="post" data-post=(FRAGMENT) data-toast="Saved" {
                (form::select(&owners, &Field { hint: "Members who can see the account.", ..required("owner_id", "Owner", &owner) }))
                div.form-row {
                    (form::select(&priorities, &required("priority", "Priority", cta.priority.as_str())))
                    (form::input("date", &required("due_on", "Due", &due_on)))
                }
                div { button.btn { "Save" } }
            }
        },
    )
}

fn required<'a>(name: &'a str, label: &'a str, value: &'a str) -> Field<'a> {
    Field::new(name, label).value(value).required()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::ctas::tests::{cta, day, instant};
    use crate::pages::ctas::why::tests::usage;

    fn sheet() -> Sheet {
        let task = |id, title: &str, done_at: Option<&str>| Task {
            id,
            cta_id: 5,
            account_id: 7,
            title: title.to_owned(),
            position: id as i32,
            done_at: done_at.map(instant),
            done_by: None,
        };
        Sheet {
            cta: cta(5, "2026-11-20", Priority::High),
            tasks: vec![
                task(50, "Look at the evidence", Some("2026-11-21T08:00:00Z")),
                task(51, "Talk to <them>", None),
            ],
            account: Account {
                name: "Orchard Ltd".to_owned(),
                band: Band::Red,
                score: Some(31.0),
                arr: format::money(4_800_000, "USD"),
                renewal: Some(day("2027-01-31")),
            },
            why: usage(),
            reason: "Usage declines".to_owned(),
            owner: Some("Sofia Duarte".to_owned()),
            candidates: vec![(2, "Ana Prado".to_owned()), (3, "Sofia Duarte".to_owned())],
            history: Vec::new(),
            may_work: true,
            today: day("2026-11-22"),
        }
    }

    #[test]
    fn a_cta_is_worked_on_its_page() {
        let html = page(&sheet()).into_string();
        assert!(html.contains("<div id=\"cta\" data-fragment=\"\" data-account=\"7\">"), "{html}");
        assert!(html.contains("Tasks, 1 of 2 done") && html.contains("Talk to &lt;them&gt;"), "{html}");
        assert!(html.contains("action=\"/ctas/5/tasks/51\""), "{html}");
        assert!(html.contains("role=\"checkbox\" aria-checked=\"true\" name=\"done\" value=\"false\""), "{html}");
        assert!(html.contains("name=\"outcome\" value=\"recovered\"") && html.contains("1 task is not done"), "{html}");
        assert!(html.contains("name=\"until\" value=\"2026-11-23\""), "{html}");
        assert!(html.contains("<option value=\"3\" selected>Sofia Duarte</option>"), "{html}");
        assert!(html.contains("2 days overdue") && html.contains("Start work"), "{html}");
    }

    #[test]
    fn a_viewer_reads_and_gets_no_form() {
        let html = page(&Sheet { may_work: false, ..sheet() }).into_string();
        assert!(!html.contains("<form") && html.contains("Look at the evidence"), "{html}");
    }

    #[test]
    fn a_closed_cta_says_how_it_ended_and_can_be_opened_again() {
        let closed = Cta {
            status: Status::Closed,
            outcome: Some(Outcome::Recovered),
            closed_at: Some(instant("2026-11-21T10:00:00Z")),
            ..sheet().cta
        };
        let html = page(&Sheet { cta: closed, ..sheet() }).into_string();
        assert!(html.contains("Recovered") && html.contains("Open it again") && html.contains("closed "), "{html}");
        assert!(!html.contains("/close") && !html.contains("/snooze"), "{html}");
    }

    #[test]
    fn an_owner_who_lost_the_account_stays_in_the_list() {
        let html = page(&Sheet { candidates: Vec::new(), ..sheet() }).into_string();
        assert!(html.contains("<option value=\"3\" selected>Sofia Duarte</option>"), "{html}");
    }

    #[test]
    fn it_can_be_handed_to_whoever_sees_the_account() {
        let member = |id, role, manager_id, active| Member {
            id,
            email: format!("{id}@example.com"),
            name: id.to_string(),
            role,
            title: None,
            manager_id,
            password_hash: None,
            active,
            created_at: instant("2026-01-01T00:00:00Z"),
        };
        let members = [
            member(1, Role::Admin, None, true),
            member(2, Role::Viewer, None, true),
            member(3, Role::Manager, Some(2), true),
            member(4, Role::Manager, Some(2), true),
            member(5, Role::Csm, Some(3), true),
            member(6, Role::Csm, Some(3), true),
            member(7, Role::Csm, Some(4), false),
        ];
        let ids = |team: &[i64]| may_see(&members, team).iter().map(|member| member.id).collect::<Vec<_>>();
        assert_eq!(ids(&[5]), [1, 3, 5]);
        assert_eq!(ids(&[7]), [1, 4]);
        assert_eq!(ids(&[]), [1]);
    }
}
