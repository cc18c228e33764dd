use super::*;

const METRICS: &str = r#"
[[metric]]
key = "use"
name = "Use"
doc = "Share of seats in use."
group = "usage"
unit = "share"
better = "higher"
relation = "event"
value = "1"
[[metric]]
key = "late"
name = "Late"
doc = "Days overdue."
group = "billing"
unit = "days"
better = "lower"
relation = "invoice"
value = "1"
[[metric]]
key = "sponsor"
name = "Sponsor"
doc = "Whether a sponsor is there."
group = "relationship"
unit = "flag"
better = "higher"
relation = "contact_role"
value = "1"
"#;

const CARD: &str = r#"
key = "default"
name = "Default"
doc = "For tests."
green_from = 70
yellow_from = 40
least_coverage = 0.5

[[dimension]]
key = "usage"
name = "Usage"
weight = 60
[[dimension.measure]]
metric = "use"
weight = 1
scale = { linear = { worst = 0.0, best = 0.8 } }

[[dimension]]
key = "relationship"
name = "Relationship"
weight = 40
[[dimension.measure]]
metric = "late"
weight = 3
scale = { bands = [{ below = 1.0, points = 100.0 }, { below = 30.0, points = 50.0 }, { points = 0.0 }] }
[[dimension.measure]]
metric = "sponsor"
weight = 1
scale = { linear = { worst = 0.0, best = 1.0 } }

[[cap]]
metric = "sponsor"
below = 1.0
at_most = "yellow"
reason = "No sponsor"
"#;

fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::default();
    catalogue.add("m.toml", METRICS).unwrap();
    catalogue
}

fn card() -> Scorecard {
    Scorecard::read("card.toml", CARD, &catalogue()).unwrap()
}

#[track_caller]
fn close(actual: f64, expected: f64) {
    assert!((actual - expected).abs() < 1e-9, "{actual} is not {expected}");
}

#[test]
fn a_full_row_is_the_weighted_mean() {
    let health = card().evaluate(&[Some(0.4), Some(10.0), Some(1.0)]);
    // usage 50; relationship (3*50 + 1*100) / 4 = 62.5; 0.6*50 + 0.4*62.5
    close(health.score.unwrap(), 55.0);
    assert_eq!((health.band, health.cap), (Band::Yellow, None));
    close(health.coverage, 1.0);
    close(health.low, 55.0);
    close(health.high, 55.0);
}

#[test]
fn what_is_missing_widens_the_range_and_re_normalises() {
    let health = card().evaluate(&[None, Some(0.0), None]);
    close(health.score.unwrap(), 100.0);
    close(health.coverage, 0.3);
    close(health.low, 30.0);
    close(health.high, 100.0);
    assert_eq!(health.band, Band::Unknown, "30 % coverage is below the least");
    let nothing = card().evaluate(&[None, None, None]);
    assert_eq!((nothing.score, nothing.band), (None, Band::Unknown));
}

#[test]
fn without_a_sponsor_nobody_is_green() {
    let health = card().evaluate(&[Some(0.8), Some(0.0), Some(0.0)]);
    close(health.uncapped.unwrap(), 90.0);
    close(health.score.unwrap(), 69.0);
    assert_eq!((health.band, health.cap), (Band::Yellow, Some(0)));
    close(health.high, 69.0);
}

#[test]
fn an_unknown_sponsor_is_not_a_missing_sponsor() {
    assert_eq!(card().evaluate(&[Some(0.8), Some(0.0), None]).band, Band::Green);
}

#[test]
fn a_misspelt_metric_is_found_and_placed() {
    let text = CARD.replace("metric = \"late\"", "metric = \"lat\"");
    let error = Scorecard::read("card.toml", &text, &catalogue()).unwrap_err();
    assert_eq!(error.to_string(), "card.toml:23:11: there is no metric `lat` in the catalogue; did you mean `late`?");
}

#[test]
fn nonsense_is_refused() {
    for (from, to) in [
        ("weight = 60", "weight = 0"),
        ("worst = 0.0, best = 0.8", "worst = 1.0, best = 1.0"),
        ("{ points = 0.0 }]", "{ below = 2.0, points = 0.0 }]"),
        ("yellow_from = 40", "yellow_from = 80"),
        ("at_most = \"yellow\"", "at_most = \"green\""),
    ] {
        assert!(Scorecard::read("card.toml", &CARD.replace(from, to), &catalogue()).is_err(), "{to}");
    }
}

proptest::proptest! {
    #[test]
    fn scores_stay_in_range_and_agree_with_their_band(
        row in proptest::collection::vec(proptest::option::of(-1e6_f64..1e6), 3),
    ) {
        let card = card();
        let health = card.evaluate(&row);
        if let Some(score) = health.score {
            proptest::prop_assert!((0.0..=100.0).contains(&score));
            proptest::prop_assert!(health.band == Band::Unknown || health.band == card.band(score));
        }
        proptest::prop_assert!(health.low <= health.high + 1e-9);
    }

    #[test]
    fn improving_a_measure_never_lowers_the_score(a in 0.0_f64..1.0, b in 0.0_f64..1.0, late in 0.0_f64..90.0) {
        let card = card();
        let score = |used: f64| card.evaluate(&[Some(used), Some(late), Some(1.0)]).score.unwrap();
        proptest::prop_assert!(score(a.max(b)) >= score(a.min(b)));
    }
}
