//! `/forecast/figures/{measure}`: why one figure of the forecast is what it is: meaning, arithmetic with its numbers, and
//! the accounts it hangs on, with what each has at stake. Sums of means add up exactly; medians and bands do not, and say so.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::access::Action;
use engine::forecast::{Ask, Forecast, Leaver, Means, Measure, SEED, forecast};
use engine::{Book, Engine};
use lake::{Frame, FrameError};
use maud::{Markup, html};

use super::{Asked, view};
use crate::extract::{At, Params};
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::pages::may;
use crate::pages::rows::{As, links};
use crate::problem::{Answer, Problem};
use crate::ui::card::{card, card_with, definitions};
use crate::ui::shell::{self, Nav};
use crate::ui::table::{Column, Sort, Stay, cell, header, row_head, stacking};
use crate::ui::{Link, format, notice};

/// Accounts printed on the page.
const ROWS: usize = 200;

/// What was asked for and what was drawn for it.
struct Drawing {
    measure: Measure,
    quarter: usize,
    drawn: Arc<Forecast>,
    leavers: Arc<Vec<Leaver>>,
    scenario: String,
}

impl Drawing {
    fn of(engine: &Engine, access: &Access, key: &str, asked: &Asked) -> Answer<Self> {
        let measure =
            Measure::ALL.into_iter().find(|measure| measure.as_str() == key).ok_or_else(Problem::not_found)?;
        let model = engine.forecast().ok_or_else(Problem::not_found)?;
        let quarter: usize = match asked.quarter.as_str() {
            "" => 0,
            text => text.parse().ok().filter(|quarter| *quarter <= 4).ok_or_else(Problem::not_found)?,
        };
        let scenario = asked.scenario().map_err(|wrong| Problem::invalid(wrong.field, wrong.message))?;
        let book = engine.book();
        let drawn = forecast(&book, &model, &access.rows, &Ask { scenario: scenario.clone(), seed: SEED })?;
        let leavers = Leaver::all(&book, &model, &access.rows, &scenario, quarter)?;
        Ok(Self { measure, quarter, drawn, leavers, scenario: scenario.to_string() })
    }

    fn figure(&self) -> Figure<'_> {
        let Self { measure, quarter, drawn, leavers, scenario } = self;
        Figure { measure: *measure, quarter: *quarter, drawn, leavers, scenario: scenario.clone() }
    }
}

/// Explains a figure.
pub async fn show(
    State(engine): State<Engine>,
    access: Access,
    want: Want,
    At(key): At<String>,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let drawing = Drawing::of(&engine, &access, &key, &asked)?;
    let titled = Titled { title: drawing.measure.name(), active: Some(Nav::Forecast) };
    let export = may(&access, Action::Export);
    let export = export.then(|| asked.link(&format!("/forecast/rows/{key}")).with("quarter", &asked.quarter));
    let page = page(&engine.book(), &asked, &drawing.figure(), export.as_ref());
    Ok(respond(&access, &engine, want, &titled, &page))
}

/// Takes the accounts of a figure out, every one of them.
pub async fn export(
    State(engine): State<Engine>,
    access: Access,
    At(key): At<String>,
    Params(asked): Params<Asked>,
    Params(file): Params<As>,
) -> Answer<Response> {
    let drawing = Drawing::of(&engine, &access, &key, &asked)?;
    let (book, figure) = (engine.book(), drawing.figure());
    let rows = frame(&book, &figure).map_err(Problem::internal)?;
    file.answer(&format!("forecast-{key}-{}", figure.drawn.as_of), figure.measure.name(), &rows)
}

/// The accounts of a figure as a table; money in whole units.
fn frame(book: &Book, figure: &Figure<'_>) -> Result<Frame, FrameError> {
    let leavers = || figure.leavers.iter();
    let row = |leaver: &Leaver| book.row(leaver.account_id);
    let owner = |leaver: &Leaver| Some(row(leaver)?.owner.as_ref()?.name.to_string());
    let stake = |leaver: &Leaver| (leaver.arr_cents as f64 * chance(figure, leaver)).round() / 100.0;
    Frame::new([
        ("account_id", leavers().map(|it| it.account_id).collect::<lake::Column>()),
        ("account", leavers().map(|it| row(it).map(|row| row.account.name.clone())).collect()),
        ("currency", leavers().map(|_| Some(figure.drawn.currency.clone())).collect()),
        ("arr", leavers().map(|it| it.arr_cents as f64 / 100.0).collect()),
        ("leaves_by_then", leavers().map(|it| chance(figure, it)).collect()),
        ("arr_at_stake", leavers().map(stake).collect()),
        ("csm", leavers().map(owner).collect()),
    ])
}

struct Figure<'a> {
    measure: Measure,
    /// 1 to 4; 0 is the year.
    quarter: usize,
    drawn: &'a Forecast,
    leavers: &'a [Leaver],
    scenario: String,
}

fn page(book: &Book, asked: &Asked, figure: &Figure<'_>, export: Option<&Link>) -> Markup {
    let (drawn, measure) = (figure.drawn, figure.measure);
    let Some(last) = drawn.quarters.last() else { return html! {} };
    let at = if figure.quarter == 0 { None } else { drawn.quarters.get(figure.quarter - 1) };
    let quarter = at.unwrap_or(last);
    let quantiles = match (measure, at) {
        (Measure::Arr, _) => quarter.arr,
        (Measure::Nrr, _) => quarter.retained,
        (Measure::Churned, Some(quarter)) => quarter.churned,
        (Measure::Churned, None) => drawn.churned,
    };
    let written = |cents: i64| view::written(drawn, measure, cents);
    let band = |(low, high): (i64, i64)| html! { (written(low)) " to " (written(high)) };
    let (meaning, arithmetic) = (meaning(figure), arithmetic(figure));
    let facts = [
        ("Median", html! { b { (written(quantiles.median_cents)) } }),
        ("50 % band", band(quantiles.band_50_cents)),
        ("80 % band", band(quantiles.band_80_cents)),
        ("95 % band", band(quantiles.band_95_cents)),
        ("Through", format::day(quarter.ends_on)),
        ("Meaning", html! { (meaning) }),
        ("On average", arithmetic),
        ("Scenario", html! { (figure.scenario) }),
        (
            "Drawn",
            html! { (format::count(drawn.paths as i64)) " years from seed " (drawn.seed)
            "; the median and the ends of bands are amounts that occurred in one of them, so they do not add up, while means do" },
        ),
    ];
    html! {
        (shell::heading(&[("Forecast", &asked.link("/forecast"))], measure.name(), &html! {}, &html! {}))
        (card("Definition", &definitions(&facts)))
        (card_with("Accounts", &links(export), &accounts(book, figure)))
    }
}

fn meaning(figure: &Figure<'_>) -> &'static str {
    match (figure.measure, figure.quarter) {
        (Measure::Arr, _) => "Annual recurring revenue at the end of the quarter, with what new accounts bring.",
        (Measure::Nrr, _) => {
            "What the accounts that pay today pay at the end of the quarter, over what they pay today; without new accounts."
        }
        (Measure::Churned, 0) => "ARR of the accounts that leave within the year, as it is when they leave.",
        (Measure::Churned, _) => "ARR of the accounts that leave within the quarter, as it is when they leave.",
    }
}

/// The means of the quarter, or of all quarters to its end, which add up.
fn arithmetic(figure: &Figure<'_>) -> Markup {
    let drawn = figure.drawn;
    let quarters = if figure.quarter == 0 { &drawn.quarters[..] } else { &drawn.quarters[..figure.quarter] };
    let exact = |cents: i64| format::money_exact(cents, &drawn.currency);
    let total = quarters.iter().fold(Means::default(), |sum, quarter| Means {
        opening_cents: drawn.opening_cents,
        new_cents: sum.new_cents + quarter.means.new_cents,
        expansion_cents: sum.expansion_cents + quarter.means.expansion_cents,
        contraction_cents: sum.contraction_cents + quarter.means.contraction_cents,
        churn_cents: sum.churn_cents + quarter.means.churn_cents,
        closing_cents: quarter.means.closing_cents,
    });
    match (figure.measure, quarters.last()) {
        (Measure::Churned, Some(last)) if figure.quarter > 0 => {
            let stake = at_stake(figure);
            html! { (exact(last.means.churn_cents)) " with " (format::number(last.losses, 2)) " accounts; the chances of today's accounts times today's ARR come to "
            (exact(stake.round() as i64)) ", the rest is what months have in common lately, growth until then and accounts that are new" }
        }
        _ => html! {
            (exact(total.opening_cents)) " + " (exact(total.new_cents)) " new + " (exact(total.expansion_cents)) " expansion − "
            (exact(total.contraction_cents)) " contraction − " (exact(total.churn_cents)) " churn = " (exact(total.closing_cents))
        },
    }
}

/// The chance to leave within the figure's quarter, or in the quarters to its end.
fn chance(figure: &Figure<'_>, leaver: &Leaver) -> f64 {
    match (figure.measure, figure.quarter) {
        (_, 0) => leaver.chances.iter().sum(),
        (Measure::Churned, quarter) => leaver.chances[quarter - 1],
        (_, quarter) => leaver.chances[..quarter].iter().sum(),
    }
}

fn at_stake(figure: &Figure<'_>) -> f64 {
    figure.leavers.iter().map(|leaver| leaver.arr_cents as f64 * chance(figure, leaver)).sum()
}

const ACCOUNT: Column<'_> = Column::new("Account");
const ARR: Column<'_> = Column::new("ARR today").number();
const LEAVES: Column<'_> = Column::new("Leaves by then").number();
const STAKE: Column<'_> = Column::new("ARR × chance").number();
const CSM: Column<'_> = Column::new("CSM").until(Stay::Tablet);

fn accounts(book: &Book, figure: &Figure<'_>) -> Markup {
    if figure.leavers.is_empty() {
        return notice::empty("Nobody pays", "There are no accounts under contract.", &html! {});
    }
    let currency = &figure.drawn.currency;
    let line = |leaver: &Leaver| {
        let row = book.row(leaver.account_id);
        let name = row.map_or_else(String::new, |row| row.account.name.clone());
        let owner = row.and_then(|row| row.owner.as_ref());
        let explained = format!("/accounts/{}/metrics/p_churn_12m", leaver.account_id);
        html! { tr {
            (row_head(&Link::to(format!("/accounts/{}", leaver.account_id)), &name, &html! {}))
            (cell(&ARR, &format::money(leaver.arr_cents, currency)))
            (cell(&LEAVES, &html! { a href=(explained) { (format::percent(chance(figure, leaver))) } }))
            (cell(&STAKE, &format::money((leaver.arr_cents as f64 * chance(figure, leaver)).round() as i64, currency)))
            (cell(&CSM, &format::or_unknown(owner, |owner| html! { (owner.name) })))
        } }
    };
    let rows = html! { @for leaver in figure.leavers.iter().take(ROWS) { (line(leaver)) } };
    let sort = Sort { key: "", descending: false };
    html! {
        p.muted { (format::counted(figure.leavers.len() as i64, "account", "accounts")) ", the most ARR at stake first"
            @if figure.leavers.len() > ROWS { "; " (ROWS) " shown" } }
        (stacking("Accounts", &header(&[ACCOUNT, ARR, LEAVES, STAKE, CSM], sort, &Link::to("/forecast"), ""), &rows))
    }
}
