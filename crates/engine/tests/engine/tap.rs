//! What extractors print: traps T12 to T16 by their names, and the samples of real taps with exact amounts.

use std::fs;
use std::path::PathBuf;

use engine::tap::{self, Tap, TapError, TapReport};
use engine::{Engine, query};

use crate::home::{company, open_live};

const SCHEMA: &str = r#"{"type":"SCHEMA","stream":"accounts","schema":{"properties":{"id":{"type":"string"},"name":{}}},"key_properties":["id"]}"#;

async fn pour(engine: &Engine, preset: &str, text: &str) -> Result<(TapReport, Vec<String>), TapError> {
    let source = tap::source(engine, &format!("tap-{preset}")).await?;
    tap::take(engine, source, preset, text.as_bytes(), None).await
}

async fn accounts(engine: &Engine, lines: &[&str]) -> (TapReport, Vec<String>) {
    let text = [SCHEMA].iter().chain(lines).flat_map(|line| [*line, "\n"]).collect::<String>();
    pour(engine, "generic", &text).await.unwrap()
}

async fn text(engine: &Engine, sql: &str) -> Vec<Option<String>> {
    let answer = query::sql(engine, sql, 100).await.unwrap();
    answer.frame.texts("x").unwrap().map(|text| text.map(str::to_owned)).collect()
}

async fn whole(engine: &Engine, sql: &str) -> Option<i64> {
    query::sql(engine, sql, 1).await.unwrap().frame.ints("x").unwrap().next().flatten()
}

fn record(body: &str) -> String {
    format!(r#"{{"type":"RECORD","stream":"accounts","record":{body}}}"#)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t12_money_is_decimal_and_exact() {
    let (_home, settings) = company(2).await;
    let (engine, _) = open_live(&settings).await;
    let lines = [
        record(r#"{"id":"m1","name":"M","mrr":2500.10,"currency":"EUR"}"#),
        record(r#"{"id":"m2","name":"N","mrr":1000000000.07,"currency":"EUR"}"#),
    ];
    let (report, _) = accounts(&engine, &[&lines[0], &lines[1]]).await;
    assert_eq!(report.failed, 0, "{report:?}");
    let sql = "select sum(i.amount_cents) as x from subscription_item i join account a on a.account_id = i.account_id where a.external_id in ('m1','m2')";
    assert_eq!(whole(&engine, sql).await, Some(250_010 + 100_000_000_007));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t13_numbers_may_be_text_and_members_may_lack_from_the_schema() {
    let (_home, settings) = company(2).await;
    let (engine, _) = open_live(&settings).await;
    let sent = r#"{"type":"SCHEMA","stream":"companies","schema":{"properties":{"id":{}}},"key_properties":["id"]}
{"type":"RECORD","stream":"companies","record":{"id":"77","properties":{"name":"Text Numbers","numberofemployees":"420","unheard_of":"x"}}}
{"type":"STATE","value":{"a":1}}
"#;
    let (report, states) = pour(&engine, "hubspot", sent).await.unwrap();
    assert_eq!((report.failed, states), (0, vec![r#"{"a":1}"#.to_owned()]), "{report:?}");
    assert_eq!(whole(&engine, "select count(*) as x from account where name = 'Text Numbers'").await, Some(1));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t14_schemas_and_keys_may_change_in_mid_stream() {
    let (_home, settings) = company(2).await;
    let (engine, _) = open_live(&settings).await;
    let wider = SCHEMA.replace(r#""name":{}"#, r#""name":{},"industry":{}"#);
    let keyed = SCHEMA.replace(r#"["id"]"#, r#"["id","region"]"#);
    let (one, two, three) = (
        record(r#"{"id":"d1","name":"Drift"}"#),
        record(r#"{"id":"d1","name":"Drift","industry":"wood"}"#),
        record(r#"{"id":"d1","name":"Drifted","region":"north"}"#),
    );
    let (report, _) = accounts(&engine, &[&one, &wider, &two, &keyed, &three]).await;
    assert_eq!((report.failed, report.streams["accounts"]), (0, 3), "{report:?}");
    assert_eq!(
        text(&engine, "select name as x from account where external_id = 'd1'").await,
        [Some("Drifted".to_owned())]
    );
    assert_eq!(
        text(&engine, "select industry as x from account where external_id = 'd1'").await,
        [Some("wood".to_owned())]
    );
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t15_absent_is_unchanged_and_null_is_cleared() {
    let (_home, settings) = company(2).await;
    let (engine, _) = open_live(&settings).await;
    let industry = "select industry as x from account where external_id = 'n1'";
    accounts(&engine, &[&record(r#"{"id":"n1","name":"N","industry":"wood"}"#)]).await;
    accounts(&engine, &[&record(r#"{"id":"n1","name":"N two"}"#)]).await;
    assert_eq!(text(&engine, industry).await, [Some("wood".to_owned())]);
    accounts(&engine, &[&record(r#"{"id":"n1","industry":null}"#)]).await;
    assert_eq!(text(&engine, industry).await, [None]);
    assert_eq!(
        text(&engine, "select name as x from account where external_id = 'n1'").await,
        [Some("N two".to_owned())]
    );
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t16_states_are_coalesced_and_only_what_holds_is_passed_on() {
    let (_home, settings) = company(2).await;
    let (engine, _) = open_live(&settings).await;
    let state = r#"{"type":"STATE","value":{"at" : 1.50}}"#;
    let row = record(r#"{"id":"s1","name":"S"}"#);
    let mut lines = vec![row.as_str()];
    lines.extend([state; 35]);
    let (_, states) = accounts(&engine, &lines).await;
    assert_eq!(states, [r#"{"at" : 1.50}"#], "once, letter by letter");

    let source = tap::source(&engine, "tap-generic").await.unwrap();
    let mut tap = Tap::open(&engine, source, "generic").await.unwrap();
    let batch = r#"{"type":"BATCH","stream":"accounts","encoding":{},"manifest":[]}"#;
    for line in [SCHEMA, &record(r#"{"id":"s2","name":"Before"}"#), state] {
        assert_eq!(tap.line(line).await.unwrap(), Vec::<String>::new(), "nothing before it is committed");
    }
    let Err(TapError::Line { fault, states }) = tap.line(batch).await else { panic!("BATCH must be refused") };
    assert_eq!(
        (fault.code, states),
        ("batch_unsupported", vec![r#"{"at" : 1.50}"#.to_owned()]),
        "what came before holds"
    );
    assert_eq!(whole(&engine, "select count(*) as x from account where external_id = 's2'").await, Some(1));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_its_table_no_longer_holds_is_gone_and_its_account_stays() {
    let (_home, settings) = company(2).await;
    let (engine, _) = open_live(&settings).await;
    let at = |id: &str, version: u32| {
        format!(r#"{{"type":"RECORD","stream":"accounts","record":{{"id":"{id}","name":"{id}"}},"version":{version}}}"#)
    };
    let activate = |version: u32| format!(r#"{{"type":"ACTIVATE_VERSION","stream":"accounts","version":{version}}}"#);
    let (first, _) = accounts(&engine, &[&activate(1), &at("v1", 1), &at("v2", 1), &activate(1)]).await;
    assert_eq!(first.gone, 0);
    let (second, _) = accounts(&engine, &[&at("v1", 2), &activate(2)]).await;
    assert_eq!((second.gone, second.unchanged), (1, 1));
    assert_eq!(whole(&engine, "select count(*) as x from account where external_id in ('v1', 'v2')").await, Some(2));
    engine.close().await.unwrap();
}

/// What `tap-stripe`, `tap-hubspot` and `tap-postgres` really printed; not part of the repository.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_samples_of_real_taps_land_once_however_often_they_are_sent() {
    let (_home, settings) = company(2).await;
    let (engine, _) = open_live(&settings).await;
    for preset in ["stripe", "hubspot", "postgres"] {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/singer"));
        let Ok(sample) = fs::read_to_string(folder.join(format!("tap-{preset}.singer"))) else {
            eprintln!("SKIPPED: the sample of tap-{preset} is not here");
            continue;
        };
        let (first, states) = pour(&engine, preset, &sample).await.unwrap();
        assert!(first.created > 0 && first.failed == 0 && !states.is_empty(), "{preset}: {first:?}");
        let (again, _) = pour(&engine, preset, &sample).await.unwrap();
        assert_eq!((again.created, again.updated, again.failed), (0, 0, 0), "{preset}: {again:?}");
        let last = sample.lines().rev().find(|line| line.contains("STATE")).unwrap();
        assert!(last.contains(states.last().unwrap().as_str()), "{preset}: the last state is passed on");
    }
    engine.close().await.unwrap();
}
