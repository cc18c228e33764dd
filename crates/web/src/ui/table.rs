//! Tables: columns that sort by link, pages, and the frame that lets a wide table scroll by itself.
//!
//! A column says how important it is; where it is narrow, the style sheet hides the less important ones. The rows are
//! written by the page, with [`cell`] so that each cell follows its column. Absent: sorting in the browser; the order
//! of a list is part of its URL.

use maud::{Markup, html};

use super::{Icon, Link, format};

/// How long a column stays when the screen gets narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// Always visible.
    Always,
    /// Hidden on a telephone.
    Tablet,
    /// Hidden below a full window.
    Desktop,
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// The head.
    pub label: &'a str,
    /// The value of the `sort` parameter; `None` cannot be sorted.
    pub sort: Option<&'a str>,
    /// Numbers stand right-aligned in tabular figures.
    pub numeric: bool,
    /// How long it stays visible.
    pub stay: Stay,
}

impl<'a> Column<'a> {
    /// A column of words that always stays and does not sort.
    pub const fn new(label: &'a str) -> Self {
        Self { label, sort: None, numeric: false, stay: Stay::Always }
    }

    /// Makes the column sortable by the parameter value `key`.
    #[must_use]
    pub const fn sorts(mut self, key: &'a str) -> Self {
        self.sort = Some(key);
        self
    }

    /// Makes it a column of numbers.
    #[must_use]
    pub const fn number(mut self) -> Self {
        self.numeric = true;
        self
    }

    /// Lets it disappear where the screen is narrower than `stay` says.
    #[must_use]
    pub const fn until(mut self, stay: Stay) -> Self {
        self.stay = stay;
        self
    }

    /// The classes of the column's cells.
    pub const fn class(&self) -> &'static str {
        match (self.numeric, self.stay) {
            (false, Stay::Always) => "",
            (false, Stay::Tablet) => "from-tablet",
            (false, Stay::Desktop) => "from-desktop",
            (true, Stay::Always) => "num",
            (true, Stay::Tablet) => "num from-tablet",
            (true, Stay::Desktop) => "num from-desktop",
        }
    }
}

/// The order a list is in now.
#[derive(Clone, Copy, Debug)]
pub struct Sort<'a> {
    /// The `sort` parameter's value.
    pub key: &'a str,
    /// Whether the largest comes first (`dir=desc`).
    pub descending: bool,
}

/// Renders the head; a sortable column links to `list` with `sort` and `dir` changed, swapping the fragment `target`.
pub fn header(columns: &[Column<'_>], sort: Sort<'_>, list: &Link, target: &str) -> Markup {
    html! { thead { tr { @for column in columns { (head_cell(column, sort, list, target)) } } } }
}

fn head_cell(column: &Column<'_>, sort: Sort<'_>, list: &Link, target: &str) -> Markup {
    let Some(key) = column.sort else {
        return html! { th class=(column.class()) scope="col" { (column.label) } };
    };
    let active = sort.key == key;
    let order = if sort.descending { "descending" } else { "ascending" };
    let direction = if active && !sort.descending { "desc" } else { "asc" };
    let link = list.clone().with("sort", key).with("dir", direction).without("page");
    html! {
        th class=(column.class()) scope="col" aria-sort=[active.then_some(order)] {
            a href=(link) data-frag=(target) data-focus=(format!("sort-{key}")) { (column.label)
                @if active { span.arrow aria-hidden="true" { @if sort.descending { "↓" } @else { "↑" } } } }
        }
    }
}

/// Renders a cell of `column`.
pub fn cell(column: &Column<'_>, value: &Markup) -> Markup {
    html! { td class=(column.class()) data-label=(column.label) { (value) } }
}

/// Renders the first cell of a row, which names it: a link for `j`, `k` and `Enter`, and a line of detail below.
pub fn row_head(link: &Link, name: &str, detail: &Markup) -> Markup {
    html! {
        th scope="row" { a.row href=(link) { (name) } @if !detail.0.is_empty() { small.muted { (detail) } } }
    }
}

/// Frames a table so that it scrolls by itself and can be reached by keyboard; `label` names it.
pub fn frame(label: &str, head: &Markup, rows: &Markup) -> Markup {
    html! {
        div.scroll.frame tabindex="0" role="region" aria-label=(label) { table.table { (head) tbody { (rows) } } }
    }
}

/// Frames a table whose rows become cards on a telephone, each cell with its column's label (see [`cell`]).
pub fn stacking(label: &str, head: &Markup, rows: &Markup) -> Markup {
    html! {
        div.scroll.frame tabindex="0" role="region" aria-label=(label) { table.table.stacking { (head) tbody { (rows) } } }
    }
}

/// Where a list stands: pages of `per_page` rows, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages {
    /// The page shown.
    pub page: u64,
    /// Rows of one page.
    pub per_page: u64,
    /// Rows in all.
    pub total: u64,
}

impl Pages {
    /// The number of the last page; an empty list has one page.
    pub const fn last(self) -> u64 {
        let per_page = if self.per_page == 0 { 1 } else { self.per_page };
        let pages = self.total.div_ceil(per_page);
        if pages == 0 { 1 } else { pages }
    }
}

/// Renders previous and next links and which rows are shown; nothing when one page holds everything.
pub fn pager(pages: Pages, list: &Link, target: &str) -> Markup {
    let page = pages.page.clamp(1, pages.last());
    let first = (page - 1) * pages.per_page + 1;
    let last = (page * pages.per_page).min(pages.total);
    let number = |n: u64| format::count(i64::try_from(n).unwrap_or(i64::MAX));
    html! {
        @if pages.last() > 1 {
            nav.pager aria-label="Pages" {
                span { (number(first)) "–" (number(last)) " of " (number(pages.total)) }
                @if page > 1 {
                    a.btn rel="prev" href=(page_link(list, page - 1)) data-frag=(target) data-focus="prev" { (Icon::Back) "Previous" }
                }
                @if page < pages.last() {
                    a.btn rel="next" href=(page_link(list, page + 1)) data-frag=(target) data-focus="next" { "Next" (Icon::Forward) }
                }
            }
        }
    }
}

/// The first page is the list itself, so it carries no parameter.
fn page_link(list: &Link, page: u64) -> Link {
    if page > 1 { list.clone().with("page", page) } else { list.clone().without("page") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column<'_>; 2] =
        [Column::new("Account").sorts("name"), Column::new("ARR").sorts("arr").number().until(Stay::Tablet)];

    #[test]
    fn the_active_column_says_its_order_and_links_to_the_other() {
        let list = Link::to("/accounts").with("band", "red").with("page", 3);
        let html = header(&COLUMNS, Sort { key: "arr", descending: false }, &list, "results").into_string();
        assert_eq!(html.matches("aria-sort").count(), 1);
        assert!(
            html.contains("aria-sort=\"ascending\"><a href=\"/accounts?band=red&amp;sort=arr&amp;dir=desc\""),
            "{html}"
        );
        assert!(html.contains("href=\"/accounts?band=red&amp;sort=name&amp;dir=asc\""), "{html}");
        assert!(html.contains("class=\"num from-tablet\""), "{html}");
    }

    #[test]
    fn the_pager_says_which_rows_and_stops_at_the_ends() {
        let list = Link::to("/accounts").with("page", 2);
        let html = pager(Pages { page: 2, per_page: 50, total: 120 }, &list, "results").into_string();
        assert!(html.contains("51–100 of 120"), "{html}");
        assert!(html.contains("href=\"/accounts\"") && html.contains("page=3"), "{html}");
        let last = pager(Pages { page: 99, per_page: 50, total: 120 }, &list, "results").into_string();
        assert!(last.contains("101–120 of 120") && !last.contains("rel=\"next\""), "{last}");
        assert_eq!(pager(Pages { page: 1, per_page: 50, total: 50 }, &list, "results").into_string(), "");
        assert_eq!(Pages { page: 1, per_page: 0, total: 3 }.last(), 3);
    }
}
