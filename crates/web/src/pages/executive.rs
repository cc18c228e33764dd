//! `/executive`: how much revenue there is, how much of it is at risk, what moved
//! it, and whether customers who started together stay. The figures are those of
//! the accounts one may see.

use axum::extract::State;
use axum::response::Response;
use domain::revenue::{Arr, Grain, Kind, Percent};
use domain::scorecard::Band;
use engine::Engine;
use engine::executive::{Executive, executive};
use engine::revenue::cohort::{CohortCell, Share};
use maud::{Markup, html};
use report::{Axis, Cohort, Cohorts, Frame, Ink, Line, Scale, Series, Step, lines, stacked_bars, waterfall};

use super::{compact, compact_signed, month_label};
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::problem::Answer;
use crate::ui::card::{Tile, grid, plain, tiles};
use crate::ui::shell::Nav;
use crate::ui::{Link, format, notice, pill, shell};

/// Months of movements the bridge adds up.
const BRIDGE_MONTHS: usize = 3;
/// Cohorts shown.
const COHORTS: usize = 12;

/// Shows the figures.
pub async fn show(State(engine): State<Engine>, access: Access, want: Want) -> Answer<Response> {
    let book = engine.book();
    let figures = executive(&book, &access.rows);
    let titled = Titled { title: "Executive overview", active: Some(Nav::Executive) };
    Ok(respond(&access, &engine, want, &titled, &page(&figures)))
}

fn page(figures: &Executive) -> Markup {
    let detail = html! { "As of " (format::day(figures.as_of)) " · " (customers(figures.accounts)) };
    html! {
        (shell::heading(&[], "Executive overview", &detail, &html! {}))
        div id="executive" data-fragment="" data-live-src="/executive" {
            @if figures.accounts == 0 {
                (notice::empty("No customers yet", "Import accounts and subscriptions, or send events.",
                    &html! { a.btn href="/sources" { "Open sources" } }))
            } @else {
                (headline(figures))
                (grid(&[
                    plain(&health(figures, false)),
                    plain(&health(figures, true)),
                    plain(&arr(figures)),
                    plain(&retention(figures)),
                    plain(&bridge(figures)),
                    plain(&cohort_map(figures)),
                ]))
            }
        }
    }
}

fn customers(n: usize) -> String {
    format::counted(n as i64, "customer", "customers")
}

fn headline(figures: &Executive) -> Markup {
    let recurring = &figures.recurring;
    let money = |cents: i64| format::money(cents, recurring.currency.as_str());
    let (arr, before) = (recurring.arr_cents, recurring.arr_90d_ago_cents);
    let growth = (before > 0).then(|| (arr - before) as f64 / before as f64);
    let share = |value: Option<Percent>| format::or_unknown(value.map(Percent::as_f64), format::percent);
    let points = |now: Option<Percent>, then: Option<Percent>| match now.zip(then) {
        Some((now, then)) => {
            let (now, then) = (now.as_f64(), then.as_f64());
            pill::delta(pill::Direction::of(now - then), &format!("{} in 90 days", format::points_text(now - then)))
        }
        None => html! {},
    };
    let (now, then) = (recurring.retention, recurring.retention_90d_ago);
    // A month ago only those were counted whose revenue was known.
    let added = (figures.accounts - figures.unrated) as i64 - recurring.accounts_month_ago as i64;
    tiles(
        "Key figures",
        &[
            Tile {
                label: "ARR",
                value: money(arr),
                delta: html! {
                    @if let Some(growth) = growth {
                        (pill::delta(pill::Direction::of(growth), &format!("{} % in 90 days", format::signed(growth * 100.0, 1))))
                    }
                    @if figures.unrated > 0 { " " a href="/revenue/rates" { "without " (format::counted(figures.unrated as i64, "account", "accounts")) " that no rate converts" } }
                },
                explained_at: Some(Link::to("/accounts").with("sort", "arr").with("dir", "desc")),
            },
            Tile {
                label: "Net revenue retention",
                value: share(now.net),
                delta: html! { (points(now.net, then.net)) " over a year; " a href="/revenue/figures/nrr" { "by whole months" } },
                explained_at: None,
            },
            Tile {
                label: "Gross revenue retention",
                value: share(now.gross),
                delta: html! { (points(now.gross, then.gross)) " over a year; " a href="/revenue/figures/grr" { "by whole months" } },
                explained_at: None,
            },
            Tile {
                label: "ARR at risk",
                value: money(figures.at_risk_cents),
                delta: html! { (format::counted(figures.at_risk_accounts as i64, "account", "accounts")) },
                explained_at: Some(Link::to("/accounts").with("expression", "at_risk")),
            },
            Tile {
                label: "Customers",
                value: html! { (format::count(figures.accounts as i64)) },
                delta: pill::delta(
                    pill::Direction::of(added as f64),
                    &format!("{} in a month", format::signed(added as f64, 0)),
                ),
                explained_at: Some(Link::to("/accounts")),
            },
        ],
    )
}

fn health(figures: &Executive, by_arr: bool) -> Markup {
    let labels: Vec<String> = figures.health.iter().map(|(day, _)| month_label(*day)).collect();
    let of = |band: Band| -> Vec<Option<f64>> {
        let value = |bands: &engine::executive::Bands| {
            if by_arr { bands.arr_in(band) as f64 / 100.0 } else { bands.accounts_in(band) as f64 }
        };
        figures.health.iter().map(|(_, bands)| Some(value(bands))).collect()
    };
    let series = [
        Series::new("Healthy", Ink::Green, of(Band::Green)),
        Series::new("Watch", Ink::Yellow, of(Band::Yellow)),
        Series::new("At risk", Ink::Red, of(Band::Red)),
        Series::new("Unknown", Ink::Grey, of(Band::Unknown)),
    ];
    let total: usize = figures.bands.accounts.iter().sum();
    let green = figures.bands.accounts_in(Band::Green);
    let summary = format!("{green} of {total} customers are healthy now; each bar is the end of a month.");
    let n = format!("n = {}", customers(if by_arr { total - figures.unrated } else { total }));
    let (id, title) = if by_arr { ("health-arr", "Health by ARR") } else { ("health", "Health by customers") };
    let write = if by_arr { compact } else { |value| format::number(value, 0) };
    stacked_bars(&Frame::new(id, title, &summary, &n), "Month", &labels, &series, Scale::Share, write)
}

fn arr(figures: &Executive) -> Markup {
    let recurring = &figures.recurring;
    let labels: Vec<String> = recurring.arr.iter().map(|(day, _)| month_label(*day)).collect();
    let values = recurring.arr.iter().map(|(_, cents)| Some(*cents as f64 / 100.0)).collect();
    let title = format!("ARR, {}", recurring.currency);
    let summary = format!("ARR is {} now.", format::money_text(recurring.arr_cents, recurring.currency.as_str()));
    let n = format!("n = {}", customers(figures.accounts - figures.unrated));
    let line = Line::new(Series::new("ARR", Ink::One, values));
    let axis = Axis { low: Some(0.0), ..Axis::fitting(compact) };
    lines(&Frame::new("arr", &title, &summary, &n), "Month", &labels, &[line], axis)
}

fn retention(figures: &Executive) -> Markup {
    let recurring = &figures.recurring;
    let labels: Vec<String> = recurring.retentions.iter().map(|(day, _)| month_label(*day)).collect();
    let net = recurring.retentions.iter().map(|(_, kept)| kept.net.map(Percent::as_f64)).collect();
    let gross = recurring.retentions.iter().map(|(_, kept)| kept.gross.map(Percent::as_f64)).collect();
    let text = |value: Option<Percent>| {
        value.map_or_else(|| "undefined".to_owned(), |value| format::percent_text(value.as_f64()))
    };
    let summary = format!(
        "Over the last twelve months NRR is {} and GRR {}.",
        text(recurring.retention.net),
        text(recurring.retention.gross)
    );
    let series =
        [Line::new(Series::new("NRR", Ink::One, net)), Line::new(Series::new("GRR", Ink::Two, gross)).dashed()];
    let axis = Axis { reference: Some((1.0, "all kept")), ..Axis::fitting(format::percent_text) };
    let frame = Frame::new("retention", "Twelve-month revenue retention", &summary, "accounts paying a year before");
    lines(&frame, "Month", &labels, &series, axis)
}

fn bridge(figures: &Executive) -> Markup {
    let movements = &figures.recurring.movements;
    let recent = &movements[movements.len().saturating_sub(BRIDGE_MONTHS)..];
    let (Some((from, first)), Some((to, last))) = (recent.first(), recent.last()) else {
        return html! {};
    };
    let units = |arr: Arr| arr.as_f64() / 100.0;
    let sum = |kind: Kind| Some(units(recent.iter().map(|(_, bridge)| bridge.of(kind)).sum()));
    let steps = [
        Step::Total("Opening", units(first.opening)),
        Step::Change("New", sum(Kind::New)),
        Step::Change("Returned", sum(Kind::Reactivation)),
        Step::Change("Expansion", sum(Kind::Expansion)),
        Step::Change("Price", sum(Kind::Price)),
        Step::Change("Contraction", sum(Kind::Contraction)),
        Step::Change("Churn", sum(Kind::Churn)),
        Step::Total("Closing", units(last.closing())),
    ];
    let title = format!("ARR movements, {} to {}", month_label(*from), month_label(*to));
    let summary = "From opening to closing ARR; the last month through today.";
    let n = format!("n = {}", format::counted(recent.len() as i64, "month", "months"));
    waterfall(&Frame::new("bridge", &title, summary, &n), &steps, compact, compact_signed)
}

fn cohort_map(figures: &Executive) -> Markup {
    let cohorts = &figures.recurring.cohorts;
    let shown = &cohorts[cohorts.len().saturating_sub(COHORTS)..];
    let longest = shown.iter().map(|cohort| cohort.ages.len().saturating_sub(1)).max().unwrap_or(0);
    let words: Vec<(String, String)> =
        shown.iter().map(|cohort| (quarter(cohort.starts), format::count(cohort.accounts as i64))).collect();
    let rows = shown
        .iter()
        .zip(&words)
        .map(|(cohort, (label, n))| Cohort {
            label,
            n,
            values: (0..cohort.ages.len()).map(|age| cohort.revenue(age).map(Percent::as_f64)).collect(),
            links: (0..cohort.ages.len()).map(|age| cell_link(cohort.starts, age)).collect(),
        })
        .collect();
    let data = Cohorts {
        heading: "Started",
        ages: (0..=longest).map(|age| format!("Q{age}")).collect(),
        rows,
        low: 0.5,
        high: 1.2,
        format: |value| format::number(value * 100.0, 0),
    };
    let summary = "Share of what they paid at first that is left, by quarter of start; quarters that have not ended are not shown.";
    let n = format!("n = {}", customers(shown.iter().map(|cohort| cohort.accounts).sum()));
    report::cohorts(&Frame::new("cohorts", "Revenue retention by cohort, %", summary, &n).height(0.0), &data)
}

/// What explains a cell.
fn cell_link(starts: domain::Day, age: usize) -> String {
    let cell = CohortCell { share: Share::Revenue, grain: Grain::Quarter, starts, age };
    Link::to(format!("/revenue/figures/{}", cell.key())).to_string()
}

fn quarter(starts: domain::Day) -> String {
    use chrono::Datelike as _;
    format!("{} Q{}", starts.year(), starts.month0() / 3 + 1)
}
