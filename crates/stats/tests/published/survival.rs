//! Kaplan-Meier, log-rank and Cox on data whose answers R's survival and lifelines agree on.

use stats::Confidence;
use stats::survival::cox::{self, Design, Ties};
use stats::survival::{Subject, kaplan_meier, log_rank};

use crate::reference::{Table, all_printed, printed};

fn rows(columns: &[Vec<f64>]) -> Vec<f64> {
    (0..columns[0].len()).flat_map(|i| columns.iter().map(move |c| c[i])).collect()
}

fn telco() -> Option<(Table, Vec<Subject>)> {
    let table = Table::read("churn/telco.csv")?;
    let events = table.is("Churn", "Yes");
    let spells = table.numbers("tenure");
    let subjects = spells.iter().zip(&events).map(|(&t, &e)| Subject::from_start(t, e > 0.0)).collect();
    Some((table, subjects))
}

#[test]
fn telco_survival_curve() {
    let Some((_, subjects)) = telco() else { return };
    let curve = kaplan_meier::fit(&subjects, Confidence::P95).unwrap();
    let at: Vec<f64> =
        [1.0, 6.0, 12.0, 24.0, 36.0, 48.0, 60.0, 72.0].iter().map(|&t| curve.at(t).unwrap().value).collect();
    let published =
        [0.945_961_3, 0.884_826_2, 0.843_199_6, 0.788_736_4, 0.748_545_4, 0.708_840_2, 0.664_403_9, 0.592_790_2];
    all_printed("S(t)", &at, &published, 1e-7);
    let year = curve.at(12.0).unwrap().interval;
    all_printed("band at 12", &[year.low, year.high], &[0.834_168_7, 0.851_783_3], 1e-7);
    printed("RMST(72)", curve.restricted_mean(72.0).unwrap().value, 54.492_387, 1e-6);
}

#[test]
fn telco_log_rank_over_contracts() {
    let Some((table, subjects)) = telco() else { return };
    let levels = ["Month-to-month", "One year", "Two year"];
    let groups: Vec<usize> =
        table.column("Contract").iter().map(|c| levels.iter().position(|l| l == c).unwrap()).collect();
    let test = log_rank::compare(&subjects, &groups).unwrap();
    printed("chi-squared", test.statistic, 2_352.872_538, 1e-6);
    assert_eq!(test.degrees, 2);
}

#[test]
fn telco_cox() {
    let Some((table, subjects)) = telco() else { return };
    let columns = [
        table.numbers("SeniorCitizen"),
        table.is("Partner", "Yes"),
        table.is("Dependents", "Yes"),
        table.is("InternetService", "Fiber optic"),
        table.is("Contract", "Month-to-month"),
        table.is("PaymentMethod", "Electronic check"),
        table.numbers("MonthlyCharges"),
    ];
    let keep: Vec<usize> = (0..subjects.len()).filter(|&i| subjects[i].exit > 0.0).collect();
    let kept: Vec<Vec<f64>> = columns.iter().map(|c| keep.iter().map(|&i| c[i]).collect()).collect();
    let subjects: Vec<Subject> = keep.iter().map(|&i| subjects[i]).collect();
    assert_eq!(subjects.len(), 7032);
    let x = rows(&kept);
    let design = Design { subjects: &subjects, covariates: &x, columns: 7, strata: &[], clusters: &[] };
    let fitted = cox::fit(&design, Ties::Efron).unwrap();
    // lifelines at precision 1e-12; at its default it stops at 1.179693 and 2.560609, the printed figures.
    let published = [-0.056_521, -0.602_875, -0.108_870, 1.179_694, 2.560_634, 0.579_181];
    all_printed("coefficients", &fitted.coefficients[..6], &published, 1e-6);
    printed("charge", fitted.coefficients[6], -0.018_390_6, 1e-7);
    printed("LL", fitted.log_likelihood, -14_193.218_383, 1e-6);
    let breslow = cox::fit(&design, Ties::Breslow).unwrap();
    printed("Breslow LL", breslow.log_likelihood, -14_235.911_978, 1e-6);
    let scores: Vec<f64> = x.chunks(7).map(|row| fitted.log_relative_hazard(row).unwrap()).collect();
    let exits: Vec<f64> = subjects.iter().map(|s| s.exit).collect();
    let events: Vec<bool> = subjects.iter().map(|s| s.event).collect();
    let c = cox::concordance(&exits, &events, &scores).unwrap().unwrap();
    printed("C", c, 0.830_242, 1e-6);
}

#[test]
fn rossi_cox() {
    let Some(table) = Table::read("survival/rossi.csv") else { return };
    let columns = ["fin", "age", "race", "wexp", "mar", "paro", "prio"].map(|c| table.numbers(c));
    let subjects: Vec<Subject> = table
        .numbers("week")
        .iter()
        .zip(table.numbers("arrest"))
        .map(|(&t, e)| Subject::from_start(t, e > 0.0))
        .collect();
    let x = rows(&columns);
    let design = Design { subjects: &subjects, covariates: &x, columns: 7, strata: &[], clusters: &[] };
    let fitted = cox::fit(&design, Ties::Efron).unwrap();
    let published =
        [-0.379_422_17, -0.057_437_74, 0.313_899_79, -0.149_795_70, -0.433_703_88, -0.084_871_08, 0.091_497_08];
    all_printed("coefficients", &fitted.coefficients, &published, 1e-8);
    printed("LL", fitted.log_likelihood, -658.747_659, 1e-6);
    printed("Breslow LL", cox::fit(&design, Ties::Breslow).unwrap().log_likelihood, -659.120_606, 1e-6);
    // lifelines, rossi: standard errors (its README prints 0.191, 0.022, 0.308, 0.212, 0.382, 0.196, 0.029).
    let errors: Vec<f64> = fitted.estimates(Confidence::P95).iter().map(|e| e.standard_error).collect();
    all_printed("errors", &errors, &[0.191, 0.022, 0.308, 0.212, 0.382, 0.196, 0.029], 1e-3);
    // Robust errors against the infinitesimal jackknife (every row's weight moved by 1e-5 and refitted), whose
    // weights are unambiguous only under Breslow's ties.
    let breslow = cox::fit(&design, Ties::Breslow).unwrap();
    let robust: Vec<f64> = breslow.robust_estimates(Confidence::P95).iter().map(|e| e.standard_error).collect();
    let jackknife = [0.194_687_73, 0.025_228_7, 0.291_077_71, 0.216_960_9, 0.378_891_21, 0.198_342, 0.028_748_39];
    all_printed("robust errors", &robust, &jackknife, 1e-6);
    for (efron, breslow) in fitted.robust_estimates(Confidence::P95).iter().zip(&robust) {
        assert!((efron.standard_error / breslow - 1.0).abs() < 0.01);
    }
}

#[test]
fn stanford_heart_with_start_and_stop() {
    let Some(table) = Table::read("survival/stanford_heart.csv") else { return };
    let (start, stop, event) = (table.numbers("start"), table.numbers("stop"), table.numbers("event"));
    let subjects: Vec<Subject> =
        (0..start.len()).map(|i| Subject { entry: start[i], exit: stop[i], event: event[i] > 0.0 }).collect();
    let x = rows(&["age", "year", "surgery", "transplant"].map(|c| table.numbers(c)));
    let clusters: Vec<usize> = table.numbers("id").iter().map(|&id| id as usize).collect();
    let design = Design { subjects: &subjects, covariates: &x, columns: 4, strata: &[], clusters: &clusters };
    let fitted = cox::fit(&design, Ties::Efron).unwrap();
    all_printed(
        "coefficients",
        &fitted.coefficients,
        &[0.027_166_64, -0.146_346_35, -0.637_209_89, -0.010_250_77],
        1e-8,
    );
    printed("LL", fitted.log_likelihood, -290.565_616, 1e-6);
}
