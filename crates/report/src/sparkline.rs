//! A tiny line inside a table row.
//!
//! It has no axis and no labels; its text alternative says where it began and ended. A value that nobody knows is a gap.

use std::fmt::Write;

use maud::{Markup, html};

use crate::figure::{Canvas, Px, Theme};
use crate::palette::{self, Ink};

const WIDTH: f64 = 84.0;
const HEIGHT: f64 = 22.0;

/// Draws a sparkline; `label` is its text alternative, for example `Health, 24 weeks: from 71 to 48`.
///
/// One known value is a dot; none is a dotted line, so that an empty cell is not mistaken for a flat history.
pub fn sparkline(values: &[Option<f64>], ink: Ink, label: &str, theme: Theme) -> Markup {
    let canvas = Canvas { width: WIDTH, height: HEIGHT, theme, compact: true };
    let known: Vec<(usize, f64)> =
        values.iter().enumerate().filter_map(|(i, value)| value.filter(|v| v.is_finite()).map(|v| (i, v))).collect();
    let low = known.iter().map(|(_, value)| *value).fold(f64::INFINITY, f64::min);
    let high = known.iter().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max);
    let step = (WIDTH - 8.0) / values.len().saturating_sub(1).max(1) as f64;
    let x = |position: usize| 3.0 + step * position as f64;
    let y = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        HEIGHT - 4.0 - share * (HEIGHT - 8.0)
    };
    html! {
        svg.spark xmlns=[(theme == Theme::Print).then_some("http://www.w3.org/2000/svg")] width=(WIDTH) height=(HEIGHT)
            viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(label) {
            @if let Some((last, value)) = known.last() {
                path class=[canvas.stroke_class(ink)] stroke=[canvas.fill(ink)] fill="none" stroke-width="1.6"
                    stroke-linejoin="round" d=(path(&known, x, y)) {}
                circle class=[canvas.fill_class(ink)] fill=[canvas.fill(ink)] cx=(Px(x(*last))) cy=(Px(y(*value))) r="2.4" {}
            } @else {
                line.reference x1="3" x2=(WIDTH - 5.0) y1=(HEIGHT / 2.0) y2=(HEIGHT / 2.0)
                    stroke=[canvas.print(palette::MUTED)] stroke-dasharray="2 4" {}
            }
        }
    }
}

/// A path through the known values; it is lifted over gaps.
fn path(known: &[(usize, f64)], x: impl Fn(usize) -> f64, y: impl Fn(f64) -> f64) -> String {
    let mut path = String::new();
    let mut before = None;
    for (position, value) in known {
        let command = if before.is_some_and(|before: usize| before + 1 == *position) { 'L' } else { 'M' };
        // Writing into a string cannot fail.
        let _ = write!(path, "{command}{} {}", Px(x(*position)), Px(y(*value)));
        before = Some(*position);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_lifts_the_pen() {
        let html =
            sparkline(&[Some(1.0), Some(2.0), None, Some(3.0)], Ink::Red, "from 1 to 3", Theme::Page).into_string();
        assert_eq!(html.matches('M').count(), 2);
        assert!(html.contains("aria-label=\"from 1 to 3\"") && html.contains("class=\"stroke red\""), "{html}");
    }

    #[test]
    fn nothing_known_is_a_dotted_line_not_a_flat_history() {
        for values in [&[][..], &[None, None], &[Some(f64::NAN)]] {
            let html = sparkline(values, Ink::Grey, "unknown", Theme::Page).into_string();
            assert!(html.contains("aria-label=\"unknown\"") && html.contains("stroke-dasharray"), "{html}");
            assert!(!html.contains("<path") && !html.contains("NaN"), "{html}");
        }
    }

    #[test]
    fn a_flat_line_is_in_the_middle() {
        let html = sparkline(&[Some(5.0), Some(5.0)], Ink::One, "5", Theme::Print).into_string();
        assert!(html.contains("d=\"M3 11L79 11\"") && html.contains("stroke=\"#4f5bd5\""), "{html}");
    }
}
