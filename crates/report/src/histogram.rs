//! The histogram: how many accounts fall into each range.
//!
//! Bars touch because ranges do, stand on zero and print their count where it fits. One vertical line may mark a value
//! that matters, such as the median. Choosing the ranges is the caller's business.

use maud::{Markup, html};

use crate::axis::{Vertical, every, text_width, widest};
use crate::figure::{Canvas, Format, Frame, Px, Table, figure, left_margin};
use crate::palette::{self, Ink};

/// A range, from inclusive to exclusive, and how many fall into it.
#[derive(Clone, Copy, Debug)]
pub struct Bin {
    /// Lower end.
    pub from: f64,
    /// Upper end.
    pub to: f64,
    /// How many.
    pub count: u64,
    /// The colour of the bar.
    pub ink: Ink,
}

/// A histogram.
#[derive(Clone, Debug)]
pub struct Histogram<'a> {
    /// What is measured, for the head of the table.
    pub heading: &'a str,
    /// What is counted, for the head of the table.
    pub counted: &'a str,
    /// The ranges in order.
    pub bins: Vec<Bin>,
    /// How the ends of a range are written.
    pub format: Format,
    /// A value to mark, with its name.
    pub mark: Option<(f64, &'a str)>,
}

/// Draws a histogram.
pub fn histogram(frame: &Frame<'_>, data: &Histogram<'_>) -> Markup {
    let table = Table {
        head: vec![data.heading.to_owned(), data.counted.to_owned()],
        rows: data.bins.iter().map(|bin| (range(bin, data.format), vec![Some(thousands(bin.count))])).collect(),
        ..Table::default()
    };
    figure(frame, &[], 0, &table, |canvas| draw(canvas, data))
}

fn range(bin: &Bin, format: Format) -> String {
    format!("{} to {}", format(bin.from), format(bin.to))
}

fn whole(value: f64) -> String {
    thousands(value as u64)
}

/// A count with thousands separators.
fn thousands(count: u64) -> String {
    match count {
        0..1000 => count.to_string(),
        _ => format!("{},{:03}", thousands(count / 1000), count % 1000),
    }
}

fn draw(canvas: Canvas, data: &Histogram<'_>) -> Markup {
    let (top, bottom) = (22.0, canvas.height - 22.0);
    let high = data.bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(4);
    let vertical = Vertical::rounded(0.0, high as f64, top, bottom);
    let left = left_margin(&vertical, whole);
    let right = canvas.width - 18.0;
    let low = data.bins.first().map_or(0.0, |bin| bin.from);
    let span = data.bins.last().map_or(1.0, |bin| bin.to) - low;
    let x = |value: f64| left + (right - left) * if span > 0.0 { ((value - low) / span).clamp(0.0, 1.0) } else { 0.0 };
    html! {
        (canvas.grid(&vertical, left, right, whole))
        @for bin in &data.bins { (bar(canvas, &vertical, bin, (x(bin.from), x(bin.to)), data)) }
        (edges(canvas, data, right - left, x))
        @if let Some((value, name)) = data.mark {
            line.reference x1=(Px(x(value))) x2=(Px(x(value))) y1="8" y2=(Px(bottom)) stroke=[canvas.print(palette::MUTED)]
                stroke-dasharray="2 4" {}
            @let before = x(value) + text_width(name) + 6.0 > canvas.width;
            text.end-name x=(Px(x(value) + if before { -5.0 } else { 5.0 })) y="12" text-anchor=[before.then_some("end")]
                fill=[canvas.print(palette::MUTED)] { (name) }
        }
    }
}

fn bar(canvas: Canvas, vertical: &Vertical, bin: &Bin, (from, to): (f64, f64), data: &Histogram<'_>) -> Markup {
    let top = vertical.y(bin.count as f64);
    let count = thousands(bin.count);
    html! {
        g.hit data-tip=[canvas.tips().then(|| format!("{} {}: {count}", data.heading, range(bin, data.format)))] {
            rect class=[canvas.fill_class(bin.ink)] fill=[canvas.fill(bin.ink)] x=(Px(from + 0.75)) y=(Px(top))
                width=(Px((to - from - 1.5).max(0.0))) height=(Px(vertical.y(0.0) - top)) rx="1.5" {}
            @if text_width(&count) < to - from {
                text.end-name x=(Px(f64::midpoint(from, to))) y=(Px(top - 5.0)) text-anchor="middle"
                    fill=[canvas.print(palette::MUTED)] { (count) }
            }
        }
    }
}

fn edges(canvas: Canvas, data: &Histogram<'_>, room: f64, x: impl Fn(f64) -> f64) -> Markup {
    let edges: Vec<f64> = data.bins.iter().map(|bin| bin.from).chain(data.bins.last().map(|bin| bin.to)).collect();
    let labels: Vec<String> = edges.iter().map(|edge| (data.format)(*edge)).collect();
    let step = every(edges.len(), widest(labels.iter().map(String::as_str)), room);
    html! {
        g.ticks fill=[canvas.print(palette::MUTED)] text-anchor="middle" {
            @for (edge, label) in edges.iter().zip(&labels).step_by(step) { text x=(Px(x(*edge))) y=(Px(canvas.height - 6.0)) { (label) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_is_in_the_table_and_zero_is_a_bar_without_height() {
        let bin = |from: f64, count| Bin { from, to: from + 25.0, count, ink: Ink::One };
        let data = Histogram {
            heading: "Health",
            counted: "Accounts",
            bins: vec![bin(0.0, 3), bin(25.0, 0), bin(50.0, 12), bin(75.0, 8)],
            format: |value| format!("{value:.0}"),
            mark: Some((61.0, "median 61")),
        };
        let html = histogram(&Frame::new("h", "Health", "Most are healthy.", "n = 23 accounts"), &data).into_string();
        assert!(html.contains("<th scope=\"row\">25 to 50</th><td>0</td>"), "{html}");
        assert!(html.contains("data-tip=\"Health 50 to 75: 12\"") && html.contains("median 61"), "{html}");
        assert_eq!(thousands(1_234_007), "1,234,007");
        let empty = Histogram { bins: vec![], mark: None, ..data };
        assert!(!histogram(&Frame::new("h", "Health", "Nothing.", "n = 0"), &empty).into_string().contains("NaN"));
    }
}
