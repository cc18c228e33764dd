//! The page itself: headline figures, the fan, the quarters, the scenario beside the forecast, and the past on trial.
//! Absent: arithmetic; what is printed was drawn in the engine.

use engine::forecast::{Backtest, Changes, Forecast, Measure, Quantiles, Quarter, Rule, Score};
use maud::{Markup, html};
use report::{Axis, Frame, Ink, Line, Series, lines};

use super::{Asked, View};
use crate::pages::compact;
use crate::ui::card::{Tile, card, grid, plain, tiles};
use crate::ui::form::{self, Field};
use crate::ui::table::{Column, Sort, Stay, cell, frame, header, stacking};
use crate::ui::{Link, format, notice, shell};

/// The fragment that live updates swap.
pub(super) const FRAGMENT: &str = "forecast";

pub(super) fn page(asked: &Asked, view: &View) -> Markup {
    let base = &view.base;
    let detail = html! {
        "As of " (format::day(base.as_of)) " · " (format::counted(base.accounts as i64, "account", "accounts"))
        " · " (format::money(base.opening_cents, &base.currency)) " ARR"
    };
    html! {
        (shell::heading(&[], "Forecast", &detail, &html! { a.btn href="/revenue" { "Revenue" } }))
        div id=(FRAGMENT) data-fragment="" data-live-src=(asked.link("/forecast")) {
            @if base.accounts == 0 {
                (notice::empty("Nobody pays", "A forecast follows from accounts under contract.", &html! {}))
            } @else {
                (remarks(base))
                (headline(base))
                (plain(&fan(view)))
                (card("The next four quarters", &quarters(base)))
                (grid(&[plain(&churned(view)), shared(view)]))
                (card("What if", &what_if(asked, view)))
                @if view.sees_all { (trial(view)) }
            }
        }
    }
}

fn remarks(base: &Forecast) -> Markup {
    html! {
        @if !base.left_out.is_empty() {
            (notice::remark(&html! { "Contracts in " (base.left_out.join(", ")) " are not in this forecast: there is no rate from there to " (base.currency) ". " a href="/revenue/rates" { "Add one" } "." }))
        }
        @if base.unjudged > 0 {
            (notice::remark(&html! { (format::counted(base.unjudged as i64, "account has", "accounts have"))
                " no chances of their own yet, and are given the mean of the others." }))
        }
    }
}

/// Where a figure is explained.
pub(super) fn figure(measure: Measure, quarter: usize) -> Link {
    Link::to(format!("/forecast/figures/{}", measure.as_str())).with("quarter", quarter)
}

fn headline(base: &Forecast) -> Markup {
    let Some(last) = base.quarters.last() else { return html! {} };
    let money = |cents: i64| format::money(cents, &base.currency);
    let band =
        |(low, high): (i64, i64), text: &dyn Fn(i64) -> String| html! { "80 %: " (text(low)) " to " (text(high)) };
    let amount = |cents: i64| format::money_text(cents, &base.currency);
    let share = |cents: i64| base.retention(cents).map_or_else(|| "unknown".to_owned(), format::percent_text);
    let losses: f64 = base.quarters.iter().map(|quarter| quarter.losses).sum();
    tiles(
        "Key figures",
        &[
            Tile {
                label: "ARR in a year",
                value: money(last.arr.median_cents),
                delta: band(last.arr.band_80_cents, &amount),
                explained_at: Some(figure(Measure::Arr, 4)),
            },
            Tile {
                label: "NRR of the year",
                value: format::or_unknown(base.retention(last.retained.median_cents), format::percent),
                delta: band(last.retained.band_80_cents, &share),
                explained_at: Some(figure(Measure::Nrr, 4)),
            },
            Tile {
                label: "Churned in the year",
                value: money(base.churned.median_cents),
                delta: band(base.churned.band_80_cents, &amount),
                explained_at: Some(figure(Measure::Churned, 0)),
            },
            Tile {
                label: "Accounts that leave",
                value: html! { (format::number(losses, 1)) },
                delta: html! { "expected, of " (format::count(base.accounts as i64)) },
                explained_at: Some(figure(Measure::Churned, 0)),
            },
        ],
    )
}

fn units(cents: i64) -> f64 {
    cents as f64 / 100.0
}

type Ends = Vec<Option<(f64, f64)>>;

/// The 50, 80 and 95 % band of each quarter, after so many positions without.
fn bands(before: usize, quarters: &[Quarter], of: fn(&Quarter) -> Quantiles, begin: Option<f64>) -> [Ends; 3] {
    let band = |which: fn(&Quantiles) -> (i64, i64)| {
        let mut ends: Ends = vec![None; before];
        if let (Some(begin), Some(last)) = (begin, ends.last_mut()) {
            *last = Some((begin, begin));
        }
        ends.extend(quarters.iter().map(|quarter| {
            let (low, high) = which(&of(quarter));
            Some((units(low), units(high)))
        }));
        ends
    };
    [band(|it| it.band_50_cents), band(|it| it.band_80_cents), band(|it| it.band_95_cents)]
}

fn labels(view: &View) -> Vec<String> {
    let past = view.past.iter().map(|quarter| quarter.ends_on);
    past.chain(view.base.quarters.iter().map(|quarter| quarter.ends_on)).map(crate::pages::month_label).collect()
}

fn fan(view: &View) -> Markup {
    let (base, before) = (&view.base, view.past.len());
    let seen = view.past.iter().map(|quarter| Some(units(quarter.arr_cents)));
    let today = view.past.last().map(|quarter| units(quarter.arr_cents));
    let mut ahead: Vec<Option<f64>> = vec![None; before];
    if let Some(last) = ahead.last_mut() {
        *last = today;
    }
    ahead.extend(base.quarters.iter().map(|quarter| Some(units(quarter.arr.median_cents))));
    let [half, most, nearly] = bands(before, &base.quarters, |quarter| quarter.arr, today);
    let past = Line::new(Series::new("ARR", Ink::One, seen.chain(vec![None; base.quarters.len()]).collect()));
    let future = Line::new(Series::new("Forecast", Ink::Two, ahead)).dashed().within(most).shaded(nearly).shaded(half);
    let last =
        base.quarters.last().map_or((0, (0, 0)), |quarter| (quarter.arr.median_cents, quarter.arr.band_80_cents));
    let text = |cents: i64| format::money_text(cents, &base.currency);
    let summary = format!(
        "In a year ARR is expected at {}; in four of five drawn years it is between {} and {}. The shades hold 50, 80 and 95 %.",
        text(last.0),
        text(last.1.0),
        text(last.1.1)
    );
    let n = format!(
        "n = {}, {} drawn years",
        format::counted(base.accounts as i64, "account", "accounts"),
        format::count(base.paths as i64)
    );
    let title = format!("ARR by quarter, {}", base.currency);
    lines(
        &Frame::new("arr-fan", &title, &summary, &n).full(),
        "To",
        &labels(view),
        &[past, future],
        Axis::fitting(compact),
    )
}

fn churned(view: &View) -> Markup {
    let (base, before) = (&view.base, view.past.len());
    let seen = view.past.iter().map(|quarter| Some(units(quarter.churned_cents)));
    let mut ahead: Vec<Option<f64>> = vec![None; before];
    ahead.extend(base.quarters.iter().map(|quarter| Some(units(quarter.churned.median_cents))));
    let [half, most, nearly] = bands(before, &base.quarters, |quarter| quarter.churned, None);
    let past = Line::new(Series::new("Churned", Ink::One, seen.chain(vec![None; base.quarters.len()]).collect()));
    let future = Line::new(Series::new("Forecast", Ink::Two, ahead)).dashed().within(most).shaded(nearly).shaded(half);
    let summary = format!(
        "In the year ahead {} are expected to be lost with the accounts that leave.",
        format::money_text(base.churned.median_cents, &base.currency)
    );
    let n = format!("n = {}", format::counted(base.accounts as i64, "account", "accounts"));
    let title = format!("Churned revenue by quarter, {}", base.currency);
    let axis = Axis { low: Some(0.0), ..Axis::fitting(compact) };
    lines(&Frame::new("churned-fan", &title, &summary, &n), "To", &labels(view), &[past, future], axis)
}

const WHAT: Column<'_> = Column::new("Figure");
const TO: Column<'_> = Column::new("Quarter to");
const MEDIAN: Column<'_> = Column::new("Median").number();
const HALF: Column<'_> = Column::new("50 % band").number().until(Stay::Tablet);
const MOST: Column<'_> = Column::new("80 % band").number();
const NEARLY: Column<'_> = Column::new("95 % band").number().until(Stay::Tablet);
const NO_SORT: Sort<'_> = Sort { key: "", descending: false };

fn quarters(base: &Forecast) -> Markup {
    let rows = html! {
        @for measure in Measure::ALL { @for (at, quarter) in base.quarters.iter().enumerate() {
            (line(base, measure, at + 1, quarter))
        } }
        (year(base))
    };
    let columns = [WHAT, TO, MEDIAN, HALF, MOST, NEARLY];
    html! {
        (stacking("Quarters", &header(&columns, NO_SORT, &Link::to("/forecast"), ""), &rows))
        p.muted { "A quarter is three months from today. NRR is of today's accounts since today, so that of the fourth quarter is the year's. A band of a sum is not the sum of bands." }
    }
}

fn line(base: &Forecast, measure: Measure, number: usize, quarter: &Quarter) -> Markup {
    let quantiles = match measure {
        Measure::Arr => &quarter.arr,
        Measure::Nrr => &quarter.retained,
        Measure::Churned => &quarter.churned,
    };
    html! { tr {
        th scope="row" { a href=(figure(measure, number)) { (measure.name()) span.vh { " to " (quarter.ends_on) ", how it is computed" } } }
        (cell(&TO, &format::day(quarter.ends_on)))
        (quantile_cells(base, measure, quantiles))
    } }
}

fn year(base: &Forecast) -> Markup {
    let Some(last) = base.quarters.last() else { return html! {} };
    html! { tr {
        th scope="row" { a href=(figure(Measure::Churned, 0)) { "Churned revenue of the year" } }
        (cell(&TO, &format::day(last.ends_on)))
        (quantile_cells(base, Measure::Churned, &base.churned))
    } }
}

/// The median and the bands of a figure as cells of a table.
fn quantile_cells(base: &Forecast, measure: Measure, quantiles: &Quantiles) -> Markup {
    let value = |cents: i64| written(base, measure, cents);
    let band = |(low, high): (i64, i64)| html! { span { (value(low)) " to " (value(high)) } };
    html! {
        (cell(&MEDIAN, &html! { b { (value(quantiles.median_cents)) } }))
        (cell(&HALF, &band(quantiles.band_50_cents)))
        (cell(&MOST, &band(quantiles.band_80_cents)))
        (cell(&NEARLY, &band(quantiles.band_95_cents)))
    }
}

/// An amount as its measure is told.
pub(super) fn written(base: &Forecast, measure: Measure, cents: i64) -> Markup {
    match measure {
        Measure::Nrr => format::or_unknown(base.retention(cents), format::percent),
        Measure::Arr | Measure::Churned => format::money(cents, &base.currency),
    }
}

/// What accounts have in common, and what is drawn from.
fn shared(view: &View) -> Markup {
    let model = &view.model;
    let losses = &model.losses;
    let range = losses.size_range();
    let around = |size: f64| format!("± {} %", format::number((size.exp() - 1.0) * 100.0, 0));
    let changes = |it: &Changes| {
        let yearly = it.rate * 12.0;
        html! { (format::percent_text(yearly)) " of accounts a year, drawn from " (format::counted(it.seen() as i64, "change", "changes")) " of the past" }
    };
    card(
        "What it is drawn from",
        &html! {
            p { "Every account leaves by its own chances; what all have in common in a month makes the band of the sum wider than accounts by themselves would." }
            (crate::ui::card::definitions(&[
                ("Shared in leaving", html! { (around(losses.size())) " in a usual month, between " (around(range.low)) " and " (around(range.high))
                    "; learned from " (losses.periods) " months and a prior of " (around(1.0 / 3.0)) }),
                ("Now", html! { "months lately were " (format::number(losses.level(), 2)) " times what chances say; "
                    (format::percent_text(losses.persistence())) " of that is left a month later" }),
                ("Growth", changes(&model.up)),
                ("Shrinking", changes(&model.down)),
                ("New", html! { (format::number(model.arrivals.rate * 12.0, 1)) " accounts a year in the whole book, drawn from "
                    (format::counted(model.arrivals.amounts.len() as i64, "arrival", "arrivals")) }),
                ("Drawn", html! { (format::count(view.base.paths as i64)) " years from seed " (view.base.seed) }),
            ]))
        },
    )
}

fn what_if(asked: &Asked, view: &View) -> Markup {
    let error = |field: &str| view.wrong.as_ref().filter(|wrong| wrong.field == field).map(|wrong| &*wrong.message);
    html! {
        form.form.broad action="/forecast" {
            div.form-row {
                (form::input("number", &Field::new("lose_top", "Largest that leave").value(&asked.lose_top)
                    .hint("How many accounts, by ARR").error(error("lose_top"))))
                (form::input("number", &Field::new("churn", "Hazard, times").value(&asked.churn)
                    .hint("Of leaving: 2 doubles it").error(error("churn"))))
                (form::input("number", &Field::new("expansion", "Growth, times").value(&asked.expansion)
                    .hint("How often accounts buy more").error(error("expansion"))))
                (form::input("number", &Field::new("new", "New, times").value(&asked.new)
                    .hint("New accounts: 0 wins none").error(error("new"))))
            }
            (form::input("text", &Field::new("among", "Only among accounts with").value(&asked.among)
                .hint("An expression like tier = 'enterprise'; hazard and growth of the others stay as they are").error(error("among"))))
            div.actions { (form::submit("Draw")) (form::link_button(&Link::to("/forecast"), "Clear")) }
        }
        @if let Some((scenario, changed)) = &view.changed {
            h3 { "If " (scenario) }
            (compared(asked, &view.base, changed))
        }
    }
}

const AS_IS: Column<'_> = Column::new("As it is").number();
const IF: Column<'_> = Column::new("If").number();
const BAND: Column<'_> = Column::new("80 % band, if").number().until(Stay::Tablet);
const APART: Column<'_> = Column::new("Difference").number();

fn compared(asked: &Asked, base: &Forecast, changed: &Forecast) -> Markup {
    let Some((was, is)) = base.quarters.last().zip(changed.quarters.last()) else { return html! {} };
    let explained = |measure: Measure, quarter: usize| {
        asked.link(&format!("/forecast/figures/{}", measure.as_str())).with("quarter", quarter)
    };
    let rows = [
        (Measure::Arr, "ARR in a year", 4, was.arr, is.arr),
        (Measure::Nrr, "NRR of the year", 4, was.retained, is.retained),
        (Measure::Churned, "Churned in the year", 0, base.churned, changed.churned),
    ];
    let apart = |measure: Measure, was: i64, is: i64| match measure {
        Measure::Nrr => format::or_unknown(base.retention(is - was), |points| html! { (format::points_text(points)) }),
        _ => format::money(is - was, &base.currency),
    };
    let rows = html! { @for (measure, name, quarter, was, is) in rows { tr {
        th scope="row" { a href=(explained(measure, quarter)) { (name) } }
        (cell(&AS_IS, &written(base, measure, was.median_cents)))
        (cell(&IF, &html! { b { (written(base, measure, is.median_cents)) } }))
        (cell(&BAND, &html! { span { (written(base, measure, is.band_80_cents.0)) " to " (written(base, measure, is.band_80_cents.1)) } }))
        (cell(&APART, &apart(measure, was.median_cents, is.median_cents)))
    } } };
    frame("Scenario", &header(&[WHAT, AS_IS, IF, BAND, APART], NO_SORT, &Link::to("/forecast"), ""), &rows)
}

const MEASURE: Column<'_> = Column::new("Figure");
const CASES: Column<'_> = Column::new("Compared").number().until(Stay::Tablet);
const OURS: Column<'_> = Column::new("Loss of the forecast").number();
const BY_RULE: [Column<'_>; 3] = [
    Column::new("Same as last year").number(),
    Column::new("Mean of eight quarters").number(),
    Column::new("What people said").number().until(Stay::Tablet),
];
const HELD: Column<'_> = Column::new("Held by 50, 80, 95 %").number();

fn trial(view: &View) -> Markup {
    let Some(backtest) = &view.model.backtest else {
        return card(
            "Was it right?",
            &notice::remark(&html! {
                "Less than a year and a quarter of the past has been read, so no past day can be forecast from."
            }),
        );
    };
    let columns = [MEASURE, CASES, OURS, BY_RULE[0], BY_RULE[1], BY_RULE[2], HELD];
    let spoken = backtest.scores.iter().any(|score| score.rules[Rule::Said as usize].is_some());
    let rows = html! { @for score in &backtest.scores { (scored(view, score)) } };
    card(
        "Was it right?",
        &html! {
            p { (backtest.sentence) }
            (stacking("Past forecasts", &header(&columns, NO_SORT, &Link::to("/forecast"), ""), &rows))
            p.muted { "Made again on " (made_on(backtest)) " from what had happened by then, and compared with the quarters that followed. \
                Loss is the mean pinball loss over the ends of the bands: it charges for being off and for being wide; a rule is one number and is charged half its distance. "
                @if spoken { "What people said is the CRM's probability: what they had forecast of the renewals due, as it was frozen at the end of that month, everything else staying as it is; it is asked where they had spoken of at least half of what was due." }
                @else { "The CRM's probability, what people had forecast of renewals when a month closed, cannot be held against it: at the ends of these months they had spoken of less than half of what was due." }
            }
        },
    )
}

fn made_on(backtest: &Backtest) -> Markup {
    let day = |at: Option<&engine::forecast::Trial>| format::or_unknown(at, |trial| format::day(trial.made_on));
    html! { (backtest.trials.len()) " days, from " (day(backtest.trials.first())) " to " (day(backtest.trials.last())) }
}

fn scored(view: &View, score: &Score) -> Markup {
    let loss = |loss: f64| match score.measure {
        Measure::Nrr => html! { (format::number(loss * 100.0, 2)) " points" },
        _ => format::money(loss.round() as i64, &view.base.currency),
    };
    let band = |band: usize| format::number(score.coverage(band) * 100.0, 0);
    html! { tr {
        th scope="row" { (score.measure.name()) }
        (cell(&CASES, &html! { (score.cases) }))
        (cell(&OURS, &html! { b { (loss(score.loss)) } }))
        @for (at, _) in Rule::ALL.iter().enumerate() {
            (cell(&BY_RULE[at], &format::or_unknown(score.rules[at], |(rule, _)| loss(rule))))
        }
        (cell(&HELD, &html! { (band(0)) ", " (band(1)) ", " (band(2)) " %" }))
    } }
}
