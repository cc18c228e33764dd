//! `/goals`: what the book is meant to reach, where it is, whether it is on track and why, and who answers for it. Every
//! actual figure leads to the page that explains it. Goals that teams often set stand below as proposals. A target
//! that would rather fit another scale comes back once with the question whether it is meant.

mod edit;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::access::{Action, RowFilter};
use domain::goal::{Figure, PRESETS, Preset, Standing};
use domain::revenue::{Base, Scale};
use engine::Book;
use engine::goals::{self, Held};
use lake::{Frame, FrameError};
use maud::{Markup, html};
use report::Ink;
use store::member;

use crate::extract::Params;
use crate::gate::Access;
use crate::goal;
use crate::page::{Titled, Want, respond};
use crate::pages::may;
use crate::pages::rows::{As, links};
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::card::{card, plain};
use crate::ui::shell::Nav;
use crate::ui::table::{Column, Sort, Stay, cell, header, row_head, stacking};
use crate::ui::{Link, form, format, notice, pill, shell};

pub use edit::{change, create, delete, form as new, one};

/// What the page is made from.
struct View<'a> {
    book: &'a Book,
    held: Vec<Arc<Held>>,
    names: HashMap<i64, String>,
    may_export: bool,
    may_set: bool,
    sees_all: bool,
}

/// Takes the goals one sees out, with what they are and were.
pub async fn export(State(app): State<AppState>, access: Access, Params(file): Params<As>) -> Answer<Response> {
    let book = app.engine.book();
    let model = app.engine.forecast();
    let held = |record| goals::hold(&book, model.as_deref(), record).transpose();
    let held: Vec<Arc<Held>> =
        goal::list(&app, &access).await?.into_iter().filter_map(held).collect::<Result<_, _>>()?;
    let names: HashMap<i64, String> =
        member::all(app.engine.store()).await?.into_iter().map(|member| (member.id, member.name)).collect();
    let rows = frame(&held, &names).map_err(Problem::internal)?;
    file.answer(&format!("goals-{}", book.as_of), "Goals", &rows)
}

/// Goals as a table; figures as they are measured, money in minor units.
fn frame(held: &[Arc<Held>], names: &HashMap<i64, String>) -> Result<Frame, FrameError> {
    let all = || held.iter();
    Frame::new([
        ("goal_id", all().map(|it| it.record.id).collect::<lake::Column>()),
        ("name", all().map(|it| Some(it.record.name.clone())).collect()),
        ("figure", all().map(|it| Some(it.record.figure.clone())).collect()),
        ("base", all().map(|it| Some(it.record.base.clone())).collect()),
        ("period_months", all().map(|it| i64::from(it.record.period_months)).collect()),
        ("at_the_start", all().map(|it| it.record.baseline).collect()),
        ("actual", all().map(|it| it.measured.value).collect()),
        ("aim", all().map(|it| it.goal.aim()).collect()),
        ("forecast", all().map(|it| Some(it.outlook.as_ref().ok()?.value)).collect()),
        ("currency", all().map(|it| Some(it.measured.currency.clone())).collect()),
        ("due_on", all().map(|it| Some(it.record.due_on)).collect()),
        ("owner", all().map(|it| names.get(&it.record.owner_id).cloned()).collect()),
        ("standing", all().map(|it| Some(it.judgement.standing.as_str())).collect()),
        ("why", all().map(|it| Some(it.reason())).collect()),
    ])
}

/// Shows the page.
pub async fn show(State(app): State<AppState>, access: Access, want: Want) -> Answer<Response> {
    let book = app.engine.book();
    let records = goal::list(&app, &access).await?;
    let members = member::all(app.engine.store()).await?;
    let model = app.engine.forecast();
    let held = |record| goals::hold(&book, model.as_deref(), record).transpose();
    let view = View {
        held: records.into_iter().filter_map(held).collect::<Result<_, _>>()?,
        names: members.into_iter().map(|member| (member.id, member.name)).collect(),
        may_export: may(&access, Action::Export),
        may_set: may(&access, Action::WriteGoals),
        sees_all: access.rows == RowFilter::All,
        book: &book,
    };
    let titled = Titled { title: "Goals", active: Some(Nav::Goals) };
    Ok(respond(&access, &app.engine, want, &titled, &page(&view)))
}

fn page(view: &View<'_>) -> Markup {
    let count = |standing: Standing| view.held.iter().filter(|held| held.judgement.standing == standing).count();
    let good = count(Standing::Reached) + count(Standing::OnTrack);
    let detail = html! {
        "As of " (format::day(view.book.as_of)) " · " (good) " of "
        (format::counted(view.held.len() as i64, "goal", "goals")) " reached or on track"
    };
    let new = html! { @if view.may_set { (form::primary_link(&Link::to("/goals/new"), "New goal")) } };
    html! {
        (shell::heading(&[], "Goals", &detail, &new))
        div id="goals" data-fragment="" data-live-src="/goals" {
            @if view.held.is_empty() {
                (notice::empty("No goals yet", nothing_said(view), &html! {}))
            } @else {
                (plain(&html! { (table(view)) (remark()) }))
                @if view.may_export { div.actions { (links(Some(&Link::to("/goals/rows")))) } }
            }
            @if view.may_set { (presets(view)) }
        }
    }
}

fn nothing_said(view: &View<'_>) -> &'static str {
    match (view.may_set, view.sees_all) {
        (true, _) => "Set one, or begin with a proposal below.",
        (false, true) => "An admin or a manager sets them.",
        (false, false) => {
            "There is none about your accounts. Goals about the whole book are shown to those who see it."
        }
    }
}

fn remark() -> Markup {
    html! {
        p.muted {
            "A goal is on track when its figure is forecast to be there when it is due: " a href="/forecast" { "the forecast" } " knows \
             ARR, net and gross retention, customer churn and churned revenue of the next four quarters. Where nothing forecasts the \
             figure, it is on track when it is at least as good as a straight line from where it stood to the goal."
        }
    }
}

const GOAL: Column<'_> = Column::new("Goal");
const START: Column<'_> = Column::new("At the start").number().until(Stay::Tablet);
const NOW: Column<'_> = Column::new("Now").number();
const AIM: Column<'_> = Column::new("Aim").number();
const FORECAST: Column<'_> = Column::new("Forecast").number().until(Stay::Tablet);
const DUE: Column<'_> = Column::new("Due");
const OWNER: Column<'_> = Column::new("Owner");
const STANDING: Column<'_> = Column::new("Standing");
const COLUMNS: [Column<'_>; 8] = [GOAL, START, NOW, AIM, FORECAST, DUE, OWNER, STANDING];

fn table(view: &View<'_>) -> Markup {
    let head = header(&COLUMNS, Sort { key: "", descending: false }, &Link::to("/goals"), "goals");
    stacking("Goals", &head, &html! { @for held in &view.held { (line(view, held)) } })
}

fn line(view: &View<'_>, held: &Held) -> Markup {
    let record = &held.record;
    let shown = |value: Option<f64>| format::or_unknown(value, |value| html! { (written(held, value)) });
    let about = html! { (goals::in_words(&held.goal.target, &held.measured.currency)) ". " (held.reason()) };
    let owner = view.names.get(&record.owner_id);
    html! {
        tr {
            (row_head(&Link::to(format!("/goals/{}", record.id)), &record.name, &about))
            (cell(&START, &shown(held.goal.baseline)))
            (cell(&NOW, &html! { a href=(explained(held)) { (shown(held.measured.value)) } }))
            (cell(&AIM, &shown(held.goal.aim())))
            (cell(&FORECAST, &shown(held.outlook.as_ref().ok().map(|outlook| outlook.value))))
            (cell(&DUE, &format::day(record.due_on)))
            (cell(&OWNER, &html! {
                (format::or_unknown(owner, |name| html! { (name) }))
                @if !record.whole_book { " " span.muted { "own accounts" } }
            }))
            (cell(&STANDING, &standing(held)))
        }
    }
}

/// How a goal stands, as a word with its colour.
fn standing(held: &Held) -> Markup {
    let standing = held.judgement.standing;
    let (ink, word) = match standing {
        Standing::Reached => (Ink::Green, "Reached"),
        Standing::OnTrack => (Ink::Green, "On track"),
        Standing::Behind => (Ink::Yellow, "Behind"),
        Standing::Missed => (Ink::Red, "Missed"),
        Standing::Unknown => (Ink::Grey, "Unknown"),
    };
    pill::pill(ink, word)
}

fn written(held: &Held, value: f64) -> String {
    match held.goal.target.scale {
        Scale::Money => format::money_text(value.round() as i64, &held.measured.currency),
        scale => goals::written(scale, value, &held.measured.currency),
    }
}

/// The page that explains a goal's figure: its arithmetic stands on the goal's own page, its rows on the figure's.
fn explained(held: &Held) -> Link {
    Link::to(format!("/goals/{}", held.record.id))
}

/// Where the rows behind a figure are.
fn source(figure: Figure) -> Link {
    match figure {
        Figure::NetRetention => Link::to("/revenue/figures/nrr"),
        Figure::GrossRetention => Link::to("/revenue/figures/grr"),
        Figure::Churn => Link::to("/revenue/figures/logo_churn"),
        Figure::ChurnedRevenue => Link::to("/revenue/figures/churn"),
        Figure::Expansion => Link::to("/revenue/figures/expansion"),
        Figure::Arr => Link::to("/revenue/figures/arr"),
        Figure::LifetimeValue | Figure::AcquisitionCost => Link::to("/lifetime"),
        Figure::ValueToCost => Link::to("/lifetime#value-to-cost"),
        Figure::Green => Link::to("/accounts").with("expression", "band = 'green'"),
        Figure::Red => Link::to("/accounts").with("expression", "band = 'red'"),
        Figure::Nps => Link::to("/accounts").with("expression", "days_since_nps < 365"),
        Figure::Satisfaction => Link::to("/accounts").with("expression", "csat_mean_365d > 0"),
    }
}

/// A base in words.
const fn base_word(base: Base) -> &'static str {
    match base {
        Base::Level => "Reach a level",
        Base::Change => "Change by points",
        Base::Relative => "Change by per cent",
    }
}

fn presets(view: &View<'_>) -> Markup {
    let taken = |preset: &Preset| view.held.iter().any(|held| held.record.preset.as_deref() == Some(preset.key));
    card(
        "Proposals",
        &html! {
            p.muted { "Goals that customer success teams often set. Where the usual words leave open what is meant, the proposal says how it reads them." }
            ul.plain {
                @for preset in PRESETS {
                    li {
                        a href=(Link::to("/goals/new").with("preset", preset.key)) { (preset.name) }
                        " " span.muted { (preset.figure.name()) ": " (goals::in_words(&preset.target(), "")) ". " (preset.says) }
                        @if taken(preset) { " " span.muted { "Set." } }
                    }
                }
            }
        },
    )
}
