//! `/goals/new` and `/goals/{id}`: a goal with the arithmetic of its figure, and the form that sets or changes it. Money is
//! typed in whole units, percentages as 6 for 6 %.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::{Action, RowFilter};
use domain::goal::{Figure, Preset};
use domain::money;
use domain::revenue::{Base, Scale, months_after};
use engine::goals::{self, Held};
use maud::{Markup, html};
use serde::Deserialize;
use store::{Member, member};

use super::{base_word, source, standing, written};
use crate::extract::{At, Form, Params};
use crate::gate::Access;
use crate::goal::{self, Wanted};
use crate::page::{Titled, Want, respond, respond_with};
use crate::pages::faults::Faults;
use crate::pages::may;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::card::{card, definitions, plain};
use crate::ui::form::{self as fields, Field};
use crate::ui::shell::Nav;
use crate::ui::{Link, format, shell};

/// The largest number a goal may be, in minor units where it is money.
const LARGEST: f64 = 1e15;

/// The fragment the form swaps when something is wrong with it.
const FRAGMENT: &str = "goal";

/// The fields that say themselves what is wrong with them.
const FIELDS: [&str; 7] = ["name", "figure", "base", "value", "period_months", "due_on", "owner_id"];

/// Which preset the form begins with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    preset: String,
}

/// What the form sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sent {
    name: String,
    figure: String,
    base: String,
    value: String,
    period_months: String,
    due_on: String,
    owner_id: String,
    scope: String,
    preset: String,
    confirmed: String,
}

/// Shows the form of a new goal.
pub async fn form(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let today = app.engine.today();
    let me = access.actor.member().map_or_else(String::new, |member| member.id.to_string());
    let empty = Sent {
        figure: Figure::NetRetention.as_str().to_owned(),
        base: Base::Level.as_str().to_owned(),
        period_months: "12".to_owned(),
        due_on: months_after(today, 12).to_string(),
        owner_id: me,
        scope: if access.rows == RowFilter::All { "book" } else { "owner" }.to_owned(),
        ..Sent::default()
    };
    let sent = Preset::named(&asked.preset).map_or_else(
        || empty.clone(),
        |preset| Sent {
            name: preset.name.to_owned(),
            figure: preset.figure.as_str().to_owned(),
            base: preset.base.as_str().to_owned(),
            value: preset.value.to_string(),
            period_months: preset.period_months.to_string(),
            due_on: months_after(today, preset.within_months).to_string(),
            preset: preset.key.to_owned(),
            ..empty.clone()
        },
    );
    let titled = Titled { title: "New goal", active: Some(Nav::Goals) };
    let body = page(&sent, &owners(&app, &access).await?, &Faults::default(), &access);
    Ok(respond(&access, &app.engine, want, &titled, &body))
}

/// Sets the goal, or shows the form again with what is wrong.
pub async fn create(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    Form(sent): Form<Sent>,
) -> Answer<Response> {
    let set = match wanted(&sent, &app, &access) {
        Ok(wanted) => goal::set(&app, &access, wanted).await,
        Err(problem) => Err(problem),
    };
    match set {
        Ok(_) => Ok(Redirect::to("/goals").into_response()),
        Err(problem) => {
            let faults = Faults::of(problem)?;
            let titled = Titled { title: "New goal", active: Some(Nav::Goals) };
            let body = page(&sent, &owners(&app, &access).await?, &faults, &access);
            Ok(respond_with(faults.status(), &access, &app.engine, want, &titled, &body))
        }
    }
}

/// Shows a goal.
pub async fn one(State(app): State<AppState>, access: Access, want: Want, At(id): At<i64>) -> Answer<Response> {
    let held = held(&app, &access, id).await?;
    let body = detail(&app, &access, &held, &sent(&held), &Faults::default()).await?;
    Ok(respond(&access, &app.engine, want, &titled(&held), &body))
}

/// Changes a goal, or shows it again with what is wrong.
pub async fn change(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    At(id): At<i64>,
    Form(sent): Form<Sent>,
) -> Answer<Response> {
    let held = held(&app, &access, id).await?;
    let changed = match wanted(&sent, &app, &access) {
        Ok(wanted) => goal::change(&app, &access, id, wanted).await,
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(_) => Ok(Redirect::to("/goals").into_response()),
        Err(problem) => {
            let faults = Faults::of(problem)?;
            let body = detail(&app, &access, &held, &sent, &faults).await?;
            Ok(respond_with(faults.status(), &access, &app.engine, want, &titled(&held), &body))
        }
    }
}

/// Deletes a goal.
pub async fn delete(State(app): State<AppState>, access: Access, At(id): At<i64>) -> Answer<Response> {
    goal::delete(&app, &access, id).await?;
    Ok(Redirect::to("/goals").into_response())
}

async fn held(app: &AppState, access: &Access, id: i64) -> Answer<Arc<Held>> {
    let record = goal::find(app, access, id).await?;
    let held = goals::hold(&app.engine.book(), app.engine.forecast().as_deref(), record)?;
    held.ok_or_else(Problem::not_found)
}

fn titled(held: &Held) -> Titled<'_> {
    Titled { title: &held.record.name, active: Some(Nav::Goals) }
}

/// The members whose accounts somebody sees.
async fn owners(app: &AppState, access: &Access) -> Answer<Vec<Member>> {
    let all = member::all(app.engine.store()).await?;
    let seen = |id: i64| match &access.rows {
        RowFilter::All => true,
        RowFilter::Members(members) => members.contains(&id),
    };
    Ok(all.into_iter().filter(|member| member.active && seen(member.id)).collect())
}

fn wanted(sent: &Sent, app: &AppState, access: &Access) -> Answer<Wanted> {
    let number = |field: &'static str, text: &str| {
        let parsed = text.trim().parse::<f64>();
        parsed.map_err(|_| Problem::invalid(field, "Write a number, such as 6 for 6 % or 1250.50."))
    };
    let figure = Figure::parse(&sent.figure);
    let mut value = number("value", &sent.value)?;
    let is_money = figure.is_some_and(|figure| figure.scale() == Scale::Money);
    if is_money && sent.base != Base::Relative.as_str() {
        let book = app.engine.book();
        let currency = goals::measure(&book, &access.rows, Figure::Arr, 0).currency;
        value *= 10_f64.powi(money::decimals(&currency) as i32);
    }
    if !value.is_finite() || value.abs() > LARGEST {
        return Err(Problem::invalid("value", "That is too large to be a goal."));
    }
    let period = match (figure.is_some_and(Figure::has_period), sent.period_months.trim()) {
        (false, _) => 0,
        (true, text) => {
            text.parse().map_err(|_| Problem::invalid("period_months", "Write a whole number of months, 1 to 36."))?
        }
    };
    let due_on = sent.due_on.trim().parse();
    let owner = sent.owner_id.trim().parse();
    Ok(Wanted {
        name: Some(sent.name.clone()).filter(|name| !name.trim().is_empty()),
        figure: Some(sent.figure.clone()),
        base: Some(sent.base.clone()),
        period_months: Some(period),
        value: Some(value),
        due_on: Some(due_on.map_err(|_| Problem::invalid("due_on", "Write the day like 2026-11-30."))?),
        owner_id: Some(owner.map_err(|_| Problem::invalid("owner_id", "Choose who answers for it."))?),
        whole_book: Some(sent.scope == "book"),
        preset: Some(sent.preset.clone()).filter(|preset| !preset.is_empty()),
        confirmed: sent.confirmed == "on",
    })
}

/// What the form of a goal that is kept shows.
fn sent(held: &Held) -> Sent {
    let record = &held.record;
    let in_money = held.goal.target.scale == Scale::Money && held.goal.target.base != Base::Relative;
    let unit = if in_money { 10_f64.powi(money::decimals(&held.measured.currency) as i32) } else { 1.0 };
    Sent {
        name: record.name.clone(),
        figure: record.figure.clone(),
        base: record.base.clone(),
        value: (record.value / unit).to_string(),
        period_months: record.period_months.to_string(),
        due_on: record.due_on.to_string(),
        owner_id: record.owner_id.to_string(),
        scope: if record.whole_book { "book" } else { "owner" }.to_owned(),
        preset: record.preset.clone().unwrap_or_default(),
        confirmed: String::new(),
    }
}

fn page(sent: &Sent, owners: &[Member], faults: &Faults, access: &Access) -> Markup {
    html! {
        (shell::heading(&[("Goals", &Link::to("/goals"))], "New goal", &html! {}, &html! {}))
        div id=(FRAGMENT) data-fragment="" {
            (faults.notice(&FIELDS))
            (plain(&inputs("/goals", "Set goal", sent, owners, faults, access)))
        }
    }
}

async fn detail(app: &AppState, access: &Access, held: &Held, sent: &Sent, faults: &Faults) -> Answer<Markup> {
    let record = &held.record;
    let path = format!("/goals/{}", record.id);
    let owners = owners(app, access).await?;
    let owner = owners.iter().find(|member| member.id == record.owner_id).map(|member| member.name.as_str());
    Ok(html! {
        (shell::heading(&[("Goals", &Link::to("/goals"))], &record.name, &html! { (held.reason()) }, &html! {}))
        div id=(FRAGMENT) data-fragment="" {
            (faults.notice(&FIELDS))
            (card("How it stands", &facts(held, owner)))
            @if may(access, Action::WriteGoals) {
                (card("Change it", &inputs(&path, "Save", sent, &owners, faults, access)))
                (card("Delete it", &html! {
                    p.muted { "What was agreed is gone with it; the record of changes stays." }
                    (fields::action(&Link::to(format!("{path}/delete")), "Delete goal", ""))
                }))
            }
        }
    })
}

fn facts(held: &Held, owner: Option<&str>) -> Markup {
    let (record, goal) = (&held.record, &held.goal);
    let shown = |value: Option<f64>| format::or_unknown(value, |value| html! { (written(held, value)) });
    let about = if record.whole_book { "every account" } else { "the accounts of its owner" };
    let rows = [
        ("Standing", html! { (standing(held)) " " (held.reason()) }),
        (
            "Target",
            html! { (goals::in_words(&goal.target, &held.measured.currency)) ", a " (goal.target.scale.name()) },
        ),
        ("Figure", html! { (goal.figure.name()) ": " (goal.figure.doc()) }),
        (
            "Now",
            html! {
                (shown(held.measured.value)) " " span.muted { (held.measured.arithmetic) } " "
                a href=(source(goal.figure)) { "Where it comes from" }
            },
        ),
        ("At the start", html! { (shown(goal.baseline)) " on " (format::day(record.starts_on)) }),
        ("Aim", html! { (shown(goal.aim())) " by " (format::day(record.due_on)) }),
        (
            "Forecast",
            html! {
                @match &held.outlook {
                    Ok(outlook) => { (shown(Some(outlook.value))) " " span.muted { (outlook.said) } " " a href="/forecast" { "Where it comes from" } }
                    Err(why) => { (shown(None)) " " span.muted { "Unknown: " (why) "." } }
                }
            },
        ),
        ("Owner", format::or_unknown(owner, |name| html! { (name) })),
        ("About", html! { (about) }),
    ];
    definitions(&rows)
}

fn inputs(to: &str, button: &str, sent: &Sent, owners: &[Member], faults: &Faults, access: &Access) -> Markup {
    let field = |name, label, value| Field::new(name, label).value(value).error(faults.field(name));
    let figures = Figure::ALL.map(|figure| (figure.as_str(), figure.name()));
    let bases = Base::ALL.map(|base| (base.as_str(), base_word(base)));
    let ids: Vec<String> = owners.iter().map(|member| member.id.to_string()).collect();
    let owners: Vec<_> = ids.iter().zip(owners).map(|(id, member)| (id.as_str(), member.name.as_str())).collect();
    let scopes: &[_] = match access.rows {
        RowFilter::All => &[("book", "Every account"), ("owner", "The owner's accounts")],
        RowFilter::Members(_) => &[("owner", "The owner's accounts")],
    };
    let is_asked = faults.field("value").is_some_and(|fault| fault.contains("Confirm it"));
    html! {
        form.form action=(to) method="post" data-post=(FRAGMENT) {
            (fields::input("text", &field("name", "Name", &sent.name).hint("The figure's name when left out.")))
            div.form-row {
                (fields::select(&figures, &field("figure", "Figure", &sent.figure).required()))
                (fields::select(&bases, &field("base", "What it should do", &sent.base).required()))
            }
            div.form-row {
                (fields::input("number", &field("value", "How much", &sent.value).required()
                    .hint("6 for 6 %; money in whole units; −30 for 30 % less.")))
                (fields::input("number", &field("period_months", "Measured over months", &sent.period_months)
                    .hint("For retention, churn and expansion: 1 a month, 12 a year.")))
            }
            @if is_asked { (fields::checkbox(false, &Field::new("confirmed", "Yes, it is what I mean"))) }
            div.form-row {
                (fields::input("date", &field("due_on", "Due", &sent.due_on).required()))
                (fields::select(&owners, &field("owner_id", "Who answers for it", &sent.owner_id).required()))
                (fields::select(scopes, &field("scope", "About", &sent.scope).required()))
            }
            input type="hidden" name="preset" value=(sent.preset);
            div.actions { (fields::submit(button)) (fields::link_button(&Link::to("/goals"), "Cancel")) }
        }
    }
}
