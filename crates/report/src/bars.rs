//! Stacked bars over time, as shares or as amounts.
//!
//! The order of the stack is the order of the legend, and the last bar carries a label beside each part, so that colour
//! never speaks alone. Grouped bars are absent: lines compare better.

use maud::{Markup, html};

use crate::axis::{Vertical, apart, text_width, widest};
use crate::figure::{Canvas, Format, Frame, Key, Px, Series, Table, drawn, figure, left_margin, tip};
use crate::palette;

/// What the height of a bar means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Every bar is the whole, its parts are shares of it.
    Share,
    /// Bars are as high as the sum of their parts.
    Amount,
}

/// Draws bars stacked from zero, the first series at the bottom; `heading` names the first column of the table.
///
/// As shares, a period in which any part is unknown is a gap, because the shares of the others would be wrong. As
/// amounts, only the unknown part is missing.
pub fn stacked_bars(
    frame: &Frame<'_>,
    heading: &str,
    labels: &[String],
    series: &[Series<'_>],
    scale: Scale,
    format: Format,
) -> Markup {
    let (shown, left) = drawn(series, |one| one.ink);
    let keys: Vec<Key<'_>> = shown.iter().map(|one| Key { name: one.name, ink: one.ink, line: None }).collect();
    let chart = Chart { labels, series: &shown, scale, format };
    let table = Table {
        head: std::iter::once(heading.to_owned()).chain(series.iter().map(|one| one.name.to_owned())).collect(),
        rows: labels
            .iter()
            .enumerate()
            .map(|(i, label)| (label.clone(), series.iter().map(|one| chart.words(one, i)).collect()))
            .collect(),
        ..Table::default()
    };
    figure(frame, &keys, left, &table, |canvas| chart.draw(canvas))
}

struct Chart<'a> {
    labels: &'a [String],
    series: &'a [&'a Series<'a>],
    scale: Scale,
    format: Format,
}

fn whole_percent(value: f64) -> String {
    format!("{value:.0}%")
}

impl Chart<'_> {
    /// The sum of a period's known parts; as shares, a gap if any part is unknown or there is nothing to share.
    fn total(&self, position: usize) -> Option<f64> {
        let parts: Vec<Option<f64>> = self.series.iter().map(|one| one.at(position)).collect();
        let known: f64 = parts.iter().flatten().sum();
        match self.scale {
            Scale::Share => (parts.iter().all(Option::is_some) && known > 0.0).then_some(known),
            Scale::Amount => parts.iter().any(Option::is_some).then_some(known),
        }
    }

    /// The height of a part on the axis: percent or amount, never below zero.
    fn height(&self, series: &Series<'_>, position: usize) -> Option<f64> {
        let (total, value) = (self.total(position)?, series.at(position)?.max(0.0));
        Some(if self.scale == Scale::Share { value / total * 100.0 } else { value })
    }

    fn axis_format(&self) -> Format {
        if self.scale == Scale::Share { whole_percent } else { self.format }
    }

    /// A value as the table says it: the amount, and its share where bars are shares.
    fn words(&self, series: &Series<'_>, position: usize) -> Option<String> {
        let value = (self.format)(series.at(position)?);
        match (self.scale, self.height(series, position)) {
            (Scale::Share, Some(share)) => Some(format!("{value} ({})", whole_percent(share))),
            _ => Some(value),
        }
    }

    fn draw(&self, canvas: Canvas) -> Markup {
        let ends = self.ends();
        let right = canvas.width
            - widest(ends.iter().map(|(_, text, name)| if text.len() > name.len() { text.as_str() } else { name }))
            - 14.0;
        let (top, bottom) = (10.0, canvas.height - 22.0);
        let high = (0..self.labels.len()).filter_map(|i| self.total(i)).fold(0.0, f64::max);
        let vertical = match self.scale {
            Scale::Share => Vertical::fixed(0.0, 100.0, top, bottom),
            Scale::Amount => Vertical::rounded(0.0, high, top, bottom),
        };
        let left = left_margin(&vertical, self.axis_format());
        let step = (right - left) / self.labels.len().max(1) as f64;
        let middle = |position: usize| left + step * (position as f64 + 0.5);
        html! {
            (canvas.grid(&vertical, left, right, self.axis_format()))
            @for (position, label) in self.labels.iter().enumerate() {
                (self.bar(canvas, &vertical, position, label, middle(position), step))
            }
            (end_labels(canvas, &vertical, &ends, right))
            (canvas.labels(self.labels, middle, right - left))
        }
    }

    fn bar(&self, canvas: Canvas, vertical: &Vertical, position: usize, label: &str, middle: f64, step: f64) -> Markup {
        let width = (step * 0.64).min(40.0);
        let tip = tip(label, self.series.iter().map(|one| (one.name, self.words(one, position))));
        let mut below = 0.0;
        html! {
            g.hit data-tip=[canvas.tips().then_some(tip)] {
                @if canvas.tips() {
                    rect.area x=(Px(middle - step / 2.0)) y=(Px(vertical.y(f64::MAX))) width=(Px(step))
                        height=(Px(vertical.y(0.0) - vertical.y(f64::MAX))) fill="none" {}
                }
                @for one in self.series {
                    @if let Some(height) = self.height(one, position).filter(|height| *height > 0.0) {
                        @let (from, to) = (vertical.y(below), vertical.y(below + height));
                        @let gap = if from - to > 3.0 { 1.5 } else { 0.0 };
                        rect class=[canvas.fill_class(one.ink)] fill=[canvas.fill(one.ink)] x=(Px(middle - width / 2.0))
                            y=(Px(to)) width=(Px(width)) height=(Px(from - to - gap)) rx="2.5" {}
                        @let () = below += height;
                    }
                }
            }
        }
    }

    /// For the last period that is not a gap: the middle of each part on the axis, its value, its name.
    fn ends(&self) -> Vec<(f64, String, &str)> {
        let Some(last) = (0..self.labels.len()).rev().find(|i| self.total(*i).is_some()) else {
            return Vec::new();
        };
        let mut below = 0.0;
        let mut ends = Vec::new();
        for one in self.series {
            if let Some(height) = self.height(one, last).filter(|height| *height > 0.0) {
                ends.push((below + height / 2.0, (self.axis_format())(height), one.name));
                below += height;
            }
        }
        ends
    }
}

/// The value and name of each part beside the last bar, made to stand apart.
fn end_labels(canvas: Canvas, vertical: &Vertical, ends: &[(f64, String, &str)], right: f64) -> Markup {
    let wished: Vec<f64> = ends.iter().map(|(middle, _, _)| vertical.y(*middle)).collect();
    let placed = apart(&wished, 29.0, 14.0, canvas.height - 38.0);
    html! {
        @for ((_, value, name), y) in ends.iter().zip(placed) {
            (end_label(canvas, right + 6.0, y, value, name))
        }
    }
}

/// A value in bold with the name of its series below it.
pub(crate) fn end_label(canvas: Canvas, x: f64, y: f64, value: &str, name: &str) -> Markup {
    html! {
        text.end x=(Px(x)) y=(Px(y + 1.0)) font-weight="600" fill=[canvas.print(palette::DARK)] { (value) }
        @if !name.is_empty() {
            text.end-name x=(Px(x)) y=(Px(y + 13.0)) fill=[canvas.print(palette::MUTED)] { (name) }
        }
    }
}

/// The room end labels need right of the marks.
pub(crate) fn end_room(ends: &[(String, &str)]) -> f64 {
    ends.iter().map(|(value, name)| text_width(value).max(text_width(name))).fold(0.0, f64::max) + 16.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ink;

    fn months(count: usize) -> Vec<String> {
        (1..=count).map(|month| format!("M{month}")).collect()
    }

    fn health() -> Vec<Series<'static>> {
        vec![
            Series::new("Healthy", Ink::Green, vec![Some(30.0), Some(60.0), None]),
            Series::new("At risk", Ink::Red, vec![Some(10.0), Some(20.0), Some(5.0)]),
        ]
    }

    #[test]
    fn shares_fill_the_bar_and_say_both_amount_and_share() {
        let frame = Frame::new("h", "Health", "Health by month.", "n = 40 accounts");
        let html = stacked_bars(&frame, "Month", &months(3), &health(), Scale::Share, |v| format!("{v}")).into_string();
        assert!(html.contains("data-tip=\"M1: Healthy 30 (75%) · At risk 10 (25%)\""), "{html}");
        assert!(html.contains("<td>60 (75%)</td>"), "{html}");
        assert!(html.contains("n = 40 accounts"), "{html}");
    }

    #[test]
    fn a_period_with_an_unknown_part_is_a_gap_as_share() {
        let frame = Frame::new("h", "Health", "Health by month.", "");
        let draw = |scale| {
            stacked_bars(&frame.print(), "Month", &months(3), &health(), scale, |v| format!("{v}")).into_string()
        };
        assert_eq!(draw(Scale::Share).matches("<rect").count(), 4);
        assert_eq!(draw(Scale::Amount).matches("<rect").count(), 5);
    }

    #[test]
    fn print_has_fixed_colours_and_no_classes_of_the_page() {
        let frame = Frame::new("h", "Health", "Health by month.", "").print();
        let svg = stacked_bars(&frame, "Month", &months(3), &health(), Scale::Share, |v| format!("{v}")).into_string();
        assert!(svg.starts_with("<svg xmlns=") && svg.contains("fill=\"#12a06f\""), "{svg}");
        assert!(!svg.contains("data-tip") && !svg.contains("class=\"fill"), "{svg}");
    }

    #[test]
    fn no_data_draws_an_empty_axis() {
        let frame = Frame::new("h", "Health", "Nothing yet.", "n = 0");
        let html = stacked_bars(&frame, "Month", &[], &[], Scale::Amount, |v| format!("{v}")).into_string();
        assert!(html.contains("<figure") && !html.contains("NaN"), "{html}");
    }
}
