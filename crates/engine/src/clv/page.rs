//! The evidence as pictures and as one page: does the model follow what happened over time, and is it right for every
//! class of customer, not only for their sum. Pictures are drawn for print, because they leave the house.

use report::document::{Document, Part};
use report::{Axis, Frame, Ink, Line, Series, lines};

use super::evidence::{Evidence, Point, Quantity};

/// A picture with a name for its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The name of the file.
    pub name: &'static str,
    /// The `svg` element.
    pub svg: String,
    /// What one sees, in one sentence.
    pub caption: String,
}

/// Height of a picture.
const HEIGHT: f64 = 280.0;

impl Evidence {
    /// The pictures: tracking, and for purchases calibration by class.
    pub fn pictures(&self) -> Vec<Picture> {
        let mut pictures = Vec::new();
        if !self.tracking.is_empty() {
            pictures.push(self.tracking_picture());
        }
        if !self.calibration.is_empty() {
            pictures.push(self.calibration_picture());
        }
        pictures
    }

    fn tracking_picture(&self) -> Picture {
        let last = self.tracking.last();
        let numbers = last.and_then(|point| Some((point.expected?, point.actual?)));
        let is_share = self.what == Quantity::Survival;
        let format: fn(f64) -> String = if is_share { percent } else { count };
        let said = numbers.map_or_else(String::new, |(expected, actual)| {
            format!(" At the end the model says {} and {} happened.", format(expected), format(actual))
        });
        let what = if is_share { "Share of customers still here, by age." } else { "Cumulative repeat purchases." };
        let caption = format!("{what} The fit saw everything to {}.{said}", self.known_to);
        let title = if is_share { "Survival, expected and actual" } else { "Repeat purchases, expected and actual" };
        let svg = drawn("tracking", title, &caption, &self.tracking, format);
        Picture { name: "tracking.svg", svg, caption }
    }

    fn calibration_picture(&self) -> Picture {
        let worst = self
            .calibration
            .iter()
            .filter_map(|class| Some((class, (class.expected? - class.actual?).abs())))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        let (title, what, unit) = match self.what {
            Quantity::Spend => ("Holdout amounts by earlier repeats", "Mean amount of a purchase", ""),
            _ => ("Holdout purchases by earlier repeats", "Mean purchases", " purchases"),
        };
        let said = worst.map_or_else(String::new, |(class, off)| {
            format!(" The largest gap is {off:.2}{unit}, at {} repeats.", class.label)
        });
        let caption = format!("{what} in the holdout, by repeats before it.{said}");
        let svg = drawn("calibration", title, &caption, &self.calibration, two_digits);
        Picture { name: "calibration.svg", svg, caption }
    }

    /// Everything as one file of HTML.
    pub fn to_html(&self, source: &str) -> String {
        let mut parts = vec![
            Part::Text(format!(
                "{} customers of {source}. The models saw everything to {} and were judged on what followed, to {}.",
                self.customers, self.known_to, self.held_out_to
            )),
            Part::Heading("Which model".to_owned()),
            self.models(),
        ];
        parts.extend(self.parameters());
        for picture in self.pictures() {
            let (heading, points) = match picture.name {
                "tracking.svg" => ("Over time", &self.tracking),
                _ => ("By class of customer", &self.calibration),
            };
            parts.push(Part::Heading(heading.to_owned()));
            parts.push(Part::Figure { svg: picture.svg, caption: picture.caption });
            if points.len() <= 24 {
                parts.push(data(heading, points));
            }
        }
        if !self.notes.is_empty() {
            parts.push(Part::Heading("To know".to_owned()));
            parts.push(Part::List(self.notes.clone()));
        }
        Document { title: "Lifetime value: may the model be trusted here?".to_owned(), lead: self.sentence(), parts }
            .to_html()
    }

    fn models(&self) -> Part {
        let head = ["model", "log-likelihood", "expected", "actual", "error", "typical error", "of a naive rule"];
        let row = |one: &super::Candidate| {
            vec![
                one.fit.model.to_owned(),
                format!("{:.4}", one.fit.log_likelihood),
                two_digits(one.expected),
                two_digits(one.actual),
                one.error.map_or_else(|| "unknown".to_owned(), |error| format!("{:+.1} %", 100.0 * error)),
                format!("{:.4}", one.root_mean_squared_error),
                format!("{:.4}", one.naive_error),
            ]
        };
        Part::Table {
            title: "Models and their errors in the holdout".to_owned(),
            head: head.map(str::to_owned).to_vec(),
            rows: self.candidates.iter().map(row).collect(),
        }
    }

    fn parameters(&self) -> Vec<Part> {
        let Some(best) = self.best() else { return Vec::new() };
        let fit = &best.fit;
        let shown =
            |value: Option<f64>| value.map_or_else(|| "not identified".to_owned(), |value| format!("{value:.5}"));
        let rows = fit.params.0.iter().zip(&fit.standard_errors.0);
        let rows = rows.map(|((name, value), (_, error))| vec![name.to_string(), shown(*value), shown(*error)]);
        let table = Part::Table {
            title: format!("Parameters of {}", fit.model),
            head: ["parameter", "estimate", "standard error"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
        };
        vec![Part::Text(format!("{} did best. Its parameters, time in {}s:", fit.model, fit.time_unit)), table]
    }
}

fn data(title: &str, points: &[Point]) -> Part {
    let number = |value: Option<f64>| value.map_or_else(|| "unknown".to_owned(), |value| format!("{value:.3}"));
    let row = |point: &Point| {
        let customers = point.customers.map_or_else(|| "–".to_owned(), |count| count.to_string());
        vec![point.label.clone(), customers, number(point.expected), number(point.actual)]
    };
    Part::Table {
        title: title.to_owned(),
        head: ["at", "customers", "expected", "actual"].map(str::to_owned).to_vec(),
        rows: points.iter().map(row).collect(),
    }
}

fn drawn(id: &str, title: &str, caption: &str, points: &[Point], format: fn(f64) -> String) -> String {
    let labels: Vec<String> = points.iter().map(|point| point.label.clone()).collect();
    let expected = points.iter().map(|point| point.expected).collect();
    let actual = points.iter().map(|point| point.actual).collect();
    let both = [
        Line::new(Series::new("actual", Ink::One, actual)),
        Line::new(Series::new("expected", Ink::Two, expected)).dashed(),
    ];
    let frame = Frame::new(id, title, caption, "").wide().height(HEIGHT).print();
    lines(&frame, "", &labels, &both, Axis::fitting(format)).into_string()
}

fn count(value: f64) -> String {
    format!("{value:.0}")
}

fn two_digits(value: f64) -> String {
    if value.abs() >= 1000.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

fn percent(value: f64) -> String {
    format!("{:.1} %", 100.0 * value)
}
