//! The value of many accounts together, for the page: the sum of what is to come, tiers, and the ratios around
//! acquiring and keeping customers. Everything is computed from the rows a filter shows. A ratio over nothing is
//! undefined and says why; a churn of zero never divides.

use domain::{Day, access::RowFilter, revenue::months_before};
use stats::value::{self, Form, Undefined};

use super::{Definition, Standing};
use crate::book::{Book, Row};

/// The figures of some accounts.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The currency of all money.
    pub currency: String,
    /// Present customers, under contract or buying.
    pub customers: usize,
    /// Those whose future could be judged.
    pub judged: usize,
    /// Sum of the value to come, minor units: customer equity.
    pub equity_cents: f64,
    /// The same with every account at the lower and at the upper end of its interval: errors are mostly shared.
    pub equity_range: (f64, f64),
    /// Customers and lifetime value by tier.
    pub tiers: Vec<(usize, f64)>,
    /// Losses expected within twelve months, and the monthly recurring revenue expected to go with them.
    pub expected_losses: (f64, f64),
    /// The ratios.
    pub economics: Economics,
}

/// The ratios around acquiring and keeping customers, over the last twelve months. Money in minor units.
#[derive(Debug, Clone)]
pub struct Economics {
    /// Monthly recurring revenue per paying customer.
    pub revenue_per_customer: Option<f64>,
    /// Share of the customers of a year ago that were lost since.
    pub churn: Option<f64>,
    /// The simple formula: margin over churn.
    pub simple: Result<f64, Undefined>,
    /// Customers won.
    pub won: usize,
    /// Cost to acquire per customer won.
    pub acquisition_cost: Result<f64, Undefined>,
    /// The accounts of which lifetime value and cost to acquire are known, and the sums of both, the value before the cost.
    pub valued: (usize, f64, f64),
    /// The first sum over the second.
    pub value_to_cost: Result<f64, Undefined>,
    /// Median months until the cost to acquire is earned, over the customers that have such a month.
    pub payback_months: Option<u32>,
    /// Cost to serve per customer retained.
    pub retention_cost: Result<f64, Undefined>,
    /// The same over the recurring revenue retained.
    pub retention_cost_share: Result<f64, Undefined>,
}

/// Adds up the accounts a filter shows.
pub fn summary(book: &Book, filter: &RowFilter) -> Summary {
    let definition = &book.definitions.lifetime;
    let rows: Vec<&Row> = book.visible(filter).map(|row| &**row).collect();
    let present = |row: &&&Row| matches!(row.lifetime.standing, Standing::Contract | Standing::Buyer);
    let mut tiers = vec![(0, 0.0); definition.tiers.len()];
    let (mut equity, mut range, mut judged, mut losses) = (0.0, (0.0, 0.0), 0, (0.0, 0.0));
    for row in rows.iter().filter(present) {
        let lifetime = &row.lifetime;
        if let Some(future) = lifetime.future {
            judged += 1;
            equity += future.value;
            range = (range.0 + future.interval.low, range.1 + future.interval.high);
        }
        if let (Some(tier), Some(value)) = (lifetime.tier.and_then(|tier| tiers.get_mut(tier)), lifetime.value) {
            *tier = (tier.0 + 1, tier.1 + value.value);
        }
        if let Some(p) = lifetime.p_churn {
            losses = (losses.0 + p.value, losses.1 + p.value * row.steps.known(book.as_of).unwrap_or(0) as f64);
        }
    }
    Summary {
        currency: book.currency().to_owned(),
        customers: rows.iter().filter(present).count(),
        judged,
        equity_cents: equity,
        equity_range: range,
        tiers,
        expected_losses: losses,
        economics: economics(definition, &rows, book.as_of),
    }
}

fn economics(definition: &Definition, rows: &[&Row], day: Day) -> Economics {
    let before = months_before(day, 12);
    let paying = |day: Day| rows.iter().filter(|row| row.steps.on(day) > 0).count();
    let (then, now) = (paying(before), paying(day));
    let kept: Vec<&&Row> = rows.iter().filter(|row| row.steps.on(before) > 0 && row.steps.on(day) > 0).collect();
    let churn = (then > 0).then(|| 1.0 - kept.len() as f64 / then as f64);
    // Who pays an amount that has no rate is in neither.
    let amounts: Vec<i64> = rows.iter().filter_map(|row| row.steps.known(day)).filter(|amount| *amount > 0).collect();
    let per_customer = (!amounts.is_empty()).then(|| amounts.iter().sum::<i64>() as f64 / amounts.len() as f64);
    let won: Vec<&&Row> =
        rows.iter().filter(|row| row.steps.first_paid().is_some_and(|first| first > before && first <= day)).collect();
    let spent: Option<f64> = won.iter().map(|row| row.lifetime.acquisition_cost).sum();
    let nothing = Err(Undefined::NothingToDivideBy);
    let flat = |answer: Result<Result<f64, Undefined>, stats::Error>| answer.unwrap_or(nothing);
    let acquisition_cost = spent
        .map_or(Err(Undefined::UnknownAcquisitionCost), |spent| flat(value::acquisition_cost(spent, won.len() as f64)));
    // Twelve months of what it costs to serve the retained now; past costs are not kept.
    let serving: f64 = kept.iter().map(|row| cost_to_serve(definition, row, day)).sum();
    let retained: f64 = kept.iter().filter_map(|row| row.steps.known(day)).map(|amount| amount as f64).sum();
    let mut paybacks: Vec<u32> = rows.iter().filter_map(|row| row.lifetime.payback_months).collect();
    paybacks.sort_unstable();
    let valued = valued(rows);
    Economics {
        revenue_per_customer: per_customer,
        churn,
        simple: simple(definition, rows, churn, now),
        won: won.len(),
        acquisition_cost,
        valued,
        value_to_cost: flat(value::lifetime_to_cost(valued.1, valued.2)),
        payback_months: paybacks.get(paybacks.len() / 2).copied(),
        retention_cost: flat(value::retention_cost((12.0 * serving).max(0.0), kept.len() as f64)),
        retention_cost_share: flat(value::retention_cost_share(serving.max(0.0), retained)),
    }
}

/// What it costs to serve an account in a month, from its margin: recurring margin less what is left of it.
fn cost_to_serve(definition: &Definition, row: &Row, day: Day) -> f64 {
    let Some(amount) = row.steps.known(day) else { return 0.0 };
    let margin = amount as f64 * definition.money.gross_margin;
    row.lifetime.monthly_margin.map_or(0.0, |left| if definition.form == Form::Profit { margin - left } else { 0.0 })
}

/// Mean monthly margin over monthly churn.
fn simple(definition: &Definition, rows: &[&Row], churn: Option<f64>, paying: usize) -> Result<f64, Undefined> {
    let yearly = churn.ok_or(Undefined::NothingToDivideBy)?;
    let margins: Vec<f64> = rows.iter().filter_map(|row| row.lifetime.monthly_margin).collect();
    let costs: Vec<f64> = rows.iter().filter_map(|row| row.lifetime.acquisition_cost).collect();
    if paying == 0 || margins.is_empty() {
        return Err(Undefined::NothingToDivideBy);
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let monthly = 1.0 - (1.0 - yearly).powf(1.0 / 12.0);
    // The margin already has the costs taken off, so it enters as it is.
    let economics = value::Economics {
        recurring: mean(&margins),
        one_off: 0.0,
        referral_margin: 0.0,
        gross_margin: 1.0,
        cost_to_serve: 0.0,
        cost_to_acquire: (!costs.is_empty()).then(|| mean(&costs)),
    };
    value::simple(&economics, monthly, definition.form).map_or(Err(Undefined::NothingToDivideBy), |it| it.value)
}

fn valued(rows: &[&Row]) -> (usize, f64, f64) {
    let both = rows.iter().filter_map(|row| Some((row.lifetime.value?.value, row.lifetime.acquisition_cost?)));
    both.fold((0, 0.0, 0.0), |sum, (value, cost)| (sum.0 + 1, sum.1 + value + cost, sum.2 + cost))
}
