//! UCI Online Retail, the case that breaks peers: within these windows nobody can be seen to drop out.
//! The models must say so, agree with the plain negative binomial, and not care about the unit of time.

use std::collections::BTreeMap;
use std::io::Read;

use stats::Confidence;
use stats::purchase::{
    Attrition, Fitted, Histories, History, Model, Options, TimeUnit, drop_out_bound, fit, summarise,
};

use crate::reference::{all_printed, file, printed};

fn day_number(date: &str) -> i32 {
    let number = |range: std::ops::Range<usize>| date[range].parse::<i32>().unwrap();
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    (year - 2010) * 365 + before[month as usize - 1] + day
}

/// Purchase days by customer: customer known, not cancelled, quantity and price above zero.
fn log() -> Option<Vec<Vec<(i32, f64)>>> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(file("retail/online_retail_uci352.csv.gz")?).read_to_string(&mut text).unwrap();
    let mut customers: BTreeMap<&str, Vec<(i32, f64)>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.rsplitn(6, ',').collect();
        let [_, customer, price, date, quantity, _] = fields[..] else { continue };
        let (Ok(quantity), Ok(price)) = (quantity.parse::<f64>(), price.parse::<f64>()) else { continue };
        if customer.parse::<u32>().is_ok() && !line.starts_with("\"C") && quantity > 0.0 && price > 0.0 {
            customers.entry(customer).or_default().push((day_number(&date[1..]), quantity * price));
        }
    }
    Some(customers.into_values().collect())
}

fn book(log: &[Vec<(i32, f64)>], end: &str, unit: TimeUnit) -> Histories {
    let one = |days: &Vec<(i32, f64)>| Some(summarise(days, day_number(end), unit).unwrap()?.history);
    let histories: Vec<History> = log.iter().filter_map(one).collect();
    Histories::new(&histories).unwrap()
}

fn fitted(model: Model, book: &Histories) -> Fitted {
    fit(model, book, Options::default()).unwrap()
}

#[test]
fn a_year_shows_hardly_any_drop_out() {
    let Some(log) = log() else { return };
    let book = book(&log, "2011-12-09", TimeUnit::Week);
    assert_eq!(book.customers(), 4338);
    let bg = fitted(Model::BgNbd, &book);
    all_printed("BG/NBD r, alpha, a", &bg.params.values()[..3], &[0.8265, 9.8436, 0.0034], 1e-4);
    printed("LL", bg.log_likelihood, -37_645.538, 1e-3);
    let mbg = fitted(Model::MbgNbd, &book);
    all_printed("MBG/NBD r, alpha, a", &mbg.params.values()[..3], &[0.8274, 9.8621, 0.0019], 1e-4);
    printed("LL", mbg.log_likelihood, -37_645.640, 1e-3);
    let pareto = fitted(Model::ParetoNbd, &book);
    assert_eq!(pareto.attrition, Attrition::NotDetected);
    all_printed("Pareto/NBD r, alpha", &pareto.params.values()[..2], &[0.8276, 9.8704], 1e-4);
    printed("LL", pareto.log_likelihood, -37_645.657, 1e-3);
}

#[test]
fn nine_months_show_none_in_any_unit() {
    let Some(log) = log() else { return };
    for model in Model::ALL {
        for unit in [TimeUnit::Week, TimeUnit::Day] {
            let book = book(&log, "2011-08-31", unit);
            assert_eq!(book.customers(), 3317);
            let fitted = fitted(model, &book);
            assert_eq!(fitted.attrition, Attrition::NotDetected, "{model:?} {unit:?}");
            let [r, alpha, ..] = fitted.params.values();
            all_printed("r, alpha", &[r, alpha * unit.days() / 7.0], &[0.7226, 9.4245], 1e-4);
            assert!(!fitted.params.has_attrition());
            assert_eq!(fitted.standard_errors()[2], None);
            if unit == TimeUnit::Week {
                printed("LL", fitted.log_likelihood, -21_755.348, 1e-3);
            }
            let silent = History { repeats: 5, recency: 1.0, age: 200.0 };
            assert!(fitted.p_alive(&silent, Confidence::P95).unwrap().value >= 1.0);
        }
    }
}

#[test]
fn no_detection_still_bounds_drop_out() {
    let Some(log) = log() else { return };
    let book = book(&log, "2011-08-31", TimeUnit::Week);
    let bound = drop_out_bound(Model::BgNbd, &book, Confidence::P95).unwrap();
    assert!(bound.upper_bound > 1e-4 && bound.upper_bound < 0.1, "{bound:?}");
}
