//! The pictures: how value is spread, who is valuable and at risk, and the tiers. Large books draw their most valuable
//! accounts only, and say so.

use std::sync::Arc;

use engine::Row;
use maud::{Markup, html};
use report::histogram::{Bin, Histogram, histogram};
use report::scatter::{Direction, Mark, Scatter, scatter};
use report::{Frame, Ink};

use super::{View, compact};
use crate::ui::card::card;
use crate::ui::{Link, format, table};

/// Marks in the scatter.
const MOST_MARKS: usize = 300;

/// Bars of the histogram per power of ten.
const PER_POWER: f64 = 2.0;

/// The least value that has a bar of its own, whole units of money.
const LEAST: f64 = 1_000.0;

/// The median value to come, minor units.
pub(super) fn value_split(view: &View) -> f64 {
    let mut values: Vec<f64> = view.rows.iter().filter_map(|row| Some(row.lifetime.future?.value)).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0).max(1.0)
}

/// The chance to leave of the accounts of which it is one: notice that was received is a fact.
pub(super) fn chance(row: &Row) -> Option<f64> {
    row.lifetime.p_churn.filter(|_| row.lifetime.ends_on.is_none()).map(|p| p.value)
}

/// The mean of that: from here on an account counts as likely to leave. In thousandths, to be written as it is.
pub(super) fn risk_split(view: &View) -> f64 {
    let chances: Vec<f64> = view.rows.iter().filter_map(|row| chance(row)).collect();
    let mean = chances.iter().sum::<f64>() / chances.len().max(1) as f64;
    (mean * 1_000.0).round().max(1.0) / 1_000.0
}

/// How lifetime value is spread.
pub(super) fn distribution(view: &View) -> Markup {
    let mut values: Vec<f64> = view.rows.iter().filter_map(|row| Some(row.lifetime.value?.value / 100.0)).collect();
    values.sort_unstable_by(f64::total_cmp);
    let losing = values.iter().filter(|value| **value <= 0.0).count();
    let total: f64 = values.iter().sum();
    let tenth = values.len().div_ceil(10);
    let top: f64 = values.iter().rev().take(tenth).sum();
    let share = if total > 0.0 { format::percent_text(top / total) } else { "unknown".to_owned() };
    let rest = match losing {
        0 => String::new(),
        _ => format!(" {} bring less than they cost and stand in the first bar.", format::count(losing as i64)),
    };
    let summary = format!("The most valuable tenth of customers hold {share} of all lifetime value.{rest}");
    let place = |value: &f64| (value.max(LEAST).log10() * PER_POWER).floor() as i32;
    let (first, last) = (values.first().map_or(0, place), values.last().map_or(0, place));
    let bins = (first..=last).map(|at| Bin {
        from: f64::from(at) / PER_POWER,
        to: f64::from(at + 1) / PER_POWER,
        count: values.iter().filter(|value| place(value) == at).count() as u64,
        ink: Ink::One,
    });
    let data = Histogram {
        heading: "Lifetime value",
        counted: "Customers",
        bins: bins.collect(),
        format: |power| compact(10_f64.powf(power)),
        mark: None,
    };
    let n = format!("n = {}", format::counted(values.len() as i64, "customer", "customers"));
    let title = format!("Lifetime value, {}", view.summary.currency);
    histogram(&Frame::new("value-spread", &title, &summary, &n), &data)
}

/// Value to come against the chance to leave.
pub(super) fn quadrant(view: &View) -> Markup {
    let value = |row: &Arc<Row>| row.lifetime.future.map_or(0.0, |it| it.value);
    let mut rows: Vec<&Arc<Row>> = view.rows.iter().filter(|row| chance(row).is_some()).collect();
    rows.sort_by(|a, b| value(b).total_cmp(&value(a)));
    let (all, split, risk) = (rows.len(), value_split(view), risk_split(view));
    let save = rows.iter().filter(|row| value(row) >= split && chance(row).is_some_and(|p| p >= risk));
    let summary = format!(
        "{} of {} customers are worth more than the median and likelier than most to leave; those whose notice was received are not drawn.",
        format::count(save.count() as i64),
        format::count(all as i64)
    );
    let marks = rows.iter().take(MOST_MARKS).map(|row| Mark {
        name: &row.account.name,
        x: chance(row).unwrap_or(0.0),
        y: value(row) / 100.0,
        ink: Ink::from(row.health.band),
    });
    let data = Scatter {
        x: Direction { heading: "Chance to leave within 12 months", format: whole_percent, split: risk },
        y: Direction { heading: "Value to come", format: compact, split: split / 100.0 },
        marks: marks.collect(),
        quarters: ["Keep and grow", "Save", "Serve lightly", "Let go"],
        keys: vec![("Healthy", Ink::Green), ("Watch", Ink::Yellow), ("At risk", Ink::Red), ("Unknown", Ink::Grey)],
    };
    let n = if all > MOST_MARKS {
        format!("the {MOST_MARKS} most valuable of n = {} customers", format::count(all as i64))
    } else {
        format!("n = {}", format::counted(all as i64, "customer", "customers"))
    };
    scatter(&Frame::new("value-risk", "Value and risk", &summary, &n).height(280.0), &data)
}

fn whole_percent(share: f64) -> String {
    format!("{} %", format::number(share * 100.0, 0))
}

/// The tiers with their customers and their share of the value.
pub(super) fn tiers(view: &View) -> Markup {
    let total: f64 = view.summary.tiers.iter().map(|(_, value)| value).sum();
    let tiers = view.book.definitions.lifetime.tiers.iter().zip(&view.summary.tiers);
    let rows = html! {
        @for (tier, (customers, value)) in tiers {
            tr {
                th scope="row" { a href=(Link::to("/accounts").with("value", &tier.key)) { (tier.name) } }
                td.num { (format::count(*customers as i64)) }
                td.num { (format::money(value.round() as i64, &view.summary.currency)) }
                td.num { (format::or_unknown((total > 0.0).then(|| value / total), format::percent)) }
            }
        }
    };
    let head = html! {
        thead { tr { th scope="col" { "Tier" } th.num scope="col" { "Customers" } th.num scope="col" { "Lifetime value" } th.num scope="col" { "Share" } } }
    };
    let note = "In segments: value_tier = 'top'. Where tiers begin is learned with the model and stays until the next.";
    card("Tiers of value", &html! { (table::frame("Tiers of value", &head, &html! { (rows) })) p.muted { (note) } })
}
