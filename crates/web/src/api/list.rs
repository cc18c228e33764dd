//! Lists in pages: how many, and where the next page begins.
//!
//! A *cursor* is opaque to the caller; inside, it is the id of the last row given, so a page neither repeats nor skips
//! rows when others are added in between. Absent: totals and page numbers, which would count what nobody asked for.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Ref, RefOr, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::problem::{Answer, Problem};

const USUAL: u64 = 50;
const MOST: u64 = 500;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The cursor of the next page; `null` when this is the last.
    pub next: Option<String>,
}

impl<T: ToSchema> PartialSchema for List<T> {
    fn schema() -> RefOr<Schema> {
        let next = ObjectBuilder::new().schema_type(Type::String).description(Some("The cursor of the next page."));
        let items = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        ObjectBuilder::new().property("items", items).required("items").property("next", next).into()
    }
}

impl<T: ToSchema> ToSchema for List<T> {
    fn name() -> Cow<'static, str> {
        format!("{}List", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

/// The parameters of a list without filters.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// Rows per page, 1 to 500; 50 if absent.
    limit: Option<u64>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

impl Paging {
    /// Puts the parameters of a list with filters together.
    pub fn new(limit: Option<u64>, cursor: Option<String>) -> Self {
        Self { limit, cursor }
    }

    /// Rows per page.
    pub fn limit(&self) -> Answer<usize> {
        match self.limit.unwrap_or(USUAL) {
            limit @ 1..=MOST => Ok(limit as usize),
            _ => Err(Problem::invalid("limit", format!("A page has 1 to {MOST} rows."))),
        }
    }

    /// One row more than a page, by which the last page is known.
    pub fn fetch(&self) -> Answer<u64> {
        self.limit().map(|limit| limit as u64 + 1)
    }

    /// The id of the last row of the page before.
    pub fn after(&self) -> Answer<Option<i64>> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| bytes.try_into().ok());
        let id = bytes.map(i64::from_be_bytes);
        id.map(Some).ok_or_else(|| Problem::invalid("cursor", "This is not a cursor that a list gave out."))
    }

    /// Makes a page of rows that have an order of their own: it goes on behind the row of the cursor, which must still be
    /// there.
    pub fn page_behind<R>(&self, rows: impl IntoIterator<Item = R>, id: impl Fn(&R) -> i64) -> Answer<List<R>> {
        let mut rows = rows.into_iter();
        if let Some(after) = self.after()? {
            let gone = || Problem::invalid("cursor", "The list has changed since: begin again without a cursor.");
            rows.find(|row| id(row) == after).ok_or_else(gone)?;
        }
        self.page(rows, id)
    }

    /// Makes a page of rows that were fetched with [`Paging::fetch`].
    pub fn page<T, R>(&self, rows: impl IntoIterator<Item = R>, id: impl Fn(&R) -> i64) -> Answer<List<T>>
    where
        T: From<R>,
    {
        let limit = self.limit()?;
        let mut rows: Vec<R> = rows.into_iter().take(limit + 1).collect();
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more).map(id);
        let next = last.map(|id| URL_SAFE_NO_PAD.encode(id.to_be_bytes()));
        Ok(List { items: rows.into_iter().map(T::from).collect(), next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(limit: u64, cursor: Option<String>) -> Answer<List<i64>> {
        let paging = Paging::new(Some(limit), cursor);
        let after = paging.after()?.unwrap_or(0);
        paging.page((1..=5).filter(|id| *id > after), |id| *id)
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let first = page(2, None).unwrap();
        assert_eq!(first.items, [1, 2]);
        let second = page(2, first.next).unwrap();
        assert_eq!(second.items, [3, 4]);
        assert_eq!(page(2, second.next).unwrap(), List { items: vec![5], next: None });
        assert_eq!(page(5, None).unwrap().next, None);
    }

    #[test]
    fn a_made_up_cursor_is_refused() {
        for wrong in ["1", "", "AAAA", "=", "ä"] {
            assert_eq!(page(2, Some(wrong.to_owned())).unwrap_err().fields[0].field, "cursor", "{wrong}");
        }
        assert_eq!(page(0, None).unwrap_err().fields[0].field, "limit");
        assert_eq!(page(501, None).unwrap_err().fields[0].field, "limit");
    }
}
