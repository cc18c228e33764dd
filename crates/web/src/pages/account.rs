//! `/accounts/{id}`: one account in one screen, as of today or any day: how
//! healthy and why, what it uses, what it pays, who is there, what happened and
//! what to do. What a person learns is logged here, and the page follows.

pub mod contact;
pub mod explain;
pub mod fields;
mod overview;
mod people;
mod revenue;
mod usage;
pub mod work;
mod worth;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::Day;
use engine::{Book, Engine, Row};
use maud::{Markup, html};
use serde::Deserialize;
use store::account::Stage;

use crate::extract::{At, Form, Params};
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::problem::{Answer, Problem};
use crate::ui::shell::Nav;
use crate::ui::{Link, format, notice, shell, tabs};

pub use explain::show as explain;
pub use work::log_touchpoint;

/// The fragment that is swapped and refreshed live.
pub(super) const FRAGMENT: &str = "account";

/// The parameters of the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    tab: String,
    as_of: String,
}

/// An account with everything its tabs need to find more.
pub(super) struct Subject<'a> {
    pub(super) engine: &'a Engine,
    pub(super) book: Arc<Book>,
    pub(super) row: Arc<Row>,
    /// Whether the day is not today.
    pub(super) past: bool,
    pub(super) asked: Asked,
}

impl Subject<'_> {
    pub(super) fn id(&self) -> i64 {
        self.row.account.id
    }

    pub(super) fn as_of(&self) -> Day {
        self.book.as_of
    }

    pub(super) fn value(&self, metric: &str) -> Option<f64> {
        self.book.value(&self.row, metric)
    }

    /// The page's address with its day.
    pub(super) fn link(&self) -> Link {
        Link::to(format!("/accounts/{}", self.id())).with("as_of", &self.asked.as_of)
    }

    /// Where a metric is explained.
    pub(super) fn explained(&self, metric: &str) -> Link {
        Link::to(format!("/accounts/{}/metrics/{metric}", self.id())).with("as_of", &self.asked.as_of)
    }
}

const TABS: [(&str, &str); 6] = [
    ("", "Overview"),
    ("usage", "Usage"),
    ("revenue", "Revenue"),
    ("people", "People"),
    ("metrics", "All metrics"),
    ("fields", "Fields"),
];

/// Shows the account.
pub async fn show(
    State(engine): State<Engine>,
    access: Access,
    want: Want,
    At(id): At<i64>,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let subject = find(&engine, &access, id, asked).await?;
    let body = match subject.asked.tab.as_str() {
        "usage" => usage::tab(&subject).await?,
        "revenue" => revenue::tab(&subject).await?,
        "people" => people::tab(&subject).await?,
        "metrics" => overview::metrics(&subject),
        "fields" => fields::tab(&subject, &access, &fields::sheet::Typed::default()).await?,
        _ => overview::tab(&subject).await?,
    };
    let titled = Titled { title: &subject.row.account.name, active: Some(Nav::Portfolio) };
    Ok(respond(&access, &engine, want, &titled, &frame(&subject, &body)))
}

/// The day before today that was asked for, if one was.
fn past_day(text: &str, today: Day) -> Answer<Option<Day>> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |_| Problem::invalid("as_of", format!("`{text}` is no day: write it like 2026-03-31."));
    let day: Day = text.parse().map_err(wrong)?;
    if day > today {
        return Err(Problem::invalid("as_of", format!("{day} has not come yet.")));
    }
    Ok(Some(day).filter(|day| *day < today))
}

/// The account as of the day that was asked for, if one may see it.
async fn find<'a>(engine: &'a Engine, access: &Access, id: i64, asked: Asked) -> Answer<Subject<'a>> {
    let today = engine.book();
    // Whoever may see the account today may see its past.
    let current = today.visible_row(id, &access.rows).ok_or_else(Problem::not_found)?;
    let Some(day) = past_day(&asked.as_of, today.as_of)? else {
        let row = Arc::clone(current);
        return Ok(Subject { engine, row, book: today, past: false, asked });
    };
    let book = engine.account_as_of(id, day, None).await.map_err(Problem::internal)?;
    let row = book.row(id).cloned().ok_or_else(|| {
        Problem::refused(
            axum::http::StatusCode::NOT_FOUND,
            "before_customer",
            format!("{} was not a customer yet on {day}.", current.account.name),
        )
    })?;
    Ok(Subject { engine, book: Arc::new(book), row, past: true, asked })
}

fn frame(subject: &Subject<'_>, body: &Markup) -> Markup {
    let account = &subject.row.account;
    let words = [
        account.domain.as_deref(),
        account.tier.as_deref(),
        account.industry.as_deref(),
        account.region.as_deref(),
        account.stage.map(Stage::as_str),
    ];
    let detail = html! { (words.into_iter().flatten().collect::<Vec<_>>().join(" · ")) };
    let tab = |(key, label): (&'static str, &'static str)| tabs::Tab {
        label,
        link: subject.link().with("tab", key),
        count: None,
        active: subject.asked.tab == key,
    };
    let all = TABS.map(tab);
    html! {
        (shell::heading(&[("Portfolio", &Link::to("/accounts"))], &account.name, &detail, &actions(subject)))
        div id=(FRAGMENT) data-fragment="" data-account=(subject.id()) {
            @if subject.past {
                (notice::remark(&html! {
                    "This is the account as of " b { (format::day(subject.as_of())) } ", computed from what is known now. "
                    a href=(Link::to(format!("/accounts/{}", subject.id()))) { "Back to today" }
                }))
            }
            @if !subject.row.active {
                (notice::remark(&html! { "This account is no longer a customer"
                    @if let Some(day) = account.customer_to { ", since " (format::day(day)) } "." }))
            }
            (tabs::tabs("Account", &all, FRAGMENT))
            (body)
        }
    }
}

fn actions(subject: &Subject<'_>) -> Markup {
    html! {
        form.as-of method="get" action=(format!("/accounts/{}", subject.id())) {
            @if !subject.asked.tab.is_empty() { input type="hidden" name="tab" value=(subject.asked.tab); }
            label { "As of " input type="date" name="as_of" value=(subject.as_of()) max=(subject.engine.today()); }
            button.btn { "Show" }
        }
        @if !subject.past { (work::touchpoint_opener()) (work::touchpoint_dialog(subject)) }
    }
}

/// A touchpoint somebody logs, or a sentiment they set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSentiment {
    score: i16,
    #[serde(default)]
    note: String,
}

/// Sets the CSM's sentiment.
pub async fn set_sentiment(
    State(engine): State<Engine>,
    access: Access,
    At(id): At<i64>,
    Form(new): Form<NewSentiment>,
) -> Answer<Response> {
    let book = engine.book();
    book.visible_row(id, &access.rows).ok_or_else(Problem::not_found)?;
    if !(1..=5).contains(&new.score) {
        return Err(Problem::invalid("score", "Sentiment lies between 1 and 5."));
    }
    let now = engine.now();
    let fact = store::CsmSentiment {
        id: 0,
        account_id: id,
        member_id: access.member_id()?,
        score: new.score,
        note: Some(new.note.trim().to_owned()).filter(|note| !note.is_empty()),
        occurred_at: now,
        recorded_at: now,
    };
    engine.store().write(async |tx| store::record::insert(tx, fact).await).await.map_err(Problem::internal)?;
    engine.touch(id);
    Ok(Redirect::to(&format!("/accounts/{id}")).into_response())
}
