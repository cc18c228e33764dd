//! From a purchase log to what each customer is worth, with intervals and a judgement:
//! `cargo run -p pomona-stats --example lifetime_value`. The log is drawn from known parameters.

use stats::purchase::{History, Horizon, Model, Options, Params, Purchases, TimeUnit, summarise};
use stats::random::Seeded;
use stats::spend::{self, Spend};
use stats::validation::holdout;
use stats::value::{Economics, Form, non_contractual};
use stats::{Confidence, Error};

/// Days on which invented customers bought in 600 days, and how much.
fn invented_log(customers: usize) -> Result<Vec<Vec<(i32, f64)>>, Error> {
    let mut source = Seeded::new(42);
    let buying = Params::new(Model::ParetoNbd, [0.8, 9.0, 0.6, 12.0])?;
    let spending = spend::Params::new(6.0, 4.0, 90.0)?;
    (0..customers)
        .map(|i| {
            let first = (i % 100) as i32;
            let weeks = f64::from(600 - first) / 7.0;
            let mean = spending.draw(&Spend::NONE, &mut source)?;
            let times = buying.draw_future(&History::NEW, weeks, &mut source)?;
            let days = std::iter::once(first).chain(times.iter().map(|t| first + 1 + (t * 7.0) as i32));
            Ok(days.map(|day| (day, spending.draw_observed(mean, 1, &mut source))).collect())
        })
        .collect()
}

fn main() -> Result<(), Error> {
    let (calibration_end, weeks_after) = (400, 200.0 / 7.0);
    let mut customers: Vec<Purchases> = Vec::new();
    for days in invented_log(2000)? {
        customers.extend(summarise(&days, calibration_end, TimeUnit::Week)?);
    }

    let candidates = holdout::choose(&customers, weeks_after, Options::default())?;
    let best = &candidates[0];
    let params = best.fitted.params;
    println!("{}: {:?} = {:.3?}", params.model().name(), params.model().parameter_names(), params.values());
    println!("standard errors {:.3?}, {}", best.fitted.standard_errors(), best.fitted.attrition);
    println!("{}\n", best.report.sentence());

    let spends: Vec<Spend> =
        customers.iter().filter_map(|c| Some(Spend { purchases: c.history.repeats, mean: c.mean_spend? })).collect();
    let spending = spend::fit(&spends)?;
    let economics = Economics {
        recurring: 0.0,
        one_off: 0.0,
        referral_margin: 0.0,
        gross_margin: 0.4,
        cost_to_serve: 0.0,
        cost_to_acquire: None,
    };
    let year = Horizon { length: 365.25 / 7.0, discount: TimeUnit::Week.discount(0.10) };
    for customer in &customers[..5] {
        let forecast = best.fitted.forecast(&[customer.history], year, Confidence::P95)?[0];
        let own = Spend { purchases: customer.history.repeats, mean: customer.mean_spend.unwrap_or(0.0) };
        let mean_spend = spending.params.mean_spend(&own)?;
        let value = non_contractual(&economics, mean_spend, forecast.discounted.value, 0.0, Form::Profit)?;
        let Ok(amount) = value.value else { continue };
        println!(
            "{:>2} repeats: alive {:.2} [{:.2}, {:.2}], worth {amount:.0} in a year, {}",
            customer.history.repeats,
            forecast.p_alive.value,
            forecast.p_alive.interval.low,
            forecast.p_alive.interval.high,
            value.label()
        );
    }
    Ok(())
}
