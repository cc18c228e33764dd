//! Where the book goes: what is forecast adds up, a scenario does what it says, the past is forecast from what was known
//! then, and the year that the synthetic company has ahead of it lies within the bands.

use std::{collections::HashMap, sync::Arc};

use domain::{Day, access::RowFilter, goal::Figure, revenue::months_after};
use engine::{
    Engine,
    expansion::{Idle, prospects, reasons},
    forecast::{self, Ask, Forecast, Leaver, Measure, Rule, SEED, Scenario, Target, what_it_takes},
    goals::{Unseen, Wish, measure, outlook},
};
use store::{RenewalForecast, StoreError, Subscription, record};

use crate::home::{company, open, today};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_book_is_forecast_and_judged_by_its_past() {
    let (home, settings) = company(120).await;
    let (engine, _) = open(&settings).await;
    assert!(engine.forecast().is_none(), "nothing was learned yet");
    people_spoke_of_a_renewal(&engine).await;
    forecast::bring_up_to_date(&engine).await.unwrap();
    let forecast = drawn(&engine, Scenario::default());
    adds_up(&engine, &forecast);
    scenarios_do_what_they_say(&engine, &forecast);
    the_past_is_judged(&engine);
    the_year_ahead_is_within_the_bands(&engine, &forecast, home.path());
    the_quoted_case(&engine);
    white_space_rests_on_the_book(&engine);
    goals_are_forecast(&engine, &forecast);
    engine.close().await.unwrap();
}

/// At the end of February, of a renewal due in April: 400 of 1,000 dollars will be renewed. Of another, which the model
/// alone spoke of, 800 are due, so people had spoken of more than half.
async fn people_spoke_of_a_renewal(engine: &Engine) {
    let contract = record::load::<Subscription>(engine.store().read(), None, None).await.unwrap().remove(0);
    let said = |forecaster: &str, due_cents, forecast_cents| RenewalForecast {
        id: 0,
        closed_on: "2026-02-28".parse().unwrap(),
        account_id: contract.account_id,
        subscription_id: contract.id,
        due_on: "2026-04-10".parse().unwrap(),
        forecaster: forecaster.to_owned(),
        category: None,
        currency: "USD".to_owned(),
        due_cents,
        forecast_cents,
        frozen_at: engine.now(),
    };
    let other = RenewalForecast { due_on: "2026-05-01".parse().unwrap(), ..said("machine", 80_000, 70_000) };
    let rows = vec![said("member:1", 100_000, 40_000), said("machine", 100_000, 90_000), other];
    let written: Result<_, StoreError> =
        engine.store().write(async |tx| record::insert_many(tx, rows.clone()).await).await;
    written.unwrap();
}

/// Goals ask for the same years that the forecast page draws.
fn goals_are_forecast(engine: &Engine, forecast: &Forecast) {
    let (book, model) = (engine.book(), engine.forecast().unwrap());
    let year = forecast.quarters[3];
    let ask = |figure, months, due_on| {
        let wish = Wish { filter: &RowFilter::All, figure, months, due_on };
        outlook(&book, Some(&model), wish).unwrap()
    };
    let (last, half) = (year.ends_on, forecast.quarters[1].ends_on);
    let arr = ask(Figure::Arr, 0, last).unwrap().value;
    assert!((arr - year.arr.median_cents as f64).abs() < 0.01 * arr, "{arr} {year:?}");
    let net = ask(Figure::NetRetention, 12, last).unwrap().value;
    let since_today = 100.0 * forecast.retention(year.retained.median_cents).unwrap();
    assert!((net - since_today).abs() < 1.0, "{net} {since_today}");
    let gross = ask(Figure::GrossRetention, 12, last).unwrap().value;
    assert!(gross < net && gross <= 100.0, "{gross} {net}");
    let churn = ask(Figure::Churn, 12, last).unwrap().value;
    let losses: f64 = forecast.quarters.iter().map(|quarter| quarter.losses).sum();
    assert!((churn - 100.0 * losses / forecast.accounts as f64).abs() < 1.5, "{churn} {losses}");
    // Half of this year is over: what left in it is known, and only what is left can leave.
    let begun = ask(Figure::Churn, 12, half).unwrap();
    assert!((0.0..100.0).contains(&begun.value) && begun.said.contains("are expected to pay then"), "{begun:?}");
    let lost = ask(Figure::ChurnedRevenue, 12, half).unwrap().value;
    let known = measure(&book, &RowFilter::All, Figure::ChurnedRevenue, 6).value.unwrap();
    assert!(lost > 0.9 * known, "{lost} {known}");
    assert_eq!(ask(Figure::Nps, 0, last), Err(Unseen::NoModel));
    assert_eq!(ask(Figure::Arr, 0, book.as_of), Err(Unseen::Over));
    assert_eq!(ask(Figure::Arr, 0, months_after(book.as_of, 13)), Err(Unseen::TooFar(last)));
    let wish = Wish { filter: &RowFilter::All, figure: Figure::Arr, months: 0, due_on: last };
    assert_eq!(outlook(&book, None, wish).unwrap(), Err(Unseen::NotLearned));
}

fn drawn(engine: &Engine, scenario: Scenario) -> Arc<Forecast> {
    let (book, model) = (engine.book(), engine.forecast().unwrap());
    forecast::forecast(&book, &model, &RowFilter::All, &Ask { scenario, seed: SEED }).unwrap()
}

fn adds_up(engine: &Engine, forecast: &Forecast) {
    let book = engine.book();
    assert_eq!(forecast.opening_cents, book.rows().iter().map(|row| book.arr_cents(row).unwrap()).sum::<i64>());
    assert_eq!((forecast.quarters.len(), forecast.unjudged), (4, 0));
    let mut opening = forecast.opening_cents;
    for quarter in &forecast.quarters {
        let means = quarter.means;
        assert_eq!(means.opening_cents, opening);
        opening = means.closing_cents;
        for quantiles in [quarter.arr, quarter.retained, quarter.churned] {
            assert!(quantiles.all().windows(2).all(|pair| pair[0] <= pair[1]), "{quantiles:?}");
        }
        let (low, high) = quarter.arr.band_80_cents;
        assert!((low..=high).contains(&means.closing_cents) && low < high);
    }
    assert_eq!(*forecast, *drawn(engine, Scenario::default()), "the same seed draws the same");
    let model = engine.forecast().unwrap();
    let leavers = Leaver::all(&book, &model, &RowFilter::All, &Scenario::default(), 0).unwrap();
    let losses: f64 = leavers.iter().map(|leaver| leaver.chances.iter().sum::<f64>()).sum();
    let drawn: f64 = forecast.quarters.iter().map(|quarter| quarter.losses).sum();
    println!("expected losses: {losses:.2} by the chances, {drawn:.2} drawn; factor {:.2}", model.losses.level());
    assert!((drawn / losses - model.losses.level()).abs() < 0.15, "{drawn} {losses}");
}

fn scenarios_do_what_they_say(engine: &Engine, forecast: &Forecast) {
    let book = engine.book();
    let largest = book.rows().iter().map(|row| book.arr_cents(row).unwrap()).max().unwrap();
    let without = drawn(engine, Scenario { lose_top: 1, ..Scenario::default() });
    assert!(without.churned.band_95_cents.0 >= largest);
    let doubled = drawn(engine, Scenario { churn: 2.0, ..Scenario::default() });
    let losses = |it: &Forecast| it.quarters.iter().map(|quarter| quarter.losses).sum::<f64>();
    assert!(losses(&doubled) > 1.5 * losses(forecast), "{} {}", losses(&doubled), losses(forecast));
    let among = Some("tier = 'nothing of the kind'".to_owned());
    assert_eq!(drawn(engine, Scenario { churn: 2.0, among, ..Scenario::default() }).quarters, forecast.quarters);
    let none = drawn(engine, Scenario { new: 0.0, ..Scenario::default() });
    assert!(none.quarters.iter().all(|quarter| quarter.means.new_cents == 0 && quarter.arr == quarter.retained));
    let broken = Scenario { among: Some("tier = ".to_owned()), ..Scenario::default() };
    let model = engine.forecast().unwrap();
    assert!(forecast::forecast(&book, &model, &RowFilter::All, &Ask { scenario: broken, seed: SEED }).is_err());
}

fn the_past_is_judged(engine: &Engine) {
    let model = engine.forecast().unwrap();
    let backtest = model.backtest.as_ref().unwrap();
    let last = backtest.trials.last().unwrap();
    let said = |measure: Measure| last.cases[measure as usize][0].rules[Rule::Said as usize];
    assert_eq!((last.made_on.to_string().as_str(), said(Measure::Churned)), ("2026-02-28", Some(60_000.0)));
    assert!(said(Measure::Nrr).is_some_and(|nrr| nrr < 1.0), "{:?}", said(Measure::Nrr));
    assert!(backtest.trials[0].cases[0][0].rules[Rule::Said as usize].is_none(), "nobody had spoken then");
    println!(
        "losses: size {:.2} ({:?}), persistence {:.2} over {} months; growth {:.4} and {:.4} a month of {} and {} seen; \
         arrivals {:.2}",
        model.losses.size(),
        model.losses.size_range(),
        model.losses.persistence(),
        model.losses.periods,
        model.up.rate,
        model.down.rate,
        model.up.seen(),
        model.down.seen(),
        model.arrivals.rate
    );
    let backtest = model.backtest.as_ref().unwrap();
    println!("{}", backtest.sentence);
    for score in &backtest.scores {
        println!(
            "{:?} {:.4} {:?} inside {:?} of {}",
            score.measure, score.loss, score.rules, score.inside, score.cases
        );
    }
    assert!(backtest.trials.len() >= 4, "{}", backtest.trials.len());
    assert_eq!(backtest.scores.iter().map(|score| score.measure).collect::<Vec<_>>(), Measure::ALL);
    for trial in &backtest.trials {
        let ended = (1..=4).filter(|quarter| months_after(trial.made_on, 3 * quarter) <= today()).count();
        assert!(trial.cases.iter().all(|cases| cases.len() >= ended && cases.len() <= 4), "{}", trial.made_on);
    }
}

/// The truth of the synthetic company runs a year past today; what it loses there must be what was thought possible.
fn the_year_ahead_is_within_the_bands(engine: &Engine, forecast: &Forecast, home: &std::path::Path) {
    let book = engine.book();
    let truth = std::fs::read_to_string(home.join(engine::demo::TRUTH)).unwrap();
    let exits: HashMap<i64, Day> = truth
        .lines()
        .skip(1)
        .filter_map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            Some((cells[0].parse().ok()?, cells[10].parse().ok()?))
        })
        .collect();
    let until = months_after(today(), 12);
    let leaves = |id: i64| exits.get(&id).is_some_and(|day| (today()..=until).contains(day));
    let lost: Vec<i64> = book
        .rows()
        .iter()
        .filter(|row| leaves(row.account.id))
        .map(|row| book.arr_cents(row).unwrap())
        .filter(|arr| *arr > 0)
        .collect();
    let expected: f64 = forecast.quarters.iter().map(|quarter| quarter.losses).sum();
    let (low, high) = forecast.churned.band_95_cents;
    let sum: i64 = lost.iter().sum();
    println!("{} accounts leave, {expected:.1} expected; {sum} cents of {low} to {high}", lost.len());
    assert!((low..=high).contains(&sum), "{sum} outside of {low} to {high}");
}

fn white_space_rests_on_the_book(engine: &Engine) {
    let book = engine.book();
    let found = prospects(&book, &RowFilter::All);
    assert_eq!(found.len(), book.rows().iter().filter(|row| row.active && book.arr_cents(row).unwrap() > 0).count());
    let scores: Vec<f64> = found.iter().map(|it| it.readiness.score.unwrap_or(-1.0)).collect();
    assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]), "{scores:?}");
    for it in &found {
        let row = book.row(it.account_id).unwrap();
        let (seats, active) = (book.value(row, "seats").unwrap(), book.value(row, "active_users_28d").unwrap_or(0.0));
        let more_seats = it.rooms.iter().any(|room| room.kind == "seat");
        assert_eq!(more_seats, active / seats >= 0.85, "{active} of {seats}");
        for room in it.rooms.iter().filter(|room| room.kind == "feature") {
            assert!(
                row.revenue.lines.iter().all(|line| !line.is_on(book.as_of) || *line.product != *room.what),
                "{room:?}"
            );
        }
        assert_eq!(reasons(&book, &it.readiness).len(), 9);
        let idle_features = it.idle.iter().find(|idle| idle.kind == "feature").map(Idle::unused);
        let (has, uses) = (book.value(row, "features_entitled"), book.value(row, "features_used_28d"));
        let unused = has.zip(uses).map(|(has, uses)| has - uses).filter(|unused| *unused > 0.0);
        assert_eq!(idle_features, unused, "{}", row.account.name);
    }
    let rooms = |kind: &str| found.iter().flat_map(|it| &it.rooms).filter(|room| room.kind == kind).count();
    println!("white space: {} of seats, {} of features", rooms("seat"), rooms("feature"));
    assert!(rooms("seat") > 0 && rooms("feature") > 0);
}

fn the_quoted_case(engine: &Engine) {
    let (book, model) = (engine.book(), engine.forecast().unwrap());
    let answer = what_it_takes(&book, &model, &RowFilter::All, Target::QUOTED, SEED).unwrap().unwrap();
    for sentence in answer.sentences(|cents| format!("{} {}", cents / 100, answer.currency)) {
        println!("{sentence}");
    }
    assert!(answer.losses.0 > answer.losses.1 && answer.nrr_churn > answer.nrr_start);
    assert!(answer.clv_cents.1 > answer.clv_cents.0);
    let share = answer.losses.0 / answer.accounts as f64;
    assert!(answer.start_factor.is_none() || (share - 0.15).abs() < 1e-6, "{share}");
    let grown = answer.points.expansion.unwrap();
    assert!(grown >= 1.0, "{grown}");
}
