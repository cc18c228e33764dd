//! `/accounts`: every account one may see, one line each; searched, filtered,
//! sorted, segmented by an expression, and taken out as CSV. The whole state of
//! the list is in its URL.

mod list;
mod view;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use engine::Engine;
use serde::Deserialize;

use self::list::{Asked, List};
use crate::extract::{Form, Params};
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::problem::{Answer, Problem};
use crate::ui::shell::Nav;

/// Shows the list.
pub async fn show(
    State(engine): State<Engine>,
    access: Access,
    want: Want,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let segments = store::segment::all(engine.store().read()).await.map_err(Problem::internal)?;
    let book = engine.book();
    let list = List::of(&book, &access.rows, asked, &segments)?;
    let titled = Titled { title: "Portfolio", active: Some(Nav::Portfolio) };
    Ok(respond(&access, &engine, want, &titled, &view::page(&book, &list, &segments)))
}

/// Takes the filtered list out as CSV, every row of it.
pub async fn export(State(engine): State<Engine>, access: Access, Params(asked): Params<Asked>) -> Answer<Response> {
    let segments = store::segment::all(engine.store().read()).await.map_err(Problem::internal)?;
    let book = engine.book();
    let list = List::of(&book, &access.rows, asked, &segments)?;
    let mut csv = Vec::new();
    list.frame(&book).map_err(Problem::internal)?.write_csv(&mut csv).map_err(Problem::internal)?;
    let name = format!("attachment; filename=\"accounts-{}.csv\"", book.as_of);
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)], csv)
        .into_response())
}

/// A segment to save.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSegment {
    name: String,
    expression: String,
}

/// Saves the expression of the list as a segment.
pub async fn save_segment(
    State(engine): State<Engine>,
    access: Access,
    want: Want,
    Form(new): Form<NewSegment>,
) -> Answer<Response> {
    let book = engine.book();
    let name = new.name.trim();
    let asked = Asked { expression: new.expression.clone(), ..Asked::default() };
    if name.is_empty() || engine::query::check(&book, &new.expression).is_err() {
        let segments = store::segment::all(engine.store().read()).await.map_err(Problem::internal)?;
        let list = List::of(&book, &access.rows, asked, &segments)?;
        let titled = Titled { title: "Portfolio", active: Some(Nav::Portfolio) };
        let body = view::page(&book, &list, &segments);
        let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(crate::page::respond_with(status, &access, &engine, want, &titled, &body));
    }
    let segment = store::Segment {
        id: 0,
        key: key_of(name),
        name: name.to_owned(),
        expression: new.expression,
        owner_id: access.actor.member().map(|member| member.id),
        created_at: engine.now(),
    };
    let key = segment.key.clone();
    let saved = engine.store().write(async |tx| store::segment::insert(tx, segment).await).await;
    match saved {
        Ok(_) => Ok(Redirect::to(&list::address().with("segment", key).to_string()).into_response()),
        Err(store::StoreError::Conflict { .. }) => {
            Err(Problem::conflict(format!("There is a segment called “{name}” already: choose another name.")))
        }
        Err(error) => Err(Problem::internal(error)),
    }
}

/// The key of a segment's name: lower case, words joined by underscores.
fn key_of(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}
