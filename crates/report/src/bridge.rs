//! The bridge between two totals: what was added and what was lost on the way.
//!
//! Totals stand on zero; each change hangs between the sum before it and the sum after it and prints its sign, so that
//! gain and loss differ without colour. A change nobody knows leaves a gap and the sum unchanged.

use maud::{Markup, html};

use crate::axis::{Vertical, text_width};
use crate::figure::{Canvas, Format, Frame, Px, Table, figure, left_margin};
use crate::palette::{self, Ink};

/// A bar of the bridge.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// A sum, drawn from zero.
    Total(&'a str, f64),
    /// A change since the bar before, with its sign.
    Change(&'a str, Option<f64>),
}

impl<'a> Step<'a> {
    const fn label(self) -> &'a str {
        match self {
            Self::Total(label, _) | Self::Change(label, _) => label,
        }
    }

    fn value(self) -> Option<f64> {
        match self {
            Self::Total(_, value) => Some(value),
            Self::Change(_, value) => value,
        }
        .filter(|value| value.is_finite())
    }
}

/// Draws a bridge; `format` writes totals, `signed` writes changes with their sign.
pub fn waterfall(frame: &Frame<'_>, steps: &[Step<'_>], format: Format, signed: Format) -> Markup {
    let words = |step: &Step<'_>| step.value().map(if matches!(step, Step::Total(..)) { format } else { signed });
    let table = Table {
        head: vec!["Step".to_owned(), "Amount".to_owned()],
        rows: steps.iter().map(|step| (step.label().to_owned(), vec![words(step)])).collect(),
    };
    figure(frame, &[], 0, &table, |canvas| draw(canvas, steps, format, words))
}

/// For each step, the sum before and after it; a total starts at zero.
fn spans(steps: &[Step<'_>]) -> Vec<(f64, f64)> {
    let mut sum = 0.0;
    let span = |step: &Step<'_>| {
        let before = if matches!(step, Step::Total(..)) { 0.0 } else { sum };
        sum = before + step.value().unwrap_or_default();
        (before, sum)
    };
    steps.iter().map(span).collect()
}

fn draw(canvas: Canvas, steps: &[Step<'_>], format: Format, words: impl Fn(&Step<'_>) -> Option<String>) -> Markup {
    let spans = spans(steps);
    let low = spans.iter().map(|(a, b)| a.min(*b)).fold(0.0, f64::min);
    let high = spans.iter().map(|(a, b)| a.max(*b)).fold(0.0, f64::max);
    let vertical = Vertical::rounded(low, high, 22.0, canvas.height - 34.0);
    let left = left_margin(&vertical, format);
    let width = (canvas.width - left - 4.0) / steps.len().max(1) as f64;
    html! {
        (canvas.grid(&vertical, left, canvas.width - 4.0, format))
        @for (position, (step, span)) in steps.iter().zip(&spans).enumerate() {
            @let x = left + width * position as f64;
            (bar(canvas, &vertical, step, *span, (x, width), words(step)))
            @if position + 1 < steps.len() {
                line.reference x1=(Px(x + width * 0.84)) x2=(Px(x + width * 1.16)) y1=(Px(vertical.y(span.1)))
                    y2=(Px(vertical.y(span.1))) stroke=[canvas.print(palette::MUTED)] stroke-dasharray="2 2" {}
            }
        }
    }
}

fn bar(
    canvas: Canvas,
    vertical: &Vertical,
    step: &Step<'_>,
    (from, to): (f64, f64),
    (x, width): (f64, f64),
    words: Option<String>,
) -> Markup {
    let ink = match step {
        Step::Total(..) => Ink::One,
        Step::Change(..) if to >= from => Ink::Green,
        Step::Change(..) => Ink::Red,
    };
    let words = words.unwrap_or_else(|| "unknown".to_owned());
    let (top, bottom) = (vertical.y(from.max(to)), vertical.y(from.min(to)));
    html! {
        g.hit data-tip=[canvas.tips().then(|| format!("{}: {words}", step.label()))] {
            @if step.value().is_some() {
                rect class=[canvas.fill_class(ink)] fill=[canvas.fill(ink)] x=(Px(x + width * 0.16)) y=(Px(top))
                    width=(Px(width * 0.68)) height=(Px((bottom - top).max(1.5))) rx="2.5" {}
            }
            text.end x=(Px(x + width / 2.0)) y=(Px(top - 6.0)) text-anchor="middle" font-weight="600"
                fill=[canvas.print(palette::DARK)] { (words) }
            (caption(canvas, step.label(), x + width / 2.0, width))
        }
    }
}

/// The label under a bar, on two lines when it is wider than the bar's place.
fn caption(canvas: Canvas, label: &str, middle: f64, width: f64) -> Markup {
    let (first, second) = match label.split_once(' ') {
        Some(halves) if text_width(label) > width => halves,
        _ => (label, ""),
    };
    html! {
        g.ticks text-anchor="middle" fill=[canvas.print(palette::MUTED)] {
            text x=(Px(middle)) y=(Px(canvas.height - 18.0)) { (first) }
            @if !second.is_empty() { text x=(Px(middle)) y=(Px(canvas.height - 5.0)) { (second) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps() -> [Step<'static>; 5] {
        [
            Step::Total("Oct", 100.0),
            Step::Change("New", Some(20.0)),
            Step::Change("Churn", Some(-30.0)),
            Step::Change("Transfer", None),
            Step::Total("Nov", 90.0),
        ]
    }

    #[test]
    fn changes_hang_between_sums_and_totals_stand_on_zero() {
        assert_eq!(spans(&steps()), [(0.0, 100.0), (100.0, 120.0), (120.0, 90.0), (90.0, 90.0), (0.0, 90.0)]);
    }

    #[test]
    fn gain_and_loss_differ_by_sign_and_an_unknown_change_has_no_bar() {
        let frame = Frame::new("b", "MRR bridge", "MRR fell by 10.", "n = 40 accounts");
        let draw =
            |frame: &Frame<'_>| waterfall(frame, &steps(), |v| format!("{v:.0}"), |v| format!("{v:+.0}")).into_string();
        let html = draw(&frame);
        assert!(html.contains("data-tip=\"New: +20\"") && html.contains("data-tip=\"Churn: -30\""), "{html}");
        assert!(html.contains("data-tip=\"Transfer: unknown\""), "{html}");
        assert_eq!(draw(&frame.print()).matches("<rect").count(), 4);
    }
}
