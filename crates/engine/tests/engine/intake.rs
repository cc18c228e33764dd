//! Events over HTTP: durable once acknowledged, counted once, visible at once.

use engine::ingest::{self, IntakeError, Receipt, SegmentCall, hash_key};
use engine::{Engine, Settings, attribute, query, refresh, seal};
use store::{end_user, source};
use testkit::postgres::{Cluster, SKIPPED};

use crate::home::{build, company, eventually, noon, open, open_live};

const KEY: &str = "wk_test";

async fn source(engine: &Engine) {
    let source = store::Source {
        write_key_hash: Some(hash_key(KEY)),
        write_key_prefix: Some("wk_te".to_owned()),
        ..store::Source::new("app", "App", source::Kind::Segment, noon())
    };
    engine.store().write(async |tx| source::insert(tx, source).await).await.unwrap();
}

fn call<'a>(key: &'a str, body: &'a str) -> SegmentCall<'a> {
    SegmentCall {
        path: "/v1/batch",
        authorization: None,
        x_write_key: Some(key),
        query_key: None,
        content_encoding: None,
        origin: None,
        source_id: None,
        body: body.as_bytes(),
    }
}

async fn count(engine: &Engine) -> i64 {
    let answer =
        query::sql(engine, "select count(*) as n from event where name = 'Report Exported'", 10).await.unwrap();
    answer.frame.ints("n").unwrap().next().flatten().unwrap()
}

fn batch(account: &str) -> String {
    format!(
        r#"{{"batch":[
            {{"type":"track","messageId":"m1","userId":"u1","event":"Report Exported","timestamp":"2026-06-15T11:00:00Z","context":{{"groupId":"{account}"}}}},
            {{"type":"track","messageId":"m2","userId":"u1","event":"Report Exported","timestamp":"2026-06-15T11:01:00Z","context":{{"groupId":"{account}"}}}},
            {{"type":"track","messageId":"m3","userId":"u1","timestamp":"2026-06-15T11:02:00Z"}}
        ]}}"#
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_counted_once_before_and_after_sealing() {
    let (_home, settings) = company(6).await;
    let (engine, _) = open_live(&settings).await;
    source(&engine).await;
    let account = engine.book().rows()[0].account.external_id.clone();
    let body = batch(&account);
    let receipt = ingest::segment(&engine, call(KEY, &body)).await.unwrap();
    assert_eq!(receipt, Receipt { accepted: 2, duplicates: 0, refused: 1 });
    assert_eq!(count(&engine).await, 2);
    let again = ingest::segment(&engine, call(KEY, &body)).await.unwrap();
    assert_eq!((again.accepted, again.duplicates), (0, 2));
    assert_eq!(count(&engine).await, 2);
    seal::seal(&engine).await.unwrap();
    assert_eq!(count(&engine).await, 2);
    ingest::segment(&engine, call(KEY, &body)).await.unwrap();
    assert_eq!(count(&engine).await, 2, "a repeat is known after sealing, too");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_refreshes_its_account() {
    let (_home, settings) = company(6).await;
    let (engine, _) = open_live(&settings).await;
    source(&engine).await;
    let row = engine.book().rows().iter().find(|row| row.active).cloned().unwrap();
    let before = engine.book().value(&row, "events_28d").unwrap_or(0.0);
    ingest::segment(&engine, call(KEY, &batch(&row.account.external_id))).await.unwrap();
    eventually("the refresh", async || {
        let book = engine.book();
        let row = book.row(row.account.id).unwrap();
        book.value(row, "events_28d") == Some(before + 2.0)
    })
    .await;
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn group_introduces_an_account_and_identify_a_contact() {
    let (_home, settings) = company(4).await;
    let (engine, _) = open_live(&settings).await;
    source(&engine).await;
    let body = r#"{"batch":[
        {"type":"group","messageId":"g1","userId":"u9","groupId":"newco","traits":{"name":"New Co","industry":"technology"}},
        {"type":"identify","messageId":"i1","userId":"u9","traits":{"email":"ann@newco.example","name":"Ann Lee"},"context":{"groupId":"newco"}},
        {"type":"track","messageId":"t1","userId":"u9","event":"Report Exported","timestamp":"2026-06-15T11:00:00Z"}
    ]}"#;
    ingest::segment(&engine, call(KEY, body)).await.unwrap();
    eventually("the account", async || engine.book().rows().iter().any(|row| row.account.external_id == "newco")).await;
    let book = engine.book();
    let row = book.rows().iter().find(|row| row.account.external_id == "newco").unwrap();
    assert_eq!(row.account.name, "New Co");
    let id = row.account.id;
    eventually("the event of a member of the account", async || {
        let book = engine.book();
        book.row(id).is_some_and(|row| book.value(row, "active_users_28d") == Some(1.0))
    })
    .await;
    engine.close().await.unwrap();
}

/// What browsers send after a `group`: it names a user and no account.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_names_only_its_user_refreshes_their_account() {
    let (_home, settings) = company(4).await;
    let (engine, _) = open_live(&settings).await;
    source(&engine).await;
    let group =
        r#"{"type":"group","messageId":"g1","userId":"u9","groupId":"newco","timestamp":"2026-06-15T09:00:00Z"}"#;
    ingest::segment(&engine, call(KEY, &format!(r#"{{"batch":[{group}]}}"#))).await.unwrap();
    let users = || {
        let book = engine.book();
        let row = book.rows().iter().find(|row| row.account.external_id == "newco")?;
        Some(book.value(row, "active_users_28d"))
    };
    eventually("the account", async || users().is_some()).await;
    assert_eq!(users(), Some(None), "nobody did anything yet");
    let track =
        r#"{"type":"track","messageId":"t1","userId":"u9","event":"Opened","timestamp":"2026-06-15T11:00:00Z"}"#;
    ingest::segment(&engine, call(KEY, &format!(r#"{{"batch":[{track}]}}"#))).await.unwrap();
    eventually("its active user", async || users() == Some(Some(1.0))).await;
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_key_and_a_broken_body_are_told_apart() {
    let (_home, settings) = company(2).await;
    let (engine, _) = open_live(&settings).await;
    source(&engine).await;
    assert!(matches!(ingest::segment(&engine, call("wk_other", "{}")).await, Err(IntakeError::UnknownKey)));
    let broken = ingest::segment(&engine, call(KEY, "{\"batch\":[")).await;
    assert!(matches!(broken, Err(IntakeError::Refused { status: 400, .. })), "{broken:?}");
    engine.close().await.unwrap();
}

/// A fifth of the events come from users nobody has grouped yet; the groups come later, when all is sealed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belonged_to_nobody_belongs_to_its_account_once_that_is_said() {
    const EVENTS: usize = 500;
    let (_home, settings) = company(4).await;
    let (engine, _) = open(&settings).await;
    source(&engine).await;
    let row = engine.book().rows().iter().find(|row| row.active).cloned().unwrap();
    let account = &row.account.external_id;
    let track = |n: usize| {
        let (user, group) = if n.is_multiple_of(5) { ("late", "") } else { ("early", account.as_str()) };
        format!(
            r#"{{"type":"track","messageId":"e{n}","userId":"{user}","event":"Report Exported","timestamp":"2026-06-15T10:00:00Z","context":{{"groupId":"{group}"}}}}"#
        )
    };
    let events: Vec<String> = (0..EVENTS).map(track).collect();
    let body = format!(r#"{{"batch":[{}]}}"#, events.join(","));
    assert_eq!(ingest::segment(&engine, call(KEY, &body)).await.unwrap().accepted, EVENTS as u64);
    seal::seal(&engine).await.unwrap();
    let mine = async || {
        refresh::all(&engine).await.unwrap();
        let book = engine.book();
        book.row(row.account.id).and_then(|row| book.value(row, "events_28d")).unwrap_or_default() as usize
    };
    let nobodys = async || source::by_key(engine.store().read(), "app").await.unwrap().unwrap().unattributed;
    let before = mine().await;
    assert_eq!(nobodys().await, EVENTS as i64 / 5);
    assert_eq!(attribute::attribute(&engine).await.unwrap(), 0, "nothing new was said");

    let group = format!(r#"{{"type":"group","messageId":"g","userId":"late","groupId":"{account}"}}"#);
    ingest::segment(&engine, SegmentCall { path: "/v1/group", ..call(KEY, &group) }).await.unwrap();
    assert!(attribute::attribute(&engine).await.unwrap() > 0);
    assert_eq!(mine().await, before + EVENTS / 5, "the snapshot has the rest");
    assert_eq!(nobodys().await, 0);
    assert_eq!(count(&engine).await, EVENTS as i64, "none is lost and none doubled");
    assert_eq!(attribute::attribute(&engine).await.unwrap(), 0, "and it is done");
    engine.close().await.unwrap();
}

/// A browser does things before anybody signs in there; then `alias` says who it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_names_that_are_one_person_are_one_user_of_one_account() {
    let (_home, settings) = company(4).await;
    let (engine, clock) = open(&settings).await;
    source(&engine).await;
    let row = engine.book().rows().iter().find(|row| row.active).cloned().unwrap();
    let track = |n: usize, who: &str| {
        format!(
            r#"{{"type":"track","messageId":"a{n}",{who},"event":"Report Exported","timestamp":"2026-06-15T10:00:00Z"}}"#
        )
    };
    let body = format!(
        r#"{{"batch":[{},{},{{"type":"group","messageId":"g","userId":"ada","groupId":"{}"}},{}]}}"#,
        track(1, r#""anonymousId":"anon-1""#),
        track(2, r#""anonymousId":"anon-1""#),
        row.account.external_id,
        track(3, r#""userId":"ada""#),
    );
    ingest::segment(&engine, call(KEY, &body)).await.unwrap();
    seal::seal(&engine).await.unwrap();
    let figures = async || {
        attribute::attribute(&engine).await.unwrap();
        refresh::all(&engine).await.unwrap();
        let book = engine.book();
        let row = book.row(row.account.id).unwrap();
        ["events_28d", "active_users_28d"].map(|metric| book.value(row, metric).unwrap_or_default() as usize)
    };
    let [events, users] = figures().await;

    let alias = r#"{"type":"alias","messageId":"al","previousId":"anon-1","userId":"ada"}"#;
    clock.advance(chrono::TimeDelta::minutes(1));
    let known_before = engine.now();
    clock.advance(chrono::TimeDelta::minutes(1));
    ingest::segment(&engine, SegmentCall { path: "/v1/alias", ..call(KEY, alias) }).await.unwrap();
    assert_eq!(figures().await, [events + 2, users], "the events of the browser are theirs, and they are one user");
    let people = async |known_on| {
        let view = store::alias::standing(engine.store().read(), known_on).await.unwrap();
        let distinct = "select count(distinct user_id) as n from event where name = 'Report Exported'";
        let found = query::sql(&engine, distinct, 10).await.unwrap().frame.ints("n").unwrap().next().flatten().unwrap();
        (view.len(), found)
    };
    assert_eq!(people(None).await, (1, 1));
    assert_eq!(people(Some(known_before)).await.0, 0, "nobody knew it then");

    let source = source::by_key(engine.store().read(), "app").await.unwrap().unwrap();
    let told = store::alias::of_source(engine.store().read(), source.id, None, 10).await.unwrap();
    ingest::undo_alias(&engine, told[0].id, "member:1").await.unwrap();
    assert_eq!(people(None).await, (0, 2), "they are two again");
    assert_eq!(figures().await, [events + 2, users + 1], "what was sealed for the account stays there");
    engine.close().await.unwrap();
}

/// Somebody moves from one customer to another; what they did arrives late, and so does the word of the move (T8, T9).
async fn where_they_were_then(settings: &Settings) {
    let (engine, _) = open(settings).await;
    source(&engine).await;
    let of: Vec<(i64, String)> =
        engine.book().rows()[..2].iter().map(|row| (row.account.id, row.account.external_id.clone())).collect();
    let [(old, old_id), (new, new_id)] = of.as_slice() else { panic!("two accounts") };
    let track = |id: &str, user: &str, hour: u32| {
        format!(
            r#"{{"type":"track","messageId":"{id}","userId":"{user}","event":"Moved","timestamp":"2026-06-15T{hour:02}:00:00Z"}}"#
        )
    };
    let group = |id: &str, user: &str, account: &str, hour: u32| {
        format!(
            r#"{{"type":"group","messageId":"{id}","userId":"{user}","groupId":"{account}","timestamp":"2026-06-15T{hour:02}:00:00Z"}}"#
        )
    };
    let send = async |messages: &[String]| {
        let body = format!(r#"{{"batch":[{}]}}"#, messages.join(","));
        ingest::segment(&engine, call(KEY, &body)).await.unwrap();
    };
    let found = async || {
        let sql = "select account_id, count(*) as n from event where name = 'Moved' group by 1 order by 1 nulls last";
        let frame = query::sql(&engine, sql, 10).await.unwrap().frame;
        let rows = frame.ints("account_id").unwrap().zip(frame.ints("n").unwrap());
        rows.map(|(account, n)| (account, n.unwrap())).collect::<Vec<_>>()
    };
    let mut expected = [(Some(*old), 0), (Some(*new), 0), (None, 0)];
    let mut all = async |step: [i64; 3], what: &str| {
        for (expected, more) in expected.iter_mut().zip(step) {
            expected.1 += more;
        }
        let mut wanted: Vec<_> = expected.iter().copied().filter(|(_, n)| *n > 0).collect();
        wanted.sort_by_key(|(account, _)| account.unwrap_or(i64::MAX));
        assert_eq!(found().await, wanted, "{what}");
    };

    send(&[group("g1", "ann", old_id, 2), group("g2", "ann", new_id, 6)]).await;
    send(&[track("a1", "ann", 4), track("a2", "ann", 8), track("a3", "ann", 1)]).await;
    all([2, 0, 1], "of two accounts the one they were in then; of both, none").await;
    send(&[track("b1", "bob", 4), track("b2", "bob", 8)]).await;
    seal::seal(&engine).await.unwrap();
    all([0, 0, 2], "nobody knows bob").await;
    send(&[group("g3", "bob", new_id, 6), group("g4", "bob", old_id, 3)]).await;
    assert!(attribute::attribute(&engine).await.unwrap() > 0, "evidence came");
    all([1, 0, -1], "and what was sealed follows the same rule").await;
    assert_eq!(attribute::attribute(&engine).await.unwrap(), 0, "what is in two accounts is not tried again");

    let source = source::by_key(engine.store().read(), "app").await.unwrap().unwrap();
    assert_eq!(source.unattributed, 2, "counted, not guessed");
    let ties = end_user::torn(engine.store().read(), source.id, 10).await.unwrap();
    let bob = ties.iter().find(|tie| tie.external_id == "bob").unwrap().user_id;
    assert!(engine.store().write(async |tx| end_user::choose(tx, bob, Some(*new)).await).await.unwrap());
    attribute::attribute(&engine).await.unwrap();
    all([0, 1, -1], "a person's choice decides where both would do").await;
    send(&[track("b3", "bob", 4), track("b4", "bob", 9)]).await;
    all([1, 1, 0], "and not before there were two").await;
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_event_belongs_to_the_account_of_its_time() {
    let (_home, settings) = company(6).await;
    where_they_were_then(&settings).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_event_belongs_to_the_account_of_its_time_on_postgres() {
    let Some(cluster) = Cluster::shared().unwrap() else {
        eprintln!("{SKIPPED}");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let url = cluster.database("late_events").unwrap();
    let settings = Settings { database_url: Some(url), ..Settings::at(folder.path()) };
    build(&settings, 6).await;
    where_they_were_then(&settings).await;
}
