//! Queries: parts and tail are one table, files that cannot matter are not opened,
//! and nothing but a `SELECT` is ever run.

use std::time::Duration;

use chrono::Duration as Span;
use lake::{Attribution, Column, Frame, Kind, Lake, Params, QueryError, Settings, View};

use crate::world::{ask, blob, catalogue, day, event, instant, lake, lines, nobody, number, quarter};

/// January and February sealed, March and one more event in the inbox.
fn mixed(lake: &Lake) -> View {
    let events = quarter();
    let march = events.iter().position(|event| event.occurred_at >= instant("2026-03-01T00:00:00Z")).unwrap();
    let parts = catalogue(lake.seal([blob(&events[..march])], &nobody()).unwrap());
    let late = event(5000, None, "2026-03-31T12:00:00Z");
    let tail = [(1, blob(&events[march..])), (2, blob(std::slice::from_ref(&late)))];
    lake.view(parts, &tail, &Attribution::new(vec![(late.user_id.unwrap(), 10)], Vec::new())).unwrap()
}

#[tokio::test]
async fn parts_and_tail_are_one_table() {
    let (_folder, lake) = lake();
    let view = mixed(&lake);
    let whole = lake.view(vec![], &[(9, blob(&quarter()))], &nobody()).unwrap();
    let by_account = "select account_id, count(*) as events, count(distinct user_id) as users, max(occurred_at) as last
                      from event where occurred_at < '2026-03-31T00:00:00Z' group by account_id order by account_id";
    let answer = ask(&view, by_account).await;
    assert_eq!(answer, ask(&whole, by_account).await);
    assert_eq!(lines(&answer)[0], "1,267,3,2026-03-30T22:00:01Z");
    assert_eq!(number(&ask(&view, "select count(*) as n from event").await), 2701);
    let attributed = ask(&view, "select count(*) as n from event where account_id = 10 and user_id = 9002").await;
    assert_eq!(number(&attributed), 1);
}

#[tokio::test]
async fn a_tail_is_attributed_by_what_is_known_now() {
    let (_folder, lake) = lake();
    let anonymous = event(1, None, "2026-01-01T00:00:00Z");
    let user = anonymous.user_id.unwrap();
    let tail = [(1, blob(&[anonymous, event(2, Some(7), "2026-01-01T00:00:00Z")]))];
    let accounts = "select account_id from event order by name";
    let before = lake.view(vec![], &tail, &nobody()).unwrap();
    let after = lake.view(vec![], &tail, &Attribution::new(vec![(user, 3)], Vec::new())).unwrap();
    assert_eq!(lines(&ask(&before, accounts).await), ["7", ""]);
    assert_eq!(lines(&ask(&after, accounts).await), ["7", "3"]);
    let later = lake.view(vec![], &[(2, blob(&[event(3, Some(9), "2026-01-01T00:00:00Z")]))], &nobody()).unwrap();
    assert_eq!(lines(&ask(&later, accounts).await), ["9"]);
    assert_eq!(lines(&ask(&after, accounts).await), ["7", "3"]);
}

/// How many files the plan of a query opens.
async fn files(view: &View, sql: &str, params: &Params) -> usize {
    view.explain(sql, params).await.unwrap().matches(".parquet").count()
}

#[tokio::test]
async fn files_outside_a_filter_are_not_opened() {
    let (_folder, lake) = lake();
    let mut events = quarter();
    let far: Vec<_> = (0..50).map(|n| event(9000 + n, Some(7777), "2026-02-10T00:00:00Z")).collect();
    let mut parts = lake.seal([blob(&events)], &nobody()).unwrap();
    parts.extend(lake.seal([blob(&far)], &nobody()).unwrap());
    events.truncate(1);
    let view = lake.view(catalogue(parts), &[(1, blob(&events))], &nobody()).unwrap();

    let none = Params::new();
    assert_eq!(files(&view, "select count(user_id) from event", &none).await, 4);
    let february = "select count(user_id) from event where occurred_at >= $from and occurred_at < $until";
    let params = Params::new()
        .instant("from", instant("2026-02-01T00:00:00Z"))
        .instant("until", instant("2026-03-01T00:00:00Z"));
    assert_eq!(files(&view, february, &params).await, 2);
    assert_eq!(number(&view.query(february, &params).await.unwrap()), 890);
    assert_eq!(files(&view, "select count(user_id) from event where account_id = 7777", &none).await, 1);
    assert_eq!(files(&view, "select count(user_id) from event where account_id = 5000", &none).await, 0);
    let days = "select count(user_id) from event where occurred_at < $day";
    assert_eq!(files(&view, days, &Params::new().day("day", day("2026-02-01"))).await, 1);
    assert_eq!(number(&ask(&view, "select count(user_id) as n from event where account_id = 5000").await), 0);
}

#[tokio::test]
async fn counting_everything_reads_no_file() {
    let (_folder, lake) = lake();
    let parts = catalogue(lake.seal([blob(&quarter())], &nobody()).unwrap());
    let view = lake.view(parts, &[], &nobody()).unwrap();
    let sql = "select count(*) as n, max(occurred_at) as last from event";
    assert_eq!(files(&view, sql, &Params::new()).await, 0);
    assert_eq!(lines(&ask(&view, sql).await), ["2700,2026-03-31T22:00:10Z"]);
}

/// `count(distinct text)` is ours and `select distinct` the engine's: they must agree in every shape of plan.
#[tokio::test]
async fn different_texts_are_counted_as_the_engine_counts_them() {
    let (_folder, lake) = lake();
    let view = mixed(&lake);
    let text = "case when user_id % 7 <> 3 then name || cast(user_id % 11 as text) end";
    let early = "occurred_at < '2026-03-01T00:00:00Z'";
    for key in ["account_id", "user_id", "event_id", "name", "1"] {
        let ours = format!(
            "select {key} as k, count(distinct {text}) as n, count(distinct {text}) filter (where {early}) as m,
                 count(distinct user_id) as users from event group by 1 order by 1"
        );
        let theirs = format!(
            "with pair as (select distinct {key} as k, {text} as t, {early} as early from event),
                 any as (select k, count(*) as n from (select distinct k, t from pair where t is not null) group by k),
                 first as (select k, count(*) as m from pair where t is not null and early group by k),
                 users as (select {key} as k, count(distinct user_id) as users from event group by 1)
             select users.k, coalesce(n, 0) as n, coalesce(m, 0) as m, users
             from users left join any on any.k = users.k left join first on first.k = users.k order by users.k"
        );
        assert_eq!(lines(&ask(&view, &ours).await), lines(&ask(&view, &theirs).await), "{key}");
    }
    assert_eq!(number(&ask(&view, "select count(distinct name) as n from event").await), 2);
    assert_eq!(number(&ask(&view, "select count(distinct name) as n from event where account_id = 0").await), 0);
    let renamed = ask(&view, "select count(distinct name) from event having count(distinct name) > 1").await;
    assert_eq!(renamed.columns().next(), Some(("count(DISTINCT event.name)", Kind::Int)));
}

#[tokio::test]
async fn the_scan_rate_counts_what_it_read() {
    let (_folder, lake) = lake();
    let rate = mixed(&lake).scan_rate().await.unwrap();
    assert_eq!((rate.events, rate.accounts), (2701, 10));
    assert!(rate.per_second() > 0.0);
    let empty = lake.view(vec![], &[], &nobody()).unwrap().scan_rate().await.unwrap();
    assert_eq!((empty.events, empty.accounts), (0, 0));
}

#[tokio::test]
async fn an_empty_lake_answers() {
    let (_folder, lake) = lake();
    let view = lake.view(vec![], &[], &nobody()).unwrap();
    assert_eq!(number(&ask(&view, "select count(*) as n from event").await), 0);
    let empty = ask(&view, "select account_id, name from event").await;
    assert_eq!(empty.columns().collect::<Vec<_>>(), [("account_id", Kind::Int), ("name", Kind::Text)]);
    assert!(empty.is_empty());
}

fn accounts() -> Frame {
    let ids: Column = vec![1_i64, 2, 3].into();
    Frame::new([
        ("account_id", ids),
        ("name", ["Apple & Co", "=Beet", "Cherry"].into_iter().collect()),
        ("arr", [Some(10.5), None, Some(-3.0)].into_iter().collect()),
        ("customer_from", [Some(day("2024-02-29")), None, None].into_iter().collect()),
        ("seen_at", [instant("2026-01-01T00:00:00Z"); 3].into_iter().collect()),
        ("paying", [true, false, true].into_iter().collect()),
    ])
    .unwrap()
}

#[tokio::test]
async fn records_are_laid_beside_the_events() {
    let (_folder, lake) = lake();
    let view = mixed(&lake).with("account", &accounts()).unwrap();
    let joined = ask(
        &view,
        "select a.name, count(e.event_id) as events from account a left join event e on e.account_id = a.account_id
         group by a.name order by a.name",
    )
    .await;
    assert_eq!(lines(&joined), ["'=Beet,270", "Apple & Co,270", "Cherry,270"]);
    let replaced = view.clone().with("account", &Frame::new([("n", vec![4_i64].into())]).unwrap()).unwrap();
    assert_eq!(number(&ask(&replaced, "select n from account").await), 4);
    assert_eq!(number(&ask(&view, "select count(*) as n from account").await), 3);
}

#[tokio::test]
async fn a_frame_survives_the_engine() {
    let (_folder, lake) = lake();
    let view = lake.view(vec![], &[], &nobody()).unwrap().with("account", &accounts()).unwrap();
    assert_eq!(ask(&view, "select * from account order by account_id").await, accounts());
    let widened = ask(&view, "select cast(account_id as smallint) as i, cast(arr as real) as f, encode_free from (select *, null as encode_free from account) order by 1").await;
    assert_eq!(widened.columns().map(|(_, kind)| kind).collect::<Vec<_>>(), [Kind::Int, Kind::Float, Kind::Text]);
    assert_eq!(lines(&widened), ["1,10.5,", "2,,", "3,-3,"]);
    let row = serde_json::Value::Object(accounts().json_rows().next().unwrap());
    let expected = serde_json::json!({"account_id": 1, "name": "Apple & Co", "arr": 10.5, "customer_from": "2024-02-29",
                                      "seen_at": "2026-01-01T00:00:00Z", "paying": true});
    assert_eq!(row, expected);
    let text = accounts().to_json();
    assert!(
        text.starts_with(r#"[{"account_id":1,"name":"Apple & Co","arr":10.5,"#),
        "in the order of the columns: {text}"
    );
    assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&text).unwrap()[0], expected);
}

#[tokio::test]
async fn what_is_wrong_with_a_statement_is_said_with_its_place() {
    let (_folder, lake) = lake();
    let view = lake.view(vec![], &[], &nobody()).unwrap().with("account", &accounts()).unwrap();
    let said = async |sql: &str| view.query(sql, &Params::new()).await.unwrap_err().to_string();
    assert_eq!(said("selec 1").await, "expected an SQL statement, found selec, at line 1, column 1");
    assert_eq!(said("select 1\nfrm account").await, "expected end of statement, found account, at line 2, column 5");
    assert_eq!(said("select").await, "the statement ends where an expression was expected");
    assert!(said("select nam from account").await.starts_with("No field named nam. Did you mean 'account.name'?"));
}

#[tokio::test]
async fn parameters_are_values_and_never_sql() {
    let (_folder, lake) = lake();
    let view = lake.view(vec![], &[], &nobody()).unwrap();
    let params = Params::new()
        .text("text", "'; drop table event; --")
        .int("int", -4)
        .float("float", 0.25)
        .bool("bool", true)
        .day("day", day("2026-11-22"))
        .instant("instant", instant("2026-11-22T10:00:00.000001Z"))
        .int("unknown", None);
    let sql = "select $text as t, $int + 1 as i, $float as f, $bool as b, $day as d, $instant as at, $unknown as n,
               $instant - interval '1 day' as before";
    let answer = view.query(sql, &params).await.unwrap();
    let expected =
        "'; drop table event; --,-3,0.25,true,2026-11-22,2026-11-22T10:00:00.000001Z,,2026-11-21T10:00:00.000001Z";
    assert_eq!(lines(&answer), [expected]);
    let limited = "select * from (values (1), (2), (3)) as t (n) order by n limit $rows offset $after";
    let limited = view.query(limited, &Params::new().int("rows", 1).int("after", 1)).await.unwrap();
    assert_eq!(number(&limited), 2);
    let missing = view.query("select $nothing", &Params::new()).await.unwrap_err();
    assert_eq!(missing.to_string(), "no value was given for the parameter $nothing");
}

#[tokio::test]
async fn only_one_select_is_run() {
    let (_folder, lake) = lake();
    let view = lake.view(vec![], &[], &nobody()).unwrap();
    for sql in [
        "drop table event",
        "create table t as select 1",
        "insert into event select * from event",
        "with t as (select 1) insert into event select * from t",
        "copy event to '/tmp/x.parquet'",
        "copy (select 1) to '/tmp/x.csv'",
        "create external table t stored as csv location '/etc/passwd'",
        "explain select 1",
        "set datafusion.execution.batch_size = 1",
        "select 1 into t",
        "show tables",
        "select 1; select 2",
        "",
        "selekt 1",
        "select * from '/etc/passwd'",
        "select * from information_schema.tables",
        "select nothing from event",
    ] {
        let refused = view.query(sql, &Params::new()).await;
        assert!(matches!(refused, Err(QueryError::Refused { .. })), "{sql}: {refused:?}");
    }
}

#[tokio::test]
async fn a_row_limit_says_when_it_cut() {
    let (_folder, lake) = lake();
    let view = mixed(&lake);
    let sql = "select event_id from event";
    let cut = view.query_capped(sql, &Params::new(), 10).await.unwrap();
    assert_eq!((cut.frame.len(), cut.truncated), (10, true));
    assert_eq!(cut.frame.texts("event_id").unwrap().next().unwrap().unwrap().len(), 32);
    let whole = view.query_capped(sql, &Params::new(), 2701).await.unwrap();
    assert_eq!((whole.frame.len(), whole.truncated), (2701, false));
}

#[tokio::test]
async fn a_query_is_checked_without_being_run() {
    let (_folder, lake) = lake();
    let view = lake.view(vec![], &[], &nobody()).unwrap();
    let sql = "select account_id, count(*) filter (where occurred_at >= $since) as recent, avg(quantity) as mean from event group by 1";
    let columns = view.describe(sql, &Params::new().day("since", day("2026-01-01"))).await.unwrap();
    let expected = [("account_id", Kind::Int), ("recent", Kind::Int), ("mean", Kind::Float)];
    assert_eq!(columns, expected.map(|(name, kind)| (name.to_owned(), kind)));
    let error = view.describe("select acount_id from event", &Params::new()).await.unwrap_err();
    assert!(error.to_string().contains("acount_id"), "{error}");
}

#[tokio::test]
async fn a_dropped_query_stops_and_frees_its_memory() {
    let (_folder, lake) = lake();
    let view = mixed(&lake);
    let endless = "select count(distinct a.event_id || b.event_id || c.event_id) from event a, event b, event c";
    let stopped = tokio::time::timeout(Duration::from_millis(300), view.query(endless, &Params::new())).await;
    assert!(stopped.is_err());
    let answer = tokio::time::timeout(Duration::from_secs(20), ask(&view, "select count(*) as n from event")).await;
    assert_eq!(number(&answer.unwrap()), 2701);
}

#[tokio::test]
async fn a_query_that_needs_too_much_memory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        memory_limit_bytes: 100_000,
        spill_limit_bytes: 0,
        ..Settings::new(folder.path().to_str().unwrap())
    };
    let lake = Lake::open(&settings).unwrap();
    let view = lake.view(vec![], &[(1, blob(&quarter()))], &Attribution::default()).unwrap();
    let sorted = view.query("select array_agg(name || properties) from event group by event_id", &Params::new()).await;
    assert!(matches!(sorted, Err(QueryError::TooLarge { .. })), "{sorted:?}");
}

#[tokio::test]
async fn times_are_truncated_in_utc() {
    let (_folder, lake) = lake();
    let late = event(1, Some(1), "2026-01-31T23:59:59.999999Z");
    let mut next = event(2, Some(1), "2026-01-31T23:59:59.999999Z");
    next.occurred_at = late.occurred_at + Span::microseconds(1);
    let parts = catalogue(lake.seal([blob(&[late, next])], &nobody()).unwrap());
    assert_eq!(parts.len(), 2);
    let old = (0..40).map(|n| event(100 + n, Some(2), &format!("1969-{:02}-{:02}T13:14:15Z", 1 + n % 12, 1 + n % 28)));
    let view = lake.view(parts, &[(1, blob(&old.collect::<Vec<_>>()))], &nobody()).unwrap();
    let days = ask(
        &view,
        "select date_trunc('day', occurred_at) as day, cast(occurred_at as date) as d from event where account_id = 1 order by 1",
    )
    .await;
    assert_eq!(lines(&days), ["2026-01-31T00:00:00Z,2026-01-31", "2026-02-01T00:00:00Z,2026-02-01"]);
    for unit in ["second", "minute", "hour", "day", "week", "month", "quarter", "year"] {
        let ours = format!("date_trunc('{unit}', occurred_at)");
        let zoneless = "arrow_cast(occurred_at, 'Timestamp(Microsecond, None)')";
        let engines = format!("arrow_cast(date_trunc('{unit}', {zoneless}), 'Timestamp(Microsecond, Some(\"UTC\"))')");
        let differing = format!("select count(*) as n from event where {ours} <> {engines} or {ours} is null");
        assert_eq!(number(&ask(&view, &differing).await), 0, "{unit}");
    }
    let age =
        "select cast($as_of as date) - cast(occurred_at as date) as age from event where account_id = 1 order by 1";
    let ages = view.query(age, &Params::new().day("as_of", day("2026-02-03"))).await.unwrap();
    assert_eq!(lines(&ages), ["2", "3"]);
}
