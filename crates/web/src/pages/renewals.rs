//! `/renewals`: every term that ends soon or ended lately, from the ledger: what is due, the last day to give notice, who
//! looks after it, how the account stands, and what became of it. Beside it what was renewed of what was due in a year.
//!
//! Nothing here is typed in, so nothing can be forgotten: a term that nobody answered is overdue by itself. Absent: what
//! people forecast of a renewal.

use axum::extract::State;
use axum::response::Response;
use chrono::Days;
use domain::Day;
use domain::revenue::{Arr, DueBase, Outcome, Renewal, Sensitivity, Span, View, months_before};
use engine::Engine;
use engine::book::{Book, Row};
use engine::revenue::{NO_RATES, ledger, main_currency};
use maud::{Markup, html};
use report::Ink;
use serde::Deserialize;

use crate::extract::Params;
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::problem::Answer;
use crate::ui::card::{Tile, card, tiles};
use crate::ui::filter::{Chip, chips};
use crate::ui::shell::{self, Nav};
use crate::ui::table::{Column, Sort, Stay, cell, header, row_head, stacking};
use crate::ui::{Link, format, notice, pill};

/// The fragment that chips swap.
const FRAGMENT: &str = "renewals";
/// Days back that are listed.
const BACK: u64 = 90;
/// Days ahead that are listed.
const AHEAD: u64 = 180;
/// Days within which a notice can still be given, to be told apart.
const NOTICE: u64 = 30;

/// Which renewals.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    which: String,
}

/// Which of the listed renewals a chip shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    Overdue,
    Notice,
    Open,
    Renewed,
    Lost,
}

impl Which {
    const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::All, "", "All"),
        (Self::Overdue, "overdue", "Overdue"),
        (Self::Notice, "notice", "Notice within 30 days"),
        (Self::Open, "open", "Open"),
        (Self::Renewed, "renewed", "Renewed"),
        (Self::Lost, "lost", "Lost"),
    ];

    fn shows(self, renewal: &Renewal, today: Day) -> bool {
        let notice = || today <= renewal.notice_by && renewal.notice_by <= later(today, NOTICE);
        match self {
            Self::All => true,
            Self::Overdue => renewal.outcome == Outcome::Overdue,
            Self::Notice => renewal.outcome == Outcome::Open && notice(),
            Self::Open => renewal.outcome == Outcome::Open,
            Self::Renewed => renewal.outcome.is_renewed(),
            Self::Lost => renewal.outcome == Outcome::Lost,
        }
    }
}

fn later(day: Day, days: u64) -> Day {
    day.checked_add_days(Days::new(days)).unwrap_or(Day::MAX)
}

/// The renewals somebody may see.
struct Pipeline {
    today: Day,
    currency: String,
    /// Ended lately or ending soon, by due day.
    renewals: Vec<Renewal>,
    /// Terms that were due in the last twelve months.
    year: DueBase,
}

impl Pipeline {
    fn of(book: &Book, access: &Access) -> Self {
        let today = book.as_of;
        let ledger = ledger(book, |row| row.visible(&access.rows));
        let currency = main_currency(&ledger, today);
        let view = View { currency, rates: &NO_RATES, reactivation_days: None };
        let due = |span: Span| ledger.renewals(span, today, Sensitivity::default(), &view);
        let back = today.checked_sub_days(Days::new(BACK)).unwrap_or(Day::MIN);
        let renewals = due(Span { after: back, through: later(today, AHEAD) });
        let year = DueBase::of(&due(Span { after: months_before(today, 12), through: today }));
        Self { today, currency: currency.to_string(), renewals, year }
    }

    fn sum(&self, which: Which, days: u64) -> (Arr, usize) {
        let until = later(self.today, days);
        let chosen = self.renewals.iter().filter(|renewal| renewal.due <= until && which.shows(renewal, self.today));
        chosen.fold((Arr::ZERO, 0), |(sum, n), renewal| (sum + renewal.arr, n + 1))
    }
}

/// Shows the pipeline.
pub async fn show(
    State(engine): State<Engine>,
    access: Access,
    want: Want,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let book = engine.book();
    let pipeline = Pipeline::of(&book, &access);
    let titled = Titled { title: "Renewals", active: Some(Nav::Revenue) };
    Ok(respond(&access, &engine, want, &titled, &page(&book, &pipeline, &asked)))
}

fn page(book: &Book, pipeline: &Pipeline, asked: &Asked) -> Markup {
    let detail = html! { "Terms that ended in the last " (BACK) " days or end in the next " (AHEAD) };
    html! {
        (shell::heading(&[("Revenue", &Link::to("/revenue"))], "Renewals", &detail, &html! {}))
        (headline(book, pipeline))
        div id=(FRAGMENT) data-fragment="" { (list(book, pipeline, asked)) }
        (card("Of what was due in twelve months", &rates(pipeline)))
    }
}

fn headline(book: &Book, pipeline: &Pipeline) -> Markup {
    let tile = |label, (arr, n): (Arr, usize)| Tile {
        label,
        value: format::money(arr.cents(), &pipeline.currency),
        delta: html! { (format::counted(n as i64, "term", "terms")) },
        explained_at: None,
    };
    let at_risk = pipeline.renewals.iter().filter(|renewal| {
        renewal.outcome == Outcome::Open && book.row(renewal.account_id).is_some_and(|row| row.at_risk())
    });
    let at_risk = at_risk.fold((Arr::ZERO, 0), |(sum, n), renewal| (sum + renewal.arr, n + 1));
    tiles(
        "Key figures",
        &[
            tile("Open in 90 days", pipeline.sum(Which::Open, 90)),
            tile("Open in 180 days", pipeline.sum(Which::Open, AHEAD)),
            tile("Of these, accounts at risk", at_risk),
            tile("Overdue", pipeline.sum(Which::Overdue, AHEAD)),
            tile("Lost or cancelled", pipeline.sum(Which::Lost, AHEAD)),
        ],
    )
}

const DUE: Column<'_> = Column::new("Due");
const NOTICE_BY: Column<'_> = Column::new("Notice by").until(Stay::Tablet);
const AMOUNT: Column<'_> = Column::new("ARR").number();
const HEALTH: Column<'_> = Column::new("Health");
const OWNER: Column<'_> = Column::new("CSM").until(Stay::Tablet);
const STATE: Column<'_> = Column::new("State");
const RENEWED: Column<'_> = Column::new("Renewed at").number().until(Stay::Tablet);
const COLUMNS: [Column<'_>; 8] = [Column::new("Account"), DUE, NOTICE_BY, AMOUNT, HEALTH, OWNER, STATE, RENEWED];

fn list(book: &Book, pipeline: &Pipeline, asked: &Asked) -> Markup {
    let today = pipeline.today;
    let which = Which::ALL.iter().find(|(_, key, _)| *key == asked.which).map_or(Which::All, |(which, ..)| *which);
    let choices = Which::ALL.map(|(each, key, label)| Chip {
        label,
        count: Some(pipeline.renewals.iter().filter(|renewal| each.shows(renewal, today)).count() as i64),
        link: Link::to("/renewals").with("which", key),
        active: each == which,
        ink: None,
    });
    let shown: Vec<&Renewal> = pipeline.renewals.iter().filter(|renewal| which.shows(renewal, today)).collect();
    let rows = html! { @for renewal in &shown {
        @if let Some(row) = book.row(renewal.account_id) { (line(pipeline, row, renewal)) }
    } };
    let head = header(&COLUMNS, Sort { key: "", descending: false }, &Link::to("/renewals"), "");
    html! {
        (chips("Which renewals", &choices, &html! {}, FRAGMENT))
        @if shown.is_empty() {
            (notice::empty("No renewals here", "A renewal is the end of a contract's term; contracts without an end have none.", &html! {}))
        } @else { (stacking("Renewals", &head, &rows)) }
    }
}

fn line(pipeline: &Pipeline, row: &Row, renewal: &Renewal) -> Markup {
    let link = Link::to(format!("/accounts/{}", row.account.id)).with("tab", "revenue");
    let (ink, word) = match renewal.outcome {
        Outcome::Open => (Ink::Grey, "Open"),
        Outcome::Overdue => (Ink::Red, "Overdue"),
        Outcome::Early => (Ink::Green, "Renewed early"),
        Outcome::OnTime => (Ink::Green, "Renewed"),
        Outcome::Late => (Ink::Yellow, "Renewed late"),
        Outcome::Lost => (Ink::Red, "Lost"),
    };
    html! { tr {
        (row_head(&link, &row.account.name, &html! { @if row.at_risk() { "at risk" } }))
        (cell(&DUE, &format::day(renewal.due)))
        (cell(&NOTICE_BY, &format::day(renewal.notice_by)))
        (cell(&AMOUNT, &format::money(renewal.arr.cents(), &pipeline.currency)))
        (cell(&HEALTH, &pill::band(row.health.band, row.health.score)))
        (cell(&OWNER, &html! { @match &row.owner { Some(owner) => (owner.name), None => (format::unknown()) } }))
        (cell(&STATE, &pill::pill(ink, word)))
        (cell(&RENEWED, &html! { @if renewal.outcome.is_renewed() { (format::money(renewal.renewed.cents(), &pipeline.currency)) } }))
    } }
}

fn rates(pipeline: &Pipeline) -> Markup {
    let year = &pipeline.year;
    let money = |arr: Arr| format::money_exact(arr.cents(), &pipeline.currency);
    let rows = [
        ("Gross renewal rate", year.gross_rate(), year.gross, "renewed, each capped at what was due"),
        ("Net renewal rate", year.net_rate(), year.net, "renewed, with growth"),
        ("On time", year.on_time_rate(), year.early + year.on_time, "renewed by the due day"),
        ("Early", year.early_rate(), year.early, "signed more than 30 days ahead"),
        ("Late", year.late_rate(), year.late, "signed after the due day"),
    ];
    html! {
        p { (format::counted(year.count as i64, "term", "terms")) " of " (money(year.due)) " were due."
            @if year.overdue.is_positive() { " " (money(year.overdue)) " of that is overdue and counts as not renewed." } }
        dl.terms { @for (name, rate, part, what) in rows { div {
            dt { (name) }
            dd { b { (format::or_unknown(rate, |rate| format::percent(rate.as_f64()))) } " "
                small.muted { (money(part)) " / " (money(year.due)) ", " (what) } }
        } } }
        p.muted { "The base is what was due, not what recurred: this is neither gross nor net revenue retention." }
    }
}
