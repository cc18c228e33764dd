//! The scatter: every mark one account at two numbers, with a cross that parts the paper into four named quarters.
//!
//! Money stretches over powers of ten, so the vertical axis may be logarithmic; the horizontal one starts at its low
//! end and is linear. A mark carries its name in a tooltip and in the table, never on the paper, where names would
//! cover each other. Choosing which accounts to draw is the caller's business.

use maud::{Markup, html};

use crate::axis::{Vertical, every, text_width, widest};
use crate::figure::{Canvas, Format, Frame, Key, Px, Table, figure};
use crate::palette::{self, Ink};

/// One account.
#[derive(Clone, Debug)]
pub struct Mark<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it stands from left to right.
    pub x: f64,
    /// Where it stands from the bottom up.
    pub y: f64,
    /// Its colour.
    pub ink: Ink,
}

/// One direction of the paper.
#[derive(Clone, Copy, Debug)]
pub struct Direction<'a> {
    /// What is measured.
    pub heading: &'a str,
    /// How a value is written.
    pub format: Format,
    /// Where the cross parts it.
    pub split: f64,
}

/// A scatter with four quarters.
#[derive(Clone, Debug)]
pub struct Scatter<'a> {
    /// From left to right, linear from zero.
    pub x: Direction<'a>,
    /// From the bottom up, in powers of ten; values at or below the lowest power stand on the floor.
    pub y: Direction<'a>,
    /// The marks.
    pub marks: Vec<Mark<'a>>,
    /// Names of the quarters: top left, top right, bottom left, bottom right.
    pub quarters: [&'a str; 4],
    /// Names of the colours.
    pub keys: Vec<(&'a str, Ink)>,
}

/// Powers of ten the vertical axis shows at most.
const MOST_POWERS: f64 = 5.0;

/// Draws a scatter.
pub fn scatter(frame: &Frame<'_>, data: &Scatter<'_>) -> Markup {
    let head = ["Account", data.x.heading, data.y.heading].map(str::to_owned);
    let row =
        |mark: &Mark<'_>| (mark.name.to_owned(), vec![Some((data.x.format)(mark.x)), Some((data.y.format)(mark.y))]);
    let table = Table { head: head.to_vec(), rows: data.marks.iter().map(row).collect(), ..Table::default() };
    let keys: Vec<Key<'_>> = data.keys.iter().map(|(name, ink)| Key { name, ink: *ink, line: None }).collect();
    figure(frame, &keys, 0, &table, |canvas| draw(canvas, data))
}

/// The paper with its two scales.
struct Paper<'a> {
    canvas: Canvas,
    data: &'a Scatter<'a>,
    left: f64,
    right: f64,
    high: f64,
    vertical: Vertical,
}

impl Paper<'_> {
    fn x(&self, value: f64) -> f64 {
        self.left + (self.right - self.left) * (value / self.high).clamp(0.0, 1.0)
    }

    fn y(&self, value: f64) -> f64 {
        self.vertical.y(value.max(f64::MIN_POSITIVE).log10())
    }
}

fn draw(canvas: Canvas, data: &Scatter<'_>) -> Markup {
    let (top, bottom) = (24.0, canvas.height - 38.0);
    let largest = data.marks.iter().map(|mark| mark.y).fold(1.0, f64::max);
    let smallest = data.marks.iter().map(|mark| mark.y).filter(|y| *y > 0.0).fold(largest, f64::min);
    let to = largest.log10().ceil().max(1.0);
    let from = smallest.log10().floor().max(to - MOST_POWERS).min(to - 1.0);
    let mut vertical = Vertical::fixed(from, to, top, bottom);
    vertical.ticks = (from as i32..=to as i32).map(f64::from).collect();
    let written: Vec<String> = vertical.ticks.iter().map(|power| (data.y.format)(10_f64.powf(*power))).collect();
    let left = widest(written.iter().map(String::as_str)) + 12.0;
    let right = canvas.width - 18.0;
    let farthest = data.marks.iter().map(|mark| mark.x).fold(2.0 * data.x.split, f64::max);
    let across = Vertical::rounded(0.0, farthest, 0.0, 1.0);
    let high = across.ticks.last().copied().unwrap_or(1.0);
    let paper = Paper { canvas, data, left, right, high, vertical };
    html! {
        (grid(&paper, &written))
        (ticks(&paper, &across.ticks))
        (cross(&paper, top, bottom))
        @for mark in &data.marks { (dot(&paper, mark)) }
    }
}

fn grid(paper: &Paper<'_>, written: &[String]) -> Markup {
    let Paper { canvas, vertical, left, right, .. } = paper;
    html! {
        g.grid-lines stroke=[canvas.print(palette::GRID)] {
            @for tick in &vertical.ticks {
                line x1=(Px(*left)) x2=(Px(*right)) y1=(Px(vertical.y(*tick))) y2=(Px(vertical.y(*tick))) {}
            }
        }
        g.ticks fill=[canvas.print(palette::MUTED)] text-anchor="end" {
            @for (tick, text) in vertical.ticks.iter().zip(written) {
                text x=(Px(left - 8.0)) y=(Px(vertical.y(*tick) + 3.8)) { (text) }
            }
        }
    }
}

fn ticks(paper: &Paper<'_>, values: &[f64]) -> Markup {
    let labels: Vec<String> = values.iter().map(|value| (paper.data.x.format)(*value)).collect();
    let step = every(labels.len(), widest(labels.iter().map(String::as_str)), paper.right - paper.left);
    let muted = paper.canvas.print(palette::MUTED);
    let foot = paper.canvas.height;
    html! {
        g.ticks fill=[muted] text-anchor="middle" {
            @for (value, label) in values.iter().zip(&labels).step_by(step) {
                text x=(Px(paper.x(*value))) y=(Px(foot - 22.0)) { (label) }
            }
            text x=(Px(f64::midpoint(paper.left, paper.right))) y=(Px(foot - 5.0)) { (paper.data.x.heading) }
        }
    }
}

/// The two lines of the cross and the names of the quarters in their corners.
fn cross(paper: &Paper<'_>, top: f64, bottom: f64) -> Markup {
    let (x, y) = (paper.x(paper.data.x.split), paper.y(paper.data.y.split));
    let muted = paper.canvas.print(palette::MUTED);
    let [high_left, high_right, low_left, low_right] = paper.data.quarters;
    let corners = [
        (high_left, paper.left + 4.0, top - 10.0, "start"),
        (high_right, paper.right, top - 10.0, "end"),
        (low_left, paper.left + 4.0, bottom - 6.0, "start"),
        (low_right, paper.right, bottom - 6.0, "end"),
    ];
    let room = (paper.right - paper.left) / 2.0;
    html! {
        line.reference x1=(Px(x)) x2=(Px(x)) y1=(Px(top)) y2=(Px(bottom)) stroke=[muted] stroke-dasharray="2 4" {}
        line.reference x1=(Px(paper.left)) x2=(Px(paper.right)) y1=(Px(y)) y2=(Px(y)) stroke=[muted] stroke-dasharray="2 4" {}
        @for (name, x, y, anchor) in corners {
            @if text_width(name) < room {
                text.end-name x=(Px(x)) y=(Px(y)) text-anchor=(anchor) fill=[muted] { (name) }
            }
        }
    }
}

fn dot(paper: &Paper<'_>, mark: &Mark<'_>) -> Markup {
    let (canvas, data) = (paper.canvas, paper.data);
    let tip = || {
        let (x, y) = ((data.x.format)(mark.x), (data.y.format)(mark.y));
        format!("{}: {} {x} · {} {y}", mark.name, data.x.heading, data.y.heading)
    };
    html! {
        g.hit data-tip=[canvas.tips().then(tip)] {
            circle class=[canvas.fill_class(mark.ink)] fill=[canvas.fill(mark.ink)]
                cx=(Px(paper.x(mark.x))) cy=(Px(paper.y(mark.y))) r="4" fill-opacity="0.75" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(marks: Vec<Mark<'_>>) -> Scatter<'_> {
        Scatter {
            x: Direction { heading: "Chance to leave", format: |value| format!("{:.0} %", value * 100.0), split: 0.2 },
            y: Direction { heading: "Value to come", format: |value| format!("${value:.0}"), split: 1_000.0 },
            marks,
            quarters: ["Keep", "Save", "Serve lightly", "Let go"],
            keys: vec![("At risk", Ink::Red)],
        }
    }

    #[test]
    fn every_account_is_a_mark_and_a_line_of_the_table() {
        let mark = |name, x, y| Mark { name, x, y, ink: Ink::Red };
        let marks = vec![mark("Aster", 0.05, 20_000.0), mark("Birch", 0.6, 150.0), mark("Loss", 0.3, -40.0)];
        let frame = Frame::new("q", "Value and risk", "Two of three will stay.", "n = 3 accounts");
        let html = scatter(&frame, &data(marks)).into_string();
        assert_eq!(html.matches("<circle class=\"fill red\"").count(), 6, "three marks, wide and compact");
        assert!(html.contains("data-tip=\"Aster: Chance to leave 5 % · Value to come $20000\""), "{html}");
        assert!(html.contains("<th scope=\"row\">Loss</th><td>30 %</td><td>$-40</td>"), "{html}");
        assert!(html.contains("Keep") && html.contains("Let go"), "{html}");
    }

    #[test]
    fn nothing_to_draw_is_no_nonsense() {
        let frame = Frame::new("q", "Value and risk", "Nobody.", "n = 0");
        let html = scatter(&frame, &data(vec![])).into_string();
        assert!(!html.contains("NaN") && !html.contains("inf"), "{html}");
        let print = scatter(&frame.print(), &data(vec![Mark { name: "A", x: 0.1, y: 5.0, ink: Ink::Grey }]));
        assert!(print.into_string().contains("fill=\"#9aa1b1\""));
    }
}
