//! `/renewals`: every term that ends soon or ended lately: what is due, the last day to give notice, who looks after it,
//! how far it is, what people say and what the model expects, what is missing, and what became of it. Below, both
//! forecasts by month and how good they were, and what was renewed of what was due in a year.
//!
//! The list follows from contracts, so nothing can be forgotten: a term that nobody answered is overdue by itself. What
//! people say is set on the renewal's own page ([`one`]).

mod figures;
pub mod one;

use axum::extract::State;
use axum::response::Response;
use domain::access::Action;
use domain::revenue::{Arr, Outcome};
use engine::Engine;
use engine::book::{Book, Row};
use engine::renewals::{AHEAD, BACK, Entry, Pipeline, Which, frozen, pipeline, table};
use maud::{Markup, html};
use report::Ink;
use serde::Deserialize;
use store::renewal::{Category, LossReason, Stage};

use crate::extract::Params;
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::pages::may;
use crate::pages::rows::{self, As};
use crate::problem::{Answer, Problem};
use crate::ui::card::{Tile, card, tiles};
use crate::ui::filter::{Chip, chips};
use crate::ui::shell::{self, Nav};
use crate::ui::table::{Column, Pages, Sort, Stay, cell, header, pager, row_head, stacking};
use crate::ui::{Link, format, notice, pill};

/// The fragment that chips swap.
const FRAGMENT: &str = "renewals";

/// Which renewals.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    which: String,
    page: String,
}

impl Asked {
    fn which(&self) -> Which {
        Which::parse(&self.which).unwrap_or_default()
    }
}

/// A choice on its chip.
const fn which_word(which: Which) -> &'static str {
    match which {
        Which::All => "All",
        Which::Missing => "Something missing",
        Which::Overdue => "Overdue",
        Which::Notice => "Notice within 30 days",
        Which::Soon => "Open in 90 days",
        Which::Open => "Open",
        Which::Renewed => "Renewed",
        Which::Lost => "Lost",
    }
}

/// Shows the pipeline.
pub async fn show(
    State(engine): State<Engine>,
    access: Access,
    want: Want,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let pipeline = pipeline(&engine, &access.rows).await?;
    let book = engine.book();
    let accuracy = frozen::accuracy(&engine, &access.rows).await?;
    let titled = Titled { title: "Renewals", active: Some(Nav::Revenue) };
    let detail = html! { "Terms that ended in the last " (BACK) " days or end in the next " (AHEAD) };
    let body = html! {
        (shell::heading(&[("Revenue", &Link::to("/revenue"))], "Renewals", &detail, &html! {}))
        (headline(&book, &pipeline))
        div id=(FRAGMENT) data-fragment="" {
            (list(&book, &pipeline, &asked))
            @if may(&access, Action::Export) {
                div.actions { (rows::links(Some(&Link::to("/renewals/rows").with("which", &asked.which)))) }
            }
        }
        (card("What people say and what the model expects", &figures::months(&pipeline)))
        (card("How good the forecasts were", &figures::accuracy(&accuracy, book.owners(), pipeline.currency.as_str())))
        (card("Of what was due in twelve months", &figures::rates(&pipeline)))
    };
    Ok(respond(&access, &engine, want, &titled, &body))
}

/// Takes the renewals that a chip shows out, every one of them.
pub async fn export(
    State(engine): State<Engine>,
    access: Access,
    Params(asked): Params<Asked>,
    Params(file): Params<As>,
) -> Answer<Response> {
    let (pipeline, book) = (pipeline(&engine, &access.rows).await?, engine.book());
    let (today, which) = (pipeline.as_of, asked.which());
    let shown: Vec<&Entry> = pipeline.entries.iter().filter(|entry| which.shows(entry, today)).collect();
    let name = |id: i64| book.row(id).map_or_else(|| format!("account {id}"), |row| row.account.name.clone());
    let rows = table(&pipeline, &shown, name).map_err(Problem::internal)?;
    file.answer(&format!("renewals-{}-{today}", which.as_str()), "Renewals", &rows)
}

fn headline(book: &Book, pipeline: &Pipeline) -> Markup {
    let tile = |label, which: &str, keep: &dyn Fn(&Entry) -> bool| {
        let chosen = pipeline.entries.iter().filter(|entry| keep(entry));
        let (rated, unrated): (Vec<&Entry>, Vec<&Entry>) = chosen.partition(|entry| entry.renewal.rated);
        let (sum, n): (Arr, i64) = (rated.iter().map(|entry| entry.renewal.arr).sum(), rated.len() as i64);
        Tile {
            label,
            value: format::money(sum.cents(), pipeline.currency.as_str()),
            delta: html! { (format::counted(n, "term", "terms"))
            @if !unrated.is_empty() { " and " a href="/revenue/rates" { (unrated.len()) " without a rate" } } },
            explained_at: Some(Link::to("/renewals").with("which", which)),
        }
    };
    let open = |entry: &Entry| entry.renewal.outcome == Outcome::Open;
    let at_risk = |entry: &Entry| book.row(entry.renewal.account_id).is_some_and(|row| row.at_risk());
    tiles(
        "Key figures",
        &[
            tile("Open in 90 days", "soon", &|entry| Which::Soon.shows(entry, pipeline.as_of)),
            tile("Open in 180 days", "open", &open),
            tile("Of these, accounts at risk", "open", &|entry| open(entry) && at_risk(entry)),
            tile("Something missing", "missing", &Entry::needs_somebody),
            tile("Lost or cancelled", "lost", &|entry| entry.renewal.outcome == Outcome::Lost),
        ],
    )
}

/// Renewals on a page.
const PER_PAGE: u64 = 100;

const DUE: Column<'_> = Column::new("Due");
const AMOUNT: Column<'_> = Column::new("ARR").number();
const HEALTH: Column<'_> = Column::new("Health").until(Stay::Tablet);
const STAGE: Column<'_> = Column::new("Stage");
const SAID: Column<'_> = Column::new("People say").number();
const MODEL: Column<'_> = Column::new("Model expects").number().until(Stay::Tablet);
const STATE: Column<'_> = Column::new("State");
const COLUMNS: [Column<'_>; 8] = [Column::new("Account"), DUE, AMOUNT, HEALTH, STAGE, SAID, MODEL, STATE];

fn list(book: &Book, pipeline: &Pipeline, asked: &Asked) -> Markup {
    let today = pipeline.as_of;
    let which = asked.which();
    let choices = Which::ALL.map(|each| Chip {
        label: which_word(each),
        count: Some(pipeline.entries.iter().filter(|entry| each.shows(entry, today)).count() as i64),
        link: Link::to("/renewals").with("which", if each == Which::All { "" } else { each.as_str() }),
        active: each == which,
        ink: None,
    });
    let shown: Vec<&Entry> = pipeline.entries.iter().filter(|entry| which.shows(entry, today)).collect();
    let pages = Pages { page: asked.page.parse().unwrap_or(1), per_page: PER_PAGE, total: shown.len() as u64 };
    let before = (pages.page.clamp(1, pages.last()) - 1) * PER_PAGE;
    let rows = html! { @for entry in shown.iter().skip(before as usize).take(PER_PAGE as usize) {
        @if let Some(row) = book.row(entry.renewal.account_id) { (line(pipeline, row, entry)) }
    } };
    let here = Link::to("/renewals").with("which", &asked.which);
    let head = header(&COLUMNS, Sort { key: "", descending: false }, &here, "");
    html! {
        (chips("Which renewals", &choices, &html! {}, FRAGMENT))
        @if shown.is_empty() {
            (notice::empty("No renewals here", "A renewal is the end of a contract's term; contracts without an end have none.", &html! {}))
        } @else {
            (stacking("Renewals", &head, &rows))
            (pager(pages, &here, FRAGMENT))
        }
    }
}

fn line(pipeline: &Pipeline, row: &Row, entry: &Entry) -> Markup {
    let renewal = &entry.renewal;
    let money = |cents: i64| format::money(cents, pipeline.currency.as_str());
    let missed: Vec<&str> = entry.missed.iter().map(|checkpoint| checkpoint.name.as_str()).collect();
    let detail = html! {
        (entry.owner.as_deref().unwrap_or("no CSM"))
        @if row.at_risk() { " · at risk" }
        @if !missed.is_empty() { " · missed: " (missed.join(", ")) }
    };
    html! { tr {
        (row_head(&one::link(renewal.subscription_id, renewal.due), &row.account.name, &detail))
        (cell(&DUE, &html! {
            (format::day(renewal.due))
            @if renewal.outcome == Outcome::Open { br; small.muted { "notice by " (format::day(renewal.notice_by)) } }
        }))
        (cell(&AMOUNT, &due(pipeline, entry)))
        (cell(&HEALTH, &pill::band(row.health.band, row.health.score)))
        (cell(&STAGE, &html! { (stage_word(entry.stage())) }))
        (cell(&SAID, &html! {
            (format::or_unknown(entry.forecast_cents(), money))
            @if let Some(category) = entry.said.as_ref().and_then(|said| said.category) { br; small.muted { (category_word(category)) } }
        }))
        (cell(&MODEL, &html! {
            (format::or_unknown(entry.machine_cents(), money))
            @if let Some(chance) = entry.chance { br; small.muted { (format::percent(chance)) " stay" } }
        }))
        (cell(&STATE, &html! {
            (state(renewal.outcome))
            @if let Some(cents) = entry.renewed_cents().filter(|_| renewal.outcome.is_renewed()) { br; small.muted { "renewed at " (money(cents)) } }
            @if let Some(reason) = entry.said.as_ref().and_then(|said| said.loss_reason).filter(|_| !renewal.outcome.is_renewed()) { br; small.muted { (reason_word(reason)) } }
        }))
    } }
}

/// What is due: in the currency of the pipeline, or, where no rate converts it, in its own.
fn due(pipeline: &Pipeline, entry: &Entry) -> Markup {
    let renewal = &entry.renewal;
    match entry.due_cents() {
        Some(cents) => format::money(cents, pipeline.currency.as_str()),
        None => {
            html! { (format::money(renewal.sold.cents(), renewal.currency.as_str())) br; small.muted { "no rate" } }
        }
    }
}

/// What became of a renewal, as a pill.
fn state(outcome: Outcome) -> Markup {
    let (ink, word) = match outcome {
        Outcome::Open => (Ink::Grey, "Open"),
        Outcome::Overdue => (Ink::Red, "Overdue"),
        Outcome::Early => (Ink::Green, "Early"),
        Outcome::OnTime => (Ink::Green, "Renewed"),
        Outcome::Late => (Ink::Yellow, "Late"),
        Outcome::Lost => (Ink::Red, "Lost"),
    };
    pill::pill(ink, word)
}

/// A stage on screen.
const fn stage_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Upcoming => "Upcoming",
        Stage::Preparing => "Preparing",
        Stage::InTalks => "In talks",
        Stage::Proposed => "Proposed",
        Stage::Agreed => "Agreed by word",
    }
}

/// A category on screen.
const fn category_word(category: Category) -> &'static str {
    match category {
        Category::Commit => "Commit",
        Category::BestCase => "Best case",
        Category::AtRisk => "At risk",
        Category::Lost => "Will be lost",
    }
}

/// A reason on screen.
const fn reason_word(reason: LossReason) -> &'static str {
    match reason {
        LossReason::Price => "Price",
        LossReason::NoValue => "No result seen",
        LossReason::Adoption => "Too little used",
        LossReason::ProductGap => "Something was missing",
        LossReason::Competitor => "Another product",
        LossReason::Budget => "Budget",
        LossReason::SponsorLeft => "Sponsor left",
        LossReason::Acquired => "Acquired or merged",
        LossReason::Closed => "Closed down",
        LossReason::Other => "Something else",
    }
}
