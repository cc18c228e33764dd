//! Which accounts a portfolio's URL names, in which order. Everything narrows
//! the rows the filter shows; counts per band are taken before the band itself
//! narrows, so that every chip says what it would show.

use std::cmp::Ordering;
use std::sync::Arc;

use axum::http::StatusCode;
use domain::access::RowFilter;
use domain::scorecard::Band;
use engine::{Book, Row, book::Choices};
use lake::expression::ExpressionError;
use serde::Deserialize;
use store::Segment;

use crate::problem::{Answer, Problem};
use crate::ui::Link;

/// Rows on a page.
pub(super) const PER_PAGE: u64 = 50;

/// The parameters of the list; an empty text asks for nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub(super) q: String,
    pub(super) band: String,
    pub(super) csm: String,
    pub(super) tier: String,
    pub(super) value: String,
    pub(super) segment: String,
    pub(super) expression: String,
    pub(super) status: String,
    pub(super) sort: String,
    pub(super) dir: String,
    pub(super) page: String,
}

/// The accounts of a list, filtered and sorted, with what is said about them.
pub(super) struct List<'a> {
    pub(super) asked: Asked,
    /// In order as far as the page that was asked for.
    pub(super) rows: Vec<&'a Arc<Row>>,
    /// Rows by band, in the order of [`Band::ALL`], before the band narrows.
    pub(super) bands: [i64; 4],
    pub(super) arr_cents: i64,
    /// Accounts whose ARR is unknown for want of a rate of exchange.
    pub(super) unrated: i64,
    /// What else it could be narrowed to.
    pub(super) choices: Arc<Choices>,
    /// What is wrong with the expression.
    pub(super) wrong: Option<ExpressionError>,
}

/// The list itself, without parameters.
pub(super) fn address() -> Link {
    Link::to("/accounts")
}

impl<'a> List<'a> {
    /// Reads a list out of a book.
    pub(super) fn of(book: &'a Book, filter: &'a RowFilter, asked: Asked, segments: &[Segment]) -> Answer<Self> {
        let (chosen, wrong) = chosen(book, filter, &asked, segments)?;
        let choices = book.choices(filter);
        let mut list = Self { rows: Vec::new(), bands: [0; 4], arr_cents: 0, unrated: 0, choices, wrong, asked };
        let wanted = Band::parse(&list.asked.band);
        let needle = list.asked.q.trim().to_lowercase();
        let csm: Option<i64> = list.asked.csm.parse().ok();
        for row in book.visible(filter) {
            let fits = row.active == (list.asked.status != "churned")
                && chosen.as_ref().is_none_or(|ids| ids.binary_search(&row.account.id).is_ok())
                && csm.is_none_or(|csm| row.owner.as_ref().is_some_and(|owner| owner.member_id == csm))
                && (list.asked.tier.is_empty() || row.account.tier.as_deref() == Some(&*list.asked.tier))
                && (list.asked.value.is_empty()
                    || row.value_tier(&book.definitions).is_some_and(|tier| tier.key == list.asked.value))
                && (needle.is_empty() || mentions(row, &needle));
            if !fits {
                continue;
            }
            list.bands[row.health.band as usize] += 1;
            if wanted.is_none_or(|band| row.health.band == band) {
                match book.arr_cents(row) {
                    Some(cents) => list.arr_cents += cents,
                    None => list.unrated += 1,
                }
                list.rows.push(row);
            }
        }
        let shown = list.page().saturating_mul(PER_PAGE);
        list.sort(book, usize::try_from(shown).unwrap_or(usize::MAX));
        Ok(list)
    }

    /// Brings the first rows into order, at least `most` of them; of a long list only a page is looked at.
    fn sort(&mut self, book: &Book, most: usize) {
        let descending = self.descending();
        let turned = |order: Ordering| if descending { order.reverse() } else { order };
        match self.sort_key() {
            "name" => first(&mut self.rows, most, |a, b| {
                turned(a.account.name.cmp(&b.account.name)).then_with(|| by_id(a, b))
            }),
            "csm" => first(&mut self.rows, most, |a, b| turned(owner(a).cmp(&owner(b))).then_with(|| by_id(a, b))),
            key => {
                let column = metric(key).and_then(|metric| book.definitions.catalogue.position(metric));
                let score = |row: &Row| if metric(key).is_some() { value(row, column) } else { row.health.score };
                let mut keyed: Vec<_> = self.rows.iter().map(|row| (score(row), *row)).collect();
                first(&mut keyed, most, |(a, x), (b, y)| known_first(*a, *b, descending).then_with(|| by_id(x, y)));
                self.rows = keyed.into_iter().map(|(_, row)| row).collect();
            }
        }
    }

    /// The key the list is sorted by.
    pub(super) fn sort_key(&self) -> &str {
        if self.asked.sort.is_empty() { "health" } else { &self.asked.sort }
    }

    /// Whether the largest comes first.
    pub(super) fn descending(&self) -> bool {
        self.asked.dir == "desc"
    }

    /// The page asked for, from 1.
    pub(super) fn page(&self) -> u64 {
        self.asked.page.parse().unwrap_or(1).max(1)
    }

    /// The rows of that page.
    pub(super) fn shown(&self) -> &[&'a Arc<Row>] {
        let last = (self.rows.len() as u64).div_ceil(PER_PAGE).max(1);
        let from = ((self.page().min(last) - 1) * PER_PAGE) as usize;
        &self.rows[from..self.rows.len().min(from + PER_PAGE as usize)]
    }

    /// The URL of the list as it is.
    pub(super) fn link(&self) -> Link {
        let asked = &self.asked;
        [
            ("q", &asked.q),
            ("band", &asked.band),
            ("csm", &asked.csm),
            ("tier", &asked.tier),
            ("value", &asked.value),
            ("segment", &asked.segment),
            ("expression", &asked.expression),
            ("status", &asked.status),
            ("sort", &asked.sort),
            ("dir", &asked.dir),
            ("page", &asked.page),
        ]
        .into_iter()
        .fold(address(), |link, (name, value)| link.with(name, value))
    }

    /// The whole list as a table.
    pub(super) fn frame(mut self, book: &Book) -> Result<lake::Frame, lake::FrameError> {
        self.sort(book, usize::MAX);
        let rows: Vec<Arc<Row>> = self.rows.into_iter().map(Arc::clone).collect();
        engine::book::table(&book.definitions, &rows)
    }
}

type Chosen = (Option<Vec<i64>>, Option<ExpressionError>);

/// The accounts of the expression, or of the saved segment; a wrong expression narrows nothing and is explained.
fn chosen(book: &Book, filter: &RowFilter, asked: &Asked, segments: &[Segment]) -> Answer<Chosen> {
    let saved = segments.iter().find(|segment| segment.key == asked.segment).map(|segment| segment.expression.as_str());
    if saved.is_none() && !asked.segment.is_empty() {
        let sentence = format!("There is no segment `{}`; it may have been deleted.", asked.segment);
        return Err(Problem::refused(StatusCode::NOT_FOUND, "no_segment", sentence));
    }
    let expression = if asked.expression.trim().is_empty() { saved } else { Some(asked.expression.as_str()) };
    let Some(expression) = expression else { return Ok((None, None)) };
    match engine::query::select(book, expression, filter) {
        Ok(ids) => Ok((Some(ids), None)),
        Err(engine::EngineError::Expression(wrong)) => Ok((None, Some(wrong))),
        Err(error) => Err(Problem::internal(error)),
    }
}

fn mentions(row: &Row, needle: &str) -> bool {
    let account = &row.account;
    account.name.to_lowercase().contains(needle)
        || account.external_id.to_lowercase().contains(needle)
        || account.domain.as_ref().is_some_and(|domain| domain.contains(needle))
}

/// The metric a list is sorted by; health is none.
fn metric(key: &str) -> Option<&'static str> {
    Some(match key {
        "arr" => "arr",
        "value" => "lifetime_value",
        "renewal" => "days_to_renewal",
        "seats" => "seat_utilisation",
        "touch" => "days_since_touchpoint",
        _ => return None,
    })
}

fn value(row: &Row, column: Option<usize>) -> Option<f64> {
    row.values.get(column?).copied().flatten()
}

/// Sorts at least the first `most` items.
fn first<T>(items: &mut [T], most: usize, order: impl Fn(&T, &T) -> Ordering) {
    if most < items.len() {
        items.select_nth_unstable_by(most, &order);
    }
    let most = most.min(items.len());
    items[..most].sort_unstable_by(order);
}

fn by_id(a: &Row, b: &Row) -> Ordering {
    a.account.id.cmp(&b.account.id)
}

fn owner(row: &Row) -> Option<&str> {
    row.owner.as_ref().map(|owner| &*owner.name)
}

/// Unknown values come last in either direction.
fn known_first(a: Option<f64>, b: Option<f64>, descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descending => b.total_cmp(&a),
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}
