//! Months to come on the Revenue page. A month that has not begun has contracts and no history, so it is marked and the
//! page says what its figures are. Absent: what is likely, which is the forecast's.

use engine::book::Book;
use engine::revenue::report::Report;
use maud::{Markup, html};

use crate::ui::format;
use crate::ui::notice::remark;

/// Whether a month, written like `2026-03`, begins after the day of a book.
pub(super) fn is_ahead(book: &Book, month: &str) -> bool {
    month > book.as_of.format("%Y-%m").to_string().as_str()
}

/// What is said of months that have not begun.
pub(super) fn notice(book: &Book, report: &Report) -> Markup {
    let ahead = report.months.iter().filter(|month| is_ahead(book, &month.span)).count();
    html! {
        @if ahead > 0 {
            (remark(&html! {
                b { (format::counted(ahead as i64, "month has", "months have")) " not begun." }
                " They show what is under contract today, and guess nothing: what is likely is in the "
                a href="/forecast" { "forecast" } "."
            }))
        }
    }
}
