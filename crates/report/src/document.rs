//! A document: one file of HTML that needs nothing else, to be mailed, printed and kept.
//!
//! The nouns: a [`Document`] has a title, a sentence that says it all, and [`Part`]s in order. Charts come from the
//! functions of this crate, drawn for print, and keep their fixed colours; the page around them follows the reader's
//! light or dark theme and fits a telephone. Absent: scripts, fonts and pictures from elsewhere.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The style of every document.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1d2333;--soft:#5b6273;--line:#dfe2ea;--paper:#fff}\
@media(prefers-color-scheme:dark){:root{--ink:#e8eaf0;--soft:#a7adbb;--line:#353b4a;--paper:#14171f}}\
body{margin:0 auto;max-width:46rem;padding:2rem 1rem 4rem;font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper)}\
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem}h2{font-size:1.15rem;margin:2.2rem 0 .5rem}\
.lead{font-size:1.1rem}.soft,figcaption{color:var(--soft);font-size:.9rem}\
figure{margin:1rem 0}figure>div{background:#fff;border:1px solid var(--line);border-radius:6px;padding:.6rem;overflow-x:auto}\
figure svg{width:100%;height:auto;display:block}\
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}\
th,td{padding:.3rem .7rem .3rem 0;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}\
th:first-child,td:first-child{text-align:left}";

/// A document in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The title.
    pub title: String,
    /// What the reader should know if nothing else is read.
    pub lead: String,
    /// The rest, in order.
    pub parts: Vec<Part>,
}

/// One part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Begins a section.
    Heading(String),
    /// Prose.
    Text(String),
    /// A list of sentences.
    List(Vec<String>),
    /// A table; the first cell of each row is its header.
    Table {
        /// What it shows, for whoever cannot see it.
        title: String,
        /// Names of the columns.
        head: Vec<String>,
        /// Rows as wide as the head.
        rows: Vec<Vec<String>>,
    },
    /// A chart of this crate, drawn for print.
    Figure {
        /// The `svg` element.
        svg: String,
        /// What one sees.
        caption: String,
    },
}

impl Document {
    /// The whole file.
    pub fn to_html(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) }
                    style { (PreEscaped(STYLE)) }
                }
                body { main {
                    h1 { (self.title) }
                    p.lead { (self.lead) }
                    @for part in &self.parts { (part.markup()) }
                } }
            }
        };
        page.into_string()
    }
}

impl Part {
    fn markup(&self) -> Markup {
        match self {
            Self::Heading(text) => html! { h2 { (text) } },
            Self::Text(text) => html! { p { (text) } },
            Self::List(items) => html! { ul { @for item in items { li { (item) } } } },
            Self::Table { title, head, rows } => html! {
                div.wide role="region" tabindex="0" aria-label=(title) { table {
                    thead { tr { @for cell in head { th scope="col" { (cell) } } } }
                    tbody { @for row in rows { tr {
                        @for (place, cell) in row.iter().enumerate() {
                            @if place == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                        }
                    } } }
                } }
            },
            Self::Figure { svg, caption } => html! {
                figure { div { (PreEscaped(svg)) } figcaption { (caption) } }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_stands_alone_and_escapes_what_it_is_told() {
        let table = Part::Table {
            title: "Models".to_owned(),
            head: vec!["model".to_owned(), "error".to_owned()],
            rows: vec![vec!["<b>bg-nbd</b>".to_owned(), "-14 %".to_owned()]],
        };
        let figure = Part::Figure { svg: "<svg></svg>".to_owned(), caption: "A & B".to_owned() };
        let document = Document {
            title: "Holdout".to_owned(),
            lead: "It may be trusted.".to_owned(),
            parts: vec![Part::Heading("Models".to_owned()), table, figure],
        };
        let html = document.to_html();
        assert!(html.starts_with("<!DOCTYPE html>") && html.contains("<svg></svg>"), "{html}");
        assert!(html.contains("&lt;b&gt;bg-nbd&lt;/b&gt;") && html.contains("A &amp; B"), "{html}");
        assert!(!html.contains("src=") && !html.contains("href=") && !html.contains("<script"), "{html}");
    }
}
