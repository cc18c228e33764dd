//! Kaplan-Meier, log-rank, Cox and its relatives on data whose answers R (4.2.2, survival 3.5-3) prints; lifelines agrees
//! where it has the model.

use stats::Confidence;
use stats::survival::accelerated::{self, Distribution};
use stats::survival::competing::cumulative_incidence;
use stats::survival::cox::{self, Design, Ties};
use stats::survival::discrete::{self, Baseline, Follow};
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

fn rossi() -> Option<(Table, Vec<Subject>)> {
    let table = Table::read("survival/rossi.csv")?;
    let weeks = table.numbers("week");
    let arrested = table.numbers("arrest");
    let subjects = weeks.iter().zip(&arrested).map(|(&t, &e)| Subject::from_start(t, e > 0.0)).collect();
    Some((table, subjects))
}

/// `survreg(Surv(week, arrest) ~ fin + age + race + wexp + mar + paro + prio)`.
#[test]
fn rossi_accelerated_failure() {
    let Some((table, subjects)) = rossi() else { return };
    let x = rows(&["fin", "age", "race", "wexp", "mar", "paro", "prio"].map(|c| table.numbers(c)));
    let weibull = accelerated::fit(Distribution::Weibull, &subjects, &x).unwrap();
    let published = [3.990_135, 0.272_163, 0.040_714, -0.224_802, 0.106_557, 0.311_273, 0.058_827, -0.065_817];
    all_printed("Weibull", &weibull.params.coefficients, &published, 1e-6);
    printed("scale", weibull.params.scale, 0.712_405, 1e-6);
    printed("LL", weibull.log_likelihood, -679.916_564, 1e-6);
    let errors: Vec<f64> = weibull.estimates(Confidence::P95).iter().map(|e| e.standard_error).collect();
    let published = [0.419_095, 0.137_962, 0.016_004, 0.220_159, 0.151_541, 0.273_302, 0.139_638, 0.020_941];
    all_printed("errors", &errors, &published, 1e-6);
    let log_normal = accelerated::fit(Distribution::LogNormal, &subjects, &x).unwrap();
    let published = [4.267_666, 0.342_848, 0.027_202, -0.363_160, 0.268_132, 0.460_353, 0.055_879, -0.065_518];
    all_printed("log-normal", &log_normal.params.coefficients, &published, 1e-6);
    printed("scale", log_normal.params.scale, 1.294_570, 1e-6);
    printed("LL", log_normal.log_likelihood, -683.234_625, 1e-6);
}

/// `survfit` with two reasons: arrested with at most two convictions before, or with more.
#[test]
fn rossi_competing_exits() {
    let Some((table, subjects)) = rossi() else { return };
    let causes: Vec<usize> = table.numbers("prio").iter().map(|&prio| usize::from(prio > 2.0)).collect();
    let points = cumulative_incidence(&subjects, &causes, Confidence::P95).unwrap();
    for (week, survival, incidence, errors) in [
        (12.0, 0.956_018_5, [0.020_833_3, 0.023_148_1], [0.006_871_7, 0.007_234_9]),
        (26.0, 0.875, [0.050_925_9, 0.074_074_1], [0.010_577_4, 0.012_600_3]),
        (52.0, 0.736_111_1, [0.118_055_6, 0.145_833_3], [0.015_524_7, 0.016_980_8]),
    ] {
        let point = points.iter().rfind(|point| point.time <= week).unwrap();
        printed("survival", point.survival, survival, 1e-7);
        let values: Vec<f64> = point.incidence.iter().map(|estimate| estimate.value).collect();
        all_printed("incidence", &values, &incidence, 1e-7);
        // The last digits depend on which of two large-sample formulas is taken.
        for (ours, published) in point.incidence.iter().zip(errors) {
            assert!((ours.standard_error / published - 1.0).abs() < 0.01, "{ours:?} {published}");
        }
    }
}

/// `glm(y ~ factor(quarter) + fin + prio - 1, binomial)`, iterated to 1e-14, over one row per person and quarter at risk.
#[test]
fn rossi_discrete_hazard() {
    let Some((table, subjects)) = rossi() else { return };
    let follow = |s: &Subject| Follow { entered: 0, periods: (s.exit / 13.0).ceil() as u32, left: s.event };
    let follows: Vec<Follow> = subjects.iter().map(follow).collect();
    let x = rows(&["fin", "prio"].map(|c| table.numbers(c)));
    let fitted = discrete::fit(Baseline::PerPeriod(4), &follows, &x).unwrap();
    let published = [-3.230_864, -2.590_317, -2.723_804, -2.410_879, -0.412_182, 0.112_453];
    all_printed("coefficients", &fitted.coefficients, &published, 1e-6);
    printed("LL", fitted.log_likelihood, -396.700_123, 1e-6);
    let errors: Vec<f64> = fitted.estimates(Confidence::P95).iter().map(|e| e.standard_error).collect();
    all_printed("errors", &errors, &[0.269_725, 0.224_640, 0.239_503, 0.224_307, 0.198_714, 0.029_381], 1e-6);
}
