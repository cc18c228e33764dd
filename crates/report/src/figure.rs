//! What every chart has around its marks: title, description, legend, the count behind it, the data as a table.
//!
//! A chart draws on a [`Canvas`] and may be asked to draw twice, once wide and once compact. Colours go through
//! [`Canvas::fill`] and [`Canvas::stroke`], which write a class for the page and a value for print.

use std::fmt::{self, Write as _};

use maud::{Markup, Render, html};

use crate::axis::{Vertical, every, widest};
use crate::palette::{self, Ink};

/// Writes a value the way the axis, the labels and the table show it.
pub type Format = fn(f64) -> String;

/// Where a chart will stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// A page of ours: classes, themed by the style sheet, with tooltips and the data as a table.
    Page,
    /// A document: one standalone `svg` with fixed colours.
    Print,
}

/// What a chart is called and how large it is.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Unique on the page; the ids inside derive from it.
    pub id: &'a str,
    /// The title.
    pub title: &'a str,
    /// What one sees, in one sentence with its key numbers: the text alternative.
    pub summary: &'a str,
    /// How many facts it rests on, for example `n = 5,000 accounts`; printed under the title.
    pub n: &'a str,
    /// Width of the drawing in its own units, about pixels.
    pub width: f64,
    /// Height of the drawing in its own units, about pixels.
    pub height: f64,
    /// Where it will stand.
    pub theme: Theme,
}

impl<'a> Frame<'a> {
    /// A chart for half the width of a page.
    pub const fn new(id: &'a str, title: &'a str, summary: &'a str, n: &'a str) -> Self {
        Self { id, title, summary, n, width: 520.0, height: 230.0, theme: Theme::Page }
    }

    /// Makes it as wide as the main column.
    #[must_use]
    pub const fn wide(mut self) -> Self {
        self.width = 600.0;
        self
    }

    /// Makes it as wide as the page.
    #[must_use]
    pub const fn full(mut self) -> Self {
        self.width = FULL;
        self
    }

    /// Sets its height.
    #[must_use]
    pub const fn height(mut self, height: f64) -> Self {
        self.height = height;
        self
    }

    /// Draws it for a document.
    #[must_use]
    pub const fn print(mut self) -> Self {
        self.theme = Theme::Print;
        self
    }
}

/// The width of a drawing across the whole page; it gives way to the compact one earlier than the others.
const FULL: f64 = 1040.0;

/// A named list of values, one per label; `None` is a gap.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    /// What it is, for legend, end label and table.
    pub name: &'a str,
    /// Its colour.
    pub ink: Ink,
    /// Its values.
    pub values: Vec<Option<f64>>,
}

impl<'a> Series<'a> {
    /// A series of the given name and colour.
    pub const fn new(name: &'a str, ink: Ink, values: Vec<Option<f64>>) -> Self {
        Self { name, ink, values }
    }

    /// The value at a position; a gap where the series is shorter.
    pub(crate) fn at(&self, position: usize) -> Option<f64> {
        self.values.get(position).copied().flatten().filter(|value| value.is_finite())
    }

    /// The last value that is not a gap, and its position.
    pub(crate) fn last(&self) -> Option<(usize, f64)> {
        (0..self.values.len()).rev().find_map(|position| Some((position, self.at(position)?)))
    }
}

/// How many series a chart draws; what is more stands in the table only, and the legend says so.
pub(crate) const MAX_SERIES: usize = 3;

/// The first three series and a grey one, which is the rest; and how many were left to the table.
pub(crate) fn drawn<T>(series: &[T], ink: impl Fn(&T) -> Ink) -> (Vec<&T>, usize) {
    let mut coloured = 0;
    let shown: Vec<&T> = series
        .iter()
        .filter(|one| {
            let grey = ink(one) == Ink::Grey;
            coloured += usize::from(!grey);
            grey || coloured <= MAX_SERIES
        })
        .collect();
    let left = series.len() - shown.len();
    (shown, left)
}

/// A coordinate, written with at most one decimal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Px(pub(crate) f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A page has hundreds of these, and formatting a fraction costs several times what formatting an integer costs.
        let tenths = (self.0 * 10.0).round() as i64;
        let (sign, whole, tenth) = (if tenths < 0 { "-" } else { "" }, tenths.abs() / 10, tenths.abs() % 10);
        if tenth == 0 { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{tenth}") }
    }
}

impl Render for Px {
    fn render_to(&self, buffer: &mut String) {
        // Writing to a text cannot fail.
        let _ = write!(buffer, "{self}");
    }
}

/// The paper one drawing is made on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Canvas {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) theme: Theme,
    pub(crate) compact: bool,
}

impl Canvas {
    /// The classes of a filled mark on a page, with `more` in front; nothing in print.
    pub(crate) fn fill_class(self, ink: Ink) -> Option<String> {
        (self.theme == Theme::Page).then(|| format!("fill {}", ink.class()))
    }

    /// The fill of a mark in print; nothing on a page.
    pub(crate) fn fill(self, ink: Ink) -> Option<&'static str> {
        (self.theme == Theme::Print).then(|| ink.hex())
    }

    /// The classes of a stroked mark on a page.
    pub(crate) fn stroke_class(self, ink: Ink) -> Option<String> {
        (self.theme == Theme::Page).then(|| format!("stroke {}", ink.class()))
    }

    /// A fixed colour in print; nothing on a page, where the class decides.
    pub(crate) fn print(self, hex: &'static str) -> Option<&'static str> {
        (self.theme == Theme::Print).then_some(hex)
    }

    /// Whether marks answer to the pointer.
    pub(crate) fn tips(self) -> bool {
        self.theme == Theme::Page
    }

    /// The grid lines and labels of a vertical axis, from `left` to `right`.
    pub(crate) fn grid(self, scale: &Vertical, left: f64, right: f64, format: Format) -> Markup {
        html! {
            g.grid-lines stroke=[self.print(palette::GRID)] {
                @for tick in &scale.ticks {
                    line x1=(Px(left)) x2=(Px(right)) y1=(Px(scale.y(*tick))) y2=(Px(scale.y(*tick))) {}
                }
            }
            g.ticks fill=[self.print(palette::MUTED)] text-anchor="end" {
                @for tick in &scale.ticks { text x=(Px(left - 8.0)) y=(Px(scale.y(*tick) + 3.8)) { (format(*tick)) } }
            }
        }
    }

    /// The labels below a horizontal axis, thinned to fit; `x` is the middle of each position, `room` the width of all.
    pub(crate) fn labels(self, labels: &[String], x: impl Fn(usize) -> f64, room: f64) -> Markup {
        let step = every(labels.len(), widest(labels.iter().map(String::as_str)), room);
        html! {
            g.ticks fill=[self.print(palette::MUTED)] text-anchor="middle" {
                @for (position, label) in labels.iter().enumerate().filter(|(i, _)| (labels.len() - 1 - i).is_multiple_of(step)) {
                    text x=(Px(x(position))) y=(Px(self.height - 6.0)) { (label) }
                }
            }
        }
    }
}

/// Where the labels of a vertical axis end and the marks begin.
pub(crate) fn left_margin(scale: &Vertical, format: Format) -> f64 {
    let labels: Vec<String> = scale.ticks.iter().map(|tick| format(*tick)).collect();
    widest(labels.iter().map(String::as_str)) + 12.0
}

/// How a series is shown in the legend.
#[derive(Clone, Debug)]
pub(crate) struct Key<'a> {
    pub(crate) name: &'a str,
    pub(crate) ink: Ink,
    /// Drawn as a line, dashed or not; otherwise as a square.
    pub(crate) line: Option<bool>,
}

/// The data behind a chart, first column the label of each row; `None` is a gap.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<(String, Vec<Option<String>>)>,
    /// Where the cells of each row lead, as far as they lead anywhere.
    pub(crate) links: Vec<Vec<Option<String>>>,
}

impl Table {
    fn link(&self, row: usize, column: usize) -> Option<&str> {
        self.links.get(row)?.get(column)?.as_deref()
    }
}

/// Puts marks drawn by `draw` into what surrounds every chart.
pub(crate) fn figure(
    frame: &Frame<'_>,
    keys: &[Key<'_>],
    left: usize,
    table: &Table,
    draw: impl Fn(Canvas) -> Markup,
) -> Markup {
    let canvas = Canvas { width: frame.width, height: frame.height, theme: frame.theme, compact: false };
    if frame.theme == Theme::Print {
        return print(frame, &draw(canvas));
    }
    // An image has no parts; a drawing with links has.
    let role = if table.links.is_empty() { "img" } else { "group" };
    let compact = Canvas { width: 340.0, height: frame.height.min(260.0), compact: true, ..canvas };
    html! {
        figure.figure {
            figcaption {
                div { h2 { (frame.title) } @if !frame.n.is_empty() { p.n { (frame.n) } } }
                @if !keys.is_empty() { ul.legend {
                    @for key in keys { li { (swatch(key)) (key.name) } }
                    @if left > 0 { li { (left) " more in the table" } }
                } }
            }
            (drawing(frame, canvas, role, &draw(canvas)))
            (drawing(frame, compact, role, &draw(compact)))
            (data(frame.title, table))
        }
    }
}

fn drawing(frame: &Frame<'_>, canvas: Canvas, role: &str, marks: &Markup) -> Markup {
    let suffix = if canvas.compact { "s" } else { "w" };
    let (title, summary) = (format!("{}-{suffix}-t", frame.id), format!("{}-{suffix}-d", frame.id));
    html! {
        svg.chart.(if canvas.compact { "compact" } else { "spacious" }).full[canvas.width >= FULL]
            viewBox=(format!("0 0 {} {}", canvas.width, canvas.height)) role=(role)
            aria-labelledby=(format!("{title} {summary}")) {
            title id=(title) { (frame.title) }
            desc id=(summary) { (frame.summary) }
            (marks)
        }
    }
}

fn print(frame: &Frame<'_>, marks: &Markup) -> Markup {
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {} {}", frame.width, frame.height))
            width=(frame.width) height=(frame.height) role="img" font-family="Inter, Helvetica, Arial, sans-serif"
            font-size="11" fill=(palette::DARK) {
            title { (frame.title) }
            desc { (frame.summary) }
            (marks)
        }
    }
}

fn swatch(key: &Key<'_>) -> Markup {
    html! {
        @match key.line {
            Some(dashed) => svg.key width="18" height="10" viewBox="0 0 18 10" aria-hidden="true" {
                line class=(format!("stroke {}", key.ink.class())) x1="1" x2="17" y1="5" y2="5" stroke-width="2.5"
                    stroke-dasharray=[dashed.then_some("4 3")] {}
            },
            None => svg.key width="10" height="10" viewBox="0 0 10 10" aria-hidden="true" {
                rect class=(format!("fill {}", key.ink.class())) width="10" height="10" rx="3" {}
            },
        }
    }
}

fn data(title: &str, table: &Table) -> Markup {
    html! {
        details.data {
            summary { "Show as table" span.vh { ": " (title) } }
            div.scroll tabindex="0" role="region" aria-label=(format!("Data of {title}")) {
                table.mini {
                    thead { tr { @for head in &table.head { th scope="col" { (head) } } } }
                    tbody { @for (row, (label, cells)) in table.rows.iter().enumerate() { tr {
                        th scope="row" { (label) }
                        @for (column, cell) in cells.iter().enumerate() { td { @match cell {
                            Some(text) => @if let Some(link) = table.link(row, column) { a href=(link) { (text) } } @else { (text) },
                            None => span.unknown { span aria-hidden="true" { "–" } span.vh { "unknown" } },
                        } } }
                    } } }
                }
            }
        }
    }
}

/// The text of a tooltip: the label, then `name: value` of each; a gap says "unknown".
pub(crate) fn tip<'a>(label: &str, values: impl Iterator<Item = (&'a str, Option<String>)>) -> String {
    let values: Vec<String> =
        values.map(|(name, value)| format!("{name} {}", value.as_deref().unwrap_or("unknown"))).collect();
    format!("{label}: {}", values.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short() {
        let write = |value| Px(value).render().into_string();
        assert_eq!(write(12.0), "12");
        assert_eq!(write(12.345), "12.3");
        assert_eq!(write(-0.01), "0");
    }

    #[test]
    fn a_fourth_colour_goes_to_the_table_but_the_grey_rest_is_drawn() {
        let inks = [Ink::One, Ink::Two, Ink::Three, Ink::Green, Ink::Grey];
        let (shown, left) = drawn(&inks, |ink| *ink);
        assert_eq!(shown, [&Ink::One, &Ink::Two, &Ink::Three, &Ink::Grey]);
        assert_eq!(left, 1);
    }

    #[test]
    fn titles_from_members_are_escaped() {
        let frame = Frame::new("x", "<script>", "a \"quoted\" summary", "n = 1");
        let table = Table { head: vec!["Month".to_owned()], ..Table::default() };
        let html = figure(&frame, &[], 0, &table, |_| html! {}).into_string();
        assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"), "{html}");
        assert_eq!(html.matches("role=\"img\"").count(), 2);
    }
}
