//! The JSON API under `/api/v1`: one file per resource, named like its path.
//!
//! A *resource* file holds the wire form of one record and its handlers; the wire form is declared once with [`wire`],
//! from which the OpenAPI schema follows, and the operation follows from the handler's signature ([`operation`]). Lists
//! are paged by cursor ([`list`]); money is in integer minor units beside its currency; unknown is `null`, never zero.
//!
//! Deliberately absent: a second version side by side, and anything a page can do that a program cannot.

pub mod account;
pub mod alias;
pub mod contact;
pub mod cta;
pub mod document;
pub mod exchange_rate;
pub mod forecast;
pub mod goal;
pub mod health;
pub mod import;
pub mod invoice;
pub mod list;
pub mod me;
pub mod member;
pub mod merge;
pub mod metric;
pub mod operation;
pub mod opportunity;
pub mod query;
pub mod reference;
pub mod renewal;
pub mod response;
pub mod revenue;
pub mod segment;
pub mod sentiment;
pub mod signal;
pub mod snapshot;
pub mod source;
pub mod subscription;
pub mod ticket;
pub mod timeline;
pub mod token;
pub mod touchpoint;
pub mod webhook;
mod wire;

use std::sync::Arc;

use domain::{Day, Instant, time::end_of};
use engine::{Book, Row};

use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The account's row of today's book, if the caller may see it; what is hidden is not found.
pub fn visible(app: &AppState, access: &Access, account_id: i64) -> Answer<(Arc<Book>, Arc<Row>)> {
    let book = app.engine.book();
    let row = book.visible_row(account_id, &access.rows).cloned().ok_or_else(Problem::not_found)?;
    Ok((book, row))
}

/// The ids of every account the caller may see, for lists across accounts; `None` when that is all of them.
pub fn visible_ids(app: &AppState, access: &Access) -> Option<Vec<i64>> {
    match access.rows {
        domain::access::RowFilter::All => None,
        domain::access::RowFilter::Members(_) => {
            Some(app.engine.book().visible(&access.rows).map(|row| row.account.id).collect())
        }
    }
}

/// The book of a day: today's, or one computed for the question.
pub async fn book_of(app: &AppState, as_of: Option<Day>, known_on: Option<Instant>) -> Answer<Arc<Book>> {
    match asked_day(app, as_of, known_on)? {
        None => Ok(app.engine.book()),
        Some(day) => Ok(app.engine.book_as_of(day, known_on).await?),
    }
}

/// A row and the book of its day, computed alone unless it is today's; not found where it was no customer yet.
pub async fn account_of(
    app: &AppState,
    account_id: i64,
    as_of: Option<Day>,
    known_on: Option<Instant>,
) -> Answer<(Arc<Book>, Arc<Row>)> {
    let book = match asked_day(app, as_of, known_on)? {
        None => app.engine.book(),
        Some(day) => Arc::new(app.engine.account_as_of(account_id, day, known_on).await?),
    };
    let row = book.row(account_id).cloned().ok_or_else(Problem::not_found)?;
    Ok((book, row))
}

/// The day to compute; `None` is today as it is known now, which is there.
fn asked_day(app: &AppState, as_of: Option<Day>, known_on: Option<Instant>) -> Answer<Option<Day>> {
    let today = app.engine.today();
    let day = as_of.unwrap_or(today);
    if day > today {
        return Err(Problem::invalid("as_of", format!("{day} is in the future; today is {today}.")));
    }
    known_by(known_on, today)?;
    Ok((day < today || known_on.is_some()).then_some(day))
}

/// Refuses to say what will be known on a day to come.
pub fn known_by(known_on: Option<Instant>, today: Day) -> Answer<()> {
    match known_on {
        Some(instant) if instant > end_of(today) => {
            let detail = format!("What will be known on {instant} is not known yet; today is {today}.");
            Err(Problem::invalid("known_on", detail))
        }
        _ => Ok(()),
    }
}
