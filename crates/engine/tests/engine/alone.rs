//! One account computed alone says what the whole book says of it, on every day: also on one before anybody had a ticket,
//! when that there is none means unknown.

use std::{collections::BTreeSet, fs};

use domain::{
    Day, Instant,
    time::{day_of, days_before, end_of},
};
use engine::{Engine, Settings};

use crate::home::{company, open, today};

/// What metrics are computed over, without what is always there.
const RELATIONS: &str = "event touchpoint ticket survey_response csm_sentiment invoice overdue_invoice payment_attempt \
    subscription_item revenue_line subscription objective milestone contact entitlement account";

/// Adds a metric over every relation that is zero for an account without rows where the book has some.
fn count_everything(settings: &Settings) {
    let metrics = RELATIONS.split_whitespace().map(|relation| {
        format!(
            "[[metric]]\nkey = \"all_{relation}\"\nname = \"{relation}\"\ndoc = \"Rows.\"\ngroup = \"support\"\n\
             unit = \"count\"\nbetter = \"neutral\"\nrelation = \"{relation}\"\nvalue = \"count(*)\"\nwhen_empty = \"zero\"\n"
        )
    });
    let folder = settings.home.join("definitions/metrics");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("everything.toml"), metrics.collect::<String>()).unwrap();
}

/// The days before the first ticket, survey, invoice and try to collect one.
async fn eves(engine: &Engine) -> [Day; 4] {
    let facts = engine.store().facts(None, None).await.unwrap();
    let opened = facts.tickets.iter().map(|it| day_of(it.opened_at)).min();
    let answered = facts.survey_responses.iter().map(|it| day_of(it.occurred_at)).min();
    let billed = facts.invoices.iter().map(|it| it.issued_on).min();
    let tried = facts.payment_attempts.iter().map(|it| day_of(it.occurred_at)).min();
    [opened, answered, billed, tried].map(|day| days_before(day.unwrap(), 1))
}

/// Compares every account of a day; how many there are.
async fn compare(engine: &Engine, day: Day, known_on: Option<Instant>) -> usize {
    let ids: Vec<i64> = engine.book().rows().iter().map(|row| row.account.id).collect();
    let mut alone = Vec::new();
    for id in ids {
        // Before the whole book, whose answers a later question would use.
        alone.push((id, engine.account_as_of(id, day, known_on).await.unwrap()));
    }
    let whole = engine.book_as_of(day, known_on).await.unwrap();
    for (id, book) in alone {
        let (one, row) = (book.row(id), whole.row(id));
        assert_eq!(one.is_some(), row.is_some(), "account {id} on {day}, known on {known_on:?}");
        let (Some(one), Some(row)) = (one, row) else { continue };
        for metric in whole.definitions.catalogue.metrics() {
            let (value, expected) = (book.value(one, &metric.key), whole.value(row, &metric.key));
            assert_eq!(value, expected, "{} of account {id} on {day}, known on {known_on:?}", metric.key);
        }
        assert_eq!(one.health, row.health, "account {id} on {day}, known on {known_on:?}");
        assert_eq!(one.active, row.active);
    }
    whole.rows().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_alone_agrees_with_the_book_of_any_day() {
    let (_home, settings) = company(4).await;
    count_everything(&settings);
    let (engine, _) = open(&settings).await;
    engine::lifetime::bring_up_to_date(&engine).await.unwrap();
    let eves = eves(&engine).await;
    let recent = [1, 200].map(|days| days_before(today(), days));
    let days: BTreeSet<Day> = eves.into_iter().chain(recent).collect();
    let mut compared = 0;
    for day in days {
        compared += compare(&engine, day, None).await;
        compared += compare(&engine, day, Some(end_of(day))).await;
    }
    assert!(compared > 20, "{compared} rows");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_anybody_had_a_ticket_nobody_has_none() {
    let (_home, settings) = company(4).await;
    let (engine, _) = open(&settings).await;
    let [eve, ..] = eves(&engine).await;
    let customer = engine.book_as_of(eve, None).await.unwrap().rows()[0].account.id;
    for (day, expected) in [(eve, None), (today(), Some(true))] {
        let book = engine.account_as_of(customer, day, None).await.unwrap();
        let open = book.value(book.row(customer).unwrap(), "open_tickets");
        assert_eq!(open.map(|open| open >= 0.0), expected, "{day}");
    }
    engine.close().await.unwrap();
}
