//! The cohort heat map: one row per group that started together, one column per age.
//!
//! Every cell prints its number, so the colour only helps the eye; the colour of that number is chosen by computed
//! contrast for each theme. Cells that lie in the future do not exist; cells nobody knows are outlined.

use maud::{Markup, html};

use crate::axis::{text_width, widest};
use crate::figure::{Canvas, Format, Frame, Px, Table, figure};
use crate::palette::{self, DARK, HEAT_DARK, HEAT_LIGHT, heat_step, text_on};

/// A group that started together.
#[derive(Clone, Debug)]
pub struct Cohort<'a> {
    /// When it started, for example `Q1 2025`.
    pub label: &'a str,
    /// How many are in it, for example `212`; printed beside the label.
    pub n: &'a str,
    /// The value at each age, ending where the future begins; `None` is unknown.
    pub values: Vec<Option<f64>>,
    /// What explains the value at each age; none where nothing does.
    pub links: Vec<String>,
}

/// A cohort heat map.
#[derive(Clone, Debug)]
pub struct Cohorts<'a> {
    /// What the groups are called, for the head of the table.
    pub heading: &'a str,
    /// The ages, for example `M0`, `M3`.
    pub ages: Vec<String>,
    /// The groups, oldest first.
    pub rows: Vec<Cohort<'a>>,
    /// The value of the palest cell.
    pub low: f64,
    /// The value of the strongest cell.
    pub high: f64,
    /// How a cell writes its value; two to four characters.
    pub format: Format,
}

/// Draws a cohort heat map; a frame's height of zero fits it to its rows.
pub fn cohorts(frame: &Frame<'_>, data: &Cohorts<'_>) -> Markup {
    let mut frame = *frame;
    if frame.height <= 0.0 {
        frame.height = 24.0 + 27.0 * data.rows.len() as f64;
    }
    let table = Table {
        head: [data.heading.to_owned(), "n".to_owned()].into_iter().chain(data.ages.iter().cloned()).collect(),
        rows: data.rows.iter().map(|row| (row.label.to_owned(), table_row(row, data))).collect(),
        links: if data.rows.iter().all(|row| row.links.is_empty()) {
            Vec::new()
        } else {
            data.rows.iter().map(table_links).collect()
        },
    };
    figure(&frame, &[], 0, &table, |canvas| draw(canvas, data))
}

fn table_row(row: &Cohort<'_>, data: &Cohorts<'_>) -> Vec<Option<String>> {
    let future = data.ages.len().saturating_sub(row.values.len());
    std::iter::once(Some(row.n.to_owned()))
        .chain(row.values.iter().map(|value| value.map(data.format)))
        .chain(std::iter::repeat_n(Some(String::new()), future))
        .collect()
}

/// How many there are leads nowhere.
fn table_links(row: &Cohort<'_>) -> Vec<Option<String>> {
    std::iter::once(None).chain(row.links.iter().cloned().map(Some)).collect()
}

fn draw(canvas: Canvas, data: &Cohorts<'_>) -> Markup {
    let label =
        |row: &Cohort<'_>| if canvas.compact { row.label.to_owned() } else { format!("{} · {}", row.label, row.n) };
    let labels: Vec<String> = data.rows.iter().map(label).collect();
    let left = widest(labels.iter().map(String::as_str)) + 10.0;
    let cell = Cell {
        left,
        width: (canvas.width - left - 2.0) / data.ages.len().max(1) as f64,
        height: (canvas.height - 22.0) / data.rows.len().max(1) as f64,
    };
    let head = widest(data.ages.iter().map(String::as_str));
    let every = ((head + 4.0) / cell.width).ceil().max(1.0) as usize;
    html! {
        g.ticks fill=[canvas.print(palette::MUTED)] text-anchor="middle" {
            @for (column, age) in data.ages.iter().enumerate().step_by(every) {
                text x=(Px(cell.x(column) + cell.width / 2.0)) y="13" { (age) }
            }
        }
        g.ticks fill=[canvas.print(palette::MUTED)] text-anchor="end" {
            @for (row, label) in labels.iter().enumerate() {
                text x=(Px(left - 8.0)) y=(Px(cell.y(row) + cell.height / 2.0 + 4.0)) { (label) }
            }
        }
        @for (row, cohort) in data.rows.iter().enumerate() {
            @for (column, value) in cohort.values.iter().enumerate().take(data.ages.len()) {
                (cell.draw(canvas, data, (row, column), *value))
            }
        }
    }
}

/// The size of a cell and where the first one starts.
struct Cell {
    left: f64,
    width: f64,
    height: f64,
}

impl Cell {
    fn x(&self, column: usize) -> f64 {
        self.left + self.width * column as f64
    }

    fn y(&self, row: usize) -> f64 {
        20.0 + self.height * row as f64
    }

    fn draw(&self, canvas: Canvas, data: &Cohorts<'_>, (row, column): (usize, usize), value: Option<f64>) -> Markup {
        let words = value.map_or_else(|| "unknown".to_owned(), data.format);
        let tip = format!("{}, {}: {words} (n = {})", data.rows[row].label, data.ages[column], data.rows[row].n);
        let step = value.map(|value| heat_step(value, data.low, data.high));
        let text = if value.is_some() { words.as_str() } else { "–" };
        let class = |name: Option<String>| canvas.tips().then(|| name.unwrap_or_else(|| "unknown-cell".to_owned()));
        let link = data.rows[row].links.get(column).filter(|_| canvas.tips());
        let cell = html! {
            g.hit data-tip=[canvas.tips().then_some(&tip)] {
                rect class=[class(step.map(|step| format!("heat-{step}")))] x=(Px(self.x(column) + 1.0))
                    y=(Px(self.y(row) + 1.0)) width=(Px(self.width - 2.0)) height=(Px(self.height - 2.0)) rx="3"
                    fill=[canvas.print(step.map_or("none", |step| HEAT_LIGHT[step]))]
                    stroke=[step.is_none().then(|| canvas.print(palette::GRID)).flatten()] {}
                @if text_width(text) <= self.width {
                    text class=[class(step.map(text_class))] text-anchor="middle" x=(Px(self.x(column) + self.width / 2.0))
                        y=(Px(self.y(row) + self.height / 2.0 + 4.0))
                        fill=[canvas.print(step.map_or(DARK, |step| text_on(HEAT_LIGHT[step])))] { (text) }
                }
            }
        };
        // Keys go by the table below, where every cell is a link too.
        html! { @match link {
            Some(link) => a href=(link) tabindex="-1" aria-label=(tip) { (cell) },
            None => (cell),
        } }
    }
}

/// The class of the text on a cell: dark or light in the light theme, then in the dark theme.
fn text_class(step: usize) -> String {
    let letter = |fill| if text_on(fill) == DARK { 'd' } else { 'l' };
    format!("on-{}{}", letter(HEAT_LIGHT[step]), letter(HEAT_DARK[step]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> Cohorts<'static> {
        Cohorts {
            heading: "Cohort",
            ages: ["M0", "M3", "M6"].map(str::to_owned).to_vec(),
            rows: vec![
                Cohort { label: "Q1", n: "12", values: vec![Some(100.0), None, Some(61.0)], links: Vec::new() },
                Cohort { label: "Q2", n: "9", values: vec![Some(100.0)], links: Vec::new() },
            ],
            low: 60.0,
            high: 100.0,
            format: |value| format!("{value:.0}"),
        }
    }

    #[test]
    fn strong_and_pale_cells_carry_readable_text() {
        let html = cohorts(&Frame::new("c", "Cohorts", "Retention.", "").height(0.0), &data()).into_string();
        assert!(html.contains("class=\"heat-7\"") && html.contains("class=\"on-ld\""), "{html}");
        assert!(html.contains("class=\"heat-0\"") && html.contains("class=\"on-dl\""), "{html}");
        assert!(html.contains("data-tip=\"Q1, M6: 61 (n = 12)\""), "{html}");
    }

    #[test]
    fn the_future_does_not_exist_but_unknown_does() {
        let svg = cohorts(&Frame::new("c", "Cohorts", "Retention.", "").print(), &data()).into_string();
        assert_eq!(svg.matches("<rect").count(), 4);
        assert!(svg.contains("fill=\"none\" stroke=\"#e3e6ee\"") && svg.contains(">–</text>"), "{svg}");
    }
}
