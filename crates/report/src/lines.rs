//! Lines over time: straight or in steps, with an interval band, dashes and a line of reference.
//!
//! A gap in the data is a gap in the line. The last known value of each line stands at its end with the line's name;
//! where two end close together the labels make room for each other. Smoothing is absent: it would invent data.

use std::fmt::Write;

use maud::{Markup, html};

use crate::axis::{Vertical, apart};
use crate::bars::{end_label, end_room};
use crate::figure::{Canvas, Format, Frame, Key, Px, Series, Table, drawn, figure, left_margin, tip};
use crate::palette;

/// The least width of what a pointer can find: nobody holds one still on less.
const HIT: f64 = 4.0;

/// A line: a series, how it is drawn, and how sure it is.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// Name, colour, values.
    pub series: Series<'a>,
    /// Low and high end of the interval around each value; empty for none.
    pub interval: Vec<Option<(f64, f64)>>,
    /// Further intervals that are drawn and not written, each over the others: the shades of a fan.
    pub fan: Vec<Vec<Option<(f64, f64)>>>,
    /// Dashed, so that it differs from its neighbour without colour.
    pub dashed: bool,
    /// Each value holds until the next, as in a survival curve.
    pub stepped: bool,
}

impl<'a> Line<'a> {
    /// A plain line.
    pub const fn new(series: Series<'a>) -> Self {
        Self { series, interval: Vec::new(), fan: Vec::new(), dashed: false, stepped: false }
    }

    /// Draws an interval around it.
    #[must_use]
    pub fn within(mut self, interval: Vec<Option<(f64, f64)>>) -> Self {
        self.interval = interval;
        self
    }

    /// Draws another interval over or under it, as a shade of a fan.
    #[must_use]
    pub fn shaded(mut self, interval: Vec<Option<(f64, f64)>>) -> Self {
        self.fan.push(interval);
        self
    }

    /// Dashes it.
    #[must_use]
    pub const fn dashed(mut self) -> Self {
        self.dashed = true;
        self
    }

    /// Draws it in steps.
    #[must_use]
    pub const fn stepped(mut self) -> Self {
        self.stepped = true;
        self
    }

    fn interval_at(&self, position: usize) -> Option<(f64, f64)> {
        ends_at(&self.interval, position)
    }

    /// Every interval that is drawn around it.
    fn intervals(&self) -> impl Iterator<Item = &[Option<(f64, f64)>]> {
        self.fan.iter().map(Vec::as_slice).chain([self.interval.as_slice()])
    }

    /// Everything the vertical axis must hold.
    fn extent(&self) -> impl Iterator<Item = f64> {
        let values = self.series.values.iter().flatten().copied();
        let ends = self.intervals().flatten().flatten().flat_map(|(low, high)| [*low, *high]);
        values.chain(ends).filter(|value| value.is_finite())
    }

    fn words(&self, position: usize, format: Format) -> Option<String> {
        let value = format(self.series.at(position)?);
        Some(match self.interval_at(position) {
            Some((low, high)) => format!("{value} ({} to {})", format(low), format(high)),
            None => value,
        })
    }
}

/// The vertical axis of a line chart.
#[derive(Clone, Copy, Debug)]
pub struct Axis<'a> {
    /// How a value is written.
    pub format: Format,
    /// The lowest value shown; `None` lets the data decide.
    pub low: Option<f64>,
    /// The highest value shown; `None` lets the data decide.
    pub high: Option<f64>,
    /// A dashed line at a value that matters, with its name.
    pub reference: Option<(f64, &'a str)>,
}

impl Axis<'_> {
    /// An axis that fits the data.
    pub const fn fitting(format: Format) -> Self {
        Self { format, low: None, high: None, reference: None }
    }

    fn vertical(&self, lines: &[&Line<'_>], top: f64, bottom: f64) -> Vertical {
        let values = || lines.iter().flat_map(|line| line.extent()).chain(self.reference.map(|(value, _)| value));
        let low = values().fold(f64::INFINITY, f64::min);
        let high = values().fold(f64::NEG_INFINITY, f64::max);
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        // Near zero, zero itself is the more honest end.
        let low = if low > 0.0 && low < high * 0.5 { 0.0 } else { low };
        let fitted = Vertical::rounded(self.low.unwrap_or(low), self.high.unwrap_or(high), top, bottom);
        match (self.low, self.high) {
            (None, None) => fitted,
            (low, high) => Vertical::fixed(
                low.unwrap_or_else(|| fitted.ticks.first().copied().unwrap_or_default()),
                high.unwrap_or_else(|| fitted.ticks.last().copied().unwrap_or_default()),
                top,
                bottom,
            ),
        }
    }
}

/// Draws up to three lines over `labels`; `heading` names the first column of the table.
pub fn lines(frame: &Frame<'_>, heading: &str, labels: &[String], lines: &[Line<'_>], axis: Axis<'_>) -> Markup {
    let (shown, left) = drawn(lines, |line| line.series.ink);
    let keys: Vec<Key<'_>> = shown
        .iter()
        .map(|line| Key { name: line.series.name, ink: line.series.ink, line: Some(line.dashed) })
        .collect();
    let table = Table {
        head: std::iter::once(heading.to_owned()).chain(lines.iter().map(|line| line.series.name.to_owned())).collect(),
        rows: labels
            .iter()
            .enumerate()
            .map(|(i, label)| (label.clone(), lines.iter().map(|line| line.words(i, axis.format)).collect()))
            .collect(),
        ..Table::default()
    };
    let chart = Chart { labels, lines: &shown, axis };
    figure(frame, &keys, left, &table, |canvas| chart.draw(canvas))
}

struct Chart<'a> {
    labels: &'a [String],
    lines: &'a [&'a Line<'a>],
    axis: Axis<'a>,
}

impl Chart<'_> {
    fn draw(&self, canvas: Canvas) -> Markup {
        let ends: Vec<(String, &str)> = self
            .lines
            .iter()
            .filter_map(|line| Some(((self.axis.format)(line.series.last()?.1), self.end_name(line))))
            .collect();
        let (top, bottom) = (12.0, canvas.height - 24.0);
        let vertical = self.axis.vertical(self.lines, top, bottom);
        let left = left_margin(&vertical, self.axis.format);
        let right = canvas.width - end_room(&ends);
        let step = (right - left - 8.0) / self.labels.len().saturating_sub(1).max(1) as f64;
        let place = Place { vertical: &vertical, left: left + 4.0, step };
        html! {
            (canvas.grid(&vertical, left, right, self.axis.format))
            (self.reference(canvas, &vertical, left, right))
            @for line in self.lines { @for interval in line.intervals() { (band(canvas, line, interval, &place)) } }
            @for line in self.lines { (stroke(canvas, line, &place)) }
            (self.end_labels(canvas, &place, right))
            @if canvas.tips() { (self.hits(&place, top, bottom)) }
            (canvas.labels(self.labels, |i| place.x(i), right - left))
        }
    }

    /// One line alone needs no name beside it: the title and the legend say it.
    fn end_name<'b>(&self, line: &'b Line<'_>) -> &'b str {
        if self.lines.len() > 1 { line.series.name } else { "" }
    }

    fn reference(&self, canvas: Canvas, vertical: &Vertical, left: f64, right: f64) -> Markup {
        html! {
            @if let Some((value, name)) = self.axis.reference {
                line.reference x1=(Px(left)) x2=(Px(right)) y1=(Px(vertical.y(value))) y2=(Px(vertical.y(value)))
                    stroke=[canvas.print(palette::MUTED)] stroke-dasharray="2 4" {}
                text.end-name x=(Px(left + 4.0)) y=(Px(vertical.y(value) - 4.0)) fill=[canvas.print(palette::MUTED)] { (name) }
            }
        }
    }

    fn end_labels(&self, canvas: Canvas, place: &Place<'_>, right: f64) -> Markup {
        let ends: Vec<(&Line<'_>, usize, f64)> = self
            .lines
            .iter()
            .filter_map(|line| line.series.last().map(|(position, value)| (*line, position, value)))
            .collect();
        let wished: Vec<f64> = ends.iter().map(|(_, _, value)| place.vertical.y(*value)).collect();
        let gap = if ends.len() > 1 { 29.0 } else { 0.0 };
        let placed = apart(&wished, gap, 10.0, canvas.height - 32.0);
        html! {
            @for ((line, position, value), y) in ends.into_iter().zip(placed) {
                circle class=[canvas.fill_class(line.series.ink)] fill=[canvas.fill(line.series.ink)]
                    cx=(Px(place.x(position))) cy=(Px(place.vertical.y(value))) r="3.5" {}
                (end_label(canvas, right + 4.0, y + 3.0, &(self.axis.format)(value), self.end_name(line)))
            }
        }
    }

    /// Where a pointer finds a value: at every position where they lie far enough apart, else at the last of every few.
    fn hits(&self, place: &Place<'_>, top: f64, bottom: f64) -> Markup {
        let together = (HIT / place.step.max(1e-6)).ceil().max(1.0) as usize;
        let width = place.step * together as f64;
        let last = self.labels.len().saturating_sub(1);
        html! {
            @for (position, label) in self.labels.iter().enumerate().filter(|(i, _)| (last - i).is_multiple_of(together)) {
                g.hit data-tip=(tip(label, self.lines.iter().map(|line| (line.series.name, line.words(position, self.axis.format))))) {
                    rect.area x=(Px(place.x(position) - width / 2.0)) y=(Px(top)) width=(Px(width)) height=(Px(bottom - top)) fill="none" {}
                    line.cross x1=(Px(place.x(position))) x2=(Px(place.x(position))) y1=(Px(top)) y2=(Px(bottom)) {}
                }
            }
        }
    }
}

/// Where a position and a value lie on the paper.
struct Place<'a> {
    vertical: &'a Vertical,
    left: f64,
    step: f64,
}

impl Place<'_> {
    fn x(&self, position: usize) -> f64 {
        self.left + self.step * position as f64
    }

    /// A path through `points`, straight or in steps, starting with `start`.
    fn path(&self, start: char, points: impl Iterator<Item = (usize, f64)>, stepped: bool) -> String {
        let mut path = String::new();
        let mut before: Option<Px> = None;
        for (position, value) in points {
            let (x, y) = (Px(self.x(position)), Px(self.vertical.y(value)));
            // Writing into a string cannot fail.
            let _ = match before {
                None => write!(path, "{start}{x} {y}"),
                Some(old) if stepped => write!(path, "L{x} {old}L{x} {y}"),
                Some(_) => write!(path, "L{x} {y}"),
            };
            before = Some(y);
        }
        path
    }
}

/// The stretches of positions in which `value` is known without a gap.
fn runs<T>(count: usize, value: impl Fn(usize) -> Option<T>) -> Vec<Vec<(usize, T)>> {
    let mut runs = vec![Vec::new()];
    for position in 0..count {
        match (value(position), runs.last_mut()) {
            (Some(known), Some(run)) => run.push((position, known)),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

fn stroke(canvas: Canvas, line: &Line<'_>, place: &Place<'_>) -> Markup {
    html! {
        @for run in runs(line.series.values.len(), |position| line.series.at(position)) {
            @if run.len() == 1 {
                circle class=[canvas.fill_class(line.series.ink)] fill=[canvas.fill(line.series.ink)]
                    cx=(Px(place.x(run[0].0))) cy=(Px(place.vertical.y(run[0].1))) r="2.5" {}
            } @else {
                path class=[canvas.stroke_class(line.series.ink)] stroke=[canvas.fill(line.series.ink)] fill="none"
                    stroke-width="2.25" stroke-linejoin="round" stroke-dasharray=[line.dashed.then_some("5 4")]
                    d=(place.path('M', run.into_iter(), line.stepped)) {}
            }
        }
    }
}

/// The ends of an interval at a position, where both are known.
fn ends_at(interval: &[Option<(f64, f64)>], position: usize) -> Option<(f64, f64)> {
    interval.get(position).copied().flatten().filter(|(low, high)| low.is_finite() && high.is_finite())
}

fn band(canvas: Canvas, line: &Line<'_>, interval: &[Option<(f64, f64)>], place: &Place<'_>) -> Markup {
    html! {
        @for run in runs(interval.len(), |position| ends_at(interval, position)) {
            @let high = place.path('M', run.iter().map(|(i, (_, high))| (*i, *high)), line.stepped);
            path class=[canvas.fill_class(line.series.ink)] fill=[canvas.fill(line.series.ink)] fill-opacity="0.15"
                d=(format!("{high}{}Z", back(place, &run, line.stepped))) {}
        }
    }
}

/// The lower edge of an interval from its last position back to its first.
fn back(place: &Place<'_>, run: &[(usize, (f64, f64))], stepped: bool) -> String {
    let mut path = String::new();
    let mut before: Option<Px> = None;
    for (position, (low, _)) in run.iter().rev() {
        let (x, y) = (Px(place.x(*position)), Px(place.vertical.y(*low)));
        // In steps, the value of an earlier position holds up to the later one. Writing into a string cannot fail.
        let _ = match before {
            Some(later) if stepped => write!(path, "L{later} {y}L{x} {y}"),
            _ => write!(path, "L{x} {y}"),
        };
        before = Some(x);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ink;

    fn labels(count: usize) -> Vec<String> {
        (0..count).map(|month| format!("M{month}")).collect()
    }

    fn whole(value: f64) -> String {
        format!("{value:.0}%")
    }

    fn frame() -> Frame<'static> {
        Frame::new("nrr", "Retention", "NRR rose to 109%.", "n = 12 months")
    }

    #[test]
    fn a_gap_breaks_the_line_and_is_unknown_in_tip_and_table() {
        let series = Series::new("NRR", Ink::One, vec![Some(100.0), Some(101.0), None, Some(103.0), Some(104.0)]);
        let html = lines(&frame(), "Month", &labels(5), &[Line::new(series)], Axis::fitting(whole)).into_string();
        let compact = html.find("chart compact").unwrap();
        assert_eq!(html[..compact].matches("<path").count(), 2);
        assert!(html.contains("data-tip=\"M2: NRR unknown\""), "{html}");
        assert!(html.contains(">unknown</span></span></td>"), "{html}");
    }

    #[test]
    fn intervals_are_drawn_and_said() {
        let series = Series::new("With", Ink::One, vec![Some(100.0), Some(90.0)]);
        let line = Line::new(series).within(vec![Some((100.0, 100.0)), Some((84.0, 95.0))]).stepped().dashed();
        let html = lines(&frame(), "Month", &labels(2), &[line], Axis::fitting(whole)).into_string();
        assert!(html.contains("fill-opacity=\"0.15\"") && html.contains("stroke-dasharray=\"5 4\""), "{html}");
        assert!(html.contains("With 90% (84% to 95%)"), "{html}");
    }

    #[test]
    fn a_fan_is_drawn_in_shades_and_said_once() {
        let series = Series::new("Forecast", Ink::One, vec![Some(100.0), Some(90.0)]);
        let around = |by: f64| vec![Some((100.0, 100.0)), Some((90.0 - by, 90.0 + by))];
        let line = Line::new(series).within(around(5.0)).shaded(around(9.0)).shaded(around(2.0));
        let html = lines(&frame(), "Month", &labels(2), &[line], Axis::fitting(whole)).into_string();
        let compact = html.find("chart compact").unwrap();
        assert_eq!(html[..compact].matches("fill-opacity=\"0.15\"").count(), 3);
        assert!(html.contains("Forecast 90% (85% to 95%)") && !html.contains("81%"), "{html}");
    }

    #[test]
    fn a_pointer_finds_the_last_of_every_few_positions() {
        let values: Vec<Option<f64>> = (0..366).map(|day| Some(f64::from(day))).collect();
        let line = Line::new(Series::new("Health", Ink::One, values));
        let frame = Frame::new("f", "F", "", "");
        let tips = |days: usize| {
            let html =
                lines(&frame, "Day", &labels(days), std::slice::from_ref(&line), Axis::fitting(whole)).into_string();
            html.matches("data-tip=\"M").count()
        };
        assert_eq!(tips(24), 48, "wide and narrow, every position");
        assert!((120..366).contains(&tips(366)), "{}", tips(366));
        let html = lines(&frame, "Day", &labels(366), &[line], Axis::fitting(whole)).into_string();
        assert_eq!(html.matches("data-tip=\"M365: Health 365").count(), 2, "the last is always found");
    }

    #[test]
    fn a_step_holds_its_value_until_the_next_position() {
        let vertical = Vertical::fixed(0.0, 100.0, 0.0, 100.0);
        let place = Place { vertical: &vertical, left: 0.0, step: 10.0 };
        let path = place.path('M', [(0, 100.0), (1, 80.0)].into_iter(), true);
        assert_eq!(path, "M0 0L10 0L10 20");
        assert_eq!(back(&place, &[(0, (90.0, 100.0)), (1, (70.0, 95.0))], true), "L10 30L10 10L0 10");
    }

    #[test]
    fn no_values_and_one_value_do_not_divide_by_zero() {
        for values in [vec![], vec![Some(5.0)], vec![None, None], vec![Some(f64::NAN)]] {
            let line = Line::new(Series::new("NRR", Ink::One, values.clone()));
            let html = lines(&frame(), "Month", &labels(values.len()), &[line], Axis::fitting(whole)).into_string();
            assert!(!html.contains("NaN") && !html.contains("inf"), "{values:?}: {html}");
        }
    }

    #[test]
    fn the_reference_is_inside_the_axis_and_named() {
        let line = Line::new(Series::new("NRR", Ink::One, vec![Some(103.0), Some(109.0)]));
        let axis = Axis { reference: Some((100.0, "100%: nothing lost")), ..Axis::fitting(whole) };
        let html = lines(&frame(), "Month", &labels(2), &[line], axis).into_string();
        assert!(html.contains("100%: nothing lost") && html.contains(">100%</text>"), "{html}");
    }
}
