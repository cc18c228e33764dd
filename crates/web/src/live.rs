//! What changes, as it changes: server-sent events for open pages.
//!
//! A page hears the ids of accounts it may see and that a new book is there, nothing else; it then fetches what it shows,
//! through the gate like anybody. A slow page that misses messages is told to take the whole book instead. A stream ends
//! after a few minutes and the browser comes back, so that lost rights are noticed. Absent: history.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use domain::access::RowFilter;
use engine::{Engine, Live};
use futures::{Stream, StreamExt};
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use crate::gate::Access;
use crate::state::AppState;

const LONGEST: Duration = Duration::from_mins(5);
const QUIET: Duration = Duration::from_secs(20);

/// `GET /live`.
pub async fn stream(
    State(app): State<AppState>,
    access: Access,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let (engine, stop) = (app.engine.clone(), app.stop.clone());
    let over = async move {
        tokio::select! {
            () = stop.cancelled_owned() => {}
            () = tokio::time::sleep(LONGEST) => {}
        }
    };
    let told = BroadcastStream::new(app.engine.subscribe())
        .filter_map(move |heard| std::future::ready(tell(&engine, &access.rows, &heard)))
        .map(Ok)
        .take_until(Box::pin(over));
    Sse::new(told).keep_alive(KeepAlive::new().interval(QUIET))
}

/// The event for a message, if the reader may know of it.
fn tell(engine: &Engine, rows: &RowFilter, heard: &Result<Live, BroadcastStreamRecvError>) -> Option<Event> {
    match heard {
        Ok(Live::Account { id }) => {
            engine.book().visible_row(*id, rows)?;
            Some(Event::default().event("account").data(format!(r#"{{"id":{id}}}"#)))
        }
        Ok(Live::Book { version }) => Some(book(*version)),
        Err(BroadcastStreamRecvError::Lagged(_)) => Some(book(engine.book().version)),
    }
}

fn book(version: u64) -> Event {
    Event::default().event("book").data(format!(r#"{{"version":{version}}}"#))
}
