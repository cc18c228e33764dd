//! The bridge between two totals: what was added and what was lost on the way.
//!
//! Totals stand on zero; each change hangs between the sum before it and the sum after it and prints its sign, so that
//! gain and loss differ without colour. A change nobody knows leaves a gap and the sum unchanged. Where the labels do not
//! fit side by side, as on a telephone, the bars lie below each other.

use maud::{Markup, html};

use crate::axis::{Vertical, text_width, widest};
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
        ..Table::default()
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
    let bars: Vec<Bar<'_>> = steps
        .iter()
        .zip(spans(steps))
        .map(|(step, span)| Bar { step, span, words: words(step).unwrap_or_else(|| "unknown".to_owned()) })
        .collect();
    let place = (canvas.width - 60.0) / bars.len().max(1) as f64;
    let fits = bars.iter().all(|bar| text_width(bar.step.label()).max(text_width(&bar.words)) < place);
    if fits { upright(canvas, &bars, format) } else { lying(canvas, &bars) }
}

/// A bar with its words, from the sum before it to the sum after it.
struct Bar<'a> {
    step: &'a Step<'a>,
    span: (f64, f64),
    words: String,
}

impl Bar<'_> {
    fn ink(&self) -> Ink {
        match self.step {
            Step::Total(..) => Ink::One,
            Step::Change(..) if self.span.1 >= self.span.0 => Ink::Green,
            Step::Change(..) => Ink::Red,
        }
    }

    fn tip(&self, canvas: Canvas) -> Option<String> {
        canvas.tips().then(|| format!("{}: {}", self.step.label(), self.words))
    }

    /// The bar itself; an unknown change has none, a change too small to see keeps a hairline.
    fn rect(&self, canvas: Canvas, (x, y): (f64, f64), (width, height): (f64, f64)) -> Markup {
        html! {
            @if self.step.value().is_some() {
                rect class=[canvas.fill_class(self.ink())] fill=[canvas.fill(self.ink())] x=(Px(x)) y=(Px(y))
                    width=(Px(width.max(1.5))) height=(Px(height.max(1.5))) rx="2.5" {}
            }
        }
    }
}

/// The lowest and highest sum, with zero between them.
fn extent(bars: &[Bar<'_>]) -> (f64, f64) {
    let low = bars.iter().map(|bar| bar.span.0.min(bar.span.1)).fold(0.0, f64::min);
    let high = bars.iter().map(|bar| bar.span.0.max(bar.span.1)).fold(0.0, f64::max);
    (low, high)
}

/// Bars beside each other, where every label fits under its bar.
fn upright(canvas: Canvas, bars: &[Bar<'_>], format: Format) -> Markup {
    let (low, high) = extent(bars);
    let vertical = Vertical::rounded(low, high, 22.0, canvas.height - 22.0);
    let left = left_margin(&vertical, format);
    let width = (canvas.width - left - 4.0) / bars.len().max(1) as f64;
    html! {
        (canvas.grid(&vertical, left, canvas.width - 4.0, format))
        @for (position, bar) in bars.iter().enumerate() {
            @let x = left + width * position as f64;
            @let (before, after) = (vertical.y(bar.span.0), vertical.y(bar.span.1));
            @let top = before.min(after);
            g.hit data-tip=[bar.tip(canvas)] {
                (bar.rect(canvas, (x + width * 0.16, top), (width * 0.68, (before - after).abs())))
                text.end x=(Px(x + width / 2.0)) y=(Px(top - 6.0)) text-anchor="middle" font-weight="600"
                    fill=[canvas.print(palette::DARK)] { (bar.words) }
                g.ticks text-anchor="middle" fill=[canvas.print(palette::MUTED)] {
                    text x=(Px(x + width / 2.0)) y=(Px(canvas.height - 6.0)) { (bar.step.label()) }
                }
            }
            @if position + 1 < bars.len() {
                line.reference x1=(Px(x + width * 0.84)) x2=(Px(x + width * 1.16)) y1=(Px(after)) y2=(Px(after))
                    stroke=[canvas.print(palette::MUTED)] stroke-dasharray="2 2" {}
            }
        }
    }
}

/// Bars below each other, where there are too many or their labels are too long to stand side by side.
fn lying(canvas: Canvas, bars: &[Bar<'_>]) -> Markup {
    let (low, high) = extent(bars);
    let left = widest(bars.iter().map(|bar| bar.step.label())) + 12.0;
    let right = canvas.width - widest(bars.iter().map(|bar| bar.words.as_str())) - 10.0;
    let height = canvas.height / bars.len().max(1) as f64;
    let x = |sum: f64| left + (right - left) * if high > low { (sum - low) / (high - low) } else { 0.0 };
    html! {
        line.reference x1=(Px(x(0.0))) x2=(Px(x(0.0))) y1="0" y2=(Px(canvas.height)) stroke=[canvas.print(palette::GRID)] {}
        @for (position, bar) in bars.iter().enumerate() {
            @let y = height * position as f64;
            @let (before, after) = (x(bar.span.0), x(bar.span.1));
            g.hit data-tip=[bar.tip(canvas)] {
                g.ticks text-anchor="end" fill=[canvas.print(palette::MUTED)] {
                    text x=(Px(left - 8.0)) y=(Px(y + height / 2.0 + 4.0)) { (bar.step.label()) }
                }
                (bar.rect(canvas, (before.min(after), y + height * 0.16), ((after - before).abs(), height * 0.68)))
                text.end x=(Px(before.max(after) + 6.0)) y=(Px(y + height / 2.0 + 4.0)) font-weight="600"
                    fill=[canvas.print(palette::DARK)] { (bar.words) }
            }
            @if position + 1 < bars.len() {
                line.reference x1=(Px(after)) x2=(Px(after)) y1=(Px(y + height * 0.84)) y2=(Px(y + height * 1.16))
                    stroke=[canvas.print(palette::MUTED)] stroke-dasharray="2 2" {}
            }
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

    #[test]
    fn labels_that_do_not_fit_side_by_side_turn_the_bridge() {
        let canvas = |width| Canvas { width, height: 200.0, theme: crate::Theme::Print, compact: false };
        let draw =
            |width| draw(canvas(width), &steps(), |v| format!("{v:.0}"), |step| step.value().map(|v| v.to_string()));
        assert!(draw(520.0).into_string().contains("text-anchor=\"middle\""));
        assert!(!draw(300.0).into_string().contains("text-anchor=\"middle\""));
    }
}
