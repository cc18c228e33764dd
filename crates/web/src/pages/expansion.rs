//! `/expansion`: who is ready to buy more and what, and the opportunities people pursue, by stage. Readiness and white
//! space are computed from the book; an opportunity is typed in, beginning from a room where there is one.

mod form;
pub mod one;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::access::Action;
use domain::scorecard::Health;
use engine::expansion::{Idle, Prospect, Reason, Room, prospects, reasons};
use engine::{Book, Row};
use maud::{Markup, html};
use report::Ink;
use serde::Deserialize;
use store::opportunity::{self, Kind, Stage};
use store::{Opportunity, StoreError};

use crate::extract::Params;
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::pages::may;
use crate::problem::Answer;
use crate::state::AppState;
use crate::ui::card::{Tile, card, tiles};
use crate::ui::shell::{self, Nav};
use crate::ui::table::{Column, Pages, Sort, Stay, cell, header, pager, row_head, stacking};
use crate::ui::{Link, format, notice, pill};

/// Accounts listed.
const ACCOUNTS: usize = 60;
/// Rooms named of an account.
const ROOMS: usize = 3;
/// Opportunities listed on a page.
const PER_PAGE: u64 = 50;
/// The fragment that pages of opportunities swap.
const FRAGMENT: &str = "opportunities";

/// Which opportunities.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    page: String,
}

pub(super) const TITLED: Titled<'_> = Titled { title: "Expansion", active: Some(Nav::Revenue) };

/// The word of a kind on screen.
pub(super) const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Seat => "Seats",
        Kind::Feature => "Feature",
        Kind::UseCase => "Use case",
        Kind::Organisation => "Organisation",
    }
}

/// The word of a stage on screen.
pub(super) const fn stage_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Identified => "Identified",
        Stage::Presented => "Presented",
        Stage::Case => "Business case",
        Stage::Approved => "Approved",
        Stage::Won => "Won",
        Stage::Lost => "Lost",
    }
}

/// A page of opportunities, and what all of them come to.
struct Opportunities {
    pages: Pages,
    shown: Vec<Opportunity>,
    sums: Vec<opportunity::Sum>,
}

impl Opportunities {
    async fn of(app: &AppState, access: &Access, asked: &Asked) -> Result<Self, StoreError> {
        let (db, today) = (app.engine.store().read(), app.engine.today());
        let sums = opportunity::sums(db, &access.rows, today).await?;
        let total = sums.iter().map(|sum| sum.count.unsigned_abs()).sum();
        let pages = Pages { page: asked.page.parse().unwrap_or(1), per_page: PER_PAGE, total };
        let offset = (pages.page.clamp(1, pages.last()) - 1) * PER_PAGE;
        let shown = opportunity::by_stage(db, &access.rows, today, (offset, PER_PAGE)).await?;
        Ok(Self { pages, shown, sums })
    }

    fn count(&self, which: impl Fn(Stage) -> bool) -> i64 {
        self.sums.iter().filter(|sum| which(sum.stage)).map(|sum| sum.count).sum()
    }
}

/// Shows the page.
pub async fn show(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let book = app.engine.book();
    let opportunities = Opportunities::of(&app, &access, &asked).await?;
    let found = prospects(&book, &access.rows);
    let page = page(&book, &opportunities, &found, may(&access, Action::WriteAccounts));
    Ok(respond(&access, &app.engine, want, &TITLED, &page))
}

fn page(book: &Book, all: &Opportunities, found: &[Arc<Prospect>], writes: bool) -> Markup {
    let detail = html! { "As of " (format::day(book.as_of)) " · " (book.definitions.expansion.name) };
    let actions = html! { a.btn href="/revenue" { "Revenue" } @if writes { a.btn.primary href="/expansion/new" { "New opportunity" } } };
    html! {
        (shell::heading(&[("Revenue", &Link::to("/revenue"))], "Expansion", &detail, &actions))
        (headline(book, all, found))
        (card("Opportunities", &pipeline(book, all)))
        (card("Who is ready, and for what", &ready(book, found, writes)))
        (card("How readiness is computed", &definition(book)))
    }
}

/// Sums of amounts by currency, as text.
fn sums<'a>(amounts: impl Iterator<Item = (&'a str, i64)>) -> Markup {
    let mut sums: std::collections::BTreeMap<&str, i64> = std::collections::BTreeMap::new();
    for (currency, cents) in amounts {
        *sums.entry(currency).or_default() += cents;
    }
    html! {
        @if sums.is_empty() { (format::count(0)) }
        @for (at, (currency, cents)) in sums.iter().enumerate() { @if at > 0 { " + " } (format::money(*cents, currency)) }
    }
}

fn headline(book: &Book, all: &Opportunities, found: &[Arc<Prospect>]) -> Markup {
    let open = |stage: Stage| !stage.is_closed();
    let open_sums = all.sums.iter().filter(|sum| open(sum.stage));
    let open_sums = sums(open_sums.map(|sum| (sum.currency.as_str(), sum.amount_cents)));
    let (won, closed) = (all.count(|stage| stage == Stage::Won), all.count(Stage::is_closed));
    let green = found.iter().filter(|it| it.readiness.band == domain::scorecard::Band::Green);
    tiles(
        "Key figures",
        &[
            Tile {
                label: "Open opportunities",
                value: open_sums,
                delta: html! { (format::counted(all.count(open), "opportunity", "opportunities")) },
                explained_at: Some(Link::to("/expansion#opportunities")),
            },
            Tile {
                label: "Won of decided",
                value: format::or_unknown((closed > 0).then(|| won as f64 / closed as f64), format::percent),
                delta: html! { (won) " of " (closed) },
                explained_at: Some(Link::to("/expansion#opportunities")),
            },
            Tile {
                label: "Ready accounts",
                value: html! { (format::count(green.clone().count() as i64)) },
                delta: html! { "of " (format::counted(found.len() as i64, "account that pays", "accounts that pay")) },
                explained_at: Some(Link::to("/expansion#ready")),
            },
            Tile {
                label: "White space of the ready",
                value: sums(green.map(|it| (book.currency(), it.arr_cents()))),
                delta: html! { "a year, if all of it were bought" },
                explained_at: Some(Link::to("/expansion#ready")),
            },
        ],
    )
}

const WHAT: Column<'_> = Column::new("Opportunity");
const STAGE: Column<'_> = Column::new("Stage");
const KIND: Column<'_> = Column::new("Kind").until(Stay::Tablet);
const AMOUNT: Column<'_> = Column::new("ARR").number();
const RETURN: Column<'_> = Column::new("Customer's return").number().until(Stay::Tablet);
const CLOSE: Column<'_> = Column::new("Decided by");
const NO_SORT: Sort<'_> = Sort { key: "", descending: false };

fn pipeline(book: &Book, all: &Opportunities) -> Markup {
    let rows = html! { @for it in &all.shown { (line(book, it)) } };
    html! {
        div id=(FRAGMENT) data-fragment="" {
            @if all.shown.is_empty() {
                (notice::empty("No opportunities yet", "Begin one from what an account below could buy, or by hand.", &html! {}))
            } @else {
                (stacking("Opportunities", &header(&[WHAT, STAGE, KIND, AMOUNT, RETURN, CLOSE], NO_SORT, &Link::to("/expansion"), ""), &rows))
                (pager(all.pages, &Link::to("/expansion"), FRAGMENT))
            }
        }
    }
}

const fn ink(stage: Stage) -> Ink {
    match stage {
        Stage::Won => Ink::Green,
        Stage::Lost => Ink::Red,
        Stage::Approved => Ink::Two,
        Stage::Identified | Stage::Presented | Stage::Case => Ink::Grey,
    }
}

fn line(book: &Book, it: &Opportunity) -> Markup {
    let name = book.row(it.account_id).map_or("", |row| &row.account.name);
    html! { tr {
        (row_head(&Link::to(format!("/expansion/{}", it.id)), &it.title, &html! { (name) }))
        (cell(&STAGE, &pill::pill(ink(it.stage), stage_word(it.stage))))
        (cell(&KIND, &html! { (kind_word(it.kind)) }))
        (cell(&AMOUNT, &format::money(it.amount_cents, &it.currency)))
        (cell(&RETURN, &format::or_unknown(it.return_on_investment(), format::percent)))
        (cell(&CLOSE, &html! { @match it.closed_on { Some(day) => (format::day(day)), None => (format::relative(it.close_on, book.as_of)) } }))
    } }
}

const ACCOUNT: Column<'_> = Column::new("Account");
const READY: Column<'_> = Column::new("Readiness");
const WHY: Column<'_> = Column::new("Why").until(Stay::Tablet);
const SPACE: Column<'_> = Column::new("Could buy");
const ARR: Column<'_> = Column::new("ARR").number().until(Stay::Tablet);

fn ready(book: &Book, found: &[Arc<Prospect>], writes: bool) -> Markup {
    let line = |it: &Prospect| {
        let Some(row) = book.row(it.account_id) else { return html! {} };
        let link = Link::to(format!("/accounts/{}", it.account_id));
        html! { tr {
            (row_head(&link, &row.account.name, &html! { (row.account.tier.as_deref().unwrap_or("")) }))
            (cell(&READY, &html! { (readiness(&it.readiness)) }))
            (cell(&WHY, &why(book, row, &it.readiness)))
            (cell(&SPACE, &html! { div.wrap { (rooms(book, row, &it.rooms, writes)) (idle(row, &it.idle)) } }))
            (cell(&ARR, &format::or_unknown(book.arr_cents(row), |cents| format::money(cents, book.currency()))))
        } }
    };
    let rows = html! { @for it in found.iter().take(ACCOUNTS) { (line(it)) } };
    html! {
        div id="ready" {
            @if found.is_empty() {
                (notice::empty("Nobody pays", "Readiness is computed for accounts under contract.", &html! {}))
            } @else {
                (stacking("Accounts by readiness", &header(&[ACCOUNT, READY, WHY, SPACE, ARR], NO_SORT, &Link::to("/expansion"), ""), &rows))
                @if found.len() > ACCOUNTS { p.muted { "The readiest " (ACCOUNTS) " of " (format::count(found.len() as i64)) "." } }
            }
        }
    }
}

/// A score out of a hundred; not a colour of health, which this is not.
fn readiness(readiness: &Health) -> Markup {
    html! {
        b { (format::or_unknown(readiness.score, |score| html! { (format::number(score, 0)) })) }
        small.muted { " " (format::percent_text(readiness.coverage)) " known" }
    }
}

/// What speaks loudest for it and against it, each with its explanation.
fn why(book: &Book, row: &Arc<Row>, readiness: &Health) -> Markup {
    let reasons = reasons(book, readiness);
    let known: Vec<&Reason> = reasons.iter().filter(|reason| reason.points.is_some()).collect();
    let pros = known.iter().take(2).filter(|reason| reason.points.is_some_and(|points| points >= 50.0));
    let cons = known.iter().rev().take(1).filter(|reason| reason.points.is_some_and(|points| points < 50.0));
    let said = |reason: &Reason| {
        let metric = book.definitions.catalogue.get(&reason.metric);
        let value = metric
            .zip(reason.value)
            .map_or_else(String::new, |(metric, value)| format::minus(&book.written(row, metric, value)));
        html! { a href=(format!("/accounts/{}/metrics/{}", row.account.id, reason.metric)) { (reason.name) } " " (value) }
    };
    html! { ul.plain {
        @for reason in pros { li { "+ " (said(reason)) } }
        @for reason in cons { li { "− " (said(reason)) } }
    } }
}

fn rooms(book: &Book, row: &Arc<Row>, rooms: &[Room], writes: bool) -> Markup {
    let begin = |room: &Room| {
        Link::to("/expansion/new")
            .with("account", row.account.id)
            .with("kind", room.kind)
            .with("title", &room.what)
            .with("amount", room.arr_cents.map_or_else(String::new, |cents| form::plain(cents, book.currency())))
    };
    html! {
        @if rooms.is_empty() { span.muted { "nothing in sight" } } @else { ul.plain {
            @for room in rooms.iter().take(ROOMS) { li {
                @if writes { a href=(begin(room)) { (room.what) } } @else { (room.what) }
                " " (format::or_unknown(room.arr_cents, |cents| format::money(cents, book.currency())))
                small.muted { " " (room.reason) }
            } }
            @if rooms.len() > ROOMS { li.muted { "and " (rooms.len() - ROOMS) " more" } }
        } }
    }
}

/// What was sold and is not used; each part leads to the arithmetic of its use.
fn idle(row: &Arc<Row>, idle: &[Idle]) -> Markup {
    html! {
        @if !idle.is_empty() {
            div { small.muted {
                "Has and does not use: "
                @for (at, it) in idle.iter().enumerate() {
                    @if at > 0 { ", " }
                    a href=(format!("/accounts/{}/metrics/{}", row.account.id, it.metric)) {
                        (format::number(it.unused(), 0)) " of " (format::number(it.has, 0)) " " (it.kind) "s"
                    }
                }
            } }
        }
    }
}

fn definition(book: &Book) -> Markup {
    let card = &book.definitions.expansion;
    html! {
        p { (card.doc) }
        ul { @for dimension in &card.dimensions { li {
            b { (dimension.name) } ", weight " (format::number(dimension.weight, 0)) ": "
            @for (at, measure) in dimension.measures.iter().enumerate() {
                @if at > 0 { ", " }
                (book.definitions.catalogue.get(&measure.metric).map_or(measure.metric.as_str(), |metric| &metric.name))
            }
        } } }
        p.muted { "What is unknown drops out and lowers how much is known. Seats count as used up from 85 %; a product is missed where two of five accounts of the same tier hold it. What an account has and does not use (features it is entitled to, seats it pays for, over 28 days) stands under what it could buy: having that used comes first." }
    }
}
