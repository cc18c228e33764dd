//! The scorecard in words: what weighs how much, which value is worth how many points, and what holds a score down
//! whatever the points say. It shows the card and scores nobody.

use domain::metric::Unit;
use domain::scorecard::{Band, Cap, Dimension, Measure, Scale, Scorecard};
use engine::Definitions;
use maud::{Markup, html};

use crate::ui::card::{card, card_with, definitions as terms};
use crate::ui::table::{Column, cell, stacking};
use crate::ui::{Link, format, pill};

const WEIGHT: Column<'_> = Column::new("Weight").number();
const POINTS: Column<'_> = Column::new("Points");

/// The part of the page.
pub(super) fn view(definitions: &Definitions) -> Markup {
    let card = &definitions.scorecard;
    let total: f64 = card.dimensions.iter().map(|dimension| dimension.weight).sum();
    html! {
        (summary(card))
        @for dimension in &card.dimensions { (of_dimension(definitions, dimension, total)) }
        @if !card.caps.is_empty() { (caps(definitions, &card.caps)) }
    }
}

fn summary(scorecard: &Scorecard) -> Markup {
    let (green, yellow) = (scorecard.green_from, scorecard.yellow_from);
    card(
        &scorecard.name,
        &html! {
            p { (scorecard.doc) }
            p.muted {
                "What is unknown drops out and the remaining weights count fully, first within a dimension, then between "
                "them. How far the unknown could move the score is shown as its range."
            }
            div.card-body { (terms(&[
                (pill::band_word(Band::Green), html! { "from " (green) " points" }),
                (pill::band_word(Band::Yellow), html! { "from " (yellow) " points" }),
                (pill::band_word(Band::Red), html! { "below " (yellow) " points" }),
                (pill::band_word(Band::Unknown), html! {
                    "when less than " (whole_percent(scorecard.least_coverage)) " of the weight is known"
                }),
            ])) }
        },
    )
}

fn of_dimension(definitions: &Definitions, dimension: &Dimension, total: f64) -> Markup {
    let within: f64 = dimension.measures.iter().map(|measure| measure.weight).sum();
    let share = html! { span.muted { (whole_percent(dimension.weight / total)) " of the score" } };
    let head = html! { thead { tr {
        th scope="col" { "Measure" }
        @for column in [WEIGHT, POINTS] { th class=(column.class()) scope="col" { (column.label) } }
    } } };
    let rows = html! { @for measure in &dimension.measures { (line(definitions, measure, within)) } };
    card_with(&dimension.name, &share, &stacking(&dimension.name, &head, &rows))
}

fn line(definitions: &Definitions, measure: &Measure, within: f64) -> Markup {
    html! {
        tr {
            th scope="row" { (metric_link(definitions, &measure.metric)) small { code { (measure.metric) } } }
            (cell(&WEIGHT, &html! { (whole_percent(measure.weight / within)) }))
            td.wrap data-label=(POINTS.label) { (points(&measure.scale, unit_of(definitions, &measure.metric))) }
        }
    }
}

/// A scale in words.
fn points(scale: &Scale, unit: Unit) -> String {
    let value = |value: f64| engine::book::written(unit, value, "");
    match scale {
        Scale::Linear { worst, best } if unit == Unit::Flag && worst < best => "100 when yes, 0 when no".to_owned(),
        Scale::Linear { worst, best } => format!("0 at {}, rising to 100 at {}", value(*worst), value(*best)),
        Scale::Bands(steps) => {
            let words = steps.iter().map(|step| match step.below {
                Some(limit) => format!("{} below {}", step.points, value(limit)),
                None => format!("else {}", step.points),
            });
            words.collect::<Vec<_>>().join(", ")
        }
    }
}

fn caps(definitions: &Definitions, caps: &[Cap]) -> Markup {
    card(
        "What holds a score down",
        &html! { ul.plain { @for cap in caps { li {
            p { b { (cap.reason) } }
            p.muted {
                "While " (metric_link(definitions, &cap.metric)) " is " (below(unit_of(definitions, &cap.metric), cap.below))
                ", the band is at most " (pill::band(cap.at_most, None)) "."
            }
        } } } },
    )
}

fn below(unit: Unit, limit: f64) -> String {
    match unit {
        Unit::Flag => "no".to_owned(),
        _ => format!("below {}", engine::book::written(unit, limit, "")),
    }
}

fn metric_link(definitions: &Definitions, key: &str) -> Markup {
    let name = definitions.catalogue.get(key).map_or(key, |metric| &metric.name);
    html! { a href=(Link::to("/definitions").with("q", key)) { (name) } }
}

fn unit_of(definitions: &Definitions, key: &str) -> Unit {
    definitions.catalogue.get(key).map_or(Unit::Points, |metric| metric.unit)
}

fn whole_percent(share: f64) -> String {
    format!("{}%", format::number(share * 100.0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::scorecard::Step;

    #[test]
    fn scales_are_written_in_the_unit_of_their_metric() {
        let linear = Scale::Linear { worst: -0.5, best: 0.0 };
        assert_eq!(points(&linear, Unit::Share), "0 at -50 %, rising to 100 at 0 %");
        assert_eq!(points(&Scale::Linear { worst: 0.0, best: 1.0 }, Unit::Flag), "100 when yes, 0 when no");
        let step = |below, points| Step { below, points };
        let bands = Scale::Bands(vec![step(Some(4.0), 100.0), step(Some(8.0), 70.0), step(None, 0.0)]);
        assert_eq!(points(&bands, Unit::Days), "100 below 4 d, 70 below 8 d, else 0");
    }

    #[test]
    fn weights_are_shares_and_caps_give_their_reason() {
        let definitions = Definitions::shipped().unwrap();
        let card = &definitions.scorecard;
        let html = view(&definitions).into_string();
        assert!(html.contains("40% of the score"), "{html}");
        assert!(html.contains("No sponsor: an account without one is not green."), "{html}");
        assert!(html.contains("Sponsor present</a> is no, the band is at most"), "{html}");
        assert!(html.contains(&format!("from {} points", card.green_from)), "{html}");
        assert!(html.contains(&format!("below {} points", card.yellow_from)), "{html}");
    }
}
