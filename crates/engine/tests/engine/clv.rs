//! Files to estimates: the published digits from the files they were estimated on, and one clear sentence for every
//! file that holds no answer.

use std::path::{Path, PathBuf};

use domain::Day;
use engine::clv::{
    self, ClvError, Confidence, CovariateColumns, Draw, Fit, Input, Model, Override, Quantity, Records, Terms, TimeUnit,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

/// A reference file, or `None` with a loud line when the folder is not beside the repository.
fn reference(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference").join(path);
    if !path.exists() {
        println!("SKIPPED: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn input(path: &Path) -> Input<'_> {
    Input {
        path,
        records: None,
        columns: &[],
        covariates: CovariateColumns::default(),
        date_format: None,
        unit: None,
        calibration_end: None,
        calibration_periods: None,
        cohort_size: None,
        today: day("2026-11-22"),
        threads: 2,
    }
}

fn fit(model: &str, input: &Input<'_>) -> Result<Fit, ClvError> {
    clv::fit(model.parse().unwrap(), input, &mut |_| ())
}

/// Asserts agreement with printed figures in all of their digits.
#[track_caller]
fn printed(fit: &Fit, figures: &[(&str, f64)], last_digit: f64, log_likelihood: f64) {
    for (name, published) in figures {
        let ours = fit.params.find(name).unwrap();
        assert!((ours - published).abs() <= 0.500_001 * last_digit, "{}: {name} is {ours}, not {published}", fit.model);
    }
    assert!((fit.log_likelihood - log_likelihood).abs() < 0.051, "{}: {}", fit.model, fit.log_likelihood);
}

#[test]
fn cdnow_gives_the_published_estimates() {
    let Some(path) = reference("cdnow/CDNOW_sample.txt") else { return };
    let input = Input { calibration_end: Some(day("1997-09-30")), ..input(&path) };
    let check = |model: &str, figures: &[(&str, f64)], log_likelihood| {
        let fit = fit(model, &input).unwrap();
        printed(&fit, figures, 0.001, log_likelihood);
        fit
    };
    let bg = check("bg-nbd", &[("r", 0.243), ("alpha", 4.414), ("a", 0.793), ("b", 2.426)], -9582.4);
    assert_eq!(serde_json::to_value(&bg).unwrap()["customers"], 2357);
    assert_eq!(serde_json::to_value(&bg).unwrap()["repeats"], 2457);
    assert_eq!(bg.attrition, Some("detected"));
    check("mbg-nbd", &[("r", 0.525), ("alpha", 6.183), ("a", 0.891), ("b", 1.614)], -9582.1);
    let pareto = check("pareto-nbd", &[("r", 0.553), ("alpha", 10.578), ("s", 0.606), ("beta", 11.669)], -9595.0);
    let errors = ["r", "alpha", "s", "beta"].map(|name| pareto.standard_errors.find(name).unwrap());
    for (ours, published) in errors.into_iter().zip([0.0476, 0.843, 0.187, 6.21]) {
        assert!((ours / published - 1.0).abs() < 0.005, "{ours} {published}");
    }
    let spend = fit("gamma-gamma", &input).unwrap();
    printed(&spend, &[("p", 6.25), ("q", 3.74), ("gamma", 15.44)], 0.01, -4055.9);
    assert_eq!(serde_json::to_value(&spend).unwrap()["customers"], 946);
}

#[test]
fn the_unit_of_time_changes_only_the_unit() {
    let Some(path) = reference("cdnow/CDNOW_sample.txt") else { return };
    let weeks = Input { calibration_end: Some(day("1997-09-30")), ..input(&path) };
    let days = Input { unit: Some(TimeUnit::Day), ..weeks };
    let (weeks, days) = (fit("pareto-nbd", &weeks).unwrap(), fit("pareto-nbd", &days).unwrap());
    let ratio = |name: &str| days.params.find(name).unwrap() / weeks.params.find(name).unwrap();
    assert!((ratio("r") - 1.0).abs() < 1e-6 && (ratio("alpha") - 7.0).abs() < 1e-5);
}

#[test]
fn donors_and_renewals_give_the_published_estimates() {
    if let Some(path) = reference("donations/btyd_rf.matrix.csv") {
        let donors = fit("bg-bb", &input(&path)).unwrap();
        printed(&donors, &[("alpha", 1.204), ("beta", 0.750), ("gamma", 0.657), ("delta", 2.783)], 0.001, -33225.6);
        assert_eq!(serde_json::to_value(&donors).unwrap()["customers"], 11_104);
    }
    let Some(path) = reference("contractual/fader_hardie_2007_retention.csv") else { return };
    let check = |cohort: &str, model: &str, periods, figures: &[(&str, f64)], log_likelihood| {
        let columns: [Override; 1] = [format!("survivors={cohort}").parse().unwrap()];
        let input =
            Input { columns: &columns, calibration_periods: Some(periods), cohort_size: Some(1000.0), ..input(&path) };
        printed(&fit(model, &input).unwrap(), figures, 0.001, log_likelihood);
    };
    check("high_end", "sbg", 7, &[("gamma", 0.668), ("delta", 3.806)], -1611.2);
    check("regular", "sbg", 7, &[("gamma", 0.704), ("delta", 1.182)], -1680.3);
    check("regular", "bdw", 4, &[("gamma", 0.523), ("delta", 0.894), ("c", 1.196)], -1401.4);
    check("high_end", "bdw", 4, &[("gamma", 0.259), ("delta", 1.723), ("c", 1.584)], -1222.7);
}

#[test]
fn the_holdout_of_cdnow_is_that_of_the_paper() {
    let Some(path) = reference("cdnow/CDNOW_sample.txt") else { return };
    let input = Input { calibration_end: Some(day("1997-09-30")), ..input(&path) };
    let evidence = clv::evaluate(None, &input, &mut |_| ()).unwrap();
    let of = |model: &str| evidence.candidates.iter().find(|one| one.fit.model == model).unwrap();
    assert!((of("bg-nbd").correlation.unwrap() - 0.626).abs() < 0.0005);
    assert!((of("pareto-nbd").correlation.unwrap() - 0.630).abs() < 0.0005);
    assert!((of("bg-nbd").actual - 1882.0).abs() < 1e-9);
    assert!(evidence.sentence().contains("Trust") || evidence.sentence().contains("trusted"));
    let pictures = evidence.pictures();
    assert_eq!(pictures.iter().map(|picture| picture.name).collect::<Vec<_>>(), ["tracking.svg", "calibration.svg"]);
    assert!(pictures.iter().all(|picture| picture.svg.starts_with("<svg") && !picture.svg.contains("NaN")));
    assert!(evidence.to_html("log").contains(&evidence.sentence()));
}

#[test]
fn the_walkthrough_customer_is_predicted() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = reference("cdnow/CDNOW_sample.txt") else { return };
    let input = Input { calibration_end: Some(day("1997-09-30")), ..input(&path) };
    let terms = Terms { horizon: Some(52.0), annual_rate: 0.15, margin: Some(0.3), confidence: Confidence::P95 };
    let model: Model = "bg-nbd".parse().unwrap();
    let prediction = clv::predict(model, &input, terms, &mut |_| ()).unwrap();
    let out = folder.path().join("out.json");
    prediction.write_json(&mut std::fs::File::create(&out).unwrap(), &mut |_| ()).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    let busiest = json["customers"].as_array().unwrap().iter().find(|one| one["x"] == 26).unwrap();
    let number = |name: &str| busiest[name].as_f64().unwrap();
    assert!((number("purchases") - 25.7566).abs() < 0.001, "{busiest}");
    assert!((number("p_alive") - 0.96885).abs() < 0.0001, "{busiest}");
    assert!(number("clv_low") < number("clv") && number("clv") < number("clv_high"));
    assert_eq!(json["definition"], "non-contractual@1 (profit)");
}

#[test]
fn amounts_and_opportunities_are_held_out_too() {
    let Some(path) = reference("cdnow/CDNOW_sample.txt") else { return };
    let input = Input { calibration_end: Some(day("1997-09-30")), ..input(&path) };
    let spend = clv::evaluate(Some("gamma-gamma".parse().unwrap()), &input, &mut |_| ()).unwrap();
    assert_eq!(spend.what, Quantity::Spend);
    let judged = spend.best().unwrap();
    assert!(spend.customers > 400.0 && judged.root_mean_squared_error < judged.naive_error, "{spend}");
    assert!(judged.error.unwrap().abs() < 0.15, "{spend}");
    assert!(spend.to_html("log").contains("Holdout amounts by earlier repeats"));
    let months = Input { unit: Some(TimeUnit::Month), ..input };
    let donors = clv::evaluate(Some("bg-bb".parse().unwrap()), &months, &mut |_| ()).unwrap();
    let judged = donors.best().unwrap();
    assert!(
        (donors.customers - 2357.0).abs() < 0.5 && judged.actual > 500.0 && judged.correlation.unwrap() > 0.4,
        "{donors}"
    );
    let years = Input { unit: Some(TimeUnit::Year), calibration_end: Some(day("1998-06-01")), ..input };
    let refused = clv::evaluate(Some("bg-bb".parse().unwrap()), &years, &mut |_| ()).unwrap_err().to_string();
    assert!(refused.contains("--time-unit"), "{refused}");
}

/// A summary of two kinds of customers, of whom the second buy more often and stop sooner.
fn two_kinds() -> String {
    use std::fmt::Write;

    use stats::purchase::{self, Params};
    use stats::random::Seeded;

    let mut source = Seeded::new(5);
    let mut text = String::from("x,t_x,T,premium\n");
    for i in 0..4_000 {
        let premium = f64::from(i % 2);
        let values = [1.2, 6.0 * (-0.5 * premium).exp(), 0.8 * (0.6 * premium).exp(), 3.0];
        let params = Params::new(purchase::Model::BgNbd, values).unwrap();
        let history = params.simulate(52.0, &mut source).unwrap();
        writeln!(text, "{},{},{},{premium}", history.repeats, history.recency, history.age).unwrap();
    }
    text
}

#[test]
fn covariates_move_buying_and_leaving() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kinds.csv");
    std::fs::write(&path, two_kinds()).unwrap();
    let columns = ["premium".to_owned()];
    let covariates = CovariateColumns { buying: &columns, leaving: &columns };
    let input = Input { covariates, ..input(&path) };
    let fitted = fit("bg-nbd", &input).unwrap();
    for (name, truth) in [("buying:premium", 0.5), ("leaving:premium", 0.6), ("r", 1.2)] {
        let (ours, error) = (fitted.params.find(name).unwrap(), fitted.standard_errors.find(name).unwrap());
        assert!((ours - truth).abs() < 3.5 * error, "{name} is {ours} ± {error}, not {truth}");
    }
    assert!(fitted.log_likelihood > fitted.log_likelihood_without_covariates.unwrap() + 10.0);
    let terms = Terms { horizon: Some(26.0), annual_rate: 0.1, margin: None, confidence: Confidence::P95 };
    let prediction = clv::predict("bg-nbd".parse().unwrap(), &input, terms, &mut |_| ()).unwrap();
    let mut out = Vec::new();
    assert!(prediction.write_csv(&mut out, &mut |_| ()).unwrap().is_none(), "no sum over kinds");
    assert_eq!(String::from_utf8(out).unwrap().lines().count(), 4_001);
    let refused = fit("gamma-gamma", &input).unwrap_err();
    assert!(refused.is_usage() && refused.to_string().contains("covariates"), "{refused}");
    let unknown = ["size".to_owned()];
    let missing = Input { covariates: CovariateColumns { buying: &unknown, leaving: &[] }, ..input };
    assert!(fit("bg-nbd", &missing).unwrap_err().to_string().contains("no column `size`"));
}

#[test]
fn a_covariate_of_a_log_belongs_to_the_customer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.csv");
    let columns = ["paid".to_owned()];
    let input = Input { covariates: CovariateColumns { buying: &columns, leaving: &[] }, ..input(&path) };
    std::fs::write(&path, "id,date,amount,paid\na,2024-01-01,5,1\nb,2024-01-02,5,0\na,2024-03-01,5,2\n").unwrap();
    let changed = fit("bg-nbd", &input).unwrap_err().to_string();
    assert!(["line 4", "`paid`", "was 1"].iter().all(|word| changed.contains(word)), "{changed}");
    std::fs::write(&path, "id,date,amount,paid\na,2024-01-01,5,\n").unwrap();
    assert!(fit("bg-nbd", &input).unwrap_err().to_string().contains("must be known"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_book_is_a_file_like_any_other() {
    let (_home, settings) = crate::home::company(60).await;
    let (store, lake) = engine::open_data(&settings, crate::home::noon()).await.unwrap();
    let records = Records::load(&store, &lake, crate::home::today()).await.unwrap();
    let path = Path::new("the book");
    let book =
        Input { records: Some(&records), unit: Some(TimeUnit::Month), today: crate::home::today(), ..input(path) };
    let fitted = fit("sbg", &book).unwrap();
    assert!(fitted.customers > 30.0, "{fitted}");
    let terms = Terms { horizon: None, annual_rate: 0.1, margin: None, confidence: Confidence::P95 };
    let mut out = Vec::new();
    clv::predict("bdw".parse().unwrap(), &book, terms, &mut |_| ()).unwrap().write_csv(&mut out, &mut |_| ()).unwrap();
    assert!(out.starts_with(b"age,survival"), "{}", String::from_utf8_lossy(&out));
    let bought = fit("bg-nbd", &book).map_or_else(|error| error.to_string(), |fit| fit.to_string());
    assert!(bought.contains("customers") || bought.contains("buys without a contract"), "{bought}");
    store.close().await.unwrap();
}

/// Writes `text` and fits `model` to it.
fn fitted_to(model: &str, text: &str) -> Result<Fit, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.csv");
    std::fs::write(&path, text).unwrap();
    fit(model, &input(&path)).map_err(|error| {
        let chain = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    })
}

#[test]
fn what_holds_no_answer_says_where_and_why() {
    let check = |model: &str, text: &str, words: &[&str]| {
        let said = fitted_to(model, text).unwrap_err();
        assert!(words.iter().all(|word| said.contains(word)), "{text:?} gave: {said}");
    };
    check("bg-nbd", "", &["empty"]);
    check("bg-nbd", "id,date,amount\n", &["no purchases"]);
    check("bg-nbd", "id,date,amount\na,2024-01-01,5\n", &["1 rows given", "at least 2"]);
    check("bg-nbd", "id,date,amount\na,2024-01-01,5\nb,2024-02-01,5\n", &["second time"]);
    check("bg-nbd", "id,date,amount\na,2024-13-01,5\n", &["line 2", "`date`", "2024-13-01"]);
    check("bg-nbd", "id,date,amount\na,2024-01-01,NaN\n", &["line 2", "`amount`", "NaN"]);
    check("bg-nbd", "id,date,amount\na,2024-01-01,inf\n", &["line 2", "`amount`", "inf"]);
    check("bg-nbd", "id,date,amount\na,2024-01-01,5\na,2099-01-01,5\n", &["line 3", "future", "--calibration-end"]);
    check("bg-nbd", "id,date,amount\n,2024-01-01,5\n", &["line 2", "`id`"]);
    check("bg-nbd", "id,amount\na,5\n", &["--column date="]);
    check("bg-nbd", "x,t_x,T\n1,5,4\n", &["line 2", "`t_x`", "not after the end"]);
    check("bg-nbd", "x,t_x,T\n1,5,-4\n", &["line 2", "`T`", "below zero"]);
    check("bg-nbd", "x,t_x,T\n1.5,3,4\n", &["line 2", "`x`", "not a count"]);
    check("bg-bb", "x,t_x,n\n3,2,6\n", &["line 2", "`x`"]);
    check("gamma-gamma", "x,m\n1,5\n2,-3\n1,4\n", &["line 3", "`m`", "below zero"]);
    check("gamma-gamma", "id,date\na,2024-01-01\na,2024-02-01\n", &["amounts"]);
    check("sbg", "id,date,amount\na,2024-01-01,5\n", &["seen to leave", "bg-nbd"]);
    check("sbg", "age,survivors\n0,100\n1,110\n", &["line 3", "`survivors`", "nobody comes back"]);
    check("sbg", "age,survivors\n0,100\n1,100\n", &["nobody has left"]);
    check("sbg", "age,survivors\n0,100\n2,90\n", &["line 3", "`age`", "one row per period"]);
    check("sbg", "tenure,left\n3,maybe\n", &["line 2", "`left`", "yes nor no"]);
}

#[test]
fn unordered_dates_refunds_and_synonyms_are_no_trouble() {
    let rows: String = (0..60)
        .flat_map(|i| {
            (0..=i % 4).map(move |k| format!("c{i};{:02}.{:02}.2024;12,50\n", 1 + (i * 7 + k * 5) % 28, 9 - k * 2))
        })
        .collect();
    let fit = fitted_to("bg-nbd", &format!("Customer ID;Order Date;Revenue\n{rows}c1;01.02.2024;-4,00\n")).unwrap();
    assert_eq!(serde_json::to_value(&fit).unwrap()["customers"], 60);
    assert!(fit.notes.iter().any(|note| note.contains("refund")), "{:?}", fit.notes);
}

#[test]
fn identical_customers_are_labelled() {
    let rows = "3,20,30\n".repeat(30);
    let fit = fitted_to("bg-nbd", &format!("x,t_x,T\n{rows}")).unwrap();
    assert!(fit.standard_errors.0.iter().any(|(_, error)| error.is_none()), "{fit}");
}

#[test]
fn a_simulated_file_gives_its_parameters_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("simulated.csv");
    let check = |model: &str, truth: &[(&str, f64)], summary: bool| {
        let draw = Draw {
            model: model.parse().unwrap(),
            params: truth.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
            spend: None,
            customers: 6000,
            periods: if model == "sbg" || model == "bg-bb" { 8.0 } else { 90.0 },
            joining: 5.0,
            unit: TimeUnit::Week,
            from: day("2020-01-01"),
            summary,
            seed: 9,
        };
        clv::draw(&draw, &mut std::fs::File::create(&path).unwrap(), &mut |_| ()).unwrap();
        let fit = fit(model, &input(&path)).unwrap();
        for (name, truth) in truth {
            let (ours, error) = (fit.params.find(name).unwrap(), fit.standard_errors.find(name).unwrap());
            let rounding = if summary { 0.0 } else { 0.1 * truth };
            assert!((ours - truth).abs() < 4.0 * error + rounding, "{model}: {name} is {ours} ± {error}, not {truth}");
        }
    };
    check("bg-nbd", &[("r", 0.8), ("alpha", 6.0), ("a", 0.8), ("b", 2.5)], true);
    check("bg-nbd", &[("r", 0.8), ("alpha", 6.0), ("a", 0.8), ("b", 2.5)], false);
    check("pareto-nbd", &[("r", 0.8), ("alpha", 6.0), ("s", 0.9), ("beta", 15.0)], true);
    check("bg-bb", &[("alpha", 1.2), ("beta", 0.75), ("gamma", 0.66), ("delta", 2.78)], true);
    check("gamma-gamma", &[("p", 6.0), ("q", 4.0), ("gamma", 15.0)], true);
    check("sbg", &[("gamma", 0.8), ("delta", 3.0)], true);
}

#[test]
fn misuse_is_told_apart_from_failure() {
    let mut draw = Draw {
        model: "bg-nbd".parse().unwrap(),
        params: vec![("r".to_owned(), 1.0), ("alpha".to_owned(), 1.0), ("a".to_owned(), 1.0), ("s".to_owned(), 1.0)],
        spend: None,
        customers: 5,
        periods: 9.0,
        joining: 1.0,
        unit: TimeUnit::Week,
        from: day("2020-01-01"),
        summary: true,
        seed: 1,
    };
    let refused = |draw: &Draw, word: &str| {
        let error = clv::draw(draw, &mut Vec::new(), &mut |_| ()).unwrap_err();
        assert!(error.is_usage() && error.to_string().contains(word), "{error}");
    };
    refused(&draw, "`s`");
    draw.params[3].0 = "b".to_owned();
    draw.params[0].1 = f64::NAN;
    refused(&draw, "r is NaN");
    draw.periods = f64::INFINITY;
    refused(&draw, "--periods");
}

/// A cell that may be anything: a good value, a bad one, or noise.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (0..40_u32).prop_map(|number| number.to_string()),
        2 => (0.0..90.0_f64).prop_map(|number| number.to_string()),
        4 => (1..29_u32, 1..13_u32).prop_map(|(day, month)| format!("2024-{month:02}-{day:02}")),
        1 => prop::sample::select(vec!["", "NaN", "inf", "-inf", "-1", "1e300", "-0", "1e-300", "2999-01-01", "abc", "\"", "yes", "a,b"])
            .prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ]
}

/// A file with a header of some kind and rows of any cells.
fn file() -> impl Strategy<Value = String> {
    let headers = vec![
        "id,date,amount",
        "x,t_x,T",
        "x,t_x,T,m,n",
        "x,t_x,n,customers",
        "x,m",
        "age,survivors",
        "age,a,b",
        "tenure,left",
        "1,2,3",
        "",
    ];
    (prop::sample::select(headers), prop::collection::vec(prop::collection::vec(cell(), 1..6), 0..40)).prop_map(
        |(header, rows)| {
            let rows: Vec<String> = rows.iter().map(|cells| cells.join(",")).collect();
            format!("{header}\n{}\n", rows.join("\n"))
        },
    )
}

/// A file whose rows are all well-formed, so that most of them reach a fit.
fn good_file() -> impl Strategy<Value = String> {
    let log = prop::collection::vec((0..12_u32, 1..29_u32, 1..13_u32, -5.0..500.0_f64), 1..60).prop_map(|rows| {
        let row =
            |(id, day, month, amount): &(u32, u32, u32, f64)| format!("c{id},2024-{month:02}-{day:02},{amount:.2}");
        format!("id,date,amount\n{}\n", rows.iter().map(row).collect::<Vec<_>>().join("\n"))
    });
    let summary = prop::collection::vec((0..400_u32, 0.001..1.0_f64, 0.01..400.0_f64, 0.0..1e6_f64, 0..4_u32), 1..30)
        .prop_map(|rows| {
            let row = |(x, share, age, m, n): &(u32, f64, f64, f64, u32)| {
                let recency = if *x == 0 { 0.0 } else { share * age };
                format!("{x},{recency},{age},{m},{n}")
            };
            format!("x,t_x,T,m,n\n{}\n", rows.iter().map(row).collect::<Vec<_>>().join("\n"))
        });
    let survivors = prop::collection::vec(0..50_u32, 1..15).prop_map(|losses| {
        let mut here = 500_u32;
        let row = |(age, lost): (usize, &u32)| {
            here = here.saturating_sub(*lost);
            format!("{age},{here}")
        };
        format!("age,survivors\n{}\n", losses.iter().enumerate().map(row).collect::<Vec<_>>().join("\n"))
    });
    prop_oneof![log, summary, survivors]
}

/// Fits, predicts and judges with every model: an error, or numbers that are numbers.
fn probe(text: &str) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("any.csv");
    std::fs::write(&path, text).unwrap();
    let input = input(&path);
    for model in Model::ALL {
        if let Ok(fit) = clv::fit(model, &input, &mut |_| ()) {
            prop_assert!(fit.params.0.iter().filter_map(|(_, value)| *value).all(f64::is_finite), "{fit}");
            prop_assert!(
                fit.standard_errors.0.iter().filter_map(|(_, value)| *value).all(|e| e.is_finite() && e >= 0.0)
            );
            prop_assert!(fit.log_likelihood.is_finite());
        }
        let terms = Terms { horizon: None, annual_rate: 0.1, margin: None, confidence: Confidence::P95 };
        if let Ok(prediction) = clv::predict(model, &input, terms, &mut |_| ()) {
            let mut out = Vec::new();
            prediction.write_csv(&mut out, &mut |_| ()).unwrap();
            let text = String::from_utf8(out).unwrap();
            let mut lines = text.lines();
            let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
            // Ids may hold commas and quotes; numbers are counted from the end.
            for line in lines {
                for (name, cell) in header.iter().rev().zip(line.rsplit(',')).take(header.len() - 1) {
                    let Ok(value) = cell.parse::<f64>() else {
                        prop_assert!(cell.is_empty(), "{name}: {cell}");
                        continue;
                    };
                    prop_assert!(value.is_finite() && value >= 0.0, "{model} {name}: {value}");
                    let is_probability = ["p_alive", "survival", "retention_rate"].iter().any(|p| name.starts_with(p));
                    prop_assert!(!is_probability || value <= 1.0, "{model} {name}: {value}");
                }
            }
        }
    }
    if let Ok(evidence) = clv::evaluate(None, &input, &mut |_| ()) {
        prop_assert!(!evidence.to_html("any").contains("NaN"));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_file_is_answered_or_refused(text in file()) {
        probe(&text)?;
    }

    #[test]
    fn any_good_file_is_answered_with_numbers(text in good_file()) {
        probe(&text)?;
    }
}
