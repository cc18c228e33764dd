//! The usage tab: people and events week by week, and features by use. Both come straight from the events, as of
//! the day of the page.

use maud::{Markup, html};
use report::{Axis, Frame, Ink, Line, Series, lines};

use super::Subject;
use crate::problem::{Answer, Problem};
use crate::ui::card::{card, grid, plain};
use crate::ui::table::{Column, Sort, cell, frame, header};
use crate::ui::{format, notice};

/// Weeks shown.
const WEEKS: u32 = 26;

const EVENTS: Column<'_> = Column::new("Events, 28 days").number();
const USERS: Column<'_> = Column::new("People").number();
const LAST: Column<'_> = Column::new("Last used");
const COLUMNS: [Column<'_>; 4] = [Column::new("Feature"), EVENTS, USERS, LAST];

/// The tab.
pub(super) async fn tab(subject: &Subject<'_>) -> Answer<Markup> {
    let usage = engine::usage::usage(subject.engine, subject.id(), subject.as_of(), WEEKS).await;
    let usage = usage.map_err(Problem::internal)?;
    if usage.weeks.iter().all(|week| week.events == 0) {
        let why = "No event of this account arrived in the last 26 weeks.";
        let next = html! { a.btn href="/sources" { "Look at the sources" } };
        return Ok(notice::empty("No usage", why, &next));
    }
    let labels: Vec<String> = usage.weeks.iter().map(|week| week.ends.to_string()).collect();
    let chart = |id: &str, title: &str, ink: Ink, values: Vec<Option<f64>>| {
        let last = values.last().copied().flatten().unwrap_or_default();
        let summary = format!("{title} over {WEEKS} weeks; last week {}.", format::number(last, 0));
        let n = format!("n = {WEEKS} weeks");
        let picture = Frame::new(id, title, &summary, &n);
        let axis = Axis { low: Some(0.0), ..Axis::fitting(|value| format::number(value, 0)) };
        plain(&lines(&picture, "Week ending", &labels, &[Line::new(Series::new(title, ink, values))], axis))
    };
    let users = usage.weeks.iter().map(|week| Some(week.users as f64)).collect();
    let events = usage.weeks.iter().map(|week| Some(week.events as f64)).collect();
    let rows = html! { @for feature in &usage.features { tr {
        th scope="row" { (feature.name) }
        (cell(&EVENTS, &html! { (format::count(feature.events)) }))
        (cell(&USERS, &html! { (format::count(feature.users)) }))
        (cell(&LAST, &format::instant(feature.last_at)))
    } } };
    let unsorted = Sort { key: "", descending: false };
    let head = header(&COLUMNS, unsorted, &subject.link(), "");
    Ok(html! {
        (grid(&[
            chart("people", "Weekly active people", Ink::Two, users),
            chart("events", "Weekly events", Ink::One, events),
        ]))
        (card("Features", &frame("Features by use", &head, &rows)))
    })
}
