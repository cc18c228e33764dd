//! The chart kit: the same picture on the page and in a document.
//!
//! The nouns: a *frame* says what a chart is called, what it shows in one sentence and how many facts it rests on; a
//! *series* is a named list of values in which a gap is a gap; an *ink* is a colour named by what it means. There is one
//! function per kind of chart. For [`Theme::Page`] it returns a `figure` with title, legend, two drawings (one for a
//! wide place, one for a telephone; the style sheet shows one) and the data as a table. For [`Theme::Print`] it returns
//! one standalone `svg` with fixed colours, because a document brings its own caption.
//!
//! The rules every kind keeps: colour never speaks alone (direct labels, dashes, order), bars start at zero, intervals
//! are drawn, `n` is printed, at most three series and a grey rest. No inline style and no script, so a strict content
//! security policy holds. Deliberately absent: pie charts, second axes, animation, and formatting: callers pass the
//! function that writes a value. A [`document::Document`] puts charts and tables into one file of HTML, a
//! [`sheet`] rows into a workbook; PDF and mail bodies will live beside them.

mod axis;
mod bars;
mod bridge;
mod cohorts;
pub mod document;
mod figure;
pub mod histogram;
mod lines;
mod measures;
pub mod palette;
pub mod scatter;
pub mod sheet;
mod sparkline;

pub use bars::{Scale, stacked_bars};
pub use bridge::{Step, waterfall};
pub use cohorts::{Cohort, Cohorts, cohorts};
pub use figure::{Format, Frame, Series, Theme};
pub use lines::{Axis, Line, lines};
pub use measures::{Measure, measure_bars};
pub use palette::Ink;
pub use scatter::scatter;
pub use sparkline::sparkline;
