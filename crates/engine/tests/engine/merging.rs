//! Merging accounts: everything of the merged account is shown under its survivor, records sent under its name find
//! their way, the past is as it was known, and undoing gives exactly back what was there. On both databases.

use std::io::Cursor;

use chrono::TimeDelta;
use engine::{
    Clock, Engine, Settings,
    fields::Hand,
    import::{self, CsvImport},
    ingest, merge, query, refresh, seal,
};
use store::{Facts, account_merge, contact, end_user, source};
use testkit::postgres::{Cluster, SKIPPED};

use crate::home::{build, company, noon, open, today};

fn hand() -> Hand {
    Hand { member_id: 1, actor: "member:1".to_owned() }
}

/// Every metric and the health of every account, to the bit.
fn told(book: &engine::Book) -> Vec<String> {
    let row = |row: &std::sync::Arc<engine::Row>| {
        let bits: Vec<_> = row.values.iter().map(|value| value.map(f64::to_bits)).collect();
        format!("{} {:?} {bits:?}", row.account.external_id, row.health)
    };
    book.rows().iter().map(row).collect()
}

/// Every record without the time at which it became known, which no undoing can take back.
async fn records(engine: &Engine) -> Vec<String> {
    let facts: Facts = engine.store().facts(None, None).await.unwrap();
    let text = format!("{facts:#?}");
    text.lines().filter(|line| !line.trim_start().starts_with("recorded_at")).map(str::to_owned).collect()
}

async fn events(engine: &Engine, account: i64) -> i64 {
    let sql = format!("select count(*) as n from event where account_id = {account}");
    let answer = query::sql(engine, &sql, 10).await.unwrap();
    answer.frame.ints("n").unwrap().next().flatten().unwrap()
}

async fn send(engine: &Engine, object: &str, file: &str) {
    let import = CsvImport { object, ..CsvImport::default() };
    let report = import::csv(engine, import, Cursor::new(file.to_owned()), &mut |_| {}).await.unwrap();
    assert_eq!(report.failed, 0, "{:?}", report.refused);
}

/// Merges the third account into the first, looks at everything, and takes it back.
async fn there_and_back(engine: &Engine, clock: &Clock) {
    seal::seal(engine).await.unwrap();
    refresh::all(engine).await.unwrap();
    let (book, before) = (engine.book(), records(engine).await);
    let (stays, goes) = (&book.rows()[0].account, &book.rows()[2].account);
    let apart = (events(engine, stays.id).await, events(engine, goes.id).await);
    assert!(apart.0 > 0 && apart.1 > 0, "{apart:?}");
    let people = |facts: &Facts, id: i64| facts.contacts.iter().filter(|contact| contact.account_id == id).count();
    let facts = engine.store().facts(None, None).await.unwrap();
    let (ours, theirs) = (people(&facts, stays.id), people(&facts, goes.id));

    clock.advance(TimeDelta::minutes(5));
    let merged = merge::merge(engine, goes.id, stays.id, &hand()).await.unwrap();
    assert!(engine.book().row(goes.id).is_none(), "out of sight");
    assert_eq!((events(engine, stays.id).await, events(engine, goes.id).await), (apart.0 + apart.1, 0));
    let facts = engine.store().facts(None, None).await.unwrap();
    assert_eq!((people(&facts, stays.id), people(&facts, goes.id)), (ours + theirs, 0));
    let arr = |book: &engine::Book, id: i64| book.row(id).map_or(0, |row| book.arr_cents(row).unwrap());
    assert_eq!(arr(&engine.book(), stays.id), arr(&book, stays.id) + arr(&book, goes.id));
    let known = engine.book_as_of(today(), Some(noon() + TimeDelta::minutes(1))).await.unwrap();
    assert_eq!(told(&known), told(&book), "as it was known before");

    clock.advance(TimeDelta::minutes(5));
    merge::undo(engine, merged.id, &hand()).await.unwrap();
    assert_eq!((events(engine, stays.id).await, events(engine, goes.id).await), apart);
    assert_eq!(records(engine).await, before);
    assert_eq!(told(&engine.book()), told(&book));
    let again = merge::undo(engine, merged.id, &hand()).await.unwrap_err();
    assert!(again.to_string().contains("undone before"), "{again}");
}

/// What is sent under the name of a merged account finds its survivor; what is said about itself waits with it.
async fn sent_meanwhile(engine: &Engine, clock: &Clock) {
    let book = engine.book();
    let (stays, goes, other) = (&book.rows()[0].account, &book.rows()[2].account, &book.rows()[4].account);
    let merged = merge::merge(engine, goes.id, stays.id, &hand()).await.unwrap();
    let (id, name) = (&goes.external_id, &goes.name);
    send(engine, "contacts", &format!("contact_id,account_id,email,name\nnew-1,{id},new@x.test,New\n")).await;
    let new = contact::of_addresses(engine.store().read(), &["new@x.test"]).await.unwrap();
    assert!(new.contains_key(&(stays.id, "new@x.test".to_owned())), "{new:?}");
    send(engine, "accounts", &format!("account_id,name,industry\n{id},{name},Mining\n")).await;
    assert_eq!(engine.book().row(stays.id).unwrap().account.industry, stays.industry);

    for (from, into) in [(goes.id, other.id), (other.id, goes.id)] {
        let refused = merge::merge(engine, from, into, &hand()).await.unwrap_err();
        assert!(refused.to_string().contains("merged into another one already"), "{refused}");
    }
    let itself = merge::merge(engine, stays.id, stays.id, &hand()).await.unwrap_err();
    assert!(itself.to_string().contains("into itself"), "{itself}");
    let later = merge::merge(engine, stays.id, other.id, &hand()).await.unwrap();
    let standing = account_merge::standing(engine.store().read(), None).await.unwrap();
    assert_eq!(standing.of(goes.id), other.id, "a chain ends at its last account");
    let refused = merge::undo(engine, merged.id, &hand()).await.unwrap_err();
    assert!(refused.to_string().contains("undo that first"), "{refused}");

    clock.advance(TimeDelta::minutes(5));
    merge::undo(engine, later.id, &hand()).await.unwrap();
    merge::undo(engine, merged.id, &hand()).await.unwrap();
    let back = engine.book();
    assert_eq!(back.row(goes.id).unwrap().account.industry.as_deref(), Some("Mining"), "its sources went on");
    assert_eq!(back.rows().len(), book.rows().len());
}

const KEY: &str = "wk_merging";

/// A user of two accounts is nobody's until these are one, or until a person chooses.
async fn users_of_two(engine: &Engine) {
    let row = store::Source {
        write_key_hash: Some(ingest::hash_key(KEY)),
        ..store::Source::new("app", "App", source::Kind::Segment, noon())
    };
    let source = engine.store().write(async |tx| source::insert(tx, row).await).await.unwrap();
    let book = engine.book();
    let [one, two] = [0, 2].map(|at| &book.rows()[at].account);
    let group =
        |account: &str| format!(r#"{{"type":"group","messageId":"g-{account}","userId":"ann","groupId":"{account}"}}"#);
    let body = format!(r#"{{"batch":[{},{}]}}"#, group(&one.external_id), group(&two.external_id));
    let call = ingest::SegmentCall {
        path: "/v1/batch",
        authorization: None,
        x_write_key: Some(KEY),
        query_key: None,
        content_encoding: None,
        origin: None,
        source_id: None,
        body: body.as_bytes(),
    };
    ingest::segment(engine, call).await.unwrap();
    let belongs = async || {
        let ties = end_user::torn(engine.store().read(), source.id, 10).await.unwrap();
        assert_eq!(ties.len(), 2, "{ties:?}");
        (ties[0].user_id, ties.into_iter().find(|tie| tie.belongs).map(|tie| tie.account_id))
    };
    let (ann, nobodys) = belongs().await;
    assert_eq!(nobodys, None, "never guessed");
    let merged = merge::merge(engine, two.id, one.id, &hand()).await.unwrap();
    assert_eq!(belongs().await.1, Some(one.id));
    merge::undo(engine, merged.id, &hand()).await.unwrap();
    assert_eq!(belongs().await.1, None);
    let choose = async |account: Option<i64>| {
        engine.store().write(async |tx| end_user::choose(tx, ann, account).await).await.unwrap()
    };
    assert!(choose(Some(two.id)).await);
    assert_eq!(belongs().await.1, Some(two.id));
    assert!(!choose(Some(book.rows()[4].account.id)).await, "not one of theirs");
    assert!(choose(None).await);
    assert_eq!(belongs().await.1, None);
}

async fn everything(engine: Engine, clock: Clock) {
    there_and_back(&engine, &clock).await;
    sent_meanwhile(&engine, &clock).await;
    users_of_two(&engine).await;
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_moves_everything_and_undoing_gives_it_back() {
    let (_home, settings) = company(8).await;
    let (engine, clock) = open(&settings).await;
    everything(engine, clock).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_is_the_same_on_a_server() {
    let Some(cluster) = Cluster::shared().unwrap() else {
        eprintln!("{SKIPPED}");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let url = cluster.database("merging").unwrap();
    let settings = Settings { database_url: Some(url), ..Settings::at(folder.path()) };
    build(&settings, 8).await;
    let (engine, clock) = open(&settings).await;
    everything(engine, clock).await;
}
