//! What a page says when there is nothing to show, or when something went wrong.
//!
//! An empty state says what to do next; an error says what happened and what to try. [`expression`] points at the place
//! in a definition where reading stopped, the way a compiler does. Absent: apologies, error numbers without words.

use maud::{Markup, html};

use super::Icon;

/// Renders an empty state: what is missing, why, and the way on.
pub fn empty(title: &str, why: &str, next: &Markup) -> Markup {
    html! { div.empty { p { b { (title) } } p.muted { (why) } @if !next.0.is_empty() { div.actions { (next) } } } }
}

/// Renders an empty row for a table of `columns` columns.
pub fn empty_row(columns: usize, body: &Markup) -> Markup {
    html! { tr.empty-row { td colspan=(columns) { (body) } } }
}

/// Renders an error: what happened, and what to try.
pub fn error(happened: &str, to_try: &str) -> Markup {
    html! {
        div.notice.bad role="alert" {
            (Icon::Warning)
            div { p { b { (happened) } } @if !to_try.is_empty() { p { (to_try) } } }
        }
    }
}

/// Renders a remark that needs attention but is nobody's mistake: missing data, a late source.
pub fn remark(body: &Markup) -> Markup {
    html! { div.notice { (Icon::Warning) div { (body) } } }
}

/// Renders a confirmation.
pub fn success(text: &str) -> Markup {
    html! { div.notice.good role="status" { (Icon::Done) div { p { (text) } } } }
}

/// Renders why an expression could not be read: the line, a caret below the place, the message.
///
/// `at` is the byte offset where reading stopped; an offset inside a character or past the end points at the end of
/// the last character before it.
pub fn expression(source: &str, at: usize, message: &str) -> Markup {
    let place = Place::of(source, at);
    html! {
        div.notice.bad role="alert" {
            (Icon::Warning)
            div {
                p { b { "Line " (place.line_number) ", column " (place.column + 1) ": " } (message) }
                pre.caret aria-hidden="true" { code {
                    (place.line) "\n" span.mark-at { (" ".repeat(place.column)) "^" }
                } }
            }
        }
    }
}

/// A line of a text and a column in it, counted in characters.
#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    line: &'a str,
    line_number: usize,
    column: usize,
}

impl<'a> Place<'a> {
    fn of(source: &'a str, at: usize) -> Self {
        let mut end = at.min(source.len());
        while !source.is_char_boundary(end) {
            end -= 1;
        }
        let before = &source[..end];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: source[start..].split('\n').next().unwrap_or_default().trim_end_matches('\r'),
            line_number: before.matches('\n').count() + 1,
            column: before[start..].chars().count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_character() {
        let source = "health < 50\nand arr => 20000";
        let place = Place::of(source, source.find("=>").unwrap());
        assert_eq!(place, Place { line: "and arr => 20000", line_number: 2, column: 8 });
        let html = expression(source, 20, "expected a number").into_string();
        assert!(html.contains("and arr =&gt; 20000\n<span class=\"mark-at\">        ^</span>"), "{html}");
    }

    #[test]
    fn an_offset_outside_the_text_does_not_panic() {
        assert_eq!(Place::of("größe", 3).column, 2);
        assert_eq!(Place::of("größe", 999).column, 5);
        assert_eq!(Place::of("", 1), Place { line: "", line_number: 1, column: 0 });
    }
}
