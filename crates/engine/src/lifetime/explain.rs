//! Why an account is worth what it is: the metrics that were read, and the months they lead to. The months come from
//! the very forecast that stands in the row, so the sum of a column is the number on the screen.

use lake::{Column, Frame, FrameError};

use super::Definition;
use crate::book::Row;

/// Keys of the metrics and attributes that lifetime value is computed from: the money first, then what is learned from.
pub(crate) fn inputs(definition: &Definition) -> Vec<String> {
    let money = &definition.money;
    let formulas = [&money.recurring_per_month, &money.one_off, &money.referral_margin, &money.cost_to_serve_per_month];
    let mut keys: Vec<String> = formulas.iter().flat_map(|it| it.columns()).map(str::to_owned).collect();
    keys.extend(definition.contract.drivers.iter().map(|driver| driver.metric.clone()));
    let mut seen = std::collections::HashSet::new();
    keys.retain(|key| seen.insert(key.clone()));
    keys
}

/// The months of an account: those so far for what it has brought, those ahead for everything else. Money in whole
/// units; chances as shares.
pub(crate) fn months(definition: &Definition, row: &Row, key: &str, day: domain::Day) -> Result<Frame, FrameError> {
    if matches!(key, "historic_value" | "acquisition_cost") {
        return so_far(definition, row, day);
    }
    ahead(definition, row)
}

fn so_far(definition: &Definition, row: &Row, day: domain::Day) -> Result<Frame, FrameError> {
    let spans: Vec<_> = row.steps.spans(day).collect();
    let months = |(from, to, _): &(domain::Day, domain::Day, i64)| (*to - *from).num_days() as f64 / 30.4375;
    let revenue = |span: &(domain::Day, domain::Day, i64)| months(span) * span.2 as f64 / 100.0;
    let margin = definition.money.gross_margin;
    Frame::new([
        ("from", spans.iter().map(|span| span.0).collect::<Column>()),
        ("to_exclusive", spans.iter().map(|span| span.1).collect()),
        ("mrr", spans.iter().map(|span| span.2 as f64 / 100.0).collect()),
        ("months", spans.iter().map(|span| rounded(months(span), 2)).collect()),
        ("revenue", spans.iter().map(|span| rounded(revenue(span), 2)).collect()),
        ("gross_margin", spans.iter().map(|span| rounded(revenue(span) * margin, 2)).collect()),
    ])
}

fn ahead(definition: &Definition, row: &Row) -> Result<Frame, FrameError> {
    let receipts = definition.receipts();
    let forecast = row.lifetime.forecast.as_deref();
    let months: Vec<u32> = forecast.map_or_else(Vec::new, |_| (1..=receipts.horizon).collect());
    let here = |month: u32| forecast.map_or(0.0, |it| it.survival[month as usize - 1]);
    let after = |month: u32| forecast.map_or(0.0, |it| it.survival[month as usize]);
    let leaves = |month: u32| if here(month) > 0.0 { 1.0 - after(month) / here(month) } else { 0.0 };
    let margin = row.lifetime.monthly_margin.unwrap_or(0.0) / 100.0;
    let present = |month: u32| margin * here(month) * receipts.factor(month - 1);
    Frame::new([
        ("month_ahead", months.iter().map(|month| i64::from(*month)).collect::<Column>()),
        ("still_customer", months.iter().map(|month| rounded(here(*month), 4)).collect()),
        ("leaves_in_month", months.iter().map(|month| rounded(leaves(*month), 4)).collect()),
        ("monthly_margin", months.iter().map(|_| rounded(margin, 2)).collect()),
        ("discount", months.iter().map(|month| rounded(receipts.factor(month - 1), 4)).collect()),
        ("present_value", months.iter().map(|month| rounded(present(*month), 2)).collect()),
    ])
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}
