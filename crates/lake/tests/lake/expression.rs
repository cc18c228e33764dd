//! Expressions: what they mean, what they refuse, and where they point.

use lake::expression::{ExpressionError, Expressions, MAX_DEPTH, MAX_LIST};
use lake::{Frame, Kind};
use proptest::prelude::*;

use crate::world::{day, instant};

fn expressions() -> Expressions {
    Expressions::new([
        ("health", Kind::Float),
        ("arr", Kind::Float),
        ("seats", Kind::Int),
        ("tier", Kind::Text),
        ("paying", Kind::Bool),
        ("renewal_on", Kind::Day),
        ("last_seen_at", Kind::Instant),
    ])
}

/// Three accounts; the third is unknown in everything.
fn book() -> Frame {
    Frame::new([
        ("tier", [Some("strategic"), Some("Growth"), None].into_iter().collect()),
        ("health", [Some(40.0), Some(80.5), None].into_iter().collect()),
        ("arr", [Some(20_000.0), Some(0.0), None].into_iter().collect()),
        ("seats", [Some(10_i64), Some(0), None].into_iter().collect()),
        ("paying", [Some(true), Some(false), None].into_iter().collect()),
        ("renewal_on", [Some(day("2026-12-01")), Some(day("2027-12-01")), None].into_iter().collect()),
        (
            "last_seen_at",
            [Some(instant("2026-11-20T12:00:00Z")), Some(instant("2026-01-01T00:00:00Z")), None].into_iter().collect(),
        ),
        ("unrelated", vec![1_i64, 2, 3].into()),
    ])
    .unwrap()
}

fn holds(text: &str) -> [Option<bool>; 3] {
    let condition =
        expressions().condition(text).unwrap_or_else(|error| panic!("{text}\n{}\n{error}", error.caret(text)));
    condition.evaluate(&book()).unwrap().try_into().unwrap()
}

fn value(text: &str) -> [Option<f64>; 3] {
    let formula = expressions().formula(text).unwrap_or_else(|error| panic!("{text}\n{}\n{error}", error.caret(text)));
    formula.evaluate(&book()).unwrap().try_into().unwrap()
}

fn refused(text: &str) -> ExpressionError {
    expressions().condition(text).unwrap_err()
}

const YES_NO_UNKNOWN: [Option<bool>; 3] = [Some(true), Some(false), None];

#[test]
fn conditions_mean_what_sql_means() {
    for text in [
        "health < 50",
        "HEALTH < 50 and arr >= 20000 and not (seats = 0)",
        "health between 0 and 50",
        "tier = 'strategic'",
        "tier in ('strategic', 'digital')",
        "seats in (10, 20, -1)",
        "seats in (10, 20.5)",
        "tier like 'strat%'",
        "tier ilike 'STRAT%'",
        "tier not like 'G%'",
        "lower(tier) <> 'growth'",
        "paying",
        "paying = true",
        "not paying = false",
        "renewal_on < date '2027-01-01'",
        "renewal_on < '2027-01-01'",
        "'2027-01-01' > renewal_on",
        "renewal_on between '2026-01-01' and '2026-12-31'",
        "renewal_on in ('2026-12-01')",
        "last_seen_at >= '2026-11-20'",
        "last_seen_at >= timestamp '2026-11-20 11:59:59'",
        "last_seen_at < '2026-11-20T14:00:00+01:00' and last_seen_at > renewal_on or paying",
        "case when health < 50 then true when health >= 50 then false end",
        "case tier when 'strategic' then paying when 'Growth' then paying end",
        "arr / 2 + 1 > 10000 and arr - -1 > 0",
        "least(health, 50) < 50",
    ] {
        assert_eq!(holds(text), YES_NO_UNKNOWN, "{text}");
    }
}

#[test]
fn the_unknown_can_be_asked_for() {
    assert_eq!(holds("health is null"), [Some(false), Some(false), Some(true)]);
    assert_eq!(holds("health is not null"), [Some(true), Some(true), Some(false)]);
    assert_eq!(holds("paying is true"), [Some(true), Some(false), Some(false)]);
    assert_eq!(holds("(health < 50) is unknown"), [Some(false), Some(false), Some(true)]);
    assert_eq!(holds("coalesce(health, 0) < 50"), [Some(true), Some(false), Some(true)]);
    assert_eq!(holds("coalesce(tier, 'none') = 'none'"), [Some(false), Some(false), Some(true)]);
    assert_eq!(holds("true"), [Some(true); 3]);
    assert_eq!(holds("seats > 0 or health is null"), [Some(true), Some(false), Some(true)]);
}

#[test]
fn formulas_are_numbers_and_never_infinite() {
    assert_eq!(value("seats / 4"), [Some(2.5), Some(0.0), None]);
    assert_eq!(value("arr / seats"), [Some(2000.0), None, None]);
    assert_eq!(value("1"), [Some(1.0); 3]);
    assert_eq!(value("-seats * 2"), [Some(-20.0), Some(0.0), None]);
    assert_eq!(value("round(health / 3, 1)"), [Some(13.3), Some(26.8), None]);
    assert_eq!(value("round(health) + floor(0.5) + ceil(0.5) + abs(-1)"), [Some(42.0), Some(83.0), None]);
    assert_eq!(
        value("case when health < 50 then 30 else coalesce(health, 0.5) end"),
        [Some(30.0), Some(80.5), Some(0.5)]
    );
    assert_eq!(value("greatest(seats, health)"), [Some(40.0), Some(80.5), None]);
    assert_eq!(value("nullif(seats, 0)"), [Some(10.0), None, None]);
    assert_eq!(value("9e307 * 100 * seats"), [None, None, None]);
    assert_eq!(value("seats * 9223372036854775807"), [Some(10.0 * 9_223_372_036_854_775_807.0), Some(0.0), None]);
}

#[test]
fn errors_point_at_the_offending_word() {
    let pictures: Vec<_> = [
        "helth < 50",
        "arr > 10\n  and tier > 5",
        "health < ",
        "health < 50 arr > 1",
        "health",
        "health = null",
        "tier = \"strategic\"",
        "renewal_on < '2026-13-01'",
        "arr > (select 1)",
        "lowercase(tier) = 'x'",
        "random() < 1",
        "paying < true",
        "tier || 'x' = 'y'",
        "arr > 'much",
        "seats in (1, arr)",
        "accounts.arr > 1",
        "cast(arr as text) = '1'",
        "naïve = 'ü' and héalth",
        "tier like arr",
        "round(arr, seats) > 1",
        "regexp_like(tier, 'x')",
        "sum(arr) > 1",
        "count(*) > 1",
        "arr > 1; drop table x",
        "arr @> 1",
        "",
    ]
    .into_iter()
    .map(|text| {
        let error = refused(text);
        format!("{}\n{}:{} {error}\n", error.caret(text), error.line, error.column)
    })
    .collect();
    insta::assert_snapshot!(pictures.join("\n"));
}

#[test]
fn offsets_are_bytes_of_the_text() {
    let text = "tier = 'ü' and helth < 50";
    let error = refused(text);
    assert_eq!(&text[error.offset..error.offset + error.length], "helth");
    assert_eq!((error.line, error.column), (1, 16));
    assert_eq!(error.hint.as_deref(), Some("did you mean health?"));
}

#[test]
fn size_is_bounded() {
    let long = format!("tier = '{}'", "x".repeat(4096));
    assert_eq!(refused(&long).message, "the expression is longer than 4096 bytes");
    let deep = format!("{}health{} < 1", "(".repeat(MAX_DEPTH + 1), ")".repeat(MAX_DEPTH + 1));
    assert_eq!(refused(&deep).message, "the expression is nested deeper than 50 levels");
    refused(&format!("{} paying", "not ".repeat(200)));
    let doubling = format!("{}arr{} > 1", "coalesce(".repeat(20), ", 1)".repeat(20));
    assert_eq!(refused(&doubling).message, "the expression has more than 256 parts");
    let wide = vec!["arr > 1"; 100].join(" or ");
    assert_eq!(refused(&wide).message, "the expression has more than 256 parts");
    assert_eq!(holds(&vec!["arr > 1"; 60].join(" or ")), YES_NO_UNKNOWN);
    let list: Vec<_> = (0..=MAX_LIST).map(|number| number.to_string()).collect();
    assert_eq!(refused(&format!("seats in ({})", list.join(","))).message, "the list is longer than 1000");
    assert_eq!(holds(&format!("seats in ({})", list[1..].join(","))), YES_NO_UNKNOWN);
}

#[test]
fn an_expression_knows_the_columns_it_reads() {
    let condition = expressions().condition("arr > 1 and health < 2 or arr > 3").unwrap();
    assert_eq!(condition.columns().collect::<Vec<_>>(), ["arr", "health"]);
    let without = Frame::new([("health", vec![1.0].into())]).unwrap();
    assert_eq!(condition.evaluate(&without).unwrap_err().to_string(), "no column arr; the frame has health");
    let whole = Frame::new([("health", vec![1.0].into()), ("arr", vec![2_i64].into())]).unwrap();
    assert_eq!(condition.evaluate(&whole).unwrap(), [Some(true)]);
    let text = Frame::new([("health", ["x"].into_iter().collect()), ("arr", vec![2_i64].into())]).unwrap();
    assert_eq!(condition.evaluate(&text).unwrap_err().to_string(), "column health holds text, not number");
}

/// Random expressions: well formed most of the time, well typed some of the time.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "health",
            "arr",
            "seats",
            "tier",
            "paying",
            "renewal_on",
            "last_seen_at",
            "helth",
            "null",
            "true",
            "0",
            "-1",
            "1.5e300",
            "9223372036854775807",
            "''",
            "'2026-01-01'",
            "date '2026-02-30'",
            "date '2026-02-28'",
            "timestamp '2026-01-01 00:00'",
            "'%_\\'",
        ])
        .prop_map(str::to_owned),
        any::<i64>().prop_map(|number| number.to_string()),
    ];
    leaf.prop_recursive(5, 60, 4, |inner| {
        let pair = (inner.clone(), inner.clone());
        let op = prop::sample::select(vec![
            "+",
            "-",
            "*",
            "/",
            "=",
            "<>",
            "<",
            ">=",
            "and",
            "or",
            "like",
            "ilike",
            "||",
            "%",
            "is distinct from",
        ]);
        let function = prop::sample::select(vec![
            "abs", "round", "floor", "ceil", "lower", "upper", "least", "greatest", "coalesce", "nullif", "now",
        ]);
        prop_oneof![
            (op, pair.clone()).prop_map(|(op, (left, right))| format!("({left} {op} {right})")),
            (function.clone(), inner.clone()).prop_map(|(name, value)| format!("{name}({value})")),
            (function, pair.clone()).prop_map(|(name, (left, right))| format!("{name}({left}, {right})")),
            inner.clone().prop_map(|value| format!("not {value}")),
            inner.clone().prop_map(|value| format!("{value} is not null")),
            (inner.clone(), pair.clone())
                .prop_map(|(value, (low, high))| format!("({value} between {low} and {high})")),
            (inner.clone(), pair.clone()).prop_map(|(value, (one, two))| format!("{value} not in ({one}, {two})")),
            (inner.clone(), pair).prop_map(|(test, (yes, no))| format!("case when {test} then {yes} else {no} end")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_expressions_never_panic(text in expression()) {
        let expressions = expressions();
        match expressions.condition(&text) {
            Ok(condition) => prop_assert_eq!(condition.evaluate(&book()).map(|rows| rows.len()), Ok(3)),
            Err(error) => prop_assert!(text.get(error.offset..error.offset + error.length).is_some()),
        }
        if let Ok(formula) = expressions.formula(&text) {
            prop_assert!(formula.evaluate(&book()).unwrap().iter().flatten().all(|value| value.is_finite()));
        }
    }

    #[test]
    fn random_text_never_panics(text in "[a-z0-9 '\"()<>=.,%*+/\\-\\\\;\n\u{e9}$:{}\\[\\]@]{0,60}") {
        if let Err(error) = expressions().condition(&text) {
            prop_assert!(text.get(error.offset..error.offset + error.length).is_some());
            error.caret(&text);
        }
    }
}
