//! Gamma-Gamma and the lifetime values of "RFM and CLV" (Fader, Hardie & Lee 2005, JMR 42(4)).

use stats::Confidence;
use stats::purchase::{Histories, Model, Options, Params, Purchases, TimeUnit, fit};
use stats::spend::{self, Fitted, Spend};

use crate::cdnow::{WEEK_39, WEEK_78, histories, purchases};
use crate::reference::{all_printed, printed};

fn repeaters(book: &[Purchases]) -> Vec<Spend> {
    // The full log has customers whose every repeat was free.
    let one = |p: &Purchases| Some(Spend { purchases: p.history.repeats, mean: p.mean_spend.filter(|&m| m > 0.0)? });
    book.iter().filter_map(one).collect()
}

fn fitted(sample: bool, end: i32) -> Option<Fitted> {
    Some(spend::fit(&repeaters(&purchases(sample, end, TimeUnit::Week)?)).unwrap())
}

fn values(fitted: &Fitted) -> [f64; 3] {
    [fitted.params.p, fitted.params.q, fitted.params.gamma]
}

#[test]
fn parameters_and_likelihoods() {
    for (sample, end, published, log_likelihood) in [
        (true, WEEK_39, [6.249_57, 3.744_22, 15.443_52], -4_055.918),
        (false, WEEK_39, [6.275_36, 3.624_45, 14.983_69], -40_763.476_3),
        (true, WEEK_78, [4.683_45, 4.189_78, 24.390_55], -4_884.566_3),
    ] {
        let Some(fitted) = fitted(sample, end) else { return };
        all_printed("p, q, gamma", &values(&fitted), &published, 2e-5);
        printed("LL", fitted.log_likelihood, log_likelihood, 1e-3);
    }
}

/// The paper prints the density of the total, which is smaller by the sum of `ln x`.
#[test]
fn the_papers_likelihood_is_of_the_total() {
    let Some(book) = purchases(true, WEEK_39, TimeUnit::Week) else { return };
    let spends = repeaters(&book);
    let logs: f64 = spends.iter().map(|s| f64::from(s.purchases).ln()).sum();
    printed("sum ln x", logs, 603.373, 1e-3);
    let fitted = spend::fit(&spends).unwrap();
    printed("JMR p. 422", fitted.log_likelihood - logs, -4_659.29, 0.01);
    let observed: f64 = spends.iter().map(|s| s.mean).sum::<f64>() / spends.len() as f64;
    let model = fitted.params.mean_spend(&Spend::NONE).unwrap().unwrap();
    printed("JMR p. 421", model - observed, 0.092_5, 1e-4);
}

#[test]
fn conditional_means_of_note_025() {
    let Some(fitted) = fitted(true, WEEK_39) else { return };
    let mean = |purchases, mean| fitted.mean_spend(&Spend { purchases, mean }, Confidence::P95).unwrap().unwrap().value;
    all_printed("E[M]", &[mean(2, 22.345), mean(1, 11.77), mean(0, 0.0)], &[24.65, 18.91, 35.17], 0.01);
    let rounded = spend::Params::new(6.25, 3.74, 15.44).unwrap();
    let mean = |purchases, mean| rounded.mean_spend(&Spend { purchases, mean }).unwrap().unwrap();
    all_printed("rounded", &[mean(2, 22.35), mean(1, 11.77), mean(0, 0.0)], &[24.66, 18.92, 35.22], 0.01);
}

#[test]
fn lifetime_values_of_the_full_cohort() {
    let Some(sample) = purchases(true, WEEK_78, TimeUnit::Week) else { return };
    let book = Histories::new(&histories(&sample)).unwrap();
    let buying: Params = fit(Model::ParetoNbd, &book, Options::default()).unwrap().params;
    let spending = spend::fit(&repeaters(&sample)).unwrap().params;
    let Some(full) = purchases(false, WEEK_78, TimeUnit::Week) else { return };
    let discount = 1.15_f64.ln() / 52.0;
    let mut log = crate::cdnow::log(false).unwrap().into_iter().map(|days| days.iter().map(|d| d.1).sum::<f64>());
    let (mut zero, mut all, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for customer in &full {
        let spend = Spend { purchases: customer.history.repeats, mean: customer.mean_spend.unwrap_or(0.0) };
        let amount = spending.mean_spend(&spend).unwrap().unwrap();
        let value = 0.30 * amount * buying.dert(&customer.history, discount).unwrap();
        all.push(value);
        if customer.history.repeats == 0 {
            zero.push(value);
        }
        if log.next().unwrap() <= 4_000.0 {
            kept.push(value);
        }
    }
    let sum = |v: &[f64]| v.iter().sum::<f64>();
    assert_eq!(zero.len(), 12_054);
    printed("zero class, mean", sum(&zero) / zero.len() as f64, 4.404, 1e-3);
    printed("zero class, sum", sum(&zero), 53_086.0, 1.0);
    printed("mean", sum(&all) / all.len() as f64, 48.53, 0.01);
    printed("total", sum(&all), 1_143_823.0, 1.0);
    assert_eq!(all.len() - kept.len(), 12);
    printed("without the 12 largest", sum(&kept), 1_094_587.0, 1.0);
}
